/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/arguments.h"

#include "base/cleanup.h"
#include "daemon/config/config_text.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define NO_VALUE ((size_t)-1)

static const struct option {
	const char *name;
	unsigned int bit;
	const char *value; /* what it is called, NULL: it takes none */
	size_t at;	   /* where it goes */
} options[] = {
	{ "--json", OPTION_JSON, NULL, NO_VALUE },
	{ "--config", OPTION_CONFIG, "FILE", offsetof(struct arguments, config) },
	{ "--netns", OPTION_NETNS, "NAME", offsetof(struct arguments, netns) },
	{ "--help", OPTION_HELP, NULL, NO_VALUE },
	{ "--version", OPTION_VERSION, NULL, NO_VALUE },
	{ "--all", OPTION_ALL, NULL, NO_VALUE },
	{ "--batch", OPTION_BATCH, "FILE|-", offsetof(struct arguments, batch) },
	{ "--no-kernel", OPTION_NO_KERNEL, NULL, NO_VALUE },
	{ "--dot", OPTION_DOT, NULL, NO_VALUE },
	{ "--yes", OPTION_YES, NULL, NO_VALUE },
	{ "--state", OPTION_STATE, "DIR", offsetof(struct arguments, state) },
	{ "--anonymize", OPTION_ANONYMIZE, NULL, NO_VALUE },
	{ "--kernel", OPTION_KERNEL, "VERSION", offsetof(struct arguments, kernel) },
	{ "--flows", OPTION_FLOWS, "FILE|-", offsetof(struct arguments, flows) },
	{ "--snapshot", OPTION_SNAPSHOT, "FILE|-", offsetof(struct arguments, snapshot) },
	{ "--for", OPTION_FOR, "TIME", offsetof(struct arguments, how_long) },
	{ "--severity", OPTION_SEVERITY, "warning|notice",
		offsetof(struct arguments, severity) },
	{ "--root", OPTION_ROOT, "DIR", offsetof(struct arguments, root) },
	{ "--check", OPTION_CHECK, NULL, NO_VALUE },
	{ "--format", OPTION_FORMAT, "FORMAT", offsetof(struct arguments, format) },
};

const char *arguments_options(unsigned int set, char *out, size_t size)
{
	size_t length = 0;

	out[0] = '\0';
	for (size_t i = 0; i < ELEMENTS(options) && length < size; i++) {
		if (!(set & options[i].bit))
			continue;
		length += (size_t)snprintf(out + length, size - length, "%s%s%s%s",
			length ? ", " : "", options[i].name, options[i].value ? " " : "",
			options[i].value ? options[i].value : "");
	}
	return out;
}

/* The option that text names, up to an equals sign; NULL where there is none. */
static const struct option *find_option(const char *text)
{
	size_t length = strcspn(text, "=");

	if (strcmp(text, "-h") == 0)
		text = "--help", length = 6;
	for (size_t i = 0; i < ELEMENTS(options); i++) {
		if (strlen(options[i].name) == length &&
			strncmp(options[i].name, text, length) == 0)
			return &options[i];
	}
	return NULL;
}

/* Takes the option at *at, and its value, which may be the next argument. */
static int take_option(int argc, char *const *argv, int *at, struct arguments *ret,
	char error[static ERROR_TEXT])
{
	const char *text = argv[*at], *value = strchr(text, '=');
	const struct option *option = find_option(text);
	char quoted[CONFIG_QUOTE_TEXT];

	if (!option) {
		(void)snprintf(error, ERROR_TEXT, "unknown option %s",
			config_text_quote(text, quoted));
		return -ENOENT;
	}
	ret->given |= option->bit;
	if (!option->value) {
		if (!value)
			return 0;
		(void)snprintf(error, ERROR_TEXT, "%s takes no value", option->name);
		return -EINVAL;
	}
	if (value)
		value++;
	else if (*at + 1 < argc && strncmp(argv[*at + 1], "--", 2) != 0)
		value = argv[++*at];
	if (!value || !*value) {
		(void)snprintf(error, ERROR_TEXT, "%s needs a value: %s %s", option->name,
			option->name, option->value);
		return -EINVAL;
	}
	*(const char **)((char *)ret + option->at) = value;
	return 0;
}

/*
 * "-" alone is a word, and so is a negative number: not allowed, but no option either. The words of
 * what-if may be a command, whose own options they have: `what-if sysctl -w KEY=VALUE`.
 */
static bool is_option(const char *text, const struct arguments *before)
{
	if (text[0] != '-' || !text[1] || isdigit((unsigned char)text[1]))
		return false;
	return text[1] == '-' || !before->words.count || find_option(text) ||
	       strcmp(before->verb, "what-if") != 0;
}

static int take_word(const char *word, struct arguments *ret)
{
	if (ret->verb)
		return array_push(&ret->words, &word);
	ret->verb = word;
	return 0;
}

int arguments_parse(
	int argc, char *const *argv, struct arguments *ret, char error[static ERROR_TEXT])
{
	char ignored[ERROR_TEXT];
	bool ended = false;
	int first = 0;

	for (int i = 1; i < argc; i++) {
		int r;

		if (!ended && strcmp(argv[i], "--") == 0) {
			ended = true;
			continue;
		}
		if (!ended && is_option(argv[i], ret))
			r = take_option(argc, argv, &i, ret, first ? ignored : error);
		else
			r = take_word(argv[i], ret);
		if (r == -ENOMEM)
			return r;
		if (!first)
			first = r; /* go on for the verb */
	}
	return first;
}

void arguments_done(struct arguments *arguments)
{
	array_done(&arguments->words);
}
