/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * devconf LINK VALUE: writes rp_filter of the link by RTM_SETLINK, the way that the kernel hardly
 * announces and that ip(8) has no word for.
 */
struct request {
	struct nlmsghdr header;
	struct ifinfomsg link;
	/* IFLA_AF_SPEC > AF_INET > IFLA_INET_CONF > rp_filter */
	struct rtattr spec, family, conf, setting;
	int32_t value;
};

static int fail(const char *what)
{
	fprintf(stderr, "devconf: %s: %s\n", what, strerror(errno));
	return 1;
}

static struct rtattr attribute(int type, size_t inside)
{
	return (struct rtattr){ .rta_type = (unsigned short)type,
		.rta_len = (unsigned short)(sizeof(struct rtattr) + inside) };
}

int main(int argc, char **argv)
{
	struct request request = { 0 };
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char rest[512];
	} answer;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (argc != 3) {
		fputs("devconf LINK VALUE\n", stderr);
		return 2;
	}
	request.header.nlmsg_len = sizeof(request);
	request.header.nlmsg_type = RTM_SETLINK;
	request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	request.link.ifi_index = (int)if_nametoindex(argv[1]);
	request.value = atoi(argv[2]);
	request.setting = attribute(IPV4_DEVCONF_RP_FILTER, 4);
	request.conf = attribute(IFLA_INET_CONF, 8);
	request.family = attribute(AF_INET, 12);
	request.spec = attribute(IFLA_AF_SPEC, 16);
	if (request.link.ifi_index == 0)
		return fail(argv[1]);
	if (fd < 0 || send(fd, &request, sizeof(request), 0) < 0 ||
		recv(fd, &answer, sizeof(answer), 0) < 0)
		return fail("netlink");
	errno = -answer.error.error;
	return errno ? fail(argv[1]) : 0;
}
