/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/log.h"

#include "finding/finding_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

void log_synced(struct sink *sink, const struct state *state, enum config_mode mode)
{
	static const char *const modes[] = {
		[CONFIG_MONITOR] = "monitor mode: writes nothing",
		[CONFIG_DRY_RUN] =
			"dry-run mode: logs what correct mode would write, and writes nothing",
		[CONFIG_CORRECT] = "correct mode: loosens rp_filter where needed",
	};
	size_t links = state->ifaces.count, routes = state_routes(state);
	struct entry entry;

	entry_event(&entry, EVENT_SYNCED);
	entry_add(&entry, "MESSAGE",
		"In sync with the kernel: %zu link%s, %zu route%s, %zu rule%s; %s.",
		links, plural(links), routes, plural(routes), state->rules.count,
		plural(state->rules.count), modes[mode]);
	entry_add(&entry, "RPF_ALL", "%d", state->all.value[DEVCONF_RP_FILTER]);
	sink_write(sink, &entry);
}

/* Why a finding has cleared, as the state now has it. */
static void why_cleared(
	const struct state *state, const struct finding *finding, char *out, size_t size)
{
	const struct overlay overlay = { .state = state };
	const struct iface *iface = state_iface(state, finding->ifindex);
	struct rpf rpf = rpf_judge(&overlay, &finding->example, NULL);
	char value[32], text[IP4_TEXT];

	if (!iface || strcmp(iface->link.name, finding->iif) != 0)
		snprintf(out, size, "the interface is gone or renamed");
	else if (!iface_is_up(iface))
		snprintf(out, size, "the interface is down");
	else if (rpf.reason == RPF_SYMMETRIC)
		snprintf(out, size, "the reverse route to %s uses it now",
			ip4_format(finding->example.src, text));
	else if (rpf.verdict == RPF_PASS &&
		 rpf.filter.effective != finding->filter.effective)
		snprintf(out, size, "rp_filter is %s now",
			rp_filter_words(rpf.filter.effective, value));
	else if (rpf.verdict == RPF_PASS && finding->reason == RPF_UNNUMBERED)
		snprintf(out, size, "it has an IPv4 address now, so loose accepts them");
	else if (rpf.verdict == RPF_PASS)
		snprintf(out, size, "there is a reverse route to %s now",
			ip4_format(finding->example.src, text));
	else if (rpf.reason == RPF_NO_IPV4)
		snprintf(out, size, "it no longer has IPv4");
	else if (rpf.verdict == RPF_UNJUDGED && !finding->forwarded)
		snprintf(out, size, "%s is no longer an address of this host",
			ip4_format(finding->example.dst, text));
	else if (rpf.verdict == RPF_UNJUDGED)
		snprintf(out, size, "packets to %s are no longer forwarded",
			ip4_format(finding->example.dst, text));
	else
		snprintf(out, size, "the dropped sources are no longer expected");
}

/* What the finding said is over; what is said of the interface is as it is now. */
static void add_cleared(
	const struct state *state, struct entry *entry, const struct finding *finding)
{
	const struct overlay overlay = { .state = state };
	const struct iface *iface = state_iface(state, finding->ifindex);
	char why[128];

	why_cleared(state, finding, why, sizeof(why));
	entry_add(entry, "MESSAGE", "%s: no longer drops expected packets: %s.",
		finding->iif, why);
	entry_add(entry, "RPF_FINDING", "%s", finding->id);
	entry_add(entry, "RPF_IIF", "%s", finding->iif);
	entry_add(entry, "RPF_IFINDEX", "%d", finding->ifindex);
	entry_add(entry, "RPF_KIND", "%s", finding->kind);
	entry_add(entry, "RPF_REASON", "%s", rpf_reason_name(finding->reason));
	entry_add(entry, "RPF_EXPECT", "%s", expect_why_name(finding->expect));
	if (iface) {
		struct rp_filter filter = overlay_rp_filter(&overlay, iface);

		entry_add(entry, "RPF_EFFECTIVE", "%d", filter.effective);
		entry_add(entry, "RPF_OWN", "%d", filter.own);
		entry_add(entry, "RPF_ALL", "%d", filter.all);
	}
}

static void add_keep(struct entry *entry, const struct keep *keep, int effective)
{
	char words[KEEP_TEXT];

	entry_add(entry, "RPF_KEEP", "%s", keep_words(keep, effective, words));
}

static void add_place(struct session_entry *entry, const struct keep *keep)
{
	const char *place = keep_place(keep, entry->of_all, entry->value);
	char words[KEEP_TEXT];

	if (keep->error)
		entry_append(&entry->entry, "MESSAGE",
			" Which file has that value is %s.",
			keep_words(keep, entry->value, words));
	else if (place)
		entry_append(&entry->entry, "MESSAGE", " It writes %d, as %s has it.",
			entry->value, place);
}

void log_add_keep(struct session_entry *entry, const struct keep *keep)
{
	if (keep && entry->lacks == SESSION_LACKS_KEEP)
		add_keep(&entry->entry, keep, entry->value);
	if (keep && entry->lacks == SESSION_LACKS_PLACE)
		add_place(entry, keep);
	entry->lacks = SESSION_LACKS_NOTHING;
}

void log_finding(struct sink *sink, const struct state *state, enum event_kind kind,
	const struct track_item *item, const struct keep *keep)
{
	/* what is over is what was last said of it */
	const struct finding *finding =
		kind == EVENT_FINDING_CLEARED ? item->logged : item->finding;
	char sentence[FINDING_TEXT];
	struct entry entry;
	int effective;

	entry_event(&entry, kind);
	if (finding->severity == FINDING_NOTICE || kind == EVENT_FINDING_CLEARED)
		entry.priority = LOG_NOTICE;
	if (kind == EVENT_FINDING_CLEARED) {
		add_cleared(state, &entry, finding);
		sink_write(sink, &entry);
		return;
	}
	entry_add(&entry, "MESSAGE", "%s%s",
		kind == EVENT_FINDING_REPEATED	? "Still: "
		: kind == EVENT_FINDING_CHANGED ? "Changed: "
						: "",
		finding_sentence(finding, sentence));
	entry_add_finding(&entry, finding);
	if (finding_adds(finding))
		entry_add(&entry, "RPF_KEEP", "%s", KEEP_OF_IP);
	else if (keep && finding_remedied(finding, &effective))
		add_keep(&entry, keep, effective);
	if (kind == EVENT_FINDING_REPEATED)
		entry_add(&entry, "RPF_COUNT", "%u", item->count + 1);
	sink_write(sink, &entry);
}

static void log_resync(struct sink *sink, const struct state *state,
	const struct sync_counts *counts, const struct sync_event *event)
{
	uint64_t took_msec = event->took_usec / 1000;
	size_t routes = state_routes(state);
	struct entry entry;

	entry_event(&entry, EVENT_RESYNC);
	if (event->kind == SYNC_DRIFTED)
		entry_add(&entry, "MESSAGE",
			"Audit found an unannounced change (%s): resynchronised in %" PRIu64
			" ms (%zu routes); findings are current.",
			event->what, took_msec, routes);
	else
		entry_add(&entry, "MESSAGE",
			"%s: resynchronised in %" PRIu64
			" ms (%zu routes); findings are current.",
			event->loss == SYNC_OVERRUN
				? "Netlink overrun"
				: "Malformed or truncated netlink message",
			took_msec, routes);
	entry_add(&entry, "RPF_COUNT", "%" PRIu64, counts->resyncs);
	sink_write(sink, &entry);
}

void log_sync(struct sink *sink, const struct sync *sync, const struct sync_event *event)
{
	switch (event->kind) {
	case SYNC_RESYNCED:
	case SYNC_DRIFTED:
		log_resync(sink, sync->state, &sync->counts, event);
		break;
	case SYNC_MALFORMED:
		log_event(sink, EVENT_READING_FAILED,
			"Malformed or truncated netlink message: resynchronising.");
		break;
	case SYNC_RESYNC_FAILED:
		log_event(sink, EVENT_READING_FAILED,
			"Resynchronisation failed: %s; retrying.",
			strerror(-event->error));
		break;
	case SYNC_AUDIT_FAILED:
		log_event(sink, EVENT_READING_FAILED, "Audit failed: %s; retrying later.",
			event->error == -ENOBUFS ? "too many events meanwhile"
						 : strerror(-event->error));
		break;
	case SYNC_REFRESH_FAILED:
		log_event(sink, EVENT_READING_FAILED,
			"Cannot read the settings again: %s; keeping the known values.",
			strerror(-event->error));
		break;
	case SYNC_RECEIVE_FAILED:
		log_event(sink, EVENT_FAILED,
			"Cannot receive from the kernel: %s; exiting.",
			strerror(-event->error));
		break;
	}
}

/* What it takes to see a disagreement again, for whoever gets the report. */
#define REPORT                                                                           \
	"Please report this with the output of: ip route get %s; rpfilterctl explain %s; ip -d link; ip address; ip rule; ip route show table all; ip nexthop; sysctl -ar net.ipv4.conf; uname -r"

void log_disagreement(
	struct sink *sink, const struct finding *finding, uint64_t disagreements)
{
	struct entry entry;
	char words[FLOW_TEXT];

	flow_format(&finding->example, finding->iif, words);
	entry_event(&entry, EVENT_DISAGREEMENT);
	entry_add(&entry, "MESSAGE",
		"%s: the kernel accepts the packet to %s, the model drops it (%s), also after resynchronisation; no finding is raised. " REPORT,
		finding->iif, words, rpf_reason_name(finding->reason), words, words);
	entry_add_finding(&entry, finding);
	entry_add(&entry, "RPF_COUNT", "%" PRIu64, disagreements);
	sink_write(sink, &entry);
}

void log_flow_disagreement(struct sink *sink, const struct state *state,
	const struct flow *flow, const struct selfcheck_difference *difference,
	uint64_t disagreements)
{
	const struct iface *iface = state_iface(state, flow->iif);
	const char *name = iface ? iface->link.name : "?";
	char words[FLOW_TEXT], addr[IP4_TEXT];
	struct entry entry;

	flow_format(flow, name, words);
	entry_event(&entry, EVENT_DISAGREEMENT);
	entry_add(&entry, "MESSAGE",
		"The kernel disagrees with the model about the packet to %s: model %s (%s), kernel %s, also after resynchronisation; findings of %s are unsure. " REPORT,
		words, rpf_verdict_name(difference->rpf.verdict),
		rpf_reason_name(difference->rpf.reason),
		difference->kernel_errno ? strerror(difference->kernel_errno)
					 : "accepted",
		name, words, words);
	entry_add(&entry, "RPF_IIF", "%s", name);
	entry_add(&entry, "RPF_IFINDEX", "%d", flow->iif);
	entry_add(&entry, "RPF_EFFECTIVE", "%d", difference->rpf.filter.effective);
	entry_add(&entry, "RPF_OWN", "%d", difference->rpf.filter.own);
	entry_add(&entry, "RPF_ALL", "%d", difference->rpf.filter.all);
	entry_add(&entry, "RPF_SRC", "%s", ip4_format(flow->src, addr));
	entry_add(&entry, "RPF_DST", "%s", ip4_format(flow->dst, addr));
	entry_add(&entry, "RPF_REASON", "%s", rpf_reason_name(difference->rpf.reason));
	entry_add(&entry, "RPF_KERNEL", "%s", difference->kernel_errno ? "drop" : "pass");
	entry_add(&entry, "RPF_COUNT", "%" PRIu64, disagreements);
	sink_write(sink, &entry);
}

void log_blind(struct sink *sink, const struct state *state)
{
	struct entry entry;

	entry_event(&entry, EVENT_BLIND);
	entry_add(&entry, "MESSAGE",
		"Unsupported kernel attribute (%s); verdicts that may depend on it are withheld.",
		state->blind_what ? state->blind_what : "unknown");
	entry_add(&entry, "RPF_COUNT", "%zu", state->blind);
	sink_write(sink, &entry);
}

void log_missed(struct sink *sink, const struct report_missed *missed)
{
	struct entry entry;

	entry_event(&entry, EVENT_UNJUDGED);
	entry.priority = LOG_NOTICE;
	entry_add(&entry, "MESSAGE",
		"%s: routing rules define more flow classes than the limit of %d; not evaluated: %s. See rpfilterctl check.",
		missed->name, FLOWCLASSES, missed->what);
	entry_add(&entry, "RPF_IIF", "%s", missed->name);
	sink_write(sink, &entry);
}

void log_drops(struct sink *sink, const struct track *track, uint64_t count)
{
	char names[8 * FINDING_ID] = "";
	size_t length = 0, open = 0;
	struct entry entry;

	array_each (&track->items, const struct track_item, item) {
		if (item->phase != TRACK_PENDING && open++ < 8)
			length += (size_t)snprintf(names + length, sizeof(names) - length,
				"%s%s", length ? " " : "", item->finding->id);
	}
	entry_event(&entry, EVENT_DROPS_OBSERVED);
	if (open)
		entry_add(&entry, "MESSAGE",
			"The kernel dropped %" PRIu64
			" packet%s by reverse path filtering since the last check. Its counter does not tell which: they may belong to an open finding (%s%s), or be what filtering is for.",
			count, plural(count), names, open > 8 ? " and others" : "");
	else
		entry_add(&entry, "MESSAGE",
			"The kernel dropped %" PRIu64
			" packet%s by reverse path filtering since the last check. Its counter does not tell which; no finding is open, so no expected source is known to be dropped. If you miss packets, ask rpfilterctl explain, or declare their sources in the configuration.",
			count, plural(count));
	entry_add(&entry, "RPF_DROPS", "%" PRIu64, count);
	if (open)
		entry_add(&entry, "RPF_OPEN", "%s", names);
	sink_write(sink, &entry);
}

void log_reloaded(struct sink *sink)
{
	struct entry entry;

	entry_event(&entry, EVENT_RELOADED);
	entry_add(&entry, "MESSAGE", "Configuration reloaded.");
	sink_write(sink, &entry);
}

void log_config_error(struct sink *sink, const char *error)
{
	struct entry entry;

	entry_event(&entry, EVENT_CONFIG_ERROR);
	entry_add(&entry, "MESSAGE", "%s; keeping the current configuration.", error);
	sink_write(sink, &entry);
}

static void add_id(struct entry *entry, const struct finding *finding)
{
	entry_add(entry, "RPF_FINDING", "%s", finding->id);
	entry_add(entry, "RPF_IIF", "%s", finding->iif);
	entry_add(entry, "RPF_IFINDEX", "%d", finding->ifindex);
}

void log_unconfirmed(struct sink *sink, const struct finding *finding, int error)
{
	struct entry entry;

	entry_event(&entry, EVENT_UNJUDGED);
	entry_add(&entry, "MESSAGE",
		"%s: cannot ask the kernel: %s; the finding is not confirmed.",
		finding->id, strerror(-error));
	add_id(&entry, finding);
	sink_write(sink, &entry);
}

void log_cant_ask(struct sink *sink, const struct finding *finding)
{
	struct entry entry;

	entry_event(&entry, EVENT_UNJUDGED);
	entry_add(&entry, "MESSAGE",
		finding->kernel == KERNEL_UNASKED
			? "%s: the kernel disagreed and may not be asked again yet (log_martians is on); no finding is raised."
			: "%s: the kernel rejects the test packet for another reason than the model; no finding is raised.",
		finding->id);
	add_id(&entry, finding);
	sink_write(sink, &entry);
}

void log_drops_unreadable(struct sink *sink, int error)
{
	log_event(sink, EVENT_READING_FAILED,
		"Cannot read the counter IPReversePathFilter: %s; drops are not counted.",
		strerror(-error));
}
