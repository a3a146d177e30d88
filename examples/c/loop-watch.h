/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Measures for how long a main loop is held up by its own callbacks. */
typedef struct _LoopWatch LoopWatch;

LoopWatch *loop_watch_new         (GMainContext *context);
void       loop_watch_free        (LoopWatch    *self);

/* The longest that all other sources had to wait, in microseconds. */
gint64     loop_watch_get_longest (LoopWatch    *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LoopWatch, loop_watch_free)

G_END_DECLS
