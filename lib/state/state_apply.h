/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "state/state.h"

/* The one way into the state: nothing else changes it. */

/*
 * Takes in one record. Returns 1 if it changed something, 0 if not, or a negative errno
 * (-ENOMEM; -EINVAL for a record that can't be); then the state is in doubt and must be read
 * anew.
 */
int state_apply(struct state *state, const struct record *record);

/* As record_handler. */
int state_apply_handler(const struct record *record, void *state);

/*
 * fresh is about to take the place of old, which went unheard for a while: its queue of links is
 * made the one of old, and behind that what old did not hear of. Returns 0 or -ENOMEM.
 */
int state_adopt_links(struct state *fresh, const struct state *old);
