/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A snapshot's file: written, read again, and all that may be wrong with it. */
#include "fixture_run.h"
#include "kernel/snapshot.h"
#include "kernel/snapshot_load.h"
#include "kernel/snapshot_save.h"
#include "message.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* --- a small host ---------------------------------------------------------------------------- */

static struct snapshot_save save;

static void add_message(void)
{
	ck_assert_int_eq(pcapng_add(&save.out, 1, nlmsg_hdr(message),
				 nlmsg_hdr(message)->nlmsg_len, NULL, 0),
		0);
}

static void add_link(int ifindex, const char *name)
{
	const struct ifinfomsg header = { .ifi_index = ifindex, .ifi_flags = LINK_UP };
	struct nlattr *spec, *inet;
	int32_t conf[DEVCONF_COUNT] = { 0 };

	begin(RTM_NEWLINK, NLM_F_MULTI, &header, sizeof(header));
	put_text(IFLA_IFNAME, name);
	spec = nla_nest_start(message, IFLA_AF_SPEC);
	inet = nla_nest_start(message, AF_INET);
	put(IFLA_INET_CONF, conf, sizeof(conf));
	nla_nest_end(message, inet);
	nla_nest_end(message, spec);
	add_message();
}

static void add_route(void)
{
	const struct rtmsg header = { .rtm_family = AF_INET,
		.rtm_dst_len = 8,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_type = RTN_UNICAST };

	begin(RTM_NEWROUTE, NLM_F_MULTI, &header, sizeof(header));
	put_ip4(RTA_DST, 0x0a000000);
	put_u32(RTA_OIF, 2);
	add_message();
}

static void add_note(const char *key, const char *text)
{
	ck_assert_int_eq(snapshot_save_note(&save, key, text, strlen(text)), 0);
}

#define CONF "file /proc/sys/net/ipv4/conf/"
#define IGMP "file /proc/thread-self/net/igmp"

static void add_files(void)
{
	add_note(CONF "all/accept_local", "1\n");
	add_note(CONF "default/accept_local", "0\n");
	add_note(IGMP, "Idx\tDevice    : Count Querier\tReporter\n"
		       "2\teth0      :     1      V3\n"
		       "\t\t\t\t010000E0     1 0:00000000\t\t0\n");
}

static void add_all(void)
{
	add_note("kernel", "6.1.0-1-amd64");
	add_link(1, "lo");
	add_link(2, "eth0");
	add_note("merged", "1");
	add_route();
	add_files();
}

/* --- its bytes ------------------------------------------------------------------------------- */

struct bytes {
	char *data;
	size_t size;
};

static struct bytes read_back(int fd)
{
	struct bytes bytes = { 0 };

	bytes.size = (size_t)lseek(fd, 0, SEEK_END);
	bytes.data = malloc(bytes.size + 1);
	ck_assert_int_eq(pread(fd, bytes.data, bytes.size, 0), (ssize_t)bytes.size);
	return bytes;
}

/* What `fill` puts into a file, compressed. */
static struct bytes packed(void (*fill)(void))
{
	int fd = memfd_create("snapshot", 0);
	struct bytes bytes;

	ck_assert_int_eq(snapshot_save_begin(&save, fd, "a test", NULL), 0);
	fill();
	ck_assert_int_eq(snapshot_save_end(&save), 0);
	snapshot_save_done(&save);
	bytes = read_back(fd);
	close(fd);
	return bytes;
}

/* The same as it is before. */
static struct bytes plain(void (*fill)(void))
{
	struct bytes small = packed(fill), large = { malloc(1 << 20), 0 };
	FILE *file = fmemopen(small.data, small.size, "r");
	struct zstream_in in;

	ck_assert_int_eq(zstream_in_init(&in, file), 0);
	large.size = (size_t)zstream_read(&in, large.data, 1 << 20);
	ck_assert_uint_lt(large.size, 1 << 20);
	zstream_in_done(&in);
	fclose(file);
	free(small.data);
	return large;
}

struct loaded {
	struct state *state;
	struct snapshot_notes notes;
	struct snapshot_fault fault;
	int r;
};

static struct loaded load(const void *data, size_t size)
{
	struct loaded loaded = { .state = state_new() };
	/* memory of its own, where ASan sees each step */
	char *copy = malloc(size + 1);
	FILE *file;

	memcpy(copy, data, size);
	file = size ? fmemopen(copy, size, "r") : fopen("/dev/null", "r");
	loaded.r = snapshot_load(file, loaded.state, &loaded.notes, &loaded.fault);
	fclose(file);
	free(copy);
	return loaded;
}

static void loaded_done(struct loaded *loaded)
{
	state_free(loaded->state);
	snapshot_notes_done(&loaded->notes);
}

/* --- what is right --------------------------------------------------------------------------- */

static void check_host(const struct loaded *loaded)
{
	const struct state *state = loaded->state;

	ck_assert_msg(loaded->r == 0, "%s at %lu", loaded->fault.what,
		(unsigned long)loaded->fault.at);
	ck_assert_ptr_nonnull(state_iface_by_name(state, "lo"));
	ck_assert_int_eq(state_iface_by_name(state, "eth0")->link.ifindex, 2);
	ck_assert_uint_eq(state_routes(state), 1);
	ck_assert(state->local_main_merged);
	ck_assert_uint_eq(state->kernel, 6u << 16 | 1u << 8);
	ck_assert_int_eq(state->all.value[DEVCONF_ACCEPT_LOCAL], 1);
	ck_assert(state_has_joined(state, 2, ip4(0xe0000001)));
	ck_assert_str_eq(loaded->notes.program, "a test");
	ck_assert_ptr_null(snapshot_notes_find(&loaded->notes, "nothing"));
}

START_TEST(written_and_read)
{
	const struct bytes small = packed(add_all), large = plain(add_all);
	struct loaded one = load(small.data, small.size),
		      other = load(large.data, large.size);

	check_host(&one);
	check_host(&other);
	loaded_done(&one);
	loaded_done(&other);
	free(small.data);
	free(large.data);
}
END_TEST

static char long_text[200001];

static void add_long_note(void)
{
	for (size_t i = 0; i < sizeof(long_text) - 1; i++)
		long_text[i] = (char)('a' + i % 23);
	add_note("config", long_text);
	add_note("ledger", "");
	add_all();
}

START_TEST(a_note_of_any_length)
{
	const struct bytes bytes = packed(add_long_note);
	struct loaded loaded = load(bytes.data, bytes.size);
	const struct snapshot_note *note;

	check_host(&loaded);
	note = snapshot_notes_find(&loaded.notes, "config");
	ck_assert_ptr_nonnull(note);
	ck_assert_uint_eq(note->length, sizeof(long_text) - 1);
	ck_assert_str_eq(note->text, long_text);
	note = snapshot_notes_find(&loaded.notes, "ledger");
	ck_assert_ptr_nonnull(note);
	ck_assert_uint_eq(note->length, 0);
	loaded_done(&loaded);
	free(bytes.data);
}
END_TEST

START_TEST(keys_that_are_none)
{
	char key[SNAPSHOT_KEY + 1];
	int fd = memfd_create("snapshot", 0);

	memset(key, 'k', SNAPSHOT_KEY);
	key[SNAPSHOT_KEY] = '\0';
	ck_assert_int_eq(snapshot_save_begin(&save, fd, "a test", NULL), 0);
	ck_assert_int_eq(snapshot_save_note(&save, "a\nb", "", 0), -EINVAL);
	ck_assert_int_eq(snapshot_save_note(&save, key, "", 0), -EINVAL);
	snapshot_save_done(&save);
	close(fd);
}
END_TEST

START_TEST(what_others_add_is_passed_over)
{
	/* a block of an unknown type before the end, and one behind it */
	static const uint32_t block[] = { 0xbad, 16, 0x12345678, 16 };
	struct bytes bytes = plain(add_all);
	char *more = malloc(bytes.size + 2 * sizeof(block));
	const size_t end = 8 + 12 + 4 + 8 + 4 + 4; /* of the statistics */
	struct loaded loaded;

	memcpy(more, bytes.data, bytes.size - end);
	memcpy(more + bytes.size - end, block, sizeof(block));
	memcpy(more + bytes.size - end + sizeof(block), bytes.data + bytes.size - end,
		end);
	memcpy(more + bytes.size + sizeof(block), block, sizeof(block));
	loaded = load(more, bytes.size + 2 * sizeof(block));
	check_host(&loaded);
	loaded_done(&loaded);
	free(more);
	free(bytes.data);
}
END_TEST

/* --- what is wrong --------------------------------------------------------------------------- */

static void must_refuse(const void *data, size_t size, const char *what)
{
	struct loaded loaded = load(data, size);

	ck_assert_msg(loaded.r == -EBADMSG, "%s: %d", what, loaded.r);
	ck_assert_ptr_nonnull(loaded.fault.what);
	loaded_done(&loaded);
}

START_TEST(cut_at_every_byte)
{
	const struct bytes small = packed(add_all), large = plain(add_all);

	for (size_t i = 0; i < small.size; i++)
		must_refuse(small.data, i, "compressed");
	for (size_t i = 0; i < large.size; i++)
		must_refuse(large.data, i, "as it is");
	free(small.data);
	free(large.data);
}
END_TEST

START_TEST(with_every_byte_turned_over)
{
	static const char values[] = { 0, 1, 0x7f, (char)0x80, (char)0xff };
	struct bytes large = plain(add_all), small = packed(add_all);

	for (size_t i = 0; i < large.size * sizeof(values); i++) {
		char *at = &large.data[i / sizeof(values)];
		const char before = *at;
		struct loaded loaded;

		*at = values[i % sizeof(values)];
		loaded = load(large.data, large.size);
		ck_assert(loaded.r == 0 || loaded.r == -EBADMSG);
		loaded_done(&loaded);
		*at = before;
	}
	/* there its checksum tells; what the decoder needs for a window may be more */
	for (size_t i = 0; i < small.size; i++) {
		struct loaded loaded;

		small.data[i] ^= 0x10;
		loaded = load(small.data, small.size);
		if (loaded.r == 0)
			check_host(&loaded);
		else
			ck_assert_int_eq(loaded.r, -EBADMSG);
		loaded_done(&loaded);
		small.data[i] ^= 0x10;
	}
	free(large.data);
	free(small.data);
}
END_TEST

static void add_nothing(void)
{
}

static void add_no_merged(void)
{
	add_link(1, "lo");
	add_files();
}

static void add_no_files(void)
{
	add_note("merged", "0");
}

static void add_no_igmp(void)
{
	add_note("merged", "0");
	add_note(CONF "all/accept_local", "1\n");
	add_note(CONF "default/accept_local", "0\n");
}

static void add_no_number(void)
{
	add_note("merged", "0");
	add_note(CONF "all/accept_local", "x\n");
}

static void add_merged_twice(void)
{
	add_all();
	add_note("merged", "1");
}

static void add_empty_igmp(void)
{
	add_no_igmp();
	add_note(IGMP, "");
}

static void add_torn_message(void)
{
	add_route();
	ck_assert_int_eq(pcapng_add(&save.out, 1, nlmsg_hdr(message), 30, NULL, 0), 0);
}

static void add_malformed_message(void)
{
	const struct rtmsg header = { .rtm_family = AF_INET, .rtm_dst_len = 33 };

	begin(RTM_NEWROUTE, NLM_F_MULTI, &header, sizeof(header));
	add_message();
}

static void add_many_notes(void)
{
	for (int i = 0; i < 300; i++) {
		char key[16];

		snprintf(key, sizeof(key), "note %d", i);
		add_note(key, "");
	}
}

static void add_binary_note(void)
{
	ck_assert_int_eq(snapshot_save_note(&save, "host", "a\0b", 3), 0);
}

static void add_foreign_version(void)
{
	add_note("kernel", "six");
}

START_TEST(what_is_missing_or_wrong_in_it)
{
	static const struct {
		void (*fill)(void);
		const char *what;
	} rows[] = {
		{ add_nothing, "nothing says whether local and main are merged" },
		{ add_no_merged, "nothing says whether local and main are merged" },
		{ add_no_files, "a file of /proc is missing" },
		{ add_no_igmp, "a file of /proc is missing" },
		{ add_no_number, "a file of /proc has not what it should have" },
		{ add_empty_igmp, "a file of /proc has not what it should have" },
		{ add_merged_twice,
			"a kernel's version, or whether local and main are merged, that is none" },
		{ add_foreign_version,
			"a kernel's version, or whether local and main are merged, that is none" },
		{ add_torn_message, "a netlink message that is cut" },
		{ add_malformed_message, "a malformed netlink message" },
		{ add_many_notes, "too many notes, or too long ones" },
		{ add_binary_note, "a note that is no text" },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		const struct bytes bytes = plain(rows[i].fill);
		struct loaded loaded = load(bytes.data, bytes.size);

		ck_assert_msg(loaded.r == -EBADMSG, "row %zu: %d", i, loaded.r);
		ck_assert_msg(strcmp(loaded.fault.what, rows[i].what) == 0, "row %zu: %s",
			i, loaded.fault.what);
		ck_assert_uint_le(loaded.fault.at, bytes.size);
		loaded_done(&loaded);
		free(bytes.data);
	}
}
END_TEST

/* A change of one number in the file; offsets are those of pcapng. */

static const struct {
	const char *what;
	size_t at; /* from the begin; or, from the end of the file, END - n */
	uint32_t value;
	const char *fault;
	uint64_t fault_at;
} patches[] = {
	{ "no pcapng", 0, 0x1234, "not a snapshot: neither pcapng nor zstd", 0 },
	{ "the other byte order", 8, 0x4d3c2b1a,
		"taken on a machine of another byte order, and readable only on such a one",
		8 },
	{ "no byte order", 8, 7, "not a snapshot: a pcapng without byte order", 8 },
	{ "another version", 12, 2, "a pcapng of an unknown version", 0 },
	{ "a section of no length", 4, 8, "a block of an impossible length", 0 },
	{ "a section of an odd length", 4, 45, "a block of an impossible length", 0 },
	{ "a long section", 4, 1u << 30, "a block of more than 512 KiB", 0 },
	{ "an option beyond its block", 24, 0xfff00001,
		"an option that is longer than its block", 0 },
	{ "another comment", 28, 0x61616161,
		"a pcapng that is no snapshot of rpfilterctl's", 0 },
};

START_TEST(a_number_that_is_wrong)
{
	for (size_t i = 0; i < ELEMENTS(patches); i++) {
		struct bytes bytes = plain(add_all);
		struct loaded loaded;

		memcpy(bytes.data + patches[i].at, &patches[i].value, sizeof(uint32_t));
		loaded = load(bytes.data, bytes.size);
		ck_assert_msg(loaded.r == -EBADMSG &&
				      strcmp(loaded.fault.what, patches[i].fault) == 0,
			"%s: %s", patches[i].what, loaded.fault.what);
		ck_assert_uint_eq(loaded.fault.at, patches[i].fault_at);
		loaded_done(&loaded);
		free(bytes.data);
	}
}
END_TEST

/* Blocks follow each other from the interface on. */
static size_t find_block(const struct bytes *bytes, uint32_t type)
{
	size_t at = 0;
	uint32_t head[2];

	while (at < bytes->size) {
		memcpy(head, bytes->data + at, sizeof(head));
		if (head[0] == type)
			return at;
		at += head[1];
	}
	ck_abort_msg("no block of type %u", type);
}

START_TEST(a_block_that_is_wrong)
{
	static const struct {
		const char *what;
		uint32_t type;
		size_t at; /* in the first of that type */
		uint32_t value;
		const char *fault;
	} rows[] = {
		{ "no interface", 1, 0, 7, "not a snapshot: a pcapng without interface" },
		{ "Ethernet", 1, 8, 1,
			"not a snapshot: a capture of something else than netlink" },
		{ "two interfaces", 6, 0, 1, "a second section or interface" },
		{ "two sections", 6, 0, 0x0a0d0d0a, "a second section or interface" },
		{ "another interface's packet", 6, 8, 1,
			"a packet that is cut, or of another interface" },
		{ "a cut packet", 6, 24, 5000,
			"a packet that is cut, or of another interface" },
		{ "a packet beyond its block", 6, 20, 5000,
			"a packet that is cut, or of another interface" },
		{ "another family's packet", 6, 40, 0x0f000000,
			"a packet that is not rtnetlink's" },
		{ "a packet too few", 6, 0, 7, "packets are missing" },
		{ "a wrong count", 5, 24, 1, "packets are missing" },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		struct bytes bytes = plain(add_all);
		const size_t at = find_block(&bytes, rows[i].type);
		struct loaded loaded;

		memcpy(bytes.data + at + rows[i].at, &rows[i].value, sizeof(uint32_t));
		loaded = load(bytes.data, bytes.size);
		ck_assert_msg(loaded.r == -EBADMSG &&
				      strcmp(loaded.fault.what, rows[i].fault) == 0,
			"%s: %d, %s", rows[i].what, loaded.r, loaded.fault.what);
		loaded_done(&loaded);
		free(bytes.data);
	}
}
END_TEST

START_TEST(something_behind_the_end)
{
	const struct bytes bytes = plain(add_all), small = packed(add_all);
	char *twice = malloc(2 * bytes.size);

	memcpy(twice, bytes.data, bytes.size);
	memcpy(twice + bytes.size, bytes.data, bytes.size);
	must_refuse(twice, 2 * bytes.size, "two sections");
	must_refuse(twice, bytes.size + 3, "some bytes");
	memcpy(twice, small.data, small.size);
	memcpy(twice + small.size, "garbage", 7);
	must_refuse(twice, small.size + 7, "behind what is compressed");
	free(twice);
	free(bytes.data);
	free(small.data);
}
END_TEST

static void begin_save(void)
{
	setup();
	memset(&save, 0, sizeof(save));
}

int main(void)
{
	const TTest *const tests[] = {
		written_and_read,
		a_note_of_any_length,
		keys_that_are_none,
		what_others_add_is_passed_over,
		cut_at_every_byte,
		with_every_byte_turned_over,
		what_is_missing_or_wrong_in_it,
		a_number_that_is_wrong,
		a_block_that_is_wrong,
		something_behind_the_end,
	};

	return fixture_run_between(
		begin_save, teardown, "snapshot_file", tests, ELEMENTS(tests));
}
