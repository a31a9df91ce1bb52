/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kernel/nl_reader.h"
#include "kernel/nl_request.h"
#include "state/state.h"
#include "state/state_equal.h"

#include <stdbool.h>

/* A state that follows the kernel as the daemon's does: events, and all anew where some were
 * lost. What fails ends the program. */
struct world {
	struct nl_request *request;
	struct nl_reader *reader;
	struct state *state;
	unsigned long long overruns;
	unsigned long long misheard; /* rules were not as their events had said */
	bool lost;		     /* events: nothing counts until all is read again */
};

/* Reads the namespace that the process is in; buffer: of the reader, bytes. */
void world_begin(struct world *world, size_t buffer);
void world_end(struct world *world);

/* Takes in what was announced. refresh: and reads again what nobody announces. */
void world_follow(struct world *world, bool refresh);

/* Waits for something to be announced. */
bool world_hears(struct world *world, int milliseconds);

/* A fresh reading of the kernel, with the groups that are joined. */
struct state *world_read(struct world *world);

/* Whether the state is as a fresh reading of the kernel; what: where it isn't. */
bool world_is_true(struct world *world, char what[static STATE_DIFFERENCE]);

/* Ends the program: the test itself could not go on. */
_Noreturn void world_die(const char *what, int error);
