/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Putting back what svmd changed in the system: single-valued files, such as
 * sysctls, whose old value is written to a file of the state directory before
 * the change, so that the next svmd puts it back if this one crashes.
 *
 * The file has lines "PATH=VALUE". Any thread.
 */
#ifndef SVMD_UNDO_H
#define SVMD_UNDO_H

struct undo;

/**
 * undo_new() - puts back what a svmd that crashed has left
 * @out: the new thing.
 * @root: as in struct sense: paths are below it.
 * @state_dir: where the file is; NULL to remember only as long as svmd lives.
 */
int undo_new(struct undo **out, const char *root, const char *state_dir);

/* Puts everything back. Returns NULL. */
struct undo *undo_free(struct undo *undo);

/**
 * undo_change() - change a file until the end
 * @undo: the undo.
 * @path: of the file, without a leading slash.
 * @value: what to write.
 *
 * Returns 0 also if it has the value already, or a negative errno: then nothing
 * has changed.
 */
int undo_change(struct undo *undo, const char *path, const char *value);

/* Puts one file back: 0, -ENOENT if it was not changed, or another error. */
int undo_restore(struct undo *undo, const char *path);

#endif /* SVMD_UNDO_H */
