/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "finding/dropset.h"
#include "flowclass/flowclass.h"
#include "net/prefixset.h"
#include "rpf/overlay.h"
#include "rpf/reverse.h"
#include "rpf/rpf.h"

#include <stdbool.h>
#include <stddef.h>

/* What would cure it. */
#define REMEDY_STEPS 2
#define REMEDY_TEXT 256

struct remedy_step {
	char key[64]; /* "net.ipv4.conf.tunl0.rp_filter", as sysctl(8) takes it */
	int ifindex;
	int value;
};

struct remedy {
	size_t step_count; /* 0: text only */
	struct remedy_step steps[REMEDY_STEPS];
	char text[REMEDY_TEXT]; /* a command line, or text where a person has to decide */
};

/*
 * The least loosening that cures a finding, tried on an overlay rung by rung:
 *
 *	1  the interface to 2 (loose)
 *	2  the interface to 0, where all is no greater
 *	3  text: what a person has to decide
 *
 * asked: what counts as dropped (dropset.h), nothing found yet. What has no route back is no
 * business of the filter's and bears on no rung, unless one_way is asked for.
 *
 * Never a value that the interface is filtered less by than before only in name: 2 over an
 * effective 0 would tighten (docs/kernel.md 3.1).
 */
int remedy_find(const struct overlay *overlay, const struct iface *iface,
	const struct flowclass *class, const struct prefixset *sources,
	const struct dropset *asked, enum rpf_reason reason, struct remedy *ret);

/* What would have to be there for an answer to leave: in words, as only a person knows by where. */
void remedy_route(const struct overlay *overlay, const struct iface *iface,
	const struct reverse *reverse, struct remedy *ret);

/* An interface's key as sysctl(8) takes it: dots in the name become slashes. */
void remedy_key(const char *name, char key[static 64]);

/*
 * "KEY=VALUE" as sysctl(8) takes it; where that, or a shell, would take the interface's name in it
 * apart (a '?' stands for other interfaces, too), words that don't have the name. Returns whether it
 * is an assignment.
 */
#define REMEDY_ASSIGNMENT 112
bool remedy_assignment(const char *key, int value, char *out, size_t size);

/* The command that does it, for a person to paste, or the same words. Returns as the above. */
bool remedy_command(const char *key, int value, char *out, size_t size);
