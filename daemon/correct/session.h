/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/correct/policy.h"

struct daemon;

/* What the files of hands_*() share; hands.c has the daemon's sockets and state as a writer. */
struct writer hands_writer(struct daemon *daemon);

/* Whether there is a ledger that can be written, as far as is known: without, nothing is corrected. */
bool hands_has_ledger(const struct daemon *daemon);

/* Fills in *ret. *findings is to be freed, behind it. Returns 0 or -ENOMEM. */
int hands_input(struct daemon *daemon, const struct writer *writer,
	const struct finding ***findings, struct correct_input *ret);
