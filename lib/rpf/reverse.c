/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpf/reverse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *table_name(uint32_t table, char out[static 12])
{
	const char *name = table == TABLE_MAIN	    ? "main"
			   : table == TABLE_LOCAL   ? "local"
			   : table == TABLE_DEFAULT ? "default"
						    : NULL;

	if (name)
		snprintf(out, 12, "%s", name);
	else
		snprintf(out, 12, "%u", table);
	return out;
}

struct add_nexthop {
	const struct overlay *overlay;
	struct reverse *reverse;
	int error;
	bool first;
};

static bool add_reverse_nexthop(const struct nexthop *nexthop, void *data)
{
	struct add_nexthop *add = data;
	const struct iface *iface = state_iface(add->overlay->state, nexthop->oif);
	struct device_name device = { 0 };
	char addr[IP4_TEXT];

	if (add->first && nexthop->gw_family)
		snprintf(add->reverse->via, sizeof(add->reverse->via), "%s",
			nexthop->gw_family == 4 ? ip4_format(nexthop->gw, addr)
						: "inet6");
	add->first = false;
	if (!iface)
		return false;
	array_each (&add->reverse->devices, const struct device_name, known) {
		if (strcmp(known->name, iface->link.name) == 0)
			return false;
	}
	memcpy(device.name, iface->link.name, sizeof(device.name));
	add->error = array_push(&add->reverse->devices, &device);
	return add->error < 0;
}

static uint32_t implied_rule(uint32_t table)
{
	return table == TABLE_LOCAL ? 0 : table == TABLE_MAIN ? 32766 : 32767;
}

int reverse_of(const struct overlay *overlay, const struct lookup_result *result,
	struct reverse *ret)
{
	struct add_nexthop add = { .overlay = overlay, .reverse = ret, .first = true };

	if (!result->info)
		return 0;
	ret->known = true;
	ret->type = result->info->type;
	ret->prefix = result->prefix;
	ret->table = result->info->table;
	ret->rule = result->rule ? result->rule->priority : implied_rule(ret->table);
	state_any_nexthop(overlay->state, result->info, add_reverse_nexthop, &add);
	return add.error < 0 ? add.error : 0;
}

void reverse_done(struct reverse *reverse)
{
	array_done(&reverse->devices);
}

bool reverse_same_devices(const struct reverse *a, const struct reverse *b)
{
	return a->devices.count == b->devices.count &&
	       (!a->devices.count ||
		       memcmp(a->devices.items, b->devices.items,
			       a->devices.count * sizeof(*a->devices.items)) == 0);
}

const char *reverse_devices(const struct reverse *reverse, char *out, size_t size)
{
	size_t count = reverse->devices.count, shown = count > 3 ? 2 : count, length = 0;

	out[0] = '\0';
	for (size_t i = 0; i < shown && length < size; i++)
		length += (size_t)snprintf(out + length, size - length, "%s%s",
			i ? ", " : "", reverse->devices.items[i].name);
	if (shown < count && length < size)
		snprintf(out + length, size - length, " and %zu more", count - shown);
	return out;
}
