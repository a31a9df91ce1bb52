# shellcheck shell=bash
# What the system tests stand on: each sources this file first and from then on lives in a
# mount, pid and network namespace of its own, with an empty /run. All that it starts, makes or
# mounts ends with it, however it ends, and nothing of it meets another test.
set -euo pipefail

house=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$(realpath "${BUILD_DIR:-$house/build}")

skip() {
	echo "SKIP: $*"
	exit 77
}

if [ -z "${SYSTEM_TEST-}" ]; then
	[ "$(id -u)" -eq 0 ] || skip "system tests need root"
	[ -c /dev/net/tun ] || skip "there is no /dev/net/tun"
	inside=(unshare --mount --net --pid --fork --kill-child --mount-proc)
	"${inside[@]}" mount -t tmpfs -o mode=755 none /run 2>/dev/null ||
		skip "mount, pid and network namespaces are refused here"
	SYSTEM_TEST=1 exec "${inside[@]}" bash "$0" "$@"
fi

tmp=/run/test
conf=$tmp/rpfilterd.conf
log=$tmp/log
err=$tmp/err
heard=$tmp/heard
vip=192.168.91.204
sender=10.9.0.196 # the client
as=()      # command words before the daemon: another user, a launcher
options=() # further ones for it
daemon='' #  its process, once started
event='{}'
seen=0 # lines of the log that events were taken from
tun_in=''

fail() {
	trap - ERR
	echo "FAILED: $*"
	echo "at: $(caller 0 | sed 's/ .*\// /'), from: $(caller 1 | sed 's/ .*\// /')"
	echo "--- log, $seen lines of it taken"
	[ ! -e "$log" ] || tail -n 30 "$log" |
		jq -rR 'fromjson? | "\(.__REALTIME_TIMESTAMP[-9:]) \(.RPF_EVENT): \(.MESSAGE)"'
	echo "--- stderr"
	[ ! -s "$err" ] || tail -n 60 "$err"
	exit 1
}

at_end() {
	local status=$?
	trap - EXIT ERR
	if [ $status -eq 0 ] && [ -n "$daemon" ]; then
		stop
	fi
	exit $status
}
trap at_end EXIT
trap 'fail "a command failed: $BASH_COMMAND"' ERR
trap 'exit 130' INT TERM

now_ms() {
	echo $((${EPOCHREALTIME/./} / 1000))
}

# until_true SECONDS COMMAND...: whether it succeeds within the time
until_true() {
	local end=$(($(now_ms) + $1 * 1000))
	shift
	until "$@"; do
		[ "$(now_ms)" -lt $end ] || return 1
		sleep 0.02
	done
}

has_line() {
	grep -qx -- "$2" "$1" 2>/dev/null
}

# ledger FOLDER: what the file in it comes to
ledger() {
	jq -nf "$house/tests/ledger.jq" "$1/ledger-$(cat /proc/sys/kernel/random/boot_id).json"
}

# --- the daemon -------------------------------------------------------------------------------

configure() {
	printf '%s\n' "$@" >"$conf"
}

# What nobody may read where the build is, nobody can run.
program() {
	[ -e "$tmp/$1" ] || install -m 755 "$build/$1" "$tmp/$1"
	echo "$tmp/$1"
}

server() {
	ip netns exec server "$@"
}

# Starts the daemon in the realserver and doesn't wait.
launch() {
	local rpfilterd
	rpfilterd=$(program rpfilterd)
	: >"$log"
	: >"$err"
	seen=0
	ip netns exec server "${as[@]}" "$rpfilterd" --config "$conf" --log json \
		"${options[@]}" >"$log" 2>"$err" &
	daemon=$!
}

start() {
	launch
	wait_event synced
}

ended() {
	[ ! -e "/proc/$daemon" ] || grep -qs '^State:.Z' "/proc/$daemon/status"
}

# Ends the daemon, which has to end well and must have had no word for stderr.
stop() {
	local status=0
	kill "$daemon"
	until_true 10 ended || fail "rpfilterd doesn't end at SIGTERM"
	wait "$daemon" || status=$?
	daemon=''
	[ $status -eq 0 ] || fail "rpfilterd ended with $status, not 0"
	[ ! -s "$err" ] || fail "rpfilterd wrote to stderr"
	jq -nRe '[inputs | fromjson? | select((.RPF_EVENT and .MESSAGE_ID and .MESSAGE) | not)] == []' \
		"$log" >/dev/null || fail "an entry without an event"
}

# find_event NAME FILTER: the first entry that is still to be taken of this RPF_EVENT for which
# the jq filter is true: its line's number, a blank, the entry. The array ends fromjson? before the
# filters: that of jq 1.6 takes first()'s break for an error of its own, and goes on.
find_event() {
	jq -nRr --arg name "$1" --argjson seen "$seen" 'first(
		foreach inputs as $line (0; . + 1;
			. as $n | select($n > $seen) | [$line | fromjson?][] |
			select(.RPF_EVENT == $name) | select('"${2:-true}"') |
			"\($n) \(tojson)"))' "$log"
}

take_event() {
	local found
	found=$(find_event "$@")
	[ -n "$found" ] || return 1
	seen=${found%% *}
	event=${found#* }
}

# wait_event NAME [FILTER [SECONDS]]: takes it, into $event, and all before it
wait_event() {
	until_true "${3:-10}" take_event "$1" "${2:-true}" && return
	[ -z "$daemon" ] || kill -0 "$daemon" 2>/dev/null || fail "rpfilterd has ended"
	fail "no event $1 (${2:-any}) within ${3:-10} s"
}

# no_event NAME [FILTER [SECONDS]]: none for so long
no_event() {
	local found
	sleep "${3:-0.5}"
	found=$(find_event "$1" "${2:-true}")
	[ -z "$found" ] || fail "an event $1 (${2:-any}) that should not be: ${found#* }"
}

count_events() {
	jq -nR --arg name "$1" '[inputs | fromjson? | select(.RPF_EVENT == $name) |
		select('"${2:-true}"')] | length' "$log"
}

field() {
	jq -r --arg key "$1" '.[$key] // ""' <<<"$event"
}

# expect KEY=PATTERN...: fields of $event; an empty pattern: not there
expect() {
	local pair got
	for pair in "$@"; do
		got=$(field "${pair%%=*}")
		# shellcheck disable=SC2053 # a pattern it is
		[[ $got == ${pair#*=} ]] ||
			fail "$(field RPF_EVENT): ${pair%%=*} is \"$got\", not \"${pair#*=}\""
	done
}

# --- a system bus ---------------------------------------------------------------------------------

# A system bus of our own, with the policy that is shipped; $bus is its process
bus() {
	cat >"$tmp/bus.conf" <<-CONF
		<busconfig><type>system</type><listen>unix:path=$tmp/bus</listen>
		<auth>EXTERNAL</auth><policy context="default"><allow user="*"/>
		<deny own="*"/><deny send_type="method_call"/><allow send_type="signal"/>
		<allow send_requested_reply="true" send_type="method_return"/>
		<allow send_requested_reply="true" send_type="error"/>
		<allow receive_type="method_call"/><allow receive_type="method_return"/>
		<allow receive_type="error"/><allow receive_type="signal"/>
		<allow send_destination="org.freedesktop.DBus"/></policy>
		<include>$tmp/policy.conf</include></busconfig>
	CONF
	# the service's user, which not every machine has, runs as root here
	sed 's/user="rpfilterd"/user="root"/' "$house/conf/org.rpfilterd1.conf" >"$tmp/policy.conf"
	dbus-daemon --config-file="$tmp/bus.conf" --nofork --nopidfile >"$tmp/bus.log" 2>&1 &
	# shellcheck disable=SC2034 # for whoever stops it
	bus=$!
	until_true 5 test -S "$tmp/bus" || fail "no bus: $(cat "$tmp/bus.log")"
}

on_the_bus() {
	DBUS_SYSTEM_BUS_ADDRESS=unix:path=$tmp/bus busctl --address="unix:path=$tmp/bus" list |
		grep -q 'org\.rpfilterd1\.ns_'
}

# --- the scene --------------------------------------------------------------------------------

# rp_filter INTERFACE VALUE, in the realserver
rp_filter() {
	setting "$1" rp_filter "$2"
}

# setting INTERFACE NAME VALUE
setting() {
	# shellcheck disable=SC2016
	server sh -c 'echo "$3" >"/proc/sys/net/ipv4/conf/$1/$2"' - "$@"
}

# A realserver: eth0, with the way to the client by a router; all.rp_filter 0, default 1
realserver() {
	[ -e /run/netns/server ] || ip netns add server
	ip netns add router
	rp_filter all 0
	rp_filter default 1
	ip -n server link set lo up
	ip -n server link add eth0 type veth peer name rt0 netns router
	ip -n router addr add 192.168.91.65/24 dev rt0
	ip -n router link set rt0 up
	ip -n server addr add 192.168.91.78/24 dev eth0
	ip -n server link set eth0 up
	ip -n server route add default via 192.168.91.65
}

# tunnel NAME: a tun device that is held open, so that it has carrier; it is down
tunnel() {
	[ -z "$tun_in" ] || exec {tun_in}>&-
	rm -f "$tmp/$1.in"
	mkfifo "$tmp/$1.in"
	: >"$tmp/tun"
	ip netns exec server "$build/tunl0" "$1" <"$tmp/$1.in" >"$tmp/tun" &
	tun_pid=$!
	exec {tun_in}>"$tmp/$1.in"
	until_true 5 has_line "$tmp/tun" ready || fail "no tun device $1"
}

# The device of tunnel() goes.
tunnel_gone() {
	echo quit >&"$tun_in"
	wait "$tun_pid"
}

# The tunnel of the story: up, with the VIP
tunl0() {
	tunnel tunl0
	ip -n server addr add "$vip/32" dev tunl0
	ip -n server link set tunl0 up
}

# unneed NAME: all sources get a reverse route by an interface, whose strict filter passes them then;
# need: they lose it
unneed() {
	ip -n server route add default dev "$1" table 78
	ip -n server rule add pref 100 lookup 78
}

need() {
	ip -n server rule del pref 100
	ip -n server route flush table 78 2>/dev/null || :
}

# The server on the VIP's port 80, which hears from whom a packet comes
serve() {
	ip netns exec server "$build/tunl0" --listen 0.0.0.0 80 >"$heard" &
	until_true 5 has_line "$heard" ready || fail "no UDP server"
}

drop_counter() {
	# shellcheck disable=SC2016
	server awk '/^TcpExt:/ && !n { n = split($0, name) ; next }
		/^TcpExt:/ { for (i = 1; i <= n; i++) if (name[i] == "IPReversePathFilter") print $i }' \
		/proc/net/netstat
}

# fate COUNT: sends so many packets of $sender to the VIP out of the tunnel; $passed and $dropped are
# how many the server heard and how many the kernel counted as dropped by reverse path
fate() {
	local counter all
	counter=$(drop_counter)
	all=$(wc -l <"$heard")
	echo "send $sender $vip count $1" >&"$tun_in"
	until_true 5 fate_known "$1" "$counter" "$all" ||
		fail "of $1 packets $passed passed and $dropped were dropped: where is the rest?"
}

fate_known() {
	passed=$(($(wc -l <"$heard") - $3))
	dropped=$(($(drop_counter) - $2))
	[ $((passed + dropped)) -eq "$1" ]
}

must_pass() {
	fate 3
	[ "$passed" -eq 3 ] || fail "rpfilterd says that packets pass, the kernel dropped $dropped of 3"
}

must_drop() {
	fate 3
	[ "$dropped" -eq 3 ] || fail "rpfilterd says that packets are dropped, $passed of 3 passed"
}

mount -t tmpfs -o mode=755 none /run
mkdir "$tmp"
ip link set lo up
configure 'log = { hold_down = 0; };' 'correct = { route_wait = 0; };'
