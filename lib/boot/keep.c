/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boot/keep.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD offsetof(struct keep, text)

/* --- made ------------------------------------------------------------------------------------ */

struct keep_draft {
	const struct forecast_source *sources[KEEP_LINES]; /* of head.lines */
	struct keep head;
};

/* A pattern that does not win may leave the interface out. */
static bool has_value(const struct forecast_source *source)
{
	return source->file != NO_FILE && !source->excludes && !source->refused &&
	       source->value >= 0 &&
	       (source->wins || !source->pattern || !source->certain);
}

/* Of those with one value the one that wins is the best, then the last. */
static void list_sources(
	struct keep_draft *draft, const struct forecast_sources *sources, bool of_all)
{
	array_each (&sources->list, const struct forecast_source, source) {
		struct keep *head = &draft->head;
		uint32_t i = 0;

		if (!has_value(source))
			continue;
		while (i < head->count && (head->lines[i].of_all != of_all ||
						  head->lines[i].value != source->value))
			i++;
		if (i == KEEP_LINES ||
			(i < head->count && draft->sources[i]->wins && !source->wins))
			continue;
		head->lines[i] = (struct keep_line){ source->value, of_all };
		draft->sources[i] = source;
		if (i == head->count)
			head->count++;
	}
}

static void append_place(
	struct keep *keep, const struct boot *boot, const struct forecast_source *source)
{
	char place[BOOT_PLACE];

	keep->size += 1 + (uint32_t)snprintf((char *)keep + keep->size, BOOT_PLACE, "%s",
				  source ? forecast_place(boot, source, place) : "");
}

static int write_keep(const struct keep_draft *draft, const struct boot *boot,
	const struct forecast *forecast, struct keep **ret)
{
	struct keep *keep = malloc(HEAD + KEEP_TEXTS), *cut;

	if (!keep)
		return -ENOMEM;
	memcpy(keep, &draft->head, HEAD);
	keep->size = HEAD;
	append_place(keep, boot, forecast_decider(forecast));
	for (uint32_t i = 0; i < keep->count; i++)
		append_place(keep, boot, draft->sources[i]);
	cut = realloc(keep, keep->size);
	*ret = cut ? cut : keep;
	return 0;
}

int keep_make(const struct replay_lines *lines, const struct forecast_iface *iface,
	int ifindex, struct keep **ret)
{
	const struct boot *boot = lines->boot;
	struct keep_draft draft = { .head = { .ifindex = ifindex,
					    .partial = boot->notes.count > 0 } };
	struct forecast forecast = { 0 };
	int r = forecast_make(lines, iface, BOOT_RP_FILTER, &forecast);

	if (r >= 0) {
		draft.head.after = forecast_after(&forecast);
		list_sources(&draft, &forecast.own_sources, false);
		list_sources(&draft, &forecast.all_sources, true);
		r = write_keep(&draft, boot, &forecast, ret);
	}
	forecast_done(&forecast);
	return r;
}

int keep_unknown(int ifindex, int error, struct keep **ret)
{
	struct keep *keep = calloc(1, HEAD + 1); /* nobody decides */

	if (!keep)
		return -ENOMEM;
	keep->size = HEAD + 1;
	keep->ifindex = ifindex;
	keep->error = error;
	*ret = keep;
	return 0;
}

/* --- at the door ----------------------------------------------------------------------------- */

/* Whether the places are there, and nothing behind them. */
static bool has_places(const struct keep *keep)
{
	const char *at = keep->text, *end = (const char *)keep + keep->size;

	for (uint32_t i = 0; i <= keep->count; i++) {
		const char *nul = memchr(at, '\0', (size_t)(end - at));

		if (!nul || nul - at >= BOOT_PLACE)
			return false;
		at = nul + 1;
	}
	return at == end;
}

int keep_take(const char *bytes, size_t size, struct keep **ret, size_t *used)
{
	_cleanup_(freep) struct keep *keep = NULL;
	struct keep head;

	if (size < HEAD)
		return 0;
	memcpy(&head, bytes, HEAD);
	if (head.size < HEAD || head.size > HEAD + KEEP_TEXTS || head.count > KEEP_LINES)
		return -EBADMSG;
	if (size < head.size)
		return 0;
	keep = malloc(head.size);
	if (!keep)
		return -ENOMEM;
	memcpy(keep, bytes, head.size);
	if (!has_places(keep))
		return -EBADMSG;
	*used = keep->size;
	*ret = take_ptr(keep);
	return 1;
}

/* --- told ------------------------------------------------------------------------------------ */

static void write_unknown(int error, char out[static KEEP_TEXT])
{
	const char *why = "";

	if (error == ETIMEDOUT)
		why = "the files were not read in time";
	else if (error == ECHILD)
		why = "the process that reads the files has died";
	else if (error == ECANCELED)
		why = "rpfilterd ended before the files were read";
	(void)snprintf(out, KEEP_TEXT, "not known: %s%s",
		*why ? why : "cannot read the files: ", *why ? "" : strerror(error));
}

const char *keep_words(const struct keep *keep, int effective, char out[static KEEP_TEXT])
{
	char text[FORECAST_TEXT];

	if (keep->error) {
		write_unknown(keep->error, out);
		return out;
	}
	(void)forecast_words(
		*keep->text ? keep->text : NULL, keep->after, effective, text);
	(void)snprintf(out, KEEP_TEXT, "%s%s", text,
		keep->partial ? " (not every file could be read)" : "");
	return out;
}

const char *keep_place(const struct keep *keep, bool of_all, int value)
{
	const char *place = keep->text + strlen(keep->text) + 1;

	for (uint32_t i = 0; i < keep->count; i++) {
		if (keep->lines[i].value == value && !keep->lines[i].of_all == !of_all)
			return place;
		place += strlen(place) + 1;
	}
	return NULL;
}
