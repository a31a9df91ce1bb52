/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ctl/verbs.h"

#include "base/print.h"
#include "daemon/config/config_text.h"

#include <errno.h>
#include <string.h>

#define OPTION_COMMON (OPTION_JSON | OPTION_CONFIG | OPTION_NETNS | OPTION_HELP)

static const char list_help[] =
	"rpfilterctl list [--severity warning|notice] [--json] [--config FILE]\n"
	"            [--netns NAME | --snapshot FILE|-]\n"
	"\n"
	"Shows one row per interface, ordered by index:\n"
	"  OWN, ALL   rp_filter of the interface and of conf.all\n"
	"  EFFECTIVE  the greater of the two, which applies: 0 off, 1 strict, 2 loose\n"
	"  NUMBERED   whether it has an IPv4 address; without one, loose acts as strict\n"
	"  EXPECTED   the sources that it should accept, and why\n"
	"  VERDICT    ok        no expected source is dropped\n"
	"             drops     some are dropped: `rpfilterctl check` shows which and why\n"
	"             off       rp_filter is off, or never acts there (lo, ports, dummies)\n"
	"             down      the interface is down\n"
	"             unjudged  not evaluated, no IPv4 (MTU below 68), or nothing is expected\n"
	"\n"
	"Exit: 1 if a finding is a warning, or with --severity notice any; else 2 if a verdict\n"
	"is unjudged though something is expected; else 0.\n";

static const char check_help[] =
	"rpfilterctl check [IFACE...] [--all] [--severity warning|notice] [--json]\n"
	"            [--config FILE] [--netns NAME | --snapshot FILE|-]\n"
	"\n"
	"Shows which expected sources the kernel drops by reverse path filtering, on the named\n"
	"interfaces or on all: the reason, the reverse route and the remedy. The kernel is asked\n"
	"to confirm each finding with a test packet. Shows the 16 largest dropped prefixes;\n"
	"--all shows every one. Warnings come first, then what drops the greatest share. The\n"
	"last line has what the kernel has counted as dropped.\n"
	"\n"
	"Exit: 0 no warning; 1 a warning, or with --severity notice any finding; 2 usage error,\n"
	"or unknown: a named interface is not evaluated, one is not evaluated and there is no\n"
	"finding, or the kernel does not confirm a finding.\n";

static const char explain_help[] =
	"rpfilterctl explain DST from SRC iif IFACE [mark M] [tos T] [ipproto P] [sport N]\n"
	"            [dport N] [--no-kernel] [--json|--dot] [--config FILE]\n"
	"            [--netns NAME | --snapshot FILE|-]\n"
	"rpfilterctl explain --batch FILE|- [--no-kernel] [--json] [--config FILE]\n"
	"            [--netns NAME | --snapshot FILE|-]\n"
	"\n"
	"Shows what reverse path filtering does with one packet, step by step, and whether the\n"
	"kernel agrees. The words are those of `ip route get`, in any order. Numbers are\n"
	"decimal, or hexadecimal with 0x (tos too, unlike ip). Defaults, as in the kernel:\n"
	"mark 0, tos 0, udp, ports 0. SRC, DST and M are the values after PREROUTING (DNAT,\n"
	"mangle).\n"
	"\n"
	"  --batch      one flow per line; blank lines and text after # are skipped. One\n"
	"               answer per flow, in order; with --json one object per line\n"
	"  --dot        draw the way of the packet in the language of Graphviz:\n"
	"               rpfilterctl explain ... --dot | dot -Tsvg >way.svg\n"
	"  --no-kernel  do not ask the kernel; then \"agree\" is null. It is null, too, where\n"
	"               the kernel cannot be asked about exactly this packet: a protocol other\n"
	"               than tcp, udp and icmp while a rule matches protocols or ports; an error\n"
	"               that may be about the destination as well as the source\n"
	"\n"
	"Exit: 0 pass; 1 drop; 2 unjudged, the kernel disagrees, or usage error. With --batch\n"
	"the greatest of these.\n";

static const char plan_help[] =
	"rpfilterctl plan [IFACE...] [--json] [--config FILE] [--state DIR]\n"
	"            [--netns NAME | --snapshot FILE|-]\n"
	"\n"
	"Shows which sysctls a correction would write for the findings of the named interfaces,\n"
	"or of all: old and new value, how to undo it, and which other verdicts it changes.\n"
	"Writes nothing. Obeys the settings of correct (lowest, allow_all) and shows what they\n"
	"forbid, what the daemon would refuse to do by itself, and which interfaces are paused,\n"
	"by hand or after a fight (root can read it).\n"
	"\n"
	"Exit: 0 nothing to correct; 1 something to correct; 2 usage error, or unknown.\n";

static const char apply_help[] =
	"rpfilterctl apply [IFACE...] [--yes] [--json] [--config FILE] [--netns NAME] [--state DIR]\n"
	"\n"
	"Applies once what plan shows, in any mode. On a terminal it shows the plan and asks\n"
	"first; --yes does not ask. Without names it corrects declared sources and tunnels only.\n"
	"A running rpfilterd in correct mode does it, else rpfilterctl. Both record it in the\n"
	"ledger, so that revert can undo it. Needs root.\n"
	"\n"
	"Exit: 0 done, or nothing to do; 1 something was refused, or had no effect; 2 usage\n"
	"error, or nothing could be tried.\n";

static const char revert_help[] =
	"rpfilterctl revert IFACE...|--all [--json] [--config FILE] [--netns NAME] [--state DIR]\n"
	"\n"
	"Reverts corrections by a running rpfilterd or by apply, unless another program changed\n"
	"the value since. Pauses these interfaces for a running rpfilterd, until resume. Needs\n"
	"root.\n"
	"\n"
	"Exit: 0 done, or nothing to do; 1 something could not be reverted; 2 usage error, or\n"
	"nothing could be tried.\n";

static const char pause_help[] =
	"rpfilterctl pause [IFACE...] [--for TIME] [--json] [--config FILE] [--netns NAME]\n"
	"            [--state DIR]\n"
	"rpfilterctl resume [IFACE...] [--json] [--config FILE] [--netns NAME] [--state DIR]\n"
	"\n"
	"Stops rpfilterd from correcting and reverting on the named interfaces, or on all, for\n"
	"TIME (such as 90s, 10m, 2h or 1d), or until resume; at most until the next boot, or the\n"
	"interface's removal. A restart or another name does not end it. What is set meanwhile\n"
	"is left alone. Findings are still logged. exceptions and plan show the pauses, also\n"
	"those that rpfilterd makes after a fight; resume ends both. Needs root.\n"
	"\n"
	"Exit: 0 done; 2 usage error, or it failed.\n";

static const char exceptions_help[] =
	"rpfilterctl exceptions [--json] [--config FILE] [--netns NAME] [--state DIR]\n"
	"\n"
	"For an audit (CIS 3.3.7, STIG, lynis): shows all and default, which baselines check,\n"
	"and each interface whose effective rp_filter is not strict, with what strict would drop\n"
	"there, who loosened it and when, and which interfaces are paused, by hand or after a\n"
	"fight, if the ledger has it (root can read it).\n"
	"\n"
	"Exit: 0 all and default are 1 or 2; 1 one of them is not; 2 usage error, or unknown.\n";

static const char suggest_help[] =
	"rpfilterctl suggest [IFACE...] [--format FORMAT] [--root DIR] [--json] [--config FILE]\n"
	"            [--state DIR] [--netns NAME | --snapshot FILE|-]\n"
	"rpfilterctl suggest --check [IFACE...] [--root DIR] [--json] [--config FILE]\n"
	"            [--netns NAME | --snapshot FILE|-]\n"
	"\n"
	"Writes what makes corrections last: the corrections of the ledger that are still in\n"
	"place, and what apply would do. The file is tried on a replay of the boot: its name\n"
	"sorts behind what would undo it, or the line that has to change is shown as a diff.\n"
	"Names that change are written as the pattern that the configuration has for them.\n"
	"\n"
	"  --format FORMAT  sysctl.d (a file for /etc/sysctl.d), networkd, networkmanager,\n"
	"                   ansible or commands\n"
	"  --check          print only what a boot would undo of what is in force now\n"
	"  --root DIR       the files of the tree at DIR instead of this host's\n"
	"\n"
	"Exit: 0 something that will last is suggested, or nothing is needed; 1 a warning stays\n"
	"open, a boot undoes something, or a name cannot be written; 2 usage error, or unknown.\n";

static const char who_help[] =
	"rpfilterctl who [IFACE] [--root DIR] [--json] [--config FILE] [--netns NAME]\n"
	"\n"
	"Shows who sets rp_filter, and will set it again: the value now, each line of each file\n"
	"that sets it at boot, for a link that appears, and at `sysctl --system`, which one wins\n"
	"and why, and what it will be after a boot; src_valid_mark, accept_local and arp_ignore\n"
	"too, where they are set. A line that wins has a '*', one that may or may not come true\n"
	"a '?'. Without IFACE: the interfaces that a boot would change.\n"
	"\n"
	"  --root DIR  the files of the tree at DIR instead of this host's\n"
	"\n"
	"Exit: 0 a boot changes nothing; 1 it does; 2 usage error, or unknown.\n";

static const char what_if_help[] =
	"rpfilterctl what-if [--kernel VERSION] [--flows FILE|-] CHANGE...|- [--json]\n"
	"            [--config FILE] [--netns NAME | --snapshot FILE|-]\n"
	"\n"
	"Judges changes before they are made: which findings they bring, end and change. Makes\n"
	"none of them, runs no command. A CHANGE is a sysctl, KEY=VALUE, or what ip(8) takes:\n"
	"  route add|append|prepend|replace|change|del ...   rule add|del ...\n"
	"  address add|replace|change|del ...                nexthop add|replace|del ...\n"
	"  link set DEV up|down ..., link add|del ...\n"
	"Each is one argument, or all arguments together are one; with - each line of standard\n"
	"input is, as for ip -batch. They are made in their order. A change that the kernel\n"
	"would refuse ends it, with the kernel's reason.\n"
	"\n"
	"  --kernel VERSION  judge by the rules of this kernel, such as 2.6.26 or 7.2\n"
	"  --flows FILE|-    instead of findings, one flow per line as for explain --batch, and\n"
	"                    its verdict before and after\n"
	"\n"
	"Exit: 0 nothing gets worse; 1 something does; 2 usage error, a change that would be\n"
	"refused, or unknown.\n";

static const char snapshot_help[] =
	"rpfilterctl snapshot FILE|- [--anonymize] [--config FILE] [--netns NAME] [--state DIR]\n"
	"\n"
	"Writes what was read of this host into FILE, or to standard output: netlink messages,\n"
	"values of /proc, the configuration. With --snapshot FILE, list, check, explain, plan,\n"
	"suggest and what-if answer from it, on any host, without root. It is a pcapng capture,\n"
	"compressed with zstd: `zstd -d` unpacks it for Wireshark. FILE is replaced only when all\n"
	"is written.\n"
	"\n"
	"  --anonymize  replaces addresses prefix by prefix, and names, by a random key; leaves out\n"
	"               the host's name, hardware addresses and comments. Verdicts stay\n"
	"\n"
	"Exit: 0 written; 2 usage error, or it could not be read or written.\n";

static const char diff_help[] =
	"rpfilterctl diff OLD NEW [--json] [--config FILE]\n"
	"\n"
	"Shows which findings came, went and changed between two snapshots: what is worse first,\n"
	"then what is better, then what is different. With --config, both are judged with that\n"
	"configuration, else each with its own.\n"
	"\n"
	"Exit: 0 nothing is worse; 1 something is; 2 usage error, or unknown.\n";

static const char help[] =
	"rpfilterctl VERB [--json] [--config FILE] [--netns NAME] ...\n"
	"\n"
	"Shows which packets this host drops by reverse path filtering (rp_filter), and why.\n"
	"\n"
	"  list                           every interface: its filter, and whether it drops\n"
	"  check [IFACE...]               expected sources that are dropped, and the remedy\n"
	"  explain DST from SRC iif IFACE one packet, step by step\n"
	"  plan [IFACE...]                what a correction would write, and how to undo it\n"
	"  apply [IFACE...]               apply the plan once\n"
	"  revert IFACE...|--all          revert corrections\n"
	"  pause, resume [IFACE...]       stop and restart corrections by rpfilterd\n"
	"  exceptions                     what is not strict, and why, for an audit\n"
	"  suggest [IFACE...]             a sysctl.d file that keeps the corrections\n"
	"  who [IFACE]                    which file sets it, and what a boot makes of it\n"
	"  what-if CHANGE...|-            what a change would break or cure\n"
	"  snapshot FILE|-                write what was read, for --snapshot\n"
	"  diff OLD NEW                   findings that differ between two snapshots\n"
	"\n"
	"  --json         print one JSON object\n"
	"  --config FILE  read FILE instead of " RPFILTERD_CONFIG "\n"
	"  --netns NAME   use this network namespace (a name, or a path); needs root\n"
	"  --snapshot FILE|-\n"
	"                 list, check, explain, plan, suggest, what-if: answer from it\n"
	"  --help         this text; after a verb, the help of that verb\n"
	"  --version\n"
	"\n"
	"It reads the kernel itself and needs no running rpfilterd. Only what changes something\n"
	"needs root.\n"
	"Exit: 0 nothing found; 1 found something (a drop, a finding); 2 usage error, or unknown.\n";

static const struct verb {
	const char *name;
	int (*run)(struct ctl *ctl); /* NULL: not built yet */
	const char *help;	     /* of one that is not built: what to do instead */
	unsigned int options;
	bool words; /* it takes any */
} verbs[] = {
	{ "list", list_run, list_help, OPTION_COMMON | OPTION_SNAPSHOT | OPTION_SEVERITY,
		false },
	{ "check", check_run, check_help,
		OPTION_COMMON | OPTION_ALL | OPTION_SNAPSHOT | OPTION_SEVERITY, true },
	{ "explain", explain_run, explain_help,
		OPTION_COMMON | OPTION_BATCH | OPTION_NO_KERNEL | OPTION_SNAPSHOT |
			OPTION_DOT,
		true },
	{ "plan", plan_run, plan_help, OPTION_COMMON | OPTION_SNAPSHOT | OPTION_STATE,
		true },
	{ "apply", apply_run, apply_help, OPTION_COMMON | OPTION_YES | OPTION_STATE,
		true },
	{ "revert", revert_run, revert_help, OPTION_COMMON | OPTION_ALL | OPTION_STATE,
		true },
	{ "pause", pause_run, pause_help, OPTION_COMMON | OPTION_STATE | OPTION_FOR,
		true },
	{ "resume", resume_run, pause_help, OPTION_COMMON | OPTION_STATE, true },
	{ "exceptions", exceptions_run, exceptions_help, OPTION_COMMON | OPTION_STATE,
		false },
	{ "what-if", what_if_run, what_if_help,
		OPTION_COMMON | OPTION_SNAPSHOT | OPTION_KERNEL | OPTION_FLOWS, true },
	{ "suggest", suggest_run, suggest_help,
		OPTION_COMMON | OPTION_STATE | OPTION_SNAPSHOT | OPTION_ROOT |
			OPTION_CHECK | OPTION_FORMAT,
		true },
	{ "who", who_run, who_help, OPTION_COMMON | OPTION_ROOT, true },
	{ .name = "status", .help = "see systemctl status rpfilterd" },
	{ .name = "monitor", .help = "see journalctl -fu rpfilterd" },
	{ "snapshot", snapshot_run, snapshot_help,
		OPTION_CONFIG | OPTION_NETNS | OPTION_HELP | OPTION_STATE |
			OPTION_ANONYMIZE,
		true },
	{ "diff", diff_run, diff_help, OPTION_JSON | OPTION_CONFIG | OPTION_HELP, true },
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
		print_part(err, "rpfilterctl: unknown verb %s; the verbs are:",
			config_text_quote(arguments->verb, quoted));
	else
		print_part(err, "rpfilterctl: a verb is missing; the verbs are:");
	for (size_t i = 0; i < ELEMENTS(verbs); i++) {
		if (verbs[i].run)
			print_part(err, "%s %s", i ? "," : "", verbs[i].name);
	}
	print_line(err, " (see rpfilterctl --help)");
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
			"%s %s not allowed here; the options are %s",
			arguments_options(strange, named, sizeof(named)),
			strange & (strange - 1) ? "are" : "is",
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
	char text[128];
	int code;

	if (verb && !verb->run) {
		(void)snprintf(text, sizeof(text), "not built yet; %s", verb->help);
		ctl_print_error(err, verb->name, text);
		return CTL_FAILED;
	}
	if (arguments->verb && !verb && strcmp(arguments->verb, "help") != 0)
		return unknown_verb(arguments, err);
	if (parsed < 0)
		return refuse_options(verb, parsed, error, err);
	if (arguments->given & OPTION_VERSION) {
		print_line(out, "rpfilterctl " RPFILTERD_VERSION);
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
		print_line(
			err, "rpfilterctl: cannot write the output: %s", strerror(errno));
		return CTL_FAILED;
	}
	return code;
}
