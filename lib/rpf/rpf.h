/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/flow.h"
#include "rpf/lookup.h"
#include "rpf/overlay.h"
#include "rpf/trace.h"

#include <stdbool.h>

/*
 * The verdict of reverse path filtering on one packet, as the kernel gives it
 * (ip_route_input_rcu(), fib_validate_source()). The rungs are numbered alike in
 * docs/verdict.md, in rpf.c and in the tests.
 */
enum rpf_verdict {
	RPF_PASS,
	RPF_DROP,
	RPF_UNJUDGED, /* it never gets as far, or it depends on more than the flow */
};

enum rpf_reason {
	/* pass */
	RPF_FILTER_OFF,
	RPF_SYMMETRIC,
	RPF_LOOSE,
	RPF_NOT_VALIDATED, /* source 0.0.0.0 to a broadcast or multicast address */
	/* drop */
	RPF_STRICT_ASYMMETRIC,
	RPF_UNNUMBERED,
	RPF_NO_ROUTE,
	RPF_LOCAL_SOURCE,
	RPF_INVALID_SOURCE,
	RPF_MARTIAN_SOURCE,
	/* unjudged */
	RPF_NO_ROUTE_TO_DESTINATION,
	RPF_NOT_FORWARDING,
	RPF_MARTIAN_DESTINATION,
	RPF_NOT_JOINED,
	RPF_NO_IPV4,
	RPF_MULTIPATH,
	RPF_BLIND, /* something that bears on it was not understood */
	RPF_REASONS,
};

struct rpf {
	enum rpf_verdict verdict;
	enum rpf_reason reason;
	int error; /* what RTM_GETROUTE would answer: 0 or an errno; -1: unknown */
	struct rp_filter filter;
	int oif; /* it is forwarded out of this device, or a first one of several; 0: it is not */
	bool looked_up;		      /* reverse is valid: there was a reverse look-up */
	struct lookup_result reverse; /* borrowed from the state */
};

/* "strict_asymmetric", "pass": the words of the contract. */
const char *rpf_reason_name(enum rpf_reason reason);
const char *rpf_verdict_name(enum rpf_verdict verdict);
enum rpf_verdict rpf_reason_verdict(enum rpf_reason reason);

/*
 * Evaluates one packet. flow->iif must be an interface of the state, else RPF_NO_IPV4. trace:
 * NULL, or gets the steps.
 */
struct rpf rpf_judge(
	const struct overlay *overlay, const struct flow *flow, struct trace *trace);

/*
 * Whether an errno of RTM_GETROUTE (positive, 0: it passes) agrees with rpf; also that of a kernel
 * that asks table default behind an error route of main, and answers "no route" where that has
 * none either (lookup_rules.h).
 */
bool rpf_agrees(const struct overlay *overlay, const struct rpf *rpf, int error);

/*
 * What the source validation of many sources has in common: all but the source itself. dst:
 * the packet's destination, 0.0.0.0 for a broadcast or multicast one; oif: the device it
 * leaves by when it is forwarded, 0 when it is delivered here (docs/kernel.md 2.2).
 */
struct rpf_class {
	const struct iface *iif;
	struct rp_filter filter;
	bool accept_local;
	bool fast; /* filter off: only local addresses are refused, nothing is looked up */
	bool hairpin;
	bool blind; /* the kernel judged by has nothing like it: each source is unjudged */
	struct lookup_flow reverse; /* .dst: the source, to be set */
};

struct rpf_class rpf_class_of(const struct overlay *overlay, const struct iface *iif,
	const struct flow *flow, struct ip4 dst, int oif);

/*
 * Whether the reverse path has the packet's ports swapped: from 5.14 on, and since July 2021 in the
 * long-term series, whose last number does not always tell (c69f114d0989).
 */
bool rpf_swaps_ports(const struct overlay *overlay);

/* The look-up of the way to the packet's destination. */
struct lookup_flow rpf_forward_flow(
	const struct overlay *overlay, const struct iface *iif, const struct flow *flow);

/* The reason for a source whose reverse look-up ended so; steps 23 to 28. */
enum rpf_reason rpf_validate(const struct overlay *overlay, const struct rpf_class *class,
	const struct lookup_result *reverse, struct trace *trace);
