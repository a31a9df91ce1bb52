/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Packets, not only questions: random worlds, in which each flow's packet is really sent, out
 * of a tun device (as a decapsulated one arrives) and over a wire. Whether it comes to a
 * socket, and whether IPReversePathFilter counts it, must be as the model says.
 *
 *	packets [--seed N] [--worlds N] [--flows N] [--packets N]
 *
 * So many worlds, so many flows tried in each, and further worlds until --packets were sent.
 */
#include "host/host_kernel.h"
#include "kernel/flows.h"
#include "kernel/walk.h"

#include "kernel/nl_request.h"
#include "kernel/procsys.h"
#include "kernel/snapshot.h"
#include "rpf/rpf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORLDS_MAX 10000
#define FAILURES_MAX 10 /* that are worth being shown */

static const uint16_t ports[] = { 53, 80, 1000, 1500, 2000, 2001 };

struct counts {
	unsigned long long sent, dropped, refused, received, other, unsent;
	bool failed, no_namespace;
	char what[400];
};

struct world {
	struct nl_request *request;
	struct state *state;
	int tun, wire; /* wire: sends out of e0, so in by d0 */
	int d0, e0, tunl0;
	unsigned char mac[6]; /* of d0 */
	int sockets[ELEMENTS(ports)];
};

static void die(const char *what)
{
	fprintf(stderr, "packets: %s: %s\n", what, strerror(errno));
	_exit(3);
}

/* --- the world ------------------------------------------------------------------------------ */

static int tun_open(const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -1;
	strcpy(request.ifr_name, name);
	if (ioctl(fd, TUNSETIFF, &request) < 0)
		die("TUNSETIFF");
	return fd;
}

static void wire_open(struct world *world)
{
	struct ifreq request = { 0 };

	/* asked once: for a name that isn't there the kernel looks for a module, slowly */
	world->d0 = (int)if_nametoindex("d0");
	world->e0 = (int)if_nametoindex("e0");
	world->wire = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (world->wire < 0)
		die("a packet socket");
	strcpy(request.ifr_name, "d0");
	if (world->d0 && ioctl(world->wire, SIOCGIFHWADDR, &request) == 0)
		memcpy(world->mac, request.ifr_hwaddr.sa_data, sizeof(world->mac));
}

static void sockets_open(struct world *world)
{
	for (size_t i = 0; i < ELEMENTS(ports); i++) {
		struct sockaddr_in any = { .sin_family = AF_INET,
			.sin_port = htons(ports[i]) };

		world->sockets[i] =
			socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (bind(world->sockets[i], (struct sockaddr *)&any, sizeof(any)) < 0)
			die("a UDP socket");
	}
}

static bool world_make(struct world *world, struct rng *rng, struct counts *counts)
{
	if (unshare(CLONE_NEWNET) < 0) {
		counts->no_namespace = true;
		return false;
	}
	(void)host_do("ip link set dev lo up");
	/* where ipip is loaded, it has made one of that name: it lends the name */
	if (if_nametoindex("tunl0"))
		(void)host_do("ip link set dev tunl0 name ipip0");
	world->tun = tun_open("tunl0");
	if (world->tun < 0) {
		counts->no_namespace = true;
		return false;
	}
	for (unsigned int i = 0; i < 45; i++) {
		struct step step;

		walk_build(rng, i, &step);
		/* the tun device is ours to hold; what sends it elsewhere is not for this test */
		if (!strstr(step.text, "tuntap") && !strstr(step.text, " name ") &&
			!strstr(step.text, "link del"))
			(void)host_do(step.text);
	}
	world->tunl0 = (int)if_nametoindex("tunl0");
	wire_open(world);
	sockets_open(world);
	world->state = state_new();
	if (nl_request_new(&world->request) < 0 ||
		snapshot_read(world->request, NULL, world->state) < 0 ||
		snapshot_read_memberships(world->state) < 0)
		die("reading the kernel");
	return true;
}

/* --- a packet -------------------------------------------------------------------------------- */

struct packet {
	unsigned char mac[14];
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

static void packet_make(
	const struct world *world, const struct flow *flow, struct packet *packet)
{
	*packet = (struct packet){
		.ip = { .version = 4,
			.ihl = 5,
			.ttl = 64,
			.protocol = IPPROTO_UDP,
			.tos = flow->tos,
			.tot_len = htons(sizeof(*packet) - sizeof(packet->mac)),
			.saddr = htonl(flow->src.host),
			.daddr = htonl(flow->dst.host) },
		.udp = { .source = htons(flow->sport),
			.dest = htons(flow->dport),
			.len = htons(sizeof(packet->udp) + sizeof(packet->payload)) },
		.payload = "rpf",
	};
	packet->ip.check = checksum(&packet->ip, sizeof(packet->ip));
	memcpy(packet->mac, world->mac, 6);
	packet->mac[6] = 2; /* a local address for the sender */
	packet->mac[12] = ETHERTYPE_IP >> 8;
}

static bool packet_send(const struct world *world, const struct flow *flow)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = world->e0 };
	struct packet packet;

	packet_make(world, flow, &packet);
	if (flow->iif == world->tunl0)
		return write(world->tun,
			       (const char *)&packet + offsetof(struct packet, ip),
			       sizeof(packet) - offsetof(struct packet, ip)) > 0;
	return sendto(world->wire, &packet, sizeof(packet), 0, (struct sockaddr *)&to,
		       sizeof(to)) > 0;
}

/* Takes what came to the sockets. Returns whether one came from the flow's source. */
static bool came(const struct world *world, const struct flow *flow)
{
	bool found = false;

	for (size_t i = 0; i < ELEMENTS(ports); i++) {
		struct sockaddr_in from;
		socklen_t length = sizeof(from);
		char bytes[64];

		while (recvfrom(world->sockets[i], bytes, sizeof(bytes), 0,
			       (struct sockaddr *)&from, &length) >= 0) {
			found |= from.sin_addr.s_addr == htonl(flow->src.host);
			length = sizeof(from);
		}
	}
	return found;
}

/* --- judging --------------------------------------------------------------------------------- */

static uint64_t counter(void)
{
	uint64_t drops = 0;

	if (procsys_rpf_drops(&drops) < 0)
		die("the counter");
	return drops;
}

static bool is_rpf_drop(enum rpf_reason reason)
{
	return reason == RPF_STRICT_ASYMMETRIC || reason == RPF_UNNUMBERED ||
	       reason == RPF_NO_ROUTE;
}

static void tell(const struct world *world, const struct flow *flow,
	const struct rpf *rpf, bool received, uint64_t counted, struct counts *counts)
{
	char src[IP4_TEXT], dst[IP4_TEXT];

	counts->failed = true;
	snprintf(counts->what, sizeof(counts->what),
		"a packet to %s from %s in by %s tos 0x%x sport %u dport %u: the model says %s (%s); it was %s and counted %llu times",
		ip4_format(flow->dst, dst), ip4_format(flow->src, src),
		flow->iif == world->tunl0 ? "tunl0" : "d0", flow->tos, flow->sport,
		flow->dport, rpf_verdict_name(rpf->verdict), rpf_reason_name(rpf->reason),
		received ? "received" : "not received", (unsigned long long)counted);
}

/* An own address is not enough: who flushed table local has those forwarded. */
static bool is_delivered(const struct trace *trace)
{
	array_each (&trace->steps, const struct trace_step, step) {
		if (step->number == 10)
			return true;
	}
	return false;
}

static void try_flow(struct world *world, const struct flow *flow, struct counts *counts)
{
	const struct overlay overlay = { .state = world->state };
	_cleanup_(trace_done) struct trace trace = { 0 };
	struct rpf rpf = rpf_judge(&overlay, flow, &trace);
	uint64_t before = counter(), counted, expected = is_rpf_drop(rpf.reason);
	bool received, must;

	if (rpf.error < 0)
		return;
	if (!packet_send(world, flow)) { /* the device is down, or refuses it */
		counts->unsent++;
		return;
	}
	counts->sent++;
	/* a wire hands over in a softirq: a moment later at most */
	for (int i = 0; i < 20; i++) {
		counted = counter() - before;
		received = came(world, flow);
		must = rpf.verdict == RPF_PASS && is_delivered(&trace);
		if (counted == expected && received >= must)
			break;
		usleep(200);
	}
	counts->dropped += counted;
	counts->received += received;
	counts->refused += rpf.verdict == RPF_DROP && !expected;
	if (counted != expected || (received && rpf.verdict != RPF_PASS) ||
		(must && !received))
		tell(world, flow, &rpf, received, counted, counts);
}

static void run_world(uint64_t seed, unsigned int flows, struct counts *counts)
{
	struct rng rng = { seed };
	struct world world = { 0 };
	struct flow_space space;

	if (!world_make(&world, &rng, counts))
		return;
	flow_space_of(world.state, &space);
	for (unsigned int i = 0; i < flows && !counts->failed; i++) {
		const struct iface *iface;
		struct flow flow;

		if (!flow_random(&rng, &space, &flow))
			return;
		flow.iif = rng_below(&rng, 2) && world.d0 ? world.d0 : world.tunl0;
		flow.mark = 0; /* it can't be seen on a packet */
		flow.proto = FLOW_UDP;
		if (!flow.dport)
			flow.dport = RNG_PICK(&rng, ports);
		iface = state_iface(world.state, flow.iif);
		/* a port's packets are its bridge's; a device that is down takes nothing */
		if (iface && iface_is_up(iface) && !iface_is_port(iface))
			try_flow(&world, &flow, counts);
	}
}

static bool run_apart(uint64_t seed, unsigned int flows, struct counts *shared)
{
	int status;
	pid_t pid;

	memset(shared, 0, sizeof(*shared));
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		run_world(seed, flows, shared);
		_exit(0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "seed", 1, NULL, 's' },
		{ "worlds", 1, NULL, 'w' }, { "flows", 1, NULL, 'f' },
		{ "packets", 1, NULL, 'p' }, { 0 } };
	unsigned long long seed = 1, worlds = 40, flows = 250, packets = 5000;
	unsigned long long failures = 0, i;
	struct counts total = { 0 };
	struct counts *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		unsigned long long value = optarg ? strtoull(optarg, NULL, 0) : 0;

		*(option == 's'		? &seed
			: option == 'w' ? &worlds
			: option == 'p' ? &packets
					: &flows) = value;
	}
	for (i = 0; (i < worlds || (total.sent < packets && i < WORLDS_MAX)) &&
		    failures < FAILURES_MAX;
		i++) {
		bool ran = run_apart(seed * 1000000 + i, (unsigned int)flows, shared);

		if (shared->no_namespace) {
			printf("skipped: namespaces or tun devices are refused here\n");
			return 77;
		}
		total.sent += shared->sent;
		total.dropped += shared->dropped;
		total.received += shared->received;
		total.refused += shared->refused;
		total.unsent += shared->unsent;
		if (ran && !shared->failed)
			continue;
		failures++;
		printf("world %llu of seed %llu: %s\n", i, seed,
			shared->what[0] ? shared->what : "the sender died");
	}
	printf("%llu packets sent, %llu dropped and counted, %llu refused uncounted, %llu received, %llu could not be sent\n%llu passed, %llu failed\n",
		total.sent, total.dropped, total.refused, total.received, total.unsent,
		i - failures, failures);
	if (total.sent < packets)
		printf("fewer than %llu packets could be sent\n", packets);
	return failures != 0 || total.sent < packets;
}
