/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/config/config_child.h"

#include "base/time.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * libconfig 1.5 uses what malloc() returns without a look, and its scanner ends the process where
 * it fails; a FIFO or a dead disk hangs whoever opens it. So a child reads the file, and hands over
 * the configuration as bytes: both are the same program, so structs are the same to both. Whatever
 * becomes of the child, the daemon goes on by what it has.
 */
#define ANSWER_MOST (64u << 20)

/* --- the child ------------------------------------------------------------------------------- */

static bool put_bytes(FILE *out, const void *bytes, size_t size)
{
	return !size || fwrite(bytes, size, 1, out) == 1;
}

/* NULL and "" differ. */
static bool put_text(FILE *out, const char *text)
{
	size_t size = text ? strlen(text) + 1 : 0;

	return put_bytes(out, &size, sizeof(size)) && put_bytes(out, text, size);
}

static bool put_interface(FILE *out, const struct config_interface *interface)
{
	return put_bytes(out, interface, sizeof(*interface)) &&
	       put_text(out, interface->match) && put_text(out, interface->kind) &&
	       put_bytes(out, interface->expect.items,
		       interface->expect.count * sizeof(*interface->expect.items));
}

static bool put_config(FILE *out, const struct config *config)
{
	bool good = put_bytes(out, config, sizeof(*config));

	array_each (&config->interfaces, const struct config_interface, interface)
		good = good && put_interface(out, interface);
	array_each (&config->flows, const struct config_flow, flow)
		good = good && put_bytes(out, flow, sizeof(*flow)) &&
		       put_text(out, flow->iif);
	return good;
}

struct config_question {
	const char *path;
	bool must_exist;
};

static bool read_and_answer(int fd, const void *data)
{
	const struct config_question *asked = data;
	struct config *config;
	FILE *out = fdopen(fd, "w");
	char *error;
	bool good;
	int r;

	/* what is freed by an exit is not freed here */
	r = config_parse(asked->path, asked->must_exist, &config, &error);
	/* libconfig takes a text that it has no memory for as "": what is really wrong is so again */
	if (r == -EINVAL)
		r = config_parse(asked->path, asked->must_exist, &config, &error);
	good = out && put_bytes(out, &r, sizeof(r));
	good = good && (r < 0 ? put_text(out, error) : put_config(out, config));
	return good && fclose(out) == 0;
}

/* --- what it says ---------------------------------------------------------------------------- */

struct bytes {
	const char *at;
	size_t left;
};

/* Functions that take something return 0, -ENOMEM, or -EBADMSG where it is cut off. */
static int take_bytes(struct bytes *bytes, void *ret, size_t size)
{
	if (size > bytes->left)
		return -EBADMSG;
	if (size)
		memcpy(ret, bytes->at, size);
	bytes->at += size;
	bytes->left -= size;
	return 0;
}

static int take_text(struct bytes *bytes, char **ret)
{
	size_t size;
	int r = take_bytes(bytes, &size, sizeof(size));

	*ret = NULL;
	if (r < 0 || !size)
		return r;
	if (size > bytes->left || bytes->at[size - 1])
		return -EBADMSG;
	*ret = strdup(bytes->at);
	bytes->at += size;
	bytes->left -= size;
	return *ret ? 0 : -ENOMEM;
}

/* The interface is the configuration's from the beginning, so that it is freed with it. */
static int take_interface(struct bytes *bytes, struct config *config)
{
	struct config_interface taken, empty = { 0 }, *interface;
	int r = take_bytes(bytes, &taken, sizeof(taken));

	if (r >= 0)
		r = array_push(&config->interfaces, &empty);
	if (r < 0)
		return r;
	interface = &config->interfaces.items[config->interfaces.count - 1];
	interface->has_expect = taken.has_expect;
	interface->has_mode = taken.has_mode;
	interface->one_way = taken.one_way;
	interface->mode = taken.mode;
	interface->one_way = taken.one_way;
	r = take_text(bytes, &interface->match);
	if (r >= 0)
		r = take_text(bytes, &interface->kind);
	for (size_t i = 0; i < taken.expect.count && r >= 0; i++) {
		struct prefix4 prefix;

		r = take_bytes(bytes, &prefix, sizeof(prefix));
		if (r >= 0)
			r = array_push(&interface->expect, &prefix);
	}
	return r;
}

static int take_flow(struct bytes *bytes, struct config *config)
{
	struct config_flow flow;
	int r = take_bytes(bytes, &flow, sizeof(flow));

	if (r < 0)
		return r;
	r = take_text(bytes, &flow.iif);
	if (r >= 0)
		r = array_push(&config->flows, &flow);
	if (r < 0)
		free(flow.iif);
	return r;
}

static int take_config(struct bytes *bytes, struct config **ret)
{
	_cleanup_(config_freep) struct config *config = calloc(1, sizeof(*config));
	struct config taken;
	int r;

	if (!config)
		return -ENOMEM;
	r = take_bytes(bytes, &taken, sizeof(taken));
	if (r < 0)
		return r;
	config->mode = taken.mode;
	config->correct = taken.correct;
	config->log = taken.log;
	config->selfcheck = taken.selfcheck;
	for (size_t i = 0; i < taken.interfaces.count && r >= 0; i++)
		r = take_interface(bytes, config);
	for (size_t i = 0; i < taken.flows.count && r >= 0; i++)
		r = take_flow(bytes, config);
	if (r < 0)
		return r;
	*ret = take_ptr(config);
	return 0;
}

static int take_answer(struct bytes *bytes, struct config **ret, char **ret_error)
{
	int said, r = take_bytes(bytes, &said, sizeof(said));

	if (r < 0)
		return r;
	if (said >= 0)
		return take_config(bytes, ret);
	r = take_text(bytes, ret_error);
	return r < 0 ? r : said;
}

/* --- the parent ------------------------------------------------------------------------------ */

/* lib/kernel has the daemon's clock, and stands above. */
static uint64_t now_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000;
}

/* Returns error, with a line for *ret unless there is one. */
static int failed(const char *path, int error, const char *what, char **ret)
{
	if (!*ret && asprintf(ret, "%s: cannot be read: %s", path, what) < 0)
		*ret = NULL;
	return error;
}

static int start(struct config_child *child, const char *path, bool must_exist,
	bool alone, char **ret_error)
{
	const struct config_question asked = { path, must_exist };
	int r = child_start(&child->process, ANSWER_MOST, alone, read_and_answer, &asked);

	child->path = path;
	*ret_error = NULL;
	return r < 0 ? failed(path, -ECHILD, strerror(-r), ret_error) : 0;
}

int config_child_start(
	struct config_child *child, const char *path, bool must_exist, char **ret_error)
{
	return start(child, path, must_exist, true, ret_error);
}

int config_child_take(struct config_child *child, struct config **ret, char **ret_error)
{
	struct bytes bytes;
	int r = child_hear(&child->process);

	if (r > 0)
		return r;
	if (r < 0)
		return failed(child->path, -ECHILD, strerror(-r), ret_error);
	bytes = (struct bytes){ child->process.text, child->process.size };
	r = take_answer(&bytes, ret, ret_error);
	if (r == -EBADMSG)
		return failed(child->path, -ECHILD,
			"the process that reads it has died, probably for lack of memory",
			ret_error);
	return r < 0 ? failed(child->path, r, strerror(-r), ret_error) : 0;
}

int config_child_late(const struct config_child *child, char **ret_error)
{
	return failed(child->path, -ETIMEDOUT, "it took longer than 10 s", ret_error);
}

void config_child_done(struct config_child *child)
{
	if (!child->path)
		return;
	child_done(&child->process);
	child->path = NULL;
}

int config_load(const char *path, bool must_exist, struct config **ret, char **ret_error)
{
	uint64_t until = now_usec() + CONFIG_WAIT_USEC, now;
	struct config_child child;
	int r = start(&child, path, must_exist, false, ret_error);

	while (r >= 0) {
		struct pollfd poll_fd = { .fd = child.process.fd, .events = POLLIN };

		now = now_usec();
		if (now >= until) {
			r = config_child_late(&child, ret_error);
			break;
		}
		if (poll(&poll_fd, 1, (int)((until - now) / USEC_PER_MSEC) + 1) <= 0)
			continue;
		r = config_child_take(&child, ret, ret_error);
		if (r <= 0)
			break;
	}
	config_child_done(&child);
	return r;
}

bool config_is_wrong(int error)
{
	switch (-error) {
	case EINVAL:
	case ENOENT:
	case ENOTDIR:
	case EISDIR:
	case EACCES:
	case ELOOP:
	case ENAMETOOLONG:
	case EFBIG:
		return true;
	default:
		return false;
	}
}
