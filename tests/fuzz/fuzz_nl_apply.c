/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A stream of messages into a state, and verdicts asked of it. What the kernel marks as a part of
 * a dump (NLM_F_MULTI) is one. Types below NLMSG_MIN_TYPE, which are netlink's own and mean
 * nothing here, say what does not come by netlink (enum aside).
 */
#include "fuzz/fuzz.h"
#include "fuzz/verdicts.h"
#include "kernel/nl_decode.h"
#include "state/dirty.h"
#include "state/state_apply.h"
#include "state/state_equal.h"

#include <errno.h>
#include <stdlib.h>

#define FLOWS 4
#define MEMBERSHIPS 8

enum aside {
	ASIDE_FLOW = 5, /* above NLMSG_OVERRUN */
	ASIDE_MERGED,
	ASIDE_REPLAYING,
	ASIDE_KERNEL,
	ASIDE_MEMBERSHIPS,
	ASIDE_CONF,
	ASIDE_SETTLE,
};

struct play {
	struct state *state, *again; /* which hear the same */
	struct flow flows[FLOWS];
	size_t flow_count;
};

static int apply_both(const struct record *record, void *data)
{
	struct play *play = data;
	int r = state_apply(play->state, record);

	assert(state_apply(play->again, record) == r);
	return r;
}

static void take_flow(struct play *play, struct input *in)
{
	const struct overlay overlay = { .state = play->state };
	struct flow *flow = &play->flows[play->flow_count++ % FLOWS];
	struct {
		uint32_t iif, src, dst, mark;
		uint16_t sport, dport;
		uint8_t tos, proto;
	} raw;

	(void)input_take(in, &raw, sizeof(raw));
	*flow = (struct flow){ .iif = (int)(raw.iif & INT32_MAX),
		.src = ip4(raw.src),
		.dst = ip4(raw.dst),
		.mark = raw.mark,
		.tos = raw.tos,
		.proto = raw.proto,
		.sport = raw.sport,
		.dport = raw.dport };
	(void)rpf_judge(&overlay, flow, NULL);
}

/* What does not come by netlink. */
static int take_aside(struct play *play, enum aside aside, struct input *in)
{
	struct membership groups[MEMBERSHIPS];
	struct record record = { .dump = true };

	switch (aside) {
	case ASIDE_FLOW:
		take_flow(play, in);
		return 0;
	case ASIDE_REPLAYING:
		play->state->replaying = play->again->replaying = input_byte(in) & 1;
		return 0;
	case ASIDE_SETTLE:
		dirty_settle(play->state);
		return 0;
	case ASIDE_MERGED:
		record.kind = RECORD_MERGED;
		record.local_main_merged = input_byte(in) & 1;
		break;
	case ASIDE_KERNEL:
		record.kind = RECORD_KERNEL;
		record.kernel = (uint32_t)(input_byte(in) << 16 | input_byte(in) << 8);
		break;
	case ASIDE_MEMBERSHIPS:
		record.kind = RECORD_MEMBERSHIPS;
		record.memberships.items = groups;
		record.memberships.count =
			input_take(in, groups, sizeof(groups)) / sizeof(groups[0]);
		break;
	case ASIDE_CONF:
		record.kind = RECORD_NETCONF;
		record.netconf.ifindex =
			input_byte(in) & 1 ? NETCONF_ALL : NETCONF_DEFAULT;
		record.netconf.has = UINT64_C(1) << input_byte(in) % DEVCONF_COUNT;
		for (size_t i = 0; i < DEVCONF_COUNT; i++)
			record.netconf.conf.value[i] = in->left ? in->at[0] : 1;
		break;
	}
	return apply_both(&record, play);
}

static int take_stream(struct play *play, const char *at, size_t left)
{
	const struct nlmsghdr *message;
	struct nl_decoder decoder;
	struct nl_counts counts = { 0 };
	int r = 0;

	nl_decoder_init(&decoder);
	while (r >= 0 && (message = nl_next(&at, &left)) != NULL) {
		struct input in = { NLMSG_DATA(message),
			message->nlmsg_len - sizeof(*message) };

		if (message->nlmsg_type >= ASIDE_FLOW &&
			message->nlmsg_type <= ASIDE_SETTLE)
			r = take_aside(play, (enum aside)message->nlmsg_type, &in);
		else
			r = nl_decode_to(&decoder, message,
				message->nlmsg_flags & NLM_F_MULTI, &counts, apply_both,
				play);
		if (r == -EBADMSG) /* it is counted, and the next one is taken */
			r = 0;
	}
	nl_decoder_done(&decoder);
	return r;
}

static void ask(const struct play *play)
{
	const struct overlay overlay = { .state = play->state };
	struct state_comparison comparison = { 0 };
	char what[STATE_DIFFERENCE];
	int r;

	assert(state_equal(play->state, play->again, what));
	do
		r = state_compare(play->state, play->again, &comparison, 3, what);
	while (r > 0);
	assert(r == 0);
	verdicts_of_ifaces(&overlay);
	for (size_t i = 0; i < play->flow_count && i < FLOWS; i++)
		verdicts_of_flow(&overlay, &play->flows[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	_cleanup_(state_freep) struct state *state = state_new();
	_cleanup_(state_freep) struct state *again = state_new();
	_cleanup_(freep) char *copy = malloc(size ? size : 1); /* nothing behind */
	struct play play = { .state = state, .again = again };

	assert(state && again && copy);
	memcpy(copy, bytes, size);
	/* what can't be leaves the state in doubt, and the daemon reads all anew */
	if (take_stream(&play, copy, size) >= 0)
		ask(&play);
	return 0;
}
