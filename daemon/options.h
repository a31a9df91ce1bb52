/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/config/config.h"
#include "daemon/journal/sink.h"

#include <stdbool.h>

/* The command line of rpfilterd. Texts are argv's. */
struct options {
	const char *config;	     /* NULL: RPFILTERD_CONFIG, which may be missing */
	const char *state_directory; /* NULL: $STATE_DIRECTORY */
	bool check_config, once;
	bool has_mode; /* --mode: whatever the file says, interfaces included */
	enum config_mode mode;
	bool has_log;
	enum sink_kind log;
	int level; /* syslog(3) */
};

/*
 * Reads the command line. Returns 1 to go on with *ret; 0 when it was answered (--help,
 * --version); a negative errno when it is wrong, or the answer could not be written, which was said on
 * stderr in one line.
 */
int options_parse(int argc, char **argv, struct options *ret);

/* After an answer on stdout: 0, or -EIO when it could not be written, which was said. */
int options_flush(void);
