/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding/remedy.h"

#include "base/strbuf.h"
#include "net/ifname.h"

#include <stdio.h>
#include <string.h>

void remedy_done(struct remedy *remedy)
{
	array_done(&remedy->steps);
	array_done(&remedy->commands);
}

const char *remedy_kind_name(enum remedy_kind kind)
{
	switch (kind) {
	case REMEDY_NONE:
		return "none";
	case REMEDY_SYSCTL:
		return "sysctl";
	case REMEDY_RULE:
		return "rule";
	case REMEDY_ROUTE:
		return "route";
	case REMEDY_ADDRESS:
		return "address";
	}
	return "none";
}

const char *remedy_cures_name(enum remedy_cures cures)
{
	return cures == REMEDY_CURES_PACKETS ? "packets" : "connection";
}

const char *remedy_head(const struct remedy *remedy)
{
	return remedy->cures == REMEDY_CURES_PACKETS ? "Partial fix" : "Fix";
}

/* --- commands ------------------------------------------------------------------------------- */

#define KEY_BEGIN "net.ipv4.conf."

/* The key of any setting of an interface. */
static void setting_key(
	const char *name, const char *setting, char key[static REMEDY_KEY])
{
	char folder[NAME_MAX_];
	size_t length = strnlen(name, sizeof(folder) - 1);

	for (size_t i = 0; i < length; i++)
		folder[i] = name[i] == '.' ? '/' : name[i];
	folder[length] = '\0';
	snprintf(key, REMEDY_KEY, KEY_BEGIN "%s.%s", folder, setting);
}

void remedy_key(const char *name, char key[static REMEDY_KEY])
{
	setting_key(name, "rp_filter", key);
}

bool remedy_assignment(const char *key, int value, char *out, size_t size)
{
	const char *setting = strrchr(key, '.');

	if (ifname_is_plain(key)) {
		snprintf(out, size, "%s=%d", key, value);
		return true;
	}
	/* nor a quote, which would begin something if it were pasted */
	snprintf(out, size,
		"write %d to the file %s in the directory of the interface under /proc/sys/net/ipv4/conf",
		value, setting ? setting + 1 : "rp_filter");
	return false;
}

bool remedy_command(const char *key, int value, char out[static REMEDY_COMMAND])
{
	const char *setting = strrchr(key, '.');
	char name[NAME_MAX_], quoted[IFNAME_QUOTED];

	if (ifname_is_plain(key) || !setting) {
		snprintf(out, REMEDY_COMMAND, "sysctl -w %s=%d", key, value);
		return true;
	}
	snprintf(name, sizeof(name), "%.*s",
		(int)(setting - key - (int)strlen(KEY_BEGIN)), key + strlen(KEY_BEGIN));
	for (char *at = strchr(name, '/'); at; at = strchr(at, '/'))
		*at = '.';
	snprintf(out, REMEDY_COMMAND, "echo %d >/proc/sys/net/ipv4/conf/%s/%s", value,
		ifname_quote(name, quoted), setting + 1);
	return false;
}

int remedy_run(struct remedy *remedy, const char *run, const char *undo)
{
	struct remedy_command command;

	snprintf(command.run, sizeof(command.run), "%s", run);
	snprintf(command.undo, sizeof(command.undo), "%s", undo);
	return array_push(&remedy->commands, &command);
}

int remedy_set(struct remedy *remedy, int ifindex, const char *name, const char *file,
	int old, int value)
{
	struct remedy_step step = { .ifindex = ifindex, .value = value };
	char run[REMEDY_COMMAND], undo[REMEDY_COMMAND];
	int r;

	setting_key(name, file, step.key);
	(void)remedy_command(step.key, value, run);
	(void)remedy_command(step.key, old, undo);
	r = array_push(&remedy->steps, &step);
	return r < 0 ? r : remedy_run(remedy, run, undo);
}

/* Whether a step's key is none that sysctl(8) takes. */
static bool has_odd_key(const struct remedy *remedy)
{
	array_each (&remedy->steps, const struct remedy_step, step) {
		if (!ifname_is_plain(step->key))
			return true;
	}
	return false;
}

/* Room behind the text for what is said of the answers. */
#define NOTE_TEXT 104

void remedy_write(struct remedy *remedy, const char *words)
{
	const char *note =
		has_odd_key(remedy) ? " (sysctl(8) cannot take this name)" : "";
	struct strbuf text;
	size_t length = strlen(note) + NOTE_TEXT;

	array_each (&remedy->commands, const struct remedy_command, command)
		length += strlen(command->run) + strlen(" && ");
	strbuf_init(&text, remedy->text, sizeof(remedy->text));
	if (length >= sizeof(remedy->text)) {
		strbuf_add(&text, "%s", words);
		return;
	}
	array_each (&remedy->commands, const struct remedy_command, command)
		strbuf_add(&text, "%s%s", command == remedy->commands.items ? "" : " && ",
			command->run);
	strbuf_add(&text, "%s", note);
}

void remedy_lets_in_only(struct remedy *remedy, const char *leaves_by)
{
	char quoted[IFNAME_QUOTED];
	size_t length = strlen(remedy->text);

	remedy->cures = REMEDY_CURES_PACKETS;
	if (*leaves_by)
		snprintf(remedy->text + length, sizeof(remedy->text) - length,
			" (lets the packets in; answers still leave by %s)",
			ifname_is_plain(leaves_by) ? leaves_by
						   : ifname_quote(leaves_by, quoted));
	else
		snprintf(remedy->text + length, sizeof(remedy->text) - length,
			" (lets the packets in; no answer can leave)");
}

void remedy_forwarded_lost(struct remedy *remedy, const char *leaves_by)
{
	char quoted[IFNAME_QUOTED];
	size_t length = strlen(remedy->text);

	remedy->cures = REMEDY_CURES_PACKETS;
	snprintf(remedy->text + length, sizeof(remedy->text) - length,
		" (answers to what is forwarded still leave by %s)",
		ifname_is_plain(leaves_by) ? leaves_by : ifname_quote(leaves_by, quoted));
}

/* --- rp_filter ------------------------------------------------------------------------------ */

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
	/* what can't be judged can't be promised either */
	bool cured = !left.by[DROP_FILTER].count;

	dropset_done(&left);
	return r < 0 ? r : cured;
}

/* Where no setting of the interface alone helps, all is what stands in the way. */
static void write_words(struct remedy *remedy, const struct iface *iface,
	const struct flowclass *class, enum rpf_reason reason)
{
	char key[REMEDY_KEY];

	remedy_key(iface->link.name, key);
	if (reason == RPF_LOCAL_SOURCE || reason == RPF_INVALID_SOURCE)
		/* no value of rp_filter lets them in */
		snprintf(remedy->text, sizeof(remedy->text),
			class->flow.mark
				? "set net.ipv4.conf.all.src_valid_mark=0 and the interface's own, if nothing else needs it; or accept_local=1 and rp_filter=2 on the interface"
				: "take away that route or the rule to its table; or set accept_local=1 and rp_filter=2 on the interface");
	else if (!iface->addrs.count && reason != RPF_NO_ROUTE)
		snprintf(remedy->text, sizeof(remedy->text),
			"add an address of host scope, such as 127.0.0.42/32, to the interface, then set its rp_filter to 2");
	else
		snprintf(remedy->text, sizeof(remedy->text),
			"add a route to the sources; or set net.ipv4.conf.all.rp_filter=0 and each interface to its own value: %s=0 has no effect before all=0",
			ifname_is_plain(key) ? key : "the interface's own");
}

int remedy_find(const struct overlay *overlay, const struct iface *iface,
	const struct flowclass *class, const struct prefixset *sources,
	const struct dropset *asked, enum rpf_reason reason, struct remedy *ret,
	int *ret_value)
{
	struct rp_filter filter = overlay_rp_filter(overlay, iface);
	int r = 0;

	*ret_value = -1;
	if (filter.effective == 1)
		r = value_cures(overlay, iface, class, sources, asked, 2);
	if (r > 0)
		*ret_value = 2;
	if (r == 0 && overlay_zero_is_off(overlay, filter.all))
		r = value_cures(overlay, iface, class, sources, asked, 0);
	if (r > 0 && *ret_value < 0)
		*ret_value = 0;
	if (r < 0)
		return r;
	if (*ret_value < 0) {
		write_words(ret, iface, class, reason);
		return 0;
	}
	ret->kind = REMEDY_SYSCTL;
	r = remedy_set(ret, iface->link.ifindex, iface->link.name, "rp_filter",
		filter.own, *ret_value);
	remedy_write(ret, "");
	return r;
}

void remedy_route(const struct overlay *overlay, const struct iface *iface,
	const struct reverse *reverse, struct remedy *ret)
{
	const struct iface *vrf = state_vrf(overlay->state, iface);
	uint32_t number = vrf ? vrf->link.vrf_table : TABLE_MAIN;
	const struct fib *fib = state_table(overlay->state, number);
	char table[12], prefix[PREFIX4_TEXT];

	ret->kind = REMEDY_ROUTE;
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
