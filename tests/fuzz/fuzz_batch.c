/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lines of `rpfilterctl explain --batch`, judged on a host that does not change. The first byte
 * says whether the answers are to be JSON.
 */
#include "daemon/ctl/explain_batch.c"

#include "fuzz/fuzz.h"
#include "host/host_model.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static struct ctl ctl;
static int file; /* one for all inputs */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct state *state = model_host();

	(void)argc;
	(void)argv;
	model_link(state, 3, "tunl0", "type ipip");
	model_link(state, 4, "t\xff\xc2\x9b", "type veth");
	model_addr(state, "tunl0", "192.0.2.1/32");
	model_sysctl(state, "tunl0", "rp_filter", 1);
	model_rule(state, "100 fwmark 7 dport 80 ipproto tcp lookup 77");
	model_route(state, "198.51.100.0/24 dev tunl0 table 77");
	ctl.host.state = state;
	file = memfd_create("batch", MFD_CLOEXEC);
	assert(file >= 0);
	return 0;
}

/* Each line is for a terminal, or is JSON that a strict reader takes. */
static size_t check_lines(char *text, bool json)
{
	size_t count = 0;

	for (char *line = text, *end; *line; line = end + 1, count++) {
		end = strchr(line, '\n');
		assert(end);
		*end = '\0';
		if (json) {
			struct json_object *object = json_tokener_parse(line);

			assert(json_object_is_type(object, json_type_object));
			json_object_put(object);
		} else {
			assert(text_is_clean(line));
		}
	}
	return count;
}

static void answer_input(const struct input *in, bool json)
{
	const struct arguments arguments = { .verb = "explain",
		.given = OPTION_NO_KERNEL | (json ? OPTION_JSON : 0) };
	static struct memory out, err;
	struct lines lines;
	size_t answers;
	int code = CTL_FINE;

	assert(ftruncate(file, 0) == 0 && lseek(file, 0, SEEK_SET) == 0);
	assert(pwrite(file, in->at, in->left, 0) == (ssize_t)in->left);
	ctl.arguments = &arguments;
	ctl.out = memory_begin(&out);
	ctl.err = memory_begin(&err);
	assert(lines_init(&lines, file, ctl.out) == 0);
	assert(flow_lines_answer(&ctl, &lines, answer_flow, NULL, &code) == 0);
	lines_done(&lines);
	assert(code >= CTL_FINE && code <= CTL_FAILED);
	answers = check_lines(memory_end(&out), json);
	assert(check_lines(memory_end(&err), false) == 0 || !json);
	assert(answers || code != CTL_FOUND);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct input in = { bytes, size };
	bool json = input_byte(&in) & 1;

	answer_input(&in, json);
	return 0;
}
