/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the library leaves behind, and what it takes while there is nothing to
 * do: nothing. */

#include "tl-test.h"

#include <sys/resource.h>

/* ---- Threads and file descriptors ---- */

/* What GLib and the library make once and keep, such as the default context
 * and its eventfd, is there after this. */
static void
warm_up (void)
{
  g_autoptr(TlExecutor)    executor = tl_executor_new ("left-over", 1);
  g_autoptr(TlEventThread) thread = tl_event_thread_new ("left-over");
  g_autoptr(TlFuture)      future = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);

  g_assert_true (tl_event_thread_start (thread, NULL));
  g_assert_true (tl_event_thread_stop (thread, TT_PATIENCE, NULL, NULL));
  tt_wait_for (future, DONE);
  tt_shutdown (executor);
  tt_wait_threads ("left-over", 0);
}

static void
test_executors_leave_nothing (void)
{
  guint threads, fds, i;

  warm_up ();
  threads = tt_n_threads (NULL);
  fds = tt_n_fds ();

  for (i = 0; i < tt_scaled (10000, 200); i++)
    {
      TlExecutor         *executor = tl_executor_new ("left-over", 1 + i % 2);
      g_autoptr(TlFuture) future = NULL;

      /* Some of them waited for, some dropped at work, some shut down, and
       * some never used. */
      if (i % 4 > 0)
        future = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);
      if (i % 4 == 2)
        tt_wait_for (future, DONE);
      if (i % 4 == 3)
        tt_shutdown (executor);
      g_object_unref (executor);
      if (future != NULL)
        tt_wait_for (future, DONE);
    }

  tt_wait_threads ("left-over", 0);
  tt_wait_threads (NULL, threads);
  tt_wait_fds (fds);
}

static void
test_event_threads_leave_nothing (void)
{
  guint threads, fds, i;

  warm_up ();
  threads = tt_n_threads (NULL);
  fds = tt_n_fds ();

  for (i = 0; i < tt_scaled (1000, 50); i++)
    {
      TlEventThread *thread = tl_event_thread_new ("left-over");

      if (i % 4 > 0)
        {
          g_autoptr(TlFuture) future = NULL;

          g_assert_true (tl_event_thread_start (thread, NULL));
          future = tl_event_thread_submit (thread, tt_nothing_func, NULL, NULL);
          if (i % 4 == 2)
            tt_wait_for (future, DONE);
        }
      if (i % 4 == 3)
        g_assert_true (tl_event_thread_stop (thread, TT_PATIENCE, NULL, NULL));
      g_object_unref (thread);
    }

  tt_wait_threads ("left-over", 0);
  tt_wait_threads (NULL, threads);
  tt_wait_fds (fds);
}

static void
test_context_executors_leave_nothing (void)
{
  guint threads, fds, i;

  warm_up ();
  threads = tt_n_threads (NULL);
  fds = tt_n_fds ();

  for (i = 0; i < tt_scaled (2000, 100); i++)
    {
      GMainContext        *context = g_main_context_new ();
      TlExecutor          *executor = tl_executor_new_for_context (context);
      g_autoptr(TlFuture)  future = NULL;

      if (i % 2)
        {
          future = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);
          while (!tl_future_done (future))
            g_main_context_iteration (context, FALSE);
        }
      g_object_unref (executor);
      g_main_context_unref (context);
    }

  tt_wait_threads (NULL, threads);
  tt_wait_fds (fds);
}

/* ---- Doing nothing ---- */

typedef struct
{
  gint64 cpu;
  glong  switches;
} Usage;

static Usage
usage_of_process (void)
{
  struct rusage usage;

  g_assert_cmpint (getrusage (RUSAGE_SELF, &usage), ==, 0);
  return (Usage) {
    ((gint64) usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * G_USEC_PER_SEC +
      usage.ru_utime.tv_usec + usage.ru_stime.tv_usec,
    usage.ru_nvcsw,
  };
}

#define IDLE_CPU      5000
#define IDLE_SWITCHES 5

/* This sleeps, since it measures: over a stretch of time, neither is the
 * processor used nor does anybody wake up. The threads may still be on their
 * way to bed at first, and whoever stops the process wakes all that sleep in
 * it, so that the best of some stretches counts. */
static void
check_idle (void)
{
  gint64 least_cpu = G_MAXINT64;
  glong  least_switches = G_MAXLONG;
  guint  i;

  for (i = 0; i < 40 && (i < 3 || least_cpu >= IDLE_CPU || least_switches > IDLE_SWITCHES); i++)
    {
      Usage before, after;

      g_usleep (50000);
      before = usage_of_process ();
      g_usleep (200000);
      after = usage_of_process ();
      least_cpu = MIN (least_cpu, after.cpu - before.cpu);
      least_switches = MIN (least_switches, after.switches - before.switches);
    }

  g_test_message ("idle for 200 ms: %" G_GINT64_FORMAT " us of CPU, %ld switches",
                  least_cpu, least_switches);
  g_assert_cmpint (least_cpu, <, IDLE_CPU);
  g_assert_cmpint (least_switches, <=, IDLE_SWITCHES);
}

static void
test_idle_executor (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("idle-one", 4);
  TtGate                gate;
  guint                 i;

  tt_gate_init (&gate);
  tl_executor_set_idle_timeout (executor, -1);
  for (i = 0; i < 1000; i++)
    tl_executor_post (executor, tt_gate_func, &gate, NULL);
  tt_gate_await (&gate, 4);
  tt_gate_open (&gate);
  tt_gate_await (&gate, 1000);
  check_idle ();
  g_assert_cmpuint (tt_n_threads ("idle-one"), ==, 4);
  tt_shutdown (executor);
  tt_gate_clear (&gate);
}

static void
test_idle_event_thread (void)
{
  g_autoptr(TlEventThread) thread = tl_event_thread_new ("idle-one");
  g_autoptr(TlFuture)      future = NULL;

  g_assert_true (tl_event_thread_start (thread, NULL));
  future = tl_event_thread_submit (thread, tt_nothing_func, NULL, NULL);
  tt_wait_for (future, DONE);
  check_idle ();
  g_assert_true (tl_event_thread_stop (thread, TT_PATIENCE, NULL, NULL));
}

static void
test_blocked_submitter_and_waiter_are_idle (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("idle-one", 2);
  g_autoptr(TlFuture)   deadline = NULL;
  TtGate                gate;

  /* Busy, but with waiting; and a deadline far ahead. */
  tt_gate_init (&gate);
  tl_executor_post (executor, tt_gate_func, &gate, NULL);
  tl_executor_post (executor, tt_gate_func, &gate, NULL);
  tt_gate_await (&gate, 2);
  deadline = tl_executor_submit_full (executor, NULL, 0,
                                      g_get_monotonic_time () + G_TIME_SPAN_HOUR, NULL,
                                      tt_nothing_func, NULL, NULL);
  check_idle ();
  tt_gate_open (&gate);
  tt_wait_for (deadline, DONE);
  tt_shutdown (executor);
  tt_gate_clear (&gate);
}

/* ---- GTask's pool ---- */

#define N_QUERIES 20

typedef struct
{
  GMainLoop *loop;
  GFile     *file;
  guint      left;
  gint64     began;
  gint64     took[N_QUERIES];
} Queries;

static void
queried (GObject      *source,
         GAsyncResult *result,
         gpointer      data);

static void
query (Queries *q)
{
  q->began = g_get_monotonic_time ();
  g_file_query_info_async (q->file, G_FILE_ATTRIBUTE_STANDARD_SIZE, G_FILE_QUERY_INFO_NONE,
                           G_PRIORITY_DEFAULT, NULL, queried, q);
}

static void
queried (GObject      *source,
         GAsyncResult *result,
         gpointer      data)
{
  Queries              *q = data;
  g_autoptr(GFileInfo)  info = g_file_query_info_finish (G_FILE (source), result, NULL);

  g_assert_nonnull (info);
  q->took[--q->left] = g_get_monotonic_time () - q->began;
  if (q->left > 0)
    query (q);
  else
    g_main_loop_quit (q->loop);
}

static int
compare_times (gconstpointer a,
               gconstpointer b)
{
  gint64 x = *(const gint64 *) a;
  gint64 y = *(const gint64 *) b;

  return (x > y) - (x < y);
}

/* The median time of a query, in microseconds; half of them may come at a bad
 * moment. */
static gint64
time_queries (void)
{
  Queries q = { g_main_loop_new (NULL, FALSE), g_file_new_for_path ("/"), N_QUERIES, 0, { 0, } };

  query (&q);
  g_main_loop_run (q.loop);
  g_main_loop_unref (q.loop);
  g_object_unref (q.file);
  qsort (q.took, N_QUERIES, sizeof q.took[0], compare_times);
  return q.took[N_QUERIES / 2];
}

static void
test_blocked_tasks_leave_gio_alone (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("blocked", 64);
  gint64                before, meanwhile;
  TtGate                gate;
  guint                 i;

  time_queries ();
  before = time_queries ();

  tt_gate_init (&gate);
  for (i = 0; i < 64; i++)
    tl_executor_post (executor, tt_gate_func, &gate, NULL);
  tt_gate_await (&gate, 64);
  meanwhile = time_queries ();
  tt_gate_open (&gate);

  /* On GTask's pool, a single query would wait for more than half a second. On
   * a machine where each takes its time, it may take ten times as long. */
  g_test_message ("a query took %" G_GINT64_FORMAT " us before, %" G_GINT64_FORMAT " us meanwhile",
                  before, meanwhile);
  g_assert_cmpint (meanwhile, <, 10 * before + 300000);
  tt_shutdown (executor);
  tt_gate_clear (&gate);
}

static void
add_tests (void)
{
  g_test_add_func ("/limits/10000-executors-leave-no-thread-and-no-fd", test_executors_leave_nothing);
  g_test_add_func ("/limits/1000-event-threads-leave-no-thread-and-no-fd", test_event_threads_leave_nothing);
  g_test_add_func ("/limits/context-executors-leave-no-thread-and-no-fd", test_context_executors_leave_nothing);
  g_test_add_func ("/limits/idle-executor-uses-no-cpu", test_idle_executor);
  g_test_add_func ("/limits/idle-event-thread-uses-no-cpu", test_idle_event_thread);
  g_test_add_func ("/limits/blocked-work-and-far-deadlines-use-no-cpu", test_blocked_submitter_and_waiter_are_idle);
  g_test_add_func ("/limits/64-blocked-tasks-leave-gio-as-quick-as-before", test_blocked_tasks_leave_gio_alone);
}

int
main (int    argc,
      char **argv)
{
  return tt_main (&argc, &argv, add_tests);
}
