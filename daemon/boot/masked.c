/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/boot/masked.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The folder's place stands ahead of each path while they are sorted, as a character. */
#define RANK 'a'

static const char *name_of(const char *path)
{
	return strrchr(path, '/') + 1;
}

static int compare_paths(const void *left, const void *right)
{
	const char *a = *(char *const *)left, *b = *(char *const *)right;
	int order = strcmp(name_of(a), name_of(b));

	return order ? order : a[0] - b[0];
}

static int add_folder(struct tree *tree, const char *folder, size_t rank,
	const char *suffix, struct masked *ret)
{
	_cleanup_(tree_names_done) struct tree_names names = { 0 };
	int r = tree_list(tree, folder, suffix, &names);

	if (r == -ENOMEM)
		return r;
	if (r < 0 && r != -ENOENT) {
		ret->failed = folder;
		ret->error = r;
	}
	array_each (&names.list, char *const, name) {
		char *path;

		if (asprintf(&path, "%c%s/%s", (char)(RANK + rank), folder, *name) < 0)
			return -ENOMEM;
		r = array_push(&ret->paths, &path);
		if (r < 0) {
			free(path);
			return r;
		}
	}
	return 0;
}

int masked_list(struct tree *tree, const char *const *folders, const char *suffix,
	struct masked *ret)
{
	size_t kept = 0;
	int r = 0;

	for (size_t i = 0; folders[i] && r >= 0; i++)
		r = add_folder(tree, folders[i], i, suffix, ret);
	if (ret->paths.count)
		qsort(ret->paths.items, ret->paths.count, sizeof(*ret->paths.items),
			compare_paths);
	for (size_t i = 0; i < ret->paths.count; i++) {
		char *path = ret->paths.items[i];

		if (!ret->all && kept &&
			strcmp(name_of(path), name_of(ret->paths.items[kept - 1])) == 0) {
			free(path);
			continue;
		}
		ret->paths.items[kept++] = path;
	}
	ret->paths.count = kept;
	for (size_t i = 0; i < kept; i++)
		memmove(ret->paths.items[i], ret->paths.items[i] + 1,
			strlen(ret->paths.items[i]));
	return r;
}

void masked_done(struct masked *masked)
{
	array_each (&masked->paths, char *, path)
		free(*path);
	array_done(&masked->paths);
}
