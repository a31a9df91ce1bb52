/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/notify.h"

#include "base/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int send_text(const char *path, const char *text)
{
	struct sockaddr_un peer = { .sun_family = AF_UNIX };
	size_t length = strlen(path);
	int fd, r = 0;

	if ((path[0] != '/' && path[0] != '@') || length >= sizeof(peer.sun_path))
		return -EAFNOSUPPORT;
	memcpy(peer.sun_path, path, length);
	if (path[0] == '@') /* no file, but a name in the abstract */
		peer.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (sendto(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL,
		    (const struct sockaddr *)&peer,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) < 0)
		r = -errno;
	(void)close(fd);
	return r;
}

int notify_systemd(const char *key, const char *format, ...)
{
	const char *path = getenv("NOTIFY_SOCKET");
	char value[256], text[320];
	va_list arguments;

	if (!path)
		return 0;
	va_start(arguments, format);
	(void)vsnprintf(value, sizeof(value), format, arguments);
	va_end(arguments);
	utf8_printable(value);
	(void)snprintf(text, sizeof(text), "%s=%s", key, value);
	return send_text(path, text);
}
