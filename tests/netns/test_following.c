/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Alive means following: who hears nothing of the kernel any more ends, and feeds no watchdog. */
#include "base/fd.h"
#include "base/time.h"
#include "daemon/sync/audit.h"
#include "daemon/watchdog.h"
#include "fixture_follow.h"
#include "fixture_netns.h"
#include "unit/fixture_run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static sd_event *event;
static struct sync host;
static int manager = -1; /* systemd's socket */

static void setup(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char name[64];
	int length = snprintf(name, sizeof(name), "@following-%d", getpid());

	fixture_follow(&event, &host, 55 * USEC_PER_SEC);
	memcpy(address.sun_path + 1, name + 1, (size_t)length - 1);
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ck_assert_int_ge(manager, 0);
	ck_assert_int_eq(bind(manager, (struct sockaddr *)&address,
				 (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
					     (size_t)length)),
		0);
	setenv("NOTIFY_SOCKET", name, 1);
	setenv("WATCHDOG_USEC", "300000", 1);
	unsetenv("WATCHDOG_PID");
	ck_assert_int_ge(audit_start(&host, event), 0);
	ck_assert_int_ge(watchdog_start(&host, event), 0);
}

static void teardown(void)
{
	fixture_unfollow(event, &host);
	closep(&manager);
}

/* Whether the watchdog was fed since it was last asked. */
static bool was_fed(void)
{
	bool fed = false;
	char text[256];
	ssize_t length;

	while ((length = recv(manager, text, sizeof(text) - 1, 0)) > 0) {
		text[length] = '\0';
		fed |= strcmp(text, "WATCHDOG=1") == 0;
	}
	return fed;
}

START_TEST(a_deaf_daemon_ends)
{
	for (int i = 0; i < 10 && !was_fed(); i++)
		ck_assert_int_ge(sd_event_run(event, USEC_PER_SEC), 0);
	for (int i = 0; i < 10; i++) {
		ck_assert_int_ge(sd_event_run(event, 100 * USEC_PER_MSEC), 0);
		if (was_fed())
			break;
		ck_assert_int_lt(i, 9);
	}
	ck_assert(sync_is_following(&host));
	ck_assert_int_ge(sd_event_source_set_enabled(host.netlink, SD_EVENT_OFF), 0);
	ck_assert(!sync_is_following(&host));
	ck_assert_int_eq(sd_event_loop(event), -ENOTRECOVERABLE);
	ck_assert(!was_fed());
}
END_TEST

/* Out of sync the watchdog is fed, as a resync is to come; but not for ever. */
START_TEST(who_cant_read_the_kernel_ends)
{
	/* no more descriptors: no socket to ask by */
	struct rlimit before, none;

	ck_assert_int_ge(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	ck_assert_int_ge(setrlimit(RLIMIT_NOFILE, &none), 0);
	ck_assert_int_ge(sync_failed(&host, -ENOBUFS), 0);
	ck_assert(sync_is_following(&host));
	ck_assert_int_eq(sd_event_loop(event), -EMFILE);
	ck_assert_int_ge(setrlimit(RLIMIT_NOFILE, &before), 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { a_deaf_daemon_ends,
		who_cant_read_the_kernel_ends };

	if (!fixture_enter())
		return 77;
	return fixture_run_between(setup, teardown, "following", tests, ELEMENTS(tests));
}
