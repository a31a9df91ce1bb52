/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/question.h"

#include "base/cleanup.h"
#include "daemon/config/config_text.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define USAGE "[to] DST, from SRC, iif IFACE, mark M, tos T, ipproto P, sport N, dport N"

enum word {
	WORD_TO,
	WORD_FROM,
	WORD_IIF,
	WORD_MARK,
	WORD_TOS,
	WORD_PROTO,
	WORD_SPORT,
	WORD_DPORT,
	WORDS
};

static const struct {
	const char *name;
	const char *value;
	uint32_t most; /* for a number */
} words_known[WORDS] = {
	[WORD_TO] = { "to", "DST", 0 },
	[WORD_FROM] = { "from", "SRC", 0 },
	[WORD_IIF] = { "iif", "IFACE", 0 },
	[WORD_MARK] = { "mark", "M", UINT32_MAX },
	[WORD_TOS] = { "tos", "T", UINT8_MAX },
	[WORD_PROTO] = { "ipproto", "P", UINT8_MAX },
	[WORD_SPORT] = { "sport", "N", UINT16_MAX },
	[WORD_DPORT] = { "dport", "N", UINT16_MAX },
};

static const struct {
	const char *name;
	uint8_t number;
	bool ports;
} protocols[] = {
	{ "udp", IPPROTO_UDP, true },
	{ "tcp", IPPROTO_TCP, true },
	{ "icmp", IPPROTO_ICMP, false },
	{ "sctp", IPPROTO_SCTP, true },
	{ "dccp", IPPROTO_DCCP, true },
	{ "udplite", IPPROTO_UDPLITE, true },
	{ "gre", IPPROTO_GRE, false },
};

/* Digits and nothing else, or 0x and such. */
static int parse_number(const char *text, uint32_t most, uint32_t *ret)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = hex ? text + 2 : text;
	unsigned long long number;

	if (!*digits)
		return -EINVAL;
	for (const char *c = digits; *c; c++) {
		if (hex ? !isxdigit((unsigned char)*c) : !isdigit((unsigned char)*c))
			return -EINVAL;
	}
	errno = 0;
	number = strtoull(digits, NULL, hex ? 16 : 10);
	if (errno || number > most)
		return -ERANGE;
	*ret = (uint32_t)number;
	return 0;
}

static int refuse_number(enum word word, const char *value, char error[static ERROR_TEXT])
{
	char quoted[CONFIG_QUOTE_TEXT];

	(void)snprintf(error, ERROR_TEXT,
		"%s %s: not a number from 0 to %" PRIu32 ", decimal or with 0x",
		words_known[word].name, config_text_quote(value, quoted),
		words_known[word].most);
	return -EINVAL;
}

static int parse_protocol(const char *value, uint8_t *ret, char error[static ERROR_TEXT])
{
	const struct protoent *entry;
	char quoted[CONFIG_QUOTE_TEXT];
	uint32_t number;

	for (size_t i = 0; i < ELEMENTS(protocols); i++) {
		if (strcasecmp(protocols[i].name, value) == 0) {
			*ret = protocols[i].number;
			return 0;
		}
	}
	if (parse_number(value, UINT8_MAX, &number) == 0 && number) {
		*ret = (uint8_t)number;
		return 0;
	}
	entry = isalpha((unsigned char)value[0]) ? getprotobyname(value) : NULL;
	if (entry && entry->p_proto > 0 && entry->p_proto <= UINT8_MAX) {
		*ret = (uint8_t)entry->p_proto;
		return 0;
	}
	(void)snprintf(error, ERROR_TEXT,
		"ipproto %s: not a protocol; allowed is a name such as tcp, udp or icmp, or 1 to 255",
		config_text_quote(value, quoted));
	return -EINVAL;
}

static int parse_address(
	enum word word, const char *value, struct ip4 *ret, char error[static ERROR_TEXT])
{
	char quoted[CONFIG_QUOTE_TEXT];
	const char *what = strchr(value, ':')
				   ? "not IPv4, and only IPv4 has reverse path filtering"
			   : strchr(value, '/') ? "a prefix, not one address"
						: "not an IPv4 address";

	if (ip4_parse(value, ret) == 0)
		return 0;
	(void)snprintf(error, ERROR_TEXT,
		"%s %s: %s; allowed is an address such as 192.0.2.1",
		words_known[word].name, config_text_quote(value, quoted), what);
	return -EINVAL;
}

static int take_value(enum word word, const char *value, struct question *ret,
	char error[static ERROR_TEXT])
{
	struct flow *flow = &ret->flow;
	uint32_t number = 0;

	if (words_known[word].most && word != WORD_PROTO &&
		parse_number(value, words_known[word].most, &number) < 0)
		return refuse_number(word, value, error);
	switch (word) {
	case WORD_TO:
		return parse_address(word, value, &flow->dst, error);
	case WORD_FROM:
		return parse_address(word, value, &flow->src, error);
	case WORD_IIF:
		ret->iif = value;
		break;
	case WORD_MARK:
		flow->mark = number;
		break;
	case WORD_TOS:
		flow->tos = (uint8_t)number;
		break;
	case WORD_PROTO:
		return parse_protocol(value, &flow->proto, error);
	case WORD_SPORT:
		flow->sport = (uint16_t)number;
		break;
	case WORD_DPORT:
		flow->dport = (uint16_t)number;
		break;
	case WORDS:
		break;
	}
	return 0;
}

/* WORDS: it is none of them. */
static enum word find_word(const char *text)
{
	size_t word = 0;

	while (word < WORDS && strcmp(words_known[word].name, text) != 0)
		word++;
	return (enum word)word;
}

/* A protocol without ports, of those that are known: a port would mean nothing. */
static bool lacks_ports(uint8_t proto)
{
	for (size_t i = 0; i < ELEMENTS(protocols); i++) {
		if (protocols[i].number == proto)
			return !protocols[i].ports;
	}
	return false;
}

static int complete(const struct question *question, const bool given[static WORDS],
	char error[static ERROR_TEXT])
{
	for (enum word word = WORD_TO; word <= WORD_IIF; word++) {
		if (given[word])
			continue;
		(void)snprintf(error, ERROR_TEXT,
			"%s %s is missing; the words are " USAGE, words_known[word].name,
			words_known[word].value);
		return -EINVAL;
	}
	if ((given[WORD_SPORT] || given[WORD_DPORT]) &&
		lacks_ports(question->flow.proto)) {
		(void)snprintf(error, ERROR_TEXT,
			"%s: ipproto %u has no ports; only tcp and udp have",
			given[WORD_SPORT] ? "sport" : "dport", question->flow.proto);
		return -EINVAL;
	}
	return 0;
}

static int refuse_word(const char *text, char error[static ERROR_TEXT])
{
	char quoted[CONFIG_QUOTE_TEXT];

	(void)snprintf(error, ERROR_TEXT, "unknown word %s; the words are " USAGE,
		config_text_quote(text, quoted));
	return -EINVAL;
}

int question_parse(const char *const *words, size_t count, struct question *ret,
	char error[static ERROR_TEXT])
{
	struct question question = { .flow.proto = FLOW_UDP };
	bool given[WORDS] = { false };
	int r = 0;

	for (size_t i = 0; r >= 0 && i < count; i++) {
		enum word word = find_word(words[i]);
		const char *value = NULL;

		if (word != WORDS) {
			if (i + 1 < count)
				value = words[++i];
		} else if (isalpha((unsigned char)words[i][0]) &&
			   !strchr(words[i], ':')) {
			return refuse_word(words[i], error);
		} else {
			word = WORD_TO;
			value = words[i];
		}
		if (!value || !*value) {
			(void)snprintf(error, ERROR_TEXT, "%s needs a value: %s %s",
				words_known[word].name, words_known[word].name,
				words_known[word].value);
			return -EINVAL;
		}
		if (given[word]) {
			(void)snprintf(error, ERROR_TEXT, "%s is given twice",
				words_known[word].name);
			return -EINVAL;
		}
		given[word] = true;
		r = take_value(word, value, &question, error);
	}
	if (r >= 0)
		r = complete(&question, given, error);
	if (r < 0)
		return r;
	*ret = question;
	return 0;
}
