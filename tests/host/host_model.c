/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/host_model.h"

#include "host/host_model_del.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCOPE_LINK 253
#define MTU_INET 68 /* less, and a device has no IPv4 */
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

/* --- addresses -------------------------------------------------------------------------------- */

/* One route that the kernel makes or takes for an address. */
static int addr_route(struct state *state, const struct addr_record *addr, bool gone,
	struct prefix4 dst, enum route_type type, uint8_t scope, uint32_t in_table)
{
	const struct nexthop nexthop = { .oif = addr->ifindex, .weight = 1 };
	const struct record record = {
		.kind = gone ? RECORD_ROUTE_GONE : RECORD_ROUTE,
		.route = {
			.table = in_table,
			.dst = dst,
			.scope = scope,
			.protocol = PROTO_KERNEL,
			.type = (uint8_t)type,
			.prefsrc = addr->local,
			.nexthops = &nexthop,
			.nexthop_count = 1,
		},
	};

	return state_apply(state, &record);
}

/* fib_add_ifaddr(), fib_del_ifaddr() */
static int addr_routes(struct state *state, const struct addr_record *addr, bool gone,
	bool noprefixroute)
{
	const struct iface *iface = state_iface(state, addr->ifindex);
	const struct iface *vrf = iface ? state_vrf(state, iface) : NULL;
	uint32_t local = vrf ? vrf->link.vrf_table : TABLE_LOCAL;
	uint32_t main = vrf ? vrf->link.vrf_table : TABLE_MAIN;
	struct prefix4 net = prefix4(addr->peer, addr->len);
	bool loopback = iface && iface_is_loopback(iface);
	int r = addr_route(state, addr, gone, prefix4(addr->local, 32), ROUTE_LOCAL,
		SCOPE_HOST, local);

	if (r < 0 || !iface || !iface_is_up(iface))
		return r;
	if (addr->broadcast.host)
		r = addr_route(state, addr, gone, prefix4(addr->broadcast, 32),
			ROUTE_BROADCAST, SCOPE_LINK, local);
	if (addr->secondary || (addr->len == 32 && addr->peer.host == addr->local.host))
		return r;
	if (r >= 0 && !noprefixroute)
		r = addr_route(state, addr, gone, net,
			loopback ? ROUTE_LOCAL : ROUTE_UNICAST,
			loopback ? SCOPE_HOST : SCOPE_LINK, loopback ? local : main);
	if (r >= 0 && addr->len < 31)
		r = addr_route(state, addr, gone, prefix4(ip4(prefix4_last(net)), 32),
			ROUTE_BROADCAST, SCOPE_LINK, local);
	return r;
}

static bool same_network(const struct addr_record *a, const struct addr_record *b)
{
	return a->len == b->len &&
	       prefix4(a->peer, a->len).addr.host == prefix4(b->peer, b->len).addr.host;
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

static int addr_add(struct state *state, const char *text,
	const struct host_address *said, struct addr_record addr)
{
	const struct iface *iface = state_iface(state, addr.ifindex);
	struct record record = { .kind = RECORD_ADDR };
	int changed, r;

	if (iface && iface_addr(iface, &addr))
		refuse(text, "there is such an address already");
	if (said->broadcast_auto)
		addr.broadcast = ip4(prefix4_last(prefix4(addr.peer, addr.len)));
	if (iface)
		array_each (&iface->addrs, const struct addr_record, other)
			addr.secondary |= same_network(other, &addr);
	record.addr = addr;
	changed = state_apply(state, &record);
	if (changed < 0)
		return changed;
	r = addr_routes(state, &addr, false, said->noprefixroute);
	if (r >= 0 && said->autojoin)
		r = apply_join(state, addr.ifindex, addr.local);
	return r < 0 ? r : changed;
}

/* One that is there, with its routes. */
static int addr_remove(struct state *state, struct addr_record addr)
{
	const struct record record = { .kind = RECORD_ADDR_GONE, .addr = addr };
	int changed = state_apply(state, &record), r;

	if (changed < 0)
		return changed;
	r = addr_routes(state, &addr, true, false);
	return r < 0 ? r : changed;
}

/* The secondaries go first, but where one of them is promoted. */
static int addr_del(struct state *state, const char *text, struct addr_record addr)
{
	const struct iface *iface = state_iface(state, addr.ifindex);
	const struct addr_record *known = iface ? iface_addr(iface, &addr) : NULL;

	if (!known)
		refuse(text, "there is no such address");
	addr = *known;
	for (size_t i = 0; !addr.secondary && i < iface->addrs.count;) {
		const struct addr_record *other = &iface->addrs.items[i];

		if (!other->secondary || !same_network(other, &addr))
			i++;
		else if (addr_remove(state, *other) < 0)
			return -ENOMEM;
	}
	return addr_remove(state, addr);
}

static int addr_flush(struct state *state, int ifindex)
{
	const struct iface *iface = state_iface(state, ifindex);
	int r = 0;

	while (r >= 0 && iface && iface->addrs.count)
		r = addr_del(state, "flush", iface->addrs.items[0]);
	return r;
}

static int apply_address(struct state *state, const struct host_line *line)
{
	const struct host_address *said = &line->address;
	struct record record = { .dump = line->dump, .addr = said->addr };

	record.addr.ifindex = device(state, line->text, said->dev);
	if (line->verb == HOST_FLUSH)
		return addr_flush(state, record.addr.ifindex);
	if (!line->model)
		return line->verb == HOST_ADD
			       ? addr_add(state, line->text, said, record.addr)
			       : addr_del(state, line->text, record.addr);
	record.kind = line->verb == HOST_ADD ? RECORD_ADDR : RECORD_ADDR_GONE;
	return state_apply(state, &record);
}

/* --- links ------------------------------------------------------------------------------------ */

static void put_master(
	const struct state *state, const struct host_line *line, struct link_record *link)
{
	static const char *const owners[] = { "bridge", "bond", "team", "vrf" };
	const struct iface *master;

	link->master = 0;
	link->slave_kind[0] = '\0';
	if (line->link.nomaster)
		return;
	link->master = device(state, line->text, line->link.master);
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
	const struct host_link *said = &line->link;

	if (said->has_group)
		link->group = said->group;
	if (said->mtu)
		link->mtu = said->mtu;
	if (said->nomaster || said->master[0])
		put_master(state, line, link);
	if (said->up)
		link->flags |= LINK_ALIVE;
	if (said->carrier_on && link->flags & LINK_UP)
		link->flags |= LINK_ALIVE;
	if (said->carrier_off || said->nocarrier)
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

static int link_add(struct state *state, const struct host_line *line)
{
	const struct host_link *said = &line->link;
	struct record record = { .kind = RECORD_LINK, .dump = line->dump };
	struct link_record *link = &record.link;
	const struct iface *known;

	link->ifindex = said->index ? said->index : next_ifindex(state);
	known = state_iface(state, link->ifindex);
	if (!line->model && (known || state_iface_by_name(state, said->name)))
		refuse(line->text, "there is such a device already");
	strcpy(link->name, said->name);
	strcpy(link->kind, said->kind);
	link->mtu = 1500;
	link->vrf_table = said->vrf_table;
	link->tunnel.remote = said->remote;
	link->tunnel.external = said->external;
	link->tunnel.known = said->remote || said->external;
	link->flags = said->loopback ? LINK_LOOPBACK : 0;
	put_words(state, line, link);
	link->has_inet = !said->noinet;
	/* the settings stay as they are: another message tells of them */
	if (link->has_inet)
		link->conf = known && known->link.has_inet ? known->link.conf
							   : state->conf_default;
	return state_apply(state, &record);
}

/* The rule for VRFs, which the kernel adds with the first of them (vrf_newlink()) */
static int add_vrf_rule(struct state *state)
{
	const struct record record = { .kind = RECORD_RULE,
		.rule = { .priority = 1000,
			.action = RULE_TABLE,
			.l3mdev = true,
			.protocol = PROTO_KERNEL,
			.suppress_len = -1,
			.suppress_group = -1 } };

	array_each (&state->rules, const struct state_rule, known)
		if (known->rule.l3mdev)
			return 0;
	return state_apply(state, &record);
}

/* Both ends of a veth pair, a VRF and its rule */
static int link_add_all(struct state *state, const struct host_line *line)
{
	struct host_line peer = { .object = HOST_LINK,
		.verb = HOST_ADD,
		.text = line->text,
		.link = line->link };
	int r = link_add(state, line);

	if (r >= 0 && !line->model && strcmp(line->link.kind, "vrf") == 0) {
		int ruled = add_vrf_rule(state);

		r = ruled < 0 ? ruled : r;
	}
	if (r < 0 || !line->link.peer[0])
		return r;
	strcpy(peer.link.name, line->link.peer);
	peer.link.index = 0;
	return link_add(state, &peer);
}

/* A device loses its IPv4, addresses first, or has it again. */
static int put_inet(struct state *state, int ifindex, bool on)
{
	const struct record record = { .kind = on ? RECORD_NETCONF : RECORD_NETCONF_GONE,
		.netconf = { .ifindex = ifindex,
			.has = on ? UINT64_MAX : 0,
			.conf = state->conf_default } };
	int r = on ? 0 : addr_flush(state, ifindex);

	return r < 0 ? r : state_apply(state, &record);
}

/* The routes of its addresses, which the kernel makes when it comes up. */
static int link_came_up(struct state *state, int ifindex)
{
	const struct iface *iface = state_iface(state, ifindex);
	int r = 0;

	for (size_t i = 0; r >= 0 && i < iface->addrs.count; i++)
		r = addr_routes(state, &iface->addrs.items[i], false, false);
	return r;
}

static int link_set(struct state *state, const struct host_line *line)
{
	const struct host_link *said = &line->link;
	const struct iface *iface =
		state_iface(state, device(state, line->text, said->name));
	struct record record = { .kind = RECORD_LINK };
	struct link_record *link = &record.link, before;
	bool up, vrf;
	int changed, r = 0;

	if (!iface)
		refuse(line->text, "there is no such device");
	if (said->netns[0])
		refuse(line->text, "the model has no second namespace");
	*link = before = iface->link;
	if (said->new_name[0])
		strcpy(link->name, said->new_name);
	put_words(state, line, link);
	if (before.mtu >= MTU_INET && link->mtu < MTU_INET)
		r = put_inet(state, link->ifindex, false);
	link->has_inet = state_iface(state, link->ifindex)->link.has_inet;
	if (!link->has_inet)
		link->conf = (struct devconf){ 0 };
	changed = r < 0 ? r : state_apply(state, &record);
	if (changed >= 0 && before.mtu < MTU_INET && link->mtu >= MTU_INET)
		r = put_inet(state, link->ifindex, true);
	/* into a VRF or out of it a device goes down and up */
	vrf = strcmp(before.slave_kind, "vrf") == 0 ||
	      strcmp(link->slave_kind, "vrf") == 0;
	up = !(before.flags & LINK_UP) || (vrf && before.master != link->master);
	if (changed >= 0 && r >= 0 && link->flags & LINK_UP && up)
		r = link_came_up(state, link->ifindex);
	return r < 0 ? r : changed;
}

static int link_del(struct state *state, const struct host_line *line)
{
	struct record record = { .kind = RECORD_LINK_GONE, .dump = line->dump };

	record.link.ifindex = line->link.index
				      ? line->link.index
				      : device(state, line->text, line->link.name);
	strcpy(record.link.name, line->link.name);
	return state_apply(state, &record);
}

static int apply_link(struct state *state, const struct host_line *line)
{
	switch (line->verb) {
	case HOST_ADD:
		return link_add_all(state, line);
	case HOST_SET:
		return link_set(state, line);
	default:
		return link_del(state, line);
	}
}

/* --- routes, rules, nexthops ------------------------------------------------------------------ */

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

static struct nexthop nexthop_of(const struct state *state, const struct host_line *line,
	const struct host_nexthop *said)
{
	struct nexthop nexthop = said->nexthop;

	if (said->dev[0])
		nexthop.oif = device(state, line->text, said->dev);
	else if (nexthop.gw_family == 4 && line->verb != HOST_DEL)
		nexthop.oif = device_of(state, nexthop.gw);
	return nexthop;
}

static int apply_route(struct state *state, const struct host_line *line)
{
	struct nexthop nexthops[HOST_NEXTHOPS];
	struct record record = { .dump = line->dump, .route = line->route.route };

	if (line->verb == HOST_FLUSH)
		refuse(line->text, "the model flushes no table");
	for (size_t i = 0; i < line->nexthop_count; i++)
		nexthops[i] = nexthop_of(state, line, &line->nexthops[i]);
	record.route.nexthops = nexthops;
	record.route.nexthop_count = line->nexthop_count;
	if (line->verb != HOST_DEL)
		record.kind = RECORD_ROUTE;
	else if (line->model || model_find_route(state, &line->route, &record.route))
		record.kind = RECORD_ROUTE_GONE;
	else
		refuse(line->text, "there is no such route");
	/* what it found goes while it is applied */
	if (record.route.nexthop_count > ELEMENTS(nexthops))
		refuse(line->text, "the route has too many nexthops");
	if (record.route.nexthops != nexthops && record.route.nexthop_count)
		memcpy(nexthops, record.route.nexthops,
			record.route.nexthop_count * sizeof(*nexthops));
	record.route.nexthops = nexthops;
	return state_apply(state, &record);
}

static int apply_rule(struct state *state, const struct host_line *line)
{
	struct record record = { .dump = line->dump, .rule = line->rule.rule };
	const struct record parted = { .kind = RECORD_MERGED };
	int r;

	if (line->verb == HOST_FLUSH)
		refuse(line->text, "the model flushes no rules");
	if (line->verb == HOST_ADD && !line->rule.has_priority)
		refuse(line->text, "a rule needs its priority here");
	if (line->verb != HOST_DEL)
		record.kind = RECORD_RULE;
	else if (line->model || model_find_rule(state, &line->rule, &record.rule))
		record.kind = RECORD_RULE_GONE;
	else
		refuse(line->text, "there is no such rule");
	r = state_apply(state, &record);
	/* what a question tells after it: older kernels part the tables here, too */
	if (r >= 0 && record.kind == RECORD_RULE_GONE && !line->model &&
		!state_kernel_has(state, 7, 1) && state_apply(state, &parted) < 0)
		abort();
	return r;
}

static int apply_nexthop(struct state *state, const struct host_line *line)
{
	struct record record = { .kind = line->verb == HOST_DEL ? RECORD_NEXTHOP_GONE
								: RECORD_NEXTHOP,
		.dump = line->dump,
		.nexthop_obj = line->nexthop };

	record.nexthop_obj.nexthop = nexthop_of(state, line, &line->nexthops[0]);
	record.nexthop_obj.members = line->member_count ? line->members : NULL;
	record.nexthop_obj.member_count = line->member_count;
	return state_apply(state, &record);
}

/* --- settings --------------------------------------------------------------------------------- */

static int put_setting(
	struct state *state, const struct host_line *line, int ifindex, unsigned int key)
{
	struct record record = { .kind = RECORD_NETCONF,
		.dump = line->dump,
		.netconf = { .ifindex = ifindex, .has = UINT64_C(1) << key } };

	record.netconf.conf.value[key] = line->setting.value;
	return state_apply(state, &record);
}

/* inet_forward_change(): what all has every device gets, and those to come */
static int put_forwarding(struct state *state, const struct host_line *line)
{
	_cleanup_(freep) const struct iface **ifaces = NULL;
	size_t count;
	int r = put_setting(state, line, NETCONF_ALL, DEVCONF_FORWARDING), changed = r;

	if (r >= 0)
		r = put_setting(state, line, NETCONF_DEFAULT, DEVCONF_FORWARDING);
	if (state_ifaces(state, &ifaces, &count) < 0)
		abort();
	for (size_t i = 0; r >= 0 && i < count; i++)
		r = put_setting(state, line, ifaces[i]->link.ifindex, DEVCONF_FORWARDING);
	return r < 0 ? r : changed;
}

static int apply_setting(struct state *state, const struct host_line *line)
{
	const struct host_setting *setting = &line->setting;
	bool all = strcmp(setting->name, "all") == 0;

	if (strcmp(setting->key, "ip_forward") == 0 ||
		(all && !line->model && strcmp(setting->which, "forwarding") == 0))
		return put_forwarding(state, line);
	for (unsigned int key = 0; key < DEVCONF_COUNT; key++) {
		const char *name = devconf_name(key);

		if (!name || strcmp(name, setting->which) != 0)
			continue;
		return put_setting(state, line,
			all ? NETCONF_ALL
			: strcmp(setting->name, "default") == 0
				? NETCONF_DEFAULT
				: device(state, line->text, setting->name),
			key);
	}
	refuse(line->text, "the model has no such setting");
}

/* --- lines ------------------------------------------------------------------------------------ */

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
	case HOST_LINK:
		return apply_link(state, line);
	case HOST_ADDRESS:
		return apply_address(state, line);
	case HOST_ROUTE:
		return apply_route(state, line);
	case HOST_RULE:
		return apply_rule(state, line);
	case HOST_NEXTHOP:
		return apply_nexthop(state, line);
	case HOST_SYSCTL:
	case HOST_INET_CONF:
		return apply_setting(state, line);
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
	return model(state, "sysctl -w net.ipv4.conf.%s.%s=%d", interface, key, value);
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
