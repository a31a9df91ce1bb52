/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/ifname.h"

#include "base/strbuf.h"

#include <string.h>

static const char plain[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:@+-/";

bool ifname_is_plain(const char *name)
{
	return name[strspn(name, plain)] == '\0';
}

const char *ifname_quote(const char *name, char out[static IFNAME_QUOTED])
{
	struct strbuf text;

	strbuf_init(&text, out, IFNAME_QUOTED);
	if (ifname_is_plain(name)) {
		strbuf_add(&text, "%s", name);
		return out;
	}
	strbuf_add(&text, "$'");
	for (; *name; name++)
		strbuf_add(&text, strchr(plain, *name) ? "%c" : "\\x%02x",
			(unsigned char)*name);
	strbuf_add(&text, "'");
	return out;
}
