/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fib/rule.h"
#include "message.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>

static void begin_route(
	int type, int flags, uint8_t route_type, uint32_t dst, uint8_t length)
{
	const struct rtmsg header = { .rtm_family = AF_INET,
		.rtm_dst_len = length,
		.rtm_tos = 0x10,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = RT_SCOPE_LINK,
		.rtm_type = route_type };

	begin(type, flags, &header, sizeof(header));
	if (length)
		put_ip4(RTA_DST, dst);
}

START_TEST(route_whole)
{
	begin_route(RTM_NEWROUTE, NLM_F_MULTI, RTN_UNICAST, 0x0a010203, 16);
	put_u32(RTA_TABLE, 1000);
	put_u32(RTA_PRIORITY, 20);
	put_ip4(RTA_PREFSRC, 0x0a000001);
	put_ip4(RTA_GATEWAY, 0x0a0000fe);
	put_u32(RTA_OIF, 4);

	const struct record record = record_of(RECORD_ROUTE);
	const struct route_record *route = &record.route;
	ck_assert_uint_eq(route->table, 1000);
	ck_assert_uint_eq(route->dst.addr.host, 0x0a010000);
	ck_assert_uint_eq(route->dst.len, 16);
	ck_assert_uint_eq(route->tos, 0x10);
	ck_assert_uint_eq(route->scope, RT_SCOPE_LINK);
	ck_assert_uint_eq(route->protocol, RTPROT_STATIC);
	ck_assert_uint_eq(route->type, ROUTE_UNICAST);
	ck_assert_uint_eq(route->priority, 20);
	ck_assert_uint_eq(route->prefsrc.host, 0x0a000001);
	ck_assert_uint_eq(route->nhid, 0);
	ck_assert(!route->realm && !route->blind);
	ck_assert_uint_eq(route->rest, 0);
	ck_assert_uint_eq(route->position, ROUTE_NEW);
	ck_assert_uint_eq(route->nexthop_count, 1);
	ck_assert_int_eq(route->nexthops[0].oif, 4);
	ck_assert_uint_eq(route->nexthops[0].gw_family, 4);
	ck_assert_uint_eq(route->nexthops[0].gw.host, 0x0a0000fe);
	ck_assert_uint_eq(route->nexthops[0].weight, 1);
	ck_assert_uint_eq(route->nexthops[0].onlink, 0);
}
END_TEST

START_TEST(route_bare)
{
	/* the default route, by a device alone; rtm_table where there is no RTA_TABLE */
	begin_route(RTM_DELROUTE, 0, RTN_UNICAST, 0, 0);
	put_u32(RTA_OIF, 4);
	struct record record = record_of(RECORD_ROUTE_GONE);
	ck_assert_uint_eq(record.route.table, RT_TABLE_MAIN);
	ck_assert_uint_eq(record.route.dst.len, 0);
	ck_assert_uint_eq(record.route.dst.addr.host, 0);
	ck_assert_uint_eq(record.route.priority, 0);
	ck_assert_uint_eq(record.route.nexthops[0].gw_family, 0);
	/* an error route has no nexthop */
	begin_route(RTM_NEWROUTE, 0, RTN_BLACKHOLE, 0x0a000000, 8);
	record = record_of(RECORD_ROUTE);
	ck_assert_uint_eq(record.route.nexthop_count, 0);
	ck_assert_uint_eq(record.route.type, ROUTE_BLACKHOLE);
}
END_TEST

START_TEST(route_places)
{
	static const struct {
		int flags;
		enum route_position position;
	} rows[] = {
		{ NLM_F_CREATE | NLM_F_EXCL, ROUTE_NEW },
		{ NLM_F_CREATE | NLM_F_APPEND, ROUTE_APPEND },
		{ NLM_F_CREATE, ROUTE_PREPEND },
		{ NLM_F_REPLACE, ROUTE_REPLACE },
		{ NLM_F_MULTI | NLM_F_DUMP_FILTERED, ROUTE_NEW },
		{ 0, ROUTE_NEW },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		begin_route(RTM_NEWROUTE, rows[i].flags, RTN_UNICAST, 0x0a000000, 8);
		ck_assert_uint_eq(
			record_of(RECORD_ROUTE).route.position, rows[i].position);
	}
}
END_TEST

/* A nexthop inside an RTA_MULTIPATH that is open; returns where its end goes. */
static struct rtnexthop *begin_nexthop(int oif, uint8_t weight, uint8_t flags)
{
	const struct rtnexthop hop = { .rtnh_ifindex = oif,
		.rtnh_hops = (uint8_t)(weight - 1),
		.rtnh_flags = flags };
	char *at = (char *)nlmsg_hdr(message) + nlmsg_hdr(message)->nlmsg_len;

	ck_assert_int_eq(nlmsg_append(message, (void *)&hop, sizeof(hop), 4), 0);
	return (struct rtnexthop *)(void *)at;
}

static void end_nexthop(struct rtnexthop *hop)
{
	const char *end = (char *)nlmsg_hdr(message) + nlmsg_hdr(message)->nlmsg_len;

	hop->rtnh_len = (uint16_t)(end - (char *)hop);
}

START_TEST(route_nexthops)
{
	static const struct {
		uint16_t family;
		uint8_t addr[16];
	} via = { .family = AF_INET6, .addr = { 0xfe, 0x80, [15] = 1 } };

	begin_route(RTM_NEWROUTE, 0, RTN_UNICAST, 0x0a000000, 8);
	struct nlattr *nest = nla_nest_start(message, RTA_MULTIPATH);
	struct rtnexthop *nexthop = begin_nexthop(4, 1, RTNH_F_DEAD | RTNH_F_LINKDOWN);
	put_ip4(RTA_GATEWAY, 0x0a0000fe);
	end_nexthop(nexthop);
	nexthop = begin_nexthop(5, 200, RTNH_F_ONLINK);
	put(RTA_VIA, &via, sizeof(via));
	end_nexthop(nexthop);
	nexthop = begin_nexthop(6, 1, 0);
	put_u32(RTA_FLOW, 9);
	end_nexthop(nexthop);
	nla_nest_end(message, nest);

	const struct record record = record_of(RECORD_ROUTE);
	const struct nexthop *nexthops = record.route.nexthops;
	ck_assert_uint_eq(record.route.nexthop_count, 3);
	ck_assert_int_eq(nexthops[0].oif, 4);
	ck_assert_uint_eq(nexthops[0].gw.host, 0x0a0000fe);
	ck_assert_uint_eq(nexthops[0].onlink, 0);
	ck_assert_uint_eq(nexthops[1].gw_family, 6);
	ck_assert_uint_eq(nexthops[1].weight, 200);
	ck_assert_uint_eq(nexthops[1].onlink, 1);
	ck_assert_uint_eq(nexthops[2].gw_family, 0);
	ck_assert(record.route.realm && !record.route.blind);
	ck_assert_uint_ne(record.route.rest, 0);
}
END_TEST

START_TEST(route_many_nexthops)
{
	begin_route(RTM_NEWROUTE, 0, RTN_UNICAST, 0x0a000000, 8);
	struct nlattr *nest = nla_nest_start(message, RTA_MULTIPATH);
	for (int i = 1; i <= 1000; i++) {
		struct rtnexthop *nexthop = begin_nexthop(i, 1, 0);
		put_ip4(RTA_GATEWAY, (uint32_t)i);
		end_nexthop(nexthop);
	}
	nla_nest_end(message, nest);
	struct record record;
	ck_assert_int_eq(nl_decode(&decoder, nlmsg_hdr(message), &record), NL_RECORD);
	ck_assert_uint_eq(record.route.nexthop_count, 1000);
	ck_assert_int_eq(record.route.nexthops[999].oif, 1000);
	ck_assert_uint_eq(record.route.rest, 0);
	/* and a plain one after it */
	begin_route(RTM_NEWROUTE, 0, RTN_UNICAST, 0x0a000000, 8);
	put_u32(RTA_OIF, 4);
	ck_assert_uint_eq(record_of(RECORD_ROUTE).route.nexthop_count, 1);
}
END_TEST

static uint64_t rest_of(uint32_t mtu, uint32_t realm, uint32_t nhid, uint16_t encap)
{
	begin_route(RTM_NEWROUTE, 0, RTN_UNICAST, 0x0a000000, 8);
	if (mtu) {
		struct nlattr *metrics = nla_nest_start(message, RTA_METRICS);
		put_u32(RTAX_MTU, mtu);
		nla_nest_end(message, metrics);
	}
	put_u32(RTA_OIF, 4);
	if (nhid)
		put_u32(RTA_NH_ID, nhid);
	if (realm)
		put_u32(RTA_FLOW, realm);
	if (encap) {
		put_u32(RTA_ENCAP, 77);
		put_u16(RTA_ENCAP_TYPE, encap);
	}
	return record_of(RECORD_ROUTE).route.rest;
}

START_TEST(route_rest_tells_apart)
{
	const uint64_t all[] = { rest_of(0, 0, 0, 0), rest_of(1400, 0, 0, 0),
		rest_of(1300, 0, 0, 0), rest_of(0, 1, 0, 0), rest_of(0, 0, 0, 1),
		rest_of(0, 0, 0, 2), rest_of(1400, 1, 0, 1) };

	ck_assert_uint_eq(all[0], 0);
	for (size_t i = 0; i < ELEMENTS(all); i++)
		for (size_t k = 0; k < i; k++)
			ck_assert_uint_ne(all[i], all[k]);
	ck_assert_uint_eq(rest_of(1400, 0, 0, 0), all[1]);
	/* what the nexthop object shows or doesn't show changes nothing */
	ck_assert_uint_eq(rest_of(1400, 0, 5, 1), rest_of(1400, 0, 5, 0));
	ck_assert_uint_eq(rest_of(0, 0, 5, 1), 0);
}
END_TEST

START_TEST(route_by_object)
{
	begin_route(RTM_NEWROUTE, 0, RTN_BLACKHOLE, 0x0a000000, 8);
	put_u32(RTA_NH_ID, 12);
	put_u32(RTA_OIF, 4);
	put_ip4(RTA_GATEWAY, 1);
	struct record record = record_of(RECORD_ROUTE);
	ck_assert_uint_eq(record.route.nhid, 12);
	/* that is for the object to say, which may have changed since */
	ck_assert_uint_eq(record.route.type, ROUTE_UNICAST);
	ck_assert_uint_eq(record.route.nexthop_count, 0);
	ck_assert_ptr_null(record.route.nexthops);
}
END_TEST

START_TEST(route_not_ours_or_blind)
{
	struct rtmsg header = { .rtm_family = AF_INET6 };

	begin(RTM_NEWROUTE, 0, &header, sizeof(header));
	assert_result(NL_FOREIGN);
	header = (struct rtmsg){ .rtm_family = AF_INET, .rtm_flags = RTM_F_CLONED };
	begin(RTM_NEWROUTE, 0, &header, sizeof(header));
	assert_result(NL_FOREIGN);
	header = (struct rtmsg){ .rtm_family = 128 /* RTNL_FAMILY_IPMR */ };
	begin(RTM_NEWROUTE, 0, &header, sizeof(header));
	assert_result(NL_FOREIGN);

	begin_route(RTM_NEWROUTE, 0, ROUTE_TYPES, 0x0a000000, 8);
	ck_assert(record_of(RECORD_ROUTE).route.blind);
	begin_route(RTM_NEWROUTE, 0, RTN_UNICAST, 0x0a000000, 8);
	put_u32(99, 1);
	ck_assert(record_of(RECORD_ROUTE).route.blind);
	begin_route(RTM_DELROUTE, 0, RTN_UNICAST, 0x0a000000, 8);
	put_u32(32, 1); /* RTA_DEL_REASON */
	ck_assert(!record_of(RECORD_ROUTE_GONE).route.blind);
}
END_TEST

START_TEST(route_wrong)
{
	struct rtmsg header = { .rtm_family = AF_INET, .rtm_dst_len = 8 };

	begin(RTM_NEWROUTE, 0, &header, sizeof(header));
	assert_result(-EBADMSG);
	header.rtm_dst_len = 33;
	begin(RTM_NEWROUTE, 0, &header, sizeof(header));
	put_ip4(RTA_DST, 1);
	assert_result(-EBADMSG);
	begin_route(RTM_NEWROUTE, 0, RTN_UNICAST, 0x0a000000, 8);
	put_u16(RTA_OIF, 4);
	assert_result(-EBADMSG);
	begin_route(RTM_NEWROUTE, 0, RTN_UNICAST, 0x0a000000, 8);
	struct nlattr *nest = nla_nest_start(message, RTA_MULTIPATH);
	begin_nexthop(4, 1, 0)->rtnh_len = 3;
	nla_nest_end(message, nest);
	assert_result(-EBADMSG);
	begin(RTM_NEWROUTE, 0, &header, 4);
	assert_result(-EBADMSG);
}
END_TEST

/* A nexthop that is cut short, down to less than its own length, at the end of the message. */
START_TEST(route_nexthop_cut_short)
{
	const struct rtnexthop whole = { .rtnh_len = sizeof(whole), .rtnh_ifindex = 4 };

	for (size_t length = 1; length <= sizeof(whole); length++) {
		begin_route(RTM_NEWROUTE, 0, RTN_UNICAST, 0x0a000000, 8);
		put(RTA_MULTIPATH, &whole, length);
		/* the padding behind an attribute would hide a read past its end */
		nlmsg_hdr(message)->nlmsg_len -= (uint32_t)(RTA_ALIGN(length) - length);
		assert_result(length == sizeof(whole) ? NL_RECORD : -EBADMSG);
	}
}
END_TEST

/* What is looked at ahead of the rest. */
START_TEST(route_key)
{
	const struct rtmsg cut = { .rtm_family = AF_INET };
	uint32_t table = 0;
	struct ip4 dst = { 0 };

	begin_route(RTM_DELROUTE, 0, RTN_UNICAST, 0x0a010203, 16);
	ck_assert(nl_route_key(nlmsg_hdr(message), &table, &dst));
	ck_assert_uint_eq(table, RT_TABLE_MAIN);
	ck_assert_uint_eq(dst.host, 0x0a010203);
	begin(RTM_NEWROUTE, 0, &cut, sizeof(cut));
	put_u32(RTA_TABLE, 1000);
	put_ip4(RTA_DST, 0xc0000200);
	put_u32(RTA_OIF, 4);
	ck_assert(nl_route_key(nlmsg_hdr(message), &table, &dst));
	ck_assert_uint_eq(table, 1000);
	ck_assert_uint_eq(dst.host, 0xc0000200);

	begin_route(RTM_NEWROUTE, 0, RTN_UNICAST, 0, 0); /* a default route has none */
	ck_assert(!nl_route_key(nlmsg_hdr(message), &table, &dst));
	begin_route(RTM_NEWROUTE, 0, RTN_UNICAST, 0, 0);
	put_u16(RTA_DST, 4);
	ck_assert(!nl_route_key(nlmsg_hdr(message), &table, &dst));
	begin_route(RTM_NEWROUTE, 0, RTN_UNICAST, 0, 0);
	put_u16(RTA_TABLE, 4);
	put_ip4(RTA_DST, 0xc0000200);
	ck_assert(!nl_route_key(nlmsg_hdr(message), &table, &dst));
	begin(RTM_NEWROUTE, 0, &cut, 4);
	ck_assert(!nl_route_key(nlmsg_hdr(message), &table, &dst));
	begin_rule(RTM_NEWRULE, FR_ACT_TO_TBL, 8, 0, 0);
	put_ip4(FRA_DST, 0xc0000200);
	ck_assert(!nl_route_key(nlmsg_hdr(message), &table, &dst));
}
END_TEST

/* A rule with every selector there is. */
static void begin_whole_rule(void)
{
	const struct fib_rule_port_range sport = { 53, 53 }, dport = { 1000, 2000 };
	const struct fib_rule_uid_range uids = { 5, 10 };
	const uint64_t tun_id = htobe64(42);

	begin_rule(RTM_NEWRULE, FR_ACT_GOTO, 24, 8, FIB_RULE_INVERT);
	put_u32(FRA_TABLE, 1000);
	put_u32(FRA_SUPPRESS_PREFIXLEN, UINT32_MAX);
	put_u32(FRA_SUPPRESS_IFGROUP, 6);
	put_u8(FRA_PROTOCOL, RTPROT_STATIC);
	put_text(FRA_IIFNAME, "eth0");
	put_text(FRA_OIFNAME, "fifteencharacte");
	put_u32(FRA_PRIORITY, 100);
	put_u32(FRA_FWMARK, 5);
	put_u32(FRA_GOTO, 200);
	put(FRA_TUN_ID, &tun_id, sizeof(tun_id));
	put_u8(FRA_L3MDEV, 1);
	put(FRA_UID_RANGE, &uids, sizeof(uids));
	put(FRA_SPORT_RANGE, &sport, sizeof(sport));
	put(FRA_DPORT_RANGE, &dport, sizeof(dport));
	put_u16(29 /* FRA_DPORT_MASK */, 0xff00);
	put_u8(FRA_IP_PROTO, IPPROTO_TCP);
	put_u8(25 /* FRA_DSCP */, 46);
	put_ip4(FRA_SRC, 0x0a0102ff);
	put_ip4(FRA_DST, 0xac100001);
	put_u32(FRA_FLOW, 3);
}

START_TEST(rule_whole)
{
	begin_whole_rule();
	const struct record record = record_of(RECORD_RULE);
	struct rule expected;
	memset(&expected, 0, sizeof(expected));
	expected.priority = 100;
	expected.table = 1000;
	expected.target = 200;
	expected.action = RULE_GOTO;
	expected.invert = expected.l3mdev = expected.has_tun_id = expected.realm = true;
	expected.protocol = RTPROT_STATIC;
	expected.from.addr.host = 0x0a010200;
	expected.from.len = 24;
	expected.to.addr.host = 0xac000000;
	expected.to.len = 8;
	expected.from_rest = 0xff;
	expected.to_rest = 0x100001;
	expected.tos = 0x10;
	expected.has_dscp = true;
	expected.dscp = 46;
	expected.dscp_mask = 0x3f;
	expected.ipproto = IPPROTO_TCP;
	expected.mark = 5;
	expected.mask = UINT32_MAX;
	expected.has_uid = true;
	expected.uid_first = 5;
	expected.uid_last = 10;
	expected.sport.set = expected.dport.set = true;
	expected.sport.first = expected.sport.last = 53;
	expected.sport.mask = 0xffff;
	expected.dport.first = 1000;
	expected.dport.last = 2000;
	expected.dport.mask = 0xff00;
	expected.suppress_len = -1;
	expected.suppress_group = 6;
	strcpy(expected.iif, "eth0");
	strcpy(expected.oif, "fifteencharacte");
	expected.tun_id = 42;
	ck_assert(rule_same(&record.rule, &expected));
}
END_TEST

START_TEST(rule_bare)
{
	begin_rule(RTM_DELRULE, FR_ACT_TO_TBL, 0, 0, 0);
	put_u32(FRA_FWMASK, 0xf); /* with mark 0 */
	const struct record record = record_of(RECORD_RULE_GONE);
	ck_assert_uint_eq(record.rule.priority, 0);
	ck_assert_uint_eq(record.rule.table, 7);
	ck_assert_uint_eq(record.rule.mark, 0);
	ck_assert_uint_eq(record.rule.mask, 0xf);
	ck_assert_int_eq(record.rule.suppress_len, -1);
	ck_assert_int_eq(record.rule.suppress_group, -1);
	ck_assert(
		!record.rule.sport.set && !record.rule.has_uid && !record.rule.has_dscp);
	ck_assert(!record.rule.blind && !record.rule.invert);
}
END_TEST

START_TEST(rule_not_ours_blind_wrong)
{
	static const int unknown[] = { 31, 62, 63, 1000,
		26 /* FRA_FLOWLABEL, for IPv6 */ };
	const struct fib_rule_hdr six = { .family = AF_INET6 };

	begin(RTM_NEWRULE, 0, &six, sizeof(six));
	assert_result(NL_FOREIGN);
	for (size_t i = 0; i < ELEMENTS(unknown); i++) {
		begin_rule(RTM_NEWRULE, FR_ACT_TO_TBL, 0, 0, 0);
		put_u32(unknown[i], 1);
		ck_assert(record_of(RECORD_RULE).rule.blind);
	}
	begin_rule(RTM_NEWRULE, FR_ACT_TO_TBL, 0, 0, 0x40);
	ck_assert(record_of(RECORD_RULE).rule.blind);
	/* whether a device is there just now is no selector */
	begin_rule(RTM_NEWRULE, FR_ACT_TO_TBL, 0, 0, FIB_RULE_IIF_DETACHED);
	ck_assert(!record_of(RECORD_RULE).rule.blind);

	begin_rule(RTM_NEWRULE, FR_ACT_TO_TBL, 24, 0, 0);
	assert_result(-EBADMSG);
	begin_rule(RTM_NEWRULE, FR_ACT_TO_TBL, 0, 33, 0);
	put_ip4(FRA_DST, 1);
	assert_result(-EBADMSG);
	begin_rule(RTM_NEWRULE, FR_ACT_TO_TBL, 0, 0, 0);
	put_text(FRA_IIFNAME, "sixteencharacter");
	assert_result(-EBADMSG);
	begin_rule(RTM_NEWRULE, FR_ACT_TO_TBL, 0, 0, 0);
	put_u32(FRA_UID_RANGE, 1);
	assert_result(-EBADMSG);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nl_decode_route");
	TCase *tcase = tcase_create("nl_decode_route");
	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, route_whole);
	tcase_add_test(tcase, route_bare);
	tcase_add_test(tcase, route_places);
	tcase_add_test(tcase, route_nexthops);
	tcase_add_test(tcase, route_many_nexthops);
	tcase_add_test(tcase, route_rest_tells_apart);
	tcase_add_test(tcase, route_by_object);
	tcase_add_test(tcase, route_not_ours_or_blind);
	tcase_add_test(tcase, route_wrong);
	tcase_add_test(tcase, route_nexthop_cut_short);
	tcase_add_test(tcase, route_key);
	tcase_add_test(tcase, rule_whole);
	tcase_add_test(tcase, rule_bare);
	tcase_add_test(tcase, rule_not_ours_blind_wrong);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
