/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/histogram.h"
#include "daemon/bus.h"
#include "daemon/config/config.h"
#include "daemon/correct/policy.h"
#include "daemon/evaluate/track.h"
#include "daemon/journal/sink.h"
#include "daemon/options.h"
#include "finding/report.h"
#include "kernel/nl_reader.h"
#include "kernel/nl_request.h"
#include "state/state.h"

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

/*
 * rpfilterd as it runs. One struct, passed down; each part of its work is a file:
 *
 *	daemon.c	its life and its event sources
 *	follow.c	keeps the state as the kernel has it: events, resync, refresh
 *	audit.c		compares it with the kernel, beside all that
 *	judge.c		state to findings, what is due to be said, the kernel's confirmation
 *	hands.c		what the corrector decides, done to the kernel
 *	say.c		findings and happenings into entries
 */
struct daemon {
	const struct options *options;
	struct config *config;
	struct sink sink;

	sd_event *event;
	sd_event_source *netlink, *judge, *due, *slow, *audit, *resync, *counter;
	uint64_t due_usec; /* what `due` is armed for, UINT64_MAX: off, 0: not known */
	sd_event_source *correction; /* when the corrector wants to look again */

	struct nl_request *request;
	struct nl_reader *reader;
	struct state *state;	  /* NULL before the first sync */
	const char *lost_why;	  /* what took the sync last */
	bool synced;		  /* false: the state is old, no verdict of it is new */
	struct audit *auditing;	  /* NULL: none runs */
	uint64_t audit_rest_usec; /* none before, but for a doubt */
	bool audit_all;		  /* ... which has all judged behind it */
	uint64_t judge_all_usec;  /* so does the first one from then on */
	uint64_t synced_usec;
	uint64_t lost_usec; /* when it was lost last */

	uint64_t judged; /* the state's generation that was judged last */
	bool rejudge; /* all is to be judged anew: the configuration changed, or the state */
	struct track track;
	struct hash depends_on_no_route; /* ifindexes: see state.touched.unrouted */
	struct hash unnumbered;		 /* ifindexes: see state.touched.addresses */
	struct hash
		depends_on_foreign_routes; /* ifindexes: see struct report_iface, by_routes */
	struct hash
		missed; /* ifindexes: rules tell more packets apart than are looked at */
	bool reverse_stale;	       /* findings may have another way back by now */
	uint64_t reverse_usec;	       /* when that is looked at */
	bool throttled;		       /* something is touched, and waits until ... */
	uint64_t throttled_until_usec; /* ... then, as the last evaluation took long */
	unsigned int slow_turns; /* evaluations left for which a long one is remembered */

	struct correct correct;
	struct ledger *ledger; /* NULL, or with an error: nothing is corrected; and why */
	char ledger_error[LEDGER_ERROR];
	uint64_t ledger_usec; /* not opened again before */
	bool ledger_doubtful; /* something went unseen: compare it with the kernel */
	ARRAY(struct entry)
	to_be_said; /* of corrections: the journal comes after the kernel */

	struct correct_answers *answers; /* while somebody asks by the bus */
	struct bus bus;
	uint64_t woken_usec;  /* when the last events were heard of */
	uint64_t turned_usec; /* when they had been judged */
	unsigned int busy_turns;
	bool turn_was_full;   /* there may be more events already */
	uint32_t gather_usec; /* how long events are waited for in a storm */
	uint32_t late_usec;   /* how much longer than asked for that takes, lately */
	uint64_t unjudged_events,
		unjudged_usec; /* and when the first of them was heard of */
	struct histogram lag;  /* usec from heard of to judged, an event each */

	uint64_t overruns, resyncs, audits, drifts, disagreements;
	uint64_t backoff_usec;	    /* before the next resync */
	uint64_t last_overrun_usec; /* to tell a storm from an accident */
	size_t blind_said;
	bool drops_unread; /* said once: the counter can't be read */
	bool has_drops;
	uint64_t drops; /* the counter, as last read */

	bool status_synced; /* what systemd was last told, and when */
	size_t status_findings;
	uint64_t status_usec;

	uint64_t selfchecks; /* questions of the self-check so far */
	int changed_ifindex; /* an interface that changed lately: asked about first */
	bool has_suspect;    /* model and kernel differed; all is being read again */
	struct flow suspect; /* on this flow */
	int unsure_ifindex; /* reading again did not settle it: findings here are unsure */

	uint64_t
		questions_usec; /* pacing where log_martians is on: this minute's begin */
	unsigned int questions; /* and how many refused questions it had */
};

/*
 * Sets up everything and reads the kernel. Returns 0; or a negative errno after saying in one
 * line what failed. daemon_done() in either case.
 */
int daemon_init(
	struct daemon *daemon, const struct options *options, struct config *config);
void daemon_done(struct daemon *daemon);

/* Runs until a signal ends it. Returns the exit code: 0, or 1 when something failed, which may
 * be tried again (2 is for a wrong configuration or command line, which may not). */
int daemon_run(struct daemon *daemon);

/* Judges and logs once. Returns the exit code of --once. */
int daemon_once(struct daemon *daemon);

uint64_t daemon_now(const struct daemon *daemon);

/* Logs how it went so far (SIGUSR1). */
void daemon_tell(struct daemon *daemon);

/* Tells systemd how things are (STATUS=). */
void daemon_status(struct daemon *daemon);

/* --- follow.c ------------------------------------------------------------------------------- */

/* Reads the whole state anew and takes it over. Returns 0 or a negative errno. */
int follow_start(struct daemon *daemon);

/* Handlers of event sources. */
int follow_netlink(sd_event_source *source, int fd, uint32_t revents, void *daemon);
int follow_resync(sd_event_source *source, uint64_t usec, void *daemon);
int follow_slow(sd_event_source *source, uint64_t usec, void *daemon);

/* Takes in all that the kernel announced so far. Returns 0 or a negative errno; after lost
 * events the daemon is out of sync and a resync is on its way, which is no error. */
int follow_events(struct daemon *daemon);

/* Makes the state as new as it can be where the kernel announces nothing. */
int follow_refresh(struct daemon *daemon);

/* Takes a turn's worth of events. Sets *ret_more where there may be more of them already. Returns
 * 0, also when sync was lost by that, or a negative errno. */
int follow_turn(struct daemon *daemon, bool *ret_more);

/* Whether events come without a pause just now. */
bool follow_is_storm(const struct daemon *daemon);

/* What a failed receive means. Returns 0 when it is dealt with, else the errno. */
int follow_failed(struct daemon *daemon, int error);

/* Takes what is queued into a state just read, and, for both, into the one in force. Returns 0,
 * -ENOBUFS or another negative errno. */
int follow_catch_up(struct daemon *daemon, struct state *fresh, bool both);

/* Has a state take the place of the one in force. */
void follow_take_over(struct daemon *daemon, struct state *fresh);

/* --- audit.c -------------------------------------------------------------------------------- */

/* Asks for a comparison with the kernel as there is a doubt; all is judged anew behind it. */
void audit_want_at_once(struct daemon *daemon);

/* The same as something was inferred that is to be proven: in two seconds, but so that such
 * audits are a twentieth of the time at most. */
void audit_want_soon(struct daemon *daemon);

/* Ends one that runs. */
void audit_stop(struct daemon *daemon);

/* The same as all is read again instead: the next one is the regular one, five minutes on. */
void audit_call_off(struct daemon *daemon);

int audit_due(sd_event_source *source, uint64_t usec, void *daemon);

/* --- judge.c -------------------------------------------------------------------------------- */

/* Evaluates if something changed, and says what is due. quick: without hold_down. */
int judge_now(struct daemon *daemon, bool quick);

/* Finds all that there is to say of an item's finding, which was only counted. Returns 1, 0 if
 * it isn't so any more, or -ENOMEM. */
int judge_word(struct daemon *daemon, struct track_item *item);

/* Whether something may be otherwise than it was judged last. */
bool judge_is_pending(const struct daemon *daemon);

/* Has judge_now() called once the queued events are in. */
void judge_later(struct daemon *daemon);

/* The kernel's word on a packet for the host itself. 0 or a negative errno. */
int judge_ask(struct daemon *daemon, const struct flow *flow, enum kernel_answer *ret);

int judge_turn(sd_event_source *source, void *daemon);
int judge_due(sd_event_source *source, uint64_t usec, void *daemon);

/* Sets the time of the next look at the drop counter, as the configuration has it. */
int judge_drops_later(struct daemon *daemon);

/* Reads the drop counter; says what it rose by. */
int judge_drops(sd_event_source *source, uint64_t usec, void *daemon);

/* --- hands.c -------------------------------------------------------------------------------- */

/* Whether anything at all is to be corrected. */
bool hands_wanted(const struct daemon *daemon);

/*
 * Corrects what the last judging found, and takes back what is needed no more. The model may
 * be a newer one afterwards. What there is to say waits for hands_say(). 0 or a negative errno.
 */
int hands_turn(struct daemon *daemon);
void hands_say(struct daemon *daemon);

/* A record that is about to be applied. */
void hands_saw(struct daemon *daemon, const struct record *record);

/* A state just read is about to take the place of the one in force, or is the first. */
void hands_take_over(struct daemon *daemon, struct state *fresh);

/* The configuration is another one; or we end. */
void hands_reload(struct daemon *daemon);
void hands_stop(struct daemon *daemon);
void hands_done(struct daemon *daemon);

/*
 * By hand, from the bus: for the interfaces of those names, none of them: all. What was done is
 * added to ret. Returns 0; -ENOLCK without a ledger; -EAGAIN out of sync; another errno.
 */
int hands_apply(struct daemon *daemon, char *const *names, struct correct_answers *ret);
int hands_revert(struct daemon *daemon, char *const *names, struct correct_answers *ret);
int hands_pause(struct daemon *daemon, char *const *names, struct correct_answers *ret);
int hands_resume(struct daemon *daemon, char *const *names, struct correct_answers *ret);

int hands_due(sd_event_source *source, uint64_t usec, void *daemon);

/* --- say.c ---------------------------------------------------------------------------------- */

void say_synced(struct daemon *daemon);
void say_finding(
	struct daemon *daemon, enum event_kind kind, const struct track_item *item);
void say_resync(struct daemon *daemon, const char *why, uint64_t took_usec);
void say_disagreement(struct daemon *daemon, const struct finding *finding);
void say_flow_disagreement(struct daemon *daemon, const struct flow *flow,
	const struct rpf *rpf, int kernel_errno);
void say_blind(struct daemon *daemon);
void say_missed(struct daemon *daemon, const struct report_missed *missed);
void say_drops(struct daemon *daemon, uint64_t count);
void say_correction(struct entry *entry, const struct correct_event *event);
void say_reloaded(struct daemon *daemon);
void say_config_error(struct daemon *daemon, const char *error);
