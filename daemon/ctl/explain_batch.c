/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/explain_batch.h"

#include "base/fd.h"
#include "daemon/ctl/answer.h"
#include "daemon/ctl/json.h"
#include "daemon/ctl/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/*
 * A line is judged against what was read once. A thousand a second or a million, the
 * kernel is asked about each, and read anew only where the two differ (host_reread()).
 */
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

/* Answers a line; raises *code. Returns 0, -EINVAL with error set, or another errno. */
static int answer_line(
	struct ctl *ctl, char *line, int *code, char error[static ERROR_TEXT])
{
	_cleanup_(answer_done) struct answer answer = { 0 };
	const char *words[WORD_LIMIT];
	struct question question;
	int count = split(line, words), r;

	if (count == 0)
		return 0;
	if (count < 0) {
		(void)snprintf(error, ERROR_TEXT, "too many words");
		return -EINVAL;
	}
	r = question_parse(words, (size_t)count, &question, error);
	if (r >= 0)
		r = answer_of(&ctl->host, &question, !ctl_has(ctl, OPTION_NO_KERNEL),
			&answer, error);
	if (r < 0)
		return r == -ENOMEM ? r : -EINVAL;
	if (answer_code(&answer) > *code)
		*code = answer_code(&answer);
	return answer_show(&answer, ctl_has(ctl, OPTION_JSON), true, ctl->out);
}

static int answer_lines(struct ctl *ctl, struct lines *lines, int *code)
{
	char error[ERROR_TEXT], *line;

	for (size_t number = 1;; number++) {
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
			r = answer_line(ctl, line, code, error);
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

int explain_batch(struct ctl *ctl)
{
	const char *file = ctl->arguments->batch;
	_cleanup_(closep) int opened = -1;
	int fd = STDIN_FILENO;
	struct lines lines;
	int code = CTL_FINE, r;

	if (strcmp(file, "-") != 0) {
		opened = open(file, O_RDONLY | O_CLOEXEC);
		fd = opened;
	}
	if (fd < 0) {
		ctl_say(ctl, "--batch %s: %s", file, strerror(errno));
		return CTL_FAILED;
	}
	if (ctl_open(ctl, false) < 0)
		return CTL_FAILED;
	r = lines_init(&lines, fd, ctl->out);
	if (r >= 0)
		r = answer_lines(ctl, &lines, &code);
	lines_done(&lines);
	if (r == -ENOMEM)
		return ctl_fail(ctl, r);
	if (r < 0) {
		ctl_say(ctl, "--batch %s: %s", file, strerror(-r));
		return CTL_FAILED;
	}
	return code;
}
