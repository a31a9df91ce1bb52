/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "state/state.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The changes that bear on a verdict and that nobody announces: after these, and no others,
 * a walk reads again what the daemon reads again about once a minute. docs/verdict.md ("What
 * nobody announces") has the same words; the test kernel/silent holds the two together, and
 * tries each setting that the kernel has.
 */
const char *const *silent_words(size_t *ret_count);

/* Whether the line, about to be done, is one of them; where it is, its word. */
const char *silent_word(const struct state *state, const char *text);

/* The same of a setting in /proc/sys/net/ipv4/conf/X, whatever X is. */
const char *silent_setting(const char *name);
