/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The end of an executor: what becomes of its work, and who waits how long. */

#include "tl-test.h"

/* One worker with a blocked task, and three more behind it. */
typedef struct
{
  TlExecutor *executor;
  TlFuture   *running;
  TlFuture   *queued[3];
  TtGate      gate;
  int         counter;
} Fixture;

static void
set_up (Fixture       *f,
        gconstpointer  unused)
{
  guint i;

  tt_gate_init (&f->gate);
  f->executor = tl_executor_new ("shutting-down", 1);
  f->running = tl_executor_submit (f->executor, tt_gate_func, &f->gate, NULL);
  tt_gate_await (&f->gate, 1);
  for (i = 0; i < G_N_ELEMENTS (f->queued); i++)
    f->queued[i] = tl_executor_submit (f->executor, tt_count_func, &f->counter, NULL);
}

static void
tear_down (Fixture       *f,
           gconstpointer  unused)
{
  guint i;

  tt_gate_open (&f->gate);
  tt_shutdown (f->executor);
  tt_wait_for (f->running, DONE);
  for (i = 0; i < G_N_ELEMENTS (f->queued); i++)
    {
      tt_wait (f->queued[i]);
      tl_future_unref (f->queued[i]);
    }
  tl_future_unref (f->running);
  g_object_unref (f->executor);
  tt_wait_threads ("shutting-down", 0);
  tt_gate_clear (&f->gate);
}

/* Asks for the shutdown, and does not wait for it. */
static void
begin_shutdown (TlExecutor *executor,
                TlShutdown  how)
{
  g_autoptr(GError) error = NULL;

  g_assert_false (tl_executor_shutdown (executor, how, 0, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
}

static void
check_queued (Fixture       *f,
              TlFutureState  state)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (f->queued); i++)
    {
      tt_wait (f->queued[i]);
      g_assert_cmpint (tl_future_get_state (f->queued[i]), ==, state);
    }
  g_assert_cmpint (f->counter, ==, state == TL_FUTURE_STATE_DONE ? 3 : 0);
}

static void
test_drain (Fixture       *f,
            gconstpointer  unused)
{
  begin_shutdown (f->executor, TL_SHUTDOWN_DRAIN);
  tt_assert_state (f->running, RUNNING);
  tt_assert_state (f->queued[0], PENDING);
  tt_gate_open (&f->gate);
  tt_shutdown (f->executor);
  g_assert_true (tl_future_done (f->running));
  g_assert_true (tl_future_done (f->queued[2]));
  check_queued (f, TL_FUTURE_STATE_DONE);
}

static void
test_cancel_queued (Fixture       *f,
                    gconstpointer  unused)
{
  begin_shutdown (f->executor, TL_SHUTDOWN_CANCEL_QUEUED);

  /* The worker is at the gate: the waiters wake all the same. */
  check_queued (f, TL_FUTURE_STATE_CANCELLED);
  tt_assert_state (f->running, RUNNING);
  g_assert_false (tl_future_cancel_requested (f->running));
}

static void
test_cancel_all (Fixture       *f,
                 gconstpointer  unused)
{
  begin_shutdown (f->executor, TL_SHUTDOWN_CANCEL_ALL);
  check_queued (f, TL_FUTURE_STATE_CANCELLED);
  tt_assert_state (f->running, RUNNING);
  g_assert_true (tl_future_cancel_requested (f->running));
}

static void
test_cancel_all_ends_running (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("shutting-down", 4);
  TlFuture             *futures[4];
  TtGate                gate;
  guint                 i;

  tt_gate_init (&gate);
  for (i = 0; i < G_N_ELEMENTS (futures); i++)
    futures[i] = tl_executor_submit (executor, tt_cancellable_func, &gate, NULL);
  tt_gate_await (&gate, G_N_ELEMENTS (futures));
  g_assert_true (tl_executor_shutdown (executor, TL_SHUTDOWN_CANCEL_ALL, TT_PATIENCE, NULL, NULL));
  for (i = 0; i < G_N_ELEMENTS (futures); i++)
    {
      tt_wait_for (futures[i], CANCELLED);
      tl_future_unref (futures[i]);
    }
  tt_wait_threads ("shutting-down", 0);
  tt_gate_clear (&gate);
}

static void
test_stricter (Fixture       *f,
               gconstpointer  unused)
{
  begin_shutdown (f->executor, TL_SHUTDOWN_DRAIN);
  tt_assert_state (f->queued[0], PENDING);
  begin_shutdown (f->executor, TL_SHUTDOWN_CANCEL_QUEUED);
  check_queued (f, TL_FUTURE_STATE_CANCELLED);
  g_assert_false (tl_future_cancel_requested (f->running));
  begin_shutdown (f->executor, TL_SHUTDOWN_CANCEL_ALL);
  g_assert_true (tl_future_cancel_requested (f->running));
}

static void
test_unused (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);
  g_autoptr(GError)     error = NULL;

  g_assert_true (tl_executor_shutdown (executor, TL_SHUTDOWN_DRAIN, 0, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (tl_executor_shutdown (executor, TL_SHUTDOWN_CANCEL_ALL, -1, NULL, &error));
  g_assert_no_error (error);
}

/* ---- How the waiting ends ---- */

static void
test_timeout (Fixture       *f,
              gconstpointer  unused)
{
  g_autoptr(GError) error = NULL;

  g_assert_false (tl_executor_shutdown (f->executor, TL_SHUTDOWN_DRAIN, 2000, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_clear_error (&error);

  /* It may be called again, to wait longer. */
  tt_gate_open (&f->gate);
  g_assert_true (tl_executor_shutdown (f->executor, TL_SHUTDOWN_DRAIN, TT_PATIENCE, NULL, &error));
  g_assert_no_error (error);
  check_queued (f, TL_FUTURE_STATE_DONE);
}

typedef struct
{
  TlExecutor   *executor;
  GCancellable *cancellable;
  int           tid;
} Closer;

static gpointer
shut_down_in_thread (gpointer data)
{
  Closer *closer = data;
  GError *error = NULL;

  g_atomic_int_set (&closer->tid, tt_gettid ());
  tl_executor_shutdown (closer->executor, TL_SHUTDOWN_DRAIN, TT_PATIENCE,
                        closer->cancellable, &error);
  return error;
}

static void
test_waiting_is_cancelled (Fixture       *f,
                           gconstpointer  unused)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError)       error = NULL;
  Closer                  closer = { f->executor, cancellable, 0 };
  GThread                *thread = g_thread_new ("closer", shut_down_in_thread, &closer);

  tt_wait_asleep (&closer.tid);
  g_cancellable_cancel (cancellable);
  error = g_thread_join (thread);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  /* That ended the waiting; what was accepted is not touched. */
  tt_assert_state (f->queued[0], PENDING);
  tt_gate_open (&f->gate);
  check_queued (f, TL_FUTURE_STATE_DONE);
}

static void
test_many_wait (Fixture       *f,
                gconstpointer  unused)
{
  Closer   closers[4];
  GThread *threads[4];
  guint    i;

  for (i = 0; i < G_N_ELEMENTS (closers); i++)
    {
      closers[i] = (Closer) { f->executor, NULL, 0 };
      threads[i] = g_thread_new ("closer", shut_down_in_thread, &closers[i]);
    }
  for (i = 0; i < G_N_ELEMENTS (closers); i++)
    tt_wait_asleep (&closers[i].tid);
  tt_gate_open (&f->gate);
  for (i = 0; i < G_N_ELEMENTS (closers); i++)
    g_assert_null (g_thread_join (threads[i]));
  check_queued (f, TL_FUTURE_STATE_DONE);
}

static gboolean
shutdown_func (TlFuture  *future,
               gpointer   executor,
               GError   **error)
{
  return tl_executor_shutdown (executor, TL_SHUTDOWN_DRAIN, -1, NULL, error);
}

static void
test_from_a_worker (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);
  g_autoptr(TlFuture)   future = tl_executor_submit (executor, shutdown_func, executor, NULL);
  g_autoptr(TlFuture)   late = NULL;

  tt_wait_error (future, TL_ERROR, TL_ERROR_WOULD_DEADLOCK);

  /* The shutdown itself cannot fail. */
  late = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);
  tt_wait_error (late, TL_ERROR, TL_ERROR_SHUT_DOWN);
  tt_shutdown (executor);
}

typedef struct
{
  GThread *thread;
  int      calls;
  gboolean ok;
  GError  *error;
} Closed;

static void
closed (GObject      *source,
        GAsyncResult *result,
        gpointer      data)
{
  Closed *c = data;

  c->ok = tl_executor_shutdown_finish (TL_EXECUTOR (source), result, &c->error);
  c->thread = g_thread_self ();
  c->calls++;
}

static void
test_async (Fixture       *f,
            gconstpointer  unused)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(TlFuture)     late = NULL;
  Closed                  c[3] = { { 0, }, };

  tl_executor_shutdown_async (f->executor, TL_SHUTDOWN_DRAIN, NULL, closed, &c[0]);
  tl_executor_shutdown_async (f->executor, TL_SHUTDOWN_DRAIN, cancellable, closed, &c[1]);
  tt_iterate ();
  g_assert_cmpint (c[0].calls + c[1].calls, ==, 0);
  late = tl_executor_submit (f->executor, tt_nothing_func, NULL, NULL);
  tt_wait_error (late, TL_ERROR, TL_ERROR_SHUT_DOWN);

  g_cancellable_cancel (cancellable);
  tt_run_until (tt_is_set, &c[1].calls);
  g_assert_false (c[1].ok);
  g_assert_error (c[1].error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&c[1].error);

  tt_gate_open (&f->gate);
  tt_run_until (tt_is_set, &c[0].calls);
  g_assert_no_error (c[0].error);
  g_assert_true (c[0].ok);
  g_assert_true (c[0].thread == g_thread_self ());
  check_queued (f, TL_FUTURE_STATE_DONE);

  /* Once it is over, too. */
  tl_executor_shutdown_async (f->executor, TL_SHUTDOWN_DRAIN, NULL, closed, &c[2]);
  g_assert_cmpint (c[2].calls, ==, 0);
  tt_run_until (tt_is_set, &c[2].calls);
  g_assert_true (c[2].ok);
  tt_iterate ();
  g_assert_cmpint (c[0].calls + c[1].calls + c[2].calls, ==, 3);
}

/* It may be asked for before and after, and says the same. */
static void
test_stopped (Fixture       *f,
              gconstpointer  unused)
{
  g_autoptr(TlFuture) before = tl_executor_dup_stopped (f->executor);
  g_autoptr(TlFuture) after = NULL;

  begin_shutdown (f->executor, TL_SHUTDOWN_DRAIN);
  g_assert_false (tl_future_done (before));

  tt_gate_open (&f->gate);
  tt_wait_for (before, DONE);
  g_assert_cmpint (g_atomic_int_get (&f->counter), ==, G_N_ELEMENTS (f->queued));

  after = tl_executor_dup_stopped (f->executor);
  tt_wait_for (after, DONE);
}

static void
test_stopped_by_being_dropped (void)
{
  g_autoptr(TlFuture) stopped = NULL;
  TlExecutor *executor = tl_executor_new ("dropped", 1);

  stopped = tl_executor_dup_stopped (executor);
  g_object_unref (executor);
  tt_wait_for (stopped, DONE);
}

/* ---- Submitting afterwards ---- */

static void
test_submit_afterwards (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("closed", 1);
  g_autoptr(TlFuture)   future = NULL;
  g_autoptr(GPtrArray)  many = NULL;
  TtTrace               traces[4] = { { 0, }, };
  gpointer              data[3] = { &traces[0], &traces[1], &traces[2] };
  guint                 i;

  tt_shutdown (executor);
  future = tl_executor_submit (executor, tt_nothing_func, &traces[3], tt_trace_destroy);
  g_assert_true (tl_future_done (future));
  tt_assert_state (future, FAILED);
  g_assert_error (tl_future_get_error (future), TL_ERROR, TL_ERROR_SHUT_DOWN);

  many = tl_executor_submit_many (executor, tt_nothing_func, data, 3, tt_trace_destroy);
  g_assert_cmpuint (many->len, ==, 3);
  for (i = 0; i < many->len; i++)
    g_assert_error (tl_future_get_error (g_ptr_array_index (many, i)), TL_ERROR, TL_ERROR_SHUT_DOWN);
  for (i = 0; i < G_N_ELEMENTS (traces); i++)
    {
      tt_poll_until (tt_trace_gone, &traces[i], "the data was freed");
      g_assert_cmpint (traces[i].destroyed, ==, 1);
    }
}

typedef struct
{
  TlExecutor *executor;
  TtTrace    *traces;
  guint       n;
  guint       accepted;
  guint       rejected;
} Submitter;

static gpointer
submit_in_thread (gpointer data)
{
  Submitter *s = data;
  guint      i;

  for (i = 0; i < s->n; i++)
    {
      g_autoptr(TlFuture) future = tl_executor_submit (s->executor, tt_nothing_func,
                                                       &s->traces[i], tt_trace_destroy);

      tt_wait (future);
      if (tl_future_get_error (future) == NULL)
        {
          tt_assert_state (future, DONE);
          g_assert_cmpuint (s->rejected, ==, 0);
          s->accepted++;
        }
      else if (tl_future_cancelled (future))
        s->accepted++;
      else
        {
          g_assert_error (tl_future_get_error (future), TL_ERROR, TL_ERROR_SHUT_DOWN);
          s->rejected++;
        }
    }

  return NULL;
}

static void
test_submit_meanwhile (void)
{
  guint round, i, k;

  for (round = 0; round < tt_scaled (200, 10); round++)
    {
      g_autoptr(TlExecutor) executor = tl_executor_new ("closing", 2);
      Submitter             submitters[4] = { { 0, }, };
      GThread              *threads[4];

      for (i = 0; i < G_N_ELEMENTS (submitters); i++)
        {
          submitters[i].executor = executor;
          submitters[i].n = 50;
          submitters[i].traces = g_new0 (TtTrace, 50);
          threads[i] = g_thread_new ("submitter", submit_in_thread, &submitters[i]);
        }
      if (round % 2)
        g_thread_yield ();
      g_assert_true (tl_executor_shutdown (executor, round % 3, TT_PATIENCE, NULL, NULL));
      for (i = 0; i < G_N_ELEMENTS (submitters); i++)
        {
          g_thread_join (threads[i]);
          g_assert_cmpuint (submitters[i].accepted + submitters[i].rejected, ==, 50);
          for (k = 0; k < 50; k++)
            {
              tt_poll_until (tt_trace_gone, &submitters[i].traces[k], "the data was freed");
              g_assert_cmpint (submitters[i].traces[k].destroyed, ==, 1);
            }
          g_free (submitters[i].traces);
        }
    }
}

#define ADD(path, func) \
  g_test_add (path, Fixture, NULL, set_up, func, tear_down)

typedef struct
{
  TlExecutor *executor;
  int         too_early;
} Reentrant;

static void
shut_down_again (gpointer data)
{
  Reentrant *reentrant = data;

  /* What is being cancelled right now has not ended. */
  if (tl_executor_shutdown (reentrant->executor, TL_SHUTDOWN_DRAIN, 0, NULL, NULL))
    reentrant->too_early++;
}

static void
test_has_not_ended_before_all_is_settled (void)
{
  /* With no thread there is nothing else to wait for. */
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autoptr(TlExecutor)   executor = tl_executor_new_for_context (context);
  g_autoptr(TlFuture)     first = NULL;
  g_autoptr(TlFuture)     second = NULL;
  Reentrant               reentrant = { executor, 0 };

  first = tl_executor_submit (executor, tt_nothing_func, &reentrant, shut_down_again);
  second = tl_executor_submit (executor, tt_nothing_func, &reentrant, shut_down_again);
  g_assert_true (tl_executor_shutdown (executor, TL_SHUTDOWN_CANCEL_QUEUED, TT_PATIENCE, NULL, NULL));
  tt_assert_state (first, CANCELLED);
  tt_assert_state (second, CANCELLED);
  g_assert_cmpint (reentrant.too_early, ==, 0);
}

static void
add_tests (void)
{
  g_test_add_func ("/executor/shutdown/has-not-ended-before-all-is-settled", test_has_not_ended_before_all_is_settled);
  ADD ("/shutdown/drain-runs-all-that-was-accepted", test_drain);
  ADD ("/shutdown/cancel-queued-wakes-waiters-and-lets-running-be", test_cancel_queued);
  ADD ("/shutdown/cancel-all-trips-what-runs", test_cancel_all);
  g_test_add_func ("/shutdown/cancel-all-ends-what-listens", test_cancel_all_ends_running);
  ADD ("/shutdown/may-get-stricter", test_stricter);
  g_test_add_func ("/shutdown/of-an-unused-executor", test_unused);
  ADD ("/shutdown/wait/times-out-and-may-go-on", test_timeout);
  ADD ("/shutdown/wait/is-interrupted-by-its-cancellable", test_waiting_is_cancelled);
  ADD ("/shutdown/wait/by-many-at-once", test_many_wait);
  g_test_add_func ("/shutdown/wait/on-a-worker-would-deadlock", test_from_a_worker);
  ADD ("/shutdown/async-comes-on-the-callers-context", test_async);
  ADD ("/shutdown/stopped", test_stopped);
  g_test_add_func ("/shutdown/dropped-executors-stop", test_stopped_by_being_dropped);
  g_test_add_func ("/shutdown/submit-afterwards-gives-a-failed-future", test_submit_afterwards);
  g_test_add_func ("/shutdown/submit-meanwhile-settles-every-future", test_submit_meanwhile);
}

int
main (int    argc,
      char **argv)
{
  return tt_main (&argc, &argv, add_tests);
}
