/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/ifname.h"
#include "net/ip4.h"

#include <stdbool.h>
#include <stdint.h>

/* fib_rule_hdr.action: FR_ACT_x (include/uapi/linux/fib_rules.h) */
enum rule_action {
	RULE_TABLE = 1,
	RULE_GOTO = 2,
	RULE_NOP = 3,
	RULE_BLACKHOLE = 6,
	RULE_UNREACHABLE = 7,
	RULE_PROHIBIT = 8,
};

struct port_range {
	bool set;
	uint16_t first, last;
	uint16_t mask; /* FRA_xPORT_MASK, 0xffff where there is none */
};

/* RTM_NEWRULE, RTM_DELRULE */
struct rule {
	uint32_t priority;
	uint32_t table;
	uint32_t target; /* RULE_GOTO: a priority */
	uint8_t action;	 /* enum rule_action; any other acts as RULE_BLACKHOLE does */
	bool invert;
	bool l3mdev;
	bool has_tun_id; /* it never matches a reverse look-up */
	bool realm;	 /* FRA_FLOW */
	bool blind;	 /* it has a selector that is not understood */
	uint8_t protocol; /* FRA_PROTOCOL, who made it; distinguishes rules, selects nothing */
	struct prefix4 from; /* len 0: any */
	struct prefix4 to;
	uint32_t from_rest,
		to_rest; /* the bits behind len: they select nothing, but tell rules apart */
	uint8_t tos;	 /* header, 0: any */
	bool has_dscp;
	uint8_t dscp, dscp_mask;
	uint8_t ipproto;     /* 0: any */
	uint32_t mark, mask; /* mask 0 and mark 0: any */
	bool has_uid;
	uint32_t uid_first, uid_last;
	struct port_range sport, dport;
	int32_t suppress_len;	/* -1: none */
	int32_t suppress_group; /* -1: none */
	char iif[NAME_MAX_];	/* "": any */
	char oif[NAME_MAX_];
	uint64_t tun_id;
};

/*
 * Whether two rules are the same to the kernel, field by field: which one a RTM_DELRULE means, also
 * if that has something that is not understood, and the rule had not.
 */
bool rule_equal(const struct rule *a, const struct rule *b);

/* The same, and as well understood. */
static inline bool rule_same(const struct rule *a, const struct rule *b)
{
	return rule_equal(a, b) && a->blind == b->blind;
}

/* The first version of the kernel that has all of the rule's selectors (docs/kernel.md 8); 0: each. */
uint32_t rule_since(const struct rule *rule);

/*
 * Whether a rule makes the kernel look into packets for protocol and ports, for all rules
 * (fib_rule_requires_fldissect()): one for what lo sends does not (docs/kernel.md 4.2).
 */
bool rule_dissects(const struct rule *rule);

/* Whether a rule may discard what its table has (suppress_prefixlength, suppress_ifgroup). */
static inline bool rule_suppresses(const struct rule *rule)
{
	return rule->suppress_len >= 0 || rule->suppress_group != -1;
}
