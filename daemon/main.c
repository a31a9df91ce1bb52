/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/print.h"
#include "daemon/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define EXIT_WRONG 2 /* also: --once could not tell */

/* The configuration that the options name. 0, or the exit status after saying in one line what is
 * wrong. */
static int load_config(const struct options *options, struct config **ret)
{
	const char *path = options->config ? options->config : RPFILTERD_CONFIG;
	_cleanup_(freep) char *error = NULL;
	int r = config_load(path, options->config != NULL, ret, &error);

	if (r >= 0)
		return 0;
	print_line(stderr, "rpfilterd: %s", error ? error : strerror(-r));
	/* the service is not started again where its configuration is wrong */
	return options->once || config_is_wrong(r) ? EXIT_WRONG : EXIT_FAILURE;
}

/* Whoever starts us with closed descriptors would have his output end in a socket of ours. */
static void open_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		(void)close(fd);
}

int main(int argc, char **argv)
{
	struct options options;
	struct daemon daemon;
	struct config *config;
	int r;

	open_standard_files();
	(void)signal(
		SIGUSR1, SIG_IGN); /* until it is heard by the loop, it does no harm */
	r = options_parse(argc, argv, &options);
	if (r <= 0)
		return r < 0 ? EXIT_WRONG : 0;
	r = load_config(&options, &config);
	if (r)
		return r;
	if (options.check_config) {
		if (!options.config && access(RPFILTERD_CONFIG, F_OK) < 0)
			print_line(stdout, "rpfilterd: " RPFILTERD_CONFIG
					   ": no such file, using the defaults");
		else
			print_line(stdout, "rpfilterd: %s: the configuration is valid",
				options.config ? options.config : RPFILTERD_CONFIG);
		config_free(config);
		return options_flush() < 0 ? EXIT_WRONG : 0;
	}
	r = daemon_init(&daemon, &options, config);
	if (r < 0)
		r = options.once ? EXIT_WRONG : EXIT_FAILURE;
	else
		r = options.once ? daemon_once(&daemon) : daemon_run(&daemon);
	daemon_done(&daemon);
	return r;
}
