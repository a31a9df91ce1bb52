/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/ip4.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

int ip4_parse(const char *text, struct ip4 *ret)
{
	struct in_addr in;

	if (inet_pton(AF_INET, text, &in) != 1)
		return -EINVAL;
	ret->host = ntohl(in.s_addr);
	return 0;
}

static int length_parse(const char *text, unsigned int *ret)
{
	size_t digits = strspn(text, "0123456789");
	unsigned int len = 0;

	if (digits < 1 || digits > 2 || text[digits] || (digits == 2 && text[0] == '0'))
		return -EINVAL;
	for (size_t i = 0; i < digits; i++)
		len = len * 10 + (unsigned int)(text[i] - '0');
	if (len > 32)
		return -EINVAL;
	*ret = len;
	return 0;
}

int prefix4_parse(const char *text, struct prefix4 *ret)
{
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : strlen(text);
	char address[IP4_TEXT];
	unsigned int len = 32;
	struct ip4 addr;

	if (length >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, length);
	address[length] = '\0';
	if (ip4_parse(address, &addr) < 0)
		return -EINVAL;
	if (slash && length_parse(slash + 1, &len) < 0)
		return -EINVAL;
	if (addr.host & ~ip4_mask(len))
		return -EINVAL;
	*ret = prefix4(addr, len);
	return 0;
}

const char *ip4_format(struct ip4 addr, char out[static IP4_TEXT])
{
	snprintf(out, IP4_TEXT, "%u.%u.%u.%u", addr.host >> 24, addr.host >> 16 & 0xff,
		addr.host >> 8 & 0xff, addr.host & 0xff);
	return out;
}

const char *prefix4_format(struct prefix4 prefix, char out[static PREFIX4_TEXT])
{
	uint32_t addr = prefix.addr.host;

	snprintf(out, PREFIX4_TEXT, "%u.%u.%u.%u/%u", addr >> 24, addr >> 16 & 0xff,
		addr >> 8 & 0xff, addr & 0xff, prefix.len & 0x3fu);
	return out;
}
