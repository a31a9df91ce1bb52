/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strbuf.h"

#include <assert.h>
#include <stdio.h>

void strbuf_init(struct strbuf *buf, char *text, size_t size)
{
	assert(size > 0);

	*buf = (struct strbuf){ .text = text, .size = size };
	text[0] = '\0';
}

void strbuf_vadd(struct strbuf *buf, const char *format, va_list arguments)
{
	size_t room = buf->size - buf->length;
	int length = vsnprintf(buf->text + buf->length, room, format, arguments);

	if (length > 0)
		buf->length += (size_t)length < room ? (size_t)length : room - 1;
}

void strbuf_add(struct strbuf *buf, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	strbuf_vadd(buf, format, arguments);
	va_end(arguments);
}
