/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The executor that runs its work in a main context. */

#include "tl-test.h"

static gboolean
order_func (TlFuture  *future,
            gpointer   order,
            GError   **error)
{
  g_string_append (order, tl_future_get_name (future));
  return TRUE;
}

static gboolean
order_source (gpointer order)
{
  g_string_append (order, "s");
  return G_SOURCE_REMOVE;
}

static void
submit_ordered (TlExecutor *executor,
                const char *name,
                int         priority,
                GString    *order)
{
  tl_future_unref (tl_executor_submit_full (executor, name, priority, -1, NULL,
                                            order_func, order, NULL));
}

/* ---- Where it runs ---- */

static gpointer
submit_to_main (gpointer executor)
{
  return tl_executor_submit (executor, tt_thread_func, NULL, NULL);
}

static void
test_runs_in_the_default_context (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new_for_context (NULL);
  g_autoptr(TlFuture)   future = NULL;

  future = g_thread_join (g_thread_new ("submitter", submit_to_main, executor));
  tt_assert_state (future, PENDING);
  g_assert_cmpuint (tl_executor_get_n_queued (executor), ==, 1);
  tt_run_until (tt_is_done, future);
  g_assert_true (tl_future_get_pointer (future, NULL) == g_thread_self ());
  g_assert_cmpuint (tl_executor_get_n_queued (executor), ==, 0);
}

static gboolean
wait_for_main_func (TlFuture  *future,
                    gpointer   executor,
                    GError   **error)
{
  g_autoptr(TlFuture) on_main = tl_executor_submit (executor, tt_thread_func, NULL, NULL);

  if (!tl_future_wait (on_main, TT_PATIENCE, NULL, error))
    return FALSE;
  tl_future_set_pointer (future, tl_future_get_pointer (on_main, NULL), NULL);
  return TRUE;
}

static void
test_worker_waits_for_main (void)
{
  g_autoptr(TlExecutor) main_executor = tl_executor_new_for_context (NULL);
  g_autoptr(TlExecutor) pool = tl_executor_new (NULL, 1);
  g_autoptr(TlFuture)   future = NULL;

  future = tl_executor_submit (pool, wait_for_main_func, main_executor, NULL);
  tt_run_until (tt_is_done, future);
  tt_assert_state (future, DONE);
  g_assert_true (tl_future_get_pointer (future, NULL) == g_thread_self ());
  tt_shutdown (pool);
}

static void
test_never_inside_submit (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new_for_context (NULL);
  g_autoptr(TlFuture)   future = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);

  tt_assert_state (future, PENDING);
  tt_iterate ();
  tt_assert_state (future, DONE);
}

/* ---- Order, turns ---- */

static void
test_order (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new_for_context (NULL);
  g_autoptr(GString)    order = g_string_new (NULL);
  GSource              *source;

  submit_ordered (executor, "e", 250, order);
  submit_ordered (executor, "c", 0, order);
  submit_ordered (executor, "d", 0, order);
  submit_ordered (executor, "a", -50, order);
  submit_ordered (executor, "b", -10, order);
  submit_ordered (executor, "f", 250, order);

  /* A task of some priority runs as a source of that priority would. */
  source = g_idle_source_new ();
  g_source_set_priority (source, 100);
  g_source_set_callback (source, order_source, order, NULL);
  g_source_attach (source, NULL);
  g_source_unref (source);
  source = g_idle_source_new ();
  g_source_set_priority (source, -20);
  g_source_set_callback (source, order_source, order, NULL);
  g_source_attach (source, NULL);
  g_source_unref (source);

  tt_iterate ();
  g_assert_cmpstr (order->str, ==, "asbcdsef");
}

static void
test_low_priority_work_holds_up_nothing (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new_for_context (NULL);
  g_autoptr(GString)    order = g_string_new (NULL);
  guint                 i;

  /* It comes when work of the executor is queued, and goes before it. */
  for (i = 0; i < 3; i++)
    submit_ordered (executor, "z", G_PRIORITY_LOW, order);
  g_idle_add (order_source, order);
  tt_iterate ();
  g_assert_cmpstr (order->str, ==, "szzz");
}

typedef struct
{
  int turns;
  int ran;
  int had_run;
} Turns;

/* The tasks, too, miss a turn at times, in favour of what is less urgent. */
static gboolean
count_turn (gpointer data)
{
  Turns *turns = data;

  if (turns->ran != turns->had_run)
    turns->turns++;
  turns->had_run = turns->ran;
  return G_SOURCE_CONTINUE;
}

static gboolean
one_millisecond_func (TlFuture  *future,
                      gpointer   data,
                      GError   **error)
{
  gint64 end = g_get_monotonic_time () + 1000;

  while (g_get_monotonic_time () < end)
    ;
  ((Turns *) data)->ran++;
  return TRUE;
}

static gboolean
short_func (TlFuture  *future,
            gpointer   data,
            GError   **error)
{
  ((Turns *) data)->ran++;
  return TRUE;
}

static void
run_turns (TlFunc  func,
           int     n,
           Turns  *turns)
{
  g_autoptr(TlExecutor) executor = tl_executor_new_for_context (NULL);
  GSource              *source = g_idle_source_new ();
  int                   i;

  for (i = 0; i < n; i++)
    tl_executor_post (executor, func, turns, NULL);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, count_turn, turns, NULL);
  g_source_attach (source, NULL);
  while (turns->ran < n)
    g_main_context_iteration (NULL, FALSE);
  g_source_destroy (source);
  g_source_unref (source);
}

static void
test_tasks_share_a_turn (void)
{
  Turns many = { 0, };
  Turns slow = { 0, };

  run_turns (short_func, 10000, &many);
  g_assert_cmpint (many.turns, <, 5000);

  /* But no more than a few milliseconds of it. */
  run_turns (one_millisecond_func, 100, &slow);
  g_assert_cmpint (slow.turns, >=, 10);
}

/* ---- Waiting would deadlock ---- */

static gboolean
wait_on_own_thread (gpointer data)
{
  TlFuture         *future = data;
  g_autoptr(GError) error = NULL;

  g_assert_false (tl_future_wait (future, -1, NULL, &error));
  g_assert_error (error, TL_ERROR, TL_ERROR_WOULD_DEADLOCK);
  g_clear_error (&error);
  g_assert_false (tl_future_result (future, -1, NULL, NULL, &error));
  g_assert_error (error, TL_ERROR, TL_ERROR_WOULD_DEADLOCK);
  tt_assert_state (future, PENDING);

  return G_SOURCE_REMOVE;
}

static void
test_wait_inside_the_loop (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new_for_context (NULL);
  g_autoptr(TlFuture)   future = NULL;
  GSource              *source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_HIGH);
  future = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);
  g_source_set_callback (source, wait_on_own_thread, future, NULL);
  g_source_attach (source, NULL);
  g_source_unref (source);
  tt_run_until (tt_is_done, future);
  tt_assert_state (future, DONE);
}

static void
test_wait_in_a_plain_script (void)
{
  /* In a process where the default context was never iterated. */
  if (g_test_subprocess ())
    {
      g_autoptr(TlExecutor) executor = tl_executor_new_for_context (NULL);
      g_autoptr(TlFuture)   future = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);

      wait_on_own_thread (future);
      return;
    }

  g_test_trap_subprocess (NULL, 2 * TT_PATIENCE, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
}

static gboolean
wait_for_sibling_func (TlFuture  *future,
                       gpointer   executor,
                       GError   **error)
{
  g_autoptr(TlFuture) sibling = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);

  return tl_future_wait (sibling, -1, NULL, error);
}

static void
test_wait_inside_a_task (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new_for_context (NULL);
  g_autoptr(TlFuture)   future = NULL;

  future = tl_executor_submit (executor, wait_for_sibling_func, executor, NULL);
  tt_run_until (tt_is_done, future);
  g_assert_error (tl_future_get_error (future), TL_ERROR, TL_ERROR_WOULD_DEADLOCK);
  tt_iterate ();
}

/* ---- The end ---- */

static void
test_dropped_context_abandons (void)
{
  GMainContext        *context = g_main_context_new ();
  TlExecutor          *executor = tl_executor_new_for_context (context);
  TtTrace              traces[10] = { { 0, }, };
  TlFuture            *futures[10];
  guint                i;

  for (i = 0; i < G_N_ELEMENTS (traces); i++)
    futures[i] = tl_executor_submit (executor, tt_nothing_func, &traces[i], tt_trace_destroy);
  g_object_unref (executor);
  g_main_context_unref (context);

  for (i = 0; i < G_N_ELEMENTS (traces); i++)
    {
      tt_wait_error (futures[i], TL_ERROR, TL_ERROR_ABANDONED);
      tt_assert_state (futures[i], FAILED);
      tl_future_unref (futures[i]);
      g_assert_cmpint (traces[i].destroyed, ==, 1);
    }
}

static void
test_dropped_executor_runs_on (void)
{
  TlExecutor         *executor = tl_executor_new_for_context (NULL);
  g_autoptr(TlFuture) future = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);

  g_object_unref (executor);
  tt_assert_state (future, PENDING);
  tt_iterate ();
  tt_assert_state (future, DONE);
}

static gboolean
drop_executor_func (TlFuture  *future,
                    gpointer   executor,
                    GError   **error)
{
  g_object_unref (executor);
  return TRUE;
}

static void
test_dropped_inside_its_own_task (void)
{
  TlExecutor         *executor = tl_executor_new_for_context (NULL);
  g_autoptr(TlFuture) first = tl_executor_submit (executor, drop_executor_func, executor, NULL);
  g_autoptr(TlFuture) second = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);

  tt_run_until (tt_is_done, second);
  tt_assert_state (first, DONE);
  tt_assert_state (second, DONE);
}

static gpointer
shut_down_in_thread (gpointer executor)
{
  tt_shutdown (executor);
  return NULL;
}

static void
test_shutdown_drains (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new_for_context (NULL);
  g_autoptr(TlFuture)   future = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);
  g_autoptr(TlFuture)   late = NULL;
  g_autoptr(GError)     error = NULL;
  GThread              *thread;

  g_assert_false (tl_executor_shutdown (executor, TL_SHUTDOWN_DRAIN, 0, NULL, &error));
  g_assert_nonnull (error);
  late = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);
  tt_wait_error (late, TL_ERROR, TL_ERROR_SHUT_DOWN);

  thread = g_thread_new ("closer", shut_down_in_thread, executor);
  tt_run_until (tt_is_done, future);
  tt_assert_state (future, DONE);
  g_thread_join (thread);
  tt_shutdown (executor);
}

static void
test_shutdown_cancels (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new_for_context (NULL);
  g_autoptr(TlFuture)   future = NULL;
  int                   counter = 0;

  future = tl_executor_submit (executor, tt_count_func, &counter, NULL);
  tl_executor_shutdown (executor, TL_SHUTDOWN_CANCEL_QUEUED, 0, NULL, NULL);
  tt_wait_for (future, CANCELLED);
  tt_iterate ();
  tt_shutdown (executor);
  g_assert_cmpint (counter, ==, 0);
}

static void
test_cancel_and_deadline (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new_for_context (NULL);
  g_autoptr(TlFuture)   cancelled = NULL;
  g_autoptr(TlFuture)   late = NULL;
  int                   counter = 0;

  cancelled = tl_executor_submit (executor, tt_count_func, &counter, NULL);
  late = tl_executor_submit_full (executor, NULL, 0, g_get_monotonic_time () + 1000, NULL,
                                  tt_count_func, &counter, NULL);
  g_assert_cmpint (tl_future_cancel (cancelled), ==, TL_CANCEL_DONE);
  tt_wait_for (cancelled, CANCELLED);
  tt_poll_until (tt_is_done, late, "the deadline passed");
  g_assert_error (tl_future_get_error (late), G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_assert_cmpuint (tl_executor_get_n_queued (executor), ==, 0);
  tt_iterate ();
  g_assert_cmpint (counter, ==, 0);
}

static void
add_tests (void)
{
  g_test_add_func ("/context/runs-on-the-thread-that-iterates-it", test_runs_in_the_default_context);
  g_test_add_func ("/context/a-worker-waits-for-work-on-it", test_worker_waits_for_main);
  g_test_add_func ("/context/never-runs-inside-of-submit", test_never_inside_submit);
  g_test_add_func ("/context/order/priorities-as-sources", test_order);
  g_test_add_func ("/context/order/low-priority-holds-up-nothing", test_low_priority_work_holds_up_nothing);
  g_test_add_func ("/context/tasks-share-a-turn-but-only-milliseconds-of-it", test_tasks_share_a_turn);
  g_test_add_func ("/context/would-deadlock/inside-the-loop", test_wait_inside_the_loop);
  g_test_add_func ("/context/would-deadlock/inside-a-task", test_wait_inside_a_task);
  g_test_add_func ("/context/would-deadlock/in-a-plain-script", test_wait_in_a_plain_script);
  g_test_add_func ("/context/destroyed-one-abandons-its-work", test_dropped_context_abandons);
  g_test_add_func ("/context/dropped-executor-loses-nothing", test_dropped_executor_runs_on);
  g_test_add_func ("/context/executor-dropped-inside-its-own-task", test_dropped_inside_its_own_task);
  g_test_add_func ("/context/shutdown-drains-while-the-loop-runs", test_shutdown_drains);
  g_test_add_func ("/context/shutdown-cancels-what-is-queued", test_shutdown_cancels);
  g_test_add_func ("/context/cancel-and-deadline-while-nobody-iterates", test_cancel_and_deadline);
}

int
main (int    argc,
      char **argv)
{
  return tt_main (&argc, &argv, add_tests);
}
