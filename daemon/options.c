/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/options.h"

#include "base/print.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

static const char help[] =
	"rpfilterd [OPTION]...\n"
	"\n"
	"Monitors which packets this host drops by reverse path filtering (rp_filter), and logs\n"
	"the cause and the remedy. Follows all changes of links, routes and rules in the network\n"
	"namespace where it starts. In monitor mode it changes nothing; in correct mode it applies\n"
	"the remedy; in dry-run mode it logs what correct mode would do.\n"
	"\n"
	"  --config FILE            read FILE instead of " RPFILTERD_CONFIG "\n"
	"  --check-config           check the configuration and exit\n"
	"  --mode monitor|dry-run|correct\n"
	"                           override the file, entries of interfaces included\n"
	"  --log journal|stderr|json\n"
	"                           log to; default journal if started by systemd, else stderr\n"
	"  --log-level LEVEL        the least urgent level to log: error, warning, notice, info,\n"
	"                           debug (or 0 to 7); default info\n"
	"  --state DIR              state directory, instead of $STATE_DIRECTORY\n"
	"  --once                   evaluate and log once: exit 0 no warning, 1 a warning, 2 unknown\n"
	"  --help, --version\n"
	"\n"
	"SIGHUP reloads the configuration, SIGUSR1 logs statistics. See rpfilterd(8), rpfilterd.conf(5).\n";

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

static const struct word modes[] = { { "monitor", CONFIG_MONITOR },
	{ "dry-run", CONFIG_DRY_RUN }, { "correct", CONFIG_CORRECT }, { 0 } };

static const struct word levels[] = { { "emergency", LOG_EMERG }, { "emerg", LOG_EMERG },
	{ "0", LOG_EMERG }, { "alert", LOG_ALERT }, { "1", LOG_ALERT },
	{ "critical", LOG_CRIT }, { "crit", LOG_CRIT }, { "2", LOG_CRIT },
	{ "error", LOG_ERR }, { "err", LOG_ERR }, { "3", LOG_ERR },
	{ "warning", LOG_WARNING }, { "4", LOG_WARNING }, { "notice", LOG_NOTICE },
	{ "5", LOG_NOTICE }, { "info", LOG_INFO }, { "6", LOG_INFO },
	{ "debug", LOG_DEBUG }, { "7", LOG_DEBUG }, { 0 } };

/* The value of a word in a list, or -EINVAL with a line that says what is allowed. */
static int choose_word(const struct word *words, const char *option, const char *text,
	const char *allowed)
{
	assert(text);
	for (; words->name; words++) {
		if (strcmp(words->name, text) == 0)
			return words->value;
	}
	print_line(stderr, "rpfilterd: %s %s: unknown; allowed is %s", option, text,
		allowed);
	return -EINVAL;
}

/* optopt has our option that was given a value, the letter of an unknown one, or 0. */
static int report_wrong(const char *argument, int code)
{
	if (code == '?' && optopt >= CONFIG)
		print_line(stderr, "rpfilterd: %s: takes no value; see rpfilterd --help",
			argument);
	else if (code == ':')
		print_line(stderr, "rpfilterd: %s: needs a value; see rpfilterd --help",
			argument);
	else
		print_line(stderr, "rpfilterd: %s: unknown option; see rpfilterd --help",
			argument);
	return -EINVAL;
}

int options_flush(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	print_line(stderr, "rpfilterd: cannot write the output: %s", strerror(errno));
	return -EIO;
}

static int set_mode(struct options *options, const char *text)
{
	int value = choose_word(modes, "--mode", text, "monitor, dry-run, correct");

	options->has_mode = true;
	options->mode = (enum config_mode)value;
	return value < 0 ? value : 1;
}

/* One option; returns as options_parse(). */
static int set_option(struct options *options, int code, const char *argument)
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
		value = choose_word(logs, "--log", optarg, "journal, stderr, json");
		options->log = (enum sink_kind)value;
		options->has_log = true;
		return value < 0 ? value : 1;
	case LOG_LEVEL:
		options->level = choose_word(levels, "--log-level", optarg,
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
		return options_flush();
	case VERSION:
		puts("rpfilterd " RPFILTERD_VERSION);
		return options_flush();
	default:
		return report_wrong(argument, code);
	}
}

int options_parse(int argc, char **argv, struct options *ret)
{
	struct options options = { .level = LOG_INFO };
	int code;

	opterr = 0;
	/* a leading ':' makes getopt_long() tell a missing value from an unknown option */
	while ((code = getopt_long(argc, argv, ":", longs, NULL)) != -1) {
		const char *argument = argv[optind - 1];
		int r;

		if (optarg && !*optarg) { /* --config '', --config= */
			code = ':';
			argument = *argument ? argument : argv[optind - 2];
		}
		r = set_option(&options, code, argument);
		if (r <= 0)
			return r;
	}
	if (optind < argc) {
		print_line(stderr,
			"rpfilterd: %s: unexpected; only options are allowed, see rpfilterd --help",
			argv[optind]);
		return -EINVAL;
	}
	*ret = options;
	return 1;
}
