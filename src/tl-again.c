/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-again-private.h"

#include "tl-gjs-private.h"

/* In milliseconds. */
#define A_MOMENT 2

typedef struct
{
  GSourceOnceFunc func;
  gpointer        data;
  GDestroyNotify  destroy;
} Again;

static gboolean
again (gpointer data)
{
  Again *self = data;

  tl_gjs_collect ();
  self->func (self->data);

  return G_SOURCE_REMOVE;
}

static void
again_free (gpointer data)
{
  Again *self = data;

  if (self->destroy != NULL)
    self->destroy (self->data);
  g_free (self);
}

void
tl_call_again (GSourceOnceFunc func,
               gpointer        data,
               GDestroyNotify  destroy)
{
  g_autoptr(GSource) source = g_timeout_source_new (A_MOMENT);
  GSource *current = g_main_current_source ();
  Again *self = g_new (Again, 1);

  *self = (Again) { func, data, destroy };
  g_source_set_static_name (source, "threadloop: once more");
  g_source_set_callback (source, again, self, again_free);
  g_source_attach (source, current != NULL ? g_source_get_context (current) : g_main_context_get_thread_default ());
}
