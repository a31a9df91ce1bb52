/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/fetch_ahead.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define SLOTS 8
#define SLOT_SIZE (32 * 1024) /* the kernel fills no more of a dump at once */

struct fetch_ahead {
	int fd;
	pthread_t thread;
	sem_t empty; /* slots */
	int full;    /* an eventfd that counts them */
	atomic_bool stop;
	size_t next;
	bool taken; /* the slot before next is the caller's */
	struct fetched slots[SLOTS];
	char data[SLOTS][SLOT_SIZE];
};

static void wait_for(sem_t *semaphore)
{
	while (sem_wait(semaphore) < 0 && errno == EINTR)
		;
}

static void fetch_datagram(int fd, struct fetched *slot, char *data)
{
	struct iovec part = { .iov_base = data, .iov_len = SLOT_SIZE };
	struct msghdr header = { .msg_name = &slot->from,
		.msg_namelen = sizeof(slot->from),
		.msg_iov = &part,
		.msg_iovlen = 1 };

	/* nothing there is the end: the kernel makes the next one before it gives out one */
	do
		slot->length = recvmsg(fd, &header, MSG_DONTWAIT);
	while (slot->length < 0 && errno == EINTR);
	if (slot->length < 0)
		slot->length = -errno;
	slot->data = data;
	slot->from_length = header.msg_namelen;
	slot->flags = header.msg_flags;
}

static void *run_thread(void *data)
{
	struct fetch_ahead *ahead = data;
	bool end;

	for (size_t i = 0;; i = (i + 1) % SLOTS) {
		wait_for(&ahead->empty);
		if (ahead->stop)
			return NULL;
		fetch_datagram(ahead->fd, &ahead->slots[i], ahead->data[i]);
		end = ahead->slots[i].length < 0;
		(void)eventfd_write(ahead->full, 1);
		if (end)
			return NULL;
	}
}

int fetch_ahead_new(int fd, struct fetch_ahead **ret)
{
	struct fetch_ahead *ahead = calloc(1, sizeof(*ahead));
	sigset_t all, before;
	int r;

	if (!ahead)
		return -ENOMEM;
	ahead->fd = fd;
	ahead->full = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE | EFD_NONBLOCK);
	if (ahead->full < 0) {
		r = -errno;
		free(ahead);
		return r;
	}
	(void)sem_init(&ahead->empty, 0, SLOTS);
	/* signals are for the thread that knows what to do about them */
	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&ahead->thread, NULL, run_thread, ahead);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r != 0) {
		(void)close(ahead->full);
		free(ahead);
		return -r;
	}
	*ret = ahead;
	return 0;
}

const struct fetched *fetch_ahead_next(struct fetch_ahead *ahead, bool wait)
{
	const struct fetched *slot = &ahead->slots[ahead->next];
	struct pollfd full = { .fd = ahead->full, .events = POLLIN };
	eventfd_t one;

	if (ahead->taken)
		sem_post(&ahead->empty);
	ahead->taken = false;
	while (eventfd_read(ahead->full, &one) < 0) {
		if (!wait)
			return NULL;
		(void)poll(&full, 1, -1);
	}
	ahead->taken = true;
	ahead->next = (ahead->next + 1) % SLOTS;
	return slot;
}

int fetch_ahead_fd(const struct fetch_ahead *ahead)
{
	return ahead->full;
}

void fetch_ahead_free(struct fetch_ahead *ahead)
{
	if (!ahead)
		return;
	ahead->stop = true;
	sem_post(&ahead->empty);
	(void)pthread_join(ahead->thread, NULL);
	sem_destroy(&ahead->empty);
	(void)close(ahead->full);
	free(ahead);
}
