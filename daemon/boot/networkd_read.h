/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "boot/boot.h"
#include "daemon/boot/tree.h"

/* systemd-networkd: its .network files and their drop-ins, and whether a unit starts it. */
int networkd_read(struct tree *tree, struct boot *boot);
