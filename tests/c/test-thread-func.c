/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The hook around the life of a thread. */

#include "tl-test.h"

#include <string.h>

typedef struct
{
  int       set_up;
  int       torn_down;
  int       destroyed;
  int       allowed;
  GThread  *last;
  gboolean  silent;
  gboolean  skips_run;
} Hook;

static GPrivate current_hook;

static gboolean
hook_func (gpointer   data,
           GError   **error)
{
  Hook *hook = data;

  g_assert_null (tl_future_get_current ());
  g_assert_null (g_private_get (&current_hook));
  if (g_atomic_int_add (&hook->set_up, 1) >= hook->allowed)
    {
      if (!hook->silent)
        g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY, "no database today");
      return FALSE;
    }
  if (hook->skips_run)
    return TRUE;

  g_private_set (&current_hook, hook);
  g_atomic_pointer_set (&hook->last, g_thread_self ());
  tl_thread_run ();
  g_assert_true (g_private_get (&current_hook) == hook);
  g_private_set (&current_hook, NULL);
  g_atomic_int_inc (&hook->torn_down);

  return TRUE;
}

static void
hook_destroy (gpointer data)
{
  Hook *hook = data;

  /* Not before the last thread has ended. */
  g_assert_cmpint (g_atomic_int_get (&hook->destroyed), ==, 0);
  g_atomic_int_inc (&hook->destroyed);
}

/* Runs only where the hook is on the stack. */
static gboolean
inside_hook_func (TlFuture  *future,
                  gpointer   gate,
                  GError   **error)
{
  g_assert_nonnull (g_private_get (&current_hook));
  if (gate != NULL)
    tt_gate_pass (gate);
  tl_future_set_pointer (future, g_thread_self (), NULL);
  return TRUE;
}

static gboolean
hook_gone (gpointer data)
{
  return tt_is_set (&((Hook *) data)->destroyed);
}

/* ---- Around the life of a worker ---- */

static void
test_around_each_worker (void)
{
  Hook        hook = { .allowed = G_MAXINT };
  TlExecutor *executor = tl_executor_new ("hooked", 3);
  TlFuture   *futures[9];
  TtGate      gate;
  guint       i;

  tt_gate_init (&gate);
  tl_executor_set_thread_func (executor, hook_func, &hook, hook_destroy);
  g_assert_cmpint (hook.set_up, ==, 0);
  for (i = 0; i < G_N_ELEMENTS (futures); i++)
    futures[i] = tl_executor_submit (executor, inside_hook_func, &gate, NULL);
  tt_gate_await (&gate, 3);
  g_assert_cmpint (g_atomic_int_get (&hook.set_up), ==, 3);
  g_assert_cmpint (g_atomic_int_get (&hook.torn_down), ==, 0);
  tt_gate_open (&gate);
  for (i = 0; i < G_N_ELEMENTS (futures); i++)
    {
      tt_wait_for (futures[i], DONE);
      tl_future_unref (futures[i]);
    }

  /* Each is torn down by the time that the shutdown is over. */
  tt_shutdown (executor);
  g_assert_cmpint (hook.set_up, ==, 3);
  g_assert_cmpint (hook.torn_down, ==, 3);
  g_object_unref (executor);
  tt_poll_until (hook_gone, &hook, "the hook's data was freed");
  g_assert_cmpint (hook.destroyed, ==, 1);
  tt_gate_clear (&gate);
}

static gboolean
hook_torn_down (gpointer data)
{
  return tt_is_set (&((Hook *) data)->torn_down);
}

static void
test_torn_down_when_retiring (void)
{
  Hook                hook = { .allowed = G_MAXINT };
  TlExecutor         *executor = tl_executor_new ("hooked", 1);
  g_autoptr(TlFuture) first = NULL;
  g_autoptr(TlFuture) second = NULL;

  tl_executor_set_idle_timeout (executor, 1000);
  tl_executor_set_thread_func (executor, hook_func, &hook, hook_destroy);
  first = tl_executor_submit (executor, inside_hook_func, NULL, NULL);
  tt_wait_for (first, DONE);
  tt_poll_until (hook_torn_down, &hook, "the hook was torn down");
  g_assert_cmpint (hook.destroyed, ==, 0);

  /* And set up for the next. */
  second = tl_executor_submit (executor, inside_hook_func, NULL, NULL);
  tt_wait_for (second, DONE);
  g_assert_cmpint (hook.set_up, ==, 2);
  g_object_unref (executor);
  tt_poll_until (hook_gone, &hook, "the hook's data was freed");
  g_assert_cmpint (hook.torn_down, ==, 2);
}

static void
test_dropped_at_work (void)
{
  guint            n = tt_scaled (500, 20);
  g_autofree Hook *hooks = g_new0 (Hook, n);
  guint            i, k;

  for (i = 0; i < n; i++)
    {
      TlExecutor *executor = tl_executor_new ("hooked", 2);

      hooks[i].allowed = G_MAXINT;
      tl_executor_set_thread_func (executor, hook_func, &hooks[i], hook_destroy);
      for (k = 0; k < i % 5; k++)
        tl_executor_post (executor, inside_hook_func, NULL, NULL);
      g_object_unref (executor);
    }
  for (i = 0; i < n; i++)
    {
      tt_poll_until (hook_gone, &hooks[i], "the hook's data was freed");
      g_assert_cmpint (hooks[i].torn_down, ==, hooks[i].set_up);
    }
}

static void
test_replaced (void)
{
  Hook                  first = { .allowed = G_MAXINT };
  Hook                  second = { .allowed = G_MAXINT };
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);
  g_autoptr(TlFuture)   future = NULL;

  tl_executor_set_thread_func (executor, hook_func, &first, hook_destroy);
  tl_executor_set_thread_func (executor, hook_func, &second, hook_destroy);
  tt_poll_until (hook_gone, &first, "the first hook's data was freed");
  future = tl_executor_submit (executor, inside_hook_func, NULL, NULL);
  tt_wait_for (future, DONE);
  tt_shutdown (executor);
  g_assert_cmpint (first.set_up, ==, 0);
  g_assert_cmpint (second.set_up, ==, 1);
  g_clear_object (&executor);
  tt_poll_until (hook_gone, &second, "the second hook's data was freed");
}

/* ---- Broken ---- */

static void
check_broken (TlFuture   *future,
              const char *message)
{
  tt_wait_error (future, TL_ERROR, TL_ERROR_BROKEN);
  tt_assert_state (future, FAILED);
  if (message != NULL)
    g_assert_nonnull (strstr (tl_future_get_error (future)->message, message));
}

static void
check_breaks (Hook       *hook,
              const char *message)
{
  TlExecutor          *executor = tl_executor_new ("to-break", 2);
  TtTrace              traces[20] = { { 0, }, };
  gpointer             data[20];
  g_autoptr(GPtrArray) queued = NULL;
  TlFuture            *later;
  guint                i;

  tl_executor_set_thread_func (executor, hook_func, hook, hook_destroy);
  for (i = 0; i < G_N_ELEMENTS (traces); i++)
    data[i] = &traces[i];
  queued = tl_executor_submit_many (executor, inside_hook_func, data, 20, tt_trace_destroy);
  for (i = 0; i < queued->len; i++)
    {
      check_broken (g_ptr_array_index (queued, i), message);
      tt_poll_until (tt_trace_gone, &traces[i], "the data was freed");
      g_assert_cmpint (traces[i].destroyed, ==, 1);
    }
  g_assert_cmpuint (tl_executor_get_n_queued (executor), ==, 0);

  /* It stays broken, and says so at once. */
  later = tl_executor_submit (executor, inside_hook_func, NULL, NULL);
  g_assert_true (tl_future_done (later));
  check_broken (later, message);
  tl_future_unref (later);
  tt_shutdown (executor);
  g_object_unref (executor);
  tt_poll_until (hook_gone, hook, "the hook's data was freed");
  g_assert_cmpint (hook->destroyed, ==, 1);
  tt_wait_threads ("to-break", 0);
}

static void
test_set_up_fails (void)
{
  Hook hook = { .allowed = 0 };

  check_breaks (&hook, "no database today");
}

static void
test_set_up_fails_silently (void)
{
  Hook hook = { .allowed = 0, .silent = TRUE };

  check_breaks (&hook, NULL);
}

static void
test_run_is_skipped (void)
{
  Hook hook = { .allowed = G_MAXINT, .skips_run = TRUE };

  check_breaks (&hook, NULL);
}

static void
test_second_worker_fails (void)
{
  Hook                  hook = { .allowed = 1 };
  g_autoptr(TlExecutor) executor = tl_executor_new ("to-break", 2);
  g_autoptr(TlFuture)   running = NULL;
  g_autoptr(TlFuture)   queued = NULL;
  g_autoptr(TlFuture)   later = NULL;
  TtGate                gate;

  tt_gate_init (&gate);
  tl_executor_set_thread_func (executor, hook_func, &hook, hook_destroy);
  running = tl_executor_submit (executor, inside_hook_func, &gate, NULL);
  tt_gate_await (&gate, 1);
  queued = tl_executor_submit (executor, inside_hook_func, NULL, NULL);
  check_broken (queued, "no database today");
  later = tl_executor_submit (executor, inside_hook_func, NULL, NULL);
  check_broken (later, "no database today");

  /* What runs is left alone. */
  tt_assert_state (running, RUNNING);
  tt_gate_open (&gate);
  tt_wait_for (running, DONE);
  tt_shutdown (executor);
  g_assert_cmpint (hook.torn_down, ==, 1);
  tt_gate_clear (&gate);
  g_clear_object (&executor);
  tt_poll_until (hook_gone, &hook, "the hook's data was freed");
}

/* ---- Around the loop of an event thread ---- */

static void
test_around_event_thread (void)
{
  Hook                hook = { .allowed = G_MAXINT };
  TlEventThread      *thread = tl_event_thread_new ("hooked");
  g_autoptr(TlFuture) future = NULL;

  tl_event_thread_set_thread_func (thread, hook_func, &hook, hook_destroy);
  g_assert_cmpint (hook.set_up, ==, 0);
  g_assert_true (tl_event_thread_start (thread, NULL));
  g_assert_cmpint (hook.set_up, ==, 1);
  future = tl_event_thread_submit (thread, inside_hook_func, NULL, NULL);
  tt_wait_for (future, DONE);
  g_assert_true (tl_future_get_pointer (future, NULL) == hook.last);
  g_assert_cmpint (g_atomic_int_get (&hook.torn_down), ==, 0);
  g_assert_true (tl_event_thread_stop (thread, TT_PATIENCE, NULL, NULL));
  g_assert_cmpint (hook.torn_down, ==, 1);
  g_object_unref (thread);
  tt_poll_until (hook_gone, &hook, "the hook's data was freed");
  g_assert_cmpint (hook.destroyed, ==, 1);
}

static void
check_event_thread_breaks (Hook       *hook,
                           const char *message)
{
  TlEventThread     *thread = tl_event_thread_new ("to-break");
  g_autoptr(GError)  error = NULL;
  TlFuture          *future;

  tl_event_thread_set_thread_func (thread, hook_func, hook, hook_destroy);
  g_assert_false (tl_event_thread_start (thread, &error));
  g_assert_error (error, TL_ERROR, TL_ERROR_BROKEN);
  if (message != NULL)
    g_assert_nonnull (strstr (error->message, message));
  g_assert_false (tl_event_thread_get_running (thread));

  /* Nothing is accepted, and nothing hangs. */
  future = tl_event_thread_submit (thread, tt_nothing_func, NULL, NULL);
  tt_wait (future);
  g_assert_nonnull (tl_future_get_error (future));
  tl_future_unref (future);
  tt_wait (tl_event_thread_get_stopped (thread));
  tl_future_get_error (tl_event_thread_get_stopped (thread));
  tl_event_thread_stop (thread, TT_PATIENCE, NULL, NULL);
  g_object_unref (thread);
  tt_poll_until (hook_gone, hook, "the hook's data was freed");
  tt_wait_threads ("to-break", 0);
}

static void
test_event_thread_set_up_fails (void)
{
  Hook hook = { .allowed = 0 };

  check_event_thread_breaks (&hook, "no database today");
}

static void
test_event_thread_run_is_skipped (void)
{
  Hook hook = { .allowed = G_MAXINT, .skips_run = TRUE };

  check_event_thread_breaks (&hook, NULL);
}

static gboolean
mark_life (gpointer   data,
           GError   **error)
{
  gboolean *alive = data;

  *alive = TRUE;
  tl_thread_run ();
  *alive = FALSE;
  return TRUE;
}

typedef struct
{
  gboolean alive;
  gboolean was_alive;
} Life;

static void
note_life (gpointer data)
{
  Life *life = data;

  life->was_alive = life->alive;
}

static gboolean
never_called (gpointer data)
{
  g_assert_not_reached ();
}

static void
test_sources_go_inside (void)
{
  g_autoptr(TlEventThread) thread = tl_event_thread_new (NULL);
  g_autoptr(GSource)       source = g_timeout_source_new_seconds (1000);
  Life                     life = { FALSE, FALSE };

  tl_event_thread_set_thread_func (thread, mark_life, &life.alive, NULL);
  g_assert_true (tl_event_thread_start (thread, NULL));
  {
    g_autoptr(GMainContext) context = tl_event_thread_dup_context (thread);

    g_source_set_callback (source, never_called, &life, note_life);
    g_source_attach (source, context);
  }
  g_assert_true (tl_event_thread_stop (thread, TT_PATIENCE, NULL, NULL));
  g_assert_true (g_source_is_destroyed (source));
  g_assert_true (life.was_alive);
  g_assert_false (life.alive);
}

static void
add_tests (void)
{
  g_test_add_func ("/thread-func/sources-of-an-event-thread-go-inside", test_sources_go_inside);
  g_test_add_func ("/thread-func/is-around-the-life-of-each-worker", test_around_each_worker);
  g_test_add_func ("/thread-func/tears-down-when-a-worker-retires", test_torn_down_when_retiring);
  g_test_add_func ("/thread-func/tears-down-when-the-executor-is-dropped", test_dropped_at_work);
  g_test_add_func ("/thread-func/may-be-replaced-before-there-is-work", test_replaced);
  g_test_add_func ("/thread-func/set-up-that-fails-breaks-the-executor", test_set_up_fails);
  g_test_add_func ("/thread-func/set-up-that-fails-silently-breaks-the-executor", test_set_up_fails_silently);
  g_test_add_func ("/thread-func/not-calling-run-breaks-the-executor", test_run_is_skipped);
  g_test_add_func ("/thread-func/a-second-worker-breaks-what-is-queued-but-not-what-runs", test_second_worker_fails);
  g_test_add_func ("/thread-func/is-around-the-loop-of-an-event-thread", test_around_event_thread);
  g_test_add_func ("/thread-func/event-thread-whose-set-up-fails-does-not-start", test_event_thread_set_up_fails);
  g_test_add_func ("/thread-func/event-thread-that-does-not-run-does-not-start", test_event_thread_run_is_skipped);
}

int
main (int    argc,
      char **argv)
{
  return tt_main (&argc, &argv, add_tests);
}
