/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/host_model.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINK_ALIVE (LINK_UP | LINK_RUNNING | LINK_LOWER_UP)

static void __attribute__((noreturn)) refuse(const char *text, const char *what)
{
	fprintf(stderr, "model: '%s': %s\n", text, what);
	exit(1);
}

static int device(const struct state *state, const char *text, const char *name)
{
	const struct iface *iface = state_iface_by_name(state, name);
	char *end = NULL;
	long ifindex = strncmp(name, "if", 2) == 0 ? strtol(name + 2, &end, 10) : 0;

	if (iface)
		return iface->link.ifindex;
	if (ifindex <= 0 || *end)
		refuse(text, "there is no such device");
	return (int)ifindex;
}

/* --- messages, just as they are said ---------------------------------------------------------- */

static int message_address(struct state *state, const struct host_line *line)
{
	const struct change_address *said = &line->change.address;
	struct record record = {
		.kind = line->change.verb == CHANGE_DEL ? RECORD_ADDR_GONE : RECORD_ADDR,
		.dump = line->dump,
		.addr = said->addr
	};

	record.addr.ifindex = device(state, line->text, said->dev);
	record.addr.secondary = line->message.secondary;
	record.addr.noprefixroute = said->noprefixroute;
	return state_apply(state, &record);
}

static void put_master(
	const struct state *state, const struct host_line *line, struct link_record *link)
{
	static const char *const owners[] = { "bridge", "bond", "team", "vrf" };
	const struct iface *master;

	link->master = device(state, line->text, line->change.link.master);
	master = state_iface(state, link->master);
	for (size_t i = 0; master && i < ELEMENTS(owners); i++) {
		if (strcmp(master->link.kind, owners[i]) == 0)
			strcpy(link->slave_kind, owners[i]);
	}
}

/* What `add` and `set` say, into a link as it is */
static void put_words(
	const struct state *state, const struct host_line *line, struct link_record *link)
{
	const struct change_link *said = &line->change.link;

	if (said->has_group)
		link->group = said->group;
	if (said->mtu)
		link->mtu = said->mtu;
	if (said->nomaster) {
		link->master = 0;
		link->slave_kind[0] = '\0';
	}
	if (said->master[0])
		put_master(state, line, link);
	if (said->up)
		link->flags |= LINK_ALIVE;
	if (said->carrier_on && link->flags & LINK_UP)
		link->flags |= LINK_ALIVE;
	if (said->carrier_off || line->message.nocarrier)
		link->flags &= ~(LINK_RUNNING | LINK_LOWER_UP);
	if (said->down)
		link->flags &= ~LINK_ALIVE;
}

static int next_ifindex(const struct state *state)
{
	_cleanup_(freep) const struct iface **ifaces = NULL;
	size_t count;

	if (state_ifaces(state, &ifaces, &count) < 0)
		abort();
	return count ? ifaces[count - 1]->link.ifindex + 1 : 1;
}

static int message_add(struct state *state, const struct host_line *line)
{
	const struct change_link *said = &line->change.link;
	struct record record = { .kind = RECORD_LINK, .dump = line->dump };
	struct link_record *link = &record.link;
	const struct iface *known;

	link->ifindex = line->message.index ? line->message.index : next_ifindex(state);
	known = state_iface(state, link->ifindex);
	strcpy(link->name, said->name);
	strcpy(link->kind, said->kind);
	link->mtu = 1500;
	link->arphrd = 1;
	link->vrf_table = said->vrf_table;
	link->tunnel.remote = said->remote;
	link->tunnel.external = said->external;
	link->tunnel.known = said->remote || said->external;
	link->flags = line->message.loopback ? LINK_LOOPBACK : 0;
	put_words(state, line, link);
	link->has_inet = !line->message.noinet;
	/* the settings stay as they are: another message tells of them */
	if (link->has_inet)
		link->conf = known && known->link.has_inet ? known->link.conf
							   : state->conf_default;
	return state_apply(state, &record);
}

/* Also the carrier of a link, which is nobody's to set, and of which a message tells. */
static int message_set(struct state *state, const struct host_line *line)
{
	const struct change_link *said = &line->change.link;
	const struct iface *iface =
		state_iface(state, device(state, line->text, said->name));
	struct record record = { .kind = RECORD_LINK, .dump = line->dump };

	if (!iface)
		refuse(line->text, "there is no such device");
	record.link = iface->link;
	if (said->new_name[0])
		strcpy(record.link.name, said->new_name);
	put_words(state, line, &record.link);
	return state_apply(state, &record);
}

static int message_link(struct state *state, const struct host_line *line)
{
	struct record record = { .kind = RECORD_LINK_GONE, .dump = line->dump };

	if (line->change.verb == CHANGE_ADD)
		return message_add(state, line);
	if (line->change.verb == CHANGE_SET)
		return message_set(state, line);
	record.link.ifindex = line->message.index
				      ? line->message.index
				      : device(state, line->text, line->change.link.name);
	strcpy(record.link.name, line->change.link.name);
	return state_apply(state, &record);
}

/* The device that a gateway is behind, where none is named */
static int device_of(const struct state *state, struct ip4 gateway)
{
	_cleanup_(freep) const struct iface **ifaces = NULL;
	size_t count;

	if (state_ifaces(state, &ifaces, &count) < 0)
		abort();
	for (size_t i = 0; i < count; i++) {
		array_each (&ifaces[i]->addrs, const struct addr_record, addr)
			if (prefix4_has(prefix4(addr->peer, addr->len), gateway))
				return ifaces[i]->link.ifindex;
	}
	return 0;
}

static struct nexthop nexthop_of(
	const struct state *state, const struct host_line *line, size_t at)
{
	const struct change_hop *said = &line->change.hops[at];
	struct nexthop nexthop = said->nexthop;

	if (said->dev[0])
		nexthop.oif = device(state, line->text, said->dev);
	else if (nexthop.gw_family == 4 && line->change.verb != CHANGE_DEL)
		nexthop.oif = device_of(state, nexthop.gw);
	nexthop.dead = at < 64 && line->message.dead >> at & 1;
	return nexthop;
}

static int message_route(struct state *state, const struct host_line *line)
{
	struct nexthop nexthops[CHANGE_HOPS];
	struct record record = { .kind = line->change.verb == CHANGE_DEL
						 ? RECORD_ROUTE_GONE
						 : RECORD_ROUTE,
		.dump = line->dump,
		.route = line->change.route.route };

	for (size_t i = 0; i < line->change.hop_count; i++)
		nexthops[i] = nexthop_of(state, line, i);
	record.route.nexthops = nexthops;
	record.route.nexthop_count = line->change.hop_count;
	record.route.blind = line->message.blind;
	record.route.rest ^= line->message.rest;
	return state_apply(state, &record);
}

static int message_rule(struct state *state, const struct host_line *line)
{
	struct record record = {
		.kind = line->change.verb == CHANGE_DEL ? RECORD_RULE_GONE : RECORD_RULE,
		.dump = line->dump,
		.rule = line->change.rule.rule
	};

	record.rule.blind = line->message.blind;
	if (line->message.has_action)
		record.rule.action = line->message.action;
	return state_apply(state, &record);
}

static int message_nexthop(struct state *state, const struct host_line *line)
{
	const struct change *change = &line->change;
	struct record record = { .kind = change->verb == CHANGE_DEL ? RECORD_NEXTHOP_GONE
								    : RECORD_NEXTHOP,
		.dump = line->dump,
		.nexthop_obj = change->nexthop };

	record.nexthop_obj.nexthop = nexthop_of(state, line, 0);
	record.nexthop_obj.members = change->member_count ? change->members : NULL;
	record.nexthop_obj.member_count = change->member_count;
	return state_apply(state, &record);
}

/* Also of a setting that comes by IFLA_INET_CONF. */
static int message_setting(struct state *state, const struct host_line *line)
{
	const struct change_setting *setting = &line->change.setting;
	struct record record = { .kind = RECORD_NETCONF, .dump = line->dump };

	for (unsigned int key = 0; key < DEVCONF_COUNT; key++) {
		const char *name = devconf_name(key);

		if (!name || strcmp(name, setting->which) != 0)
			continue;
		record.netconf.ifindex =
			strcmp(setting->name, "all") == 0 ? NETCONF_ALL
			: strcmp(setting->name, "default") == 0
				? NETCONF_DEFAULT
				: device(state, line->text, setting->name);
		record.netconf.has = UINT64_C(1) << key;
		record.netconf.conf.value[key] = setting->value;
		return state_apply(state, &record);
	}
	refuse(line->text, "the model has no such setting");
}

static int apply_message(struct state *state, const struct host_line *line)
{
	static int (*const messages[])(struct state *,
		const struct host_line *) = { [CHANGE_LINK] = message_link,
		[CHANGE_ADDRESS] = message_address,
		[CHANGE_ROUTE] = message_route,
		[CHANGE_RULE] = message_rule,
		[CHANGE_NEXTHOP] = message_nexthop,
		[CHANGE_SETTING] = message_setting };

	return messages[line->change.object](state, line);
}

/* --- lines ------------------------------------------------------------------------------------ */

static int apply_change(struct state *state, const struct host_line *line)
{
	const struct change *change = &line->change;
	uint64_t before = state->generation;
	char why[CHANGE_WHY];
	int r;

	if (line->model || (change->object == CHANGE_LINK &&
				   (change->link.carrier_on || change->link.carrier_off)))
		return apply_message(state, line);
	r = change_apply(state, change, why);
	if (r == -ENOMEM)
		return r;
	if (r != 0)
		refuse(line->text, why);
	return state->generation != before;
}

static int apply_join(struct state *state, int ifindex, struct ip4 group)
{
	struct membership list[8];
	struct record record = { .kind = RECORD_MEMBERSHIPS };
	size_t count = 0;

	array_each (&state->memberships, const struct membership, known)
		if (count < ELEMENTS(list) - 1)
			list[count++] = *known;
	list[count++] = (struct membership){ ifindex, group };
	record.memberships.items = list;
	record.memberships.count = count;
	return state_apply(state, &record);
}

static int apply_own_word(struct state *state, const struct host_line *line)
{
	struct record record = { .dump = false };

	if (line->object == HOST_KERNEL) {
		record.kind = RECORD_KERNEL;
		record.kernel = line->kernel;
	} else if (line->object == HOST_MERGED) {
		record.kind = RECORD_MERGED;
		record.local_main_merged = line->merged;
	} else if (line->object == HOST_BLIND) {
		record.kind = RECORD_BLIND;
		record.blind.what = "something";
	} else {
		record.kind = line->device.on ? RECORD_NETCONF : RECORD_NETCONF_GONE;
		record.netconf.ifindex = device(state, line->text, line->device.name);
	}
	return state_apply(state, &record);
}

int model_apply(struct state *state, const struct host_line *line)
{
	if (line->elsewhere)
		refuse(line->text, "the model has no second namespace");
	switch (line->object) {
	case HOST_NOTHING:
	case HOST_NEIGHBOUR:
		return 0;
	case HOST_CHANGE:
		return apply_change(state, line);
	case HOST_INET_CONF:
		return message_setting(state, line);
	case HOST_JOIN:
		return apply_join(state, device(state, line->text, line->device.name),
			line->device.group);
	case HOST_KERNEL:
	case HOST_MERGED:
	case HOST_BLIND:
	case HOST_INET:
		return apply_own_word(state, line);
	case HOST_CARRIER:
	case HOST_NEXTHOP_GROUP:
	case HOST_BATCH:
	case HOST_STORM:
		break;
	}
	refuse(line->text, "only a kernel can do this");
}

int model_line(struct state *state, const char *text)
{
	struct host_line line;
	char why[WORDS_WHY];

	if (!host_parse(text, &line, why))
		refuse(text, why);
	return model_apply(state, &line);
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
	model(state, "model merged");
	model(state, "model ip link add lo index 1 up loopback");
	model(state, "ip address add 127.0.0.1/8 dev lo scope host");
	model(state, "model dump ip rule add priority 0 lookup local");
	model(state, "model dump ip rule add priority 32766 lookup main");
	model(state, "model dump ip rule add priority 32767 lookup default");
	return state;
}

struct state *model_host(void)
{
	struct state *state = model_new();

	model(state, "ip link add eth0 up type veth");
	model(state, "ip address add 10.0.0.2/24 dev eth0");
	model(state, "ip route add default via 10.0.0.1 dev eth0");
	return state;
}

struct state *model_realserver(const char *const *lines, size_t count)
{
	struct state *state = model_host();

	model(state, "ip link add tunl0 index 5 up type ipip");
	model_addr(state, "lo", "192.0.2.1/32");
	for (size_t i = 0; i < count && lines[i]; i++)
		model_line(state, lines[i]);
	return state;
}

int model_link(struct state *state, int ifindex, const char *name, const char *rest)
{
	return model(state, "ip link add %s index %d up %s", name, ifindex, rest);
}

int model_addr(struct state *state, const char *name, const char *addr)
{
	return model(state, "ip address add %s dev %s", addr, name);
}

int model_route(struct state *state, const char *route)
{
	return model(state, "ip route add %s", route);
}

int model_rule(struct state *state, const char *rule)
{
	return model(state, "ip rule add priority %s", rule);
}

int model_sysctl(struct state *state, const char *name, const char *key, int value)
{
	char interface[NAME_MAX_];

	snprintf(interface, sizeof(interface), "%s", name);
	for (char *c = interface; *c; c++)
		*c = *c == '.' ? '/' : *c;
	/* whom default reaches isn't known */
	return model(state, "%ssysctl -w net.ipv4.conf.%s.%s=%d",
		strcmp(name, "default") == 0 ? "model " : "", interface, key, value);
}

struct ip4 model_ip4(const char *text)
{
	struct ip4 addr;

	if (ip4_parse(text, &addr) < 0)
		refuse(text, "is no IPv4 address");
	return addr;
}

struct prefix4 model_prefix(const char *text)
{
	struct prefix4 prefix = prefix4(ip4(0), 0);

	if (strcmp(text, "default") != 0 && prefix4_parse(text, &prefix) < 0)
		refuse(text, "is no IPv4 prefix");
	return prefix;
}

struct flow model_flow(const struct state *state, const char *text)
{
	char iif[NAME_MAX_], why[WORDS_WHY];
	struct flow flow;

	if (!host_parse_flow(text, &flow, iif, why))
		refuse(text, why);
	if (iif[0])
		flow.iif = device(state, text, iif);
	return flow;
}

const struct iface *model_iface(const struct state *state, const char *name)
{
	const struct iface *iface = state_iface_by_name(state, name);

	if (!iface)
		refuse(name, "there is no such device");
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
