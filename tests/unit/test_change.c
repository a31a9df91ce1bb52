/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "change/change.h"

#include "base/cleanup.h"
#include "fixture_run.h"
#include "host/host_model.h"
#include "state/state_equal.h"
#include "state/state_fork.h"

#include <errno.h>
#include <string.h>

/* --- words ------------------------------------------------------------------------------------ */

/* Different words for one change */
static const struct {
	const char *one, *other;
} same_words[] = {
	{ "ip route add 10.9.0.0/16 dev eth0", "route add 10.9.0.0/16 dev eth0" },
	{ "ip route add 10.9.0.0/16 dev eth0", "ip -4 ro a to 10.9/16 dev eth0" },
	{ "route delete default via 10.0.0.1", "r d default via 10.0.0.1" },
	{ "route append default via 10.0.0.1", "r ap 0.0.0.0/0 via inet 10.0.0.1" },
	{ "route change default via 10.0.0.1", "r chg default via 10.0.0.1" },
	{ "route add default via 10.0.0.1 metric 7",
		"r a default via 10.0.0.1 preference 7" },
	{ "rule add pref 5 from 10.0.0.0/8 lookup main",
		"ru a order 5 from 10/8 table 254" },
	{ "rule add fwmark 1/3 fwmark 1", "ru a fwmark 1/3" },
	{ "rule add pref 5 fwmark 0", "ru a pref 5" },
	{ "address add 10.0.0.9/24 dev eth0", "a a local 10.0.0.9/24 dev eth0" },
	{ "link set eth0 down", "l s dev eth0 down" },
	{ "nexthop add id 1 dev eth0", "nex a dev eth0 id 1" },
	{ "net.ipv4.conf.eth0.rp_filter=1", "sysctl -w net/ipv4/conf/eth0/rp_filter=1" },
	{ "net.ipv4.conf.eth0/7.rp_filter=1", "net/ipv4/conf/eth0.7/rp_filter=1" },
};

static struct change *parsed(const char *text)
{
	struct change *change = calloc(1, sizeof(*change));
	char why[CHANGE_WHY];

	ck_assert_ptr_nonnull(change);
	ck_assert_msg(change_parse(text, change, why) == 0, "%s: %s", text, why);
	return change;
}

START_TEST(words_are_shortened_as_by_ip)
{
	for (size_t i = 0; i < ELEMENTS(same_words); i++) {
		_cleanup_(freep) struct change *one = parsed(same_words[i].one);
		_cleanup_(freep) struct change *other = parsed(same_words[i].other);

		ck_assert_msg(memcmp(one, other, sizeof(*one)) == 0, "%s is not %s",
			same_words[i].one, same_words[i].other);
	}
}
END_TEST

START_TEST(what_is_no_change_is_refused)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "", "ip: a word is missing at the end" },
		{ "n add 10.0.0.1",
			"ip: \"n\" is no object that is known; allowed: route, rule, address, link, nexthop, KEY=VALUE" },
		{ "route get 10.0.0.1",
			"ip route: \"get\" can't be done to it; allowed: add, append, prepend, replace, change, del, flush" },
		{ "route add 10.0.0.1/8 dev eth0",
			"ip route: \"10.0.0.1/8\" has bits set behind its length" },
		{ "route add default via fe80::1 dev eth0",
			"ip route: \"fe80::1\" needs via inet6 in front" },
		{ "route add default nexthop dev eth0 weight 0",
			"ip route: \"0\" is no weight; allowed: 1 to 256" },
		{ "route add default dev eth0 table 4294967296",
			"ip route: \"4294967296\" is too large a number" },
		{ "route add default dev eth0 metric -1",
			"ip route: \"-1\" is no number" },
		{ "rule del", "ip rule: delete which one?" },
		{ "rule add", "ip rule: add which one?" },
		{ "rp_filter=1", "sysctl: \"rp_filter=1\" is not net.ipv4.KEY=VALUE" },
		{ "net.ipv4.ip_forward=4294967296",
			"sysctl: \"4294967296\" is no value" },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		struct change change;
		char why[CHANGE_WHY];

		ck_assert_msg(change_parse(rows[i].text, &change, why) == -EINVAL,
			"'%s' is taken", rows[i].text);
		ck_assert_str_eq(why, rows[i].why);
	}
}
END_TEST

/* --- answers ---------------------------------------------------------------------------------- */

/* On a host with eth0 (10.0.0.2/24, default route), eth1, which is down, and d0, which is up */
static const struct {
	const char *change;
	int answer;
	const char *why;
} answers[] = {
	{ "route add 10.9.0.0/16 via 10.0.0.7", 0, "" },
	{ "route add 10.9.0.0/16 via 10.8.0.7 dev d0", -ENETUNREACH,
		"route add 10.9.0.0/16: the gateway can't be reached (no route to it by the device) (Network is unreachable)" },
	{ "route add 10.9.0.0/16 via 10.8.0.7 dev d0 onlink", 0, "" },
	{ "route add 10.9.0.0/16 via 10.0.0.2 dev d0 onlink", -EINVAL,
		"route add 10.9.0.0/16: the gateway is no other host's address (Invalid argument)" },
	{ "route add 10.9.0.0/16 via 10.0.0.255", -EINVAL,
		"route add 10.9.0.0/16: the gateway is no other host's address (Invalid argument)" },
	{ "route add 10.9.0.0/16 dev eth1", -ENETDOWN,
		"route add 10.9.0.0/16: eth1 is down (Network is down)" },
	{ "route add 10.9.0.0/16 dev eth7", -ENODEV,
		"route add 10.9.0.0/16: there is no device eth7 (No such device)" },
	{ "route add 10.9.0.0/16", -ENODEV,
		"route add 10.9.0.0/16: it needs a device or a gateway (No such device)" },
	{ "route add default via 10.0.0.9", -EEXIST,
		"route add default: there is such a route already (File exists)" },
	{ "route replace default via 10.0.0.1", 0, "" },
	{ "route change 10.9.0.0/16 dev d0", -ENOENT,
		"route change 10.9.0.0/16: there is no such route to change (No such file or directory)" },
	{ "route del 10.9.0.0/16", -ESRCH,
		"route del 10.9.0.0/16: there is no such route (No such process)" },
	{ "route del default via 10.0.0.9", -ESRCH,
		"route del default: there is no such route (No such process)" },
	{ "route add 10.9.0.0/16 dev d0 src 10.0.0.3", -EINVAL,
		"route add 10.9.0.0/16: src is no address of this host (Invalid argument)" },
	{ "route add 10.9.0.0/16 dev d0 src 10.0.0.2", 0, "" },
	{ "route add 10.9.0.0/16 nhid 3", -EINVAL,
		"route add 10.9.0.0/16: there is no nexthop 3 (Invalid argument)" },
	{ "route add blackhole 10.9.0.0/16 dev d0", -EINVAL,
		"route add 10.9.0.0/16: a route of this type has no gateway and no device (Invalid argument)" },
	{ "route add local 10.9.0.0/16 dev d0 scope link", -EINVAL,
		"route add 10.9.0.0/16: the type needs another scope (Invalid argument)" },
	{ "route add 10.9.0.0/16 nexthop dev d0 nexthop dev eth1", -ENETDOWN,
		"route add 10.9.0.0/16: eth1 is down (Network is down)" },
	{ "route add 10.9.0.0/16 via inet6 2001:db8::1", CHANGE_UNJUDGED,
		"route add 10.9.0.0/16: not judged: whether IPv6 leads to the gateway isn't known" },
	{ "route add blackhole 10.9.0.0/16 onlink", 0, "" },
	{ "address del 10.0.0.2 peer 10.0.0.9 dev eth0", -EADDRNOTAVAIL,
		"address del 10.0.0.2/32 dev eth0: eth0 has no such address (Cannot assign requested address)" },
	{ "rule add lookup 100", 0, "" },
	{ "rule add priority 32766 lookup main", -EEXIST,
		"rule add priority 32766: there is such a rule already (File exists)" },
	{ "rule add priority 9 goto 9", -EINVAL,
		"rule add priority 9: goto leads forward only, behind priority 9 (Invalid argument)" },
	{ "rule add lookup 0", CHANGE_UNJUDGED,
		"rule add: not judged: table 0 stands for one that is empty, which one isn't known" },
	{ "rule del priority 9", -ENOENT,
		"rule del priority 9: there is no such rule (No such file or directory)" },
	{ "rule del goto 9", -EINVAL,
		"rule del: goto leads forward only, behind priority 32765 (Invalid argument)" },
	{ "rule del priority 0 uidrange 0-0", -ENOENT,
		"rule del priority 0: there is no such rule (No such file or directory)" },
	{ "address add 10.0.0.2/24 dev eth0", -EEXIST,
		"address add 10.0.0.2/24 dev eth0: eth0 has this address already (File exists)" },
	{ "address add 10.0.0.3/24 dev eth0 scope host", -EINVAL,
		"address add 10.0.0.3/24 dev eth0: an address of the same network has another scope (Invalid argument)" },
	{ "address del 10.0.0.3/24 dev eth0", -EADDRNOTAVAIL,
		"address del 10.0.0.3/24 dev eth0: eth0 has no such address (Cannot assign requested address)" },
	{ "link del lo", -EOPNOTSUPP,
		"link del lo: it is no device that can be deleted (Operation not supported)" },
	{ "link add eth0 type dummy", -EEXIST,
		"link add eth0: there is a device eth0 already (File exists)" },
	{ "link set eth0 mtu 60", -EINVAL,
		"link set eth0: an MTU is 68 at least (Invalid argument)" },
	{ "nexthop add id 1 dev eth1", -ENETDOWN,
		"nexthop add id 1: eth1 is down (Network is down)" },
	{ "nexthop add id 1 group 2", -EINVAL,
		"nexthop add id 1: there is no nexthop 2 (Invalid argument)" },
	{ "nexthop del id 1", -ENOENT,
		"nexthop del id 1: there is no such nexthop (No such file or directory)" },
	{ "net.ipv4.conf.eth7.rp_filter=1", -ENOENT,
		"net.ipv4.conf.eth7.rp_filter=1: there is no device eth7 (No such file or directory)" },
	{ "net.ipv4.conf.default.rp_filter=1", CHANGE_UNJUDGED, NULL },
	{ "net.ipv4.conf.default.rp_filter=0", 0, "" },
	{ "net.ipv4.conf.default.forwarding=1", 0, "" },
	{ "net.ipv4.conf.eth0.arp_ignore=1", 0, "" },
	{ "net.ipv4.route.gc_timeout=5", CHANGE_UNJUDGED,
		"net.ipv4.route.gc_timeout=5: not judged: only ip_forward and conf.* are known" },
};

START_TEST(what_the_kernel_refuses_is_refused)
{
	for (size_t i = 0; i < ELEMENTS(answers); i++) {
		_cleanup_(state_freep) struct state *state = model_host();
		_cleanup_(state_freep) struct state *fork = NULL;
		_cleanup_(freep) struct change *change = parsed(answers[i].change);
		char why[CHANGE_WHY], difference[STATE_DIFFERENCE];
		int answer;

		model(state, "ip link add eth1 type veth");
		model(state, "ip link add d0 up type dummy");
		fork = state_fork(state);
		answer = change_apply(fork, change, why);
		ck_assert_msg(answer == answers[i].answer, "%s: %d, %s",
			answers[i].change, answer, why);
		if (answers[i].why)
			ck_assert_str_eq(why, answers[i].why);
		ck_assert_msg(answer == 0 || state_equal(state, fork, difference),
			"%s: refused, and yet changed: %s", answers[i].change,
			difference);
	}
}
END_TEST

START_TEST(what_bears_on_no_verdict_is_known)
{
	static const struct {
		const char *text;
		bool idle;
	} rows[] = {
		{ "net.ipv4.conf.all.arp_announce=1", true },
		{ "net.ipv4.conf.all.arp_ignore=1", false },
		{ "net.ipv4.conf.all.rp_filter=1", false },
		{ "net.ipv4.ip_forward=1", false },
		{ "net.ipv4.nexthop_compat_mode=0", true },
		{ "route add default dev eth0", false },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		_cleanup_(freep) struct change *change = parsed(rows[i].text);

		ck_assert_msg(change_is_idle(change) == rows[i].idle, "%s", rows[i].text);
	}
}
END_TEST

/* --- what goes along -------------------------------------------------------------------------- */

START_TEST(secondaries_are_promoted)
{
	_cleanup_(state_freep) struct state *state = model_host();

	model(state, "sysctl -w net.ipv4.conf.eth0.promote_secondaries=1");
	model(state, "ip address add 10.0.0.3/24 dev eth0");
	model(state, "ip address del 10.0.0.2/24 dev eth0");
	ck_assert_uint_eq(model_iface(state, "eth0")->addrs.count, 1);
	ck_assert(!model_iface(state, "eth0")->addrs.items[0].secondary);
	/* the network is 10.0.0.3's; the default route went with the last address of its network */
	model(state, "ip route del 10.0.0.0/24 dev eth0 src 10.0.0.3");
}
END_TEST

/* A preferred source must be local, and these are something else first. */
START_TEST(what_is_no_host_gets_no_network)
{
	_cleanup_(state_freep) struct state *state = model_host();
	size_t routes = model_routes(state, TABLE_MAIN);

	model(state, "ip address add 224.1.1.1/24 dev eth0");
	ck_assert_uint_eq(model_routes(state, TABLE_MAIN), routes);
	model(state, "ip address add 10.7.0.1/24 dev eth0");
	ck_assert_uint_eq(model_routes(state, TABLE_MAIN), routes + 1);
}
END_TEST

static int answer_to(struct state *state, const char *text)
{
	_cleanup_(freep) struct change *change = parsed(text);
	char why[CHANGE_WHY];

	return change_apply(state, change, why);
}

/* Bits behind the length select nothing, and yet another rule has others. */
START_TEST(rules_are_told_apart_by_all_bits)
{
	_cleanup_(state_freep) struct state *state = model_host();

	model(state, "ip rule add from 10.0.0.7/24 priority 50");
	ck_assert_int_eq(
		answer_to(state, "rule add from 10.0.0.7/24 priority 50"), -EEXIST);
	ck_assert_int_eq(answer_to(state, "rule del from 10.0.0.0/24"), -ENOENT);
	model(state, "ip rule add from 10.0.0.0/24 priority 50");
	model(state, "ip rule del from 10.0.0.7/24");
	ck_assert_int_eq(answer_to(state, "rule del from 10.0.0.7/24"), -ENOENT);
	/* of length 0 there is no address */
	model(state, "ip rule add to 10.1.2.3/0 priority 51");
	ck_assert_int_eq(answer_to(state, "rule add priority 51"), -EEXIST);
}
END_TEST

/* Whatever its protocol is, and if it was there before. */
START_TEST(a_local_route_is_by_hand)
{
	static const char *const changes[] = {
		"ip route add local 10.9.0.0/16 dev lo proto kernel",
		"ip route replace local 10.0.0.2 dev eth0 proto kernel src 10.0.0.2",
	};

	for (size_t i = 0; i < ELEMENTS(changes); i++) {
		_cleanup_(state_freep) struct state *state = model_host();

		ck_assert(!state->custom_local);
		model(state, "%s", changes[i]);
		ck_assert_msg(state->custom_local, "%s", changes[i]);
	}
}
END_TEST

/* The kernel looks whether the address is local by its routes, not by who has it. */
START_TEST(routes_say_whether_a_preferred_source_stays)
{
	_cleanup_(state_freep) struct state *state = model_host();

	model(state, "ip address add 10.7.0.1/24 dev eth0");
	model(state, "ip route append local 10.0.0.2 dev lo");
	model(state, "ip route add 10.9.0.0/16 dev eth0 src 10.0.0.2");
	model(state, "ip address del 10.0.0.2/24 dev eth0");
	ck_assert_int_eq(answer_to(state, "route change 10.9.0.0/16 dev eth0"), 0);

	model(state, "ip link add d0 up type dummy");
	model(state, "ip route add 10.8.0.0/16 dev eth0 src 10.7.0.1");
	model(state, "ip route del local 10.7.0.1 dev eth0");
	model(state, "ip address add 10.7.0.1/8 dev d0");
	model(state, "ip address del 10.7.0.1/8 dev d0");
	ck_assert_int_eq(answer_to(state, "route del 10.8.0.0/16"), -ESRCH);

	model(state, "ip route add 10.8.0.0/16 dev eth0 src 10.0.0.2");
	model(state, "ip route del local 10.0.0.2 dev lo");
	model(state, "ip address add 10.0.0.2/8 dev d0");
	model(state, "ip link del d0");
	ck_assert_int_eq(answer_to(state, "route del 10.8.0.0/16"), -ESRCH);
}
END_TEST

/* An administrator's rule for VRFs is not the kernel's. */
START_TEST(the_first_vrf_brings_its_rule)
{
	_cleanup_(state_freep) struct state *state = model_host();
	size_t rules = state->rules.count;

	model(state, "ip rule add l3mdev priority 150");
	model(state, "ip link add vrf0 type vrf table 100");
	ck_assert_uint_eq(state->rules.count, rules + 2);
	model(state, "ip rule del priority 1000");
	model(state, "ip link add vrf1 type vrf table 101");
	ck_assert_uint_eq(state->rules.count, rules + 1);
}
END_TEST

START_TEST(what_is_no_ethernet_has_no_known_vlan)
{
	_cleanup_(state_freep) struct state *state = model_host();

	model(state, "ip tuntap add dev t0 mode tun");
	model(state, "ip link add vrf0 type vrf table 100");
	ck_assert_int_eq(
		answer_to(state, "link add vl0 link t0 type vlan id 7"), CHANGE_UNJUDGED);
	ck_assert_int_eq(
		answer_to(state, "link add vl0 link vrf0 type vlan id 7"), -EOPNOTSUPP);
	ck_assert_int_eq(answer_to(state, "link add vl0 link eth0 type vlan id 7"), 0);
}
END_TEST

START_TEST(no_address_needs_no_ipv4)
{
	_cleanup_(state_freep) struct state *state = model_host();

	model(state, "model kernel 6.12");
	model(state, "ip link set lo mtu 60");
	ck_assert_int_eq(answer_to(state, "address add 0.0.0.0/24 dev lo"), -ENOBUFS);
	model(state, "model kernel 6.13");
	ck_assert_int_eq(answer_to(state, "address add 0.0.0.0/24 dev lo"), 0);
}
END_TEST

START_TEST(a_metric_that_goes_takes_its_route)
{
	_cleanup_(state_freep) struct state *state = model_host();

	model(state, "ip address add 10.7.0.1/24 dev eth0 metric 7");
	model(state, "ip address replace 10.7.0.1/24 dev eth0");
	ck_assert_int_eq(answer_to(state, "route del 10.7.0.0/24 metric 7"), -ESRCH);
	ck_assert_int_eq(answer_to(state, "route del 10.7.0.0/24"), 0);
}
END_TEST

START_TEST(an_error_route_has_no_gateway)
{
	_cleanup_(state_freep) struct state *state = model_host();

	model(state, "ip route add blackhole 10.9.0.0/16");
	ck_assert_int_eq(
		answer_to(state,
			"route del 10.9.0.0/16 nexthop via 10.0.0.1 nexthop via 10.0.0.3"),
		-ESRCH);
	ck_assert_int_eq(answer_to(state, "route del 10.9.0.0/16"), 0);
}
END_TEST

START_TEST(what_stands_on_a_link_goes_with_it)
{
	_cleanup_(state_freep) struct state *state = model_host();

	model(state, "ip link add v0 type veth peer name v1");
	model(state, "ip link add br0 up type bridge");
	model(state, "ip link add mv0 link v0 type macvlan");
	model(state, "ip link set v1 master br0 up");
	ck_assert(!iface_has_carrier(model_iface(state, "br0")));
	model(state, "ip link set v0 up");
	ck_assert(iface_has_carrier(model_iface(state, "v1")));
	ck_assert(iface_has_carrier(model_iface(state, "br0")));
	model(state, "ip link set v0 down");
	ck_assert(!iface_has_carrier(model_iface(state, "v1")));
	ck_assert(!iface_has_carrier(model_iface(state, "br0")));
	model(state, "ip link del v1");
	ck_assert_ptr_null(state_iface_by_name(state, "v0"));
	ck_assert_ptr_null(state_iface_by_name(state, "mv0"));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { words_are_shortened_as_by_ip,
		what_is_no_change_is_refused, what_the_kernel_refuses_is_refused,
		what_bears_on_no_verdict_is_known, secondaries_are_promoted,
		what_is_no_host_gets_no_network, rules_are_told_apart_by_all_bits,
		the_first_vrf_brings_its_rule, what_is_no_ethernet_has_no_known_vlan,
		no_address_needs_no_ipv4, a_metric_that_goes_takes_its_route,
		an_error_route_has_no_gateway, a_local_route_is_by_hand,
		routes_say_whether_a_preferred_source_stays,
		what_stands_on_a_link_goes_with_it };

	return fixture_run("change", tests, ELEMENTS(tests));
}
