/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/evaluate/selfcheck.h"

#include "kernel/probe.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/random.h>

static uint32_t random32(void)
{
	uint32_t value = 0;

	/* where the kernel has no entropy yet, zero is a question as good as any */
	(void)!getrandom(&value, sizeof(value), GRND_NONBLOCK);
	return value;
}

/* --- what to ask ---------------------------------------------------------------------------- */

static const struct fib *random_table(const struct state *state)
{
	size_t wanted = state->tables.count ? random32() % state->tables.count : 0;
	const struct fib *fib = NULL;

	hash_each (&state->tables, slot) {
		fib = slot->value;
		if (!wanted--)
			break;
	}
	return fib;
}

/* An address at, or next to, the end of the prefix of some route: where a wrong trie shows. */
static struct ip4 near_a_route(const struct state *state)
{
	const struct fib *fib = random_table(state);
	uint32_t reference = fib ? fib->trie.root : TRIE_NONE;
	struct prefix4 prefix = { 0 };
	bool any = false;
	uint32_t edge;

	/* down the trie, as far as chance leads */
	while (reference != TRIE_NONE) {
		struct trie_at at = trie_at(&fib->trie, reference);

		prefix = at.prefix;
		any = true;
		reference = random32() % 16 ? at.child[random32() & 1] : TRIE_NONE;
	}
	if (!any)
		return ip4(random32());
	edge = random32() & 1 ? prefix4_first(prefix) : prefix4_last(prefix);
	return ip4(edge + random32() % 3 - 1);
}

static struct ip4 own_address(const struct state *state)
{
	size_t wanted = state->local_addrs.addrs.count
				? random32() % state->local_addrs.addrs.count
				: 0;
	struct ip4 addr = { 0 };

	hash_each (&state->local_addrs.addrs, slot) {
		addr = ip4((uint32_t)slot->key);
		if (!wanted--)
			break;
	}
	return addr;
}

static const struct iface *random_iface(const struct state *state)
{
	size_t wanted = state->ifaces.count ? random32() % state->ifaces.count : 0;
	const struct iface *iface = NULL;

	hash_each (&state->ifaces, slot) {
		iface = slot->value;
		if (!wanted--)
			break;
	}
	return iface;
}

/* What some rule asks for, as far as the kernel can be asked about it; the ports are those of the
 * reverse path. */
static void like_a_rule(const struct state *state, struct flow *flow)
{
	const struct rule *rule;

	if (!state->rules.count)
		return;
	rule = &state->rules.items[random32() % state->rules.count].rule;
	flow->mark = rule->mark;
	flow->tos = rule->tos;
	if (rule->has_dscp)
		flow->tos = (uint8_t)(rule->dscp << 2);
	if (rule->ipproto == IPPROTO_TCP || rule->ipproto == IPPROTO_ICMP)
		flow->proto = rule->ipproto;
	if (flow->proto != IPPROTO_ICMP) {
		flow->sport = rule->dport.set ? rule->dport.first : 0;
		flow->dport = rule->sport.set ? rule->sport.first : 0;
	}
	if (rule->to.len)
		flow->src = rule->to.addr;
	if (rule->from.len && state_is_local_addr(state, rule->from.addr))
		flow->dst = rule->from.addr;
}

/* The next flow to ask about; false where this round has none. */
static bool choose_flow(const struct sync *sync, const struct track *track, size_t number,
	struct flow *ret)
{
	const struct state *state = sync->state;
	const struct iface *iface;

	if (number < track->items.count) {
		const struct track_item *item = &track->items.items[number];

		if (!item->logged) /* no example was looked for yet */
			return false;
		*ret = item->logged->example;
		iface = state_iface(state, ret->iif);
	} else {
		*ret = (struct flow){ 0 };
		iface = state_iface(state, sync->changed_ifindex);
		if (!iface || random32() & 1)
			iface = random_iface(state);
	}
	if (!iface || !iface->announced || !iface->link.has_inet)
		return false;
	/* each refused question would write a line to the kernel's log */
	if (devconf_or(&state->all, &iface->link.conf, DEVCONF_LOG_MARTIANS))
		return false;
	if (ret->iif) /* a finding's */
		return true;
	*ret = (struct flow){
		.iif = iface->link.ifindex,
		.src = random32() & 1 ? near_a_route(state) : ip4(random32()),
		.dst = own_address(state),
		.proto = FLOW_UDP,
	};
	if (random32() & 1)
		like_a_rule(state, ret);
	return ret->dst.host != 0;
}

/* --- asking ---------------------------------------------------------------------------------- */

/* Whether model and kernel agree: 1, 0 with *ret, or a negative errno. */
static int model_agrees(
	struct sync *sync, const struct flow *flow, struct selfcheck_difference *ret)
{
	const struct overlay overlay = { .state = sync->state };
	int r = probe_ask(sync->request, flow);

	if (r == -ENODEV)
		return 1; /* gone meanwhile */
	if (r < 0 && r != -EXDEV && r != -EINVAL && r != -ENETUNREACH &&
		r != -EHOSTUNREACH && r != -EACCES)
		return r; /* the question failed, not the packet */
	ret->rpf = rpf_judge(&overlay, flow, NULL);
	ret->kernel_errno = -r;
	return rpf_agrees(&overlay, &ret->rpf, -r);
}

/* The same once more, with all that the kernel announced already: it may explain it. */
static int agrees_by_now(
	struct sync *sync, const struct flow *flow, struct selfcheck_difference *ret)
{
	int r = sync_events(sync);

	if (r >= 0)
		r = sync_refresh(sync);
	return r < 0 ? r : model_agrees(sync, flow, ret);
}

int selfcheck_run(struct selfcheck *check, struct sync *sync, const struct track *track,
	unsigned int questions)
{
	struct selfcheck_difference difference;

	/* a difference that stands is asked about until it is gone */
	if (check->unsure_ifindex) {
		if (model_agrees(sync, &check->suspect, &difference) <= 0)
			return 0;
		check->unsure_ifindex = 0;
		return 1;
	}
	for (unsigned int i = 0; i < questions && sync->synced && !check->has_suspect;
		i++) {
		struct flow flow;
		int r;

		if (!choose_flow(sync, track, i, &flow))
			continue;
		r = model_agrees(sync, &flow, &difference);
		check->checks++;
		if (r == 0)
			r = agrees_by_now(sync, &flow, &difference);
		if (r < 0)
			return r == -ENOMEM ? r : 0;
		if (r > 0)
			continue;
		check->suspect = flow;
		check->has_suspect = true;
		sync_want_audit_now(sync);
	}
	sync->changed_ifindex = 0;
	return 0;
}

int selfcheck_settle(struct selfcheck *check, struct sync *sync)
{
	int r;

	if (!check->has_suspect)
		return 0;
	check->has_suspect = false;
	r = model_agrees(sync, &check->suspect, &check->difference);
	if (r != 0)
		return r == -ENOMEM ? r : 0;
	check->unsure_ifindex = check->suspect.iif;
	check->has_news = true;
	return 1;
}
