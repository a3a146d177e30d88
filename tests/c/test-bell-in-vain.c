/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Rings that nobody hears: refused, or called off. */

#include "tl-test-bell.h"

static void
check_refused (TlBell  *bell,
               TtHeard *heard)
{
  tt_must_not_ring (bell, TL_ERROR, TL_ERROR_SHUT_DOWN);
  tt_iterate ();
  g_assert_cmpint (heard->calls, ==, 0);
  g_assert_cmpint (heard->errors, ==, 0);
}

static void
test_refused_after_shutdown (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bell", 1);
  TtHeard               heard = { 0, };
  TlBell               *bell = tl_bell_new (executor, tt_hear, &heard, tt_heard_destroy);

  tt_shutdown (executor);
  check_refused (bell, &heard);
  tt_drop_bell (bell, &heard);
}

/* A bell does not keep its executor. */
static void
test_refused_after_the_executor (void)
{
  TlExecutor *executor = tl_executor_new ("bell", 1);
  TtHeard     heard = { 0, };
  TlBell     *bell = tl_bell_new (executor, tt_hear, &heard, tt_heard_destroy);

  g_assert_finalize_object (executor);
  check_refused (bell, &heard);
  tt_drop_bell (bell, &heard);
}

static gboolean
check_refused_in_loop (gpointer data)
{
  TtHeard *heard = data;

  check_refused (heard->bell, heard);
  tl_bell_close (heard->bell, -1);
  return G_SOURCE_REMOVE;
}

static void
test_refused_in_a_loop (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bell", 1);
  TtHeard               heard = { 0, };

  heard.bell = tl_bell_new (executor, tt_hear, &heard, tt_heard_destroy);
  tt_shutdown (executor);
  g_idle_add (check_refused_in_loop, &heard);
  tt_run_until (tt_heard_gone, &heard);
  check_refused (heard.bell, &heard);
  tl_bell_unref (heard.bell);
  g_assert_cmpint (heard.destroyed, ==, 1);
}

static void
test_refused_after_close (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bell", 1);
  TtHeard               heard[2] = { { 0, }, };
  TlBell               *bells[2];
  guint                 i;

  bells[0] = tl_bell_new (executor, tt_hear, &heard[0], tt_heard_destroy);
  bells[1] = tl_bell_new_home (tt_hear, &heard[1], tt_heard_destroy);
  for (i = 0; i < 2; i++)
    {
      tl_bell_close (bells[i], -1);
      tl_bell_close (bells[i], -1);
      check_refused (bells[i], &heard[i]);
      tt_drop_bell (bells[i], &heard[i]);
    }
  tt_shutdown (executor);
}

static void
test_refused_by_a_full_queue (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bell", 1);
  TtGate                gate;
  TtHeard               heard = { .gate = &gate };
  TlBell               *bell;

  tt_gate_init (&gate);
  bell = tl_bell_new (executor, tt_hear, &heard, tt_heard_destroy);
  tl_executor_set_max_queued (executor, 1);
  tl_executor_set_when_full (executor, TL_WHEN_FULL_FAIL);
  tt_must_ring (bell);
  tt_gate_await (&gate, 1);
  tt_must_ring (bell);
  tt_must_not_ring (bell, TL_ERROR, TL_ERROR_QUEUE_FULL);
  tt_gate_open (&gate);
  tt_shutdown (executor);
  g_assert_cmpint (heard.calls, ==, 2);
  g_assert_cmpint (heard.errors, ==, 0);
  tt_drop_bell (bell, &heard);
  tt_gate_clear (&gate);
}

static void
test_called_off (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bell", 1);
  g_autoptr(TlFuture)   busy = NULL;
  TtGate                gate;
  TtHeard               heard = { 0, };
  TlBell               *bell;
  gint64                begin;

  tt_gate_init (&gate);
  bell = tl_bell_new (executor, tt_hear, &heard, tt_heard_destroy);
  busy = tl_executor_submit (executor, tt_gate_func, &gate, NULL);
  tt_gate_await (&gate, 1);
  tt_must_ring (bell);
  begin = g_get_monotonic_time ();
  g_assert_false (tl_executor_shutdown (executor, TL_SHUTDOWN_CANCEL_QUEUED, 0, NULL, NULL));
  tt_run_until (tt_heard_error, &heard);
  g_assert_error (heard.error, TL_ERROR, TL_ERROR_ABANDONED);
  /* After a second another thread may have come before. */
  if (g_get_monotonic_time () - begin < G_USEC_PER_SEC)
    g_assert_true (heard.called_on == g_thread_self ());
  g_assert_cmpint (heard.calls, ==, 0);
  tt_gate_open (&gate);
  tt_shutdown (executor);
  g_assert_cmpint (heard.errors, ==, 1);
  g_clear_error (&heard.error);
  tt_drop_bell (bell, &heard);
  tt_gate_clear (&gate);
}

/* What waits for who has rung is not his any more once the bell was closed. */
static void
test_called_off_and_closed (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bell", 1);
  g_autoptr(TlFuture)   busy = NULL;
  TtGate                gate;
  TtHeard               heard = { 0, };
  TlBell               *bell;

  tt_gate_init (&gate);
  bell = tl_bell_new (executor, tt_hear, &heard, tt_heard_destroy);
  busy = tl_executor_submit (executor, tt_gate_func, &gate, NULL);
  tt_gate_await (&gate, 1);
  tt_must_ring (bell);
  tl_bell_close (bell, -1);
  g_assert_cmpint (heard.destroyed, ==, 1);
  g_assert_false (tl_executor_shutdown (executor, TL_SHUTDOWN_CANCEL_QUEUED, 0, NULL, NULL));
  tt_gate_open (&gate);
  tt_shutdown (executor);
  tt_iterate ();
  tl_bell_unref (bell);
  g_assert_cmpint (heard.calls + heard.errors, ==, 0);
  g_assert_cmpint (heard.destroyed, ==, 1);
  tt_gate_clear (&gate);
}

static void
test_context_destroyed (void)
{
  GMainContext *context = g_main_context_new ();
  TlExecutor   *executor = tl_executor_new_for_context (context);
  TtHeard       heard = { 0, };
  TlBell       *bell = tl_bell_new (executor, tt_hear, &heard, tt_heard_destroy);

  /* An error that nobody looks at would be reported, which is fatal here. */
  tt_must_ring (bell);
  g_main_context_unref (context);
  g_object_unref (executor);
  tt_run_until (tt_heard_error, &heard);
  g_assert_error (heard.error, TL_ERROR, TL_ERROR_ABANDONED);
  g_assert_cmpint (heard.calls, ==, 0);
  g_clear_error (&heard.error);
  tt_must_not_ring (bell, TL_ERROR, TL_ERROR_ABANDONED);
  tt_iterate ();
  g_assert_cmpint (heard.errors, ==, 1);
  tt_drop_bell (bell, &heard);
}

typedef struct
{
  TlExecutor *executor;
  int         rung;
  int         refused;
  int         heard;
  int         errors;
} Off;

#define N_RINGS 200

/* Errors come at home or, after a second, on another thread. */
static gboolean
off_all (gpointer data)
{
  Off *off = data;

  return off->refused + g_atomic_int_get (&off->heard) + g_atomic_int_get (&off->errors) >= N_RINGS;
}

static void
hear_off (const GError *error,
          gpointer      data)
{
  Off *off = data;

  g_atomic_int_inc (error != NULL ? &off->errors : &off->heard);
}

static gpointer
shut_down (gpointer data)
{
  Off *off = data;

  while (g_atomic_int_get (&off->rung) < 20)
    g_thread_yield ();
  tl_executor_shutdown (off->executor, TL_SHUTDOWN_CANCEL_QUEUED, 0, NULL, NULL);
  return NULL;
}

/* Every ring has one end: it is refused, heard, or heard with an error. */
static void
test_called_off_while_ringing (void)
{
  guint round;

  for (round = 0; round < tt_scaled (500, 20); round++)
    {
      g_autoptr(TlExecutor) executor = tl_executor_new ("bell", 2);
      Off                   off = { .executor = executor };
      TlBell               *bell = tl_bell_new (executor, hear_off, &off, NULL);
      GThread              *thread = g_thread_new ("shut-down", shut_down, &off);
      int                   i;

      for (i = 0; i < N_RINGS; i++)
        {
          if (!tl_bell_ring (bell, NULL))
            off.refused++;
          g_atomic_int_inc (&off.rung);
        }
      g_thread_join (thread);
      tt_shutdown (executor);
      tt_run_until (off_all, &off);
      tt_iterate ();
      g_assert_cmpint (off.refused + g_atomic_int_get (&off.heard) + g_atomic_int_get (&off.errors), ==, N_RINGS);
      tl_bell_unref (bell);
    }
}

static void
add_tests (void)
{
  g_test_add_func ("/bell/refused/after-shutdown", test_refused_after_shutdown);
  g_test_add_func ("/bell/refused/after-the-executor-was-dropped", test_refused_after_the_executor);
  g_test_add_func ("/bell/refused/inside-of-a-loop", test_refused_in_a_loop);
  g_test_add_func ("/bell/refused/after-close", test_refused_after_close);
  g_test_add_func ("/bell/refused/by-a-full-queue", test_refused_by_a_full_queue);
  g_test_add_func ("/bell/called-off/by-shutdown", test_called_off);
  g_test_add_func ("/bell/called-off/and-closed-is-silent", test_called_off_and_closed);
  g_test_add_func ("/bell/called-off/by-the-end-of-the-context", test_context_destroyed);
  g_test_add_func ("/bell/called-off/while-it-is-rung", test_called_off_while_ringing);
}

int
main (int    argc,
      char **argv)
{
  return tt_main (&argc, &argv, add_tests);
}
