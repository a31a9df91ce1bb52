/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/ctl/arguments.h"
#include "net/flow.h"

/* One packet as a person names it: flow without its iif, which is a name here. */
struct question {
	struct flow flow;
	const char *iif; /* borrowed from the words */
};

/*
 * Understands the words of `ip route get`: [to] DST from SRC iif IFACE [mark M] [tos T]
 * [ipproto P] [sport N] [dport N], in any order. Returns 0, or -EINVAL with error set.
 */
int question_parse(const char *const *words, size_t count, struct question *ret,
	char error[static ERROR_TEXT]);
