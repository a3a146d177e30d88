/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The properties of the executor, and how they notify. */

#include "tl-test.h"

static void
test_defaults (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("fresh", 0);
  g_autoptr(TlExecutor) nameless = tl_executor_new (NULL, 3);
  guint                 usual = MIN (32, tt_n_processors () + 4);

  g_assert_cmpstr (tl_executor_get_name (executor), ==, "fresh");
  g_assert_cmpuint (tl_executor_get_max_workers (executor), ==, usual);
  g_assert_cmpuint (tl_executor_get_max_workers (nameless), ==, 3);
  g_assert_cmpuint (tl_executor_get_max_queued (executor), ==, 0);
  g_assert_cmpint (tl_executor_get_when_full (executor), ==, TL_WHEN_FULL_BLOCK);
  g_assert_cmpuint (tl_executor_get_n_queued (executor), ==, 0);
  g_assert_cmpuint (tl_executor_get_n_running (executor), ==, 0);
  g_assert_cmpint (tl_executor_get_idle_timeout (executor), >, 0);

  tl_executor_set_max_workers (nameless, 0);
  g_assert_cmpuint (tl_executor_get_max_workers (nameless), ==, usual);
}

static void
test_get_and_set (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("fresh", 1);
  g_autofree char      *name = NULL;
  guint                 max_workers, max_queued, n_queued, n_running;
  gint64                idle_timeout;
  int                   when_full;

  g_object_set (executor,
                "max-workers", 5u,
                "max-queued", 6u,
                "when-full", TL_WHEN_FULL_FAIL,
                "idle-timeout", (gint64) -1,
                NULL);
  g_object_get (executor,
                "name", &name,
                "max-workers", &max_workers,
                "max-queued", &max_queued,
                "when-full", &when_full,
                "idle-timeout", &idle_timeout,
                "n-queued", &n_queued,
                "n-running", &n_running,
                NULL);
  g_assert_cmpstr (name, ==, "fresh");
  g_assert_cmpuint (max_workers, ==, 5);
  g_assert_cmpuint (max_queued, ==, 6);
  g_assert_cmpint (when_full, ==, TL_WHEN_FULL_FAIL);
  g_assert_cmpint (idle_timeout, ==, -1);
  g_assert_cmpuint (n_queued, ==, 0);
  g_assert_cmpuint (n_running, ==, 0);
  g_assert_cmpint (tl_executor_get_idle_timeout (executor), ==, -1);
}

typedef struct
{
  GThread *thread;
  int      calls;
  guint    n_queued;
  guint    n_running;
} Notified;

static void
notified (GObject    *object,
          GParamSpec *pspec,
          gpointer    data)
{
  Notified *n = data;

  g_assert_true (g_thread_self () == n->thread);
  n->n_queued = tl_executor_get_n_queued (TL_EXECUTOR (object));
  n->n_running = tl_executor_get_n_running (TL_EXECUTOR (object));
  g_atomic_int_inc (&n->calls);
}

static void
test_setters_notify (void)
{
  static const char *names[] = { "max-workers", "max-queued", "when-full", "idle-timeout" };

  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);
  Notified              n[G_N_ELEMENTS (names)];
  guint                 i;

  for (i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *signal = g_strconcat ("notify::", names[i], NULL);

      n[i] = (Notified) { .thread = g_thread_self () };
      g_signal_connect (executor, signal, G_CALLBACK (notified), &n[i]);
    }

  tl_executor_set_max_workers (executor, 2);
  tl_executor_set_max_queued (executor, 2);
  tl_executor_set_when_full (executor, TL_WHEN_FULL_FAIL);
  tl_executor_set_idle_timeout (executor, 2);
  for (i = 0; i < G_N_ELEMENTS (names); i++)
    tt_run_until (tt_is_set, &n[i].calls);

  /* What does not change is no news. */
  for (i = 0; i < G_N_ELEMENTS (names); i++)
    n[i].calls = 0;
  tl_executor_set_max_workers (executor, 2);
  tl_executor_set_max_queued (executor, 2);
  tl_executor_set_when_full (executor, TL_WHEN_FULL_FAIL);
  tl_executor_set_idle_timeout (executor, 2);
  tt_iterate ();
  for (i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_cmpint (n[i].calls, ==, 0);
}

/* ---- Numbers of tasks ---- */

static void
test_numbers_are_exact (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);
  g_autoptr(TlFuture)   blocker = NULL;
  TlFuture             *futures[3];
  TtGate                gate;
  int                   counter = 0;
  guint                 i;

  tt_gate_init (&gate);
  blocker = tl_executor_submit (executor, tt_gate_func, &gate, NULL);
  tt_gate_await (&gate, 1);
  for (i = 0; i < G_N_ELEMENTS (futures); i++)
    {
      futures[i] = tl_executor_submit (executor, tt_count_func, &counter, NULL);
      g_assert_cmpuint (tl_executor_get_n_queued (executor), ==, i + 1);
    }
  g_assert_cmpuint (tl_executor_get_n_running (executor), ==, 1);

  /* What was cancelled waits for its turn no more. */
  g_assert_cmpint (tl_future_cancel (futures[1]), ==, TL_CANCEL_DONE);
  g_assert_cmpuint (tl_executor_get_n_queued (executor), ==, 2);

  tt_gate_open (&gate);
  for (i = 0; i < G_N_ELEMENTS (futures); i++)
    {
      tt_wait (futures[i]);
      tl_future_unref (futures[i]);
    }
  tt_shutdown (executor);
  g_assert_cmpint (counter, ==, 2);
  g_assert_cmpuint (tl_executor_get_n_queued (executor), ==, 0);
  g_assert_cmpuint (tl_executor_get_n_running (executor), ==, 0);
  tt_gate_clear (&gate);
}

static gboolean
saw_running (gpointer data)
{
  return ((Notified *) data)->n_running == 1;
}

static gboolean
saw_queued (gpointer data)
{
  return ((Notified *) data)->n_queued == 1;
}

static gboolean
saw_none_running (gpointer data)
{
  return ((Notified *) data)->n_running == 0;
}

static gboolean
saw_none_queued (gpointer data)
{
  Notified *n = data;

  return n->calls > 0 && n->n_queued == 0;
}

static gboolean
submit_two (gpointer data)
{
  gpointer *args = data;

  tl_executor_post (args[0], tt_gate_func, args[1], NULL);
  tl_executor_post (args[0], tt_nothing_func, NULL, NULL);
  return G_SOURCE_REMOVE;
}

static void
check_numbers_notify (gboolean before_the_loop)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);
  Notified              running = { .thread = g_thread_self () };
  Notified              queued = { .thread = g_thread_self () };
  TtGate                gate;
  gpointer              posted[] = { executor, &gate };

  tt_gate_init (&gate);
  g_signal_connect (executor, "notify::n-running", G_CALLBACK (notified), &running);
  g_signal_connect (executor, "notify::n-queued", G_CALLBACK (notified), &queued);

  if (before_the_loop)
    submit_two (posted);
  else
    g_idle_add (submit_two, posted);
  tt_run_until (saw_running, &running);
  tt_run_until (saw_queued, &queued);

  /* The last value is not lost. */
  tt_gate_open (&gate);
  tt_run_until (saw_none_running, &running);
  tt_run_until (saw_none_queued, &queued);
  tt_shutdown (executor);
  tt_gate_clear (&gate);
}

static void
test_numbers_notify (void)
{
  check_numbers_notify (FALSE);
}

static void
test_numbers_notify_before_the_loop (void)
{
  check_numbers_notify (TRUE);
}

typedef struct
{
  TlExecutor *executor;
  Notified    queued;
  TtGate      gate;
  int         ran;
  int         n;
} Flood;

static gboolean
flooded (gpointer data)
{
  Flood *flood = data;

  return g_atomic_int_get (&flood->ran) == flood->n && saw_none_queued (&flood->queued);
}

static gboolean
start_flood (gpointer data)
{
  Flood *flood = data;
  int    i;

  tl_executor_post (flood->executor, tt_gate_func, &flood->gate, NULL);
  for (i = 0; i < flood->n; i++)
    tl_executor_post (flood->executor, tt_count_func, &flood->ran, NULL);
  return G_SOURCE_REMOVE;
}

static void
test_notifies_are_coalesced (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);
  Flood                 flood = { .executor = executor, .n = (int) tt_scaled (100000, 1000) };

  tt_gate_init (&flood.gate);
  flood.queued.thread = g_thread_self ();
  g_signal_connect (executor, "notify::n-queued", G_CALLBACK (notified), &flood.queued);
  g_idle_add (start_flood, &flood);
  tt_run_until (tt_is_set, &flood.queued.calls);
  tt_gate_open (&flood.gate);
  tt_run_until (flooded, &flood);

  /* Changed twice a task; told a fraction of it. */
  g_assert_cmpint (flood.queued.calls, <, flood.n / 2);
  tt_shutdown (executor);
  tt_gate_clear (&flood.gate);
}

/* ---- max-workers while running ---- */

static void
test_more_workers (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("growing", 1);
  TtGate                gate;
  guint                 i;

  tt_gate_init (&gate);
  for (i = 0; i < 4; i++)
    tl_executor_post (executor, tt_gate_func, &gate, NULL);
  tt_gate_await (&gate, 1);
  g_assert_cmpuint (tl_executor_get_n_queued (executor), ==, 3);

  /* More of them take up what is queued already. */
  tl_executor_set_max_workers (executor, 3);
  tt_gate_await (&gate, 3);
  g_assert_cmpuint (tl_executor_get_n_queued (executor), ==, 1);
  g_assert_cmpuint (tt_n_threads ("growing"), ==, 3);
  tt_gate_open (&gate);
  tt_shutdown (executor);
  g_assert_cmpuint (gate.arrived, ==, 4);
  tt_gate_clear (&gate);
}

static void
test_fewer_workers (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("shrinking", 4);
  g_autoptr(TlFuture)   probe = NULL;
  TtGate                first, second;
  guint                 i;

  tt_gate_init (&first);
  tt_gate_init (&second);
  for (i = 0; i < 4; i++)
    tl_executor_post (executor, tt_gate_func, &first, NULL);
  tt_gate_await (&first, 4);
  for (i = 0; i < 3; i++)
    tl_executor_post (executor, tt_gate_func, &second, NULL);

  /* Those that are too many end after the task they are at. */
  tl_executor_set_max_workers (executor, 1);
  tt_gate_open (&first);
  tt_wait_threads ("shrinking", 1);
  tt_gate_await (&second, 1);
  g_assert_cmpuint (tl_executor_get_n_running (executor), ==, 1);
  g_assert_cmpuint (tl_executor_get_n_queued (executor), ==, 2);
  tt_gate_open (&second);

  probe = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);
  tt_wait_for (probe, DONE);
  g_assert_cmpuint (second.arrived, ==, 3);
  tt_shutdown (executor);
  tt_gate_clear (&first);
  tt_gate_clear (&second);
}

static void
test_fewer_idle_workers (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("shrinking", 4);
  TtGate                gate;
  guint                 i;

  tt_gate_init (&gate);
  tl_executor_set_idle_timeout (executor, -1);
  for (i = 0; i < 4; i++)
    tl_executor_post (executor, tt_gate_func, &gate, NULL);
  tt_gate_await (&gate, 4);
  tt_gate_open (&gate);
  tl_executor_set_max_workers (executor, 1);
  tt_wait_threads ("shrinking", 1);
  tt_shutdown (executor);
  tt_gate_clear (&gate);
}

static void
test_busy_pool_notifies (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);
  g_autoptr(TlFuture)   blocker = NULL;
  Notified              n = { .thread = g_thread_self () };
  TtGate                gate;
  int                   counter = 0;

  tt_gate_init (&gate);
  blocker = tl_executor_submit (executor, tt_gate_func, &gate, NULL);
  tt_gate_await (&gate, 1);
  tt_iterate ();
  g_signal_connect (executor, "notify::n-queued", G_CALLBACK (notified), &n);

  /* No worker wakes, and none goes to sleep. */
  tl_executor_post (executor, tt_count_func, &counter, NULL);
  tt_run_until (tt_is_set, &n.calls);
  g_assert_cmpuint (n.n_queued, ==, 1);

  tt_gate_open (&gate);
  tt_wait (blocker);
  tt_shutdown (executor);
  tt_gate_clear (&gate);
}

static void
add_tests (void)
{
  g_test_add_func ("/executor/property/n-queued-notifies-while-all-are-busy", test_busy_pool_notifies);
  g_test_add_func ("/executor/property/defaults", test_defaults);
  g_test_add_func ("/executor/property/get-and-set", test_get_and_set);
  g_test_add_func ("/executor/property/setters-notify", test_setters_notify);
  g_test_add_func ("/executor/property/n-queued-and-n-running-are-exact", test_numbers_are_exact);
  g_test_add_func ("/executor/property/n-queued-and-n-running-notify-to-the-last", test_numbers_notify);
  g_test_add_func ("/executor/property/n-queued-and-n-running-notify-what-changed-before-the-loop", test_numbers_notify_before_the_loop);
  g_test_add_func ("/executor/property/notifies-are-coalesced", test_notifies_are_coalesced);
  g_test_add_func ("/executor/property/more-workers-take-up-the-queue", test_more_workers);
  g_test_add_func ("/executor/property/fewer-workers-after-their-task", test_fewer_workers);
  g_test_add_func ("/executor/property/fewer-idle-workers-at-once", test_fewer_idle_workers);
}

int
main (int    argc,
      char **argv)
{
  return tt_main (&argc, &argv, add_tests);
}
