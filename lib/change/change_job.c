/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "change/change_job.h"

#include "base/strbuf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *verb_name(enum change_verb verb)
{
	static const char *const names[] = {
		[CHANGE_ADD] = "add",
		[CHANGE_APPEND] = "append",
		[CHANGE_PREPEND] = "prepend",
		[CHANGE_REPLACE] = "replace",
		[CHANGE_CHANGE] = "change",
		[CHANGE_SET] = "set",
		[CHANGE_DEL] = "del",
		[CHANGE_FLUSH] = "flush",
	};

	return names[verb];
}

static void title_route(const struct change *change, struct strbuf *buf)
{
	const struct route_record *route = &change->route.route;
	char text[PREFIX4_TEXT];

	if (change->verb == CHANGE_FLUSH)
		strbuf_add(buf, "route flush table %u", route->table);
	else
		strbuf_add(buf, "route %s %s", verb_name(change->verb),
			route->dst.len ? prefix4_format(route->dst, text) : "default");
}

static void title_address(const struct change *change, struct strbuf *buf)
{
	const struct change_address *address = &change->address;
	char text[IP4_TEXT];

	strbuf_add(buf, "address %s", verb_name(change->verb));
	if (change->verb != CHANGE_FLUSH)
		strbuf_add(buf, " %s/%u", ip4_format(address->addr.local, text),
			address->addr.len);
	strbuf_add(buf, " dev %s", address->dev);
}

const char *change_title(const struct change *change, char out[static CHANGE_TITLE])
{
	struct strbuf buf;

	strbuf_init(&buf, out, CHANGE_TITLE);
	switch (change->object) {
	case CHANGE_LINK:
		strbuf_add(
			&buf, "link %s %s", verb_name(change->verb), change->link.name);
		break;
	case CHANGE_ADDRESS:
		title_address(change, &buf);
		break;
	case CHANGE_ROUTE:
		title_route(change, &buf);
		break;
	case CHANGE_RULE:
		strbuf_add(&buf, "rule %s", verb_name(change->verb));
		if (change->rule.has_priority)
			strbuf_add(&buf, " priority %u", change->rule.rule.priority);
		break;
	case CHANGE_NEXTHOP:
		strbuf_add(&buf, "nexthop %s id %u", verb_name(change->verb),
			change->nexthop.id);
		break;
	case CHANGE_SETTING:
		strbuf_add(&buf, "net.ipv4.%s=%d", change->setting.key,
			change->setting.value);
		break;
	}
	return out;
}

/* "TITLE: [not judged: ]REASON" */
_printf_(3, 0) static struct strbuf begin_why(const struct change_job *job,
	const char *judged, const char *format, va_list arguments)
{
	char title[CHANGE_TITLE];
	struct strbuf buf;

	strbuf_init(&buf, job->why, CHANGE_WHY);
	strbuf_add(&buf, "%s: %s", change_title(job->change, title), judged);
	strbuf_vadd(&buf, format, arguments);
	return buf;
}

int change_refuse(const struct change_job *job, int error, const char *format, ...)
{
	struct strbuf buf;
	va_list arguments;

	va_start(arguments, format);
	buf = begin_why(job, "", format, arguments);
	va_end(arguments);
	strbuf_add(&buf, " (%s)", strerror(-error));
	return error;
}

int change_leave(const struct change_job *job, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)begin_why(job, "not judged: ", format, arguments);
	va_end(arguments);
	return CHANGE_UNJUDGED;
}

int change_iface(const struct change_job *job, const char *name, const struct iface **ret)
{
	const struct iface *iface = state_iface_by_name(job->state, name);

	if (!iface || !iface->announced)
		return change_refuse(job, -ENODEV, "there is no device %s", name);
	*ret = iface;
	return 0;
}
