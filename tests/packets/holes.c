/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a model of one packet can't have: traps that lie between packets, or beside them.
 * docs/verdict.md tells users of them; here the kernel shows that they are as told.
 *
 *	holes trap-10-batch | trap-11-established | trap-12-arp | trap-26-global-counter
 */
#include "host/host_kernel.h"
#include "kernel/follow.h"

#include "base/cleanup.h"
#include "kernel/probe.h"
#include "kernel/procsys.h"
#include "rpf/rpf.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

static _Noreturn __attribute__((format(printf, 1, 2))) void fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
	exit(1);
}

static _Noreturn void skip(const char *why)
{
	printf("skipped: %s\n", why);
	exit(77);
}

static void run(const char *command)
{
	if (!host_do(command))
		fail("refused: %s", command);
}

static uint64_t counter(void)
{
	uint64_t drops = 0;

	if (procsys_rpf_drops(&drops) < 0)
		fail("IPReversePathFilter can't be read");
	return drops;
}

/* --- the scene: what is sent out of e0 comes in by d0, which is 10.0.0.1; d1 is 10.0.1.1 ---- */

static void scene(void)
{
	if (unshare(CLONE_NEWNET) < 0)
		skip("a network namespace is refused here");
	run("ip link set dev lo up");
	run("ip link add d0 type veth peer name e0");
	run("ip link add d1 type veth peer name e1");
	run("ip link set dev d0 up");
	run("ip link set dev e0 up");
	run("ip link set dev d1 up");
	run("ip link set dev e1 up");
	run("ip address add 10.0.0.1/24 dev d0");
	run("ip address add 10.0.1.1/24 dev d1");
	run("sysctl -w net.ipv4.conf.all.rp_filter=0");
	run("sysctl -w net.ipv4.conf.d0.rp_filter=0");
}

static void mac_of(const char *device, unsigned char out[6])
{
	struct ifreq request = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
	if (ioctl(fd, SIOCGIFHWADDR, &request) < 0)
		fail("no %s", device);
	memcpy(out, request.ifr_hwaddr.sa_data, 6);
	close(fd);
}

/* A socket that sends out of a device, and hears what comes in by it. */
static int wire(const char *device, int protocol)
{
	struct sockaddr_ll own = { .sll_family = AF_PACKET,
		.sll_protocol = htons((uint16_t)protocol),
		.sll_ifindex = (int)if_nametoindex(device) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof(own)) < 0)
		fail("a packet socket at %s: %s", device, strerror(errno));
	return fd;
}

struct packet {
	struct ether_header ether;
	struct iphdr ip;
	struct udphdr udp;
	char payload[4];
} __attribute__((packed));

static uint16_t checksum(const void *bytes, size_t length)
{
	const unsigned char *byte = bytes;
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < length; i += 2)
		sum += (uint32_t)byte[i] << 8 | byte[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

/* UDP from port 2000 to port 53. */
static struct packet packet_of(const char *src, const char *dst)
{
	struct packet packet = { .ether = { .ether_shost = { 2 },
					 .ether_type = htons(ETHERTYPE_IP) },
		.ip = { .version = 4,
			.ihl = 5,
			.ttl = 64,
			.protocol = IPPROTO_UDP,
			.tot_len = htons(sizeof(packet) - sizeof(packet.ether)),
			.saddr = inet_addr(src),
			.daddr = inet_addr(dst) },
		.udp = { .source = htons(2000),
			.dest = htons(53),
			.len = htons(sizeof(packet.udp) + sizeof(packet.payload)) },
		.payload = "rpf" };

	mac_of("d0", packet.ether.ether_dhost);
	packet.ip.check = checksum(&packet.ip, sizeof(packet.ip));
	return packet;
}

/* The kernel and the model on a packet in by d0: both drop it, or both let it pass. */
static void both_say(const char *src, const char *dst, bool drop)
{
	struct world world;
	struct flow flow = { .proto = FLOW_UDP, .sport = 2000, .dport = 53 };
	struct overlay overlay;
	struct rpf rpf;
	int r;

	world_begin(&world, 1 << 20);
	flow.iif = (int)if_nametoindex("d0");
	flow.src = ip4(ntohl(inet_addr(src)));
	flow.dst = ip4(ntohl(inet_addr(dst)));
	overlay = (struct overlay){ .state = world.state };
	rpf = rpf_judge(&overlay, &flow, NULL);
	r = probe_ask(world.request, &flow);
	if ((rpf.verdict == RPF_DROP) != drop || (r != 0) != drop)
		fail("from %s to %s: the model says %s, the kernel %d", src, dst,
			rpf_reason_name(rpf.reason), r);
	world_end(&world);
}

/* --- 10: a batch ---------------------------------------------------------------------------- */

#define BATCH 100

static void offload(const char *device, uint32_t command, uint32_t on)
{
	struct ethtool_value value = { command, on };
	struct ifreq request = { .ifr_data = (void *)&value };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
	if (ioctl(fd, SIOCETHTOOL, &request) < 0)
		skip("a veth's offloads can't be set here");
	close(fd);
}

/* d0 takes its packets in batches, in a thread of its own that waits for us: on our processor. */
static void batches(void)
{
	int threaded, thread = 0;
	struct dirent *entry;
	cpu_set_t first;
	DIR *list;

	/* a veth hands on in batches what its peer could not have left whole */
	offload("d0", ETHTOOL_SGRO, 1);
	offload("e0", ETHTOOL_STSO, 0);
	/* /sys shows the devices of the namespace that it was mounted in */
	if (unshare(CLONE_NEWNS) < 0 ||
		mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("sysfs", "/sys", "sysfs", 0, NULL) < 0)
		skip("a mount namespace is refused here");
	threaded = open("/sys/class/net/d0/threaded", O_WRONLY | O_CLOEXEC);
	if (threaded < 0 || write(threaded, "1", 1) != 1)
		skip("no threaded NAPI here (before Linux 5.12)");
	close(threaded);
	list = opendir("/proc");
	while (list && (entry = readdir(list)) != NULL) {
		char path[300], name[32] = "";
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		file = fopen(path, "re");
		if (!file)
			continue;
		if (fgets(name, sizeof(name), file) && strncmp(name, "napi/d0-", 8) == 0)
			thread = atoi(entry->d_name) > thread ? atoi(entry->d_name)
							      : thread;
		fclose(file);
	}
	if (list)
		closedir(list);
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	if (!thread || sched_setaffinity(thread, sizeof(first), &first) < 0 ||
		sched_setaffinity(0, sizeof(first), &first) < 0)
		skip("the thread of d0 is out of reach here");
}

/* Sends good and spoofed ones in turns, all at once. Returns how many spoofed ones got through. */
static unsigned int spoofed_through(int in, int out)
{
	struct packet packets[2] = { packet_of("10.0.0.9", "10.0.1.9"),
		packet_of("198.51.100.9", "10.0.1.9") };
	const struct sched_param high = { 1 }, none = { 0 };
	struct mmsghdr messages[2 * BATCH] = { 0 };
	struct iovec parts[2] = { { &packets[0], sizeof(packets[0]) },
		{ &packets[1], sizeof(packets[1]) } };
	unsigned int good = 0, spoofed = 0;
	struct packet heard;

	for (size_t i = 0; i < ELEMENTS(messages); i++) {
		messages[i].msg_hdr.msg_iov = &parts[i & 1];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	if (sched_setscheduler(0, SCHED_FIFO, &high) < 0)
		skip("no real-time scheduling here");
	if (sendmmsg(in, messages, ELEMENTS(messages), 0) != (int)ELEMENTS(messages))
		fail("not all could be sent");
	(void)sched_setscheduler(0, SCHED_OTHER, &none);
	for (int quiet = 0; quiet < 20;) {
		if (recv(out, &heard, sizeof(heard), 0) < (ssize_t)sizeof(heard)) {
			usleep(10000);
			quiet++;
			continue;
		}
		good += heard.ip.saddr == packets[0].ip.saddr;
		spoofed += heard.ip.saddr == packets[1].ip.saddr;
	}
	if (good < BATCH / 2)
		fail("only %u of %d good packets came through", good, BATCH);
	return spoofed;
}

static void trap_10(void)
{
	unsigned int through;
	uint64_t before;
	int in, out;

	scene();
	run("ip neighbour add 10.0.1.9 lladdr 02:00:00:00:00:09 dev d1 nud permanent");
	run("sysctl -w net.ipv4.conf.d0.rp_filter=1");
	run("sysctl -w net.ipv4.conf.d0.forwarding=1");
	batches();
	both_say("198.51.100.9", "10.0.1.9", true);
	both_say("10.0.0.9", "10.0.1.9", false);
	in = wire("e0", 0);
	out = wire("e1", ETH_P_IP);
	before = counter();
	through = spoofed_through(in, out);
	printf("%u of %d spoofed packets were forwarded, %llu were counted as dropped\n",
		through, BATCH, (unsigned long long)(counter() - before));
	if (!through)
		fail("none: then docs/verdict.md is wrong about batches");
	/* where there ever was a rule each packet is looked at */
	run("ip rule add priority 50 lookup 100");
	run("ip rule del priority 50");
	before = counter();
	through = spoofed_through(in, out);
	if (through || counter() - before != BATCH)
		fail("with rules %u spoofed packets were forwarded, %llu counted",
			through, (unsigned long long)(counter() - before));
}

/* --- 11: who is connected already ----------------------------------------------------------- */

/* Sends one; returns whether the socket got it. */
static bool arrives(int in, int socket, const struct packet *packet)
{
	char bytes[16];

	if (send(in, packet, sizeof(*packet), 0) != sizeof(*packet))
		fail("a packet could not be sent");
	for (int i = 0; i < 20; i++) {
		if (recv(socket, bytes, sizeof(bytes), 0) > 0)
			return true;
		usleep(5000);
	}
	return false;
}

static void trap_11(void)
{
	struct sockaddr_in own = { .sin_family = AF_INET, .sin_port = htons(53) };
	struct sockaddr_in peer = { .sin_family = AF_INET, .sin_port = htons(2000) };
	struct packet packet;
	uint64_t before;
	int fd, in;

	scene();
	run("ip route add 198.51.100.0/24 dev d1");
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	own.sin_addr.s_addr = inet_addr("10.0.0.1");
	peer.sin_addr.s_addr = inet_addr("198.51.100.9");
	if (bind(fd, (struct sockaddr *)&own, sizeof(own)) < 0 ||
		connect(fd, (struct sockaddr *)&peer, sizeof(peer)) < 0)
		fail("a connected socket: %s", strerror(errno));
	in = wire("e0", 0);
	packet = packet_of("198.51.100.9", "10.0.0.1");
	for (int i = 0; i < 3; i++) {
		if (!arrives(in, fd, &packet))
			fail("without a filter nothing arrives");
	}
	run("sysctl -w net.ipv4.conf.d0.rp_filter=1");
	both_say("198.51.100.9", "10.0.0.1", true);
	before = counter();
	if (!arrives(in, fd, &packet) || counter() != before)
		fail("the filter stopped a connected socket at once");
	/* a change of any route makes the socket forget */
	run("ip route add 192.0.2.0/24 dev d1");
	if (arrives(in, fd, &packet) || counter() != before + 1)
		fail("a change of a route did not make the socket forget its own");
}

/* --- 12: ARP -------------------------------------------------------------------------------- */

struct request {
	struct ether_header ether;
	struct arphdr arp;
	unsigned char sender_mac[6];
	struct in_addr sender;
	unsigned char target_mac[6];
	struct in_addr target;
} __attribute__((packed));

/* Asks for 10.0.0.1 as sender; returns whether somebody answers. */
static bool answered(int fd, const char *sender)
{
	struct request request = {
		.ether = { .ether_dhost = { 255, 255, 255, 255, 255, 255 },
			.ether_shost = { 2 },
			.ether_type = htons(ETHERTYPE_ARP) },
		.arp = { .ar_hrd = htons(ARPHRD_ETHER),
			.ar_pro = htons(ETHERTYPE_IP),
			.ar_hln = 6,
			.ar_pln = 4,
			.ar_op = htons(ARPOP_REQUEST) },
		.sender_mac = { 2 },
		.sender = { inet_addr(sender) },
		.target = { inet_addr("10.0.0.1") }
	};
	struct request heard;

	if (send(fd, &request, sizeof(request), 0) != sizeof(request))
		fail("a request could not be sent");
	for (int i = 0; i < 20; i++) {
		while (recv(fd, &heard, sizeof(heard), 0) >= (ssize_t)sizeof(heard)) {
			if (heard.arp.ar_op == htons(ARPOP_REPLY) &&
				heard.sender.s_addr == request.target.s_addr)
				return true;
		}
		usleep(5000);
	}
	return false;
}

static void trap_12(void)
{
	uint64_t before;
	int fd;

	scene();
	run("ip route add 198.51.100.0/24 dev d1");
	fd = wire("e0", ETH_P_ARP);
	before = counter();
	if (!answered(fd, "198.51.100.9"))
		fail("without a filter nobody answers");
	run("sysctl -w net.ipv4.conf.d0.rp_filter=1");
	both_say("198.51.100.9", "10.0.0.1", true);
	if (answered(fd, "198.51.100.9"))
		fail("strict: a sender who is routed elsewhere gets an answer");
	if (!answered(fd, "10.0.0.9") || !answered(fd, "0.0.0.0"))
		fail("strict: a neighbour, or who tries an address, gets no answer");
	run("sysctl -w net.ipv4.conf.d0.rp_filter=2");
	if (!answered(fd, "198.51.100.9") || answered(fd, "203.0.113.9"))
		fail("loose: it is not only the unrouted who get no answer");
	if (counter() != before)
		fail("ARP moved IPReversePathFilter");
}

/* --- 26: a counter for all namespaces ------------------------------------------------------- */

#define QUESTIONS 1000

/* in_martian_src of all processors, as this namespace sees it. */
static unsigned long martians(int fd)
{
	char text[65536], *line = text;
	ssize_t length = pread(fd, text, sizeof(text) - 1, 0);
	unsigned long sum = 0, value;

	if (length <= 0)
		skip("no /proc/net/stat/rt_cache here");
	text[length] = '\0';
	/* entries in_hit in_slow_tot in_slow_mc in_no_route in_brd in_martian_dst in_martian_src */
	while ((line = strchr(line, '\n')) != NULL) {
		if (sscanf(++line, "%*x %*x %*x %*x %*x %*x %*x %lx", &value) == 1)
			sum += value;
	}
	return sum;
}

static void trap_26(void)
{
	int fd = open("/proc/thread-self/net/stat/rt_cache", O_RDONLY | O_CLOEXEC);
	unsigned long before = martians(fd), here;
	struct nl_request *request = NULL;
	struct flow flow = { .proto = FLOW_UDP };

	scene(); /* in another namespace; fd stays where it was opened */
	run("sysctl -w net.ipv4.conf.d0.rp_filter=1");
	flow.iif = (int)if_nametoindex("d0");
	flow.src = ip4(ntohl(inet_addr("198.51.100.9")));
	flow.dst = ip4(ntohl(inet_addr("10.0.0.1")));
	if (nl_request_new(&request) < 0)
		fail("no netlink");
	for (int i = 0; i < QUESTIONS; i++) {
		if (probe_ask(request, &flow) == 0)
			fail("the question was not refused");
	}
	nl_request_free(request);
	here = martians(fd) - before;
	if (here < QUESTIONS)
		fail("%d questions in another namespace, and in_martian_src of this one rose by %lu",
			QUESTIONS, here);
	if (counter() != 0)
		fail("questions moved IPReversePathFilter");
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} traps[] = { { "trap-10-batch", trap_10 }, { "trap-11-established", trap_11 },
		{ "trap-12-arp", trap_12 }, { "trap-26-global-counter", trap_26 } };

	for (size_t i = 0; argc == 2 && i < ELEMENTS(traps); i++) {
		if (strcmp(argv[1], traps[i].name) == 0) {
			traps[i].run();
			printf("%s: as told\n", argv[1]);
			return 0;
		}
	}
	return 2;
}
