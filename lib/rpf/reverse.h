/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/array.h"
#include "base/cleanup.h"
#include "rpf/lookup.h"
#include "rpf/overlay.h"

/* A reverse route in names and numbers that outlive the state: for reports and the journal. */
struct device_name {
	char name[NAME_MAX_];
};

struct reverse {
	bool known;   /* false: there was no route at all */
	uint8_t type; /* enum route_type */
	struct prefix4 prefix;
	uint32_t table;
	uint32_t
		rule; /* priority; where no rule is looked at, the one that it would be */
	ARRAY(struct device_name) devices;
	char via[24]; /* the first nexthop's gateway: an address, "inet6", "" for none */
};

/* *ret zeroed before, freed with reverse_done(), after an error too. 0 or -ENOMEM. */
int reverse_of(const struct overlay *overlay, const struct lookup_result *result,
	struct reverse *ret);
void reverse_done(struct reverse *reverse);

/* "main", "local", "default" or the number. */
const char *table_name(uint32_t table, char out[static 12]);

bool reverse_same_devices(const struct reverse *a, const struct reverse *b);

/* "eth0" or "eth0, eth1 and 2 more"; "" for none. Returns out. */
const char *reverse_devices(const struct reverse *reverse, char *out, size_t size);
