/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/reload.h"

#include "kernel/clock.h"

#include <string.h>
#include <sys/epoll.h>

static void drop_sources(struct reload *reload)
{
	reload->io = sd_event_source_disable_unref(reload->io);
	reload->timer = sd_event_source_disable_unref(reload->timer);
	config_child_done(&reload->child);
}

static int finish(struct reload *reload, int result)
{
	drop_sources(reload);
	reload->result = result;
	reload->ended = true;
	return 0;
}

static int on_answer(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	struct reload *reload = data;
	int r = config_child_take(&reload->child, &reload->config, &reload->error);

	(void)source;
	(void)fd;
	(void)revents;
	return r > 0 ? 0 : finish(reload, r);
}

static int on_late(sd_event_source *source, uint64_t usec, void *data)
{
	struct reload *reload = data;

	(void)source;
	(void)usec;
	return finish(reload, config_child_late(&reload->child, &reload->error));
}

static int add_sources(struct reload *reload, sd_event *event)
{
	int r = sd_event_add_io(
		event, &reload->io, reload->child.process.fd, EPOLLIN, on_answer, reload);

	if (r >= 0)
		r = sd_event_source_set_exit_on_failure(reload->io, true);
	if (r >= 0)
		r = sd_event_add_time(event, &reload->timer, CLOCK_MONOTONIC,
			clock_monotonic_usec() + CONFIG_WAIT_USEC, USEC_PER_MSEC, on_late,
			reload);
	if (r >= 0)
		r = sd_event_source_set_exit_on_failure(reload->timer, true);
	return r < 0 ? r : 0;
}

int reload_begin(
	struct reload *reload, sd_event *event, const char *path, bool must_exist)
{
	int r;

	if (reload->io || reload->ended) {
		reload->again = true;
		return 0;
	}
	reload->again = false;
	r = config_child_start(&reload->child, path, must_exist, &reload->error);
	return r < 0 ? finish(reload, r) : add_sources(reload, event);
}

bool reload_take(
	struct reload *reload, int *ret_result, struct config **ret, char **ret_error)
{
	if (!reload->ended)
		return false;
	reload->ended = false;
	*ret_result = reload->result;
	*ret = take_ptr(reload->config);
	*ret_error = take_ptr(reload->error);
	return true;
}

void reload_done(struct reload *reload)
{
	drop_sources(reload);
	config_free(reload->config);
	free(reload->error);
}
