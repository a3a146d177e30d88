/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A bell: a function that is called each time it is rung. */

#include "tl-test-bell.h"

/* ---- In a pool ---- */

static void
test_pool_each_ring (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bell", 4);
  TtHeard               heard = { 0, };
  TlBell               *bell = tl_bell_new (executor, tt_hear, &heard, tt_heard_destroy);
  int                   n = (int) tt_scaled (20000, 500);
  int                   i;

  for (i = 0; i < n; i++)
    tt_must_ring (bell);
  tt_shutdown (executor);
  g_assert_cmpint (heard.calls, ==, n);
  g_assert_cmpint (heard.errors, ==, 0);
  tt_drop_bell (bell, &heard);
  g_assert_cmpint (heard.calls, ==, n);
}

static void
test_pool_many_at_once (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bell", 3);
  TtGate                gate;
  TtHeard               heard = { .gate = &gate };
  TlBell               *bell;
  guint                 i;

  tt_gate_init (&gate);
  bell = tl_bell_new (executor, tt_hear, &heard, tt_heard_destroy);
  for (i = 0; i < 5; i++)
    tt_must_ring (bell);
  tt_gate_await (&gate, 3);
  g_assert_cmpint (heard.most, ==, 3);
  g_assert_cmpuint (tl_executor_get_n_queued (executor), ==, 2);
  tt_gate_open (&gate);
  tt_shutdown (executor);
  g_assert_cmpint (heard.calls, ==, 5);
  g_assert_cmpint (heard.most, ==, 3);
  g_assert_true (heard.called_on != g_thread_self ());
  tt_drop_bell (bell, &heard);
  tt_gate_clear (&gate);
}

static void
test_is_boxed (void)
{
  TtHeard heard = { 0, };
  TlBell *bell = tl_bell_new (tl_executor_get_default (), tt_hear, &heard, tt_heard_destroy);
  TlBell *copy;

  g_assert_true (G_TYPE_IS_BOXED (TL_TYPE_BELL));
  copy = g_boxed_copy (TL_TYPE_BELL, bell);
  g_assert_true (copy == bell);
  g_boxed_free (TL_TYPE_BELL, copy);
  g_assert_cmpint (heard.destroyed, ==, 0);
  tt_drop_bell (bell, &heard);
  g_assert_cmpint (heard.calls, ==, 0);
}

static void
test_without_destroy (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bell", 1);
  g_autoptr(TlBell)     closed = NULL;
  g_autoptr(TlBell)     dropped = NULL;
  TtHeard               heard = { 0, };

  closed = tl_bell_new (executor, tt_hear, &heard, NULL);
  dropped = tl_bell_new_home (tt_hear, &heard, NULL);
  tt_must_ring (closed);
  tt_must_ring (dropped);
  tt_shutdown (executor);
  tl_bell_close (closed, -1);
  g_assert_cmpint (heard.calls, ==, 2);
}

/* ---- In a context ---- */

static void
test_in_a_context (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new_for_context (NULL);
  TtHeard               heard = { 0, };
  TlBell               *bell = tl_bell_new (executor, tt_hear, &heard, tt_heard_destroy);

  tt_must_ring (bell);
  tt_must_ring (bell);
  tt_must_ring (bell);
  g_assert_cmpint (heard.calls, ==, 0);
  tt_run_until (tt_heard_any, &heard);
  tt_iterate ();
  g_assert_cmpint (heard.calls, ==, 3);
  g_assert_cmpint (heard.most, ==, 1);
  g_assert_true (heard.called_on == g_thread_self ());
  tt_drop_bell (bell, &heard);
}

static void
test_on_an_event_thread (void)
{
  g_autoptr(TlEventThread) thread = tl_event_thread_new ("bell");
  g_autoptr(TlFuture)      who = NULL;
  g_autoptr(GError)        error = NULL;
  TtHeard                  heard = { 0, };
  TlBell                  *bell;

  /* Whoever has rung too early has been told, and the function has not. */
  bell = tl_bell_new (tl_event_thread_get_executor (thread), tt_hear, &heard, tt_heard_destroy);
  tt_must_not_ring (bell, TL_ERROR, TL_ERROR_NOT_STARTED);
  tt_iterate ();

  g_assert_true (tl_event_thread_start (thread, &error));
  g_assert_no_error (error);
  tt_must_ring (bell);
  who = tl_event_thread_submit (thread, tt_thread_func, NULL, NULL);
  tt_wait_for (who, DONE);
  g_assert_cmpint (heard.calls, ==, 1);
  g_assert_cmpint (heard.errors, ==, 0);
  g_assert_true (heard.called_on == tl_future_get_pointer (who, NULL));
  tt_stop (thread);
  tt_must_not_ring (bell, TL_ERROR, TL_ERROR_SHUT_DOWN);
  tt_drop_bell (bell, &heard);
  g_assert_cmpint (heard.calls, ==, 1);
  g_assert_cmpint (heard.errors, ==, 0);
}

/* ---- Priorities ---- */

typedef struct
{
  GString *order;
  char     name;
} Listed;

static void
list (const GError *error,
      gpointer      data)
{
  Listed *listed = data;

  g_assert_no_error (error);
  g_string_append_c (listed->order, listed->name);
}

static gboolean
list_source (gpointer data)
{
  list (NULL, data);
  return G_SOURCE_REMOVE;
}

/* Bells, and their priorities. */
static const int priorities[] = {
  G_PRIORITY_DEFAULT, G_PRIORITY_LOW, G_PRIORITY_HIGH, G_PRIORITY_DEFAULT_IDLE,
};

/* Rings each of them twice, and a last time the first one, which has become urgent. */
static void
ring_in_order (TlExecutor *executor,
               Listed     *listed,
               GString    *order)
{
  g_autoptr(TlBell) first = NULL;
  gsize             i;

  for (i = 0; i < G_N_ELEMENTS (priorities); i++)
    {
      g_autoptr(TlBell) bell = NULL;

      listed[i].order = order;
      listed[i].name = (char) ('a' + i);
      bell = tl_bell_new (executor, list, &listed[i], NULL);
      g_assert_cmpint (tl_bell_get_priority (bell), ==, G_PRIORITY_DEFAULT);
      if (i > 0)
        tl_bell_set_priority (bell, priorities[i]);
      g_assert_cmpint (tl_bell_get_priority (bell), ==, priorities[i]);
      tt_must_ring (bell);
      tt_must_ring (bell);
      if (i == 0)
        first = tl_bell_ref (bell);
    }

  tl_bell_set_priority (first, G_MININT);
  g_assert_cmpint (tl_bell_get_priority (first), ==, G_MININT);
  tt_must_ring (first);
}

static void
test_pool_priorities (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bell", 1);
  g_autoptr(TlFuture)   stays = NULL;
  g_autoptr(GString)    order = g_string_new (NULL);
  Listed                listed[G_N_ELEMENTS (priorities)];
  TtGate                gate;

  tt_gate_init (&gate);
  stays = tl_executor_submit (executor, tt_gate_func, &gate, NULL);
  tt_gate_await (&gate, 1);
  ring_in_order (executor, listed, order);
  tt_gate_open (&gate);
  tt_shutdown (executor);
  g_assert_cmpstr (order->str, ==, "accaaddbb");
  tt_gate_clear (&gate);
}

static void
test_context_priorities (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new_for_context (NULL);
  g_autoptr(GString)    order = g_string_new (NULL);
  Listed                listed[G_N_ELEMENTS (priorities)];
  Listed                source = { order, '-' };
  Listed                idle = { order, '+' };

  g_idle_add_full (G_PRIORITY_DEFAULT_IDLE + 1, list_source, &idle, NULL);
  g_idle_add_full (G_PRIORITY_DEFAULT - 1, list_source, &source, NULL);
  ring_in_order (executor, listed, order);
  while (order->len < 11)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpstr (order->str, ==, "acc-aadd+bb");
}

static void
test_home_priority (void)
{
  TtHeard  heard = { 0, };
  TlBell  *bell = tl_bell_new_home (tt_hear, &heard, tt_heard_destroy);

  tl_bell_set_priority (bell, G_PRIORITY_LOW);
  g_assert_cmpint (tl_bell_get_priority (bell), ==, G_PRIORITY_LOW);
  tt_must_ring (bell);
  g_assert_cmpint (heard.calls, ==, 1);
  tt_drop_bell (bell, &heard);
}

/* ---- From inside ---- */

static void
ring_again (const GError *error,
            gpointer      data)
{
  TtHeard *heard = data;

  g_assert_no_error (error);
  g_assert_cmpint (g_atomic_int_add (&heard->inside, 1), ==, 0);
  if (heard->more-- > 0)
    tt_must_ring (heard->bell);
  g_atomic_int_add (&heard->inside, -1);
  g_atomic_int_inc (&heard->calls);
}

static gboolean
rung_often (gpointer data)
{
  return g_atomic_int_get (&((TtHeard *) data)->calls) == 1001;
}

static void
check_rings_itself (TlExecutor *executor)
{
  TtHeard heard = { .more = 1000 };

  heard.bell = executor != NULL
             ? tl_bell_new (executor, ring_again, &heard, tt_heard_destroy)
             : tl_bell_new_home (ring_again, &heard, tt_heard_destroy);
  tt_must_ring (heard.bell);
  tt_run_until (rung_often, &heard);
  tt_drop_bell (heard.bell, &heard);
  g_assert_cmpint (heard.calls, ==, 1001);
}

static void
test_rings_itself (void)
{
  g_autoptr(TlExecutor) pool = tl_executor_new ("bell", 1);
  g_autoptr(TlExecutor) here = tl_executor_new_for_context (NULL);

  check_rings_itself (pool);
  check_rings_itself (here);
  check_rings_itself (NULL);
  tt_shutdown (pool);
}

static void
drop_inside (const GError *error,
             gpointer      data)
{
  TtHeard *heard = data;

  g_clear_pointer (&heard->bell, tl_bell_unref);
  g_assert_cmpint (g_atomic_int_get (&heard->destroyed), ==, 0);
  g_atomic_int_inc (&heard->calls);
}

static void
test_dropped_from_inside (void)
{
  g_autoptr(TlExecutor) pool = tl_executor_new ("bell", 1);
  TtHeard               heard[2] = { { 0, }, };
  guint                 i;

  heard[0].bell = tl_bell_new (pool, drop_inside, &heard[0], tt_heard_destroy);
  heard[1].bell = tl_bell_new_home (drop_inside, &heard[1], tt_heard_destroy);
  for (i = 0; i < 2; i++)
    {
      tt_must_ring (heard[i].bell);
      tt_run_until (tt_heard_gone, &heard[i]);
      g_assert_cmpint (heard[i].calls, ==, 1);
      g_assert_cmpint (heard[i].destroyed, ==, 1);
      g_assert_true (heard[i].destroyed_on == g_thread_self ());
      g_assert_null (heard[i].bell);
    }
  tt_shutdown (pool);
}

static void
test_dropped_before_it_is_heard (void)
{
  g_autoptr(TlExecutor) pool = tl_executor_new ("bell", 1);
  TtGate                gate;
  TtHeard               heard = { .gate = &gate };
  TlBell               *bell;

  tt_gate_init (&gate);
  bell = tl_bell_new (pool, tt_hear, &heard, tt_heard_destroy);
  tt_must_ring (bell);
  tt_must_ring (bell);
  tl_bell_unref (bell);
  tt_gate_await (&gate, 1);
  g_assert_cmpint (heard.destroyed, ==, 0);
  tt_gate_open (&gate);
  tt_shutdown (pool);
  g_assert_cmpint (heard.calls, ==, 2);
  tt_run_until (tt_heard_gone, &heard);
  g_assert_cmpint (heard.destroyed, ==, 1);
  g_assert_true (heard.destroyed_on == g_thread_self ());
  tt_gate_clear (&gate);
}

/* ---- At home ---- */

static gboolean
ring_func (TlFuture  *future,
           gpointer   data,
           GError   **error)
{
  TtHeard *heard = data;
  guint    i;

  for (i = 0; i < 10; i++)
    if (!tl_bell_ring (heard->bell, error))
      return FALSE;

  return TRUE;
}

typedef struct
{
  TlExecutor *executor;
  TtHeard    *heard;
} InLoop;

static gboolean
ring_from_a_worker_in_loop (gpointer data)
{
  InLoop             *in_loop = data;
  g_autoptr(TlFuture) future = NULL;

  future = tl_executor_submit (in_loop->executor, ring_func, in_loop->heard, NULL);
  while (!tl_future_done (future))
    g_thread_yield ();
  g_assert_cmpint (in_loop->heard->calls, ==, 0);
  return G_SOURCE_REMOVE;
}

static void
test_home_in_a_loop (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bell", 1);
  TtHeard               heard = { 0, };
  InLoop                in_loop = { executor, &heard };

  heard.bell = tl_bell_new_home (tt_hear, &heard, tt_heard_destroy);
  g_idle_add (ring_from_a_worker_in_loop, &in_loop);
  tt_run_until (tt_heard_any, &heard);
  tt_iterate ();

  /* All ten while the loop was busy, so they are one. */
  g_assert_cmpint (heard.calls, ==, 1);
  g_assert_true (heard.called_on == g_thread_self ());
  tt_drop_bell (heard.bell, &heard);
  g_assert_true (heard.destroyed_on == g_thread_self ());
  tt_shutdown (executor);
}

/* A plain script: nobody runs a loop, now. */
static void
test_home_in_a_script (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bell", 1);
  g_autoptr(TlFuture)   first = NULL;
  g_autoptr(TlFuture)   second = NULL;
  gint64                begin = g_get_monotonic_time ();
  TtHeard               heard = { 0, };
  int                   calls;

  heard.bell = tl_bell_new_home (tt_hear, &heard, tt_heard_destroy);

  first = tl_executor_submit (executor, ring_func, &heard, NULL);
  tt_wait_for (first, DONE);
  calls = g_atomic_int_get (&heard.calls);
  g_assert_cmpint (calls, >=, 1);
  /* After a second another thread may have come before. */
  if (g_get_monotonic_time () - begin < G_USEC_PER_SEC)
    {
      g_assert_cmpint (calls, ==, 1);
      g_assert_true (heard.called_on == g_thread_self ());
    }

  /* It is at home already. */
  heard.ringing = TRUE;
  tt_must_ring (heard.bell);
  heard.ringing = FALSE;
  g_assert_true (heard.inline_calls);
  g_assert_cmpint (heard.calls, ==, calls + 1);

  second = tl_executor_submit (executor, ring_func, &heard, NULL);
  tt_wait_for (second, DONE);
  g_assert_cmpint (heard.calls, >=, calls + 2);

  tl_bell_unref (heard.bell);
  g_assert_cmpint (heard.destroyed, ==, 1);
  g_assert_true (heard.destroyed_on == g_thread_self ());
  tt_shutdown (executor);
}

/* The same, and it neither waits nor submits. */
static void
test_home_after_a_second (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bell", 1);
  TtHeard               heard = { 0, };

  heard.bell = tl_bell_new_home (tt_hear, &heard, tt_heard_destroy);
  tl_executor_post (executor, ring_func, &heard, NULL);
  tt_poll_until (tt_heard_any, &heard, "the bell was heard");
  g_assert_true (heard.called_on != g_thread_self ());
  tt_shutdown (executor);
  g_assert_cmpint (heard.calls, <=, 10);
  tt_drop_bell (heard.bell, &heard);
}

static void
test_home_destroyed (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bell", 1);
  GMainContext         *context = g_main_context_new ();
  TtHeard               heard = { 0, };

  g_main_context_push_thread_default (context);
  heard.bell = tl_bell_new_home (tt_hear, &heard, tt_heard_destroy);
  tl_executor_post (executor, ring_func, &heard, NULL);
  g_main_context_pop_thread_default (context);
  tt_shutdown (executor);
  g_main_context_unref (context);
  tt_poll_until (tt_heard_any, &heard, "the bell was heard");
  tt_must_ring (heard.bell);
  g_assert_cmpint (heard.calls, >=, 2);
  tl_bell_unref (heard.bell);
  g_assert_cmpint (heard.destroyed, ==, 1);
}

/* ---- Where the user data goes ---- */

static gpointer
drop_bell (gpointer bell)
{
  tl_bell_unref (bell);
  return NULL;
}

static gboolean
drop_elsewhere (gpointer data)
{
  TtHeard *heard = data;

  g_thread_join (g_thread_new ("drop", drop_bell, heard->bell));
  g_assert_cmpint (heard->destroyed, ==, 0);
  return G_SOURCE_REMOVE;
}

static void
test_destroyed_at_home (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bell", 1);
  TtHeard               heard[2] = { { 0, }, };
  guint                 i;

  heard[0].bell = tl_bell_new (executor, tt_hear, &heard[0], tt_heard_destroy);
  heard[1].bell = tl_bell_new_home (tt_hear, &heard[1], tt_heard_destroy);
  for (i = 0; i < 2; i++)
    {
      g_idle_add (drop_elsewhere, &heard[i]);
      tt_run_until (tt_heard_gone, &heard[i]);
      g_assert_cmpint (heard[i].destroyed, ==, 1);
      g_assert_true (heard[i].destroyed_on == g_thread_self ());
    }
  tt_shutdown (executor);
}

static void
add_tests (void)
{
  g_test_add_func ("/bell/is-a-boxed-that-copies-by-reference", test_is_boxed);
  g_test_add_func ("/bell/in-a-pool-each-ring-is-a-call", test_pool_each_ring);
  g_test_add_func ("/bell/in-a-pool-several-threads-tt_hear-it-at-once", test_pool_many_at_once);
  g_test_add_func ("/bell/without-a-destroy-function", test_without_destroy);
  g_test_add_func ("/bell/in-a-context-each-ring-is-a-call", test_in_a_context);
  g_test_add_func ("/bell/on-an-event-thread-and-refused-before-its-start", test_on_an_event_thread);
  g_test_add_func ("/bell/in-a-pool-the-more-urgent-is-heard-sooner", test_pool_priorities);
  g_test_add_func ("/bell/in-a-context-it-competes-with-the-sources", test_context_priorities);
  g_test_add_func ("/bell/home/has-no-use-for-a-priority", test_home_priority);
  g_test_add_func ("/bell/may-ring-itself", test_rings_itself);
  g_test_add_func ("/bell/may-be-dropped-from-inside", test_dropped_from_inside);
  g_test_add_func ("/bell/is-heard-though-dropped-before", test_dropped_before_it_is_heard);
  g_test_add_func ("/bell/home/in-a-loop-many-rings-are-one-call", test_home_in_a_loop);
  g_test_add_func ("/bell/home/in-a-script-before-a-wait-returns", test_home_in_a_script);
  g_test_add_func ("/bell/home/after-a-second-on-another-thread", test_home_after_a_second);
  g_test_add_func ("/bell/home/after-its-context", test_home_destroyed);
  g_test_add_func ("/bell/user-data-is-destroyed-once-and-at-home", test_destroyed_at_home);
}

int
main (int    argc,
      char **argv)
{
  return tt_main (&argc, &argv, add_tests);
}
