/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "change/change_address.h"
#include "change/change_job.h"
#include "change/change_link.h"
#include "change/change_nexthop.h"
#include "change/change_route.h"
#include "change/change_rule.h"
#include "change/change_setting.h"

#include <errno.h>

int change_apply(
	struct state *state, const struct change *change, char why[static CHANGE_WHY])
{
	const struct change_job job = { state, change, why };

	why[0] = '\0';
	switch (change->object) {
	case CHANGE_LINK:
		return change_apply_link(&job);
	case CHANGE_ADDRESS:
		return change_apply_address(&job);
	case CHANGE_ROUTE:
		return change_apply_route(&job);
	case CHANGE_RULE:
		return change_apply_rule(&job);
	case CHANGE_NEXTHOP:
		return change_apply_nexthop(&job);
	case CHANGE_SETTING:
		return change_apply_setting(&job);
	}
	return change_refuse(&job, -EINVAL, "it is of no kind that is known");
}
