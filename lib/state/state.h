/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "base/cleanup.h"
#include "base/hash.h"
#include "fib/fib.h"
#include "fib/nexthop.h"
#include "state/iface.h"
#include "state/local_addrs.h"
#include "state/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the kernel holds, as far as a verdict depends on it. Only state_apply() changes it,
 * for the answers of a dump and for events alike; everybody else reads. Its parts name each
 * other by key (ifindex, table, nexthop id), so nothing dangles when one of them is removed.
 * One that was made by state_fork() has tables in common with another: a table is read by
 * everybody, and changed only by who got it from state_table_own() (state/state_fork.h).
 */

/* A rule with the devices that its names mean just now: the kernel attaches and detaches
 * rules unannounced when devices come, go and are renamed. */
struct state_rule {
	struct rule rule;
	int iif, oif;	/* ifindex; 0: not named; -1: names a device that isn't there */
	uint32_t since; /* rule_since() */
};

/* A link that came up, or that went for good. */
struct link_change {
	int ifindex;
	bool gone; /* else it came up, or was up when it was first heard of */
};

struct state {
	uint64_t generation; /* grows with each record that changed something */
	struct hash ifaces;  /* ifindex -> struct iface */
	struct hash names;   /* hash of name -> struct iface */
	struct local_addrs local_addrs; /* the addresses of all interfaces, up or down */
	struct hash
		tables; /* table -> struct fib; none that is empty but local and main */
	struct hash nexthop_objs;	/* id -> struct nexthop */
	ARRAY(struct state_rule) rules; /* in the order in which the kernel walks them */
	ARRAY(struct membership) memberships;
	struct devconf all, conf_default; /* conf/all and conf/default */
	bool local_main_merged; /* local and main are one trie and no rule is looked at */
	bool custom_local;	/* a local route was added by hand: seen, else unknown */
	size_t dissecting;	/* rules that make the kernel dissect flows */
	size_t rule_realms;
	size_t suppressing; /* rules that may discard what a table has */
	uint32_t
		kernel; /* the version judged by (net/kernel_version.h); 0: as the newest known */
	uint32_t
		kernel_running; /* the version that all this was read from; 0: not known */
	size_t blind;		/* messages that concern us and were not understood */
	const char *blind_what; /* the last one's */

	/* Whose verdicts may have changed (state/dirty.h). */
	struct {
		ARRAY(int) ifaces; /* those of these, also of some that are gone */
		bool all;	   /* every interface's */
		bool routes;	   /* some route: the reverse route of a finding */
		bool no_route;	   /* of those that mind which sources have any route */
		bool addresses;	   /* of those that have no address of their own */
		uint64_t epoch;
	} dirty;

	/* Links that came and went, in their order, for who has to follow that. He clears it. */
	ARRAY(struct link_change) links;

	/* What the reader is asked to do, and clears: */
	bool links_stale; /* settings may have changed unannounced: re-read the links */
	bool rules_stale; /* rules changed: read them again, and whether the tables have parted */
	bool audit_due; /* something was lost that takes routes along: compare all */
	bool replaying; /* set by the reader: events may be in the state already */
};

/* A state of a namespace of which nothing is known yet. NULL on lack of memory. */
struct state *state_new(void);
void state_free(struct state *state);
DEFINE_FREEP(struct state, state_free)

/*
 * Takes the destinations of routes of a table that are applied next, and loads the paths
 * to them into the caches. Changes nothing; count is at most TRIE_AHEAD.
 */
void state_ahead(
	const struct state *state, uint32_t table, const struct ip4 *dsts, size_t count);

/* NULL where there is none. */
struct iface *state_iface(const struct state *state, int ifindex);
struct iface *state_iface_by_name(const struct state *state, const char *name);
struct nexthop_obj *state_nexthop_obj(const struct state *state, uint32_t id);

/* The trie that holds table's routes, NULL where there are none; TABLE_LOCAL is in
 * TABLE_MAIN's as long as the two are merged. */
const struct fib *state_table(const struct state *state, uint32_t table);

/* Whether a table of the state is its own, and not in common with the one that it was forked from:
 * whose it is, its changes are marked in (dirty_follow()). */
static inline bool state_owns_table(const struct state *state, const struct fib *fib)
{
	return fib->mark_data == state;
}

/* Whether addr is the local part of an address of any interface, up or down. */
bool state_is_local_addr(const struct state *state, struct ip4 addr);

/* Whether an interface has joined a multicast group, as last read. */
bool state_has_joined(const struct state *state, int ifindex, struct ip4 group);

/* The VRF that an interface is in or is, NULL where it is none. */
const struct iface *state_vrf(const struct state *state, const struct iface *iface);

/* The interfaces in the order of their index. Free with free(). Returns 0 or -ENOMEM. */
int state_ifaces(const struct state *state, const struct iface ***ret, size_t *ret_count);

/* How many routes, over all tables. */
size_t state_routes(const struct state *state);

/* Whether the kernel judged by is major.minor or later, or major.minor.patch; an unknown one counts
 * as the newest. */
bool state_kernel_has(const struct state *state, unsigned int major, unsigned int minor);
bool state_kernel_has_patch(const struct state *state, unsigned int major,
	unsigned int minor, unsigned int patch);

/*
 * Whether the kernel judged by has what came with a version, such as a selector of a rule that was
 * read. The one that runs has what it says, whatever its version is: distributions port things back.
 */
bool state_kernel_knows(const struct state *state, uint32_t version);

/* The sources that are nobody's: 0.0.0.0, before 5.3 all of 0.0.0.0/8 (ipv4_is_zeronet()). */
struct prefix4 state_zeronet(const struct state *state);

/* Whether the kernel would use this nexthop of a route now (fib_lookup_good_nhc()). */
bool state_nexthop_is_usable(const struct state *state, const struct fib_info *info,
	const struct nexthop *nexthop);

/* The key of a name in state.names. */
uint64_t state_name_key(const char *name);

/* Calls each() with every nexthop of a route until it returns true; returns whether it did. Nexthop
 * objects and groups are followed. */
bool state_any_nexthop(const struct state *state, const struct fib_info *info,
	bool (*each)(const struct nexthop *nexthop, void *data), void *data);

/*
 * The VRF in which a flow from or to ifindex is looked up, 0 for none
 * (l3mdev_master_ifindex_rcu()).
 */
int state_l3mdev(const struct state *state, int ifindex);

/* Whether the link went since somebody last cleared the queue of links: another one may have its
 * index by now. */
bool state_link_went(const struct state *state, int ifindex);
