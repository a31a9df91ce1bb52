/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/snapshot_load.h"

#include "base/cleanup.h"
#include "kernel/nl_decode.h"
#include "kernel/pcapng.h"
#include "kernel/procsys.h"
#include "kernel/snapshot.h"
#include "kernel/snapshot_save.h"
#include "state/state_apply.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#define NOTES_MOST 256
#define NOTES_SIZE ((size_t)64 << 20)
#define OTHERS_MOST 1000000 /* messages that are no routes: each may take a KiB */

struct load {
	struct state *state;
	struct snapshot_notes *notes;
	struct snapshot_fault *fault;
	struct nl_decoder decoder;
	struct nl_counts counts;
	size_t others;
	bool merged; /* it was said whether local and main are */
};

static int refuse(const struct load *load, uint64_t at, const char *what)
{
	*load->fault = (struct snapshot_fault){ what, at };
	return -EBADMSG;
}

/* What is wrong with what was read, where that is the file's fault. */
static int explain_error(const struct load *load, const struct pcapng_in *in, int error)
{
	const uint64_t taken = in->stream->taken;
	const bool empty = !taken && !in->stream->packed;

	if (error == -EBADMSG && in->what)
		return refuse(load, in->at, in->what);
	if (error == -EBADMSG)
		return refuse(load, taken, "the compressed data is damaged");
	if (error == -ENODATA)
		return refuse(load, taken, empty ? "an empty file" : "the file is cut");
	if (error == -EFBIG)
		return refuse(load, taken,
			"more than 4 GiB when unpacked, or a window of more than 8 MiB");
	return error;
}

void snapshot_notes_done(struct snapshot_notes *notes)
{
	array_each (&notes->list, struct snapshot_note, note) {
		free(note->key);
		free(note->text);
	}
	array_done(&notes->list);
}

const struct snapshot_note *snapshot_notes_find(
	const struct snapshot_notes *notes, const char *key)
{
	array_each (&notes->list, const struct snapshot_note, note) {
		if (strcmp(note->key, key) == 0)
			return note;
	}
	return NULL;
}

/* The note of that key, which may be new. */
static int find_or_add(
	struct snapshot_notes *notes, const char *key, struct snapshot_note **ret)
{
	struct snapshot_note fresh = { 0 };
	int r;

	*ret = (struct snapshot_note *)snapshot_notes_find(notes, key);
	if (*ret)
		return 0;
	fresh.key = strdup(key);
	fresh.text = calloc(1, 1);
	r = fresh.key && fresh.text ? array_push(&notes->list, &fresh) : -ENOMEM;
	if (r < 0) {
		free(fresh.key);
		free(fresh.text);
		return r;
	}
	*ret = &notes->list.items[notes->list.count - 1];
	return 0;
}

static int append(
	struct snapshot_notes *notes, const char *key, const char *text, size_t length)
{
	struct snapshot_note *note;
	char *grown;
	int r = find_or_add(notes, key, &note);

	if (r < 0)
		return r;
	grown = realloc(note->text, note->length + length + 1);
	if (!grown)
		return -ENOMEM;
	memcpy(grown + note->length, text, length);
	note->text = grown;
	note->length += length;
	note->text[note->length] = '\0';
	notes->size += length;
	return 0;
}

/* A note that is a record takes its place among the messages. */
static int apply_note(
	struct load *load, const struct pcapng_packet *packet, const char *key)
{
	const struct snapshot_note *note = snapshot_notes_find(load->notes, key);
	struct record record;

	if (snapshot_note_record(key, note->text, &record) < 0)
		return refuse(load, packet->at,
			"a kernel's version, or whether local and main are merged, that is none");
	load->merged |= record.kind == RECORD_MERGED;
	return state_apply_handler(&record, load->state);
}

static int take_note(struct load *load, const struct pcapng_packet *packet)
{
	const char *newline = memchr(packet->comment, '\n', packet->comment_length);
	char key[SNAPSHOT_KEY];
	size_t length;
	int r;

	if (!newline)
		return 0; /* somebody's comment */
	length = (size_t)(newline - packet->comment);
	if (length >= sizeof(key) || load->notes->list.count >= NOTES_MOST ||
		load->notes->size + packet->comment_length > NOTES_SIZE)
		return refuse(load, packet->at, "too many notes, or too long ones");
	if (memchr(packet->comment, '\0', packet->comment_length))
		return refuse(load, packet->at, "a note that is no text");
	memcpy(key, packet->comment, length);
	key[length] = '\0';
	r = append(load->notes, key, newline + 1, packet->comment_length - length - 1);
	if (r < 0)
		return r;
	if (strcmp(key, SNAPSHOT_NOTE_KERNEL) == 0 ||
		strcmp(key, SNAPSHOT_NOTE_MERGED) == 0)
		return apply_note(load, packet, key);
	return 0;
}

static int take_message(struct load *load, const struct nlmsghdr *message, uint64_t at)
{
	int r;

	if (message->nlmsg_type < NLMSG_MIN_TYPE)
		return 0; /* a dump's end, or nothing at all */
	if (message->nlmsg_type != RTM_NEWROUTE && load->others++ >= OTHERS_MOST)
		return refuse(load, at, "more than a million links, addresses and rules");
	r = nl_decode_to(&load->decoder, message, true, &load->counts,
		state_apply_handler, load->state);
	if (r == -EBADMSG)
		return refuse(load, at, "a malformed netlink message");
	if (r == -EINVAL)
		return refuse(load, at, "a netlink message that says what cannot be");
	return r;
}

static int take_packet(struct load *load, const struct pcapng_packet *packet)
{
	const char *begin = packet->datagram, *at = begin;
	const struct nlmsghdr *message;
	size_t left = packet->length;
	uint64_t offset = packet->at;
	int r = packet->comment ? take_note(load, packet) : 0;

	while (r >= 0 && (message = nl_next(&at, &left)) != NULL) {
		r = take_message(load, message, offset);
		offset = packet->at + (uint64_t)(at - begin);
	}
	if (r >= 0 && left)
		return refuse(load, offset, "a netlink message that is cut");
	return r;
}

static int take_packets(struct load *load, struct pcapng_in *in)
{
	struct pcapng_packet packet;
	int r;

	while ((r = pcapng_next(in, &packet)) > 0) {
		r = take_packet(load, &packet);
		if (r < 0)
			return r;
	}
	return explain_error(load, in, r);
}

static int open_file(struct load *load, struct pcapng_in *in, struct zstream_in *stream)
{
	struct pcapng_head head;
	int r = pcapng_open(in, stream, &head);

	if (r < 0)
		return explain_error(load, in, r);
	memcpy(load->notes->program, head.program, sizeof(head.program));
	if (strncmp(head.comment, SNAPSHOT_VERSION, sizeof(SNAPSHOT_VERSION) - 2) != 0)
		return refuse(load, 0, "a pcapng that is no snapshot of rpfilterctl's");
	if (strcmp(head.comment, SNAPSHOT_VERSION) != 0)
		return refuse(load, 0, "a snapshot of a newer format");
	return 0;
}

static int read_note(const char *path, char **ret, size_t *ret_length, void *userdata)
{
	const struct snapshot_note *note;
	char key[SNAPSHOT_KEY];

	(void)snprintf(key, sizeof(key), SNAPSHOT_NOTE_FILE "%s", path);
	note = snapshot_notes_find(userdata, key);
	if (!note)
		return -ENOENT;
	*ret = strndup(note->text, note->length);
	*ret_length = note->length;
	return *ret ? 0 : -ENOMEM;
}

/* What came as notes, and is taken in behind all messages. */
static int take_files(struct load *load, uint64_t end)
{
	const struct procsys_source source = { read_note, load->notes };
	int r;

	if (!load->merged)
		return refuse(
			load, end, "nothing says whether local and main are merged");
	r = procsys_read_all(&source, state_apply_handler, load->state);
	if (r >= 0)
		r = procsys_read_memberships(&source, state_apply_handler, load->state);
	if (r == -ENOENT)
		return refuse(load, end, "a file of /proc is missing");
	if (r == -EBADMSG || r == -EINVAL)
		return refuse(load, end, "a file of /proc has not what it should have");
	return r;
}

static int load_all(struct load *load, FILE *file)
{
	struct zstream_in stream;
	struct pcapng_in in = { .block = NULL };
	int r = zstream_in_init(&stream, file);

	if (r >= 0)
		r = open_file(load, &in, &stream);
	if (r >= 0)
		r = take_packets(load, &in);
	if (r >= 0)
		r = take_files(load, stream.taken);
	pcapng_in_done(&in);
	zstream_in_done(&stream);
	return r;
}

int snapshot_load(FILE *file, struct state *state, struct snapshot_notes *notes,
	struct snapshot_fault *fault)
{
	struct load load = { .state = state, .notes = notes, .fault = fault };
	int r;

	nl_decoder_init(&load.decoder);
	r = load_all(&load, file);
	nl_decoder_done(&load.decoder);
	return r;
}
