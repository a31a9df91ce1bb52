/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/ifname.h"
#include "net/ip4.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A line cut into words, and where we are in them. The first mistake is kept as a sentence; from
 * then on there are no words left, so that a parser goes on to its end and is asked once, there.
 */
#define WORDS_TEXT 4400
#define WORDS_MOST 1100
#define WORDS_WHY 200

struct words {
	size_t count, at;
	const char *about; /* what the line is about, for the sentence */
	char why[WORDS_WHY];
	char *word[WORDS_MOST];
	char text[WORDS_TEXT];
};

/* Up to a # that begins a word. Quotes around a word, as ip(8) takes them, are none of it. */
void words_cut(struct words *words, const char *line);

bool words_failed(const struct words *words);

/* Keeps what is wrong: 'ABOUT: "WORD" WHAT'. word NULL: of the line as a whole. */
void words_refuse(struct words *words, const char *word, const char *what);

bool words_left(const struct words *words);
const char *words_next(struct words *words);

/* Takes the next word if it is this one, or either of these. */
bool words_take(struct words *words, const char *word);
bool words_take_either(struct words *words, const char *a, const char *b);

/* Each takes the next word; 0 where it isn't one of that sort. */
unsigned long words_number(struct words *words, unsigned long most);
uint8_t words_dsfield(struct words *words); /* ip(8)'s: hexadecimal, or a name as "CS1" */
struct ip4 words_address(struct words *words);
uint32_t words_table(struct words *words);
void words_name(struct words *words, char name[static NAME_MAX_]);

/* A.B.C.D[/LEN], in which bits behind LEN may be set; 10/8 is 10.0.0.0/8. Without LEN it is 32, and
 * *ret_has_len is left alone. */
struct ip4 words_host(struct words *words, uint8_t *ret_len, bool *ret_has_len);

/* The same as a prefix; default, all: of length 0. Bits behind LEN are *ret_rest, or refused where that
 * is NULL. */
struct prefix4 words_prefix(struct words *words, uint32_t *ret_rest);

/*
 * Two numbers with one of the characters between between them. Returns that, 0: there is
 * but one.
 */
char words_pair(struct words *words, const char *between, unsigned long ret[static 2]);

/* A number, or one of count names, of which NULL ones are none. */
unsigned long words_named(
	struct words *words, const char *const *names, size_t count, const char *what);
