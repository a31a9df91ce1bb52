/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "base/cleanup.h"
#include "flowclass/dst_group.h"
#include "net/flow.h"
#include "rpf/rpf.h"
#include "state/state.h"

/*
 * The reverse route depends on more than the source: on the packet's destination where a rule
 * has `from`, on the output device where one has `iif` or `l3mdev`, on its
 * tos, protocol and ports. A class is a set of packets for which the rules ask the same, so
 * that one set of sources is dropped. Where no rule distinguishes packets there is one, "local".
 * It depends on the mark, too, with src_valid_mark; but a mark alone makes no class: packets that
 * bear one are only looked at where a flow is declared.
 */
#define FLOWCLASS_NAME 144

/*
 * So many classes an interface: each costs a walk through rules and tables, and makes an entry
 * of its own where it drops what others don't; more than that nobody reads.
 */
#define FLOWCLASSES 64

struct flowclass {
	char name[FLOWCLASS_NAME]; /* stable: a finding's id is made of it */
	struct flow flow;	   /* all but src; dst is the first of dsts */
	struct addresses
		dsts; /* its destinations, ascending; of what is only forwarded, one */
	int oif;      /* the device by which its dst is reached; 0: it is for the host */
	bool forwarded; /* what is forwarded is in it, or, with an oif, is all that is */
	bool transit;	/* with an oif: it leaves by default routes only */
	ARRAY(int)
	outs; /* with an oif: all devices that it was seen to leave by, not by default
			    where there is any other */
	int undeliverable; /* declared: 0, or why it gets nowhere (enum rpf_reason) */
	bool broadcast;	   /* declared: its destination is one, or a multicast group */
	bool only_from;	   /* it is about these sources only */
	struct prefix4 from;
};

struct flowclasses {
	ARRAY(struct flowclass) list;
	unsigned int
		missed; /* parts (enum match_part, a bit each) of which there is more */
	size_t missed_dsts; /* local addresses that are in no class */
	bool missed_forwarded;
	bool by_routes; /* a route that is not the interface's may change them */
};

/*
 * The classes of packets that come in by iface. Appends to ret. Returns 0 or -ENOMEM.
 */
int flowclasses_of(
	const struct state *state, const struct iface *iface, struct flowclasses *ret);

/*
 * A class of its own for a flow that the configuration names: from: its sources; to: its
 * destination, NULL for the interface's. Appends to ret; 0, -ENOMEM, or -ENOENT where the
 * host has no address that the flow could be for.
 */
int flowclass_declare(const struct state *state, const struct iface *iface,
	struct prefix4 from, const struct ip4 *to, const struct flow *rest,
	struct flowclasses *ret);

void flowclasses_done(struct flowclasses *classes);

/* What the validation of its packets' sources has in common. */
struct rpf_class flowclass_validation(const struct overlay *overlay,
	const struct iface *iface, const struct flowclass *class);

/*
 * What was not evaluated, for a person: "destinations (952 more), mark, forwarded packets"; ""
 * where all was. Returns out.
 */
#define FLOWCLASSES_TEXT 160
const char *flowclasses_missed(
	const struct flowclasses *classes, char out[static FLOWCLASSES_TEXT]);
