/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A queue with an end: submitters wait, give up, or are refused. */

#include "tl-test.h"

/* One worker at the gate, and two tasks in a queue for two. */
typedef struct
{
  TlExecutor *executor;
  TtGate      gate;
  int         counter;
} Fixture;

static void
set_up (Fixture       *f,
        gconstpointer  unused)
{
  tt_gate_init (&f->gate);
  f->executor = tl_executor_new ("bounded", 1);
  tl_executor_set_max_queued (f->executor, 2);
  tl_executor_post (f->executor, tt_gate_func, &f->gate, NULL);
  tt_gate_await (&f->gate, 1);
  tl_executor_post (f->executor, tt_count_func, &f->counter, NULL);
  tl_executor_post (f->executor, tt_count_func, &f->counter, NULL);
  g_assert_cmpuint (tl_executor_get_n_queued (f->executor), ==, 2);
}

static void
tear_down (Fixture       *f,
           gconstpointer  unused)
{
  tt_gate_open (&f->gate);
  tt_shutdown (f->executor);
  g_object_unref (f->executor);
  tt_gate_clear (&f->gate);
}

static void
test_fail (Fixture       *f,
           gconstpointer  unused)
{
  g_autoptr(TlFuture)  refused = NULL;
  g_autoptr(TlFuture)  taken = NULL;
  g_autoptr(GPtrArray) many = NULL;
  TtTrace              traces[4] = { { 0, }, };
  gpointer             data[3] = { &traces[1], &traces[2], &traces[3] };
  guint                i;

  tl_executor_set_when_full (f->executor, TL_WHEN_FULL_FAIL);
  refused = tl_executor_submit (f->executor, tt_nothing_func, &traces[0], tt_trace_destroy);
  g_assert_true (tl_future_done (refused));
  tt_assert_state (refused, FAILED);
  g_assert_error (tl_future_get_error (refused), TL_ERROR, TL_ERROR_QUEUE_FULL);

  many = tl_executor_submit_many (f->executor, tt_nothing_func, data, 3, tt_trace_destroy);
  g_assert_cmpuint (many->len, ==, 3);
  for (i = 0; i < many->len; i++)
    g_assert_error (tl_future_get_error (g_ptr_array_index (many, i)), TL_ERROR, TL_ERROR_QUEUE_FULL);
  for (i = 0; i < G_N_ELEMENTS (traces); i++)
    {
      tt_poll_until (tt_trace_gone, &traces[i], "the data was freed");
      g_assert_cmpint (traces[i].destroyed, ==, 1);
    }
  g_assert_cmpuint (tl_executor_get_n_queued (f->executor), ==, 2);

  /* With room there is no reason any more. */
  tl_executor_set_max_queued (f->executor, 3);
  taken = tl_executor_submit (f->executor, tt_count_func, &f->counter, NULL);
  g_assert_false (tl_future_done (taken));
  tt_gate_open (&f->gate);
  tt_wait_for (taken, DONE);
  g_assert_cmpint (f->counter, ==, 3);
}

/* ---- Blocking ---- */

typedef struct
{
  Fixture      *f;
  GCancellable *cancellable;
  int           tid;
  int           returned;
  int           counter;
} Blocked;

static gpointer
submit_in_thread (gpointer data)
{
  Blocked  *b = data;
  TlFuture *future;

  g_atomic_int_set (&b->tid, tt_gettid ());
  future = tl_executor_submit_full (b->f->executor, NULL, G_PRIORITY_DEFAULT, -1, b->cancellable,
                                    tt_count_func, &b->counter, NULL);
  g_atomic_int_set (&b->returned, TRUE);
  return future;
}

static GThread *
begin_blocked (Blocked      *b,
               Fixture      *f,
               GCancellable *cancellable)
{
  GThread *thread;

  *b = (Blocked) { f, cancellable, 0, 0, 0 };
  thread = g_thread_new ("submitter", submit_in_thread, b);
  tt_wait_asleep (&b->tid);
  g_assert_false (g_atomic_int_get (&b->returned));

  return thread;
}

static void
test_block (Fixture       *f,
            gconstpointer  unused)
{
  Blocked              b;
  GThread             *thread = begin_blocked (&b, f, NULL);
  g_autoptr(TlFuture)  future = NULL;

  tt_gate_open (&f->gate);
  future = g_thread_join (thread);
  tt_wait_for (future, DONE);
  g_assert_cmpint (b.counter, ==, 1);
}

static void
test_block_until_bigger (Fixture       *f,
                         gconstpointer  unused)
{
  Blocked              b;
  GThread             *thread = begin_blocked (&b, f, NULL);
  g_autoptr(TlFuture)  future = NULL;

  tl_executor_set_max_queued (f->executor, 0);
  future = g_thread_join (thread);
  tt_assert_state (future, PENDING);
  tt_gate_open (&f->gate);
  tt_wait_for (future, DONE);
}

static void
test_block_until_cancel_makes_room (Fixture       *f,
                                    gconstpointer  unused)
{
  Blocked              b;
  GThread             *thread;
  g_autoptr(TlFuture)  queued = NULL;
  g_autoptr(TlFuture)  future = NULL;

  tl_executor_set_max_queued (f->executor, 3);
  queued = tl_executor_submit (f->executor, tt_count_func, &f->counter, NULL);
  thread = begin_blocked (&b, f, NULL);
  g_assert_cmpint (tl_future_cancel (queued), ==, TL_CANCEL_DONE);

  /* The worker is at the gate: this made the room. */
  future = g_thread_join (thread);
  tt_assert_state (future, PENDING);
  tt_gate_open (&f->gate);
  tt_wait_for (future, DONE);
}

static void
test_block_is_interrupted (Fixture       *f,
                           gconstpointer  unused)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(TlFuture)     future = NULL;
  Blocked                 b;
  GThread                *thread = begin_blocked (&b, f, cancellable);

  g_cancellable_cancel (cancellable);
  future = g_thread_join (thread);
  tt_wait_for (future, CANCELLED);
  tt_gate_open (&f->gate);
  tt_shutdown (f->executor);
  g_assert_cmpint (b.counter, ==, 0);
  g_assert_cmpuint (G_OBJECT (cancellable)->ref_count, ==, 1);
}

static void
test_block_is_woken_by_shutdown (Fixture       *f,
                                 gconstpointer  unused)
{
  Blocked              b[2];
  GThread             *threads[2];
  guint                i;

  for (i = 0; i < G_N_ELEMENTS (b); i++)
    threads[i] = begin_blocked (&b[i], f, NULL);
  g_assert_false (tl_executor_shutdown (f->executor, TL_SHUTDOWN_DRAIN, 0, NULL, NULL));
  for (i = 0; i < G_N_ELEMENTS (b); i++)
    {
      g_autoptr(TlFuture) future = g_thread_join (threads[i]);

      g_assert_error (tl_future_get_error (future), TL_ERROR, TL_ERROR_SHUT_DOWN);
      g_assert_cmpint (b[i].counter, ==, 0);
    }
}

static void
test_deadline_ends_the_blocking (Fixture       *f,
                                 gconstpointer  unused)
{
  g_autoptr(TlFuture) future = NULL;

  /* Nothing else would ever come back from here. */
  future = tl_executor_submit_full (f->executor, NULL, 0, g_get_monotonic_time () + 2000, NULL,
                                    tt_count_func, &f->counter, NULL);
  tt_wait_error (future, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
}

static void
test_many_pass_through (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bounded", 2);
  g_autoptr(GPtrArray)  futures = NULL;
  g_autofree gpointer  *data = NULL;
  guint                 n = tt_scaled (20000, 500);
  int                   counter = 0;
  guint                 i;

  tl_executor_set_max_queued (executor, 4);
  data = g_new (gpointer, n);
  for (i = 0; i < n; i++)
    data[i] = &counter;
  futures = tl_executor_submit_many (executor, tt_count_func, data, n, NULL);
  g_assert_cmpuint (futures->len, ==, n);
  g_assert_cmpuint (tl_executor_get_n_queued (executor), <=, 4);
  for (i = 0; i < n; i++)
    tt_wait_for (g_ptr_array_index (futures, i), DONE);
  g_assert_cmpint (counter, ==, n);
  tt_shutdown (executor);
}

typedef struct
{
  TlExecutor *executor;
  guint       n;
  int         ran;
  int         refused;
} Pusher;

static gpointer
push_in_thread (gpointer data)
{
  Pusher *p = data;
  guint   i;

  for (i = 0; i < p->n; i++)
    {
      g_autoptr(TlFuture) future = tl_executor_submit (p->executor, tt_count_func, &p->ran, NULL);

      g_assert_cmpuint (tl_executor_get_n_queued (p->executor), <=, 3);
      if (tl_future_get_state (future) == TL_FUTURE_STATE_FAILED)
        {
          g_assert_error (tl_future_get_error (future), TL_ERROR, TL_ERROR_QUEUE_FULL);
          p->refused++;
        }
    }

  return NULL;
}

static void
test_submitters_crowd (gconstpointer when_full)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bounded", 2);
  Pusher                pushers[4] = { { 0, }, };
  GThread              *threads[4];
  guint                 i;

  tl_executor_set_max_queued (executor, 3);
  tl_executor_set_when_full (executor, GPOINTER_TO_INT (when_full));
  for (i = 0; i < G_N_ELEMENTS (pushers); i++)
    {
      pushers[i] = (Pusher) { executor, tt_scaled (20000, 500), 0, 0 };
      threads[i] = g_thread_new ("pusher", push_in_thread, &pushers[i]);
    }
  for (i = 0; i < G_N_ELEMENTS (pushers); i++)
    g_thread_join (threads[i]);
  tt_shutdown (executor);
  for (i = 0; i < G_N_ELEMENTS (pushers); i++)
    {
      g_assert_cmpint (pushers[i].ran + pushers[i].refused, ==, pushers[i].n);
      if (GPOINTER_TO_INT (when_full) == TL_WHEN_FULL_BLOCK)
        g_assert_cmpint (pushers[i].refused, ==, 0);
    }
}

/* ---- From within ---- */

static gboolean
push_func (TlFuture  *future,
           gpointer   data,
           GError   **error)
{
  push_in_thread (data);
  g_assert_true (tl_future_get_current () == future);
  return TRUE;
}

static void
check_push_within (TlExecutor *executor,
                   guint       n_pushers)
{
  Pusher    pushers[4] = { { 0, }, };
  TlFuture *futures[4];
  guint     i;

  tl_executor_set_max_queued (executor, 3);
  for (i = 0; i < n_pushers; i++)
    {
      pushers[i] = (Pusher) { executor, tt_scaled (2000, 100), 0, 0 };
      futures[i] = tl_executor_submit (executor, push_func, &pushers[i], NULL);
    }
  for (i = 0; i < n_pushers; i++)
    {
      tt_wait_for (futures[i], DONE);
      tl_future_unref (futures[i]);
    }
  tt_shutdown (executor);
  for (i = 0; i < n_pushers; i++)
    {
      g_assert_cmpint (pushers[i].ran, ==, pushers[i].n);
      g_assert_cmpint (pushers[i].refused, ==, 0);
    }
}

static void
test_worker_submits_to_itself (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bounded", 1);

  check_push_within (executor, 1);
}

static void
test_workers_submit_to_themselves (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bounded", 2);

  check_push_within (executor, 4);
}

static gboolean
fill_own_loop_func (TlFuture  *future,
                    gpointer   data,
                    GError   **error)
{
  Pusher              *p = data;
  g_autoptr(TlFuture)  taken = NULL;
  g_autoptr(TlFuture)  refused = NULL;

  taken = tl_executor_submit (p->executor, tt_count_func, &p->ran, NULL);
  tt_assert_state (taken, PENDING);
  refused = tl_executor_submit (p->executor, tt_count_func, &p->ran, NULL);
  g_assert_error (tl_future_get_error (refused), TL_ERROR, TL_ERROR_WOULD_DEADLOCK);
  return TRUE;
}

static void
test_event_thread_fills_itself (void)
{
  g_autoptr(TlEventThread) thread = tl_event_thread_new ("bounded-loop");
  TlExecutor              *executor = tl_event_thread_get_executor (thread);
  g_autoptr(TlFuture)      future = NULL;
  Pusher                   p = { executor, 0, 0, 0 };

  g_assert_true (tl_event_thread_start (thread, NULL));
  tl_executor_set_max_queued (executor, 1);
  future = tl_event_thread_submit (thread, fill_own_loop_func, &p, NULL);
  tt_wait_for (future, DONE);
  g_assert_true (tl_event_thread_stop (thread, TT_PATIENCE, NULL, NULL));
  g_assert_cmpint (p.ran, ==, 1);
}

static void
test_event_thread_blocks_others (void)
{
  g_autoptr(TlEventThread) thread = tl_event_thread_new ("bounded-loop");
  TlExecutor              *executor = tl_event_thread_get_executor (thread);
  Pusher                   p = { executor, tt_scaled (5000, 100), 0, 0 };

  g_assert_true (tl_event_thread_start (thread, NULL));
  tl_executor_set_max_queued (executor, 3);
  push_in_thread (&p);
  g_assert_true (tl_event_thread_stop (thread, TT_PATIENCE, NULL, NULL));
  g_assert_cmpint (p.ran, ==, p.n);
}

#define ADD(path, func) \
  g_test_add (path, Fixture, NULL, set_up, func, tear_down)

/* Each task submits two, and each of them two more, and so on. */
static gboolean
spread (TlFuture  *future,
        gpointer   data,
        GError   **error)
{
  TlExecutor *executor = g_object_get_data (data, "executor");
  int         left = GPOINTER_TO_INT (g_object_get_data (data, "left")) - 2;

  g_object_set_data (data, "left", GINT_TO_POINTER (left));
  if (left < 0)
    return TRUE;

  tl_executor_post (executor, spread, g_object_ref (data), g_object_unref);
  tl_executor_post (executor, spread, g_object_ref (data), g_object_unref);
  return TRUE;
}

static void
test_spreading_work_leaves_the_stack_alone (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);
  g_autoptr(GObject)    state = g_object_new (G_TYPE_OBJECT, NULL);
  g_autoptr(TlFuture)   future = NULL;
  g_autoptr(TlFuture)   last = NULL;
  guint                 n = tt_scaled (100000, 1000);

  tl_executor_set_max_queued (executor, 4);
  g_object_set_data (state, "executor", executor);
  g_object_set_data (state, "left", GUINT_TO_POINTER (n));

  future = tl_executor_submit (executor, spread, g_object_ref (state), g_object_unref);
  tt_wait_for (future, DONE);
  last = tl_executor_submit_full (executor, NULL, G_PRIORITY_LOW, -1, NULL, tt_nothing_func, NULL, NULL);
  tt_wait_for (last, DONE);
  g_assert_cmpint (GPOINTER_TO_INT (g_object_get_data (state, "left")), <=, 0);
  tt_shutdown (executor);
}

static void
add_tests (void)
{
  g_test_add_func ("/queue/full/work-that-spreads-leaves-the-stack-alone", test_spreading_work_leaves_the_stack_alone);
  ADD ("/queue-full/fail-refuses-with-queue-full", test_fail);
  ADD ("/queue-full/block/until-there-is-room", test_block);
  ADD ("/queue-full/block/until-the-queue-is-made-bigger", test_block_until_bigger);
  ADD ("/queue-full/block/until-cancelling-makes-room", test_block_until_cancel_makes_room);
  ADD ("/queue-full/block/is-interrupted-by-its-cancellable", test_block_is_interrupted);
  ADD ("/queue-full/block/is-ended-by-the-deadline", test_deadline_ends_the_blocking);
  ADD ("/queue-full/block/is-ended-by-shutdown", test_block_is_woken_by_shutdown);
  g_test_add_func ("/queue-full/submit-many-passes-through-a-queue-of-four", test_many_pass_through);
  g_test_add_data_func ("/queue-full/four-submitters-crowd/block",
                        GINT_TO_POINTER (TL_WHEN_FULL_BLOCK), test_submitters_crowd);
  g_test_add_data_func ("/queue-full/four-submitters-crowd/fail",
                        GINT_TO_POINTER (TL_WHEN_FULL_FAIL), test_submitters_crowd);
  g_test_add_func ("/queue-full/a-worker-makes-room-for-itself", test_worker_submits_to_itself);
  g_test_add_func ("/queue-full/workers-make-room-for-themselves", test_workers_submit_to_themselves);
  g_test_add_func ("/queue-full/event-thread-refuses-itself-with-would-deadlock", test_event_thread_fills_itself);
  g_test_add_func ("/queue-full/event-thread-blocks-others", test_event_thread_blocks_others);
}

int
main (int    argc,
      char **argv)
{
  return tt_main (&argc, &argv, add_tests);
}
