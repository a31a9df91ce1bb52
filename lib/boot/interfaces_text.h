/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "boot/script_text.h"

/* /etc/network/interfaces of ifupdown: interfaces(5). */
struct interfaces {
	ARRAY(struct interfaces_command) commands;
	ARRAY(char *) automatic; /* owned: names behind auto and allow-hotplug */
	ARRAY(char *)
	sources; /* owned: what further files are read, as it stands there */
};

/* A command of ours behind up, post-up, pre-up or down in a stanza. */
struct interfaces_command {
	uint32_t file;
	char iface[64]; /* the stanza's; "" outside of one */
	struct script_line line;
	bool up; /* pre-up, up, post-up: it is done when the interface comes */
};

/* Adds what the text of a file has. Returns 0 or -ENOMEM. */
int interfaces_take(
	struct interfaces *interfaces, uint32_t file, const char *text, size_t size);
void interfaces_done(struct interfaces *interfaces);

/* Whether ifupdown brings it up by itself, at boot or when it appears. */
bool interfaces_is_automatic(const struct interfaces *interfaces, const char *name);
