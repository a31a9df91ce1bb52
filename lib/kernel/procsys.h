/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "state/record.h"

#include <stdint.h>

/*
 * What netlink does not have, out of /proc. All of it is of the network namespace that the
 * calling thread is in (/proc/thread-self/net; /proc/sys/net follows the thread by itself).
 */

/*
 * Where the files come from. read() puts the whole of one into *ret, for free(), ended by a 0 byte,
 * and its length into *ret_length. Returns 0 or a negative errno: -ENOENT, where there is no such
 * file. A source of NULL is the running kernel.
 */
struct procsys_source {
	int (*read)(const char *path, char **ret, size_t *ret_length, void *userdata);
	void *userdata;
};

/* The whole of a file of the running kernel, as above. */
int procsys_read_file(const char *path, char **ret, size_t *ret_length);

/*
 * The settings of "all" and "default" that only /proc/sys has: accept_local, src_valid_mark,
 * send_redirects, route_localnet, log_martians, and bc_forwarding, which netconf has but does
 * not announce. Hands out two records, RECORD_NETCONF of
 * NETCONF_ALL and of NETCONF_DEFAULT, .dump set; a setting that this kernel lacks has no bit
 * in .has. Returns 0, a negative errno (-ENOENT: /proc isn't mounted or has no IPv4; -EBADMSG:
 * not a number), or what handler returned when that was negative.
 * Source: docs/kernel.md 5.1, 5.2.
 */
int procsys_read_all(
	const struct procsys_source *source, record_handler handler, void *userdata);

/*
 * The multicast groups joined (/proc/net/igmp), as one RECORD_MEMBERSHIPS, .dump set. Returns
 * as procsys_read_all() does, or -ENOMEM.
 */
int procsys_read_memberships(
	const struct procsys_source *source, record_handler handler, void *userdata);

/*
 * rp_filter of all (NETCONF_ALL) or default (NETCONF_DEFAULT), which netlink can't write.
 * Return 0 or a negative errno; for writing -EACCES and -EPERM mean the right to, -EROFS that
 * /proc/sys is read-only here.
 */
int procsys_read_rp_filter(int ifindex, int *ret);
int procsys_write_rp_filter(int ifindex, int value);

/*
 * The same of the interface that is called name just now: the file, for procsys_write_number(). It
 * stays that interface's: after a rename it is dead.
 */
int procsys_open_rp_filter(const char *name);
int procsys_write_number(int fd, int value);

/*
 * How many packets this namespace has dropped by reverse path: TcpExt IPReversePathFilter of
 * /proc/net/netstat (docs/kernel.md 1.3: not for ARP, not for RTM_GETROUTE). Returns 0, -ENOENT
 * where the kernel has no such counter (before 2.6.36), -EBADMSG, or another negative errno.
 */
int procsys_rpf_drops(uint64_t *ret);
