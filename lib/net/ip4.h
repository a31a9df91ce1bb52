/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An IPv4 address in host byte order: the type keeps it from being taken for a be32. */
struct ip4 {
	uint32_t host;
};

/* A prefix; the bits of addr behind len are zero. */
struct prefix4 {
	struct ip4 addr;
	uint8_t len; /* 0..32 */
};

#define IP4_TEXT 16	/* "255.255.255.255" with its end */
#define PREFIX4_TEXT 19 /* "255.255.255.255/32" with its end */

static inline struct ip4 ip4(uint32_t host)
{
	return (struct ip4){ .host = host };
}

/* The netmask of len 0..32, host byte order. */
static inline uint32_t ip4_mask(unsigned int len)
{
	return len ? UINT32_MAX << (32 - len) : 0;
}

/* The prefix of len 0..32 around addr. */
static inline struct prefix4 prefix4(struct ip4 addr, unsigned int len)
{
	return (struct prefix4){ .addr = { addr.host & ip4_mask(len) },
		.len = (uint8_t)len };
}

static inline bool prefix4_has(struct prefix4 prefix, struct ip4 addr)
{
	return ((prefix.addr.host ^ addr.host) & ip4_mask(prefix.len)) == 0;
}

static inline uint32_t prefix4_first(struct prefix4 prefix)
{
	return prefix.addr.host;
}

static inline uint32_t prefix4_last(struct prefix4 prefix)
{
	return prefix.addr.host | ~ip4_mask(prefix.len);
}

static inline uint64_t prefix4_size(struct prefix4 prefix)
{
	return UINT64_C(1) << (32 - prefix.len);
}

static inline bool ip4_is_multicast(struct ip4 addr)
{
	return addr.host >> 28 == 0xe;
}

static inline bool ip4_is_loopback(struct ip4 addr)
{
	return addr.host >> 24 == 127;
}

static inline bool ip4_is_lbcast(struct ip4 addr)
{
	return addr.host == UINT32_MAX;
}

/*
 * "192.0.2.1" and "192.0.2.0/24" (an address alone is a /32). Strict: four decimal numbers,
 * nothing around them, no bits behind the length. Return 0, or -EINVAL and leave *ret alone.
 */
int ip4_parse(const char *text, struct ip4 *ret);
int prefix4_parse(const char *text, struct prefix4 *ret);

/* Write the text into out and return out. */
const char *ip4_format(struct ip4 addr, char out[static IP4_TEXT]);
const char *prefix4_format(struct prefix4 prefix, char out[static PREFIX4_TEXT]);
