/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpf/rpf.h"

#include "net/kernel_version.h"
#include "rpf/reverse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * The ladder (docs/verdict.md has it with the sources and the reasons):
 *
 *	 1  the interface has no IPv4			unjudged no_ipv4
 *	 2  multicast destination			not_joined, or on with 21 (dst 0)
 *	 3  multicast or broadcast source		drop martian_source
 *	 4  to 255.255.255.255, or 0.0.0.0 to 0.0.0.0	on with 21 (dst 0); source 0: pass
 *	 5  source 0.0.0.0				drop martian_source
 *	 6  destination 0.0.0.0				unjudged martian_destination
 *	 7  127/8 without route_localnet		martian_destination, martian_source
 *	 8  the destination is looked up		unjudged no_route_to_destination
 *	 9  broadcast destination			on with 21 (dst 0)
 *	10  local destination				on with 21
 *	11  the interface does not forward		unjudged not_forwarding
 *	12  no unicast destination			unjudged martian_destination
 *	13  forwarded					on with 21, for each way out
 *
 *	21  the filter is off and nothing calls for more: own sources drop local_source
 *	22  the source is looked up, as destination of the reverse path
 *	23  there is none				drop no_route, off: pass
 *	24  it is not unicast				drop local_source, invalid_source
 *	25  it leads out of the interface		pass symmetric
 *	26  the interface has no address		drop unnumbered, strict_asymmetric
 *	27  strict					drop strict_asymmetric
 *	28  loose					pass loose
 */

static const struct {
	const char *name;
	enum rpf_verdict verdict;
} reasons[RPF_REASONS] = {
	[RPF_FILTER_OFF] = { "filter_off", RPF_PASS },
	[RPF_SYMMETRIC] = { "symmetric", RPF_PASS },
	[RPF_LOOSE] = { "loose", RPF_PASS },
	[RPF_NOT_VALIDATED] = { "not_validated", RPF_PASS },
	[RPF_STRICT_ASYMMETRIC] = { "strict_asymmetric", RPF_DROP },
	[RPF_UNNUMBERED] = { "unnumbered", RPF_DROP },
	[RPF_NO_ROUTE] = { "no_route", RPF_DROP },
	[RPF_LOCAL_SOURCE] = { "local_source", RPF_DROP },
	[RPF_INVALID_SOURCE] = { "invalid_source", RPF_DROP },
	[RPF_MARTIAN_SOURCE] = { "martian_source", RPF_DROP },
	[RPF_NO_ROUTE_TO_DESTINATION] = { "no_route_to_destination", RPF_UNJUDGED },
	[RPF_NOT_FORWARDING] = { "not_forwarding", RPF_UNJUDGED },
	[RPF_MARTIAN_DESTINATION] = { "martian_destination", RPF_UNJUDGED },
	[RPF_NOT_JOINED] = { "not_joined", RPF_UNJUDGED },
	[RPF_NO_IPV4] = { "no_ipv4", RPF_UNJUDGED },
	[RPF_MULTIPATH] = { "multipath", RPF_UNJUDGED },
	[RPF_BLIND] = { "blind", RPF_UNJUDGED },
};

const char *rpf_reason_name(enum rpf_reason reason)
{
	return reasons[reason].name;
}

enum rpf_verdict rpf_reason_verdict(enum rpf_reason reason)
{
	return reasons[reason].verdict;
}

const char *rpf_verdict_name(enum rpf_verdict verdict)
{
	switch (verdict) {
	case RPF_PASS:
		return "pass";
	case RPF_DROP:
		return "drop";
	case RPF_UNJUDGED:
		return "unjudged";
	}
	return "unjudged";
}

bool rpf_agrees(const struct overlay *overlay, const struct rpf *rpf, int error)
{
	return rpf->error < 0 || rpf->error == error ||
	       (!overlay_has_custom_rules(overlay) &&
		       rpf->reason == RPF_NO_ROUTE_TO_DESTINATION &&
		       error == ENETUNREACH);
}

/* EXDEV came with 2.6.36; from 6.13 on the kernel has drop reasons (docs/kernel.md 1.3). */
static bool has_exdev(const struct overlay *overlay)
{
	return overlay_kernel_has_patch(overlay, 2, 6, 36) &&
	       !overlay_kernel_has(overlay, 6, 13);
}

static int error_of(const struct overlay *overlay, enum rpf_reason reason)
{
	switch (reason) {
	case RPF_FILTER_OFF:
	case RPF_SYMMETRIC:
	case RPF_LOOSE:
	case RPF_NOT_VALIDATED:
		return 0;
	case RPF_STRICT_ASYMMETRIC:
	case RPF_UNNUMBERED:
	case RPF_NO_ROUTE:
		return has_exdev(overlay) ? EXDEV : EINVAL;
	case RPF_LOCAL_SOURCE:
	case RPF_INVALID_SOURCE:
	case RPF_MARTIAN_SOURCE:
	case RPF_MARTIAN_DESTINATION:
	case RPF_NOT_JOINED:
	case RPF_NO_IPV4:
		return EINVAL;
	case RPF_NO_ROUTE_TO_DESTINATION:
		return ENETUNREACH;
	case RPF_NOT_FORWARDING:
		return EHOSTUNREACH;
	case RPF_MULTIPATH:
	case RPF_BLIND:
	case RPF_REASONS:
		return -1;
	}
	return -1;
}

/* --- the validation of the source (21 to 28) ------------------------------------------------ */

static bool has_realms(const struct state *state)
{
	if (state->rule_realms)
		return true;
	hash_each (&state->tables, slot) {
		if (((const struct fib *)slot->value)->lists.realms)
			return true;
	}
	return false;
}

/* Where the look-up is skipped, which is from 3.6 on: up to 3.18 own sources pass, too. */
static bool checks_nothing(const struct overlay *overlay)
{
	return !overlay_kernel_has(overlay, 3, 19);
}

/*
 * When the filter is off the kernel skips the look-up, unless a realm is in use or the packet
 * leaves where it came in and a redirect may be due; and unless rules or local routes were
 * ever added by hand, which still decide what is a valid source. Up to 4.14 it looks up each source
 * that may be an own one, up to 3.5 each.
 */
static bool is_fast(const struct overlay *overlay, const struct rpf_class *class)
{
	if (class->filter.effective != 0 || class->hairpin || class->blind ||
		has_realms(overlay->state) || !overlay_kernel_has(overlay, 3, 6))
		return false;
	if (class->accept_local || checks_nothing(overlay))
		return true;
	return overlay_kernel_has(overlay, 4, 15) && !overlay_has_custom_rules(overlay) &&
	       !overlay->state->custom_local;
}

static bool accepts_local(const struct overlay *overlay, const struct iface *iif)
{
	return overlay_kernel_has_patch(overlay, 2, 6, 33) &&
	       devconf_or(&overlay->state->all, &iif->link.conf, DEVCONF_ACCEPT_LOCAL);
}

static uint32_t reverse_mark(
	const struct overlay *overlay, const struct iface *iif, const struct flow *flow)
{
	return overlay_kernel_has_patch(overlay, 2, 6, 32) &&
			       devconf_or(&overlay->state->all, &iif->link.conf,
				       DEVCONF_SRC_VALID_MARK)
		       ? flow->mark
		       : 0;
}

/*
 * Whose packet it is in the reverse look-up: that of the device it leaves by, else of lo. Before
 * 3.15 one to a broadcast or multicast address was nobody's (6a662719c986).
 */
static int reverse_iif(const struct overlay *overlay, struct ip4 dst, int oif)
{
	if (oif)
		return oif;
	return dst.host || overlay_kernel_has(overlay, 3, 15) ? IFINDEX_LO : 0;
}

bool rpf_swaps_ports(const struct overlay *overlay)
{
	uint32_t series = overlay->state->kernel & ~0xffu;

	return overlay_kernel_has(overlay, 5, 14) || series == kernel_version(4, 19, 0) ||
	       series == kernel_version(5, 4, 0) || series == kernel_version(5, 10, 0) ||
	       series == kernel_version(5, 13, 0);
}

struct rpf_class rpf_class_of(const struct overlay *overlay, const struct iface *iif,
	const struct flow *flow, struct ip4 dst, int oif)
{
	bool dissect = overlay->state->dissecting > 0, swap = rpf_swaps_ports(overlay);
	struct rpf_class class = {
		.iif = iif,
		.filter = overlay_rp_filter(overlay, iif),
		.accept_local = accepts_local(overlay, iif),
		.hairpin = oif == iif->link.ifindex
			&& devconf_or(&overlay->state->all, &iif->link.conf,
				DEVCONF_SEND_REDIRECTS),
		.reverse = {
			.src = dst,
			.iif = reverse_iif(overlay, dst, oif),
			.l3mdev = state_l3mdev(overlay->state, iif->link.ifindex),
			.mark = reverse_mark(overlay, iif, flow),
			.tos = flow->tos,
			.proto = dissect ? flow->proto : 0,
			.sport = !dissect ? 0 : swap ? flow->dport : flow->sport,
			.dport = !dissect ? 0 : swap ? flow->sport : flow->dport,
		},
	};

	/* l3mdev_update_flow(): a way out by a VRF's port is looked up in that VRF */
	if (!class.reverse.l3mdev && oif)
		class.reverse.l3mdev = state_l3mdev(overlay->state, oif);
	class.blind = class.reverse.l3mdev &&
		      !state_kernel_knows(overlay->state, kernel_version(4, 3, 0));
	class.fast = is_fast(overlay, &class);
	return class;
}

struct uses {
	const struct overlay *overlay;
	int ifindex;
};

static bool nexthop_uses(const struct nexthop *nexthop, void *data)
{
	const struct uses *uses = data;

	return nexthop->oif == uses->ifindex ||
	       state_l3mdev(uses->overlay->state, nexthop->oif) == uses->ifindex;
}

/* Up to 2.6.36 a route of several nexthops fits each device (6f86b325189e). */
static bool fits_any(const struct overlay *overlay, const struct lookup_result *reverse)
{
	return reverse->info->nexthop_count > 1 &&
	       !overlay_kernel_has_patch(overlay, 2, 6, 37);
}

/* fib_info_nh_uses_dev(): any nexthop, whatever its state */
static bool leads_out_of(const struct overlay *overlay,
	const struct lookup_result *reverse, const struct iface *iface)
{
	struct uses uses = { overlay, iface->link.ifindex };

	return state_any_nexthop(overlay->state, reverse->info, nexthop_uses, &uses);
}

static enum rpf_reason fail(const struct rpf_class *class, enum rpf_reason reason)
{
	return class->filter.effective ? reason : RPF_FILTER_OFF;
}

/* No address of the host's: which route says that it is no source, and who asked for it. */
static void trace_routed(struct trace *trace, const struct lookup_result *reverse)
{
	bool local = reverse->info->type == ROUTE_LOCAL;
	char rule[32] = "", prefix[PREFIX4_TEXT];

	if (!trace)
		return;
	if (reverse->rule)
		snprintf(rule, sizeof(rule), ", by rule %u,", reverse->rule->priority);
	trace_add(trace, 24, "the %s route %s of table %u%s makes the source %s: dropped",
		route_type_name(reverse->info->type),
		prefix4_format(reverse->prefix, prefix), reverse->info->table, rule,
		local ? "local, and accept_local is off" : "no unicast address");
}

enum rpf_reason rpf_validate(const struct overlay *overlay, const struct rpf_class *class,
	const struct lookup_result *reverse, struct trace *trace)
{
	const char *name = class->iif->link.name;
	int mode = class->filter.effective;

	if (reverse->blind || class->blind) {
		trace_add(trace, 22, "%s",
			class->blind
				? "a VRF, which this kernel does not have"
				: "a rule or route on the reverse path has an unsupported attribute");
		return RPF_BLIND;
	}
	if (reverse->error) { /* 23 */
		trace_add(trace, 23, "no reverse route (%s): %s",
			strerror(reverse->error),
			mode ? "dropped" : "the filter is off, passes");
		return fail(class, RPF_NO_ROUTE);
	}
	if (reverse->info->type != ROUTE_UNICAST /* 24 */
		&& !(reverse->info->type == ROUTE_LOCAL && class->accept_local)) {
		bool local = reverse->info->type == ROUTE_LOCAL;

		if (state_is_local_addr(overlay->state, class->reverse.dst))
			trace_add(trace, 24, "the source is %s: dropped",
				"a local address and accept_local is off");
		else
			trace_routed(trace, reverse);
		return local ? RPF_LOCAL_SOURCE : RPF_INVALID_SOURCE;
	}
	if (fits_any(overlay, reverse)) { /* 25 */
		trace_add(trace, 25,
			"on this kernel a route of several nexthops fits any device: passes");
		return mode ? RPF_SYMMETRIC : RPF_FILTER_OFF;
	}
	if (leads_out_of(overlay, reverse, class->iif) /* 25 */
		|| (reverse->info->type == ROUTE_LOCAL &&
			   class->iif->link.ifindex == IFINDEX_LO)) {
		trace_add(trace, 25, "the reverse route uses %s: passes", name);
		return mode ? RPF_SYMMETRIC : RPF_FILTER_OFF;
	}
	trace_add(trace, 25, "the reverse route does not use %s", name);
	if (!class->iif->addrs.count) { /* 26 */
		trace_add(trace, 26,
			"%s has no IPv4 address, so loose acts as strict: %s", name,
			mode ? "dropped" : "the filter is off, passes");
		return fail(class, mode == 1 ? RPF_STRICT_ASYMMETRIC : RPF_UNNUMBERED);
	}
	trace_add(trace, 26, "%s has an IPv4 address", name);
	if (mode == 1) { /* 27 */
		trace_add(trace, 27,
			"the effective rp_filter of %s is 1 (strict): dropped", name);
		return RPF_STRICT_ASYMMETRIC;
	}
	if (mode) /* 28 */
		trace_add(trace, 28,
			"the effective rp_filter of %s is %d (loose) and there is a reverse route: passes",
			name, mode);
	else
		trace_add(trace, 28, "the effective rp_filter of %s is 0: passes", name);
	return mode ? RPF_LOOSE : RPF_FILTER_OFF;
}

/* What 22 looks for, in the words of `ip route get`, and the setting that decides the mark. */
static void trace_key(const struct overlay *overlay, const struct rpf_class *class,
	const struct flow *flow, struct trace *trace)
{
	const struct lookup_flow *key = &class->reverse;
	const struct iface *iif = state_iface(overlay->state, key->iif);
	const char *name = iif ? iif->link.name : key->iif ? "lo" : "none";
	char dst[IP4_TEXT], src[IP4_TEXT], mark[64] = "", ports[64] = "";

	if (!trace)
		return;
	if (flow->mark)
		snprintf(mark, sizeof(mark), " mark 0x%x (src_valid_mark is %s)",
			key->mark, key->mark ? "on" : "off");
	if (overlay->state->dissecting)
		snprintf(ports, sizeof(ports), " ipproto %u sport %u dport %u",
			key->proto, key->sport, key->dport);
	trace_add(trace, 22, "reverse lookup: to %s from %s iif %s tos 0x%x%s%s",
		ip4_format(flow->src, dst), ip4_format(key->src, src), name, key->tos,
		mark, ports);
}

/* Why the filter is off and the source is looked up all the same. */
static const char *why_long(const struct overlay *overlay, const struct rpf_class *class)
{
	if (class->hairpin)
		return "off, but the packet leaves by its input interface and send_redirects is on: the source is looked up";
	if (has_realms(overlay->state))
		return "off, but a realm is in use: the source is looked up";
	if (!overlay_kernel_has(overlay, 4, 15))
		return "off, but this kernel looks up the source all the same";
	if (overlay_has_custom_rules(overlay))
		return "off, but the rules have been changed: the source is looked up";
	return "off, but a local route has been added: the source is looked up";
}

static void trace_filter(
	const struct rp_filter *filter, const struct iface *iif, struct trace *trace)
{
	if (filter->both)
		trace_add(trace, 21,
			"rp_filter is %d: it is on where all (%d) and %s (%d) both are",
			filter->effective, filter->all, iif->link.name, filter->own);
	else
		trace_add(trace, 21,
			"rp_filter is %d: the greater of all (%d) and %s (%d)",
			filter->effective, filter->all, iif->link.name, filter->own);
}

/* One source, from step 21 on. */
static struct rpf validate_source(const struct overlay *overlay, const struct iface *iif,
	const struct flow *flow, struct ip4 dst, int oif, struct trace *trace)
{
	struct rpf_class class = rpf_class_of(overlay, iif, flow, dst, oif);
	struct rpf rpf = { .filter = class.filter };

	trace_filter(&class.filter, iif, trace);
	if (class.fast) {
		bool own = !class.accept_local && !checks_nothing(overlay) &&
			   state_is_local_addr(overlay->state, flow->src);

		trace_add(trace, 21,
			own ? "off, but the source is a local address and accept_local is off: dropped"
			    : "off: passes");
		rpf.reason = own ? RPF_LOCAL_SOURCE : RPF_FILTER_OFF;
	} else {
		if (trace && !class.filter.effective)
			trace_add(trace, 21, "%s", why_long(overlay, &class));
		class.reverse.dst = flow->src;
		trace_key(overlay, &class, flow, trace);
		rpf.reverse = lookup(overlay, &class.reverse, trace, 22);
		rpf.looked_up = true;
		rpf.reason = rpf_validate(overlay, &class, &rpf.reverse, trace);
	}
	rpf.verdict = rpf_reason_verdict(rpf.reason);
	rpf.error = error_of(overlay, rpf.reason);
	return rpf;
}

/* --- the way there (1 to 13) ---------------------------------------------------------------- */

static struct rpf end_at(const struct overlay *overlay, const struct iface *iif,
	enum rpf_reason reason, struct trace *trace, int number, const char *text)
{
	trace_add(trace, number, "%s", text);
	return (struct rpf){
		.verdict = rpf_reason_verdict(reason),
		.reason = reason,
		.error = error_of(overlay, reason),
		.filter = iif ? overlay_rp_filter(overlay, iif) : (struct rp_filter){ 0 },
	};
}

/* 127/8 is like any other on the interface: before 3.6 there was no such setting. */
static bool routes_localnet(const struct overlay *overlay, const struct iface *iif)
{
	return overlay_kernel_has(overlay, 3, 6) &&
	       devconf_or(&overlay->state->all, &iif->link.conf, DEVCONF_ROUTE_LOCALNET);
}

static bool is_zeronet(const struct overlay *overlay, struct ip4 addr)
{
	return prefix4_has(state_zeronet(overlay->state), addr);
}

/* ip_mc_validate_source() behind the check of membership */
static struct rpf judge_multicast(const struct overlay *overlay, const struct iface *iif,
	const struct flow *flow, struct trace *trace)
{
	const struct iface *vrf = state_vrf(overlay->state, iif);
	bool link_local = flow->dst.host >> 8 == 0xe00000;
	bool joined =
		state_has_joined(overlay->state, iif->link.ifindex, flow->dst) ||
		(vrf && state_has_joined(overlay->state, vrf->link.ifindex, flow->dst));

	if (!joined && (link_local || !devconf_and(&overlay->state->all, &iif->link.conf,
					      DEVCONF_MC_FORWARDING)))
		return end_at(overlay, iif, RPF_NOT_JOINED, trace, 2,
			"the multicast group is not joined on the interface");
	trace_add(trace, 2, "the multicast group is joined: the source is validated");
	if (ip4_is_multicast(flow->src) || ip4_is_lbcast(flow->src) ||
		(ip4_is_loopback(flow->src) && !routes_localnet(overlay, iif)))
		return end_at(overlay, iif, RPF_MARTIAN_SOURCE, trace, 3,
			"not a valid source address: dropped");
	if (is_zeronet(overlay, flow->src))
		return link_local || flow->proto == 2 /* IGMP */
			       ? end_at(overlay, iif, RPF_NOT_VALIDATED, trace, 2,
					 "source 0.0.0.0 to a link-local group: passes")
			       : end_at(overlay, iif, RPF_MARTIAN_SOURCE, trace, 5,
					 "source 0.0.0.0: dropped");
	return validate_source(overlay, iif, flow, ip4(0), 0, trace);
}

static struct rpf judge_broadcast(const struct overlay *overlay, const struct iface *iif,
	const struct flow *flow, struct trace *trace, int number)
{
	if (is_zeronet(overlay, flow->src))
		return end_at(overlay, iif, RPF_NOT_VALIDATED, trace, number,
			"source 0.0.0.0 to a broadcast address: passes");
	trace_add(trace, number,
		"a broadcast destination: the reverse lookup is from 0.0.0.0");
	return validate_source(overlay, iif, flow, ip4(0), 0, trace);
}

/* Martians, before anything is looked up (3, 5 to 7): the reason, or -1. */
static int martian(const struct overlay *overlay, const struct iface *iif,
	const struct flow *flow, int *ret_number)
{
	bool localnet = routes_localnet(overlay, iif);

	*ret_number = 5;
	if (is_zeronet(overlay, flow->src))
		return RPF_MARTIAN_SOURCE;
	*ret_number = 6;
	if (is_zeronet(overlay, flow->dst))
		return RPF_MARTIAN_DESTINATION;
	*ret_number = 7;
	if (ip4_is_loopback(flow->dst) && !localnet)
		return RPF_MARTIAN_DESTINATION;
	if (ip4_is_loopback(flow->src) && !localnet)
		return RPF_MARTIAN_SOURCE;
	return -1;
}

struct lookup_flow rpf_forward_flow(
	const struct overlay *overlay, const struct iface *iif, const struct flow *flow)
{
	bool dissect = overlay->state->dissecting > 0;

	return (struct lookup_flow){
		.dst = flow->dst,
		.src = flow->src,
		.iif = iif->link.ifindex,
		.l3mdev = state_l3mdev(overlay->state, iif->link.ifindex),
		.mark = flow->mark,
		.tos = flow->tos,
		.proto = dissect ? flow->proto : 0,
		.sport = dissect ? flow->sport : 0,
		.dport = dissect ? flow->dport : 0,
	};
}

/* Each way out that the kernel's flow hash may choose gives a verdict; do they agree? */
struct exits {
	const struct overlay *overlay;
	const struct iface *iif;
	const struct flow *flow;
	const struct fib_info *info;
	struct trace *trace;
	size_t count;
	bool differ;
	struct rpf rpf;
};

static bool exit_nexthop(const struct nexthop *nexthop, void *data)
{
	struct exits *exits = data;
	const struct iface *out = state_iface(exits->overlay->state, nexthop->oif);
	struct rpf rpf;

	if (!state_nexthop_is_usable(exits->overlay->state, exits->info, nexthop) ||
		!out || !out->link.has_inet)
		return false;
	rpf = validate_source(exits->overlay, exits->iif, exits->flow, exits->flow->dst,
		nexthop->oif, exits->count ? NULL : exits->trace);
	rpf.oif = nexthop->oif;
	if (!exits->count++) {
		exits->rpf = rpf;
		return false;
	}
	exits->differ |= rpf.verdict != exits->rpf.verdict;
	if (rpf.error != exits->rpf.error)
		exits->rpf.error = -1;
	return false;
}

static struct rpf judge_forwarded(const struct overlay *overlay, const struct iface *iif,
	const struct flow *flow, const struct lookup_result *forward, struct trace *trace)
{
	struct exits exits = {
		.overlay = overlay,
		.iif = iif,
		.flow = flow,
		.info = forward->info,
		.trace = trace,
	};

	trace_add(trace, 13, "the packet is forwarded");
	state_any_nexthop(overlay->state, forward->info, exit_nexthop, &exits);
	if (!exits.count)
		return end_at(overlay, iif, RPF_NO_ROUTE_TO_DESTINATION, trace, 13,
			"no nexthop is usable");
	if (exits.differ)
		return end_at(overlay, iif, RPF_MULTIPATH, trace, 13,
			"the output interfaces give different verdicts: the kernel's flow hash chooses");
	return exits.rpf;
}

static struct rpf judge_routed(const struct overlay *overlay, const struct iface *iif,
	const struct flow *flow, struct trace *trace)
{
	struct lookup_flow key = rpf_forward_flow(overlay, iif, flow);
	struct lookup_result forward = lookup(overlay, &key, trace, 8);
	bool forwarding = iif->link.conf.value[DEVCONF_FORWARDING];
	uint8_t type;

	if (forward.blind)
		return end_at(overlay, iif, RPF_BLIND, trace, 8,
			"a rule or route to the destination has an unsupported attribute");
	if (forward.error) {
		struct rpf rpf = end_at(overlay, iif, RPF_NO_ROUTE_TO_DESTINATION, trace,
			8, "the destination is unreachable");

		rpf.error = forwarding ? forward.error : EHOSTUNREACH;
		return rpf;
	}
	type = forward.info->type;
	if (type == ROUTE_BROADCAST) {
		if (overlay_kernel_has(overlay, 4, 19) && /* 5cbf777cfdf6 */
			devconf_and(&overlay->state->all, &iif->link.conf,
				DEVCONF_BC_FORWARDING))
			return judge_forwarded(overlay, iif, flow, &forward, trace);
		return judge_broadcast(overlay, iif, flow, trace, 9);
	}
	if (type == ROUTE_LOCAL) {
		trace_add(trace, 10, "the destination is a local address");
		return validate_source(overlay, iif, flow, flow->dst, 0, trace);
	}
	if (!forwarding)
		return end_at(overlay, iif, RPF_NOT_FORWARDING, trace, 11,
			"the destination is not local and forwarding is off on the interface");
	if (type != ROUTE_UNICAST)
		return end_at(overlay, iif, RPF_MARTIAN_DESTINATION, trace, 12,
			"the destination is not a unicast address");
	return judge_forwarded(overlay, iif, flow, &forward, trace);
}

struct rpf rpf_judge(
	const struct overlay *overlay, const struct flow *flow, struct trace *trace)
{
	const struct iface *iif = state_iface(overlay->state, flow->iif);
	int number, reason;

	if (overlay->state->blind)
		return end_at(
			overlay, iif, RPF_BLIND, trace, 0, overlay->state->blind_what);
	if (!iif || !iif->link.has_inet) /* 1 */
		return end_at(overlay, iif, RPF_NO_IPV4, trace, 1,
			"the interface has no IPv4: it receives nothing");
	if (ip4_is_multicast(flow->dst)) /* 2 */
		return judge_multicast(overlay, iif, flow, trace);
	if (ip4_is_multicast(flow->src) || ip4_is_lbcast(flow->src) || /* 3 */
		(ip4_is_loopback(flow->src) && !overlay_kernel_has(overlay, 3, 6)))
		return end_at(overlay, iif, RPF_MARTIAN_SOURCE, trace, 3,
			"not a valid source address: dropped");
	if (ip4_is_lbcast(flow->dst) || (!flow->src.host && !flow->dst.host)) /* 4 */
		return judge_broadcast(overlay, iif, flow, trace, 4);
	reason = martian(overlay, iif, flow, &number); /* 5 to 7 */
	if (reason >= 0)
		return end_at(overlay, iif, (enum rpf_reason)reason, trace, number,
			number == 7
				? "an address of 127.0.0.0/8 and route_localnet is off"
			: reason == RPF_MARTIAN_SOURCE
				? "not a valid source address: dropped"
				: "not a valid destination address");
	return judge_routed(overlay, iif, flow, trace); /* 8 to 13 */
}
