/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Lookouts: where a thread waits to be called, awake at first. */

#include "tl-test.h"

#include <sys/wait.h>
#include <unistd.h>

static void
test_before (void)
{
  g_autoptr(TlLookout) lookout = tl_lookout_new (-1);

  tl_lookout_call (lookout);
  tl_lookout_call (lookout);
  g_assert_true (tl_lookout_wait (lookout, -1));
  /* They were one. */
  g_assert_false (tl_lookout_wait (lookout, 0));
}

static void
test_in_vain (void)
{
  const gint64 spin_times[] = { -1, 0, 20 };

  for (guint i = 0; i < G_N_ELEMENTS (spin_times); i++)
    {
      g_autoptr(TlLookout) lookout = tl_lookout_new (spin_times[i]);

      for (guint j = 0; j < 40; j++)
        g_assert_false (tl_lookout_wait (lookout, 0));
      g_assert_false (tl_lookout_wait (lookout, 1000));

      tl_lookout_call (lookout);
      g_assert_true (tl_lookout_wait (lookout, 1000));
    }
}

static void
test_reference (void)
{
  TlLookout *lookout = tl_lookout_new (0);
  GValue value = G_VALUE_INIT;

  g_value_init (&value, TL_TYPE_LOOKOUT);
  g_value_take_boxed (&value, lookout);
  g_assert_true (tl_lookout_ref (lookout) == lookout);
  g_value_unset (&value);

  tl_lookout_call (lookout);
  g_assert_true (tl_lookout_wait (lookout, 0));
  tl_lookout_unref (lookout);
}

/* Two that take turns: `ball` needs no lock. */
typedef struct
{
  TlLookout *mine;
  TlLookout *other;
  guint     *ball;
  guint      n;
} Player;

static gpointer
play (gpointer data)
{
  Player *player = data;

  for (guint i = 0; i < player->n; i++)
    {
      while (!tl_lookout_wait (player->mine, i % 2 ? -1 : TT_PATIENCE))
        ;
      ++*player->ball;
      tl_lookout_call (player->other);
    }

  return NULL;
}

static void
take_turns (gint64 spin_time,
            guint  n)
{
  g_autoptr(TlLookout) here = tl_lookout_new (spin_time);
  g_autoptr(TlLookout) there = tl_lookout_new (spin_time);
  guint ball = 0;
  Player one = { here, there, &ball, n };
  Player two = { there, here, &ball, n };
  GThread *thread = g_thread_new ("other", play, &two);

  tl_lookout_call (here);
  play (&one);
  g_thread_join (thread);
  g_assert_cmpuint (ball, ==, 2 * n);
  g_assert_true (tl_lookout_wait (here, 0));
}

static void
test_turns (gconstpointer spin_time)
{
  take_turns (GPOINTER_TO_INT (spin_time), tt_scaled (5000, 200));
}

/* More of them than may look on at a time. */
static gpointer
take_turns_too (gpointer spin_time)
{
  take_turns (GPOINTER_TO_INT (spin_time), tt_scaled (1000, 50));
  return NULL;
}

static void
test_pairs (void)
{
  GThread *threads[6];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("pair", take_turns_too, GINT_TO_POINTER (50));
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

/* Who has called is heard, however many do at the same time. */
typedef struct
{
  TlLookout *lookout;
  guint      n;
  gint       n_called;          /* atomic */
} Crowd;

static gpointer
call_often (gpointer data)
{
  Crowd *crowd = data;

  for (guint i = 0; i < crowd->n; i++)
    {
      g_atomic_int_inc (&crowd->n_called);
      tl_lookout_call (crowd->lookout);
    }

  return NULL;
}

static void
test_crowd (void)
{
  g_autoptr(TlLookout) lookout = tl_lookout_new (5);
  Crowd crowd = { lookout, tt_scaled (5000, 200), 0 };
  GThread *threads[4];
  guint n = crowd.n * G_N_ELEMENTS (threads);

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("caller", call_often, &crowd);

  /* Who counts before it calls is counted when the wait for the last has ended. */
  while ((guint) g_atomic_int_get (&crowd.n_called) < n)
    g_assert_true (tl_lookout_wait (lookout, -1));

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

/* A thread that looks on does not come along, nor is it counted. */
static gpointer
look_on (gpointer lookout)
{
  while (!tl_lookout_wait (lookout, 0))
    ;
  return NULL;
}

static void
test_fork (void)
{
  g_autoptr(TlLookout) lookout = tl_lookout_new (1000);
  GThread *thread = g_thread_new ("looks on", look_on, lookout);

  for (guint i = 0; i < 20; i++)
    {
      pid_t pid = fork ();
      int status;

      g_assert_cmpint (pid, >=, 0);
      if (pid == 0)
        {
          take_turns (50, 20);
          _exit (0);
        }
      g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
      g_assert_cmpint (status, ==, 0);
    }

  tl_lookout_call (lookout);
  g_thread_join (thread);
}

/* In the child somebody calls all those that look on in the parent. There may
 * not be more that look on afterwards. */
#define LONG (G_TIME_SPAN_SECOND / 2)

static gpointer
look_long (gpointer lookout)
{
  tl_lookout_wait (lookout, 0);
  return NULL;
}

static gboolean
looks_on (TlLookout *lookout)
{
  gint64 start = g_get_monotonic_time ();

  g_assert_false (tl_lookout_wait (lookout, 0));
  return g_get_monotonic_time () - start >= LONG;
}

/* Whether one more looks on where as many do as may. */
static gboolean
looks_on_beside_others (void)
{
  guint n = MAX (g_get_num_processors (), 2) - 1;
  g_autofree GThread **threads = g_new (GThread *, n);
  g_autofree TlLookout **lookouts = g_new (TlLookout *, n);
  g_autoptr(TlLookout) here = tl_lookout_new (LONG);
  gboolean looked_on;

  for (guint i = 0; i < n; i++)
    {
      lookouts[i] = tl_lookout_new (2 * LONG);
      threads[i] = g_thread_new ("looks on", look_long, lookouts[i]);
    }
  g_usleep (LONG / 4);

  looked_on = looks_on (here);

  for (guint i = 0; i < n; i++)
    {
      g_thread_join (threads[i]);
      tl_lookout_unref (lookouts[i]);
    }

  return looked_on;
}

static void
test_call_in_child (void)
{
  g_autoptr(TlLookout) lookout = tl_lookout_new (LONG);
  /* Where valgrind finds it in the child as well. */
  static GThread *thread;
  pid_t pid;
  int status;

  if (g_get_num_processors () > 8)
    {
      g_test_skip ("It would take all of these processors");
      return;
    }

  thread = g_thread_new ("looks on", look_on, lookout);

  /* So that it does. */
  g_usleep (LONG / 10);

  pid = fork ();
  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    {
      guint n_tries = 10;

      tl_lookout_call (lookout);
      /* On a busy machine the others may come too late. */
      while (looks_on_beside_others () && n_tries > 0)
        n_tries--;
      _exit (n_tries > 0 ? 0 : 1);
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_cmpint (status, ==, 0);

  tl_lookout_call (lookout);
  g_thread_join (thread);
}

/* A bell is heard in the end, whether the ringer waits or not. */
static void
heard (const GError *error,
       gpointer      lookout)
{
  g_assert_no_error (error);
  tl_lookout_call (lookout);
}

static void
test_bell (void)
{
  g_autoptr(TlLookout) lookout = tl_lookout_new (-1);
  g_autoptr(TlExecutor) executor = tl_executor_new ("bell", 1);
  g_autoptr(TlBell) bell = tl_bell_new (executor, heard, lookout, NULL);
  g_autoptr(GError) error = NULL;

  tl_executor_set_spin_time (executor, 50);
  for (guint i = 0; i < tt_scaled (500, 50); i++)
    {
      tl_bell_ring (bell, &error);
      g_assert_no_error (error);
      if (i % 3 == 0)
        g_usleep (1);
      g_assert_true (tl_lookout_wait (lookout, -1));
    }
  tl_executor_shutdown (executor, TL_SHUTDOWN_DRAIN, -1, NULL, &error);
  g_assert_no_error (error);
}

static void
add_tests (void)
{
  g_test_add_func ("/lookout/before", test_before);
  g_test_add_func ("/lookout/in-vain", test_in_vain);
  g_test_add_func ("/lookout/reference", test_reference);
  g_test_add_data_func ("/lookout/turns/usual", GINT_TO_POINTER (-1), test_turns);
  g_test_add_data_func ("/lookout/turns/asleep", GINT_TO_POINTER (0), test_turns);
  g_test_add_data_func ("/lookout/turns/short", GINT_TO_POINTER (1), test_turns);
  g_test_add_data_func ("/lookout/turns/long", GINT_TO_POINTER (500), test_turns);
  g_test_add_func ("/lookout/pairs", test_pairs);
  g_test_add_func ("/lookout/crowd", test_crowd);
  g_test_add_func ("/lookout/fork", test_fork);
  g_test_add_func ("/lookout/call-in-child", test_call_in_child);
  g_test_add_func ("/lookout/bell", test_bell);
}

int
main (int   argc,
      char *argv[])
{
  return tt_main (&argc, &argv, add_tests);
}
