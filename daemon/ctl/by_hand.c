/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/by_hand.h"

#include "base/print.h"
#include "state/state_apply.h"

#include "daemon/config/config_text.h"
#include "daemon/ctl/ask_daemon.h"
#include "daemon/ctl/json.h"
#include "kernel/clock.h"
#include "kernel/devconf_write.h"
#include "net/ifname.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/* --- the kernel, as the daemon's corrector has it -------------------------------------- */

static int do_write(void *data, int ifindex, int value)
{
	struct ctl *ctl = data;

	return devconf_write_rp_filter(ctl->host.request, ifindex, value);
}

static int do_read(void *data, int ifindex, int *ret)
{
	struct ctl *ctl = data;

	return devconf_read_rp_filter(ctl->host.request, ifindex, ret);
}

/* Nothing is listened to here, so what is read again is all there is to take in. */
static int do_reread(void *data, int ifindex, int *ret)
{
	struct ctl *ctl = data;
	int r = -EAGAIN;

	for (int tries = 0; tries < 10 && r == -EAGAIN; tries++)
		r = nl_request_dump(ctl->host.request, NL_DUMP_NETCONF | NL_DUMP_LINKS,
			state_apply_handler, ctl->host.state);
	return r < 0 ? r : devconf_read_rp_filter(ctl->host.request, ifindex, ret);
}

static int do_ask(void *data, const struct flow *flow, enum kernel_answer *ret)
{
	struct ctl *ctl = data;

	return host_ask(&ctl->host, flow, RPF_DROP, ret);
}

static const struct state *the_state(void *data)
{
	struct ctl *ctl = data;

	return ctl->host.state;
}

static uint64_t the_time(void *data)
{
	(void)data;
	return clock_realtime_usec();
}

static uint64_t steady_time(void *data)
{
	(void)data;
	return clock_monotonic_usec();
}

static struct kernel_port kernel_port_of(struct ctl *ctl)
{
	return (struct kernel_port){ .data = ctl,
		.write = do_write,
		.read = do_read,
		.reread = do_reread,
		.ask = do_ask,
		.state = the_state,
		.clock = the_time,
		.now = steady_time,
		.judge = plans_judge(&ctl->host) };
}

/* --- here ----------------------------------------------------------------------------------- */

static void told(void *data, const struct correction *event)
{
	/* without memory for the words, the exit code tells */
	(void)request_answer_event(data, event);
}

static void left_alone(void *data, const struct ledger_entry *entry)
{
	char text[CORRECTION_LEFT];

	correction_text_left(entry, text);
	ctl_say(data, "%s", text);
}

/* Whether anything can come of it that has to be recorded: what has nothing to do makes no
 * directory and no file. */
static bool needs_ledger(
	by_hand_work work, const struct plans *plans, const char *directory)
{
	if (plans)
		return plans_have_steps(plans);
	return work == request_pause || access(directory, F_OK) == 0 || errno != ENOENT;
}

/* Opens and locks it, or says why not. Returns 0 or a negative errno. */
static int open_ledger(struct ctl *ctl, const char *directory, const char *no_daemon,
	struct ledger **ret)
{
	char error[LEDGER_ERROR];
	int r = ledger_open(directory, ret, error);

	if ((r == -EACCES || r == -EPERM) && geteuid() != 0)
		ctl_say(ctl, "the ledger in %s cannot be written: %s; run it as root",
			directory, strerror(-r));
	else if (r < 0)
		ctl_say(ctl, "%s%s%s", error, r == -EWOULDBLOCK ? "; " : "",
			r == -EWOULDBLOCK ? no_daemon : "");
	return r;
}

static int here(struct ctl *ctl, by_hand_work work, const struct request *request,
	const struct plans *plans, const char *no_daemon, struct request_answers *ret)
{
	_cleanup_(ledger_freep) struct ledger *ledger = NULL;
	_cleanup_(freep) const struct finding **findings = NULL;
	const struct kernel_port port = kernel_port_of(ctl);
	char path[PATH_MAX];
	struct policy correct = { 0 };
	struct policy_input input = { .config = ctl->host.config,
		.port = &port,
		.now_usec = the_time(NULL),
		.when_usec = the_time(NULL),
		.boot_usec = clock_boottime_usec(),
		.report = told,
		.report_data = ret };
	int r = 0;

	if (needs_ledger(work, plans, ctl_state_directory(ctl, path)))
		r = open_ledger(ctl, path, no_daemon, &ledger);
	else if (!plans)
		return request_answer_words(ret, "nothing", "",
			"Nothing to do: there is no ledger in %s.", path);
	if (r < 0)
		return r;
	findings = calloc((plans ? plans->list.count : 0) + 1, sizeof(*findings));
	if (!findings)
		return -ENOMEM;
	for (size_t i = 0; plans && i < plans->list.count; i++)
		findings[input.count++] = plans->list.items[i].finding;
	input.findings = findings;
	input.ledger = ledger;
	correct.began_usec = 1; /* long ago: nothing settles here */
	/* not saved it holds for now: to take back needs no room */
	if (ledger && ledger_reconcile(ledger, &port, left_alone, ctl) == -ENOMEM)
		r = -ENOMEM;
	else
		r = work(&correct, &input, request, ret);
	policy_done(&correct);
	if (r < 0)
		(void)ctl_fail(ctl, r);
	return r;
}

/* --- what was done -------------------------------------------------------------------------- */

static int print_json(const struct request_answers *answers, FILE *out)
{
	_cleanup_(json_putp) struct json_object *object = json_object_new_object();
	struct json_object *list = json_add_array(object, "done");
	int r = list ? 0 : -ENOMEM;

	array_each (&answers->list, const struct request_answer, answer) {
		struct json_object *entry = json_push_object(list);

		r |= json_add_text(entry, "event", answer->event);
		r |= json_add_text(entry, "iif", answer->iif);
		r |= json_add_number(entry, "old", answer->old);
		r |= json_add_number(entry, "value", answer->value);
		r |= json_add_text(entry, "text", answer->text);
	}
	return r < 0 ? -ENOMEM : json_print(out, object);
}

static bool is_bad(const char *event)
{
	return strcmp(event, "correction-failed") == 0 || strcmp(event, "refused") == 0 ||
	       strcmp(event, "fight") == 0;
}

static int show(struct ctl *ctl, const struct request_answers *answers)
{
	int code = CTL_FINE;

	array_each (&answers->list, const struct request_answer, answer) {
		if (is_bad(answer->event))
			code = CTL_FOUND;
	}
	if (ctl_has(ctl, OPTION_JSON))
		return print_json(answers, ctl->out) < 0 ? ctl_fail(ctl, -ENOMEM) : code;
	array_each (&answers->list, const struct request_answer, answer)
		print_line(ctl->out, "%s", answer->text);
	if (!answers->list.count)
		print_line(ctl->out, "Nothing to do.");
	return code;
}

/* That there was nothing to do is no answer beside why there was not. */
static void drop_nothing(struct request_answers *answers)
{
	for (size_t i = answers->list.count; i-- > 0 && answers->list.count > 1;) {
		const struct request_answer *answer = &answers->list.items[i];

		if (strcmp(answer->event, "nothing") == 0 && !answer->iif[0])
			array_remove(&answers->list, i);
	}
}

bool by_hand_names(const struct ctl *ctl, const char *all)
{
	array_each (&ctl->arguments->words, const char *const, word) {
		char quoted[CONFIG_QUOTE_TEXT];
		bool is_all = strcmp(*word, "all") == 0;

		if (ifname_is_valid(*word))
			continue;
		ctl_say(ctl, "%s is no interface's name; %s",
			config_text_quote(*word, quoted),
			is_all ? all : "rpfilterctl list shows them");
		return false;
	}
	return true;
}

int by_hand(struct ctl *ctl, const char *method, by_hand_work work,
	const struct plans *plans, struct request_answers *known)
{
	struct request_answers answers = known ? *known : (struct request_answers){ 0 };
	_cleanup_(freep) char **names = NULL;
	size_t count = ctl->arguments->words.count;
	struct request request = { .pause_usec = ctl->pause_usec };
	char error[ERROR_TEXT] = "";
	int r, code;

	names = calloc(count + 1, sizeof(*names));
	if (!names) {
		array_done(&answers.list);
		return ctl_fail(ctl, -ENOMEM);
	}
	for (size_t i = 0; i < count; i++)
		names[i] = (char *)ctl->arguments->words.items[i];
	request.names = names;
	r = ask_daemon(method, &request, &answers, error);
	if (r < 0)
		ctl_say(ctl, "%s", error);
	else if (r == 0)
		r = here(ctl, work, &request, plans, error, &answers);
	drop_nothing(&answers);
	code = r < 0 ? CTL_FAILED : show(ctl, &answers);
	array_done(&answers.list);
	return code;
}
