/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/print.h"
#include "daemon/correct/correction_text.h"
#include "daemon/ctl/corrections.h"
#include "daemon/ctl/json.h"
#include "daemon/ctl/pauses.h"
#include "daemon/ctl/verbs.h"
#include "daemon/evaluate/evaluate.h"
#include "finding/finding_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* An interface that is not strict in effect, and why that is so. */
struct exception {
	const struct iface *iface;
	struct rp_filter filter;
	const struct ledger_entry *entry; /* that loosened it, NULL: none that is known */
	struct finding *finding; /* what strict would drop; NULL: nothing expected */
};

struct exceptions {
	ARRAY(struct exception) list;
	struct corrections corrections;
};

static void exceptions_done(struct exceptions *exceptions)
{
	array_each (&exceptions->list, struct exception, exception)
		finding_free(exception->finding);
	array_done(&exceptions->list);
	corrections_done(&exceptions->corrections);
}

/* What it would drop if it were strict. */
static int find_need(const struct ctl *ctl, struct exception *exception)
{
	_cleanup_(report_freep) struct report *report = report_new();
	const struct overlay_value values[] = { { exception->iface->link.ifindex, 1 },
		{ NETCONF_ALL, 1 } };
	const struct overlay strict = { .state = ctl->host.state,
		.values = values,
		.value_count = ELEMENTS(values) };
	int r;

	if (!report)
		return -ENOMEM;
	r = evaluate_iface(
		&strict, ctl->host.config, exception->iface, DETAIL_SUMMARY, report);
	if (r >= 0 && report->findings.count)
		exception->finding = take_ptr(report->findings.items[0]);
	return r;
}

/* What keeps an interface as it is while all is lowered has loosened nothing. */
static const struct ledger_entry *find_entry(
	const struct ctl *ctl, const struct exceptions *exceptions, int ifindex)
{
	const struct ledger_entry *entry =
		corrections_find(ctl, &exceptions->corrections, ifindex);

	return entry && !entry->keeps ? entry : NULL;
}

static int collect_exceptions(struct ctl *ctl, struct exceptions *ret)
{
	_cleanup_(freep) const struct iface **ifaces = NULL;
	const struct overlay overlay = { .state = ctl->host.state };
	size_t count;
	int r = state_ifaces(ctl->host.state, &ifaces, &count);

	if (r >= 0)
		r = corrections_read(ctl, &ret->corrections);
	for (size_t i = 0; r >= 0 && i < count; i++) {
		struct exception exception = { .iface = ifaces[i],
			.filter = overlay_rp_filter(&overlay, ifaces[i]) };

		if (!ifaces[i]->link.has_inet || exception.filter.effective == 1 ||
			iface_is_loopback(ifaces[i]))
			continue;
		exception.entry = find_entry(ctl, ret, ifaces[i]->link.ifindex);
		r = find_need(ctl, &exception);
		if (r >= 0)
			r = array_push(&ret->list, &exception);
		if (r < 0)
			finding_free(exception.finding);
	}
	return r;
}

static bool is_compliant(int value)
{
	return value == 1 || value == 2;
}

static const char *since(
	const struct exception *exception, char out[static CORRECTION_TIME])
{
	return correction_time(exception->entry ? exception->entry->when_usec : 0, out);
}

static int add_one(
	struct json_object *object, const struct exception *exception, bool known)
{
	char text[CORRECTION_TIME];
	int r = json_add_text(object, "name", exception->iface->link.name);

	r |= json_add_filter(object, &exception->filter);
	r |= known ? json_add_bool(object, "corrected", exception->entry != NULL)
		   : json_add_null(object, "corrected");
	if (exception->entry) {
		r |= json_add_number(object, "was", exception->entry->old);
		r |= json_add_text(object, "since", since(exception, text));
	}
	if (!exception->finding)
		return r | json_add_null(object, "needed_for");
	struct json_object *need = json_add_object(object, "needed_for");
	r |= json_add_text(need, "finding", exception->finding->id);
	r |= json_add_text(need, "reason", rpf_reason_name(exception->finding->reason));
	return r |
	       json_add_text(need, "expect", expect_why_name(exception->finding->expect));
}

static int print_json(
	const struct exceptions *exceptions, int all, int conf_default, FILE *out)
{
	_cleanup_(json_putp) struct json_object *object = json_object_new_object();
	struct json_object *list;
	bool known = exceptions->corrections.error >= 0;
	int r = json_add_number(object, "all", all);

	r |= json_add_number(object, "default", conf_default);
	r |= json_add_bool(
		object, "compliant", is_compliant(all) && is_compliant(conf_default));
	r |= json_add_bool(object, "ledger_read", known);
	r |= pauses_json(&exceptions->corrections, object);
	list = json_add_array(object, "exceptions");
	r |= list ? 0 : -ENOMEM;
	array_each (&exceptions->list, const struct exception, exception)
		r |= add_one(json_push_object(list), exception, known);
	return r < 0 ? -ENOMEM : json_print(out, object);
}

static void print_text(
	const struct exceptions *exceptions, int all, int conf_default, FILE *out)
{
	char value[32], when[CORRECTION_TIME];

	print_line(out, "all      %s%s", rp_filter_words(all, value),
		is_compliant(all) ? "" : "; baselines require 1, some accept 2");
	print_line(out, "default  %s%s", rp_filter_words(conf_default, value),
		is_compliant(conf_default) ? "" : "; baselines require 1, some accept 2");
	array_each (&exceptions->list, const struct exception, exception) {
		const struct finding *need = exception->finding;

		print_line(out, "%s  effective %s, %s%s: %s%s%s%s%s",
			exception->iface->link.name,
			rp_filter_words(exception->filter.effective, value),
			exception->entry ? "loosened by rpfilterd since "
			: exceptions->corrections.error < 0 ? "origin unknown"
							    : "not by rpfilterd",
			exception->entry ? since(exception, when) : "",
			need ? "strict drops expected packets, "
			     : "not needed by expected packets",
			need ? need->id : "", need ? " (" : "",
			need ? rpf_reason_name(need->reason) : "", need ? ")" : "");
	}
	if (!exceptions->list.count)
		print_line(out, "No exceptions.");
	pauses_print(&exceptions->corrections, out);
}

int exceptions_run(struct ctl *ctl)
{
	_cleanup_(exceptions_done) struct exceptions exceptions = { 0 };
	int all, conf_default, r;

	if (ctl_open(ctl, true) < 0)
		return CTL_FAILED;
	all = ctl->host.state->all.value[DEVCONF_RP_FILTER];
	conf_default = ctl->host.state->conf_default.value[DEVCONF_RP_FILTER];
	r = collect_exceptions(ctl, &exceptions);
	if (r >= 0 && ctl_has(ctl, OPTION_JSON))
		r = print_json(&exceptions, all, conf_default, ctl->out);
	else if (r >= 0)
		print_text(&exceptions, all, conf_default, ctl->out);
	if (r < 0)
		return ctl_fail(ctl, r);
	corrections_say_error(ctl, &exceptions.corrections,
		"who loosened what and when, and what is paused, is unknown");
	return is_compliant(all) && is_compliant(conf_default) ? CTL_FINE : CTL_FOUND;
}
