/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/*
 * hear PATH: stands where the journal or systemd listens, at a Unix datagram socket, and prints
 * each datagram as it is, with a line "--" behind it.
 */
int main(int argc, char **argv)
{
	struct sockaddr_un own = { .sun_family = AF_UNIX };
	static char bytes[256 * 1024];
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (argc != 2 || strlen(argv[1]) >= sizeof(own.sun_path)) {
		fputs("hear PATH\n", stderr);
		return 2;
	}
	strcpy(own.sun_path, argv[1]);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&own, sizeof(own)) < 0 ||
		chmod(argv[1], 0666) < 0) {
		fprintf(stderr, "hear: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	puts("ready");
	for (;;) {
		ssize_t got;

		fflush(stdout);
		got = recv(fd, bytes, sizeof(bytes), 0);
		if (got < 0)
			return 1;
		fwrite(bytes, 1, (size_t)got, stdout);
		puts(got > 0 && bytes[got - 1] == '\n' ? "--" : "\n--");
	}
}
