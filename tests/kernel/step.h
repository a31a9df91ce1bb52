/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/*
 * A step of a walk: a line that a person can paste, "ip …", "sysctl -w net.ipv4.…", or one of
 *
 *	inet-conf DEV KEY VALUE		`ip link set dev DEV inet KEY VALUE` of a newer ip:
 *					IFLA_INET_CONF
 *	carrier DEV on|off		holds the tun device, as who made it would, or lets go
 *	nexthop-group ID COUNT		a group of the nexthops 1 to COUNT; ip has room for 100
 *	batch N COMMAND			ip -batch with N lines, in which %a is 100.64.0.0 and up,
 *					%n is 1 and up
 *	storm N COMMAND			the same, but in the background: see step_storm()
 *
 * "netns other" in a command is a second namespace that step_begin() makes, and
 * "ip -n other …" works in it, where "netns here" leads back.
 */
#define STEP_TEXT 4400

struct step {
	char text[STEP_TEXT];
};

/* Makes the other namespace, which lives as long as this process. Call it in a namespace of the
 * walk's own. Returns whether it could. */
bool step_begin(void);

/* Starts a storm. Returns its process, to be waited for, or 0 where step is none. */
int step_storm(const struct step *step);

/* Carries a step out in this namespace. Returns whether the kernel took it. */
bool step_do(const struct step *step);
