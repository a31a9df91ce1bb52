/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/ctl/answer.h"

/*
 * Looks for what cures the drop of a packet: the remedy of the finding that the packet belongs to;
 * where there is none, that of a finding about this packet alone, as if it were declared in
 * `flows`. Sets answer->finding, which stays NULL where it is not dropped, or by what no remedy is
 * known for. Returns 0 or -ENOMEM.
 */
int answer_find_remedy(const struct host *host, struct answer *answer);
