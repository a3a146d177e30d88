/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tl-test.h"

#include <string.h>

#if defined (__has_include)
# if __has_include (<valgrind/valgrind.h>)
#  include <valgrind/valgrind.h>
# endif
#endif
#ifndef RUNNING_ON_VALGRIND
# define RUNNING_ON_VALGRIND 0
#endif

#if defined (__has_feature)
# if __has_feature (address_sanitizer) || __has_feature (thread_sanitizer)
#  define TT_SANITIZED 1
# endif
#endif
#if defined (__SANITIZE_ADDRESS__) || defined (__SANITIZE_THREAD__)
# define TT_SANITIZED 1
#endif
#ifndef TT_SANITIZED
# define TT_SANITIZED 0
#endif

static double tt_scale;

int
tt_main (int    *argc,
         char ***argv,
         void  (*add_tests) (void))
{
  const char *scale = g_getenv ("TL_TEST_SCALE");

  g_test_init (argc, argv, NULL);

  if (scale != NULL)
    tt_scale = g_ascii_strtod (scale, NULL);
  else if (RUNNING_ON_VALGRIND)
    tt_scale = 0.01;
  else
    tt_scale = TT_SANITIZED ? 0.1 : 1.0;

  add_tests ();

  return g_test_run ();
}

gint64
tt_patience (void)
{
  const char *slow = g_getenv ("TL_TEST_SLOW");
  double      factor = slow != NULL ? g_ascii_strtod (slow, NULL) : 1;

  return (gint64) (60 * G_USEC_PER_SEC * factor);
}

/* As many as that, or fewer where everything is slow. */
guint
tt_scaled (guint n,
           guint at_least)
{
  return MAX (at_least, (guint) (n * tt_scale));
}

/* For tests that leave something to chance: prints the seed with which the
 * same happens again. */
guint32
tt_seed (void)
{
  const char *given = g_getenv ("TL_TEST_SEED");
  guint32     seed;

  if (given != NULL)
    seed = (guint32) g_ascii_strtoull (given, NULL, 0);
  else
    seed = (guint32) g_test_rand_int ();

  g_test_message ("TL_TEST_SEED=%u", seed);
  return seed;
}

/* ---- Gates ---- */

void
tt_gate_init (TtGate *gate)
{
  memset (gate, 0, sizeof *gate);
  g_mutex_init (&gate->mutex);
  g_cond_init (&gate->cond);
}

/* Waits for those who have passed, but are still on their way out. */
void
tt_gate_clear (TtGate *gate)
{
  g_mutex_lock (&gate->mutex);
  while (gate->inside > 0)
    g_cond_wait (&gate->cond, &gate->mutex);
  g_mutex_unlock (&gate->mutex);
  g_mutex_clear (&gate->mutex);
  g_cond_clear (&gate->cond);
}

void
tt_gate_open (TtGate *gate)
{
  g_mutex_lock (&gate->mutex);
  gate->opened = TRUE;
  g_cond_broadcast (&gate->cond);
  g_mutex_unlock (&gate->mutex);
}

void
tt_gate_pass (TtGate *gate)
{
  gint64 end = g_get_monotonic_time () + 2 * TT_PATIENCE;

  g_mutex_lock (&gate->mutex);
  gate->arrived++;
  gate->inside++;
  g_cond_broadcast (&gate->cond);
  while (!gate->opened)
    {
      if (!g_cond_wait_until (&gate->cond, &gate->mutex, end))
        g_error ("%s: the gate was not opened", g_test_get_path ());
    }
  gate->inside--;
  g_cond_broadcast (&gate->cond);
  g_mutex_unlock (&gate->mutex);
}

void
tt_gate_await (TtGate *gate,
               guint   n)
{
  gint64 end = g_get_monotonic_time () + TT_PATIENCE;

  g_mutex_lock (&gate->mutex);
  while (gate->arrived < n)
    {
      if (!g_cond_wait_until (&gate->cond, &gate->mutex, end))
        g_error ("%s: %u came to the gate, not %u", g_test_get_path (), gate->arrived, n);
    }
  g_mutex_unlock (&gate->mutex);
}

/* ---- Things to submit ---- */

void
tt_trace_destroy (gpointer data)
{
  TtTrace *trace = data;

  g_atomic_pointer_set (&trace->thread, g_thread_self ());
  g_atomic_int_inc (&trace->destroyed);
}

gboolean
tt_trace_gone (gpointer data)
{
  TtTrace *trace = data;

  return g_atomic_int_get (&trace->destroyed) > 0;
}

gboolean
tt_nothing_func (TlFuture  *future,
                 gpointer   unused,
                 GError   **error)
{
  return TRUE;
}

gboolean
tt_count_func (TlFuture  *future,
               gpointer   counter,
               GError   **error)
{
  g_atomic_int_inc ((int *) counter);
  return TRUE;
}

/* Gives the thread that it ran on. */
gboolean
tt_thread_func (TlFuture  *future,
                gpointer   unused,
                GError   **error)
{
  tl_future_set_pointer (future, g_thread_self (), NULL);
  return TRUE;
}

gboolean
tt_fail_func (TlFuture  *future,
              gpointer   unused,
              GError   **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "it is not there");
  return FALSE;
}

/* Blocks, and does not listen to being cancelled. */
gboolean
tt_gate_func (TlFuture  *future,
              gpointer   gate,
              GError   **error)
{
  tt_gate_pass (gate);
  return TRUE;
}

/* Counts itself in at the gate, if there is one, and blocks until it is
 * cancelled. */
gboolean
tt_cancellable_func (TlFuture  *future,
                     gpointer   data,
                     GError   **error)
{
  GCancellable *cancellable = tl_future_get_cancellable (future);
  TtGate       *gate = data;
  GPollFD       fd;

  if (gate != NULL)
    {
      g_mutex_lock (&gate->mutex);
      gate->arrived++;
      g_cond_broadcast (&gate->cond);
      g_mutex_unlock (&gate->mutex);
    }

  g_assert_true (g_cancellable_make_pollfd (cancellable, &fd));
  while (!g_cancellable_is_cancelled (cancellable))
    {
      if (g_poll (&fd, 1, (int) (2 * TT_PATIENCE / 1000)) == 0)
        g_error ("%s: the work was not cancelled", g_test_get_path ());
    }
  g_cancellable_release_fd (cancellable);

  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

void
tt_count_callback (TlFuture *future,
                   gpointer  counter)
{
  g_assert_true (tl_future_done (future));
  g_atomic_int_inc ((int *) counter);
}

/* ---- Waiting ---- */

void
tt_wait (TlFuture *future)
{
  g_autoptr(GError) error = NULL;
  gboolean          ok;

  g_assert_nonnull (future);
  ok = tl_future_wait (future, TT_PATIENCE, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (ok);
  g_assert_true (tl_future_done (future));
}

gboolean
tt_is_set (gpointer counter)
{
  return g_atomic_int_get ((int *) counter) != 0;
}

gboolean
tt_is_done (gpointer future)
{
  return tl_future_done (future);
}

typedef struct
{
  GMainLoop   *loop;
  TtPredicate  predicate;
  gpointer     data;
  gint64       end;
} TtRun;

static gboolean
tt_run_check (gpointer data)
{
  TtRun *run = data;

  if (run->predicate (run->data))
    g_main_loop_quit (run->loop);
  else if (g_get_monotonic_time () > run->end)
    g_error ("%s: it did not happen while the loop ran", g_test_get_path ());

  return G_SOURCE_CONTINUE;
}

/* Runs the thread's main loop until something is the case. It looks every
 * millisecond, since what it looks at is the business of other threads and
 * need not wake the loop; at low priority, so that it is not all that the
 * loop gets to where everything is slow. */
void
tt_run_until (TtPredicate predicate,
              gpointer    data)
{
  g_autoptr(GMainContext) context = g_main_context_ref_thread_default ();
  GSource                *source = g_timeout_source_new (1);
  TtRun                   run = { NULL, predicate, data, g_get_monotonic_time () + TT_PATIENCE };

  run.loop = g_main_loop_new (context, FALSE);
  g_source_set_priority (source, G_PRIORITY_LOW);
  g_source_set_callback (source, tt_run_check, &run, NULL);
  g_source_attach (source, context);

  if (!predicate (data))
    g_main_loop_run (run.loop);

  g_source_destroy (source);
  g_source_unref (source);
  g_main_loop_unref (run.loop);
}

TlEventThread *
tt_started (const char *name)
{
  TlEventThread    *thread = tl_event_thread_new (name);
  g_autoptr(GError) error = NULL;
  gboolean          ok;

  ok = tl_event_thread_start (thread, &error);
  g_assert_no_error (error);
  g_assert_true (ok);
  return thread;
}

void
tt_stop (TlEventThread *thread)
{
  g_autoptr(GError) error = NULL;
  gboolean          ok;

  ok = tl_event_thread_stop (thread, TT_PATIENCE, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (ok);
}

/* For the little that has no way to be waited for. */
void
tt_poll_until (TtPredicate  predicate,
               gpointer     data,
               const char  *what)
{
  gint64 end = g_get_monotonic_time () + TT_PATIENCE;

  while (!predicate (data))
    {
      if (g_get_monotonic_time () > end)
        g_error ("%s: it never came to be that %s", g_test_get_path (), what);
      g_usleep (500);
    }
}

/* Dispatches all that is ready in the thread's main context. */
void
tt_iterate (void)
{
  g_autoptr(GMainContext) context = g_main_context_ref_thread_default ();

  while (g_main_context_iteration (context, FALSE))
    ;
}

void
tt_shutdown (TlExecutor *executor)
{
  g_autoptr(GError) error = NULL;
  gboolean          ok;

  ok = tl_executor_shutdown (executor, TL_SHUTDOWN_DRAIN, TT_PATIENCE, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (ok);
}
