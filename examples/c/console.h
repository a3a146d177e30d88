/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What lets errors of standard output be told from those of a file. */
#define CONSOLE_ERROR (console_error_quark ())

GQuark console_error_quark (void);

/* Standard output, to which many threads print, and standard error, which has
 * a status line at its end. They may well be the same terminal. */
typedef struct _Console Console;

Console  *console_new         (void);
void      console_free        (Console       *self);

/* Prints some lines, or nothing. Blocks; for every thread. */
gboolean  console_print       (Console       *self,
                               const char    *lines,
                               GCancellable  *cancellable,
                               GError       **error);

/* The rest is for the main thread, which never waits for console_print(). */
void      console_complain    (Console       *self,
                               const char    *format,
                               ...) G_GNUC_PRINTF (2, 3);

/* Only for terminals. An empty status takes the line away. */
void      console_set_status  (Console       *self,
                               const char    *status);

gboolean  console_is_terminal (void);
guint     console_get_width   (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Console, console_free)

G_END_DECLS
