/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What strict filtering drops, worked out from the text of `ip route show table all` and
 * nothing of ours: the routes are sorted and gone through once. It holds while there are only
 * the three rules that there are from the start.
 */
struct sum {
	double all; /* addresses that can be a source */
	double routed; /* of these, the best route of their longest prefix is by the device */
	double known; /* ... or another route of that prefix is */
};

struct sum sum_of(const char *device);
