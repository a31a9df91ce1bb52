/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cleanup.h"

#include <stdarg.h>
#include <stddef.h>

/*
 * A text of bounded size, written piece by piece. The caller owns the bytes. What does not fit is
 * cut, and the text ends with a 0 byte at any time.
 */
struct strbuf {
	char *text;
	size_t size, length; /* length < size */
};

/* Begins an empty text in size (at least 1) bytes at text. */
void strbuf_init(struct strbuf *buf, char *text, size_t size);
void strbuf_vadd(struct strbuf *buf, const char *format, va_list arguments)
	_printf_(2, 0);
void strbuf_add(struct strbuf *buf, const char *format, ...) _printf_(2, 3);
