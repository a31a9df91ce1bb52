/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/bus.h"

#include "base/duration.h"
#include "base/time.h"
#include "base/utf8.h"
#include "daemon/correct/bus_names.h"
#include "kernel/clock.h"
#include "kernel/netns_id.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#define REQUESTS_MOST 64
#define ERROR_SENT 512
#define PAUSE_MOST (DURATION_MOST_DAYS * 24 * USEC_PER_HOUR)
#define WAIT_LEAST USEC_PER_SEC
#define WAIT_MOST (300 * USEC_PER_SEC)

/* --- trying again -------------------------------------------------------------------------- */

static int on_retry(sd_event_source *source, uint64_t usec, void *bus);

static int arm_retry(struct bus *bus)
{
	int r = bus->retry ? 0
			   : sd_event_add_time(bus->event, &bus->retry, CLOCK_MONOTONIC,
				     USEC_NEVER, USEC_PER_SEC, on_retry, bus);

	return r < 0 ? r : sync_arm(bus->retry, clock_monotonic_usec() + bus->wait_usec);
}

/* Where there is no memory for the timer, the next turn tries again. */
static void retry_later(struct bus *bus)
{
	bus->wait_usec = bus->wait_usec ? bus->wait_usec * 2 : WAIT_LEAST;
	if (bus->wait_usec > WAIT_MOST)
		bus->wait_usec = WAIT_MOST;
	bus->unarmed = arm_retry(bus) < 0;
}

/* --- methods ------------------------------------------------------------------------------- */

static void free_names(char **names)
{
	for (char **name = names; name && *name; name++)
		free(*name);
	free(names);
}

static int send_reply(sd_bus_message *message, const struct request_answers *answers)
{
	sd_bus_message *answer = NULL;
	int r = sd_bus_message_new_method_return(message, &answer);

	if (r >= 0)
		r = sd_bus_message_open_container(answer, 'a', BUS_ANSWER);
	array_each (&answers->list, const struct request_answer, item) {
		if (r >= 0)
			r = sd_bus_message_append(answer, BUS_ANSWER, item->event,
				item->iif, item->old, item->value, item->text);
	}
	if (r >= 0)
		r = sd_bus_message_close_container(answer);
	if (r >= 0)
		r = sd_bus_send(NULL, answer, NULL);
	sd_bus_message_unref(answer);
	return r;
}

/* What goes out by the bus: it takes only UTF-8; an interface may be called anything. */
static void make_sendable(struct request_answers *answers)
{
	array_each (&answers->list, struct request_answer, item) {
		utf8_printable(item->iif);
		utf8_printable(item->text);
	}
}

static void send_error(sd_bus_message *message, const char *name, const char *text)
{
	char clean[ERROR_SENT];

	snprintf(clean, sizeof(clean), "%s", text);
	utf8_printable(clean);
	(void)sd_bus_reply_method_errorf(message, name, "%s", clean);
}

static void free_request(struct bus_request *request)
{
	sd_bus_slot_unref(request->asking);
	sd_bus_message_unref(request->message);
	free_names(request->names);
}

static void drop_requests(struct bus *bus)
{
	array_each (&bus->requests, struct bus_request, request)
		free_request(request);
	array_done(&bus->requests);
}

/* The names of interfaces, from bytes. *ret is to be freed, with them. */
static int read_names(sd_bus_message *message, char ***ret)
{
	ARRAY(char *) names = { 0 };
	char *name = NULL;
	const void *bytes;
	size_t length;
	int r = sd_bus_message_enter_container(message, 'a', "ay");

	while (r >= 0 &&
		(r = sd_bus_message_read_array(message, 'y', &bytes, &length)) > 0) {
		name = strndup(bytes ? bytes : "", length);
		r = name ? array_push(&names, &name) : -ENOMEM;
		if (r < 0)
			free(name);
	}
	name = NULL;
	if (r >= 0)
		r = array_push(&names, &name);
	if (r < 0) {
		array_each (&names, char *, item)
			free(*item);
		array_done(&names);
		return r;
	}
	*ret = names.items;
	return 0;
}

static int read_arguments(struct bus_request *request)
{
	int r = read_names(request->message, &request->names);

	if (r >= 0)
		r = sd_bus_message_exit_container(request->message);
	if (r >= 0 && request->timed)
		r = sd_bus_message_read(request->message, "t", &request->pause_usec);
	if (request->pause_usec > PAUSE_MOST)
		request->pause_usec = PAUSE_MOST;
	return r < 0 ? r : 0;
}

/* --- who asks ------------------------------------------------------------------------------ */

/*
 * The policy of the bus lets only root in; that it is in force is not for us to believe. The bus is
 * asked, and nothing waits for its answer but the request: a bus that hangs is no reason to correct
 * later.
 */
static int on_user(sd_bus_message *answer, void *data, sd_bus_error *error)
{
	struct bus *bus = data;
	struct bus_request *request = bus->requests.items;
	const sd_bus_slot *slot = sd_bus_get_current_slot(bus->bus);
	uint32_t uid = (uint32_t)-1;
	size_t at = 0;
	int r = 0;

	(void)error;
	while (at < bus->requests.count && request[at].asking != slot)
		at++;
	if (at == bus->requests.count)
		return 0;
	request = &bus->requests.items[at];
	request->asking = sd_bus_slot_unref(request->asking);
	if (sd_bus_message_is_method_error(answer, NULL) ||
		sd_bus_message_read(answer, "u", &uid) < 0 || uid != 0)
		send_error(request->message, SD_BUS_ERROR_ACCESS_DENIED,
			"only root may do this");
	else if ((r = read_arguments(request)) < 0)
		(void)sd_bus_reply_method_errno(request->message, r, NULL);
	else
		return 0; /* the turn that follows serves it */
	free_request(request);
	array_remove(&bus->requests, at);
	return 0;
}

static int take_request(sd_bus_message *message, struct bus *bus, sd_bus_error *error,
	enum session_request what, bool timed)
{
	struct bus_request request = { .request = what, .timed = timed };
	int r;

	if (!session_writes(bus->session))
		return sd_bus_error_set(error, BUS_ERROR_MONITORING,
			"rpfilterd writes nothing: its mode is not \"correct\"");
	if (bus->requests.count >= REQUESTS_MOST)
		return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
			"too many requests are waiting; try again in a moment");
	r = sd_bus_call_method_async(bus->bus, &request.asking, "org.freedesktop.DBus",
		"/org/freedesktop/DBus", "org.freedesktop.DBus", "GetConnectionUnixUser",
		on_user, bus, "s", sd_bus_message_get_sender(message));
	if (r < 0)
		return r;
	request.message = sd_bus_message_ref(message);
	r = array_push(&bus->requests, &request);
	if (r < 0)
		free_request(&request);
	return r < 0 ? r : 1;
}

/* In the order in which they came: the bus answers in this order, too. */
bool bus_next(struct bus *bus, struct bus_request *ret)
{
	if (bus->unarmed)
		bus->unarmed = arm_retry(bus) < 0;
	if (!bus->requests.count || bus->requests.items[0].asking)
		return false;
	*ret = bus->requests.items[0];
	array_remove(&bus->requests, 0);
	return true;
}

/* Whoever is gone meanwhile gets none. */
static void answer_error(const struct bus *bus, sd_bus_message *message, int error)
{
	if (error == -ENOLCK)
		send_error(message, SD_BUS_ERROR_FAILED, bus->session->ledger_error);
	else if (error == -EAGAIN)
		send_error(message, SD_BUS_ERROR_FAILED,
			"rpfilterd is resynchronising with the kernel; try again in a moment");
	else
		(void)sd_bus_reply_method_errno(message, error, NULL);
}

void bus_answer(struct bus *bus, struct bus_request *request, int error,
	struct request_answers *answers)
{
	make_sendable(answers);
	if (error >= 0)
		error = send_reply(request->message, answers);
	if (error < 0)
		answer_error(bus, request->message, error);
	free_request(request);
}

static int on_apply(sd_bus_message *message, void *bus, sd_bus_error *error)
{
	return take_request(message, bus, error, SESSION_APPLY, false);
}

static int on_revert(sd_bus_message *message, void *bus, sd_bus_error *error)
{
	return take_request(message, bus, error, SESSION_REVERT, false);
}

static int on_pause(sd_bus_message *message, void *bus, sd_bus_error *error)
{
	return take_request(message, bus, error, SESSION_PAUSE, false);
}

static int on_pause_for(sd_bus_message *message, void *bus, sd_bus_error *error)
{
	return take_request(message, bus, error, SESSION_PAUSE, true);
}

static int on_resume(sd_bus_message *message, void *bus, sd_bus_error *error)
{
	return take_request(message, bus, error, SESSION_RESUME, false);
}

/* Who may call is asked in take_request(), by user and not by capability. */
static const sd_bus_vtable methods[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD(
		"Apply", BUS_NAMES, "a" BUS_ANSWER, on_apply, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("Revert", BUS_NAMES, "a" BUS_ANSWER, on_revert,
		SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD(
		"Pause", BUS_NAMES, "a" BUS_ANSWER, on_pause, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("PauseFor", BUS_NAMES "t", "a" BUS_ANSWER, on_pause_for,
		SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("Resume", BUS_NAMES, "a" BUS_ANSWER, on_resume,
		SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};

/* --- the connection ------------------------------------------------------------------------ */

static int on_disconnected(sd_bus_message *message, void *bus, sd_bus_error *error)
{
	(void)message;
	(void)error;
	retry_later(bus);
	return 0;
}

static int on_name(sd_bus_message *message, void *data, sd_bus_error *error)
{
	struct bus *bus = data;
	const sd_bus_error *refused = sd_bus_message_get_error(message);

	(void)error;
	if (refused)
		log_event(bus->sink, EVENT_BUS_FAILED,
			"Cannot get the name on the system bus: %s; rpfilterctl cannot reach rpfilterd, all else works.",
			refused->message ? refused->message : refused->name);
	/* who may not have it is not to ask again; what else fails may pass */
	bus->nameless = refused && strcmp(refused->name, SD_BUS_ERROR_ACCESS_DENIED) != 0;
	if (bus->nameless)
		retry_later(bus);
	else
		bus->wait_usec = 0;
	return 0;
}

/* It is fine if another one, of another namespace, has it. */
static int on_short_name(sd_bus_message *message, void *bus, sd_bus_error *error)
{
	(void)message;
	(void)bus;
	(void)error;
	return 0;
}

static int set_up(struct bus *bus)
{
	char netns[NETNS_ID], name[BUS_NAME];
	int r = netns_id(netns);

	if (r < 0)
		return r;
	bus_name(netns, name);
	r = sd_bus_set_exit_on_disconnect(bus->bus, false);
	/* at the loop's exit it would flush, which waits for a bus that never answered for ever */
	if (r >= 0)
		r = sd_bus_set_close_on_exit(bus->bus, false);
	if (r >= 0)
		r = sd_bus_match_signal_async(bus->bus, NULL,
			"org.freedesktop.DBus.Local", NULL, "org.freedesktop.DBus.Local",
			"Disconnected", on_disconnected, NULL, bus);
	if (r >= 0)
		r = sd_bus_add_object_vtable(
			bus->bus, NULL, BUS_PATH, BUS_INTERFACE, methods, bus);
	if (r >= 0)
		r = sd_bus_request_name_async(bus->bus, NULL, name, 0, on_name, bus);
	if (r >= 0)
		r = sd_bus_request_name_async(
			bus->bus, NULL, "org.rpfilterd1", 0, on_short_name, bus);
	/* behind the kernel's events, which are what this is about */
	return r < 0 ? r
		     : sd_bus_attach_event(bus->bus, bus->event, SD_EVENT_PRIORITY_IDLE);
}

static void connect_bus(struct bus *bus);

static int on_retry(sd_event_source *source, uint64_t usec, void *bus)
{
	(void)source;
	(void)usec;
	connect_bus(bus);
	return 0;
}

static void connect_bus(struct bus *bus)
{
	int r;

	if (bus->bus && sd_bus_is_open(bus->bus) > 0 && !bus->nameless)
		return;
	bus->nameless = false;
	drop_requests(bus);
	bus->bus = sd_bus_close_unref(bus->bus);
	r = sd_bus_open_system_with_description(&bus->bus, "rpfilterd");
	if (r >= 0)
		r = set_up(bus);
	if (r < 0) {
		bus->bus = sd_bus_close_unref(bus->bus);
		retry_later(bus);
	}
}

void bus_update(struct bus *bus)
{
	if (bus->event && session_writes(bus->session))
		connect_bus(bus);
	else
		bus_stop(bus);
}

void bus_stop(struct bus *bus)
{
	drop_requests(bus);
	/* a reply was sent, if the bus takes any: not flushed, that could last for ever */
	bus->bus = sd_bus_close_unref(bus->bus);
	bus->retry = sd_event_source_disable_unref(bus->retry);
	bus->unarmed = false;
	bus->wait_usec = 0;
}
