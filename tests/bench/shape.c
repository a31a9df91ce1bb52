/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shape.h"

#include "base/hash.h"
#include "bench.h"

#include <stdlib.h>

/* Per mille of the table; what is shorter than /16 is 4.1 % in all. */
static const struct {
	uint8_t len;
	uint16_t share;
} shares[] = {
	{ 24, 600 },
	{ 22, 110 },
	{ 23, 90 },
	{ 21, 50 },
	{ 20, 45 },
	{ 19, 26 },
	{ 18, 15 },
	{ 16, 14 },
	{ 17, 9 },
	{ 15, 22 },
	{ 14, 12 },
	{ 13, 4 },
	{ 12, 2 },
	{ 11, 1 },
};

uint64_t shape_random(uint64_t *state)
{
	return hash_mix(*state += 0x9e3779b97f4a7c15u);
}

static uint8_t random_len(uint64_t *state)
{
	unsigned int left = (unsigned int)(shape_random(state) % 1000);

	for (size_t i = 0; i < ELEMENTS(shares); i++) {
		if (left < shares[i].share)
			return shares[i].len;
		left -= shares[i].share;
	}
	return 24;
}

static struct prefix4 random_prefix(uint64_t *state)
{
	for (;;) {
		uint32_t addr = (uint32_t)shape_random(state);
		struct prefix4 prefix = prefix4((struct ip4){ addr }, random_len(state));
		uint32_t first = prefix.addr.host >> 24;

		if (first >= 1 && first <= 223 && first != 10 && first != 127)
			return prefix;
	}
}

struct shape_route *shape_routes(size_t count, uint64_t seed)
{
	struct shape_route *routes = calloc(count + 1, sizeof(*routes));
	struct hash known = { 0 };
	size_t made = 0;

	if (!routes)
		bench_die("no memory for %zu routes", count);
	while (made < count) {
		struct prefix4 dst = random_prefix(&seed);
		uint64_t key = (uint64_t)dst.addr.host << 8 | dst.len;

		if (hash_get(&known, key))
			continue;
		if (hash_put(&known, key, routes) < 0)
			bench_die("no memory for %zu routes", count);
		routes[made++] = (struct shape_route){
			.dst = dst,
			.gateway = shape_random(&seed) % 3 == 2,
		};
	}
	hash_done(&known);
	return routes;
}

void shape_write(
	FILE *file, const char *verb, const struct shape_route *routes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t addr = routes[i].dst.addr.host;

		fprintf(file, "route %s %u.%u.%u.%u/%u via " SHAPE_VIA "\n", verb,
			addr >> 24, addr >> 16 & 0xff, addr >> 8 & 0xff, addr & 0xff,
			routes[i].dst.len, routes[i].gateway);
	}
}
