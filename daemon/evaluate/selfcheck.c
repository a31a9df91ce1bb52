/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/evaluate/selfcheck.h"

#include "daemon/daemon.h"
#include "kernel/probe.h"
#include "kernel/procsys.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/random.h>
#include <syslog.h>

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
 * way back. */
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
static bool choose(const struct daemon *daemon, size_t number, struct flow *ret)
{
	const struct state *state = daemon->state;
	const struct iface *iface;

	if (number < daemon->track.items.count) {
		const struct track_item *item = &daemon->track.items.items[number];

		if (!item->said) /* no example was looked for yet */
			return false;
		*ret = item->said->example;
		iface = state_iface(state, ret->iif);
	} else {
		*ret = (struct flow){ 0 };
		iface = state_iface(state, daemon->changed_ifindex);
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

/* Whether model and kernel agree: 1, 0, or a negative errno. */
static int agrees(
	struct daemon *daemon, const struct flow *flow, struct rpf *ret_rpf, int *ret)
{
	const struct overlay overlay = { .state = daemon->state };
	int r = probe_ask(daemon->request, flow);

	if (r == -ENODEV)
		return 1; /* gone meanwhile */
	if (r < 0 && r != -EXDEV && r != -EINVAL && r != -ENETUNREACH &&
		r != -EHOSTUNREACH && r != -EACCES)
		return r; /* the question failed, not the packet */
	*ret_rpf = rpf_judge(&overlay, flow, NULL);
	*ret = -r;
	return rpf_agrees(&overlay, ret_rpf, -r);
}

/* Takes in what the kernel announced already: it may explain the difference. */
static int catch_up(struct daemon *daemon)
{
	int r = follow_events(daemon);

	return r < 0 ? r : follow_refresh(daemon);
}

/* Findings of an interface on which model and kernel differ say so (0: of none). */
static void unsure(struct daemon *daemon, int ifindex)
{
	daemon->unsure_ifindex = ifindex;
	daemon->rejudge = true;
	judge_later(daemon);
}

int selfcheck_run(struct daemon *daemon)
{
	unsigned int questions = daemon->config->selfcheck.per_minute;

	/* a difference that stands is asked about until it is gone */
	if (daemon->unsure_ifindex) {
		struct rpf rpf;
		int answer;

		if (agrees(daemon, &daemon->suspect, &rpf, &answer) > 0)
			unsure(daemon, 0);
		return 0;
	}
	for (unsigned int i = 0; i < questions && daemon->synced && !daemon->has_suspect;
		i++) {
		struct rpf rpf;
		struct flow flow;
		int answer, r;

		if (!choose(daemon, i, &flow))
			continue;
		r = agrees(daemon, &flow, &rpf, &answer);
		daemon->selfchecks++;
		if (r == 0) {
			r = catch_up(daemon);
			if (r >= 0)
				r = agrees(daemon, &flow, &rpf, &answer);
		}
		if (r < 0)
			return r == -ENOMEM ? r : 0;
		if (r > 0)
			continue;
		daemon->suspect = flow;
		daemon->has_suspect = true;
		audit_want_at_once(daemon);
	}
	daemon->changed_ifindex = 0;
	return 0;
}

int selfcheck_settle(struct daemon *daemon)
{
	struct rpf rpf;
	int answer, r;

	if (!daemon->has_suspect)
		return 0;
	daemon->has_suspect = false;
	r = agrees(daemon, &daemon->suspect, &rpf, &answer);
	if (r != 0)
		return r == -ENOMEM ? r : 0;
	daemon->disagreements++;
	say_flow_disagreement(daemon, &daemon->suspect, &rpf, answer);
	unsure(daemon, daemon->suspect.iif);
	return 0;
}
