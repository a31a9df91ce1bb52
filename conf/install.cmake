# What `cmake --install` puts where. Paths that a file names follow the prefix of the install,
# which is known only then: such files are made by the code at the end.
#
# Where systemd looks below /usr and /usr/local is lib, never lib/x86_64-linux-gnu.
set(systemd_dir ${CMAKE_SOURCE_DIR}/systemd)

install(TARGETS rpfilterd RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(TARGETS rpfilterctl RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

install(FILES ${systemd_dir}/rpfilterd.socket ${systemd_dir}/rpfilterd@.socket
	DESTINATION lib/systemd/system)
# drop-ins to be linked to by who wants them: nothing is corrected unasked
install(FILES ${systemd_dir}/correct.conf ${systemd_dir}/allow-all.conf
	DESTINATION ${CMAKE_INSTALL_DATADIR}/rpfilterd)
install(FILES ${systemd_dir}/rpfilterd.catalog DESTINATION lib/systemd/catalog)
install(FILES ${systemd_dir}/rpfilterd.sysusers DESTINATION lib/sysusers.d RENAME rpfilterd.conf)

install(FILES conf/org.rpfilterd1.conf DESTINATION ${CMAKE_INSTALL_DATADIR}/dbus-1/system.d)

foreach(section 1 5 7 8)
	file(GLOB pages CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/docs/man/*.${section})
	install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()

file(GLOB documents CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/docs/*.md)
install(FILES ${documents} DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs)
install(FILES README.md NEWS.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES conf/completion/rpfilterctl OPTIONAL
	DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)

# The units: ExecStart= below the prefix; that of a network namespace is the same text, so that it
# has the same sandbox. The configuration: /etc for the prefix /usr, as
# GNUInstallDirs has it when it knows the prefix; one that somebody changed is left alone.
install(CODE "
	set(source \"${CMAKE_SOURCE_DIR}\")
	set(made \"${CMAKE_BINARY_DIR}/installed\")
	set(sbindir \"${CMAKE_INSTALL_SBINDIR}\")
	set(sysconfdir \"${CMAKE_INSTALL_SYSCONFDIR}\")
")
install(CODE [[
	get_filename_component(prefix "${CMAKE_INSTALL_PREFIX}" ABSOLUTE)
	cmake_path(ABSOLUTE_PATH sbindir BASE_DIRECTORY "${prefix}" NORMALIZE OUTPUT_VARIABLE SBINDIR)
	set(OF_WHAT)
	set(AT)
	set(STATE)
	set(NETNS)
	set(ALSO "\nAlso=rpfilterd.socket")
	configure_file("${source}/systemd/rpfilterd.service.in" "${made}/rpfilterd.service" @ONLY)
	set(OF_WHAT " of Network Namespace %i")
	set(AT "@%i")
	set(STATE "/%i")
	set(NETNS "NetworkNamespacePath=/run/netns/%i\n")
	set(ALSO)
	configure_file("${source}/systemd/rpfilterd.service.in" "${made}/rpfilterd@.service" @ONLY)
	file(INSTALL "${made}/rpfilterd.service" "${made}/rpfilterd@.service"
		DESTINATION "${prefix}/lib/systemd/system")

	if(prefix STREQUAL "/usr" AND sysconfdir STREQUAL "etc")
		set(sysconfdir /etc)
	endif()
	cmake_path(ABSOLUTE_PATH sysconfdir BASE_DIRECTORY "${prefix}" NORMALIZE)
	set(file "$ENV{DESTDIR}${sysconfdir}/rpfilterd/rpfilterd.conf")
	if(EXISTS "${file}")
		message(STATUS "Left as it is: ${file}")
	else()
		file(INSTALL "${source}/conf/rpfilterd.conf" DESTINATION "${sysconfdir}/rpfilterd")
	endif()
	if(NOT sysconfdir STREQUAL "/etc")
		message(STATUS "Read is /etc/rpfilterd/rpfilterd.conf: copy it there to change a setting")
	endif()
]])
