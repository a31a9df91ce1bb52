/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sum.h"

#include "bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct line {
	uint32_t first, last;
	unsigned int metric;
	int len;
	bool by_device, local;
};

/* The prefix at the begin of a word, "default" or as 192.0.2.0/24. */
static bool parse_prefix(const char *word, struct line *line)
{
	char text[64];
	struct in_addr addr;
	char *slash;

	snprintf(text, sizeof(text), "%s",
		strcmp(word, "default") == 0 ? "0.0.0.0/0" : word);
	slash = strchr(text, '/');
	line->len = slash ? atoi(slash + 1) : 32;
	if (slash)
		*slash = 0;
	if (inet_pton(AF_INET, text, &addr) != 1)
		return false;
	line->first = ntohl(addr.s_addr);
	line->last = line->first |
		     (line->len ? (uint32_t)((UINT64_C(1) << (32 - line->len)) - 1)
				: UINT32_MAX);
	return true;
}

static bool parse_line(char *text, const char *device, struct line *ret)
{
	char *save = NULL, *word = strtok_r(text, " \n", &save);
	bool named =
		word && (strcmp(word, "local") == 0 || strcmp(word, "broadcast") == 0);

	*ret = (struct line){ .local = named };
	if (named)
		word = strtok_r(NULL, " \n", &save);
	if (!word || !parse_prefix(word, ret))
		return false;
	while ((word = strtok_r(NULL, " \n", &save)) != NULL) {
		bool is_device = strcmp(word, "dev") == 0;

		if (!is_device && strcmp(word, "metric") != 0)
			continue;
		word = strtok_r(NULL, " \n", &save);
		if (word && is_device)
			ret->by_device = strcmp(word, device) == 0;
		else if (word)
			ret->metric = (unsigned int)strtoul(word, NULL, 10);
	}
	return true;
}

/* Outer before inner, and of one prefix the best first. */
static int by_place(const void *a, const void *b)
{
	const struct line *left = a, *right = b;

	if (left->first != right->first)
		return left->first < right->first ? -1 : 1;
	if (left->len != right->len)
		return left->len - right->len;
	return (left->metric > right->metric) - (left->metric < right->metric);
}

static bool is_martian(const struct line *line)
{
	return line->local || line->first >> 24 == 127 || line->first >> 28 >= 14;
}

/* Merges the routes of one prefix: the best one leads, any other one is known. */
struct owner {
	uint32_t last;
	bool routed, known, martian;
};

struct walk {
	struct owner open[40]; /* prefixes around where we are */
	int depth;
	uint64_t at;
	struct sum sum;
};

/* Up to an address all is the innermost one's. */
static void pass(struct walk *walk, uint64_t until)
{
	const struct owner *owner = walk->depth ? &walk->open[walk->depth - 1] : NULL;
	double size = until > walk->at ? (double)(until - walk->at) : 0;

	if (!owner || !owner->martian) {
		walk->sum.all += size;
		walk->sum.routed += owner && owner->routed ? size : 0;
		walk->sum.known += owner && owner->known ? size : 0;
	}
	walk->at = until > walk->at ? until : walk->at;
}

static void leave_until(struct walk *walk, uint64_t first)
{
	while (walk->depth && walk->open[walk->depth - 1].last < first) {
		pass(walk, (uint64_t)walk->open[walk->depth - 1].last + 1);
		walk->depth--;
	}
	pass(walk, first);
}

static struct sum walk_all(struct line *lines, size_t count)
{
	struct walk walk = { 0 };

	qsort(lines, count, sizeof(*lines), by_place);
	for (size_t i = 0; i < count;) {
		struct owner owner = { .last = lines[i].last,
			.routed = lines[i].by_device,
			.martian = is_martian(&lines[i]) };
		size_t k = i;

		for (; k < count && lines[k].first == lines[i].first &&
			lines[k].len == lines[i].len;
			k++)
			owner.known |= lines[k].by_device,
				owner.martian |= lines[k].local;
		leave_until(&walk, lines[i].first);
		/* what nobody can be stays so, whatever is routed in it */
		owner.martian |= walk.depth && walk.open[walk.depth - 1].martian;
		walk.open[walk.depth++] = owner;
		i = k;
	}
	leave_until(&walk, UINT64_C(1) << 32);
	return walk.sum;
}

/* As lines of the table: nobody's sources, without a route. */
static size_t add_martians(struct line *lines)
{
	static const char *const prefixes[] = { "0.0.0.0/32", "127.0.0.0/8",
		"224.0.0.0/4", "default" };
	size_t count = 0;

	for (; count < ELEMENTS(prefixes); count++) {
		lines[count] = (struct line){ .metric = UINT32_MAX };
		(void)parse_prefix(prefixes[count], &lines[count]);
		lines[count].local = count < 3;
	}
	return count;
}

struct sum sum_of(const char *device)
{
	FILE *table = popen("ip -4 route show table all", "re");
	size_t room = 1 << 16, count;
	struct line *lines = calloc(room, sizeof(*lines));
	char text[512];
	struct sum sum;

	if (!table || !lines)
		bench_die("ip route show: %s", strerror(errno));
	count = add_martians(lines);
	while (fgets(text, sizeof(text), table)) {
		if (count == room)
			lines = reallocarray(lines, room *= 2, sizeof(*lines));
		if (!lines)
			bench_die("no memory");
		if (!parse_line(text, device, &lines[count]))
			bench_die("ip route show says: %s", text);
		count++;
	}
	if (pclose(table) != 0)
		bench_die("ip route show failed");
	sum = walk_all(lines, count);
	free(lines);
	return sum;
}
