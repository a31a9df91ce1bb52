/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * UTF-8 as RFC 3629 has it: no overlong form, no surrogate, nothing above U+10FFFF. An interface
 * may be called anything, so text that goes to a terminal, a journal or JSON passes here.
 */

/* Returns how many bytes the character at text has and sets *ret, or 0 where it is not UTF-8. */
size_t utf8_decode(const char *text, uint32_t *ret);

/* C0, DEL and C1: they move a cursor, end a line, or begin a terminal's command. */
bool utf8_is_control(uint32_t character);
/* Marks that change the direction of what follows: they show a text in another order. */
bool utf8_is_direction(uint32_t character);

/* In place: '?' for each byte that is not UTF-8. */
void utf8_repair(char *text);
/* In place: the same, and '?' for each control character and direction mark. */
void utf8_printable(char *text);

/* Returns how many characters text has; a byte that is not UTF-8 counts as one. */
size_t utf8_count(const char *text);
