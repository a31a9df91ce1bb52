/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#define NAME_MAX_ 16 /* IFNAMSIZ: an interface's name, or a kind's, with its end */

/* Whether a shell and sysctl(8) take a name, or a key with it, as it stands. */
bool ifname_is_plain(const char *name);

/*
 * The name as a word to be pasted into a command: as it stands, or for a shell as $'odd\x3bid'. One
 * that does not know this ($'...' is POSIX since 2024) takes it for a name that no interface has.
 * Returns out.
 */
#define IFNAME_QUOTED (4 * NAME_MAX_)
const char *ifname_quote(const char *name, char out[static IFNAME_QUOTED]);
