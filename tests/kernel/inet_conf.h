/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* Sets rp_filter of a device by RTM_SETLINK/IFLA_INET_CONF, as keepalived does. */
bool inet_conf_set(const char *device, int rp_filter);
