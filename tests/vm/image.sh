#!/usr/bin/env bash
# What the machine is made of: cpio archives, layers, that the kernel unpacks one over the other.
#
#   root     a release of Debian, with all that the scenes need
#   kernel   the modules of a suite's own kernel
#   package  what installing rpfilterd's package changed in the root
#   inside   the scenes and the tests that run there: made each time
#
# All but the kernel are of a release, and the package and the tests are built on it: on this host
# where it is of that release, else in a root of it (tests/fresh).
#
# A layer's name has a hash of what it was made of; it is made when it isn't there.
#
# Sourced by run for the names; as a program it is what makes them: image.sh FUNCTION ARGUMENT...,
# so that each of them ends at its first mistake.
set -euo pipefail
# shellcheck source=../steps.sh
[ -n "${house-}" ] || . "$(dirname "${BASH_SOURCE[0]}")/../steps.sh"

mirror=${VM_MIRROR:-http://deb.debian.org/debian}
vm=$house/build/vm
# Of a kernel package, below kernel/: what the scenes and a machine of virtio devices need
modules=(net crypto lib arch/x86/crypto drivers/block/virtio_blk.ko drivers/char/hw_random
	drivers/net/dummy.ko drivers/net/ifb.ko drivers/net/macvlan.ko drivers/net/tun.ko drivers/net/veth.ko
	drivers/net/vrf.ko drivers/net/vxlan drivers/net/vxlan.ko drivers/net/wireguard
	drivers/virtio)
no_modules=(net/bluetooth net/mac80211 net/wireless net/nfc net/can net/sunrpc net/batman-adv
	net/ceph net/rxrpc net/tipc net/sctp net/smc net/dccp net/rds net/ieee802154
	net/mac802154 net/6lowpan net/atm net/ax25 net/netrom net/rose net/appletalk net/9p)

key() {
	sha256sum | cut -c 1-12
}

# built_in RELEASE: where the build/ is in which it is built on that release
built_in() {
	if [ "$1" = "$(this_release)" ]; then
		echo "$house/build"
	else
		echo "$house/build/fresh/$1/build"
	fi
}

# apt_of SUITE COMMAND...: with lists of the suite's own, which need nothing of this host
apt_of() {
	local apt=$vm/apt-$1
	shift
	APT_CONFIG=$apt/apt.conf "$@"
}

# lists SUITE: brings the suite's list of packages up to date
lists() {
	local apt=$vm/apt-$1
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
	: >"$apt/status"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $1 main" \
		>"$apt/sources.list"
	cat >"$apt/apt.conf" <<-TEXT
		Dir::State "$apt";
		Dir::State::status "$apt/status";
		Dir::Cache "$apt/cache";
		Dir::Etc::sourcelist "$apt/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
		APT::Architecture "amd64";
		APT::Architectures { "amd64"; };
		APT::Sandbox::User "root";
		APT::Update::Error-Mode "any";
		Acquire::Languages "none";
		Acquire::Retries "3";
	TEXT
	apt_of "$1" apt-get -q update
}

# pack DIRECTORY FILE [FIND-EXPRESSION...]: the layer of a directory
pack() {
	local directory=$1 file=$2
	shift 2
	(cd "$directory" && find . -mindepth 1 "$@" -print0 | sort -z |
		cpio --quiet --null --create --format=newc) | zstd -q -1 -T0 >"$file.new"
	mv "$file.new" "$file"
}

# --- root -------------------------------------------------------------------------------------

# root_name RELEASE: a stable suite changes with its point releases only, so the list is what the key
# is made of
root_name() {
	{
		packages_of "$1" machine
		declare -f build_root
		cat "$vm/apt-$1/lists/"*_InRelease
	} | key
}

build_root() {
	local release=$1 directory=$2 exclude=() path unit
	for path in doc man locale i18n info lintian; do
		exclude+=("--dpkgopt=path-exclude=/usr/share/$path/*")
	done
	rm -rf "$vm/root-$release"-*
	mmdebstrap --mode=root --variant=essential \
		--include="$(packages_of "$release" machine | paste -s -d ,)" "${exclude[@]}" \
		--dpkgopt=force-unsafe-io --aptopt='APT::Install-Recommends "false"' \
		"$release" "$directory.new" \
		"deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $release main"
	# no time zone, nothing to log in at, no timers
	rm -rf "$directory.new"/usr/lib/udev/hwdb.* "$directory.new"/usr/share/zoneinfo
	for unit in getty.target ipvsadm.service e2scrub_reap.service apt-daily.timer \
		apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer; do
		ln -sf /dev/null "$directory.new/etc/systemd/system/$unit"
	done
	: >"$directory.new/etc/machine-id"
	pack "$directory.new" "$directory.cpio.zst"
	mv "$directory.new" "$directory"
}

# --- kernel -----------------------------------------------------------------------------------

# The package that linux-image-amd64 stands for, and its version
kernel_package() {
	apt_of "$1" apt-cache show --no-all-versions linux-image-amd64 |
		sed -n 's/^Depends:.*[ ,]\(linux-image-[0-9][^ ,]*\).*/\1/p'
}

# kernel_parts SUITE PACKAGE: itself, and those that it is split into since 2026
kernel_parts() {
	echo "$2"
	apt_of "$1" apt-cache show --no-all-versions "$2" |
		grep -oF -e "linux-base-${2#linux-image-}" -e "linux-binary-${2#linux-image-}" \
			-e "linux-modules-${2#linux-image-}" |
		sort -u || :
}

# build_kernel SUITE PACKAGE DIRECTORY: vmlinuz, version and modules.cpio.zst
build_kernel() {
	local suite=$1 package=$2 directory=$3 version from path found parts
	rm -rf "$vm/kernel-$suite"-*
	mkdir -p "$directory.new/unpacked" "$directory.new/layer/usr/lib/modules"
	mapfile -t parts < <(kernel_parts "$suite" "$package")
	(cd "$directory.new" && apt_of "$suite" apt-get -q download "${parts[@]}")
	for path in "$directory.new"/*.deb; do
		dpkg-deb -x "$path" "$directory.new/unpacked"
		rm "$path"
	done
	version=${package#linux-image-}
	for from in "$directory.new/unpacked"/{usr/,}lib/modules/"$version"; do
		[ ! -d "$from" ] || break
	done
	mkdir -p "$directory.new/layer/usr/lib/modules/$version/kernel"
	cp "$from"/modules.{order,builtin,builtin.modinfo} \
		"$directory.new/layer/usr/lib/modules/$version/"
	for path in "${modules[@]}"; do
		for found in "$from/kernel/$path"*; do
			[ ! -e "$found" ] || (cd "$from" && cp -r --parents "kernel/${found#"$from/kernel/"}" \
				"$directory.new/layer/usr/lib/modules/$version/")
		done
	done
	for path in "${no_modules[@]}"; do
		rm -rf "$directory.new/layer/usr/lib/modules/$version/kernel/$path"
	done
	ln -s usr/lib "$directory.new/layer/lib"
	depmod -b "$directory.new/layer" "$version"
	rm "$directory.new/layer/lib"
	pack "$directory.new/layer" "$directory.new/modules.cpio.zst"
	find "$directory.new/unpacked" -type f -name 'vmlinuz*' -exec mv {} "$directory.new/vmlinuz" \;
	[ -s "$directory.new/vmlinuz" ]
	echo "$version" >"$directory.new/version"
	rm -rf "$directory.new/unpacked" "$directory.new/layer"
	mv "$directory.new" "$directory"
}

# --- package ----------------------------------------------------------------------------------

# make_package RELEASE
make_package() {
	if [ "$1" = "$(this_release)" ]; then
		make_package_here
	else
		"$house/tests/fresh/run" "$1" -- tests/vm/image.sh make_package_here
	fi
}

make_package_here() {
	local tree=$house/build/release
	need build package
	configure "$tree" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_COMPILER=gcc -DWERROR=ON \
		-DBUILD_TESTING=ON
	cmake --build "$tree" --parallel "$(nproc)" --target \
		rpfilterd rpfilterctl netns_reader netns_probe kernel_diff golden_kernel packets silent holes
	rm -rf "$vm/package"
	cpack -G DEB --config "$tree/CPackConfig.cmake" -B "$vm/package"
	# the same once more, for an upgrade to be one
	rm -rf "$vm/package-newer"
	cpack -G DEB --config "$tree/CPackConfig.cmake" -B "$vm/package-newer" \
		-D CPACK_DEBIAN_PACKAGE_RELEASE=2
	change_conffile "$(package_file "$(this_release)" newer)"
}

# change_conffile PACKAGE: another default configuration than the installed one's
change_conffile() {
	local directory=$vm/package-newer/changed
	dpkg-deb -R "$1" "$directory"
	echo '# of the newer package' >>"$directory/etc/rpfilterd/rpfilterd.conf"
	(cd "$directory" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | sort -z |
		xargs -0 md5sum >DEBIAN/md5sums)
	dpkg-deb -Zgzip --root-owner-group -b "$directory" "$1"
	rm -rf "$directory"
}

# package_file RELEASE [newer]
package_file() {
	find "$(built_in "$1")/vm/package${2:+-$2}" -maxdepth 1 -name 'rpfilterd*.deb' ! -name '*dbgsym*'
}

# What dpkg -i does to the root, as a layer: all that changed after the copy was made
build_package_layer() {
	local release=$1 root=$2 package=$3 layer=$4 installed=$vm/installed-$1
	rm -rf "$vm/layer-$release"-* "$installed"
	cp -a --reflink=auto "$root" "$installed"
	sleep 0.1 # a time stamp is as coarse as a tick of the kernel
	: >"$vm/copied"
	sleep 0.1
	cp "$package" "$installed/rpfilterd.deb"
	# there are no lists of packages in it: all that ours depends on has to be in the root
	chroot "$installed" env DEBIAN_FRONTEND=noninteractive \
		apt-get -q -y --no-install-recommends install /rpfilterd.deb
	rm "$installed/rpfilterd.deb"
	pack "$installed" "$layer" -cnewer "$vm/copied" ! -path './tmp/*' ! -path './proc/*'
	rm -rf "$installed"
}

# --- inside -----------------------------------------------------------------------------------

# make_inside RELEASE: the scenes, their library, the unit that runs them, the tests that this host's
# kernel can't, the packages
make_inside() {
	local directory=$vm/inside-$1 here=$house/tests/vm
	rm -rf "$directory"
	mkdir -p "$directory"/vm/{bin,packages} "$directory/usr/lib/systemd/system/multi-user.target.wants"
	cp -r "$here/scenes" "$here/scene.sh" "$house/tests/ledger.jq" \
		"$here/inside/scenes-run" "$here/inside/sweep" "$directory/vm/"
	cp "$(built_in "$1")"/release/tests/{netns_reader,netns_probe,kernel_diff,golden_kernel,packets,silent,holes} \
		"$directory/vm/bin/"
	cp -r "$house/tests/kernel/walks" "$directory/vm/walks"
	mkdir "$directory/vm/golden"
	cp "$house"/tests/golden/*.in "$directory/vm/golden/"
	cp "$(package_file "$1")" "$directory/vm/packages/installed.deb"
	cp "$(package_file "$1" newer)" "$directory/vm/packages/newer.deb"
	cp -r "$here/inside/etc" "$directory/"
	cp "$here/inside/vm-scenes.service" "$directory/usr/lib/systemd/system/"
	ln -s ../vm-scenes.service \
		"$directory/usr/lib/systemd/system/multi-user.target.wants/vm-scenes.service"
	pack "$directory" "$directory.cpio.zst"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	"$@"
fi
