/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/ctl/ctl.h"

/* `explain --batch`: a flow a line. Returns the exit code. */
int explain_batch(struct ctl *ctl);
