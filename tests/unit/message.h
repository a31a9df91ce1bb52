/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * For the tests of nl_decode: builds a message, decodes it, and what can be done to it that a
 * decoder must survive. One program includes it once.
 */

#include "base/cleanup.h"
#include "kernel/nl_decode.h"
#include "kernel/nl_decode_route.h"

#include <check.h>
#include <endian.h>
#include <linux/fib_rules.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>

static struct nl_decoder decoder;
static struct nl_msg *message;

static inline void setup(void)
{
	nl_decoder_init(&decoder);
}

static inline void teardown(void)
{
	nlmsg_free(message);
	message = NULL;
	nl_decoder_done(&decoder);
}

/* A new message with its family header, in place of the one before. */
static inline void begin(int type, int flags, const void *header, size_t size)
{
	nlmsg_free(message);
	message = nlmsg_alloc_size(256 * 1024);
	ck_assert_ptr_nonnull(nlmsg_put(message, 0, 0, type, 0, flags));
	ck_assert_int_eq(nlmsg_append(message, (void *)header, size, NLMSG_ALIGNTO), 0);
}

static inline void put(int type, const void *data, size_t length)
{
	ck_assert_int_eq(nla_put(message, type, (int)length, data), 0);
}

static inline void put_u8(int type, uint8_t value)
{
	put(type, &value, sizeof(value));
}

static inline void put_u16(int type, uint16_t value)
{
	put(type, &value, sizeof(value));
}

static inline void put_u32(int type, uint32_t value)
{
	put(type, &value, sizeof(value));
}

static inline void put_ip4(int type, uint32_t host)
{
	put_u32(type, htobe32(host));
}

static inline void put_text(int type, const char *text)
{
	put(type, text, strlen(text) + 1);
}

/* Decodes length bytes of the message out of memory of their own, where ASan sees each step. */
static inline int decode_copy(const void *bytes, size_t length)
{
	_cleanup_(freep) struct nlmsghdr *copy = malloc(length);
	struct record record;
	uint32_t table;
	struct ip4 dst;

	memcpy(copy, bytes, length);
	copy->nlmsg_len = (uint32_t)length;
	(void)nl_route_key(copy, &table, &dst);
	return nl_decode(&decoder, copy, &record);
}

/* Nothing may happen but an answer: cut at every byte, and with every byte turned over. */
static inline void torment(void)
{
	const struct nlmsghdr *header = nlmsg_hdr(message);
	_cleanup_(freep) char *bytes = malloc(header->nlmsg_len);

	memcpy(bytes, header, header->nlmsg_len);
	for (size_t cut = sizeof(*header); cut <= header->nlmsg_len; cut++)
		(void)decode_copy(bytes, cut);
	for (size_t i = sizeof(*header); i < header->nlmsg_len && i < 2048; i++) {
		static const char values[] = { 0, 1, 3, 0x7f, (char)0x80, (char)0xff };
		const char before = bytes[i];

		for (size_t v = 0; v < sizeof(values); v++) {
			bytes[i] = values[v];
			(void)decode_copy(bytes, header->nlmsg_len);
		}
		bytes[i] = before;
	}
}

static inline int decode(struct record *ret)
{
	torment();
	return nl_decode(&decoder, nlmsg_hdr(message), ret);
}

/* Decodes what must be a record of the kind. Its memory is dirty before, as in life. */
static inline struct record record_of(enum record_kind kind)
{
	struct record record;

	memset(&record, 0xa5, sizeof(record));
	ck_assert_int_eq(decode(&record), NL_RECORD);
	ck_assert_int_eq(record.kind, kind);
	ck_assert(!record.dump);
	return record;
}

static inline void assert_result(int expected)
{
	struct record record;

	ck_assert_int_eq(decode(&record), expected);
}

static inline void begin_rule(
	int type, uint8_t action, uint8_t from, uint8_t to, uint32_t flags)
{
	const struct fib_rule_hdr header = { .family = AF_INET,
		.src_len = from,
		.dst_len = to,
		.tos = 0x10,
		.table = 7,
		.action = action,
		.flags = flags };

	begin(type, 0, &header, sizeof(header));
}
