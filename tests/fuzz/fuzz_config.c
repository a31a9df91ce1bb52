/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A configuration, and behind the first zero byte one that it may include as "more". No input
 * makes a file: both are in memory for good, and have their names in a folder that is made once,
 * with what else an include may find there.
 */
#include "daemon/config/config.h"
#include "fuzz/fuzz.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/fuzz_config.XXXXXX";
static char path[sizeof(folder) + 8];
static int files[2]; /* "main" and "more" */

static void remove_folder(void)
{
	static const char *const names[] = { "main", "more", "loop", "folder", "fifo" };
	int at = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; i < ELEMENTS(names); i++)
		(void)unlinkat(at, names[i], i == 3 ? AT_REMOVEDIR : 0);
	(void)close(at);
	(void)rmdir(folder);
}

static void write_text(int fd, const char *text)
{
	assert(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char *const names[] = { "main", "more" };
	int at, loop;

	(void)argc;
	(void)argv;
	assert(mkdtemp(folder) && atexit(remove_folder) == 0);
	at = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert(at >= 0);
	for (size_t i = 0; i < ELEMENTS(names); i++) {
		char target[32];

		files[i] = memfd_create(names[i], MFD_CLOEXEC);
		assert(files[i] >= 0);
		snprintf(target, sizeof(target), "/proc/self/fd/%d", files[i]);
		assert(symlinkat(target, at, names[i]) == 0);
	}
	loop = openat(at, "loop", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert(loop >= 0);
	write_text(loop, "log = { repeat = 1; };\n@include \"loop\"\n");
	(void)close(loop);
	assert(mkdirat(at, "folder", 0700) == 0 && mkfifoat(at, "fifo", 0600) == 0);
	(void)close(at);
	snprintf(path, sizeof(path), "%s/main", folder);
	return 0;
}

/* What holds of every configuration that is let through. */
static void check(const struct config *config)
{
	assert(config->correct.fight > 0 && config->correct.per_minute > 0);
	assert(config->log.repeat_usec > 0 && config->selfcheck.per_minute > 0);
	assert(config->correct.pause_usec <= UINT64_C(3600) * 1000000);
	array_each (&config->interfaces, const struct config_interface, interface) {
		assert(interface->match || interface->kind);
		assert(interface->has_expect || interface->expect.count == 0);
		array_each (&interface->expect, const struct prefix4, prefix)
			assert((prefix->addr.host & ~ip4_mask(prefix->len)) == 0);
	}
	array_each (&config->flows, const struct config_flow, flow)
		assert(flow->iif && *flow->iif && (flow->mark & ~flow->mask) == 0);
	(void)config_interface_for(config, "tunl0", NULL); /* only has to return */
}

/* An error is one line that begins with a file of ours. */
static void check_error(const char *error)
{
	assert(error && strncmp(error, folder, strlen(folder)) == 0);
	for (; *error; error++)
		assert((unsigned char)*error >= 0x20 && *error != 0x7f);
}

static void fill(int fd, const uint8_t *bytes, size_t size)
{
	assert(ftruncate(fd, 0) == 0);
	assert(!size || pwrite(fd, bytes, size, 0) == (ssize_t)size);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_(freep) char *error = NULL;
	const uint8_t *zero = size ? memchr(bytes, 0, size) : NULL;
	size_t first = zero ? (size_t)(zero - bytes) : size;

	fill(files[0], bytes, first);
	fill(files[1], zero ? zero + 1 : NULL, zero ? size - first - 1 : 0);
	if (config_parse(path, true, &config, &error) == 0)
		check(config);
	else
		check_error(error);
	return 0;
}
