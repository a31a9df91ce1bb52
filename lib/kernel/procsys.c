/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/procsys.h"

#include "base/array.h"
#include "base/cleanup.h"
#include "base/fd.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A number, up to the end or a newline. */
static int parse_number(const char *text, int32_t *ret)
{
	char *end;

	errno = 0;
	long number = strtol(text, &end, 10);
	if (errno || end == text || (*end != '\n' && *end != '\0') ||
		number < INT32_MIN || number > INT32_MAX)
		return -EBADMSG;
	*ret = (int32_t)number;
	return 0;
}

int procsys_read_file(const char *path, char **ret, size_t *ret_length)
{
	_cleanup_(fclosep) FILE *file = fopen(path, "re");
	_cleanup_(freep) char *text = NULL;
	size_t size = 0;

	if (!file)
		return -errno;
	/* to the end: a text of /proc has no 0 byte */
	errno = 0;
	ssize_t length = getdelim(&text, &size, '\0', file);
	if (ferror(file) || (length < 0 && !feof(file)))
		return errno ? -errno : -EIO;
	if (length < 0) {
		free(text);
		text = calloc(1, 1);
		length = 0;
	}
	if (!text)
		return -ENOMEM;
	*ret_length = (size_t)length;
	*ret = take_ptr(text);
	return 0;
}

static int read_text(const struct procsys_source *source, const char *path, char **ret,
	size_t *ret_length)
{
	return source ? source->read(path, ret, ret_length, source->userdata)
		      : procsys_read_file(path, ret, ret_length);
}

/* A file of one number. */
static int read_number(
	const struct procsys_source *source, const char *path, int32_t *ret)
{
	_cleanup_(freep) char *text = NULL;
	size_t length;
	int r = read_text(source, path, &text, &length);

	return r < 0 ? r : parse_number(text, ret);
}

static int read_conf(const struct procsys_source *source, const char *which,
	struct netconf_record *ret)
{
	static const enum devconf_key keys[] = {
		DEVCONF_ACCEPT_LOCAL,
		DEVCONF_SRC_VALID_MARK,
		DEVCONF_SEND_REDIRECTS,
		DEVCONF_ROUTE_LOCALNET,
		DEVCONF_LOG_MARTIANS,
		DEVCONF_BC_FORWARDING,
		DEVCONF_ARP_IGNORE,
		DEVCONF_PROMOTE_SECONDARIES,
	};

	for (size_t i = 0; i < ELEMENTS(keys); i++) {
		char path[96];
		(void)snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/%s", which,
			devconf_name(keys[i]));
		int r = read_number(source, path, &ret->conf.value[keys[i]]);

		if (r == -ENOENT)
			continue;
		if (r < 0)
			return r;
		ret->has |= UINT64_C(1) << keys[i];
	}
	return ret->has ? 0 : -ENOENT;
}

int procsys_read_all(
	const struct procsys_source *source, record_handler handler, void *userdata)
{
	static const struct {
		const char *name;
		int ifindex;
	} confs[] = {
		{ "all", NETCONF_ALL },
		{ "default", NETCONF_DEFAULT },
	};

	for (size_t i = 0; i < ELEMENTS(confs); i++) {
		struct record record = { .kind = RECORD_NETCONF,
			.dump = true,
			.netconf = { .ifindex = confs[i].ifindex } };
		int r = read_conf(source, confs[i].name, &record.netconf);
		if (r == 0)
			r = handler(&record, userdata);
		if (r < 0)
			return r;
	}
	return 0;
}

static const char *rp_filter_path(int ifindex)
{
	return ifindex == NETCONF_ALL ? "/proc/sys/net/ipv4/conf/all/rp_filter"
				      : "/proc/sys/net/ipv4/conf/default/rp_filter";
}

int procsys_read_rp_filter(int ifindex, int *ret)
{
	int32_t value;
	int r = read_number(NULL, rp_filter_path(ifindex), &value);

	if (r == 0)
		*ret = value;
	return r;
}

int procsys_write_number(int fd, int value)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%d\n", value);

	return write(fd, text, (size_t)length) < 0 ? -errno : 0;
}

int procsys_write_rp_filter(int ifindex, int value)
{
	_cleanup_(closep) int fd = open(rp_filter_path(ifindex), O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : procsys_write_number(fd, value);
}

int procsys_open_rp_filter(const char *name)
{
	char path[96];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/rp_filter", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int open_net(const char *path, FILE **ret)
{
	FILE *file = fopen(path, "re");

	if (!file)
		return -errno;
	*ret = file;
	return 0;
}

/*
 * A line of /proc/net/igmp: a device's begins with its index, a group's with a tab and is the
 * address as the kernel holds it, in network order, printed as if it were a number.
 */
static int parse_igmp_line(const char *line, struct membership *at, bool *group)
{
	char *end;

	*group = false;
	errno = 0;
	if (isdigit((unsigned char)line[0])) {
		long index = strtol(line, &end, 10);

		if (errno || index <= 0 || index > INT_MAX || *end != '\t')
			return -EBADMSG;
		at->ifindex = (int)index;
		return 0;
	}
	if (line[0] != '\t')
		return strncmp(line, "Idx", 3) == 0 ? 0 : -EBADMSG;
	line += strspn(line, "\t");
	unsigned long address = strtoul(line, &end, 16);
	if (errno || end - line != 8 || *end != ' ' || at->ifindex == 0)
		return -EBADMSG;
	at->group = ip4(ntohl((uint32_t)address));
	*group = true;
	return 0;
}

static int parse_memberships(FILE *file, record_handler handler, void *userdata)
{
	_cleanup_(freep) char *line = NULL;
	ARRAY(struct membership) found = { 0 };
	struct membership at = { 0 };
	size_t size = 0;
	bool group;
	int r = 0;

	while (r == 0 && getline(&line, &size, file) >= 0) {
		r = parse_igmp_line(line, &at, &group);
		if (r == 0 && group)
			r = array_push(&found, &at);
	}
	if (r == 0 && !feof(file))
		r = errno ? -errno : -EIO;
	if (r == 0) {
		const struct record record = { .kind = RECORD_MEMBERSHIPS,
			.dump = true,
			.memberships = { .items = found.items, .count = found.count } };

		r = handler(&record, userdata);
	}
	array_done(&found);
	return r < 0 ? r : 0;
}

int procsys_read_memberships(
	const struct procsys_source *source, record_handler handler, void *userdata)
{
	_cleanup_(freep) char *text = NULL;
	_cleanup_(fclosep) FILE *file = NULL;
	size_t length;
	int r = read_text(source, "/proc/thread-self/net/igmp", &text, &length);

	if (r < 0)
		return r;
	if (!length)
		return -EBADMSG; /* even where no group is joined it has a head */
	file = fmemopen(text, length, "r");
	return file ? parse_memberships(file, handler, userdata) : -errno;
}

/* The number in line that stands where name does in the line of names. */
static int number_under(char *names, char *line, const char *name, uint64_t *ret)
{
	char *at_name, *at_number, *end;
	const char *word = strtok_r(names, " \n", &at_name);
	const char *number = strtok_r(line, " \n", &at_number);

	while (word && number && strcmp(word, name) != 0) {
		word = strtok_r(NULL, " \n", &at_name);
		number = strtok_r(NULL, " \n", &at_number);
	}
	if (!word)
		return -ENOENT;
	errno = 0;
	uint64_t found = number ? strtoull(number, &end, 10) : 0;
	if (!number || errno || end == number || *end)
		return -EBADMSG;
	*ret = found;
	return 0;
}

static int parse_rpf_drops(FILE *file, uint64_t *ret)
{
	_cleanup_(freep) char *names = NULL;
	_cleanup_(freep) char *line = NULL;
	size_t names_size = 0, line_size = 0;

	/* pairs of lines: "TcpExt: name name ..." and "TcpExt: 1 2 ..." */
	errno = 0;
	while (getline(&names, &names_size, file) >= 0) {
		if (getline(&line, &line_size, file) < 0)
			return errno ? -errno : -EBADMSG;
		if (strncmp(names, "TcpExt: ", 8) == 0)
			return number_under(names, line, "IPReversePathFilter", ret);
	}
	return feof(file) ? -ENOENT : -errno;
}

int procsys_rpf_drops(uint64_t *ret)
{
	_cleanup_(fclosep) FILE *file = NULL;
	int r = open_net("/proc/thread-self/net/netstat", &file);

	return r < 0 ? r : parse_rpf_drops(file, ret);
}
