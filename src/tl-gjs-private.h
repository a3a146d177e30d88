/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* What has to be known of GJS. It is not linked to: a process has it or has not. */

/* Whether JavaScript has been running in this process. */
gboolean tl_gjs_is_there (void);

/* Whether a function of JavaScript is connected to a signal of @object and is
 * not blocked. */
gboolean tl_gjs_handles  (gpointer object);

/* Collects garbage, where JavaScript runs on this thread. */
void     tl_gjs_collect  (void);

G_END_DECLS
