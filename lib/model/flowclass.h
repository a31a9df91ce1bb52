/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "base/cleanup.h"
#include "model/flow.h"
#include "model/state.h"

/*
 * The way back depends on more than the source: on the packet's destination where a rule
 * says `from`, on its mark, tos and ports. A class is a set of packets for which all of that
 * is the same, so that one set of sources is dropped.
 */
#define FLOWCLASS_NAME 96

struct addresses {
	ARRAY(struct ip4) list;
};

struct flowclass {
	char name[FLOWCLASS_NAME]; /* stable: a finding's id is made of it */
	struct flow flow;	   /* all but src; dst is the first of dsts */
	struct addresses dsts;	   /* its destinations, ascending */
	bool only_from;		   /* it is about these sources only */
	struct prefix4 from;
};

struct flowclasses {
	ARRAY(struct flowclass) list;
};

/*
 * The classes of packets to the host that come in by iface: its destinations, parted where
 * the `from` of some rule tells them apart. Destinations are the interface's own addresses;
 * where it has none, the /32 addresses on lo; where there are none either, all own addresses.
 * Appends to ret. Returns 0 or -ENOMEM.
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
