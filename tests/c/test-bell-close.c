/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Closing a bell. */

#include "tl-test-bell.h"

static void
close_inside (const GError *error,
              gpointer      data)
{
  TtHeard *heard = data;

  g_atomic_int_inc (&heard->calls);
  tl_bell_close (heard->bell, -1);
  g_assert_cmpint (g_atomic_int_get (&heard->destroyed), ==, 0);
  g_assert_false (tl_bell_ring (heard->bell, NULL));
  if (heard->gate != NULL)
    tt_gate_pass (heard->gate);
}

static void
test_close_from_inside (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bell", 1);
  TtHeard               heard = { 0, };

  heard.bell = tl_bell_new (executor, close_inside, &heard, tt_heard_destroy);
  tl_bell_ring (heard.bell, NULL);
  tl_bell_ring (heard.bell, NULL);
  tl_bell_ring (heard.bell, NULL);
  tt_shutdown (executor);
  g_assert_cmpint (heard.calls, ==, 1);
  tt_run_until (tt_heard_gone, &heard);
  g_assert_true (heard.destroyed_on == g_thread_self ());
  tl_bell_unref (heard.bell);
  g_assert_cmpint (heard.destroyed, ==, 1);
}

static void
close_both (const GError *error,
            gpointer      data)
{
  TtHeard *heard = data;

  tt_gate_pass (heard->gate);
  tl_bell_close (heard->bell, -1);
  g_atomic_int_inc (&heard->calls);
}

/* Two calls that would wait for each other. */
static void
test_close_from_inside_of_both (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bell", 2);
  TtGate                gate;
  TtHeard               heard = { .gate = &gate };

  tt_gate_init (&gate);
  heard.bell = tl_bell_new (executor, close_both, &heard, tt_heard_destroy);
  tt_must_ring (heard.bell);
  tt_must_ring (heard.bell);
  tt_gate_await (&gate, 2);
  tt_gate_open (&gate);
  tl_bell_close (heard.bell, -1);
  g_assert_cmpint (heard.calls, ==, 2);
  tt_run_until (tt_heard_gone, &heard);
  g_assert_cmpint (heard.destroyed, ==, 1);
  g_assert_true (heard.destroyed_on == g_thread_self ());
  tl_bell_unref (heard.bell);
  tt_shutdown (executor);
  tt_gate_clear (&gate);
}

typedef struct
{
  TtHeard *heard;
  int      tid;
  int      closed;
} Closer;

static gpointer
close_bell (gpointer data)
{
  Closer *closer = data;

  g_atomic_int_set (&closer->tid, tt_gettid ());
  tl_bell_close (closer->heard->bell, -1);
  g_assert_cmpint (g_atomic_int_get (&closer->heard->inside), ==, 0);
  g_atomic_int_set (&closer->closed, TRUE);
  return NULL;
}

static void
test_close_waits (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bell", 2);
  TtGate                gate;
  TtHeard               heard = { .gate = &gate };
  Closer                closers[2] = { { &heard, 0, FALSE }, { &heard, 0, FALSE } };
  GThread              *threads[2];
  guint                 i;

  tt_gate_init (&gate);
  heard.bell = tl_bell_new (executor, tt_hear, &heard, tt_heard_destroy);
  tt_must_ring (heard.bell);
  tt_must_ring (heard.bell);
  tt_must_ring (heard.bell);
  tt_gate_await (&gate, 2);

  for (i = 0; i < 2; i++)
    threads[i] = g_thread_new ("closer", close_bell, &closers[i]);
  for (i = 0; i < 2; i++)
    {
      while (g_atomic_int_get (&closers[i].tid) == 0)
        g_thread_yield ();
      tt_wait_asleep (&closers[i].tid);
      g_assert_false (g_atomic_int_get (&closers[i].closed));
    }
  g_assert_false (tl_bell_ring (heard.bell, NULL));

  tt_gate_open (&gate);
  for (i = 0; i < 2; i++)
    g_thread_join (threads[i]);
  tt_shutdown (executor);
  g_assert_cmpint (heard.calls, ==, 2);
  tt_run_until (tt_heard_gone, &heard);
  g_assert_cmpint (heard.destroyed, ==, 1);
  tl_bell_unref (heard.bell);
  tt_gate_clear (&gate);
}

typedef struct
{
  TlBell  *bell;
  TtGate  *ready;
  int      inside;
  int      calls;
  int      closed;
  int      destroyed;
} Storm;

static void
hear_storm (const GError *error,
            gpointer      data)
{
  Storm *storm = data;

  /* It may have begun before it was closed, but not after. */
  g_atomic_int_inc (&storm->inside);
  g_assert_false (g_atomic_int_get (&storm->closed));
  g_assert_false (g_atomic_int_get (&storm->destroyed));
  g_atomic_int_inc (&storm->calls);
  g_atomic_int_add (&storm->inside, -1);
}

static void
storm_destroy (gpointer data)
{
  g_atomic_int_inc (&((Storm *) data)->destroyed);
}

static gboolean
storm_gone (gpointer data)
{
  return tt_is_set (&((Storm *) data)->destroyed);
}

static gpointer
ring_storm (gpointer data)
{
  Storm            *storm = data;
  g_autoptr(TlBell) bell = tl_bell_ref (storm->bell);
  guint             i;

  /* Not for ever: who closes it may have to wait for a processor. */
  tt_gate_pass (storm->ready);
  for (i = 0; i < 500; i++)
    {
      g_autoptr(GError) error = NULL;

      if (!tl_bell_ring (bell, &error))
        {
          g_assert_error (error, TL_ERROR, TL_ERROR_SHUT_DOWN);
          break;
        }
    }

  return NULL;
}

static void
check_storm (TlBell *bell,
             Storm  *storm,
             guint   spin)
{
  TtGate   ready;
  GThread *threads[4];
  guint    i;

  tt_gate_init (&ready);
  storm->ready = &ready;
  storm->bell = bell;
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("ringer", ring_storm, storm);
  tt_gate_await (&ready, G_N_ELEMENTS (threads));
  tt_gate_open (&ready);
  for (i = 0; i < spin; i++)
    g_thread_yield ();

  tl_bell_close (bell, -1);
  g_assert_cmpint (g_atomic_int_get (&storm->inside), ==, 0);
  g_atomic_int_set (&storm->closed, TRUE);
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  tl_bell_unref (bell);
  tt_run_until (storm_gone, storm);
  g_assert_cmpint (storm->destroyed, ==, 1);
  tt_gate_clear (&ready);
}

static void
test_ring_while_closing (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bell", 3);
  g_autoptr(GRand)      rand = g_rand_new_with_seed (tt_seed ());
  guint                 round;

  for (round = 0; round < tt_scaled (300, 10); round++)
    {
      Storm storms[2] = { { 0, }, };

      check_storm (tl_bell_new (executor, hear_storm, &storms[0], storm_destroy), &storms[0],
                   (guint) g_rand_int_range (rand, 0, 50));
      check_storm (tl_bell_new_home (hear_storm, &storms[1], storm_destroy), &storms[1],
                   (guint) g_rand_int_range (rand, 0, 50));
      /* What was rung in vain is still in the queue. */
      while (tl_executor_get_n_queued (executor) > 0)
        g_thread_yield ();
    }
  tt_shutdown (executor);
}

static void
add_tests (void)
{
  g_test_add_func ("/bell/close/from-inside", test_close_from_inside);
  g_test_add_func ("/bell/close/from-inside-of-two-calls", test_close_from_inside_of_both);
  g_test_add_func ("/bell/close/waits-for-those-inside", test_close_waits);
  g_test_add_func ("/bell/close/while-four-threads-ring", test_ring_while_closing);
}

int
main (int    argc,
      char **argv)
{
  return tt_main (&argc, &argv, add_tests);
}
