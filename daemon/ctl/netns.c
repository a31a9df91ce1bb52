/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/netns.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "daemon/config/config_text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

static const char *why(int error)
{
	switch (error) {
	case EPERM:
	case EACCES:
		return "not permitted; --netns needs root (CAP_SYS_ADMIN)";
	case EINVAL:
		return "not a network namespace";
	case ENOENT:
		return "does not exist; `ip netns list` shows the named ones";
	default:
		return strerror(error);
	}
}

int netns_enter(const char *name, char error[static ERROR_TEXT])
{
	char path[PATH_MAX], quoted[CONFIG_QUOTE_TEXT];
	_cleanup_(closep) int fd = -1;
	int r = 0;

	config_text_quote(name, quoted);
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		r = -ENOENT;
	else if (snprintf(path, sizeof(path), "%s%s",
			 strchr(name, '/') ? "" : "/run/netns/",
			 name) >= (int)sizeof(path))
		r = -ENAMETOOLONG;
	if (r == 0)
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (r == 0 && (fd < 0 || setns(fd, CLONE_NEWNET) < 0))
		r = -errno;
	if (r < 0)
		(void)snprintf(
			error, ERROR_TEXT, "network namespace %s: %s", quoted, why(-r));
	return r;
}
