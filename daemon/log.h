/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "boot/keep.h"
#include "daemon/config/config.h"
#include "daemon/correct/session.h"
#include "daemon/evaluate/selfcheck.h"
#include "daemon/evaluate/track.h"
#include "daemon/journal/sink.h"
#include "daemon/sync/sync.h"
#include "finding/report.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Findings and happenings into entries: the one place where what the parts of the daemon return
 * is logged. (What the corrector does is worded in correct/log_correction.h.)
 */
void log_synced(struct sink *sink, const struct state *state, enum config_mode mode);
void log_sync(struct sink *sink, const struct sync *sync, const struct sync_event *event);
/* keep: what the files of this host make of the interface, or NULL where nobody was asked. */
void log_finding(struct sink *sink, const struct state *state, enum event_kind kind,
	const struct track_item *item, const struct keep *keep);
void log_add_keep(struct session_entry *entry, const struct keep *keep);
void log_unconfirmed(struct sink *sink, const struct finding *finding, int error);
void log_cant_ask(struct sink *sink, const struct finding *finding);
void log_disagreement(
	struct sink *sink, const struct finding *finding, uint64_t disagreements);
void log_flow_disagreement(struct sink *sink, const struct state *state,
	const struct flow *flow, const struct selfcheck_difference *difference,
	uint64_t disagreements);
void log_blind(struct sink *sink, const struct state *state);
void log_missed(struct sink *sink, const struct report_missed *missed);
void log_drops(struct sink *sink, const struct track *track, uint64_t count);
void log_drops_unreadable(struct sink *sink, int error);
void log_reloaded(struct sink *sink);
void log_config_error(struct sink *sink, const char *error);
