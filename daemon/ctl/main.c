/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/verbs.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	return verbs_main(argc, argv, stdout, stderr);
}
