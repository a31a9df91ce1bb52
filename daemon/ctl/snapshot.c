/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/time.h"
#include "daemon/config/config_text.h"
#include "daemon/ctl/config_notes.h"
#include "daemon/ctl/corrections.h"
#include "daemon/ctl/netns.h"
#include "daemon/ctl/save_file.h"
#include "daemon/ctl/verbs.h"
#include "kernel/clock.h"
#include "kernel/procsys.h"
#include "kernel/snapshot_save.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int note_text(struct snapshot_save *save, const char *key, const char *text)
{
	return snapshot_save_note(save, key, text, strlen(text));
}

/* Whose it is, unless that is a secret, and of when. */
static int note_origin(const struct ctl *ctl, struct snapshot_save *save)
{
	time_t seconds = (time_t)(clock_realtime_usec() / USEC_PER_SEC);
	char host[256] = "", text[32] = "";
	struct tm utc;
	int r = 0;

	if (!ctl_has(ctl, OPTION_ANONYMIZE) && gethostname(host, sizeof(host) - 1) == 0)
		r = note_text(save, HOST_NOTE_NAME, host);
	if (r >= 0 && gmtime_r(&seconds, &utc) &&
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc))
		r = note_text(save, HOST_NOTE_TIME, text);
	return r;
}

/* The configuration as it stands in its files, right or wrong; what cannot be read is said. */
static int note_config(struct ctl *ctl, struct snapshot_save *save)
{
	const char *named = ctl->arguments->config;
	struct config_text text = { 0 };
	int r = config_text_read(&text, named ? named : RPFILTERD_CONFIG), noted = 0;

	if (r == 0)
		noted = snapshot_save_note(
			save, HOST_NOTE_CONFIG, text.text, text.length);
	else if (r != -ENOENT || named)
		ctl_say(ctl, "the configuration is left out: %s",
			text.error ? text.error : strerror(-r));
	config_text_done(&text);
	return noted;
}

/* What is said by it of the interfaces under other names. */
static int note_anonymous_config(struct ctl *ctl, struct snapshot_save *save)
{
	_cleanup_(freep) char *text = NULL;
	char error[ERROR_TEXT];
	int r = host_configure(&ctl->host, ctl->arguments->config, error);

	if (r < 0) {
		ctl_say(ctl, "the configuration is left out: %s", error);
		return r == -ENOMEM ? r : 0;
	}
	r = config_notes_anonymous(ctl->host.config, save->anonymizer, &text);
	return r < 0 ? r : note_text(save, HOST_NOTE_CONFIG, text);
}

/* That nothing stands corrected or paused, where that is known; what does is root's alone to know. */
static int note_ledger(struct ctl *ctl, struct snapshot_save *save)
{
	_cleanup_(corrections_done) struct corrections corrections = { 0 };
	const struct ledger *ledger;
	bool corrected = false, paused = false;
	int r = corrections_read(ctl, &corrections);

	if (r < 0 || corrections.error < 0)
		return r;
	ledger = corrections.ledger;
	array_each (&ledger->entries, const struct ledger_entry, entry)
		corrected |= strcmp(entry->netns, ledger->netns) == 0;
	array_each (&ledger->pauses, const struct ledger_pause, pause)
		paused |= strcmp(pause->netns, ledger->netns) == 0;
	if (!corrected)
		r = note_text(save, HOST_NOTE_LEDGER, "empty");
	return r < 0 || paused ? r : note_text(save, HOST_NOTE_PAUSES, "none");
}

static int note_drops(struct snapshot_save *save)
{
	uint64_t drops;
	char text[24];

	if (procsys_rpf_drops(&drops) < 0)
		return 0;
	snprintf(text, sizeof(text), "%" PRIu64, drops);
	return note_text(save, HOST_NOTE_DROPS, text);
}

static int write_all(struct ctl *ctl, struct snapshot_save *save,
	struct nl_request *request, struct anonymizer *anonymizer, int fd)
{
	int r = snapshot_save_begin(
		save, fd, "rpfilterctl " RPFILTERD_VERSION, anonymizer);

	if (r >= 0)
		r = note_origin(ctl, save);
	if (r >= 0)
		r = anonymizer ? note_anonymous_config(ctl, save)
			       : note_config(ctl, save);
	if (r >= 0)
		r = note_ledger(ctl, save);
	if (r >= 0)
		r = note_drops(save);
	if (r >= 0)
		r = snapshot_save_kernel(save, request);
	return r < 0 ? r : snapshot_save_end(save);
}

static int read_and_write(struct ctl *ctl, int fd)
{
	const bool anonymous = ctl_has(ctl, OPTION_ANONYMIZE);
	_cleanup_(nl_request_freep) struct nl_request *request = NULL;
	struct anonymizer anonymizer = { 0 };
	struct snapshot_save save = { 0 };
	int r = nl_request_new(&request);

	if (r >= 0 && anonymous)
		r = anonymizer_init(&anonymizer);
	if (r >= 0 && anonymous)
		r = anonymizer_learn(&anonymizer, request);
	if (r >= 0)
		r = write_all(ctl, &save, request, anonymous ? &anonymizer : NULL, fd);
	snapshot_save_done(&save);
	anonymizer_done(&anonymizer);
	return r;
}

/* A file that was named and cannot be read is a slip, and no reason to leave it out. */
static bool can_read_config(const struct ctl *ctl)
{
	struct config_text text = { 0 };
	int r = ctl->arguments->config ? config_text_read(&text, ctl->arguments->config)
				       : 0;

	if (r < 0)
		ctl_say(ctl, "%s", text.error ? text.error : strerror(-r));
	config_text_done(&text);
	return r >= 0;
}

int snapshot_run(struct ctl *ctl)
{
	const struct arguments *arguments = ctl->arguments;
	_cleanup_(save_file_done) struct save_file file = { .fd = -1 };
	char error[ERROR_TEXT];
	int r;

	if (arguments->words.count != 1 || !*arguments->words.items[0]) {
		ctl_say(ctl, "name one file to write, or - for standard output");
		return CTL_FAILED;
	}
	if (!can_read_config(ctl))
		return CTL_FAILED;
	r = save_file_begin(&file, arguments->words.items[0], error);
	if (r >= 0 && arguments->netns)
		r = netns_enter(arguments->netns, error);
	if (r < 0) {
		ctl_say(ctl, "%s", error);
		return CTL_FAILED;
	}
	r = read_and_write(ctl, file.fd);
	if (r >= 0)
		r = save_file_commit(&file);
	if (r == -EAGAIN)
		ctl_say(ctl,
			"links or addresses change faster than they can be read; try again");
	else if (r < 0)
		ctl_say(ctl, "%s: not written: %s", arguments->words.items[0],
			strerror(-r));
	return r < 0 ? CTL_FAILED : CTL_FINE;
}
