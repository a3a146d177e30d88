/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What an event thread may do to itself, and what would be a deadlock. */

#include "tl-test.h"

static gboolean
wait_for_own_loop_func (TlFuture  *future,
                        gpointer   thread,
                        GError   **error)
{
  g_autoptr(TlFuture) queued = tl_event_thread_submit (thread, tt_nothing_func, NULL, NULL);

  return tl_future_wait (queued, -1, NULL, error);
}

static gboolean
join_itself_func (TlFuture  *future,
                  gpointer   thread,
                  GError   **error)
{
  return tl_event_thread_join (thread, -1, NULL, error);
}

static gboolean
stop_itself_func (TlFuture  *future,
                  gpointer   thread,
                  GError   **error)
{
  return tl_event_thread_stop (thread, -1, NULL, error);
}

static gboolean
wait_for_stopped_func (TlFuture  *future,
                       gpointer   thread,
                       GError   **error)
{
  return tl_future_wait (tl_event_thread_get_stopped (thread), -1, NULL, error);
}

static void
check_would_deadlock (TlFunc func)
{
  g_autoptr(TlEventThread) thread = tt_started ("inside");
  g_autoptr(TlFuture)      future = tl_event_thread_submit (thread, func, thread, NULL);

  tt_wait_error (future, TL_ERROR, TL_ERROR_WOULD_DEADLOCK);
  if (func == stop_itself_func)
    g_assert_true (tl_event_thread_join (thread, TT_PATIENCE, NULL, NULL));
  else
    g_assert_true (tl_event_thread_get_running (thread));
  tt_stop (thread);
}

static void
test_wait_for_own_loop (void)
{
  check_would_deadlock (wait_for_own_loop_func);
}

static void
test_join_itself (void)
{
  check_would_deadlock (join_itself_func);
}

static void
test_stop_itself (void)
{
  check_would_deadlock (stop_itself_func);
}

static void
test_wait_for_own_end (void)
{
  check_would_deadlock (wait_for_stopped_func);
}

static gboolean
wait_for_pool_func (TlFuture  *future,
                    gpointer   executor,
                    GError   **error)
{
  g_autoptr(TlFuture) work = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);

  return tl_future_wait (work, TT_PATIENCE, NULL, error);
}

static void
test_wait_for_others (void)
{
  g_autoptr(TlEventThread) thread = tt_started ("inside");
  g_autoptr(TlExecutor)    pool = tl_executor_new (NULL, 1);
  g_autoptr(TlFuture)      future = tl_event_thread_submit (thread, wait_for_pool_func, pool, NULL);

  tt_wait_for (future, DONE);
  tt_stop (thread);
  tt_shutdown (pool);
}

static gboolean
quit_itself_func (TlFuture  *future,
                  gpointer   thread,
                  GError   **error)
{
  tl_event_thread_quit (thread);
  return TRUE;
}

static void
test_quit_from_inside (void)
{
  g_autoptr(TlEventThread) thread = tt_started ("inside");

  tl_executor_post (tl_event_thread_get_executor (thread), quit_itself_func, thread, NULL);
  g_assert_true (tl_event_thread_join (thread, TT_PATIENCE, NULL, NULL));
}

static gboolean
callback_here_func (TlFuture  *future,
                    gpointer   data,
                    GError   **error)
{
  TlFuture *other = ((gpointer *) data)[0];
  int      *counter = ((gpointer *) data)[1];

  g_assert_cmpuint (tl_future_add_done_callback (other, tt_count_callback, counter, NULL), !=, 0);
  return TRUE;
}

static void
test_callbacks_come_there (void)
{
  g_autoptr(TlEventThread) thread = tt_started ("inside");
  g_autoptr(TlFuture)      promise = tl_future_new (NULL);
  g_autoptr(TlFuture)      future = NULL;
  int                      counter = 0;
  gpointer                 data[] = { promise, &counter };

  /* Nobody iterates the main thread's context: it comes over there. */
  future = tl_event_thread_submit (thread, callback_here_func, data, NULL);
  tt_wait_for (future, DONE);
  tl_future_set_done (promise);
  tt_poll_until (tt_is_set, &counter, "the callback came on the event thread");
  g_assert_cmpint (counter, ==, 1);
  tt_stop (thread);
}

static void
add_tests (void)
{
  g_test_add_func ("/event-thread/would-deadlock/wait-for-its-own-loop", test_wait_for_own_loop);
  g_test_add_func ("/event-thread/would-deadlock/join-itself", test_join_itself);
  g_test_add_func ("/event-thread/would-deadlock/stop-itself", test_stop_itself);
  g_test_add_func ("/event-thread/would-deadlock/wait-for-its-own-end", test_wait_for_own_end);
  g_test_add_func ("/event-thread/wait-inside-it-for-a-pool", test_wait_for_others);
  g_test_add_func ("/event-thread/quit-from-inside", test_quit_from_inside);
  g_test_add_func ("/event-thread/callbacks-added-inside-come-there", test_callbacks_come_there);
}

int
main (int    argc,
      char **argv)
{
  return tt_main (&argc, &argv, add_tests);
}
