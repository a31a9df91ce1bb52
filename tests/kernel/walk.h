/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kernel/rng.h"
#include "kernel/step.h"

/* A walk: steps that build a world in a namespace and then change it. The kernel may refuse any. */
void walk_build(struct rng *rng, unsigned int number, struct step *ret);
void walk_change(struct rng *rng, struct step *ret);
