/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From an address that is added to a strict tunnel to the rp_filter that lets its packets in:
 * the daemon, with all that it proves and accounts for, against a bare loop that writes 2 on
 * that RTM_NEWADDR. Both are seen by the same listener; they take turns. And from a new tunnel
 * to the same, against a udev rule that runs sysctl(8).
 */
#include "bare.h"
#include "bench.h"
#include "service.h"
#include "udev.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BLOCKS 10 /* of the one, then of the other */
#define ROUNDS 50
#define PAUSE_MAX_US 8000
#define REST_US 600000 /* before the first of a block, and the one in its middle */
#define TUNNELS 30     /* new ones, of each */

/* Everything at once, and nobody's reversals count: it is this bench that reverses. */
static const char config[] =
	"mode = \"correct\";\n"
	"correct = { per_minute = 6000; fight = 1000; fight_window = 1; settle = 0;\n"
	"\taddress_wait = 600000; restore = \"never\"; };\n";

struct message {
	struct nlmsghdr header;
	union {
		struct ifaddrmsg addr;
		struct ifinfomsg link;
	};
	char attributes[64];
};

/* Appends an attribute; a nested one is closed by `end`. */
static struct rtattr *put(
	struct message *message, uint16_t type, const void *data, size_t size)
{
	struct rtattr *at = (struct rtattr *)((char *)message +
					      NLMSG_ALIGN(message->header.nlmsg_len));

	at->rta_type = type;
	at->rta_len = (uint16_t)RTA_LENGTH(size);
	if (size)
		memcpy(RTA_DATA(at), data, size);
	message->header.nlmsg_len =
		(uint32_t)((char *)at - (char *)message) + RTA_ALIGN(at->rta_len);
	return at;
}

static void end(const struct message *message, struct rtattr *nested)
{
	nested->rta_len = (uint16_t)((const char *)message + message->header.nlmsg_len -
				     (char *)nested);
}

/* Sends it and takes the acknowledgement. */
static int tell(int fd, struct message *message)
{
	char buffer[1024];
	const struct nlmsghdr *answer = (const struct nlmsghdr *)buffer;

	message->header.nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	if (send(fd, message, message->header.nlmsg_len, 0) < 0 ||
		recv(fd, buffer, sizeof(buffer), 0) < 0)
		return -errno;
	return answer->nlmsg_type == NLMSG_ERROR
		       ? ((const struct nlmsgerr *)NLMSG_DATA(answer))->error
		       : -EBADMSG;
}

static void address(int fd, int ifindex, bool add)
{
	const struct in_addr vip = { htonl(0xc0000201) };
	struct message message = {
		.header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)),
			.nlmsg_type = add ? RTM_NEWADDR : RTM_DELADDR,
			.nlmsg_flags = add ? NLM_F_CREATE | NLM_F_EXCL : 0 },
		.addr = { .ifa_family = AF_INET,
			.ifa_prefixlen = 32,
			.ifa_index = (unsigned int)ifindex },
	};
	int r;

	put(&message, IFA_LOCAL, &vip, sizeof(vip));
	r = tell(fd, &message);
	if (r < 0)
		bench_die("address: %s", strerror(-r));
}

static void set_up(int fd, int ifindex)
{
	struct message message = {
		.header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
			.nlmsg_type = RTM_SETLINK },
		.link = { .ifi_index = ifindex,
			.ifi_flags = IFF_UP,
			.ifi_change = IFF_UP },
	};
	int r = tell(fd, &message);

	if (r < 0)
		bench_die("link up: %s", strerror(-r));
}

static int set_loose(int fd, int ifindex)
{
	struct message message = {
		.header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
			.nlmsg_type = RTM_SETLINK },
		.link = { .ifi_family = AF_UNSPEC, .ifi_index = ifindex },
	};
	const uint32_t loose = 2;
	struct rtattr *spec = put(&message, IFLA_AF_SPEC, NULL, 0);
	struct rtattr *inet = put(&message, AF_INET, NULL, 0);
	struct rtattr *conf = put(&message, IFLA_INET_CONF, NULL, 0);

	put(&message, IPV4_DEVCONF_RP_FILTER, &loose, sizeof(loose));
	end(&message, conf);
	end(&message, inet);
	end(&message, spec);
	return tell(fd, &message);
}

/* The yardstick, in a process of its own: it hears of addresses, and writes. */
static pid_t start_bare(int ifindex)
{
	const int group = RTNLGRP_IPV4_IFADDR;
	int listener = bare_socket(), port = bare_socket();
	pid_t pid;

	if (setsockopt(listener, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
		    sizeof(group)) < 0)
		bench_die("group: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		bench_die("fork: %s", strerror(errno));
	while (pid == 0) {
		char buffer[8192];
		const struct nlmsghdr *message = (const struct nlmsghdr *)buffer;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (recv(listener, buffer, sizeof(buffer), 0) < 0)
			_exit(1);
		if (message->nlmsg_type == RTM_NEWADDR && set_loose(port, ifindex) < 0)
			_exit(2);
	}
	close(listener);
	close(port);
	return pid;
}

static int ifindex_of(const char *name)
{
	struct ifreq request = { 0 };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strcpy(request.ifr_name, name);
	if (fd < 0 || ioctl(fd, SIOCGIFINDEX, &request) < 0)
		bench_die("%s: %s", name, strerror(errno));
	close(fd);
	return request.ifr_ifindex;
}

static int tunnel(void)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI, .ifr_name = "tunl0" };
	int tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (tun < 0 || ioctl(tun, TUNSETIFF, &request) < 0)
		bench_skip("no tun device: %s", strerror(errno));
	return tun;
}

/* --- a round -------------------------------------------------------------------------------- */

/* A write to the link is said of the link, one to /proc/sys in netconf. */
static int listener_new(void)
{
	static const int groups[] = { RTNLGRP_LINK, RTNLGRP_IPV4_NETCONF };
	int fd = bare_socket();

	for (size_t i = 0; i < ELEMENTS(groups); i++) {
		if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i],
			    sizeof(groups[i])) < 0)
			bench_die("group: %s", strerror(errno));
	}
	return fd;
}

static int rp_filter(void)
{
	FILE *file = fopen("/proc/sys/net/ipv4/conf/tunl0/rp_filter", "re");
	int value = -1;

	if (!file || fscanf(file, "%d", &value) != 1)
		bench_die("rp_filter of tunl0: %s", strerror(errno));
	fclose(file);
	return value;
}

/* Until the value has been announced; returns when. */
static double corrected(int listener)
{
	struct pollfd wait = { .fd = listener, .events = POLLIN };
	char buffer[8192];
	double done;

	do {
		if (poll(&wait, 1, 5000) <= 0)
			bench_die("not corrected within 5 s");
		if (recv(listener, buffer, sizeof(buffer), 0) < 0)
			bench_die("recv: %s", strerror(errno));
		done = bench_sec();
	} while (rp_filter() != 2);
	return done;
}

static void forget(int listener)
{
	char buffer[8192];

	while (recv(listener, buffer, sizeof(buffer), MSG_DONTWAIT) > 0)
		;
}

/* One address added; the microseconds until the link was announced with its new value. */
static double round_trip(int asker, int listener, int ifindex)
{
	double began;

	forget(listener);
	began = bench_sec();
	address(asker, ifindex, true);
	return (corrected(listener) - began) * 1e6;
}

/* Its entries are read, so that it never waits for us. */
static void drain(int fd)
{
	char buffer[65536];

	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	while (read(fd, buffer, sizeof(buffer)) > 0)
		;
}

static void block(
	int ifindex, uint64_t *seed, struct service *service, double *times, size_t count)
{
	int asker = bare_socket(), listener = listener_new();

	for (size_t i = 0; i < count; i++) {
		struct timespec pause = {
			.tv_nsec = (long)(shape_random(seed) % PAUSE_MAX_US + 2000) * 1000
		};

		bench_sysctl("conf/tunl0/rp_filter", 1);
		usleep(i == 0 || i == count / 2 ? REST_US : 0);
		nanosleep(&pause, NULL);
		if (service) {
			service_listen(service, 0);
			drain(service->out);
		}
		times[i] = round_trip(asker, listener, ifindex);
		/* it has to prove it: let it */
		nanosleep(&pause, NULL);
		address(asker, ifindex, false);
	}
	close(asker);
	close(listener);
}

/*
 * Goes to the first of the processors, or, with those that are started from there, to the last.
 * Put on the same one by the scheduler, we would hear of the write when who made it next waits,
 * and measure what the daemon does behind it.
 */
static void go_to(const cpu_set_t *all, bool last)
{
	int cpu = last ? CPU_SETSIZE - 1 : 0;
	cpu_set_t one;

	while (!CPU_ISSET((size_t)cpu, all))
		cpu += last ? -1 : 1;
	CPU_ZERO(&one);
	CPU_SET((size_t)cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one) < 0)
		bench_die("processor %d: %s", cpu, strerror(errno));
}

/* Those at `which` of each block to the front of all that are left. */
static void apart(double *times, size_t blocks, size_t rounds, size_t which, size_t to)
{
	for (size_t i = 0; i < blocks; i++) {
		double one = times[i * rounds + which];

		times[i * rounds + which] = times[to + i];
		times[to + i] = one;
	}
}

/*
 * To the front: the first of each block, and behind those the one in its middle, which had as long a
 * rest before. Behind a rest the caches are cold, and both loops take twice as long.
 */
static void rested_apart(double *times, size_t blocks, size_t rounds)
{
	apart(times, blocks, rounds, rounds / 2, blocks);
	apart(times, blocks, rounds, 0, 0);
}

static void measure(struct bench *bench, int ifindex, size_t blocks, size_t rounds)
{
	size_t count = blocks * rounds, others = count - 2 * blocks;
	_cleanup_(freep) double *ours = calloc(count, sizeof(*ours));
	_cleanup_(freep) double *bare = calloc(count, sizeof(*bare));
	uint64_t seed = 1;
	cpu_set_t all;
	double a, b;

	if (sched_getaffinity(0, sizeof(all), &all) < 0)
		bench_die("the processors: %s", strerror(errno));
	for (size_t i = 0; i < blocks && ours && bare; i++) {
		struct service service;
		pid_t pid;

		go_to(&all, true);
		pid = start_bare(ifindex);
		go_to(&all, false);
		block(ifindex, &seed, NULL, bare + i * rounds, rounds);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		bench_sysctl("conf/tunl0/rp_filter", 1);
		go_to(&all, true);
		service_start_correcting(&service, config);
		go_to(&all, false);
		service_settle(&service, service.pid);
		block(ifindex, &seed, &service, ours + i * rounds, rounds);
		service_stop(&service);
	}
	(void)sched_setaffinity(0, sizeof(all), &all);
	rested_apart(ours, blocks, rounds);
	rested_apart(bare, blocks, rounds);
	a = bench_percentile(ours, blocks, 0.5);
	b = bench_percentile(bare, blocks, 0.5);
	bench_ratio(bench, "us", &a, &b, 1, BENCH_NONE,
		"address to rp_filter corrected, first after a start, median of %zu",
		blocks);
	a = bench_percentile(ours + blocks, blocks, 0.5);
	b = bench_percentile(bare + blocks, blocks, 0.5);
	bench_ratio(bench, "us", &a, &b, 1, BENCH_NONE,
		"address to rp_filter corrected, later, behind as long a rest, median of %zu",
		blocks);
	a = bench_percentile(ours + 2 * blocks, others, 0.5);
	b = bench_percentile(bare + 2 * blocks, others, 0.5);
	bench_ratio(bench, "us", &a, &b, 1, BENCH_NONE,
		"address to rp_filter corrected, the others, median of %zu", others);
	a = bench_percentile(ours, count, 0.99);
	b = bench_percentile(bare, count, 0.99);
	bench_ratio(bench, "us", &a, &b, 1, 2.0,
		"address to rp_filter corrected, 99th percentile of all %zu", count);
}

/* --- new tunnels ------------------------------------------------------------------------------ */

/* The microseconds from a strict tunnel that is made, and gets its address, to its correction. */
static double new_tunnel(int asker, int listener)
{
	double began, done;
	int tun, ifindex;

	forget(listener);
	began = bench_sec();
	tun = tunnel();
	ifindex = ifindex_of("tunl0");
	set_up(asker, ifindex);
	address(asker, ifindex, true);
	done = corrected(listener);
	usleep(50000); /* who corrected it has more to do */
	close(tun);
	usleep(50000);
	return (done - began) * 1e6;
}

static void measure_new(struct bench *bench, size_t count)
{
	double ours[TUNNELS], rule[TUNNELS], a, b;
	int asker = bare_socket(), listener = listener_new();
	struct service service;
	pid_t pid;

	bench_sysctl("conf/default/rp_filter", 1);
	pid = udev_start(
		"ACTION==\"add\", SUBSYSTEM==\"net\", KERNEL==\"tunl*\", RUN+=\"/usr/sbin/sysctl -q -w net.ipv4.conf.%k.rp_filter=2\"");
	for (size_t i = 0; i < count; i++)
		rule[i] = new_tunnel(asker, listener);
	udev_stop(pid);
	service_start_correcting(&service, config);
	service_settle(&service, service.pid);
	for (size_t i = 0; i < count; i++) {
		ours[i] = new_tunnel(asker, listener);
		service_listen(&service, 0);
		drain(service.out);
	}
	service_stop(&service);
	a = bench_percentile(ours, count, 0.5);
	b = bench_percentile(rule, count, 0.5);
	bench_ratio(bench, "us", &a, &b, 1, 1.0,
		"new tunnel to rp_filter corrected, against a udev rule, median");
	a = bench_percentile(ours, count, 0.99);
	b = bench_percentile(rule, count, 0.99);
	bench_ratio(bench, "us", &a, &b, 1, BENCH_NONE,
		"new tunnel to rp_filter corrected, the same, 99th percentile");
	close(asker);
	close(listener);
}

/* The realserver of the story, its tunnel strict and without an address yet. */
static int scene(void)
{
	int tun;

	bench_scene();
	bench_sysctl("conf/all/rp_filter", 0);
	tun = tunnel();
	bench_ip("link set tunl0 up");
	bench_ip("address add 192.0.2.9/32 dev lo");
	bench_ip("route add default via 10.255.0.1");
	bench_sysctl("conf/tunl0/rp_filter", 1);
	return tun;
}

int main(int argc, char **argv)
{
	char state[] = "/tmp/rpfilterd-state.XXXXXX", command[64];
	struct bench bench;
	int tun, ifindex;

	bench_begin(&bench, "correct", argc, argv);
	tun = scene();
	ifindex = ifindex_of("tunl0");
	if (!mkdtemp(state) || chown(state, 65534, 65534) < 0 ||
		setenv("STATE_DIRECTORY", state, 1) < 0)
		bench_die("%s: %s", state, strerror(errno));
	measure(&bench, ifindex, bench.smoke ? 1 : BLOCKS, bench.smoke ? 3 : ROUNDS);
	if (bench.full) {
		_cleanup_(freep) struct shape_route *routes = shape_routes(1000000, 1);

		bench_load(routes, 1000000);
		measure(&bench, ifindex, BLOCKS / 2, 2 * ROUNDS);
	}
	close(tun);
	if (udev_is_there(&bench))
		measure_new(&bench, bench.smoke ? 3 : TUNNELS);
	snprintf(command, sizeof(command), "rm -rf %s", state);
	(void)!system(command);
	return bench_end(&bench);
}
