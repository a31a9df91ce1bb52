/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * A tun device as stand-in for a tunnel: packets written into it arrive on it as those that a
 * tunnel has decapsulated. And UDP sockets that tell what came through.
 */
static const char usage[] =
	"tunl0 NAME                   makes the tun device, holds it and reads commands:\n"
	"                             send SRC DST [udp SPORT DPORT] [count N], quit\n"
	"tunl0 --listen ADDR PORT     prints where each datagram comes from\n"
	"tunl0 --serve ADDR PORT      the same, and sends it back\n";

struct packet {
	struct iphdr ip;
	struct udphdr udp;
	char payload[8];
} __attribute__((packed));

static int failed(const char *what)
{
	fprintf(stderr, "tunl0: %s: %s\n", what, strerror(errno));
	return -1;
}

/* The Internet checksum, not yet folded, of length bytes. */
static uint32_t sum(uint32_t start, const void *bytes, size_t length)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < length; i++)
		start += i % 2 ? at[i] : (uint32_t)at[i] << 8;
	return start;
}

static uint16_t fold(uint32_t total)
{
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return htons((uint16_t)~total);
}

static struct packet packet_of(
	struct in_addr src, struct in_addr dst, uint16_t sport, uint16_t dport)
{
	uint16_t udp_length =
		sizeof(struct udphdr) + sizeof(((struct packet *)0)->payload);
	struct packet packet = {
		.ip = { .version = 4,
			.ihl = 5,
			.tot_len = htons(sizeof(packet)),
			.ttl = 64,
			.protocol = IPPROTO_UDP,
			.saddr = src.s_addr,
			.daddr = dst.s_addr },
		.udp = { .source = htons(sport),
			.dest = htons(dport),
			.len = htons(udp_length) },
		.payload = "request",
	};
	uint32_t pseudo = sum(IPPROTO_UDP + (uint32_t)udp_length, &packet.ip.saddr, 8);

	packet.ip.check = fold(sum(0, &packet.ip, sizeof(packet.ip)));
	packet.udp.check = fold(sum(pseudo, &packet.udp, udp_length));
	if (packet.udp.check == 0)
		packet.udp.check = 0xffff;
	return packet;
}

static int tun_open(const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return failed("/dev/net/tun");
	if (strlen(name) >= sizeof(request.ifr_name)) {
		errno = ENAMETOOLONG;
		return failed(name);
	}
	strcpy(request.ifr_name, name);
	return ioctl(fd, TUNSETIFF, &request) < 0 ? failed(name) : fd;
}

/* What stands behind "send". Returns 0, or -1 after saying what is wrong. */
static int command_send(int fd, char *words)
{
	char *src = strtok(words, " "), *dst = strtok(NULL, " "), *word;
	unsigned long sport = 40000, dport = 80, count = 1;
	struct in_addr from, to;
	struct packet packet;

	while ((word = strtok(NULL, " ")) != NULL) {
		char *first = strtok(NULL, " ");
		char *second = strcmp(word, "udp") == 0 ? strtok(NULL, " ") : first;

		if (!first || !second)
			return fprintf(stderr, "tunl0: %s: needs more\n", word), -1;
		if (strcmp(word, "udp") == 0) {
			sport = strtoul(first, NULL, 10);
			dport = strtoul(second, NULL, 10);
		} else if (strcmp(word, "count") == 0) {
			count = strtoul(first, NULL, 10);
		} else {
			return fprintf(stderr, "tunl0: %s: unknown\n", word), -1;
		}
	}
	if (!src || !dst || inet_pton(AF_INET, src, &from) != 1 ||
		inet_pton(AF_INET, dst, &to) != 1)
		return fprintf(stderr, "tunl0: send SRC DST\n"), -1;
	packet = packet_of(from, to, (uint16_t)sport, (uint16_t)dport);
	while (count-- > 0)
		if (write(fd, &packet, sizeof(packet)) != sizeof(packet))
			return failed("write");
	return 0;
}

static int hold(const char *name)
{
	int fd = tun_open(name);
	char line[256];

	if (fd < 0)
		return 1;
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (strcmp(line, "quit") == 0)
			break;
		if (strncmp(line, "send ", 5) != 0)
			fprintf(stderr, "tunl0: %s: unknown\n", line);
		else if (command_send(fd, line + 5) == 0)
			puts("sent");
		else
			puts("failed");
		fflush(stdout);
	}
	close(fd);
	return 0;
}

static int hear(const char *addr, const char *port, bool answer)
{
	struct sockaddr_in own = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(port, NULL, 10)) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (inet_pton(AF_INET, addr, &own.sin_addr) != 1 || fd < 0 ||
		bind(fd, (const struct sockaddr *)&own, sizeof(own)) < 0)
		return failed(addr), 1;
	puts("ready");
	for (;;) {
		struct sockaddr_in from;
		socklen_t length = sizeof(from);
		char bytes[64], text[INET_ADDRSTRLEN];
		ssize_t got;

		fflush(stdout);
		got = recvfrom(
			fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&from, &length);
		if (got < 0)
			return failed("recvfrom"), 1;
		printf("%s:%u\n", inet_ntop(AF_INET, &from.sin_addr, text, sizeof(text)),
			ntohs(from.sin_port));
		if (answer && sendto(fd, bytes, (size_t)got, 0,
				      (const struct sockaddr *)&from, length) < 0)
			(void)failed("sendto");
	}
}

int main(int argc, char **argv)
{
	if (argc == 2 && argv[1][0] != '-')
		return hold(argv[1]);
	if (argc == 4 && strcmp(argv[1], "--listen") == 0)
		return hear(argv[2], argv[3], false);
	if (argc == 4 && strcmp(argv[1], "--serve") == 0)
		return hear(argv[2], argv[3], true);
	fputs(usage, stderr);
	return 2;
}
