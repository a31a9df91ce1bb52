/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/flows.h"

#include "base/cleanup.h"

#include <stdlib.h>

static const char *const edges[] = { "10.0.0.0/8", "10.0.0.0/16", "10.0.0.0/24",
	"10.0.1.0/24", "10.0.1.0/25", "10.0.1.128/25", "10.0.2.0/23", "10.0.2.7/32",
	"10.0.1.5/32", "192.0.2.0/24", "192.0.2.4/32", "198.51.100.0/24", "172.21.0.0/16",
	"172.21.5.5/32", "10.0.3.8/30", "128.0.0.0/1", "10.9.9.9/32", "203.0.113.0/24",
	"100.64.0.9/32" };

#define RULES_LOOKED_AT 16

static const char *const singles[] = { "0.0.0.0", "0.1.2.3", "127.0.0.1", "127.0.0.5",
	"127.0.0.42", "224.0.0.1", "224.0.0.251", "239.1.2.3", "255.255.255.255",
	"240.0.0.1", "203.0.113.9", "8.8.8.8" };

static void add_host(struct ip4 *list, size_t *count, uint32_t host)
{
	if (*count < FLOW_ADDRESSES)
		list[(*count)++] = ip4(host);
}

static void add_ends(struct ip4 *list, size_t *count, struct prefix4 prefix)
{
	if (!prefix.len)
		return;
	add_host(list, count, prefix4_first(prefix));
	add_host(list, count, prefix4_last(prefix));
}

void flow_space_of(const struct state *state, struct flow_space *ret)
{
	*ret = (struct flow_space){ 0 };
	hash_each (&state->ifaces, slot) {
		const struct iface *iface = slot->value;

		if (iface->announced && ret->device_count < ELEMENTS(ret->devices))
			ret->devices[ret->device_count++] = iface->link.ifindex;
		array_each (&iface->addrs, const struct addr_record, addr) {
			if (ip4_is_loopback(
				    addr->local)) /* these are among the singles */
				continue;
			add_host(ret->own, &ret->own_count, addr->local.host);
			add_host(ret->own, &ret->own_count, addr->local.host);
			add_host(ret->own, &ret->own_count, addr->local.host);
			add_host(ret->own, &ret->own_count,
				prefix4_last(prefix4(addr->local, addr->len)));
		}
	}
	for (size_t i = 0; i < ELEMENTS(edges); i++) {
		struct prefix4 prefix;

		if (prefix4_parse(edges[i], &prefix) < 0)
			abort();
		add_host(ret->sources, &ret->source_count, prefix4_first(prefix));
		add_host(ret->sources, &ret->source_count, prefix4_last(prefix));
		add_host(ret->sources, &ret->source_count, prefix4_first(prefix) - 1);
		add_host(ret->sources, &ret->source_count, prefix4_last(prefix) + 1);
		add_host(ret->sources, &ret->source_count, prefix4_first(prefix) + 9);
	}
	for (size_t i = 0; i < state->rules.count && i < RULES_LOOKED_AT; i++) {
		add_ends(ret->sources, &ret->source_count,
			state->rules.items[i].rule.from);
		add_ends(ret->sources, &ret->source_count, state->rules.items[i].rule.to);
	}
	for (size_t i = 0; i < ELEMENTS(singles); i++) {
		struct ip4 addr;

		if (ip4_parse(singles[i], &addr) < 0)
			abort();
		add_host(ret->sources, &ret->source_count, addr.host);
	}
}

bool flow_random(struct rng *rng, const struct flow_space *space, struct flow *ret)
{
	static const uint32_t marks[] = { 0, 0, 0, 1, 1, 0x10, 0x11, 0xffffffff };
	static const uint8_t toses[] = { 0, 0, 0, 0x10, 0x04, 0x50, 0xb8, 0x1c };
	static const uint8_t protos[] = { 17, 17, 6, 6, 1 };
	static const uint16_t ports[] = { 0, 53, 80, 1000, 1500, 2000, 2001 };
	bool from_own = space->own_count && rng_below(rng, 8) == 0;
	bool to_own = space->own_count && rng_below(rng, 8) != 0;

	if (!space->device_count)
		return false;
	*ret = (struct flow){
		.iif = space->devices[rng_below(rng, (unsigned int)space->device_count)],
		.src = from_own ? space->own[rng_below(
					  rng, (unsigned int)space->own_count)]
				: space->sources[rng_below(
					  rng, (unsigned int)space->source_count)],
		.dst = to_own ? space->own[rng_below(rng, (unsigned int)space->own_count)]
			      : space->sources[rng_below(
					rng, (unsigned int)space->source_count)],
		.mark = RNG_PICK(rng, marks),
		.tos = RNG_PICK(rng, toses),
		.proto = RNG_PICK(rng, protos),
	};
	if (ret->proto != 1) {
		ret->sport = RNG_PICK(rng, ports);
		ret->dport = RNG_PICK(rng, ports);
	}
	return true;
}
