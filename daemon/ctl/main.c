/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/verbs.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* Where whoever starts us has closed one, what is opened next would get its number, and the output
 * would go into a socket or the ledger. In its place is a file that can be neither read nor
 * written, so that it is an error as before. */
static void hold_standard_files(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			(void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
	}
}

int main(int argc, char **argv)
{
	hold_standard_files();
	return verbs_main(argc, argv, stdout, stderr);
}
