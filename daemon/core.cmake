# SPDX-License-Identifier: GPL-2.0-or-later
# svmd-core: the deciding half of svmd: no bus, no kernel, no clock. It needs
# nothing but the C library.
add_library(svmd-core STATIC
  allow.c
  budget.c
  candidate.c
  config.c
  config_file.c
  cost.c
  decide.c
  explain.c
  gate.c
  history.c
  look.c
  make_room.c
  message.c
  model.c
  oracle.c
  param.c
  place.c
  propose.c
  region.c
  replay.c
  request.c
  scope.c
  shortlist.c
  text.c
  trace.c
  value.c
  view.c
  why.c)
target_include_directories(svmd-core PUBLIC
  ${CMAKE_CURRENT_SOURCE_DIR}
  ${PROJECT_SOURCE_DIR}/include
  ${PROJECT_SOURCE_DIR}/include/uapi
  PRIVATE ${PROJECT_SOURCE_DIR}/tools/common)
target_link_libraries(svmd-core PUBLIC m)

# Writes the file of defaults and the manual page from the table of parameters.
add_executable(svmd-conf-doc conf_doc.c roff.c)
target_link_libraries(svmd-conf-doc PRIVATE svmd-core)
install(FILES ${PROJECT_SOURCE_DIR}/docs/man/svmd.conf.5
  DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
