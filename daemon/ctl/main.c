/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/ctl.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	return ctl_main(argc, argv, stdout, stderr);
}
