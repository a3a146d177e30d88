/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A bell: a function that is called each time it is rung. */

#include "tl-test.h"

typedef struct
{
  TlBell   *bell;
  TtGate   *gate;         /* NULL, or what each call stops at */
  int       calls;
  int       errors;
  int       inside;
  int       most;         /* at a time */
  int       destroyed;
  int       more;         /* how often it is to ring itself */
  gboolean  ringing;      /* the test is inside of tl_bell_ring() */
  gboolean  inline_calls; /* it was called there */
  GThread  *called_on;
  GThread  *destroyed_on;
  GError   *error;
} Heard;

static void
note_most (Heard *heard,
           int    n)
{
  int most = g_atomic_int_get (&heard->most);

  while (n > most && !g_atomic_int_compare_and_exchange (&heard->most, most, n))
    most = g_atomic_int_get (&heard->most);
}

static void
hear (const GError *error,
      gpointer      data)
{
  Heard *heard = data;

  g_assert_cmpint (g_atomic_int_get (&heard->destroyed), ==, 0);
  note_most (heard, g_atomic_int_add (&heard->inside, 1) + 1);

  if (heard->ringing)
    heard->inline_calls = TRUE;
  g_atomic_pointer_set (&heard->called_on, g_thread_self ());
  if (heard->gate != NULL)
    tt_gate_pass (heard->gate);

  g_atomic_int_add (&heard->inside, -1);
  if (error != NULL)
    {
      g_assert_null (heard->error);
      heard->error = g_error_copy (error);
      g_atomic_int_inc (&heard->errors);
    }
  else
    {
      g_atomic_int_inc (&heard->calls);
    }
}

static void
heard_destroy (gpointer data)
{
  Heard *heard = data;

  g_assert_cmpint (g_atomic_int_get (&heard->inside), ==, 0);
  g_atomic_pointer_set (&heard->destroyed_on, g_thread_self ());
  g_atomic_int_inc (&heard->destroyed);
}

static gboolean
heard_gone (gpointer data)
{
  return tt_is_set (&((Heard *) data)->destroyed);
}

static gboolean
heard_any (gpointer data)
{
  return tt_is_set (&((Heard *) data)->calls);
}

static gboolean
heard_error (gpointer data)
{
  return tt_is_set (&((Heard *) data)->errors);
}

static void
must_ring (TlBell *bell)
{
  g_autoptr(GError) error = NULL;
  gboolean          ok = tl_bell_ring (bell, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
}

static void
must_fail (TlBell *bell,
           GQuark  domain,
           int     code)
{
  g_autoptr(GError) error = NULL;

  g_assert_false (tl_bell_ring (bell, &error));
  g_assert_error (error, domain, code);
  /* Nobody need look. */
  g_assert_false (tl_bell_ring (bell, NULL));
}

static void
drop (TlBell *bell,
      Heard  *heard)
{
  tl_bell_unref (bell);
  tt_run_until (heard_gone, heard);
  g_assert_cmpint (heard->destroyed, ==, 1);
}

/* ---- In a pool ---- */

static void
test_pool_each_ring (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bell", 4);
  Heard                 heard = { 0, };
  TlBell               *bell = tl_bell_new (executor, hear, &heard, heard_destroy);
  int                   n = (int) tt_scaled (20000, 500);
  int                   i;

  for (i = 0; i < n; i++)
    must_ring (bell);
  tt_shutdown (executor);
  g_assert_cmpint (heard.calls, ==, n);
  g_assert_cmpint (heard.errors, ==, 0);
  drop (bell, &heard);
  g_assert_cmpint (heard.calls, ==, n);
}

static void
test_pool_many_at_once (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bell", 3);
  TtGate                gate;
  Heard                 heard = { .gate = &gate };
  TlBell               *bell;
  guint                 i;

  tt_gate_init (&gate);
  bell = tl_bell_new (executor, hear, &heard, heard_destroy);
  for (i = 0; i < 5; i++)
    must_ring (bell);
  tt_gate_await (&gate, 3);
  g_assert_cmpint (heard.most, ==, 3);
  g_assert_cmpuint (tl_executor_get_n_queued (executor), ==, 2);
  tt_gate_open (&gate);
  tt_shutdown (executor);
  g_assert_cmpint (heard.calls, ==, 5);
  g_assert_cmpint (heard.most, ==, 3);
  g_assert_true (heard.called_on != g_thread_self ());
  drop (bell, &heard);
  tt_gate_clear (&gate);
}

static void
test_is_boxed (void)
{
  Heard   heard = { 0, };
  TlBell *bell = tl_bell_new (tl_executor_get_default (), hear, &heard, heard_destroy);
  TlBell *copy;

  g_assert_true (G_TYPE_IS_BOXED (TL_TYPE_BELL));
  copy = g_boxed_copy (TL_TYPE_BELL, bell);
  g_assert_true (copy == bell);
  g_boxed_free (TL_TYPE_BELL, copy);
  g_assert_cmpint (heard.destroyed, ==, 0);
  drop (bell, &heard);
  g_assert_cmpint (heard.calls, ==, 0);
}

static void
test_without_destroy (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bell", 1);
  g_autoptr(TlBell)     closed = NULL;
  g_autoptr(TlBell)     dropped = NULL;
  Heard                 heard = { 0, };

  closed = tl_bell_new (executor, hear, &heard, NULL);
  dropped = tl_bell_new_home (hear, &heard, NULL);
  must_ring (closed);
  must_ring (dropped);
  tt_shutdown (executor);
  tl_bell_close (closed, -1);
  g_assert_cmpint (heard.calls, ==, 2);
}

/* ---- In a context ---- */

static void
test_in_a_context (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new_for_context (NULL);
  Heard                 heard = { 0, };
  TlBell               *bell = tl_bell_new (executor, hear, &heard, heard_destroy);

  must_ring (bell);
  must_ring (bell);
  must_ring (bell);
  g_assert_cmpint (heard.calls, ==, 0);
  tt_run_until (heard_any, &heard);
  tt_iterate ();
  g_assert_cmpint (heard.calls, ==, 3);
  g_assert_cmpint (heard.most, ==, 1);
  g_assert_true (heard.called_on == g_thread_self ());
  drop (bell, &heard);
}

static void
test_on_an_event_thread (void)
{
  g_autoptr(TlEventThread) thread = tl_event_thread_new ("bell");
  g_autoptr(TlFuture)      who = NULL;
  g_autoptr(GError)        error = NULL;
  Heard                    heard = { 0, };
  TlBell                  *bell;

  /* Whoever has rung too early has been told, and the function has not. */
  bell = tl_bell_new (tl_event_thread_get_executor (thread), hear, &heard, heard_destroy);
  must_fail (bell, TL_ERROR, TL_ERROR_NOT_STARTED);
  tt_iterate ();

  g_assert_true (tl_event_thread_start (thread, &error));
  g_assert_no_error (error);
  must_ring (bell);
  who = tl_event_thread_submit (thread, tt_thread_func, NULL, NULL);
  tt_wait_for (who, DONE);
  g_assert_cmpint (heard.calls, ==, 1);
  g_assert_cmpint (heard.errors, ==, 0);
  g_assert_true (heard.called_on == tl_future_get_pointer (who, NULL));
  tt_stop (thread);
  must_fail (bell, TL_ERROR, TL_ERROR_SHUT_DOWN);
  drop (bell, &heard);
  g_assert_cmpint (heard.calls, ==, 1);
  g_assert_cmpint (heard.errors, ==, 0);
}

/* ---- In vain ---- */

static void
check_refused (TlBell *bell,
               Heard  *heard)
{
  must_fail (bell, TL_ERROR, TL_ERROR_SHUT_DOWN);
  tt_iterate ();
  g_assert_cmpint (heard->calls, ==, 0);
  g_assert_cmpint (heard->errors, ==, 0);
}

static void
test_refused_after_shutdown (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bell", 1);
  Heard                 heard = { 0, };
  TlBell               *bell = tl_bell_new (executor, hear, &heard, heard_destroy);

  tt_shutdown (executor);
  check_refused (bell, &heard);
  drop (bell, &heard);
}

/* A bell does not keep its executor. */
static void
test_refused_after_the_executor (void)
{
  TlExecutor *executor = tl_executor_new ("bell", 1);
  Heard       heard = { 0, };
  TlBell     *bell = tl_bell_new (executor, hear, &heard, heard_destroy);

  g_assert_finalize_object (executor);
  check_refused (bell, &heard);
  drop (bell, &heard);
}

static gboolean
check_refused_in_loop (gpointer data)
{
  Heard *heard = data;

  check_refused (heard->bell, heard);
  tl_bell_close (heard->bell, -1);
  return G_SOURCE_REMOVE;
}

static void
test_refused_in_a_loop (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bell", 1);
  Heard                 heard = { 0, };

  heard.bell = tl_bell_new (executor, hear, &heard, heard_destroy);
  tt_shutdown (executor);
  g_idle_add (check_refused_in_loop, &heard);
  tt_run_until (heard_gone, &heard);
  check_refused (heard.bell, &heard);
  tl_bell_unref (heard.bell);
  g_assert_cmpint (heard.destroyed, ==, 1);
}

static void
test_refused_after_close (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bell", 1);
  Heard                 heard[2] = { { 0, }, };
  TlBell               *bells[2];
  guint                 i;

  bells[0] = tl_bell_new (executor, hear, &heard[0], heard_destroy);
  bells[1] = tl_bell_new_home (hear, &heard[1], heard_destroy);
  for (i = 0; i < 2; i++)
    {
      tl_bell_close (bells[i], -1);
      tl_bell_close (bells[i], -1);
      check_refused (bells[i], &heard[i]);
      drop (bells[i], &heard[i]);
    }
  tt_shutdown (executor);
}

static void
test_refused_by_a_full_queue (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bell", 1);
  TtGate                gate;
  Heard                 heard = { .gate = &gate };
  TlBell               *bell;

  tt_gate_init (&gate);
  bell = tl_bell_new (executor, hear, &heard, heard_destroy);
  tl_executor_set_max_queued (executor, 1);
  tl_executor_set_when_full (executor, TL_WHEN_FULL_FAIL);
  must_ring (bell);
  tt_gate_await (&gate, 1);
  must_ring (bell);
  must_fail (bell, TL_ERROR, TL_ERROR_QUEUE_FULL);
  tt_gate_open (&gate);
  tt_shutdown (executor);
  g_assert_cmpint (heard.calls, ==, 2);
  g_assert_cmpint (heard.errors, ==, 0);
  drop (bell, &heard);
  tt_gate_clear (&gate);
}

static void
test_called_off (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bell", 1);
  g_autoptr(TlFuture)   busy = NULL;
  TtGate                gate;
  Heard                 heard = { 0, };
  TlBell               *bell;
  gint64                begin;

  tt_gate_init (&gate);
  bell = tl_bell_new (executor, hear, &heard, heard_destroy);
  busy = tl_executor_submit (executor, tt_gate_func, &gate, NULL);
  tt_gate_await (&gate, 1);
  must_ring (bell);
  begin = g_get_monotonic_time ();
  g_assert_false (tl_executor_shutdown (executor, TL_SHUTDOWN_CANCEL_QUEUED, 0, NULL, NULL));
  tt_run_until (heard_error, &heard);
  g_assert_error (heard.error, TL_ERROR, TL_ERROR_ABANDONED);
  /* After a second another thread may have come before. */
  if (g_get_monotonic_time () - begin < G_USEC_PER_SEC)
    g_assert_true (heard.called_on == g_thread_self ());
  g_assert_cmpint (heard.calls, ==, 0);
  tt_gate_open (&gate);
  tt_shutdown (executor);
  g_assert_cmpint (heard.errors, ==, 1);
  g_clear_error (&heard.error);
  drop (bell, &heard);
  tt_gate_clear (&gate);
}

/* What waits for who has rung is not his any more once the bell was closed. */
static void
test_called_off_and_closed (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bell", 1);
  g_autoptr(TlFuture)   busy = NULL;
  TtGate                gate;
  Heard                 heard = { 0, };
  TlBell               *bell;

  tt_gate_init (&gate);
  bell = tl_bell_new (executor, hear, &heard, heard_destroy);
  busy = tl_executor_submit (executor, tt_gate_func, &gate, NULL);
  tt_gate_await (&gate, 1);
  must_ring (bell);
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
  Heard         heard = { 0, };
  TlBell       *bell = tl_bell_new (executor, hear, &heard, heard_destroy);

  /* An error that nobody looks at would be reported, which is fatal here. */
  must_ring (bell);
  g_main_context_unref (context);
  g_object_unref (executor);
  tt_run_until (heard_error, &heard);
  g_assert_error (heard.error, TL_ERROR, TL_ERROR_ABANDONED);
  g_assert_cmpint (heard.calls, ==, 0);
  g_clear_error (&heard.error);
  must_fail (bell, TL_ERROR, TL_ERROR_ABANDONED);
  tt_iterate ();
  g_assert_cmpint (heard.errors, ==, 1);
  drop (bell, &heard);
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

/* ---- Closing ---- */

static void
close_inside (const GError *error,
              gpointer      data)
{
  Heard *heard = data;

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
  Heard                 heard = { 0, };

  heard.bell = tl_bell_new (executor, close_inside, &heard, heard_destroy);
  tl_bell_ring (heard.bell, NULL);
  tl_bell_ring (heard.bell, NULL);
  tl_bell_ring (heard.bell, NULL);
  tt_shutdown (executor);
  g_assert_cmpint (heard.calls, ==, 1);
  tt_run_until (heard_gone, &heard);
  g_assert_true (heard.destroyed_on == g_thread_self ());
  tl_bell_unref (heard.bell);
  g_assert_cmpint (heard.destroyed, ==, 1);
}

static void
close_both (const GError *error,
            gpointer      data)
{
  Heard *heard = data;

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
  Heard                 heard = { .gate = &gate };

  tt_gate_init (&gate);
  heard.bell = tl_bell_new (executor, close_both, &heard, heard_destroy);
  must_ring (heard.bell);
  must_ring (heard.bell);
  tt_gate_await (&gate, 2);
  tt_gate_open (&gate);
  tl_bell_close (heard.bell, -1);
  g_assert_cmpint (heard.calls, ==, 2);
  tt_run_until (heard_gone, &heard);
  g_assert_cmpint (heard.destroyed, ==, 1);
  g_assert_true (heard.destroyed_on == g_thread_self ());
  tl_bell_unref (heard.bell);
  tt_shutdown (executor);
  tt_gate_clear (&gate);
}

typedef struct
{
  Heard *heard;
  int    tid;
  int    closed;
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
  Heard                 heard = { .gate = &gate };
  Closer                closers[2] = { { &heard, 0, FALSE }, { &heard, 0, FALSE } };
  GThread              *threads[2];
  guint                 i;

  tt_gate_init (&gate);
  heard.bell = tl_bell_new (executor, hear, &heard, heard_destroy);
  must_ring (heard.bell);
  must_ring (heard.bell);
  must_ring (heard.bell);
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
  tt_run_until (heard_gone, &heard);
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

/* ---- From inside ---- */

static void
ring_again (const GError *error,
            gpointer      data)
{
  Heard *heard = data;

  g_assert_no_error (error);
  g_assert_cmpint (g_atomic_int_add (&heard->inside, 1), ==, 0);
  if (heard->more-- > 0)
    must_ring (heard->bell);
  g_atomic_int_add (&heard->inside, -1);
  g_atomic_int_inc (&heard->calls);
}

static gboolean
rung_often (gpointer data)
{
  return g_atomic_int_get (&((Heard *) data)->calls) == 1001;
}

static void
check_rings_itself (TlExecutor *executor)
{
  Heard heard = { .more = 1000 };

  heard.bell = executor != NULL
             ? tl_bell_new (executor, ring_again, &heard, heard_destroy)
             : tl_bell_new_home (ring_again, &heard, heard_destroy);
  must_ring (heard.bell);
  tt_run_until (rung_often, &heard);
  drop (heard.bell, &heard);
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
  Heard *heard = data;

  g_clear_pointer (&heard->bell, tl_bell_unref);
  g_assert_cmpint (g_atomic_int_get (&heard->destroyed), ==, 0);
  g_atomic_int_inc (&heard->calls);
}

static void
test_dropped_from_inside (void)
{
  g_autoptr(TlExecutor) pool = tl_executor_new ("bell", 1);
  Heard                 heard[2] = { { 0, }, };
  guint                 i;

  heard[0].bell = tl_bell_new (pool, drop_inside, &heard[0], heard_destroy);
  heard[1].bell = tl_bell_new_home (drop_inside, &heard[1], heard_destroy);
  for (i = 0; i < 2; i++)
    {
      must_ring (heard[i].bell);
      tt_run_until (heard_gone, &heard[i]);
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
  Heard                 heard = { .gate = &gate };
  TlBell               *bell;

  tt_gate_init (&gate);
  bell = tl_bell_new (pool, hear, &heard, heard_destroy);
  must_ring (bell);
  must_ring (bell);
  tl_bell_unref (bell);
  tt_gate_await (&gate, 1);
  g_assert_cmpint (heard.destroyed, ==, 0);
  tt_gate_open (&gate);
  tt_shutdown (pool);
  g_assert_cmpint (heard.calls, ==, 2);
  tt_run_until (heard_gone, &heard);
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
  Heard *heard = data;
  guint  i;

  for (i = 0; i < 10; i++)
    if (!tl_bell_ring (heard->bell, error))
      return FALSE;

  return TRUE;
}

typedef struct
{
  TlExecutor *executor;
  Heard      *heard;
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
  Heard                 heard = { 0, };
  InLoop                in_loop = { executor, &heard };

  heard.bell = tl_bell_new_home (hear, &heard, heard_destroy);
  g_idle_add (ring_from_a_worker_in_loop, &in_loop);
  tt_run_until (heard_any, &heard);
  tt_iterate ();

  /* All ten while the loop was busy, so they are one. */
  g_assert_cmpint (heard.calls, ==, 1);
  g_assert_true (heard.called_on == g_thread_self ());
  drop (heard.bell, &heard);
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
  Heard                 heard = { 0, };
  int                   calls;

  heard.bell = tl_bell_new_home (hear, &heard, heard_destroy);

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
  must_ring (heard.bell);
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
  Heard                 heard = { 0, };

  heard.bell = tl_bell_new_home (hear, &heard, heard_destroy);
  tl_executor_post (executor, ring_func, &heard, NULL);
  tt_poll_until (heard_any, &heard, "the bell was heard");
  g_assert_true (heard.called_on != g_thread_self ());
  tt_shutdown (executor);
  g_assert_cmpint (heard.calls, <=, 10);
  drop (heard.bell, &heard);
}

static void
test_home_destroyed (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bell", 1);
  GMainContext         *context = g_main_context_new ();
  Heard                 heard = { 0, };

  g_main_context_push_thread_default (context);
  heard.bell = tl_bell_new_home (hear, &heard, heard_destroy);
  tl_executor_post (executor, ring_func, &heard, NULL);
  g_main_context_pop_thread_default (context);
  tt_shutdown (executor);
  g_main_context_unref (context);
  tt_poll_until (heard_any, &heard, "the bell was heard");
  must_ring (heard.bell);
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
  Heard *heard = data;

  g_thread_join (g_thread_new ("drop", drop_bell, heard->bell));
  g_assert_cmpint (heard->destroyed, ==, 0);
  return G_SOURCE_REMOVE;
}

static void
test_destroyed_at_home (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("bell", 1);
  Heard                 heard[2] = { { 0, }, };
  guint                 i;

  heard[0].bell = tl_bell_new (executor, hear, &heard[0], heard_destroy);
  heard[1].bell = tl_bell_new_home (hear, &heard[1], heard_destroy);
  for (i = 0; i < 2; i++)
    {
      g_idle_add (drop_elsewhere, &heard[i]);
      tt_run_until (heard_gone, &heard[i]);
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
  g_test_add_func ("/bell/in-a-pool-several-threads-hear-it-at-once", test_pool_many_at_once);
  g_test_add_func ("/bell/without-a-destroy-function", test_without_destroy);
  g_test_add_func ("/bell/in-a-context-each-ring-is-a-call", test_in_a_context);
  g_test_add_func ("/bell/on-an-event-thread-and-refused-before-its-start", test_on_an_event_thread);
  g_test_add_func ("/bell/refused/after-shutdown", test_refused_after_shutdown);
  g_test_add_func ("/bell/refused/after-the-executor-was-dropped", test_refused_after_the_executor);
  g_test_add_func ("/bell/refused/inside-of-a-loop", test_refused_in_a_loop);
  g_test_add_func ("/bell/refused/after-close", test_refused_after_close);
  g_test_add_func ("/bell/refused/by-a-full-queue", test_refused_by_a_full_queue);
  g_test_add_func ("/bell/called-off/by-shutdown", test_called_off);
  g_test_add_func ("/bell/called-off/and-closed-is-silent", test_called_off_and_closed);
  g_test_add_func ("/bell/called-off/by-the-end-of-the-context", test_context_destroyed);
  g_test_add_func ("/bell/called-off/while-it-is-rung", test_called_off_while_ringing);
  g_test_add_func ("/bell/close/from-inside", test_close_from_inside);
  g_test_add_func ("/bell/close/from-inside-of-two-calls", test_close_from_inside_of_both);
  g_test_add_func ("/bell/close/waits-for-those-inside", test_close_waits);
  g_test_add_func ("/bell/close/while-four-threads-ring", test_ring_while_closing);
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
