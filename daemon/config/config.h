/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "base/cleanup.h"
#include "net/ip4.h"

#include <stdbool.h>
#include <stdint.h>

/* In the order of how much they do. */
enum config_mode { CONFIG_MONITOR, CONFIG_DRY_RUN, CONFIG_CORRECT };

enum config_restore { RESTORE_WHEN_SAFE, RESTORE_ON_STOP, RESTORE_NEVER };

/* What is said of the interfaces that fit: match, kind or both are set. */
struct config_interface {
	char *match; /* glob for the name, or NULL */
	char *kind;  /* IFLA_INFO_KIND, "device" where there is none, or NULL */
	bool has_expect;
	bool has_mode;
	bool one_way; /* nobody answers what comes in: it needs no route back */
	ARRAY(struct prefix4) expect; /* may be empty with has_expect: silence */
	enum config_mode mode;
};

/* A class of flows to look at. What isn't given is what RTM_GETROUTE assumes. */
struct config_flow {
	char *iif;
	struct prefix4 from;
	struct ip4 to;
	bool has_to;
	uint32_t mark, mask; /* no bit of mark outside of mask; 0 and 0: not given */
	uint8_t tos;
	uint8_t ipproto; /* FLOW_UDP: not given */
	uint16_t sport, dport;
};

struct config {
	enum config_mode mode;
	ARRAY(struct config_interface) interfaces;
	ARRAY(struct config_flow) flows;
	struct {
		bool lowest_loose;
		bool allow_all;
		uint64_t address_wait_usec;
		uint64_t settle_usec;
		unsigned int fight;
		uint64_t fight_window_usec;
		uint64_t pause_usec;
		unsigned int per_minute;
		enum config_restore restore;
		uint64_t restore_after_usec;
		uint64_t
			route_wait_usec; /* what has no reverse route is not a word for so long */
	} correct;
	struct {
		uint64_t repeat_usec;
		uint64_t hold_down_usec;
		uint64_t drops_usec;
	} log;
	struct {
		unsigned int per_minute;
		uint64_t period_usec; /* and a tenth late at most */
	} selfcheck;
};

/*
 * Reads the file at path, in a child process (config_child.c). All or nothing: *ret is set, for config_free(), only when the whole
 * file is right. Where there is no file it is the defaults, unless must_exist. Returns 0 or
 * negative errno (-EINVAL: what the file says); then *ret_error is one line to show, for
 * free(): "FILE:LINE: SETTING: what is wrong; what is allowed", without SETTING where it is
 * not even syntax and without LINE where the file can't be read. NULL only with -ENOMEM.
 */
int config_load(const char *path, bool must_exist, struct config **ret, char **ret_error);

/* The same in this process, which libconfig may end or crash for lack of memory. */
int config_parse(
	const char *path, bool must_exist, struct config **ret, char **ret_error);

/* Whether an error of these is the file's, which somebody has to mend, and not a lack of memory,
 * descriptors or time, which may be over at the next try. */
bool config_is_wrong(int error);

/* Takes NULL. */
void config_free(struct config *config);
DEFINE_FREEP(struct config, config_free)

/*
 * The first entry that fits a device of this name and kind, NULL where none does. A kind of
 * NULL is "device". Borrowed from config.
 */
const struct config_interface *config_interface_for(
	const struct config *config, const char *name, const char *kind);

/* The mode that does most, of the one at the top and those of interfaces. */
enum config_mode config_mode_most(const struct config *config);
