/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/answer.h"

#include "base/print.h"
#include "daemon/ctl/ctl.h"
#include "daemon/ctl/json.h"
#include "daemon/ctl/remedy_show.h"
#include "finding/finding_text.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>

void answer_done(struct answer *answer)
{
	reverse_done(&answer->reverse);
	trace_done(&answer->trace);
	finding_free(answer->finding);
}

enum agreement answer_agreement(const struct answer *answer)
{
	if (answer->kernel == KERNEL_UNASKED || answer->kernel == KERNEL_ABSENT)
		return AGREE_UNASKED;
	if (strcmp(kernel_answer_name(answer->kernel),
		    rpf_verdict_name(answer->rpf.verdict)) == 0)
		return AGREE_YES;
	return answer->rpf.reason == RPF_MULTIPATH || answer->rpf.reason == RPF_BLIND
		       ? AGREE_OPEN
		       : AGREE_NO;
}

const char *answer_agreement_text(const struct answer *answer)
{
	switch (answer->agree) {
	case AGREE_UNASKED:
		return "";
	case AGREE_YES:
		return ", agrees";
	case AGREE_OPEN:
		return ", for this packet only";
	case AGREE_NO:
		return ", DISAGREES";
	}
	return "";
}

static void name_out(const struct state *state, struct answer *answer)
{
	const struct iface *out = state_iface(state, answer->rpf.oif);

	if (out)
		memcpy(answer->out, out->link.name, sizeof(answer->out));
}

static int judge(const struct host *host, const struct question *question,
	struct answer *answer, char error[static ERROR_TEXT])
{
	const struct overlay overlay = { .state = host->state };
	const struct iface *iface = host_iface(host, question->iif, error);

	answer_done(answer);
	*answer = (struct answer){ .flow = question->flow };
	if (!iface)
		return -EINVAL;
	memcpy(answer->iif, iface->link.name, sizeof(answer->iif));
	answer->flow.iif = iface->link.ifindex;
	answer->rpf = rpf_judge(&overlay, &answer->flow, &answer->trace);
	name_out(host->state, answer);
	if (answer->trace.failed)
		return -ENOMEM;
	if (answer->rpf.looked_up)
		return reverse_of(&overlay, &answer->rpf.reverse, &answer->reverse);
	return 0;
}

static int ask_kernel(struct host *host, struct answer *answer)
{
	int r = host_ask(host, &answer->flow, answer->rpf.verdict, &answer->kernel);

	if (r >= 0)
		answer->agree = answer_agreement(answer);
	return r;
}

/* Once: r says whether it went well, and *fits whether the model fits the kernel. */
static int attempt(struct host *host, const struct question *question, bool ask,
	struct answer *answer, bool *fits, char error[static ERROR_TEXT])
{
	int r = judge(host, question, answer, error);

	*fits = true;
	if (r == -EINVAL) /* it may be new */
		*fits = !host->request || !if_nametoindex(question->iif);
	if (r < 0)
		return r;
	if (ask)
		r = ask_kernel(host, answer);
	*fits = r != -ENODEV && answer->agree != AGREE_NO;
	return r;
}

int answer_of(struct host *host, const struct question *question, bool ask,
	struct answer *ret, char error[static ERROR_TEXT])
{
	bool fits;
	int r = attempt(host, question, ask, ret, &fits, error);

	if (!fits) {
		int reread = host_reread(host);

		if (reread > 0)
			r = attempt(host, question, ask, ret, &fits, error);
		else if (reread < 0)
			r = reread;
	}
	if (r == -ENODEV)
		(void)snprintf(
			error, ERROR_TEXT, "interface %s has disappeared", ret->iif);
	else if (r < 0 && r != -EINVAL)
		(void)snprintf(
			error, ERROR_TEXT, "cannot ask the kernel: %s", strerror(-r));
	return r;
}

int answer_code(const struct answer *answer)
{
	if (answer->agree == AGREE_NO)
		return CTL_FAILED;
	switch (answer->rpf.verdict) {
	case RPF_PASS:
		return CTL_FINE;
	case RPF_DROP:
		return CTL_FOUND;
	case RPF_UNJUDGED:
		return CTL_FAILED;
	}
	return CTL_FAILED;
}

static int add_steps(struct json_object *object, const struct answer *answer)
{
	struct json_object *steps = json_add_array(object, "steps");
	int r = steps ? 0 : -ENOMEM;

	array_each (&answer->trace.steps, const struct trace_step, step) {
		struct json_object *entry = json_push_object(steps);

		r |= json_add_number(entry, "n", step->number);
		r |= json_add_text(entry, "text", step->text);
	}
	return r;
}

int answer_json(const struct answer *answer, struct json_object *object)
{
	char addr[IP4_TEXT];
	int r = json_add_text(object, "iif", answer->iif);

	r |= json_add_text(object, "src", ip4_format(answer->flow.src, addr));
	r |= json_add_text(object, "dst", ip4_format(answer->flow.dst, addr));
	r |= json_add_text(object, "verdict", rpf_verdict_name(answer->rpf.verdict));
	r |= json_add_text(object, "reason", rpf_reason_name(answer->rpf.reason));
	r |= json_add_filter(json_add_object(object, "rp_filter"), &answer->rpf.filter);
	r |= json_add_reverse(object, &answer->reverse);
	r |= json_add_text(object, "kernel", kernel_answer_name(answer->kernel));
	r |= answer->agree == AGREE_UNASKED || answer->agree == AGREE_OPEN
		     ? json_add_null(object, "agree")
		     : json_add_bool(object, "agree", answer->agree == AGREE_YES);
	r |= add_steps(object, answer);
	return answer->finding ? r | remedy_json_all(answer->finding, object) : r;
}

static void print_reverse(const struct answer *answer, FILE *out)
{
	const struct reverse *reverse = &answer->reverse;
	char prefix[PREFIX4_TEXT], table[12], devices[128];

	if (!answer->rpf.looked_up || !reverse->known) {
		print_line(out, "reverse    %s",
			answer->rpf.looked_up ? "none" : "not looked up");
		return;
	}
	print_part(out, "reverse    %s %s", route_type_name(reverse->type),
		prefix4_format(reverse->prefix, prefix));
	if (reverse->devices.count)
		print_part(out, " by %s",
			reverse_devices(reverse, devices, sizeof(devices)));
	if (reverse->via[0])
		print_part(out, " via %s", reverse->via);
	print_line(out, " (table %s, rule %u)", table_name(reverse->table, table),
		reverse->rule);
}

void answer_print(const struct answer *answer, FILE *out)
{
	const struct rp_filter *filter = &answer->rpf.filter;
	char words[FLOW_TEXT], value[32];

	print_line(out, "%s: %s", rpf_verdict_name(answer->rpf.verdict),
		rpf_reason_name(answer->rpf.reason));
	print_line(out, "packet     %s", flow_format(&answer->flow, answer->iif, words));
	print_line(out, "rp_filter  %s: own %d, all %d",
		rp_filter_words(filter->effective, value), filter->own, filter->all);
	print_reverse(answer, out);
	print_line(out, "kernel     %s%s", kernel_answer_name(answer->kernel),
		answer_agreement_text(answer));
	print_line(out, "steps");
	array_each (&answer->trace.steps, const struct trace_step, step)
		print_line(out, "  %2d  %s", step->number, step->text);
	if (answer->finding)
		remedy_print(answer->finding, "", out);
}

void answer_print_line(const struct answer *answer, FILE *out)
{
	char words[FLOW_TEXT];

	print_line(out, "%s: %s: %s (kernel %s%s)", rpf_verdict_name(answer->rpf.verdict),
		rpf_reason_name(answer->rpf.reason),
		flow_format(&answer->flow, answer->iif, words),
		kernel_answer_name(answer->kernel), answer_agreement_text(answer));
}

int answer_show(const struct answer *answer, bool json, bool in_a_line, FILE *out)
{
	_cleanup_(json_putp) struct json_object *object = NULL;
	int r;

	if (!json) {
		if (in_a_line)
			answer_print_line(answer, out);
		else
			answer_print(answer, out);
		return 0;
	}
	object = json_object_new_object();
	r = answer_json(answer, object);
	return r < 0 ? -ENOMEM : json_print(out, object);
}
