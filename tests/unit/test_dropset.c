/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/dropset.h"
#include "fixture_run.h"
#include "host/host_model.h"

#include <stdio.h>
#include <string.h>

/*
 * A realserver: eth0 (2) 10.0.0.2/24 with the default route, tunl0 (5) up, the VIP on lo or
 * on tunl0; what is dropped of the sources that come in by tunl0 to the VIP. Written as the
 * prefixes, then each reverse route with how many it has.
 */
struct row {
	const char *what;
	const char *lines[6];
	const char *sources[3];
	const char *expected;
};

static struct state *realserver(const char *vip)
{
	struct state *state = model_host();

	model(state, "ip link add tunl0 index 5 up type ipip");
	model(state, "ip address add 192.0.2.1/32 dev %s", vip);
	return state;
}

static const char *written(
	const struct state *state, const struct dropset *dropset, char *out, size_t size)
{
	size_t length = 0;
	char text[PREFIX4_TEXT];

	out[0] = '\0';
	array_each (&dropset->by[DROP_FILTER].dropped.ranges, const struct range, range) {
		length += (size_t)snprintf(out + length, size - length, "%s-",
			ip4_format(ip4(range->first), text));
		length += (size_t)snprintf(out + length, size - length, "%s ",
			ip4_format(ip4(range->last), text));
	}
	array_each (&dropset->by[DROP_FILTER].tallies, const struct drop_tally, tally) {
		const struct fib_info *info = tally->reverse.info;
		const struct iface *by =
			info && info->nexthop_count
				? state_iface(state, info->nexthops[0].oif)
				: NULL;

		length += (size_t)snprintf(out + length, size - length,
			"%s by %s: %llu, ", rpf_reason_name(tally->reason),
			by ? by->link.name : "none", (unsigned long long)tally->count);
	}
	if (dropset->blind)
		snprintf(out + length, size - length, "blind: %llu",
			(unsigned long long)dropset->blind);
	return out;
}

static const struct row rows[] = {
	{ "off", { NULL }, { "20.0.0.0/8" }, "" },
	{ "strict", { "sysctl -w net.ipv4.conf.tunl0.rp_filter=1" }, { "20.0.0.0/8" },
		"20.0.0.0-20.255.255.255 strict_asymmetric by eth0: 16777216, " },
	{ "only what is asked for", { "sysctl -w net.ipv4.conf.tunl0.rp_filter=1" },
		{ "20.0.0.0/32", "30.0.0.0/31" },
		"20.0.0.0-20.0.0.0 30.0.0.0-30.0.0.1 strict_asymmetric by eth0: 3, " },
	{ "what is routed by the tunnel passes",
		{ "sysctl -w net.ipv4.conf.tunl0.rp_filter=1",
			"ip route add 20.64.0.0/10 dev tunl0" },
		{ "20.0.0.0/8" },
		"20.0.0.0-20.63.255.255 20.128.0.0-20.255.255.255 strict_asymmetric by eth0: 12582912, " },
	{ "loose", { "sysctl -w net.ipv4.conf.tunl0.rp_filter=2" }, { "20.0.0.0/8" },
		"" },
	{ "loose, no route",
		{ "sysctl -w net.ipv4.conf.tunl0.rp_filter=2",
			"ip route add blackhole 20.0.0.0/9",
			"ip route add unreachable 20.128.0.0/9" },
		{ "20.0.0.0/8" },
		"20.0.0.0-20.255.255.255 no_route by none: 8388608, no_route by none: 8388608, " },
	{ "rules that say no, each in its way",
		{ "sysctl -w net.ipv4.conf.tunl0.rp_filter=2",
			"ip rule add priority 100 to 20.0.0.0/9 blackhole",
			"ip rule add priority 101 to 20.128.0.0/10 prohibit",
			"ip rule add priority 102 to 20.192.0.0/10 blackhole" },
		{ "20.0.0.0/8" },
		"20.0.0.0-20.255.255.255 no_route by none: 12582912, no_route by none: 4194304, " },
	{ "own and broadcast addresses are refused for another reason",
		{ "sysctl -w net.ipv4.conf.tunl0.rp_filter=1" },
		{ "10.0.0.0/30", "10.0.0.254/31" },
		"10.0.0.0-10.0.0.1 10.0.0.3-10.0.0.3 10.0.0.254-10.0.0.254 strict_asymmetric by eth0: 4, " },
	{ "something on the way was not understood",
		{ "sysctl -w net.ipv4.conf.tunl0.rp_filter=1",
			"model ip route add 20.0.0.0/24 dev eth0 blind" },
		{ "20.0.0.0/23" },
		"20.0.1.0-20.0.1.255 strict_asymmetric by eth0: 256, blind: 256" },
	{ "something was not understood at all",
		{ "sysctl -w net.ipv4.conf.tunl0.rp_filter=1", "model blind" },
		{ "20.0.0.0/24" }, "blind: 256" },
	{ "a rule for the VIP",
		{ "sysctl -w net.ipv4.conf.tunl0.rp_filter=1",
			"ip rule add priority 100 from 192.0.2.1 lookup 77",
			"ip route add default dev tunl0 table 77" },
		{ "20.0.0.0/8" }, "" },
};

START_TEST(what_is_dropped)
{
	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		_cleanup_(state_freep) struct state *state = realserver("tunl0");
		const struct overlay overlay = model_overlay(state);
		struct flowclass class = { .flow = { .iif = 5, .proto = FLOW_UDP } };
		struct prefixset sources = { 0 };
		struct dropset dropset = { .one_way = true };
		char text[512];

		class.flow.dst = model_ip4("192.0.2.1");
		for (size_t k = 0; k < ELEMENTS(rows[i].lines) && rows[i].lines[k]; k++)
			model_line(state, rows[i].lines[k]);
		for (size_t k = 0; k < ELEMENTS(rows[i].sources) && rows[i].sources[k];
			k++)
			prefixset_add_prefix(&sources, model_prefix(rows[i].sources[k]));
		prefixset_close(&sources);
		ck_assert_int_eq(dropset_of(&overlay, model_iface(state, "tunl0"), &class,
					 &sources, &dropset),
			0);
		written(state, &dropset, text, sizeof(text));
		ck_assert_msg(strcmp(text, rows[i].expected) == 0, "%s: '%s', not '%s'",
			rows[i].what, text, rows[i].expected);
		dropset_done(&dropset);
		prefixset_done(&sources);
	}
}
END_TEST

/* What has no reverse route is apart, and in neither part what somebody refuses on purpose. */
START_TEST(no_way_back_is_no_fault_of_the_filter)
{
	static const struct {
		const char *line;
		bool one_way, declared;
		uint64_t filter, no_route, meant;
	} parts[] = {
		{ "ip route del default via 10.0.0.1 dev eth0", false, false, 256,
			1 << 24, 0 },
		{ "ip route del default via 10.0.0.1 dev eth0", true, false,
			(1 << 24) + 256, 0, 0 },
		{ "ip route add blackhole 20.0.0.0/9", false, false, (1 << 23) + 256, 0,
			1 << 23 },
		{ "ip route add blackhole 20.0.0.0/9", false, true, (1 << 23) + 256,
			1 << 23, 0 },
		{ "ip rule add priority 9 to 20.0.0.0/9 prohibit", false, false,
			(1 << 23) + 256, 0, 1 << 23 },
		{ "ip route add local 20.0.0.0/9 dev lo", false, false, (1 << 23) + 256,
			0, 0 },
		{ "ip route add local 20.0.0.0/9 dev lo", false, true, (1 << 24) + 256, 0,
			0 },
	};

	for (size_t i = 0; i < ELEMENTS(parts); i++) {
		_cleanup_(state_freep) struct state *state = realserver("tunl0");
		const struct overlay overlay = model_overlay(state);
		struct flowclass class = { .flow = { .iif = 5,
						   .dst = model_ip4("192.0.2.1") } };
		struct dropset walked = { .one_way = parts[i].one_way,
			.declared = parts[i].declared },
			       counted = walked;
		struct prefixset sources = { 0 };

		model_sysctl(state, "tunl0", "rp_filter", 1);
		model_line(state, parts[i].line);
		prefixset_add_prefix(&sources, model_prefix("20.0.0.0/8"));
		prefixset_add_prefix(&sources, model_prefix("10.0.0.0/24"));
		prefixset_close(&sources);
		ck_assert_int_eq(dropset_of(&overlay, model_iface(state, "tunl0"), &class,
					 &sources, &walked),
			0);
		ck_assert_int_eq(dropset_count(&overlay, model_iface(state, "tunl0"),
					 &class, &sources, &counted),
			0);
		/* less the host's own address and the broadcast address */
		ck_assert_uint_eq(
			walked.by[DROP_FILTER].count + (parts[i].declared ? 0 : 2),
			parts[i].filter);
		ck_assert_uint_eq(walked.by[DROP_NO_ROUTE].count, parts[i].no_route);
		ck_assert_uint_eq(walked.meant, parts[i].meant);
		for (int kind = 0; kind < DROP_KINDS; kind++)
			ck_assert_uint_eq(walked.by[kind].count, counted.by[kind].count);
		ck_assert_uint_eq(counted.meant, parts[i].meant);
		dropset_done(&walked);
		dropset_done(&counted);
		prefixset_done(&sources);
	}
}
END_TEST

START_TEST(loose_without_an_address)
{
	_cleanup_(state_freep) struct state *state = realserver("lo");
	const struct overlay overlay = model_overlay(state);
	struct flowclass class = { .flow = { .iif = 5, .dst = model_ip4("192.0.2.1") } };
	struct prefixset sources = { 0 };
	struct dropset dropset = { 0 };

	model_sysctl(state, "all", "rp_filter", 2);
	prefixset_add_prefix(&sources, model_prefix("20.0.0.0/8"));
	ck_assert_int_eq(dropset_of(&overlay, model_iface(state, "tunl0"), &class,
				 &sources, &dropset),
		0);
	ck_assert_uint_eq(prefixset_size(&dropset.by[DROP_FILTER].dropped), 1 << 24);
	ck_assert_int_eq(
		drop_part_main(&dropset.by[DROP_FILTER])->reason, RPF_UNNUMBERED);
	ck_assert_int_eq(dropset.filter.effective, 2);
	dropset_done(&dropset);
	prefixset_done(&sources);
}
END_TEST

START_TEST(the_main_way_back_has_most_and_an_example_that_is_dropped)
{
	static const struct {
		const char *lines[3];
		const char *dev, *example;
	} ways[] = {
		{ { NULL }, "eth0", "198.51.100.1" }, /* the one of the documentation */
		{ { "ip route add 0.0.0.0/1 dev eth1",
			  "ip route add 198.0.0.0/8 dev tunl0" },
			"eth1", "8.8.8.8" }, /* else one that all know */
		{ { "ip route add 128.0.0.0/1 dev tunl0",
			  "ip route add 8.0.0.0/8 dev tunl0" },
			"eth0", "12.0.0.1" }, /* else one of the longest range */
		{ { "ip route add 198.0.0.0/8 dev tunl0" }, "eth0", "203.0.113.1" },
		{ { "ip route add 128.0.0.0/1 dev eth1",
			  "ip route add 0.0.0.0/2 dev tunl0" },
			"eth1", "198.51.100.1" },
	};

	for (size_t i = 0; i < ELEMENTS(ways); i++) {
		_cleanup_(state_freep) struct state *state = realserver("tunl0");
		const struct overlay overlay = model_overlay(state);
		struct flowclass class = { .flow = { .iif = 5,
						   .dst = model_ip4("192.0.2.1") } };
		struct prefixset sources = { 0 };
		struct dropset dropset = { 0 };
		const struct drop_tally *most;
		char text[IP4_TEXT];

		model(state, "ip link add eth1 index 6 up type veth");
		model_sysctl(state, "tunl0", "rp_filter", 1);
		for (size_t k = 0; k < 3 && ways[i].lines[k]; k++)
			model_line(state, ways[i].lines[k]);
		prefixset_add(&sources, 1, 0x7effffff);
		prefixset_add(&sources, 0x80000000, 0xdfffffff);
		ck_assert_int_eq(dropset_of(&overlay, model_iface(state, "tunl0"), &class,
					 &sources, &dropset),
			0);
		most = drop_part_main(&dropset.by[DROP_FILTER]);
		ck_assert_ptr_nonnull(most);
		ck_assert_msg(most->reverse.info->nexthops[0].oif ==
				      model_iface(state, ways[i].dev)->link.ifindex,
			"way %zu: most do not go by %s", i, ways[i].dev);
		ck_assert_msg(
			prefixset_has(&dropset.by[DROP_FILTER].dropped, most->example),
			"way %zu: the example %s is not dropped", i,
			ip4_format(most->example, text));
		ck_assert_str_eq(ip4_format(most->example, text), ways[i].example);
		dropset_done(&dropset);
		prefixset_done(&sources);
	}
}
END_TEST

START_TEST(nothing_dropped_has_no_main_way)
{
	struct drop_part none = { 0 };

	ck_assert_ptr_null(drop_part_main(&none));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		what_is_dropped,
		no_way_back_is_no_fault_of_the_filter,
		loose_without_an_address,
		the_main_way_back_has_most_and_an_example_that_is_dropped,
		nothing_dropped_has_no_main_way,
	};

	return fixture_run("dropset", tests, ELEMENTS(tests));
}
