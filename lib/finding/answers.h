/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "flowclass/flowclass.h"
#include "net/prefixset.h"
#include "rpf/overlay.h"

#include <stdbool.h>

/*
 * Answers: what this host sends out of an interface because a rule says so, by something that the
 * reverse path can't see, is answered by it. Such are a mark (where src_valid_mark is off), a user, the
 * device that a socket is bound to, and for what is forwarded the interface that it came by. For
 * each such rule the way there is looked up, of all destinations at once; those that leave by the
 * interface are the sources of the answers, but for those whom packets would leave by it to without
 * the rule, too, and for those of whom a longer prefix says on the reverse path that they are elsewhere:
 * a tunnel's own packets are for nobody in the tunnel. Whether they are dropped is for others to
 * judge.
 *
 * Where src_valid_mark is on, a mark may be restored on what comes in, which nobody can see from
 * here: then neither a rule for a mark makes anybody expected, nor one to the same table. A rule
 * that asks for a tos, protocol or ports besides makes it uncertain.
 */
#define ANSWERS_BECAUSE 128

struct answers_cause {
	struct prefixset sources;
	char because[ANSWERS_BECAUSE]; /* "rule 200, fwmark 0x1" */
	uint64_t key;		       /* of the rule's table and `to` */
	bool certain;
};

struct answers {
	ARRAY(struct answers_cause)
	causes; /* in the order of the rules; each has sources */
};

/* Whether some rule could make any at all on iface: a cheap look, for who asks often. */
bool answers_any(const struct state *state, const struct iface *iface);

/*
 * The answers to a class of packets' destinations that come in by iface. *ret zeroed before;
 * answers_done() after an error too. Returns 0 or -ENOMEM.
 */
int answers_of(const struct overlay *overlay, const struct iface *iface,
	const struct flowclass *class, struct answers *ret);
void answers_done(struct answers *answers);

/*
 * Whether an interface is for packets with a mark alone: src_valid_mark is on, a rule for a mark
 * leads to a route by it, and no packet of the class without a mark has its reverse route there. Then
 * nothing can be told of it from here. 1, 0 or -ENOMEM.
 */
int answers_are_marked(const struct overlay *overlay, const struct iface *iface,
	const struct flowclass *class);

/* The cause that has this source; NULL where none has. */
const struct answers_cause *answers_cause(
	const struct answers *answers, struct ip4 source);

/* For people: the prefix around each rule's answers, and what makes it; a negative return ends
 * it. Returns 0, -ENOMEM or what visit returned. */
typedef int (*answers_visit)(struct prefix4 prefix, const char *because, void *data);
int answers_list(const struct state *state, const struct iface *iface,
	answers_visit visit, void *data);
