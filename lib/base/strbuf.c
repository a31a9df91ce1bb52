/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strbuf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

void strbuf_init(struct strbuf *buf, char *text, size_t size)
{
	assert(size > 0);

	*buf = (struct strbuf){ .text = text, .size = size };
	text[0] = '\0';
}

void strbuf_add(struct strbuf *buf, const char *format, ...)
{
	size_t room = buf->size - buf->length;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(buf->text + buf->length, room, format, arguments);
	va_end(arguments);
	if (length > 0)
		buf->length += (size_t)length < room ? (size_t)length : room - 1;
}
