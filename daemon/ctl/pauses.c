/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/pauses.h"

#include "base/print.h"
#include "daemon/correct/correction_text.h"
#include "kernel/clock.h"

#include <errno.h>
#include <string.h>

/* Whether it is in force here. */
static bool is_in_force(const struct ledger *ledger, const struct ledger_pause *pause)
{
	return strcmp(pause->netns, ledger->netns) == 0 &&
	       (!pause->until_usec || pause->until_usec > clock_boottime_usec());
}

/* Since 1970; 0: until somebody ends it. */
static uint64_t end_of(const struct ledger_pause *pause)
{
	return pause->until_usec
		       ? clock_realtime_usec() + pause->until_usec - clock_boottime_usec()
		       : 0;
}

void pauses_print(const struct corrections *corrections, FILE *out)
{
	char sentence[CORRECTION_TEXT];

	if (!corrections->ledger)
		return;
	array_each (&corrections->ledger->pauses, const struct ledger_pause, pause) {
		const struct correction event = { .kind = EVENT_PAUSED,
			.pause = pause,
			.iif = pause->name,
			.until_usec = end_of(pause) };

		if (is_in_force(corrections->ledger, pause))
			print_line(out, "%s", correction_sentence(&event, sentence));
	}
}

static int add_pause(struct json_object *list, const struct ledger_pause *pause)
{
	struct json_object *entry = json_push_object(list);
	char until[CORRECTION_TIME];
	int r = json_add_text(entry, "interface", *pause->name ? pause->name : "all");

	r |= pause->until_usec ? json_add_text(entry, "until",
					 correction_time(end_of(pause), until))
			       : json_add_null(entry, "until");
	return r | json_add_text(entry, "why", pause->fight ? "fight" : "hand");
}

int pauses_json(const struct corrections *corrections, struct json_object *object)
{
	struct json_object *list;
	int r;

	if (corrections->error < 0)
		return json_add_null(object, "paused");
	list = json_add_array(object, "paused");
	r = list ? 0 : -ENOMEM;
	if (!corrections->ledger)
		return r;
	array_each (&corrections->ledger->pauses, const struct ledger_pause, pause) {
		if (is_in_force(corrections->ledger, pause))
			r |= add_pause(list, pause);
	}
	return r;
}
