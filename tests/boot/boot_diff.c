/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The replay against the real programs: random trees of sysctl.d, each in a mount and network
 * namespace of its own, read by the real systemd-sysctl as at boot, then once for each link, and by
 * `sysctl --system`; after each, every setting of every interface, of all and of default, must be
 * what the replay says.
 *
 *	boot_diff [--seed N] [--trees N]
 */
#include "base/cleanup.h"
#include "boot/replay.h"
#include "daemon/boot/boot_read.h"
#include "kernel/rng.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SKIPPED 77
#define CHECK(what)                                                                      \
	do {                                                                             \
		if (!(what)) {                                                           \
			fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #what,    \
				strerror(errno));                                        \
			_exit(3);                                                        \
		}                                                                        \
	} while (0)

static const char *const folders[] = { "/etc/sysctl.d", "/run/sysctl.d",
	"/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d" };
static const char *const files[] = { "00-first.conf", "10-a.conf", "50-default.conf",
	"90-local.conf", "99-sysctl.conf", "99-zz.conf", "a.conf", "Z.conf",
	".hidden.conf", "README", "50-default.conf.dpkg-old" };
static const char *const names[] = { "t0", "t1", "eth0.100", "vip-1", "vip-2", "e[x]",
	"cali12", "lan", ".dot" };
#define NAMES ELEMENTS(names)

/* What a name in a key may be: an interface's, or a pattern for some. */
static const char *const patterns[] = { "*", "t*", "t?", "vip-*", "eth0*", "[tl]*", "*1",
	"e[x]", "{t0,vip-1}", "{t*,lan}", "all", "default", "nobody", "d*", "a*", "..",
	".*", "[!t]*", "{vip-{1,2},x*}" };
static const char *const keys[] = { "rp_filter", "rp_filter", "rp_filter", "rp_filter",
	"src_valid_mark", "accept_local", "arp_ignore", "rp_*", "*",
	"{rp_filter,arp_ignore}*", "log_martians", "rp_filte[r]" };
static const char *const values[] = { "0", "1", "2", "1", "2", "0", "01", "0x2", "1 # x",
	"", "abc", "-1", "1 2", "3", "1x", "+1", "2147483648" };

static const char *pick(struct rng *rng, const char *const *list, size_t count)
{
	return list[rng_below(rng, (uint32_t)count)];
}
#define PICK(rng, list) pick(rng, list, ELEMENTS(list))

static void write_text(const char *path, const char *format, ...) _printf_(2, 3);
static void write_text(const char *path, const char *format, ...)
{
	FILE *file = fopen(path, "w");
	va_list arguments;

	CHECK(file);
	va_start(arguments, format);
	vfprintf(file, format, arguments);
	va_end(arguments);
	CHECK(fclose(file) == 0);
}

/* --- a line ------------------------------------------------------------------------- */

static void add_spaces(struct rng *rng, FILE *out)
{
	static const char *const spaces[] = { "", "", "", " ", "\t", "  " };

	fputs(PICK(rng, spaces), out);
}

static void exchange(char *text)
{
	for (; *text; text++)
		*text = *text == '.' ? '/' : *text == '/' ? '.' : *text;
}

static void add_key(struct rng *rng, FILE *out)
{
	char key[256];
	const char *name = rng_below(rng, 2) ? PICK(rng, names) : PICK(rng, patterns);
	static const char *const before[] = { "net/ipv4/conf", "net/ipv4/conf",
		"net/ipv4/conf", "net/ipv4/conf", "net//ipv4/./conf", "/net/ipv4/conf",
		"net/ipv?/conf", "net/*/conf", "net/ipv4/{conf,neigh}", "net/ipv4/*" };

	snprintf(key, sizeof(key), "%s/%s/%s",
		rng_below(rng, 4) ? before[0] : PICK(rng, before), name,
		rng_below(rng, 2) ? keys[0] : PICK(rng, keys));
	if (rng_below(rng, 2))
		exchange(key);
	fputs(key, out);
}

static void add_line(struct rng *rng, FILE *out)
{
	static const char *const odd[] = { "# net.ipv4.conf.all.rp_filter = 1",
		"; net.ipv4.conf.all.rp_filter = 1", "", "nonsense", "=1", "-", "- = 2",
		"net.ipv4.conf.t0.rp_filter", "net.ipv4.conf.t0.rp_filter 1" };
	static const char *const ends[] = { "\n", "\n", "\n", "\n", "\r\n", "\n\n",
		"\r" };

	add_spaces(rng, out);
	if (rng_below(rng, 10) == 0) {
		fputs(PICK(rng, odd), out);
	} else if (rng_below(rng, 6) == 0) {
		fputs(rng_below(rng, 4) ? "-" : "- ", out);
		add_key(rng, out);
	} else {
		if (rng_below(rng, 6) == 0)
			fputs("-", out);
		add_key(rng, out);
		add_spaces(rng, out);
		fputs("=", out);
		add_spaces(rng, out);
		fputs(rng_below(rng, 3) ? values[rng_below(rng, 6)] : PICK(rng, values),
			out);
	}
	add_spaces(rng, out);
	fputs(PICK(rng, ends), out);
}

/* --- a tree ------------------------------------------------------------------------- */

static void add_regular(struct rng *rng, const char *path)
{
	uint32_t lines = rng_below(rng, 7);
	FILE *file = fopen(path, "w");

	CHECK(file);
	for (uint32_t i = 0; i < lines; i++)
		add_line(rng, file);
	CHECK(fclose(file) == 0);
}

/* One that is there already stays. */
static void make_link(const char *target, const char *path)
{
	if (symlink(target, path) < 0 && errno != EEXIST)
		abort();
}

static void add_file(struct rng *rng, const char *folder)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, PICK(rng, files));
	switch (rng_below(rng, 14)) {
	case 0:
		make_link("/dev/null", path);
		return;
	case 1:
		make_link("../sysctl.conf", path);
		return;
	case 2:
		make_link("/nowhere", path);
		return;
	case 3:
		make_link("/usr/lib/sysctl.d/50-default.conf", path);
		return;
	case 4:
		(void)mkdir(path, 0755);
		return;
	case 5:
		make_link(path, path);
		return;
	default:
		break;
	}
	if (access(path, F_OK) < 0 && errno == ENOENT) {
		struct stat there;

		if (lstat(path, &there) < 0)
			add_regular(rng, path);
	}
}

static void make_tree(struct rng *rng)
{
	static const char *const mounts[] = { "/etc", "/run", "/usr/local/lib",
		"/usr/lib/sysctl.d" };
	uint32_t count = rng_below(rng, 9);

	CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	for (size_t i = 0; i < ELEMENTS(mounts); i++)
		CHECK(mount("tree", mounts[i], "tmpfs", 0, "mode=755") == 0);
	for (size_t i = 0; i + 1 < ELEMENTS(folders); i++)
		CHECK(mkdir(folders[i], 0755) == 0);
	if (rng_below(rng, 3))
		add_regular(rng, "/etc/sysctl.conf");
	/* what distributions ship */
	if (rng_below(rng, 3) == 0)
		write_text("/usr/lib/sysctl.d/50-default.conf",
			"net.ipv4.conf.default.rp_filter = 2\nnet.ipv4.conf.*.rp_filter = 2\n-net.ipv4.conf.all.rp_filter\n");
	for (uint32_t i = 0; i < count; i++)
		add_file(rng, folders[rng_below(rng, 4)]);
}

/* --- the kernel --------------------------------------------------------------------- */

/* Runs a program whose words nobody wants. Its exit code is not looked at: it has reason to fail. */
static void run(const char *const *argv)
{
	pid_t child = fork();
	int status;

	CHECK(child >= 0);
	if (child == 0) {
		int null = open("/dev/null", O_RDWR);

		(void)dup2(null, 0);
		(void)dup2(null, 1);
		(void)dup2(null, 2);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	CHECK(waitpid(child, &status, 0) == child);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) != 127);
}

static void add_device(const char *name, bool numbered)
{
	const char *const add[] = { "ip", "tuntap", "add", name, "mode", "tun", NULL };
	const char *const address[] = { "ip", "address", "add", "10.0.0.1/24", "dev",
		name, NULL };

	run(add);
	if (numbered)
		run(address);
}

static int read_setting(const char *name, enum boot_key key)
{
	char path[128];
	int value;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/%s", name,
		boot_key_name(key));
	file = fopen(path, "r");
	CHECK(file);
	CHECK(fscanf(file, "%d", &value) == 1);
	fclose(file);
	return value;
}

static void write_setting(const char *name, enum boot_key key, int value)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/%s", name,
		boot_key_name(key));
	write_text(path, "%d\n", value);
}

/*
 * Whether "default" is marked as written: a new namespace has that from the first one, and so may
 * differ from a host that boots. A device made before tells.
 */
static void read_pins(struct replay_world *world)
{
	add_device("probe", false);
	for (int k = 0; k < BOOT_KEYS; k++) {
		enum boot_key key = (enum boot_key)k;
		int before = read_setting("default", key),
		    own = read_setting("probe", key);

		world->all.of[key].value = read_setting("all", key);
		world->fallback.of[key].value = before;
		/* a namespace of its own for this, as the writing itself leaves the mark */
		if (unshare(CLONE_NEWNET) < 0)
			_exit(SKIPPED);
		add_device("probe", false);
		write_setting("default", key, before + 1);
		world->fallback.of[key].pinned = read_setting("probe", key) == own;
	}
	CHECK(unshare(CLONE_NEWNET) == 0);
}

/* --- one tree ----------------------------------------------------------------------- */

static bool compare_one(
	const char *when, const char *name, const struct replay_conf *conf)
{
	bool same = true;

	for (int k = 0; k < BOOT_KEYS; k++) {
		int real = read_setting(name, (enum boot_key)k);

		if (real == conf->of[k].value)
			continue;
		printf("%s: %s.%s: the kernel has %d, the replay %d (%s, line %u)\n",
			when, name, boot_key_name((enum boot_key)k), real,
			conf->of[k].value, conf->of[k].pinned ? "pinned" : "not pinned",
			conf->of[k].line);
		same = false;
	}
	return same;
}

static bool compare(const char *when, const struct replay_world *world)
{
	bool same = compare_one(when, "all", &world->all);

	same &= compare_one(when, "default", &world->fallback);
	array_each (&world->ifaces, const struct replay_conf, iface)
		same &= compare_one(when, iface->name, iface);
	return same;
}

/* Another one than this system's: $SYSTEMD_SYSCTL. */
static const char *systemd_sysctl(void)
{
	if (getenv("SYSTEMD_SYSCTL"))
		return getenv("SYSTEMD_SYSCTL");
	return access("/usr/lib/systemd/systemd-sysctl", X_OK) == 0
		       ? "/usr/lib/systemd/systemd-sysctl"
		       : "/lib/systemd/systemd-sysctl";
}

static void add_both(struct replay_world *world, const char *name, bool numbered)
{
	size_t index;

	add_device(name, numbered);
	CHECK(replay_add_iface(world, name, &index) == 0);
	if (numbered)
		replay_pin(&world->ifaces.items[index]);
}

static void link_both(
	struct replay_lines *lines, struct replay_world *world, size_t index)
{
	char prefix[64];
	const char *const argv[] = { systemd_sysctl(), prefix, NULL };

	snprintf(prefix, sizeof(prefix), "--prefix=/net/ipv4/conf/%s",
		world->ifaces.items[index].name);
	run(argv);
	replay_link(lines, world, index, NULL);
}

static bool play(struct rng *rng, struct boot *boot)
{
	const char *const at_boot[] = { systemd_sysctl(), NULL };
	const char *sysctl = getenv("SYSCTL");
	const char *const reload[] = { sysctl ? sysctl : "sysctl", "--system", NULL };
	struct replay_world world = { 0 };
	struct replay_lines lines = { 0 };
	size_t early = 1 + rng_below(rng, 4), count = 0;
	bool same;

	read_pins(&world);
	CHECK(replay_add_iface(&world, "lo", &count) == 0);
	if (rng_below(rng, 2)) {
		const char *const up[] = { "ip", "link", "set", "lo", "up", NULL };

		run(up);
		replay_pin(&world.ifaces.items[0]);
	}
	for (size_t i = 0; i < early; i++)
		add_both(&world, names[(i * 5 + early) % NAMES], rng_below(rng, 3) == 0);
	CHECK(replay_lines_init(boot, &lines) == 0);
	run(at_boot);
	replay_boot(&lines, &world, NULL);
	same = compare("boot", &world);
	for (size_t i = 1; i < world.ifaces.count; i++)
		link_both(&lines, &world, i);
	for (size_t i = early; i < early + 2; i++) {
		add_both(&world, names[(i * 5 + early) % NAMES], false);
		link_both(&lines, &world, world.ifaces.count - 1);
	}
	same &= compare("link", &world);
	run(reload);
	CHECK(replay_reload(boot, &world, NULL) == 0);
	same &= compare("reload", &world);
	replay_lines_done(&lines);
	replay_world_done(&world);
	return same;
}

static void show_tree(void)
{
	const char *const argv[] = { "sh", "-c",
		"cd / && for f in etc/sysctl.d/* etc/sysctl.d/.h* run/sysctl.d/* usr/local/lib/sysctl.d/* usr/lib/sysctl.d/* etc/sysctl.conf; do [ -e $f ] || [ -L $f ] || continue; ls -ld $f; [ ! -f $f ] || cat -An $f; done >&3",
		NULL };

	(void)dup2(1, 3);
	run(argv);
}

/* The version of $SYSTEMD_SYSCTL, where it is not this system's: by the name of its library. */
static void show_version(const char *version)
{
	char path[96];

	CHECK(mount("tree", "/usr/lib/systemd", "tmpfs", 0, "mode=755") == 0);
	snprintf(path, sizeof(path), "/usr/lib/systemd/libsystemd-shared-%s.so", version);
	write_text(path, "%s", "");
}

static int one_tree(uint64_t seed)
{
	struct rng rng = { seed };
	struct boot *boot;
	bool same;

	if (unshare(CLONE_NEWNS | CLONE_NEWNET) < 0)
		return SKIPPED;
	make_tree(&rng);
	if (getenv("SYSTEMD_VERSION"))
		show_version(getenv("SYSTEMD_VERSION"));
	CHECK(boot_read(NULL, &boot) == 0);
	same = play(&rng, boot);
	if (!same)
		show_tree();
	boot_free(boot);
	fflush(stdout);
	return same ? 0 : 1;
}

int main(int argc, char **argv)
{
	unsigned long seed = 1, trees = 50, wrong = 0;

	for (int i = 1; i + 1 < argc; i += 2) {
		unsigned long number = strtoul(argv[i + 1], NULL, 0);

		if (strcmp(argv[i], "--seed") == 0)
			seed = number;
		else if (strcmp(argv[i], "--trees") == 0)
			trees = number;
	}
	if (access(systemd_sysctl(), X_OK) < 0) {
		printf("skipped: there is no systemd-sysctl\n");
		return SKIPPED;
	}
	for (unsigned long i = 0; i < trees; i++) {
		pid_t child;
		int status;

		fflush(stdout);
		child = fork();
		CHECK(child >= 0);
		if (child == 0)
			_exit(one_tree(seed + i));
		CHECK(waitpid(child, &status, 0) == child);
		if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED) {
			printf("skipped: mount and network namespaces are refused here\n");
			return SKIPPED;
		}
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			continue;
		printf("tree %lu: different (boot_diff --seed %lu --trees 1)\n", seed + i,
			seed + i);
		wrong++;
	}
	printf("seed %lu: %lu trees, %lu different\n", seed, trees, wrong);
	return wrong ? 1 : 0;
}
