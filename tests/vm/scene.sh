# shellcheck shell=bash
# What the scenes stand on: namespaces and links, the service and its journal, traffic that is
# counted. A scene is a script that sources this file and ends with 0, or says what failed.
set -euo pipefail

cd /
tmp=$(mktemp -d)
vip=192.168.91.204
client=10.9.0.196
rip=192.168.91.78
unit=rpfilterd@realserver.service
ns=realserver # whose settings, findings and counters are meant
patience=${PATIENCE:-30} # seconds that an event may take
invocation='' # of $unit
cursor='' #     the journal's, of the last event that was taken
declare -A event=() # its fields

fail() {
	trap - ERR
	echo "FAILED: $*"
	local i
	for ((i = 1; i < ${#BASH_LINENO[@]}; i++)); do
		echo "at: ${BASH_SOURCE[i]##*/}:${BASH_LINENO[i - 1]} ${FUNCNAME[i]}"
	done
	echo "--- journal of $unit"
	journalctl -q --sync || :
	[ -z "$invocation" ] || entries -o json -n 15 |
		jq -r '"\(.__MONOTONIC_TIMESTAMP) \(.RPF_EVENT): \(.MESSAGE)"' || :
	[ "$ns" = - ] || [ -e "/run/netns/$ns" ] || exit 1
	echo "--- settings of $ns"
	inside grep -s . /proc/sys/net/ipv4/conf/*/rp_filter || :
	inside ip -br addr || :
	inside ip route show table all type unicast || :
	exit 1
}
trap 'fail "a command failed: $BASH_COMMAND"' ERR

not_here() {
	echo "not on this kernel: $*"
	exit 77
}

step() {
	echo "- $*"
}

now_ms() {
	echo $((${EPOCHREALTIME/./} / 1000))
}

# until_true SECONDS COMMAND...
until_true() {
	local end=$(($(now_ms) + $1 * 1000))
	shift
	until "$@"; do
		[ "$(now_ms)" -lt $end ] || return 1
		sleep 0.25
	done
}

# --- namespaces -------------------------------------------------------------------------------

# in_ns NAME COMMAND...; a "-" is the machine's own
in_ns() {
	local name=$1
	shift
	if [ "$name" = - ]; then
		"$@"
	else
		ip netns exec "$name" "$@"
	fi
}

inside() {
	in_ns "$ns" "$@"
}

# need_module NAME...: the kernel has them, and they are loaded
need_module() {
	local name
	for name in "$@"; do
		modprobe -q "$name" || not_here "there is no module $name"
	done
}

# setting NS INTERFACE NAME VALUE
setting() {
	# shellcheck disable=SC2016
	in_ns "$1" sh -c 'echo "$3" >"/proc/sys/net/ipv4/conf/$1/$2"' - "${@:2}"
}

# rp_filter INTERFACE VALUE, in $ns
rp_filter() {
	[ "${WITHOUT-}" != filter ] || set -- "$1" 0
	setting "$ns" "$1" rp_filter "$2"
}

# space NAME: an empty one in which nothing is filtered: it has the machine's own settings at first
space() {
	ip netns add "$1"
	setting "$1" all rp_filter 0
	setting "$1" default rp_filter 0
	setting "$1" lo rp_filter 0
	ip -n "$1" link set lo up
}

# wire NS INTERFACE ADDRESS/LEN NS2 INTERFACE2 [ADDRESS2/LEN]: a cable
wire() {
	ip -n "$1" link add "$2" type veth peer name "$5" netns "$4"
	[ -z "$3" ] || ip -n "$1" addr add "$3" dev "$2"
	[ -z "${6-}" ] || ip -n "$4" addr add "$6" dev "$5"
	ip -n "$1" link set "$2" up
	ip -n "$4" link set "$5" up
}

# client - router - switch - realserver; the realserver is strict in all that it has and gets
world() {
	space client
	space router
	space realserver
	rp_filter default 1
	rp_filter lo 1
	in_ns router sysctl -qw net.ipv4.ip_forward=1
	wire client eth0 $client/24 router wan 10.9.0.65/24
	ip -n client route add default via 10.9.0.65
	ip -n router link add lan type bridge
	ip -n router addr add 192.168.91.65/24 dev lan
	ip -n router link set lan up
	wire realserver eth0 $rip/24 router lan-real
	ip -n router link set lan-real master lan
	ip -n realserver route add default via 192.168.91.65
}

# The world with a director that has the VIP. The realserver keeps quiet about the VIP: else it
# would get the packets without the director, and the scene would work for the wrong reason.
# The scene selftest has it so (WITHOUT=director), and the filter off as well: WITHOUT=filter.
lvs_world() {
	need_module ip_vs ip_vs_rr
	world
	space director
	wire director eth0 192.168.91.209/24 router lan-dir
	ip -n router link set lan-dir master lan
	ip -n director addr add $vip/32 dev eth0
	ip -n director route add default via 192.168.91.65
	in_ns realserver sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
	[ "${WITHOUT-}" = director ] || return 0
	in_ns realserver sysctl -qw net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.all.arp_announce=0
	ip -n router neigh replace $vip dev lan nud permanent lladdr \
		"$(in_ns realserver cat /sys/class/net/eth0/address)"
}

# director FORWARDING...: as ipvsadm -a has it, e.g. -i
director() {
	in_ns director ipvsadm -A -t $vip:80 -s rr
	in_ns director ipvsadm -a -t $vip:80 -r $rip "$@"
}

# --- traffic ----------------------------------------------------------------------------------

# serve: a web server in the realserver, on all its addresses
serve() {
	mkdir -p "$tmp/www"
	echo realserver >"$tmp/www/index.html"
	in_ns realserver busybox httpd -p 80 -h "$tmp/www"
	until_true 10 in_ns realserver curl -s -o /dev/null http://127.0.0.1/ ||
		fail "the web server doesn't answer"
}

# requests COUNT [ADDRESS]: as many connections, one after the other; all are to be answered
requests() {
	local answered
	answered=$(in_ns client curl -sS --connect-timeout 5 "http://${2:-$vip}/?[1-$1]" |
		grep -cx realserver) || :
	[ "$answered" -eq "$1" ] || fail "$answered of $1 requests to ${2:-$vip} were answered"
}

# no_answer [ADDRESS]: TCP times out
no_answer() {
	local status=0
	in_ns client curl -s -o /dev/null --connect-timeout 3 "http://${1:-$vip}/" || status=$?
	[ $status -eq 28 ] || fail "curl ended with $status, not 28: no time-out"
}

# pings ADDRESS: answered; a tunnel may have to shake hands first, for which it tries all 5 seconds
pings() {
	until_true 20 in_ns client ping -q -c 1 -W 2 "$1" >/dev/null || :
	in_ns client ping -q -c 3 -i 0.3 -W 5 "$1" >/dev/null || fail "a ping to $1 is not answered"
}

no_ping() {
	! in_ns client ping -q -c 3 -i 0.3 -W 2 "$1" >/dev/null || fail "a ping to $1 is answered"
}

# counted: packets that $ns dropped by reverse path
count_drops='/^TcpExt:/ && !n { n = split($0, name) ; next }
	/^TcpExt:/ { for (i = 1; i <= n; i++) if (name[i] == "IPReversePathFilter") print $i }'
counted() {
	inside awk "$count_drops" /proc/net/netstat
}

# received INTERFACE: packets, in $ns
received() {
	inside cat "/sys/class/net/$1/statistics/rx_packets"
}

# measure INTERFACE COMMAND...: $packets came in there meanwhile, $drops were dropped
measure() {
	local iface=$1
	shift
	drops=$(counted)
	packets=$(received "$iface")
	"$@"
	drops=$(($(counted) - drops))
	packets=$(($(received "$iface") - packets))
}

# lost INTERFACE COMMAND...: it shows that nothing works; its packets came in by INTERFACE, and
# the kernel counted them as dropped
lost() {
	measure "$@"
	[ $packets -ge 1 ] || fail "no packet came in by $1: they went another way"
	[ $drops -ge 1 ] || fail "$packets packets came in by $1, $drops were dropped by reverse path"
	step "${*:2}: true; $packets packets by $1, $drops dropped by reverse path"
}

# works INTERFACE PACKETS COMMAND...: at least so many by INTERFACE, and none was dropped
works() {
	measure "$1" "${@:3}"
	[ $packets -ge "$2" ] || fail "$packets packets came in by $1: they went another way"
	[ $drops -eq 0 ] || fail "$drops packets were dropped by reverse path"
	step "${*:3}: true; $packets packets by $1"
}

# must_drop INTERFACE [ADDRESS]: no request is answered
must_drop() {
	lost "$1" no_answer "${2:-$vip}"
}

# must_pass INTERFACE COUNT [ADDRESS]: all requests are answered. Each takes the client four
# packets at least.
must_pass() {
	works "$1" $(($2 * 4)) requests "$2" "${3:-$vip}"
}

# given_away: packets that the director passed on. Not connections: one that has the port of an
# earlier one may go by that one's entry.
given_away() {
	in_ns director ipvsadm -L -n --stats --exact | awk '$1 == "TCP" { print $4 }'
}

gave_away() {
	[ "$(given_away)" -ge "$1" ]
}

# all_by_director INTERFACE COUNT: must_pass(), and all of that went by the director
all_by_director() {
	local before
	before=$(given_away)
	must_pass "$1" "$2"
	# the kernel adds them up every two seconds
	until_true 10 gave_away $((before + $2 * 4)) ||
		fail "the director gave away $(($(given_away) - before)) packets, not $(($2 * 4))"
}

# --- the service ------------------------------------------------------------------------------

# configure LINE...: before watch()
configure() {
	printf '%s\n' "$@" >/etc/rpfilterd/rpfilterd.conf
}

# of_unit UNIT: from here on its events are meant, those since it was started
of_unit() {
	unit=$1
	invocation=$(systemctl show -P InvocationID "$unit")
	cursor=''
}

# correcting LINE...: correct mode, with the drop-in that the package ships; before watch()
correcting() {
	shipped correct
	configure 'mode = "correct";' "$@"
}

# shipped NAME: a drop-in of the package for $unit, until the scene is over
shipped() {
	local dir=/run/systemd/system/$unit.d
	mkdir -p "$dir"
	cp "/usr/share/rpfilterd/$1.conf" "$dir/vm-$1.conf"
	systemctl daemon-reload
}

# ledger FILTER: true of what the service has written down before it wrote
ledger() {
	local state
	state=/var/lib/$(systemctl show -P StateDirectory "$unit")
	jq -nf /vm/ledger.jq "$state"/ledger-*.json | jq -e "$1" >/dev/null ||
		fail "the ledger in $state: not ($1): $(cat "$state"/ledger-*.json)"
}

# without_udev: the scene selftest-all has it so
without_udev() {
	[ "${WITHOUT-}" = udev ] || return 0
	systemctl stop systemd-udevd.service systemd-udevd-control.socket systemd-udevd-kernel.socket
	trap 'systemctl start systemd-udevd.service' EXIT
}

# own_is INTERFACE VALUE: its rp_filter, in $ns
own_is() {
	[ "$(inside cat "/proc/sys/net/ipv4/conf/$1/rp_filter" 2>/dev/null)" = "$2" ]
}

# watch: the service in the realserver's namespace
watch() {
	systemctl start "$unit" || fail "$unit does not start"
	of_unit "$unit"
	wait_event synced
}

# entries ARGUMENT...: journalctl's, of what the service said since it was started
entries() {
	journalctl -q "$@" "_SYSTEMD_INVOCATION_ID=$invocation" "_COMM=rpfilterd"
}

# find_event NAME [KEY=VALUE]: the first that is still to be taken, in the journal's export form.
# The journal finds it: to emulate a jq costs more than all else here.
find_event() {
	# not --after-cursor, which skips the first that matches; and a field of systemd's has a blank
	# line, so that an entry ends where the next begins
	entries -o export ${cursor:+--cursor="$cursor"} "RPF_EVENT=$1" ${2:+"$2"} |
		awk -v last="__CURSOR=$cursor" '
			/^__CURSOR=/ { if (wanted) exit; wanted = $0 != last }
			wanted'
}

take_event() {
	local line
	local -A found=()
	while IFS= read -r line; do
		[[ $line != *=* ]] || found[${line%%=*}]=${line#*=}
	done < <(find_event "$@")
	[ ${#found[@]} -gt 0 ] || return 1
	event=()
	for line in "${!found[@]}"; do
		event[$line]=${found[$line]}
	done
	cursor=${event[__CURSOR]}
}

# wait_event NAME [KEY=VALUE [SECONDS]]: takes it, into $event, and all before it
wait_event() {
	until_true "${3:-$patience}" take_event "$1" "${2-}" ||
		fail "no event $1 (${2:-any}) within ${3:-$patience} s"
	step "$1: $(field MESSAGE)"
}

# never NAME...: none since the service was started, and none that was passed over
never() {
	local name cursor=''
	journalctl --sync
	for name in "$@"; do
		[ -z "$(find_event "$name")" ] || fail "an event $name that should not be: $(find_event "$name")"
	done
}

# once NAME: exactly one since the service was started
once() {
	local count
	journalctl --sync
	count=$(entries -o export "RPF_EVENT=$1" | grep -c '^__CURSOR=') || :
	[ "$count" -eq 1 ] || fail "$count events $1, not one"
}

# no_event NAME [SECONDS]: none for so long
no_event() {
	local found
	sleep "${2:-3}"
	journalctl --sync
	found=$(find_event "$1")
	[ -z "$found" ] || fail "an event $1 that should not be: $found"
}

field() {
	echo "${event[$1]-}"
}

# expect KEY=PATTERN...: fields of $event; an empty pattern: not there
expect() {
	local pair got
	for pair in "$@"; do
		got=${event[${pair%%=*}]-}
		# shellcheck disable=SC2053 # a pattern it is
		[[ $got == ${pair#*=} ]] ||
			fail "$(field RPF_EVENT): ${pair%%=*} is \"$got\", not \"${pair#*=}\""
	done
}

# take_remedy: of $event, as it stands in its words, into $remedy
take_remedy() {
	remedy=$(field MESSAGE)
	[[ $remedy == *"Fix: "* ]] || fail "no remedy in: $remedy"
	remedy=${remedy#*Fix: }
	remedy=${remedy%% (*}
	[[ -n $(field RPF_REMEDY) && $remedy == *"$(field RPF_REMEDY)"* ]] ||
		fail "it says \"$remedy\", its field $(field RPF_REMEDY)"
}

# type_in: that, as somebody at the realserver would
type_in() {
	step "typed in: $remedy"
	inside sh -ec "$remedy" || fail "the remedy can't be typed in: $remedy"
}

# quiet: the service found nothing to warn of since it was started
quiet() {
	never finding-raised disagreement blind
}

# ctl VERB ARGUMENT...: the answer's JSON; 0 and 1 are answers
ctl() {
	local verb=$1 status=0
	shift
	if [ "$ns" = - ]; then
		rpfilterctl "$verb" --json "$@" || status=$?
	else
		rpfilterctl "$verb" --json --netns "$ns" "$@" || status=$?
	fi
	[ $status -le 1 ] || fail "rpfilterctl $verb $* ended with $status"
}

# check_has FILTER: true of the findings that rpfilterctl check has
check_has() {
	local answer
	answer=$(ctl check)
	jq -e "$1" <<<"$answer" >/dev/null || fail "rpfilterctl check: not ($1): $answer"
}

# explains VERDICT REASON FLOW...: what rpfilterctl says of a packet, with the kernel's consent
explains() {
	local verdict=$1 reason=$2 answer
	shift 2
	answer=$(ctl explain "$@")
	jq -e --arg verdict "$verdict" --arg reason "$reason" \
		'.verdict == $verdict and .reason == $reason and .agree == true' \
		<<<"$answer" >/dev/null || fail "explain $*: not $verdict, $reason: $answer"
	step "explain $*: $verdict, $reason"
}

# --- scenes without their cause -----------------------------------------------------------------

# without CAUSE SCENE PATTERN: it fails, and says PATTERN
without() {
	local status=0
	WITHOUT=$1 PATIENCE=5 "$(dirname "$0")/$2" >"$tmp/said" 2>&1 || status=$?
	[ $status -eq 1 ] || fail "without its $1 $2 ended with $status: $(cat "$tmp/said")"
	grep -q "^FAILED: .*$3" "$tmp/said" ||
		fail "without its $1 $2 did not say \"$3\": $(cat "$tmp/said")"
	step "$2 without its $1: $(grep '^FAILED: ' "$tmp/said")"
	/vm/sweep
}
