/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "boot/boot.h"
#include "boot/replay.h"

/* What a setting of one interface will be after a boot, and who makes it so. */
struct forecast_iface {
	char name[NAME_MAX_];
	char kind[NAME_MAX_]; /* IFLA_INFO_KIND, or "" */
	bool loopback;
	bool numbered; /* it has an address by the time of a reload */
};

/* A line, or another writer, that sets it. */
struct forecast_source {
	enum boot_by by;
	enum boot_when when;
	const char *program; /* or NULL, as boot_other has it */
	uint32_t file, line;
	const char *pattern; /* borrowed from boot; NULL: the key itself is named */
	int value;
	bool excludes; /* it has no value: patterns leave the key out */
	bool refused;  /* the kernel does not take it */
	bool certain;
	bool wins;	  /* of this .when it has the last word */
	const char *text; /* borrowed, or NULL: of what is not certain, what is known */
};

struct forecast_sources {
	ARRAY(struct forecast_source) list;
};

struct forecast_value {
	bool set; /* somebody says it; else it is inherited, or the kernel's */
	int value;
	int by; /* the index of the source that made it so in the list, -1: none */
};

struct forecast {
	struct forecast_iface iface;
	enum boot_key key;
	/*
	 * All that is about the interface's own, "all" and "default", in the order in which it is
	 * written; what other lines override, and what is not certain, too.
	 */
	struct forecast_sources own_sources, all_sources, default_sources;
	struct forecast_value own, all, fallback; /* after a boot */
	struct forecast_value reloaded_own,
		reloaded_all; /* and a `sysctl --system` after it */
	bool unsure; /* it depends on whether the device is there before systemd-sysctl runs */
};

/*
 * lines: of boot. *ret zeroed before; freed with forecast_done(), after an error too; borrows boot.
 * Returns 0 or -ENOMEM.
 */
int forecast_make(const struct replay_lines *lines, const struct forecast_iface *iface,
	enum boot_key key, struct forecast *ret);
void forecast_done(struct forecast *forecast);

/* How the kernel combines "all" and an interface's own. */
int forecast_effective(enum boot_key key, int all, int own);

/* The effective value after a boot. */
int forecast_after(const struct forecast *forecast);
int forecast_after_reload(const struct forecast *forecast);

/*
 * The source that has the last word on the effective value after a boot: where that is due to
 * "all" its source, else the interface's own, or that of "default" where it inherits. NULL: nobody,
 * the kernel's own 0 it is.
 */
const struct forecast_source *forecast_decider(const struct forecast *forecast);

/* Why it has the last word among the others of its list, as words: "it is the only one". */
const char *forecast_why(
	const struct forecast_sources *sources, const struct forecast_source *winner);

/* What a source is called: a file's place, or a program's name where it has none. Returns out. */
const char *forecast_place(const struct boot *boot, const struct forecast_source *source,
	char out[static BOOT_PLACE]);

/*
 * What becomes of a value in effect at the next boot, as a sentence without its full stop:
 * "lasts until the next boot", "FILE:LINE sets it to 1 again at boot", "a boot keeps it
 * (FILE:LINE)". place: of the decider, NULL: nobody; after: the effective value after a boot.
 * Returns whether a boot keeps it.
 */
#define FORECAST_TEXT (PATH_MAX + 128)
bool forecast_words(
	const char *place, int after, int effective, char out[static FORECAST_TEXT]);
bool forecast_keeps(const struct boot *boot, const struct forecast *forecast,
	int effective, char out[static FORECAST_TEXT]);
