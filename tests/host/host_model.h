/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cleanup.h"
#include "host/host.h"
#include "net/flow.h"
#include "rpf/overlay.h"
#include "state/record.h"
#include "state/state.h"
#include "state/state_apply.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Hosts out of lines (host.h), as the model has them: lib/change makes what a line says, and the
 * kernel does besides. A `model` line becomes the one record that the kernel would announce, and so
 * does a carrier.
 *
 * A line that is none ends the program with a sentence, and so does one that the kernel would refuse.
 * In a `model` line, `if9` is index 9 without a look.
 */
int model_line(struct state *state, const char *line);

/* The same with printf's means. Returns what state_apply() returned. */
int model(struct state *state, const char *format, ...) _printf_(2, 3);

/* Applies a line that was read. */
int model_apply(struct state *state, const struct host_line *line);

/* A namespace as it is born, with lo up: 127.0.0.1/8, the three rules, local and main merged. */
struct state *model_new(void);

/* A host: model_new(), and eth0 (2) with 10.0.0.2/24 and a default route via 10.0.0.1. */
struct state *model_host(void);

/* The story's realserver: model_host(), tunl0 (5), an ipip tunnel, up, and the VIP 192.0.2.1 on lo.
 * Then the lines, up to count or a NULL. */
struct state *model_realserver(const char *const *lines, size_t count);

/* `ip link add NAME index N up REST`, `ip address add ADDR dev NAME`, `ip route add …`,
 * `ip rule add priority …`, `sysctl -w net.ipv4.conf.NAME.KEY=VALUE` */
int model_link(struct state *state, int ifindex, const char *name, const char *rest);
int model_addr(struct state *state, const char *name, const char *addr);
int model_route(struct state *state, const char *route);
int model_rule(struct state *state, const char *rule);
int model_sysctl(struct state *state, const char *name, const char *key, int value);

/* "192.0.2.1", "192.0.2.0/24"; of a text that is none, the program ends. */
struct ip4 model_ip4(const char *text);
struct prefix4 model_prefix(const char *text);

/* A packet as host_parse_flow() takes it; its device must be there. */
struct flow model_flow(const struct state *state, const char *text);

/* The interface of a name that must be there. */
const struct iface *model_iface(const struct state *state, const char *name);

/* How many routes a table has, also as part of the merged trie. */
size_t model_routes(const struct state *state, uint32_t table);

/* One that only shows what there is. */
static inline struct overlay model_overlay(const struct state *state)
{
	return (struct overlay){ .state = state };
}
