/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/plans.h"
#include "daemon/ctl/table.h"
#include "daemon/ledger.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * sysctl.d(5): a key that names the interface beats a pattern of another file, whatever the
 * order. With slashes, as a name may have dots.
 */
static void print_key(FILE *out, const char *name, int value, const char *why)
{
	char text[512];

	(void)snprintf(text, sizeof(text), "# %s", why);
	table_print_clean(out, text);
	(void)snprintf(
		text, sizeof(text), "\nnet/ipv4/conf/%s/rp_filter = %d\n", name, value);
	(void)fputs(text, out);
}

/* What systemd-networkd has for it (v255); NetworkManager has nothing of the kind. */
static void print_networkd(FILE *out, const char *name, int value)
{
	(void)fprintf(out,
		"#   with systemd-networkd instead, in a .network file with\n"
		"#   [Match] Name=%s: [Network] IPv4ReversePathFilter=%s\n\n",
		name,
		value == 0   ? "no"
		: value == 1 ? "strict"
			     : "loose");
}

/* Whether a name can stand in a line of the file as it is. */
static bool is_plain(const char *name)
{
	for (; *name; name++) {
		if ((unsigned char)*name <= ' ' || (unsigned char)*name >= 0x7f ||
			strchr("*?[]=#;", *name))
			return false;
	}
	return true;
}

static bool is_chosen(const struct ctl *ctl, const char *name)
{
	array_each (&ctl->arguments->words, const char *const, word) {
		if (strcmp(*word, name) == 0)
			return true;
	}
	return ctl->arguments->words.count == 0;
}

static void print_one(
	struct ctl *ctl, const char *name, int value, const char *why, size_t *count)
{
	if (!is_plain(name)) {
		ctl_say(ctl, "an interface's name can't be written into a sysctl.d file");
		return;
	}
	print_key(ctl->out, name, value, why);
	if (strcmp(name, "all") != 0 && strcmp(name, "default") != 0)
		print_networkd(ctl->out, name, value);
	(*count)++;
}

/* What was corrected already. */
static size_t print_ledger(struct ctl *ctl, const struct ledger *ledger)
{
	size_t count = 0;

	array_each (&ledger->entries, const struct ledger_entry, entry) {
		char why[FINDING_ID + 96];

		if (strcmp(entry->netns, ledger->netns) != 0 ||
			!is_chosen(ctl, entry->name))
			continue;
		(void)snprintf(why, sizeof(why), "%s; it was %d before: %s",
			entry->keeps ? "keeps what it has in effect while all is lowered"
				     : "corrected",
			entry->old, entry->finding);
		print_one(ctl, entry->name, entry->value, why, &count);
	}
	return count;
}

/* What would be. */
static size_t print_plans(struct ctl *ctl, const struct plans *plans)
{
	size_t count = 0;

	array_each (&plans->list, const struct planned, planned) {
		array_each (&planned->plan.steps, const struct plan_step, step) {
			const struct iface *iface =
				state_iface(ctl->host.state, step->ifindex);
			const char *name = step->ifindex == NETCONF_ALL	      ? "all"
					   : step->ifindex == NETCONF_DEFAULT ? "default"
					   : iface ? iface->link.name
						   : NULL;
			char why[FINDING_ID + 96];

			(void)snprintf(why, sizeof(why), "%s: %s", planned->finding->id,
				rpf_reason_name(planned->finding->reason));
			if (name)
				print_one(ctl, name, step->value, why, &count);
		}
	}
	return count;
}

int suggest_run(struct ctl *ctl)
{
	_cleanup_(ledger_freep) struct ledger *ledger = NULL;
	struct plans plans = { 0 };
	char path[PATH_MAX];
	size_t count;
	int r;

	if (ctl_open(ctl, true) < 0)
		return CTL_FAILED;
	if (plans_make(ctl, &plans) < 0) {
		plans_done(&plans);
		return CTL_FAILED;
	}
	r = ledger_peek(ctl_state_directory(ctl, path), &ledger);
	if (!ledger) {
		plans_done(&plans);
		return ctl_fail(ctl, -ENOMEM);
	}
	if (r < 0)
		ctl_say(ctl, "the ledger can't be read: what is corrected already is "
			     "left out; root may read it");
	(void)fputs("# /etc/sysctl.d/90-rpfilterd.conf, suggested by rpfilterctl\n\n",
		ctl->out);
	count = print_ledger(ctl, ledger) + print_plans(ctl, &plans);
	if (!count)
		(void)fputs("# nothing is needed\n", ctl->out);
	plans_done(&plans);
	return CTL_FINE;
}
