# What `cmake --install` puts where. Paths in the unit follow the prefix of the install.
install(TARGETS rpfilterd RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(TARGETS rpfilterctl RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
