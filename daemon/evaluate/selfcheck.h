/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

struct daemon;

/*
 * The model held against the kernel while the daemon runs: a few flows a minute, those of
 * findings and of interfaces that just changed first, the rest at random, near the ends of
 * prefixes as often as anywhere. It rides on the slow timer, so that nothing wakes up for it.
 */

/* Asks this minute's questions. A disagreement has all read again. 0 or a negative errno. */
int selfcheck_run(struct daemon *daemon);

/* After all was read again: is the flow in question settled? If not, that is said, once. */
int selfcheck_settle(struct daemon *daemon);
