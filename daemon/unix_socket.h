/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A listening socket in the file system, for whoever starts svmd without a
 * service manager that passes one.
 */
#ifndef SVMD_UNIX_SOCKET_H
#define SVMD_UNIX_SOCKET_H

#include <sys/types.h>

/**
 * unix_socket_listen() - listen at a path
 * @path: where; the caller removes it at its end.
 * @type: SOCK_STREAM or SOCK_SEQPACKET.
 * @mode: of the file.
 *
 * A socket whose owner ended without removing it is replaced; one that
 * somebody listens to is left alone, and so is anything else.
 *
 * Return: the socket, which doesn't block, or
 * -EADDRINUSE: there is something else at @path;
 * -ENAMETOOLONG: no address can have a path that long;
 * or what socket(2), bind(2), chmod(2) or listen(2) say.
 */
int unix_socket_listen(const char *path, int type, mode_t mode);

#endif
