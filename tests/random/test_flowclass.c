/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture_world.h"
#include "flowclass/flowclass.h"
#include "host/host_model.h"
#include "rpf/rpf.h"
#include "unit/fixture_run.h"

#include <string.h>

/*
 * A class stands for all packets without a mark that rules treat alike: of whatever packet comes in, there
 * must be a class with its destination of which each source has the same verdict. And no
 * two classes are needed for packets that every rule takes for the same, which keeps
 * their number small.
 */
static void verdicts(const struct world *world, const struct flow *packet,
	enum rpf_reason out[static WORLD_SPACE])
{
	const struct overlay overlay = { .state = world->state };
	struct flow flow = *packet;

	for (uint32_t i = 0; i < WORLD_SPACE; i++) {
		flow.src = ip4(world->base + i);
		out[i] = rpf_judge(&overlay, &flow, NULL).reason;
	}
}

static struct flow some_packet(
	struct chance *chance, const struct iface *iface, const struct addresses *dsts)
{
	return (struct flow){
		.iif = iface->link.ifindex,
		.dst = dsts->list.items[chance_below(chance, (uint32_t)dsts->list.count)],
		.tos = chance_one_in(chance, 3) ? 0x10 : 0,
		.proto = chance_one_in(chance, 3) ? 6 : FLOW_UDP,
		.sport = (uint16_t)chance_below(chance, 12),
		.dport = (uint16_t)chance_below(chance, 12),
	};
}

static bool is_of(const struct flowclass *class, const struct flow *packet)
{
	array_each (&class->dsts.list, const struct ip4, dst) {
		if (dst->host == packet->dst.host)
			return true;
	}
	return false;
}

/* How many of some packets of an interface are not as in most: the test is about these. */
static size_t ck_classes(
	const struct world *world, struct chance *chance, const struct iface *iface)
{
	static enum rpf_reason of[FLOWCLASSES][WORLD_SPACE];
	enum rpf_reason expected[WORLD_SPACE], got[WORLD_SPACE];
	struct flowclasses classes = { 0 };
	struct addresses dsts = { 0 };
	size_t special = 0;

	if (flowclasses_of(world->state, iface, &classes) != 0 ||
		dst_group_addresses(world->state, iface, &dsts) != 0)
		world_fail(world, "there are no classes");
	for (size_t i = 0; i < classes.list.count; i++)
		verdicts(world, &classes.list.items[i].flow, of[i]);
	for (int i = 0; i < 12 && dsts.list.count && !classes.missed; i++) {
		struct flow packet = some_packet(chance, iface, &dsts);
		bool found = false;
		size_t at = 0;

		verdicts(world, &packet, expected);
		for (; at < classes.list.count && !found; at++) {
			found = !classes.list.items[at].oif &&
				is_of(&classes.list.items[at], &packet) &&
				memcmp(expected, of[at], sizeof(expected)) == 0;
		}
		special += found && at > 1;
		if (!found)
			world_fail(world,
				"%s: no class for packets to %08x tos %u proto %u sport %u dport %u",
				iface->link.name, packet.dst.host, packet.tos,
				packet.proto, packet.sport, packet.dport);
	}
	/* each destination is in some class, and what a class says of it holds for it */
	array_each (&classes.list, const struct flowclass, class) {
		struct flow packet = class->flow;

		verdicts(world, &packet, expected);
		array_each (&dsts.list, const struct ip4, dst) {
			packet.dst = *dst;
			if (class->oif || !is_of(class, &packet))
				continue;
			verdicts(world, &packet, got);
			if (memcmp(expected, got, sizeof(got)) != 0)
				world_fail(world, "%s: %s is not one: %08x differs",
					iface->link.name, class->name, dst->host);
		}
		for (const struct flowclass *other = classes.list.items; other < class;
			other++)
			if (strcmp(other->name, class->name) == 0)
				world_fail(world, "%s: two are named %s",
					iface->link.name, class->name);
	}
	flowclasses_done(&classes);
	array_done(&dsts.list);
	return special;
}

/* Rules that tell packets to the host's addresses apart, more than a world has by itself. */
static void some_rules(struct world *world, struct chance *chance)
{
	for (uint32_t count = chance_below(chance, 7); count--;) {
		uint32_t priority = 1 + chance_below(chance, 30),
			 table = 77 + chance_below(chance, 2);

		switch (chance_below(chance, 7)) {
		case 0:
			world_line(world,
				"model ip rule add priority %u from 192.0.2.%u/31 lookup %u",
				priority, chance_below(chance, 2) * 2, table);
			break;
		case 1:
			world_line(world,
				"model ip rule add priority %u %s fwmark %u/%u lookup %u",
				priority, chance_one_in(chance, 3) ? " not" : "",
				chance_below(chance, 3), 1 + chance_below(chance, 3),
				table);
			break;
		case 2:
			world_line(world,
				"model ip rule add priority %u from 192.0.2.%u fwmark 1 lookup %u",
				priority, chance_below(chance, 4), table);
			break;
		case 3:
			world_line(world,
				"model ip rule add priority %u ipproto %u sport %u-9 lookup %u",
				priority, chance_one_in(chance, 2) ? 6u : 17u,
				chance_below(chance, 9), table);
			break;
		case 4: /* all of one tos, between those of some destinations */
			world_line(world,
				"model ip rule add priority %u tos 0x10 lookup %u",
				priority, table);
			break;
		case 5:
			world_line(world,
				"model ip rule add priority %u from 192.0.2.%u tos 0x10 lookup %u",
				priority, chance_below(chance, 4), table);
			break;
		default:
			world_line(world,
				"model ip rule add priority %u not from 192.0.2.%u tos 0x10 lookup %u",
				priority, chance_below(chance, 4), table);
			break;
		}
	}
}

START_TEST(every_packet_has_a_class)
{
	struct chance chance = chance_new("flowclass");
	size_t special = 0;

	for (int round = 0; round < 150; round++) {
		struct world world = world_new(&chance, 0x0a000000, false, false);

		world_line(&world, "ip link add in0 index 20 up type veth");
		for (uint32_t i = 0; i < 4; i++)
			if (chance_one_in(&chance, 2))
				world_line(&world, "ip address add 192.0.2.%u/32 dev in0",
					i);
		world_line(&world, "sysctl -w net.ipv4.conf.in0.rp_filter=%u",
			1 + chance_below(&chance, 2));
		world_line(&world, "sysctl -w net.ipv4.conf.in0.src_valid_mark=%u",
			chance_below(&chance, 2));
		some_rules(&world, &chance);
		special += ck_classes(&world, &chance, model_iface(world.state, "in0"));
		special += ck_classes(&world, &chance, model_iface(world.state, "p0"));
		world_done(&world);
	}
	ck_assert_uint_gt(special, 80);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { every_packet_has_a_class };

	return fixture_run("random flowclass", tests, ELEMENTS(tests));
}
