/* SPDX-License-Identifier: LGPL-2.1-or-later */
#undef NDEBUG
#include "daemon/config/config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

/* An error is one line that begins with the file. */
static void check_error(const char *error, const char *path)
{
	assert(error && strncmp(error, path, strlen(path)) == 0);
	for (; *error; error++)
		assert((unsigned char)*error >= 0x20 && *error != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_(freep) char *error = NULL;
	int fd = memfd_create("config", MFD_CLOEXEC);
	char path[32];

	assert(fd >= 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (write(fd, data, size) == (ssize_t)size) {
		if (config_parse(path, true, &config, &error) == 0)
			check(config);
		else
			check_error(error, "/");
	}
	close(fd);
	return 0;
}
