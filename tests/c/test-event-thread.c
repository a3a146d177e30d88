/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The thread that runs a main context: its start, its work, and its end. */

#include "tl-test.h"

/* ---- Start ---- */

static void
test_start (void)
{
  g_autoptr(TlEventThread) thread = tl_event_thread_new ("starter");
  g_autoptr(GMainContext)  context = NULL;
  g_autofree char         *name = NULL;
  g_autoptr(GError)        error = NULL;
  gboolean                 running;

  g_assert_cmpstr (tl_event_thread_get_name (thread), ==, "starter");
  g_assert_false (tl_event_thread_get_running (thread));
  g_assert_cmpuint (tt_n_threads ("starter"), ==, 0);
  g_assert_true (TL_IS_EXECUTOR (tl_event_thread_get_executor (thread)));
  g_assert_false (tl_future_done (tl_event_thread_get_stopped (thread)));

  g_assert_true (tl_event_thread_start (thread, &error));
  g_assert_no_error (error);
  g_assert_true (tl_event_thread_get_running (thread));
  g_assert_cmpuint (tt_n_threads ("starter"), ==, 1);
  g_object_get (thread, "name", &name, "running", &running, "context", &context, NULL);
  g_assert_cmpstr (name, ==, "starter");
  g_assert_true (running);
  g_assert_nonnull (context);

  /* The loop runs by now, so the context is somebody else's. */
  g_assert_false (g_main_context_acquire (context));

  g_assert_false (tl_event_thread_start (thread, &error));
  g_assert_error (error, TL_ERROR, TL_ERROR_ALREADY_STARTED);
  g_clear_error (&error);
  tt_stop (thread);
  tt_wait_threads ("starter", 0);
}

static gboolean
where_func (TlFuture  *future,
            gpointer   unused,
            GError   **error)
{
  g_autoptr(GMainContext) context = g_main_context_ref_thread_default ();

  g_assert_true (g_main_context_is_owner (context));
  g_assert_true (tl_future_get_current () == future);
  tl_future_set_pointer (future, g_main_context_ref (context), (GDestroyNotify) g_main_context_unref);
  return TRUE;
}

static void
test_work_runs_there (void)
{
  g_autoptr(TlEventThread) thread = tt_started ("worker");
  g_autoptr(GMainContext)  context = tl_event_thread_dup_context (thread);
  TlExecutor              *executor = tl_event_thread_get_executor (thread);
  g_autoptr(TlFuture)      first = tl_event_thread_submit (thread, where_func, NULL, NULL);
  g_autoptr(TlFuture)      second = tl_executor_submit (executor, where_func, NULL, NULL);

  tt_wait_for (first, DONE);
  tt_wait_for (second, DONE);
  g_assert_true (tl_future_get_pointer (first, NULL) == context);
  g_assert_true (tl_future_get_pointer (second, NULL) == context);
  tt_stop (thread);
}

typedef struct
{
  int inside;
  int ran;
} OneAtATime;

static gboolean
one_at_a_time_func (TlFuture  *future,
                    gpointer   data,
                    GError   **error)
{
  OneAtATime *one = data;

  g_assert_cmpint (g_atomic_int_add (&one->inside, 1), ==, 0);
  one->ran++;
  g_atomic_int_add (&one->inside, -1);
  return TRUE;
}

static void
test_one_at_a_time (void)
{
  g_autoptr(TlEventThread) thread = tt_started ("worker");
  OneAtATime               one = { 0, 0 };
  TlFuture                *future = NULL;
  guint                    i;

  for (i = 0; i < 10000; i++)
    {
      g_clear_pointer (&future, tl_future_unref);
      future = tl_event_thread_submit (thread, one_at_a_time_func, &one, NULL);
    }
  tt_wait_for (future, DONE);
  g_assert_cmpint (one.ran, ==, 10000);
  tl_future_unref (future);
  tt_stop (thread);
}

static void
test_submit_too_early_and_too_late (void)
{
  static const int codes[] = { TL_ERROR_NOT_STARTED, TL_ERROR_NOT_STARTED,
                               TL_ERROR_SHUT_DOWN, TL_ERROR_SHUT_DOWN };

  g_autoptr(TlEventThread) thread = tl_event_thread_new (NULL);
  TlFuture                *futures[4];
  TtTrace                  traces[4] = { { 0, }, };
  guint                    i;

  futures[0] = tl_event_thread_submit (thread, tt_nothing_func, &traces[0], tt_trace_destroy);
  futures[1] = tl_executor_submit (tl_event_thread_get_executor (thread),
                                   tt_nothing_func, &traces[1], tt_trace_destroy);
  g_assert_true (tl_event_thread_start (thread, NULL));
  tt_stop (thread);
  futures[2] = tl_event_thread_submit (thread, tt_nothing_func, &traces[2], tt_trace_destroy);
  futures[3] = tl_executor_submit (tl_event_thread_get_executor (thread),
                                   tt_nothing_func, &traces[3], tt_trace_destroy);
  for (i = 0; i < G_N_ELEMENTS (futures); i++)
    {
      g_assert_error (tl_future_get_error (futures[i]), TL_ERROR, codes[i]);
      tl_future_unref (futures[i]);
      tt_poll_until (tt_trace_gone, &traces[i], "the data was freed");
      g_assert_cmpint (traces[i].destroyed, ==, 1);
    }
}

static void
check_cannot_start (TlEventThread *thread)
{
  g_autoptr(GError) error = NULL;

  g_assert_false (tl_event_thread_start (thread, &error));
  if (!g_error_matches (error, TL_ERROR, TL_ERROR_ALREADY_STARTED))
    g_assert_error (error, TL_ERROR, TL_ERROR_SHUT_DOWN);
}

static void
test_no_restart (void)
{
  g_autoptr(TlEventThread) thread = tt_started (NULL);
  g_autoptr(TlEventThread) quit_early = tl_event_thread_new (NULL);

  tt_stop (thread);
  check_cannot_start (thread);
  tt_stop (thread);

  tl_event_thread_quit (quit_early);
  check_cannot_start (quit_early);
  tt_wait_for (tl_event_thread_get_stopped (quit_early), DONE);
}

/* ---- Stop ---- */

static void
test_stop_drains (void)
{
  g_autoptr(TlEventThread) thread = tt_started ("draining");
  g_autoptr(TlFuture)      late = NULL;
  TtGate                   gate;
  int                      counter = 0;
  guint                    i;

  tt_gate_init (&gate);
  tl_executor_post (tl_event_thread_get_executor (thread), tt_gate_func, &gate, NULL);
  tt_gate_await (&gate, 1);
  for (i = 0; i < 1000; i++)
    tl_executor_post (tl_event_thread_get_executor (thread), tt_count_func, &counter, NULL);

  tl_event_thread_quit (thread);
  late = tl_event_thread_submit (thread, tt_count_func, &counter, NULL);
  g_assert_error (tl_future_get_error (late), TL_ERROR, TL_ERROR_SHUT_DOWN);
  g_assert_false (tl_future_done (tl_event_thread_get_stopped (thread)));

  tt_gate_open (&gate);
  tt_stop (thread);
  g_assert_cmpint (counter, ==, 1000);
  g_assert_false (tl_event_thread_get_running (thread));
  g_assert_null (tl_event_thread_dup_context (thread));
  tt_wait_for (tl_event_thread_get_stopped (thread), DONE);
  tt_wait_threads ("draining", 0);
  tt_gate_clear (&gate);
}

static gboolean
never (gpointer unused)
{
  g_assert_not_reached ();
}

static void
test_sources_are_destroyed (void)
{
  g_autoptr(TlEventThread) thread = tt_started (NULL);
  GMainContext            *context = tl_event_thread_dup_context (thread);
  TtTrace                  traces[3] = { { 0, }, };
  guint                    i;

  for (i = 0; i < G_N_ELEMENTS (traces); i++)
    {
      GSource *source = g_timeout_source_new_seconds (10000);

      g_source_set_callback (source, never, &traces[i], tt_trace_destroy);
      g_source_attach (source, context);
      g_source_unref (source);
    }
  g_main_context_unref (context);
  tt_stop (thread);
  for (i = 0; i < G_N_ELEMENTS (traces); i++)
    {
      tt_poll_until (tt_trace_gone, &traces[i], "the source was destroyed");
      g_assert_cmpint (traces[i].destroyed, ==, 1);
    }
}

static void
test_join (void)
{
  g_autoptr(TlEventThread) thread = tl_event_thread_new (NULL);
  g_autoptr(GCancellable)  cancellable = g_cancellable_new ();
  g_autoptr(GError)        error = NULL;

  g_assert_false (tl_event_thread_join (thread, -1, NULL, &error));
  g_assert_error (error, TL_ERROR, TL_ERROR_NOT_STARTED);
  g_clear_error (&error);

  g_assert_true (tl_event_thread_start (thread, NULL));
  g_assert_false (tl_event_thread_join (thread, 0, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_clear_error (&error);
  g_assert_false (tl_event_thread_join (thread, 1000, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_clear_error (&error);
  g_cancellable_cancel (cancellable);
  g_assert_false (tl_event_thread_join (thread, -1, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  /* It does not ask the thread to end. */
  g_assert_true (tl_event_thread_get_running (thread));
  tl_event_thread_quit (thread);
  g_assert_true (tl_event_thread_join (thread, TT_PATIENCE, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (tl_event_thread_join (thread, -1, NULL, &error));
  g_assert_no_error (error);
}

static gpointer
join_in_thread (gpointer thread)
{
  return GINT_TO_POINTER (tl_event_thread_join (thread, TT_PATIENCE, NULL, NULL));
}

static void
test_many_join (void)
{
  g_autoptr(TlEventThread) thread = tt_started (NULL);
  GThread                 *threads[4];
  guint                    i;

  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("joiner", join_in_thread, thread);
  tt_stop (thread);
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    g_assert_true (GPOINTER_TO_INT (g_thread_join (threads[i])));
}

static gboolean
is_stopped (gpointer thread)
{
  return !tl_event_thread_get_running (thread);
}

typedef struct
{
  int      calls;
  gboolean ok;
  GError  *error;
} Stopped;

static void
stopped (GObject      *source,
         GAsyncResult *result,
         gpointer      data)
{
  Stopped *s = data;

  s->ok = tl_event_thread_stop_finish (TL_EVENT_THREAD (source), result, &s->error);
  s->calls++;
}

static void
test_stop_async (void)
{
  g_autoptr(TlEventThread) thread = tt_started (NULL);
  g_autoptr(GCancellable)  cancellable = g_cancellable_new ();
  TtGate                   gate;
  Stopped                  s[2] = { { 0, }, };

  tt_gate_init (&gate);
  tl_executor_post (tl_event_thread_get_executor (thread), tt_gate_func, &gate, NULL);
  tl_event_thread_stop_async (thread, NULL, stopped, &s[0]);
  tl_event_thread_stop_async (thread, cancellable, stopped, &s[1]);
  tt_iterate ();
  g_assert_cmpint (s[0].calls + s[1].calls, ==, 0);
  g_cancellable_cancel (cancellable);
  tt_run_until (tt_is_set, &s[1].calls);
  g_assert_false (s[1].ok);
  g_assert_error (s[1].error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&s[1].error);

  tt_gate_open (&gate);
  tt_run_until (tt_is_set, &s[0].calls);
  g_assert_no_error (s[0].error);
  g_assert_true (s[0].ok);
  g_assert_false (tl_event_thread_get_running (thread));
  tt_stop (thread);
  tt_gate_clear (&gate);
}

typedef struct
{
  GThread *thread;
  int      calls;
} Notified;

static void
notified (GObject    *object,
          GParamSpec *pspec,
          gpointer    data)
{
  Notified *n = data;

  g_assert_true (g_thread_self () == n->thread);
  n->calls++;
}

static void
test_running_notifies (void)
{
  g_autoptr(TlEventThread) thread = tl_event_thread_new (NULL);
  Notified                 n = { g_thread_self (), 0 };

  g_signal_connect (thread, "notify::running", G_CALLBACK (notified), &n);
  g_assert_true (tl_event_thread_start (thread, NULL));
  tt_run_until (tt_is_set, &n.calls);
  n.calls = 0;
  tl_event_thread_quit (thread);
  tt_run_until (is_stopped, thread);
  tt_run_until (tt_is_set, &n.calls);
  tt_stop (thread);
}

static void
add_tests (void)
{
  g_test_add_func ("/event-thread/start-returns-when-the-loop-runs", test_start);
  g_test_add_func ("/event-thread/work-runs-on-its-context", test_work_runs_there);
  g_test_add_func ("/event-thread/work-runs-one-at-a-time", test_one_at_a_time);
  g_test_add_func ("/event-thread/submit-before-start-and-after-stop-fails", test_submit_too_early_and_too_late);
  g_test_add_func ("/event-thread/restart-fails", test_no_restart);
  g_test_add_func ("/event-thread/stop-drains-what-was-accepted", test_stop_drains);
  g_test_add_func ("/event-thread/sources-are-destroyed-with-the-context", test_sources_are_destroyed);
  g_test_add_func ("/event-thread/join-waits-and-does-not-ask", test_join);
  g_test_add_func ("/event-thread/join-by-many-at-once", test_many_join);
  g_test_add_func ("/event-thread/stop-async", test_stop_async);
  g_test_add_func ("/event-thread/running-notifies-where-it-was-made", test_running_notifies);
}

int
main (int    argc,
      char **argv)
{
  return tt_main (&argc, &argv, add_tests);
}
