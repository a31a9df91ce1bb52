/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/journal/entry.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Entries on their way to a thread that does nothing but write them. It may have to wait for whoever
 * takes them: a journal that was stopped, a pipe that nobody reads, a terminal after ^S. Nobody
 * else does: what does not fit is dropped and counted, and an entry says so in its place.
 */
struct queue;

/* Writes an entry; in the thread, one at a time and in their order. */
typedef void (*queue_write)(void *data, const struct entry *entry);

/* Starts the thread. data is its own until queue_stop(). Returns 0 or a negative errno. */
int queue_start(queue_write write, void *data, struct queue **ret);

/* Takes the entry over and does not wait. */
void queue_put(struct queue *queue, struct entry *entry);

/* Waits until all is written, but no longer than usec. */
void queue_flush(struct queue *queue, uint64_t usec);

/*
 * The same, and then ends the thread. Returns true when the thread has ended and
 * the queue is freed. Else the thread hangs: queue and data must stay as they are, until the process
 * ends.
 */
bool queue_stop(struct queue *queue, uint64_t usec);
