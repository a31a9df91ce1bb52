/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture_world.h"

#include "host/host_model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void keep(struct world *world, const char *line)
{
	size_t length = strlen(line);
	char *more = realloc(world->lines, world->length + length + 2);

	if (!more)
		abort();
	memcpy(more + world->length, line, length);
	memcpy(more + world->length + length, "\n", 2);
	world->lines = more;
	world->length += length + 1;
}

void world_line(struct world *world, const char *format, ...)
{
	char line[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	keep(world, line);
	if (model_line(world->state, line) < 0)
		world_fail(world, "'%s' is refused", line);
}

void world_fail(const struct world *world, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "%s", world->lines);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\n");
	exit(1);
}

/* One of several words, separated by '|'. */
static const char *one_of(struct chance *chance, const char *words, char out[static 32])
{
	uint32_t count = 1, chosen;

	for (const char *at = words; *at; at++)
		count += *at == '|';
	chosen = chance_below(chance, count);
	for (; chosen; chosen--)
		words = strchr(words, '|') + 1;
	snprintf(out, 32, "%.*s", (int)strcspn(words, "|"), words);
	return out;
}

/* Mostly in the space, of its sizes; now and then around it or all. */
static const char *some_prefix(
	const struct world *world, struct chance *chance, char out[static PREFIX4_TEXT])
{
	unsigned int len = 24 + chance_below(chance, 9);

	if (chance_one_in(chance, 8))
		len = chance_below(chance, 24);
	return prefix4_format(
		prefix4(ip4(world->base + chance_below(chance, WORLD_SPACE)), len), out);
}

static void make_links(struct world *world, struct chance *chance)
{
	char word[32], addr[IP4_TEXT];

	world_line(world, "model ip link add red index 6 up type vrf table 99");
	for (int i = 2; i < 6; i++) {
		world_line(world,
			"model ip link add eth%d index %d %s group %u type veth", i - 2,
			i, one_of(chance, "up|up|up|up|down|up nocarrier", word),
			chance_below(chance, 2));
		if (chance_one_in(chance, 2))
			continue;
		ip4_format(ip4(world->base + chance_below(chance, WORLD_SPACE)), addr);
		world_line(world, "ip address add %s/%u dev eth%d", addr,
			24 + chance_below(chance, 9), i - 2);
	}
	world_line(world, "ip link add p0 index 7 up master red type veth");
	world_line(world, "ip link add t0 index 8 up type ipip");
	if (chance_one_in(chance, 3))
		world_line(world,
			"sysctl -w net.ipv4.conf.%s.ignore_routes_with_linkdown=1",
			one_of(chance, "all|eth0|eth1", word));
}

static void make_nexthops(struct world *world, struct chance *chance)
{
	char word[32];

	for (int id = 1; id < 5; id++)
		world_line(world, "model ip nexthop add id %d dev %s", id,
			one_of(chance, "eth0|eth1|eth2|eth3|p0|t0", word));
	world_line(world, "model ip nexthop add id 5 blackhole");
	for (int id = 6; id < 9; id++)
		world_line(world, "model ip nexthop add id %d group %u/%u", id,
			1 + chance_below(chance, 4), 1 + chance_below(chance, 4));
}

static void make_route(struct world *world, struct chance *chance, bool blind)
{
	char type[32], word[32], prefix[PREFIX4_TEXT], nexthops[256] = "";
	const char *verb, *tos;
	size_t length = 0;
	uint32_t metric;
	bool unknown;

	one_of(chance,
		"unicast|unicast|unicast|unicast|unicast|unicast|unicast|local|broadcast|anycast|blackhole|unreachable|prohibit|throw|throw",
		type);
	if (strchr("ulba", type[0]) && strcmp(type, "unreachable") != 0 &&
		strcmp(type, "blackhole") != 0) {
		uint32_t count =
			chance_one_in(chance, 3) ? 1 + chance_below(chance, 3) : 1;

		if (chance_one_in(chance, 4) && strcmp(type, "unicast") == 0)
			length = (size_t)snprintf(nexthops, sizeof(nexthops), " nhid %u",
				1 + chance_below(chance, 8));
		else
			while (count--)
				length += (size_t)snprintf(nexthops + length,
					sizeof(nexthops) - length, " nexthop dev %s",
					one_of(chance, "eth0|eth1|eth2|eth3|p0|t0|lo",
						word));
	}
	unknown = blind && chance_one_in(chance, 30);
	verb = chance_one_in(chance, 3) ? "prepend" : "append";
	tos = chance_one_in(chance, 6) ? "0x10" : "0";
	metric = chance_below(chance, 3);
	one_of(chance, "main|main|main|local|default|77|78|99", word);
	world_line(world, "model ip route %s %s %s%s table %s metric %u tos %s%s", verb,
		type, some_prefix(world, chance, prefix), nexthops, word, metric, tos,
		unknown ? " blind" : "");
}

static void make_rule(struct world *world, struct chance *chance, bool blind)
{
	uint32_t priority = 1 + chance_below(chance, 30);
	char line[256], word[32], prefix[PREFIX4_TEXT];
	int length =
		snprintf(line, sizeof(line), "model ip rule add priority %u", priority);

#define ADD(odds, ...)                                                                   \
	do {                                                                             \
		if (chance_one_in(chance, (odds)))                                       \
			length += snprintf(line + length, sizeof(line) - (size_t)length, \
				__VA_ARGS__);                                            \
	} while (0)
	ADD(4, " not");
	ADD(2, " to %s", some_prefix(world, chance, prefix));
	ADD(6, " from %s", some_prefix(world, chance, prefix));
	ADD(6, " fwmark %u", chance_below(chance, 2));
	ADD(12, " tos 0x10");
	ADD(12, " iif %s", one_of(chance, "lo|eth0|eth1|gone0|red", word));
	ADD(12, " ipproto 17");
	ADD(12, " dport 1-9");
	ADD(15, " l3mdev");
	ADD(5, " suppress_prefixlength %u", 24 + chance_below(chance, 9));
	ADD(6, " suppress_ifgroup %u", chance_below(chance, 2));
	ADD(2, " lookup %s", one_of(chance, "main|local|default|77|78|79", word));
	ADD(10, " goto %u", priority + 1 + chance_below(chance, 9));
	ADD(20, " nop");
	ADD(20, " blackhole");
	ADD(20, " prohibit");
	if (blind)
		ADD(20, " blind");
#undef ADD
	world_line(world, "%s", line);
}

/* Another kernel's rules hold as well: one that came before something in it is blind to that, and
 * one before 4.1 never merged the tables. */
static void make_kernel(
	struct world *world, struct chance *chance, bool merged, bool blind)
{
	const char *versions =
		!blind	 ? "5.3|5.10|5.12|6.11|6.14|7.2"
		: merged ? "4.1|4.14|4.16|5.2"
			 : "2.6.30|2.6.36|3.5|3.11|3.18|4.0|4.2|4.9|4.16|5.2";
	char word[32];

	if (chance_one_in(chance, 3))
		world_line(world, "model kernel %s", one_of(chance, versions, word));
}

struct world world_new(struct chance *chance, uint32_t base, bool merged, bool blind)
{
	struct world world = { .state = model_new(), .base = base };
	uint32_t routes = 5 + chance_below(chance, 40), rules = chance_below(chance, 12);

	make_links(&world, chance);
	make_nexthops(&world, chance);
	while (routes--)
		make_route(&world, chance, blind);
	if (merged) {
		make_kernel(&world, chance, merged, blind);
		return world;
	}
	world_line(&world, "model split");
	while (rules--)
		make_rule(&world, chance, blind);
	if (chance_one_in(chance, 8))
		world_line(&world, "ip rule del priority 32766 lookup main");
	make_kernel(&world, chance, merged, blind);
	return world;
}

/* --- one change more ------------------------------------------------------------------------ */

/* Takes back a line of those that begin so, if chance finds one; `instead` stands for these words. */
static void undo_line(struct world *world, struct chance *chance, const char *begin,
	const char *instead)
{
	uint32_t skip = chance_below(chance, 40);
	const char *at = world->lines, *found = NULL;

	for (; *at; at += strcspn(at, "\n") + 1) {
		if (strncmp(at, begin, strlen(begin)) != 0)
			continue;
		found = at + strlen(begin);
		if (!skip--)
			break;
	}
	if (found)
		world_line(world, "%s%.*s", instead, (int)strcspn(found, "\n"), found);
}

static void change_link(struct world *world, struct chance *chance)
{
	uint32_t which = chance_below(chance, 4);
	char word[32];

	switch (chance_below(chance, 5)) {
	case 0:
		world_line(world, "model ip link add red index 6 %s type vrf table 99",
			one_of(chance, "up|up|down", word));
		return;
	case 1:
		world_line(world, "model ip link add p0 index 7 up %s type veth",
			one_of(chance, "master red|", word));
		return;
	case 2:
		world_line(world, "model ip link del eth%u index %u", which, which + 2);
		break;
	}
	world_line(world, "model ip link add eth%u index %u %s group %u type veth", which,
		which + 2, one_of(chance, "up|up|up|down|up nocarrier", word),
		chance_below(chance, 2));
}

static void change_addr(struct world *world, struct chance *chance)
{
	char name[32], text[IP4_TEXT];
	const struct iface *iface = state_iface_by_name(
		world->state, one_of(chance, "eth0|eth1|eth2|eth3|t0|p0", name));
	struct addr_record addr = {
		.local = { world->base + chance_below(chance, WORLD_SPACE) },
		.len = (uint8_t)(24 + chance_below(chance, 9)),
	};

	addr.peer = addr.local;
	if (iface->addrs.count && chance_one_in(chance, 2)) {
		addr = iface->addrs
			       .items[chance_below(chance, (uint32_t)iface->addrs.count)];
		world_line(world, "model ip address del %s/%u dev %s",
			ip4_format(addr.local, text), addr.len, name);
	} else if (!iface_addr(iface, &addr)) {
		world_line(world, "ip address add %s/%u dev %s",
			ip4_format(addr.local, text), addr.len, name);
	}
}

static void change_nexthop(struct world *world, struct chance *chance)
{
	char word[32];

	if (chance_one_in(chance, 3))
		world_line(
			world, "model ip nexthop del id %u", 1 + chance_below(chance, 8));
	else if (chance_one_in(chance, 3))
		world_line(world, "model ip nexthop add id %u group %u/%u",
			6 + chance_below(chance, 3), 1 + chance_below(chance, 4),
			1 + chance_below(chance, 4));
	else
		world_line(world, "model ip nexthop add id %u dev %s",
			1 + chance_below(chance, 4),
			one_of(chance, "eth0|eth1|eth2|eth3|p0|t0", word));
}

static void change_setting(struct world *world, struct chance *chance)
{
	char name[32], setting[32];

	if (chance_one_in(chance, 8)) {
		world_line(world, "model kernel %s",
			one_of(chance, "2.6|5.10|6.1|7.2", setting));
		return;
	}
	one_of(chance, "all|default|eth0|eth1|eth2|t0", name);
	one_of(chance, "rp_filter|rp_filter|ignore_routes_with_linkdown", setting);
	world_line(world, "model sysctl -w net.ipv4.conf.%s.%s=%u", name, setting,
		chance_below(chance, setting[0] == 'r' ? 3 : 2));
}

void world_change(struct world *world, struct chance *chance)
{
	uint32_t what = chance_below(chance, 20);

	if (what < 5)
		make_route(world, chance, false);
	else if (what < 9)
		undo_line(world, chance,
			chance_one_in(chance, 2) ? "model ip route append"
						 : "model ip route prepend",
			"model ip route del");
	else if (what < 11)
		change_link(world, chance);
	else if (what < 14)
		change_addr(world, chance);
	else if (what < 16)
		change_nexthop(world, chance);
	else if (what < 18)
		change_setting(world, chance);
	else if (what < 19 && chance_one_in(chance, 2))
		make_rule(world, chance, false);
	else
		undo_line(world, chance, "model ip rule add", "model ip rule del");
}

void world_done(struct world *world)
{
	state_free(world->state);
	free(world->lines);
}
