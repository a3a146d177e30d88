/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tl-test.h"

/* What the fast paths may not forget. */

/* ---- Looking on before going to sleep ---- */

static void
test_spin_time (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("spin", 1);
  gint64 usual = tl_executor_get_spin_time (executor);
  int notified = 0;

  g_assert_cmpint (usual, >=, 0);
  g_assert_true ((usual > 0) == (tt_n_processors () > 1));

  g_signal_connect_swapped (executor, "notify::spin-time",
                            G_CALLBACK (g_atomic_int_inc), &notified);

  tl_executor_set_spin_time (executor, 0);
  g_assert_cmpint (tl_executor_get_spin_time (executor), ==, 0);
  g_assert_cmpint (notified, ==, usual > 0);

  tl_executor_set_spin_time (executor, 70);
  g_object_get (executor, "spin-time", &usual, NULL);
  g_assert_cmpint (usual, ==, 70);

  tt_shutdown (executor);
}

/* Each task meets a thread that has just begun or just ended to look on. */
static void
work_with_spin_time (TlExecutor *executor,
                     gint64      spin_time)
{
  const guint n = tt_scaled (2000, 50);
  int counter = 0;

  tl_executor_set_spin_time (executor, spin_time);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr(TlFuture) future = tl_executor_submit (executor, tt_count_func, &counter, NULL);

      tt_wait (future);
      if (i % 8 == 0)
        g_usleep ((gulong) g_random_int_range (0, 60));
    }

  g_assert_cmpint (counter, ==, (int) n);
}

static void
test_spin_or_not (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("spin", 2);

  work_with_spin_time (executor, 0);
  work_with_spin_time (executor, 1);
  work_with_spin_time (executor, 25);
  work_with_spin_time (executor, 1000);

  tt_shutdown (executor);
}

static void
test_event_thread_spins (void)
{
  g_autoptr(TlEventThread) thread = tt_started ("spin");
  TlExecutor *executor = tl_event_thread_get_executor (thread);

  work_with_spin_time (executor, 0);
  work_with_spin_time (executor, 20);
  work_with_spin_time (executor, 40);

  tt_stop (thread);
}

/* A worker that looks on while the executor is shut down hears of it. */
static void
test_shutdown_while_spinning (void)
{
  for (guint i = 0; i < tt_scaled (500, 20); i++)
    {
      g_autoptr(TlExecutor) executor = tl_executor_new ("spin", 2);
      g_autoptr(TlFuture) future = NULL;

      tl_executor_set_spin_time (executor, 30);
      future = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);
      tt_wait (future);
      g_usleep ((gulong) g_random_int_range (0, 50));
      tt_shutdown (executor);
    }
}

/* ---- Hulls ---- */

typedef struct
{
  TtGate      gate;
  TlExecutor *executor;
  TlFuture   *blocker;
} Blocked;

static void
block (Blocked *self)
{
  tt_gate_init (&self->gate);
  self->executor = tl_executor_new ("hulls", 1);
  self->blocker = tl_executor_submit (self->executor, tt_gate_func, &self->gate, NULL);
  tt_gate_await (&self->gate, 1);
}

static void
unblock (Blocked *self)
{
  tt_gate_open (&self->gate);
  tt_wait (self->blocker);
  tl_future_unref (self->blocker);
  tt_shutdown (self->executor);
  g_object_unref (self->executor);
  tt_gate_clear (&self->gate);
}

/* So many that they are swept, with some that are left in between, which come
 * in their order. */
static void
test_sweep (void)
{
  const guint n = 8192;
  Blocked blocked;
  g_autoptr(GPtrArray) futures = g_ptr_array_new_with_free_func ((GDestroyNotify) tl_future_unref);
  int counter = 0;

  block (&blocked);

  for (guint i = 0; i < n; i++)
    {
      int priority = i % 3 == 0 ? G_PRIORITY_HIGH : i % 3 == 1 ? G_PRIORITY_DEFAULT : G_PRIORITY_LOW;

      g_ptr_array_add (futures, tl_executor_submit_full (blocked.executor, NULL, priority, -1, NULL,
                                                         tt_count_func, &counter, NULL));
    }

  for (guint i = 0; i < n; i++)
    if (i % 64 != 0)
      g_assert_cmpint (tl_future_cancel (futures->pdata[i]), ==, TL_CANCEL_DONE);

  g_assert_cmpuint (tl_executor_get_n_queued (blocked.executor), ==, n / 64);

  unblock (&blocked);

  g_assert_cmpint (counter, ==, n / 64);
  for (guint i = 0; i < n; i++)
    if (i % 64 == 0)
      tt_assert_state (futures->pdata[i], DONE);
    else
      tt_assert_state (futures->pdata[i], CANCELLED);
}

/* What is cancelled makes room, and its data goes at once. */
static void
test_hull_makes_room (void)
{
  Blocked blocked;
  TtTrace trace = { 0, NULL };
  g_autoptr(TlFuture) first = NULL;
  g_autoptr(TlFuture) second = NULL;

  block (&blocked);
  tl_executor_set_max_queued (blocked.executor, 1);
  tl_executor_set_when_full (blocked.executor, TL_WHEN_FULL_FAIL);

  first = tl_executor_submit (blocked.executor, tt_nothing_func, &trace, tt_trace_destroy);
  g_assert_cmpint (tl_future_cancel (first), ==, TL_CANCEL_DONE);
  g_assert_cmpint (trace.destroyed, ==, 1);

  second = tl_executor_submit (blocked.executor, tt_nothing_func, NULL, NULL);
  tt_assert_state (second, PENDING);

  unblock (&blocked);
  tt_assert_state (second, DONE);
}

static void
test_cancel_all_queued (void)
{
  const guint n = 3000;
  Blocked blocked;
  g_autoptr(GPtrArray) futures = g_ptr_array_new_with_free_func ((GDestroyNotify) tl_future_unref);
  int counter = 0;

  block (&blocked);

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (futures, tl_executor_submit_full (blocked.executor, NULL, (int) (i % 7) - 3, -1,
                                                       NULL, tt_count_func, &counter, NULL));
  for (guint i = 0; i < n; i += 2)
    tl_future_cancel (futures->pdata[i]);

  g_assert_false (tl_executor_shutdown (blocked.executor, TL_SHUTDOWN_CANCEL_QUEUED, 0, NULL, NULL));
  for (guint i = 0; i < n; i++)
    tt_assert_state (futures->pdata[i], CANCELLED);

  unblock (&blocked);
  g_assert_cmpint (counter, ==, 0);
}

/* ---- Posts ---- */

/* In order with what was submitted, through an open inbox and a shut one. */
static gboolean
append_func (TlFuture  *future,
             gpointer   user_data,
             GError   **error)
{
  g_string_append_c (user_data, tl_future_get_cancellable (future) != NULL ? '.' : '?');

  return TRUE;
}

static gboolean
mark_func (TlFuture  *future,
           gpointer   user_data,
           GError   **error)
{
  g_string_append_c (user_data, '|');

  return TRUE;
}

static void
post_in_order (guint max_queued)
{
  g_autoptr(GString) seen = g_string_new (NULL);
  Blocked blocked;

  block (&blocked);
  tl_executor_set_max_queued (blocked.executor, max_queued);

  for (guint i = 0; i < 3; i++)
    {
      g_autoptr(TlFuture) future = NULL;

      tl_executor_post (blocked.executor, append_func, seen, NULL);
      future = tl_executor_submit (blocked.executor, mark_func, seen, NULL);
    }

  g_assert_cmpuint (tl_executor_get_n_queued (blocked.executor), ==, 6);
  unblock (&blocked);
  g_assert_cmpstr (seen->str, ==, ".|.|.|");
}

static void
test_posts_in_order (void)
{
  post_in_order (0);
  post_in_order (100);
}

/* A limit that is set while there is work, and taken away again, loses none and
 * keeps the order. */
static void
test_limit_comes_and_goes (void)
{
  g_autoptr(GString) seen = g_string_new (NULL);
  Blocked blocked;

  block (&blocked);

  tl_executor_post (blocked.executor, append_func, seen, NULL);
  tl_executor_set_max_queued (blocked.executor, 100);
  tl_executor_post (blocked.executor, mark_func, seen, NULL);
  tl_executor_set_max_queued (blocked.executor, 0);
  tl_executor_post (blocked.executor, append_func, seen, NULL);

  unblock (&blocked);
  g_assert_cmpstr (seen->str, ==, ".|.");
}

/* One that is dropped with the queue was cancelled, which is no error to
 * report; its data is freed. */
static void
test_posts_are_dropped (void)
{
  TtTrace trace = { 0, NULL };
  Blocked blocked;

  tt_reports_begin ();
  block (&blocked);

  tl_executor_post (blocked.executor, tt_fail_func, &trace, tt_trace_destroy);
  tl_executor_shutdown (blocked.executor, TL_SHUTDOWN_CANCEL_QUEUED, 0, NULL, NULL);
  g_assert_cmpint (trace.destroyed, ==, 1);

  unblock (&blocked);
  g_assert_cmpuint (tt_reports_count (), ==, 0);
  tt_reports_end ();
}

/* ---- A slow start ---- */

static TtGate slow_start;

/* The second thread does not get beyond this. */
static gboolean
slow_thread (gpointer   n_threads,
             GError   **error)
{
  if (g_atomic_int_add ((gint *) n_threads, 1) == 1)
    tt_gate_pass (&slow_start);
  tl_thread_run ();

  return TRUE;
}

/* A thread that is being set up is on nobody's way: the other one, which has
 * gone to sleep meanwhile, is woken for what comes. */
static void
test_slow_hook_holds_up_nobody (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("slow", 2);
  g_autoptr(TlFuture) blocker = NULL;
  g_autoptr(TlFuture) queued = NULL;
  int n_threads = 0;
  TtGate gate;

  tt_gate_init (&slow_start);
  tt_gate_init (&gate);
  tl_executor_set_thread_func (executor, slow_thread, &n_threads, NULL);

  blocker = tl_executor_submit (executor, tt_gate_func, &gate, NULL);
  tt_gate_await (&gate, 1);
  queued = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);
  tt_gate_await (&slow_start, 1);

  tt_gate_open (&gate);
  tt_wait (queued);

  for (guint i = 0; i < 100; i++)
    {
      g_autoptr(TlFuture) later = NULL;

      g_usleep (i % 2 == 0 ? 0 : 200);
      later = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);
      tt_wait (later);
    }

  tt_gate_open (&slow_start);
  tt_shutdown (executor);
  tt_gate_clear (&gate);
  tt_gate_clear (&slow_start);
}

static void
add_tests (void)
{
  g_test_add_func ("/speed/spin-time-is-a-property", test_spin_time);
  g_test_add_func ("/speed/spin-or-not-all-runs", test_spin_or_not);
  g_test_add_func ("/speed/event-thread-spins-or-not", test_event_thread_spins);
  g_test_add_func ("/speed/shutdown-while-spinning", test_shutdown_while_spinning);
  g_test_add_func ("/speed/hulls-are-swept-and-the-rest-runs", test_sweep);
  g_test_add_func ("/speed/hulls-make-room-at-once", test_hull_makes_room);
  g_test_add_func ("/speed/hulls-are-not-cancelled-twice", test_cancel_all_queued);
  g_test_add_func ("/speed/posts-come-in-order", test_posts_in_order);
  g_test_add_func ("/speed/posts-are-dropped-quietly", test_posts_are_dropped);
  g_test_add_func ("/speed/limit-comes-and-goes", test_limit_comes_and_goes);
  g_test_add_func ("/speed/slow-thread-function-holds-up-nobody", test_slow_hook_holds_up_nobody);
}

int
main (int    argc,
      char **argv)
{
  return tt_main (&argc, &argv, add_tests);
}
