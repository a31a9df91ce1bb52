/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cleanup.h"
#include "net/flow.h"
#include "net/ip4.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * A network namespace to try things in. All of it is of the calling process: what is made
 * here ends with it. Failures are Check failures, unless said otherwise.
 *
 *	static void setup(void) { ck_assert(fixture_enter()); }	a checked fixture: one a test
 *	int main(void) { if (!fixture_enter()) return 77; ... }	skipped where it is refused
 */

/* Enters a new namespace with lo up. Returns false, the reason printed, where it can't. */
bool fixture_enter(void);

/* Runs ip(8): fixture_ip("link set %s up", name). */
void fixture_ip(const char *format, ...) _printf_(1, 2);

/* The same, quietly; returns whether it succeeded. */
bool fixture_ip_try(const char *format, ...) _printf_(1, 2);

/* Makes the tun device (no packet information, carrier on), down. Returns its descriptor. */
int fixture_tun(const char *name);

/* The index of a device that must exist. */
int fixture_ifindex(const char *name);

/* Writes value to /proc/sys/net/ipv4/PATH: fixture_sysctl("conf/all/rp_filter", 1). */
void fixture_sysctl(const char *path, int value);

/* Sends a UDP packet with flow's addresses, ports and tos in by the tun device. */
void fixture_send(int tun, const struct flow *flow, const char *payload);

/* A UDP socket bound to addr (0: any) and port (host byte order). */
int fixture_udp(struct ip4 addr, uint16_t port);

/* Whether a datagram comes in by socket within the time; it is taken. */
bool fixture_udp_received(int socket, int timeout_ms);

/*
 * The receive buffer that the kernel granted, in bytes, as it counts them: twice what was asked
 * for, with its own bookkeeping (some 800 bytes for a route's event) taken out of it.
 */
int fixture_buffer(int fd);

/* v0 (10.1.0.1/24) and its peer v1, both up. */
void fixture_pair(void);

/* "192.0.2.1"; of a text that is none, the test fails. */
struct ip4 fixture_ip4(const char *text);
