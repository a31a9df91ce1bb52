/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "boot/boot.h"
#include "daemon/boot/tree.h"

/*
 * Services whose settings are in files of their own (ufw, tuned), and those that are known by their
 * presence only. Each returns 0 or -ENOMEM. docs/writers.md has the sources.
 */
int ufw_read(struct tree *tree, struct boot *boot);
int tuned_read(struct tree *tree, struct boot *boot);
int habits_read(struct tree *tree, struct boot *boot);
