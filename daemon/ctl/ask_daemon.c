/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/ask_daemon.h"

#include "base/cleanup.h"
#include "daemon/correct/bus_names.h"
#include "kernel/netns_id.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>

/* It may have to read all anew before it answers. */
#define TIMEOUT_USEC UINT64_C(60000000)

/* The words of events that the daemon uses, for those that outlive the message. */
static const char *event_word(const char *word)
{
	static const char *const words[] = { "corrected", "correction-failed", "refused",
		"restored", "fight", "paused", "resumed" };

	for (size_t i = 0; i < ELEMENTS(words); i++) {
		if (strcmp(words[i], word) == 0)
			return words[i];
	}
	return "nothing";
}

static int read_answers(sd_bus_message *reply, struct request_answers *ret)
{
	const char *event, *iif, *text;
	int old, value;
	int r = sd_bus_message_enter_container(reply, 'a', BUS_ANSWER);

	while (r >= 0 && (r = sd_bus_message_read(reply, BUS_ANSWER, &event, &iif, &old,
				  &value, &text)) > 0) {
		struct request_answer answer = {
			.event = event_word(event), .old = old, .value = value
		};

		snprintf(answer.iif, sizeof(answer.iif), "%s", iif);
		snprintf(answer.text, sizeof(answer.text), "%s", text);
		r = array_push(&ret->list, &answer);
	}
	return r;
}

static int append_names(sd_bus_message *message, char *const *names)
{
	int r = sd_bus_message_open_container(message, 'a', "ay");

	for (; r >= 0 && *names; names++)
		r = sd_bus_message_append_array(message, 'y', *names, strlen(*names));
	return r < 0 ? r : sd_bus_message_close_container(message);
}

static int call(sd_bus *bus, const char *method, const struct request *request,
	sd_bus_error *error, sd_bus_message **reply)
{
	char netns[NETNS_ID], name[BUS_NAME];
	sd_bus_message *message = NULL;
	int r = netns_id(netns);

	if (r < 0)
		return r;
	bus_name(netns, name);
	r = sd_bus_message_new_method_call(bus, &message, name, BUS_PATH, BUS_INTERFACE,
		request->pause_usec ? "PauseFor" : method);
	/* a daemon that doesn't run is not to be started for that */
	if (r >= 0)
		r = sd_bus_message_set_auto_start(message, false);
	if (r >= 0)
		r = append_names(message, request->names);
	if (r >= 0 && request->pause_usec)
		r = sd_bus_message_append(message, "t", request->pause_usec);
	if (r >= 0)
		r = sd_bus_call(bus, message, TIMEOUT_USEC, error, reply);
	sd_bus_message_unref(message);
	return r;
}

/* Whether the error says that nobody is there who would do it. */
static bool is_nobody(const sd_bus_error *error)
{
	return sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
	       sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER) ||
	       sd_bus_error_has_name(error, BUS_ERROR_MONITORING);
}

int ask_daemon(const char *method, const struct request *request,
	struct request_answers *ret, char error[static ERROR_TEXT])
{
	sd_bus_error refused = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	sd_bus *bus = NULL;
	int r = sd_bus_open_system(&bus);

	if (r < 0) {
		snprintf(error, ERROR_TEXT, "cannot reach the system bus: %s",
			strerror(-r));
		return 0;
	}
	r = call(bus, method, request, &refused, &reply);
	if (r >= 0)
		r = read_answers(reply, ret);
	if (r < 0)
		snprintf(error, ERROR_TEXT, "rpfilterd: %s",
			refused.message ? refused.message : strerror(-r));
	if (r < 0 && (is_nobody(&refused) || r == -ENOTCONN || r == -ECONNRESET))
		r = 0;
	else if (r >= 0)
		r = 1;
	sd_bus_error_free(&refused);
	sd_bus_message_unref(reply);
	sd_bus_flush_close_unref(bus);
	return r;
}
