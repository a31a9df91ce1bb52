/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/walk.h"

#include "base/cleanup.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* lo and these: 3 to 12 are there at a time, as far as the kernel has their kinds */
static const char *const devices[] = { "d0", "d0", "d0", "d1", "d1", "d1", "e0", "e0",
	"e1", "e1", "tunl0", "tunl0", "br0", "mv0", "vx0", "du0", "ip0", "vl0" };

/* where the kernel has them */
static const char *const vrfs[] = { "vrf0", "vrf1" };

static const char *const prefixes[] = { "0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/16",
	"10.0.0.0/24", "10.0.1.0/24", "10.0.1.0/25", "10.0.1.128/25", "10.0.2.0/23",
	"10.0.2.7/32", "10.0.1.5/32", "192.0.2.0/24", "192.0.2.4/32", "198.51.100.0/24",
	"172.21.0.0/16", "172.21.5.5/32", "128.0.0.0/1" };

static const char *const addresses[] = { "10.0.0.1/24", "10.0.0.2/24", "10.0.1.1/25",
	"10.0.1.129/25", "10.0.2.1/23", "10.0.0.1/32", "192.0.2.4/32", "192.0.2.4/24",
	"172.21.5.5/16", "10.0.3.9/30", "10.0.3.10/30", "127.0.0.42/32" };

static const char *const gateways[] = { "10.0.0.254", "10.0.1.2", "10.0.1.130",
	"10.0.2.2", "192.0.2.9", "10.0.3.10", "172.21.0.1" };

static const char *const tables[] = { "main", "main", "main", "100", "100", "101",
	"local", "default", "4000000000" };

static const char *const metrics[] = { "", "", "", " metric 10", " metric 20",
	" metric 5" };

static const char *const toses[] = { "", "", "", "", " tos 0x10", " tos 0x04",
	" tos 0x50" };

static void write_step(struct step *step, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void write_step(struct step *step, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(step->text, sizeof(step->text), format, arguments);
	va_end(arguments);
}

/* --- making steps ------------------------------------------------------------------------- */

static void make_device(struct rng *rng, struct step *step)
{
	static const char *const kinds[] = { "ip link add d0 type veth peer name e0",
		"ip link add d0 type veth peer name e0",
		"ip link add d1 type veth peer name e1",
		"ip link add d1 type veth peer name e1",
		"ip tuntap add dev tunl0 mode tun", "ip link add br0 type bridge",
		"ip link add vx0 type vxlan id 7 dstport 4789 local 10.0.0.1",
		"ip link add du0 type dummy",
		"ip link add ip0 type ipip local 10.0.0.1 remote 10.0.0.9",
		"ip link add ip0 type gre local 10.0.0.1 remote 10.0.0.9",
		"ip link add ip0 type ipip external" };

	switch (rng_below(rng, 8)) {
	case 0:
		write_step(step, "ip link add mv0 link %s type macvlan mode bridge",
			RNG_PICK(rng, devices));
		return;
	case 1:
		write_step(step, "ip link add vl0 link %s type vlan id 7",
			RNG_PICK(rng, devices));
		return;
	default:
		write_step(step, "%s", RNG_PICK(rng, kinds));
		return;
	}
}

/* Up and down most often, as most depends on it; the rest once each. */
static void change_link(struct rng *rng, struct step *step)
{
	static const char *const words[] = { "up", "up", "up", "up", "up", "up", "up",
		"down", "down", "down", "master br0", "nomaster", "netns other",
		"master vrf0", "master vrf1", "nomaster", "mtu 60", "mtu 1500",
		"mtu 1400" };
	const char *device = RNG_PICK(rng, devices);

	switch (rng_below(rng, 30)) {
	case 0:
		write_step(step, "ip -n other link set dev %s netns here", device);
		return;
	case 1:
		if (rng_below(rng, 2)) { /* most others refuse less than 68 */
			write_step(step, "ip link set dev lo mtu %u",
				rng_below(rng, 3) ? 65536 : 60);
			return;
		}
		if (rng_below(rng, 2))
			write_step(step, "ip link add vrf0 type vrf table 100");
		else
			write_step(step, "ip link add vrf1 type vrf table 101");
		return;
	case 2:
		write_step(step, "ip link set dev %s %s", RNG_PICK(rng, vrfs),
			rng_below(rng, 4) ? "up" : "down");
		return;
	case 3:
		write_step(step, "ip link del dev %s",
			rng_below(rng, 6) ? device : RNG_PICK(rng, vrfs));
		return;
	case 4:
		write_step(step, "ip link set dev %s name %s", device,
			RNG_PICK(rng, devices));
		return;
	case 5:
		write_step(
			step, "ip link set dev %s group %u", device, rng_below(rng, 3));
		return;
	case 6:
	case 7:
		write_step(step, "carrier tunl0 %s", rng_below(rng, 2) ? "on" : "off");
		return;
	case 8:
	case 9:
	case 10:
	case 11:
	case 12:
		make_device(rng, step);
		return;
	default:
		write_step(step, "ip link set dev %s %s", device, RNG_PICK(rng, words));
		return;
	}
}

static void change_address(struct rng *rng, struct step *step)
{
	static const char *const words[] = { "add", "add", "add", "del" };
	static const char *const rest[] = { "", "", " brd +", " scope host",
		" noprefixroute", " peer 10.9.9.9/32" };

	if (rng_below(rng, 20) == 0)
		write_step(step, "ip address flush dev %s", RNG_PICK(rng, devices));
	else if (rng_below(rng, 20) == 0) /* which joins the group */
		write_step(step, "ip address %s 239.1.2.3/32 dev %s autojoin",
			RNG_PICK(rng, words), RNG_PICK(rng, devices));
	else
		write_step(step, "ip address %s %s dev %s%s", RNG_PICK(rng, words),
			RNG_PICK(rng, addresses),
			rng_below(rng, 12) ? RNG_PICK(rng, devices) : "lo",
			RNG_PICK(rng, rest));
}

static void change_route(struct rng *rng, struct step *step)
{
	static const char *const words[] = { "add", "add", "append", "prepend", "replace",
		"change", "del", "del" };
	static const char *const types[] = { "blackhole", "unreachable", "prohibit",
		"throw", "local", "broadcast", "multicast", "anycast" };
	const char *word = RNG_PICK(rng, words), *prefix = RNG_PICK(rng, prefixes);
	const char *table = RNG_PICK(rng, tables), *metric = RNG_PICK(rng, metrics);
	const char *tos = RNG_PICK(rng, toses), *device = RNG_PICK(rng, devices);

	switch (rng_below(rng, 14)) {
	case 13: /* a leak from one VRF into another, or out of one */
		write_step(step, "ip route %s %s dev %s table %s%s", word, prefix,
			RNG_PICK(rng, vrfs), table, metric);
		return;
	case 12:
		write_step(step, "ip route %s %s dev %s table %s%s realm 5", word, prefix,
			device, table, metric);
		return;
	case 0:
	case 1:
		write_step(step, "ip route %s %s %s table %s%s%s", word,
			RNG_PICK(rng, types), prefix, table, metric, tos);
		return;
	case 2:
		write_step(step, "ip route %s %s dev %s table %s%s src 10.0.0.1", word,
			prefix, device, table, metric);
		return;
	case 3:
		write_step(step,
			"ip route %s %s table %s%s nexthop dev %s nexthop dev %s weight 3",
			word, prefix, table, metric, device, RNG_PICK(rng, devices));
		return;
	case 4:
	case 5:
		write_step(step, "ip route %s %s via %s table %s%s%s", word, prefix,
			RNG_PICK(rng, gateways), table, metric, tos);
		return;
	case 6:
	case 7:
		write_step(step, "ip route %s %s nhid %u table %s%s", word, prefix,
			1 + rng_below(rng, 6), table, metric);
		return;
	case 8:
		write_step(step, "ip route %s %s %s dev %s table %s", word, "local",
			prefix, rng_below(rng, 2) ? "lo" : device, table);
		return;
	case 9:
		if (rng_below(rng, 4) == 0) {
			write_step(
				step, "ip route flush table %s", RNG_PICK(rng, tables));
			return;
		}
		/* fall through */
	default:
		write_step(step, "ip route %s %s dev %s table %s%s%s", word, prefix,
			device, table, metric, tos);
		return;
	}
}

static void change_rule(struct rng *rng, struct step *step)
{
	static const char *const selectors[] = { "", " from 10.0.0.0/24",
		" from 10.0.0.1", " from 192.0.2.4", " to 10.0.0.0/16",
		" to 192.0.2.0/24", " iif lo", " iif d0", " iif d1", " oif d1",
		" fwmark 1", " fwmark 0x10/0xf0", " tos 0x10", " ipproto udp",
		" ipproto tcp sport 80", " dport 53", " sport 1000-2000", " uidrange 0-0",
		" uidrange 1-5", " from 0.0.0.0/32", " iif vrf0", " iif vrf1",
		" oif vrf0", " iif tunl0", " tun_id 5", " to 239.1.2.3",
		" to 172.21.0.0/16" };
	static const char *const actions[] = { " lookup 100", " lookup 101",
		" lookup 100", " lookup main", " lookup main suppress_prefixlength 0",
		" lookup main suppress_ifgroup 1", " lookup 4000000000", " blackhole",
		" unreachable", " prohibit", " goto 200", " goto 32766", " goto 777",
		" nop", " lookup 100 suppress_prefixlength 8", " lookup 101 realms 7",
		" l3mdev", " lookup default", " lookup local" };
	static const unsigned int priorities[] = { 50, 100, 100, 150, 200, 777, 32766,
		40000 };
	static const unsigned int first[] = { 0, 32766, 32767 };

	if (rng_below(rng, 3) == 0)
		write_step(step, "ip rule del priority %u", RNG_PICK(rng, priorities));
	else if (rng_below(rng, 12) == 0)
		write_step(step, "ip rule del priority %u", RNG_PICK(rng, first));
	else if (rng_below(rng, 30) == 0)
		write_step(step, "ip rule flush");
	else
		write_step(step, "ip rule add%s%s%s priority %u%s",
			rng_below(rng, 8) == 0 ? " not" : "", RNG_PICK(rng, selectors),
			rng_below(rng, 3) == 0 ? RNG_PICK(rng, selectors) : "",
			RNG_PICK(rng, priorities), RNG_PICK(rng, actions));
}

/* Two writers at once, of one thing or each of its own. */
static void change_in_race(struct rng *rng, struct step *step)
{
	static const char *const races[] = {
		"rule add from 10.0.0.9 priority 100 lookup 100 | rule del from 10.0.0.9 priority 100",
		"rule add from %a priority 150 lookup 100 | rule del from %a priority 150",
		"rule add from %a priority 100 lookup 100 | rule add to %a priority 100 lookup 101",
		"rule del priority 100 | rule add from %a priority 100 lookup 101",
		"route add 10.0.2.7/32 dev lo table 100 | route del 10.0.2.7/32 dev lo table 100",
		"route append 192.0.2.0/24 dev d0 metric %n | route del 192.0.2.0/24 dev d0",
		"route replace 10.0.2.0/23 dev d0 metric 7 | route replace 10.0.2.0/23 dev d1 metric 7",
		"rule add from %a priority 200 lookup 101 | route add %a dev lo table 101",
	};

	write_step(step, "storm %u %s", 20 + rng_below(rng, 60), RNG_PICK(rng, races));
}

static void change_nexthop(struct rng *rng, struct step *step)
{
	static const char *const words[] = { "add", "add", "replace" };
	unsigned int id = 1 + rng_below(rng, 6);

	switch (rng_below(rng, 6)) {
	case 0:
		write_step(step, "ip nexthop del id %u", id);
		return;
	case 1:
		write_step(
			step, "ip nexthop %s id %u blackhole", RNG_PICK(rng, words), id);
		return;
	case 2:
		write_step(step, "ip nexthop %s id %u group %u/%u,2",
			RNG_PICK(rng, words), id, 1 + rng_below(rng, 6),
			1 + rng_below(rng, 6));
		return;
	case 3:
		write_step(step, "ip nexthop %s id %u via %s dev %s",
			RNG_PICK(rng, words), id, RNG_PICK(rng, gateways),
			RNG_PICK(rng, devices));
		return;
	default:
		write_step(step, "ip nexthop %s id %u dev %s", RNG_PICK(rng, words), id,
			RNG_PICK(rng, devices));
		return;
	}
}

static void change_setting(struct rng *rng, struct step *step)
{
	static const char *const keys[] = { "rp_filter", "rp_filter", "rp_filter",
		"rp_filter", "accept_local", "src_valid_mark", "forwarding",
		"ignore_routes_with_linkdown", "send_redirects", "route_localnet",
		"bc_forwarding", "promote_secondaries" };
	static const char *const values[] = { "0", "1", "1", "2", "2", "3", "100", "-1" };
	static const char *const whole[] = { "nexthop_compat_mode", "ip_forward",
		"nexthop_compat_mode" };
	const char *key = RNG_PICK(rng, keys);
	bool filter = strcmp(key, "rp_filter") == 0;
	const char *value = filter		? RNG_PICK(rng, values)
			    : rng_below(rng, 2) ? "1"
						: "0";
	const char *device = RNG_PICK(rng, devices);

	if (rng_below(rng, 8) == 0)
		write_step(step, "inet-conf %s %s %s", device, key, value);
	else if (rng_below(rng, 20) == 0)
		write_step(step, "sysctl -w net.ipv4.%s=%u", RNG_PICK(rng, whole),
			rng_below(rng, 2));
	else
		write_step(step, "sysctl -w net.ipv4.conf.%s.%s=%s",
			rng_below(rng, 4)   ? device
			: rng_below(rng, 2) ? "all"
					    : "default",
			key, value);
}

/* A world has two wires, an address or two, routes, and something that filters. */
void walk_build(struct rng *rng, unsigned int number, struct step *ret)
{
	static const char *const first[] = { "ip link add d0 type veth peer name e0",
		"ip link add d1 type veth peer name e1",
		"ip tuntap add dev tunl0 mode tun", "ip link set dev d0 up",
		"ip link set dev e0 up", "ip link set dev d1 up", "ip link set dev e1 up",
		"ip link set dev tunl0 up", "ip address add 10.0.0.1/24 dev d0",
		"ip address add 10.0.1.1/25 dev d1" };
	static const char *const filters[] = { "d0", "d1", "tunl0", "all", "e0" };

	/* lo and a wire at least, mostly two and a tunnel */
	if (number < ELEMENTS(first) && (number == 0 || rng_below(rng, 8)))
		snprintf(ret->text, sizeof(ret->text), "%s", first[number]);
	else if (number < 12)
		change_address(rng, ret);
	else if (number < 15)
		write_step(ret, "sysctl -w net.ipv4.conf.%s.rp_filter=%u",
			RNG_PICK(rng, filters), 1 + rng_below(rng, 2));
	else if (number < 18)
		write_step(ret, "sysctl -w net.ipv4.conf.%s.forwarding=1",
			RNG_PICK(rng, filters));
	else if (number < 22)
		write_step(ret, "ip route append %s dev %s", RNG_PICK(rng, prefixes),
			RNG_PICK(rng, filters));
	else
		walk_change(rng, ret);
}

void walk_change(struct rng *rng, struct step *ret)
{
	static void (*const changes[])(struct rng *, struct step *) = { change_link,
		change_link, change_address, change_address, change_route, change_route,
		change_route, change_route, change_rule, change_nexthop, change_setting,
		change_setting, change_setting };
	bool race = rng_below(rng, 50) == 0;

	/* half of the worlds never see a new rule: there local and main may stay one trie */
	do
		(race ? change_in_race : RNG_PICK(rng, changes))(rng, ret);
	while ((rng->state & 1) && strstr(ret->text, "rule add") && rng_below(rng, 8));
}

static void guess_route(struct rng *rng, struct step *step)
{
	static const char *const verbs[] = { "add", "append", "prepend", "replace",
		"change", "del" };
	static const char *const types[] = { "", "", "", "", "unicast ", "local ",
		"broadcast ", "blackhole ", "multicast " };
	static const char *const rest[] = { "", "", " scope link", " scope global",
		" scope host", " src 10.0.0.1", " src 10.0.0.99", " src 192.0.2.4",
		" proto kernel", " tos 0x01", " scope 100" };
	char hop[128];

	switch (rng_below(rng, 5)) {
	case 0:
		snprintf(hop, sizeof(hop),
			" nexthop via %s nexthop via %s dev %s weight 2",
			RNG_PICK(rng, gateways), RNG_PICK(rng, gateways),
			RNG_PICK(rng, devices));
		break;
	case 1:
		snprintf(hop, sizeof(hop), " via 10.0.0.%u dev %s",
			rng_below(rng, 3) ? 1 + rng_below(rng, 3) : 255,
			RNG_PICK(rng, devices));
		break;
	case 2:
		snprintf(hop, sizeof(hop), " via %s dev %s%s", RNG_PICK(rng, gateways),
			RNG_PICK(rng, devices), rng_below(rng, 3) ? "" : " onlink");
		break;
	case 3:
		snprintf(hop, sizeof(hop), " dev %s", RNG_PICK(rng, devices));
		break;
	default:
		hop[0] = '\0';
		break;
	}
	/* an own address, too: its local route may be an administrator's */
	write_step(step, "ip route %s %s%s table %s%s%s%s", RNG_PICK(rng, verbs),
		RNG_PICK(rng, types),
		rng_below(rng, 16) ? RNG_PICK(rng, prefixes) : "10.0.0.1/32",
		RNG_PICK(rng, tables), RNG_PICK(rng, metrics), RNG_PICK(rng, rest), hop);
}

static void guess_address(struct rng *rng, struct step *step)
{
	static const char *const verbs[] = { "add", "add", "replace", "change", "del",
		"del" };
	static const char *const more[] = { "10.0.0.1/24", "10.0.0.3/24", "10.0.0.4/24",
		"10.0.1.2/25", "10.0.2.1/23", "10.0.0.1", "10.0.0.255/24", "0.0.0.0/24",
		"10.0.0.1/8", "10.0.0.1/31", "224.1.1.1/24", "10.0.0.1 peer 10.0.0.9/24",
		"10.0.0.1 peer 10.0.5.9" };
	static const char *const rest[] = { "", "", "", " brd +", " brd -",
		" brd 10.0.0.77", " metric 7", " metric 9 noprefixroute", " scope link",
		" scope host" };

	if (rng_below(rng, 6) == 0)
		write_step(step, "sysctl -w net.ipv4.conf.%s.promote_secondaries=%u",
			rng_below(rng, 3) ? RNG_PICK(rng, devices) : "all",
			rng_below(rng, 4) ? 1 : 0);
	else
		write_step(step, "ip address %s %s dev %s%s", RNG_PICK(rng, verbs),
			RNG_PICK(rng, more),
			rng_below(rng, 12) ? RNG_PICK(rng, devices) : "lo",
			RNG_PICK(rng, rest));
}

static void guess_rule(struct rng *rng, struct step *step)
{
	static const char *const selectors[] = { "", "", " from 10.0.0.0/24",
		" from 10.0.0.7/24", " to 10.0.0.0/16", " iif d0", " oif d0", " fwmark 1",
		" fwmark 1/3", " fwmark 0", " tos 0x10", " tos 0x01", " ipproto tcp",
		" sport 5-3", " sport 0", " dport 53", " uidrange 5-1", " uidrange 0-0",
		" not", " tun_id 5", " suppress_prefixlength 0" };
	static const char *const actions[] = { " lookup 100", "", " lookup main",
		" goto 150", " goto 40", " nop", " blackhole", " l3mdev",
		" lookup local" };
	static const char *const priorities[] = { "", "", " priority 100",
		" priority 150", " priority 0", " priority 50" };

	write_step(step, "ip rule %s%s%s%s%s", rng_below(rng, 3) ? "add" : "del",
		RNG_PICK(rng, selectors), RNG_PICK(rng, selectors),
		RNG_PICK(rng, priorities), RNG_PICK(rng, actions));
	/* without a word ip(8) asks no kernel */
	if (strlen(step->text) == strlen("ip rule add"))
		strcat(step->text, " priority 100");
}

static void guess_nexthop(struct rng *rng, struct step *step)
{
	static const char *const verbs[] = { "add", "add", "replace", "replace", "del" };
	static const char *const rest[] = { "", " onlink", " fdb" };
	const char *verb = RNG_PICK(rng, verbs);
	unsigned int id = 1 + rng_below(rng, 6);

	if (strcmp(verb, "del") == 0)
		write_step(step, "ip nexthop del id %u", id);
	else if (rng_below(rng, 3) == 0)
		write_step(step, "ip nexthop %s id %u group %u/%u", verb, id,
			1 + rng_below(rng, 6), 1 + rng_below(rng, 6));
	else if (rng_below(rng, 6) == 0)
		write_step(step, "ip nexthop %s id %u group %u", verb, id,
			1 + rng_below(rng, 6));
	else if (rng_below(rng, 3) == 0)
		write_step(step, "ip nexthop %s id %u dev %s%s", verb, id,
			RNG_PICK(rng, devices), RNG_PICK(rng, rest));
	else
		write_step(step, "ip nexthop %s id %u via %s dev %s%s", verb, id,
			RNG_PICK(rng, gateways), RNG_PICK(rng, devices),
			RNG_PICK(rng, rest));
}

void walk_guess(struct rng *rng, struct step *ret)
{
	static void (*const guesses[])(struct rng *, struct step *) = { guess_route,
		guess_route, guess_address, guess_address, guess_rule, guess_nexthop };

	RNG_PICK(rng, guesses)(rng, ret);
}
