# SPDX-License-Identifier: GPL-2.0-or-later
# The daemon around svmd-core: what senses, acts and talks.
pkg_check_modules(SYSTEMD REQUIRED IMPORTED_TARGET libsystemd)
pkg_check_modules(EVENT REQUIRED IMPORTED_TARGET libevent_core libevent_extra)
pkg_check_modules(DRM REQUIRED IMPORTED_TARGET libdrm)
pkg_check_modules(VERBS REQUIRED IMPORTED_TARGET libibverbs)

if(NOT TARGET svm-tools-common)
  add_subdirectory(${PROJECT_SOURCE_DIR}/tools/common ${CMAKE_BINARY_DIR}/tools/common)
endif()

include(CheckStructHasMember)
check_struct_has_member("struct ibv_port_attr" active_speed_ex
  infiniband/verbs.h HAVE_ACTIVE_SPEED_EX)

# Everything but main(), for the tests as well.
add_library(svmd-parts STATIC
  bus_act.c
  bus_dump.c
  bus_face.c
  bus_host.c
  bus_log.c
  bus_loop.c
  bus_manager.c
  bus_policy.c
  bus_polkit.c
  bus_refuse.c
  bus_session.c
  card_client.c
  card_drm.c
  closer.c
  damon.c
  dump.c
  heat.c
  holds.c
  idle.c
  log.c
  memory.c
  metrics.c
  mover.c
  pagemap.c
  peer.c
  port_verbs.c
  program.c
  rivals.c
  round.c
  sense.c
  session.c
  session_keep.c
  session_listen.c
  sysfs.c
  telemetry_drm.c
  telemetry_numa.c
  telemetry_rdma.c
  telemetry_svm.c
  undo.c
  unix_socket.c
  usage.c
  watch.c
  worker.c)
target_include_directories(svmd-parts PUBLIC
  ${CMAKE_CURRENT_SOURCE_DIR}
  ${PROJECT_SOURCE_DIR}/libsvm)
target_link_libraries(svmd-parts PUBLIC
  svmd-core svm PkgConfig::SYSTEMD PkgConfig::EVENT PkgConfig::NUMA
  PkgConfig::DRM PkgConfig::VERBS Threads::Threads
  PRIVATE svm-tools-common)
if(HAVE_ACTIVE_SPEED_EX)
  set_source_files_properties(port_verbs.c PROPERTIES
    COMPILE_DEFINITIONS HAVE_ACTIVE_SPEED_EX)
endif()
target_compile_definitions(svmd-parts PUBLIC SVMD_VERSION="${PROJECT_VERSION}")

add_executable(svmd main.c)
target_link_libraries(svmd PRIVATE svmd-parts)
install(TARGETS svmd DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/svm)
install(FILES ${PROJECT_SOURCE_DIR}/docs/man/svmd.8
  DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
# Writes the manual pages of the interfaces on the bus.
add_executable(svmd-bus-doc bus_doc.c bus_doc_text.c roff.c)
file(GLOB SVMD_BUS_PAGES CONFIGURE_DEPENDS
  ${PROJECT_SOURCE_DIR}/docs/man/org.svmd1*.5)
install(FILES ${SVMD_BUS_PAGES} DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
file(GLOB SVMD_INTERFACES CONFIGURE_DEPENDS
  ${PROJECT_SOURCE_DIR}/docs/dbus/org.svmd1.*.xml)
install(FILES ${SVMD_INTERFACES}
  DESTINATION ${CMAKE_INSTALL_DATADIR}/dbus-1/interfaces)
