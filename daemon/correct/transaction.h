/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/correct/ledger.h"
#include "finding/plan.h"

/*
 * Who touches the kernel: the daemon, rpfilterctl, or a test. Functions get data first and
 * return 0 or a negative errno.
 */
struct kernel_port {
	void *data;
	/* rp_filter of an interface, of NETCONF_ALL or NETCONF_DEFAULT; as devconf_write.h, which
	 * has what a 1 means */
	int (*write)(void *data, int ifindex, int value);
	int (*read)(void *data, int ifindex, int *ret);
	/* After a write: the model takes in what was announced meanwhile, then reads that one
	 * again, as a write to a link that is down is announced to nobody. *ret: its value. */
	int (*reread)(void *data, int ifindex, int *ret);
	/* The kernel's word on a packet. */
	int (*ask)(void *data, const struct flow *flow, enum kernel_answer *ret);
	/* The model; NULL while it is out of sync. */
	const struct state *(*state)(void *data);
	uint64_t (*clock)(void *data); /* since 1970 */
	uint64_t (*now)(void *data);   /* for durations: usec of any steady clock */
	struct plan_judge judge;
};

/* How a write, or a plan of some, went. */
enum outcome_kind {
	OUTCOME_DONE,
	OUTCOME_STALE, /* a value is not what the plan was made of: plan again */
	OUTCOME_KERNEL_DISAGREES, /* the kernel says otherwise of the example: nothing written */
	OUTCOME_NO_EFFECT,	  /* written, and the packet still dropped: taken back */
	OUTCOME_ERROR, /* .error of the write to .ifindex: what was written is taken back */
	OUTCOME_NO_LEDGER, /* .error of the ledger: nothing written */
	OUTCOME_OVERWRITTEN, /* of taking back: somebody else's value is there now, and stays */
	OUTCOME_KEPT, /* of taking back: it would loosen or tighten what is in effect now */
};

struct outcome {
	enum outcome_kind kind;
	int error; /* negative */
	int ifindex;
	enum kernel_answer kernel; /* last heard */
	bool wrote;		   /* something, whatever became of it */
	bool left; /* taking it back failed: the value is still there, and in the ledger */
	bool alike; /* the kernel refused what was there before: one that acts the same is */
};

/*
 * Carries out a plan for a finding. The kernel must answer `expected` about its example, and the
 * values must be as the plan has them. All steps go into the ledger and are written in order. Model
 * and kernel must both let the example pass afterwards; else what was written is put back. What
 * came of it is in *ret. Returns 0 or -ENOMEM.
 */
int transaction_apply(struct ledger *ledger, const struct kernel_port *port,
	const struct finding *finding, const struct plan *plan,
	enum kernel_answer expected, struct outcome *ret);

/*
 * Whether transaction_apply() would come to its first write: nothing is written, and no ledger is
 * needed. *ret has why not, and what the kernel said.
 */
bool transaction_rehearse(const struct kernel_port *port, const struct finding *finding,
	const struct plan *plan, enum kernel_answer expected, struct outcome *ret);

/* Told of each value that was, or was not, taken back; the entry as it was. */
typedef void (*transaction_revert_told)(
	void *data, const struct ledger_entry *entry, int now, const struct outcome *how);

/*
 * Takes back what was written for a finding, last write first; never over somebody else's value.
 * It needs no room in the ledger: where an old value is back, an entry that could not be struck out
 * names a value that is not there any more, and ledger_reconcile() forgets it. Returns 0; -EIO where something could not be written or accounted for and is left; -ENOMEM.
 */
int transaction_revert(struct ledger *ledger, const struct kernel_port *port,
	const char *finding, transaction_revert_told told, void *data);

/* Told of a value that looks like ours on an interface that can't be told to be the same one. */
typedef void (*ledger_reconcile_told)(void *data, const struct ledger_entry *entry);

/*
 * After a start, holds the ledger against the kernel: what was written is ours, what was not
 * is forgotten, and so is what belongs to another interface by now or has somebody else's
 * value. What can't be read for another reason stays. Pauses of interfaces that are gone end. Returns 0 or a negative errno of saving.
 */
int ledger_reconcile(struct ledger *ledger, const struct kernel_port *port,
	ledger_reconcile_told told, void *data);
