/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/array.h"
#include "base/cleanup.h"
#include "fixture_netns.h"
#include "kernel/nl_reader.h"
#include "kernel/nl_request.h"
#include "kernel/probe.h"
#include "kernel/procsys.h"
#include "unit/fixture_run.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER (1 << 20)

/* All records that a handler got; of a route's nexthops the first two. */
struct seen {
	struct record record;
	struct nexthop nexthops[2];
};
static ARRAY(struct seen) seen;

static int keep(const struct record *record, void *userdata)
{
	struct seen one = { .record = *record };

	(void)userdata;
	if (record->kind == RECORD_ROUTE)
		for (size_t i = 0; i < record->route.nexthop_count && i < 2; i++)
			one.nexthops[i] = record->route.nexthops[i];
	return array_push(&seen, &one);
}

static struct ip4 addr(const char *text)
{
	struct ip4 ret;

	ck_assert_int_eq(ip4_parse(text, &ret), 0);
	return ret;
}

static void setup(void)
{
	ck_assert(fixture_enter());
	fixture_sysctl("conf/all/rp_filter", 0);
	fixture_sysctl("conf/default/rp_filter", 0);
}

static void teardown(void)
{
	array_done(&seen);
}

/* The first record of the kind at or behind *at, which is moved behind it; else fails. */
static const struct record *next(enum record_kind kind, size_t *at)
{
	for (; *at < seen.count; (*at)++)
		if (seen.items[*at].record.kind == kind)
			return &seen.items[(*at)++].record;
	ck_abort_msg("no record of kind %d left among %zu", kind, seen.count);
	return NULL;
}

static const struct seen *route_to(const char *prefix, uint32_t table)
{
	struct prefix4 dst;

	ck_assert_int_eq(prefix4_parse(prefix, &dst), 0);
	array_each (&seen, struct seen, one) {
		const struct route_record *route = &one->record.route;

		if (one->record.kind == RECORD_ROUTE && route->table == table &&
			route->dst.len == dst.len &&
			route->dst.addr.host == dst.addr.host)
			return one;
	}
	ck_abort_msg("no route to %s in table %u", prefix, table);
	return NULL;
}

static void dump(struct nl_request *request, unsigned int what)
{
	array_clear(&seen);
	ck_assert_int_eq(nl_request_dump(request, what, keep, NULL), 0);
	array_each (&seen, struct seen, one)
		ck_assert(one->record.dump);
}

/* A veth pair v0-v1, 10.1.0.1/24 on v0, both up. */
static void build_pair(void)
{
	fixture_ip("link add v0 type veth peer name v1");
	fixture_ip("link set v0 up");
	fixture_ip("link set v1 up");
	fixture_ip("addr add 10.1.0.1/24 brd + dev v0");
}

START_TEST(dump_sees_everything)
{
	_cleanup_(nl_request_freep) struct nl_request *request = NULL;
	size_t at = 0;

	build_pair();
	fixture_ip("nexthop add id 7 via 10.1.0.7 dev v0");
	fixture_ip("nexthop add id 8 blackhole");
	fixture_ip("nexthop add id 9 via 10.1.0.9 dev v0");
	fixture_ip("nexthop add id 10 group 7,3/9");
	fixture_ip("route add 10.2.0.0/16 via 10.1.0.2 table 1000 metric 5 src 10.1.0.1");
	fixture_ip(
		"route add 10.3.0.0/16 nexthop via 10.1.0.2 nexthop via 10.1.0.3 weight 4");
	fixture_ip("route add 10.4.0.0/16 nhid 10");
	fixture_ip("route add 10.5.0.0/16 nhid 8");
	fixture_ip("route add unreachable default metric 4278198272");
	fixture_ip("route add 10.6.0.0/16 via inet6 fe80::1 dev v0");
	fixture_ip(
		"rule add pref 100 from 10.9.0.0/16 iif v0 fwmark 0x10/0xf0 lookup 1000 suppress_prefixlength 0");
	ck_assert_int_eq(nl_request_new(&request), 0);
	dump(request, NL_DUMP_ALL);

	/* in this order: links, netconf, addresses, nexthops, rules, routes */
	const struct record *record = next(RECORD_LINK, &at);
	while (strcmp(record->link.name, "v0") != 0)
		record = next(RECORD_LINK, &at);
	ck_assert_str_eq(record->link.kind, "veth");
	ck_assert_int_eq(record->link.lower, fixture_ifindex("v1"));
	ck_assert(record->link.has_inet && record->link.flags & LINK_UP);
	record = next(RECORD_NETCONF, &at);
	while (record->netconf.ifindex != NETCONF_ALL)
		record = next(RECORD_NETCONF, &at);
	ck_assert_uint_ne(record->netconf.has & 1u << DEVCONF_RP_FILTER, 0);
	record = next(RECORD_ADDR, &at);
	while (record->addr.ifindex != fixture_ifindex("v0"))
		record = next(RECORD_ADDR, &at);
	ck_assert_uint_eq(record->addr.local.host, addr("10.1.0.1").host);
	ck_assert_uint_eq(record->addr.broadcast.host, addr("10.1.0.255").host);
	ck_assert_uint_eq(record->addr.len, 24);
	record = next(RECORD_NEXTHOP, &at);
	ck_assert_uint_eq(record->nexthop_obj.id, 7);
	ck_assert_uint_eq(record->nexthop_obj.nexthop.gw.host, addr("10.1.0.7").host);
	ck_assert(next(RECORD_NEXTHOP, &at)->nexthop_obj.blackhole);
	(void)next(RECORD_NEXTHOP, &at);
	ck_assert_uint_eq(next(RECORD_NEXTHOP, &at)->nexthop_obj.member_count, 2);
	ck_assert_uint_eq(next(RECORD_RULE, &at)->rule.table, TABLE_LOCAL);
	record = next(RECORD_RULE, &at);
	ck_assert_uint_eq(record->rule.priority, 100);
	ck_assert_str_eq(record->rule.iif, "v0");
	ck_assert_uint_eq(record->rule.mask, 0xf0);
	ck_assert_int_eq(record->rule.suppress_len, 0);
	ck_assert(!record->rule.blind);
	(void)next(RECORD_ROUTE, &at);
	ck_assert_uint_eq(nl_request_counts(request)->malformed, 0);
	ck_assert_uint_eq(nl_request_counts(request)->blind, 0);
}
END_TEST

START_TEST(dump_sees_routes)
{
	_cleanup_(nl_request_freep) struct nl_request *request = NULL;

	build_pair();
	fixture_ip("nexthop add id 8 blackhole");
	fixture_ip("nexthop add id 9 via 10.1.0.9 dev v0");
	fixture_ip("route add 10.2.0.0/16 via 10.1.0.2 table 1000 metric 5 src 10.1.0.1");
	fixture_ip(
		"route add 10.3.0.0/16 nexthop via 10.1.0.2 nexthop via 10.1.0.3 weight 4");
	fixture_ip("route add 10.4.0.0/16 nhid 9");
	fixture_ip("route add 10.5.0.0/16 nhid 8");
	fixture_ip("route add unreachable default metric 4278198272");
	fixture_ip("route add 10.6.0.0/16 via inet6 fe80::1 dev v0");
	fixture_ip("route add 10.7.0.0/16 via 10.1.0.2 mtu 1400");
	ck_assert_int_eq(nl_request_new(&request), 0);
	dump(request, NL_DUMP_ROUTES);

	const struct seen *one = route_to("10.2.0.0/16", 1000);
	ck_assert_uint_eq(one->record.route.priority, 5);
	ck_assert_uint_eq(one->record.route.prefsrc.host, addr("10.1.0.1").host);
	ck_assert_uint_eq(one->record.route.nexthop_count, 1);
	ck_assert_int_eq(one->nexthops[0].oif, fixture_ifindex("v0"));
	ck_assert_uint_eq(one->nexthops[0].gw.host, addr("10.1.0.2").host);
	ck_assert_uint_eq(one->record.route.rest, 0);
	one = route_to("10.3.0.0/16", TABLE_MAIN);
	ck_assert_uint_eq(one->record.route.nexthop_count, 2);
	ck_assert_uint_eq(one->nexthops[1].weight, 4);
	one = route_to("10.4.0.0/16", TABLE_MAIN);
	ck_assert_uint_eq(one->record.route.nhid, 9);
	ck_assert_uint_eq(one->record.route.nexthop_count, 0);
	one = route_to("10.5.0.0/16", TABLE_MAIN);
	ck_assert_uint_eq(one->record.route.nhid, 8);
	/* whether it is a blackhole is the object's to say */
	ck_assert_uint_eq(one->record.route.type, ROUTE_UNICAST);
	one = route_to("0.0.0.0/0", TABLE_MAIN);
	ck_assert_uint_eq(one->record.route.type, ROUTE_UNREACHABLE);
	ck_assert_uint_eq(one->record.route.nexthop_count, 0);
	ck_assert_uint_eq(route_to("10.6.0.0/16", TABLE_MAIN)->nexthops[0].gw_family, 6);
	ck_assert_uint_ne(route_to("10.7.0.0/16", TABLE_MAIN)->record.route.rest, 0);
	one = route_to("10.1.0.1/32", TABLE_LOCAL);
	ck_assert_uint_eq(one->record.route.type, ROUTE_LOCAL);
	ck_assert_uint_eq(one->record.route.protocol, PROTO_KERNEL);
	ck_assert_uint_eq(one->record.route.scope, SCOPE_HOST);
}
END_TEST

static int give_up(const struct record *record, void *userdata)
{
	(void)record;
	(void)userdata;
	return -ECANCELED;
}

START_TEST(a_handler_ends_a_dump)
{
	_cleanup_(nl_request_freep) struct nl_request *request = NULL;

	ck_assert_int_eq(nl_request_new(&request), 0);
	ck_assert_int_eq(
		nl_request_dump(request, NL_DUMP_ALL, give_up, NULL), -ECANCELED);
	/* and the socket is fit for the next */
	dump(request, NL_DUMP_ALL);
	ck_assert_uint_gt(seen.count, 0);
}
END_TEST

START_TEST(a_dump_in_steps)
{
	_cleanup_(nl_request_freep) struct nl_request *request = NULL;
	size_t whole, steps = 0;
	int r;

	build_pair();
	fixture_ip("route add 10.2.0.0/16 via 10.1.0.2 table 1000");
	for (int i = 0; i < 150; i++)
		fixture_ip("route add 10.3.%d.0/24 via 10.1.0.2", i);
	ck_assert_int_eq(nl_request_new(&request), 0);
	dump(request, NL_DUMP_ROUTES);
	whole = seen.count;
	ck_assert_uint_gt(whole, 150);
	array_clear(&seen);
	ck_assert_int_eq(nl_request_begin(request, NL_DUMP_ALL), -EINVAL);
	ck_assert_int_eq(nl_request_begin(request, NL_DUMP_ROUTES), 0);
	do {
		struct pollfd more = { .fd = nl_request_fd(request), .events = POLLIN };
		size_t before = seen.count;

		ck_assert_int_eq(poll(&more, 1, 5000), 1);
		r = nl_request_step(request, keep, NULL);
		ck_assert_uint_le(seen.count, before + 64);
	} while (r > 0 && ++steps < 100000);
	ck_assert_uint_ge(steps, 2);
	ck_assert_int_eq(r, 0);
	ck_assert_uint_eq(seen.count, whole);
	(void)route_to("10.2.0.0/16", 1000);
	/* it waits for nothing, and is fit for the next question */
	ck_assert_int_eq(nl_request_step(request, keep, NULL), 1);
	dump(request, NL_DUMP_ROUTES);
	ck_assert_uint_eq(seen.count, whole);
}
END_TEST

START_TEST(one_link_again)
{
	_cleanup_(nl_request_freep) struct nl_request *request = NULL;
	size_t at = 0;

	build_pair();
	fixture_sysctl("conf/v0/rp_filter", 2);
	ck_assert_int_eq(nl_request_new(&request), 0);
	ck_assert_int_eq(nl_request_link(request, fixture_ifindex("v0"), keep, NULL), 0);
	const struct record *record = next(RECORD_LINK, &at);
	ck_assert_str_eq(record->link.name, "v0");
	ck_assert_int_eq(record->link.conf.value[DEVCONF_RP_FILTER], 2);
	ck_assert_uint_eq(seen.count, 1);
	ck_assert_int_eq(nl_request_link(request, 4711, keep, NULL), -ENODEV);
	ck_assert_int_eq(nl_request_link(request, 0, keep, NULL), -ENODEV);
	fixture_ip("link set lo mtu 60"); /* others refuse less than 68 */
	array_clear(&seen);
	ck_assert_int_eq(nl_request_link(request, fixture_ifindex("lo"), keep, NULL), 0);
	ck_assert(!seen.items[0].record.link.has_inet);
}
END_TEST

START_TEST(tunnels)
{
	_cleanup_(nl_request_freep) struct nl_request *request = NULL;
	static const struct {
		const char *name, *add;
		bool remote, external;
	} rows[] = {
		{ "t0", "type ipip remote 192.0.2.9 local 192.0.2.1", true, false },
		{ "t1", "type ipip local 192.0.2.1", false, false },
		{ "t2", "type ipip external", false, true },
		{ "t3", "type gre remote 192.0.2.8 local 192.0.2.1", true, false },
		{ "t4", "type gre local 192.0.2.1", false, false },
		{ "t5", "type gretap external", false, true },
		{ "t6", "type sit remote 192.0.2.9 local 192.0.2.1", true, false },
		{ "t7", "type ip6tnl mode any remote 2001:db8::9 local 2001:db8::1", true,
			false },
		{ "t8", "type ip6gre remote 2001:db8::9 local 2001:db8::1", true, false },
		{ "t9", "type vti remote 192.0.2.7 local 192.0.2.1 key 5", true, false },
		{ "tunl0", NULL, false, false },
	};
	ck_assert_int_eq(nl_request_new(&request), 0);
	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		/* a kernel need not have each kind */
		if (rows[i].add ? !fixture_ip_try(
					  "link add %s %s", rows[i].name, rows[i].add)
				: !fixture_ip_try("link show %s", rows[i].name)) {
			printf("no %s here: %s\n", rows[i].name, rows[i].add ?: "");
			continue;
		}
		array_clear(&seen);
		ck_assert_int_eq(nl_request_link(request, fixture_ifindex(rows[i].name),
					 keep, NULL),
			0);
		const struct link_record *link = &seen.items[0].record.link;
		ck_assert_msg(link->tunnel.known &&
				      link->tunnel.remote == rows[i].remote &&
				      link->tunnel.external == rows[i].external,
			"%s: known %d remote %d external %d", rows[i].name,
			link->tunnel.known, link->tunnel.remote, link->tunnel.external);
	}
}
END_TEST

static void receive(struct nl_reader *reader)
{
	int r;

	do {
		r = nl_reader_receive(reader, 1000, keep, NULL);
		ck_assert_int_ge(r, 0);
	} while (r > 0);
}

START_TEST(events_come_in_order)
{
	_cleanup_(nl_reader_freep) struct nl_reader *reader = NULL;
	size_t at = 0;

	ck_assert_int_eq(nl_reader_new(-1, BUFFER, &reader), 0);
	ck_assert_int_ge(fixture_buffer(nl_reader_fd(reader)), 2 * BUFFER);
	ck_assert_int_eq(nl_reader_receive(reader, 10, keep, NULL), 0);
	build_pair();
	fixture_sysctl("conf/v0/rp_filter", 1);
	fixture_ip("nexthop add id 7 via 10.1.0.7 dev v0");
	fixture_ip("route append 10.2.0.0/16 via 10.1.0.2");
	fixture_ip("route replace 10.2.0.0/16 via 10.1.0.3");
	fixture_ip("route prepend 10.2.0.0/16 via 10.1.0.4");
	fixture_ip("route del 10.2.0.0/16 via 10.1.0.4");
	fixture_ip("rule add pref 5 lookup 77");
	fixture_ip("rule del pref 5");
	fixture_ip("nexthop del id 7");
	fixture_ip("addr del 10.1.0.1/24 dev v0");
	fixture_ip("link del v0");
	receive(reader);

	ck_assert_int_gt(next(RECORD_NETCONF, &at)->netconf.ifindex, 0);
	ck_assert_str_eq(next(RECORD_LINK, &at)->link.kind, "veth");
	ck_assert_uint_eq(next(RECORD_ADDR, &at)->addr.local.host, addr("10.1.0.1").host);
	const struct record *record = next(RECORD_NETCONF, &at);
	ck_assert_uint_eq(record->netconf.has, 1u << DEVCONF_RP_FILTER);
	ck_assert_int_eq(record->netconf.conf.value[DEVCONF_RP_FILTER], 1);
	ck_assert_uint_eq(next(RECORD_NEXTHOP, &at)->nexthop_obj.id, 7);
	/* append to nothing is new */
	ck_assert_uint_eq(next(RECORD_ROUTE, &at)->route.position, ROUTE_NEW);
	ck_assert_uint_eq(next(RECORD_ROUTE, &at)->route.position, ROUTE_REPLACE);
	ck_assert_uint_eq(next(RECORD_ROUTE, &at)->route.position, ROUTE_PREPEND);
	record = next(RECORD_ROUTE_GONE, &at);
	ck_assert_uint_eq(record->route.dst.len, 16);
	ck_assert_uint_eq(record->route.nexthop_count, 1);
	ck_assert_uint_eq(next(RECORD_RULE, &at)->rule.table, 77);
	ck_assert_uint_eq(next(RECORD_RULE_GONE, &at)->rule.priority, 5);
	ck_assert_uint_eq(next(RECORD_NEXTHOP_GONE, &at)->nexthop_obj.id, 7);
	ck_assert_uint_eq(next(RECORD_ADDR_GONE, &at)->addr.len, 24);
	ck_assert_int_gt(next(RECORD_NETCONF_GONE, &at)->netconf.ifindex, 0);
	ck_assert_int_gt(next(RECORD_LINK_GONE, &at)->link.ifindex, 0);
	array_each (&seen, struct seen, one)
		ck_assert(!one->record.dump);
	ck_assert_uint_eq(nl_reader_counts(reader)->malformed, 0);
}
END_TEST

START_TEST(what_is_kept_comes_again)
{
	_cleanup_(nl_reader_freep) struct nl_reader *reader = NULL;
	size_t at = 0, received;

	ck_assert_int_eq(nl_reader_new(-1, BUFFER, &reader), 0);
	build_pair();
	ck_assert_int_gt(nl_reader_receive(reader, 1000, keep, NULL), 0);
	ck_assert_int_eq(nl_reader_replay(reader, 10, keep, NULL), 0); /* not asked to */
	array_clear(&seen);
	nl_reader_record_start(reader);
	fixture_ip("route add 10.3.0.0/16 via 10.1.0.2 dev v0");
	fixture_ip("addr add 10.9.0.1/24 dev v1");
	received = (size_t)nl_reader_receive(reader, 1000, keep, NULL);
	ck_assert_uint_eq(seen.count, received);
	ck_assert_int_eq(nl_reader_replay(reader, 1, keep, NULL), 1);
	/* what comes meanwhile is behind it */
	fixture_ip("route del 10.3.0.0/16");
	ck_assert_int_eq(nl_reader_receive(reader, 1000, keep, NULL), 1);
	array_clear(&seen);
	ck_assert_int_eq(nl_reader_replay(reader, 1000, keep, NULL), (int)received);
	ck_assert_int_eq(next(RECORD_ADDR, &at)->addr.local.host, addr("10.9.0.1").host);
	ck_assert_int_eq(
		next(RECORD_ROUTE_GONE, &at)->route.dst.addr.host, addr("10.3.0.0").host);
	ck_assert_uint_eq(at, seen.count);
	ck_assert_int_eq(nl_reader_replay(reader, 1000, keep, NULL), 0); /* each once */
	nl_reader_record_stop(reader);
	fixture_ip("route add 10.3.0.0/16 via 10.1.0.2 dev v0");
	ck_assert_int_eq(nl_reader_receive(reader, 1000, keep, NULL), 1);
	ck_assert_int_eq(nl_reader_replay(reader, 1000, keep, NULL), 0);
}
END_TEST

/* What was told before any record came. */
static size_t told;
static struct {
	uint32_t table;
	struct ip4 dsts[3];
	size_t count;
} runs[4];

static void tell(uint32_t table, const struct ip4 *dsts, size_t count, void *userdata)
{
	ck_assert_ptr_eq(userdata, &told);
	ck_assert_uint_eq(seen.count, 0);
	ck_assert(told < ELEMENTS(runs) && count <= ELEMENTS(runs[0].dsts));
	runs[told].table = table;
	memcpy(runs[told].dsts, dsts, count * sizeof(*dsts));
	runs[told++].count = count;
}

START_TEST(what_comes_next_is_told)
{
	_cleanup_(nl_reader_freep) struct nl_reader *reader = NULL;

	build_pair();
	ck_assert_int_eq(nl_reader_new(-1, BUFFER, &reader), 0);
	nl_reader_set_ahead(reader, tell, &told);
	fixture_ip("route add 10.2.0.0/16 via 10.1.0.2");
	fixture_ip("rule add pref 5 lookup 77");
	fixture_ip("route add 10.3.0.0/16 via 10.1.0.2");
	fixture_ip("route add 10.4.0.0/16 via 10.1.0.2 table 1000");
	fixture_ip("route del 10.2.0.0/16");
	receive(reader);
	ck_assert_uint_eq(seen.count, 5);
	ck_assert_uint_eq(told, 3);
	ck_assert(runs[0].table == TABLE_MAIN && runs[0].count == 2);
	ck_assert_uint_eq(runs[0].dsts[1].host, addr("10.3.0.0").host);
	ck_assert(runs[1].table == 1000 && runs[2].table == TABLE_MAIN);
	ck_assert_uint_eq(runs[1].dsts[0].host, addr("10.4.0.0").host);
}
END_TEST

START_TEST(a_budget_is_kept)
{
	_cleanup_(nl_reader_freep) struct nl_reader *reader = NULL;

	build_pair();
	ck_assert_int_eq(nl_reader_new(-1, BUFFER, &reader), 0);
	for (int i = 0; i < 50; i++)
		fixture_ip("route add 10.2.%d.0/24 via 10.1.0.2", i);
	ck_assert_int_eq(nl_reader_receive(reader, 40, keep, NULL), 40);
	ck_assert_uint_eq(seen.count, 40);
	ck_assert_int_eq(nl_reader_receive(reader, 40, keep, NULL), 10);
	ck_assert_int_eq(nl_reader_receive(reader, 40, keep, NULL), 0);
	fixture_ip("link set v1 down");
	ck_assert_int_eq(nl_reader_receive(reader, 40, give_up, NULL), -ECANCELED);
}
END_TEST

START_TEST(an_overrun_is_told)
{
	_cleanup_(nl_reader_freep) struct nl_reader *reader = NULL;
	const int tiny = 1;

	build_pair();
	ck_assert_int_eq(nl_reader_new(-1, 0, &reader), 0);
	ck_assert_int_eq(setsockopt(nl_reader_fd(reader), SOL_SOCKET, SO_RCVBUF, &tiny,
				 sizeof(tiny)),
		0);
	for (int i = 0; i < 50; i++)
		fixture_ip("route add 10.2.%d.0/24 via 10.1.0.2", i);
	ck_assert_int_eq(nl_reader_receive(reader, 1000, keep, NULL), -ENOBUFS);
	ck_assert_uint_eq(nl_reader_counts(reader)->overruns, 1);
	ck_assert_int_eq(nl_reader_discard(reader), 0);
	ck_assert_int_eq(nl_reader_receive(reader, 1000, keep, NULL), 0);
	fixture_ip("route add 10.3.0.0/24 via 10.1.0.2");
	ck_assert_int_eq(nl_reader_receive(reader, 1000, keep, NULL), 1);
	(void)route_to("10.3.0.0/24", TABLE_MAIN);
}
END_TEST

START_TEST(a_socket_is_inherited)
{
	_cleanup_(nl_reader_freep) struct nl_reader *reader = NULL;
	_cleanup_(nl_reader_freep) struct nl_reader *heir = NULL;

	build_pair();
	ck_assert_int_eq(nl_reader_new(-1, BUFFER, &reader), 0);
	int fd = dup(nl_reader_fd(reader));
	nl_reader_free(take_ptr(reader));
	fixture_ip("route add 10.3.0.0/24 via 10.1.0.2");
	ck_assert_int_eq(nl_reader_new(fd, 4096, &heir), 0);
	ck_assert_int_eq(nl_reader_fd(heir), fd);
	ck_assert_int_ge(fixture_buffer(fd), 2 * BUFFER);
	receive(heir);
	(void)route_to("10.3.0.0/24", TABLE_MAIN);
	/* what is no such socket is refused, and closed */
	fd = fixture_udp(ip4(0), 0);
	ck_assert_int_eq(nl_reader_new(fd, 4096, &reader), -EINVAL);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
}
END_TEST

START_TEST(only_the_kernel_is_heard)
{
	_cleanup_(nl_reader_freep) struct nl_reader *reader = NULL;
	struct {
		struct nlmsghdr header;
		struct rtmsg route;
	} forged = { .header = { .nlmsg_len = sizeof(forged),
			     .nlmsg_type = RTM_NEWROUTE },
		.route = { .rtm_family = AF_INET } };
	struct sockaddr_nl to;
	socklen_t length = sizeof(to);
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	ck_assert_int_eq(nl_reader_new(-1, BUFFER, &reader), 0);
	ck_assert_int_eq(
		getsockname(nl_reader_fd(reader), (struct sockaddr *)&to, &length), 0);
	to.nl_groups = 0;
	ck_assert_int_eq(sendto(fd, &forged, sizeof(forged), 0, (struct sockaddr *)&to,
				 sizeof(to)),
		sizeof(forged));
	ck_assert_int_eq(nl_reader_receive(reader, 10, keep, NULL), 1);
	ck_assert_uint_eq(seen.count, 0);
	ck_assert_uint_eq(nl_reader_counts(reader)->refused, 1);
	close(fd);
}
END_TEST

/*
 * The realserver: the VIP on lo, clients come in by tun0, the way back is over v0.
 * Returns the tun's descriptor.
 */
static int build_realserver(struct flow *flow)
{
	int tun = fixture_tun("tun0");

	build_pair();
	fixture_ip("link set tun0 up");
	fixture_ip("route add default via 10.1.0.254");
	fixture_ip("addr add 192.0.2.1/32 dev lo");
	*flow = (struct flow){ .iif = fixture_ifindex("tun0"),
		.src = addr("198.51.100.7"),
		.dst = addr("192.0.2.1"),
		.proto = IPPROTO_UDP,
		.sport = 4000,
		.dport = 5000 };
	return tun;
}

static void assert_verdict(struct nl_request *request, const struct flow *flow,
	enum probe_verdict verdict, const char *what)
{
	struct probe_answer answer = { .error = -1 };

	ck_assert_msg(probe_flow(request, flow, &answer) == 0, "%s", what);
	ck_assert_msg(answer.verdict == verdict, "%s: verdict %d, errno %d", what,
		answer.verdict, answer.error);
	ck_assert_msg((verdict == PROBE_PASS) == (answer.error == 0), "%s", what);
}

START_TEST(the_kernel_judges)
{
	_cleanup_(nl_request_freep) struct nl_request *request = NULL;
	struct flow flow;
	struct probe_answer answer;

	(void)build_realserver(&flow);
	ck_assert_int_eq(nl_request_new(&request), 0);
	assert_verdict(request, &flow, PROBE_PASS, "filter off");
	fixture_sysctl("conf/tun0/rp_filter", 1);
	assert_verdict(request, &flow, PROBE_DROP, "strict");
	fixture_sysctl("conf/tun0/rp_filter", 2);
	assert_verdict(request, &flow, PROBE_DROP, "loose, unnumbered");
	fixture_ip("addr add 10.8.0.1/32 dev tun0");
	assert_verdict(request, &flow, PROBE_PASS, "loose, numbered");
	fixture_sysctl("conf/tun0/rp_filter", 1);

	struct flow other = flow;
	other.dst = addr("10.1.0.255");
	assert_verdict(request, &other, PROBE_DROP, "to a broadcast address");
	other.dst = addr("255.255.255.255");
	assert_verdict(request, &other, PROBE_DROP, "to all");
	other = flow;
	other.src = addr("127.0.0.5");
	assert_verdict(request, &other, PROBE_DROP, "a martian source");
	other.src = addr("10.1.0.1");
	assert_verdict(request, &other, PROBE_DROP, "a source of this host");

	/* a mark counts with src_valid_mark, and the ports with a rule that asks for them */
	fixture_sysctl("conf/tun0/src_valid_mark", 1);
	fixture_ip("route add default dev tun0 table 77");
	fixture_ip("rule add fwmark 5 lookup 77");
	other = flow;
	other.mark = 5;
	assert_verdict(request, &other, PROBE_PASS, "marked");
	fixture_ip("rule add ipproto tcp dport 4000 lookup 77");
	other = flow;
	assert_verdict(request, &other, PROBE_DROP, "udp");
	other.proto = IPPROTO_TCP;
	assert_verdict(request, &other, PROBE_PASS, "tcp, ports swapped");
	other.proto = IPPROTO_ESP;
	ck_assert_int_eq(probe_flow(request, &other, &answer), 0);
	ck_assert(!answer.exact);
	other.iif = 4711;
	ck_assert_int_eq(probe_flow(request, &other, &answer), -ENODEV);
}
END_TEST

START_TEST(the_kernel_does_not_judge)
{
	_cleanup_(nl_request_freep) struct nl_request *request = NULL;
	struct flow flow;

	(void)build_realserver(&flow);
	fixture_sysctl("conf/tun0/rp_filter", 1);
	ck_assert_int_eq(nl_request_new(&request), 0);

	struct flow other = flow;
	other.dst = addr("203.0.113.1");
	fixture_sysctl("conf/tun0/forwarding", 0);
	assert_verdict(request, &other, PROBE_UNJUDGED, "not forwarding");
	fixture_sysctl("conf/tun0/forwarding", 1);
	assert_verdict(request, &other, PROBE_DROP, "forwarding");
	fixture_ip("route add blackhole 203.0.113.0/24");
	assert_verdict(request, &other, PROBE_UNJUDGED, "a blackhole");
	fixture_ip("route replace prohibit 203.0.113.0/24");
	assert_verdict(request, &other, PROBE_UNJUDGED, "prohibited");
	other.dst = addr("127.0.0.1");
	assert_verdict(request, &other, PROBE_UNJUDGED, "a martian destination");
	other.dst = addr("0.0.0.0");
	assert_verdict(request, &other, PROBE_UNJUDGED, "to nowhere");

	other.dst = addr("239.1.2.3");
	assert_verdict(request, &other, PROBE_UNJUDGED, "not joined");
	struct ip_mreqn join = { .imr_ifindex = flow.iif };
	join.imr_multiaddr.s_addr = htonl(other.dst.host);
	int fd = fixture_udp(ip4(0), 0);
	ck_assert_int_eq(
		setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &join, sizeof(join)), 0);
	assert_verdict(request, &other, PROBE_DROP, "joined");
	close(fd);

	fixture_ip("link set lo mtu 60");
	other = flow;
	other.iif = fixture_ifindex("lo");
	other.dst = addr("10.1.0.1");
	assert_verdict(request, &other, PROBE_UNJUDGED, "no IPv4");
}
END_TEST

START_TEST(a_drop_is_counted)
{
	struct flow flow;
	uint64_t before, after;
	int tun = build_realserver(&flow);
	int fd = fixture_udp(flow.dst, flow.dport);

	ck_assert_int_eq(procsys_rpf_drops(&before), 0);
	fixture_send(tun, &flow, "one");
	ck_assert(fixture_udp_received(fd, 1000));
	ck_assert_int_eq(procsys_rpf_drops(&after), 0);
	ck_assert_uint_eq(after, before);

	fixture_sysctl("conf/tun0/rp_filter", 1);
	fixture_send(tun, &flow, "two");
	ck_assert(!fixture_udp_received(fd, 100));
	ck_assert_int_eq(procsys_rpf_drops(&after), 0);
	ck_assert_uint_eq(after, before + 1);
	close(fd);
	close(tun);
}
END_TEST

START_TEST(merged_until_a_rule_comes)
{
	bool merged = false;

	ck_assert_int_eq(probe_merged(ip4(0), &merged), 0);
	ck_assert(merged);
	/* not an address of ours: found in main, but not as local's */
	build_pair();
	fixture_ip("route add default via 10.1.0.254");
	merged = false;
	ck_assert_int_eq(probe_merged(addr("10.77.0.1"), &merged), 0);
	ck_assert(merged);
	ck_assert_int_eq(probe_merged(addr("10.1.0.1"), &merged), 0);
	ck_assert(merged);

	fixture_ip("rule add pref 5 lookup 77");
	fixture_ip("rule del pref 5");
	ck_assert_int_eq(probe_merged(ip4(0), &merged), 0);
	ck_assert(!merged);
	merged = true;
	ck_assert_int_eq(probe_merged(addr("10.1.0.1"), &merged), 0);
	ck_assert(!merged);

	/* without any local address it can't be told */
	fixture_ip("link del v0");
	fixture_ip("addr flush dev lo");
	merged = true;
	ck_assert_int_eq(probe_merged(ip4(0), &merged), -ENOENT);
	ck_assert(merged);
}
END_TEST

START_TEST(what_only_proc_has)
{
	size_t at = 0;

	fixture_sysctl("conf/all/accept_local", 1);
	fixture_sysctl("conf/default/src_valid_mark", 1);
	ck_assert_int_eq(procsys_read_all(keep, NULL), 0);
	const struct record *record = next(RECORD_NETCONF, &at);
	ck_assert_int_eq(record->netconf.ifindex, NETCONF_ALL);
	ck_assert_int_eq(record->netconf.conf.value[DEVCONF_ACCEPT_LOCAL], 1);
	ck_assert_int_eq(record->netconf.conf.value[DEVCONF_SRC_VALID_MARK], 0);
	ck_assert_uint_eq(record->netconf.has & 1u << DEVCONF_RP_FILTER, 0);
	record = next(RECORD_NETCONF, &at);
	ck_assert_int_eq(record->netconf.ifindex, NETCONF_DEFAULT);
	ck_assert_int_eq(record->netconf.conf.value[DEVCONF_SRC_VALID_MARK], 1);
	ck_assert_uint_eq(record->netconf.has,
		1u << DEVCONF_ACCEPT_LOCAL | 1u << DEVCONF_SRC_VALID_MARK |
			1u << DEVCONF_SEND_REDIRECTS | 1u << DEVCONF_ROUTE_LOCALNET |
			1u << DEVCONF_LOG_MARTIANS | 1u << DEVCONF_BC_FORWARDING);
}
END_TEST

static int find_group(const struct record *record, void *userdata)
{
	const struct membership *wanted = userdata;

	ck_assert_int_eq(record->kind, RECORD_MEMBERSHIPS);
	for (size_t i = 0; i < record->memberships.count; i++)
		if (record->memberships.items[i].ifindex == wanted->ifindex &&
			record->memberships.items[i].group.host == wanted->group.host)
			return 0;
	return -ENOENT;
}

START_TEST(groups_joined)
{
	build_pair();
	struct membership all = { fixture_ifindex("v0"), addr("224.0.0.1") };
	struct membership none = { fixture_ifindex("v0"), addr("239.1.2.3") };

	ck_assert_int_eq(procsys_read_memberships(find_group, &all), 0);
	ck_assert_int_eq(procsys_read_memberships(find_group, &none), -ENOENT);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		dump_sees_everything,
		dump_sees_routes,
		a_handler_ends_a_dump,
		a_dump_in_steps,
		one_link_again,
		tunnels,
		events_come_in_order,
		what_is_kept_comes_again,
		what_comes_next_is_told,
		a_budget_is_kept,
		an_overrun_is_told,
		a_socket_is_inherited,
		only_the_kernel_is_heard,
		the_kernel_judges,
		the_kernel_does_not_judge,
		a_drop_is_counted,
		merged_until_a_rule_comes,
		what_only_proc_has,
		groups_joined,
	};

	if (!fixture_enter())
		return 77;
	return fixture_run_between(setup, teardown, "reader", tests, ELEMENTS(tests));
}
