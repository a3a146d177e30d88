/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Cancelling work, and deadlines. */

#include "tl-test.h"

#include <gio/gunixinputstream.h>
#include <string.h>
#include <unistd.h>

/* An executor of one worker, which is at the gate. */
typedef struct
{
  TlExecutor *executor;
  TlFuture   *blocker;
  TtGate      gate;
} Fixture;

static void
set_up (Fixture       *f,
        gconstpointer  unused)
{
  tt_gate_init (&f->gate);
  f->executor = tl_executor_new ("cancel", 1);
  f->blocker = tl_executor_submit (f->executor, tt_gate_func, &f->gate, NULL);
  tt_gate_await (&f->gate, 1);
}

static void
tear_down (Fixture       *f,
           gconstpointer  unused)
{
  tt_gate_open (&f->gate);
  tt_wait_for (f->blocker, DONE);
  tl_future_unref (f->blocker);
  tt_shutdown (f->executor);
  g_object_unref (f->executor);
  tt_gate_clear (&f->gate);
}

typedef struct
{
  TtTrace trace;
  int     ran;
} Job;

static gboolean
job_func (TlFuture  *future,
          gpointer   data,
          GError   **error)
{
  g_atomic_int_inc (&((Job *) data)->ran);
  return TRUE;
}

static void
job_destroy (gpointer data)
{
  tt_trace_destroy (&((Job *) data)->trace);
}

static gboolean
job_gone (gpointer data)
{
  return tt_trace_gone (&((Job *) data)->trace);
}

static gpointer
wait_in_thread (gpointer future)
{
  tt_wait (future);
  return NULL;
}

/* ---- Cancelling ---- */

static void
test_queued_never_runs (Fixture       *f,
                        gconstpointer  unused)
{
  Job                 job = { { 0, }, 0 };
  g_autoptr(TlFuture) future = tl_executor_submit (f->executor, job_func, &job, job_destroy);
  GThread            *waiter = g_thread_new ("waiter", wait_in_thread, future);

  g_assert_cmpint (tl_future_cancel (future), ==, TL_CANCEL_DONE);

  /* The worker is still at the gate: nobody but cancel wakes the waiter. */
  g_thread_join (waiter);
  tt_assert_state (future, CANCELLED);
  g_assert_true (tl_future_cancel_requested (future));
  g_assert_error (tl_future_get_error (future), G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (tl_future_cancel (future), ==, TL_CANCEL_TOO_LATE);

  tt_gate_open (&f->gate);
  tt_shutdown (f->executor);
  tt_poll_until (job_gone, &job, "the data was freed");
  g_assert_cmpint (job.ran, ==, 0);
  g_assert_cmpint (job.trace.destroyed, ==, 1);
}

static gboolean
read_func (TlFuture  *future,
           gpointer   stream,
           GError   **error)
{
  char   byte;
  gssize n;

  n = g_input_stream_read (stream, &byte, 1, tl_future_get_cancellable (future), error);
  g_assert_cmpint (n, <=, 0);
  return n >= 0;
}

static void
test_running_read_is_interrupted (void)
{
  g_autoptr(TlExecutor)   executor = tl_executor_new (NULL, 1);
  g_autoptr(GInputStream) stream = NULL;
  g_autoptr(TlFuture)     future = NULL;
  int                     fds[2];

  g_assert_cmpint (pipe (fds), ==, 0);
  stream = g_unix_input_stream_new (fds[0], TRUE);
  future = tl_executor_submit (executor, read_func, stream, NULL);
  while (!tl_future_running (future))
    g_thread_yield ();

  /* Nothing will ever come out of the pipe. */
  g_assert_cmpint (tl_future_cancel (future), ==, TL_CANCEL_REQUESTED);
  tt_wait_error (future, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  tt_assert_state (future, CANCELLED);
  tt_shutdown (executor);
  close (fds[1]);
}

static void
test_running_may_finish (Fixture       *f,
                         gconstpointer  unused)
{
  g_assert_cmpint (tl_future_cancel (f->blocker), ==, TL_CANCEL_REQUESTED);
  g_assert_true (tl_future_cancel_requested (f->blocker));
  tt_assert_state (f->blocker, RUNNING);
  g_assert_cmpint (tl_future_cancel (f->blocker), ==, TL_CANCEL_REQUESTED);
  tt_gate_open (&f->gate);

  /* It had a result after all. */
  tt_wait_for (f->blocker, DONE);
}

static void
test_settled_stays (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);
  g_autoptr(TlFuture)   done = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);
  g_autoptr(TlFuture)   failed = tl_executor_submit (executor, tt_fail_func, NULL, NULL);

  tt_wait (done);
  tt_wait (failed);
  g_assert_cmpint (tl_future_cancel (done), ==, TL_CANCEL_TOO_LATE);
  g_assert_cmpint (tl_future_cancel (failed), ==, TL_CANCEL_TOO_LATE);
  tt_assert_state (done, DONE);
  tt_assert_state (failed, FAILED);
  g_assert_error (tl_future_get_error (failed), G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  tt_shutdown (executor);
}

static gboolean
cancel_self_func (TlFuture  *future,
                  gpointer   unused,
                  GError   **error)
{
  g_assert_false (tl_future_cancel_requested (future));
  g_assert_cmpint (tl_future_cancel (future), ==, TL_CANCEL_REQUESTED);
  g_assert_true (tl_future_cancel_requested (future));
  g_assert_true (g_cancellable_is_cancelled (tl_future_get_cancellable (future)));
  return !g_cancellable_set_error_if_cancelled (tl_future_get_cancellable (future), error);
}

static void
test_cancel_oneself (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);
  g_autoptr(TlFuture)   future = tl_executor_submit (executor, cancel_self_func, NULL, NULL);

  tt_wait_for (future, CANCELLED);
  tt_shutdown (executor);
}

/* ---- A cancellable from outside ---- */

static TlFuture *
submit_with (TlExecutor   *executor,
             gint64        deadline,
             GCancellable *cancellable,
             Job          *job)
{
  return tl_executor_submit_full (executor, "a task", G_PRIORITY_DEFAULT, deadline, cancellable,
                                  job_func, job, job_destroy);
}

static void
check_never_ran (Fixture *f,
                 Job     *job)
{
  tt_gate_open (&f->gate);
  tt_shutdown (f->executor);
  tt_poll_until (job_gone, job, "the data was freed");
  g_assert_cmpint (job->ran, ==, 0);
  g_assert_cmpint (job->trace.destroyed, ==, 1);
}

static void
test_cancellable_cancelled_already (Fixture       *f,
                                    gconstpointer  unused)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(TlFuture)     future = NULL;
  Job                     job = { { 0, }, 0 };

  g_cancellable_cancel (cancellable);
  future = submit_with (f->executor, -1, cancellable, &job);
  tt_wait_for (future, CANCELLED);
  check_never_ran (f, &job);
}

static void
test_cancellable_cancels_queued (Fixture       *f,
                                 gconstpointer  unused)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  Job                     jobs[100] = { { { 0, }, 0 }, };
  TlFuture               *futures[100];
  guint                   i;

  for (i = 0; i < G_N_ELEMENTS (jobs); i++)
    futures[i] = submit_with (f->executor, -1, cancellable, &jobs[i]);
  g_cancellable_cancel (cancellable);
  for (i = 0; i < G_N_ELEMENTS (jobs); i++)
    {
      tt_wait_for (futures[i], CANCELLED);
      tl_future_unref (futures[i]);
    }
  for (i = 0; i < G_N_ELEMENTS (jobs); i++)
    check_never_ran (f, &jobs[i]);
  g_assert_cmpuint (G_OBJECT (cancellable)->ref_count, ==, 1);
}

static void
test_cancellable_cancels_running (void)
{
  g_autoptr(TlExecutor)   executor = tl_executor_new (NULL, 1);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(TlFuture)     future = NULL;
  TtGate                  gate;

  tt_gate_init (&gate);
  future = tl_executor_submit_full (executor, NULL, 0, -1, cancellable,
                                    tt_cancellable_func, &gate, NULL);
  tt_gate_await (&gate, 1);
  g_cancellable_cancel (cancellable);
  tt_wait_for (future, CANCELLED);
  tt_shutdown (executor);
  tt_gate_clear (&gate);
}

static void
test_cancellable_is_let_go (void)
{
  g_autoptr(TlExecutor)   executor = tl_executor_new (NULL, 1);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  Job                     job = { { 0, }, 0 };
  TlFuture               *future = submit_with (executor, -1, cancellable, &job);

  tt_wait_for (future, DONE);
  tl_future_unref (future);
  tt_shutdown (executor);

  /* One cancellable may serve a program for its whole life. */
  g_assert_cmpuint (G_OBJECT (cancellable)->ref_count, ==, 1);
  g_assert_false (g_signal_has_handler_pending (cancellable,
                                                g_signal_lookup ("cancelled", G_TYPE_CANCELLABLE),
                                                0, TRUE));
  g_cancellable_cancel (cancellable);
}

/* ---- Deadlines ---- */

static void
test_deadline_while_queued (Fixture       *f,
                            gconstpointer  unused)
{
  Job                 job = { { 0, }, 0 };
  g_autoptr(TlFuture) future = NULL;

  future = submit_with (f->executor, g_get_monotonic_time () + 1000, NULL, &job);

  /* The worker is at the gate all the time. */
  tt_wait_error (future, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  tt_assert_state (future, FAILED);
  g_assert_nonnull (strstr (tl_future_get_error (future)->message, "started"));
  check_never_ran (f, &job);
}

static void
test_deadline_passed_already (Fixture       *f,
                              gconstpointer  unused)
{
  Job                 job = { { 0, }, 0 };
  g_autoptr(TlFuture) future = NULL;

  future = submit_with (f->executor, g_get_monotonic_time () - 1, NULL, &job);
  tt_wait_error (future, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  tt_assert_state (future, FAILED);
  check_never_ran (f, &job);
}

static void
test_deadline_while_running (Fixture       *f,
                             gconstpointer  unused)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);
  g_autoptr(TlFuture)   never_started = NULL;
  g_autoptr(TlFuture)   started = NULL;
  Job                   job = { { 0, }, 0 };

  /* The deadline may well pass before a thread is there to start the work, in
   * which case the work has not been seen to run; then try a later one. */
  for (gint64 span = 20000; started == NULL; span *= 2)
    {
      TtGate gate;

      tt_gate_init (&gate);
      started = tl_executor_submit_full (executor, NULL, 0, g_get_monotonic_time () + span, NULL,
                                         tt_cancellable_func, &gate, NULL);
      tt_wait_error (started, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
      tt_assert_state (started, FAILED);
      if (gate.arrived == 0)
        g_clear_pointer (&started, tl_future_unref);
      tt_gate_clear (&gate);
    }
  g_assert_true (tl_future_cancel_requested (started));
  g_assert_nonnull (strstr (tl_future_get_error (started)->message, "started"));

  /* The message tells whether the work had started. */
  never_started = submit_with (f->executor, g_get_monotonic_time (), NULL, &job);
  tt_wait_error (never_started, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_assert_cmpstr (tl_future_get_error (started)->message, !=,
                   tl_future_get_error (never_started)->message);
  check_never_ran (f, &job);
  tt_shutdown (executor);
}

static gboolean
succeed_late_func (TlFuture  *future,
                   gpointer   gate,
                   GError   **error)
{
  g_autoptr(GError) ignored = NULL;

  tt_cancellable_func (future, gate, &ignored);
  tl_future_set_int64 (future, 5);
  return TRUE;
}

static void
test_success_after_deadline (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);
  TtGate                gate;
  gint64                span = 20000;
  gboolean              succeeded = FALSE;

  tt_gate_init (&gate);
  while (!succeeded)
    {
      g_autoptr(TlFuture) future = NULL;

      future = tl_executor_submit_full (executor, NULL, 0, g_get_monotonic_time () + span, NULL,
                                        succeed_late_func, &gate, NULL);
      tt_wait (future);
      if (gate.arrived == 0)
        g_assert_error (tl_future_get_error (future), G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
      else
        {
          tt_assert_state (future, DONE);
          g_assert_cmpint (tl_future_get_int64 (future, NULL), ==, 5);
          succeeded = TRUE;
        }
      span *= 2;
    }
  tt_shutdown (executor);
  tt_gate_clear (&gate);
}

static void
test_deadlines_that_do_not_pass (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);
  guint                 threads = 0, i;

  for (i = 0; i < tt_scaled (2000, 50); i++)
    {
      Job                 job = { { 0, }, 0 };
      g_autoptr(TlFuture) future = NULL;

      future = submit_with (executor, g_get_monotonic_time () + G_TIME_SPAN_HOUR, NULL, &job);
      tt_wait_for (future, DONE);
      tt_poll_until (job_gone, &job, "the data was freed");
      if (i == 10)
        threads = tt_n_threads (NULL);
    }

  /* However many, they do not take a thread each. A worker that was idle for
   * too long may still be going while there is another. */
  tt_wait_threads (NULL, threads);
  tt_shutdown (executor);
}

#define ADD(path, func) \
  g_test_add (path, Fixture, NULL, set_up, func, tear_down)

static void
add_tests (void)
{
  ADD ("/cancel/queued-never-runs-and-its-waiter-wakes-at-once", test_queued_never_runs);
  g_test_add_func ("/cancel/running-gio-read-is-interrupted", test_running_read_is_interrupted);
  ADD ("/cancel/running-may-finish-all-the-same", test_running_may_finish);
  g_test_add_func ("/cancel/settled-stays", test_settled_stays);
  g_test_add_func ("/cancel/oneself", test_cancel_oneself);
  ADD ("/cancel/cancellable/cancelled-already-never-runs", test_cancellable_cancelled_already);
  ADD ("/cancel/cancellable/cancels-all-that-is-queued", test_cancellable_cancels_queued);
  g_test_add_func ("/cancel/cancellable/cancels-what-runs", test_cancellable_cancels_running);
  g_test_add_func ("/cancel/cancellable/is-let-go-at-the-end", test_cancellable_is_let_go);
  ADD ("/deadline/passes-while-queued", test_deadline_while_queued);
  ADD ("/deadline/passed-already", test_deadline_passed_already);
  ADD ("/deadline/passes-while-running-and-the-message-says-so", test_deadline_while_running);
  g_test_add_func ("/deadline/late-success-is-success", test_success_after_deadline);
  g_test_add_func ("/deadline/far-ones-cost-no-threads", test_deadlines_that_do_not_pass);
}

int
main (int    argc,
      char **argv)
{
  return tt_main (&argc, &argv, add_tests);
}
