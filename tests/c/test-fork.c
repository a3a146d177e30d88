/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A child that goes on without exec(): what it makes anew works there, though
 * the threads of the library have stayed with the parent. */

#include "tl-test.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined (__has_feature)
# if __has_feature (address_sanitizer) || __has_feature (thread_sanitizer)
#  define SANITIZED 1
# endif
#endif
#if defined (__SANITIZE_ADDRESS__) || defined (__SANITIZE_THREAD__)
# define SANITIZED 1
#endif
#ifndef SANITIZED
# define SANITIZED 0
#endif

/* Beyond this the kernel ends the child. */
static void
set_alarm (void)
{
  alarm ((unsigned int) (TT_PATIENCE / G_USEC_PER_SEC));
}

/* Calls @func in a child. */
static void
in_child (void (*func) (void))
{
  int   status = -1;
  char  ok = 'n';
  int   fds[2];
  pid_t pid;

  g_assert_cmpint (pipe (fds), ==, 0);
  pid = fork ();
  g_assert_cmpint (pid, >=, 0);

  if (pid == 0)
    {
      set_alarm ();
      func ();
      g_assert_cmpint (write (fds[1], "y", 1), ==, 1);
      /* Not by exit: who looks for leaks then finds all that was on the stacks
       * of the threads that have stayed behind. */
      kill (getpid (), SIGKILL);
    }

  close (fds[1]);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  if (read (fds[0], &ok, 1) != 1 || ok != 'y')
    g_error ("%s: the child did not come to its end, status 0x%x", g_test_get_path (), (guint) status);
  close (fds[0]);
}

/* ---- What the parent has done before ---- */

/* Lives as long as the process, as those of a library would. */
static TlExecutor *before;

static gboolean
is_quiet (gpointer executor)
{
  return tl_executor_get_n_queued (executor) == 0 && tl_executor_get_n_running (executor) == 0;
}

/* The lock of the default context is GLib's, and stays locked in the child if
 * another thread has it. So the executors tell another context of their
 * properties, where nobody listens. */
static void
make_executors (void)
{
  GMainContext *context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  before = tl_executor_new ("before", 2);
  tl_executor_get_default ();
  g_main_context_pop_thread_default (context);
}

/* Workers, a timer thread, homes: all that can stay behind. */
static void
use_everything (void)
{
  g_autoptr(TlFuture) worked = NULL;
  g_autoptr(TlFuture) defaulted = NULL;
  g_autoptr(TlFuture) late = NULL;
  static TtTrace      trace;

  if (before == NULL)
    make_executors ();
  worked = tl_executor_submit (before, tt_nothing_func, &trace, tt_trace_destroy);
  tt_wait_for (worked, DONE);
  defaulted = tl_executor_submit (tl_executor_get_default (), tt_nothing_func, NULL, NULL);
  tt_wait_for (defaulted, DONE);

  /* A deadline, so that there is a thread for the timers. */
  late = tl_executor_submit_full (before, "late", 0,
                                  g_get_monotonic_time () + (gint64) 3600 * G_USEC_PER_SEC,
                                  NULL, tt_nothing_func, NULL, NULL);
  tt_wait_for (late, DONE);

  /* This has nobody but the timer to release it. */
  tl_executor_post (before, tt_nothing_func, &trace, tt_trace_destroy);
  tt_poll_until (is_quiet, before, "the work ended");
}

/* ---- What a child does ---- */

static void
work (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("child", 2);
  TtTrace               trace = { 0, };
  int                   n = 0;
  guint                 i;

  for (i = 0; i < 100; i++)
    {
      g_autoptr(TlFuture) future = tl_executor_submit (executor, tt_count_func, &n, NULL);

      tt_wait_for (future, DONE);
    }
  g_assert_cmpint (n, ==, 100);

  {
    g_autoptr(TlFuture) future = tl_executor_submit (executor, tt_nothing_func,
                                                     &trace, tt_trace_destroy);

    tt_wait_for (future, DONE);
    tt_poll_until (tt_trace_gone, &trace, "the data was freed");
    g_assert_true (trace.thread == g_thread_self ());
  }

  tt_shutdown (executor);
  tt_wait_threads ("child", 0);
}

static void
need_deadlines (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("child", 1);
  g_autoptr(TlFuture)   busy = NULL;
  g_autoptr(TlFuture)   late = NULL;
  TtGate                gate;

  tt_gate_init (&gate);
  busy = tl_executor_submit (executor, tt_gate_func, &gate, NULL);
  tt_gate_await (&gate, 1);
  late = tl_executor_submit_full (executor, "late", 0, g_get_monotonic_time () + 1000,
                                  NULL, tt_nothing_func, NULL, NULL);
  tt_wait_error (late, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  tt_gate_open (&gate);
  tt_wait_for (busy, DONE);
  tt_shutdown (executor);
}

static void
need_the_timer (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("child", 1);
  TtTrace               trace = { 0, };

  /* Nobody comes to release it but the timer. */
  tl_executor_post (executor, tt_nothing_func, &trace, tt_trace_destroy);
  tt_poll_until (tt_trace_gone, &trace, "the data was freed");
  g_assert_cmpint (trace.destroyed, ==, 1);
  tt_shutdown (executor);
  need_deadlines ();
}

static void
use_the_default (void)
{
  g_autoptr(TlFuture) future = tl_executor_submit (tl_executor_get_default (),
                                                   tt_nothing_func, NULL, NULL);

  tt_wait_for (future, DONE);
}

/* A context that the parent has not used, and a thread. */
static void
use_contexts (void)
{
  g_autoptr(GMainContext)  context = g_main_context_new ();
  g_autoptr(TlEventThread) thread = tt_started ("child");
  g_autoptr(TlExecutor)    here = NULL;
  g_autoptr(TlFuture)      there = NULL;
  int                      n = 0;

  g_main_context_push_thread_default (context);
  here = tl_executor_new_for_context (context);
  there = tl_event_thread_submit (thread, tt_count_func, &n, NULL);
  tl_executor_post (here, tt_count_func, &n, NULL);
  tt_wait_for (there, DONE);
  tt_iterate ();
  g_assert_cmpint (n, ==, 2);
  g_main_context_pop_thread_default (context);
  tt_stop (thread);
}

/* ---- From where ---- */

static void
test_work (void)
{
  use_everything ();
  in_child (work);
}

static void
test_timer (void)
{
  use_everything ();
  in_child (need_the_timer);
}

static void
test_default (void)
{
  use_everything ();
  in_child (use_the_default);
}

static void
test_contexts (void)
{
  use_everything ();
  in_child (use_contexts);
}

static void
fork_again (void)
{
  use_the_default ();
  need_the_timer ();
  in_child (need_the_timer);
  in_child (use_the_default);
}

static void
test_grandchild (void)
{
  use_everything ();
  in_child (fork_again);
}

static gboolean
fork_in_loop (gpointer done)
{
  in_child (work);
  in_child (need_deadlines);
  g_atomic_int_set ((int *) done, TRUE);
  return G_SOURCE_REMOVE;
}

static void
test_from_a_loop (void)
{
  int done = FALSE;

  use_everything ();
  g_idle_add (fork_in_loop, &done);
  tt_run_until (tt_is_set, &done);
}

static gboolean
fork_func (TlFuture  *future,
           gpointer   unused,
           GError   **error)
{
  in_child (work);
  in_child (need_the_timer);
  return TRUE;
}

static void
test_from_a_worker (void)
{
  g_autoptr(TlFuture) future = NULL;

  use_everything ();
  future = tl_executor_submit (before, fork_func, NULL, NULL);
  tt_wait_for (future, DONE);
}

/* Where the loop sleeps; it has no lock there. */
static TtGate asleep;

static int
poll_at_gate (GPollFD *fds,
              guint    n_fds,
              int      timeout)
{
  if (timeout != 0)
    tt_gate_pass (&asleep);
  return g_poll (fds, n_fds, timeout);
}

static gboolean
fork_while_asleep_func (TlFuture  *future,
                        gpointer   unused,
                        GError   **error)
{
  tt_gate_await (&asleep, 1);
  in_child (work);
  in_child (need_the_timer);
  tt_gate_open (&asleep);
  return TRUE;
}

static void
test_from_a_worker_while_a_loop_runs (void)
{
  g_autoptr(TlFuture) future = NULL;

  use_everything ();
  tt_gate_init (&asleep);
  g_main_context_set_poll_func (NULL, poll_at_gate);
  future = tl_executor_submit (before, fork_while_asleep_func, NULL, NULL);
  tt_run_until (tt_is_done, future);
  tt_assert_state (future, DONE);
  g_main_context_set_poll_func (NULL, g_poll);
  tt_gate_clear (&asleep);
}

/* ---- In the midst of it ---- */

/* Mail without end, in a context with something that is less urgent. */
typedef struct
{
  TlFuture *settled;
  int       enough;
  int       calls;
} Mail;

static void
make_more (TlFuture *future,
           gpointer  data)
{
  Mail *mail = data;

  if (++mail->calls < mail->enough)
    tl_future_add_done_callback (mail->settled, make_more, mail, NULL);
}

static Mail mail;

static void
go_on_with_mail (void)
{
  mail.enough = mail.calls + 1000;
  while (mail.calls < mail.enough)
    g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
  tt_iterate ();
}

/* It has its turn because the mail makes way. */
static gboolean
fork_in_the_way (gpointer done)
{
  in_child (go_on_with_mail);
  *(gboolean *) done = TRUE;
  return G_SOURCE_REMOVE;
}

static void
test_while_making_way (void)
{
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autoptr(GSource)      source = g_idle_source_new ();
  gboolean                done = FALSE;

  g_main_context_push_thread_default (context);
  mail = (Mail) { tl_future_new (NULL), G_MAXINT, 0 };
  tl_future_set_done (mail.settled);
  tl_future_add_done_callback (mail.settled, make_more, &mail, NULL);
  g_source_set_callback (source, fork_in_the_way, &done, NULL);
  g_source_attach (source, context);
  while (!done)
    g_main_context_iteration (context, TRUE);
  go_on_with_mail ();
  tl_future_unref (mail.settled);
  g_main_context_pop_thread_default (context);
}

typedef struct
{
  TtGate *ready;
  int     stop;
} Busy;

static gpointer
be_busy (gpointer data)
{
  Busy                   *busy = data;
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autoptr(TlFuture)     first = NULL;
  static TtTrace          trace;

  /* Not the default context, whose own lock is not for us to look after. */
  g_main_context_push_thread_default (context);
  first = tl_executor_submit (before, tt_nothing_func, NULL, NULL);
  tt_wait_for (first, DONE);
  tt_gate_pass (busy->ready);
  while (!g_atomic_int_get (&busy->stop))
    {
      g_autoptr(TlFuture) future = NULL;

      future = tl_executor_submit_full (before, NULL, 0, g_get_monotonic_time () + G_USEC_PER_SEC,
                                        NULL, tt_nothing_func, &trace, tt_trace_destroy);
      tl_future_wait (future, -1, NULL, NULL);
      tl_future_get_error (future);
    }
  g_main_context_pop_thread_default (context);

  return NULL;
}

static void
test_while_others_work (void)
{
  Busy     busy = { 0, };
  TtGate   ready;
  GThread *threads[3];
  guint    i;

  if (SANITIZED)
    {
      g_test_skip ("the allocator of the sanitizers does not survive it");
      return;
    }

  use_everything ();
  tt_gate_init (&ready);
  busy.ready = &ready;
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("busy", be_busy, &busy);
  tt_gate_await (&ready, G_N_ELEMENTS (threads));
  tt_gate_open (&ready);
  for (i = 0; i < tt_scaled (100, 5); i++)
    in_child (work);
  g_atomic_int_set (&busy.stop, TRUE);
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  tt_gate_clear (&ready);
}

static void
add_tests (void)
{
  g_test_add_func ("/fork/a-new-executor-works-in-the-child", test_work);
  g_test_add_func ("/fork/deadlines-and-releases-have-their-timer-in-the-child", test_timer);
  g_test_add_func ("/fork/the-default-executor-is-a-new-one-in-the-child", test_default);
  g_test_add_func ("/fork/contexts-and-event-threads-work-in-the-child", test_contexts);
  g_test_add_func ("/fork/a-child-of-a-child", test_grandchild);
  g_test_add_func ("/fork/from-inside-of-a-loop", test_from_a_loop);
  g_test_add_func ("/fork/from-a-worker", test_from_a_worker);
  g_test_add_func ("/fork/from-a-worker-while-a-loop-runs", test_from_a_worker_while_a_loop_runs);
  g_test_add_func ("/fork/while-mail-makes-way", test_while_making_way);
  g_test_add_func ("/fork/while-other-threads-work", test_while_others_work);
}

int
main (int    argc,
      char **argv)
{
  return tt_main (&argc, &argv, add_tests);
}
