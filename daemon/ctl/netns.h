/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/ctl/arguments.h"

/*
 * Moves the thread into a network namespace: /run/netns/NAME as ip-netns(8) makes it, or
 * a path where name has a slash. Returns 0, or a negative errno with error set.
 */
int netns_enter(const char *name, char error[static ERROR_TEXT]);
