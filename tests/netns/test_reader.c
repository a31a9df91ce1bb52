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

START_TEST(dump_sees_everything)
{
	_cleanup_(nl_request_freep) struct nl_request *request = NULL;
	size_t at = 0;

	fixture_pair();
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
	ck_assert_uint_eq(record->addr.local.host, fixture_ip4("10.1.0.1").host);
	ck_assert_uint_eq(record->addr.broadcast.host, fixture_ip4("10.1.0.255").host);
	ck_assert_uint_eq(record->addr.len, 24);
	record = next(RECORD_NEXTHOP, &at);
	ck_assert_uint_eq(record->nexthop_obj.id, 7);
	ck_assert_uint_eq(
		record->nexthop_obj.nexthop.gw.host, fixture_ip4("10.1.0.7").host);
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

	fixture_pair();
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
	ck_assert_uint_eq(one->record.route.prefsrc.host, fixture_ip4("10.1.0.1").host);
	ck_assert_uint_eq(one->record.route.nexthop_count, 1);
	ck_assert_int_eq(one->nexthops[0].oif, fixture_ifindex("v0"));
	ck_assert_uint_eq(one->nexthops[0].gw.host, fixture_ip4("10.1.0.2").host);
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

	fixture_pair();
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
	ck_assert_int_eq(nl_request_step(request, keep, NULL), 2);
	dump(request, NL_DUMP_ROUTES);
	ck_assert_uint_eq(seen.count, whole);
}
END_TEST

START_TEST(one_link_again)
{
	_cleanup_(nl_request_freep) struct nl_request *request = NULL;
	size_t at = 0;

	fixture_pair();
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
	fixture_pair();
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
	ck_assert_uint_eq(
		next(RECORD_ADDR, &at)->addr.local.host, fixture_ip4("10.1.0.1").host);
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
	fixture_pair();
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
	ck_assert_int_eq(
		next(RECORD_ADDR, &at)->addr.local.host, fixture_ip4("10.9.0.1").host);
	ck_assert_int_eq(next(RECORD_ROUTE_GONE, &at)->route.dst.addr.host,
		fixture_ip4("10.3.0.0").host);
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

	fixture_pair();
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
	ck_assert_uint_eq(runs[0].dsts[1].host, fixture_ip4("10.3.0.0").host);
	ck_assert(runs[1].table == 1000 && runs[2].table == TABLE_MAIN);
	ck_assert_uint_eq(runs[1].dsts[0].host, fixture_ip4("10.4.0.0").host);
}
END_TEST

START_TEST(a_budget_is_kept)
{
	_cleanup_(nl_reader_freep) struct nl_reader *reader = NULL;

	ck_assert_int_eq(nl_reader_new(-1, BUFFER, &reader), 0);
	for (int i = 0; i < 50; i++)
		fixture_ip("route add 10.2.%d.0/24 dev lo", i);
	ck_assert_int_eq(nl_reader_receive(reader, 40, keep, NULL), 40);
	ck_assert_uint_eq(seen.count, 40);
	ck_assert_int_eq(nl_reader_receive(reader, 40, keep, NULL), 10);
	ck_assert_int_eq(nl_reader_receive(reader, 40, keep, NULL), 0);
	fixture_ip("link set lo down");
	ck_assert_int_eq(nl_reader_receive(reader, 40, give_up, NULL), -ECANCELED);
}
END_TEST

START_TEST(an_overrun_is_told)
{
	_cleanup_(nl_reader_freep) struct nl_reader *reader = NULL;
	const int tiny = 1;

	fixture_pair();
	ck_assert_int_eq(nl_reader_new(-1, 0, &reader), 0);
	ck_assert_int_eq(setsockopt(nl_reader_fd(reader), SOL_SOCKET, SO_RCVBUF, &tiny,
				 sizeof(tiny)),
		0);
	for (int i = 0; i < 50; i++)
		fixture_ip("route add 10.2.%d.0/24 via 10.1.0.2", i);
	ck_assert_int_eq(nl_reader_receive(reader, 1000, keep, NULL), -ENOBUFS);
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

	fixture_pair();
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
	};

	if (!fixture_enter())
		return 77;
	return fixture_run_between(setup, teardown, "reader", tests, ELEMENTS(tests));
}
