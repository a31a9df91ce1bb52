/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/host.h"

#include "base/fd.h"
#include "base/time.h"
#include "daemon/config/config_text.h"
#include "kernel/clock.h"
#include "kernel/probe.h"
#include "kernel/snapshot.h"

#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static int read_state(struct host *host)
{
	_cleanup_(state_freep) struct state *state = state_new();
	uint64_t start = clock_monotonic_usec();
	int r;

	if (!state)
		return -ENOMEM;
	r = snapshot_read(host->request, NULL, state);
	if (r >= 0)
		r = snapshot_read_memberships(state);
	if (r < 0)
		return r;
	state_free(host->state);
	host->state = take_ptr(state);
	host->read_usec = clock_monotonic_usec();
	host->took_usec = host->read_usec - start;
	return 0;
}

int host_open(struct host *host, char error[static ERROR_TEXT])
{
	int r = nl_request_new(&host->request);

	if (r >= 0)
		r = read_state(host);
	if (r == -EAGAIN)
		(void)snprintf(error, ERROR_TEXT,
			"links or addresses change faster than they can be read; try again");
	else if (r < 0)
		(void)snprintf(
			error, ERROR_TEXT, "cannot read the kernel: %s", strerror(-r));
	return r;
}

void host_done(struct host *host)
{
	nl_request_free(host->request);
	state_free(host->state);
	config_free(host->config);
	snapshot_notes_done(&host->notes);
}

/* What is wrong with a snapshot, and what is to be done about it. */
static void word_fault(const char *file, int error, const struct snapshot_fault *fault,
	char out[static ERROR_TEXT])
{
	if (error == -EBADMSG)
		(void)snprintf(out, ERROR_TEXT,
			"%s: %s at byte %" PRIu64
			"; allowed is what rpfilterctl snapshot writes",
			file, fault->what, fault->at);
	else
		(void)snprintf(out, ERROR_TEXT, "%s: %s", file, strerror(-error));
}

int host_load(struct host *host, const char *file, char error[static ERROR_TEXT])
{
	const bool standard = strcmp(file, "-") == 0;
	_cleanup_(fclosep) FILE *opened = standard ? NULL : fopen(file, "re");
	struct snapshot_fault fault = { 0 };
	int r = -errno;

	host->snapshot = standard ? "standard input" : file;
	if (standard || opened) {
		host->state = state_new();
		r = host->state ? snapshot_load(standard ? stdin : opened, host->state,
					  &host->notes, &fault)
				: -ENOMEM;
	}
	if (r < 0)
		word_fault(host->snapshot, r, &fault, error);
	return r;
}

/* The configuration in a snapshot; none is that of a host without a file. */
static int configure_from_notes(struct host *host, char error[static ERROR_TEXT])
{
	const struct snapshot_note *note =
		snapshot_notes_find(&host->notes, HOST_NOTE_CONFIG);
	_cleanup_(closep) int fd = memfd_create("rpfilterd.conf", MFD_CLOEXEC);
	_cleanup_(freep) char *text = NULL;
	char path[32];
	size_t length = (size_t)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int r = fd < 0 ? -errno : 0;

	if (r >= 0 && note && write(fd, note->text, note->length) < 0)
		r = -errno;
	if (r >= 0)
		r = config_load(path, true, &host->config, &text);
	if (r < 0 && text && strncmp(text, path, length) == 0)
		(void)snprintf(error, ERROR_TEXT, "%s, its configuration%s",
			host->snapshot, text + length);
	else if (r < 0)
		(void)snprintf(error, ERROR_TEXT, "%s", text ? text : strerror(-r));
	return r;
}

int host_configure(struct host *host, const char *file, char error[static ERROR_TEXT])
{
	_cleanup_(freep) char *text = NULL;
	int r;

	if (!file && host->snapshot)
		return configure_from_notes(host, error);
	r = config_load(
		file ? file : RPFILTERD_CONFIG, file != NULL, &host->config, &text);
	if (r < 0)
		(void)snprintf(error, ERROR_TEXT, "%s", text ? text : strerror(-r));
	return r;
}

int host_reread(struct host *host)
{
	uint64_t pause = 10 * host->took_usec;
	int r;

	if (pause < USEC_PER_SEC)
		pause = USEC_PER_SEC;
	if (host->rereads && clock_monotonic_usec() - host->read_usec < pause)
		return 0;
	host->rereads++;
	r = read_state(host);
	if (r < 0)
		host->read_usec = clock_monotonic_usec();
	return r < 0 ? r : 1;
}

int host_ask(struct host *host, const struct flow *flow, enum rpf_verdict verdict,
	enum kernel_answer *ret)
{
	struct probe_answer answer;
	int r;

	*ret = host->snapshot ? KERNEL_ABSENT : KERNEL_UNASKED;
	if (!host->request)
		return 0;
	*ret = KERNEL_UNASKED;
	r = probe_flow(host->request, flow, &answer);
	if (r < 0)
		return r;
	if (!answer.exact && (host->state->dissecting ||
				     (flow->proto == IPPROTO_IGMP && !flow->src.host)))
		return 0;
	switch (answer.verdict) {
	case PROBE_PASS:
		*ret = KERNEL_PASS;
		break;
	case PROBE_DROP:
		*ret = KERNEL_DROP;
		break;
	case PROBE_UNJUDGED:
		if (verdict != RPF_DROP || answer.error != EINVAL)
			*ret = KERNEL_UNJUDGED;
		break;
	}
	return 0;
}

/* "lo, eth0 and 3 more" */
static void name_ifaces(const struct state *state, char *out, size_t size)
{
	_cleanup_(freep) const struct iface **ifaces = NULL;
	size_t count, length = 0;

	(void)snprintf(out, size, "(out of memory)");
	if (state_ifaces(state, &ifaces, &count) < 0)
		return;
	(void)snprintf(out, size, "none");
	for (size_t i = 0; i < count && length < size; i++) {
		char quoted[CONFIG_QUOTE_TEXT];
		size_t named;

		if (length > 200) {
			(void)snprintf(
				out + length, size - length, " and %zu more", count - i);
			return;
		}
		config_text_quote(ifaces[i]->link.name, quoted);
		named = strlen(quoted) - 2;
		length += (size_t)snprintf(out + length, size - length, "%s%.*s",
			i ? ", " : "", (int)named, quoted + 1);
	}
}

const struct iface *host_iface(
	const struct host *host, const char *name, char error[static ERROR_TEXT])
{
	const struct iface *iface = state_iface_by_name(host->state, name);
	char quoted[CONFIG_QUOTE_TEXT], names[300];
	unsigned int ifindex;

	if (iface && iface->announced)
		return iface;
	ifindex = host->request ? if_nametoindex(name) : 0;
	iface = ifindex ? state_iface(host->state, (int)ifindex) : NULL;
	if (iface && iface->announced)
		return iface;
	name_ifaces(host->state, names, sizeof(names));
	(void)snprintf(error, ERROR_TEXT, "unknown interface %s; the interfaces are: %s",
		config_text_quote(name, quoted), names);
	return NULL;
}
