/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/correct/requests.h"
#include "daemon/ctl/arguments.h"

/*
 * Calls a method of the rpfilterd that serves this thread's namespace (bus.h). Returns 1 with
 * what it did added to ret; 0 where there is none that corrects, with the reason in error; a
 * negative errno where it refused or did not answer, error set.
 */
int ask_daemon(const char *method, const struct request *request,
	struct request_answers *ret, char error[static ERROR_TEXT]);
