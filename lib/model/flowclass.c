/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/flowclass.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static int by_address(const void *a, const void *b)
{
	uint32_t left = ((const struct ip4 *)a)->host,
		 right = ((const struct ip4 *)b)->host;

	return (left > right) - (left < right);
}

static int add_addrs(const struct iface *iface, bool only_hosts, struct addresses *ret)
{
	array_each (&iface->addrs, const struct addr_record, addr) {
		/* nothing from outside can be for 127/8, where host-scope helpers live */
		if (ip4_is_loopback(addr->local) || (only_hosts && addr->len != 32))
			continue;
		if (array_push(&ret->list, &addr->local) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Where the packets of an interface are for, as long as nobody says otherwise. */
static int destinations(
	const struct state *state, const struct iface *iface, struct addresses *ret)
{
	const struct iface *lo = state_iface(state, 1);
	int r = add_addrs(iface, false, ret);

	if (r >= 0 && !ret->list.count && lo)
		r = add_addrs(lo, true, ret);
	if (r >= 0 && !ret->list.count) {
		hash_each (&state->own.addrs, slot) {
			struct ip4 addr = ip4((uint32_t)slot->key);

			if (r >= 0 && !ip4_is_loopback(addr))
				r = array_push(&ret->list, &addr);
		}
	}
	if (r >= 0 && ret->list.count > 1) {
		size_t kept = 1;

		qsort(ret->list.items, ret->list.count, sizeof(*ret->list.items),
			by_address);
		for (size_t i = 1; i < ret->list.count; i++) {
			if (ret->list.items[i].host != ret->list.items[kept - 1].host)
				ret->list.items[kept++] = ret->list.items[i];
		}
		ret->list.count = kept;
	}
	return r;
}

/* Names a destination's class after the `from` prefixes that match it: "local:192.0.2.1/32". */
static void class_name(
	const struct state *state, struct ip4 dst, char name[static FLOWCLASS_NAME])
{
	size_t length = (size_t)snprintf(name, FLOWCLASS_NAME, "local");
	const size_t room = FLOWCLASS_NAME - sizeof("+#0123abcd");
	struct prefix4 last = { 0 };
	bool cut = false;
	uint64_t all = 0;

	array_each (&state->rules, const struct state_rule, entry) {
		struct prefix4 from = entry->rule.from;
		char text[PREFIX4_TEXT];

		if (!from.len || !prefix4_has(from, dst))
			continue;
		if (from.len == last.len && from.addr.host == last.addr.host)
			continue;
		last = from;
		all = hash_mix(all ^ (uint64_t)from.addr.host << 8 ^ from.len);
		cut |= length + PREFIX4_TEXT > room;
		if (!cut)
			length += (size_t)snprintf(name + length, FLOWCLASS_NAME - length,
				"%c%s", length == 5 ? ':' : '+',
				prefix4_format(from, text));
	}
	/* too many to name: a number tells those that begin alike apart */
	if (cut)
		snprintf(name + length, FLOWCLASS_NAME - length, "+#%08x", (uint32_t)all);
}

static int class_join(
	struct flowclasses *classes, const char *name, struct ip4 dst, int ifindex)
{
	struct flowclass fresh = {
		.flow = { .iif = ifindex, .dst = dst, .proto = FLOW_UDP },
	};

	array_each (&classes->list, struct flowclass, class) {
		if (strcmp(class->name, name) == 0)
			return array_push(&class->dsts.list, &dst);
	}
	snprintf(fresh.name, sizeof(fresh.name), "%s", name);
	if (array_push(&fresh.dsts.list, &dst) < 0)
		return -ENOMEM;
	if (array_push(&classes->list, &fresh) < 0) {
		array_done(&fresh.dsts.list);
		return -ENOMEM;
	}
	return 0;
}

int flowclasses_of(
	const struct state *state, const struct iface *iface, struct flowclasses *ret)
{
	struct addresses dsts = { 0 };
	int r = destinations(state, iface, &dsts);

	for (size_t i = 0; r >= 0 && i < dsts.list.count; i++) {
		char name[FLOWCLASS_NAME];

		class_name(state, dsts.list.items[i], name);
		r = class_join(ret, name, dsts.list.items[i], iface->link.ifindex);
	}
	/* one class needs no telling apart: its findings keep their id when a rule comes */
	if (r >= 0 && ret->list.count == 1)
		snprintf(ret->list.items[0].name, FLOWCLASS_NAME, "local");
	array_done(&dsts.list);
	return r;
}

int flowclass_declare(const struct state *state, const struct iface *iface,
	struct prefix4 from, const struct ip4 *to, const struct flow *rest,
	struct flowclasses *ret)
{
	struct flowclass class = { .flow = *rest, .only_from = true, .from = from };
	char source[PREFIX4_TEXT], dst[IP4_TEXT];
	int r;

	class.flow.iif = iface->link.ifindex;
	r = to ? array_push(&class.dsts.list, to)
	       : destinations(state, iface, &class.dsts);
	if (r >= 0 && !class.dsts.list.count)
		r = -ENOENT;
	if (r >= 0) {
		int length;

		class.flow.dst = class.dsts.list.items[0];
		length = snprintf(class.name, sizeof(class.name), "flow:%s>%s",
			prefix4_format(from, source),
			to ? ip4_format(*to, dst) : "local");
		if (rest->mark)
			length += snprintf(class.name + length,
				sizeof(class.name) - (size_t)length, ":mark=0x%x",
				rest->mark);
		if (rest->proto != FLOW_UDP || rest->sport || rest->dport || rest->tos)
			snprintf(class.name + length, sizeof(class.name) - (size_t)length,
				":%u:%u:%u:%u", rest->tos, rest->proto, rest->sport,
				rest->dport);
		r = array_push(&ret->list, &class);
	}
	if (r < 0)
		array_done(&class.dsts.list);
	return r;
}

void flowclasses_done(struct flowclasses *classes)
{
	array_each (&classes->list, struct flowclass, class)
		array_done(&class->dsts.list);
	array_done(&classes->list);
}
