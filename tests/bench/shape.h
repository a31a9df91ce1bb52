/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/ip4.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Routes as a router with the full Internet table has them: random prefixes in 1.0.0.0 to
 * 223.255.255.255 without 10/8 and 127/8, none twice, 60 % of them /24, over two gateways, 2
 * to 1. The same seed gives the same routes, and the first n of them are those of a table of n.
 */
struct shape_route {
	struct prefix4 dst;
	int gateway; /* 0 or 1 */
};

/* The scene's two ways out: device gN with SHAPE_OWN(N)/24 and the gateway SHAPE_VIA(N). */
#define SHAPE_VIA "10.255.%d.1"
#define SHAPE_OWN "10.255.%d.2"

/* A splitmix64; state is anything. */
uint64_t shape_random(uint64_t *state);

/* Ends the program on lack of memory. Free with free(). */
struct shape_route *shape_routes(size_t count, uint64_t seed);

/* Writes `route VERB PREFIX via GATEWAY`, a line a route, for ip -batch. */
void shape_write(
	FILE *file, const char *verb, const struct shape_route *routes, size_t count);
