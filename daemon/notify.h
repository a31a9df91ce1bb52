/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cleanup.h"

/*
 * Tells systemd key=value, at $NOTIFY_SOCKET; where there is none, nobody asked. Unlike sd_notify(3)
 * it does not wait: a systemd that stands still holds nothing up. What of the value may not be shown
 * becomes '?' (utf8.h). Returns 0 or a negative errno; -EAGAIN where there is no room.
 */
int notify_systemd(const char *key, const char *format, ...) _printf_(2, 3);
