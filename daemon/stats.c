/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/stats.h"

#include "base/time.h"
#include "daemon/notify.h"
#include "kernel/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <syslog.h>

#define STATUS_USEC (5 * USEC_PER_SEC)

void stats_count_lag(struct stats *stats, uint64_t events, uint64_t since_usec)
{
	if (events)
		histogram_add(&stats->lag, clock_monotonic_usec() - since_usec, events);
}

/* How old the findings are, where something waits for its evaluation. */
static void age_of_findings(
	const struct sync *sync, bool throttled, uint64_t now, char out[static 64])
{
	uint64_t since = sync->synced ? sync->pending_usec : sync->lost_usec;

	out[0] = '\0';
	if (!sync->synced || (sync->pending_events && throttled))
		snprintf(out, 64, ", as of %" PRIu64 " ms ago", (now - since) / 1000);
}

void stats_ready(struct stats *stats)
{
	stats->ready = true;
	stats->ready_owed = notify_systemd("READY", "1") < 0;
}

void stats_status(struct stats *stats, const struct sync *sync, const struct track *track,
	bool throttled)
{
	const struct state *state = sync->state;
	size_t findings = track_open(track);
	uint64_t now = clock_monotonic_usec();
	char age[64];

	if (stats->ready_owed)
		stats_ready(stats);
	/* what matters at once, and the numbers now and then: a storm of routes is no news */
	if (sync->synced == stats->status_synced && findings == stats->status_findings &&
		now - stats->status_usec < STATUS_USEC)
		return;
	stats->status_synced = sync->synced;
	stats->status_findings = findings;
	stats->status_usec = now;
	age_of_findings(sync, throttled, now, age);
	(void)notify_systemd("STATUS",
		"%s%zu links, %zu routes, %zu finding%s%s, %" PRIu64 " overruns, %" PRIu64
		" resyncs",
		sync->synced ? "" : "Out of sync, resynchronising: ", state->ifaces.count,
		state_routes(state), findings, findings == 1 ? "" : "s", age,
		sync->counts.overruns, sync->counts.resyncs);
}

void stats_log(const struct stats *stats, const struct sync *sync,
	const struct track *track, const struct selfcheck *selfcheck, struct sink *sink)
{
	struct nl_counts messages = sync->counts.read;
	const struct histogram *lag = &stats->lag;

	nl_counts_add(&messages, nl_reader_counts(sync->reader));
	nl_counts_add(&messages, nl_request_counts(sync->request));
	log_event(sink, EVENT_STATISTICS,
		"Statistics: %" PRIu64 " events, event to verdict in us: 50%% %" PRIu64
		", 99%% %" PRIu64 ", 99.9%% %" PRIu64 ", longest %" PRIu64
		"; %zu links, %zu routes, %zu findings, %" PRIu64 " overruns, %" PRIu64
		" resyncs, %" PRIu64 " audits (%" PRIu64 " found changes), %" PRIu64
		" self-checks, %" PRIu64 " disagreements; messages: %" PRIu64
		" used, %" PRIu64 " foreign, %" PRIu64 " malformed, %" PRIu64
		" refused, %" PRIu64 " unsupported.",
		lag->count, histogram_percentile(lag, 0.5),
		histogram_percentile(lag, 0.99), histogram_percentile(lag, 0.999),
		lag->largest, sync->state->ifaces.count, state_routes(sync->state),
		track_open(track), sync->counts.overruns, sync->counts.resyncs,
		sync->counts.audits, sync->counts.drifts, selfcheck->checks,
		stats->disagreements, messages.records, messages.foreign,
		messages.malformed, messages.refused, messages.blind);
}
