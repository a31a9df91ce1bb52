/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/list.h"

#include "daemon/ctl/json.h"
#include "daemon/ctl/table.h"
#include "daemon/ctl/verbs.h"
#include "daemon/evaluate/evaluate.h"

#include <errno.h>
#include <string.h>

#define EXPECTED_SHOWN 3

static int add_expect(struct json_object *object, const struct report_iface *row)
{
	struct json_object *list = json_add_array(object, "expect");
	int r = list ? 0 : -ENOMEM;

	array_each (&row->expect.list, const struct expect_item, item) {
		struct json_object *entry = json_push_object(list);
		char prefix[PREFIX4_TEXT];

		r |= json_add_text(entry, "prefix", prefix4_format(item->prefix, prefix));
		r |= json_add_text(entry, "why", expect_why_name(item->why));
		if (item->because[0])
			r |= json_add_text(entry, "because", item->because);
	}
	return r;
}

static int add_iface(struct json_object *object, const struct report_iface *row)
{
	int r = json_add_number(object, "ifindex", row->ifindex);

	r |= json_add_text(object, "name", row->name);
	r |= json_add_text(object, "kind", row->kind);
	r |= json_add_bool(object, "up", row->up);
	r |= json_add_bool(object, "has_ipv4", row->has_inet);
	if (row->has_inet) {
		r |= json_add_number(object, "own", row->filter.own);
		r |= json_add_number(object, "all", row->filter.all);
		r |= json_add_number(object, "effective", row->filter.effective);
	} else { /* without IPv4 it has no setting of its own */
		r |= json_add_null(object, "own");
		r |= json_add_number(object, "all", row->filter.all);
		r |= json_add_null(object, "effective");
	}
	r |= json_add_bool(object, "numbered", row->numbered);
	r |= add_expect(object, row);
	if (row->expect_more)
		r |= json_add_number(object, "expect_more", (int64_t)row->expect_more);
	r |= json_add_text(object, "verdict", iface_verdict_name(row->verdict));
	if (row->warns || row->verdict == IFACE_DROPS)
		r |= json_add_text(object, "severity", row->warns ? "warning" : "notice");
	if (row->unexpected)
		r |= json_add_text(object, "note", LIST_UNEXPECTED);
	return r;
}

int list_json(const struct report *report, FILE *out)
{
	_cleanup_(json_putp) struct json_object *object = json_object_new_object();
	struct json_object *list = json_add_array(object, "interfaces");
	int r = list ? 0 : -ENOMEM;

	array_each (&report->ifaces, const struct report_iface, row)
		r |= add_iface(json_push_object(list), row);
	return r < 0 ? -ENOMEM : json_print(out, object);
}

static int table_expected(struct table *table, const struct report_iface *row)
{
	size_t count = row->expect.list.count, length = 0;
	char text[EXPECTED_SHOWN * (40 + EXPECT_BECAUSE) + 16] = "-";

	if (row->unexpected && row->numbered)
		return table_add(table, "%s", LIST_UNEXPECTED);

	for (size_t i = 0; i < count && i < EXPECTED_SHOWN; i++) {
		const struct expect_item *item = &row->expect.list.items[i];
		char prefix[PREFIX4_TEXT];

		length += (size_t)snprintf(text + length, sizeof(text) - length,
			"%s%s (%s%s%s)", i ? ", " : "",
			prefix4_format(item->prefix, prefix), expect_why_name(item->why),
			item->because[0] ? ": " : "", item->because);
	}
	if (count > EXPECTED_SHOWN)
		return table_add(table, "%s +%zu", text, count - EXPECTED_SHOWN);
	return table_add(table, "%s", text);
}

static int table_row(struct table *table, const struct report_iface *row)
{
	int r = table_add(table, "%s", row->name);

	r |= table_add(table, "%s", row->kind);
	if (row->has_inet) {
		r |= table_add(table, "%d", row->filter.own);
		r |= table_add(table, "%d", row->filter.all);
		r |= table_add(table, "%d", row->filter.effective);
	} else {
		r |= table_add(table, "-");
		r |= table_add(table, "%d", row->filter.all);
		r |= table_add(table, "-");
	}
	r |= table_add(table, "%s", row->numbered ? "yes" : "no");
	r |= table_expected(table, row);
	r |= table_add(table, "%s", iface_verdict_name(row->verdict));
	return r;
}

static const char *colour(const char *verdict)
{
	return strcmp(verdict, "drops") == 0	  ? "\033[1;31m"
	       : strcmp(verdict, "unjudged") == 0 ? "\033[33m"
	       : strcmp(verdict, "down") == 0	  ? "\033[2m"
						  : "";
}

int list_table(const struct report *report, FILE *out)
{
	static const char *const heads[] = { "NAME", "KIND", "OWN", "ALL", "EFFECTIVE",
		"NUMBERED", "EXPECTED", "VERDICT" };
	struct table table = { .columns = ELEMENTS(heads) };
	int r = 0;

	for (size_t i = 0; i < ELEMENTS(heads); i++)
		r |= table_add(&table, "%s", heads[i]);
	array_each (&report->ifaces, const struct report_iface, row)
		r |= table_row(&table, row);
	if (r >= 0)
		table_print(&table, out, table_wants_colour(out) ? colour : NULL);
	table_done(&table);
	return r < 0 ? -ENOMEM : 0;
}

int list_code(const struct report *report, bool notices)
{
	int code = CTL_FINE;

	array_each (&report->ifaces, const struct report_iface, row) {
		if (row->warns || (notices && row->verdict == IFACE_DROPS))
			return CTL_FOUND;
		if (row->verdict == IFACE_UNJUDGED && !row->unexpected)
			code = CTL_FAILED;
	}
	return code;
}

int list_run(struct ctl *ctl)
{
	_cleanup_(report_freep) struct report *report = NULL;
	bool notices;
	int r;

	if (!ctl_severity(ctl, &notices) || ctl_open(ctl, true) < 0)
		return CTL_FAILED;
	r = evaluate(ctl->host.state, ctl->host.config, DETAIL_SUMMARY, &report);
	if (r >= 0)
		r = report_list_routed(report, ctl->host.state);
	if (r >= 0)
		r = ctl_has(ctl, OPTION_JSON) ? list_json(report, ctl->out)
					      : list_table(report, ctl->out);
	return r < 0 ? ctl_fail(ctl, r) : list_code(report, notices);
}
