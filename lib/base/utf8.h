/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The one room for text that goes out: to the journal, a terminal, a pipe, JSON, the bus, a file.
 * An interface may be called anything, so all of it passes here, once, where it leaves: what comes
 * out is UTF-8 as RFC 3629 has it (no overlong form, no surrogate, nothing above U+10FFFF), and has
 * no character that controls whoever shows it. A '?' stands for each character, or byte that is
 * none, that may not be shown.
 */

/* Returns how many bytes the character at text has and sets *ret, or 0 where it is not UTF-8. */
size_t utf8_decode(const char *text, uint32_t *ret);

/*
 * Whether it may be shown. Not C0, DEL and C1, which move a cursor, end a line, or begin a terminal's
 * command; nor marks that change the direction of what follows and so show a text in another order;
 * nor the 66 that are no characters (U+FFFE), which sd-bus and others refuse.
 */
bool utf8_is_printable(uint32_t character);

/* Makes a text printable, in place; it gets no longer. */
void utf8_printable(char *text);

/* Returns how many characters text has; a byte that is not UTF-8 counts as one. */
size_t utf8_count(const char *text);
