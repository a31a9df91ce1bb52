/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "boot/boot_key.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Commands that write one of our settings, in scripts and in files that have commands in them:
 * "sysctl -w net.ipv4.conf.eth0.rp_filter=2", "echo 0 > /proc/sys/net/ipv4/conf/eth0/rp_filter".
 * Nothing is evaluated: who has variables, conditions or another tool may do something else.
 */
struct script_line {
	uint32_t line;
	enum boot_key key;
	char name
		[64]; /* as it stands there, with variables: "$IFACE"; "" where it is cut */
	bool has_value; /* else what is written could not be told */
	int value;
};

/* Calls take() for each, as long as it returns 0 or more. Returns 0, or what it did. */
int script_read(const char *text, size_t size,
	int (*take)(const struct script_line *line, void *data), void *data);
