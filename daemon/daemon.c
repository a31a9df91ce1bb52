/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/daemon.h"

#include "daemon/evaluate/evaluate.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#define USEC_PER_SEC UINT64_C(1000000)

/* What networkd asks for too. It is not memory in use, but room for a storm of events. */
#define RECEIVE_BUFFER (128u << 20)

#define STATUS_USEC (5 * USEC_PER_SEC)

uint64_t daemon_now(const struct daemon *daemon)
{
	struct timespec now;

	(void)daemon;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000;
}

/* How old the findings are, where something waits for its evaluation. */
static void age_of_findings(
	const struct daemon *daemon, uint64_t now, char out[static 64])
{
	uint64_t since = daemon->synced ? daemon->unjudged_usec : daemon->lost_usec;

	out[0] = '\0';
	if (!daemon->synced || (daemon->unjudged_events && daemon->throttled))
		snprintf(out, 64, ", as of %" PRIu64 " ms ago", (now - since) / 1000);
}

void daemon_status(struct daemon *daemon)
{
	const struct state *state = daemon->state;
	size_t findings = track_open(&daemon->track);
	uint64_t now = daemon_now(daemon);
	char age[64];

	if (!daemon->event || !state)
		return;
	/* what matters at once, and the numbers now and then: a storm of routes is no news */
	if (daemon->synced == daemon->status_synced &&
		findings == daemon->status_findings &&
		now - daemon->status_usec < STATUS_USEC)
		return;
	daemon->status_synced = daemon->synced;
	daemon->status_findings = findings;
	daemon->status_usec = now;
	age_of_findings(daemon, now, age);
	(void)sd_notifyf(0,
		"STATUS=%s%zu links, %zu routes, %zu finding%s%s, %" PRIu64
		" overruns, %" PRIu64 " resyncs",
		daemon->synced ? "" : "Out of sync, reading again: ", state->ifaces.count,
		state_routes(state), findings, findings == 1 ? "" : "s", age,
		daemon->overruns, daemon->resyncs);
}

/* The socket that systemd made with a buffer that we may not ask for (rpfilterd.socket). */
static int inherited_socket(void)
{
	int count = sd_listen_fds(1), found = -1;

	for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + count; fd++) {
		if (found < 0 && sd_is_socket(fd, AF_NETLINK, SOCK_RAW, -1) > 0)
			found = fd;
		else
			(void)close(fd);
	}
	return found;
}

static int connect_kernel(struct daemon *daemon)
{
	int r = nl_request_new(&daemon->request);

	if (r >= 0)
		r = nl_reader_new(inherited_socket(), RECEIVE_BUFFER, &daemon->reader);
	if (r < 0) {
		sink_say(&daemon->sink, LOG_ERR,
			"The kernel's routing socket can't be opened: %s; ending.",
			strerror(-r));
		return r;
	}
	r = follow_start(daemon);
	if (r < 0)
		sink_say(&daemon->sink, LOG_ERR, "Reading the kernel failed: %s; ending.",
			strerror(-r));
	return r;
}

static void use_config(struct daemon *daemon)
{
	daemon->track.hold_down_usec = daemon->config->log.hold_down_usec;
	daemon->track.repeat_usec = daemon->config->log.repeat_usec;
	track_retime(&daemon->track);
	(void)judge_drops_later(daemon);
}

int daemon_init(
	struct daemon *daemon, const struct options *options, struct config *config)
{
	*daemon = (struct daemon){ .options = options, .config = config };
	daemon->sink.kind = options->has_log ? options->log : sink_default();
	daemon->sink.level = options->level;
	use_config(daemon);
	return connect_kernel(daemon);
}

void daemon_done(struct daemon *daemon)
{
	bus_stop(daemon);
	audit_stop(daemon);
	sd_event_source_unref(daemon->netlink);
	sd_event_source_unref(daemon->judge);
	sd_event_source_unref(daemon->due);
	sd_event_source_unref(daemon->slow);
	sd_event_source_unref(daemon->audit);
	sd_event_source_unref(daemon->resync);
	sd_event_source_unref(daemon->counter);
	sd_event_source_unref(daemon->correction);
	sd_event_unref(daemon->event);
	hands_done(daemon);
	track_done(&daemon->track);
	hash_done(&daemon->depends_on_no_route);
	hash_done(&daemon->unnumbered);
	hash_done(&daemon->depends_on_foreign_routes);
	hash_done(&daemon->missed);
	state_free(daemon->state);
	nl_reader_free(daemon->reader);
	nl_request_free(daemon->request);
	config_free(daemon->config);
}

/* --- signals ------------------------------------------------------------------------------- */

static int on_stop(
	sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
	(void)info;
	(void)data;
	(void)sd_notify(0, "STOPPING=1\nSTATUS=Stopping");
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

/* A wrong file leaves the last good configuration in force. */
static void reload(struct daemon *daemon)
{
	const char *path = daemon->options->config;
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_(freep) char *error = NULL;
	int r = config_load(
		path ? path : RPFILTERD_CONFIG, path != NULL, &config, &error);

	if (r < 0) {
		say_config_error(daemon, error ? error : strerror(-r));
		return;
	}
	config_free(daemon->config);
	daemon->config = take_ptr(config);
	daemon->rejudge = true;
	use_config(daemon);
	hands_reload(daemon);
	say_reloaded(daemon);
}

static int on_reload(
	sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
	struct daemon *daemon = data;
	int r;

	(void)source;
	(void)info;
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, daemon_now(daemon));
	reload(daemon);
	r = judge_now(daemon, false);
	(void)sd_notify(0, "READY=1");
	return r;
}

void daemon_tell(struct daemon *daemon)
{
	const struct state *state = daemon->state;

	sink_say(&daemon->sink, LOG_INFO,
		"%" PRIu64 " events, from heard of to judged in us: half within %" PRIu64
		", 99%% within %" PRIu64 ", 99.9%% within %" PRIu64 ", longest %" PRIu64
		"; %zu links, %zu routes, %zu findings, %" PRIu64 " overruns, %" PRIu64
		" resyncs, %" PRIu64 " audits of which %" PRIu64
		" found something, %" PRIu64 " self-checks, %" PRIu64 " disagreements.",
		daemon->lag.count, histogram_percentile(&daemon->lag, 0.5),
		histogram_percentile(&daemon->lag, 0.99),
		histogram_percentile(&daemon->lag, 0.999), daemon->lag.largest,
		state ? state->ifaces.count : 0, state ? state_routes(state) : 0,
		track_open(&daemon->track), daemon->overruns, daemon->resyncs,
		daemon->audits, daemon->drifts, daemon->selfchecks,
		daemon->disagreements);
}

static int on_tell(
	sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
	(void)source;
	(void)info;
	daemon_tell(data);
	return 0;
}

static int add_signals(struct daemon *daemon)
{
	static const struct {
		int number;
		sd_event_signal_handler_t handler;
	} signals[] = { { SIGTERM, on_stop }, { SIGINT, on_stop }, { SIGHUP, on_reload },
		{ SIGUSR1, on_tell } };
	sigset_t set;
	int r = 0;

	sigemptyset(&set);
	for (size_t i = 0; i < ELEMENTS(signals); i++)
		sigaddset(&set, signals[i].number);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	for (size_t i = 0; i < ELEMENTS(signals) && r >= 0; i++) {
		sd_event_source *source = NULL;

		r = sd_event_add_signal(daemon->event, &source, signals[i].number,
			signals[i].handler, daemon);
		/* before the events: a storm of those may last */
		if (r >= 0)
			r = sd_event_source_set_priority(
				source, SD_EVENT_PRIORITY_IMPORTANT);
		if (r >= 0)
			r = sd_event_source_set_floating(source, true);
		sd_event_source_unref(source);
	}
	return r < 0 ? r : 0;
}

/* --- life ---------------------------------------------------------------------------------- */

/* A timer of its own; slow ones may come late, so that the machine can sleep on. */
static int add_timer(struct daemon *daemon, sd_event_source **ret, uint64_t in_usec,
	uint64_t accuracy_usec, sd_event_time_handler_t handler, bool on)
{
	int r = sd_event_add_time(daemon->event, ret, CLOCK_MONOTONIC,
		daemon_now(daemon) + in_usec, accuracy_usec, handler, daemon);

	if (r < 0 || on)
		return r;
	return sd_event_source_set_enabled(*ret, SD_EVENT_OFF);
}

static int add_sources(struct daemon *daemon)
{
	int r = sd_event_default(&daemon->event);

	if (r >= 0)
		r = add_signals(daemon);
	if (r >= 0)
		r = sd_event_add_io(daemon->event, &daemon->netlink,
			nl_reader_fd(daemon->reader), EPOLLIN, follow_netlink, daemon);
	if (r >= 0)
		r = sd_event_add_defer(daemon->event, &daemon->judge, judge_turn, daemon);
	if (r >= 0)
		r = add_timer(daemon, &daemon->due, 0, 1000, judge_due, false);
	if (r >= 0)
		r = add_timer(daemon, &daemon->correction, 0, 1000, hands_due, false);
	if (r >= 0)
		r = add_timer(daemon, &daemon->resync, 0, 1000, follow_resync, false);
	if (r >= 0)
		r = add_timer(daemon, &daemon->slow, 55 * USEC_PER_SEC, 5 * USEC_PER_SEC,
			follow_slow, true);
	if (r >= 0)
		r = add_timer(daemon, &daemon->audit, 300 * USEC_PER_SEC, USEC_PER_SEC,
			audit_due, true);
	if (r >= 0)
		r = add_timer(daemon, &daemon->counter, daemon->config->log.drops_usec,
			daemon->config->log.drops_usec / 8, judge_drops, true);
	if (r >= 0)
		r = sd_event_set_watchdog(daemon->event, true);
	return r < 0 ? r : 0;
}

static int start(struct daemon *daemon)
{
	int r = add_sources(daemon);

	if (r < 0)
		return r;
	say_synced(daemon);
	r = judge_now(daemon, true);
	if (r >= 0)
		r = judge_drops(NULL, 0, daemon);
	if (r < 0)
		return r;
	bus_start(daemon);
	(void)sd_notify(0, "READY=1");
	daemon_status(daemon);
	return 0;
}

int daemon_run(struct daemon *daemon)
{
	int r;

	/* the moments that a storm is waited for are shorter than the 50 us of slack that they have;
	 * what may come late says so itself */
	(void)prctl(PR_SET_TIMERSLACK, 1000ul);
	r = start(daemon);
	if (r >= 0)
		r = sd_event_loop(daemon->event);
	hands_stop(daemon);
	if (r < 0)
		sink_say(&daemon->sink, LOG_ERR, "Ending: %s.", strerror(-r));
	return r < 0 ? EXIT_FAILURE : 0;
}

int daemon_once(struct daemon *daemon)
{
	_cleanup_(report_freep) struct report *report = NULL;
	int r = 0;

	say_synced(daemon);
	/* what changes under it is judged again, but not for ever */
	for (int tries = 0; tries < 10 && r >= 0 && judge_is_pending(daemon); tries++)
		r = judge_now(daemon, true);
	if (r >= 0)
		r = evaluate(daemon->state, daemon->config, DETAIL_SUMMARY, &report);
	if (r < 0) {
		sink_say(&daemon->sink, LOG_ERR, "Judging failed: %s.", strerror(-r));
		return 2;
	}
	array_each (&daemon->track.items, const struct track_item, item) {
		if (item->phase == TRACK_PENDING)
			sink_say(&daemon->sink, LOG_WARNING,
				"%s: the model says drop, the kernel does not confirm it.",
				item->finding->id);
	}
	array_each (&report->unknown, const struct finding_id, id)
		sink_say(&daemon->sink, LOG_WARNING, "%s: can't be judged.", id->text);
	if (judge_is_pending(daemon) || report->unjudged || daemon->sink.failed ||
		track_open(&daemon->track) < daemon->track.items.count)
		return 2; /* could not tell, or could not say */
	return track_open(&daemon->track) ? 1 : 0;
}
