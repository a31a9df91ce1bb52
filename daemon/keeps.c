/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/keeps.h"

#include "base/time.h"
#include "daemon/boot/boot_read.h"
#include "kernel/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_MOST (16u << 20)		/* of one child */
#define PAUSE_USEC (50 * USEC_PER_MSEC) /* behind a child there is none for so long */
#define OLD_USEC (60 * USEC_PER_SEC)	/* an answer is kept so long, for who asked */

enum phase { ASKED, RUNNING, OVER };

struct question {
	struct forecast_iface iface;
	enum phase phase;
	uint64_t asked_usec;
	struct keep *keep; /* the last answer; before the first one, that there is none */
};

static void question_free(struct question *question)
{
	if (!question)
		return;
	free(question->keep);
	free(question);
}
DEFINE_FREEP(struct question, question_free)

static struct question *question_of(const struct keeps *keeps, int ifindex)
{
	return hash_get(&keeps->questions, (uint64_t)ifindex);
}

/* --- the child ------------------------------------------------------------------------------- */

/*
 * Each answer goes out as it is made: one that comes too late costs only itself. What is freed by
 * an exit is not freed here.
 */
static bool read_and_answer(int fd, const void *data)
{
	const struct keeps *keeps = data;
	struct replay_lines lines = { 0 };
	struct boot *boot;
	int r = boot_read(NULL, &boot);

	if (r >= 0)
		r = replay_lines_init(boot, &lines);
	hash_each (&keeps->questions, slot) {
		const struct question *question = slot->value;
		int ifindex = (int)slot->key, made = r;
		struct keep *keep = NULL;

		if (question->phase != RUNNING)
			continue;
		if (made >= 0)
			made = keep_make(&lines, &question->iface, ifindex, &keep);
		if (made < 0)
			made = keep_unknown(ifindex, -made, &keep);
		/* nothing cuts a write off here: the pipe waits, and no signal is handled */
		if (made < 0 || write(fd, keep, keep->size) != (ssize_t)keep->size)
			return false;
		free(keep);
	}
	return true;
}

/* --- what it says ---------------------------------------------------------------------------- */

static void finish_question(struct keeps *keeps, struct question *question)
{
	question->phase = OVER;
	keeps->open--;
	keeps->news = true;
}

static void give_up_question(struct keeps *keeps, struct question *question, int error)
{
	question->keep->error = error;
	finish_question(keeps, question);
}

/* error: why there is no answer to what it was asked and has not said */
static void drop_child(struct keeps *keeps, int error)
{
	keeps->io = sd_event_source_disable_unref(keeps->io);
	keeps->begin_usec = usec_add(clock_monotonic_usec(), PAUSE_USEC);
	if (child_is_there(&keeps->child))
		keeps->stuck = keeps->child.pid;
	child_done(&keeps->child);
	hash_each (&keeps->questions, slot) {
		struct question *question = slot->value;

		if (question->phase == RUNNING)
			give_up_question(keeps, question, error);
	}
}

/* Nothing that was not asked is taken. 0; -EBADMSG; or -ENOMEM. */
static int take_answers(struct keeps *keeps)
{
	struct child *child = &keeps->child;

	for (;;) {
		_cleanup_(freep) struct keep *keep = NULL;
		struct question *question;
		size_t used;
		int r = keep_take(child->text + keeps->taken, child->size - keeps->taken,
			&keep, &used);

		if (r <= 0)
			return r;
		keeps->taken += used;
		question = question_of(keeps, keep->ifindex);
		if (!question)
			return -EBADMSG;
		if (question->phase != RUNNING)
			continue;
		free(question->keep);
		question->keep = take_ptr(keep);
		finish_question(keeps, question);
	}
}

static void hear_child(struct keeps *keeps)
{
	int heard = child_hear(&keeps->child);
	int r = heard < 0 ? heard : take_answers(keeps);

	if (heard <= 0 || r < 0)
		drop_child(keeps, r < 0 ? -r : ECHILD);
}

static int on_answer(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	(void)source;
	(void)fd;
	(void)revents;
	hear_child(data);
	return 0;
}

/* --- asking ---------------------------------------------------------------------------------- */

static int add_question(struct keeps *keeps, int ifindex, struct question **ret)
{
	_cleanup_(question_freep) struct question *question =
		calloc(1, sizeof(*question));
	int r = question ? keep_unknown(ifindex, ETIMEDOUT, &question->keep) : -ENOMEM;

	if (r >= 0)
		r = hash_put(&keeps->questions, (uint64_t)ifindex, question);
	if (r < 0)
		return r;
	question->phase = OVER;
	*ret = take_ptr(question);
	return 0;
}

int keeps_ask(struct keeps *keeps, int ifindex, const struct forecast_iface *iface,
	uint64_t now_usec)
{
	struct question *question = question_of(keeps, ifindex);
	int r = question ? 0 : add_question(keeps, ifindex, &question);

	if (r < 0)
		return r;
	/* files may be others since the last answer; an interface may have got another name */
	if (question->phase != OVER && strcmp(question->iface.name, iface->name) == 0)
		return 0;
	keeps->open += question->phase == OVER;
	question->phase = ASKED;
	question->iface = *iface;
	question->asked_usec = now_usec;
	return 0;
}

bool keeps_is_open(const struct keeps *keeps, int ifindex)
{
	const struct question *question = question_of(keeps, ifindex);

	return question && question->phase != OVER;
}

const struct keep *keeps_of(const struct keeps *keeps, int ifindex)
{
	const struct question *question = question_of(keeps, ifindex);

	return question ? question->keep : NULL;
}

/* A child that only late ones waited for is late itself. */
static void give_up_late(struct keeps *keeps, uint64_t now_usec)
{
	bool late = false, running = false;

	hash_each (&keeps->questions, slot) {
		struct question *question = slot->value;

		if (question->phase != OVER &&
			now_usec - question->asked_usec >= keeps->wait_usec) {
			give_up_question(keeps, question, ETIMEDOUT);
			late = true;
		}
		running |= question->phase == RUNNING;
	}
	if (late && !running)
		drop_child(keeps, ETIMEDOUT);
}

bool keeps_look(struct keeps *keeps, uint64_t now_usec)
{
	bool news;

	if (keeps->open)
		give_up_late(keeps, now_usec);
	news = keeps->news;
	keeps->news = false;
	return news;
}

/* A hash may not change while it is walked: a few at a time. */
static void forget_old(struct keeps *keeps, uint64_t now_usec)
{
	uint64_t old[64];
	size_t count = 0;

	hash_each (&keeps->questions, slot) {
		const struct question *question = slot->value;

		if (question->phase == OVER && count < ELEMENTS(old) &&
			now_usec - question->asked_usec > OLD_USEC)
			old[count++] = slot->key;
	}
	while (count)
		question_free(hash_remove(&keeps->questions, old[--count]));
}

/* One that hangs on a dead disk does not die; another one would hang beside it. */
static bool is_stuck(struct keeps *keeps, uint64_t now_usec)
{
	if (keeps->stuck && waitpid(keeps->stuck, NULL, WNOHANG) != 0)
		keeps->stuck = 0;
	if (keeps->stuck)
		keeps->begin_usec = usec_add(now_usec, PAUSE_USEC);
	return keeps->stuck != 0;
}

static int start_child(struct keeps *keeps)
{
	int r = child_start(&keeps->child, ANSWER_MOST, true, read_and_answer, keeps);

	keeps->taken = 0;
	if (r >= 0 && keeps->event)
		r = sd_event_add_io(keeps->event, &keeps->io, keeps->child.fd, EPOLLIN,
			on_answer, keeps);
	if (r >= 0 && keeps->event)
		r = sd_event_source_set_exit_on_failure(keeps->io, true);
	return r;
}

void keeps_begin(struct keeps *keeps, uint64_t now_usec)
{
	int r;

	if (!keeps->open || child_is_there(&keeps->child) ||
		now_usec < keeps->begin_usec || is_stuck(keeps, now_usec))
		return;
	forget_old(keeps, now_usec);
	hash_each (&keeps->questions, slot) {
		struct question *question = slot->value;

		if (question->phase == ASKED)
			question->phase = RUNNING;
	}
	r = start_child(keeps);
	if (r < 0)
		drop_child(keeps, -r);
}

void keeps_wait(struct keeps *keeps)
{
	while (keeps->open) {
		struct pollfd poll_fd = { .fd = -1, .events = POLLIN };

		keeps_begin(keeps, clock_monotonic_usec());
		if (child_is_there(&keeps->child))
			poll_fd.fd = keeps->child.fd;
		if (poll(&poll_fd, 1, 10) > 0)
			hear_child(keeps);
		give_up_late(keeps, clock_monotonic_usec());
	}
}

uint64_t keeps_next(const struct keeps *keeps)
{
	uint64_t next = USEC_NEVER;

	if (keeps->news)
		return 1;
	if (!keeps->open)
		return next;
	hash_each (&keeps->questions, slot) {
		const struct question *question = slot->value;
		uint64_t end = usec_add(question->asked_usec, keeps->wait_usec);

		if (question->phase != OVER && end < next)
			next = end;
		if (question->phase == ASKED && !child_is_there(&keeps->child) &&
			keeps->begin_usec < next)
			next = keeps->begin_usec;
	}
	return next;
}

void keeps_stop(struct keeps *keeps)
{
	hash_each (&keeps->questions, slot) {
		struct question *question = slot->value;

		if (question->phase != OVER)
			give_up_question(keeps, question, ECANCELED);
	}
	drop_child(keeps, ECANCELED);
}

void keeps_done(struct keeps *keeps)
{
	keeps_stop(keeps);
	hash_each (&keeps->questions, slot)
		question_free(slot->value);
	hash_done(&keeps->questions);
}
