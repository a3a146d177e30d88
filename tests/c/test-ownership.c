/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where user data dies: on the submitter's thread while a loop runs there, and
 * without delay where none does. */

#include "tl-test.h"

typedef struct
{
  GThread *thread;
  int      destroyed;
  int      elsewhere;
  int      expected;
} Tally;

/* Its address is what is destroyed; what it points to is the tally. */
typedef struct
{
  Tally *tally;
} Closure;

static gpointer
closure_new (Tally *tally)
{
  Closure *closure = g_new (Closure, 1);

  closure->tally = tally;
  return closure;
}

static void
closure_free (gpointer data)
{
  Tally *tally = ((Closure *) data)->tally;

  if (g_thread_self () != tally->thread)
    g_atomic_int_inc (&tally->elsewhere);
  g_atomic_int_inc (&tally->destroyed);
  g_free (data);
}

static gboolean
closure_func (TlFuture  *future,
              gpointer   data,
              GError   **error)
{
  g_assert_nonnull (((Closure *) data)->tally);
  return TRUE;
}

static gboolean
tally_full (gpointer data)
{
  Tally *tally = data;

  return g_atomic_int_get (&tally->destroyed) >= tally->expected;
}

/* ---- With a loop ---- */

typedef struct
{
  TlExecutor *executor;
  Tally      *tally;
} Batch;

static gboolean
submit_batch (gpointer data)
{
  Batch *batch = data;
  int    i;

  for (i = 0; i < batch->tally->expected; i++)
    tl_executor_post (batch->executor, closure_func, closure_new (batch->tally), closure_free);
  return G_SOURCE_REMOVE;
}

static void
check_batch (TlExecutor *executor,
             int         n)
{
  g_autoptr(GMainContext)  context = g_main_context_ref_thread_default ();
  GSource                 *source = g_idle_source_new ();
  Tally                    tally = { g_thread_self (), 0, 0, n };
  Batch                    batch = { executor, &tally };

  /* Submitted from inside of the loop, so that it runs all the time. */
  g_source_set_callback (source, submit_batch, &batch, NULL);
  g_source_attach (source, context);
  g_source_unref (source);
  tt_run_until (tally_full, &tally);
  tt_iterate ();
  g_assert_cmpint (tally.destroyed, ==, n);
  g_assert_cmpint (tally.elsewhere, ==, 0);
}

static void
test_loop_destroys_all (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 2);

  check_batch (executor, (int) tt_scaled (100000, 2000));
  tt_shutdown (executor);
}

static gpointer
check_batch_in_thread (gpointer executor)
{
  g_autoptr(GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  check_batch (executor, (int) tt_scaled (20000, 500));
  g_main_context_pop_thread_default (context);

  return NULL;
}

static void
test_loops_of_many_threads (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 2);
  GThread              *threads[4];
  guint                 i;

  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("submitter", check_batch_in_thread, executor);
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  tt_shutdown (executor);
}

static void
test_loop_of_an_event_thread_as_executor (void)
{
  g_autoptr(TlEventThread) thread = tl_event_thread_new (NULL);

  g_assert_true (tl_event_thread_start (thread, NULL));
  check_batch (tl_event_thread_get_executor (thread), (int) tt_scaled (20000, 500));
  g_assert_true (tl_event_thread_stop (thread, TT_PATIENCE, NULL, NULL));
}

/* Whatever becomes of the work. */
static gboolean
submit_ill_fated (gpointer data)
{
  Batch                   *batch = data;
  g_autoptr(GCancellable)  cancellable = g_cancellable_new ();
  TlFuture                *future;
  TtGate                  *gate = g_new (TtGate, 1);

  tt_gate_init (gate);
  tl_executor_post (batch->executor, tt_gate_func, gate, NULL);
  tt_gate_await (gate, 1);

  /* One that is cancelled while queued, */
  future = tl_executor_submit (batch->executor, closure_func, closure_new (batch->tally), closure_free);
  g_assert_cmpint (tl_future_cancel (future), ==, TL_CANCEL_DONE);
  tl_future_unref (future);

  /* one that was cancelled before, */
  g_cancellable_cancel (cancellable);
  future = tl_executor_submit_full (batch->executor, NULL, 0, -1, cancellable,
                                    closure_func, closure_new (batch->tally), closure_free);
  tl_future_unref (future);

  /* one that comes too late, */
  future = tl_executor_submit_full (batch->executor, NULL, 0, 0, NULL,
                                    closure_func, closure_new (batch->tally), closure_free);
  tt_wait_error (future, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  tl_future_unref (future);

  /* one that fails, */
  future = tl_executor_submit (batch->executor, tt_fail_func, closure_new (batch->tally), closure_free);
  tt_gate_open (gate);
  tt_wait_error (future, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  tl_future_unref (future);
  tt_shutdown (batch->executor);
  tt_gate_clear (gate);
  g_free (gate);

  /* and one that is not accepted. */
  future = tl_executor_submit (batch->executor, closure_func, closure_new (batch->tally), closure_free);
  tt_wait_error (future, TL_ERROR, TL_ERROR_SHUT_DOWN);
  tl_future_unref (future);

  return G_SOURCE_REMOVE;
}

static void
test_loop_destroys_the_ill_fated (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);
  Tally                 tally = { g_thread_self (), 0, 0, 5 };
  Batch                 batch = { executor, &tally };

  g_idle_add (submit_ill_fated, &batch);
  tt_run_until (tally_full, &tally);
  tt_iterate ();
  g_assert_cmpint (tally.destroyed, ==, 5);
  g_assert_cmpint (tally.elsewhere, ==, 0);
}

static gboolean
give_func (TlFuture  *future,
           gpointer   data,
           GError   **error)
{
  tl_future_set_pointer (future, closure_new (data), closure_free);
  return TRUE;
}

static gboolean
submit_unclaimed (gpointer data)
{
  Batch *batch = data;
  int    i;

  for (i = 0; i < batch->tally->expected; i++)
    tl_executor_post (batch->executor, give_func, batch->tally, NULL);
  return G_SOURCE_REMOVE;
}

static void
test_loop_destroys_unclaimed_results (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 2);
  Tally                 tally = { g_thread_self (), 0, 0, (int) tt_scaled (10000, 500) };
  Batch                 batch = { executor, &tally };

  g_idle_add (submit_unclaimed, &batch);
  tt_run_until (tally_full, &tally);
  tt_shutdown (executor);
  tt_iterate ();
  g_assert_cmpint (tally.destroyed, ==, tally.expected);
  g_assert_cmpint (tally.elsewhere, ==, 0);
}

/* ---- Without ---- */

static void
test_before_the_wait_returns (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 2);
  guint                 i;

  for (i = 0; i < tt_scaled (10000, 500); i++)
    {
      TtTrace             trace = { 0, };
      g_autoptr(TlFuture) future = tl_executor_submit (executor, tt_nothing_func,
                                                       &trace, tt_trace_destroy);

      tt_wait_for (future, DONE);
      g_assert_cmpint (trace.destroyed, ==, 1);
    }
  tt_shutdown (executor);
}

static gpointer
wait_on_pushed_context (gpointer executor)
{
  g_autoptr(GMainContext) context = g_main_context_new ();
  guint                   i;

  g_main_context_push_thread_default (context);
  for (i = 0; i < tt_scaled (5000, 200); i++)
    {
      TtTrace             trace = { 0, };
      g_autoptr(TlFuture) future = tl_executor_submit (executor, tt_nothing_func,
                                                       &trace, tt_trace_destroy);

      tt_wait_for (future, DONE);
      g_assert_cmpint (trace.destroyed, ==, 1);
      g_assert_true (trace.thread == g_thread_self ());
    }
  g_main_context_pop_thread_default (context);

  return NULL;
}

static void
test_before_the_wait_returns_on_a_pushed_context (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);

  g_thread_join (g_thread_new ("waiter", wait_on_pushed_context, executor));
  tt_shutdown (executor);
}

static void
sleep_until (gint64 time)
{
  gint64 left = time - g_get_monotonic_time ();

  if (left > 0)
    g_usleep ((gulong) left);
}

/* A second is what each has, and not what is left of one that began before. */
static void
test_each_has_its_second (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);
  g_autoptr(TlFuture)   future = NULL;
  gint64                begin = g_get_monotonic_time ();
  gint64                submitted;
  TtTrace               traces[2] = { { 0, }, { 0, } };

  tl_executor_post (executor, tt_nothing_func, &traces[0], tt_trace_destroy);

  /* This comes for the first, whose second is over while this one waits. */
  sleep_until (begin + 900 * G_TIME_SPAN_MILLISECOND);
  submitted = g_get_monotonic_time ();
  future = tl_executor_submit (executor, tt_nothing_func, &traces[1], tt_trace_destroy);
  tt_poll_until (tt_trace_gone, &traces[0], "the first was freed");
  tt_poll_until (tt_is_done, future, "the work is done");
  sleep_until (begin + 1200 * G_TIME_SPAN_MILLISECOND);
  tt_wait_for (future, DONE);
  tt_poll_until (tt_trace_gone, &traces[1], "the second was freed");
  if (g_get_monotonic_time () - submitted < 450 * G_TIME_SPAN_MILLISECOND)
    g_assert_true (traces[1].thread == g_thread_self ());
  tt_shutdown (executor);
}

static void
test_unclaimed_result_without_a_loop (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);
  Tally                 tally = { g_thread_self (), 0, 0, 2 };
  TlFuture             *future;
  gpointer              claimed;

  /* Kept as long as somebody may still ask for it. */
  future = tl_executor_submit (executor, give_func, &tally, NULL);
  tt_wait_for (future, DONE);
  g_assert_cmpint (tally.destroyed, ==, 0);
  tl_future_unref (future);
  tt_poll_until (tt_is_set, &tally.destroyed, "the result was freed");
  g_assert_cmpint (tally.destroyed, ==, 1);

  future = tl_executor_submit (executor, give_func, &tally, NULL);
  tt_wait_for (future, DONE);
  claimed = tl_future_steal_pointer (future, NULL);
  tl_future_unref (future);
  tt_shutdown (executor);
  g_assert_cmpint (tally.destroyed, ==, 1);
  closure_free (claimed);
}

/* ---- A loop that stops early ---- */

typedef struct
{
  Tally       tally;
  TlExecutor *executor;
  TtGate     *gate;
  GMainLoop  *loop;
} Early;

static void
ignore_callback (TlFuture *future,
                 gpointer  unused)
{
}

static gboolean
submit_and_quit (gpointer data)
{
  Early *early = data;
  int    i;

  tl_executor_post (early->executor, tt_gate_func, early->gate, NULL);
  for (i = 0; i < early->tally.expected / 2; i++)
    {
      g_autoptr(TlFuture) future = NULL;

      future = tl_executor_submit (early->executor, closure_func,
                                   closure_new (&early->tally), closure_free);
      tl_future_add_done_callback (future, ignore_callback,
                                   closure_new (&early->tally), closure_free);
    }
  g_main_loop_quit (early->loop);
  return G_SOURCE_REMOVE;
}

static gpointer
run_and_quit (gpointer data)
{
  Early                  *early = data;
  g_autoptr(GMainContext) context = g_main_context_new ();
  GSource                *source = g_idle_source_new ();

  early->tally.thread = g_thread_self ();
  g_main_context_push_thread_default (context);
  early->loop = g_main_loop_new (context, FALSE);
  g_source_set_callback (source, submit_and_quit, early, NULL);
  g_source_attach (source, context);
  g_source_unref (source);
  g_main_loop_run (early->loop);
  g_main_loop_unref (early->loop);
  g_main_context_pop_thread_default (context);

  return NULL;
}

static gboolean
early_full (gpointer data)
{
  return tally_full (&((Early *) data)->tally);
}

static void
check_early (gboolean work_ends_first)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);
  TtGate                gate;
  Early                 early = { { NULL, 0, 0, 200 }, executor, &gate, NULL };
  GThread              *thread;

  tt_gate_init (&gate);
  if (work_ends_first)
    tt_gate_open (&gate);
  thread = g_thread_new ("submitter", run_and_quit, &early);
  g_thread_join (thread);
  tt_gate_open (&gate);
  tt_shutdown (executor);

  /* Nobody will ever iterate that context again, yet nothing leaks. */
  tt_poll_until (early_full, &early, "everything was freed");
  g_assert_cmpint (early.tally.destroyed, ==, early.tally.expected);
  tt_gate_clear (&gate);
}

static void
test_loop_quits_early (void)
{
  check_early (FALSE);
}

static void
test_loop_quits_meanwhile (void)
{
  guint i;

  for (i = 0; i < tt_scaled (200, 10); i++)
    check_early (TRUE);
}

/* ---- The application's own context ---- */

static gpointer
submit_without_a_loop (gpointer executor)
{
  Tally tally = { g_thread_self (), 0, 0, (int) tt_scaled (20000, 500) };
  int   i;

  for (i = 0; i < tally.expected; i++)
    tl_executor_post (executor, closure_func, closure_new (&tally), closure_free);
  tt_poll_until (tally_full, &tally, "everything was freed");
  return NULL;
}

static void
test_context_is_never_taken (void)
{
  /* In a process where nobody has iterated the default context yet. */
  if (g_test_subprocess ())
    {
      g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 2);
      GThread              *thread;
      guint                 i;

      thread = g_thread_new ("submitter", submit_without_a_loop, executor);

      /* To find out whether anybody runs it, nobody may own it, not even for
       * a moment: g_application_run() would fail. */
      for (i = 0; i < tt_scaled (300000, 10000); i++)
        {
          g_assert_true (g_main_context_acquire (NULL));
          g_main_context_release (NULL);
        }
      g_thread_join (thread);
      tt_shutdown (executor);
      return;
    }

  g_test_trap_subprocess (NULL, 2 * TT_PATIENCE, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
}

/* ---- Behind others ---- */

/* Longer than one turn of the loop may go on with deliveries. */
static void
take_long (TlFuture *future,
           gpointer  unused)
{
  gint64 end = g_get_monotonic_time () + 10 * G_TIME_SPAN_MILLISECOND;

  while (g_get_monotonic_time () < end)
    ;
}

static gboolean
submit_behind (gpointer data)
{
  Batch               *batch = data;
  g_autoptr(TlFuture)  future = NULL;

  future = tl_executor_submit (batch->executor, closure_func, closure_new (batch->tally), closure_free);
  tl_future_add_done_callback (future, take_long, NULL, NULL);

  /* Both the callback and the closure are in the mail when the loop goes on. */
  tt_poll_until (tt_is_done, future, "the work is done");
  return G_SOURCE_REMOVE;
}

static void
test_loop_destroys_behind_a_slow_callback (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);
  Tally                 tally = { g_thread_self (), 0, 0, 1 };
  Batch                 batch = { executor, &tally };

  g_idle_add (submit_behind, &batch);
  tt_run_until (tally_full, &tally);
  g_assert_cmpint (tally.elsewhere, ==, 0);
  tt_shutdown (executor);
}

/* ---- Before the loop ---- */

static gpointer
submit_and_wait (gpointer executor)
{
  TtTrace             trace = { 0, NULL };
  g_autoptr(TlFuture) future = NULL;

  future = tl_executor_submit (executor, tt_nothing_func, &trace, tt_trace_destroy);
  tt_wait (future);
  g_assert_cmpint (trace.destroyed, ==, 1);
  return NULL;
}

static void
test_others_leave_mine_alone (void)
{
  /* In a process where nobody has iterated the default context yet, which the
   * other thread has in common with this one. */
  if (g_test_subprocess ())
    {
      g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);
      g_autoptr(TlFuture)   future = NULL;
      TtTrace               trace = { 0, NULL };
      GThread              *other;

      future = tl_executor_submit (executor, tt_nothing_func, &trace, tt_trace_destroy);
      tt_poll_until (tt_is_done, future, "the work is done");

      other = g_thread_new ("other", submit_and_wait, executor);
      g_thread_join (other);
      g_assert_true (trace.thread != other);

      tt_wait (future);
      g_assert_cmpint (trace.destroyed, ==, 1);
      tt_shutdown (executor);
      return;
    }

  g_test_trap_subprocess (NULL, 2 * TT_PATIENCE, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
}

/* Threads that share a context come for theirs at the same time. */
static gpointer
submit_and_look (gpointer executor)
{
  guint n = tt_scaled (20000, 500);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr(TlFuture) future = NULL;
      TtTrace             trace = { 0, NULL };
      gint64              begin = g_get_monotonic_time ();

      future = tl_executor_submit (executor, tt_nothing_func, &trace, tt_trace_destroy);
      tt_wait_for (future, DONE);

      /* After that time it may be on another thread, for which there is no wait. */
      if (g_get_monotonic_time () - begin < 400 * G_TIME_SPAN_MILLISECOND)
        {
          g_assert_cmpint (trace.destroyed, ==, 1);
          g_assert_true (trace.thread == g_thread_self ());
        }
      tt_poll_until (tt_trace_gone, &trace, "it was freed");
    }

  return NULL;
}

static void
test_many_come_for_theirs (void)
{
  if (g_test_subprocess ())
    {
      g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 2);
      GThread              *threads[4];

      for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
        threads[i] = g_thread_new ("comes", submit_and_look, executor);
      for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
        g_thread_join (threads[i]);
      tt_shutdown (executor);
      return;
    }

  g_test_trap_subprocess (NULL, 2 * TT_PATIENCE, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
}

typedef struct
{
  TlExecutor *executor;
  TtTrace     trace;
  TtGate      gate;
} Left;

static gpointer
submit_and_end (gpointer data)
{
  Left                *left = data;
  g_autoptr(TlFuture)  future = tl_executor_submit (left->executor, tt_nothing_func, &left->trace, tt_trace_destroy);

  tt_poll_until (tt_is_done, future, "the work is done");

  return NULL;
}

static void
test_release_now (void)
{
  Left left = { .executor = tl_executor_new (NULL, 1) };

  for (guint i = 0; i < 100; i++)
    {
      left.trace = (TtTrace) { 0, };
      g_thread_join (g_thread_new ("ends", submit_and_end, &left));
      /* The worker may still be about to hand it over. */
      do
        g_assert_true (tl_release_now (TT_PATIENCE));
      while (!tt_trace_gone (&left.trace));
      g_assert_cmpint (left.trace.destroyed, ==, 1);
    }

  tt_shutdown (left.executor);
  g_object_unref (left.executor);
}

static gboolean
submit_and_stay (TlFuture  *future,
                 gpointer   data,
                 GError   **error)
{
  Left *left = data;

  submit_and_end (left);
  return tt_gate_func (future, &left->gate, error);
}

static void
test_release_now_leaves_loops_alone (void)
{
  g_autoptr(TlEventThread) thread = tl_event_thread_new ("looping");
  g_autoptr(TlFuture)      busy = NULL;
  Left                     left = { .executor = tl_executor_new (NULL, 1) };

  tt_gate_init (&left.gate);
  g_assert_true (tl_event_thread_start (thread, NULL));
  busy = tl_event_thread_submit (thread, submit_and_stay, &left, NULL);
  tt_gate_await (&left.gate, 1);
  /* Until the worker has handed it over. */
  tt_shutdown (left.executor);

  g_assert_true (tl_release_now (TT_PATIENCE));
  g_assert_cmpint (left.trace.destroyed, ==, 0);

  tt_gate_open (&left.gate);
  tt_wait_for (busy, DONE);
  tt_poll_until (tt_trace_gone, &left.trace, "it was freed");
  g_assert_true (left.trace.thread != g_thread_self ());

  g_assert_true (tl_event_thread_stop (thread, TT_PATIENCE, NULL, NULL));
  g_object_unref (left.executor);
  tt_gate_clear (&left.gate);
}

static void
add_tests (void)
{
  g_test_add_func ("/ownership/loop/100000-closures-die-on-the-submitters-thread", test_loop_destroys_all);
  g_test_add_func ("/ownership/loop/each-submitter-gets-its-own-back", test_loops_of_many_threads);
  g_test_add_func ("/ownership/loop/closures-of-an-event-thread", test_loop_of_an_event_thread_as_executor);
  g_test_add_func ("/ownership/loop/whatever-becomes-of-the-work", test_loop_destroys_the_ill_fated);
  g_test_add_func ("/ownership/loop/behind-a-slow-callback", test_loop_destroys_behind_a_slow_callback);
  g_test_add_func ("/ownership/loop/unclaimed-results-die-there-too", test_loop_destroys_unclaimed_results);
  g_test_add_func ("/ownership/no-loop/before-the-wait-returns", test_before_the_wait_returns);
  g_test_add_func ("/ownership/no-loop/before-the-wait-returns-on-a-pushed-context", test_before_the_wait_returns_on_a_pushed_context);
  g_test_add_func ("/ownership/no-loop/each-has-a-second-of-its-own", test_each_has_its_second);
  g_test_add_func ("/ownership/no-loop/unclaimed-result-dies-with-the-future", test_unclaimed_result_without_a_loop);
  g_test_add_func ("/ownership/no-loop/other-submitters-leave-mine-alone", test_others_leave_mine_alone);
  g_test_add_func ("/ownership/no-loop/many-submitters-come-for-theirs-at-once", test_many_come_for_theirs);
  g_test_add_func ("/ownership/no-loop/what-is-left-can-be-freed-now", test_release_now);
  g_test_add_func ("/ownership/loop/what-is-left-for-one-is-not-freed-now", test_release_now_leaves_loops_alone);
  g_test_add_func ("/ownership/the-applications-context-is-never-taken-from-it", test_context_is_never_taken);
  g_test_add_func ("/ownership/loop-that-quits-early-leaks-nothing", test_loop_quits_early);
  g_test_add_func ("/ownership/loop-that-quits-meanwhile-leaks-nothing", test_loop_quits_meanwhile);
}

int
main (int    argc,
      char **argv)
{
  return tt_main (&argc, &argv, add_tests);
}
