/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the trie and the tables on it cost, without a kernel: time and bytes a route. */
#include "bench.h"

#include "fib/fib.h"

#include <stdlib.h>

#define REPETITIONS 5

/* Nanoseconds for one of count, since began. */
static double nsec(double began, size_t count)
{
	return (bench_cpu_sec() - began) / (double)count * 1e9;
}

static int by_prefix(const void *a, const void *b)
{
	const struct shape_route *left = a, *right = b;

	if (left->dst.addr.host != right->dst.addr.host)
		return left->dst.addr.host < right->dst.addr.host ? -1 : 1;
	return left->dst.len - right->dst.len;
}

struct costs {
	double set[REPETITIONS], get[REPETITIONS], match[REPETITIONS],
		remove[REPETITIONS];
};

/* The memory that its entries take, in bytes. */
static size_t trie_bytes(const struct trie *trie)
{
	return trie->used_nodes * sizeof(*trie->nodes) +
	       trie->used_leaves * sizeof(*trie->leaves) +
	       (trie->jumps ? TRIE_JUMPS * sizeof(*trie->jumps) : 0);
}

static void trie_once(const struct shape_route *routes, size_t count, struct costs *costs,
	size_t turn, double *bytes)
{
	struct trie_match found[33];
	struct trie_change change;
	volatile size_t sum = 0;
	struct trie trie;
	uint64_t seed = 3;
	double began;

	trie_init(&trie);
	began = bench_cpu_sec();
	for (size_t i = 0; i < count; i++) {
		if (trie_put(&trie, routes[i].dst, 1, true, &change) < 0)
			bench_die("no memory");
	}
	costs->set[turn] = nsec(began, count);
	*bytes = (double)trie_bytes(&trie) / (double)count;
	began = bench_cpu_sec();
	for (size_t i = 0; i < count; i++)
		sum += trie_get(&trie, routes[i].dst);
	costs->get[turn] = nsec(began, count);
	began = bench_cpu_sec();
	for (size_t i = 0; i < count; i++)
		sum += trie_match(&trie, ip4((uint32_t)shape_random(&seed)), found);
	costs->match[turn] = nsec(began, count);
	began = bench_cpu_sec();
	for (size_t i = 0; i < count; i++)
		sum += trie_take(&trie, routes[i].dst, 0, &change);
	costs->remove[turn] = nsec(began, count);
	(void)sum; /* kept, so that the work is done */
	trie_done(&trie);
}

static struct route_record record_of(
	const struct shape_route *route, struct nexthop *nexthop)
{
	*nexthop = (struct nexthop){ .oif = 2 + route->gateway,
		.gw_family = 4,
		.weight = 1,
		.gw = { 0x0aff0001 + (uint32_t)route->gateway * 256 } };
	return (struct route_record){ .table = TABLE_MAIN,
		.dst = route->dst,
		.type = ROUTE_UNICAST,
		.protocol = 3,
		.nexthops = nexthop,
		.nexthop_count = 1 };
}

static void fib_once(
	const struct shape_route *routes, size_t count, struct costs *costs, size_t turn)
{
	_cleanup_(fib_freep) struct fib *fib = fib_new(TABLE_MAIN);
	struct nexthop nexthop;
	double began = bench_cpu_sec();

	for (size_t i = 0; fib && i < count; i++) {
		struct route_record route = record_of(&routes[i], &nexthop);

		if (fib_add(fib, &route) != FIB_CHANGED)
			bench_die("a route was not added");
	}
	costs->set[turn] = nsec(began, count);
	began = bench_cpu_sec();
	for (size_t i = 0; fib && i < count; i++) {
		struct route_record route = record_of(&routes[i], &nexthop);

		if (fib_remove(fib, &route) != FIB_CHANGED)
			bench_die("a route was not removed");
	}
	costs->remove[turn] = nsec(began, count);
}

static void measure(struct bench *bench, const struct shape_route *routes, size_t count,
	const char *order)
{
	size_t times = bench->smoke ? 1 : REPETITIONS;
	struct costs trie, fib;
	double bytes = 0;

	for (size_t turn = 0; turn < times; turn++) {
		trie_once(routes, count, &trie, turn, &bytes);
		fib_once(routes, count, &fib, turn);
	}

	const struct {
		const char *what;
		double *values;
	} rows[] = { { "trie, set", trie.set }, { "trie, get", trie.get },
		{ "trie, match a random address", trie.match },
		{ "trie, remove", trie.remove }, { "table, add", fib.set },
		{ "table, remove", fib.remove } };

	for (size_t i = 0; i < ELEMENTS(rows); i++)
		bench_value(bench, "ns", bench_percentile(rows[i].values, times, 0.5),
			BENCH_NONE, "%zu routes %s: %s", count, order, rows[i].what);
	bench_value(bench, "B", bytes, 36, "%zu routes: nodes, bytes a route", count);
}

int main(int argc, char **argv)
{
	struct bench bench;

	bench_begin(&bench, "trie", argc, argv);
	for (size_t count = bench.smoke ? 200 : 100000;; count = 1000000) {
		_cleanup_(freep) struct shape_route *routes = shape_routes(count, 1);

		measure(&bench, routes, count, "at random");
		qsort(routes, count, sizeof(*routes), by_prefix);
		measure(&bench, routes, count, "in order");
		if (!bench.full || count == 1000000)
			return bench_end(&bench);
	}
}
