# What `cpack -G DEB` and `cpack -G RPM` make of what conf/install.cmake installs; the target
# `package` makes both. Scripts of the packages: conf/package/deb, conf/package/rpm.
#
# There is none of a tree with sanitizers or counters in the programs.
if(CMAKE_BUILD_TYPE STREQUAL "Debug" OR COVERAGE OR FUZZ)
	return()
endif()

set(package_dir ${CMAKE_SOURCE_DIR}/conf/package)
set(PACKAGE_CONTACT "rpfilterd maintainers <maintainers@rpfilterd.invalid>" CACHE STRING
	"Whom the packages name as their maintainer")
set(PACKAGE_RELEASE 1 CACHE STRING "What the packages' version ends with, behind a -")

set(CPACK_GENERATOR DEB)
find_program(RPMBUILD rpmbuild)
if(RPMBUILD)
	list(APPEND CPACK_GENERATOR RPM)
endif()
set(CPACK_PACKAGE_NAME rpfilterd)
set(CPACK_PACKAGE_CONTACT ${PACKAGE_CONTACT})
set(CPACK_PACKAGE_VENDOR "rpfilterd maintainers")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "watch for packets that reverse path filtering drops")
set(CPACK_PACKAGE_DESCRIPTION
"Linux silently drops IPv4 packets when reverse path filtering (rp_filter) is on
and the route back to the sender uses another interface, as on a realserver behind
LVS in tunnel mode, with GRE or WireGuard, or on a multi-homed host.

rpfilterd knows at every moment which packets this host would drop that way. It
follows links, addresses, routes, rules and settings over rtnetlink, has the
kernel confirm what it works out, and logs to the journal what is dropped, why,
and the smallest change that fixes it. It runs without any privilege.

rpfilterctl answers the same on the command line.")

# Below DESTDIR, with /usr as the prefix whatever the tree's is: the paths in the units and that
# of the configuration come out as they will be.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${package_dir}/stage.cmake)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE ${PACKAGE_RELEASE})
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd (>= 252)")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${package_dir}/deb/preinst ${package_dir}/deb/postinst
	${package_dir}/deb/prerm
	${package_dir}/deb/postrm ${package_dir}/deb/conffiles)

set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_RELEASE ${PACKAGE_RELEASE})
set(CPACK_RPM_PACKAGE_LICENSE LGPL-2.1-or-later)
set(CPACK_RPM_PACKAGE_GROUP "System Environment/Daemons")
set(CPACK_PACKAGE_RELOCATABLE OFF)
set(CPACK_RPM_PACKAGE_REQUIRES "systemd >= 252")
set(CPACK_RPM_USER_FILELIST "%config(noreplace) /etc/rpfilterd/rpfilterd.conf")
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION /usr/lib/systemd /usr/lib/systemd/system
	/usr/lib/systemd/catalog /usr/lib/sysusers.d /usr/sbin /usr/share/man
	/usr/share/man/man1 /usr/share/man/man5 /usr/share/man/man7 /usr/share/man/man8
	/usr/share/dbus-1 /usr/share/dbus-1/system.d
	/usr/share/bash-completion /usr/share/bash-completion/completions)
set(CPACK_RPM_POST_INSTALL_SCRIPT_FILE ${package_dir}/rpm/post)
set(CPACK_RPM_PRE_UNINSTALL_SCRIPT_FILE ${package_dir}/rpm/preun)
set(CPACK_RPM_POST_UNINSTALL_SCRIPT_FILE ${package_dir}/rpm/postun)

include(CPack)
