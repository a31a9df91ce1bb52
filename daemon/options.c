/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

static const char help[] =
	"rpfilterd [OPTION]...\n"
	"\n"
	"Knows which packets this host drops by reverse path filtering (rp_filter), says so with\n"
	"cause and remedy, and keeps knowing it while links, routes and rules change. It serves\n"
	"the network namespace that it starts in and, in monitor mode, changes nothing;\n"
	"in correct mode it applies the remedy itself.\n"
	"\n"
	"  --config FILE            read FILE instead of " RPFILTERD_CONFIG "\n"
	"  --check-config           say whether the configuration is right, and end\n"
	"  --mode monitor|correct   overrides the file, entries of interfaces included\n"
	"  --log journal|stderr|json\n"
	"                           where entries go: journal when systemd started it, else stderr\n"
	"  --log-level LEVEL        leave out what is less urgent: error, warning, notice, info,\n"
	"                           debug (or 0 to 7); the default is info\n"
	"  --state DIR              the state directory, instead of $STATE_DIRECTORY\n"
	"  --once                   read, judge, log, end: 0 no finding, 1 findings, 2 could not tell\n"
	"  --help, --version\n"
	"\n"
	"SIGHUP reads the configuration again, SIGUSR1 logs figures. See rpfilterd(8), rpfilterd.conf(5).\n";

enum { CONFIG = 256, CHECK_CONFIG, MODE, LOG, LOG_LEVEL, STATE, ONCE, HELP, VERSION };

static const struct option longs[] = {
	{ "config", required_argument, NULL, CONFIG },
	{ "check-config", no_argument, NULL, CHECK_CONFIG },
	{ "mode", required_argument, NULL, MODE },
	{ "log", required_argument, NULL, LOG },
	{ "log-level", required_argument, NULL, LOG_LEVEL },
	{ "state", required_argument, NULL, STATE },
	{ "once", no_argument, NULL, ONCE },
	{ "help", no_argument, NULL, HELP },
	{ "version", no_argument, NULL, VERSION },
	{ 0 },
};

struct word {
	const char *name;
	int value;
};

static const struct word logs[] = { { "journal", SINK_JOURNAL },
	{ "stderr", SINK_STDERR }, { "json", SINK_JSON }, { 0 } };

static const struct word levels[] = { { "emergency", LOG_EMERG }, { "emerg", LOG_EMERG },
	{ "0", LOG_EMERG }, { "alert", LOG_ALERT }, { "1", LOG_ALERT },
	{ "critical", LOG_CRIT }, { "crit", LOG_CRIT }, { "2", LOG_CRIT },
	{ "error", LOG_ERR }, { "err", LOG_ERR }, { "3", LOG_ERR },
	{ "warning", LOG_WARNING }, { "4", LOG_WARNING }, { "notice", LOG_NOTICE },
	{ "5", LOG_NOTICE }, { "info", LOG_INFO }, { "6", LOG_INFO },
	{ "debug", LOG_DEBUG }, { "7", LOG_DEBUG }, { 0 } };

/* The value of a word in a list, or -EINVAL with a line that says what is allowed. */
static int choose(const struct word *words, const char *option, const char *text,
	const char *allowed)
{
	for (; words->name; words++) {
		if (strcmp(words->name, text) == 0)
			return words->value;
	}
	fprintf(stderr, "rpfilterd: %s %s: not known; it is one of %s\n", option, text,
		allowed);
	return -EINVAL;
}

static int wrong(const char *argument, int code)
{
	if (code == ':')
		fprintf(stderr, "rpfilterd: %s: needs a value; see rpfilterd --help\n",
			argument);
	else
		fprintf(stderr, "rpfilterd: %s: no such option; see rpfilterd --help\n",
			argument);
	return -EINVAL;
}

static int set_mode(struct options *options, const char *text)
{
	options->monitor = strcmp(text, "monitor") == 0;
	options->correct = strcmp(text, "correct") == 0;
	if (options->monitor || options->correct)
		return 1;
	fprintf(stderr, "rpfilterd: --mode %s: not known; it is monitor or correct\n",
		text);
	return -EINVAL;
}

/* One option; returns as options_parse(). */
static int set(struct options *options, int code, const char *argument)
{
	int value;

	switch (code) {
	case CONFIG:
		options->config = optarg;
		return 1;
	case CHECK_CONFIG:
		options->check_config = true;
		return 1;
	case MODE:
		return set_mode(options, optarg);
	case LOG:
		value = choose(logs, "--log", optarg, "journal, stderr, json");
		options->log = (enum sink_kind)value;
		options->has_log = true;
		return value < 0 ? value : 1;
	case LOG_LEVEL:
		options->level = choose(levels, "--log-level", optarg,
			"error, warning, notice, info, debug, or 0 to 7");
		return options->level < 0 ? options->level : 1;
	case STATE:
		options->state_directory = optarg;
		return 1;
	case ONCE:
		options->once = true;
		return 1;
	case HELP:
		fputs(help, stdout);
		return 0;
	case VERSION:
		puts("rpfilterd " RPFILTERD_VERSION);
		return 0;
	default:
		return wrong(argument, code);
	}
}

int options_parse(int argc, char **argv, struct options *ret)
{
	struct options options = { .level = LOG_INFO };
	int code;

	opterr = 0;
	/* a leading ':' makes getopt_long() tell a missing value from an unknown option */
	while ((code = getopt_long(argc, argv, ":", longs, NULL)) != -1) {
		int r = set(&options, code, argv[optind - 1]);

		if (r <= 0)
			return r;
	}
	if (optind < argc) {
		fprintf(stderr,
			"rpfilterd: %s: it takes options only; see rpfilterd --help\n",
			argv[optind]);
		return -EINVAL;
	}
	*ret = options;
	return 1;
}
