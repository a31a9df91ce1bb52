/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "kernel/nl_request.h"
#include "net/ifname.h"
#include "net/ip4map.h"
#include "state/record.h"

#include <stddef.h>

/*
 * A snapshot without names and addresses, of which every verdict is still the same: addresses are
 * exchanged prefix by prefix (net/ip4map.h), interfaces are if1, if2 and so on, but lo and
 * those of the kernel's own names that mean something (tunl0). Of a message only what is known
 * to be harmless, or is mapped, is left: no hardware address, no label, no remote end of a tunnel; of
 * what is not known, and makes a rule or a route blind, there are other bytes of the same length.
 */
struct anonymous_link {
	char name[NAME_MAX_], alias[NAME_MAX_];
	char kind[NAME_MAX_];
};

struct anonymizer {
	struct ip4map addrs;
	ARRAY(struct anonymous_link) links; /* and other names, without a kind */
	unsigned int count;
};

/* By a random key, which is forgotten with it. Returns 0 or a negative errno; anonymizer_done() in either
 * case. */
int anonymizer_init(struct anonymizer *anonymizer);
void anonymizer_done(struct anonymizer *anonymizer);

/* Hears of the links and the networks that there are: before all else. Returns as nl_request_dump(). */
int anonymizer_learn(struct anonymizer *anonymizer, struct nl_request *request);

/* The name that stands for an interface's, also for one that is not there. Returns 0 or -ENOMEM. */
int anonymizer_name(
	struct anonymizer *anonymizer, const char *name, char ret[static NAME_MAX_]);

/*
 * A datagram as it may be seen, into out; its length into *ret_length, 0 where nothing is left of it.
 * Returns 0, -EBADMSG for a message that is malformed, -EMSGSIZE where size bytes are too few
 * (twice as many as length are enough, and 4096), or -ENOMEM.
 */
int anonymizer_datagram(struct anonymizer *anonymizer, const void *datagram,
	size_t length, void *out, size_t size, size_t *ret_length);

/* The text of /proc/net/igmp with the groups of record, as far as it is read again. Free with free(). */
int anonymizer_memberships(struct anonymizer *anonymizer,
	const struct membership_record *record, char **ret);
