# Run by cpack when all is installed below its own folder and before it is packed: what a package
# has beyond an installation. Debian wants its own copyright and changelog, and the text of a
# license that is in /usr/share/common-licenses only there.
set(root ${CPACK_TEMPORARY_INSTALL_DIRECTORY})
set(doc ${root}/usr/share/doc/rpfilterd)
find_program(GZIP gzip REQUIRED)

file(GLOB compress ${root}/usr/share/man/man*/*.[1-8])
if(CPACK_GENERATOR STREQUAL "DEB")
	file(REMOVE ${doc}/LICENSE)
	configure_file(${CMAKE_CURRENT_LIST_DIR}/deb/copyright ${doc}/copyright @ONLY)
	configure_file(${CMAKE_CURRENT_LIST_DIR}/deb/changelog ${doc}/changelog.Debian @ONLY)
	configure_file(${CMAKE_CURRENT_LIST_DIR}/deb/lintian-overrides
		${root}/usr/share/lintian/overrides/rpfilterd COPYONLY)
	list(APPEND compress ${doc}/changelog.Debian)
endif()
# -n: without the time, so that the same source gives the same package
execute_process(COMMAND ${GZIP} -9nf ${compress} COMMAND_ERROR_IS_FATAL ANY)
# as CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS would have it, which CPACK_SET_DESTDIR disregards
file(CHMOD_RECURSE ${root} DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
	GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
