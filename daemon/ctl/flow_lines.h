/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/ctl/ctl.h"
#include "daemon/ctl/lines.h"
#include "daemon/ctl/question.h"

/*
 * Answers one flow, that of line `number`, and raises *code to the exit code that the answer stands
 * for. Returns 0, -EINVAL with error set where the line cannot be answered, or another negative
 * errno, which ends the reading.
 */
typedef int (*flow_line)(struct ctl *ctl, const struct question *question, size_t number,
	int *code, char error[static ERROR_TEXT], void *userdata);

/*
 * The flows of a file (explain --batch, what-if --flows), a line each; blank lines and what stands
 * behind a # are skipped. A line that is none, or that cannot be answered, is reported with its
 * number, with --json as {"line":N,"error":"…"}, and makes *code CTL_FAILED. Returns 0 or a negative
 * errno.
 */
int flow_lines_answer(struct ctl *ctl, struct lines *lines, flow_line answer,
	void *userdata, int *code);

/*
 * The same of a file, "-" being standard input, once ready() has prepared for the answers: a file
 * that cannot be opened is refused before. option names it where something is wrong: "--batch".
 * ready returns 0, or a negative errno when that was said already. Returns the exit code.
 */
int flow_lines_file(struct ctl *ctl, const char *option, const char *file,
	int (*ready)(struct ctl *ctl, void *userdata), flow_line answer, void *userdata);
