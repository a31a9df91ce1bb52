/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "change/change.h"
#include "change/words.h"

/* Parts of the parser, for change_parse.c alone: the words behind `ip route VERB` and so on. */
void change_parse_route(struct words *words, struct change *change);
void change_parse_rule(struct words *words, struct change *change);
void change_parse_nexthop(struct words *words, struct change *change);

/* A word that says which scope: 0 to 255, or its name. */
uint8_t change_parse_scope(struct words *words);
