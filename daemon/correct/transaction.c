/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/correct/transaction.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * The order is what makes it safe to be killed at any point:
 *
 *	ledger: pending -> write -> verify -> ledger: done
 *
 * A pending entry has the value before (was) and the one to be written, so whoever comes after
 * a crash sees by the kernel's value which of the two it is.
 */

/* What an entry was before a plan: for putting it back. */
struct before {
	bool existed;
	struct ledger_entry entry;
};

struct work {
	struct ledger *ledger;
	const struct kernel_port *port;
	const struct finding *finding;
	const struct plan *plan;
	enum kernel_answer expected;
	struct before *before; /* a step each */
	size_t written;
};

/* Whether the interface went under the transaction: another one may have its index by now. */
static bool went(const struct kernel_port *port, int ifindex)
{
	const struct state *state = port->state(port->data);

	return state && ifindex > 0 && state_link_went(state, ifindex);
}

static bool is_expected(const struct work *work, struct outcome *ret)
{
	array_each (&work->plan->steps, const struct plan_step, step) {
		int value = 0, r;

		if (went(work->port, step->ifindex)) {
			ret->kind = OUTCOME_STALE;
			return false;
		}
		r = work->port->read(work->port->data, step->ifindex, &value);
		if (r < 0) {
			*ret = (struct outcome){ .kind = OUTCOME_ERROR,
				.error = r,
				.ifindex = step->ifindex };
			return false;
		}
		if (value != step->old) {
			ret->kind = OUTCOME_STALE;
			return false;
		}
	}
	return true;
}

static const struct iface *iface_of(const struct kernel_port *port, int ifindex)
{
	const struct state *state = port->state(port->data);

	return state ? state_iface(state, ifindex) : NULL;
}

/* What tells which one it was: after a crash it may be another one that has the index. */
static void identify(const struct kernel_port *port, struct ledger_entry *entry)
{
	const struct iface *iface = iface_of(port, entry->ifindex);

	snprintf(entry->name, sizeof(entry->name), "%s",
		entry->ifindex == NETCONF_ALL	    ? "all"
		: entry->ifindex == NETCONF_DEFAULT ? "default"
		: iface				    ? iface->link.name
						    : "?");
	entry->identity = iface ? iface->link.identity : 0;
}

/* What is outside is of somebody who meant what the next one inside does. */
static int within_ledger(int value)
{
	return value < LEDGER_LEAST  ? LEDGER_LEAST
	       : value > LEDGER_MOST ? LEDGER_MOST
				     : value;
}

/* Whether a value is one that an entry tells of: else somebody has written over it. */
static bool is_of_entry(const struct ledger_entry *entry, int value)
{
	return value == entry->value || (!entry->done && value == entry->was);
}

static int put_pending(
	struct work *work, const struct plan_step *step, struct before *before)
{
	const struct ledger_entry *known = ledger_find(work->ledger, step->ifindex);
	struct ledger_entry entry = { .ifindex = step->ifindex,
		.old = within_ledger(step->old),
		.was = within_ledger(step->old),
		.value = step->value,
		.keeps = step->keeps,
		.example = work->finding->example,
		.when_usec = work->port->clock(work->port->data) };

	entry.example.iif = step->ifindex;
	identify(work->port, &entry);
	before->existed = known != NULL;
	if (known)
		before->entry = *known;
	if (known && !is_of_entry(known, step->old))
		known = NULL; /* what is there now is what to go back to */
	if (known) {
		entry.old = known->old;
		if (!known->keeps)
			entry.when_usec = known->when_usec;
	}
	/* entries of one finding go together: what was loosened for another stays with that */
	snprintf(entry.finding, sizeof(entry.finding), "%s",
		known && !known->keeps ? known->finding : work->finding->id);
	return ledger_put(work->ledger, &entry);
}

/* The entries as they were, from the first on; only in memory. */
static void put_before(struct work *work, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct ledger_entry *entry =
			ledger_find(work->ledger, work->plan->steps.items[i].ifindex);

		if (entry && work->before[i].existed)
			*entry = work->before[i].entry;
		else if (entry)
			ledger_remove(work->ledger, entry);
	}
}

static int account(struct work *work)
{
	size_t count = 0;
	int r = 0;

	for (; r >= 0 && count < work->plan->steps.count; count += r >= 0)
		r = put_pending(
			work, &work->plan->steps.items[count], &work->before[count]);
	if (r >= 0)
		r = ledger_save(work->ledger);
	if (r < 0)
		put_before(work, count);
	return r;
}

/* Puts one back, unless somebody else has set it meanwhile: then it is his. */
static bool put_step_back(const struct kernel_port *port, const struct plan_step *step,
	bool *ret_foreign, bool *ret_alike)
{
	int value, r = went(port, step->ifindex)
			       ? -ENODEV
			       : port->read(port->data, step->ifindex, &value);

	*ret_foreign =
		r == -ENODEV || r == -EAFNOSUPPORT || (r >= 0 && value != step->value);
	if (r < 0 || *ret_foreign)
		return *ret_foreign;
	r = port->write(port->data, step->ifindex, step->old);
	*ret_alike |= r > 0;
	(void)port->reread(port->data, step->ifindex, &value);
	return r >= 0;
}

/* Puts back what was written, the last first. What can't be is ours and stays in the ledger. */
static void roll_back(struct work *work, struct outcome *ret)
{
	for (size_t i = work->plan->steps.count; i-- > 0;) {
		const struct plan_step *step = &work->plan->steps.items[i];
		bool foreign = false, back = i >= work->written;
		struct ledger_entry *entry = ledger_find(work->ledger, step->ifindex);

		if (!back)
			back = put_step_back(work->port, step, &foreign, &ret->alike);
		if (back && entry && work->before[i].existed && !foreign) {
			*entry = work->before[i].entry;
		} else if (entry && (back || entry->value == entry->old)) {
			ret->left |= !back;
			ledger_remove(work->ledger, entry);
		} else if (entry) {
			ret->left = true;
			entry->done = true;
			entry->was = entry->value;
		}
	}
	(void)ledger_save(work->ledger); /* pending entries tell the same after a crash */
}

static int write_steps(struct work *work, struct outcome *ret)
{
	array_each (&work->plan->steps, const struct plan_step, step) {
		int r = work->port->write(work->port->data, step->ifindex, step->value);

		if (r < 0) {
			*ret = (struct outcome){ .kind = OUTCOME_ERROR,
				.error = r,
				.ifindex = step->ifindex,
				.wrote = work->written > 0 };
			return r;
		}
		work->written++;
		ret->wrote = true;
	}
	return 0;
}

/* Whether model and kernel let the example pass now: 1, 0 with *ret set, or -ENOMEM. */
static int is_cured(struct work *work, struct outcome *ret)
{
	const struct kernel_port *port = work->port;
	const struct finding *finding = work->finding;
	const struct state *state;
	int r = 0, value = 0;

	ret->kind = OUTCOME_NO_EFFECT;
	array_each (&work->plan->steps, const struct plan_step, step) {
		ret->ifindex = step->ifindex;
		r = port->reread(port->data, step->ifindex, &value);
		if (went(port, step->ifindex)) {
			ret->kind = OUTCOME_STALE; /* nobody's fault */
			return 0;
		}
		if (r < 0 || value != step->value) {
			ret->kind = r < 0		 ? OUTCOME_ERROR
				    : value == step->old ? OUTCOME_NO_EFFECT
							 : OUTCOME_STALE;
			ret->error = r;
			return 0;
		}
	}
	r = port->ask(port->data, &finding->example, &ret->kernel);
	if (r < 0)
		ret->kernel = KERNEL_UNASKED;
	/* out of sync the model says nothing, and the next finding will if need be */
	state = port->state(port->data);
	r = 1;
	if (state) {
		const struct overlay overlay = { .state = state };
		const struct iface *iface = state_iface(state, finding->ifindex);

		r = iface ? plan_is_cured(&overlay, iface, finding->id, &port->judge) : 0;
	}
	if (r == -ENOMEM || (r > 0 && ret->kernel == KERNEL_PASS))
		return r;
	/*
	 * Where the model is of another opinion than it was when it planned, or the packet does
	 * not get as far any more, things have changed under the write: an address went.
	 */
	if (r <= 0 || ret->kernel != KERNEL_DROP)
		ret->kind = OUTCOME_STALE;
	return 0;
}

static void mark_done(struct work *work)
{
	array_each (&work->plan->steps, const struct plan_step, step) {
		struct ledger_entry *entry = ledger_find(work->ledger, step->ifindex);

		if (!entry)
			continue;
		entry->done = true;
		entry->was = entry->value;
		if (entry->value == entry->old)
			ledger_remove(work->ledger, entry);
	}
	/* not saved, they are pending, and the kernel's value tells the rest */
	(void)ledger_save(work->ledger);
}

/* Whether kernel and values are as the plan has them; else *ret says why not. */
static bool is_due(const struct work *work, struct outcome *ret)
{
	const struct kernel_port *port = work->port;
	int r = port->ask(port->data, &work->finding->example, &ret->kernel);

	if (r < 0 || ret->kernel != work->expected) {
		ret->kind = r < 0 ? OUTCOME_STALE : OUTCOME_KERNEL_DISAGREES;
		return false;
	}
	return is_expected(work, ret);
}

bool transaction_rehearse(const struct kernel_port *port, const struct finding *finding,
	const struct plan *plan, enum kernel_answer expected, struct outcome *ret)
{
	const struct work work = {
		.port = port, .finding = finding, .plan = plan, .expected = expected
	};

	*ret = (struct outcome){ .kind = OUTCOME_STALE };
	return is_due(&work, ret);
}

static int apply_plan(struct work *work, struct outcome *ret)
{
	int r;

	if (!is_due(work, ret))
		return 0;
	r = account(work);
	if (r < 0) {
		*ret = (struct outcome){ .kind = OUTCOME_NO_LEDGER, .error = r };
		return r == -ENOMEM ? r : 0;
	}
	r = write_steps(work, ret);
	if (r >= 0) {
		r = is_cured(work, ret);
		if (r > 0) {
			ret->kind = OUTCOME_DONE;
			mark_done(work);
			return 0;
		}
	}
	roll_back(work, ret);
	return r == -ENOMEM ? r : 0;
}

int transaction_apply(struct ledger *ledger, const struct kernel_port *port,
	const struct finding *finding, const struct plan *plan,
	enum kernel_answer expected, struct outcome *ret)
{
	struct work work = { .ledger = ledger,
		.port = port,
		.finding = finding,
		.plan = plan,
		.expected = expected };
	int r;

	*ret = (struct outcome){ .kind = OUTCOME_STALE };
	work.before = calloc(plan->steps.count + 1, sizeof(*work.before));
	if (!work.before)
		return -ENOMEM;
	r = apply_plan(&work, ret);
	free(work.before);
	return r;
}

/* --- taking back --------------------------------------------------------------------------- */

/*
 * What an entry is to go back to. While all is lowered by us for another finding, an interface
 * goes back to what it had in effect, which is not its own old value where all made it.
 */
static int target_of(const struct ledger *ledger, const struct ledger_entry *entry)
{
	const struct ledger_entry *all = ledger_find(ledger, NETCONF_ALL);

	if (!all || entry->ifindex < 0 || strcmp(all->finding, entry->finding) == 0)
		return entry->old;
	return plan_keeping_value(entry->old, all->old);
}

/* A step that kept an interface as it is may go only if that changes nothing in effect now. */
static bool may_go(const struct kernel_port *port, const struct ledger_entry *entry)
{
	int all = 0;

	if (!entry->keeps)
		return true;
	if (port->read(port->data, NETCONF_ALL, &all) < 0)
		return false;
	return plan_keeping_value(entry->old, all) ==
	       plan_keeping_value(entry->value, all);
}

/* Writes one value back. Sets *ret, and *ret_now to what there is then; entry is changed or
 * removed. */
static void write_back(struct ledger *ledger, const struct kernel_port *port,
	struct ledger_entry *entry, int target, struct outcome *ret, int *ret_now)
{
	const struct ledger_entry *all;
	int value = target;

	entry->was = entry->value;
	entry->value = target;
	entry->done = false;
	ret->error = ledger_save(ledger);
	ret->kind = OUTCOME_NO_LEDGER;
	if (ret->error >= 0 || target == entry->old) {
		ret->kind = OUTCOME_ERROR;
		ret->error = port->write(port->data, entry->ifindex, target);
	}
	if (ret->error < 0) {
		entry->value = entry->was;
		entry->done = true;
		return;
	}
	ret->alike = ret->error > 0;
	ret->error = 0;
	(void)port->reread(port->data, entry->ifindex, &value);
	ret->kind = OUTCOME_DONE;
	*ret_now = ret->alike ? value : target;
	entry->was = target;
	entry->done = true;
	if (target == entry->old) {
		ledger_remove(ledger, entry);
		return;
	}
	all = ledger_find(ledger, NETCONF_ALL);
	entry->keeps = true;
	if (all)
		memcpy(entry->finding, all->finding, sizeof(entry->finding));
}

static void revert_entry(struct ledger *ledger, const struct kernel_port *port,
	struct ledger_entry *entry, struct outcome *ret, int *ret_now)
{
	int target = target_of(ledger, entry), value = 0, r = -ENODEV;

	if (!went(port, entry->ifindex))
		r = port->read(port->data, entry->ifindex, &value);

	ret->ifindex = entry->ifindex;
	*ret_now = value;
	if (r == -ENODEV || r == -EAFNOSUPPORT || (r >= 0 && value != entry->value)) {
		ret->kind = OUTCOME_OVERWRITTEN;
		ret->error = r < 0 ? r : 0;
		ledger_remove(ledger, entry);
		return;
	}
	if (r < 0) {
		*ret = (struct outcome){ .kind = OUTCOME_ERROR, .error = r };
		return;
	}
	if (!may_go(port, entry)) {
		ret->kind = OUTCOME_KEPT;
		return;
	}
	write_back(ledger, port, entry, target, ret, ret_now);
}

int transaction_revert(struct ledger *ledger, const struct kernel_port *port,
	const char *finding, transaction_revert_told told, void *data)
{
	_cleanup_(freep) int *ifindexes =
		calloc(ledger->entries.count + 1, sizeof(*ifindexes));
	size_t count = 0;
	bool left = false;
	int r = 0;

	if (!ifindexes)
		return -ENOMEM;
	/* by key: an entry that is taken back goes */
	array_each (&ledger->entries, const struct ledger_entry, entry) {
		if (strcmp(entry->netns, ledger->netns) == 0 &&
			strcmp(entry->finding, finding) == 0)
			ifindexes[count++] = entry->ifindex;
	}
	while (count-- > 0 && !left && r != -ENOMEM) {
		struct ledger_entry *entry = ledger_find(ledger, ifindexes[count]), was;
		struct outcome how = { .kind = OUTCOME_DONE };
		int now = 0;

		if (!entry || strcmp(entry->finding, finding) != 0)
			continue;
		was = *entry;
		revert_entry(ledger, port, entry, &how, &now);
		if (told)
			told(data, &was, now, &how);
		/* what was written before it depends on it: it all stays */
		left = how.kind == OUTCOME_ERROR || how.kind == OUTCOME_NO_LEDGER;
		/* each by itself is written in its place: that needs no new file */
		r = ledger_save(ledger);
	}
	return r == -ENOMEM ? r : left ? -EIO : 0;
}

/* --- after a start ------------------------------------------------------------------------- */

/* Brings an entry up to the kernel's value; false where it is none of ours any more. */
static bool resume(struct ledger *ledger, const struct kernel_port *port,
	struct ledger_entry *entry, ledger_reconcile_told told, void *data)
{
	const struct iface *iface = iface_of(port, entry->ifindex);
	int value = 0, r = port->read(port->data, entry->ifindex, &value);

	if (r == -ENODEV || r == -EAFNOSUPPORT || (entry->ifindex > 0 && !iface))
		return false;
	if (r < 0)
		return true;
	if (!is_of_entry(entry, value))
		return false;
	if (iface && !ledger_is_about(entry, iface->link.identity)) {
		if (value != entry->old && told)
			told(data, entry);
		return false;
	}
	if (iface)
		(void)ledger_follow(
			ledger, entry, iface->link.name, iface->link.identity);
	entry->value = entry->was = value;
	entry->done = true;
	return value != entry->old;
}

int ledger_reconcile(struct ledger *ledger, const struct kernel_port *port,
	ledger_reconcile_told told, void *data)
{
	const struct state *state = port->state(port->data);

	for (size_t i = ledger->entries.count; i-- > 0;) {
		struct ledger_entry *entry = &ledger->entries.items[i];

		if (strcmp(entry->netns, ledger->netns) == 0 &&
			!resume(ledger, port, entry, told, data))
			array_remove(&ledger->entries, i);
	}
	ledger_follow_end(ledger);
	if (state)
		(void)ledger_follow_pauses(ledger, state, true);
	return ledger_save(ledger);
}
