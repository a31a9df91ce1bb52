/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "boot/boot.h"
#include "daemon/boot/tree.h"

/*
 * Commands in the files of udev, ifupdown, NetworkManager's dispatcher, networkd-dispatcher and
 * wg-quick. Only those of ifupdown for an interface that it brings up by itself are certain. Return
 * 0 or -ENOMEM.
 */
int scripts_read(struct tree *tree, struct boot *boot);
int interfaces_read(struct tree *tree, struct boot *boot);
