/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/flow.h"

#include "net/ifname.h"

#include <stdio.h>

const char *flow_format(
	const struct flow *flow, const char *iif, char out[static FLOW_TEXT])
{
	char src[IP4_TEXT], dst[IP4_TEXT], word[IFNAME_QUOTED];
	int length =
		snprintf(out, FLOW_TEXT, "%s from %s iif %s", ip4_format(flow->dst, dst),
			ip4_format(flow->src, src), ifname_quote(iif, word));
	size_t used = (size_t)length;

	if (flow->mark)
		used += (size_t)snprintf(
			out + used, FLOW_TEXT - used, " mark 0x%x", flow->mark);
	if (flow->tos)
		used += (size_t)snprintf(
			out + used, FLOW_TEXT - used, " tos 0x%x", flow->tos);
	if (flow->proto != FLOW_UDP)
		used += (size_t)snprintf(
			out + used, FLOW_TEXT - used, " ipproto %u", flow->proto);
	if (flow->sport)
		used += (size_t)snprintf(
			out + used, FLOW_TEXT - used, " sport %u", flow->sport);
	if (flow->dport)
		(void)snprintf(out + used, FLOW_TEXT - used, " dport %u", flow->dport);
	return out;
}
