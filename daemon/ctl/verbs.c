/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/verbs.h"

#include "daemon/config/config_text.h"

#include <errno.h>
#include <string.h>

#define OPTION_COMMON (OPTION_JSON | OPTION_CONFIG | OPTION_NETNS | OPTION_HELP)

static const char list_help[] =
	"rpfilterctl list [--json] [--config FILE] [--netns NAME]\n"
	"\n"
	"A row an interface, in the order of their index:\n"
	"  OWN, ALL   rp_filter of the interface and of conf.all\n"
	"  EFFECTIVE  the greater of the two, which counts: 0 off, 1 strict, 2 loose\n"
	"  NUMBERED   whether it has an IPv4 address; loose without one is as strict\n"
	"  EXPECTED   the sources that ought to come in by it, and why\n"
	"  VERDICT    ok        no expected source is dropped\n"
	"             drops     some are: `rpfilterctl check` says which and why\n"
	"             off       its rp_filter is off\n"
	"             down      nothing comes in by it\n"
	"             unjudged  could not tell, or it has no IPv4 (an MTU below 68)\n"
	"\n"
	"Exit: 1 if a verdict is drops; else 2 if one is unjudged; else 0.\n";

static const char check_help[] =
	"rpfilterctl check [IFACE...] [--all] [--json] [--config FILE] [--netns NAME]\n"
	"\n"
	"Which expected sources the kernel drops by reverse path, on the interfaces that are\n"
	"named or on all: why, which way the answers would go, and the remedy. Each finding\n"
	"is confirmed by asking the kernel about its example. Of the dropped sources the 16\n"
	"largest prefixes are shown, or with --all each of them.\n"
	"\n"
	"Exit: 0 nothing is dropped; 1 findings; 2 usage, or could not tell: a named\n"
	"interface is unjudged, one is not understood and there is no finding elsewhere, or\n"
	"the kernel doesn't confirm a finding.\n";

static const char explain_help[] =
	"rpfilterctl explain DST from SRC iif IFACE [mark M] [tos T] [ipproto P] [sport N]\n"
	"            [dport N] [--no-kernel] [--json] [--netns NAME]\n"
	"rpfilterctl explain --batch FILE|- [--no-kernel] [--json] [--netns NAME]\n"
	"\n"
	"What reverse path filtering does with one packet, step by step, and whether the\n"
	"kernel says the same. The words are those of `ip route get`, in any order. Numbers\n"
	"are decimal, or hexadecimal with 0x (tos too, unlike ip). What isn't given is what\n"
	"the kernel assumes: mark 0, tos 0, udp, ports 0. SRC, DST and M are those behind\n"
	"PREROUTING: after DNAT and mangle.\n"
	"\n"
	"  --batch      a flow a line, blank lines and what follows a # skipped; the answers\n"
	"               in order, with --json an object a line\n"
	"  --no-kernel  the kernel is not asked; then \"agree\" is null. So it is where it\n"
	"               can't be asked about just that packet: a protocol other than tcp,\n"
	"               udp and icmp while a rule looks at protocols or ports; a refusal\n"
	"               that may mean the destination as well as the source\n"
	"\n"
	"Exit: 0 pass; 1 drop; 2 unjudged, the kernel disagrees, or usage. With --batch the\n"
	"greatest of these.\n";

static const char plan_help[] =
	"rpfilterctl plan [IFACE...] [--json] [--config FILE] [--netns NAME]\n"
	"\n"
	"What correcting would write for the findings of the interfaces that are named, or of\n"
	"all: each sysctl, its old and new value, how to undo it, and which other verdicts it\n"
	"changes. Nothing is written. The settings of correct (lowest, allow_all) hold; what\n"
	"they forbid is said.\n"
	"\n"
	"Exit: 0 nothing is to be corrected; 1 something is; 2 usage, or could not tell.\n";

static const char apply_help[] =
	"rpfilterctl apply [IFACE...] [--yes] [--json] [--config FILE] [--netns NAME] [--state DIR]\n"
	"\n"
	"Does once what plan shows, whatever the mode is: shows it and asks first, on a\n"
	"terminal; --yes doesn't ask. Without names it is about declared sources and tunnels.\n"
	"A running rpfilterd in correct mode does it; else it is done here. Either way it\n"
	"stands in the ledger, so that it can be taken back: revert. Needs root.\n"
	"\n"
	"Exit: 0 done, or nothing to do; 1 something was refused, or did not help; 2 usage, or\n"
	"nothing could be tried.\n";

static const char revert_help[] =
	"rpfilterctl revert IFACE...|--all [--json] [--netns NAME] [--state DIR]\n"
	"\n"
	"Takes back what was corrected, by a running rpfilterd or by apply, unless somebody\n"
	"else changed the value since. A running rpfilterd leaves these interfaces alone from\n"
	"then on, until resume. Needs root.\n"
	"\n"
	"Exit: 0 done, or nothing to do; 1 something could not be taken back; 2 usage, or\n"
	"nothing could be tried.\n";

static const char pause_help[] =
	"rpfilterctl pause [IFACE...] [--json] [--netns NAME] [--state DIR]\n"
	"rpfilterctl resume [IFACE...] [--json] [--netns NAME] [--state DIR]\n"
	"\n"
	"Has rpfilterd correct nothing, and take nothing back, on the interfaces that are\n"
	"named, or on all, until resume; also after a restart, until the next boot. Findings\n"
	"are logged meanwhile. Needs root.\n"
	"\n"
	"Exit: 0 done; 2 usage, or it could not be done.\n";

static const char exceptions_help[] =
	"rpfilterctl exceptions [--json] [--config FILE] [--netns NAME] [--state DIR]\n"
	"\n"
	"For an audit (CIS 3.3.7, STIG, lynis): all and default, which baselines look at, and\n"
	"each interface that is filtered less than strictly in effect, with what would be\n"
	"dropped there if it were strict, and by whom and since when it is so, as far as the\n"
	"ledger tells (root reads it).\n"
	"\n"
	"Exit: 0 all and default are 1 or 2; 1 one of them is not; 2 usage, or could not tell.\n";

static const char suggest_help[] =
	"rpfilterctl suggest [IFACE...] [--json] [--config FILE] [--netns NAME] [--state DIR]\n"
	"\n"
	"What makes the corrections outlast a reboot, on standard output: a file for\n"
	"/etc/sysctl.d with explicit keys, which beat the patterns of other files, each with its\n"
	"reason, and as comments what systemd-networkd takes instead. It has what the ledger has\n"
	"and is so still, and what apply would do.\n"
	"\n"
	"Exit: 0 something is suggested, or nothing needed; 1 an interface's name can't stand in\n"
	"such a file; 2 usage, or could not tell.\n";

static const char help[] =
	"rpfilterctl VERB [--json] [--config FILE] [--netns NAME] ...\n"
	"\n"
	"Which packets this host drops by reverse path (rp_filter), and why.\n"
	"\n"
	"  list                           each interface, what it filters, whether it drops\n"
	"  check [IFACE...]               expected sources that are dropped, and the remedy\n"
	"  explain DST from SRC iif IFACE one packet, step by step\n"
	"  plan [IFACE...]                what correcting would write, and its undo\n"
	"  apply [IFACE...]               do that once\n"
	"  revert IFACE...|--all          take corrections back\n"
	"  pause, resume [IFACE...]       have rpfilterd leave interfaces alone\n"
	"  exceptions                     what is less than strict, and why, for an audit\n"
	"  suggest [IFACE...]             a sysctl.d file that keeps the corrections\n"
	"\n"
	"  --json         one JSON object\n"
	"  --config FILE  instead of " RPFILTERD_CONFIG "\n"
	"  --netns NAME   look into a network namespace (a name, or a path); needs root\n"
	"  --help         this, or behind a verb more about it\n"
	"  --version\n"
	"\n"
	"It reads the kernel itself: no running rpfilterd is needed, and root only for what\n"
	"changes something.\n"
	"Exit: 0 fine; 1 found something (a drop, a finding); 2 usage, or could not tell.\n";

static const struct verb {
	const char *name;
	int (*run)(struct ctl *ctl); /* NULL: not built yet */
	const char *help;
	unsigned int options;
	bool words; /* it takes any */
} verbs[] = {
	{ "list", list_run, list_help, OPTION_COMMON, false },
	{ "check", check_run, check_help, OPTION_COMMON | OPTION_ALL, true },
	{ "explain", explain_run, explain_help,
		OPTION_COMMON | OPTION_BATCH | OPTION_NO_KERNEL, true },
	{ "plan", plan_run, plan_help, OPTION_COMMON, true },
	{ "apply", apply_run, apply_help, OPTION_COMMON | OPTION_YES | OPTION_STATE,
		true },
	{ "revert", revert_run, revert_help, OPTION_COMMON | OPTION_ALL | OPTION_STATE,
		true },
	{ "pause", pause_run, pause_help, OPTION_COMMON | OPTION_STATE, true },
	{ "resume", resume_run, pause_help, OPTION_COMMON | OPTION_STATE, true },
	{ "exceptions", exceptions_run, exceptions_help, OPTION_COMMON | OPTION_STATE,
		false },
	{ .name = "what-if" },
	{ "suggest", suggest_run, suggest_help, OPTION_COMMON | OPTION_STATE, true },
	{ .name = "status" },
	{ .name = "monitor" },
	{ .name = "snapshot" },
};

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; name && i < ELEMENTS(verbs); i++) {
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	}
	return NULL;
}

static int unknown_verb(const struct arguments *arguments, FILE *err)
{
	char quoted[CONFIG_QUOTE_TEXT];

	if (arguments->verb)
		(void)fprintf(err, "rpfilterctl: unknown verb %s; the verbs are:",
			config_text_quote(arguments->verb, quoted));
	else
		(void)fprintf(err, "rpfilterctl: a verb is missing; the verbs are:");
	for (size_t i = 0; i < ELEMENTS(verbs); i++)
		(void)fprintf(err, "%s %s", i ? "," : "", verbs[i].name);
	(void)fputs(" (see rpfilterctl --help)\n", err);
	return CTL_FAILED;
}

static int refuse_options(const struct verb *verb, int error, const char *what, FILE *err)
{
	unsigned int set =
		verb ? verb->options : OPTION_COMMON | (unsigned int)OPTION_VERSION;
	char text[ERROR_TEXT + 192], allowed[192];

	if (error == -ENOENT)
		(void)snprintf(text, sizeof(text), "%s; the options are %s", what,
			arguments_options(set, allowed, sizeof(allowed)));
	else
		(void)snprintf(text, sizeof(text), "%s", what);
	ctl_print_error(err, verb ? verb->name : NULL, text);
	return CTL_FAILED;
}

/* Whether the command line is one for the verb; else says why not. */
static bool fits_verb(
	const struct verb *verb, const struct arguments *arguments, FILE *err)
{
	unsigned int strange =
		arguments->given & ~(verb->options | (unsigned int)OPTION_VERSION);
	char error[ERROR_TEXT], named[192], allowed[192], quoted[CONFIG_QUOTE_TEXT];

	if (strange) {
		(void)snprintf(error, sizeof(error),
			"it doesn't take %s; its options are %s",
			arguments_options(strange, named, sizeof(named)),
			arguments_options(verb->options, allowed, sizeof(allowed)));
	} else if (arguments->words.count && !verb->words) {
		(void)snprintf(error, sizeof(error),
			"unexpected %s; it takes options only",
			config_text_quote(arguments->words.items[0], quoted));
	} else {
		return true;
	}
	ctl_print_error(err, verb->name, error);
	return false;
}

static int run_verb(const struct arguments *arguments, int parsed, const char *error,
	FILE *out, FILE *err)
{
	const struct verb *verb = find_verb(arguments->verb);
	struct ctl ctl = { .arguments = arguments, .out = out, .err = err };
	int code;

	if (verb && !verb->run) {
		ctl_print_error(err, verb->name, "not built yet");
		return CTL_FAILED;
	}
	if (arguments->verb && !verb && strcmp(arguments->verb, "help") != 0)
		return unknown_verb(arguments, err);
	if (parsed < 0)
		return refuse_options(verb, parsed, error, err);
	if (arguments->given & OPTION_VERSION) {
		(void)fputs("rpfilterctl " RPFILTERD_VERSION "\n", out);
		return CTL_FINE;
	}
	if (arguments->given & OPTION_HELP || (arguments->verb && !verb)) {
		(void)fputs(verb ? verb->help : help, out);
		return CTL_FINE;
	}
	if (!verb)
		return unknown_verb(arguments, err);
	if (!fits_verb(verb, arguments, err))
		return CTL_FAILED;
	code = verb->run(&ctl);
	host_done(&ctl.host);
	return code;
}

int verbs_main(int argc, char *const *argv, FILE *out, FILE *err)
{
	struct arguments arguments = { 0 };
	char error[ERROR_TEXT] = "out of memory";
	int r = arguments_parse(argc, argv, &arguments, error);
	int code = run_verb(&arguments, r, error, out, err);

	arguments_done(&arguments);
	if (fflush(out) != 0 || ferror(out)) {
		(void)fprintf(err, "rpfilterctl: can't write the output: %s\n",
			strerror(errno));
		return CTL_FAILED;
	}
	return code;
}
