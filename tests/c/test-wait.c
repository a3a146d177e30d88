/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Threads that wait for a future, and threads that race to settle it. */

#include "tl-test.h"

static gpointer
set_later (gpointer data)
{
  tl_future_set_int64 (data, 5);
  return NULL;
}

static gpointer
open_gate (gpointer gate)
{
  tt_gate_await (gate, 1);
  tt_gate_open (gate);
  return NULL;
}

static void
test_wait_ends (void)
{
  g_autoptr(TlFuture)     future = tl_future_new (NULL);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError)       error = NULL;
  g_auto(GValue)          value = G_VALUE_INIT;
  GThread                *thread;

  g_assert_false (tl_future_wait (future, 0, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_clear_error (&error);
  g_assert_false (tl_future_wait (future, 1000, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_clear_error (&error);
  g_assert_false (tl_future_result (future, 1000, NULL, &value, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_assert_false (G_IS_VALUE (&value));
  g_clear_error (&error);

  g_cancellable_cancel (cancellable);
  g_assert_false (tl_future_wait (future, -1, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  /* All of this was about the waiting, not about the future. */
  tt_assert_state (future, PENDING);
  g_assert_false (tl_future_cancel_requested (future));

  thread = g_thread_new ("setter", set_later, future);
  g_assert_true (tl_future_result (future, TT_PATIENCE, NULL, &value, &error));
  g_assert_no_error (error);
  g_assert_cmpint (g_value_get_int64 (&value), ==, 5);
  g_thread_join (thread);
  g_assert_true (tl_future_wait (future, 0, NULL, &error));
  g_assert_no_error (error);
}

static void
test_longest_wait (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);
  g_autoptr(TlFuture)   future = NULL;
  g_autoptr(GError)     error = NULL;
  TtGate                gate;
  GThread              *thread;

  tt_gate_init (&gate);

  /* The present time and the longest timeout are more than there is time. */
  tl_executor_set_idle_timeout (executor, G_MAXINT64);
  future = tl_executor_submit_full (executor, NULL, G_PRIORITY_DEFAULT, G_MAXINT64, NULL,
                                    tt_gate_func, &gate, NULL);
  thread = g_thread_new ("opener", open_gate, &gate);
  g_assert_true (tl_future_wait (future, G_MAXINT64, NULL, &error));
  g_assert_no_error (error);
  tt_assert_state (future, DONE);
  g_thread_join (thread);
  tt_shutdown (executor);
  tt_gate_clear (&gate);
}

typedef struct
{
  TlFuture     *future;
  GCancellable *cancellable;
  TtGate       *start;
  int           tid;
  gint64        value;
} Racer;

static gpointer
wait_for_it (gpointer data)
{
  Racer            *racer = data;
  g_autoptr(GError) error = NULL;

  g_atomic_int_set (&racer->tid, tt_gettid ());
  tl_future_wait (racer->future, TT_PATIENCE, racer->cancellable, &error);
  return g_steal_pointer (&error);
}

static void
test_wait_is_interrupted (void)
{
  g_autoptr(TlFuture)     future = tl_future_new (NULL);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError)       error = NULL;
  Racer                   racer = { future, cancellable, NULL, 0, 0 };
  GThread                *thread = g_thread_new ("waiter", wait_for_it, &racer);

  tt_wait_asleep (&racer.tid);
  g_cancellable_cancel (cancellable);
  error = g_thread_join (thread);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  tt_assert_state (future, PENDING);
}

static void
test_all_waiters_wake (void)
{
  g_autoptr(TlFuture) future = tl_future_new (NULL);
  Racer               racers[8];
  GThread            *threads[8];
  guint               i;

  for (i = 0; i < G_N_ELEMENTS (racers); i++)
    {
      racers[i] = (Racer) { future, NULL, NULL, 0, 0 };
      threads[i] = g_thread_new ("waiter", wait_for_it, &racers[i]);
    }
  for (i = 0; i < G_N_ELEMENTS (racers); i++)
    tt_wait_asleep (&racers[i].tid);
  tl_future_set_done (future);
  for (i = 0; i < G_N_ELEMENTS (racers); i++)
    g_assert_null (g_thread_join (threads[i]));
}

static gpointer
race_to_set (gpointer data)
{
  Racer *racer = data;

  tt_gate_pass (racer->start);
  return GINT_TO_POINTER (tl_future_set_int64 (racer->future, racer->value));
}

static void
test_first_writer_wins (void)
{
  guint round, i;

  for (round = 0; round < tt_scaled (500, 20); round++)
    {
      g_autoptr(TlFuture) future = tl_future_new (NULL);
      TtGate              start;
      Racer               racers[4];
      GThread            *threads[4];
      gint64              winner = -1;

      tt_gate_init (&start);
      for (i = 0; i < G_N_ELEMENTS (racers); i++)
        {
          racers[i] = (Racer) { future, NULL, &start, 0, i };
          threads[i] = g_thread_new ("setter", race_to_set, &racers[i]);
        }
      tt_gate_await (&start, G_N_ELEMENTS (racers));
      tt_gate_open (&start);
      for (i = 0; i < G_N_ELEMENTS (racers); i++)
        {
          if (g_thread_join (threads[i]) != NULL)
            {
              g_assert_cmpint (winner, ==, -1);
              winner = i;
            }
        }
      g_assert_cmpint (winner, !=, -1);
      g_assert_cmpint (tl_future_get_int64 (future, NULL), ==, winner);
      tt_gate_clear (&start);
    }
}

/* ---- wait_async ---- */

typedef struct
{
  int           calls;
  GThread      *thread;
  TlFuture     *future;
  gboolean      ok;
  GError       *error;
  gboolean      inside;
} Waited;

static void
waited (GObject      *source,
        GAsyncResult *result,
        gpointer      data)
{
  Waited *w = data;

  g_assert_null (source);
  g_assert_false (w->inside);
  w->thread = g_thread_self ();
  w->ok = tl_future_wait_finish (w->future, result, &w->error);
  g_atomic_int_inc (&w->calls);
}

static void
wait_for_async (TlFuture     *future,
                GCancellable *cancellable,
                Waited       *w)
{
  w->future = future;
  w->inside = TRUE;
  tl_future_wait_async (future, cancellable, waited, w);
  w->inside = FALSE;
}

static void
test_async (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("wait", 1);
  g_autoptr(TlFuture)   future = NULL;
  g_autoptr(TlFuture)   failed = NULL;
  TtGate                gate;
  Waited                w[3] = { { 0, }, };
  guint                 i;

  tt_gate_init (&gate);
  future = tl_executor_submit (executor, tt_gate_func, &gate, NULL);
  failed = tl_executor_submit (executor, tt_fail_func, NULL, NULL);
  wait_for_async (future, NULL, &w[0]);
  wait_for_async (failed, NULL, &w[1]);
  tt_iterate ();
  g_assert_cmpint (w[0].calls, ==, 0);

  tt_gate_open (&gate);
  tt_run_until (tt_is_set, &w[0].calls);
  tt_run_until (tt_is_set, &w[1].calls);

  /* By now it has settled already. */
  wait_for_async (future, NULL, &w[2]);
  tt_run_until (tt_is_set, &w[2].calls);

  for (i = 0; i < G_N_ELEMENTS (w); i++)
    {
      g_assert_no_error (w[i].error);
      g_assert_true (w[i].ok);
      g_assert_cmpint (w[i].calls, ==, 1);
      g_assert_true (w[i].thread == g_thread_self ());
    }
  tt_assert_state (future, DONE);
  g_assert_error (tl_future_get_error (failed), G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  tt_shutdown (executor);
  tt_gate_clear (&gate);
}

static void
test_async_is_cancelled (void)
{
  g_autoptr(TlFuture)     future = tl_future_new (NULL);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  Waited                  w[3] = { { 0, }, };
  guint                   i;

  wait_for_async (future, cancellable, &w[0]);
  g_cancellable_cancel (cancellable);
  tt_run_until (tt_is_set, &w[0].calls);

  /* And one that is cancelled from the start. */
  wait_for_async (future, cancellable, &w[1]);
  tt_run_until (tt_is_set, &w[1].calls);

  for (i = 0; i < 2; i++)
    {
      g_assert_false (w[i].ok);
      g_assert_error (w[i].error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_clear_error (&w[i].error);
    }

  /* This ended the waiting, and not the work. */
  tt_assert_state (future, PENDING);
  g_assert_false (tl_future_cancel_requested (future));
  wait_for_async (future, NULL, &w[2]);
  tl_future_set_done (future);
  tt_run_until (tt_is_set, &w[2].calls);
  tt_iterate ();
  g_assert_true (w[2].ok);
  for (i = 0; i < 3; i++)
    g_assert_cmpint (w[i].calls, ==, 1);
  g_assert_cmpuint (G_OBJECT (cancellable)->ref_count, ==, 1);
}

static gpointer
cancel_it (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  return NULL;
}

static void
test_async_cancel_races (void)
{
  guint i;

  for (i = 0; i < tt_scaled (500, 20); i++)
    {
      g_autoptr(TlFuture)     future = tl_future_new (NULL);
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      Waited                  w = { 0, };
      GThread                *thread;

      wait_for_async (future, cancellable, &w);
      thread = g_thread_new ("canceller", cancel_it, cancellable);
      tl_future_set_done (future);
      tt_run_until (tt_is_set, &w.calls);
      tt_iterate ();
      g_assert_cmpint (w.calls, ==, 1);
      g_assert_true (w.ok == (w.error == NULL));
      g_clear_error (&w.error);
      g_thread_join (thread);
    }
}

static void
add_tests (void)
{
  g_test_add_func ("/future/wait/times-out-and-is-cancelled", test_wait_ends);
  g_test_add_func ("/future/wait/for-as-long-as-there-is-time", test_longest_wait);
  g_test_add_func ("/future/wait/is-interrupted-by-its-cancellable", test_wait_is_interrupted);
  g_test_add_func ("/future/wait/every-waiter-wakes", test_all_waiters_wake);
  g_test_add_func ("/future/wait-async/comes-on-the-callers-context-without-source", test_async);
  g_test_add_func ("/future/wait-async/is-cancelled-without-touching-the-work", test_async_is_cancelled);
  g_test_add_func ("/future/wait-async/comes-once-though-cancel-races", test_async_cancel_races);
  g_test_add_func ("/future/the-first-of-four-writers-wins", test_first_writer_wins);
}

int
main (int    argc,
      char **argv)
{
  return tt_main (&argc, &argv, add_tests);
}
