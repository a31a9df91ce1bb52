# cmake --build build -t unit|golden|random|netns|kernel-tests|system|check|fixstyle|fuzz-quick|coverage,
# and the fuzzers themselves, with -DFUZZ=ON and clang.

if(FUZZ)
	add_custom_target(fuzzers)
	file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/fuzz/fuzz_*.c)
	foreach(source ${sources})
		get_filename_component(target ${source} NAME_WE)
		string(REPLACE fuzz_ "" name ${target})
		add_executable(${target} ${source})
		target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_LIST_DIR})
		target_link_libraries(${target} PRIVATE daemon ctl host_model PkgConfig::NL)
		target_compile_options(${target} PRIVATE -fsanitize=fuzzer)
		target_link_options(${target} PRIVATE -fsanitize=fuzzer)
		add_dependencies(fuzzers ${target})

		# what it finds anew goes to corpus/NAME of the build; NAME.dict, seeds/NAME and what
		# tests/fuzz/keep made of earlier finds are ours
		set(extra ${CMAKE_BINARY_DIR}/corpus/${name})
		file(MAKE_DIRECTORY ${extra})
		if(EXISTS ${CMAKE_CURRENT_LIST_DIR}/fuzz/seeds/${name})
			list(APPEND extra ${CMAKE_CURRENT_LIST_DIR}/fuzz/seeds/${name})
		endif()
		set(archive ${CMAKE_CURRENT_LIST_DIR}/fuzz/seeds/${name}.tar.xz)
		if(EXISTS ${archive})
			set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${archive})
			file(REMOVE_RECURSE ${CMAKE_BINARY_DIR}/kept/${name})
			file(ARCHIVE_EXTRACT INPUT ${archive} DESTINATION ${CMAKE_BINARY_DIR}/kept/${name})
			list(APPEND extra ${CMAKE_BINARY_DIR}/kept/${name})
		endif()
		if(EXISTS ${CMAKE_CURRENT_LIST_DIR}/fuzz/${name}.dict)
			list(APPEND extra -dict=${CMAKE_CURRENT_LIST_DIR}/fuzz/${name}.dict)
		endif()
		add_test(NAME fuzz/${name} WORKING_DIRECTORY ${CMAKE_BINARY_DIR}
			COMMAND sh -c "exec \"$@\" -max_total_time=\${FUZZ_SECONDS:-60}" fuzz
			$<TARGET_FILE:${target}> -timeout=20 -rss_limit_mb=2048 -print_final_stats=1
			-artifact_prefix=${name}- ${extra})
		set_tests_properties(fuzz/${name} PROPERTIES LABELS fuzz TIMEOUT 86400)
	endforeach()
endif()

# A kind's target builds what its tests run, then runs them.
cmake_host_system_information(RESULT jobs QUERY NUMBER_OF_LOGICAL_CORES)
get_property(programs DIRECTORY ${CMAKE_CURRENT_LIST_DIR} PROPERTY BUILDSYSTEM_TARGETS)
foreach(kind unit golden random netns kernel system check)
	set(target ${kind})
	if(TARGET ${kind})
		set(target ${kind}-tests) # the kind "kernel" and the room "kernel"
	endif()
	add_custom_target(${target}
		COMMAND ${CMAKE_CTEST_COMMAND} -L "^${kind}$" -j ${jobs} --output-on-failure
		WORKING_DIRECTORY ${CMAKE_BINARY_DIR} USES_TERMINAL VERBATIM)
	add_dependencies(${target} rpfilterd rpfilterctl ${programs})
endforeach()

file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/lib/*.[ch]
	${CMAKE_SOURCE_DIR}/daemon/*.[ch] ${CMAKE_SOURCE_DIR}/tests/*.[ch])
add_custom_target(fixstyle COMMAND clang-format -i ${sources} VERBATIM)
add_custom_target(fuzz-quick COMMAND ${CMAKE_CURRENT_LIST_DIR}/run --only fuzz --fuzz-seconds 10
	USES_TERMINAL VERBATIM)
add_custom_target(coverage COMMAND ${CMAKE_CURRENT_LIST_DIR}/run --only coverage
	USES_TERMINAL VERBATIM)
