/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel as judge, and what only /proc and NETLINK_FIB_LOOKUP tell. */
#include "base/array.h"
#include "base/cleanup.h"
#include "fixture_netns.h"
#include "kernel/nl_request.h"
#include "kernel/probe.h"
#include "kernel/procsys.h"
#include "unit/fixture_run.h"

#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

static void setup(void)
{
	ck_assert(fixture_enter());
	fixture_sysctl("conf/all/rp_filter", 0);
	fixture_sysctl("conf/default/rp_filter", 0);
}

static void teardown(void)
{
}

/*
 * The realserver: the VIP on lo, clients come in by tun0, the reverse path is over v0.
 * Returns the tun's descriptor.
 */
static int build_realserver(struct flow *flow)
{
	int tun = fixture_tun("tun0");

	fixture_pair();
	fixture_ip("link set tun0 up");
	fixture_ip("route add default via 10.1.0.254");
	fixture_ip("addr add 192.0.2.1/32 dev lo");
	*flow = (struct flow){ .iif = fixture_ifindex("tun0"),
		.src = fixture_ip4("198.51.100.7"),
		.dst = fixture_ip4("192.0.2.1"),
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
	other.dst = fixture_ip4("10.1.0.255");
	assert_verdict(request, &other, PROBE_DROP, "to a broadcast address");
	other.dst = fixture_ip4("255.255.255.255");
	assert_verdict(request, &other, PROBE_DROP, "to all");
	other = flow;
	other.src = fixture_ip4("127.0.0.5");
	assert_verdict(request, &other, PROBE_DROP, "a martian source");
	other.src = fixture_ip4("10.1.0.1");
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
	other.dst = fixture_ip4("203.0.113.1");
	fixture_sysctl("conf/tun0/forwarding", 0);
	assert_verdict(request, &other, PROBE_UNJUDGED, "not forwarding");
	fixture_sysctl("conf/tun0/forwarding", 1);
	assert_verdict(request, &other, PROBE_DROP, "forwarding");
	fixture_ip("route add blackhole 203.0.113.0/24");
	assert_verdict(request, &other, PROBE_UNJUDGED, "a blackhole");
	fixture_ip("route replace prohibit 203.0.113.0/24");
	assert_verdict(request, &other, PROBE_UNJUDGED, "prohibited");
	other.dst = fixture_ip4("127.0.0.1");
	assert_verdict(request, &other, PROBE_UNJUDGED, "a martian destination");
	other.dst = fixture_ip4("0.0.0.0");
	assert_verdict(request, &other, PROBE_UNJUDGED, "to nowhere");

	other.dst = fixture_ip4("239.1.2.3");
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
	other.dst = fixture_ip4("10.1.0.1");
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
	fixture_pair();
	fixture_ip("route add default via 10.1.0.254");
	merged = false;
	ck_assert_int_eq(probe_merged(fixture_ip4("10.77.0.1"), &merged), 0);
	ck_assert(merged);
	ck_assert_int_eq(probe_merged(fixture_ip4("10.1.0.1"), &merged), 0);
	ck_assert(merged);

	fixture_ip("rule add pref 5 lookup 77");
	fixture_ip("rule del pref 5");
	ck_assert_int_eq(probe_merged(ip4(0), &merged), 0);
	ck_assert(!merged);
	merged = true;
	ck_assert_int_eq(probe_merged(fixture_ip4("10.1.0.1"), &merged), 0);
	ck_assert(!merged);

	/* without any local address it can't be told */
	fixture_ip("link del v0");
	fixture_ip("addr flush dev lo");
	merged = true;
	ck_assert_int_eq(probe_merged(ip4(0), &merged), -ENOENT);
	ck_assert(merged);
}
END_TEST

/* Those of all and of default. */
struct settings {
	struct record records[2];
	size_t count;
};

static int keep_settings(const struct record *record, void *userdata)
{
	struct settings *heard = userdata;

	ck_assert_int_eq(record->kind, RECORD_NETCONF);
	ck_assert(record->dump && heard->count < ELEMENTS(heard->records));
	heard->records[heard->count++] = *record;
	return 0;
}

START_TEST(what_only_proc_has)
{
	struct settings heard = { 0 };
	const struct record *record = heard.records;

	fixture_sysctl("conf/all/accept_local", 1);
	fixture_sysctl("conf/default/src_valid_mark", 1);
	ck_assert_int_eq(procsys_read_all(NULL, keep_settings, &heard), 0);
	ck_assert_uint_eq(heard.count, 2);
	ck_assert_int_eq(record->netconf.ifindex, NETCONF_ALL);
	ck_assert_int_eq(record->netconf.conf.value[DEVCONF_ACCEPT_LOCAL], 1);
	ck_assert_int_eq(record->netconf.conf.value[DEVCONF_SRC_VALID_MARK], 0);
	ck_assert_uint_eq(record->netconf.has & 1u << DEVCONF_RP_FILTER, 0);
	record++;
	ck_assert_int_eq(record->netconf.ifindex, NETCONF_DEFAULT);
	ck_assert_int_eq(record->netconf.conf.value[DEVCONF_SRC_VALID_MARK], 1);
	ck_assert_uint_eq(record->netconf.has,
		1u << DEVCONF_ACCEPT_LOCAL | 1u << DEVCONF_SRC_VALID_MARK |
			1u << DEVCONF_SEND_REDIRECTS | 1u << DEVCONF_ROUTE_LOCALNET |
			1u << DEVCONF_LOG_MARTIANS | 1u << DEVCONF_BC_FORWARDING |
			1u << DEVCONF_ARP_IGNORE | 1u << DEVCONF_PROMOTE_SECONDARIES);
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
	fixture_pair();
	struct membership all = { fixture_ifindex("v0"), fixture_ip4("224.0.0.1") };
	struct membership none = { fixture_ifindex("v0"), fixture_ip4("239.1.2.3") };

	ck_assert_int_eq(procsys_read_memberships(NULL, find_group, &all), 0);
	ck_assert_int_eq(procsys_read_memberships(NULL, find_group, &none), -ENOENT);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		the_kernel_judges,
		the_kernel_does_not_judge,
		a_drop_is_counted,
		merged_until_a_rule_comes,
		what_only_proc_has,
		groups_joined,
	};

	if (!fixture_enter())
		return 77;
	return fixture_run_between(setup, teardown, "probe", tests, ELEMENTS(tests));
}
