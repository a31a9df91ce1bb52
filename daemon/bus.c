/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/bus.h"

#include "daemon/daemon.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#define USEC_PER_SEC UINT64_C(1000000)
#define WAIT_LEAST USEC_PER_SEC
#define WAIT_MOST (300 * USEC_PER_SEC)

void bus_name(const char *netns, char ret[static BUS_NAME])
{
	snprintf(ret, BUS_NAME, "org.rpfilterd1.ns_%s", netns);
}

/* --- methods ------------------------------------------------------------------------------------ */

/* The policy of the bus lets only root in; that it is in force is not for us to believe. */
static int check_sender(sd_bus_message *message, sd_bus_error *error)
{
	sd_bus_creds *creds = NULL;
	uid_t uid = (uid_t)-1;
	int r = sd_bus_query_sender_creds(message, SD_BUS_CREDS_EUID, &creds);

	if (r >= 0)
		r = sd_bus_creds_get_euid(creds, &uid);
	sd_bus_creds_unref(creds);
	if (r >= 0 && uid == 0)
		return 0;
	return sd_bus_error_set(
		error, SD_BUS_ERROR_ACCESS_DENIED, "only root may ask for that");
}

/* The names of interfaces; at most as many as there can be. *ret is to be freed, with them. */
static int read_names(sd_bus_message *message, char ***ret)
{
	return sd_bus_message_read_strv(message, ret);
}

static void free_names(char **names)
{
	for (char **name = names; name && *name; name++)
		free(*name);
	free(names);
}

static int reply(sd_bus_message *message, const struct correct_answers *answers)
{
	sd_bus_message *answer = NULL;
	int r = sd_bus_message_new_method_return(message, &answer);

	if (r >= 0)
		r = sd_bus_message_open_container(answer, 'a', BUS_ANSWER);
	array_each (&answers->list, const struct correct_answer, item) {
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

/* The bus takes only UTF-8; an interface may be called anything. */
static void make_sendable(struct correct_answers *answers)
{
	array_each (&answers->list, struct correct_answer, item) {
		entry_printable(item->iif);
		entry_printable(item->text);
	}
}

static int serve(sd_bus_message *message, struct daemon *daemon, sd_bus_error *error,
	int (*work)(struct daemon *, char *const *, struct correct_answers *))
{
	struct correct_answers answers = { 0 };
	char **names = NULL;
	int r = check_sender(message, error);

	if (r < 0)
		return r;
	if (!hands_wanted(daemon))
		return sd_bus_error_set(error, BUS_ERROR_MONITORING,
			"rpfilterd only watches: its mode is \"monitor\"");
	r = read_names(message, &names);
	if (r >= 0)
		r = work(daemon, names, &answers);
	free_names(names);
	if (r >= 0) {
		make_sendable(&answers);
		r = reply(message, &answers);
	} else if (r == -ENOLCK) {
		r = sd_bus_error_set(error, SD_BUS_ERROR_FAILED, daemon->ledger_error);
	} else if (r == -EAGAIN) {
		r = sd_bus_error_set(error, SD_BUS_ERROR_FAILED,
			"events of the kernel's were lost and are being read again; try again in a moment");
	}
	array_done(&answers.list);
	return r;
}

static int on_apply(sd_bus_message *message, void *daemon, sd_bus_error *error)
{
	return serve(message, daemon, error, hands_apply);
}

static int on_revert(sd_bus_message *message, void *daemon, sd_bus_error *error)
{
	return serve(message, daemon, error, hands_revert);
}

static int on_pause(sd_bus_message *message, void *daemon, sd_bus_error *error)
{
	return serve(message, daemon, error, hands_pause);
}

static int on_resume(sd_bus_message *message, void *daemon, sd_bus_error *error)
{
	return serve(message, daemon, error, hands_resume);
}

/* Who may call is looked at in serve(), by user and not by capability. */
static const sd_bus_vtable methods[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD(
		"Apply", "as", "a" BUS_ANSWER, on_apply, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD(
		"Revert", "as", "a" BUS_ANSWER, on_revert, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD(
		"Pause", "as", "a" BUS_ANSWER, on_pause, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD(
		"Resume", "as", "a" BUS_ANSWER, on_resume, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};

/* --- the connection ----------------------------------------------------------------------------- */

static void again(struct daemon *daemon)
{
	struct bus *bus = &daemon->bus;

	bus->wait_usec = bus->wait_usec ? bus->wait_usec * 2 : WAIT_LEAST;
	if (bus->wait_usec > WAIT_MOST)
		bus->wait_usec = WAIT_MOST;
	(void)sd_event_source_set_time(bus->again, daemon_now(daemon) + bus->wait_usec);
	(void)sd_event_source_set_enabled(bus->again, SD_EVENT_ONESHOT);
}

static int on_disconnected(sd_bus_message *message, void *daemon, sd_bus_error *error)
{
	(void)message;
	(void)error;
	again(daemon);
	return 0;
}

static int on_name(sd_bus_message *message, void *data, sd_bus_error *error)
{
	struct daemon *daemon = data;
	const sd_bus_error *refused = sd_bus_message_get_error(message);

	(void)error;
	if (refused)
		sink_say(&daemon->sink, LOG_NOTICE,
			"The system bus does not give us our name: %s; rpfilterctl can't reach us, all else goes on.",
			refused->message ? refused->message : refused->name);
	daemon->bus.wait_usec = 0;
	return 0;
}

/* It is fine if another one, of another namespace, has it. */
static int on_short_name(sd_bus_message *message, void *daemon, sd_bus_error *error)
{
	(void)message;
	(void)daemon;
	(void)error;
	return 0;
}

static int set_up(struct daemon *daemon)
{
	sd_bus *bus = daemon->bus.bus;
	char netns[NETNS_ID], name[BUS_NAME];
	int r = netns_id(netns);

	if (r < 0)
		return r;
	bus_name(netns, name);
	r = sd_bus_set_exit_on_disconnect(bus, false);
	if (r >= 0)
		r = sd_bus_match_signal_async(bus, NULL, "org.freedesktop.DBus.Local",
			NULL, "org.freedesktop.DBus.Local", "Disconnected",
			on_disconnected, NULL, daemon);
	if (r >= 0)
		r = sd_bus_add_object_vtable(
			bus, NULL, BUS_PATH, BUS_INTERFACE, methods, daemon);
	if (r >= 0)
		r = sd_bus_request_name_async(bus, NULL, name, 0, on_name, daemon);
	if (r >= 0)
		r = sd_bus_request_name_async(
			bus, NULL, "org.rpfilterd1", 0, on_short_name, daemon);
	/* behind the kernel's events, which are what this is about */
	return r < 0 ? r
		     : sd_bus_attach_event(bus, daemon->event, SD_EVENT_PRIORITY_IDLE);
}

static int on_again(sd_event_source *source, uint64_t usec, void *data)
{
	struct daemon *daemon = data;

	(void)source;
	(void)usec;
	bus_start(daemon);
	return 0;
}

void bus_start(struct daemon *daemon)
{
	struct bus *bus = &daemon->bus;
	int r;

	if (!daemon->event || !hands_wanted(daemon))
		return;
	if (bus->bus && sd_bus_is_open(bus->bus) > 0)
		return;
	if (!bus->again) {
		r = sd_event_add_time(daemon->event, &bus->again, CLOCK_MONOTONIC, 0,
			USEC_PER_SEC, on_again, daemon);
		if (r < 0)
			return; /* no memory for it: then without a bus */
		(void)sd_event_source_set_enabled(bus->again, SD_EVENT_OFF);
	}
	bus->bus = sd_bus_close_unref(bus->bus);
	r = sd_bus_open_system_with_description(&bus->bus, "rpfilterd");
	if (r >= 0)
		r = set_up(daemon);
	if (r < 0) {
		bus->bus = sd_bus_close_unref(bus->bus);
		again(daemon);
	}
}

void bus_stop(struct daemon *daemon)
{
	daemon->bus.bus = sd_bus_flush_close_unref(daemon->bus.bus);
	daemon->bus.again = sd_event_source_disable_unref(daemon->bus.again);
	daemon->bus.wait_usec = 0;
}
