/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/cleanup.h"
#include "fuzz/fuzz.h"
#include "kernel/nl_decode.h"
#include "kernel/nl_decode_route.h"

#include <stdlib.h>

/* Reads all that a record points to, so that the sanitizers see it. */
static int read_all(const struct record *record, void *userdata)
{
	uint64_t *sum = userdata;

	if (record->kind == RECORD_ROUTE || record->kind == RECORD_ROUTE_GONE) {
		assert(record->route.dst.len <= 32);
		for (size_t i = 0; i < record->route.nexthop_count; i++)
			*sum += (uint64_t)record->route.nexthops[i].oif;
	} else if (record->kind == RECORD_NEXTHOP) {
		for (size_t i = 0; i < record->nexthop_obj.member_count; i++)
			*sum += record->nexthop_obj.members[i].id;
	} else if (record->kind == RECORD_LINK) {
		assert(strnlen(record->link.name, NAME_MAX_) < NAME_MAX_);
	} else if (record->kind == RECORD_RULE) {
		assert(record->rule.from.len <= 32 && record->rule.to.len <= 32);
	}
	return 0;
}

/*
 * A datagram from the kernel, as the sockets' rooms take it apart. Seeds: files of dumps
 * (strace -e raw=recvmsg, or nlmon).
 */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	_cleanup_(freep) char *copy =
		malloc(size ? size : 1); /* aligned, and nothing behind */
	const char *at = copy;
	const struct nlmsghdr *message;
	struct nl_decoder decoder;
	struct nl_counts counts = { 0 };
	uint64_t sum = 0;

	memcpy(copy, bytes, size);
	nl_decoder_init(&decoder);
	while ((message = nl_next(&at, &size)) != NULL) {
		uint32_t table;
		struct ip4 dst;

		if (nl_route_key(message, &table, &dst))
			sum += table + dst.host;
		(void)nl_decode_to(&decoder, message, true, &counts, read_all, &sum);
	}
	nl_decoder_done(&decoder);
	return 0;
}
