/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "base/cleanup.h"
#include "boot/boot_key.h"
#include "boot/network.h"
#include "boot/sysctl_text.h"
#include "net/ifname.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What was found in the files of a host that has to do with our settings at its next boot. Names of
 * files are as the host itself would call them (without --root).
 */

/* Who writes, in the order in which they do it for one interface, the last one last. */
enum boot_by {
	BOOT_BY_CMDLINE,  /* the kernel, from sysctl.KEY=VALUE on its command line */
	BOOT_BY_SYSTEMD,  /* systemd-sysctl, at boot and by udev for each link */
	BOOT_BY_UDEV,	  /* rules of others that run a program */
	BOOT_BY_UFW,	  /* sysctl -p /etc/ufw/sysctl.conf */
	BOOT_BY_NETWORKD, /* when it configures the link */
	BOOT_BY_IFUPDOWN, /* up, post-up */
	BOOT_BY_NETWORKMANAGER,
	BOOT_BY_WG_QUICK,
	BOOT_BY_TUNED,
	BOOT_BY_PROGRAM, /* a service with a habit: docs/writers.md */
	BOOT_BY_PROCPS,	 /* sysctl --system, whenever somebody runs it */
};
#define BOOT_BYS 11

const char *boot_by_name(enum boot_by by);

/* When: at boot once, for each link as it appears, or when somebody asks for it. */
enum boot_when { BOOT_AT_BOOT, BOOT_AT_LINK, BOOT_AT_RELOAD };

const char *boot_when_name(enum boot_when when);

struct boot_file {
	char *path;
	char *name; /* of its last part, which sysctl.d files are ordered by; borrowed from path */
};

/*
 * An assignment that another writer than the sysctl.d programs makes. Where it is not certain (a
 * script may take another way, a service may not be started) it is only named.
 */
struct boot_other {
	enum boot_by by;
	enum boot_when when;
	const char *program; /* a literal: how it is called, where by does not say it */
	uint32_t file, line; /* file: NO_FILE where there is none */
	char name
		[64]; /* the interface, "all", "default", or a pattern (fnmatch) of names */
	int key;      /* enum boot_key; -1: unknown, and .text says what is known */
	int value;
	bool certain;
	bool yields; /* where a line of sysctl.d names the key itself, that stays */
	char *text;  /* owned: for a person, what it is that is not certain, or NULL */
};
#define NO_FILE UINT32_MAX

/* Something that could not be read or understood: one line for a person, with its file. */
struct boot_note {
	char *text;
};

struct boot {
	ARRAY(struct boot_file) files;
	struct sysctl_lines systemd; /* in the order in which systemd-sysctl reads them */
	struct sysctl_lines procps;  /* and `sysctl --system` */
	ARRAY(struct boot_other) others;
	ARRAY(struct boot_network) networks; /* in the order of their names */
	ARRAY(struct boot_note) notes;
	size_t notes_more;   /* beyond BOOT_NOTES */
	int systemd_version; /* 0: unknown */
	bool networkd_off;   /* systemd-networkd is there, and no unit starts it */
};

#define BOOT_NOTES 64

/* The first systemd-networkd with IPv4ReversePathFilter=, and the one with IPv4SrcValidMark=. */
#define NETWORKD_RP_FILTER 255
#define NETWORKD_SRC_VALID_MARK 260

struct boot *boot_new(void);
void boot_free(struct boot *boot);
DEFINE_FREEP(struct boot, boot_free)

/* Adds a file. Returns its index, or -ENOMEM. */
int64_t boot_add_file(struct boot *boot, const char *path);

/* The path of a file by its index; "" for NO_FILE. */
const char *boot_path(const struct boot *boot, uint32_t file);

/* "FILE:LINE", or the file alone where line is 0. Returns out. */
#define BOOT_PLACE (PATH_MAX + 16)
const char *boot_place(
	const struct boot *boot, uint32_t file, uint32_t line, char *out, size_t size);

/* Adds a line for a person; beyond BOOT_NOTES they are counted only. Returns 0 or -ENOMEM. */
int boot_note(struct boot *boot, const char *format, ...) _printf_(2, 3);

/* Adds an assignment of another writer, copied; text, or NULL, is copied too. 0 or -ENOMEM. */
int boot_add_other(struct boot *boot, const struct boot_other *other, const char *text);

/*
 * Adds a sysctl.d file's text for one program. Oddities become notes (systemd only, so that each is
 * said once). Returns 0 or -ENOMEM.
 */
int boot_add_sysctl(struct boot *boot, enum sysctl_dialect dialect, uint32_t file,
	const char *text, size_t size);
