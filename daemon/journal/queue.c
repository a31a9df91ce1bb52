/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/journal/queue.h"

#include "base/time.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* An entry has 2 KB as a rule. */
#define ENTRIES_MOST 1024
#define BYTES_MOST (4 * 1024 * 1024)

struct waiting {
	struct entry entry;
	size_t bytes;  /* 0: no entry */
	uint64_t lost; /* so many before it */
};

struct queue {
	queue_write write;
	void *data;
	pthread_t thread;
	pthread_mutex_t mutex; /* for all below */
	pthread_cond_t changed;
	bool ending, busy; /* busy: one is being written */
	uint64_t lost;	   /* behind the last one that waits */
	size_t first, count, bytes;
	struct waiting ring[ENTRIES_MOST];
};

static size_t entry_bytes(const struct entry *entry)
{
	size_t bytes = 1;

	array_each (&entry->fields, char *const, field)
		bytes += strlen(*field) + sizeof(*field);
	return bytes;
}

/* After a loss half of it has to be empty: one entry says it of many that were lost. */
static bool has_room(const struct queue *queue, size_t bytes)
{
	size_t part = queue->lost ? 2 : 1;

	return queue->count < ENTRIES_MOST / part &&
	       queue->bytes + bytes <= BYTES_MOST / part;
}

void queue_put(struct queue *queue, struct entry *entry)
{
	size_t bytes = entry_bytes(entry);

	(void)pthread_mutex_lock(&queue->mutex);
	if (has_room(queue, bytes)) {
		size_t at = (queue->first + queue->count++) % ENTRIES_MOST;

		queue->ring[at] = (struct waiting){ *entry, bytes, queue->lost };
		queue->bytes += bytes;
		queue->lost = 0;
		*entry = (struct entry){ 0 };
	} else {
		queue->lost++;
	}
	(void)pthread_cond_broadcast(&queue->changed);
	(void)pthread_mutex_unlock(&queue->mutex);
	entry_done(entry);
}

static struct timespec time_in(uint64_t usec)
{
	struct timespec then;

	(void)clock_gettime(CLOCK_MONOTONIC, &then);
	usec += (uint64_t)then.tv_nsec / 1000;
	then.tv_sec += (time_t)(usec / USEC_PER_SEC);
	then.tv_nsec = (long)(usec % USEC_PER_SEC * 1000);
	return then;
}

void queue_flush(struct queue *queue, uint64_t usec)
{
	const struct timespec end = time_in(usec);

	(void)pthread_mutex_lock(&queue->mutex);
	while (queue->count || queue->lost || queue->busy) {
		if (pthread_cond_clockwait(
			    &queue->changed, &queue->mutex, CLOCK_MONOTONIC, &end) != 0)
			break;
	}
	(void)pthread_mutex_unlock(&queue->mutex);
}

/* --- the thread ------------------------------------------------------------------------------ */

/* Waits for the next one. Returns false at the end, when nothing is left. */
static bool take_next(struct queue *queue, struct waiting *ret)
{
	*ret = (struct waiting){ 0 };
	(void)pthread_mutex_lock(&queue->mutex);
	queue->busy = false;
	(void)pthread_cond_broadcast(&queue->changed);
	while (!queue->count && !queue->lost && !queue->ending)
		(void)pthread_cond_wait(&queue->changed, &queue->mutex);
	if (queue->count) {
		*ret = queue->ring[queue->first];
		queue->first = (queue->first + 1) % ENTRIES_MOST;
		queue->count--;
		queue->bytes -= ret->bytes;
	} else {
		ret->lost = queue->lost;
		queue->lost = 0;
	}
	queue->busy = ret->bytes || ret->lost;
	(void)pthread_mutex_unlock(&queue->mutex);
	return ret->bytes || ret->lost;
}

static void write_lost(const struct queue *queue, uint64_t lost)
{
	struct entry entry;

	entry_event(&entry, EVENT_ENTRIES_LOST);
	entry_add(&entry, "MESSAGE",
		"%" PRIu64
		" log entr%s lost: whoever takes the log was stopped or too slow.",
		lost, lost == 1 ? "y was" : "ies were");
	entry_add(&entry, "RPF_COUNT", "%" PRIu64, lost);
	queue->write(queue->data, &entry);
	entry_done(&entry);
}

static void *run_thread(void *data)
{
	struct queue *queue = data;
	struct waiting next;

	while (take_next(queue, &next)) {
		if (next.lost)
			write_lost(queue, next.lost);
		if (next.bytes)
			queue->write(queue->data, &next.entry);
		entry_done(&next.entry);
	}
	return NULL;
}

/* --- its life -------------------------------------------------------------------------------- */

int queue_start(queue_write write, void *data, struct queue **ret)
{
	struct queue *queue = calloc(1, sizeof(*queue));
	sigset_t all, before;
	int r;

	if (!queue)
		return -ENOMEM;
	queue->write = write;
	queue->data = data;
	(void)pthread_mutex_init(&queue->mutex, NULL);
	(void)pthread_cond_init(&queue->changed, NULL);
	/* signals are for the event loop; and a reader that goes away is an errno here */
	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&queue->thread, NULL, run_thread, queue);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r != 0) {
		free(queue);
		return -r;
	}
	*ret = queue;
	return 0;
}

bool queue_stop(struct queue *queue, uint64_t usec)
{
	const struct timespec end = time_in(usec);

	(void)pthread_mutex_lock(&queue->mutex);
	queue->ending = true;
	(void)pthread_cond_broadcast(&queue->changed);
	(void)pthread_mutex_unlock(&queue->mutex);
	if (pthread_clockjoin_np(queue->thread, NULL, CLOCK_MONOTONIC, &end) != 0)
		return false;
	(void)pthread_mutex_destroy(&queue->mutex);
	(void)pthread_cond_destroy(&queue->changed);
	free(queue);
	return true;
}
