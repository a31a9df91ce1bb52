/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/hash.h"
#include "boot/boot.h"

/*
 * What the lines of sysctl.d do to the settings of a host, as the programs write them and as the
 * kernel takes them in. docs/lasting.md has the rules, which a random test holds against the real
 * programs and a real kernel.
 */

/* Whose value a setting has. */
enum replay_origin {
	REPLAY_START, /* it was so before, or the kernel made it so */
	REPLAY_LINE,  /* a line's: .line */
	REPLAY_DEFAULT, /* copied from "default", which a line set: .line; NO_LINE: nobody did */
	REPLAY_OTHER, /* another writer's: .line is its index in boot->others */
};
#define NO_LINE UINT32_MAX

struct replay_value {
	int value;
	bool pinned; /* it no longer follows "default" */
	enum replay_origin origin;
	uint32_t line; /* index in boot->systemd, or boot->procps */
};

/* The settings of an interface, of "all" or of "default". */
struct replay_conf {
	char name[NAME_MAX_];
	struct replay_value of[BOOT_KEYS];
};

struct replay_world {
	struct replay_conf all, fallback; /* "default" */
	ARRAY(struct replay_conf) ifaces;
};

void replay_world_done(struct replay_world *world);

/*
 * A device appears: it has the values of "default", and its pins. *ret: the index in ifaces.
 * Returns 0 or -ENOMEM.
 */
int replay_add_iface(struct replay_world *world, const char *name, size_t *ret);

/* It gets an address, or is lo and comes up: nothing of it follows "default" any more. */
void replay_pin(struct replay_conf *conf);

/*
 * The lines as systemd-sysctl keeps them: of each key the last one; one that says the same again
 * stays where it was first. Borrows boot.
 */
struct replay_lines {
	const struct boot *boot;
	ARRAY(uint32_t) order; /* indices in boot->systemd */
	ARRAY(uint32_t)
	chain; /* by index of a line: the next one of the same hash, or NO_LINE */
	struct hash by_key; /* hash of a key: the first line's index + 1 */
};

/* *ret zeroed before; freed with replay_lines_done(), after an error too. 0 or -ENOMEM. */
int replay_lines_init(const struct boot *boot, struct replay_lines *ret);
void replay_lines_done(struct replay_lines *lines);

/* Who wants to know of each write, or of what was not written as it was so already. */
struct replay_watch {
	void (*wrote)(const struct replay_conf *conf, enum boot_key key, uint32_t line,
		bool refused, void *data);
	void *data;
};

/* systemd-sysctl at boot: every interface that is there. watch: or NULL. */
void replay_boot(const struct replay_lines *lines, struct replay_world *world,
	const struct replay_watch *watch);

/* What 99-systemd.rules has systemd-sysctl do for a link that appears; not for lo. */
void replay_link(const struct replay_lines *lines, struct replay_world *world,
	size_t iface, const struct replay_watch *watch);

/* `sysctl --system` of procps. Lines are then indices in boot->procps. */
int replay_reload(const struct boot *boot, struct replay_world *world,
	const struct replay_watch *watch);

/* A number is written to a setting, as by any program: the kernel's part of it. */
void replay_write(struct replay_world *world, struct replay_conf *conf, enum boot_key key,
	const char *text, enum replay_origin origin, uint32_t line, bool *refused);
