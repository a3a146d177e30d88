/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The pool of threads: that work runs, where, in which order, and that work
 * may wait for work. */

#include "tl-test.h"

#include <sys/prctl.h>

/* ---- Work runs ---- */

static gboolean
answer_func (TlFuture  *future,
             gpointer   number,
             GError   **error)
{
  g_assert_true (tl_future_get_current () == future);
  g_assert_true (tl_future_running (future));
  tt_assert_state (future, RUNNING);
  g_assert_true (tl_future_set_int64 (future, GPOINTER_TO_INT (number)));

  /* It settles when this function has returned, and not before. */
  tt_assert_state (future, RUNNING);
  return TRUE;
}

static void
test_result_comes_back (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("answers", 2);
  g_autoptr(TlFuture)   future = NULL;
  g_autoptr(TlFuture)   named = NULL;
  g_autoptr(TlFuture)   nothing = NULL;
  g_autoptr(GError)     error = NULL;
  g_auto(GValue)        value = G_VALUE_INIT;

  future = tl_executor_submit (executor, answer_func, GINT_TO_POINTER (42), NULL);
  g_assert_null (tl_future_get_name (future));
  tt_wait_for (future, DONE);
  g_assert_cmpint (tl_future_get_int64 (future, &error), ==, 42);
  g_assert_no_error (error);

  named = tl_executor_submit_full (executor, "question", G_PRIORITY_DEFAULT, -1, NULL,
                                   answer_func, GINT_TO_POINTER (43), NULL);
  g_assert_cmpstr (tl_future_get_name (named), ==, "question");
  g_assert_true (tl_future_result (named, TT_PATIENCE, NULL, &value, &error));
  g_assert_no_error (error);
  g_assert_cmpint (g_value_get_int64 (&value), ==, 43);

  nothing = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);
  tt_wait_for (nothing, DONE);
  tt_shutdown (executor);
}

static void
test_submit_many (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 2);
  g_autoptr(GPtrArray)  none = NULL;
  g_autoptr(GPtrArray)  futures = NULL;
  g_autofree gpointer  *numbers = NULL;
  guint                 n = tt_scaled (10000, 500);
  guint                 i;

  none = tl_executor_submit_many (executor, answer_func, NULL, 0, NULL);
  g_assert_nonnull (none);
  g_assert_cmpuint (none->len, ==, 0);

  numbers = g_new (gpointer, n);
  for (i = 0; i < n; i++)
    numbers[i] = GUINT_TO_POINTER (i);
  futures = tl_executor_submit_many (executor, answer_func, numbers, n, NULL);
  g_assert_cmpuint (futures->len, ==, n);
  for (i = 0; i < n; i++)
    {
      TlFuture *future = g_ptr_array_index (futures, i);

      tt_wait_for (future, DONE);
      g_assert_cmpint (tl_future_get_int64 (future, NULL), ==, i);
    }
  tt_shutdown (executor);
}

static void
test_post (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 2);
  int                   counter = 0;
  guint                 i;

  for (i = 0; i < 1000; i++)
    tl_executor_post (executor, tt_count_func, &counter, NULL);
  tt_shutdown (executor);
  g_assert_cmpint (counter, ==, 1000);
}

static void
test_default_executor (void)
{
  TlExecutor          *executor = tl_executor_get_default ();
  g_autoptr(TlFuture)  future = NULL;
  g_autoptr(GError)    error = NULL;

  g_assert_true (TL_IS_EXECUTOR (executor));
  g_assert_true (tl_executor_get_default () == executor);

  g_assert_false (tl_executor_shutdown (executor, TL_SHUTDOWN_CANCEL_ALL, -1, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);

  future = tl_executor_submit (executor, answer_func, GINT_TO_POINTER (1), NULL);
  tt_wait_for (future, DONE);
}

/* ---- Threads ---- */

static void
test_no_thread_before_work (void)
{
  guint                 before = tt_n_threads (NULL);
  g_autoptr(TlExecutor) executor = tl_executor_new ("lazy-one", 4);

  /* One that a test before has joined may have been in /proc until now. */
  g_assert_cmpuint (tt_n_threads (NULL), <=, before);
  tt_shutdown (executor);
  g_assert_cmpuint (tt_n_threads (NULL), <=, before);
}

static gboolean
name_func (TlFuture  *future,
           gpointer   unused,
           GError   **error)
{
  char name[17] = { 0, };

  g_assert_cmpint (prctl (PR_GET_NAME, name), ==, 0);
  tl_future_set_string (future, name);
  return TRUE;
}

static void
test_threads_are_named (void)
{
  g_autoptr(TlExecutor) brief = tl_executor_new ("brief", 1);
  g_autoptr(TlExecutor) lengthy = tl_executor_new ("a-name-of-more-than-fifteen", 1);
  g_autoptr(TlFuture)   brief_future = tl_executor_submit (brief, name_func, NULL, NULL);
  g_autoptr(TlFuture)   lengthy_future = tl_executor_submit (lengthy, name_func, NULL, NULL);

  tt_wait (brief_future);
  tt_wait (lengthy_future);
  g_assert_cmpstr (tl_future_get_string (brief_future, NULL), ==, "brief");
  g_assert_cmpstr (tl_future_get_string (lengthy_future, NULL), ==, "a-name-of-more-");
  g_assert_cmpstr (tl_executor_get_name (lengthy), ==, "a-name-of-more-than-fifteen");
  tt_shutdown (brief);
  tt_shutdown (lengthy);
}

static void
test_all_workers_are_used (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("all-workers", 4);
  g_autoptr(GPtrArray)  futures = NULL;
  gpointer              gates[8];
  TtGate                gate;
  guint                 i;

  tt_gate_init (&gate);
  for (i = 0; i < G_N_ELEMENTS (gates); i++)
    gates[i] = &gate;
  futures = tl_executor_submit_many (executor, tt_gate_func, gates, G_N_ELEMENTS (gates), NULL);

  /* Four at the gate at once, and never more threads than that. */
  tt_gate_await (&gate, 4);
  g_assert_cmpuint (tl_executor_get_n_running (executor), ==, 4);
  g_assert_cmpuint (tl_executor_get_n_queued (executor), ==, 4);
  g_assert_cmpuint (tt_n_threads ("all-workers"), ==, 4);
  tt_gate_open (&gate);
  for (i = 0; i < futures->len; i++)
    tt_wait_for (g_ptr_array_index (futures, i), DONE);
  g_assert_cmpuint (gate.arrived, ==, 8);
  tt_shutdown (executor);
  tt_wait_threads ("all-workers", 0);
  tt_gate_clear (&gate);
}

static void
test_long_task_delays_nobody (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 2);
  g_autoptr(GPtrArray)  futures = NULL;
  g_autoptr(TlFuture)   blocked = NULL;
  gpointer              counters[1000];
  TtGate                gate;
  int                   counter = 0;
  guint                 round, i;

  /* No worker may take more for itself than it works on. */
  for (i = 0; i < G_N_ELEMENTS (counters); i++)
    counters[i] = &counter;
  for (round = 0; round < tt_scaled (20, 2); round++)
    {
      tt_gate_init (&gate);
      counter = 0;
      futures = tl_executor_submit_many (executor, tt_count_func, counters, 500, NULL);
      blocked = tl_executor_submit (executor, tt_gate_func, &gate, NULL);
      for (i = 0; i < 500; i++)
        tl_executor_post (executor, tt_count_func, &counter, NULL);
      g_ptr_array_extend_and_steal (futures, tl_executor_submit_many (executor, tt_count_func,
                                                                      counters, 1000, NULL));
      for (i = 0; i < futures->len; i++)
        tt_wait_for (g_ptr_array_index (futures, i), DONE);
      g_assert_false (tl_future_done (blocked));
      tt_gate_open (&gate);
      tt_wait_for (blocked, DONE);
      g_clear_pointer (&blocked, tl_future_unref);
      g_clear_pointer (&futures, g_ptr_array_unref);
      tt_gate_clear (&gate);
    }
  tt_shutdown (executor);
  g_assert_cmpint (counter, ==, 2000);
}

static void
test_idle_threads_retire (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("retiring", 4);
  guint                 round, i;

  tl_executor_set_idle_timeout (executor, 1000);
  for (round = 0; round < 3; round++)
    {
      TtGate    gate;
      TlFuture *futures[4];

      tt_gate_init (&gate);
      for (i = 0; i < G_N_ELEMENTS (futures); i++)
        futures[i] = tl_executor_submit (executor, tt_gate_func, &gate, NULL);
      tt_gate_await (&gate, G_N_ELEMENTS (futures));
      tt_gate_open (&gate);
      for (i = 0; i < G_N_ELEMENTS (futures); i++)
        {
          tt_wait_for (futures[i], DONE);
          tl_future_unref (futures[i]);
        }

      /* Not because of a shutdown, and the next work makes them again. */
      tt_wait_threads ("retiring", 0);
      tt_gate_clear (&gate);
    }
  tt_shutdown (executor);
}

static void
test_retiring_loses_nothing (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("retiring", 2);
  guint                 i;

  /* Each submit may meet the thread just as it gives up waiting. */
  tl_executor_set_idle_timeout (executor, 0);
  for (i = 0; i < tt_scaled (5000, 100); i++)
    {
      g_autoptr(TlFuture) future = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);

      tt_wait_for (future, DONE);
      if (i % 3 == 0)
        g_thread_yield ();
    }
  tt_shutdown (executor);
}

/* ---- Order ---- */

typedef struct
{
  GAsyncQueue *order;
  int          number;
} Ordered;

static gboolean
ordered_func (TlFuture  *future,
              gpointer   data,
              GError   **error)
{
  Ordered *ordered = data;

  g_async_queue_push (ordered->order, GINT_TO_POINTER (ordered->number + 1));
  return TRUE;
}

static void
test_priorities (void)
{
  static const int priorities[] = { 0, 300, -100, 100, 0, 300, -100, 100, 0, 7, -7, 7, -7 };
  static const int expected[] = { 2, 6, 10, 12, 0, 4, 8, 9, 11, 3, 7, 1, 5 };

  g_autoptr(TlExecutor)  executor = tl_executor_new (NULL, 1);
  g_autoptr(TlFuture)    blocker = NULL;
  g_autoptr(GAsyncQueue) order = g_async_queue_new ();
  Ordered                tasks[G_N_ELEMENTS (priorities)];
  TlFuture              *futures[G_N_ELEMENTS (priorities)];
  TtGate                 gate;
  guint                  i;

  tt_gate_init (&gate);
  blocker = tl_executor_submit (executor, tt_gate_func, &gate, NULL);
  tt_gate_await (&gate, 1);
  for (i = 0; i < G_N_ELEMENTS (priorities); i++)
    {
      tasks[i] = (Ordered) { order, (int) i };
      futures[i] = tl_executor_submit_full (executor, NULL, priorities[i], -1, NULL,
                                            ordered_func, &tasks[i], NULL);
    }
  tt_gate_open (&gate);
  for (i = 0; i < G_N_ELEMENTS (priorities); i++)
    {
      tt_wait_for (futures[i], DONE);
      tl_future_unref (futures[i]);
    }
  for (i = 0; i < G_N_ELEMENTS (expected); i++)
    g_assert_cmpint (GPOINTER_TO_INT (g_async_queue_pop (order)) - 1, ==, expected[i]);
  tt_shutdown (executor);
  tt_gate_clear (&gate);
}

static void
test_first_come_first_served (void)
{
  g_autoptr(TlExecutor)  executor = tl_executor_new (NULL, 1);
  g_autoptr(GAsyncQueue) order = g_async_queue_new ();
  g_autofree Ordered    *tasks = NULL;
  guint                  n = tt_scaled (20000, 500);
  guint                  i;

  tasks = g_new (Ordered, n);
  for (i = 0; i < n; i++)
    {
      tasks[i] = (Ordered) { order, (int) i };
      tl_executor_post (executor, ordered_func, &tasks[i], NULL);
    }
  for (i = 0; i < n; i++)
    g_assert_cmpint (GPOINTER_TO_INT (g_async_queue_timeout_pop (order, TT_PATIENCE)) - 1, ==, i);
  tt_shutdown (executor);
}

/* ---- Waiting inside of work ---- */

typedef struct
{
  TlExecutor *executor;
  int         depth;
} Nest;

static gboolean
nest_func (TlFuture  *future,
           gpointer   data,
           GError   **error)
{
  Nest                *nest = data;
  Nest                 inner = { nest->executor, nest->depth - 1 };
  g_autoptr(TlFuture)  child = NULL;

  if (nest->depth == 0)
    {
      tl_future_set_int64 (future, 0);
      return TRUE;
    }

  child = tl_executor_submit (nest->executor, nest_func, &inner, NULL);
  if (!tl_future_wait (child, TT_PATIENCE, NULL, error))
    return FALSE;

  /* Running another task in between leaves no trace. */
  g_assert_true (tl_future_get_current () == future);
  tl_future_set_int64 (future, tl_future_get_int64 (child, error) + 1);
  return TRUE;
}

static void
check_nested (guint max_workers,
              int   depth)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("nested", max_workers);
  Nest                  nest = { executor, depth };
  TlFuture             *futures[4];
  guint                 i;

  for (i = 0; i < G_N_ELEMENTS (futures); i++)
    futures[i] = tl_executor_submit (executor, nest_func, &nest, NULL);
  for (i = 0; i < G_N_ELEMENTS (futures); i++)
    {
      tt_wait_for (futures[i], DONE);
      g_assert_cmpint (tl_future_get_int64 (futures[i], NULL), ==, depth);
      tl_future_unref (futures[i]);
    }
  g_assert_cmpuint (tt_n_threads ("nested"), <=, max_workers);
  tt_shutdown (executor);
  tt_wait_threads ("nested", 0);
}

static void
test_nested_wait (void)
{
  check_nested (1, 100);
}

static void
test_nested_wait_two_workers (void)
{
  guint i;

  for (i = 0; i < tt_scaled (100, 5); i++)
    check_nested (2, 50);
}


static gboolean
wait_for_self_func (TlFuture  *future,
                    gpointer   unused,
                    GError   **error)
{
  return tl_future_wait (tl_future_get_current (), -1, NULL, error);
}

static void
test_wait_for_itself (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);
  g_autoptr(TlFuture)   future = tl_executor_submit (executor, wait_for_self_func, NULL, NULL);

  tt_wait_error (future, TL_ERROR, TL_ERROR_WOULD_DEADLOCK);
  tt_shutdown (executor);
}

static gboolean
wait_for_first_func (TlFuture  *future,
                     gpointer   first,
                     GError   **error)
{
  return tl_future_wait (first, TT_PATIENCE, NULL, error);
}

static void
test_wait_for_running (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 2);
  g_autoptr(TlFuture)   first = NULL;
  g_autoptr(TlFuture)   second = NULL;
  TtGate                gate;

  tt_gate_init (&gate);
  first = tl_executor_submit (executor, tt_gate_func, &gate, NULL);
  tt_gate_await (&gate, 1);
  second = tl_executor_submit (executor, wait_for_first_func, first, NULL);
  while (!tl_future_running (second))
    g_thread_yield ();
  tt_gate_open (&gate);
  tt_wait_for (second, DONE);
  tt_assert_state (first, DONE);
  tt_shutdown (executor);
  tt_gate_clear (&gate);
}

static void
add_tests (void)
{
  g_test_add_func ("/executor/result-comes-back", test_result_comes_back);
  g_test_add_func ("/executor/submit-many-gives-futures-in-order", test_submit_many);
  g_test_add_func ("/executor/posted-work-runs", test_post);
  g_test_add_func ("/executor/default-one-is-shared-and-refuses-shutdown", test_default_executor);
  g_test_add_func ("/executor/threads/none-before-there-is-work", test_no_thread_before_work);
  g_test_add_func ("/executor/threads/carry-the-name", test_threads_are_named);
  g_test_add_func ("/executor/threads/as-many-as-allowed-and-no-more", test_all_workers_are_used);
  g_test_add_func ("/executor/threads/retire-when-idle-and-come-again", test_idle_threads_retire);
  g_test_add_func ("/executor/threads/retiring-loses-nothing", test_retiring_loses_nothing);
  g_test_add_func ("/executor/long-task-delays-nobody-while-a-worker-is-idle", test_long_task_delays_nobody);
  g_test_add_func ("/executor/order/priorities-as-of-glib", test_priorities);
  g_test_add_func ("/executor/order/first-come-first-served", test_first_come_first_served);
  g_test_add_func ("/executor/nested-wait-on-one-worker-completes-100-deep", test_nested_wait);
  g_test_add_func ("/executor/nested-wait-on-two-workers-completes", test_nested_wait_two_workers);
  g_test_add_func ("/executor/wait-for-oneself-would-deadlock", test_wait_for_itself);
  g_test_add_func ("/executor/wait-for-work-that-runs-on-another-worker", test_wait_for_running);
}

int
main (int    argc,
      char **argv)
{
  return tt_main (&argc, &argv, add_tests);
}
