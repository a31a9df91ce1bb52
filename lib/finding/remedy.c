/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/remedy.h"

#include "net/ifname.h"

#include <stdio.h>
#include <string.h>

void remedy_key(const char *name, char key[static 64])
{
	char file[NAME_MAX_];
	size_t length = strnlen(name, sizeof(file) - 1);

	for (size_t i = 0; i < length; i++)
		file[i] = name[i] == '.' ? '/' : name[i];
	file[length] = '\0';
	snprintf(key, 64, "net.ipv4.conf.%s.rp_filter", file);
}

/* Whether a value for the interface lets all of the sources in: 1, 0 or -ENOMEM. */
static int value_cures(const struct overlay *overlay, const struct iface *iface,
	const struct flowclass *class, const struct prefixset *sources,
	const struct dropset *asked, int rp_filter)
{
	const struct overlay_value value = { iface->link.ifindex, rp_filter };
	const struct overlay tried = {
		.state = overlay->state, .values = &value, .value_count = 1
	};
	struct dropset left = *asked;
	int r = dropset_count(&tried, iface, class, sources, &left);
	bool cured = !left.by[DROP_FILTER].count;

	dropset_done(&left);
	return r < 0 ? r : cured;
}

bool remedy_assignment(const char *key, int value, char *out, size_t size)
{
	if (ifname_is_plain(key)) {
		snprintf(out, size, "%s=%d", key, value);
		return true;
	}
	/* nor a quote, which would begin something if it were pasted */
	snprintf(out, size,
		"write %d to the file rp_filter in the directory of the interface under /proc/sys/net/ipv4/conf",
		value);
	return false;
}

bool remedy_command(const char *key, int value, char *out, size_t size)
{
	char assignment[REMEDY_ASSIGNMENT];
	bool plain = remedy_assignment(key, value, assignment, sizeof(assignment));

	snprintf(out, size, "%s%s", plain ? "sysctl -w " : "", assignment);
	return plain;
}

static void set_step(struct remedy *remedy, const struct iface *iface, int value)
{
	struct remedy_step *step = &remedy->steps[0];

	remedy_key(iface->link.name, step->key);
	step->ifindex = iface->link.ifindex;
	step->value = value;
	remedy->step_count = 1;
	(void)remedy_command(step->key, value, remedy->text, sizeof(remedy->text));
}

/* Where no setting of the interface alone helps, all is what stands in the way. */
static void write_remedy(struct remedy *remedy, const struct iface *iface,
	const struct flowclass *class, enum rpf_reason reason)
{
	char key[64], loose[128];

	/* no value of rp_filter lets them in */
	if (reason == RPF_LOCAL_SOURCE || reason == RPF_INVALID_SOURCE) {
		snprintf(remedy->text, sizeof(remedy->text),
			class->flow.mark
				? "set net.ipv4.conf.all.src_valid_mark=0 and the interface's own, if nothing else needs it; or accept_local=1 and rp_filter=2 on the interface"
				: "take away that route or the rule to its table; or set accept_local=1 and rp_filter=2 on the interface");
		return;
	}

	remedy_key(iface->link.name, key);
	(void)remedy_command(key, 2, loose, sizeof(loose));
	if (!iface->addrs.count && reason != RPF_NO_ROUTE &&
		ifname_is_plain(iface->link.name))
		snprintf(remedy->text, sizeof(remedy->text),
			"ip address add 127.0.0.42/32 scope host dev %s && %s",
			iface->link.name, loose);
	else if (!iface->addrs.count && reason != RPF_NO_ROUTE)
		snprintf(remedy->text, sizeof(remedy->text),
			"add an address of host scope, such as 127.0.0.42/32, to the interface, then %s",
			loose);
	else
		snprintf(remedy->text, sizeof(remedy->text),
			"add a route to the sources; or set net.ipv4.conf.all.rp_filter=0 and each interface to its own value: %s=0 has no effect before all=0",
			key);
}

int remedy_find(const struct overlay *overlay, const struct iface *iface,
	const struct flowclass *class, const struct prefixset *sources,
	const struct dropset *asked, enum rpf_reason reason, struct remedy *ret)
{
	struct rp_filter filter = overlay_rp_filter(overlay, iface);
	int r = 0;

	*ret = (struct remedy){ 0 };
	if (filter.effective == 1)
		r = value_cures(overlay, iface, class, sources, asked, 2);
	if (r > 0)
		set_step(ret, iface, 2);
	if (r != 0)
		return r < 0 ? r : 0;
	if (overlay_zero_is_off(overlay, filter.all))
		r = value_cures(overlay, iface, class, sources, asked, 0);
	if (r > 0)
		set_step(ret, iface, 0);
	if (r != 0)
		return r < 0 ? r : 0;
	write_remedy(ret, iface, class, reason);
	return 0;
}

void remedy_route(const struct overlay *overlay, const struct iface *iface,
	const struct reverse *reverse, struct remedy *ret)
{
	const struct iface *vrf = state_vrf(overlay->state, iface);
	uint32_t number = vrf ? vrf->link.vrf_table : TABLE_MAIN;
	const struct fib *fib = state_table(overlay->state, number);
	char table[12], prefix[PREFIX4_TEXT];

	*ret = (struct remedy){ 0 };
	if (reverse->known)
		snprintf(ret->text, sizeof(ret->text),
			"add a route to the sources: the %s route %s of table %s refuses them; rp_filter is not the cause",
			route_type_name(reverse->type),
			prefix4_format(reverse->prefix, prefix),
			table_name(reverse->table, table));
	else if (fib && trie_get(&fib->trie, (struct prefix4){ 0 }))
		snprintf(ret->text, sizeof(ret->text),
			"add a route to the sources: none can be used; rp_filter is not the cause");
	else
		snprintf(ret->text, sizeof(ret->text),
			"add a route to the sources: table %s has no default route; rp_filter is not the cause",
			table_name(number, table));
}
