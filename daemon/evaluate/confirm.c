/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/evaluate/confirm.h"

#include "base/time.h"
#include "daemon/evaluate/evaluate.h"
#include "kernel/clock.h"
#include "kernel/probe.h"
#include "state/dirty.h"

#include <errno.h>

int finding_expand(
	struct state *state, const struct config *config, struct track_item *item)
{
	struct finding *expanded;
	int r = evaluate_finding(
		state, config, item->ifindex, item->finding->id, &expanded);

	if (r > 0)
		track_expand(item, expanded);
	else if (r == 0)
		(void)dirty_iface(state, item->ifindex);
	return r;
}

int kernel_confirm(
	struct nl_request *request, const struct flow *flow, enum kernel_answer *ret)
{
	int r = probe_ask(request, flow);

	switch (r) {
	case 0:
		*ret = KERNEL_PASS;
		return 0;
	case -EXDEV:
	case -EINVAL: /* might mean the destination; but a finding's is the host's own */
		*ret = KERNEL_DROP;
		return 0;
	case -ENETUNREACH:
	case -EHOSTUNREACH:
	case -EACCES:
		*ret = KERNEL_UNJUDGED;
		return 0;
	default:
		return r;
	}
}

static bool may_ask(struct confirm *confirm, const struct state *state,
	const struct config *config, const struct iface *iface)
{
	uint64_t now = clock_monotonic_usec();

	if (!devconf_or(&state->all, &iface->link.conf, DEVCONF_LOG_MARTIANS))
		return true;
	if (now - confirm->minute_usec >= USEC_PER_MINUTE) {
		confirm->minute_usec = now;
		confirm->questions = 0;
	}
	return confirm->questions++ < config->selfcheck.per_minute;
}

/*
 * The kernel is right. The first time all is read again, as the model may be old; if that does not
 * settle it, it is logged once.
 */
static enum confirm_result refute(
	struct sync *sync, struct track *track, struct track_item *item)
{
	item->refuted = true;
	track_retime(track);
	if (!item->refutations) {
		item->refutations = 1;
		item->refuted_audit = sync->counts.audits;
		sync_want_audit_now(sync);
	}
	if (item->refutations > 1 || item->refuted_audit == sync->counts.audits)
		return CONFIRM_REFUTED;
	item->refutations = 2;
	return item->finding->kernel == KERNEL_PASS ? CONFIRM_DISAGREES
						    : CONFIRM_CANT_ASK;
}

static bool is_outdated(const struct sync *sync, const struct schedule *schedule,
	const struct finding *finding)
{
	return !sync->synced || schedule_is_outdated(schedule, sync->state, finding);
}

int confirm_finding(struct confirm *confirm, struct sync *sync,
	const struct schedule *schedule, const struct config *config, struct track *track,
	struct track_item *item, struct confirmation *ret)
{
	struct finding *finding = item->finding;
	int r;

	*ret = (struct confirmation){ CONFIRM_AGAIN, 0 };
	/* what is never announced is read first: the finding must not rest on old settings */
	r = snapshot_refresh_link(sync->request, sync->state, finding->ifindex);
	if (r == -ENODEV || is_outdated(sync, schedule, finding))
		return 0;
	r = finding_expand(sync->state, config, item);
	if (r <= 0)
		return r;
	finding = item->finding;
	if (!may_ask(confirm, sync->state, config,
		    state_iface(sync->state, finding->ifindex))) {
		finding->kernel = KERNEL_UNASKED;
		/* the kernel's last answer stands */
		ret->result = item->refutations ? refute(sync, track, item) : CONFIRM_LOG;
		return 0;
	}
	r = kernel_confirm(sync->request, &finding->example, &finding->kernel);
	if (r == -ENODEV)
		return 0;
	if (r < 0) {
		finding->kernel = KERNEL_UNASKED;
		*ret = (struct confirmation){ CONFIRM_LOG, r };
		return 0;
	}
	if (finding->kernel == KERNEL_DROP) {
		item->refutations = 0;
		ret->result = CONFIRM_LOG;
		return 0;
	}
	/* what was announced meanwhile may be the whole difference */
	r = sync_events(sync);
	if (r >= 0 && !is_outdated(sync, schedule, finding))
		ret->result = refute(sync, track, item);
	return r;
}
