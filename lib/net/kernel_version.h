/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/*
 * A version of Linux as one number that orders: major << 16 | minor << 8 | patch. Each part stays
 * at 255 where it is greater, as in the kernel's own KERNEL_VERSION (4.19.325). 0 is no version.
 */
static inline uint32_t kernel_version(
	unsigned int major, unsigned int minor, unsigned int patch)
{
	return (uint32_t)((major < 255 ? major : 255) << 16 |
			  (minor < 255 ? minor : 255) << 8 | (patch < 255 ? patch : 255));
}

/*
 * Reads "2.6.26", "5.10", "6.18.44", "7.2-rc3", and what uname(2) calls a release:
 * "6.1.0-28-amd64", "2.6.32.65", "5.15.0+". A release candidate counts as what it will be, a fourth
 * number is left out. Returns 0, or -EINVAL and leaves *ret alone.
 */
int kernel_version_parse(const char *text, uint32_t *ret);
