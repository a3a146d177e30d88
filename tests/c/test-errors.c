/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What becomes of errors: those that nobody looked at are reported once, bad
 * arguments are criticals and lose nothing. */

#include "tl-test.h"

/* ---- Unobserved errors ---- */

static TlFuture *
submit_failing (TlExecutor *executor,
                const char *name)
{
  return tl_executor_submit_full (executor, name, G_PRIORITY_DEFAULT, -1, NULL,
                                  tt_fail_func, NULL, NULL);
}

static void
check_report (guint       i,
              const char *executor,
              const char *task,
              GQuark      domain,
              int         code)
{
  TtReport *report = tt_reports_get (i);

  g_assert_cmpstr (report->executor, ==, executor);
  g_assert_cmpstr (report->task, ==, task);
  g_assert_error (report->error, domain, code);
}

static void
test_reported_once (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("the executor", 1);
  TlFuture             *future;

  tt_reports_begin ();
  future = submit_failing (executor, "the task");
  tt_wait_for (future, FAILED);
  g_assert_cmpuint (tt_reports_count (), ==, 0);
  tl_future_unref (future);
  tt_shutdown (executor);
  tt_reports_await (1);
  check_report (0, "the executor", "the task", G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  tt_reports_end ();
}

static void
test_reported_though_dropped_early (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("the executor", 1);
  TtGate                gate;
  g_autoptr(TlFuture)   first = NULL;

  tt_gate_init (&gate);
  tt_reports_begin ();
  first = tl_executor_submit (executor, tt_gate_func, &gate, NULL);
  tl_future_unref (submit_failing (executor, NULL));
  tt_gate_open (&gate);
  tt_shutdown (executor);
  tt_reports_await (1);
  check_report (0, "the executor", "", G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  tt_reports_end ();
  tt_gate_clear (&gate);
}

static void
test_reported_for_post (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("the executor", 1);

  tt_reports_begin ();
  tl_executor_post (executor, tt_fail_func, NULL, NULL);
  tt_shutdown (executor);
  tt_reports_await (1);
  check_report (0, "the executor", "", G_IO_ERROR, G_IO_ERROR_NOT_FOUND);

  /* What is not even accepted is reported as well. */
  tl_executor_post (executor, tt_nothing_func, NULL, NULL);
  tt_reports_await (2);
  check_report (1, "the executor", "", TL_ERROR, TL_ERROR_SHUT_DOWN);
  tt_reports_end ();
}

static void
test_reported_for_promise (void)
{
  TlFuture *future = tl_future_new ("the promise");

  tt_reports_begin ();
  tl_future_set_new_error (future, TL_ERROR, TL_ERROR_FAILED, "broken");
  tl_future_unref (future);
  tt_reports_await (1);
  check_report (0, "", "the promise", TL_ERROR, TL_ERROR_FAILED);
  tt_reports_end ();
}

static void
test_reported_with_origin (void)
{
  TlFuture *future = tl_future_new ("the promise");

  tt_reports_begin ();
  tl_future_set_origin (future, "another executor", NULL);
  tl_future_set_origin (future, "the executor", "in line 1");
  tl_future_set_new_error (future, TL_ERROR, TL_ERROR_FAILED, "broken");
  g_assert_cmpstr (tl_future_get_name (future), ==, "the promise");
  tl_future_unref (future);
  tt_reports_await (1);
  check_report (0, "the executor", "the promise", TL_ERROR, TL_ERROR_FAILED);
  g_assert_cmpstr (tt_reports_get (0)->error->message, ==, "broken\nin line 1");

  /* Who looks at it gets the error as it was set. */
  future = tl_future_new (NULL);
  tl_future_set_origin (future, NULL, "in line 2");
  tl_future_set_new_error (future, TL_ERROR, TL_ERROR_FAILED, "broken");
  g_assert_cmpstr (tl_future_get_error (future)->message, ==, "broken");
  tl_future_unref (future);
  g_assert_cmpuint (tt_reports_count (), ==, 1);
  tt_reports_end ();
}

static void
test_not_reported_when_looked_at (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);
  g_autoptr(GError)     error = NULL;
  TlFuture             *future;

  tt_reports_begin ();

  future = submit_failing (executor, "get_error");
  tt_wait (future);
  g_assert_nonnull (tl_future_get_error (future));
  tl_future_unref (future);

  future = submit_failing (executor, "result");
  g_assert_false (tl_future_result (future, TT_PATIENCE, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_clear_error (&error);
  tl_future_unref (future);

  future = submit_failing (executor, "getter");
  tt_wait (future);
  g_assert_null (tl_future_get_string (future, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  tl_future_unref (future);

  tt_shutdown (executor);
  g_assert_cmpuint (tt_reports_count (), ==, 0);
  tt_reports_end ();
}

static void
test_cancelled_is_no_error (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);
  TlFuture             *future = tl_future_new (NULL);
  TtGate                gate;

  tt_gate_init (&gate);
  tt_reports_begin ();
  tl_future_cancel (future);
  tl_future_unref (future);

  future = tl_executor_submit (executor, tt_cancellable_func, &gate, NULL);
  tt_gate_await (&gate, 1);
  tl_future_cancel (future);
  tt_wait_for (future, CANCELLED);
  tl_future_unref (future);

  tt_shutdown (executor);
  g_assert_cmpuint (tt_reports_count (), ==, 0);
  tt_reports_end ();
  tt_gate_clear (&gate);
}

static gboolean
one_report (gpointer unused)
{
  return tt_reports_count () >= 1;
}

static void
test_handler_runs_on_the_loop (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);
  TtGate                gate;

  tt_gate_init (&gate);
  tt_reports_begin ();

  /* The loop runs by the time the gate opens, since it opens it. */
  tl_executor_post (executor, tt_gate_func, &gate, NULL);
  tl_executor_post (executor, tt_fail_func, NULL, NULL);
  g_idle_add_once ((GSourceOnceFunc) tt_gate_open, &gate);
  tt_run_until (one_report, NULL);
  g_assert_cmpuint (tt_reports_count (), ==, 1);
  g_assert_true (tt_reports_get (0)->thread == g_thread_self ());

  tt_shutdown (executor);
  tt_reports_end ();
  tt_gate_clear (&gate);
}

static void
ignore_error (const char   *executor,
              const char   *task,
              const GError *error,
              gpointer      user_data)
{
}

static void
test_handler_is_replaced (void)
{
  TtTrace trace = { 0, };

  tl_set_error_handler (ignore_error, &trace, tt_trace_destroy);
  tt_iterate ();
  g_assert_cmpint (trace.destroyed, ==, 0);
  tl_set_error_handler (NULL, NULL, NULL);
  tt_run_until (tt_trace_gone, &trace);
  g_assert_cmpint (trace.destroyed, ==, 1);
}

/* Runs the rest of the test in a process of its own, where warnings are not
 * fatal, and tells that other process from this one. */
static gboolean
in_subprocess (void)
{
  if (g_test_subprocess ())
    {
      g_log_set_always_fatal (G_LOG_FATAL_MASK);
      return TRUE;
    }

  g_test_trap_subprocess (NULL, 2 * TT_PATIENCE, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
  return FALSE;
}

static void
test_warning (void)
{
  if (in_subprocess ())
    {
      g_autoptr(TlExecutor) executor = tl_executor_new ("Kettle", 1);

      tl_future_unref (submit_failing (executor, "boil"));
      tt_shutdown (executor);
      return;
    }

  g_test_trap_assert_stderr ("*Threadloop-WARNING*");
  g_test_trap_assert_stderr ("*Kettle*");
  g_test_trap_assert_stderr ("*boil*");
  g_test_trap_assert_stderr ("*it is not there*");
  g_test_trap_assert_stderr_unmatched ("*WARNING*WARNING*");
}

/* ---- What a function returns ---- */

static gboolean
false_without_error_func (TlFuture  *future,
                          gpointer   unused,
                          GError   **error)
{
  return FALSE;
}

static void
test_false_without_error (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);
  g_autoptr(TlFuture)   future = NULL;

  future = tl_executor_submit (executor, false_without_error_func, NULL, NULL);
  tt_wait_error (future, TL_ERROR, TL_ERROR_FAILED);
  tt_assert_state (future, FAILED);
  tt_shutdown (executor);
}

static gboolean
set_error_func (TlFuture  *future,
                gpointer   unused,
                GError   **error)
{
  g_assert_true (tl_future_set_new_error (future, G_IO_ERROR, G_IO_ERROR_EXISTS, "first"));
  g_assert_false (tl_future_set_int64 (future, 1));
  return TRUE;
}

static void
test_set_error_wins (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);
  g_autoptr(TlFuture)   future = NULL;

  future = tl_executor_submit (executor, set_error_func, NULL, NULL);
  tt_wait_error (future, G_IO_ERROR, G_IO_ERROR_EXISTS);
  tt_assert_state (future, FAILED);
  tt_shutdown (executor);
}

static gboolean
value_and_error_func (TlFuture  *future,
                      gpointer   unused,
                      GError   **error)
{
  tl_future_set_int64 (future, 5);
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "too late");
  return FALSE;
}

static void
test_value_then_error (void)
{
  if (in_subprocess ())
    {
      g_autoptr(TlExecutor) executor = tl_executor_new ("Kettle", 1);
      g_autoptr(TlFuture)   future = NULL;

      future = tl_executor_submit (executor, value_and_error_func, NULL, NULL);
      tt_wait_for (future, DONE);
      g_assert_cmpint (tl_future_get_int64 (future, NULL), ==, 5);
      tt_shutdown (executor);
      return;
    }

  g_test_trap_assert_stderr ("*Threadloop-WARNING*too late*");
}

/* ---- Programmer errors ---- */

#define EXPECT_CRITICAL(code) G_STMT_START {                                    \
  g_test_expect_message ("Threadloop", G_LOG_LEVEL_CRITICAL, "*");              \
  code;                                                                         \
  g_test_assert_expected_messages ();                                           \
} G_STMT_END

static void
test_bad_arguments (void)
{
  g_autoptr(TlExecutor)    executor = tl_executor_new (NULL, 1);
  g_autoptr(TlEventThread) thread = tl_event_thread_new (NULL);
  g_autoptr(TlFuture)      future = tl_future_new (NULL);
  g_autoptr(TlFuture)      good = NULL;
  g_auto(GValue)           value = G_VALUE_INIT;

  EXPECT_CRITICAL (g_assert_null (tl_executor_submit (executor, NULL, NULL, NULL)));
  EXPECT_CRITICAL (g_assert_null (tl_executor_submit (NULL, tt_nothing_func, NULL, NULL)));
  EXPECT_CRITICAL (g_assert_null (tl_executor_submit_many (executor, tt_nothing_func, NULL, 1, NULL)));
  EXPECT_CRITICAL (tl_executor_post (executor, NULL, NULL, NULL));
  EXPECT_CRITICAL (g_assert_false (tl_executor_shutdown (NULL, TL_SHUTDOWN_DRAIN, 0, NULL, NULL)));
  EXPECT_CRITICAL (g_assert_null (tl_event_thread_submit (thread, NULL, NULL, NULL)));
  EXPECT_CRITICAL (g_assert_false (tl_event_thread_start (NULL, NULL)));
  EXPECT_CRITICAL (g_assert_false (tl_future_wait (NULL, -1, NULL, NULL)));
  EXPECT_CRITICAL (g_assert_cmpuint (tl_future_add_done_callback (future, NULL, NULL, NULL), ==, 0));
  EXPECT_CRITICAL (g_assert_false (tl_future_set_value (future, &value)));
  EXPECT_CRITICAL (g_assert_false (tl_future_set_error (future, NULL)));
  EXPECT_CRITICAL (g_assert_false (tl_future_set_boxed (future, G_TYPE_INT, NULL)));
  EXPECT_CRITICAL (g_assert_null (tl_progress_new (NULL)));
  EXPECT_CRITICAL (tl_thread_run ());

  /* Nothing was lost by any of that. */
  tt_assert_state (future, PENDING);
  good = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);
  tt_wait_for (good, DONE);
  tt_shutdown (executor);
}

static gboolean
plain_hook (gpointer   unused,
            GError   **error)
{
  tl_thread_run ();
  return TRUE;
}

static void
test_thread_func_too_late (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);
  g_autoptr(TlFuture)   future = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);

  EXPECT_CRITICAL (tl_executor_set_thread_func (executor, plain_hook, NULL, NULL));
  tt_wait_for (future, DONE);
  tt_shutdown (executor);
}

static void
add_tests (void)
{
  g_test_add_func ("/error/nobody-looked-at/is-reported-once-with-both-names", test_reported_once);
  g_test_add_func ("/error/nobody-looked-at/is-reported-though-dropped-early", test_reported_though_dropped_early);
  g_test_add_func ("/error/nobody-looked-at/is-reported-for-post", test_reported_for_post);
  g_test_add_func ("/error/nobody-looked-at/is-reported-for-a-promise", test_reported_for_promise);
  g_test_add_func ("/error/nobody-looked-at/is-reported-with-where-it-comes-from", test_reported_with_origin);
  g_test_add_func ("/error/nobody-looked-at/is-a-warning-with-both-names-by-default", test_warning);
  g_test_add_func ("/error/nobody-looked-at/is-reported-where-a-loop-runs", test_handler_runs_on_the_loop);
  g_test_add_func ("/error/looked-at-is-not-reported", test_not_reported_when_looked_at);
  g_test_add_func ("/error/cancelled-is-none", test_cancelled_is_no_error);
  g_test_add_func ("/error/handler-data-is-freed-when-replaced", test_handler_is_replaced);
  g_test_add_func ("/error/false-without-error-is-a-failure", test_false_without_error);
  g_test_add_func ("/error/set-before-returning-true-wins", test_set_error_wins);
  g_test_add_func ("/error/after-a-value-is-a-warning-and-the-value-wins", test_value_then_error);
  g_test_add_func ("/error/bad-arguments-are-criticals-and-lose-nothing", test_bad_arguments);
  g_test_add_func ("/error/a-thread-func-that-comes-too-late-is-a-critical", test_thread_func_too_late);
}

int
main (int    argc,
      char **argv)
{
  return tt_main (&argc, &argv, add_tests);
}
