/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "change/change_parse.h"

#include "base/cleanup.h"
#include "base/hash.h"

#include <stdio.h>
#include <string.h>

/* --- routes ----------------------------------------------------------------------------------- */

static void parse_type(struct words *words, struct change_route *ret)
{
	ret->route.type = ROUTE_UNICAST;
	for (int i = ROUTE_UNICAST; i < ROUTE_TYPES; i++) {
		if (!words_take(words, route_type_name((uint8_t)i)))
			continue;
		ret->route.type = (uint8_t)i;
		ret->has_type = true;
		return;
	}
}

uint8_t change_parse_scope(struct words *words)
{
	static const char *const names[] = { [0] = "global",
		[200] = "site",
		[253] = "link",
		[254] = "host",
		[255] = "nowhere" };
	unsigned long scope;

	if (words_take(words, "universe"))
		return 0;
	scope = words_named(words, names, ELEMENTS(names), "is no scope");
	if (scope > UINT8_MAX)
		words_refuse(words, NULL, "a scope is at most 255");
	return (uint8_t)scope;
}

static struct ip4 parse_gateway(struct words *words, struct change_hop *ret)
{
	const char *word;

	ret->nexthop.gw_family = 4;
	if (!words_take(words, "inet6")) {
		(void)words_take(words, "inet");
		if (words_left(words) && strchr(words->word[words->at], ':'))
			words_refuse(
				words, words_next(words), "needs via inet6 in front");
		return words_address(words);
	}
	word = words_next(words);
	if (!strchr(word, ':'))
		words_refuse(words, word, "is no IPv6 address");
	ret->nexthop.gw_family = 6;
	ret->link_local = strncasecmp(word, "fe80:", 5) == 0;
	return ip4(0);
}

static bool parse_hop_word(struct words *words, struct change_hop *ret)
{
	struct nexthop *nexthop = &ret->nexthop;

	if (words_take_either(words, "via", "gateway"))
		nexthop->gw = parse_gateway(words, ret);
	else if (words_take_either(words, "dev", "oif"))
		words_name(words, ret->dev);
	else if (words_take(words, "onlink"))
		nexthop->onlink = 1;
	else
		return false;
	return true;
}

static uint8_t parse_protocol(struct words *words)
{
	static const char *const names[] = { [1] = "redirect",
		[PROTO_KERNEL] = "kernel",
		[PROTO_BOOT] = "boot",
		[4] = "static",
		[8] = "gated",
		[9] = "ra",
		[10] = "mrt",
		[11] = "zebra",
		[12] = "bird",
		[14] = "xorp",
		[16] = "dhcp",
		[18] = "keepalived",
		[42] = "babel",
		[186] = "bgp",
		[187] = "isis",
		[188] = "ospf",
		[189] = "rip",
		[192] = "eigrp" };
	unsigned long number =
		words_named(words, names, ELEMENTS(names), "is no protocol");

	if (number > UINT8_MAX)
		words_refuse(words, NULL, "a protocol is at most 255");
	return (uint8_t)number;
}

/* What bears on no verdict, but distinguishes routes: each with a value. */
static bool parse_metrics(struct words *words, struct route_record *route)
{
	static const char *const names[] = { "mtu", "advmss", "rtt", "rttvar", "window",
		"cwnd", "initcwnd", "initrwnd", "ssthresh", "hoplimit", "quickack",
		"congctl", "features", "reordering", "rto_min", "ttl-propagate",
		"fastopen_no_cookie" };

	for (size_t i = 0; i < ELEMENTS(names); i++) {
		const char *value;

		if (!words_take(words, names[i]))
			continue;
		route->rest = hash_bytes(route->rest, names[i], strlen(names[i]));
		if (words_take(words, "lock"))
			route->rest = hash_mix(route->rest);
		value = words_next(words);
		route->rest = hash_bytes(route->rest, value, strlen(value));
		return true;
	}
	return false;
}

static bool parse_route_word(struct words *words, struct change_route *ret)
{
	struct route_record *route = &ret->route;

	if (words_take(words, "table")) {
		route->table = words_table(words);
	} else if (words_take_either(words, "metric", "preference") ||
		   words_take(words, "priority")) {
		route->priority = (uint32_t)words_number(words, UINT32_MAX);
	} else if (words_take_either(words, "tos", "dsfield")) {
		route->tos = words_dsfield(words);
	} else if (words_take_either(words, "proto", "protocol")) {
		route->protocol = parse_protocol(words);
		ret->has_protocol = true;
	} else if (words_take(words, "scope")) {
		route->scope = change_parse_scope(words);
		ret->has_scope = true;
	} else if (words_take(words, "src")) {
		route->prefsrc = words_address(words);
	} else if (words_take(words, "nhid")) {
		route->nhid = (uint32_t)words_number(words, UINT32_MAX);
	} else if (words_take_either(words, "realm", "realms")) {
		route->realm = words_number(words, UINT32_MAX) != 0;
		ret->has_realm = true;
	} else {
		return parse_metrics(words, route);
	}
	return true;
}

/* What ip(8) puts where nothing was said */
static void complete(struct change *change, struct change_route *ret)
{
	static const enum route_position positions[] = { [CHANGE_APPEND] = ROUTE_APPEND,
		[CHANGE_PREPEND] = ROUTE_PREPEND,
		[CHANGE_REPLACE] = ROUTE_REPLACE,
		[CHANGE_CHANGE] = ROUTE_REPLACE };
	struct route_record *route = &ret->route;
	bool of_host = route->type == ROUTE_LOCAL;
	bool of_link = route->type == ROUTE_BROADCAST || route->type == ROUTE_ANYCAST;

	if (!route->table)
		route->table = of_host || of_link ? TABLE_LOCAL : TABLE_MAIN;
	if (!ret->has_protocol)
		route->protocol = PROTO_BOOT;
	if (change->verb < ELEMENTS(positions))
		route->position = positions[change->verb];
	if (ret->has_scope)
		return;
	if (of_host)
		route->scope = SCOPE_HOST;
	else if (of_link || route->type == ROUTE_MULTICAST ||
		 (route->type == ROUTE_UNICAST && !route->nhid && !change->multipath &&
			 !change->hops[0].nexthop.gw_family))
		route->scope = SCOPE_LINK;
}

/* nexthop [via A] [dev NAME] [weight N] … */
static void parse_hop(struct words *words, struct change *change)
{
	struct change_hop *hop = change->hops;

	if (!change->multipath && (hop->dev[0] || hop->nexthop.gw_family))
		words_refuse(words, NULL, "dev or via stands in front of nexthop");
	if (change->multipath && change->hop_count == CHANGE_HOPS)
		words_refuse(words, NULL, "there are too many nexthops");
	if (words_failed(words))
		return;
	change->hop_count = change->multipath ? change->hop_count + 1 : 1;
	change->multipath = true;
	hop += change->hop_count - 1;
	*hop = (struct change_hop){ .nexthop.weight = 1 };
	while (words_left(words)) {
		if (words_take(words, "weight")) {
			hop->nexthop.weight = (uint16_t)words_number(words, 256);
			if (!hop->nexthop.weight)
				words_refuse(
					words, "0", "is no weight; allowed: 1 to 256");
		} else if (!parse_hop_word(words, hop)) {
			return;
		}
	}
}

void change_parse_route(struct words *words, struct change *change)
{
	struct change_route *ret = &change->route;

	if (change->verb == CHANGE_FLUSH) {
		if (!words_take(words, "table"))
			words_refuse(words, NULL, "flush what table?");
		ret->route.table = words_table(words);
		return;
	}
	parse_type(words, ret);
	(void)words_take(words, "to");
	ret->route.dst = words_prefix(words, NULL);
	change->hops[0] = (struct change_hop){ .nexthop.weight = 1 };
	while (words_left(words)) {
		if (words_take(words, "nexthop"))
			parse_hop(words, change);
		else if (change->multipath || !parse_hop_word(words, &change->hops[0]))
			if (!parse_route_word(words, ret))
				words_refuse(words, words_next(words), "is unknown");
	}
	if (!change->multipath)
		change->hop_count = change->hops[0].dev[0] ||
				    change->hops[0].nexthop.gw_family ||
				    change->hops[0].nexthop.onlink;
	complete(change, ret);
}

/* --- rules ------------------------------------------------------------------------------------ */

static void parse_ports(struct words *words, struct port_range *ret)
{
	unsigned long numbers[2];
	char between = words_pair(words, "-/", numbers);

	*ret = (struct port_range){ .set = true,
		.first = (uint16_t)numbers[0],
		.last = (uint16_t)(between == '-' ? numbers[1] : numbers[0]),
		.mask = between == '/' ? (uint16_t)numbers[1] : UINT16_MAX };
}

static uint8_t parse_ipproto(struct words *words)
{
	static const char *const names[] = { [1] = "icmp", [6] = "tcp", [17] = "udp" };

	return (uint8_t)words_named(words, names, ELEMENTS(names), "is no protocol");
}

/* Mark and mask are two attributes, of each of which the last counts; without a mask a mark that is
 * not 0 has all bits: fib_nl2rule(). */
static void parse_mark(struct words *words, struct change_rule *ret)
{
	unsigned long numbers[2];
	char between = words_pair(words, "/", numbers);

	ret->rule.mark = (uint32_t)numbers[0];
	if (between)
		ret->rule.mask = (uint32_t)numbers[1];
	else if (!ret->has_mask)
		ret->rule.mask = ret->rule.mark ? UINT32_MAX : 0;
	ret->has_mask |= between != 0;
}

static bool parse_flow_word(struct words *words, struct rule *rule)
{
	unsigned long numbers[2];
	char between;

	if (words_take_either(words, "tos", "dsfield")) {
		rule->tos = words_dsfield(words);
	} else if (words_take(words, "dscp")) {
		between = words_pair(words, "/", numbers);
		rule->has_dscp = true;
		rule->dscp = (uint8_t)numbers[0];
		rule->dscp_mask = between ? (uint8_t)numbers[1] : 0x3f;
	} else if (words_take(words, "ipproto")) {
		rule->ipproto = parse_ipproto(words);
	} else if (words_take(words, "sport")) {
		parse_ports(words, &rule->sport);
	} else if (words_take(words, "dport")) {
		parse_ports(words, &rule->dport);
	} else if (words_take(words, "uidrange")) {
		(void)words_pair(words, "-", numbers);
		rule->has_uid = true;
		rule->uid_first = (uint32_t)numbers[0];
		rule->uid_last = (uint32_t)numbers[1];
	} else if (words_take(words, "tun_id")) {
		rule->has_tun_id = true;
		rule->tun_id = words_number(words, UINT64_MAX);
	} else {
		return false;
	}
	return true;
}

static bool parse_selector(struct words *words, struct rule *rule)
{
	if (words_take(words, "not"))
		rule->invert = true;
	else if (words_take(words, "from"))
		rule->from = words_prefix(words, &rule->from_rest);
	else if (words_take(words, "to"))
		rule->to = words_prefix(words, &rule->to_rest);
	else if (words_take_either(words, "iif", "dev"))
		words_name(words, rule->iif);
	else if (words_take(words, "oif"))
		words_name(words, rule->oif);
	else if (words_take(words, "l3mdev"))
		rule->l3mdev = true;
	else if (words_take_either(words, "realm", "realms"))
		rule->realm = words_number(words, UINT32_MAX) != 0;
	else if (words_take_either(words, "proto", "protocol"))
		rule->protocol = parse_protocol(words);
	else if (words_take_either(words, "suppress_prefixlength", "sup_pl"))
		rule->suppress_len = (int32_t)words_number(words, INT32_MAX);
	else if (words_take_either(words, "suppress_ifgroup", "sup_group"))
		rule->suppress_group = (int32_t)words_number(words, INT32_MAX);
	else
		return parse_flow_word(words, rule);
	return true;
}

static bool parse_action(struct words *words, struct change_rule *ret)
{
	static const char *const names[] = { [RULE_NOP] = "nop",
		[RULE_BLACKHOLE] = "blackhole",
		[RULE_UNREACHABLE] = "unreachable",
		[RULE_PROHIBIT] = "prohibit" };
	struct rule *rule = &ret->rule;

	for (size_t i = 0; i < ELEMENTS(names); i++) {
		if (names[i] && words_take(words, names[i])) {
			rule->action = (uint8_t)i;
			ret->has_action = true;
			return true;
		}
	}
	if (words_take_either(words, "lookup", "table")) {
		rule->table = words_table(words);
		ret->has_table = true;
	} else if (words_take(words, "goto")) {
		rule->action = RULE_GOTO;
		rule->target = (uint32_t)words_number(words, UINT32_MAX);
		ret->has_action = ret->has_target = true;
	} else {
		return false;
	}
	return true;
}

void change_parse_rule(struct words *words, struct change *change)
{
	struct change_rule *ret = &change->rule;
	struct rule *rule = &ret->rule;

	rule->action = RULE_TABLE;
	rule->suppress_len = rule->suppress_group = -1;
	if (change->verb == CHANGE_FLUSH)
		return;
	if (!words_left(words))
		words_refuse(words, NULL,
			change->verb == CHANGE_DEL ? "delete which one?"
						   : "add which one?");
	while (words_left(words)) {
		if (words_take_either(words, "priority", "pref") ||
			words_take_either(words, "preference", "order")) {
			rule->priority = (uint32_t)words_number(words, UINT32_MAX);
			ret->has_priority = true;
		} else if (words_take(words, "fwmark")) {
			parse_mark(words, ret);
		} else if (!parse_selector(words, rule) && !parse_action(words, ret)) {
			words_refuse(words, words_next(words), "is unknown");
		}
	}
	/* as ip(8) does: main where no table was named */
	if (change->verb == CHANGE_ADD && !ret->has_table && !ret->has_action &&
		!rule->l3mdev)
		rule->table = TABLE_MAIN;
}

/* --- nexthops --------------------------------------------------------------------------------- */

/* ID[,WEIGHT]/ID… */
static void parse_group(struct words *words, struct change *change)
{
	const char *text = words_next(words);
	struct words ids;
	char list[1024], *save = NULL;

	if (strlen(text) >= sizeof(list)) {
		words_refuse(words, text, "is too long");
		return;
	}
	memcpy(list, text, strlen(text) + 1);
	for (char *id = strtok_r(list, "/", &save); id; id = strtok_r(NULL, "/", &save)) {
		unsigned long numbers[2];
		char between;

		if (change->member_count == CHANGE_HOPS) {
			words_refuse(words, NULL, "there are too many members");
			return;
		}
		words_cut(&ids, id);
		between = words_pair(&ids, ",", numbers);
		if (words_failed(&ids))
			words_refuse(words, text, "is no group");
		change->members[change->member_count++] =
			(struct nexthop_member){ (uint32_t)numbers[0],
				between ? (uint16_t)numbers[1] : 1 };
	}
}

void change_parse_nexthop(struct words *words, struct change *change)
{
	struct nexthop_obj_record *nexthop = &change->nexthop;

	change->hop_count = 1;
	change->hops[0] = (struct change_hop){ .nexthop.weight = 1 };
	while (words_left(words)) {
		if (words_take(words, "id"))
			nexthop->id = (uint32_t)words_number(words, UINT32_MAX);
		else if (words_take(words, "blackhole"))
			nexthop->blackhole = true;
		else if (words_take(words, "fdb"))
			nexthop->fdb = true;
		else if (words_take(words, "group"))
			parse_group(words, change);
		else if (words_take_either(words, "proto", "protocol"))
			(void)parse_protocol(words);
		else if (!parse_hop_word(words, &change->hops[0]))
			words_refuse(words, words_next(words), "is unknown");
	}
	if (!nexthop->id)
		words_refuse(words, NULL, "its id is missing");
}
