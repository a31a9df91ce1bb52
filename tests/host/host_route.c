/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/host.h"

#include "base/cleanup.h"

#include <string.h>

#define SCOPE_LINK 253
#define PROTO_BOOT 3

/* --- routes ----------------------------------------------------------------------------------- */

static const char *const types[ROUTE_TYPES] = {
	[ROUTE_UNICAST] = "unicast",
	[ROUTE_LOCAL] = "local",
	[ROUTE_BROADCAST] = "broadcast",
	[ROUTE_ANYCAST] = "anycast",
	[ROUTE_MULTICAST] = "multicast",
	[ROUTE_BLACKHOLE] = "blackhole",
	[ROUTE_UNREACHABLE] = "unreachable",
	[ROUTE_PROHIBIT] = "prohibit",
	[ROUTE_THROW] = "throw",
};

static void parse_type(struct words *words, struct host_route *ret)
{
	ret->route.type = ROUTE_UNICAST;
	for (uint8_t i = 0; i < ROUTE_TYPES; i++) {
		if (!types[i] || !words_take(words, types[i]))
			continue;
		ret->route.type = i;
		ret->has_type = true;
		return;
	}
}

static bool parse_nexthop_word(struct words *words, struct host_nexthop *ret, bool model)
{
	struct nexthop *nexthop = &ret->nexthop;

	if (words_take(words, "via")) {
		nexthop->gw_family = words_take(words, "inet6") ? 6 : 4;
		if (nexthop->gw_family == 6)
			(void)words_next(words);
		else
			nexthop->gw = words_address(words);
	} else if (words_take(words, "dev")) {
		words_name(words, ret->dev);
	} else if (words_take(words, "weight")) {
		nexthop->weight = (uint16_t)words_number(words);
	} else if (words_take(words, "onlink")) {
		nexthop->onlink = 1;
	} else if (model && words_take(words, "dead")) {
		nexthop->dead = 1;
	} else {
		return false;
	}
	return true;
}

static uint8_t parse_protocol(struct words *words)
{
	static const char *const names[] = { [PROTO_KERNEL] = "kernel",
		[PROTO_BOOT] = "boot",
		[4] = "static",
		[12] = "bird",
		[16] = "dhcp" };

	return (uint8_t)words_named(words, names, ELEMENTS(names), "is no protocol");
}

static bool parse_route_word(struct words *words, struct host_route *ret)
{
	static const char *const scopes[] = {
		[0] = "global", [SCOPE_LINK] = "link", [SCOPE_HOST] = "host"
	};
	struct route_record *route = &ret->route;

	if (words_take(words, "table")) {
		route->table = words_table(words);
	} else if (words_take_either(words, "metric", "preference")) {
		route->priority = (uint32_t)words_number(words);
	} else if (words_take_either(words, "tos", "dsfield")) {
		route->tos = (uint8_t)words_number(words);
	} else if (words_take_either(words, "proto", "protocol")) {
		route->protocol = parse_protocol(words);
		ret->has_protocol = true;
	} else if (words_take(words, "scope")) {
		route->scope = (uint8_t)words_named(
			words, scopes, ELEMENTS(scopes), "is no scope");
		ret->has_scope = true;
	} else if (words_take(words, "src")) {
		route->prefsrc = words_address(words);
	} else if (words_take(words, "nhid")) {
		route->nhid = (uint32_t)words_number(words);
	} else if (words_take_either(words, "realm", "realms")) {
		route->realm = words_number(words) != 0;
	} else {
		return false;
	}
	return true;
}

static bool parse_model_route(struct words *words, struct route_record *route)
{
	if (words_take(words, "blind"))
		route->blind = true;
	else if (words_take(words, "rest"))
		route->rest = words_number(words);
	else
		return false;
	return true;
}

/* What ip(8) puts where nothing was said */
static void complete(struct host_line *line, struct host_route *ret)
{
	static const enum route_position positions[] = { [HOST_APPEND] = ROUTE_APPEND,
		[HOST_PREPEND] = ROUTE_PREPEND,
		[HOST_REPLACE] = ROUTE_REPLACE,
		[HOST_CHANGE] = ROUTE_REPLACE };
	struct route_record *route = &ret->route;
	bool of_host = route->type == ROUTE_LOCAL;
	bool of_link = route->type == ROUTE_BROADCAST || route->type == ROUTE_ANYCAST;

	if (!route->table)
		route->table = of_host || of_link ? TABLE_LOCAL : TABLE_MAIN;
	if (!ret->has_protocol)
		route->protocol = PROTO_BOOT;
	if (line->verb < ELEMENTS(positions))
		route->position = positions[line->verb];
	if (ret->has_scope)
		return;
	if (of_host)
		route->scope = SCOPE_HOST;
	else if (of_link || route->type == ROUTE_MULTICAST)
		route->scope = SCOPE_LINK;
	else if (route->type == ROUTE_UNICAST && !route->nhid &&
		 line->nexthop_count == 1 && !line->nexthops[0].nexthop.gw_family)
		route->scope = SCOPE_LINK;
}

static struct host_nexthop *new_nexthop(struct words *words, struct host_line *line)
{
	struct host_nexthop *nexthop = line->nexthops;

	if (line->nexthop_count == HOST_NEXTHOPS)
		words_refuse(words, NULL, "there are too many nexthops");
	else
		nexthop += line->nexthop_count++;
	*nexthop = (struct host_nexthop){ .nexthop.weight = 1 };
	return nexthop;
}

void host_parse_route(struct words *words, struct host_line *line)
{
	struct host_route *ret = &line->route;
	struct host_nexthop first = { .nexthop.weight = 1 }, *nexthop = &first;
	bool several = false;

	words->about = "ip route";
	line->object = HOST_ROUTE;
	if (line->verb == HOST_FLUSH) {
		if (!words_take(words, "table"))
			words_refuse(words, NULL, "flush what table?");
		ret->route.table = words_table(words);
		return;
	}
	parse_type(words, ret);
	ret->route.dst = words_prefix(words);
	while (words_left(words)) {
		if (words_take(words, "nexthop")) {
			nexthop = new_nexthop(words, line);
			several = true;
		} else if (parse_nexthop_word(words, nexthop, line->model)) {
			if (nexthop == &first && !several)
				line->nexthop_count = 1;
		} else if (!parse_route_word(words, ret) &&
			   !(line->model && parse_model_route(words, &ret->route))) {
			words_refuse(words, words_next(words), "is unknown");
		}
	}
	if (!several)
		line->nexthops[0] = first;
	complete(line, ret);
	/* of several nexthops ip(8) takes the scope of none */
	if (several && !ret->has_scope && ret->route.type == ROUTE_UNICAST)
		ret->route.scope = 0;
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

static bool parse_flow_word(struct words *words, struct rule *rule)
{
	unsigned long numbers[2];
	char between;

	if (words_take(words, "fwmark")) {
		between = words_pair(words, "/", numbers);
		rule->mark = (uint32_t)numbers[0];
		rule->mask = between ? (uint32_t)numbers[1] : UINT32_MAX;
	} else if (words_take_either(words, "tos", "dsfield")) {
		rule->tos = (uint8_t)words_number(words);
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
		rule->tun_id = words_number(words);
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
		rule->from = words_prefix(words);
	else if (words_take(words, "to"))
		rule->to = words_prefix(words);
	else if (words_take_either(words, "iif", "dev"))
		words_name(words, rule->iif);
	else if (words_take(words, "oif"))
		words_name(words, rule->oif);
	else if (words_take(words, "l3mdev"))
		rule->l3mdev = true;
	else if (words_take_either(words, "realm", "realms"))
		rule->realm = words_number(words) != 0;
	else if (words_take(words, "suppress_prefixlength"))
		rule->suppress_len = (int32_t)words_number(words);
	else if (words_take(words, "suppress_ifgroup"))
		rule->suppress_group = (int32_t)words_number(words);
	else
		return parse_flow_word(words, rule);
	return true;
}

static bool parse_action(struct words *words, struct host_rule *ret)
{
	static const char *const names[] = { [RULE_NOP] = "nop",
		[RULE_BLACKHOLE] = "blackhole",
		[RULE_UNREACHABLE] = "unreachable",
		[RULE_PROHIBIT] = "prohibit" };
	struct rule *rule = &ret->rule;

	for (uint8_t i = 0; i < ELEMENTS(names); i++) {
		if (names[i] && words_take(words, names[i])) {
			rule->action = i;
			ret->has_action = true;
			return true;
		}
	}
	if (words_take_either(words, "lookup", "table")) {
		rule->table = words_table(words);
	} else if (words_take(words, "goto")) {
		rule->action = RULE_GOTO;
		rule->target = (uint32_t)words_number(words);
		ret->has_action = true;
	} else {
		return false;
	}
	return true;
}

static bool parse_model_rule(struct words *words, struct rule *rule)
{
	if (words_take(words, "blind"))
		rule->blind = true;
	else if (words_take(words, "action"))
		rule->action = (uint8_t)words_number(words);
	else
		return false;
	return true;
}

void host_parse_rule(struct words *words, struct host_line *line)
{
	struct host_rule *ret = &line->rule;
	struct rule *rule = &ret->rule;

	words->about = "ip rule";
	line->object = HOST_RULE;
	rule->action = RULE_TABLE;
	rule->suppress_len = rule->suppress_group = -1;
	while (words_left(words)) {
		if (words_take_either(words, "priority", "pref")) {
			rule->priority = (uint32_t)words_number(words);
			ret->has_priority = true;
		} else if (!parse_selector(words, rule) && !parse_action(words, ret) &&
			   !(line->model && parse_model_rule(words, rule))) {
			words_refuse(words, words_next(words), "is unknown");
		}
	}
	/* as ip(8) does: main where no table was named */
	if (line->verb == HOST_ADD && !line->model && !rule->table && !rule->l3mdev)
		rule->table = TABLE_MAIN;
}

/* --- nexthops --------------------------------------------------------------------------------- */

/* ID[,WEIGHT]/ID… */
static void parse_group(struct words *words, struct host_line *line)
{
	const char *text = words_next(words);
	struct words ids;
	char list[1024], *save = NULL;

	if (strlen(text) >= sizeof(list)) {
		words_refuse(words, text, "is too long");
		return;
	}
	strcpy(list, text);
	for (char *id = strtok_r(list, "/", &save); id; id = strtok_r(NULL, "/", &save)) {
		unsigned long numbers[2];
		char between;

		if (line->member_count == HOST_NEXTHOPS) {
			words_refuse(words, NULL, "there are too many members");
			return;
		}
		words_cut(&ids, id);
		between = words_pair(&ids, ",", numbers);
		if (words_failed(&ids))
			words_refuse(words, text, "is no group");
		line->members[line->member_count++] =
			(struct nexthop_member){ (uint32_t)numbers[0],
				between ? (uint16_t)numbers[1] : 1 };
	}
}

void host_parse_nexthop(struct words *words, struct host_line *line)
{
	struct nexthop_obj_record *nexthop = &line->nexthop;

	words->about = "ip nexthop";
	line->object = HOST_NEXTHOP;
	line->nexthop_count = 1;
	line->nexthops[0] = (struct host_nexthop){ .nexthop.weight = 1 };
	while (words_left(words)) {
		if (words_take(words, "id"))
			nexthop->id = (uint32_t)words_number(words);
		else if (words_take(words, "blackhole"))
			nexthop->blackhole = true;
		else if (words_take(words, "fdb"))
			nexthop->fdb = true;
		else if (words_take(words, "group"))
			parse_group(words, line);
		else if (!parse_nexthop_word(words, &line->nexthops[0], line->model))
			words_refuse(words, words_next(words), "is unknown");
	}
	if (!nexthop->id)
		words_refuse(words, NULL, "its id is missing");
}
