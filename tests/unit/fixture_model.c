/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture_model.h"

#include "state/state_apply.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A line cut into words, and where we are in them. */
struct words {
	const char *line;
	char text[512];
	char *word[96];
	size_t count, at;
};

static void __attribute__((noreturn)) refuse(const struct words *words, const char *what)
{
	fprintf(stderr, "fixture_model: '%s': %s\n", words->line, what);
	exit(1);
}

static void cut(struct words *words, const char *line)
{
	*words = (struct words){ .line = line };
	if (strlen(line) >= sizeof(words->text))
		refuse(words, "too long");
	strcpy(words->text, line);
	for (char *word = strtok(words->text, " \t\n"); word;
		word = strtok(NULL, " \t\n")) {
		if (word[0] == '#')
			return;
		if (words->count == ELEMENTS(words->word))
			refuse(words, "too many words");
		words->word[words->count++] = word;
	}
}

static bool left(const struct words *words)
{
	return words->at < words->count;
}

static const char *next(struct words *words)
{
	if (!left(words))
		refuse(words, "a word is missing at the end");
	return words->word[words->at++];
}

/* Takes the next word if it is this one. */
static bool take(struct words *words, const char *word)
{
	if (!left(words) || strcmp(words->word[words->at], word) != 0)
		return false;
	words->at++;
	return true;
}

static unsigned long number_of(
	const struct words *words, const char *text, char **ret_end)
{
	char *end;
	unsigned long value = strtoul(text, &end, 0);

	if (end == text || (!ret_end && *end))
		refuse(words, "a number is not one");
	if (ret_end)
		*ret_end = end;
	return value;
}

static unsigned long number(struct words *words)
{
	return number_of(words, next(words), NULL);
}

static struct ip4 address(struct words *words)
{
	struct ip4 addr;

	if (ip4_parse(next(words), &addr) < 0)
		refuse(words, "an address is not one");
	return addr;
}

static struct prefix4 prefix(struct words *words)
{
	const char *text = next(words);
	struct prefix4 prefix;

	if (strcmp(text, "default") == 0 || strcmp(text, "all") == 0)
		return prefix4(ip4(0), 0);
	if (prefix4_parse(text, &prefix) < 0)
		refuse(words, "a prefix is not one");
	return prefix;
}

static int device(const struct state *state, struct words *words)
{
	const char *name = next(words);
	const struct iface *iface = state_iface_by_name(state, name);

	if (iface)
		return iface->link.ifindex;
	if (strncmp(name, "if", 2) != 0)
		refuse(words, "there is no such device");
	return (int)number_of(words, name + 2, NULL);
}

static void name_into(struct words *words, char name[static NAME_MAX_])
{
	const char *word = next(words);

	if (strlen(word) >= NAME_MAX_)
		refuse(words, "a name is too long");
	strcpy(name, word);
}

static uint32_t table(struct words *words)
{
	if (take(words, "local"))
		return TABLE_LOCAL;
	if (take(words, "main"))
		return TABLE_MAIN;
	if (take(words, "default"))
		return TABLE_DEFAULT;
	return (uint32_t)number(words);
}

/* --- links ----------------------------------------------------------------------------------- */

static void parse_link(
	const struct state *state, struct words *words, struct record *record)
{
	struct link_record *link = &record->link;
	const struct iface *known;

	link->ifindex = (int)number(words);
	name_into(words, link->name);
	link->flags = LINK_UP | LINK_RUNNING | LINK_LOWER_UP;
	link->has_inet = true;
	link->mtu = 1500;
	known = state_iface(state, link->ifindex);
	/* the settings stay as they are: they are set by `sysctl` */
	if (known && known->link.has_inet)
		link->conf = known->link.conf;
	else
		link->conf = state->conf_default;
	while (left(words)) {
		if (take(words, "down"))
			link->flags &= ~(LINK_UP | LINK_RUNNING | LINK_LOWER_UP);
		else if (take(words, "nocarrier"))
			link->flags &= ~(LINK_RUNNING | LINK_LOWER_UP);
		else if (take(words, "loopback"))
			link->flags |= LINK_LOOPBACK;
		else if (take(words, "noinet"))
			link->has_inet = false;
		else if (take(words, "kind"))
			name_into(words, link->kind);
		else if (take(words, "slave"))
			name_into(words, link->slave_kind);
		else if (take(words, "master"))
			link->master = device(state, words);
		else if (take(words, "group"))
			link->group = (uint32_t)number(words);
		else if (take(words, "table"))
			link->vrf_table = table(words);
		else if (take(words, "remote"))
			link->tunnel.known = link->tunnel.remote = true;
		else if (take(words, "external"))
			link->tunnel.known = link->tunnel.external = true;
		else
			refuse(words, "a word about a link is unknown");
	}
	if (!link->has_inet)
		link->conf = (struct devconf){ 0 };
}

/* --- addresses ------------------------------------------------------------------------------- */

static bool parse_addr(
	const struct state *state, struct words *words, struct record *record)
{
	struct addr_record *addr = &record->addr;
	bool bare = false;
	const char *slash;
	char text[PREFIX4_TEXT] = "";

	addr->ifindex = device(state, words);
	strncpy(text, next(words), sizeof(text) - 1);
	slash = strchr(text, '/');
	addr->len = slash ? (uint8_t)number_of(words, slash + 1, NULL) : 32;
	if (slash)
		text[slash - text] = '\0';
	if (ip4_parse(text, &addr->local) < 0)
		refuse(words, "an address is not one");
	addr->peer = addr->local;
	while (left(words)) {
		if (take(words, "peer"))
			addr->peer = address(words);
		else if (take(words, "brd"))
			addr->broadcast = address(words);
		else if (take(words, "scope"))
			addr->scope =
				take(words, "host") ? SCOPE_HOST : (uint8_t)number(words);
		else if (take(words, "secondary"))
			addr->secondary = true;
		else if (take(words, "bare"))
			bare = true;
		else
			refuse(words, "a word about an address is unknown");
	}
	return !bare;
}

/* One route that the kernel makes or takes for an address. */
static int addr_route(struct state *state, const struct record *addr, struct prefix4 dst,
	enum route_type type, uint8_t scope, uint32_t in_table)
{
	const struct nexthop nexthop = { .oif = addr->addr.ifindex, .weight = 1 };
	struct record record = {
		.kind = addr->kind == RECORD_ADDR ? RECORD_ROUTE : RECORD_ROUTE_GONE,
		.dump = addr->dump,
		.route = {
			.table = in_table,
			.dst = dst,
			.scope = scope,
			.protocol = PROTO_KERNEL,
			.type = (uint8_t)type,
			.prefsrc = addr->addr.local,
			.nexthops = &nexthop,
			.nexthop_count = 1,
		},
	};

	return state_apply(state, &record);
}

/* fib_add_ifaddr(), fib_del_ifaddr() */
static int addr_routes(struct state *state, const struct record *record)
{
	const struct addr_record *addr = &record->addr;
	const struct iface *iface = state_iface(state, addr->ifindex);
	const struct iface *vrf = iface ? state_vrf(state, iface) : NULL;
	uint32_t local = vrf ? vrf->link.vrf_table : TABLE_LOCAL;
	uint32_t main = vrf ? vrf->link.vrf_table : TABLE_MAIN;
	struct prefix4 net = prefix4(addr->peer, addr->len);
	bool loopback = iface && iface_is_loopback(iface);
	int r = addr_route(
		state, record, prefix4(addr->local, 32), ROUTE_LOCAL, SCOPE_HOST, local);

	if (r < 0 || !iface || !iface_is_up(iface))
		return r;
	if (addr->broadcast.host)
		r = addr_route(state, record, prefix4(addr->broadcast, 32),
			ROUTE_BROADCAST, 253, local);
	if (addr->len == 32 && addr->peer.host == addr->local.host)
		return r;
	if (r >= 0 && !addr->secondary)
		r = addr_route(state, record, net, loopback ? ROUTE_LOCAL : ROUTE_UNICAST,
			loopback ? SCOPE_HOST : 253, loopback ? local : main);
	if (r >= 0 && !addr->secondary && addr->len < 31)
		r = addr_route(state, record, prefix4(ip4(prefix4_last(net)), 32),
			ROUTE_BROADCAST, 253, local);
	return r;
}

static int apply_addr(struct state *state, struct words *words, struct record *record)
{
	bool routes = parse_addr(state, words, record);
	int changed = state_apply(state, record), r;

	if (changed < 0 || !routes)
		return changed;
	r = addr_routes(state, record);
	return r < 0 ? r : changed;
}

/* --- routes ---------------------------------------------------------------------------------- */

static bool parse_type(struct words *words, uint8_t *ret)
{
	static const char *const types[ROUTE_TYPES] = { "unspec", "unicast", "local",
		"broadcast", "anycast", "multicast", "blackhole", "unreachable",
		"prohibit", "throw" };

	for (uint8_t i = 0; i < ROUTE_TYPES; i++) {
		if (take(words, types[i])) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static bool parse_nexthop_word(
	const struct state *state, struct words *words, struct nexthop *nexthop)
{
	if (take(words, "via")) {
		nexthop->gw_family = take(words, "inet6") ? 6 : 4;
		if (nexthop->gw_family == 4)
			nexthop->gw = address(words);
	} else if (take(words, "dev")) {
		nexthop->oif = device(state, words);
	} else if (take(words, "weight")) {
		nexthop->weight = (uint16_t)number(words);
	} else if (take(words, "onlink")) {
		nexthop->onlink = 1;
	} else if (take(words, "dead")) {
		nexthop->dead = 1;
	} else {
		return false;
	}
	return true;
}

static bool parse_route_word(struct words *words, struct route_record *route)
{
	if (take(words, "table"))
		route->table = table(words);
	else if (take(words, "metric"))
		route->priority = (uint32_t)number(words);
	else if (take(words, "tos"))
		route->tos = (uint8_t)number(words);
	else if (take(words, "proto"))
		route->protocol =
			take(words, "kernel") ? PROTO_KERNEL : (uint8_t)number(words);
	else if (take(words, "scope"))
		route->scope = take(words, "host")   ? SCOPE_HOST
			       : take(words, "link") ? 253
						     : (uint8_t)number(words);
	else if (take(words, "src"))
		route->prefsrc = address(words);
	else if (take(words, "nhid"))
		route->nhid = (uint32_t)number(words);
	else if (take(words, "realm"))
		route->realm = true;
	else if (take(words, "blind"))
		route->blind = true;
	else if (take(words, "rest"))
		route->rest = number(words);
	else if (take(words, "append"))
		route->position = ROUTE_APPEND;
	else if (take(words, "prepend"))
		route->position = ROUTE_PREPEND;
	else if (take(words, "replace"))
		route->position = ROUTE_REPLACE;
	else
		return false;
	return true;
}

static int apply_route(struct state *state, struct words *words, struct record *record)
{
	struct nexthop nexthops[8] = { { .weight = 1 } };
	struct route_record *route = &record->route;
	size_t count = 0;

	route->type = ROUTE_UNICAST;
	route->protocol = 3; /* RTPROT_BOOT, as ip(8) has it */
	route->table = TABLE_MAIN;
	if (parse_type(words, &route->type) && route->type == ROUTE_LOCAL) {
		route->scope = SCOPE_HOST;
		route->table = TABLE_LOCAL;
	}
	route->dst = prefix(words);
	while (left(words)) {
		if (take(words, "nexthop")) {
			if (count == ELEMENTS(nexthops))
				refuse(words, "too many legs");
			nexthops[count++] = (struct nexthop){ .weight = 1 };
		} else if (parse_nexthop_word(
				   state, words, &nexthops[count ? count - 1 : 0])) {
			count += !count;
		} else if (!parse_route_word(words, route)) {
			refuse(words, "a word about a route is unknown");
		}
	}
	route->nexthops = nexthops;
	route->nexthop_count = count;
	return state_apply(state, record);
}

/* --- rules ----------------------------------------------------------------------------------- */

static struct port_range ports(struct words *words)
{
	struct port_range range = { .set = true, .mask = UINT16_MAX };
	char *end;

	range.first = range.last = (uint16_t)number_of(words, next(words), &end);
	if (*end == '-')
		range.last = (uint16_t)number_of(words, end + 1, NULL);
	else if (*end == '/')
		range.mask = (uint16_t)number_of(words, end + 1, NULL);
	else if (*end)
		refuse(words, "ports are not");
	return range;
}

static bool parse_selector(struct words *words, struct rule *rule)
{
	char *end;

	if (take(words, "not")) {
		rule->invert = true;
	} else if (take(words, "from")) {
		rule->from = prefix(words);
	} else if (take(words, "to")) {
		rule->to = prefix(words);
	} else if (take(words, "iif")) {
		name_into(words, rule->iif);
	} else if (take(words, "oif")) {
		name_into(words, rule->oif);
	} else if (take(words, "fwmark")) {
		rule->mark = (uint32_t)number_of(words, next(words), &end);
		rule->mask = *end == '/' ? (uint32_t)number_of(words, end + 1, NULL)
					 : UINT32_MAX;
	} else if (take(words, "tos")) {
		rule->tos = (uint8_t)number(words);
	} else if (take(words, "dscp")) {
		rule->has_dscp = true;
		rule->dscp = (uint8_t)number_of(words, next(words), &end);
		rule->dscp_mask =
			*end == '/' ? (uint8_t)number_of(words, end + 1, NULL) : 0x3f;
	} else if (take(words, "ipproto")) {
		rule->ipproto = (uint8_t)number(words);
	} else if (take(words, "sport")) {
		rule->sport = ports(words);
	} else if (take(words, "dport")) {
		rule->dport = ports(words);
	} else if (take(words, "uidrange")) {
		rule->has_uid = true;
		rule->uid_first = (uint32_t)number_of(words, next(words), &end);
		rule->uid_last = (uint32_t)number_of(words, end + 1, NULL);
	} else if (take(words, "tun_id")) {
		rule->has_tun_id = true;
		rule->tun_id = number(words);
	} else {
		return false;
	}
	return true;
}

static bool parse_rule_word(struct words *words, struct rule *rule)
{
	if (take(words, "l3mdev")) {
		rule->l3mdev = true;
	} else if (take(words, "realm")) {
		rule->realm = true;
	} else if (take(words, "blind")) {
		rule->blind = true;
	} else if (take(words, "suppress_prefixlength")) {
		rule->suppress_len = (int32_t)number(words);
	} else if (take(words, "suppress_ifgroup")) {
		rule->suppress_group = (int32_t)number(words);
	} else if (take(words, "lookup")) {
		rule->table = table(words);
	} else if (take(words, "goto")) {
		rule->action = RULE_GOTO;
		rule->target = (uint32_t)number(words);
	} else if (take(words, "nop")) {
		rule->action = RULE_NOP;
	} else if (take(words, "blackhole")) {
		rule->action = RULE_BLACKHOLE;
	} else if (take(words, "unreachable")) {
		rule->action = RULE_UNREACHABLE;
	} else if (take(words, "prohibit")) {
		rule->action = RULE_PROHIBIT;
	} else if (take(words, "action")) {
		rule->action = (uint8_t)number(words);
	} else {
		return false;
	}
	return true;
}

static int apply_rule(struct state *state, struct words *words, struct record *record)
{
	struct rule *rule = &record->rule;
	char *end;

	rule->priority = (uint32_t)number_of(words, next(words), &end);
	if (strcmp(end, ":") != 0)
		refuse(words, "a rule begins with its priority and a colon");
	rule->action = RULE_TABLE;
	rule->suppress_len = rule->suppress_group = -1;
	while (left(words)) {
		if (!parse_selector(words, rule) && !parse_rule_word(words, rule))
			refuse(words, "a word about a rule is unknown");
	}
	return state_apply(state, record);
}

/* --- the rest -------------------------------------------------------------------------------- */

static int apply_nexthop(struct state *state, struct words *words, struct record *record)
{
	struct nexthop_member members[8];
	struct nexthop_obj_record *nexthop_obj = &record->nexthop_obj;

	nexthop_obj->id = (uint32_t)number(words);
	nexthop_obj->nexthop.weight = 1;
	while (left(words)) {
		if (take(words, "blackhole")) {
			nexthop_obj->blackhole = true;
		} else if (take(words, "fdb")) {
			nexthop_obj->fdb = true;
		} else if (take(words, "group")) {
			char *rest = words->word[words->at];

			(void)next(words);
			for (char *id = strtok(rest, ","); id; id = strtok(NULL, ",")) {
				if (nexthop_obj->member_count == ELEMENTS(members))
					refuse(words, "too many members");
				members[nexthop_obj->member_count++] =
					(struct nexthop_member){
						(uint32_t)number_of(words, id, NULL), 1
					};
			}
			nexthop_obj->members = members;
		} else if (!parse_nexthop_word(state, words, &nexthop_obj->nexthop)) {
			refuse(words, "a word about a nexthop is unknown");
		}
	}
	return state_apply(state, record);
}

static int apply_sysctl(struct state *state, struct words *words, struct record *record)
{
	const char *key;

	if (take(words, "all"))
		record->netconf.ifindex = NETCONF_ALL;
	else if (take(words, "default"))
		record->netconf.ifindex = NETCONF_DEFAULT;
	else
		record->netconf.ifindex = device(state, words);
	key = next(words);
	for (unsigned int i = 0; i < DEVCONF_COUNT; i++) {
		if (!devconf_name(i) || strcmp(devconf_name(i), key) != 0)
			continue;
		record->netconf.has = UINT64_C(1) << i;
		record->netconf.conf.value[i] = (int32_t)strtol(next(words), NULL, 0);
		return state_apply(state, record);
	}
	refuse(words, "there is no such setting");
}

static int apply_inet(struct state *state, struct words *words, struct record *record)
{
	record->netconf.ifindex = device(state, words);
	record->kind = take(words, "off") ? RECORD_NETCONF_GONE : RECORD_NETCONF;
	return state_apply(state, record);
}

static int apply_join(struct state *state, struct words *words, struct record *record)
{
	struct membership list[8];
	size_t count = 0;

	array_each (&state->memberships, const struct membership, known)
		list[count++] = *known;
	if (count == ELEMENTS(list))
		refuse(words, "too many groups");
	list[count].ifindex = device(state, words);
	list[count++].group = address(words);
	record->memberships.items = list;
	record->memberships.count = count;
	return state_apply(state, record);
}

static int apply_words(struct state *state, struct words *words)
{
	struct record record;
	char *end;

	memset(&record, 0, sizeof(record));
	if (take(words, "kernel")) {
		record.kind = RECORD_KERNEL;
		record.kernel = (uint32_t)number_of(words, next(words), &end) << 16;
		record.kernel |= (uint32_t)number_of(words, end + 1, NULL) << 8;
		return state_apply(state, &record);
	}
	if (take(words, "merged") || take(words, "split")) {
		record.kind = RECORD_MERGED;
		record.local_main_merged = words->word[0][0] == 'm';
		return state_apply(state, &record);
	}
	if (take(words, "blind")) {
		record.kind = RECORD_BLIND;
		record.blind.what = "something";
		return state_apply(state, &record);
	}
	if (take(words, "sysctl")) {
		record.kind = RECORD_NETCONF;
		record.dump = take(words, "dump");
		return apply_sysctl(state, words, &record);
	}
	if (take(words, "inet"))
		return apply_inet(state, words, &record);
	if (take(words, "join")) {
		record.kind = RECORD_MEMBERSHIPS;
		return apply_join(state, words, &record);
	}
	words->at = 1;
	record.dump = take(words, "dump");
	record.kind = take(words, "gone"); /* X_GONE stands behind each X */
	switch (words->word[0][0]) {
	case 'l':
		record.kind += RECORD_LINK;
		parse_link(state, words, &record);
		return state_apply(state, &record);
	case 'a':
		record.kind += RECORD_ADDR;
		return apply_addr(state, words, &record);
	case 'n':
		record.kind += RECORD_NEXTHOP;
		return apply_nexthop(state, words, &record);
	default:
		record.kind +=
			strcmp(words->word[0], "rule") == 0 ? RECORD_RULE : RECORD_ROUTE;
		return record.kind >= RECORD_RULE ? apply_rule(state, words, &record)
						  : apply_route(state, words, &record);
	}
}

int model_line(struct state *state, const char *line)
{
	static const char *const known[] = { "kernel", "merged", "split", "link", "addr",
		"route", "rule", "nexthop", "sysctl", "inet", "join", "blind" };
	struct words words;

	cut(&words, line);
	if (!words.count)
		return 0;
	for (size_t i = 0; i < ELEMENTS(known); i++) {
		if (strcmp(words.word[0], known[i]) == 0)
			return apply_words(state, &words);
	}
	refuse(&words, "the first word is unknown");
}

int model(struct state *state, const char *format, ...)
{
	char line[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	return model_line(state, line);
}

struct state *model_new(void)
{
	struct state *state = state_new();

	if (!state)
		abort();
	model(state, "merged");
	model(state, "link 1 lo loopback");
	model(state, "addr lo 127.0.0.1/8 scope host");
	model(state, "rule dump 0: lookup local");
	model(state, "rule dump 32766: lookup main");
	model(state, "rule dump 32767: lookup default");
	return state;
}

struct state *model_host(void)
{
	struct state *state = model_new();

	model(state, "link 2 eth0");
	model(state, "addr eth0 10.0.0.2/24");
	model(state, "route default via 10.0.0.1 dev eth0");
	return state;
}

int model_link(struct state *state, int ifindex, const char *name, const char *rest)
{
	return model(state, "link %d %s %s", ifindex, name, rest);
}

int model_addr(struct state *state, const char *name, const char *addr)
{
	return model(state, "addr %s %s", name, addr);
}

int model_route(struct state *state, const char *route)
{
	return model(state, "route %s", route);
}

int model_rule(struct state *state, const char *rule)
{
	return model(state, "rule %s", rule);
}

int model_sysctl(struct state *state, const char *name, const char *key, int value)
{
	return model(state, "sysctl %s %s %d", name, key, value);
}

struct ip4 model_ip4(const char *text)
{
	struct words words;

	cut(&words, text);
	return address(&words);
}

struct prefix4 model_prefix(const char *text)
{
	struct words words;

	cut(&words, text);
	return prefix(&words);
}

struct flow model_flow(const struct state *state, const char *text)
{
	struct flow flow = { .proto = FLOW_UDP };
	struct words words;

	cut(&words, text);
	flow.dst = address(&words);
	while (left(&words)) {
		if (take(&words, "from"))
			flow.src = address(&words);
		else if (take(&words, "iif"))
			flow.iif = device(state, &words);
		else if (take(&words, "mark"))
			flow.mark = (uint32_t)number(&words);
		else if (take(&words, "tos"))
			flow.tos = (uint8_t)number(&words);
		else if (take(&words, "ipproto"))
			flow.proto = (uint8_t)number(&words);
		else if (take(&words, "sport"))
			flow.sport = (uint16_t)number(&words);
		else if (take(&words, "dport"))
			flow.dport = (uint16_t)number(&words);
		else
			refuse(&words, "a word about a flow is unknown");
	}
	return flow;
}

const struct iface *model_iface(const struct state *state, const char *name)
{
	const struct iface *iface = state_iface_by_name(state, name);

	if (!iface) {
		fprintf(stderr, "fixture_model: there is no device %s\n", name);
		exit(1);
	}
	return iface;
}

static size_t count_routes(const struct fib *fib, uint32_t reference, uint32_t in_table)
{
	const struct fib_list *list;
	struct trie_at at;
	size_t total = 0;

	if (reference == TRIE_NONE)
		return 0;
	at = trie_at(&fib->trie, reference);
	list = at.value ? fib_list(fib, at.value) : NULL;
	for (uint32_t i = 0; list && i < list->count; i++)
		total += list->infos[i]->table == in_table;
	return total + count_routes(fib, at.child[0], in_table) +
	       count_routes(fib, at.child[1], in_table);
}

size_t model_routes(const struct state *state, uint32_t in_table)
{
	const struct fib *fib = state_table(state, in_table);

	return fib ? count_routes(fib, fib->trie.root, in_table) : 0;
}
