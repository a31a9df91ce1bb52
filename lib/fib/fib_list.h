/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fib/fib.h"

/*
 * The infos and lists of a fib, each kept once: for fib.c, which puts them into the trie, and for
 * who compares them.
 */

/* A route to dst with these attributes; its legs are the info's. */
struct route_record fib_info_record(const struct fib_info *info, struct prefix4 dst);

/* Whether a route has these attributes. */
bool fib_info_is(const struct fib_info *info, const struct route_record *route);

/* The info of a route, NULL where no route has these attributes. */
struct fib_info *fib_info_find(const struct fib *fib, const struct route_record *route);

/* Finds or makes the info of a route, not yet counted as used: fib_info_put() it when no list
 * came to have it. Returns 0 or -ENOMEM. */
int fib_info_get(
	struct fib *fib, const struct route_record *route, struct fib_info **ret);
void fib_info_put(struct fib *fib, struct fib_info *info);

/* Finds or makes the list of these infos, not yet counted as held: fib_list_put() it when no
 * prefix came to hold it. Returns 0 or -ENOMEM. */
int fib_list_get(struct fib *fib, struct fib_info *const *infos, uint32_t count,
	struct fib_list **ret);
void fib_list_put(struct fib *fib, struct fib_list *list);

/* One prefix more, or less, holds the list; with the last one it goes. */
void fib_list_hold(struct fib *fib, struct fib_list *list, struct prefix4 prefix);
void fib_list_release(struct fib *fib, struct fib_list *list);

/* Frees all of a fib's. */
void fib_lists_done(struct fib *fib);
