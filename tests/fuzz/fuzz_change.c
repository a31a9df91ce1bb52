/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lines, each a change that is read and made on a fork of a small host. What is refused has a
 * sentence, and leaves the state as it was.
 */
#include "fuzz/fuzz.h"

#include "base/cleanup.h"
#include "change/change.h"
#include "host/host_model.h"
#include "state/state_equal.h"
#include "state/state_fork.h"

#include <stdlib.h>
#include <string.h>

static struct state *host(void)
{
	static struct state *base;

	if (base)
		return base;
	base = model_host();
	model(base, "ip link add d0 up type dummy");
	model(base, "ip link add v0 up type veth peer name v1");
	model(base, "ip link add br0 up type bridge");
	model(base, "ip link add red up type vrf table 99");
	model(base, "ip link add mv0 link v0 type macvlan");
	model(base, "ip address add 10.0.0.3/24 dev eth0");
	model(base, "ip address add 10.1.0.1/24 dev d0");
	model(base, "ip nexthop add id 1 dev d0");
	model(base, "ip nexthop add id 2 group 1");
	model(base, "ip route add 10.2.0.0/16 nhid 2");
	model(base, "ip route add 10.3.0.0/16 nexthop dev eth0 nexthop dev d0");
	model(base, "ip rule add priority 100 from 10.0.0.0/8 lookup 100");
	return base;
}

static void take(struct state *state, const char *line)
{
	static struct change change;
	_cleanup_(state_freep) struct state *fork = NULL;
	char why[CHANGE_WHY], difference[STATE_DIFFERENCE];
	int answer = change_parse(line, &change, why);

	if ((answer < 0) != (why[0] != '\0') || strlen(why) >= CHANGE_WHY)
		abort();
	if (answer < 0)
		return;
	fork = state_fork(state);
	if (!fork)
		abort();
	(void)change_is_idle(&change);
	answer = change_apply(fork, &change, why);
	if (answer && !why[0])
		abort();
	if (answer && !state_equal(fork, state, difference))
		abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	(void)host();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	_cleanup_(freep) char *text = malloc(size + 1);
	char *save = NULL;

	if (!text)
		return 0;
	memcpy(text, bytes, size);
	text[size] = '\0';
	for (char *line = strtok_r(text, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save))
		take(host(), line);
	return 0;
}
