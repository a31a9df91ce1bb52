/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture_run.h"
#include "flowclass/flowclass.h"
#include "host/host_model.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * "NAME dst dst; NAME dst": classes with their destinations; with "+f" behind the name where
 * what is forwarded is in it, and ">6" where only that is and leaves by 6.
 */
static const char *written(const struct flowclasses *classes, char *out, size_t size)
{
	char missed[FLOWCLASSES_TEXT];
	size_t length = 0;

	out[0] = '\0';
	array_each (&classes->list, const struct flowclass, class) {
		length += (size_t)snprintf(out + length, size - length, "%s%s",
			length ? "; " : "", class->name);
		if (class->forwarded)
			length += (size_t)snprintf(out + length, size - length, " +f");
		if (class->oif)
			length += (size_t)snprintf(
				out + length, size - length, " >%d", class->oif);
		array_each (&class->dsts.list, const struct ip4, dst) {
			char addr[IP4_TEXT];

			length += (size_t)snprintf(out + length, size - length, " %s",
				ip4_format(*dst, addr));
		}
	}
	if (*flowclasses_missed(classes, missed))
		snprintf(out + length, size - length, "; not looked at: %s", missed);
	return out;
}

/* Classes of t0 (5), on a host with eth0 (10.0.0.2/24) and a default route there. */
struct row {
	const char *what;
	const char *lines[8];
	const char *expected;
};

static const struct row destinations[] = {
	{ "its own addresses",
		{ "ip address add 192.0.2.9/24 dev t0",
			"ip address add 192.0.2.1/32 dev t0" },
		"local 192.0.2.1 192.0.2.9" },
	{ "none: the /32 addresses on lo",
		{ "ip address add 192.0.2.1/32 dev lo",
			"ip address add 198.51.100.1/24 dev lo" },
		"local 192.0.2.1" },
	{ "none there either: all own", { "ip address add 198.51.100.1/24 dev lo" },
		"local 10.0.0.2 198.51.100.1" },
	{ "127/8 is for nobody outside",
		{ "ip address add 127.0.0.42/32 scope host dev t0" }, "local 10.0.0.2" },
	{ "an address once",
		{ "ip address add 192.0.2.1/24 dev t0",
			"ip address add 192.0.2.1/32 dev t0" },
		"local 192.0.2.1" },
	{ "a from that tells none apart",
		{ "ip rule add priority 100 from 99.0.0.0/8 lookup 77" },
		"local 10.0.0.2" },
	{ "a from that parts them",
		{ "ip address add 192.0.2.1/32 dev t0",
			"ip address add 192.0.2.2/32 dev t0",
			"ip address add 192.0.2.3/32 dev t0",
			"ip rule add priority 100 from 192.0.2.2 lookup 77" },
		"local 192.0.2.1 192.0.2.3; local:192.0.2.2/32 192.0.2.2" },
	{ "two that nest",
		{ "ip address add 192.0.2.1/32 dev t0",
			"ip address add 192.0.3.1/32 dev t0",
			"ip rule add priority 100 from 192.0.2.0/24 lookup 77",
			"ip rule add priority 101 from 192.0.2.0/23 lookup 78" },
		"local:192.0.2.0/24 192.0.2.1; local:192.0.2.0/23 192.0.3.1" },
	{ "rules that do the same tell nothing apart",
		{ "ip address add 192.0.2.1/32 dev t0",
			"ip address add 192.0.2.2/32 dev t0",
			"ip address add 192.0.2.3/32 dev t0",
			"ip rule add priority 100 from 192.0.2.1 lookup 77",
			"ip rule add priority 101 from 192.0.2.2 lookup 77",
			"ip rule add priority 102 from 192.0.2.3 lookup 78" },
		"local:192.0.2.1/32 192.0.2.1 192.0.2.2; local:192.0.2.3/32 192.0.2.3" },
	{ "unless what comes between is for all",
		{ "ip address add 192.0.2.1/32 dev t0",
			"ip address add 192.0.2.2/32 dev t0",
			"ip rule add priority 100 from 192.0.2.1 lookup 77",
			"ip rule add priority 101 lookup 78",
			"ip rule add priority 102 from 192.0.2.2 lookup 77" },
		"local:192.0.2.1/32 192.0.2.1; local:192.0.2.2/32 192.0.2.2" },
	{ "also for one kind of packets",
		{ "ip address add 192.0.2.1/32 dev t0",
			"ip address add 192.0.2.2/32 dev t0",
			"ip rule add priority 100 from 192.0.2.1 lookup 77",
			"ip rule add priority 101 tos 0x10 lookup 78",
			"ip rule add priority 102 from 192.0.2.2 lookup 77" },
		"local:192.0.2.1/32 192.0.2.1 192.0.2.2; local:192.0.2.1/32:tos=0x10 192.0.2.1; local:192.0.2.2/32:tos=0x10 192.0.2.2" },
	{ "or somebody jumps to one of them",
		{ "ip address add 192.0.2.1/32 dev t0",
			"ip address add 192.0.2.2/32 dev t0",
			"ip rule add priority 50 to 8.0.0.0/8 goto 101",
			"ip rule add priority 100 from 192.0.2.1 lookup 77",
			"ip rule add priority 101 from 192.0.2.2 lookup 77" },
		"local:192.0.2.1/32 192.0.2.1; local:192.0.2.2/32 192.0.2.2" },
	{ "what never matches tells nothing apart",
		{ "ip address add 192.0.2.1/32 dev t0",
			"ip address add 192.0.2.2/32 dev t0",
			"ip rule add priority 100 from 192.0.2.1 oif t0 lookup 77",
			"ip rule add priority 101 from 192.0.2.1 iif gone0 lookup 77",
			"ip rule add priority 102 from 192.0.2.1 uidrange 1-9 lookup 77",
			"ip rule add priority 103 from 192.0.2.1 iif eth0 lookup 77",
			"ip rule add priority 104 from 192.0.2.1 nop" },
		"local 192.0.2.1 192.0.2.2" },
	{ "and inverted is met by all",
		{ "ip address add 192.0.2.1/32 dev t0",
			"ip address add 192.0.2.2/32 dev t0",
			"ip rule add priority 101 not from 192.0.2.1 iif gone0 lookup 77" },
		"local 192.0.2.1 192.0.2.2" },
	{ "inverted",
		{ "ip address add 192.0.2.1/32 dev t0",
			"ip address add 192.0.2.2/32 dev t0",
			"ip address add 192.0.2.3/32 dev t0",
			"ip rule add priority 100 not from 192.0.2.1 lookup 77",
			"ip rule add priority 101 not from 192.0.2.2 lookup 77" },
		"local:192.0.2.1/32 192.0.2.1 192.0.2.2; local 192.0.2.3" },
	{ "the same from twice is one place",
		{ "ip address add 192.0.2.1/32 dev t0",
			"ip address add 192.0.3.1/32 dev t0",
			"ip rule add priority 100 from 192.0.2.0/24 lookup 77",
			"ip rule add priority 101 from 192.0.2.0/24 lookup 78" },
		"local:192.0.2.0/24 192.0.2.1; local 192.0.3.1" },
	{ "one class keeps its name when a rule comes",
		{ "ip address add 192.0.2.1/32 dev t0",
			"ip rule add priority 100 from 192.0.2.0/24 lookup 77" },
		"local 192.0.2.1" },
};

/* Destination: 192.0.2.1 and .2, both of t0. */
static const struct row values[] = {
	{ "a mark makes no class, whether it is looked at",
		{ "sysctl -w net.ipv4.conf.t0.src_valid_mark=1",
			"ip rule add priority 100 fwmark 1/0xff lookup 77" },
		"local 192.0.2.1 192.0.2.2" },
	{ "or not", { "ip rule add priority 100 fwmark 1 lookup 77" },
		"local 192.0.2.1 192.0.2.2" },
	{ "nor does the one that others have not",
		{ "sysctl -w net.ipv4.conf.all.src_valid_mark=1",
			"ip rule add priority 100 not fwmark 0xca6c lookup 51820" },
		"local 192.0.2.1 192.0.2.2" },
	{ "0 is what most packets bear: such a rule is for all of them",
		{ "sysctl -w net.ipv4.conf.t0.src_valid_mark=1",
			"ip rule add priority 100 from 192.0.2.1 fwmark 0/0xf0 lookup 77",
			"ip rule add priority 101 from 192.0.2.2 fwmark 2 lookup 78" },
		"local:192.0.2.1/32 192.0.2.1; local 192.0.2.2" },
	{ "tos", { "ip rule add priority 100 tos 0x10 lookup 77" },
		"local 192.0.2.1 192.0.2.2; local:tos=0x10 192.0.2.1 192.0.2.2" },
	{ "dscp 0 is one",
		{ "ip rule add priority 100 dscp 0 lookup 77",
			"ip rule add priority 101 dscp 46 lookup 78" },
		"local 192.0.2.1 192.0.2.2; local:tos=0x4 192.0.2.1 192.0.2.2; local:tos=0xb8 192.0.2.1 192.0.2.2" },
	{ "a route for one tos, in whatever table",
		{ "ip route add 8.0.0.0/8 via 10.0.0.1 dev eth0 tos 0x10 table 77",
			"ip route add 9.0.0.0/8 via 10.0.0.1 dev eth0 tos 0x04" },
		"local 192.0.2.1 192.0.2.2; local:tos=0x4 192.0.2.1 192.0.2.2; local:tos=0x10 192.0.2.1 192.0.2.2" },
	{ "and gone again",
		{ "ip route add 9.0.0.0/8 via 10.0.0.1 dev eth0 tos 0x04",
			"ip route del 9.0.0.0/8 via 10.0.0.1 dev eth0 tos 0x04" },
		"local 192.0.2.1 192.0.2.2" },
	{ "a service, which the reverse path has as its source port",
		{ "ip rule add priority 100 ipproto 6 sport 80 lookup 77" },
		"local 192.0.2.1 192.0.2.2; local:tcp:dport=80 192.0.2.1 192.0.2.2" },
	{ "rules for what lo sends don't make the kernel look into packets",
		{ "ip rule add priority 100 iif lo ipproto 6 sport 80 lookup 77" },
		"local 192.0.2.1 192.0.2.2" },
	{ "but another does, for all",
		{ "ip rule add priority 100 iif lo ipproto 6 sport 80 lookup 77",
			"ip rule add priority 101 to 8.8.8.8 ipproto 1 lookup 77" },
		"local 192.0.2.1 192.0.2.2; local:icmp 192.0.2.1 192.0.2.2; local:tcp:dport=80 192.0.2.1 192.0.2.2" },
	{ "ranges that overlap",
		{ "ip rule add priority 100 sport 10-20 lookup 77",
			"ip rule add priority 101 sport 15-30 lookup 78" },
		"local 192.0.2.1 192.0.2.2; local:dport=10-14 192.0.2.1 192.0.2.2; local:dport=21-30 192.0.2.1 192.0.2.2; local:dport=15-20 192.0.2.1 192.0.2.2" },
	{ "all of UDP: another protocol beside it",
		{ "ip rule add priority 100 ipproto 17 lookup 77" },
		"local 192.0.2.1 192.0.2.2; local:tcp 192.0.2.1 192.0.2.2" },
	{ "source ports", { "ip rule add priority 100 ipproto 17 dport 53 lookup 77" },
		"local 192.0.2.1 192.0.2.2; local:sport=53 192.0.2.1 192.0.2.2" },
};

/*
 * t0 has 192.0.2.1 and forwards; u0 (6) has 198.18.0.1/24 and a route to 10.9.0.0/16, v0 (7) is
 * a bare wire.
 */
static const struct row forwarded[] = {
	{ "nothing tells it apart", { NULL }, "local +f 192.0.2.1" },
	{ "a from of the host's own",
		{ "ip rule add priority 100 from 192.0.2.1 lookup 77" },
		"local 192.0.2.1; forwarded +f >6 198.18.0.2" },
	{ "a from of another's, behind a device",
		{ "ip rule add priority 100 from 198.18.0.0/24 lookup 77" },
		"local +f 192.0.2.1; forwarded:198.18.0.0/24 +f >6 198.18.0.2" },
	{ "for what the host sends", { "ip rule add priority 100 iif lo lookup 77" },
		"local 192.0.2.1; forwarded +f >6 198.18.0.2" },
	{ "by the device that it leaves by",
		{ "ip rule add priority 100 iif u0 lookup 77" },
		"local +f 192.0.2.1; forwarded>u0 +f >6 198.18.0.2" },
	{ "by two",
		{ "ip rule add priority 100 iif u0 lookup 77",
			"ip rule add priority 101 iif eth0 lookup 78" },
		"local 192.0.2.1; forwarded>eth0 +f >2 203.0.113.1; forwarded>u0 +f >6 198.18.0.2" },
	{ "one that nothing is routed by",
		{ "ip rule add priority 100 iif v0 lookup 77" }, "local +f 192.0.2.1" },
	{ "one without an address, by a route",
		{ "ip route add 100.70.0.0/16 dev v0",
			"ip rule add priority 100 iif v0 lookup 77" },
		"local +f 192.0.2.1; forwarded>v0 +f >7 100.70.0.1" },
	{ "what turns back is left aside",
		{ "ip rule add priority 100 iif t0 lookup 77" }, "local +f 192.0.2.1" },
	{ "into a VRF, where its source is looked up",
		{ "model ip link add red index 9 up type vrf table 99",
			"ip rule add priority 1000 l3mdev",
			"ip link add p0 index 10 up master red type veth",
			"ip route add 100.71.0.0/16 dev p0" },
		"local +f 192.0.2.1; forwarded>red +f >10 100.71.0.1" },
	{ "by either of two devices of which a rule names one",
		{ "ip route add 203.0.0.0/8 nexthop dev u0 nexthop dev eth0",
			"ip rule add priority 100 from 203.0.113.0/24 lookup 78",
			"ip rule add priority 101 iif u0 lookup 77" },
		"local +f 192.0.2.1; forwarded>u0 +f >6 198.18.0.2; not looked at: forwarded packets" },
	{ "a route of another table, by a rule for its destination",
		{ "ip route add 10.5.0.0/16 dev v0 table 101",
			"ip rule add priority 50 to 10.5.0.0/16 lookup 101",
			"ip rule add priority 60 iif v0 lookup 88" },
		"local +f 192.0.2.1; forwarded>v0 +f >7 10.5.0.1" },
	{ "where the rule alone says which destinations",
		{ "ip route add default dev v0 table 101",
			"ip rule add priority 50 to 10.5.0.0/16 lookup 101",
			"ip rule add priority 60 iif v0 lookup 88" },
		"local +f 192.0.2.1; forwarded>v0 +f >7 10.5.0.1" },
	{ "by a nexthop object",
		{ "ip nexthop add id 1 dev v0",
			"ip route add 10.5.0.0/16 nhid 1 table 101",
			"ip rule add priority 50 lookup 101",
			"ip rule add priority 60 iif v0 lookup 88" },
		"local +f 192.0.2.1; forwarded>v0 +f >7 10.5.0.1" },
	{ "for this interface",
		{ "ip route add 10.5.0.0/16 dev v0 table 101",
			"ip rule add priority 50 iif t0 lookup 101",
			"ip rule add priority 60 iif v0 lookup 88" },
		"local +f 192.0.2.1; forwarded>v0 +f >7 10.5.0.1" },
	{ "for another one: it is not reached",
		{ "ip link add u1 index 11 up type veth",
			"ip route add 10.5.0.0/16 dev v0 table 101",
			"ip rule add priority 50 iif u1 lookup 101",
			"ip rule add priority 60 iif v0 lookup 88" },
		"local +f 192.0.2.1" },
	{ "in table default, behind main's",
		{ "ip route add default dev v0 table default",
			"ip route del default via 10.0.0.1 dev eth0",
			"ip rule add priority 60 iif v0 lookup 88" },
		"local +f 192.0.2.1; forwarded>v0 +f >7 203.0.113.1" },
	{ "in a table that only some sources are led to",
		{ "ip route add default dev v0 table 101",
			"ip rule add priority 50 from 172.16.0.0/12 lookup 101",
			"ip rule add priority 60 iif v0 lookup 88" },
		"local +f 192.0.2.1; forwarded:172.16.0.0/12 +f >2 172.16.0.1; not looked at: forwarded packets" },
	{ "in a table that only marked ones are led to",
		{ "ip route add default dev v0 table 101",
			"ip rule add priority 50 fwmark 1 lookup 101",
			"ip rule add priority 60 iif v0 lookup 88" },
		"local +f 192.0.2.1" },
	{ "in a table that nobody is led to",
		{ "ip route add default dev v0 table 101",
			"ip rule add priority 60 iif v0 lookup 88" },
		"local +f 192.0.2.1" },
	{ "a spare route that never wins is nothing lost",
		{ "ip route add default dev v0 metric 99",
			"ip rule add priority 60 iif v0 lookup 88" },
		"local +f 192.0.2.1" },
};

static void ck_rows(const struct row *rows, size_t count, const char *const *before)
{
	for (size_t i = 0; i < count; i++) {
		_cleanup_(state_freep) struct state *state = model_host();
		struct flowclasses classes = { 0 };
		char text[1024];

		model(state, "ip link add t0 index 5 up type veth");
		for (size_t k = 0; before && before[k]; k++)
			model_line(state, before[k]);
		for (size_t k = 0; k < ELEMENTS(rows[i].lines) && rows[i].lines[k]; k++)
			model_line(state, rows[i].lines[k]);
		ck_assert_int_eq(
			flowclasses_of(state, model_iface(state, "t0"), &classes), 0);
		written(&classes, text, sizeof(text));
		ck_assert_msg(strcmp(text, rows[i].expected) == 0, "%s: '%s', not '%s'",
			rows[i].what, text, rows[i].expected);
		array_each (&classes.list, const struct flowclass, class) {
			ck_assert_int_eq(class->flow.iif, 5);
			ck_assert_uint_eq(
				class->flow.dst.host, class->dsts.list.items[0].host);
			ck_assert(!class->only_from);
		}
		flowclasses_done(&classes);
	}
}

START_TEST(destinations_are_parted_by_rules)
{
	ck_rows(destinations, ELEMENTS(destinations), NULL);
}
END_TEST

START_TEST(tos_and_ports_are_parted_by_rules)
{
	static const char *const before[] = { "ip address add 192.0.2.1/32 dev t0",
		"ip address add 192.0.2.2/32 dev t0", NULL };

	ck_rows(values, ELEMENTS(values), before);
}
END_TEST

START_TEST(what_is_forwarded_is_parted_by_rules)
{
	static const char *const before[] = { "ip address add 192.0.2.1/32 dev t0",
		"sysctl -w net.ipv4.conf.t0.forwarding=1",
		"ip link add u0 index 6 up type veth",
		"ip address add 198.18.0.1/24 dev u0", "ip route add 10.9.0.0/16 dev u0",
		"ip link add v0 index 7 up type veth", NULL };

	ck_rows(forwarded, ELEMENTS(forwarded), before);
}
END_TEST

START_TEST(a_name_goes_by_the_longest_from)
{
	_cleanup_(state_freep) struct state *state = model_host();
	struct flowclasses classes = { 0 };

	model(state, "ip link add t0 index 5 up type veth");
	model_addr(state, "t0", "223.255.255.255/32");
	model_addr(state, "t0", "240.0.0.1/32");
	/* told from the first by one rule only, the last one */
	model_addr(state, "t0", "223.255.255.254/32");
	for (unsigned int len = 31; len > 8; len--) {
		struct prefix4 prefix = prefix4(ip4(0xdfffffff), len);
		char text[PREFIX4_TEXT];

		model(state, "ip rule add priority %u from %s lookup 77", 200 - len,
			prefix4_format(prefix, text));
	}
	model(state, "ip rule add priority 300 from 223.255.255.255/32 lookup 77");
	ck_assert_int_eq(flowclasses_of(state, model_iface(state, "t0"), &classes), 0);
	ck_assert_uint_eq(classes.list.count, 3);
	ck_assert_str_eq(classes.list.items[2].name, "local");
	ck_assert_str_eq(classes.list.items[0].name, "local:223.255.255.254/31");
	ck_assert_str_eq(classes.list.items[1].name, "local:223.255.255.255/32");
	flowclasses_done(&classes);
}
END_TEST

/* An address without its local route is not the host's to a packet. */
START_TEST(what_is_not_delivered_has_no_class)
{
	_cleanup_(state_freep) struct state *state = model_host();
	struct flowclasses classes = { 0 };

	ck_assert_int_eq(flowclasses_of(state, model_iface(state, "eth0"), &classes), 0);
	ck_assert_uint_eq(classes.list.count, 1);
	flowclasses_done(&classes);
	model(state, "ip route del local 10.0.0.2 dev eth0 table local");
	ck_assert_int_eq(flowclasses_of(state, model_iface(state, "eth0"), &classes), 0);
	ck_assert_uint_eq(classes.list.count, 0);
	flowclasses_done(&classes);
}
END_TEST

/* So much that looking at each with each would take minutes. */
static void ck_ten_thousand(bool differ, size_t count, const char *missed)
{
	_cleanup_(state_freep) struct state *state = model_new();
	struct flowclasses classes = { 0 };
	char text[FLOWCLASSES_TEXT];
	size_t dsts = 0;

	model(state, "ip link add t0 index 5 up type veth");
	model_addr(state, "t0", "192.0.2.1/32");
	for (unsigned int n = 0; n < 10000; n++) {
		ip4_format(ip4(0x0a000000 + n), text);
		model(state, "ip address add %s/32 dev t0", text);
		model(state, "ip rule add priority %u from %s lookup %u", 100 + n, text,
			differ ? 1000 + n : 77);
	}
	ck_assert_int_eq(flowclasses_of(state, model_iface(state, "t0"), &classes), 0);
	ck_assert_uint_eq(classes.list.count, count);
	ck_assert_str_eq(flowclasses_missed(&classes, text), missed);
	array_each (&classes.list, const struct flowclass, class)
		dsts += class->dsts.list.count;
	ck_assert_uint_eq(dsts + classes.missed_dsts, 10001);
	flowclasses_done(&classes);
}

START_TEST(ten_thousand_addresses_with_a_rule_each)
{
	ck_ten_thousand(false, 2, "");
	/* 48 that rules tell apart have room, and those that none does */
	ck_ten_thousand(true, 49, "destinations (9952 more)");
}
END_TEST

START_TEST(more_classes_than_there_is_room_for)
{
	_cleanup_(state_freep) struct state *state = model_host();
	struct flowclasses classes = { 0 };
	char text[FLOWCLASSES_TEXT];
	size_t plain = 0;

	model(state, "ip link add t0 index 5 up type veth");
	model_addr(state, "t0", "192.0.2.1/32");
	model_sysctl(state, "t0", "src_valid_mark", 1);
	for (unsigned int n = 1; n < 200; n++) {
		model(state, "ip rule add priority %u ipproto 17 sport %u lookup %u", n,
			n, 1000 + n);
		model(state,
			"ip rule add priority %u tos 0x10 ipproto 6 sport %u lookup %u",
			1000 + n, n, 1000 + n);
	}
	ck_assert_int_eq(flowclasses_of(state, model_iface(state, "t0"), &classes), 0);
	ck_assert_uint_eq(classes.list.count, FLOWCLASSES);
	ck_assert_str_eq(classes.list.items[0].name, "local");
	flowclasses_missed(&classes, text);
	ck_assert_ptr_nonnull(strstr(text, "destination port"));
	/* the least special have their class first */
	array_each (&classes.list, const struct flowclass, class)
		plain += !class->flow.tos;
	ck_assert_uint_gt(plain, 32);
	flowclasses_done(&classes);
}
END_TEST

START_TEST(a_declared_flow_may_be_forwarded)
{
	static const struct {
		const char *line;
		bool undeliverable;
		int oif;
	} rows[] = {
		{ "sysctl -w net.ipv4.conf.t0.forwarding=1", false, 2 },
		{ "sysctl -w net.ipv4.conf.t0.forwarding=0", true, 0 },
		{ "ip route add unreachable 192.0.2.7", true, 0 },
		{ "ip route add local 192.0.2.7 dev lo", false, 0 },
		{ "ip route add 192.0.2.7 nexthop dev eth0 nexthop dev u0", false, 2 },
		{ "ip rule add priority 9 iif u0 lookup 77", true,
			2 }, /* now it matters which */
	};
	_cleanup_(state_freep) struct state *state = model_host();
	const struct flow plain = { .proto = FLOW_UDP };
	const struct ip4 to = model_ip4("192.0.2.7");

	model(state, "ip link add t0 index 5 up type veth");
	model(state, "ip link add u0 index 6 up type veth");
	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		struct flowclasses classes = { 0 };

		if (i == 2)
			model_sysctl(state, "t0", "forwarding", 1);
		if (i == 3)
			model(state, "ip route del unreachable 192.0.2.7");
		if (i == 4)
			model(state, "ip route del local 192.0.2.7 dev lo");
		model_line(state, rows[i].line);
		ck_assert_int_eq(
			flowclass_declare(state, model_iface(state, "t0"),
				model_prefix("198.51.100.0/24"), &to, &plain, &classes),
			0);
		ck_assert_msg((classes.list.items[0].undeliverable != 0) ==
				      rows[i].undeliverable,
			"%s", rows[i].line);
		if (!rows[i].undeliverable)
			ck_assert_int_eq(classes.list.items[0].oif, rows[i].oif);
		flowclasses_done(&classes);
	}
}
END_TEST

START_TEST(declared_flows_have_names_of_their_own)
{
	_cleanup_(state_freep) struct state *state = model_host();
	const struct iface *t0;
	const struct prefix4 from = model_prefix("198.51.100.0/24");
	const struct ip4 to = model_ip4("192.0.2.1");
	const struct flow plain = { .proto = FLOW_UDP },
			  marked = { .proto = FLOW_UDP, .mark = 7 };
	const struct flow web = { .proto = 6, .dport = 80, .tos = 8, .mark = 1 };
	struct flowclasses classes = { 0 };
	char text[1024];

	model(state, "ip link add t0 index 5 up type veth");
	t0 = model_iface(state, "t0");
	ck_assert_int_eq(flowclass_declare(state, t0, from, &to, &plain, &classes), 0);
	ck_assert_int_eq(flowclass_declare(state, t0, from, NULL, &marked, &classes), 0);
	ck_assert_int_eq(flowclass_declare(state, t0, from, &to, &web, &classes), 0);
	ck_assert_str_eq(written(&classes, text, sizeof(text)),
		"flow:198.51.100.0/24>192.0.2.1 192.0.2.1; flow:198.51.100.0/24>local:mark=0x7 10.0.0.2; flow:198.51.100.0/24>192.0.2.1:mark=0x1:8:6:0:80 192.0.2.1");
	ck_assert(classes.list.items[0].only_from);
	ck_assert_int_eq(classes.list.items[1].flow.iif, 5);
	ck_assert_uint_eq(classes.list.items[2].flow.dst.host, to.host);
	flowclasses_done(&classes);
}
END_TEST

START_TEST(a_declared_flow_needs_somebody_to_be_for)
{
	_cleanup_(state_freep) struct state *state = model_new();
	const struct flow plain = { .proto = FLOW_UDP };
	struct flowclasses classes = { 0 };

	model(state, "ip link add t0 index 5 up type veth");
	ck_assert_int_eq(flowclass_declare(state, model_iface(state, "t0"),
				 model_prefix("10.0.0.0/8"), NULL, &plain, &classes),
		-ENOENT);
	ck_assert_int_eq(flowclasses_of(state, model_iface(state, "t0"), &classes), 0);
	ck_assert_uint_eq(classes.list.count, 0);
	flowclasses_done(&classes);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		destinations_are_parted_by_rules,
		tos_and_ports_are_parted_by_rules,
		what_is_forwarded_is_parted_by_rules,
		a_name_goes_by_the_longest_from,
		what_is_not_delivered_has_no_class,
		ten_thousand_addresses_with_a_rule_each,
		more_classes_than_there_is_room_for,
		a_declared_flow_may_be_forwarded,
		declared_flows_have_names_of_their_own,
		a_declared_flow_needs_somebody_to_be_for,
	};

	return fixture_run("flowclass", tests, ELEMENTS(tests));
}
