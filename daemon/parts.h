/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/bus.h"
#include "daemon/config/config.h"
#include "daemon/correct/session.h"
#include "daemon/evaluate/confirm.h"
#include "daemon/evaluate/drops.h"
#include "daemon/evaluate/schedule.h"
#include "daemon/evaluate/selfcheck.h"
#include "daemon/evaluate/track.h"
#include "daemon/journal/sink.h"
#include "daemon/keeps.h"
#include "daemon/options.h"
#include "daemon/reload.h"
#include "daemon/stats.h"
#include "daemon/sync/sync.h"

#include <systemd/sd-event.h>

/*
 * rpfilterd as it runs: one struct per concern, each in a room of its own. Only daemon.c
 * (its life), turn.c (what it does) and main.c know this one.
 */
struct daemon {
	const struct options *options;
	struct config *config;
	struct sink sink;
	sd_event *event;
	sd_event_source *post;	/* runs the turn behind every other source */
	sd_event_source *timer; /* when the turn has something to do, without any event */
	uint64_t timer_usec;	/* what it is armed for; USEC_NEVER: off, 0: not known */

	struct sync sync;
	struct schedule schedule;
	struct track track;
	struct confirm confirm;
	struct selfcheck selfcheck;
	struct drops drops;
	struct session session;
	struct bus bus;
	struct reload reload;
	struct keeps keeps;
	struct stats stats;
};
