# shellcheck shell=bash
# What the tests of this folder share, on top of system.sh: faults.so is preloaded into the daemon,
# and a page in a file says which allocation fails.
# shellcheck source=../system/system.sh
. "$(dirname "$0")/../system/system.sh"

page=$tmp/faults
[ -e "$build/faults.so" ] || skip "the address sanitizer has an allocator of its own; the step faults runs this"
dd if=/dev/zero of="$page" bs=64 count=1 status=none
# shellcheck disable=SC2034 # for who sources this
preload=(env "LD_PRELOAD=$build/faults.so" "FAULTS=$page")

# word INDEX: a number of the page; set_word INDEX NUMBER
word() {
	od -An -td4 -j $(($1 * 4)) -N 4 "$page" | tr -d ' '
}
set_word() {
	local i bytes=''
	for i in 0 8 16 24; do
		bytes+=$(printf '\\x%02x' $((($2 >> i) & 255)))
	done
	printf '%b' "$bytes" | dd of="$page" bs=1 seek=$(($1 * 4)) conv=notrunc status=none
}

# The allocation that fails, counted from now on; 0: none
fail_at() {
	set_word 2 0
	set_word 0 "$1"
}
failed() {
	word 2
}
count_from_now() {
	set_word 1 0
}
counted() {
	word 1
}

# alone 1: from now on the daemon's children do not count, and nothing fails there; 0: they do
alone() {
	set_word 3 "$1"
}

# The clock of the daemon goes wrong by so many seconds.
clock_off() {
	local usec=$(($1 * 1000000))
	set_word 4 $((usec & 0xffffffff))
	set_word 5 $((usec >> 32 & 0xffffffff))
}

# settled: waits until the daemon allocates nothing more
settled() {
	local before=-1
	while [ "$before" != "$(counted)" ]; do
		before=$(counted)
		sleep 0.03
	done
}

# has_ended: whether the daemon has ended since its start; sets $status
has_ended() {
	ended || return 1
	status=0
	wait "$daemon" || status=$?
	daemon=''
}
