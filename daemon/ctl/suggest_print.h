/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/ctl/suggestions.h"

/* The formats of suggest. */
enum suggest_format {
	SUGGEST_SYSCTL_D,
	SUGGEST_NETWORKD,
	SUGGEST_NETWORKMANAGER,
	SUGGEST_ANSIBLE,
	SUGGEST_COMMANDS,
};

/* The format of that name, NULL being sysctl.d; -EINVAL for another word. */
int suggest_format_of(const char *name);

/* What all have behind their own lines: what undoes them, and what stays open, as comments. */
void suggest_print(
	const struct suggestions *suggestions, enum suggest_format format, FILE *out);
int suggest_print_json(
	const struct suggestions *suggestions, enum suggest_format format, FILE *out);

/* Whether the format can hold a suggestion: most know nothing of all and default. */
bool suggest_format_holds(enum suggest_format format,
	const struct suggestions *suggestions, const struct suggestion *suggestion);
