/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kernel/nl_request.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The host of request's namespace, by way of a snapshot's file: as it is, the state must be that of a
 * reading; anonymous, each verdict must stay, of so many random flows (their addresses mapped) and of
 * each interface with its findings. Where things change meanwhile, it is tried again. Returns whether
 * that is so, else what is wrong.
 */
#define THROUGH_FILE_TEXT 400
bool through_file(struct nl_request *request, uint64_t seed, unsigned int flows,
	char what[static THROUGH_FILE_TEXT]);
