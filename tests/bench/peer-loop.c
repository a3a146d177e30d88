/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer-loop.h"

static gpointer
run_loop (gpointer data)
{
  BenchLoop *self = data;

  g_main_context_push_thread_default (self->context);
  g_main_loop_run (self->loop);
  g_main_context_pop_thread_default (self->context);

  return NULL;
}

void
bench_loop_start (BenchLoop *self)
{
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->thread = g_thread_new ("loop", run_loop, self);

  /* Whoever invokes something before the thread owns its context does it
   * himself. */
  while (!g_main_loop_is_running (self->loop))
    g_usleep (100);
}

void
bench_loop_stop (BenchLoop *self)
{
  g_main_loop_quit (self->loop);
  g_thread_join (self->thread);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
}

/* For contestants whose results come into the loop of the calling thread. */
void
bench_loop_turn (gpointer unused)
{
  g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
}
