/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fixture_random.h"
#include "state/state.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Random links, nexthops, routes and rules whose prefixes lie in and around 256 addresses.
 * The lines that made it are kept, so that a failure can be tried by hand.
 */
#define WORLD_SPACE 256

struct world {
	struct state *state;
	uint32_t base; /* the first address of the space; its last byte is 0 */
	char *lines;
	size_t length;
};

/* merged: no rule is ever changed. blind: some of it is not understood. The kernel judged by may be
 * any of which both hold. */
struct world world_new(struct chance *chance, uint32_t base, bool merged, bool blind);
void world_done(struct world *world);

/* One more change by a line or two: of a link, an address, a nexthop, a route, a rule, a setting. */
void world_change(struct world *world, struct chance *chance);

/* Adds a line, as model() takes it. */
void world_line(struct world *world, const char *format, ...)
	__attribute__((__format__(__printf__, 2, 3)));

/* Prints the lines and the sentence, and ends the program: the test has failed. */
void world_fail(const struct world *world, const char *format, ...)
	__attribute__((__format__(__printf__, 2, 3), noreturn));
