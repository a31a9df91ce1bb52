/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kernel/rng.h"

#include <stdbool.h>

/*
 * A walk: commands that build a world in a namespace and then change it. A step is a line
 * that a person can paste: "ip …", "sysctl -w net.ipv4.…", or one of
 *
 *	inet-conf DEV rp_filter VALUE	`ip link set dev DEV inet rp_filter VALUE` of a newer ip
 *	batch N COMMAND			ip -batch with N lines, in which %a is 100.64.0.0 and up,
 *					%n is 1 and up
 *	storm N COMMAND			the same, but in the background: see walk_storm()
 *
 * "netns other" in a command is a second namespace that walk_begin() makes, and
 * "ip -n other …" works in it, where "netns here" leads back.
 */
#define STEP_TEXT 4400

struct step {
	char text[STEP_TEXT];
};

/* A step that builds, and one that changes; any may be refused by the kernel. */
void walk_build(struct rng *rng, unsigned int number, struct step *ret);
void walk_change(struct rng *rng, struct step *ret);

/* Makes the other namespace, which lives as long as this process. Call it in a namespace of the
 * walk's own. Returns whether it could. */
bool walk_begin(void);

/* Starts a storm. Returns its process, to be waited for, or 0 where step is none. */
int walk_storm(const struct step *step);

/* Carries a step out in this namespace. Returns whether the kernel took it. */
bool walk_do(const struct step *step);

/* Whether what it changes may be announced by nobody (docs/verdict.md, "What is re-read"). */
bool walk_is_silent(const struct step *step);
