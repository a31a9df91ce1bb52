/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/ifname.h"

#include "base/cleanup.h"
#include "base/strbuf.h"

#include <string.h>

static const char plain[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:@+-/";

bool ifname_is_valid(const char *name)
{
	static const char *const reserved[] = { "", ".", "..", "all", "default" };

	for (size_t i = 0; i < ELEMENTS(reserved); i++) {
		if (strcmp(name, reserved[i]) == 0)
			return false;
	}
	return strlen(name) < NAME_MAX_ && !name[strcspn(name, "/ \t\n\v\f\r")];
}

bool ifname_is_plain(const char *name)
{
	return name[strspn(name, plain)] == '\0';
}

/* Whether it can stand between single quotes. */
static bool is_printable(const char *name)
{
	for (; *name; name++) {
		if (*name < ' ' || *name > '~' || *name == '\'')
			return false;
	}
	return true;
}

const char *ifname_quote(const char *name, char out[static IFNAME_QUOTED])
{
	struct strbuf text;

	strbuf_init(&text, out, IFNAME_QUOTED);
	if (ifname_is_plain(name)) {
		strbuf_add(&text, "%s", name);
		return out;
	}
	if (is_printable(name)) {
		strbuf_add(&text, "'%s'", name);
		return out;
	}
	strbuf_add(&text, "\"$(printf %%b '");
	for (; *name; name++)
		strbuf_add(&text, strchr(plain, *name) ? "%c" : "\\0%03o",
			(unsigned char)*name);
	strbuf_add(&text, "')\"");
	return out;
}
