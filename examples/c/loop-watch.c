/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "loop-watch.h"

/* A turn of a main loop is: prepare the sources, poll, check the sources,
 * dispatch those that are ready. Between its check and its next prepare this
 * source, which itself is never ready, sees the callbacks of all others. */
struct _LoopWatch
{
  GSource source;
  gint64  checked;      /* when the loop came back from poll, or 0 */
  gint64  longest;
};

static gboolean
loop_watch_prepare (GSource *source,
                    int     *timeout)
{
  LoopWatch *self = (LoopWatch *) source;

  if (self->checked != 0)
    self->longest = MAX (self->longest, g_get_monotonic_time () - self->checked);
  self->checked = 0;

  *timeout = -1;
  return FALSE;
}

static gboolean
loop_watch_check (GSource *source)
{
  LoopWatch *self = (LoopWatch *) source;

  self->checked = g_get_monotonic_time ();
  return FALSE;
}

static gboolean
loop_watch_dispatch (GSource     *source,
                     GSourceFunc  callback,
                     gpointer     user_data)
{
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs loop_watch_funcs = {
  .prepare = loop_watch_prepare,
  .check = loop_watch_check,
  .dispatch = loop_watch_dispatch,
};

LoopWatch *
loop_watch_new (GMainContext *context)
{
  GSource *source = g_source_new (&loop_watch_funcs, sizeof (LoopWatch));

  g_source_set_static_name (source, "[checksum] loop watch");

  /* GLib does not ask a source while one of a higher priority is ready. */
  g_source_set_priority (source, G_MININT);
  g_source_attach (source, context);

  return (LoopWatch *) source;
}

void
loop_watch_free (LoopWatch *self)
{
  g_source_destroy (&self->source);
  g_source_unref (&self->source);
}

gint64
loop_watch_get_longest (LoopWatch *self)
{
  return self->longest;
}
