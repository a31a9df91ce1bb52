/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/possible.h"

/* Never a packet's source, whatever the filter is; local and broadcast addresses too. Only
 * what lies in the set is looked for: a host may have thousands of addresses. */
static int add_impossible(const struct state *state, const struct prefixset *set,
	struct prefixset *impossible)
{
	const struct prefix4 martians[] = {
		state_zeronet(state), { { 0x7f000000 }, 8 }, /* 127.0.0.0/8 */
		{ { 0xe0000000 }, 4 },			     /* 224.0.0.0/4 */
		{ { 0xffffffff }, 32 },			     /* 255.255.255.255 */
	};
	int r = 0;

	for (size_t i = 0; i < ELEMENTS(martians) && r >= 0; i++)
		r = prefixset_add_prefix(impossible, martians[i]);
	for (size_t i = 0; i < set->ranges.count && r >= 0; i++)
		r = local_addrs_impossible(&state->local_addrs,
			set->ranges.items[i].first, set->ranges.items[i].last,
			impossible);
	prefixset_close(impossible);
	return r;
}

int possible_sources(
	const struct state *state, const struct prefixset *set, struct prefixset *ret)
{
	struct prefixset impossible = { 0 };
	int r = add_impossible(state, set, &impossible);

	if (r >= 0)
		r = prefixset_subtract(set, &impossible, ret);
	prefixset_done(&impossible);
	return r;
}
