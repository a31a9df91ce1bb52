/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/ctl/answer.h"

#include <stdio.h>

/*
 * Draws a packet's way in Graphviz's language, for `dot -Tsvg`: in, destination look-up, delivery,
 * reverse look-up and route, and where it ends. It is the answer's steps, in boxes, and judges
 * nothing. What it means is in words and shapes; colours repeat it.
 */
void answer_dot(const struct answer *answer, FILE *out);
