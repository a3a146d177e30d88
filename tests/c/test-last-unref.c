/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Dropping the last reference to an executor or an event thread: nothing
 * blocks, nothing aborts, accepted work completes, the threads end. */

#include "tl-test.h"

#define N_TASKS 50

/* An object that a task may drop, with a blocked task and more behind it. */
typedef struct
{
  gpointer  object;
  TtGate    gate;
  TlFuture *futures[N_TASKS];
  int       counter;
  int       dropped;
} Fixture;

static gboolean
drop_func (TlFuture  *future,
           gpointer   object,
           GError   **error)
{
  g_object_unref (object);
  return TRUE;
}

static gboolean
drop_in_fixture_func (TlFuture  *future,
                      gpointer   data,
                      GError   **error)
{
  g_object_unref (((Fixture *) data)->object);
  return TRUE;
}

static gpointer
drop_in_thread (gpointer object)
{
  g_object_unref (object);
  return NULL;
}

static void
drop_in_callback (TlFuture *future,
                  gpointer  data)
{
  Fixture *f = data;

  g_object_unref (f->object);
  f->dropped = TRUE;
}

/* Everything else than the object itself is in the future's hands. */
static void
fill (Fixture    *f,
      TlExecutor *executor)
{
  guint i;

  tt_gate_init (&f->gate);
  f->futures[0] = tl_executor_submit (executor, tt_gate_func, &f->gate, NULL);
  for (i = 1; i < N_TASKS; i++)
    f->futures[i] = tl_executor_submit (executor, tt_count_func, &f->counter, NULL);
  tt_gate_await (&f->gate, 1);
}

static void
set_up_executor (Fixture       *f,
                 gconstpointer  unused)
{
  f->object = tl_executor_new ("last-unref", 1);
  fill (f, f->object);
}

static void
set_up_event_thread (Fixture       *f,
                     gconstpointer  unused)
{
  f->object = tl_event_thread_new ("last-unref");
  g_assert_true (tl_event_thread_start (f->object, NULL));
  fill (f, tl_event_thread_get_executor (f->object));
}

static void
tear_down (Fixture       *f,
           gconstpointer  unused)
{
  guint i;

  tt_gate_open (&f->gate);
  for (i = 0; i < N_TASKS; i++)
    {
      tt_wait_for (f->futures[i], DONE);
      tl_future_unref (f->futures[i]);
    }
  g_assert_cmpint (f->counter, ==, N_TASKS - 1);
  tt_wait_threads ("last-unref", 0);
  tt_gate_clear (&f->gate);
}

/* Dropping does not wait: the first task is at the gate, which opens only
 * after this. */
static void
test_here (Fixture       *f,
           gconstpointer  unused)
{
  g_object_unref (f->object);
  tt_assert_state (f->futures[0], RUNNING);
}

static void
test_other_thread (Fixture       *f,
                   gconstpointer  unused)
{
  g_thread_join (g_thread_new ("dropper", drop_in_thread, f->object));
  tt_assert_state (f->futures[0], RUNNING);
}

static void
test_done_callback (Fixture       *f,
                    gconstpointer  unused)
{
  tl_future_add_done_callback (f->futures[0], drop_in_callback, f, NULL);
  tt_gate_open (&f->gate);
  tt_run_until (tt_is_set, &f->dropped);
}

static void
test_done_callback_while_queued (Fixture       *f,
                                 gconstpointer  unused)
{
  g_autoptr(TlFuture) promise = tl_future_new (NULL);

  tl_future_add_done_callback (promise, drop_in_callback, f, NULL);
  tl_future_set_done (promise);
  tt_run_until (tt_is_set, &f->dropped);
  tt_assert_state (f->futures[0], RUNNING);
}

static void
test_task (Fixture       *f,
           gconstpointer  unused)
{
  TlExecutor *executor = TL_IS_EXECUTOR (f->object) ? f->object
                                                    : tl_event_thread_get_executor (f->object);
  g_autoptr(TlFuture) future = tl_executor_submit (executor, drop_in_fixture_func, f, NULL);
  g_autoptr(TlFuture) after = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);

  tt_gate_open (&f->gate);
  tt_wait_for (future, DONE);
  tt_wait_for (after, DONE);
}

static void
test_destroy (Fixture       *f,
              gconstpointer  unused)
{
  TlExecutor *executor = TL_IS_EXECUTOR (f->object) ? f->object
                                                    : tl_event_thread_get_executor (f->object);

  /* The task's own data holds it, as a closure of a language would. */
  tl_executor_post (executor, tt_nothing_func, f->object, g_object_unref);
}

static gboolean
drop_in_source (gpointer object)
{
  g_object_unref (object);
  return G_SOURCE_REMOVE;
}

static void
test_source_of_its_own (Fixture       *f,
                        gconstpointer  unused)
{
  g_autoptr(GMainContext)  context = tl_event_thread_dup_context (f->object);
  GSource                 *source = g_idle_source_new ();

  g_source_set_callback (source, drop_in_source, f->object, NULL);
  g_source_attach (source, context);
  g_source_unref (source);
  tt_gate_open (&f->gate);
}

/* ---- Races ---- */

static void
test_executors_drop_themselves (void)
{
  guint i;

  for (i = 0; i < tt_scaled (2000, 50); i++)
    {
      TlExecutor         *executor = tl_executor_new ("last-unref", 1 + i % 3);
      g_autoptr(TlFuture) future = tl_executor_submit (executor, drop_func, executor, NULL);

      tt_wait_for (future, DONE);
    }
  tt_wait_threads ("last-unref", 0);
}

static void
test_event_threads_drop_themselves (void)
{
  guint i;

  for (i = 0; i < tt_scaled (1000, 20); i++)
    {
      TlEventThread      *thread = tl_event_thread_new ("last-unref");
      g_autoptr(TlFuture) future = NULL;

      g_assert_true (tl_event_thread_start (thread, NULL));
      future = tl_event_thread_submit (thread, drop_func, thread, NULL);
      tt_wait_for (future, DONE);
    }
  tt_wait_threads ("last-unref", 0);
}

static void
test_dropped_while_idle_and_while_retiring (void)
{
  guint i;

  for (i = 0; i < tt_scaled (2000, 50); i++)
    {
      TlExecutor         *executor = tl_executor_new ("last-unref", 2);
      g_autoptr(TlFuture) future = NULL;

      if (i % 2)
        tl_executor_set_idle_timeout (executor, 0);
      future = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);
      if (i % 3)
        tt_wait_for (future, DONE);
      g_object_unref (executor);
      tt_wait_for (future, DONE);
    }
  tt_wait_threads ("last-unref", 0);
}

static void
test_event_thread_that_never_ran (void)
{
  TlEventThread *thread = tl_event_thread_new ("last-unref");
  TlExecutor    *executor = g_object_ref (tl_event_thread_get_executor (thread));
  TlFuture      *stopped = tl_future_ref (tl_event_thread_get_stopped (thread));

  g_object_unref (thread);
  tt_wait (stopped);
  tl_future_get_error (stopped);
  tl_future_unref (stopped);
  g_object_unref (executor);
}

static void
test_executor_outlives_its_event_thread (void)
{
  TlEventThread         *thread = tl_event_thread_new ("last-unref");
  g_autoptr(TlExecutor)  executor = g_object_ref (tl_event_thread_get_executor (thread));
  g_autoptr(TlFuture)    stopped = tl_future_ref (tl_event_thread_get_stopped (thread));
  g_autoptr(TlFuture)    future = NULL;

  g_assert_true (tl_event_thread_start (thread, NULL));
  g_object_unref (thread);
  tt_wait_for (stopped, DONE);
  future = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);
  tt_wait_error (future, TL_ERROR, TL_ERROR_SHUT_DOWN);
  tt_wait_threads ("last-unref", 0);
}

#define ADD(path, func) G_STMT_START {                                                             \
  g_test_add ("/last-unref/executor/" path, Fixture, NULL, set_up_executor, func, tear_down);      \
  g_test_add ("/last-unref/event-thread/" path, Fixture, NULL, set_up_event_thread, func, tear_down); \
} G_STMT_END

static void
add_tests (void)
{
  ADD ("while-tasks-run-and-are-queued", test_here);
  ADD ("on-another-thread", test_other_thread);
  ADD ("in-a-done-callback", test_done_callback);
  ADD ("in-a-done-callback-while-tasks-are-queued", test_done_callback_while_queued);
  ADD ("in-a-task-of-its-own", test_task);
  ADD ("in-the-destroy-of-a-task-of-its-own", test_destroy);
  g_test_add ("/last-unref/event-thread/in-a-source-of-its-own", Fixture, NULL,
              set_up_event_thread, test_source_of_its_own, tear_down);
  g_test_add_func ("/last-unref/executors-drop-themselves", test_executors_drop_themselves);
  g_test_add_func ("/last-unref/event-threads-drop-themselves", test_event_threads_drop_themselves);
  g_test_add_func ("/last-unref/while-idle-and-while-retiring", test_dropped_while_idle_and_while_retiring);
  g_test_add_func ("/last-unref/event-thread-that-never-ran", test_event_thread_that_never_ran);
  g_test_add_func ("/last-unref/executor-outlives-its-event-thread", test_executor_outlives_its_event_thread);
}

int
main (int    argc,
      char **argv)
{
  return tt_main (&argc, &argv, add_tests);
}
