/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/correct/policy.h"
#include "daemon/journal/entry.h"

/* The entry of what the policy reports; it is the caller's, for entry_done(). */
void log_correction(struct entry *entry, const struct correction *correction);
