/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How a future tells that it has settled: done-callbacks and wait_async. */

#include "tl-test.h"

typedef struct
{
  int       calls;
  int       destroyed;
  GThread  *called_on;
  GThread  *destroyed_on;
  TlFuture *future;
  gboolean  inside;
} Heard;

static void
hear (TlFuture *future,
      gpointer  data)
{
  Heard *heard = data;

  g_assert_true (tl_future_done (future));
  g_assert_false (heard->inside);
  g_assert_cmpint (g_atomic_int_get (&heard->destroyed), ==, 0);
  heard->future = future;
  heard->called_on = g_thread_self ();
  g_atomic_int_inc (&heard->calls);
}

static void
heard_destroy (gpointer data)
{
  Heard *heard = data;

  g_assert_false (heard->inside);
  heard->destroyed_on = g_thread_self ();
  g_atomic_int_inc (&heard->destroyed);
}

static gboolean
heard_gone (gpointer data)
{
  return tt_is_set (&((Heard *) data)->destroyed);
}

static guint
listen_to (TlFuture *future,
           Heard    *heard)
{
  guint id;

  heard->inside = TRUE;
  id = tl_future_add_done_callback (future, hear, heard, heard_destroy);
  heard->inside = FALSE;
  g_assert_cmpuint (id, !=, 0);

  return id;
}

static void
check_heard_once (Heard    *heard,
                  TlFuture *future)
{
  tt_run_until (heard_gone, heard);
  tt_iterate ();
  g_assert_cmpint (heard->calls, ==, 1);
  g_assert_cmpint (heard->destroyed, ==, 1);
  g_assert_true (heard->future == future);
  g_assert_true (heard->called_on == g_thread_self ());
  g_assert_true (heard->destroyed_on == g_thread_self ());
}

static void
test_called_once (void)
{
  g_autoptr(TlFuture) future = tl_future_new (NULL);
  Heard               heard = { 0, };

  listen_to (future, &heard);
  tt_iterate ();
  g_assert_cmpint (heard.calls, ==, 0);

  tl_future_set_done (future);
  g_assert_cmpint (heard.calls, ==, 0);
  check_heard_once (&heard, future);
}

static void
test_called_when_settled_already (void)
{
  g_autoptr(TlFuture) future = tl_future_new (NULL);
  Heard               heard = { 0, };

  tl_future_set_done (future);
  listen_to (future, &heard);
  g_assert_cmpint (heard.calls, ==, 0);
  check_heard_once (&heard, future);
}

static void
test_called_for_work (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("callbacks", 2);
  guint                 i;

  for (i = 0; i < 100; i++)
    {
      g_autoptr(TlFuture) future = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);
      Heard               heard = { 0, };

      listen_to (future, &heard);
      check_heard_once (&heard, future);
    }
  tt_shutdown (executor);
}

static void
test_called_for_every_end (void)
{
  g_autoptr(TlFuture) failed = tl_future_new (NULL);
  g_autoptr(TlFuture) cancelled = tl_future_new (NULL);
  Heard               heard[2] = { { 0, }, };

  listen_to (failed, &heard[0]);
  listen_to (cancelled, &heard[1]);
  tl_future_set_new_error (failed, G_IO_ERROR, G_IO_ERROR_FAILED, "failed");
  tl_future_cancel (cancelled);
  check_heard_once (&heard[0], failed);
  check_heard_once (&heard[1], cancelled);
  g_assert_nonnull (tl_future_get_error (failed));
}

static void
test_work_keeps_the_future_alive (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("callbacks", 1);
  TtGate                gate;
  TlFuture             *future;
  Heard                 heard = { 0, };

  tt_gate_init (&gate);
  future = tl_executor_submit (executor, tt_gate_func, &gate, NULL);
  listen_to (future, &heard);
  tl_future_unref (future);
  tt_gate_open (&gate);
  check_heard_once (&heard, future);
  tt_shutdown (executor);
  tt_gate_clear (&gate);
}

/* A promise that nobody can keep any more. */
static void
hear_abandoned (TlFuture *future,
                gpointer  data)
{
  g_assert_error (tl_future_get_error (future), TL_ERROR, TL_ERROR_ABANDONED);
  tt_assert_state (future, FAILED);
  hear (future, data);
}

static void
test_abandoned_promise (void)
{
  TlFuture *future = tl_future_new ("nobody's");
  Heard     heard = { 0, };

  tl_future_add_done_callback (future, hear_abandoned, &heard, heard_destroy);
  tl_future_unref (future);
  g_assert_cmpint (heard.calls, ==, 0);
  check_heard_once (&heard, future);
}

static void
test_abandoned_without_listeners (void)
{
  /* Nobody listens, so nothing is reported: a warning would be fatal here. */
  tl_future_unref (tl_future_new ("nobody's"));
}

/* ---- Removing ---- */

static void
test_remove (void)
{
  g_autoptr(TlFuture) future = tl_future_new (NULL);
  Heard               before = { 0, };
  Heard               posted = { 0, };
  Heard               kept = { 0, };
  guint               before_id, posted_id, kept_id;

  before_id = listen_to (future, &before);
  posted_id = listen_to (future, &posted);
  kept_id = listen_to (future, &kept);
  g_assert_cmpuint (before_id, !=, posted_id);
  g_assert_cmpuint (posted_id, !=, kept_id);

  g_assert_true (tl_future_remove_done_callback (future, before_id));
  g_assert_false (tl_future_remove_done_callback (future, before_id));

  /* It is on its way already, yet this is the thread that it comes to. */
  tl_future_set_done (future);
  g_assert_true (tl_future_remove_done_callback (future, posted_id));
  g_assert_false (tl_future_remove_done_callback (future, posted_id));

  check_heard_once (&kept, future);
  g_assert_false (tl_future_remove_done_callback (future, kept_id));
  tt_run_until (heard_gone, &before);
  tt_run_until (heard_gone, &posted);
  g_assert_cmpint (before.calls, ==, 0);
  g_assert_cmpint (before.destroyed, ==, 1);
  g_assert_cmpint (posted.calls, ==, 0);
  g_assert_cmpint (posted.destroyed, ==, 1);
}

static void
test_remove_is_certain (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("callbacks", 1);
  guint                 i;

  /* The worker may settle the future at any moment of this. */
  for (i = 0; i < tt_scaled (5000, 100); i++)
    {
      g_autoptr(TlFuture) future = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);
      Heard               heard = { 0, };
      guint               id = listen_to (future, &heard);

      if (i % 2)
        tt_wait (future);
      g_assert_true (tl_future_remove_done_callback (future, id));
      tt_wait (future);
      tt_run_until (heard_gone, &heard);
      tt_iterate ();
      g_assert_cmpint (heard.calls, ==, 0);
      g_assert_cmpint (heard.destroyed, ==, 1);
    }
  tt_shutdown (executor);
}

typedef struct
{
  TlFuture *future;
  guint     other;
  Heard     later;
} Reentrant;

static void
meddle (TlFuture *future,
        gpointer  data)
{
  Reentrant *reentrant = data;

  g_assert_true (tl_future_remove_done_callback (future, reentrant->other));
  listen_to (future, &reentrant->later);
  g_assert_cmpint (reentrant->later.calls, ==, 0);
  /* The last reference, but for what holds it during the call. */
  g_clear_pointer (&reentrant->future, tl_future_unref);
}

static void
test_callback_meddles (void)
{
  TlFuture  *future = tl_future_new (NULL);
  Reentrant  reentrant = { future, 0, { 0, } };
  Heard      other = { 0, };

  tl_future_add_done_callback (future, meddle, &reentrant, NULL);
  reentrant.other = listen_to (future, &other);
  tl_future_set_done (future);
  check_heard_once (&reentrant.later, future);
  tt_run_until (heard_gone, &other);
  g_assert_cmpint (other.calls, ==, 0);
  g_assert_null (reentrant.future);
}

/* ---- Threads ---- */

typedef struct
{
  TlFuture *future;
  TtGate   *ready;
  Heard     heard;
} Listener;

static gpointer
listen_on_own_context (gpointer data)
{
  Listener               *listener = data;
  g_autoptr(GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  listen_to (listener->future, &listener->heard);
  tt_gate_pass (listener->ready);
  check_heard_once (&listener->heard, listener->future);
  g_main_context_pop_thread_default (context);

  return NULL;
}

static void
test_called_where_added (void)
{
  g_autoptr(TlFuture) future = tl_future_new (NULL);
  Heard               mine = { 0, };
  TtGate              ready;
  Listener            listeners[4];
  GThread            *threads[4];
  guint               i;

  tt_gate_init (&ready);
  listen_to (future, &mine);
  for (i = 0; i < G_N_ELEMENTS (listeners); i++)
    {
      listeners[i] = (Listener) { future, &ready, { 0, } };
      threads[i] = g_thread_new ("listener", listen_on_own_context, &listeners[i]);
    }
  tt_gate_await (&ready, G_N_ELEMENTS (listeners));
  tl_future_set_done (future);
  tt_gate_open (&ready);
  for (i = 0; i < G_N_ELEMENTS (listeners); i++)
    g_thread_join (threads[i]);
  check_heard_once (&mine, future);
  tt_gate_clear (&ready);
}

static void
test_called_once_while_settling (void)
{
  guint round, i;

  /* Adding races with settling. */
  for (round = 0; round < tt_scaled (300, 10); round++)
    {
      g_autoptr(TlFuture) future = tl_future_new (NULL);
      TtGate              ready;
      Listener            listeners[3];
      GThread            *threads[3];

      tt_gate_init (&ready);
      tt_gate_open (&ready);
      for (i = 0; i < G_N_ELEMENTS (listeners); i++)
        {
          listeners[i] = (Listener) { future, &ready, { 0, } };
          threads[i] = g_thread_new ("listener", listen_on_own_context, &listeners[i]);
        }
      tl_future_set_done (future);
      for (i = 0; i < G_N_ELEMENTS (listeners); i++)
        g_thread_join (threads[i]);
      tt_gate_clear (&ready);
    }
}

static void
test_only_destroyed_with_the_context (void)
{
  g_autoptr(TlFuture) pending = tl_future_new (NULL);
  g_autoptr(TlFuture) settled = tl_future_new (NULL);
  GMainContext       *context = g_main_context_new ();
  Heard               heard[2] = { { 0, }, };

  g_main_context_push_thread_default (context);
  listen_to (pending, &heard[0]);
  listen_to (settled, &heard[1]);
  tl_future_set_done (settled);
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);

  tl_future_set_done (pending);
  tt_poll_until (heard_gone, &heard[0], "the first was destroyed");
  tt_poll_until (heard_gone, &heard[1], "the second was destroyed");
  g_assert_cmpint (heard[0].calls, ==, 0);
  g_assert_cmpint (heard[1].calls, ==, 0);
  g_assert_cmpint (heard[0].destroyed, ==, 1);
  g_assert_cmpint (heard[1].destroyed, ==, 1);
}

/* ---- On time ---- */

typedef struct
{
  TlFuture *future;
  guint     turns;
  guint     settled_at;
  guint     heard_at;
} Spin;

static gboolean
spin (gpointer data)
{
  Spin *s = data;

  if (++s->turns == 10)
    {
      tl_future_set_done (s->future);
      s->settled_at = s->turns;
    }
  g_assert_cmpuint (s->turns, <, 1000);

  return G_SOURCE_CONTINUE;
}

static void
spin_heard (TlFuture *future,
            gpointer  data)
{
  Spin *s = data;

  s->heard_at = s->turns;
}

static void
test_on_time_while_idle_spins (void)
{
  g_autoptr(TlFuture) future = tl_future_new (NULL);
  Spin                s = { future, 0, 0, 0 };
  guint               idle = g_idle_add (spin, &s);

  tl_future_add_done_callback (future, spin_heard, &s, NULL);
  while (s.heard_at == 0)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (idle);

  /* Not one turn of the idle source came between. */
  g_assert_cmpuint (s.heard_at, ==, s.settled_at);
}

static void
add_tests (void)
{
  g_test_add_func ("/callback/is-called-once-and-never-inside-the-setter", test_called_once);
  g_test_add_func ("/callback/is-called-when-settled-already-but-never-inside-add", test_called_when_settled_already);
  g_test_add_func ("/callback/is-called-for-work-of-an-executor", test_called_for_work);
  g_test_add_func ("/callback/is-called-on-failure-and-on-cancel", test_called_for_every_end);
  g_test_add_func ("/callback/work-keeps-the-future-alive-for-it", test_work_keeps_the_future_alive);
  g_test_add_func ("/callback/abandoned-promise-fails", test_abandoned_promise);
  g_test_add_func ("/callback/abandoned-promise-without-listeners-is-silent", test_abandoned_without_listeners);
  g_test_add_func ("/callback/remove-before-and-after-settling", test_remove);
  g_test_add_func ("/callback/remove-on-its-own-thread-is-certain", test_remove_is_certain);
  g_test_add_func ("/callback/may-add-and-remove-others-and-drop-the-future", test_callback_meddles);
  g_test_add_func ("/callback/is-called-on-the-context-of-the-thread-that-added-it", test_called_where_added);
  g_test_add_func ("/callback/is-called-once-though-added-while-settling", test_called_once_while_settling);
  g_test_add_func ("/callback/is-only-destroyed-with-its-context", test_only_destroyed_with_the_context);
  g_test_add_func ("/callback/is-on-time-while-an-idle-source-spins", test_on_time_while_idle_spins);
}

int
main (int    argc,
      char **argv)
{
  return tt_main (&argc, &argv, add_tests);
}
