/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* When the system makes no threads. This program is linked with the static
 * library, to reach the switch that makes the library believe so. */

#include "tl-test.h"

/* See tl-thread-private.h. */
extern int tl_thread_refuse;

static void
refuse_threads (gboolean refuse)
{
  g_atomic_int_set (&tl_thread_refuse, refuse);
}

static void
test_submit_fails (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("refused", 2);
  g_autoptr(TlFuture)   future = NULL;
  g_autoptr(TlFuture)   after = NULL;
  TtTrace               trace = { 0, };

  refuse_threads (TRUE);
  future = tl_executor_submit (executor, tt_nothing_func, &trace, tt_trace_destroy);
  tt_wait_error (future, TL_ERROR, TL_ERROR_THREAD);
  tt_assert_state (future, FAILED);
  tt_poll_until (tt_trace_gone, &trace, "the data was freed");
  g_assert_cmpint (trace.destroyed, ==, 1);
  g_assert_cmpuint (tl_executor_get_n_queued (executor), ==, 0);

  /* Work goes on when threads can be made again. */
  refuse_threads (FALSE);
  after = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);
  tt_wait_for (after, DONE);
  tt_shutdown (executor);
}

static void
test_submit_many_and_post_fail (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("refused", 2);
  g_autoptr(GPtrArray)  futures = NULL;
  TtTrace               traces[10] = { { 0, }, };
  TtTrace               posted = { 0, };
  gpointer              data[10];
  guint                 i;

  for (i = 0; i < G_N_ELEMENTS (traces); i++)
    data[i] = &traces[i];
  tt_reports_begin ();
  refuse_threads (TRUE);
  futures = tl_executor_submit_many (executor, tt_nothing_func, data, 10, tt_trace_destroy);
  for (i = 0; i < futures->len; i++)
    {
      tt_wait_error (g_ptr_array_index (futures, i), TL_ERROR, TL_ERROR_THREAD);
      tt_poll_until (tt_trace_gone, &traces[i], "the data was freed");
      g_assert_cmpint (traces[i].destroyed, ==, 1);
    }
  tl_executor_post (executor, tt_nothing_func, &posted, tt_trace_destroy);
  tt_poll_until (tt_trace_gone, &posted, "the data was freed");
  tt_reports_await (1);
  g_assert_error (tt_reports_get (0)->error, TL_ERROR, TL_ERROR_THREAD);
  refuse_threads (FALSE);
  tt_reports_end ();
  tt_shutdown (executor);
}

static void
test_fewer_threads (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("refused-more", 4);
  g_autoptr(TlFuture)   running = NULL;
  TlFuture             *queued[8];
  TtGate                gate, more;
  int                   counter = 0;
  guint                 i;

  tt_gate_init (&gate);
  tt_gate_init (&more);
  running = tl_executor_submit (executor, tt_gate_func, &gate, NULL);
  tt_gate_await (&gate, 1);

  /* Where there is a thread already, work waits for that one. */
  refuse_threads (TRUE);
  for (i = 0; i < G_N_ELEMENTS (queued); i++)
    {
      queued[i] = tl_executor_submit (executor, tt_count_func, &counter, NULL);
      tt_assert_state (queued[i], PENDING);
    }
  g_assert_cmpuint (tt_n_threads ("refused-more"), ==, 1);
  tt_gate_open (&gate);
  for (i = 0; i < G_N_ELEMENTS (queued); i++)
    {
      tt_wait_for (queued[i], DONE);
      tl_future_unref (queued[i]);
    }
  g_assert_cmpint (counter, ==, 8);

  /* And later there are as many as ever. */
  refuse_threads (FALSE);
  for (i = 0; i < 4; i++)
    queued[i] = tl_executor_submit (executor, tt_gate_func, &more, NULL);
  tt_gate_await (&more, 4);
  tt_gate_open (&more);
  for (i = 0; i < 4; i++)
    {
      tt_wait_for (queued[i], DONE);
      tl_future_unref (queued[i]);
    }
  tt_shutdown (executor);
  tt_gate_clear (&gate);
  tt_gate_clear (&more);
}

static void
test_after_all_have_retired (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("refused-retired", 2);
  g_autoptr(TlFuture)   first = NULL;
  g_autoptr(TlFuture)   refused = NULL;
  g_autoptr(TlFuture)   last = NULL;

  tl_executor_set_idle_timeout (executor, 1000);
  first = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);
  tt_wait_for (first, DONE);
  tt_wait_threads ("refused-retired", 0);
  refuse_threads (TRUE);
  refused = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);
  tt_wait_error (refused, TL_ERROR, TL_ERROR_THREAD);
  refuse_threads (FALSE);
  last = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);
  tt_wait_for (last, DONE);
  tt_shutdown (executor);
}

/* Retiring and submitting while no threads are made: it either finds the
 * worker or it fails, it is never left in the queue. */
static void
test_races_with_retiring (void)
{
  guint i;

  for (i = 0; i < tt_scaled (2000, 50); i++)
    {
      g_autoptr(TlExecutor) executor = tl_executor_new ("refused", 1);
      g_autoptr(TlFuture)   first = NULL;
      g_autoptr(TlFuture)   second = NULL;

      tl_executor_set_idle_timeout (executor, 0);
      first = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);
      refuse_threads (TRUE);
      if (i % 2)
        tt_wait (first);
      second = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);
      tt_wait (second);
      if (tl_future_get_error (second) != NULL)
        g_assert_error (tl_future_get_error (second), TL_ERROR, TL_ERROR_THREAD);
      refuse_threads (FALSE);
      tt_wait_for (first, DONE);
      tt_shutdown (executor);
    }
}

static void
test_event_thread (void)
{
  g_autoptr(TlEventThread) thread = tl_event_thread_new ("refused");
  g_autoptr(GError)        error = NULL;
  g_autoptr(TlFuture)      early = NULL;
  g_autoptr(TlFuture)      future = NULL;

  refuse_threads (TRUE);
  g_assert_false (tl_event_thread_start (thread, &error));
  g_assert_error (error, TL_ERROR, TL_ERROR_THREAD);
  g_clear_error (&error);
  g_assert_false (tl_event_thread_get_running (thread));
  early = tl_event_thread_submit (thread, tt_nothing_func, NULL, NULL);
  tt_wait_error (early, TL_ERROR, TL_ERROR_NOT_STARTED);
  refuse_threads (FALSE);

  /* It may be tried again. */
  g_assert_true (tl_event_thread_start (thread, &error));
  g_assert_no_error (error);
  future = tl_event_thread_submit (thread, tt_nothing_func, NULL, NULL);
  tt_wait_for (future, DONE);
  g_assert_true (tl_event_thread_stop (thread, TT_PATIENCE, NULL, NULL));
}

static void
test_event_thread_dropped (void)
{
  TlEventThread *thread = tl_event_thread_new ("refused");

  refuse_threads (TRUE);
  g_assert_false (tl_event_thread_start (thread, NULL));
  g_object_unref (thread);
  refuse_threads (FALSE);
}

/* First in the program, so that no thread watches over deadlines yet. */
static void
test_deadline (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("refused", 1);
  g_autoptr(TlFuture)   running = NULL;
  g_autoptr(TlFuture)   refused = NULL;
  g_autoptr(TlFuture)   later = NULL;
  TtGate                gate;

  tt_gate_init (&gate);
  running = tl_executor_submit (executor, tt_gate_func, &gate, NULL);
  tt_gate_await (&gate, 1);
  refuse_threads (TRUE);
  refused = tl_executor_submit_full (executor, NULL, 0, g_get_monotonic_time () + 1000, NULL,
                                     tt_nothing_func, NULL, NULL);
  refuse_threads (FALSE);
  later = tl_executor_submit_full (executor, NULL, 0, g_get_monotonic_time () + 1000, NULL,
                                   tt_nothing_func, NULL, NULL);
  tt_wait_error (later, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  tt_gate_open (&gate);
  tt_wait (refused);
  g_assert_nonnull (tl_future_get_error (refused));
  tt_wait_for (running, DONE);
  tt_shutdown (executor);
  tt_gate_clear (&gate);
}

static void
add_tests (void)
{
  g_test_add_func ("/refused/a-deadline-is-still-an-end", test_deadline);
  g_test_add_func ("/refused/submit-fails-with-thread-and-works-again-later", test_submit_fails);
  g_test_add_func ("/refused/submit-many-and-post-fail", test_submit_many_and_post_fail);
  g_test_add_func ("/refused/work-goes-on-with-fewer-threads", test_fewer_threads);
  g_test_add_func ("/refused/after-all-threads-have-retired", test_after_all_have_retired);
  g_test_add_func ("/refused/races-with-retiring", test_races_with_retiring);
  g_test_add_func ("/refused/event-thread-does-not-start-but-may-later", test_event_thread);
  g_test_add_func ("/refused/event-thread-may-be-dropped", test_event_thread_dropped);
}

int
main (int    argc,
      char **argv)
{
  return tt_main (&argc, &argv, add_tests);
}
