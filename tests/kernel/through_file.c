/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/through_file.h"

#include "base/fd.h"
#include "finding/report.h"
#include "kernel/anonymize.h"
#include "kernel/flows.h"
#include "kernel/snapshot.h"
#include "kernel/snapshot_load.h"
#include "kernel/snapshot_save.h"
#include "rpf/rpf.h"
#include "state/state_equal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct state *read_host(struct nl_request *request)
{
	struct state *state = state_new();

	if (snapshot_read(request, NULL, state) == 0 &&
		snapshot_read_memberships(state) == 0)
		return state;
	state_free(state);
	return NULL;
}

static struct state *load_file(FILE *file, char *what)
{
	struct state *state = state_new();
	struct snapshot_notes notes = { 0 };
	struct snapshot_fault fault = { 0 };
	int r = snapshot_load(file, state, &notes, &fault);

	snapshot_notes_done(&notes);
	if (r == 0)
		return state;
	snprintf(what, THROUGH_FILE_TEXT, "not read again: %s at byte %" PRIu64,
		fault.what ? fault.what : strerror(-r), fault.at);
	state_free(state);
	return NULL;
}

/* Written and read. */
static struct state *read_through(
	struct nl_request *request, struct anonymizer *anonymizer, char *what)
{
	_cleanup_(fclosep) FILE *file = fdopen(memfd_create("snapshot", 0), "w+");
	struct snapshot_save save = { 0 };
	int r = snapshot_save_begin(&save, fileno(file), "a test", anonymizer);

	if (r >= 0)
		r = snapshot_save_kernel(&save, request);
	if (r >= 0)
		r = snapshot_save_end(&save);
	snapshot_save_done(&save);
	if (r < 0) {
		snprintf(what, THROUGH_FILE_TEXT, "not written: %s", strerror(-r));
		return NULL;
	}
	rewind(file);
	return load_file(file, what);
}

/* --- the same, under other names ----------------------------------------------------------------- */

static bool same_flow(const struct state *a, const struct state *b, struct ip4map *addrs,
	const struct flow *flow, char *what)
{
	const struct overlay here = { .state = a }, there = { .state = b };
	struct flow mapped = *flow;
	struct rpf x, y;
	char words[FLOW_TEXT], others[FLOW_TEXT];

	mapped.src = ip4map_addr(addrs, flow->src);
	mapped.dst = ip4map_addr(addrs, flow->dst);
	x = rpf_judge(&here, flow, NULL);
	y = rpf_judge(&there, &mapped, NULL);
	if (x.verdict == y.verdict && x.reason == y.reason && x.error == y.error &&
		x.filter.effective == y.filter.effective)
		return true;
	snprintf(what, THROUGH_FILE_TEXT, "%s is %s, anonymous (%s) it is %s",
		flow_format(flow, "it", words), rpf_reason_name(x.reason),
		flow_format(&mapped, "it", others), rpf_reason_name(y.reason));
	return false;
}

static bool same_flows(const struct state *a, const struct state *b, struct ip4map *addrs,
	uint64_t seed, unsigned int count, char *what)
{
	struct flow_space space;
	struct rng rng = { seed };

	flow_space_of(a, &space);
	for (unsigned int i = 0; i < count; i++) {
		struct flow flow;

		if (!flow_random(&rng, &space, &flow))
			return true;
		if (!same_flow(a, b, addrs, &flow, what))
			return false;
	}
	return true;
}

static struct report *report_of(const struct state *state)
{
	static const struct expect_declared silent;
	static const struct flowclasses none;
	_cleanup_(freep) const struct iface **ifaces = NULL;
	const struct overlay overlay = { .state = state };
	struct report *report = report_new();
	size_t count;

	if (!report || state_ifaces(state, &ifaces, &count) < 0)
		abort();
	for (size_t i = 0; i < count; i++) {
		if (report_add(report, &overlay, ifaces[i], &silent, &none,
			    DETAIL_SUMMARY) < 0)
			abort();
	}
	return report;
}

/* An interface, and how much is dropped of it, for what reasons. */
static void sum_up(const struct report *report, size_t i, char *out, size_t size)
{
	const struct report_iface *row = &report->ifaces.items[i];
	uint64_t dropped = 0, expected = 0;
	unsigned int reasons = 0, severities = 0;

	array_each (&report->findings, struct finding *const, item) {
		const struct finding *finding = *item;

		/* where something forwarded leaves is looked for by addresses that all know */
		if (finding->ifindex != row->ifindex || finding->out[0])
			continue;
		dropped += finding->dropped;
		expected += finding->expected;
		reasons |= 1u << finding->reason;
		severities |= 1u << finding->severity;
	}
	snprintf(out, size,
		"%s, %zu expected, %" PRIu64 " of %" PRIu64
		" dropped, reasons 0x%x, severities 0x%x",
		iface_verdict_name(row->verdict), row->expect.list.count, dropped,
		expected, reasons, severities);
}

static bool same_reports(const struct state *a, const struct state *b, char *what)
{
	_cleanup_(report_freep) struct report *here = report_of(a), *there = report_of(b);

	for (size_t i = 0; i < here->ifaces.count; i++) {
		char x[150], y[150];

		sum_up(here, i, x, sizeof(x));
		sum_up(there, i, y, sizeof(y));
		if (strcmp(x, y) == 0)
			continue;
		snprintf(what, THROUGH_FILE_TEXT, "%s is %s; anonymous %s",
			here->ifaces.items[i].name, x, y);
		return false;
	}
	return here->ifaces.count == there->ifaces.count;
}

static bool same_anonymous(struct nl_request *request, const struct state *state,
	uint64_t seed, unsigned int flows, char *what)
{
	struct anonymizer anonymizer;
	struct state *other = NULL;
	bool same = anonymizer_init(&anonymizer) == 0 &&
		    anonymizer_learn(&anonymizer, request) == 0;

	snprintf(what, THROUGH_FILE_TEXT, "the anonymizer learns nothing");
	if (same)
		other = read_through(request, &anonymizer, what);
	same = other && same_flows(state, other, &anonymizer.addrs, seed, flows, what) &&
	       same_reports(state, other, what);
	state_free(other);
	anonymizer_done(&anonymizer);
	return same;
}

bool through_file(struct nl_request *request, uint64_t seed, unsigned int flows,
	char what[static THROUGH_FILE_TEXT])
{
	for (unsigned int tries = 0; tries < 5; tries++) {
		_cleanup_(state_freep) struct state *state = read_host(request);
		_cleanup_(state_freep) struct state *file =
			state ? read_through(request, NULL, what) : NULL;
		char difference[STATE_DIFFERENCE];

		if (file && !state_equal(state, file, difference))
			snprintf(what, THROUGH_FILE_TEXT, "the file has another host: %s",
				difference);
		else if (file && same_anonymous(request, state, seed, flows, what))
			return true;
		(void)usleep(100000);
	}
	return false;
}
