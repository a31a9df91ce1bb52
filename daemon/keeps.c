/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/keeps.h"

#include "base/time.h"
#include "daemon/boot/boot_read.h"
#include "daemon/evaluate/boot_iface.h"
#include "kernel/clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define ANSWER_MOST (4u << 20) /* of one child */
#define AT_ONCE 1024	       /* questions to one child */
#define FORK_SHARE                                                                       \
	20 /* a fork of this daemon is followed by so many times as long without */
#define DEATH_USEC                                                                       \
	(100 * USEC_PER_MSEC) /* it takes a child that is killed, unless it can't die */
#define OLD_USEC (60 * USEC_PER_SEC) /* an answer that nobody came for */

enum phase { ASKED, RUNNING, OVER };

struct question {
	struct forecast_iface iface;
	int ifindex;
	enum phase phase;
	uint64_t asked_usec;
	struct keep *keep; /* NULL: none, or none yet */
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

struct questions {
	size_t count;
	const struct question *list[AT_ONCE];
};

static bool write_whole(int fd, const void *bytes, size_t size)
{
	const char *at = bytes;

	while (size) {
		ssize_t n = write(fd, at, size);

		if (n < 0 && errno != EINTR)
			return false;
		at += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* Each answer goes out as it is made: one that comes too late costs only itself. */
static bool read_and_answer(int fd, const void *data)
{
	const struct questions *questions = data;
	struct replay_lines lines = { 0 };
	struct boot *boot;
	int r = boot_read(NULL, &boot);

	if (r >= 0)
		r = replay_lines_init(boot, &lines);
	for (size_t i = 0; i < questions->count && r >= 0; i++) {
		const struct question *question = questions->list[i];
		struct keep *keep;

		r = keep_make(&lines, &question->iface, question->ifindex, &keep);
		if (r >= 0 && !write_whole(fd, keep, keep->size))
			r = -EPIPE;
		if (r >= 0)
			free(keep);
	}
	return r >= 0; /* what is freed by an exit is not freed here */
}

/* --- what it says ---------------------------------------------------------------------------- */

static void finish_question(
	struct keeps *keeps, struct question *question, struct keep *keep)
{
	question->keep = keep;
	question->phase = OVER;
	keeps->open--;
	keeps->news = true;
}

static void drop_child(struct keeps *keeps)
{
	keeps->io = sd_event_source_disable_unref(keeps->io);
	if (child_is_there(&keeps->child)) {
		keeps->stuck = keeps->child.pid;
		keeps->begin_usec = usec_add(clock_monotonic_usec(), DEATH_USEC);
	}
	child_done(&keeps->child);
	hash_each (&keeps->questions, slot) {
		struct question *question = slot->value;

		if (question->phase == RUNNING)
			finish_question(keeps, question, NULL);
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
		if (question && question->phase == RUNNING)
			finish_question(keeps, question, take_ptr(keep));
		else if (!question)
			return -EBADMSG;
	}
}

static int hear_child(struct keeps *keeps)
{
	int heard = child_hear(&keeps->child);
	int r = heard < 0 ? heard : take_answers(keeps);

	if (heard <= 0 || r < 0)
		drop_child(keeps);
	return r == -ENOMEM ? r : 0;
}

static int on_answer(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	(void)source;
	(void)fd;
	(void)revents;
	return hear_child(data);
}

/* --- asking ---------------------------------------------------------------------------------- */

int keeps_ask(struct keeps *keeps, const struct iface *iface, uint64_t now_usec)
{
	_cleanup_(question_freep) struct question *fresh = NULL;
	struct question *question = question_of(keeps, iface->link.ifindex);
	struct forecast_iface asked = boot_iface(iface, iface->link.name);
	int r;

	/* files may be others since the last answer; an interface may have got another name */
	if (question && question->phase != OVER &&
		strcmp(question->iface.name, asked.name) == 0)
		return 0;
	if (!question) {
		question = fresh = calloc(1, sizeof(*fresh));
		if (!fresh)
			return -ENOMEM;
		fresh->phase = OVER;
		fresh->ifindex = iface->link.ifindex;
		r = hash_put(&keeps->questions, (uint64_t)fresh->ifindex, fresh);
		if (r < 0)
			return r;
		fresh = NULL;
	}
	keeps->open += question->phase == OVER;
	free(question->keep);
	question->keep = NULL;
	question->phase = ASKED;
	question->iface = asked;
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
			finish_question(keeps, question, NULL);
			late = true;
		}
		running |= question->phase == RUNNING;
	}
	if (late && !running)
		drop_child(keeps);
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

static void forget_old(struct keeps *keeps, uint64_t now_usec)
{
	int old[64];
	size_t count = 0;

	hash_each (&keeps->questions, slot) {
		const struct question *question = slot->value;

		if (question->phase == OVER && count < ELEMENTS(old) &&
			now_usec - question->asked_usec > OLD_USEC)
			old[count++] = question->ifindex;
	}
	while (count)
		question_free(hash_remove(&keeps->questions, (uint64_t)old[--count]));
}

static void gather_questions(struct keeps *keeps, struct questions *ret)
{
	hash_each (&keeps->questions, slot) {
		struct question *question = slot->value;

		if (question->phase != ASKED || ret->count == AT_ONCE)
			continue;
		question->phase = RUNNING;
		ret->list[ret->count++] = question;
	}
}

/* One that hangs on a dead disk does not die; another one would hang beside it. */
static bool is_stuck(struct keeps *keeps, uint64_t now_usec)
{
	if (keeps->stuck && kill(keeps->stuck, 0) < 0)
		keeps->stuck = 0;
	if (keeps->stuck)
		keeps->begin_usec = usec_add(now_usec, DEATH_USEC);
	return keeps->stuck != 0;
}

static int start_child(struct keeps *keeps, const struct questions *questions)
{
	uint64_t began = clock_monotonic_usec(), ended;
	int r = child_start(&keeps->child, ANSWER_MOST, true, read_and_answer, questions);

	ended = clock_monotonic_usec();
	keeps->begin_usec = usec_add(ended, FORK_SHARE * (ended - began));
	keeps->taken = 0;
	if (r >= 0 && keeps->event)
		r = sd_event_add_io(keeps->event, &keeps->io, keeps->child.fd, EPOLLIN,
			on_answer, keeps);
	if (r >= 0 && keeps->event)
		r = sd_event_source_set_exit_on_failure(keeps->io, true);
	return r;
}

int keeps_begin(struct keeps *keeps, uint64_t now_usec)
{
	struct questions questions = { 0 };
	int r;

	if (!keeps->questions.count)
		return 0;
	forget_old(keeps, now_usec);
	if (!keeps->open || child_is_there(&keeps->child) ||
		now_usec < keeps->begin_usec || is_stuck(keeps, now_usec))
		return 0;
	gather_questions(keeps, &questions);
	if (!questions.count)
		return 0;
	r = start_child(keeps, &questions);
	if (r < 0)
		drop_child(keeps);
	return r == -ENOMEM ? r : 0;
}

int keeps_wait(struct keeps *keeps)
{
	int r = 0;

	while (keeps->open && r >= 0) {
		uint64_t now = clock_monotonic_usec();
		struct pollfd poll_fd = { .events = POLLIN };

		r = keeps_begin(keeps, now);
		poll_fd.fd = child_is_there(&keeps->child) ? keeps->child.fd : -1;
		if (r >= 0 && poll(&poll_fd, 1, 10) > 0)
			r = hear_child(keeps);
		keeps->news |= keeps_look(keeps, clock_monotonic_usec());
	}
	return r;
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
			finish_question(keeps, question, NULL);
	}
	drop_child(keeps);
}

void keeps_done(struct keeps *keeps)
{
	keeps_stop(keeps);
	hash_each (&keeps->questions, slot)
		question_free(slot->value);
	hash_done(&keeps->questions);
}
