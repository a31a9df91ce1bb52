/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/daemon.h"

#include "base/time.h"
#include "daemon/evaluate/evaluate.h"
#include "daemon/log.h"
#include "daemon/notify.h"
#include "daemon/sync/audit.h"
#include "daemon/sync/resync.h"
#include "daemon/turn.h"
#include "daemon/watchdog.h"
#include "kernel/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

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
	int r = sync_init(&daemon->sync, inherited_socket());

	if (r < 0) {
		log_event(&daemon->sink, EVENT_FAILED,
			"Cannot open the netlink socket: %s; exiting.", strerror(-r));
		return r;
	}
	r = resync_first(&daemon->sync);
	if (r < 0)
		log_event(&daemon->sink, EVENT_FAILED,
			"Cannot read the kernel: %s; exiting.", strerror(-r));
	return r;
}

static int use_config(struct daemon *daemon)
{
	int r;

	daemon->track.hold_down_usec = daemon->config->log.hold_down_usec;
	daemon->track.route_wait_usec = daemon->config->correct.route_wait_usec;
	daemon->track.repeat_usec = daemon->config->log.repeat_usec;
	track_retime(&daemon->track);
	daemon->keeps.wait_usec =
		daemon->options->once ||
				daemon->config->log.hold_down_usec > KEEPS_WAIT_USEC
			? KEEPS_WAIT_USEC
			: daemon->config->log.hold_down_usec;
	daemon->track.wait_usec = daemon->keeps.wait_usec;
	daemon->sync.refresh_usec = daemon->config->selfcheck.period_usec;
	r = drops_arm(&daemon->drops, daemon->config->log.drops_usec);
	session_use_config(&daemon->session, daemon->config);
	bus_update(&daemon->bus);
	return r;
}

int daemon_init(
	struct daemon *daemon, const struct options *options, struct config *config)
{
	*daemon = (struct daemon){ .options = options, .config = config };
	(void)signal(SIGCHLD, SIG_IGN); /* nobody waits for who reads a configuration */
	daemon->sink.kind = options->has_log ? options->log : sink_default();
	daemon->sink.level = options->level;
	daemon->session = (struct session){ .sync = &daemon->sync,
		.track = &daemon->track,
		.mode = options->has_mode ? &options->mode : NULL,
		.once = options->once,
		.state_directory = options->state_directory };
	daemon->bus = (struct bus){ .sink = &daemon->sink, .session = &daemon->session };
	(void)use_config(daemon); /* there are no timers yet */
	return connect_kernel(daemon);
}

void daemon_done(struct daemon *daemon)
{
	bus_stop(&daemon->bus);
	reload_done(&daemon->reload);
	keeps_done(&daemon->keeps);
	sd_event_source_disable_unref(daemon->post);
	sd_event_source_disable_unref(daemon->timer);
	session_done(&daemon->session);
	drops_done(&daemon->drops);
	track_done(&daemon->track);
	schedule_done(&daemon->schedule);
	sync_done(&daemon->sync);
	sd_event_unref(daemon->event);
	config_free(daemon->config);
}

/* --- signals ------------------------------------------------------------------------------- */

static int on_stop(
	sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
	(void)info;
	(void)data;
	(void)notify_systemd("STOPPING=1\nSTATUS", "Stopping");
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

static int begin_reload(struct daemon *daemon)
{
	const char *path = daemon->options->config;

	return reload_begin(&daemon->reload, daemon->event,
		path ? path : RPFILTERD_CONFIG, path != NULL);
}

/* The turn that follows takes what came of it. */
static int on_reload(
	sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
	(void)source;
	(void)info;
	(void)notify_systemd(
		"RELOADING=1\nMONOTONIC_USEC", "%" PRIu64, clock_monotonic_usec());
	return begin_reload(data);
}

/* A wrong file leaves the last good configuration in force. 0 or a negative errno. */
static int use_reloaded(struct daemon *daemon, struct config *config)
{
	int r;

	config_free(daemon->config);
	daemon->config = config;
	daemon->schedule.all = true;
	r = use_config(daemon);
	if (r >= 0)
		log_reloaded(&daemon->sink);
	return r;
}

/* Returns 1 where a reload has come to its end, 0, or a negative errno. */
static int take_reload(struct daemon *daemon)
{
	_cleanup_(freep) char *error = NULL;
	struct config *config = NULL;
	int result, r = 0;

	if (!reload_take(&daemon->reload, &result, &config, &error))
		return 0;
	if (result < 0)
		log_config_error(&daemon->sink, error ? error : strerror(-result));
	else
		r = use_reloaded(daemon, config);
	if (r < 0)
		return r;
	return daemon->reload.again ? begin_reload(daemon) : 1;
}

static int on_stats(
	sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
	struct daemon *daemon = data;

	(void)source;
	(void)info;
	stats_log(&daemon->stats, &daemon->sync, &daemon->track, &daemon->selfcheck,
		&daemon->sink);
	return 0;
}

static int add_signals(struct daemon *daemon)
{
	static const struct {
		int number;
		sd_event_signal_handler_t handler;
	} signals[] = { { SIGTERM, on_stop }, { SIGINT, on_stop }, { SIGHUP, on_reload },
		{ SIGUSR1, on_stats } };
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
			r = sd_event_source_set_exit_on_failure(source, true);
		if (r >= 0)
			r = sd_event_source_set_floating(source, true);
		sd_event_source_unref(source);
	}
	return r < 0 ? r : 0;
}

/* --- life ---------------------------------------------------------------------------------- */

/*
 * Whoever waits for READY finds the first findings in the log, if anybody takes it; they may wait
 * for what files say.
 */
static void tell_ready(struct daemon *daemon)
{
	if (!daemon->stats.ready && daemon->keeps.open &&
		clock_monotonic_usec() < daemon->stats.ready_by_usec)
		return;
	if (!daemon->stats.ready)
		sink_flush(&daemon->sink);
	stats_ready(&daemon->stats);
}

/* Behind every other source: what the handlers took in is dealt with here. */
static int on_post(sd_event_source *source, void *data)
{
	struct daemon *daemon = data;
	int reloaded = take_reload(daemon), r;

	(void)source;
	if (reloaded < 0)
		return reloaded;
	r = turn_run(daemon, false);
	if (reloaded || !daemon->stats.ready)
		tell_ready(daemon);
	return r;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	struct daemon *daemon = data;

	(void)source;
	(void)usec;
	daemon->timer_usec = 0; /* it is off now */
	return 0;
}

static int add_turn(struct daemon *daemon)
{
	int r = sd_event_add_post(daemon->event, &daemon->post, on_post, daemon);

	if (r >= 0)
		r = sd_event_source_set_exit_on_failure(daemon->post, true);
	if (r >= 0)
		r = sd_event_add_time(daemon->event, &daemon->timer, CLOCK_MONOTONIC,
			USEC_NEVER, 1000, on_timer, daemon);
	if (r >= 0)
		r = sd_event_source_set_exit_on_failure(daemon->timer, true);
	return r < 0 ? r : sd_event_source_set_enabled(daemon->timer, SD_EVENT_OFF);
}

static int add_sources(struct daemon *daemon)
{
	int r = sd_event_default(&daemon->event);

	daemon->bus.event = daemon->event;
	daemon->keeps.event = daemon->event;
	if (r >= 0)
		r = add_signals(daemon);
	if (r >= 0)
		r = sync_start(&daemon->sync, daemon->event,
			daemon->config->selfcheck.period_usec);
	if (r >= 0)
		r = resync_start(&daemon->sync, daemon->event);
	if (r >= 0)
		r = audit_start(&daemon->sync, daemon->event);
	if (r >= 0)
		r = drops_start(
			&daemon->drops, daemon->event, daemon->config->log.drops_usec);
	if (r >= 0)
		r = session_start(&daemon->session, daemon->event);
	if (r >= 0)
		r = add_turn(daemon);
	return r < 0 ? r : watchdog_start(&daemon->sync, daemon->event);
}

static int start_daemon(struct daemon *daemon)
{
	int r = add_sources(daemon);

	if (r < 0)
		return r;
	log_synced(&daemon->sink, daemon->sync.state, session_mode(&daemon->session));
	daemon->stats.ready_by_usec =
		usec_add(clock_monotonic_usec(), daemon->keeps.wait_usec);
	r = turn_run(daemon, true);
	if (r < 0)
		return r;
	bus_update(&daemon->bus);
	tell_ready(daemon);
	return 0;
}

int daemon_run(struct daemon *daemon)
{
	int r;

	/* a storm is gathered by a timer that is to be exact; what may come late says so itself */
	(void)prctl(PR_SET_TIMERSLACK, 1000ul);
	sink_start(&daemon->sink);
	r = start_daemon(daemon);
	if (r >= 0)
		r = sd_event_loop(daemon->event);
	session_stop(&daemon->session);
	keeps_stop(&daemon->keeps);
	turn_log(daemon);
	if (r < 0)
		log_event(&daemon->sink, EVENT_FAILED, "Exiting: %s.", strerror(-r));
	sink_stop(&daemon->sink);
	return r < 0 ? EXIT_FAILURE : 0;
}

static void log_unconfirmed_findings(struct daemon *daemon, const struct report *report)
{
	array_each (&daemon->track.items, const struct track_item, item) {
		if (item->phase == TRACK_PENDING)
			log_event(&daemon->sink, EVENT_UNJUDGED,
				"%s: not confirmed by the kernel; no finding is raised.",
				item->finding->id);
	}
	array_each (&report->unknown, const struct finding_id, id)
		log_event(&daemon->sink, EVENT_UNJUDGED,
			"%s: not evaluated: unsupported kernel attribute.", id->text);
}

int daemon_once(struct daemon *daemon)
{
	_cleanup_(report_freep) struct report *report = NULL;
	int r = 0;

	log_synced(&daemon->sink, daemon->sync.state, CONFIG_MONITOR);
	/* what changes under it is evaluated again, but not for ever */
	for (int tries = 0; tries < 10 && r >= 0 && turn_is_pending(daemon); tries++)
		r = turn_run(daemon, true);
	if (r >= 0)
		r = evaluate(daemon->sync.state, daemon->config, DETAIL_SUMMARY, &report);
	if (r < 0) {
		turn_log(daemon);
		log_event(&daemon->sink, EVENT_FAILED, "Evaluation failed: %s.",
			strerror(-r));
		return 2;
	}
	log_unconfirmed_findings(daemon, report);
	if (turn_is_pending(daemon) || report->unjudged || daemon->sink.failed ||
		track_unsaid(&daemon->track))
		return 2; /* could not tell, or could not say */
	return track_warnings(&daemon->track) ? 1 : 0;
}
