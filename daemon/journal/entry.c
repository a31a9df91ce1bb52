/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/journal/entry.h"

#include "base/utf8.h"
#include "finding/finding_text.h"
#include "kernel/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

static const struct event_info infos[EVENTS] = {
	[EVENT_PAUSED] = { "paused", "5c62b3a22a9b4d39b5d965722d392684", LOG_NOTICE },
	[EVENT_RESUMED] = { "resumed", "a54a81d20de84220a3632e1c6dfb82db", LOG_NOTICE },
	[EVENT_WOULD_CORRECT] = { "would-correct", "bdad0675b86e498fb96a231d436455f5",
		LOG_NOTICE },
	[EVENT_SYNCED] = { "synced", "cbf571739a2f449ba9173bf0a23933dd", LOG_INFO },
	[EVENT_FINDING_RAISED] = { "finding-raised", "93b6ab2601db4401ad5bc7de25ceceba",
		LOG_WARNING },
	[EVENT_FINDING_CHANGED] = { "finding-changed", "917ac75189d54d83b6937cc4485bd4e8",
		LOG_WARNING },
	[EVENT_FINDING_REPEATED] = { "finding-repeated",
		"7693cb604d9c4a35a9f58ef66f250166", LOG_WARNING },
	[EVENT_FINDING_CLEARED] = { "finding-cleared", "d114db7a6dbf48e486a70cd2d9cf8904",
		LOG_NOTICE },
	[EVENT_CORRECTED] = { "corrected", "63ec87d2881549668e6feaa9ade165ad",
		LOG_NOTICE },
	[EVENT_CORRECTION_FAILED] = { "correction-failed",
		"a83ed6863165476db77ad339e519da48", LOG_ERR },
	[EVENT_RESTORED] = { "restored", "938f4460317146f6840149e45a0ae2d7", LOG_NOTICE },
	[EVENT_REFUSED] = { "refused", "26a3ee2cdc674fba9f8aaf8f3a8ff349", LOG_WARNING },
	[EVENT_FIGHT] = { "fight", "9de5fe9bcc7949e98a75c0488f27f8b5", LOG_CRIT },
	[EVENT_RESYNC] = { "resync", "f63b9690ae86485ba62e0031b9011f6e", LOG_NOTICE },
	[EVENT_DISAGREEMENT] = { "disagreement", "45d5a36890e0454ab3eec90093bc5120",
		LOG_WARNING },
	[EVENT_BLIND] = { "blind", "93332e90d9c34a07b256fa800a0e69bd", LOG_WARNING },
	[EVENT_DROPS_OBSERVED] = { "drops-observed", "85e65e30860247c09441705c146117ad",
		LOG_NOTICE },
	[EVENT_RELOADED] = { "reloaded", "9d121167420f429f830775c40262221e", LOG_INFO },
	[EVENT_CONFIG_ERROR] = { "config-error", "2e60494b70e34bc48ea2dbb2f2439bfb",
		LOG_ERR },
	[EVENT_ENTRIES_LOST] = { "entries-lost", "91a6655f62014ff691fdd68c1bd8aa73",
		LOG_WARNING },
	[EVENT_UNJUDGED] = { "unjudged", "64109cc4250b4118a057b38ff9df24e9",
		LOG_WARNING },
	[EVENT_READING_FAILED] = { "reading-failed", "d2d79f0344ff407cab4267942c6c1c03",
		LOG_WARNING },
	[EVENT_FAILED] = { "failed", "11c7a0a018ca41048eb71817e182c028", LOG_ERR },
	[EVENT_LEDGER_FAILED] = { "ledger-failed", "5ccccf154af3485c8f970fc62066f732",
		LOG_ERR },
	[EVENT_LEDGER_WORKS] = { "ledger-works", "9527805093dc41d3888db0eacd107d9d",
		LOG_NOTICE },
	[EVENT_VALUE_LEFT] = { "value-left", "7aa7849b39514256b24dda3876495129",
		LOG_NOTICE },
	[EVENT_LOG_DEGRADED] = { "log-degraded", "8837a0cfefdc45019cc7b492f5c3544b",
		LOG_WARNING },
	[EVENT_BUS_FAILED] = { "bus-failed", "7eee9ff9b34a4d79aab2834a9a2bde2a",
		LOG_NOTICE },
	[EVENT_STATISTICS] = { "statistics", "121bb8dce1ee44f2abf5ddec6ea31664",
		LOG_INFO },
};

const struct event_info *event_info(enum event_kind kind)
{
	return &infos[kind];
}

void entry_event(struct entry *entry, enum event_kind kind)
{
	*entry = (struct entry){ .priority = infos[kind].priority,
		.when_usec = clock_realtime_usec() };
	entry_add(entry, "MESSAGE_ID", "%s", infos[kind].message_id);
	entry_add(entry, "RPF_EVENT", "%s", infos[kind].name);
}

void entry_done(struct entry *entry)
{
	array_each (&entry->fields, char *, field)
		free(*field);
	array_done(&entry->fields);
}

void entry_add(struct entry *entry, const char *key, const char *format, ...)
{
	_cleanup_(freep) char *value = NULL;
	char *field;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&value, format, arguments);
	va_end(arguments);
	if (length < 0) {
		value = NULL;
		entry->failed = true;
		return;
	}
	utf8_printable(value);
	if (asprintf(&field, "%s=%s", key, value) < 0) {
		entry->failed = true;
		return;
	}
	if (array_push(&entry->fields, &field) < 0) {
		free(field);
		entry->failed = true;
	}
}

static char **find_field(const struct entry *entry, const char *key)
{
	size_t length = strlen(key);

	array_each (&entry->fields, char *, field) {
		if (strncmp(*field, key, length) == 0 && (*field)[length] == '=')
			return field;
	}
	return NULL;
}

void entry_append(struct entry *entry, const char *key, const char *format, ...)
{
	_cleanup_(freep) char *value = NULL;
	char **field = find_field(entry, key), *longer;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&value, format, arguments);
	va_end(arguments);
	if (length < 0)
		value = NULL;
	else
		utf8_printable(value);
	if (!field || !value || asprintf(&longer, "%s%s", *field, value) < 0) {
		entry->failed = true;
		return;
	}
	free(*field);
	*field = longer;
}

static void add_reverse(struct entry *entry, const struct reverse *reverse)
{
	char devices[256];

	if (!reverse->known)
		return;
	if (reverse->devices.count)
		entry_add(entry, "RPF_REVERSE_DEV", "%s",
			reverse_devices(reverse, devices, sizeof(devices)));
	if (reverse->via[0])
		entry_add(entry, "RPF_REVERSE_VIA", "%s", reverse->via);
	entry_add(entry, "RPF_REVERSE_TABLE", "%u", reverse->table);
}

/* One sysctl is an assignment; else the commands, or words. */
static void add_remedy(struct entry *entry, const struct remedy *remedy)
{
	const struct remedy_step *step = remedy->steps.items;
	char assignment[REMEDY_ASSIGNMENT];

	if (remedy->steps.count != 1 || remedy->commands.count != 1) {
		entry_add(entry, "RPF_REMEDY", "%s", remedy->text);
		return;
	}
	(void)remedy_assignment(step->key, step->value, assignment, sizeof(assignment));
	entry_add(entry, "RPF_REMEDY", "%s", assignment);
}

void entry_add_finding(struct entry *entry, const struct finding *finding)
{
	char sources[FINDING_SOURCES * PREFIX4_TEXT + 1] = "", text[32];
	size_t length = 0;

	for (size_t i = 0; i < finding->source_count; i++)
		length += (size_t)snprintf(sources + length, sizeof(sources) - length,
			"%s%s", i ? " " : "", prefix4_format(finding->sources[i], text));
	entry_add(entry, "RPF_FINDING", "%s", finding->id);
	entry_add(entry, "RPF_IIF", "%s", finding->iif);
	entry_add(entry, "RPF_IFINDEX", "%d", finding->ifindex);
	entry_add(entry, "RPF_KIND", "%s", finding->kind);
	entry_add(entry, "RPF_EFFECTIVE", "%d", finding->filter.effective);
	entry_add(entry, "RPF_OWN", "%d", finding->filter.own);
	entry_add(entry, "RPF_ALL", "%d", finding->filter.all);
	entry_add(entry, "RPF_REASON", "%s", rpf_reason_name(finding->reason));
	entry_add(entry, "RPF_EXPECT", "%s", expect_why_name(finding->expect));
	if (finding->source_count) { /* a correction waits for no search for them */
		entry_add(entry, "RPF_SOURCES", "%s", sources);
		entry_add(entry, "RPF_SOURCES_MORE", "%zu", finding->sources_more);
	}
	entry_add(entry, "RPF_SHARE", "%s", finding_share(finding, text));
	entry_add(entry, "RPF_SRC", "%s", ip4_format(finding->example.src, text));
	entry_add(entry, "RPF_DST", "%s", ip4_format(finding->example.dst, text));
	add_reverse(entry, &finding->reverse);
	entry_add(entry, "RPF_KERNEL", "%s", kernel_answer_name(finding->kernel));
	add_remedy(entry, &finding->remedy);
}

const char *entry_get(const struct entry *entry, const char *key)
{
	char *const *field = find_field(entry, key);

	return field ? *field + strlen(key) + 1 : NULL;
}
