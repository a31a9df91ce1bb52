/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/config_notes.h"

#include "base/print.h"
#include "net/flow.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>

static void put_expect(
	FILE *out, const struct config_interface *entry, struct anonymizer *anonymizer)
{
	const char *gap = "";
	char text[PREFIX4_TEXT];

	print_part(out, " expect = [");
	array_each (&entry->expect, const struct prefix4, prefix) {
		print_part(out, "%s\"%s\"", gap,
			prefix4_format(ip4map_prefix(&anonymizer->addrs, *prefix), text));
		gap = ", ";
	}
	print_part(out, "];");
}

static void put_interfaces(
	FILE *out, const struct config *config, struct anonymizer *anonymizer)
{
	const char *gap = "";

	print_part(out, "interfaces = (");
	array_each (&anonymizer->links, const struct anonymous_link, link) {
		const struct config_interface *entry = config_interface_for(
			config, link->name, link->kind[0] ? link->kind : NULL);

		if (!entry || !entry->has_expect)
			continue;
		print_part(out, "%s{ match = \"%s\";", gap, link->alias);
		put_expect(out, entry, anonymizer);
		print_part(out, " }");
		gap = ", ";
	}
	print_line(out, ");");
}

static void put_flow(FILE *out, const struct config_flow *flow, const char *name,
	struct anonymizer *anonymizer)
{
	char text[PREFIX4_TEXT], addr[IP4_TEXT];

	print_part(out, "{ iif = \"%s\"; from = \"%s\";", name,
		prefix4_format(ip4map_prefix(&anonymizer->addrs, flow->from), text));
	if (flow->has_to)
		print_part(out, " to = \"%s\";",
			ip4_format(ip4map_addr(&anonymizer->addrs, flow->to), addr));
	if (flow->mask)
		print_part(out, " mark = \"0x%x/0x%x\";", flow->mark, flow->mask);
	if (flow->tos)
		print_part(out, " tos = %u;", flow->tos);
	if (flow->ipproto != FLOW_UDP)
		print_part(out, " ipproto = %u;", flow->ipproto);
	if (flow->sport)
		print_part(out, " sport = %u;", flow->sport);
	if (flow->dport)
		print_part(out, " dport = %u;", flow->dport);
	print_part(out, " }");
}

static void put_flows(
	FILE *out, const struct config *config, struct anonymizer *anonymizer)
{
	const char *gap = "";

	print_part(out, "flows = (");
	array_each (&config->flows, const struct config_flow, flow) {
		array_each (&anonymizer->links, const struct anonymous_link, link) {
			if (fnmatch(flow->iif, link->name, 0) != 0)
				continue;
			print_part(out, "%s", gap);
			put_flow(out, flow, link->alias, anonymizer);
			gap = ", ";
		}
	}
	print_line(out, ");");
}

int config_notes_anonymous(
	const struct config *config, struct anonymizer *anonymizer, char **ret)
{
	size_t size;
	FILE *out = open_memstream(ret, &size);

	if (!out)
		return -ENOMEM;
	put_interfaces(out, config, anonymizer);
	put_flows(out, config, anonymizer);
	print_line(out, "correct = { lowest = \"%s\"; allow_all = %s; };",
		config->correct.lowest_loose ? "loose" : "off",
		config->correct.allow_all ? "true" : "false");
	return fclose(out) == 0 ? 0 : -ENOMEM;
}
