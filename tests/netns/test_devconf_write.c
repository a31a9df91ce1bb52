/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/array.h"
#include "fixture_netns.h"
#include "kernel/devconf_write.h"
#include "kernel/netns_id.h"
#include "kernel/procsys.h"
#include "state/record.h"
#include "unit/fixture_run.h"

#include <check.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static struct nl_request *request;

static void setup(void)
{
	ck_assert(fixture_enter());
	ck_assert_int_eq(nl_request_new(&request), 0);
	fixture_sysctl("conf/all/rp_filter", 0);
	fixture_sysctl("conf/default/rp_filter", 1);
}

static void teardown(void)
{
	nl_request_free(request);
}

/* What /proc/sys has, which the writer doesn't look at. */
static int number(const char *name)
{
	char path[96];
	int value = -99;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/rp_filter", name);
	file = fopen(path, "re");
	ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
	ck_assert_int_eq(fscanf(file, "%d", &value), 1);
	fclose(file);
	return value;
}

static int got(int ifindex)
{
	int value = -99, r = devconf_read_rp_filter(request, ifindex, &value);

	ck_assert_msg(r == 0, "reading %d: %s", ifindex, strerror(-r));
	return value;
}

START_TEST(an_interface_is_written_by_index)
{
	static const int values[] = { 2, 0, 1, 7, -1, INT_MAX, INT_MIN };
	int tun = fixture_tun("tunl0"), ifindex = fixture_ifindex("tunl0");

	/* down, up, and with a name that is no path */
	for (size_t i = 0; i < ELEMENTS(values); i++) {
		if (i == 3)
			fixture_ip("link set tunl0 up");
		ck_assert_int_eq(devconf_write_rp_filter(request, ifindex, values[i]), 0);
		ck_assert_int_eq(number("tunl0"), values[i]);
		ck_assert_int_eq(got(ifindex), values[i]);
	}
	fixture_ip("link set tunl0 down");
	fixture_ip("link set tunl0 name tun.7");
	ck_assert_int_eq(devconf_write_rp_filter(request, ifindex, 2), 0);
	ck_assert_int_eq(number("tun.7"), 2);
	ck_assert_int_eq(number("lo"), 0);
	close(tun);
}
END_TEST

START_TEST(all_and_default_are_written)
{
	ck_assert_int_eq(devconf_write_rp_filter(request, NETCONF_ALL, 2), 0);
	ck_assert_int_eq(number("all"), 2);
	ck_assert_int_eq(got(NETCONF_ALL), 2);
	ck_assert_int_eq(devconf_write_rp_filter(request, NETCONF_DEFAULT, -1), 0);
	ck_assert_int_eq(number("default"), -1);
	ck_assert_int_eq(got(NETCONF_DEFAULT), -1);
	ck_assert_int_eq(number("all"), 2);
}
END_TEST

START_TEST(what_is_not_there_says_so)
{
	int tun = fixture_tun("tunl0"), ifindex = fixture_ifindex("tunl0"), value;

	ck_assert_int_eq(devconf_write_rp_filter(request, 0, 2), -ENODEV);
	ck_assert_int_eq(devconf_write_rp_filter(request, 99999, 2), -ENODEV);
	ck_assert_int_eq(devconf_read_rp_filter(request, 99999, &value), -ENODEV);
	fixture_ip("link set lo mtu 60"); /* others refuse less than 68 */
	ck_assert_int_eq(devconf_write_rp_filter(request, 1, 2), -EAFNOSUPPORT);
	ck_assert_int_eq(devconf_read_rp_filter(request, 1, &value), -EAFNOSUPPORT);
	ck_assert_int_eq(devconf_write_rp_filter(request, ifindex, 2), 0);
	close(tun);
	ck_assert_int_eq(devconf_write_rp_filter(request, ifindex, 2), -ENODEV);
}
END_TEST

/* --- with less privilege, in a process of its own ------------------------------------------- */

/* Another user, who keeps CAP_NET_ADMIN if `capable`. */
static void become_nobody(bool capable)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (prctl(PR_SET_KEEPCAPS, 1) < 0 || setgroups(0, NULL) < 0 ||
		setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0)
		_exit(99);
	if (capable)
		data[0].effective = data[0].permitted = 1u << CAP_NET_ADMIN;
	if (syscall(SYS_capset, &header, data) < 0)
		_exit(98);
}

static void procsys_read_only(void)
{
	if (unshare(CLONE_NEWNS) < 0 ||
		mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("/proc/sys", "/proc/sys", NULL, MS_BIND, NULL) < 0 ||
		mount(NULL, "/proc/sys", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) <
			0)
		_exit(97);
}

/* Whether this kernel has fa8fca88714c: IFLA_INET_CONF refuses what is not in 0 to 2. */
static bool kernel_is_picky(void)
{
	struct utsname name;
	unsigned int major = 0, minor = 0;

	ck_assert_int_eq(uname(&name), 0);
	ck_assert_int_eq(sscanf(name.release, "%u.%u", &major, &minor), 2);
	return major > 7 || (major == 7 && minor >= 1);
}

#define ALIKE 200 /* another value, which acts the same, was written */

/* The errno that a write ends with, 0 for none, or ALIKE. */
static int write_as(int ifindex, int value, bool capable, bool read_only)
{
	int r;
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (read_only)
			procsys_read_only();
		become_nobody(capable);
		r = devconf_write_rp_filter(request, ifindex, value);
		_exit(r > 0 ? ALIKE : -r);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

START_TEST(one_capability_is_enough)
{
	int tun = fixture_tun("tunl0"), ifindex = fixture_ifindex("tunl0");

	ck_assert_int_eq(write_as(ifindex, 2, false, false), EPERM);
	ck_assert_int_eq(write_as(NETCONF_ALL, 2, false, false), EACCES);
	ck_assert_int_eq(write_as(NETCONF_DEFAULT, 2, true, true), EROFS);
	ck_assert_int_eq(write_as(NETCONF_ALL, 2, true, true), EROFS);
	ck_assert_int_eq(number("tunl0"), 1);
	ck_assert_int_eq(number("all"), 0);
	/* an interface needs no /proc/sys */
	ck_assert_int_eq(write_as(ifindex, 2, true, true), 0);
	ck_assert_int_eq(number("tunl0"), 2);
	ck_assert_int_eq(write_as(NETCONF_ALL, 2, true, false), 0);
	ck_assert_int_eq(number("all"), 2);
	close(tun);
}
END_TEST

/* From 7.1 on netlink takes 0 to 2 alone: the rest goes by /proc/sys, or as one that acts the same. */
START_TEST(odd_values_are_written_or_their_likes)
{
	static const struct {
		int all, value, alike;
	} rows[] = {
		{ 0, 7, 2 },
		{ 1, INT_MAX, 2 },
		{ 0, -1, 0 },
		{ 1, -7, 0 },
		{ -3, -1, 2 },
		{ -1, INT_MIN, 2 },
	};
	int tun = fixture_tun("tun.7"), ifindex = fixture_ifindex("tun.7");

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		int r;

		fixture_sysctl("conf/all/rp_filter", rows[i].all);
		ck_assert_int_eq(devconf_write_rp_filter(request, ifindex, 1), 0);
		ck_assert_int_eq(write_as(ifindex, rows[i].value, true, false), 0);
		ck_assert_int_eq(number("tun.7"), rows[i].value);
		ck_assert_int_eq(devconf_write_rp_filter(request, ifindex, 1), 0);
		r = write_as(ifindex, rows[i].value, true, true);
		ck_assert_int_eq(r, kernel_is_picky() ? ALIKE : 0);
		ck_assert_msg(number("tun.7") == (r ? rows[i].alike : rows[i].value),
			"%d, all %d: %d was written", rows[i].value, rows[i].all,
			number("tun.7"));
	}
	ck_assert_int_eq(write_as(ifindex, 7, false, false), EPERM);
	close(tun);
	ck_assert_int_eq(devconf_write_rp_filter(request, ifindex, 7), -ENODEV);
}
END_TEST

static int take_identity(const struct record *record, void *data)
{
	uint64_t *identity = data;

	if (record->kind == RECORD_LINK)
		*identity = record->link.identity;
	return 0;
}

static uint64_t identity_of(int ifindex)
{
	uint64_t identity = 0;

	ck_assert_int_eq(nl_request_link(request, ifindex, take_identity, &identity), 0);
	return identity;
}

START_TEST(an_index_that_is_used_again_is_another_identity)
{
	uint64_t first;

	fixture_ip("link add index 77 v0 type veth peer name v1");
	first = identity_of(77);
	ck_assert_int_eq(devconf_write_rp_filter(request, 77, 2), 0);
	fixture_ip("link set v0 up");
	fixture_ip("link set v0 mtu 1400");
	ck_assert(first && identity_of(77) == first);
	fixture_ip("link del v0");
	fixture_ip("link add index 77 v0 type veth peer name v1");
	ck_assert(identity_of(77) != first);
}
END_TEST

START_TEST(a_namespace_has_a_name_of_its_own)
{
	char one[NETNS_ID], same[NETNS_ID], two[NETNS_ID];

	ck_assert_int_eq(netns_id(one), 0);
	ck_assert_int_eq(netns_id(same), 0);
	ck_assert_str_eq(one, same);
	ck_assert(fixture_enter());
	ck_assert_int_eq(netns_id(two), 0);
	ck_assert_str_ne(one, two);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		an_interface_is_written_by_index,
		all_and_default_are_written,
		what_is_not_there_says_so,
		one_capability_is_enough,
		odd_values_are_written_or_their_likes,
		an_index_that_is_used_again_is_another_identity,
		a_namespace_has_a_name_of_its_own,
	};

	if (!fixture_enter())
		return 77;
	return fixture_run_between(
		setup, teardown, "devconf_write", tests, ELEMENTS(tests));
}
