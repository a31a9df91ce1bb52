/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/correct/bus_names.h"

#include <stdio.h>

void bus_name(const char *netns, char ret[static BUS_NAME])
{
	snprintf(ret, BUS_NAME, "org.rpfilterd1.ns_%s", netns);
}
