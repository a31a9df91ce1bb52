/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "change/words.h"
#include "kernel/rng.h"

/* A line of host.h, or one that asks (ask.h). */
struct step {
	char text[WORDS_TEXT];
};

/* A walk: steps that build a world in a namespace and then change it. The kernel may refuse any. */
void walk_build(struct rng *rng, unsigned int number, struct step *ret);
void walk_change(struct rng *rng, struct step *ret);

/* A change in words that are refused more often, or mean more. */
void walk_guess(struct rng *rng, struct step *ret);
