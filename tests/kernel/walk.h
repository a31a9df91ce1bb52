/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kernel/rng.h"

#include <stdbool.h>

/*
 * A walk: commands that build a world in a namespace and then change it. A step is a line
 * that a person can paste: "ip …", "sysctl -w net.ipv4.…", or "inet-conf DEV KEY VALUE",
 * which stands for `ip link set dev DEV inet rp_filter VALUE` of a newer iproute2.
 */
#define STEP_TEXT 160

struct step {
	char text[STEP_TEXT];
};

/* A step that builds, and one that changes; any may be refused by the kernel. */
void walk_build(struct rng *rng, unsigned int number, struct step *ret);
void walk_change(struct rng *rng, struct step *ret);

/* Carries a step out in this namespace. Returns whether the kernel took it. */
bool walk_do(const struct step *step);

/* Whether what it changes may be announced by nobody (docs/verdict.md, "What is re-read"). */
bool walk_is_silent(const struct step *step);
