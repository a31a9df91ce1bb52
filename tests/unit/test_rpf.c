/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture_run.h"
#include "host/host_model.h"
#include "rpf/rpf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * A row for each rung of the ladder (docs/verdict.md, rpf.c), and one or more for each kernel fact
 * that decides a verdict ("kernel.md" is docs/kernel.md). The world: a router with
 *
 *	eth0 (2)  10.0.0.2/24, default via 10.0.0.1	lo  VIP 192.0.2.1/32
 *	eth1 (3)  10.1.0.2/24, 20.0.0.0/8		forwarding on both, filters off
 *	tun (4)   no address, 30.0.0.0/8
 *
 * and the lines of the row. `rung` is the number of the last step that the trace tells.
 */
static const struct row {
	int rung;
	const char *what;
	const char *lines[8];
	const char *flow;
	const char *reason;
} rows[] = {
	/* --- the way there ---------------------------------------------------------------- */
	{ 0, "something was not understood at all", { "model blind" },
		"192.0.2.1 from 20.0.0.1 iif eth0", "blind" },
	{ 1, "MTU below 68 (kernel.md 3.3)", { "model inet eth0 off" },
		"192.0.2.1 from 20.0.0.1 iif eth0", "no_ipv4" },
	{ 1, "no such interface", { NULL }, "192.0.2.1 from 20.0.0.1 iif if99",
		"no_ipv4" },
	{ 2, "a group that nobody joined", { NULL }, "239.1.1.1 from 20.0.0.1 iif eth0",
		"not_joined" },
	{ 2, "a group joined elsewhere", { "join eth1 239.1.1.1" },
		"239.1.1.1 from 20.0.0.1 iif eth0", "not_joined" },
	{ 2, "multicast routing takes any but 224.0.0.0/24",
		{ "model sysctl -w net.ipv4.conf.all.mc_forwarding=1",
			"model sysctl -w net.ipv4.conf.eth0.mc_forwarding=1" },
		"224.0.0.9 from 20.0.0.1 iif eth0", "not_joined" },
	{ 2, "it takes all AND the interface",
		{ "model sysctl -w net.ipv4.conf.eth0.mc_forwarding=1" },
		"239.1.1.1 from 20.0.0.1 iif eth0", "not_joined" },
	{ 2, "source 0 to a link-local group", { "join eth0 224.0.0.1" },
		"224.0.0.1 from 0.0.0.0 iif eth0", "not_validated" },
	{ 2, "source 0 to any group, by IGMP", { "join eth0 239.1.1.1" },
		"239.1.1.1 from 0.0.0.0 iif eth0 ipproto 2", "not_validated" },
	{ 5, "224.0.1.1 is no link-local group", { "join eth0 224.0.1.1" },
		"224.0.1.1 from 0.0.0.0 iif eth0", "martian_source" },
	{ 5, "source 0 to another group", { "join eth0 239.1.1.1" },
		"239.1.1.1 from 0.0.0.0 iif eth0", "martian_source" },
	{ 3, "127/8 to a group", { "join eth0 239.1.1.1" },
		"239.1.1.1 from 127.0.0.9 iif eth0", "martian_source" },
	{ 3, "a group to a group", { "join eth0 239.1.1.1" },
		"239.1.1.1 from 239.1.1.1 iif eth0", "martian_source" },
	{ 27, "a joined group, strict",
		{ "join eth0 239.1.1.1", "sysctl -w net.ipv4.conf.eth0.rp_filter=1" },
		"239.1.1.1 from 20.0.0.1 iif eth0", "strict_asymmetric" },
	{ 27, "multicast routing, strict",
		{ "model sysctl -w net.ipv4.conf.all.mc_forwarding=1",
			"model sysctl -w net.ipv4.conf.eth0.mc_forwarding=1",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=1" },
		"239.1.1.1 from 20.0.0.1 iif eth0", "strict_asymmetric" },
	{ 25, "a group joined by the VRF",
		{ "model ip link add red index 9 up type vrf table 99",
			"ip link add p0 index 5 up master red type veth",
			"join red 239.1.1.1", "ip address add 10.5.0.2/24 dev p0",
			"sysctl -w net.ipv4.conf.p0.rp_filter=1",
			"ip rule add priority 1000 l3mdev" },
		"239.1.1.1 from 10.5.0.9 iif p0", "symmetric" },
	{ 3, "multicast source", { NULL }, "192.0.2.1 from 239.1.1.1 iif eth0",
		"martian_source" },
	{ 3, "broadcast source", { NULL }, "192.0.2.1 from 255.255.255.255 iif eth0",
		"martian_source" },
	{ 3, "before the destination is looked at", { NULL },
		"127.0.0.1 from 224.0.0.1 iif eth0", "martian_source" },
	{ 4, "DHCP", { NULL }, "255.255.255.255 from 0.0.0.0 iif eth0", "not_validated" },
	{ 4, "0.0.0.0 to 0.0.0.0", { NULL }, "0.0.0.0 from 0.0.0.0 iif eth0",
		"not_validated" },
	{ 27, "to 255.255.255.255, strict",
		{ "sysctl -w net.ipv4.conf.eth0.rp_filter=1" },
		"255.255.255.255 from 20.0.0.1 iif eth0", "strict_asymmetric" },
	{ 24, "127/8 to 255.255.255.255 is validated: it is the host's own",
		{ "sysctl -w net.ipv4.conf.eth0.rp_filter=1" },
		"255.255.255.255 from 127.0.0.9 iif eth0", "local_source" },
	{ 5, "source 0", { NULL }, "192.0.2.1 from 0.0.0.0 iif eth0", "martian_source" },
	{ 5, "source 0 to a subnet's broadcast address", { NULL },
		"10.0.0.255 from 0.0.0.0 iif eth0", "martian_source" },
	{ 21, "0.1.2.3 is an address", { NULL }, "192.0.2.1 from 0.1.2.3 iif eth0",
		"filter_off" },
	{ 6, "destination 0", { NULL }, "0.0.0.0 from 20.0.0.1 iif eth0",
		"martian_destination" },
	{ 7, "to 127/8", { NULL }, "127.0.0.1 from 20.0.0.1 iif eth0",
		"martian_destination" },
	{ 7, "to 127/8 from 127/8", { NULL }, "127.0.0.1 from 127.0.0.1 iif eth0",
		"martian_destination" },
	{ 7, "from 127/8", { NULL }, "192.0.2.1 from 127.0.0.1 iif eth0",
		"martian_source" },
	{ 21, "to 127/8 with route_localnet",
		{ "sysctl -w net.ipv4.conf.eth0.route_localnet=1" },
		"127.0.0.1 from 20.0.0.1 iif eth0", "filter_off" },
	{ 21, "from 127/8 with route_localnet of all (kernel.md 2.1)",
		{ "sysctl -w net.ipv4.conf.all.route_localnet=1" },
		"192.0.2.1 from 127.0.0.5 iif eth0", "filter_off" },
	{ 24, "from 127/8 with route_localnet, filtered (kernel.md 2.1)",
		{ "sysctl -w net.ipv4.conf.all.route_localnet=1",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=2" },
		"192.0.2.1 from 127.0.0.5 iif eth0", "local_source" },
	{ 8, "no route to the destination (kernel.md 1.2)",
		{ "ip route del default via 10.0.0.1 dev eth0",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=1" },
		"50.0.0.1 from 20.0.0.1 iif eth0", "no_route_to_destination" },
	{ 8, "an error route to the destination", { "ip route add prohibit 50.0.0.0/8" },
		"50.0.0.1 from 20.0.0.1 iif eth0", "no_route_to_destination" },
	{ 8, "the way there was not understood",
		{ "model ip route add 50.0.0.0/8 dev eth0 blind" },
		"50.0.0.1 from 20.0.0.1 iif eth0", "blind" },
	{ 8, "the way there goes by the real mark, src_valid_mark or not",
		{ "ip rule add priority 100 fwmark 7 prohibit" },
		"192.0.2.9 from 20.0.0.1 iif eth0 mark 7", "no_route_to_destination" },
	{ 8, "the way there has the packet's source as from",
		{ "ip rule add priority 100 from 20.0.0.0/8 prohibit" },
		"50.0.0.1 from 20.0.0.1 iif eth0", "no_route_to_destination" },
	{ 8, "the way there has the ingress device as iif",
		{ "ip rule add priority 100 iif eth0 prohibit" },
		"50.0.0.1 from 20.0.0.1 iif eth0", "no_route_to_destination" },
	{ 27, "a subnet's broadcast, strict (9)",
		{ "sysctl -w net.ipv4.conf.eth0.rp_filter=1" },
		"10.0.0.255 from 20.0.0.1 iif eth0", "strict_asymmetric" },
	{ 23, "from 0.0.0.0/32 selects what went to a broadcast address (kernel.md 2.2)",
		{ "ip rule add priority 100 from 0.0.0.0/32 blackhole",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=2" },
		"10.0.0.255 from 20.0.0.1 iif eth0", "no_route" },
	{ 28, "from the broadcast address doesn't (kernel.md 2.2)",
		{ "ip rule add priority 100 from 10.0.0.255 blackhole",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=2" },
		"255.255.255.255 from 20.0.0.1 iif eth0", "loose" },
	{ 27, "bc_forwarding: it is forwarded, out of its own subnet",
		{ "sysctl -w net.ipv4.conf.all.bc_forwarding=1",
			"sysctl -w net.ipv4.conf.eth0.bc_forwarding=1",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=1" },
		"10.1.0.255 from 20.0.0.1 iif eth0", "strict_asymmetric" },
	{ 21, "to the host (10)", { NULL }, "192.0.2.1 from 20.0.0.1 iif eth0",
		"filter_off" },
	{ 11, "the interface does not forward (kernel.md 1.2)",
		{ "sysctl -w net.ipv4.conf.eth0.forwarding=0",
			"model sysctl -w net.ipv4.conf.all.forwarding=1",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=1" },
		"50.0.0.1 from 20.0.0.1 iif eth0", "not_forwarding" },
	{ 12, "to an anycast route", { "ip route add anycast 50.0.0.0/8 dev eth1" },
		"50.0.0.1 from 20.0.0.1 iif eth0", "martian_destination" },
	{ 11, "the order of 11 and 12",
		{ "ip route add anycast 50.0.0.0/8 dev eth1",
			"sysctl -w net.ipv4.conf.eth0.forwarding=0" },
		"50.0.0.1 from 20.0.0.1 iif eth0", "not_forwarding" },
	{ 13, "two ways out that differ (kernel.md 4.2)",
		{ "ip route add 50.0.0.0/8 nexthop dev eth1 nexthop dev eth0",
			"ip rule add priority 100 iif eth1 lookup 77",
			"ip route add default dev eth0 table 77",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=1" },
		"50.0.0.1 from 20.0.0.1 iif eth0", "multipath" },
	{ 25, "two ways out that agree",
		{ "ip route add 50.0.0.0/8 nexthop dev eth1 nexthop dev eth0",
			"sysctl -w net.ipv4.conf.eth1.rp_filter=1" },
		"50.0.0.1 from 20.0.0.1 iif eth1", "symmetric" },
	{ 25, "the way out that would differ is down",
		{ "ip route add 50.0.0.0/8 nexthop dev eth1 nexthop dev tun",
			"ip rule add priority 100 iif eth1 lookup 77",
			"ip route add default dev eth0 table 77",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=1",
			"ip link set tun down" },
		"50.0.0.1 from 20.0.0.1 iif eth0", "symmetric" },
	{ 25, "forwarded: iif in a rule is the way out (kernel.md 4.2)",
		{ "ip rule add priority 100 iif eth1 lookup 77",
			"ip route add default dev eth0 table 77",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=1",
			"ip route add 60.0.0.0/8 dev eth1" },
		"60.0.0.1 from 20.0.0.1 iif eth0", "symmetric" },
	{ 27, "iif in a rule is never the way in (kernel.md 4.2)",
		{ "ip rule add priority 100 iif eth0 lookup 77",
			"ip route add default dev eth0 table 77",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=1" },
		"192.0.2.1 from 20.0.0.1 iif eth0", "strict_asymmetric" },
	{ 25, "iif lo is delivery here (kernel.md 4.2)",
		{ "ip rule add priority 100 iif lo lookup 77",
			"ip route add default dev eth0 table 77",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=1" },
		"192.0.2.1 from 20.0.0.1 iif eth0", "symmetric" },

	/* --- the validation --------------------------------------------------------------- */
	{ 21, "off: all passes", { NULL }, "192.0.2.1 from 99.0.0.1 iif eth1",
		"filter_off" },
	{ 21, "off, but an own source (kernel.md 2.1)", { NULL },
		"192.0.2.1 from 10.1.0.2 iif eth0", "local_source" },
	{ 21, "off, an own source whose link is down", { "ip link set eth1 down" },
		"192.0.2.1 from 10.1.0.2 iif eth0", "local_source" },
	{ 21, "off, with accept_local of all (kernel.md 3.1)",
		{ "sysctl -w net.ipv4.conf.all.accept_local=1" },
		"192.0.2.1 from 10.1.0.2 iif eth0", "filter_off" },
	{ 21, "off, a broadcast address passes (kernel.md 2.1)", { NULL },
		"192.0.2.1 from 10.1.0.255 iif eth0", "filter_off" },
	{ 24, "until there was a rule, also one removed (kernel.md 2.1)",
		{ "ip rule add priority 100 lookup 77",
			"ip rule del priority 100 lookup 77" },
		"192.0.2.1 from 10.1.0.255 iif eth0", "invalid_source" },
	{ 24, "or a local route by hand", { "ip route add local 70.0.0.0/8 dev lo" },
		"192.0.2.1 from 10.1.0.255 iif eth0", "invalid_source" },
	{ 21, "which accept_local makes no matter of",
		{ "ip route add local 70.0.0.0/8 dev lo",
			"sysctl -w net.ipv4.conf.eth0.accept_local=1" },
		"192.0.2.1 from 10.1.0.255 iif eth0", "filter_off" },
	{ 24, "or a route with a realm", { "ip route add 70.0.0.0/8 dev eth0 realm 5" },
		"192.0.2.1 from 10.1.0.255 iif eth0", "invalid_source" },
	{ 24, "a realm, whatever accept_local says",
		{ "ip route add 70.0.0.0/8 dev eth0 realm 5",
			"sysctl -w net.ipv4.conf.eth0.accept_local=1" },
		"192.0.2.1 from 10.1.0.255 iif eth0", "invalid_source" },
	{ 24, "or a rule with one",
		{ "ip rule add priority 40000 realms 7 lookup 77",
			"sysctl -w net.ipv4.conf.eth0.accept_local=1" },
		"192.0.2.1 from 10.1.0.255 iif eth0", "invalid_source" },
	{ 24, "or a way out that is the way in, with redirects",
		{ "sysctl -w net.ipv4.conf.all.send_redirects=1" },
		"10.0.0.9 from 10.1.0.255 iif eth0", "invalid_source" },
	{ 21, "without redirects", { NULL }, "10.0.0.9 from 10.1.0.255 iif eth0",
		"filter_off" },
	{ 23, "no reverse route: error of a rule (kernel.md 2.3)",
		{ "ip rule add priority 100 to 20.0.0.0/8 prohibit",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=2" },
		"192.0.2.1 from 20.0.0.1 iif eth0", "no_route" },
	{ 23, "blackhole default, strict (kernel.md 2.3)",
		{ "ip route del default via 10.0.0.1 dev eth0",
			"ip route add blackhole default",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=1" },
		"192.0.2.1 from 99.0.0.1 iif eth0", "no_route" },
	{ 23, "unreachable default, loose (kernel.md 2.3)",
		{ "ip route del default via 10.0.0.1 dev eth0",
			"ip route add unreachable default",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=2" },
		"192.0.2.1 from 99.0.0.1 iif eth0", "no_route" },
	{ 23, "no route at all, loose, numbered",
		{ "ip route del default via 10.0.0.1 dev eth0",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=2" },
		"192.0.2.1 from 99.0.0.1 iif eth0", "no_route" },
	{ 23, "no route, off, in full",
		{ "ip route del default via 10.0.0.1 dev eth0", "model split" },
		"192.0.2.1 from 99.0.0.1 iif eth0", "filter_off" },
	{ 24, "an own source, strict", { "sysctl -w net.ipv4.conf.eth0.rp_filter=1" },
		"192.0.2.1 from 10.1.0.2 iif eth0", "local_source" },
	{ 24, "an own source of a link that is down, loose",
		{ "ip link set eth1 down", "sysctl -w net.ipv4.conf.eth0.rp_filter=2" },
		"192.0.2.1 from 10.1.0.2 iif eth0", "local_source" },
	{ 24, "a broadcast source, loose (kernel.md 2.3)",
		{ "sysctl -w net.ipv4.conf.eth0.rp_filter=2" },
		"192.0.2.1 from 10.1.0.255 iif eth0", "invalid_source" },
	{ 24, "a multicast route, loose",
		{ "ip route add multicast 70.0.0.0/8 dev eth0",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=2" },
		"192.0.2.1 from 70.0.0.1 iif eth0", "invalid_source" },
	{ 24, "an anycast route, whatever accept_local says",
		{ "ip route add anycast 70.0.0.0/8 dev eth0",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=2",
			"sysctl -w net.ipv4.conf.eth0.accept_local=1" },
		"192.0.2.1 from 70.0.0.1 iif eth0", "invalid_source" },
	{ 25, "strict and symmetric", { "sysctl -w net.ipv4.conf.eth1.rp_filter=1" },
		"192.0.2.1 from 20.0.0.1 iif eth1", "symmetric" },
	{ 25, "loose and symmetric", { "sysctl -w net.ipv4.conf.all.rp_filter=2" },
		"192.0.2.1 from 20.0.0.1 iif eth1", "symmetric" },
	{ 25, "off and symmetric, in full", { "model split" },
		"192.0.2.1 from 20.0.0.1 iif eth1", "filter_off" },
	{ 25, "a device without address, symmetric",
		{ "sysctl -w net.ipv4.conf.tun.rp_filter=1" },
		"192.0.2.1 from 30.0.0.1 iif tun", "symmetric" },
	{ 25, "any leg will do, also one that is down (kernel.md 2.4)",
		{ "ip link add e5 index 5 type veth",
			"model ip route add 50.0.0.0/8 nexthop dev eth1 nexthop dev e5",
			"sysctl -w net.ipv4.conf.e5.rp_filter=1" },
		"192.0.2.1 from 50.0.0.1 iif e5", "symmetric" },
	{ 25, "a member of a group",
		{ "ip nexthop add id 1 dev eth1", "ip nexthop add id 2 dev eth0",
			"ip nexthop add id 9 group 1/2", "ip route add 50.0.0.0/8 nhid 9",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=1" },
		"192.0.2.1 from 50.0.0.1 iif eth0", "symmetric" },
	{ 27, "a nexthop object elsewhere",
		{ "ip nexthop add id 1 dev eth1", "ip route add 50.0.0.0/8 nhid 1",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=1" },
		"192.0.2.1 from 50.0.0.1 iif eth0", "strict_asymmetric" },
	{ 25, "accept_local, strict: on the address's own device (kernel.md 2.3)",
		{ "sysctl -w net.ipv4.conf.eth1.accept_local=1",
			"sysctl -w net.ipv4.conf.eth1.rp_filter=1" },
		"192.0.2.1 from 10.1.0.2 iif eth1", "symmetric" },
	{ 27, "accept_local, strict: on another it is a failure (kernel.md 2.3)",
		{ "sysctl -w net.ipv4.conf.eth0.accept_local=1",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=1" },
		"192.0.2.1 from 10.1.0.2 iif eth0", "strict_asymmetric" },
	{ 28, "accept_local, loose",
		{ "sysctl -w net.ipv4.conf.eth0.accept_local=1",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=2" },
		"192.0.2.1 from 10.1.0.2 iif eth0", "loose" },
	{ 25, "accept_local, strict, on lo",
		{ "sysctl -w net.ipv4.conf.lo.accept_local=1",
			"sysctl -w net.ipv4.conf.lo.rp_filter=1" },
		"192.0.2.1 from 10.1.0.2 iif lo", "symmetric" },
	{ 25, "on the VRF's own device",
		{ "model ip link add red index 9 up type vrf table 99",
			"ip link add p0 index 5 up master red type veth",
			"ip address add 10.5.0.2/24 dev p0",
			"ip rule add priority 1000 l3mdev",
			"sysctl -w net.ipv4.conf.red.rp_filter=1" },
		"10.5.0.2 from 10.5.0.9 iif red", "symmetric" },
	{ 26, "no address: loose is as strict (kernel.md 2.3)",
		{ "sysctl -w net.ipv4.conf.all.rp_filter=2" },
		"192.0.2.1 from 20.0.0.1 iif tun", "unnumbered" },
	{ 26, "no address, strict", { "sysctl -w net.ipv4.conf.tun.rp_filter=1" },
		"192.0.2.1 from 20.0.0.1 iif tun", "strict_asymmetric" },
	{ 26, "no address, off, in full", { "model split" },
		"192.0.2.1 from 20.0.0.1 iif tun", "filter_off" },
	{ 28, "any address cures it, of host scope too (kernel.md 2.3)",
		{ "sysctl -w net.ipv4.conf.all.rp_filter=2",
			"ip address add 127.0.0.42/32 scope host dev tun" },
		"192.0.2.1 from 20.0.0.1 iif tun", "loose" },
	{ 27, "strict and asymmetric", { "sysctl -w net.ipv4.conf.eth0.rp_filter=1" },
		"192.0.2.1 from 20.0.0.1 iif eth0", "strict_asymmetric" },
	{ 27, "strict by all", { "sysctl -w net.ipv4.conf.all.rp_filter=1" },
		"192.0.2.1 from 20.0.0.1 iif eth0", "strict_asymmetric" },
	{ 27, "the best metric counts, not the other (kernel.md 4.3)",
		{ "ip route add 50.0.0.0/8 dev eth1 metric 10",
			"ip route add 50.0.0.0/8 dev eth0 metric 20",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=1" },
		"192.0.2.1 from 50.0.0.1 iif eth0", "strict_asymmetric" },
	{ 25, "a route without carrier gives way where its device says so (kernel.md 4.3)",
		{ "ip route add 50.0.0.0/8 dev eth1 metric 10",
			"ip route add 50.0.0.0/8 dev eth0 metric 20",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=1",
			"ip link set eth1 carrier off",
			"sysctl -w net.ipv4.conf.eth1.ignore_routes_with_linkdown=1" },
		"192.0.2.1 from 50.0.0.1 iif eth0", "symmetric" },
	{ 28, "loose needs no route by the device (kernel.md 2.3)",
		{ "sysctl -w net.ipv4.conf.eth0.rp_filter=2" },
		"192.0.2.1 from 20.0.0.1 iif eth0", "loose" },
	{ 28, "the greater weakens the smaller (kernel.md 3.2)",
		{ "sysctl -w net.ipv4.conf.all.rp_filter=2",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=1" },
		"192.0.2.1 from 20.0.0.1 iif eth0", "loose" },
	{ 28, "3 is loose (kernel.md 3.2)",
		{ "sysctl -w net.ipv4.conf.eth0.rp_filter=3" },
		"192.0.2.1 from 20.0.0.1 iif eth0", "loose" },
	{ 21, "-1 alone is off (kernel.md 3.2)",
		{ "sysctl -w net.ipv4.conf.eth0.rp_filter=-1" },
		"192.0.2.1 from 20.0.0.1 iif eth0", "filter_off" },
	{ 28, "-1 of all and of the interface is loose (kernel.md 3.2)",
		{ "sysctl -w net.ipv4.conf.eth0.rp_filter=-1",
			"sysctl -w net.ipv4.conf.all.rp_filter=-1" },
		"192.0.2.1 from 20.0.0.1 iif eth0", "loose" },
	{ 28, "off, in full", { "model split" }, "192.0.2.1 from 20.0.0.1 iif eth0",
		"filter_off" },

	/* --- what the reverse path goes by ---------------------------------------------------- */
	{ 22, "the reverse path was not understood",
		{ "model ip route add 50.0.0.0/8 dev eth0 blind",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=1" },
		"192.0.2.1 from 50.0.0.1 iif eth0", "blind" },
	{ 25, "from and to are swapped (kernel.md 2.2)",
		{ "ip rule add priority 100 from 192.0.2.1 to 20.0.0.0/8 lookup 77",
			"ip route add default dev eth0 table 77",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=1" },
		"192.0.2.1 from 20.0.0.1 iif eth0", "symmetric" },
	{ 27, "from does not mean the packet's source (kernel.md 2.2)",
		{ "ip rule add priority 100 from 20.0.0.0/8 lookup 77",
			"ip route add default dev eth0 table 77",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=1" },
		"192.0.2.1 from 20.0.0.1 iif eth0", "strict_asymmetric" },
	{ 25, "ports are swapped (kernel.md 2.2)",
		{ "ip rule add priority 100 sport 53 lookup 77",
			"ip route add default dev eth0 table 77",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=1" },
		"192.0.2.1 from 20.0.0.1 iif eth0 sport 4000 dport 53", "symmetric" },
	{ 27, "and not as they come (kernel.md 2.2)",
		{ "ip rule add priority 100 sport 4000 to 20.0.0.0/8 lookup 77",
			"ip route add default dev eth0 table 77",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=1" },
		"192.0.2.1 from 20.0.0.1 iif eth0 sport 4000 dport 53",
		"strict_asymmetric" },
	{ 27, "a rule for lo alone dissects nothing (kernel.md 4.2)",
		{ "ip rule add priority 100 iif lo ipproto 17 lookup 77",
			"ip route add default dev eth0 table 77",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=1" },
		"192.0.2.1 from 20.0.0.1 iif eth0", "strict_asymmetric" },
	{ 25, "until another rule makes the kernel do it (kernel.md 4.2)",
		{ "ip rule add priority 100 iif lo ipproto 17 lookup 77",
			"ip route add default dev eth0 table 77",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=1",
			"ip rule add priority 200 ipproto 6 dport 9 lookup 88" },
		"192.0.2.1 from 20.0.0.1 iif eth0", "symmetric" },
	{ 27, "the mark is not looked at (kernel.md 2.2)",
		{ "ip rule add priority 100 fwmark 1 to 20.0.0.0/8 lookup 77",
			"ip route add default dev eth0 table 77",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=1" },
		"192.0.2.1 from 20.0.0.1 iif eth0 mark 1", "strict_asymmetric" },
	{ 25, "unless src_valid_mark of all or of the interface says so (kernel.md 2.2)",
		{ "ip rule add priority 100 fwmark 1 to 20.0.0.0/8 lookup 77",
			"ip route add default dev eth0 table 77",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=1",
			"sysctl -w net.ipv4.conf.all.src_valid_mark=1" },
		"192.0.2.1 from 20.0.0.1 iif eth0 mark 1", "symmetric" },
	{ 25, "so that not fwmark fits any (kernel.md 2.2)",
		{ "ip rule add priority 100 not fwmark 1 to 192.0.2.0/24 lookup 77",
			"ip route add default dev eth0 table 77",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=1" },
		"192.0.2.1 from 20.0.0.1 iif eth0", "symmetric" },
	{ 25, "tos counts (kernel.md 4.3)",
		{ "ip route add 20.0.0.0/8 dev eth0 tos 8",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=1" },
		"192.0.2.1 from 20.0.0.1 iif eth0 tos 8", "symmetric" },
	{ 24, "parted: the local table is asked first (kernel.md 4.1)",
		{ "model split", "ip route add local 172.21.0.0/16 dev lo",
			"ip route add 172.21.5.5 dev eth1",
			"sysctl -w net.ipv4.conf.eth1.rp_filter=1" },
		"192.0.2.1 from 172.21.5.5 iif eth1", "local_source" },
	{ 25, "merged: the longer prefix of main wins (kernel.md 4.1)",
		{ "ip route add local 172.21.0.0/16 dev lo",
			"ip route add 172.21.5.5 dev eth1",
			"sysctl -w net.ipv4.conf.eth1.rp_filter=1" },
		"192.0.2.1 from 172.21.5.5 iif eth1", "symmetric" },
	{ 25, "in a VRF the port's filter counts (kernel.md 4.2)",
		{ "model ip link add red index 9 up type vrf table 99",
			"ip link add p0 index 5 up master red type veth",
			"ip address add 10.5.0.2/24 dev p0",
			"ip rule add priority 1000 l3mdev",
			"sysctl -w net.ipv4.conf.p0.rp_filter=1" },
		"10.5.0.2 from 10.5.0.9 iif p0", "symmetric" },
	{ 25, "not the VRF's own (kernel.md 4.2)",
		{ "model ip link add red index 9 up type vrf table 99",
			"ip link add p0 index 5 up master red type veth",
			"ip address add 10.5.0.2/24 dev p0",
			"ip rule add priority 1000 l3mdev",
			"sysctl -w net.ipv4.conf.red.rp_filter=1" },
		"10.5.0.2 from 10.5.0.9 iif p0", "filter_off" },
	{ 25, "out by a VRF's port, the source is looked up there (kernel.md 4.2)",
		{ "model ip link add red index 9 up type vrf table 99",
			"ip link add p0 index 5 up master red type veth",
			"ip address add 10.5.0.2/24 dev p0",
			"ip rule add priority 1000 l3mdev",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=1",
			"ip route add 80.0.0.0/8 dev p0",
			"ip route add 20.0.0.0/8 dev eth0 table 99" },
		"80.0.0.1 from 20.0.0.1 iif eth0", "symmetric" },
	{ 27, "out by another port, it is not",
		{ "model ip link add red index 9 up type vrf table 99",
			"ip link add p0 index 5 up master red type veth",
			"ip address add 10.5.0.2/24 dev p0",
			"ip rule add priority 1000 l3mdev",
			"sysctl -w net.ipv4.conf.eth0.rp_filter=1",
			"ip route add 80.0.0.0/8 dev eth1",
			"ip route add 20.0.0.0/8 dev eth0 table 99" },
		"80.0.0.1 from 20.0.0.1 iif eth0", "strict_asymmetric" },
};

static struct state *world(void)
{
	struct state *state = model_host();

	model_addr(state, "lo", "192.0.2.1/32");
	model(state, "ip link add eth1 index 3 up type veth");
	model_addr(state, "eth1", "10.1.0.2/24");
	model_route(state, "20.0.0.0/8 dev eth1");
	model(state, "ip link add tun index 4 up type tun");
	model_route(state, "30.0.0.0/8 dev tun");
	model_sysctl(state, "eth0", "forwarding", 1);
	model_sysctl(state, "eth1", "forwarding", 1);
	return state;
}

static void ck_row(const struct row *row)
{
	_cleanup_(state_freep) struct state *state = world();
	const struct overlay overlay = model_overlay(state);
	struct trace trace = { 0 };
	struct flow flow;
	struct rpf rpf;
	int rung;

	for (size_t i = 0; i < ELEMENTS(row->lines) && row->lines[i]; i++)
		ck_assert_msg(model_line(state, row->lines[i]) >= 0,
			"%s: '%s' is refused", row->what, row->lines[i]);
	flow = model_flow(state, row->flow);
	rpf = rpf_judge(&overlay, &flow, &trace);
	ck_assert_msg(strcmp(rpf_reason_name(rpf.reason), row->reason) == 0,
		"%d, %s: it is %s, not %s", row->rung, row->what,
		rpf_reason_name(rpf.reason), row->reason);
	ck_assert(rpf.verdict == rpf_reason_verdict(rpf.reason));
	ck_assert_uint_gt(trace.steps.count, 0);
	rung = trace.steps.items[trace.steps.count - 1].number;
	ck_assert_msg(rung == row->rung, "%s: it ends at %d (%s), not at %d", row->what,
		rung, trace.steps.items[trace.steps.count - 1].text, row->rung);
	trace_done(&trace);
	/* without a trace it is the same */
	ck_assert_int_eq(rpf_judge(&overlay, &flow, NULL).reason, rpf.reason);
}

START_TEST(ladder)
{
	for (size_t i = 0; i < ELEMENTS(rows); i++)
		ck_row(&rows[i]);
}
END_TEST

START_TEST(every_reason_occurs)
{
	for (int reason = 0; reason < RPF_REASONS; reason++) {
		const char *name = rpf_reason_name((enum rpf_reason)reason);
		bool occurs = false;

		for (size_t i = 0; i < ELEMENTS(rows); i++)
			occurs |= strcmp(rows[i].reason, name) == 0;
		ck_assert_msg(occurs, "no row ends with %s", name);
	}
}
END_TEST

/* Rungs that a row can't end at, since they only lead on, are in the trace of some row. */
START_TEST(every_rung_is_stepped_on)
{
	static const int missing_by_nature[] = { 14, 15, 16, 17, 18, 19, 20 };
	bool seen[29] = { false };

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		_cleanup_(state_freep) struct state *state = world();
		const struct overlay overlay = model_overlay(state);
		struct trace trace = { 0 };
		struct flow flow;

		for (size_t k = 0; k < ELEMENTS(rows[i].lines) && rows[i].lines[k]; k++)
			model_line(state, rows[i].lines[k]);
		flow = model_flow(state, rows[i].flow);
		rpf_judge(&overlay, &flow, &trace);
		array_each (&trace.steps, const struct trace_step, step)
			seen[step->number] = true;
		trace_done(&trace);
	}
	for (size_t i = 0; i < ELEMENTS(missing_by_nature); i++)
		seen[missing_by_nature[i]] = true;
	for (int rung = 1; rung <= 28; rung++)
		ck_assert_msg(seen[rung], "no row steps on rung %d", rung);
}
END_TEST

/* The words of the contract, and which verdict each is. */
START_TEST(reasons_have_words)
{
	static const struct {
		enum rpf_reason reason;
		const char *name, *verdict;
	} words[] = {
		{ RPF_FILTER_OFF, "filter_off", "pass" },
		{ RPF_SYMMETRIC, "symmetric", "pass" },
		{ RPF_LOOSE, "loose", "pass" },
		{ RPF_NOT_VALIDATED, "not_validated", "pass" },
		{ RPF_STRICT_ASYMMETRIC, "strict_asymmetric", "drop" },
		{ RPF_UNNUMBERED, "unnumbered", "drop" },
		{ RPF_NO_ROUTE, "no_route", "drop" },
		{ RPF_LOCAL_SOURCE, "local_source", "drop" },
		{ RPF_INVALID_SOURCE, "invalid_source", "drop" },
		{ RPF_MARTIAN_SOURCE, "martian_source", "drop" },
		{ RPF_NO_ROUTE_TO_DESTINATION, "no_route_to_destination", "unjudged" },
		{ RPF_NOT_FORWARDING, "not_forwarding", "unjudged" },
		{ RPF_MARTIAN_DESTINATION, "martian_destination", "unjudged" },
		{ RPF_NOT_JOINED, "not_joined", "unjudged" },
		{ RPF_NO_IPV4, "no_ipv4", "unjudged" },
		{ RPF_MULTIPATH, "multipath", "unjudged" },
		{ RPF_BLIND, "blind", "unjudged" },
	};

	ck_assert_uint_eq(ELEMENTS(words), RPF_REASONS);
	for (size_t i = 0; i < ELEMENTS(words); i++) {
		ck_assert_str_eq(rpf_reason_name(words[i].reason), words[i].name);
		ck_assert_str_eq(rpf_verdict_name(rpf_reason_verdict(words[i].reason)),
			words[i].verdict);
	}
}
END_TEST

/* What RTM_GETROUTE would answer: before 6.13 an RPF drop has an errno of its own. */
START_TEST(errors)
{
	static const struct {
		const char *lines[5];
		const char *flow;
		int error;
	} asked[] = {
		{ { NULL }, "192.0.2.1 from 20.0.0.1 iif eth0", 0 },
		{ { "sysctl -w net.ipv4.conf.eth0.rp_filter=1" },
			"192.0.2.1 from 20.0.0.1 iif eth0", EINVAL },
		{ { "sysctl -w net.ipv4.conf.eth0.rp_filter=1", "model kernel 6.12" },
			"192.0.2.1 from 20.0.0.1 iif eth0", EXDEV },
		{ { "model kernel 6.12" }, "192.0.2.1 from 10.1.0.2 iif eth0", EINVAL },
		{ { "ip route add prohibit 50.0.0.0/8" },
			"50.0.0.1 from 20.0.0.1 iif eth0", EACCES },
		{ { "ip route add prohibit 50.0.0.0/8",
			  "sysctl -w net.ipv4.conf.eth0.forwarding=0" },
			"50.0.0.1 from 20.0.0.1 iif eth0", EHOSTUNREACH },
		{ { "sysctl -w net.ipv4.conf.eth0.forwarding=0" },
			"50.0.0.1 from 20.0.0.1 iif eth0", EHOSTUNREACH },
		/* dropped by either way out, but the hash chooses what for */
		{ { "sysctl -w net.ipv4.conf.eth0.rp_filter=1", "model kernel 6.12",
			  "ip route add 50.0.0.0/8 nexthop dev eth1 nexthop dev eth0",
			  "ip rule add priority 100 iif eth1 lookup 77",
			  "ip route add broadcast 20.0.0.0/8 dev eth1 table 77" },
			"50.0.0.1 from 20.0.0.1 iif eth0", -1 },
	};

	for (size_t i = 0; i < ELEMENTS(asked); i++) {
		_cleanup_(state_freep) struct state *state = world();
		const struct overlay overlay = model_overlay(state);
		struct flow flow;

		for (size_t k = 0; k < ELEMENTS(asked->lines) && asked[i].lines[k]; k++)
			ck_assert_int_ge(model_line(state, asked[i].lines[k]), 0);
		flow = model_flow(state, asked[i].flow);
		ck_assert_int_eq(rpf_judge(&overlay, &flow, NULL).error, asked[i].error);
	}
}
END_TEST

/* An overlay may have other values than the kernel has; own and all are told apart. */
START_TEST(a_view_tries_values)
{
	_cleanup_(state_freep) struct state *state = world();
	const struct overlay_value values[] = { { 2, 1 }, { NETCONF_ALL, 2 } };
	const struct overlay own = { state, values, 1 }, both = { state, values, 2 };
	const struct overlay none = model_overlay(state);
	struct flow flow = model_flow(state, "192.0.2.1 from 20.0.0.1 iif eth0");
	struct rpf rpf;

	ck_assert_int_eq(rpf_judge(&none, &flow, NULL).reason, RPF_FILTER_OFF);
	ck_assert_int_eq(rpf_judge(&own, &flow, NULL).reason, RPF_STRICT_ASYMMETRIC);
	rpf = rpf_judge(&both, &flow, NULL);
	ck_assert_int_eq(rpf.reason, RPF_LOOSE);
	ck_assert_int_eq(rpf.filter.own, 1);
	ck_assert_int_eq(rpf.filter.all, 2);
	ck_assert_int_eq(rpf.filter.effective, 2);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		ladder,
		every_reason_occurs,
		every_rung_is_stepped_on,
		reasons_have_words,
		errors,
		a_view_tries_values,
	};

	return fixture_run("rpf", tests, ELEMENTS(tests));
}
