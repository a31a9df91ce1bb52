/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/flow_lines.h"

#include "base/fd.h"
#include "daemon/ctl/json.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define WORD_LIMIT 32 /* all words with their values are 16 */

/* The words of a line, in place, up to a '#'. Returns how many, -E2BIG for too many. */
static int split(char *line, const char *words[static WORD_LIMIT])
{
	char *at = NULL;
	int count = 0;

	for (char *word = strtok_r(line, " \t\r\v\f", &at); word && word[0] != '#';
		word = strtok_r(NULL, " \t\r\v\f", &at)) {
		if (count == WORD_LIMIT)
			return -E2BIG;
		words[count++] = word;
	}
	return count;
}

static int show_error(const struct ctl *ctl, size_t number, const char *error)
{
	_cleanup_(json_putp) struct json_object *object = NULL;
	int r;

	if (!ctl_has(ctl, OPTION_JSON)) {
		ctl_say(ctl, "line %zu: %s", number, error);
		return 0;
	}
	object = json_object_new_object();
	r = json_add_number(object, "line", (int64_t)number);
	r |= json_add_text(object, "error", error);
	return r < 0 ? -ENOMEM : json_print(ctl->out, object);
}

/* Returns 1 and the flow, 0 for a line without one, or -EINVAL with error set. */
static int parse_line(char *line, struct question *ret, char error[static ERROR_TEXT])
{
	const char *words[WORD_LIMIT];
	int count = split(line, words), r;

	if (count == 0)
		return 0;
	if (count < 0) {
		(void)snprintf(error, ERROR_TEXT, "too many words");
		return -EINVAL;
	}
	r = question_parse(words, (size_t)count, ret, error);
	return r < 0 ? r : 1;
}

int flow_lines_answer(
	struct ctl *ctl, struct lines *lines, flow_line answer, void *userdata, int *code)
{
	char error[ERROR_TEXT], *line;

	for (size_t number = 1;; number++) {
		struct question question;
		int r = lines_next(lines, &line);

		if (r == 0)
			return 0;
		if (r == -EMSGSIZE)
			(void)snprintf(
				error, sizeof(error), "longer than %d bytes", LINE_LIMIT);
		else if (r == -EILSEQ)
			(void)snprintf(
				error, sizeof(error), "a NUL byte; not a text file");
		else if (r < 0)
			return r;
		else
			r = parse_line(line, &question, error);
		if (r > 0)
			r = answer(ctl, &question, number, code, error, userdata);
		if (r == -EINVAL || r == -EMSGSIZE || r == -EILSEQ) {
			*code = CTL_FAILED;
			r = show_error(ctl, number, error);
		}
		if (r < 0)
			return r;
		if (ferror(ctl->out)) /* nobody can hear us */
			return 0;
	}
}

int flow_lines_file(struct ctl *ctl, const char *option, const char *file,
	int (*ready)(struct ctl *ctl, void *userdata), flow_line answer, void *userdata)
{
	_cleanup_(closep) int opened = -1;
	int fd = STDIN_FILENO, code = CTL_FINE, r;
	const char *snapshot = ctl->arguments->snapshot;
	struct lines lines;

	if (snapshot && strcmp(snapshot, "-") == 0 && strcmp(file, "-") == 0) {
		ctl_say(ctl, "%s and --snapshot cannot both be standard input", option);
		return CTL_FAILED;
	}
	if (strcmp(file, "-") != 0) {
		opened = open(file, O_RDONLY | O_CLOEXEC);
		fd = opened;
	}
	if (fd < 0) {
		ctl_say(ctl, "%s %s: %s", option, file, strerror(errno));
		return CTL_FAILED;
	}
	if (ready(ctl, userdata) < 0)
		return CTL_FAILED;
	r = lines_init(&lines, fd, ctl->out);
	if (r >= 0)
		r = flow_lines_answer(ctl, &lines, answer, userdata, &code);
	lines_done(&lines);
	if (r == -ENOMEM)
		return ctl_fail(ctl, r);
	if (r < 0) {
		ctl_say(ctl, "%s %s: %s", option, file, strerror(-r));
		return CTL_FAILED;
	}
	return code;
}
