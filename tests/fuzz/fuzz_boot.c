/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What files say: the first byte says which parser takes the rest. sysctl.d is also replayed, and
 * the forecast must agree with itself.
 */
#include "boot/forecast.h"
#include "boot/ini.h"
#include "boot/interfaces_text.h"
#include "boot/script_text.h"
#include "fuzz/fuzz.h"

#include <stdlib.h>

static void check_lines(const struct sysctl_lines *lines, size_t size)
{
	array_each (&lines->list, const struct sysctl_line, line) {
		char again[4096];

		assert(line->line >= 1 && line->line <= size + 1);
		assert(line->keys && boot_bears(line->key, line->glob) == line->keys);
		assert(!strchr(line->key, '\n') && strlen(line->key) <= size);
		/* a key in its normal form stays as it is */
		if (strlen(line->key) < sizeof(again) &&
			line->key[strcspn(line->key, "./")] == '/') {
			strcpy(again, line->key);
			sysctl_normalize(again);
			assert(strcmp(again, line->key) == 0);
		}
	}
}

/* Each list has one winner per time at most, and it is what stands. */
static void check_sources(
	const struct forecast_sources *sources, const struct forecast_value *value)
{
	size_t winners[3] = { 0 };

	array_each (&sources->list, const struct forecast_source, source) {
		winners[source->when] += source->wins;
		assert(!source->wins || (!source->refused && !source->excludes));
	}
	assert(winners[0] <= 1 && winners[1] <= 1 && winners[2] <= 1);
	if (value->by >= 0)
		assert(sources->list.items[value->by].value == value->value);
	assert(!value->set || value->by >= 0);
}

static void replay(struct boot *boot)
{
	const struct forecast_iface iface = { .name = "t0", .kind = "tun" };
	struct replay_lines lines = { 0 };
	struct forecast forecast = { 0 };
	char keeps[FORECAST_TEXT];

	assert(replay_lines_init(boot, &lines) == 0);
	assert(lines.order.count <= boot->systemd.list.count);
	assert(forecast_make(&lines, &iface, BOOT_RP_FILTER, &forecast) == 0);
	check_sources(&forecast.own_sources, &forecast.own);
	check_sources(&forecast.all_sources, &forecast.all);
	check_sources(&forecast.default_sources, &forecast.fallback);
	assert(forecast_keeps(boot, &forecast, forecast_after(&forecast), keeps));
	forecast_done(&forecast);
	replay_lines_done(&lines);
}

/* Two files, parted by a NUL byte, for both programs. */
static void take_sysctl(const char *text, size_t size)
{
	_cleanup_(boot_freep) struct boot *boot = boot_new();
	const char *parted = memchr(text, '\0', size);
	size_t first = parted ? (size_t)(parted - text) : size;

	assert(boot && boot_add_file(boot, "/etc/sysctl.d/a.conf") == 0);
	assert(boot_add_file(boot, "/etc/sysctl.d/b.conf") == 1);
	for (int dialect = SYSCTL_SYSTEMD; dialect <= SYSCTL_PROCPS; dialect++) {
		enum sysctl_dialect as = (enum sysctl_dialect)dialect;

		assert(boot_add_sysctl(boot, as, 0, text, first) == 0);
		assert(boot_add_sysctl(boot, as, 1, text + first, size - first) == 0);
	}
	check_lines(&boot->systemd, size);
	check_lines(&boot->procps, size);
	replay(boot);
}

static void take_network(const char *text, size_t size)
{
	struct boot_network network = { 0 };

	assert(network_take(&network, 0, text, size) == 0);
	for (int key = 0; key < BOOT_KEYS; key++)
		assert(!network.of[key].set || network.of[key].line <= size + 1);
	(void)network_matches(&network, "t0", "tun");
	network_done(&network);
}

static int count_script(const struct script_line *line, void *data)
{
	assert(line->line >= 1 && memchr(line->name, '\0', sizeof(line->name)));
	++*(size_t *)data;
	return 0;
}

static void take_script(const char *text, size_t size)
{
	size_t count = 0;

	assert(script_read(text, size, count_script, &count) == 0);
	assert(count <= size / 9);
}

static void take_interfaces(const char *text, size_t size)
{
	struct interfaces interfaces = { 0 };

	assert(interfaces_take(&interfaces, 0, text, size) == 0);
	array_each (&interfaces.commands, const struct interfaces_command, command)
		assert(command->line.line <= size + 1);
	(void)interfaces_is_automatic(&interfaces, "t0");
	interfaces_done(&interfaces);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct input in = { bytes, size };
	uint8_t which = input_byte(&in);
	/* of its own, so that nothing is read behind its end unseen */
	_cleanup_(freep) char *text = malloc(in.left + 1);

	assert(text);
	if (in.left)
		memcpy(text, in.at, in.left);
	text[in.left] = '\0';
	switch (which % 4) {
	case 0:
		take_sysctl(text, in.left);
		break;
	case 1:
		take_network(text, in.left);
		break;
	case 2:
		take_script(text, in.left);
		break;
	default:
		take_interfaces(text, in.left);
		break;
	}
	return 0;
}
