/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Of each message: what is left, what is mapped, what is gone; and what is malformed. */
#include "fixture_run.h"
#include "kernel/anonymize.h"
#include "kernel/procsys.h"
#include "message.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/netconf.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <stdio.h>

static struct anonymizer anonymizer;
static char out[8192];
static size_t out_length;

static void begin_anonymizer(void)
{
	setup();
	ck_assert_int_eq(anonymizer_init(&anonymizer), 0);
}

static void end_anonymizer(void)
{
	teardown();
	anonymizer_done(&anonymizer);
}

static uint32_t mapped(uint32_t host)
{
	return ip4map_addr(&anonymizer.addrs, ip4(host)).host;
}

static int rewrite(void)
{
	return anonymizer_datagram(&anonymizer, nlmsg_hdr(message),
		nlmsg_hdr(message)->nlmsg_len, out, sizeof(out), &out_length);
}

/* What the message has become. */
static struct record rewritten(enum record_kind kind)
{
	const struct nlmsghdr *head = (const struct nlmsghdr *)(const void *)out;
	struct record record;

	nlmsg_hdr(message)->nlmsg_pid = 4711;
	ck_assert_int_eq(rewrite(), 0);
	ck_assert_uint_eq(head->nlmsg_len, out_length);
	ck_assert_uint_eq(head->nlmsg_pid, 0);
	ck_assert_int_eq(nl_decode(&decoder, head, &record), NL_RECORD);
	ck_assert_int_eq(record.kind, kind);
	return record;
}

static void must_not_have(const void *bytes, size_t length)
{
	ck_assert_ptr_null(memmem(out, out_length, bytes, length));
}

static void begin_route(uint8_t len)
{
	const struct rtmsg header = { .rtm_family = AF_INET,
		.rtm_dst_len = len,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_type = RTN_UNICAST };

	begin(RTM_NEWROUTE, NLM_F_MULTI, &header, sizeof(header));
}

START_TEST(routes)
{
	struct record record;

	begin_route(16);
	put_ip4(RTA_DST, 0xac140000);
	put_u32(RTA_OIF, 3);
	put_ip4(RTA_GATEWAY, 0xac150001);
	put_ip4(RTA_PREFSRC, 0xac160002);
	put_u32(RTA_PRIORITY, 50);
	record = rewritten(RECORD_ROUTE);
	ck_assert_uint_eq(record.route.dst.addr.host, mapped(0xac140000) & 0xffff0000);
	ck_assert_uint_eq(record.route.dst.len, 16);
	ck_assert_uint_eq(record.route.prefsrc.host, mapped(0xac160002));
	ck_assert_uint_eq(record.route.priority, 50);
	ck_assert_uint_eq(record.route.nexthop_count, 1);
	ck_assert_int_eq(record.route.nexthops[0].oif, 3);
	ck_assert_uint_eq(record.route.nexthops[0].gw.host, mapped(0xac150001));
	ck_assert(!record.route.blind);

	begin_route(0);
	put_u32(RTA_OIF, 3);
	record = rewritten(RECORD_ROUTE);
	ck_assert_uint_eq(record.route.dst.addr.host, 0);
	ck_assert_uint_eq(record.route.dst.len, 0);
}
END_TEST

static void put_hop(int ifindex, uint32_t gateway)
{
	struct {
		struct rtnexthop hop;
		struct rtattr attr;
		uint32_t gateway;
	} one = { { sizeof(one), 0, 4, ifindex }, { 8, RTA_GATEWAY }, htobe32(gateway) };

	ck_assert_int_eq(nlmsg_append(message, &one, sizeof(one), 4), 0);
}

START_TEST(routes_of_several_nexthops)
{
	struct nlattr *nest;
	struct record record;

	begin_route(8);
	put_ip4(RTA_DST, 0x0a000000);
	nest = nla_nest_start(message, RTA_MULTIPATH);
	put_hop(3, 0x0a010203);
	put_hop(4, 0x0a040506);
	nla_nest_end(message, nest);
	record = rewritten(RECORD_ROUTE);
	ck_assert_uint_eq(record.route.nexthop_count, 2);
	ck_assert_uint_eq(record.route.nexthops[0].gw.host, mapped(0x0a010203));
	ck_assert_uint_eq(record.route.nexthops[1].gw.host, mapped(0x0a040506));
	ck_assert_uint_eq(record.route.nexthops[1].weight, 5);
	ck_assert_int_eq(record.route.nexthops[1].oif, 4);
}
END_TEST

START_TEST(gateways_of_another_family)
{
	static const char via6[] = "\0\0seldom repeated"; /* its family is put in front */
	char value[18];
	uint16_t family = AF_INET6;
	struct record record;

	memcpy(value, via6, sizeof(value));
	memcpy(value, &family, sizeof(family));
	begin_route(8);
	put_ip4(RTA_DST, 0x0a000000);
	put_u32(RTA_OIF, 3);
	put(RTA_VIA, value, sizeof(value));
	record = rewritten(RECORD_ROUTE);
	ck_assert_uint_eq(record.route.nexthops[0].gw_family, 6);
	must_not_have("seldom", 6);

	family = AF_INET;
	memcpy(value, &family, sizeof(family));
	memcpy(value + 2, "\x0a\x01\x02\x03", 4);
	begin_route(8);
	put_ip4(RTA_DST, 0x0a000000);
	put_u32(RTA_OIF, 3);
	put(RTA_VIA, value, 6);
	record = rewritten(RECORD_ROUTE);
	ck_assert_uint_eq(record.route.nexthops[0].gw_family, 4);
	ck_assert_uint_eq(record.route.nexthops[0].gw.host, mapped(0x0a010203));
}
END_TEST

START_TEST(what_is_not_known_is_blind_still)
{
	struct record record;

	begin_route(8);
	put_ip4(RTA_DST, 0x0a000000);
	put(60, "a secret of theirs", 18);
	record = rewritten(RECORD_ROUTE);
	ck_assert(record.route.blind);
	must_not_have("secret", 6);

	begin_rule(RTM_NEWRULE, FR_ACT_TO_TBL, 0, 0, 0);
	put(50, "a secret of theirs", 18);
	record = rewritten(RECORD_RULE);
	ck_assert(record.rule.blind);
	must_not_have("secret", 6);
}
END_TEST

START_TEST(what_differs_differs_still)
{
	uint64_t rest[3];
	static const char *const caps[] = { "one label", "two label", "one label" };

	for (size_t i = 0; i < ELEMENTS(caps); i++) {
		begin_route(8);
		put_ip4(RTA_DST, 0x0a000000);
		put_u32(RTA_OIF, 3);
		put(RTA_ENCAP, caps[i], 9);
		rest[i] = rewritten(RECORD_ROUTE).route.rest;
		must_not_have("label", 5);
	}
	ck_assert_uint_ne(rest[0], rest[1]);
	ck_assert_uint_eq(rest[0], rest[2]);
}
END_TEST

START_TEST(rules)
{
	struct record record;

	begin_rule(RTM_NEWRULE, FR_ACT_TO_TBL, 24, 32, 0);
	put_ip4(FRA_SRC, 0xc0a81700);
	put_ip4(FRA_DST, 0xc0a81805);
	put_text(FRA_IIFNAME, "office");
	put_text(FRA_OIFNAME, "tunl0");
	put_u32(FRA_FWMARK, 7);
	put_u32(FRA_PRIORITY, 99);
	record = rewritten(RECORD_RULE);
	ck_assert_uint_eq(record.rule.from.addr.host, mapped(0xc0a81700) & 0xffffff00);
	ck_assert_uint_eq(record.rule.to.addr.host, mapped(0xc0a81805));
	ck_assert_str_eq(record.rule.iif, "if1");
	ck_assert_str_eq(record.rule.oif, "tunl0");
	ck_assert_uint_eq(record.rule.mark, 7);
	ck_assert_uint_eq(record.rule.priority, 99);
	ck_assert(!record.rule.blind);
	must_not_have("office", 6);
}
END_TEST

START_TEST(addresses)
{
	const struct ifaddrmsg header = {
		.ifa_family = AF_INET, .ifa_prefixlen = 24, .ifa_index = 2
	};
	struct record record;

	begin(RTM_NEWADDR, NLM_F_MULTI, &header, sizeof(header));
	put_ip4(IFA_LOCAL, 0xc0a81705);
	put_ip4(IFA_ADDRESS, 0xc0a81709);
	put_ip4(IFA_BROADCAST, 0xc0a817ff);
	put_text(IFA_LABEL, "office:1");
	record = rewritten(RECORD_ADDR);
	ck_assert_uint_eq(record.addr.local.host, mapped(0xc0a81705));
	ck_assert_uint_eq(record.addr.peer.host, mapped(0xc0a81709));
	ck_assert_uint_eq(record.addr.broadcast.host, mapped(0xc0a817ff));
	ck_assert_uint_eq(record.addr.len, 24);
	must_not_have("office", 6);
}
END_TEST

static void begin_link(const char *name, const char *kind)
{
	const struct ifinfomsg header = { .ifi_index = 4, .ifi_flags = LINK_UP };
	struct nlattr *spec, *info;

	begin(RTM_NEWLINK, NLM_F_MULTI, &header, sizeof(header));
	put_text(IFLA_IFNAME, name);
	put(IFLA_ADDRESS, "hwaddr", 6);
	put(IFLA_PERM_ADDRESS, "hwaddr", 6);
	put_text(IFLA_IFALIAS, "the office");
	put_u32(IFLA_MTU, 1400);
	put_u32(IFLA_MASTER, 9);
	spec = nla_nest_start(message, IFLA_AF_SPEC);
	info = nla_nest_start(message, AF_INET);
	put(IFLA_INET_CONF,
		"\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\2\0\0", 32);
	nla_nest_end(message, info);
	nla_nest_end(message, spec);
	if (!kind)
		return;
	info = nla_nest_start(message, IFLA_LINKINFO);
	put_text(IFLA_INFO_KIND, kind);
	spec = nla_nest_start(message, IFLA_INFO_DATA);
	if (strcmp(kind, "vrf") == 0)
		put_u32(IFLA_VRF_TABLE, 77);
	else
		put_ip4(IFLA_IPTUN_REMOTE, 0xcb007105);
	nla_nest_end(message, spec);
	nla_nest_end(message, info);
}

START_TEST(links)
{
	struct record record;

	begin_link("office", NULL);
	record = rewritten(RECORD_LINK);
	ck_assert_str_eq(record.link.name, "if1");
	ck_assert_uint_eq(record.link.mtu, 1400);
	ck_assert_int_eq(record.link.master, 9);
	ck_assert(record.link.has_inet);
	ck_assert_int_eq(record.link.conf.value[DEVCONF_RP_FILTER], 2);
	must_not_have("office", 6);
	must_not_have("hwaddr", 6);

	begin_link("tunl0", "ipip");
	record = rewritten(RECORD_LINK);
	ck_assert_str_eq(record.link.name, "tunl0");
	ck_assert_str_eq(record.link.kind, "ipip");
	ck_assert(record.link.tunnel.known && record.link.tunnel.remote);
	must_not_have("\xcb\x00\x71\x05", 4);

	begin_link("red", "vrf");
	record = rewritten(RECORD_LINK);
	ck_assert_str_eq(record.link.name, "if2");
	ck_assert_uint_eq(record.link.vrf_table, 77);

	begin_link("office", "vxlan");
	record = rewritten(RECORD_LINK);
	ck_assert_str_eq(record.link.name, "if1");
	ck_assert_str_eq(record.link.kind, "vxlan");
	must_not_have("\xcb\x00\x71\x05", 4);
}
END_TEST

START_TEST(nexthop_objects)
{
	struct nhmsg header = { .nh_family = AF_INET };
	struct record record;

	begin(RTM_NEWNEXTHOP, NLM_F_MULTI, &header, sizeof(header));
	put_u32(NHA_ID, 5);
	put_u32(NHA_OIF, 2);
	put_ip4(NHA_GATEWAY, 0xc0a81701);
	record = rewritten(RECORD_NEXTHOP);
	ck_assert_uint_eq(record.nexthop_obj.id, 5);
	ck_assert_uint_eq(record.nexthop_obj.nexthop.gw.host, mapped(0xc0a81701));

	header.nh_family = AF_INET6;
	begin(RTM_NEWNEXTHOP, NLM_F_MULTI, &header, sizeof(header));
	put_u32(NHA_ID, 6);
	put(NHA_GATEWAY, "seldom repeated", 16);
	record = rewritten(RECORD_NEXTHOP);
	ck_assert_uint_eq(record.nexthop_obj.nexthop.gw_family, 6);
	must_not_have("seldom", 6);
}
END_TEST

START_TEST(other_messages_are_left_out)
{
	const struct rtmsg header = { .rtm_family = AF_INET };

	begin(RTM_NEWNEIGH, 0, &header, sizeof(header));
	ck_assert_int_eq(rewrite(), 0);
	ck_assert_uint_eq(out_length, 0);
	begin(NLMSG_DONE, 0, &header, sizeof(header));
	ck_assert_int_eq(rewrite(), 0);
	ck_assert_uint_eq(out_length, 0);
}
END_TEST

START_TEST(malformed_ones)
{
	const struct rtmsg header = { .rtm_family = AF_INET };
	struct nlattr *nest;

	begin(RTM_NEWROUTE, 0, &header, 4);
	ck_assert_int_eq(rewrite(), -EBADMSG);
	begin_route(8);
	put(RTA_VIA, "x", 1);
	ck_assert_int_eq(rewrite(), -EBADMSG);
	begin_route(8);
	nest = nla_nest_start(message, RTA_MULTIPATH);
	ck_assert_int_eq(nlmsg_append(message, "\x0c\0\0\0\0\0\0\0", 8, 4), 0);
	nla_nest_end(message, nest);
	ck_assert_int_eq(rewrite(), -EBADMSG);
	begin_route(8);
	ck_assert_int_eq(nlmsg_append(message, "\x03\0\0\0", 4, 4), 0);
	ck_assert_int_eq(rewrite(), -EBADMSG);
	/* at each length: an answer, and nothing beyond the end */
	begin_link("office", "ipip");
	for (uint32_t length = 0; length < nlmsg_hdr(message)->nlmsg_len; length++) {
		_cleanup_(freep) char *copy = malloc(length + 1);
		int r;

		memcpy(copy, nlmsg_hdr(message), length);
		r = anonymizer_datagram(
			&anonymizer, copy, length, out, sizeof(out), &out_length);
		ck_assert(r == -EBADMSG || (r == 0 && length == 0));
	}
	ck_assert_int_eq(anonymizer_datagram(&anonymizer, nlmsg_hdr(message),
				 nlmsg_hdr(message)->nlmsg_len, out, 40, &out_length),
		-EMSGSIZE);
}
END_TEST

static char *igmp;

static int read_igmp(const char *path, char **ret, size_t *ret_length, void *userdata)
{
	(void)path, (void)userdata;
	*ret = strdup(igmp);
	*ret_length = strlen(igmp);
	return 0;
}

static int take_groups(const struct record *record, void *userdata)
{
	const struct membership *items = record->memberships.items;

	(void)userdata;
	ck_assert_uint_eq(record->memberships.count, 3);
	ck_assert_int_eq(items[0].ifindex, 2);
	ck_assert_uint_eq(items[0].group.host, 0xe0000001);
	ck_assert_int_eq(items[1].ifindex, 2);
	ck_assert_uint_eq(items[1].group.host, mapped(0xef010203));
	ck_assert_int_eq(items[2].ifindex, 3);
	return 0;
}

START_TEST(groups)
{
	static const struct membership items[] = { { 2, { 0xe0000001 } },
		{ 2, { 0xef010203 } }, { 3, { 0xef010203 } } };
	const struct membership_record record = { items, ELEMENTS(items) };
	const struct procsys_source source = { read_igmp, NULL };

	ck_assert_int_eq(anonymizer_memberships(&anonymizer, &record, &igmp), 0);
	ck_assert_int_eq(procsys_read_memberships(&source, take_groups, NULL), 0);
	free(igmp);
}
END_TEST

START_TEST(names)
{
	char name[NAME_MAX_];

	ck_assert_int_eq(anonymizer_name(&anonymizer, "office", name), 0);
	ck_assert_str_eq(name, "if1");
	ck_assert_int_eq(anonymizer_name(&anonymizer, "if1", name), 0);
	ck_assert_str_eq(name, "if2");
	ck_assert_int_eq(anonymizer_name(&anonymizer, "lo", name), 0);
	ck_assert_str_eq(name, "lo");
	ck_assert_int_eq(anonymizer_name(&anonymizer, "office", name), 0);
	ck_assert_str_eq(name, "if1");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		routes,
		routes_of_several_nexthops,
		gateways_of_another_family,
		what_is_not_known_is_blind_still,
		what_differs_differs_still,
		rules,
		addresses,
		links,
		nexthop_objects,
		other_messages_are_left_out,
		malformed_ones,
		groups,
		names,
	};

	return fixture_run_between(
		begin_anonymizer, end_anonymizer, "anonymize", tests, ELEMENTS(tests));
}
