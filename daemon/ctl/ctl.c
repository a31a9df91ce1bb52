/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/ctl.h"

#include "base/print.h"
#include "daemon/config/config_text.h"
#include "daemon/ctl/netns.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#define STATE_DIRECTORY "/var/lib/rpfilterd"

void ctl_print_error(FILE *err, const char *verb, const char *text)
{
	print_line(err, "rpfilterctl: %s%s%s", verb ? verb : "", verb ? ": " : "", text);
}

void ctl_say(const struct ctl *ctl, const char *format, ...)
{
	char text[2048];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	ctl_print_error(ctl->err, ctl->arguments->verb, text);
}

int ctl_fail(const struct ctl *ctl, int error)
{
	ctl_say(ctl, "%s", strerror(error < 0 ? -error : error));
	return CTL_FAILED;
}

bool ctl_severity(const struct ctl *ctl, bool *ret_notices)
{
	const char *word = ctl->arguments->severity;
	char quoted[CONFIG_QUOTE_TEXT];

	*ret_notices = word && strcmp(word, "notice") == 0;
	if (!word || *ret_notices || strcmp(word, "warning") == 0)
		return true;
	ctl_say(ctl, "--severity: %s is unknown; allowed is warning or notice",
		config_text_quote(word, quoted));
	return false;
}

int ctl_open(struct ctl *ctl, bool configured)
{
	const struct arguments *arguments = ctl->arguments;
	char error[ERROR_TEXT] = "out of memory";
	int r = 0;

	if (arguments->netns && arguments->snapshot) {
		ctl_say(ctl, "--netns and --snapshot exclude each other");
		return -EINVAL;
	}
	if (arguments->netns)
		r = netns_enter(arguments->netns, error);
	if (r >= 0 && arguments->snapshot)
		r = host_load(&ctl->host, arguments->snapshot, error);
	if (r >= 0 && (configured || arguments->config))
		r = host_configure(&ctl->host, arguments->config, error);
	if (r >= 0 && !arguments->snapshot)
		r = host_open(&ctl->host, error);
	if (r < 0) {
		ctl_say(ctl, "%s", error);
		return r;
	}
	if (ctl->host.state->blind)
		ctl_say(ctl, "unsupported kernel message: %s",
			ctl->host.state->blind_what);
	return 0;
}

const char *ctl_state_directory(const struct ctl *ctl, char out[static PATH_MAX])
{
	const char *name = ctl->arguments->netns;

	if (name && strncmp(name, "/run/netns/", 11) == 0)
		name += 11;
	if (ctl->arguments->state)
		(void)snprintf(out, PATH_MAX, "%s", ctl->arguments->state);
	else if (name && !strchr(name, '/'))
		(void)snprintf(out, PATH_MAX, STATE_DIRECTORY "/%s", name);
	else
		(void)snprintf(out, PATH_MAX, STATE_DIRECTORY);
	return out;
}
