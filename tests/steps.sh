# shellcheck shell=bash
# What daemon/run and tests/run share: packages, and steps that show that they are alive.

house=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
logs=$house/build/logs
# of Debian: those that this house is built, tested and packaged for
# shellcheck disable=SC2034 # for those who source this
releases=(bookworm trixie)

die() {
	printf '%s: %s\n' "$0" "$*" >&2
	exit 1
}

clock() {
	printf '[%2d:%02d]' $((SECONDS / 60)) $((SECONDS % 60))
}

say() {
	printf '%s %s\n' "$(clock)" "$*"
}

declare -A step_ended=() step_began=()

# begin NAME COMMAND...: runs it beside what follows, with its output in build/logs/NAME.log
begin() {
	local name=$1 log=$logs/$1.log ended
	shift
	{ mkdir -p "$logs" && [ -w "$logs" ]; } 2>/dev/null ||
		die "$logs can't be written to by $(id -un); use a clone of your own, or sudo"
	: >"$log"
	say "$name"
	exec {ended}< <(if "$@" >"$log" 2>&1 </dev/null; then echo 0; else echo $?; fi)
	step_ended[$name]=$ended
	step_began[$name]=$SECONDS
}

# finish NAME: waits for it, says every 15 seconds how far it is and at the end how it went; of a
# failure it shows the last lines. Its status.
finish() {
	local name=$1 log=$logs/$1.log begin=${step_began[$1]} ended=${step_ended[$1]} status part=''
	# a time-out of read is above 128, and may come behind a part of the line; at the end of file
	# the command was killed
	until read -r -t 15 -u "$ended" status; do
		[ $? -gt 128 ] || { part='' && status=137 && break; }
		part+=$status
		say "$name: $((SECONDS - begin)) s: $(tail -n 5 "$log" | sed -nE "s/^ *(.{1,70}).*/\1/p" | tail -n 1)"
	done
	exec {ended}<&-
	status=$part$status
	if [ "$status" -eq 0 ]; then
		say "$name: ok, $((SECONDS - begin)) s"
		return 0
	fi
	say "$name: FAILED ($status), $((SECONDS - begin)) s; the end of ${log#"$house/"}:"
	tail -n "${LINES_OF_LOG:-30}" "$log" | sed 's/^/    /'
	return "$status"
}

# step NAME COMMAND...: the two of them
step() {
	begin "$@"
	finish "$1"
}

# this_release: bookworm, trixie
this_release() {
	(. /etc/os-release && echo "${VERSION_CODENAME-}")
}

# packages_of RELEASE KIND...: those of tests/packages
packages_of() {
	awk -v kinds="${*:2}" -v release="$1" '
		BEGIN {
			n = split(kinds, k)
			for (i = 1; i <= n; i++) {
				want[k[i] ":"]
				want[k[i] "/" release ":"]
			}
		}
		$1 in want { for (i = 2; i <= NF; i++) print $i }' "$house/tests/packages" | sort -u
}

# missing KIND...: the packages of these kinds that are not installed
missing() {
	local package
	packages_of "$(this_release)" "$@" |
		while read -r package; do
		dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null |
			grep -q '^install ok installed$' || echo "$package"
	done
}

apt_install() {
	export DEBIAN_FRONTEND=noninteractive
	apt-get -q -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 update &&
		apt-get -q -y -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 \
			install --no-install-recommends "$@"
}

# need KIND...: installs what is missing of these kinds
need() {
	local packages
	if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
		say "not Debian: packages like those in tests/packages must be there already"
		return 0
	fi
	mapfile -t packages < <(missing "$@")
	[ ${#packages[@]} -gt 0 ] || return 0
	[ "$(id -u)" -eq 0 ] || die "not root, and these packages are missing: ${packages[*]}"
	say "installing ${packages[*]}"
	step packages apt_install "${packages[@]}" || die "apt-get could not install: ${packages[*]}"
}

# configure DIRECTORY CMAKE_ARGUMENT...: a tree that was set up for another place is begun anew
configure() {
	local tree=$1 generator=()
	shift
	if ! grep -qsxF "CMAKE_HOME_DIRECTORY:INTERNAL=$house" "$tree/CMakeCache.txt"; then
		rm -rf "$tree/CMakeCache.txt" "$tree/CMakeFiles"
		generator=(-G Ninja)
	fi
	cmake -S "$house" -B "$tree" "${generator[@]}" "$@"
}

configure_and_build() {
	configure "$@" && cmake --build "$1" --parallel "$(nproc)"
}

# results LOG: a line a test that ctest ran: its name, then Passed, Skipped or what else happened
results() {
	sed -nE 's/^ *[0-9]+\/[0-9]+ +Test +#[0-9]+: ([^ ]+) [. ]*(\*\*\*)?([A-Z].*[^ ]) +[0-9.]+ sec.*/\1 \3/p' "$1"
}

# why NAME LOG: what the skipped test NAME said: its line with "skip", else its last one
why() {
	awk -v name="$1" '
		/^[0-9]+\/[0-9]+ Test: / { mine = $3 == name; inside = 0 }
		/^<end of output>/ { inside = 0 }
		mine && inside && NF && !/^-+$/ {
			if (!found) said = $0
			if (tolower($0) ~ /skip/) found = 1
		}
		/^Output:/ { inside = 1 }
		END {
			sub(/^ *[Ss][Kk][Ii][Pp][A-Za-z]*:? */, "", said)
			print said ? said : "it gave no reason"
		}' "$2"
}

# kind_seconds LOG: the tests of each kind and the seconds that they took, added up
kind_seconds() {
	sed -nE 's/^ *[0-9]+\/[0-9]+ +Test +#[0-9]+: ([^ \/]+)\/.* ([0-9.]+) sec.*/\1 \2/p' "$1" | awk '
		{ n[$1]++; seconds[$1] += $2 }
		END { for (kind in n) printf "    %-12s %4d tests, %6.1f s\n", kind, n[kind], seconds[kind] }' | sort
}
