/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Called for each regular file, and with an @error for each thing that could
 * not be looked at. Returns %FALSE to end the walk. */
typedef gboolean (*TreeFunc) (const char   *path,
                              goffset       size,
                              const GError *error,
                              gpointer      user_data);

/* Walks through files and directories and all that is below them, blocking.
 * Paths are those that `find PATH... -type f` prints. Symbolic links are
 * followed where they are named in @paths, and nowhere below.
 *
 * Returns %FALSE if the walk ended early. */
gboolean tree_walk (char         **paths,
                    GCancellable  *cancellable,
                    TreeFunc       func,
                    gpointer       user_data);

G_END_DECLS
