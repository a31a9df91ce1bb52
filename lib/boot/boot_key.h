/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The settings of net/ipv4/conf/X/ that a boot is replayed for: rp_filter, and what bears on it. */
enum boot_key { BOOT_RP_FILTER, BOOT_SRC_VALID_MARK, BOOT_ACCEPT_LOCAL, BOOT_ARP_IGNORE };
#define BOOT_KEYS 4

const char *boot_key_name(enum boot_key key);

/* The key of that name; -1 for none. */
int boot_key_of(const char *name);

/*
 * Whether a pattern, as the programs normalise it (slashes, below /proc/sys), is a path of ours:
 * net/ipv4/conf/NAME/KEY. As glob(3) takes it, a component at a time, where no '*' stands for a
 * leading dot; braces are not looked at (boot_glob_matches()).
 */
bool boot_path_matches(const char *pattern, const char *name, enum boot_key key);

/* The same with braces: {a,b} is a or b, nested too. At most 4096 alternatives are looked at. */
bool boot_glob_matches(const char *pattern, const char *name, enum boot_key key);

/*
 * Whether systemd-sysctl --prefix=net/ipv4/conf/NAME takes the pattern for this key: it compares
 * the first four components with the prefix, without braces, and the rest by glob(3) (systemd:
 * path_glob_can_match()).
 */
bool boot_prefix_matches(const char *pattern, const char *name, enum boot_key key);

/* Whether text is a pattern for the programs: it has one of "*?[". */
bool boot_is_glob(const char *text);

/* Which of our keys the pattern may concern at all, with braces or without: 1 << key, ored. */
unsigned int boot_bears(const char *pattern, bool glob);

/* "net/ipv4/conf/NAME/KEY", the whole key of an interface; false where that is cut. */
bool boot_key_path(const char *name, enum boot_key key, char *out, size_t size);

/*
 * Takes "net/ipv4/conf/NAME/KEY" apart. Returns the key and sets *name and *length, or -1 where it
 * is none of ours.
 */
int boot_key_split(const char *path, const char **name, size_t *length);

/*
 * The number that the kernel makes of a text written to such a file, as proc_dointvec() does: the
 * first one, decimal, octal behind 0, hexadecimal behind 0x. Returns whether it takes it; else the
 * write fails with EINVAL.
 */
bool boot_number(const char *text, int *ret);
