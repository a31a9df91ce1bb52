/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "message.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/netconf.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>

static void begin_link(int type, uint8_t family)
{
	const struct ifinfomsg header = { .ifi_family = family,
		.ifi_index = 5,
		.ifi_type = 768,
		.ifi_flags = LINK_UP | LINK_LOWER_UP };

	begin(type, 0, &header, sizeof(header));
}

/* IFLA_AF_SPEC with so many settings, the nth being n; -1: without AF_INET. */
static void put_conf(int count)
{
	struct nlattr *spec = nla_nest_start(message, IFLA_AF_SPEC);
	int32_t values[64];

	for (int i = 0; i < (int)ELEMENTS(values); i++)
		values[i] = i;
	if (count >= 0) {
		struct nlattr *inet = nla_nest_start(message, AF_INET);
		put(IFLA_INET_CONF, values, (size_t)count * sizeof(values[0]));
		nla_nest_end(message, inet);
	}
	nla_nest_end(message, spec);
	if (count < 0) /* libnl takes an empty nest away again */
		put(IFLA_AF_SPEC, NULL, 0);
}

START_TEST(link_whole)
{
	begin_link(RTM_NEWLINK, AF_UNSPEC);
	put_text(IFLA_IFNAME, "eth0.10");
	put_u32(IFLA_MTU, 1500);
	put_u32(IFLA_GROUP, 7);
	put_u32(IFLA_MASTER, 3);
	put_u32(IFLA_LINK, 2);
	struct nlattr *info = nla_nest_start(message, IFLA_LINKINFO);
	put_text(IFLA_INFO_KIND, "vlan");
	put_text(IFLA_INFO_SLAVE_KIND, "bridge");
	nla_nest_end(message, info);
	put_conf(33);

	const struct record record = record_of(RECORD_LINK);
	const struct link_record *link = &record.link;
	ck_assert_int_eq(link->ifindex, 5);
	ck_assert_str_eq(link->name, "eth0.10");
	ck_assert_str_eq(link->kind, "vlan");
	ck_assert_str_eq(link->slave_kind, "bridge");
	ck_assert_uint_eq(link->flags, LINK_UP | LINK_LOWER_UP);
	ck_assert_uint_eq(link->arphrd, 768);
	ck_assert_int_eq(link->master, 3);
	ck_assert_int_eq(link->lower, 2);
	ck_assert_uint_eq(link->group, 7);
	ck_assert_uint_eq(link->mtu, 1500);
	ck_assert(link->has_inet && !link->tunnel.known);
	ck_assert_int_eq(link->conf.value[DEVCONF_RP_FILTER], (int32_t)DEVCONF_RP_FILTER);
	ck_assert_int_eq(link->conf.value[32], 32);
	ck_assert_int_eq(link->conf.value[33], 0);
}
END_TEST

static uint64_t identity_of(const char *kind, const char *address, const char *permanent)
{
	struct nlattr *info;

	begin_link(RTM_NEWLINK, AF_UNSPEC);
	put_text(IFLA_IFNAME, "eth0");
	if (address)
		put(IFLA_ADDRESS, address, 6);
	info = nla_nest_start(message, IFLA_LINKINFO);
	put_text(IFLA_INFO_KIND, kind);
	nla_nest_end(message, info);
	put_conf(33);
	if (permanent)
		put(IFLA_PERM_ADDRESS, permanent, 6);
	return record_of(RECORD_LINK).link.identity;
}

START_TEST(link_identity)
{
	const uint64_t one = identity_of("veth", "\2\0\0\0\0\1", NULL);

	ck_assert(one && one == identity_of("veth", "\2\0\0\0\0\1", NULL));
	ck_assert(one != identity_of("veth", "\2\0\0\0\0\2", NULL));
	ck_assert(one != identity_of("bond", "\2\0\0\0\0\1", NULL));
	ck_assert(one != identity_of("veth", NULL, NULL));
	/* the one that it was made with counts */
	ck_assert(one == identity_of("veth", "\2\0\0\0\0\2", "\2\0\0\0\0\1"));
}
END_TEST

START_TEST(link_settings_of_any_length)
{
	begin_link(RTM_NEWLINK, AF_UNSPEC);
	put_text(IFLA_IFNAME, "a");
	put_conf(64);
	ck_assert_int_eq(record_of(RECORD_LINK).link.conf.value[DEVCONF_COUNT - 1],
		DEVCONF_COUNT - 1);
	begin_link(RTM_NEWLINK, AF_UNSPEC);
	put_text(IFLA_IFNAME, "a");
	put_conf(8);
	ck_assert_int_eq(record_of(RECORD_LINK).link.conf.value[DEVCONF_RP_FILTER], 7);
	begin_link(RTM_NEWLINK, AF_UNSPEC);
	put_text(IFLA_IFNAME, "a");
	put_conf(-1);
	ck_assert(!record_of(RECORD_LINK).link.has_inet);
}
END_TEST

START_TEST(link_lower_is_a_neighbour)
{
	begin_link(RTM_NEWLINK, AF_UNSPEC);
	put_text(IFLA_IFNAME, "a");
	put_u32(IFLA_LINK, 5); /* itself */
	put_conf(33);
	ck_assert_int_eq(record_of(RECORD_LINK).link.lower, 0);
	put_u32(IFLA_LINK, 2); /* in another namespace */
	put_u32(IFLA_LINK_NETNSID, 0);
	ck_assert_int_eq(record_of(RECORD_LINK).link.lower, 0);
}
END_TEST

START_TEST(link_tunnels)
{
	static const uint8_t v4[4] = { 192, 0, 2, 9 }, v6[16] = { [15] = 9 }, zero[16];
	static const struct {
		const char *kind;
		int attr;
		const void *remote;
		size_t length;
		int external;
	} rows[] = {
		{ "ipip", IFLA_IPTUN_REMOTE, v4, 4, IFLA_IPTUN_COLLECT_METADATA },
		{ "sit", IFLA_IPTUN_REMOTE, v4, 4, IFLA_IPTUN_COLLECT_METADATA },
		{ "ip6tnl", IFLA_IPTUN_REMOTE, v6, 16, IFLA_IPTUN_COLLECT_METADATA },
		{ "gre", IFLA_GRE_REMOTE, v4, 4, IFLA_GRE_COLLECT_METADATA },
		{ "gretap", IFLA_GRE_REMOTE, v4, 4, IFLA_GRE_COLLECT_METADATA },
		{ "erspan", IFLA_GRE_REMOTE, v4, 4, IFLA_GRE_COLLECT_METADATA },
		{ "ip6gre", IFLA_GRE_REMOTE, v6, 16, IFLA_GRE_COLLECT_METADATA },
		{ "ip6gretap", IFLA_GRE_REMOTE, v6, 16, IFLA_GRE_COLLECT_METADATA },
		{ "vti", IFLA_VTI_REMOTE, v4, 4, 0 },
		{ "vti6", IFLA_VTI_REMOTE, v6, 16, 0 },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		for (int variant = 0; variant < 3; variant++) {
			begin_link(RTM_NEWLINK, AF_UNSPEC);
			put_text(IFLA_IFNAME, "t0");
			struct nlattr *info = nla_nest_start(message, IFLA_LINKINFO);
			put_text(IFLA_INFO_KIND, rows[i].kind);
			struct nlattr *data = nla_nest_start(message, IFLA_INFO_DATA);
			put(rows[i].attr, variant == 1 ? rows[i].remote : zero,
				rows[i].length);
			if (variant == 2 && rows[i].external)
				put(rows[i].external, NULL, 0);
			nla_nest_end(message, data);
			nla_nest_end(message, info);
			put_conf(33);
			const struct record record = record_of(RECORD_LINK);
			ck_assert(record.link.tunnel.known);
			ck_assert(record.link.tunnel.remote == (variant == 1));
			ck_assert(record.link.tunnel.external ==
				  (variant == 2 && rows[i].external));
		}
	}
}
END_TEST

START_TEST(link_vrf)
{
	begin_link(RTM_NEWLINK, AF_UNSPEC);
	put_text(IFLA_IFNAME, "red");
	struct nlattr *info = nla_nest_start(message, IFLA_LINKINFO);
	put_text(IFLA_INFO_KIND, "vrf");
	struct nlattr *data = nla_nest_start(message, IFLA_INFO_DATA);
	put_u32(IFLA_VRF_TABLE, 1234);
	nla_nest_end(message, data);
	nla_nest_end(message, info);
	put_conf(33);
	ck_assert_uint_eq(record_of(RECORD_LINK).link.vrf_table, 1234);
}
END_TEST

START_TEST(link_not_ours_gone_blind_wrong)
{
	begin_link(RTM_NEWLINK, AF_BRIDGE);
	put_text(IFLA_IFNAME, "a");
	assert_result(NL_FOREIGN);
	begin_link(RTM_DELLINK, AF_BRIDGE);
	assert_result(NL_FOREIGN);
	begin_link(RTM_NEWLINK, AF_UNSPEC);
	put_text(IFLA_IFNAME, "wlan0");
	put_u32(IFLA_WIRELESS, 0);
	assert_result(NL_FOREIGN);

	begin_link(RTM_DELLINK, AF_UNSPEC);
	put_text(IFLA_IFNAME, "a");
	struct record record = record_of(RECORD_LINK_GONE);
	ck_assert_int_eq(record.link.ifindex, 5);
	ck_assert_str_eq(record.link.name, "a");

	begin_link(RTM_NEWLINK, AF_UNSPEC);
	put_text(IFLA_IFNAME, "a");
	ck_assert_uint_eq(record_of(RECORD_BLIND).blind.message, RTM_NEWLINK);
	begin_link(RTM_NEWLINK, AF_UNSPEC);
	put_conf(33);
	ck_assert_ptr_nonnull(record_of(RECORD_BLIND).blind.what);

	begin_link(RTM_NEWLINK, AF_UNSPEC);
	put_text(IFLA_IFNAME, "sixteencharacter");
	put_conf(33);
	assert_result(-EBADMSG);
	begin_link(RTM_NEWLINK, AF_UNSPEC);
	put(IFLA_IFNAME, "unended", 7);
	put_conf(33);
	assert_result(-EBADMSG);
	begin_link(RTM_NEWLINK, AF_UNSPEC);
	put_text(IFLA_IFNAME, "a");
	put_u8(IFLA_MTU, 1);
	put_conf(33);
	assert_result(-EBADMSG);
	const struct ifinfomsg nobody = { .ifi_index = 0 };
	begin(RTM_NEWLINK, 0, &nobody, sizeof(nobody));
	put_text(IFLA_IFNAME, "a");
	put_conf(33);
	assert_result(-EBADMSG);
}
END_TEST

static void begin_addr(int type, uint8_t family, uint8_t length)
{
	const struct ifaddrmsg header = { .ifa_family = family,
		.ifa_prefixlen = length,
		.ifa_flags = IFA_F_PERMANENT,
		.ifa_scope = RT_SCOPE_LINK,
		.ifa_index = 3 };

	begin(type, 0, &header, sizeof(header));
}

START_TEST(addrs)
{
	begin_addr(RTM_NEWADDR, AF_INET, 24);
	put_ip4(IFA_ADDRESS, 0x0a000002);
	put_ip4(IFA_LOCAL, 0x0a000001);
	put_ip4(IFA_BROADCAST, 0x0a0000ff);
	put_u32(IFA_FLAGS, IFA_F_SECONDARY | 0x400);
	struct record record = record_of(RECORD_ADDR);
	ck_assert_int_eq(record.addr.ifindex, 3);
	ck_assert_uint_eq(record.addr.local.host, 0x0a000001);
	ck_assert_uint_eq(record.addr.peer.host, 0x0a000002);
	ck_assert_uint_eq(record.addr.broadcast.host, 0x0a0000ff);
	ck_assert_uint_eq(record.addr.len, 24);
	ck_assert_uint_eq(record.addr.scope, RT_SCOPE_LINK);
	ck_assert(record.addr.secondary);

	begin_addr(RTM_DELADDR, AF_INET, 32);
	put_ip4(IFA_LOCAL, 0x0a000001);
	record = record_of(RECORD_ADDR_GONE);
	ck_assert_uint_eq(record.addr.broadcast.host, 0);
	ck_assert_uint_eq(record.addr.peer.host, 0);
	ck_assert(!record.addr.secondary);

	begin_addr(RTM_NEWADDR, AF_INET6, 64);
	assert_result(NL_FOREIGN);
	begin_addr(RTM_NEWADDR, AF_INET, 24);
	assert_result(-EBADMSG);
	begin_addr(RTM_NEWADDR, AF_INET, 33);
	put_ip4(IFA_LOCAL, 0x0a000001);
	assert_result(-EBADMSG);
	begin_addr(RTM_NEWADDR, AF_INET, 24);
	put(IFA_LOCAL, "0123456789abcdef", 16);
	assert_result(-EBADMSG);
}
END_TEST

static void begin_nexthop(int type, uint8_t family, uint32_t id)
{
	const struct nhmsg header = { .nh_family = family,
		.nh_scope = RT_SCOPE_LINK,
		.nh_flags = RTNH_F_ONLINK | RTNH_F_LINKDOWN };

	begin(type, 0, &header, sizeof(header));
	put_u32(NHA_ID, id);
}

START_TEST(nexthop_objs)
{
	static const uint8_t six[16] = { 0xfe, 0x80, [15] = 1 };
	const struct nexthop_grp group[] = { { .id = 7, .weight = 0 },
		{ .id = 8, .weight = 255 } };

	begin_nexthop(RTM_NEWNEXTHOP, AF_INET, 7);
	put_u32(NHA_OIF, 4);
	put_ip4(NHA_GATEWAY, 0x0a0000fe);
	struct record record = record_of(RECORD_NEXTHOP);
	ck_assert_uint_eq(record.nexthop_obj.id, 7);
	ck_assert_int_eq(record.nexthop_obj.nexthop.oif, 4);
	ck_assert_uint_eq(record.nexthop_obj.nexthop.gw_family, 4);
	ck_assert_uint_eq(record.nexthop_obj.nexthop.gw.host, 0x0a0000fe);
	ck_assert_uint_eq(record.nexthop_obj.nexthop.onlink, 1);
	ck_assert_uint_eq(record.nexthop_obj.scope, RT_SCOPE_LINK);
	ck_assert_ptr_null(record.nexthop_obj.members);
	ck_assert(!record.nexthop_obj.fdb && !record.nexthop_obj.blackhole);

	begin_nexthop(RTM_NEWNEXTHOP, AF_INET6, 8);
	put_u32(NHA_OIF, 4);
	put(NHA_GATEWAY, six, sizeof(six));
	ck_assert_uint_eq(record_of(RECORD_NEXTHOP).nexthop_obj.nexthop.gw_family, 6);
	begin_nexthop(RTM_NEWNEXTHOP, AF_INET, 9);
	put(NHA_BLACKHOLE, NULL, 0);
	ck_assert(record_of(RECORD_NEXTHOP).nexthop_obj.blackhole);
	begin_nexthop(RTM_NEWNEXTHOP, AF_UNSPEC, 10);
	put(NHA_FDB, NULL, 0);
	put(NHA_GROUP, group, sizeof(group));
	record = record_of(RECORD_NEXTHOP);
	ck_assert(record.nexthop_obj.fdb);
	ck_assert_uint_eq(record.nexthop_obj.member_count, 2);
	ck_assert_uint_eq(record.nexthop_obj.members[0].weight, 1);
	ck_assert_uint_eq(record.nexthop_obj.members[1].id, 8);
	ck_assert_uint_eq(record.nexthop_obj.members[1].weight, 256);
	begin_nexthop(RTM_DELNEXTHOP, AF_UNSPEC, 10);
	ck_assert_uint_eq(record_of(RECORD_NEXTHOP_GONE).nexthop_obj.id, 10);

	begin_nexthop(RTM_NEWNEXTHOP, AF_INET, 0);
	assert_result(-EBADMSG);
	begin_nexthop(RTM_NEWNEXTHOP, AF_INET, 7);
	put(NHA_GATEWAY, six, sizeof(six));
	assert_result(-EBADMSG);
	begin_nexthop(RTM_NEWNEXTHOP, AF_UNSPEC, 7);
	put(NHA_GROUP, group, sizeof(group) - 1);
	assert_result(-EBADMSG);
}
END_TEST

static void begin_netconf(int type, uint8_t family, int ifindex)
{
	const struct netconfmsg header = { .ncm_family = family };

	begin(type, 0, &header, sizeof(header));
	put_u32(NETCONFA_IFINDEX, (uint32_t)ifindex);
}

START_TEST(netconfs)
{
	begin_netconf(RTM_NEWNETCONF, AF_INET, NETCONF_ALL);
	put_u32(NETCONFA_RP_FILTER, (uint32_t)-1);
	put_u32(NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN, 1);
	put_u32(NETCONFA_PROXY_NEIGH, 1);
	struct record record = record_of(RECORD_NETCONF);
	ck_assert_int_eq(record.netconf.ifindex, NETCONF_ALL);
	ck_assert_uint_eq(record.netconf.has,
		1u << DEVCONF_RP_FILTER | 1u << DEVCONF_IGNORE_ROUTES_WITH_LINKDOWN);
	ck_assert_int_eq(record.netconf.conf.value[DEVCONF_RP_FILTER], -1);

	begin_netconf(RTM_NEWNETCONF, AF_INET, 4);
	put_u32(NETCONFA_FORWARDING, 1);
	put_u32(NETCONFA_MC_FORWARDING, 1);
	put_u32(NETCONFA_BC_FORWARDING, 1);
	record = record_of(RECORD_NETCONF);
	ck_assert_int_eq(record.netconf.ifindex, 4);
	ck_assert_int_eq(record.netconf.conf.value[DEVCONF_FORWARDING], 1);
	ck_assert_int_eq(record.netconf.conf.value[DEVCONF_MC_FORWARDING], 1);
	ck_assert_int_eq(record.netconf.conf.value[DEVCONF_BC_FORWARDING], 1);
	begin_netconf(RTM_DELNETCONF, AF_INET, 4);
	ck_assert_int_eq(record_of(RECORD_NETCONF_GONE).netconf.ifindex, 4);

	begin_netconf(RTM_NEWNETCONF, AF_INET, 4);
	put_u32(NETCONFA_PROXY_NEIGH, 1);
	assert_result(NL_FOREIGN);
	begin_netconf(RTM_NEWNETCONF, AF_INET6, 4);
	assert_result(NL_FOREIGN);
	begin_netconf(RTM_NEWNETCONF, AF_INET, 0);
	assert_result(-EBADMSG);
	begin_netconf(RTM_NEWNETCONF, AF_INET, -3);
	assert_result(-EBADMSG);
	begin_netconf(RTM_NEWNETCONF, AF_INET, 4);
	put_u16(NETCONFA_RP_FILTER, 1);
	assert_result(-EBADMSG);
}
END_TEST

START_TEST(others_are_foreign)
{
	static const int types[] = { RTM_NEWNEIGH, RTM_NEWQDISC, RTM_GETROUTE, NLMSG_DONE,
		NLMSG_ERROR, NLMSG_NOOP, RTM_NEWNEXTHOPBUCKET };

	for (size_t i = 0; i < ELEMENTS(types); i++) {
		begin(types[i], 0, "0123", 4);
		assert_result(NL_FOREIGN);
	}
}
END_TEST

static int note(const struct record *record, void *userdata)
{
	ck_assert(record->dump);
	return *(int *)userdata;
}

START_TEST(what_is_counted)
{
	struct nl_counts counts = { 0 };
	int answer = 0;

	begin_netconf(RTM_DELNETCONF, AF_INET, 4);
	ck_assert_int_eq(
		nl_decode_to(&decoder, nlmsg_hdr(message), true, &counts, note, &answer),
		0);
	begin_netconf(RTM_DELNETCONF, AF_INET6, 4);
	ck_assert_int_eq(
		nl_decode_to(&decoder, nlmsg_hdr(message), true, &counts, note, &answer),
		0);
	begin_netconf(RTM_DELNETCONF, AF_INET, 0);
	ck_assert_int_eq(
		nl_decode_to(&decoder, nlmsg_hdr(message), true, &counts, note, &answer),
		-EBADMSG);
	begin_rule(RTM_NEWRULE, FR_ACT_TO_TBL, 0, 0, 0x40);
	answer = -ECANCELED;
	ck_assert_int_eq(
		nl_decode_to(&decoder, nlmsg_hdr(message), true, &counts, note, &answer),
		-ECANCELED);
	ck_assert_uint_eq(counts.records, 2);
	ck_assert_uint_eq(counts.foreign, 1);
	ck_assert_uint_eq(counts.malformed, 1);
	ck_assert_uint_eq(counts.blind, 1);
}
END_TEST

START_TEST(a_datagram_is_walked)
{
	uint32_t bytes[12] = { 0 };
	struct nlmsghdr *first = (struct nlmsghdr *)bytes;
	struct nlmsghdr *second = (struct nlmsghdr *)(bytes + 5);
	const char *at = (const char *)bytes;
	size_t left = 38;

	first->nlmsg_len = 17;	/* padded to 20 */
	second->nlmsg_len = 18; /* the end is not */
	ck_assert_ptr_eq(nl_next(&at, &left), first);
	ck_assert_ptr_eq(nl_next(&at, &left), second);
	ck_assert_ptr_null(nl_next(&at, &left));
	ck_assert_uint_eq(left, 0);
	at = (const char *)bytes;
	left = 37;
	ck_assert_ptr_eq(nl_next(&at, &left), first);
	ck_assert_ptr_null(nl_next(&at, &left));
	ck_assert_uint_eq(left, 17);
	first->nlmsg_len = 15;
	at = (const char *)bytes;
	ck_assert_ptr_null(nl_next(&at, &left));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nl_decode");
	TCase *tcase = tcase_create("nl_decode");
	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, link_whole);
	tcase_add_test(tcase, link_identity);
	tcase_add_test(tcase, link_settings_of_any_length);
	tcase_add_test(tcase, link_lower_is_a_neighbour);
	tcase_add_test(tcase, link_tunnels);
	tcase_add_test(tcase, link_vrf);
	tcase_add_test(tcase, link_not_ours_gone_blind_wrong);
	tcase_add_test(tcase, addrs);
	tcase_add_test(tcase, nexthop_objs);
	tcase_add_test(tcase, netconfs);
	tcase_add_test(tcase, others_are_foreign);
	tcase_add_test(tcase, what_is_counted);
	tcase_add_test(tcase, a_datagram_is_walked);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
