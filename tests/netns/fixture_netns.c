/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture_netns.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

unsigned int if_nametoindex(
	const char *name); /* net/if.h and linux/if.h don't get along */

#define COMMAND_MAX 1024

bool fixture_enter(void)
{
	if (unshare(CLONE_NEWNET) < 0) {
		printf("skipped: no network namespace: %s\n", strerror(errno));
		return false;
	}
	if (!fixture_ip_try("link set lo up")) {
		printf("skipped: ip(8) doesn't work\n");
		return false;
	}
	return true;
}

/* Without Check's asserts: main() comes here too, before any test runs. */
_printf_(1, 0) static bool run_ip(
	const char *format, va_list arguments, const char *suffix)
{
	char command[COMMAND_MAX] = "ip ";
	size_t at = strlen(command);

	at += (size_t)vsnprintf(command + at, sizeof(command) - at, format, arguments);
	if (at + strlen(suffix) >= sizeof(command))
		return false;
	strcpy(command + at, suffix);
	return system(command) == 0;
}

void fixture_ip(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	bool fine = run_ip(format, arguments, "");
	va_end(arguments);
	ck_assert_msg(fine, "ip %s: failed", format);
}

bool fixture_ip_try(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	bool fine = run_ip(format, arguments, " >/dev/null 2>&1");
	va_end(arguments);
	return fine;
}

int fixture_tun(const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (tun < 0 &&
		errno ==
			ENOENT) { /* a bare container: the node is missing, not the driver */
		(void)mkdir("/dev/net", 0755);
		(void)mknod("/dev/net/tun", S_IFCHR | 0600, makedev(10, 200));
		tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	}
	ck_assert_msg(tun >= 0, "/dev/net/tun: %s", strerror(errno));
	ck_assert_uint_lt(strlen(name), sizeof(request.ifr_name));
	strcpy(request.ifr_name, name);
	ck_assert_msg(
		ioctl(tun, TUNSETIFF, &request) == 0, "%s: %s", name, strerror(errno));
	return tun;
}

int fixture_ifindex(const char *name)
{
	unsigned int index = if_nametoindex(name);

	ck_assert_msg(index > 0, "%s: %s", name, strerror(errno));
	return (int)index;
}

void fixture_sysctl(const char *path, int value)
{
	char text[16], file[256];
	int length = snprintf(text, sizeof(text), "%d", value);

	(void)snprintf(file, sizeof(file), "/proc/sys/net/ipv4/%s", path);
	int fd = open(file, O_WRONLY | O_CLOEXEC);
	ck_assert_msg(fd >= 0, "%s: %s", file, strerror(errno));
	ck_assert_msg(write(fd, text, (size_t)length) == length, "%s: %s", file,
		strerror(errno));
	close(fd);
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

void fixture_send(int tun, const struct flow *flow, const char *payload)
{
	struct {
		struct iphdr ip;
		struct udphdr udp;
		char payload[512];
	} __attribute__((packed)) packet = { 0 };
	size_t udp_length = sizeof(packet.udp) + strlen(payload);
	size_t length = sizeof(packet.ip) + udp_length;

	ck_assert_uint_le(strlen(payload), sizeof(packet.payload));
	memcpy(packet.payload, payload, strlen(payload));
	packet.ip.version = 4;
	packet.ip.ihl = 5;
	packet.ip.tos = flow->tos;
	packet.ip.tot_len = htons((uint16_t)length);
	packet.ip.ttl = 64;
	packet.ip.protocol = IPPROTO_UDP;
	packet.ip.saddr = htonl(flow->src.host);
	packet.ip.daddr = htonl(flow->dst.host);
	packet.ip.check = fold(sum(0, &packet.ip, sizeof(packet.ip)));
	packet.udp.source = htons(flow->sport);
	packet.udp.dest = htons(flow->dport);
	packet.udp.len = htons((uint16_t)udp_length);

	/* the pseudo header: addresses, protocol, length */
	uint32_t total = sum(IPPROTO_UDP + (uint32_t)udp_length, &packet.ip.saddr, 8);
	packet.udp.check = fold(sum(total, &packet.udp, udp_length));
	if (packet.udp.check == 0)
		packet.udp.check = 0xffff;
	ck_assert_msg(write(tun, &packet, length) == (ssize_t)length, "tun: %s",
		strerror(errno));
}

int fixture_udp(struct ip4 addr, uint16_t port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(addr.host),
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_msg(bind(fd, (const struct sockaddr *)&to, sizeof(to)) == 0, "bind: %s",
		strerror(errno));
	return fd;
}

bool fixture_udp_received(int socket, int timeout_ms)
{
	struct pollfd wait = { .fd = socket, .events = POLLIN };
	char byte;

	return poll(&wait, 1, timeout_ms) == 1 && recv(socket, &byte, 1, 0) >= 0;
}

int fixture_buffer(int fd)
{
	int size = -1;
	socklen_t length = sizeof(size);

	ck_assert_int_eq(getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, &length), 0);
	return size;
}

/* A veth pair v0-v1, 10.1.0.1/24 on v0, both up. */
void fixture_pair(void)
{
	fixture_ip("link add v0 type veth peer name v1");
	fixture_ip("link set v0 up");
	fixture_ip("link set v1 up");
	fixture_ip("addr add 10.1.0.1/24 brd + dev v0");
}

struct ip4 fixture_ip4(const char *text)
{
	struct ip4 ret;

	ck_assert_int_eq(ip4_parse(text, &ret), 0);
	return ret;
}
