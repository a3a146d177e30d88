/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The lines of sha256sum and its relatives. Paths are bytes, in no encoding. */
char *sum_line_new         (const char *digest,
                            const char *path);

/* The path in such a form that it fits on one line. */
char *sum_line_escape_path (const char *path);

G_END_DECLS
