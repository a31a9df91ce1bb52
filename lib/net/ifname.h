/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#define NAME_MAX_ 16 /* IFNAMSIZ: an interface's name, or a kind's, with its end */

/* Whether an interface can have this name: the kernel's dev_valid_name(), and no setting's "all" or
 * "default", which it refuses as well. */
bool ifname_is_valid(const char *name);

/* Whether a shell and sysctl(8) take a name, or a key with it, as it stands. */
bool ifname_is_plain(const char *name);

/*
 * The name as a word to be pasted into a command of any POSIX shell: as it stands, as 'odd;id', or in
 * ASCII where it has other bytes, or a quote: "$(printf %b 'odd\0047id')". Returns out.
 */
#define IFNAME_QUOTED (5 * NAME_MAX_ + 20)
const char *ifname_quote(const char *name, char out[static IFNAME_QUOTED]);
