/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/config/config_text.h"

#include "base/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * libconfig parses from memory, never from a file, because libconfig 1.5 on its own
 *
 *	ends the process (flex: "input in flex scanner failed") where @include names a directory,
 *	waits for ever on one that names a FIFO, and looks for it in the working directory;
 *	cuts 0x100000001 and 4294967297 down to 1 (scanner.l looks better than Debian's binary is);
 *	takes the rest of a file for a comment where one is never closed;
 *	refuses a comment on a last line that has no newline;
 *	says "duplicate setting name" without the name;
 *	gives a string in a list the line of what follows it.
 *
 * So the file and all it includes become one text first (gather_file), and what libconfig would get
 * wrong without a word is looked for in that (lex).
 */

#define TEXT_LIMIT (1024u * 1024u)
#define INCLUDE_LIMIT 10
#define NEST_LIMIT 16 /* levels of brackets; three are in use */
#define NAME_SHOWN 64 /* bytes of a name in a message */
#define PATH_TEXT ((NEST_LIMIT + 1) * (NAME_SHOWN + 1) + 1)

struct word {
	const char *text;
	size_t length;
	unsigned int line;
};

const char *config_text_quote(const char *text, char out[static CONFIG_QUOTE_TEXT])
{
	size_t n = 0;

	out[n++] = '"';
	for (; *text && n < CONFIG_QUOTE_TEXT - 6; text++)
		out[n++] = *text >= 0x20 && *text < 0x7f ? *text : '?';
	snprintf(out + n, CONFIG_QUOTE_TEXT - n, *text ? "...\"" : "\"");
	return out;
}

int config_text_refuse(struct config_text *t, struct config_place at, const char *setting,
	const char *format, ...)
{
	_cleanup_(freep) char *what = NULL;
	char line[16] = "";
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = vasprintf(&what, format, arguments);
	va_end(arguments);
	if (r < 0) {
		what = NULL;
		return -ENOMEM;
	}
	if (at.line)
		snprintf(line, sizeof(line), "%u:", at.line);
	r = asprintf(&t->error, "%s:%s %s%s%s", at.file, line, setting ? setting : "",
		setting ? ": " : "", what);
	if (r < 0) {
		t->error = NULL;
		return -ENOMEM;
	}
	for (char *p = t->error; *p; p++)
		if (iscntrl((unsigned char)*p))
			*p = '?';
	return -EINVAL;
}

struct config_place config_text_locate(const struct config_text *t, unsigned int line)
{
	struct config_place place = { t->files.items[0], line };

	array_each (&t->origins, const struct config_origin, origin)
		if (origin->at <= line)
			place = (struct config_place){ origin->place.file,
				origin->place.line + line - origin->at };
	return place;
}

/* Gather */

static const char *why(int error)
{
	switch (-error) {
	case EFBIG:
		return "larger than 1 MiB, includes counted";
	case EINVAL:
		return "not a regular file";
	default:
		return strerror(-error);
	}
}

/* The whole file with a zero behind it. Only a regular one is included: we don't wait. */
static int read_file(struct config_text *t, const char *path, bool included, char **ret,
	size_t *ret_size)
{
	int fd =
		open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (included ? O_NONBLOCK : 0));
	_cleanup_(freep) char *text = NULL;
	size_t size = 0, limit = TEXT_LIMIT - t->size + 1;
	ssize_t n = 0;
	struct stat st;
	int r = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		r = -errno;
	else if (S_ISDIR(st.st_mode))
		r = -EISDIR;
	else if (included && !S_ISREG(st.st_mode))
		r = -EINVAL;
	else if (!(text = malloc(limit + 1)))
		r = -ENOMEM;
	while (r == 0 && size < limit && (n = read(fd, text + size, limit - size)) != 0) {
		if (n > 0)
			size += (size_t)n;
		else if (errno != EINTR)
			r = -errno;
	}
	(void)close(fd); /* nothing was written */
	if (r < 0)
		return r;
	if (size == limit)
		return -EFBIG;
	t->size += size;
	text[size] = '\0';
	*ret_size = size;
	*ret = take_ptr(text);
	return 0;
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '*';
}

static bool is_hex(const char *p)
{
	return p[0] == '0' && (p[1] == 'x' || p[1] == 'X') &&
	       isxdigit((unsigned char)p[2]);
}

/*
 * The end of the comment, string, name, digits or single character that begins at p, as
 * libconfig's scanner.l has them; NULL where a comment or a string is never closed.
 */
static const char *lexeme_end(const char *p)
{
	const char *end;

	if (*p == '#' || (p[0] == '/' && p[1] == '/'))
		return p + strcspn(p, "\n");
	if (p[0] == '/' && p[1] == '*') {
		end = strstr(p + 2, "*/");
		return end ? end + 2 : NULL;
	}
	if (*p == '"') {
		for (p++; *p != '"'; p++) {
			if (*p == '\\' && (p[1] == '"' || p[1] == '\\'))
				p++;
			if (!*p)
				return NULL;
		}
		return p + 1;
	}
	end = p + 1;
	if (isalpha((unsigned char)*p) || *p == '*')
		while (is_name(*end))
			end++;
	else if (is_hex(p))
		for (end = p + 2; isxdigit((unsigned char)*end);)
			end++;
	else if (isdigit((unsigned char)*p))
		while (isdigit((unsigned char)*end))
			end++;
	return end;
}

static unsigned int newlines(const char *p, const char *end)
{
	unsigned int n = 0;

	for (; p < end; p++)
		n += *p == '\n';
	return n;
}

static int put_text(struct config_text *t, const char *text, const char *end)
{
	t->line += newlines(text, end);
	if (fwrite(text, 1, (size_t)(end - text), t->out) != (size_t)(end - text))
		return -ENOMEM;
	return 0;
}

static int put_newline(struct config_text *t)
{
	const char newline[] = "\n";

	return put_text(t, newline, newline + 1);
}

/* What is put from now on comes from here. */
static int mark_place(struct config_text *t, struct config_place place)
{
	const struct config_origin origin = { t->line, place };

	return array_push(&t->origins, &origin);
}

static int gather_file(struct config_text *t, const char *path, struct config_place at,
	unsigned int depth);

/* @include "FILE" at p: gathers that file and sets *ret_end behind the directive. */
static int include(struct config_text *t, const char *p, struct config_place at,
	unsigned int depth, const char **ret_end)
{
	_cleanup_(freep) char *path = NULL;
	const char *name = p + strlen("@include");
	size_t length;
	int r;

	if (strncmp(p, "@include", strlen("@include")) == 0)
		name += strspn(name, " \t");
	else
		name = "";
	length = *name == '"' ? strcspn(name + 1, "\"\\\n") : 0;
	if (length == 0 || name[1 + length] != '"')
		return config_text_refuse(t, at, NULL,
			"@ is not allowed here; allowed is @include \"FILE\" at the start of a line");
	name++;
	if (asprintf(&path, "%s%s%.*s", *name == '/' ? "" : t->directory,
		    *name == '/' ? "" : "/", (int)length, name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	r = gather_file(t, path, at, depth + 1);
	if (r < 0)
		return r;
	*ret_end = name + length + 1;
	r = put_newline(t);
	return r < 0 ? r : mark_place(t, at);
}

static int gather_text(struct config_text *t, const char *text, struct config_place at,
	unsigned int depth)
{
	bool starts_line = true;
	const char *end;
	int r;

	r = mark_place(t, at);
	for (const char *p = text; r == 0 && *p; p = end) {
		end = lexeme_end(p);
		if (!end)
			return config_text_refuse(t, at, NULL, "a %s is never closed",
				*p == '"' ? "string" : "comment");
		if (*p == '@')
			r = include(t, starts_line ? p : "", at, depth, &end);
		else
			r = put_text(t, p, end);
		starts_line = *p == '\n' || (starts_line && (*p == ' ' || *p == '\t'));
		at.line += newlines(p, end);
	}
	return r;
}

/* Appends the file at path. at: what asks for it, with line 0 where nothing does. */
static int gather_file(struct config_text *t, const char *path, struct config_place at,
	unsigned int depth)
{
	_cleanup_(freep) char *text = NULL;
	_cleanup_(freep) char *file = NULL;
	const char *name;
	char quoted[CONFIG_QUOTE_TEXT];
	size_t size = 0;
	int r, refused;

	if (depth > INCLUDE_LIMIT)
		return config_text_refuse(t, at, NULL,
			"@include is nested deeper than %d files", INCLUDE_LIMIT);
	name = file = strdup(path);
	if (!file)
		return -ENOMEM;
	r = array_push(&t->files, &file);
	if (r < 0)
		return r;
	file = NULL; /* t->files has it */

	r = read_file(t, name, depth > 0, &text, &size);
	if (r < 0) {
		refused = depth == 0 ? config_text_refuse(t,
					       (struct config_place){ name, 0 }, NULL,
					       "%s", why(r))
				     : config_text_refuse(t, at, NULL, "@include %s: %s",
					       config_text_quote(name, quoted), why(r));
		return refused == -ENOMEM ? refused : r;
	}
	at = (struct config_place){ name, 1 };
	if (strlen(text) < size) {
		at.line += newlines(text, text + strlen(text));
		return config_text_refuse(t, at, NULL, "a NUL byte; allowed is text");
	}
	return gather_text(t, text, at, depth);
}

/* Lex */

/* An open bracket, and what the path to a setting in it says there. */
struct level {
	char open; /* 0: the root */
	unsigned int line;
	struct word label; /* of length 0 in a list: its index */
	unsigned int index;
	unsigned int item; /* in a list, the item that comes now */
	size_t first_name;
};

struct lexer {
	struct config_text *whole;
	struct level levels[NEST_LIMIT + 1];
	unsigned int depth;
	ARRAY(struct word) names; /* of the groups that are open */
	struct word name;	  /* the last one */
	unsigned int line;
	char before; /* how the lexeme before began, 'a' for any name */
};

static bool in_list(const struct lexer *x)
{
	return x->levels[x->depth].open == '(' || x->levels[x->depth].open == '[';
}

static int write_word(char *out, size_t size, const struct word *word, const char *behind)
{
	int length = word->length < NAME_SHOWN ? (int)word->length : NAME_SHOWN;

	return snprintf(out, size, "%.*s%s", length, word->text, behind);
}

/* The path to the setting whose name or value comes now. */
static const char *path_here(const struct lexer *x, char out[static PATH_TEXT])
{
	size_t n = 0;

	for (unsigned int i = 1; i <= x->depth; i++) {
		const struct level *level = &x->levels[i];

		n += (size_t)(level->label.length ? write_word(out + n, PATH_TEXT - n,
							    &level->label, ".")
						  : snprintf(out + n, PATH_TEXT - n,
							    "[%u].", level->index));
	}
	if (in_list(x))
		snprintf(out + n, PATH_TEXT - n, "[%u]", x->levels[x->depth].item);
	else
		write_word(out + n, PATH_TEXT - n, &x->name, "");
	return out;
}

static int duplicate(struct lexer *x, const struct word *first)
{
	struct config_place place = config_text_locate(x->whole, first->line);
	char path[PATH_TEXT];

	return config_text_refuse(x->whole, config_text_locate(x->whole, x->name.line),
		path_here(x, path), "is set twice, first in %s:%u; allowed is once",
		place.file, place.line);
}

/* The name before is that of a setting. */
static int lex_setting(struct lexer *x)
{
	const struct level *level = &x->levels[x->depth];

	if (x->before != 'a' || in_list(x))
		return 0;
	for (size_t i = level->first_name; i < x->names.count; i++) {
		const struct word *name = &x->names.items[i];

		if (name->length == x->name.length &&
			memcmp(name->text, x->name.text, name->length) == 0)
			return duplicate(x, name);
	}
	return array_push(&x->names, &x->name);
}

static int lex_open(struct lexer *x, char open)
{
	struct level *level = &x->levels[x->depth];
	struct level next = {
		.open = open, .line = x->line, .first_name = x->names.count
	};

	if (x->depth == NEST_LIMIT)
		return config_text_refuse(x->whole, config_text_locate(x->whole, x->line),
			NULL, "brackets are nested deeper than %d", NEST_LIMIT);
	if (in_list(x))
		next.index = level->item;
	else if (x->names.count > level->first_name)
		next.label = x->names.items[x->names.count - 1];
	x->levels[++x->depth] = next;
	return 0;
}

static void lex_close(struct lexer *x)
{
	if (x->depth > 0)
		x->names.count = x->levels[x->depth--].first_name;
}

/* A number, without its sign. */
static int lex_number(struct lexer *x, const char *p, const char *end)
{
	const char *most = is_hex(p) ? "7fffffff" : "2147483647";
	const char *digits = p + (is_hex(p) ? 2 : 0);
	char path[PATH_TEXT];

	digits += strspn(digits, "0");
	if (end - digits < (ptrdiff_t)strlen(most))
		return 0;
	if (end - digits == (ptrdiff_t)strlen(most) &&
		strncasecmp(digits, most, strlen(most)) <= 0)
		return 0;
	return config_text_refuse(x->whole, config_text_locate(x->whole, x->line),
		path_here(x, path), "%.*s is too large; allowed is up to %s%s",
		end - p > 32 ? 32 : (int)(end - p), p, is_hex(p) ? "0x" : "", most);
}

static int lex_one(struct lexer *x, const char *p, const char *end)
{
	switch (*p) {
	case '"':
		/* Strings that follow each other are one. */
		return x->before == '"' ? 0 : array_push(&x->whole->strings, &x->line);
	case '=':
	case ':':
		return lex_setting(x);
	case '(':
	case '[':
	case '{':
		return lex_open(x, *p);
	case ')':
	case ']':
	case '}':
		lex_close(x);
		return 0;
	case ',':
		x->levels[x->depth].item++;
		return 0;
	default:
		if (isalpha((unsigned char)*p) || *p == '*')
			x->name = (struct word){ p, (size_t)(end - p), x->line };
		return isdigit((unsigned char)*p) ? lex_number(x, p, end) : 0;
	}
}

static int lex(struct config_text *t)
{
	struct lexer x = { .whole = t, .line = 1 };
	const char *end;
	int r = 0;

	for (const char *p = t->text; r == 0 && *p; p = end) {
		end = lexeme_end(p);
		if (!strchr(" \t\r\f\n#", *p) &&
			!(p[0] == '/' && (p[1] == '/' || p[1] == '*'))) {
			r = lex_one(&x, p, end);
			x.before = isalpha((unsigned char)*p) || *p == '*' ? 'a' : *p;
			t->last_line = x.line + newlines(p, end);
		}
		x.line += newlines(p, end);
	}
	if (r == 0 && x.depth > 0)
		r = config_text_refuse(t, config_text_locate(t, x.levels[x.depth].line),
			NULL, "a %c is never closed", x.levels[x.depth].open);
	array_done(&x.names);
	return r;
}

static int close_text(struct config_text *t)
{
	/* Writes out what is buffered, and with it t->text and t->length. */
	int r = fclose(t->out);

	t->out = NULL;
	return r == 0 ? 0 : -ENOMEM;
}

static int directory_of(const char *path, char **ret)
{
	const char *slash = strrchr(path, '/');
	char *directory =
		slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path))
		      : strdup(".");

	if (!directory)
		return -ENOMEM;
	*ret = directory;
	return 0;
}

int config_text_read(struct config_text *t, const char *path)
{
	int r, closed;

	r = directory_of(path, &t->directory);
	if (r < 0)
		return r;
	t->out = open_memstream(&t->text, &t->length);
	if (!t->out)
		return -ENOMEM;
	t->line = 1;
	r = gather_file(t, path, (struct config_place){ path, 0 }, 0);
	if (r == 0) /* libconfig wants one behind a comment */
		r = put_newline(t);
	closed = close_text(t);
	if (r == 0)
		r = closed;
	return r == 0 ? lex(t) : r;
}

void config_text_done(struct config_text *t)
{
	free(t->text);
	free(t->error);
	free(t->directory);
	array_each (&t->files, char *, file)
		free(*file);
	array_done(&t->files);
	array_done(&t->origins);
	array_done(&t->strings);
}
