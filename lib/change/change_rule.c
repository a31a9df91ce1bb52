/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "change/change_rule.h"

#include "state/state_apply.h"

#include <errno.h>
#include <string.h>

/* net/core/fib_rules.c, and net/ipv4/fib_rules.c for what is IPv4's. */

/* --- which rule is meant ---------------------------------------------------------------------- */

static bool prefix_fits(
	struct prefix4 said, uint32_t said_rest, struct prefix4 has, uint32_t has_rest)
{
	return !said.len || (said.len == has.len && said.addr.host == has.addr.host &&
				    said_rest == has_rest);
}

/* fib4_rule_compare(): what was not said fits all, also where the kernel asks for an equal rule. */
static bool selectors_fit(const struct rule *said, const struct rule *has)
{
	return prefix_fits(said->from, said->from_rest, has->from, has->from_rest) &&
	       prefix_fits(said->to, said->to_rest, has->to, has->to_rest) &&
	       (!said->tos || said->tos == has->tos) &&
	       (!said->has_dscp || (has->has_dscp && said->dscp == has->dscp &&
					   said->dscp_mask == has->dscp_mask)) &&
	       (!said->realm || said->realm == has->realm);
}

static bool ports_equal(const struct port_range *a, const struct port_range *b)
{
	return a->set == b->set && a->first == b->first && a->last == b->last &&
	       a->mask == b->mask;
}

/* rule_exists(): neither `not` nor the target of a goto counts. */
static bool rule_is_there(const struct rule *said, const struct rule *has)
{
	return said->action == has->action && said->table == has->table &&
	       said->priority == has->priority && strcmp(said->iif, has->iif) == 0 &&
	       strcmp(said->oif, has->oif) == 0 && said->mark == has->mark &&
	       said->mask == has->mask && said->suppress_len == has->suppress_len &&
	       said->suppress_group == has->suppress_group &&
	       said->tun_id == has->tun_id && said->l3mdev == has->l3mdev &&
	       said->has_uid == has->has_uid && said->uid_first == has->uid_first &&
	       said->uid_last == has->uid_last && said->ipproto == has->ipproto &&
	       said->protocol == has->protocol &&
	       ports_equal(&said->sport, &has->sport) &&
	       ports_equal(&said->dport, &has->dport) && selectors_fit(said, has);
}

static bool ports_fit(const struct port_range *said, const struct port_range *has)
{
	return !said->set || ports_equal(said, has);
}

/* rule_find() */
static bool rule_fits(const struct change_rule *change, const struct rule *has)
{
	const struct rule *said = &change->rule;

	return (!change->has_priority || said->priority == has->priority) &&
	       (!change->has_action || said->action == has->action) &&
	       (!said->table || said->table == has->table) &&
	       (!said->iif[0] || strcmp(said->iif, has->iif) == 0) &&
	       (!said->oif[0] || strcmp(said->oif, has->oif) == 0) &&
	       (!said->mark || said->mark == has->mark) &&
	       (!said->mask || said->mask == has->mask) &&
	       (said->suppress_len < 0 || said->suppress_len == has->suppress_len) &&
	       (said->suppress_group < 0 ||
		       said->suppress_group == has->suppress_group) &&
	       (!said->tun_id || said->tun_id == has->tun_id) &&
	       (!said->l3mdev || has->l3mdev) &&
	       (!said->has_uid || (has->has_uid && said->uid_first == has->uid_first &&
					  said->uid_last == has->uid_last)) &&
	       (!said->ipproto || said->ipproto == has->ipproto) &&
	       (!said->protocol || said->protocol == has->protocol) &&
	       ports_fit(&said->sport, &has->sport) &&
	       ports_fit(&said->dport, &has->dport) && selectors_fit(said, has);
}

/* --- making it -------------------------------------------------------------------------------- */

/* fib_default_rule_pref(): one less than the second rule has */
static uint32_t default_priority(const struct state *state)
{
	uint32_t second =
		state->rules.count > 1 ? state->rules.items[1].rule.priority : 0;

	return second ? second - 1 : 0;
}

static int check_ports(
	const struct change_job *job, const struct port_range *range, const char *name)
{
	if (!range->set)
		return 0;
	if (!range->first || range->last == UINT16_MAX || range->first > range->last)
		return change_refuse(job, -EINVAL, "%s is 1 to 65534, ascending", name);
	if (range->mask != UINT16_MAX && !state_kernel_has(job->state, 6, 15))
		return change_leave(job, "this kernel may have no mask for a port");
	return 0;
}

/* What the kernel asks for before it looks whether the rule is there: fib_nl2rule() */
static int check_rule(const struct change_job *job, const struct rule *rule)
{
	int r;

	if (rule->action == RULE_GOTO && rule->target <= rule->priority)
		return change_refuse(job, -EINVAL,
			"goto leads forward only, behind priority %u", rule->priority);
	if (rule->l3mdev && job->change->rule.has_table && rule->table)
		return change_refuse(job, -EINVAL, "a table or l3mdev, one of them only");
	if (rule->has_uid && rule->uid_first > rule->uid_last)
		return change_refuse(job, -EINVAL, "the range of uids is descending");
	r = check_ports(job, &rule->sport, "sport");
	return r ? r : check_ports(job, &rule->dport, "dport");
}

/* fib4_rule_configure() */
static int check_selectors(const struct change_job *job, const struct rule *rule)
{
	if (rule->tos & 3 && (rule->tos & 1 || state_kernel_has(job->state, 5, 18)))
		return change_refuse(job, -EINVAL, "the two low bits of tos must be 0");
	if (rule->has_dscp && !state_kernel_has(job->state, 6, 12))
		return change_refuse(job, -EINVAL, "this kernel knows no dscp");
	if (rule->has_dscp && rule->tos)
		return change_refuse(job, -EINVAL, "tos or dscp, one of them only");
	if (!rule->table && !rule->l3mdev && rule->action == RULE_TABLE)
		return change_leave(job,
			"table 0 stands for one that is empty, which one isn't known");
	return 0;
}

static int add_rule(const struct change_job *job)
{
	struct record record = { .kind = RECORD_RULE, .rule = job->change->rule.rule };
	int r;

	if (!job->change->rule.has_priority)
		record.rule.priority = default_priority(job->state);
	r = check_rule(job, &record.rule);
	if (r)
		return r;
	array_each (&job->state->rules, const struct state_rule, known) {
		if (rule_is_there(&record.rule, &known->rule))
			return change_refuse(
				job, -EEXIST, "there is such a rule already");
	}
	r = check_selectors(job, &record.rule);
	if (r)
		return r;
	r = state_apply(job->state, &record);
	return r < 0 ? r : 0;
}

/* One rule goes. Older kernels part local and main here, too (docs/kernel.md 4.1). */
static int remove_rule(struct state *state, const struct rule *rule)
{
	const struct record record = { .kind = RECORD_RULE_GONE, .rule = *rule };
	const struct record parted = { .kind = RECORD_MERGED };
	int r = state_apply(state, &record);

	if (r >= 0 && !state_kernel_has(state, 7, 1))
		r = state_apply(state, &parted);
	return r < 0 ? r : 0;
}

static int del_rule(const struct change_job *job)
{
	struct rule said = job->change->rule.rule;
	int r;

	/* the checks are those of a new rule, with the priority that it would get */
	if (!job->change->rule.has_priority)
		said.priority = default_priority(job->state);
	r = check_rule(job, &said);
	if (r)
		return r;
	array_each (&job->state->rules, const struct state_rule, known) {
		if (rule_fits(&job->change->rule, &known->rule))
			return remove_rule(job->state, &known->rule);
	}
	return change_refuse(job, -ENOENT, "there is no such rule");
}

/* ip(8) leaves those of priority 0 alone. */
static int flush_rules(struct state *state)
{
	int r = 0;

	for (size_t i = state->rules.count; r >= 0 && i-- > 0;) {
		if (state->rules.items[i].rule.priority)
			r = remove_rule(state, &state->rules.items[i].rule);
	}
	return r;
}

int change_apply_rule(const struct change_job *job)
{
	if (job->change->verb == CHANGE_FLUSH)
		return flush_rules(job->state);
	return job->change->verb == CHANGE_ADD ? add_rule(job) : del_rule(job);
}
