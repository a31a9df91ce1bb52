/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "boot/boot.h"
#include "daemon/boot/tree.h"

/*
 * Which systemd it is, and a note where this host has none: sysctl.d is replayed as it reads it.
 * Returns 0 or -ENOMEM.
 */
int programs_read(struct tree *tree, struct boot *boot);

/*
 * What other writers have in their files, into boot->others, and those known only by their presence
 * (docs/writers.md). Returns 0 or -ENOMEM.
 */
int writers_read(struct tree *tree, struct boot *boot);
