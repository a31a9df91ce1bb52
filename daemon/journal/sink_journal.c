/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/journal/sink.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

/* sd_journal_sendv() says 0 also where nobody listens: look whether there is a socket. */
#define JOURNAL_SOCKET "/run/systemd/journal/socket"

int sink_journal(const struct entry *entry)
{
	_cleanup_(freep) struct iovec *fields = NULL;
	static const char identifier[] = "SYSLOG_IDENTIFIER=rpfilterd";
	char priority[16];
	size_t count = 0;
	int r;

	if (access(JOURNAL_SOCKET, W_OK) < 0)
		return -errno;
	fields = calloc(entry->fields.count + 2, sizeof(*fields));
	if (!fields)
		return -ENOMEM;
	snprintf(priority, sizeof(priority), "PRIORITY=%d", entry->priority);
	fields[count++] = (struct iovec){ priority, strlen(priority) };
	fields[count++] = (struct iovec){ (char *)identifier, strlen(identifier) };
	array_each (&entry->fields, char *const, field)
		fields[count++] = (struct iovec){ *field, strlen(*field) };
	r = sd_journal_sendv(fields, (int)count);
	return r < 0 ? r : 0;
}
