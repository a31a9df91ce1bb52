/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The answers to a question, as they come behind recvmsg(): datagrams, taken whole, one message at
 * a time, and by a plain loop here that says what must come of them. The input: two bytes of how
 * it is asked, then for each datagram its length, a byte of who sent it, and its bytes.
 */
#include "lib/kernel/nl_request.c"

#include "fuzz/fuzz.h"

#include <stdlib.h>

#define DATAGRAMS 16

struct play {
	struct fetched datagrams[DATAGRAMS];
	size_t count;
	bool dump;
	size_t most; /* records that the handler takes before it fails */
	uint32_t seq, port;
};

struct outcome {
	int r;
	size_t most, records;
	struct nl_counts counts;
};

static int take_record(const struct record *record, void *data)
{
	struct outcome *outcome = data;

	assert(record->dump);
	assert(outcome->records <= outcome->most); /* who failed is not called again */
	return ++outcome->records > outcome->most ? -ECANCELED : 0;
}

/* What is in the datagrams, `piece` messages at a time. */
static void take_all(const struct play *play, unsigned int piece, struct outcome *outcome)
{
	struct nl_request request = { .seq = play->seq, .port = play->port };
	struct recipient to = { &request, take_record, outcome };
	struct conversation talk = {
		.dump = play->dump, .answer = hand_on, .userdata = &to
	};
	int r = 1;

	*outcome = (struct outcome){ .most = play->most };
	nl_decoder_init(&request.decoder);
	for (size_t i = 0; i < play->count && r > 0; i++) {
		r = take_fetched(&request, &talk, &play->datagrams[i]);
		while (r > 0 && request.left)
			r = take_some(&request, &talk, piece);
	}
	nl_decoder_done(&request.decoder);
	outcome->r = r;
	outcome->counts = request.counts;
}

/* The same of one datagram, told plainly. Returns 1 where the answer goes on behind it. */
static int tell_datagram(const struct play *play, const struct fetched *datagram,
	struct outcome *outcome, struct nl_decoder *decoder, bool *interrupted,
	int *failed)
{
	const char *at = datagram->data;
	size_t left = (size_t)datagram->length;
	const struct nlmsghdr *message;

	while ((message = nl_next(&at, &left)) != NULL) {
		bool end = message->nlmsg_type == NLMSG_DONE ||
			   message->nlmsg_type == NLMSG_ERROR;

		if (message->nlmsg_seq != play->seq || message->nlmsg_pid != play->port)
			continue;
		*interrupted |= (message->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
		if (message->nlmsg_type == NLMSG_NOOP)
			continue;
		if (end && error_of(message) < 0)
			return error_of(message);
		if (!end && *failed == 0)
			*failed = nl_decode_to(decoder, message, true, &outcome->counts,
				take_record, outcome);
		if (end || !play->dump)
			return *failed ? *failed : *interrupted ? -EAGAIN : 0;
	}
	if (left) {
		outcome->counts.malformed++;
		*failed = *failed ? *failed : -EBADMSG;
	}
	return left && !play->dump ? *failed : 1;
}

static void tell_all(const struct play *play, struct outcome *outcome)
{
	struct nl_decoder decoder;
	bool interrupted = false;
	int failed = 0, r = 1;

	*outcome = (struct outcome){ .most = play->most };
	nl_decoder_init(&decoder);
	for (size_t i = 0; i < play->count && r > 0; i++) {
		const struct fetched *datagram = &play->datagrams[i];

		if (datagram->from_length != sizeof(datagram->from) ||
			datagram->from.nl_pid) {
			outcome->counts.refused++;
		} else if (datagram->flags & MSG_TRUNC) {
			outcome->counts.malformed++;
			failed = failed ? failed : -EBADMSG;
		} else {
			r = tell_datagram(
				play, datagram, outcome, &decoder, &interrupted, &failed);
		}
	}
	nl_decoder_done(&decoder);
	outcome->r = r;
}

static bool take_datagram(struct play *play, struct input *in)
{
	struct fetched *datagram = &play->datagrams[play->count];
	uint16_t length;
	uint8_t how;
	char *copy;

	if (input_take(in, &length, sizeof(length)) < sizeof(length))
		return false;
	how = input_byte(in);
	if (length > in->left)
		length = (uint16_t)in->left;
	copy = malloc(length ? length : 1); /* aligned, and nothing behind */
	assert(copy);
	*datagram = (struct fetched){ .data = copy,
		.length = (ssize_t)input_take(in, copy, length),
		.from.nl_pid = (how & 7) == 7,
		.from_length = (how & 56) == 56 ? 0 : sizeof(datagram->from),
		.flags = (how & 192) == 192 ? MSG_TRUNC : 0 };
	if (!play->count && length >= sizeof(struct nlmsghdr)) {
		play->seq = ((struct nlmsghdr *)(void *)copy)->nlmsg_seq;
		play->port = ((struct nlmsghdr *)(void *)copy)->nlmsg_pid;
	}
	return ++play->count < DATAGRAMS;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const unsigned int pieces[] = { UINT_MAX, STEP_MESSAGES, 1 };
	struct input in = { bytes, size };
	struct play play = { .dump = input_byte(&in) % 4 != 3 };
	struct outcome told, outcome;

	play.most = input_byte(&in);
	while (take_datagram(&play, &in))
		;
	tell_all(&play, &told);
	for (size_t i = 0; i < ELEMENTS(pieces); i++) {
		take_all(&play, pieces[i], &outcome);
		assert(outcome.r == told.r && outcome.records == told.records);
		assert(memcmp(&outcome.counts, &told.counts, sizeof(told.counts)) == 0);
	}
	for (size_t i = 0; i < play.count; i++)
		free((char *)play.datagrams[i].data);
	return 0;
}
