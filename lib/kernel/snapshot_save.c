/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/snapshot_save.h"

#include "base/cleanup.h"
#include "kernel/clock.h"
#include "kernel/procsys.h"
#include "kernel/snapshot.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#define BUFFER_SIZE PCAPNG_PACKET_MOST /* twice the longest datagram */

/* Of a release only the version is everybody's: "6.1.0" of "6.1.0-18-cloud-amd64". */
static int version_length(const char *release)
{
	return (int)strspn(release, "0123456789.");
}

int snapshot_save_begin(struct snapshot_save *save, int fd, const char *program,
	struct anonymizer *anonymizer)
{
	struct pcapng_section section = { .program = program,
		.comment = SNAPSHOT_VERSION };
	struct utsname name;
	char system[PCAPNG_TEXT];
	int r = zstream_out_init(&save->stream, fd);

	if (r < 0)
		return r;
	save->anonymizer = anonymizer;
	if (anonymizer && !(save->buffer = malloc(BUFFER_SIZE)))
		return -ENOMEM;
	if (uname(&name) < 0)
		return -errno;
	(void)snprintf(system, sizeof(system), "%s %.*s", name.sysname,
		anonymizer ? version_length(name.release) : (int)sizeof(name.release),
		name.release);
	section.system = system;
	return pcapng_begin(&save->out, &save->stream, &section);
}

void snapshot_save_done(struct snapshot_save *save)
{
	zstream_out_done(&save->stream);
	free(save->buffer);
	save->buffer = NULL;
}

int snapshot_save_note(
	struct snapshot_save *save, const char *key, const char *text, size_t length)
{
	static const struct nlmsghdr noop = { .nlmsg_len = NLMSG_HDRLEN,
		.nlmsg_type = NLMSG_NOOP };
	const size_t key_length = strlen(key);
	int r;

	if (key_length >= SNAPSHOT_KEY || strchr(key, '\n'))
		return -EINVAL;
	do {
		char comment[PCAPNG_COMMENT_MOST], *end;
		size_t part = sizeof(comment) - key_length - 1;

		if (part > length)
			part = length;
		end = mempcpy(comment, key, key_length);
		*end++ = '\n';
		memcpy(end, text, part);
		r = pcapng_add(&save->out, clock_realtime_usec(), &noop, sizeof(noop),
			comment, key_length + 1 + part);
		text += part;
		length -= part;
	} while (r >= 0 && length);
	return r;
}

static int copy_datagram(const void *bytes, size_t length, void *userdata)
{
	struct snapshot_save *save = userdata;

	if (save->anonymizer) {
		int r = anonymizer_datagram(save->anonymizer, bytes, length, save->buffer,
			BUFFER_SIZE, &length);

		if (r < 0 || !length)
			return r;
		bytes = save->buffer;
	}
	return pcapng_add(&save->out, clock_realtime_usec(), bytes, length, NULL, 0);
}

/* The text at hand, as a file of /proc for who reads those. */
struct one_file {
	const char *text;
	size_t length;
};

static int read_one(const char *path, char **ret, size_t *ret_length, void *userdata)
{
	const struct one_file *file = userdata;

	(void)path;
	*ret = strndup(file->text, file->length);
	*ret_length = file->length;
	return *ret ? 0 : -ENOMEM;
}

struct groups {
	struct anonymizer *anonymizer;
	char *text;
};

static int take_groups(const struct record *record, void *userdata)
{
	struct groups *groups = userdata;

	return anonymizer_memberships(
		groups->anonymizer, &record->memberships, &groups->text);
}

/* The groups joined, under other names and addresses. */
static int note_memberships(
	struct snapshot_save *save, const char *key, const char *text, size_t length)
{
	struct one_file file = { text, length };
	const struct procsys_source source = { read_one, &file };
	struct groups groups = { .anonymizer = save->anonymizer };
	int r = procsys_read_memberships(&source, take_groups, &groups);

	if (r >= 0)
		r = snapshot_save_note(save, key, groups.text, strlen(groups.text));
	free(groups.text);
	return r;
}

static int copy_note(const char *key, const char *text, size_t length, void *userdata)
{
	struct snapshot_save *save = userdata;
	_cleanup_(freep) char *ascii = NULL;

	if (save->anonymizer && strcmp(key, SNAPSHOT_NOTE_KERNEL) == 0)
		length = (size_t)version_length(text);
	if (save->anonymizer && strstr(key, "/igmp"))
		return note_memberships(save, key, text, length);
	/* a comment is UTF-8, and an interface's name in a file of /proc any bytes; nobody reads it
	 * there */
	ascii = malloc(length + 1);
	if (!ascii)
		return -ENOMEM;
	for (size_t i = 0; i < length; i++)
		ascii[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
	return snapshot_save_note(save, key, ascii, length);
}

int snapshot_save_kernel(struct snapshot_save *save, struct nl_request *request)
{
	const struct snapshot_copy copy = { copy_datagram, copy_note, save };

	return snapshot_read_out(request, &copy);
}

int snapshot_save_end(struct snapshot_save *save)
{
	int r = pcapng_end(&save->out);

	return r < 0 ? r : zstream_finish(&save->stream);
}
