/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* Sets a setting of a device by RTM_SETLINK/IFLA_INET_CONF, as keepalived does; by name where
 * the model knows it, or by its place in the array that is read (enum devconf_key). */
bool inet_conf_set(const char *device, const char *name, int value);
bool inet_conf_put(const char *device, unsigned int key, int value);
