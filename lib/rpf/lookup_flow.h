/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fib/fib_list.h"
#include "fib/rule.h"
#include "net/ip4.h"
#include "state/record.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * fib_lookup(): which route a flow takes. For one flow, or for a range of destinations at
 * once. In a reverse look-up the destination is the packet's source.
 */
struct lookup_flow {
	struct ip4 dst, src;
	int iif;    /* 1 (lo): the host's own traffic; 0: none (kernels before 3.15) */
	int l3mdev; /* ifindex of a VRF, 0: none */
	/* of a look-up of what the host itself sends; a reverse one has none of them: */
	int oif;      /* the device that its socket is bound to, 0: none */
	uint32_t uid; /* the user's; 0: root's, as a reverse look-up is */
	uint32_t mark;
	uint8_t tos;
	uint8_t proto; /* 0 with ports 0: not dissected */
	uint16_t sport, dport;
};

/* Where a look-up ended. */
struct lookup_result {
	int error; /* 0: at a route that can be used; else the kernel's errno, positive */
	const struct fib_info
		*info;	       /* the route it ended at, of an error type too; or NULL */
	struct prefix4 prefix; /* that route's, valid with info */
	const struct rule
		*rule; /* the rule it ended at; NULL: none, or none is looked at */
	bool blind;    /* on its way lay something that was not understood */
};
