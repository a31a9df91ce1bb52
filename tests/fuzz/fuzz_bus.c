/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bodies of messages as they come from a socket: the names of a call, and what rpfilterctl is
 * answered; and answers with any text in them. The connection is a direct one, without a bus; who
 * calls is not asked here. The first byte says which of the two the rest is.
 */
#include "daemon/bus.c"

#include "daemon/ctl/ask_daemon.c"
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <sys/socket.h>

#define MEMBER_NAMES "Names"
#define MEMBER_ANSWERS "Answers"

static sd_bus *server; /* one connection for all inputs */
static int caller;
static uint32_t serial;
static bool taken;

/* What take_request() and the turn do, but for credentials and corrector. */
static int take_names(sd_bus_message *message)
{
	struct bus_request request = { .request = SESSION_APPLY };
	struct request_answers answers = { 0 };
	struct bus bus = { 0 };
	int r = read_names(message, &request.names);

	if (r < 0)
		return r;
	for (char **name = request.names; name && *name; name++)
		assert(request_answer_words(
			       &answers, "paused", *name, "Paused %s.", *name) == 0);
	/* an interface's name need not be UTF-8 */
	assert(request_answer_words(
		       &answers, "paused", "t\xff\xc2\x9b", "\xed\xa0\x80") == 0);
	request.message = sd_bus_message_ref(message);
	bus_answer(&bus, &request, 0, &answers);
	array_each (&answers.list, const struct request_answer, answer)
		assert(text_is_clean(answer->iif) && text_is_clean(answer->text));
	array_done(&answers.list);
	return 1;
}

static int take_answers(sd_bus_message *message)
{
	struct request_answers answers = { 0 };
	int r = read_answers(message, &answers);

	array_done(&answers.list);
	return r < 0 ? r : sd_bus_reply_method_return(message, NULL);
}

static int on_call(sd_bus_message *message, void *data, sd_bus_error *error)
{
	(void)data;
	(void)error;
	taken = true;
	return strcmp(sd_bus_message_get_member(message), MEMBER_NAMES) == 0
		       ? take_names(message)
		       : take_answers(message);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char greeting[] = "\0AUTH ANONYMOUS 72\r\nBEGIN\r\n";
	sd_id128_t id = { .bytes = { 1 } };
	int sockets[2];

	(void)argc;
	(void)argv;
	assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		       sockets) == 0);
	caller = sockets[1];
	assert(sd_bus_new(&server) >= 0 &&
		sd_bus_set_fd(server, sockets[0], sockets[0]) >= 0 &&
		sd_bus_set_server(server, true, id) >= 0 &&
		sd_bus_set_anonymous(server, true) >= 0 && sd_bus_start(server) >= 0 &&
		sd_bus_add_object(server, NULL, BUS_PATH, on_call, NULL) >= 0);
	assert(write(caller, greeting, sizeof(greeting) - 1) == sizeof(greeting) - 1);
	while (!sd_bus_is_ready(server))
		assert(sd_bus_process(server, NULL) >= 0);
	return 0;
}

/* A field of a message's header, behind what is padded to 8 bytes. */
static size_t put_field(char *out, size_t at, char code, char type, const char *text)
{
	const uint32_t length = (uint32_t)strlen(text);

	at = (at + 7) & ~(size_t)7;
	out[at++] = code;
	out[at++] = 1;
	out[at++] = type;
	out[at++] = 0;
	if (type == 'g')
		out[at++] = (char)length;
	else
		memcpy(out + at, &length, sizeof(length));
	at += type == 'g' ? 0 : sizeof(length);
	memcpy(out + at, text, length + 1);
	return at + length + 1;
}

/* The header of a call with a body of so many bytes. Returns how long it is. */
static size_t put_header(char out[static 512], bool names, size_t body)
{
	const uint32_t numbers[] = { (uint32_t)body, ++serial ? serial : ++serial };
	uint32_t length;
	size_t at = 16;

	memset(out, 0, 512);
	memcpy(out, "l\1\0\1", 4);
	memcpy(out + 4, numbers, sizeof(numbers));
	at = put_field(out, at, 1, 'o', BUS_PATH);
	at = put_field(out, at, 2, 's', BUS_INTERFACE);
	at = put_field(out, at, 3, 's', names ? MEMBER_NAMES : MEMBER_ANSWERS);
	at = put_field(out, at, 8, 'g', names ? BUS_NAMES : "a" BUS_ANSWER);
	length = (uint32_t)(at - 16);
	memcpy(out + 12, &length, sizeof(length));
	return (at + 7) & ~(size_t)7;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct input in = { bytes, size };
	bool names = input_byte(&in) & 1;
	char header[512], reply[65536];
	size_t length = put_header(header, names, in.left);
	ssize_t heard = 0, n;

	taken = false;
	assert(write(caller, header, length) == (ssize_t)length);
	assert(!in.left || write(caller, in.at, in.left) == (ssize_t)in.left);
	while (!taken)
		assert(sd_bus_process(server, NULL) >= 0);
	/* whoever asks is answered, whatever there is to say */
	assert(sd_bus_flush(server) >= 0);
	while ((n = read(caller, reply, sizeof(reply))) > 0)
		heard += n;
	assert(heard > 0);
	return 0;
}
