/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "golden/answer.h"
#include "rpf/rpf.h"

#include <stdbool.h>

/*
 * What rpfilterctl, the program named ctl, says of the network namespace that the process is in.
 * Each returns NULL where that is what it must be; else a sentence, and what differs is printed.
 */

/* The findings of state. answered: the whole answer to `check`, by which its exit status goes */
const char *golden_ctl_check(const char *ctl, const struct state *state,
	const struct declared_list *declared, const char *answered);

/* Each interface: its verdict, and what is expected of it */
const char *golden_ctl_list(
	const char *ctl, const struct state *model, const struct declared_list *declared);

/* A packet. The kernel must agree; open: or there is no agreement to be had. */
const char *golden_ctl_explain(
	const char *ctl, const char *packet, const struct rpf *rpf, bool open);
