/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bytes that the model holds, filled as from the kernel but without one. */
#include "bench.h"
#include "service.h"

#include "state/state.h"
#include "state/state_apply.h"

#include <malloc.h>
#include <unistd.h>

static size_t allocated(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static void fill(struct state *state, const struct shape_route *routes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct nexthop nexthop = { .oif = 2 + routes[i].gateway,
			.gw_family = 4,
			.weight = 1,
			.gw = { 0x0aff0001 + (uint32_t)routes[i].gateway * 256 } };
		struct record record = { .kind = RECORD_ROUTE,
			.dump = true,
			.route = { .table = TABLE_MAIN,
				.dst = routes[i].dst,
				.type = ROUTE_UNICAST,
				.protocol = 3,
				.nexthops = &nexthop,
				.nexthop_count = 1 } };

		if (state_apply(state, &record) != 1)
			bench_die("a route was not added");
	}
}

static void measure(struct bench *bench, size_t count, double bound)
{
	_cleanup_(freep) struct shape_route *routes = shape_routes(count, 1);
	_cleanup_(state_freep) struct state *state = state_new();
	size_t before = allocated();
	long resident = process_status(getpid(), "RssAnon");

	if (!state)
		bench_die("no memory");
	fill(state, routes, count);
	resident = process_status(getpid(), "RssAnon") - resident;
	bench_value(bench, "MB", (double)(allocated() - before) / (1 << 20), BENCH_NONE,
		"the model of %zu routes, allocated", count);
	bench_value(bench, "MB", (double)resident / 1024, bound, "of it resident");
	bench_value(bench, "B", (double)resident * 1024 / (double)count, BENCH_NONE,
		"resident, bytes a route");
}

int main(int argc, char **argv)
{
	struct bench bench;

	bench_begin(&bench, "memory", argc, argv);
	measure(&bench, bench.smoke ? 200 : 100000, BENCH_NONE);
	if (bench.full)
		measure(&bench, 1000000, 40);
	return bench_end(&bench);
}
