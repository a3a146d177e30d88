/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Many tasks, many threads, and chance. TL_TEST_SEED repeats a run as far as
 * the choices go; the rest is up to the scheduler. */

#include "tl-test.h"

#define N_SUBMITTERS 4
#define WINDOW       1024

/* ---- A million ---- */

typedef struct _Submitter Submitter;

typedef struct
{
  int        ran;
  int        destroyed;
  int        called;
  Submitter *submitter;
} Unit;

struct _Submitter
{
  GThread    *thread;
  TlExecutor *executor;
  TtGate     *start;
  guint32     seed;
  guint       n;
  Unit       *units;
  TlFuture   *window[WINDOW];
  guint       n_cancelled;
  guint       n_done;
  guint       n_listening;
  guint       n_called;
};

static gboolean
unit_func (TlFuture  *future,
           gpointer   data,
           GError   **error)
{
  Unit *unit = data;

  g_assert_cmpint (g_atomic_int_get (&unit->destroyed), ==, 0);
  g_atomic_int_inc (&unit->ran);
  tl_future_set_pointer (future, unit, NULL);
  return TRUE;
}

static void
unit_destroy (gpointer data)
{
  g_atomic_int_inc (&((Unit *) data)->destroyed);
}

static gboolean
unit_destroyed (gpointer data)
{
  return tt_is_set (&((Unit *) data)->destroyed);
}

static void
unit_called (TlFuture *future,
             gpointer  data)
{
  Unit *unit = data;

  g_assert_true (tl_future_done (future));
  g_assert_true (g_thread_self () == unit->submitter->thread);
  unit->called++;
  unit->submitter->n_called++;
}

static gboolean
all_called (gpointer data)
{
  Submitter *s = data;

  return s->n_called == s->n_listening;
}

/* Waits for the future of a unit, and says whether all is as it must be. */
static void
settle (Submitter *s,
        TlFuture  *future,
        Unit      *unit)
{
  TlFutureState state;

  tt_wait (future);
  state = tl_future_get_state (future);
  g_assert_cmpint (tl_future_cancel (future), ==, TL_CANCEL_TOO_LATE);
  g_assert_cmpint (tl_future_get_state (future), ==, state);
  if (state == TL_FUTURE_STATE_DONE)
    {
      g_assert_true (tl_future_get_pointer (future, NULL) == unit);
      g_assert_cmpint (g_atomic_int_get (&unit->ran), ==, 1);
      s->n_done++;
    }
  else
    {
      g_assert_cmpint (state, ==, TL_FUTURE_STATE_CANCELLED);
      g_assert_cmpint (g_atomic_int_get (&unit->ran), ==, 0);
      s->n_cancelled++;
    }
  tl_future_unref (future);
}

static TlFuture *
submit_unit (Submitter *s,
             GRand     *rand,
             Unit      *unit)
{
  /* Most of the work is plain, as in life. */
  if (g_rand_int_range (rand, 0, 16) > 0)
    return tl_executor_submit (s->executor, unit_func, unit, unit_destroy);

  return tl_executor_submit_full (s->executor, "unit", g_rand_int_range (rand, -3, 4), -1, NULL,
                                  unit_func, unit, unit_destroy);
}

static gpointer
submit_many_units (gpointer data)
{
  Submitter              *s = data;
  g_autoptr(GRand)        rand = g_rand_new_with_seed (s->seed);
  g_autoptr(GMainContext) context = g_main_context_new ();
  guint                   i;

  g_main_context_push_thread_default (context);
  s->thread = g_thread_self ();
  tt_gate_pass (s->start);
  for (i = 0; i < s->n + WINDOW; i++)
    {
      guint slot = i % WINDOW;

      if (i >= WINDOW && i - WINDOW < s->n)
        settle (s, g_steal_pointer (&s->window[slot]), &s->units[i - WINDOW]);
      if (i >= s->n)
        continue;

      s->window[slot] = submit_unit (s, rand, &s->units[i]);
      if (i % 8 == 0)
        {
          s->units[i].submitter = s;
          s->n_listening++;
          tl_future_add_done_callback (s->window[slot], unit_called, &s->units[i], NULL);
        }
      if (g_rand_int_range (rand, 0, 4) == 0)
        {
          guint     which = g_rand_int_range (rand, 0, WINDOW);
          TlFuture *victim = s->window[which];

          /* Mostly something recent, which is the one most likely queued. */
          if (g_rand_boolean (rand))
            victim = s->window[slot];
          if (victim != NULL)
            tl_future_cancel (victim);
        }
      if (i % 512 == 0)
        tt_iterate ();
    }
  tt_run_until (all_called, s);
  tt_iterate ();
  g_main_context_pop_thread_default (context);

  return NULL;
}

static void
check_units (TlExecutor *executor,
             guint       n_total)
{
  guint32    seed = tt_seed ();
  TtGate     start;
  Submitter *submitters = g_new0 (Submitter, N_SUBMITTERS);
  GThread   *threads[N_SUBMITTERS];
  guint      n = n_total / N_SUBMITTERS;
  guint      cancelled = 0, done = 0;
  guint      i, k;

  tt_gate_init (&start);
  for (i = 0; i < N_SUBMITTERS; i++)
    {
      submitters[i].executor = executor;
      submitters[i].start = &start;
      submitters[i].seed = seed + i;
      submitters[i].n = n;
      submitters[i].units = g_new0 (Unit, n);
      threads[i] = g_thread_new ("submitter", submit_many_units, &submitters[i]);
    }
  tt_gate_await (&start, N_SUBMITTERS);
  tt_gate_open (&start);
  for (i = 0; i < N_SUBMITTERS; i++)
    g_thread_join (threads[i]);
  tt_shutdown (executor);

  for (i = 0; i < N_SUBMITTERS; i++)
    {
      for (k = 0; k < n; k++)
        {
          Unit *unit = &submitters[i].units[k];

          tt_poll_until (unit_destroyed, unit, "the data was freed");
          g_assert_cmpint (unit->ran, <=, 1);
          g_assert_cmpint (unit->called, ==, k % 8 == 0);
          g_assert_cmpint (unit->destroyed, ==, 1);
        }
      cancelled += submitters[i].n_cancelled;
      done += submitters[i].n_done;
      g_free (submitters[i].units);
    }
  g_test_message ("%u done, %u cancelled", done, cancelled);
  g_assert_cmpuint (done + cancelled, ==, n * N_SUBMITTERS);
  g_free (submitters);
  tt_gate_clear (&start);
}

static void
test_million (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("stress", 2);

  check_units (executor, tt_scaled (1000000, 8192));
}

static void
test_many_workers (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("stress", 16);

  /* Workers come and go all the time. */
  tl_executor_set_idle_timeout (executor, 0);
  check_units (executor, tt_scaled (200000, 8192));
}

static void
test_bounded (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("stress", 2);

  tl_executor_set_max_queued (executor, 64);
  check_units (executor, tt_scaled (200000, 8192));
}

/* ---- Cancelling from elsewhere ---- */

typedef struct
{
  TlFuture **futures;
  guint      n;
  TtGate    *start;
  guint      late;
  guint      requested;
  guint      done;
} Canceller;

static gpointer
cancel_each (gpointer data)
{
  Canceller *c = data;
  guint      i;

  tt_gate_pass (c->start);
  for (i = 0; i < c->n; i++)
    {
      switch (tl_future_cancel (c->futures[i]))
        {
        case TL_CANCEL_TOO_LATE:
          c->late++;
          break;
        case TL_CANCEL_REQUESTED:
          c->requested++;
          break;
        case TL_CANCEL_DONE:
          c->done++;
          break;
        default:
          g_assert_not_reached ();
        }
    }

  return NULL;
}

static void
test_cancel_races_with_start (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("stress", 2);
  guint                 n = 500;
  guint                 round, i, cancelled;

  for (round = 0; round < tt_scaled (200, 5); round++)
    {
      g_autofree Unit     *units = g_new0 (Unit, n);
      g_autofree gpointer *data = g_new (gpointer, n);
      g_autoptr(GPtrArray) futures = NULL;
      Canceller            cancellers[2];
      GThread             *threads[2];
      TtGate               start;

      tt_gate_init (&start);
      for (i = 0; i < n; i++)
        data[i] = &units[i];
      for (i = 0; i < G_N_ELEMENTS (cancellers); i++)
        tl_executor_post (executor, tt_gate_func, &start, NULL);
      futures = tl_executor_submit_many (executor, unit_func, data, n, unit_destroy);
      for (i = 0; i < G_N_ELEMENTS (cancellers); i++)
        {
          cancellers[i] = (Canceller) { (TlFuture **) futures->pdata, n, &start, 0, 0, 0 };
          threads[i] = g_thread_new ("canceller", cancel_each, &cancellers[i]);
        }
      tt_gate_await (&start, 4);
      tt_gate_open (&start);
      for (i = 0; i < G_N_ELEMENTS (cancellers); i++)
        g_thread_join (threads[i]);

      cancelled = 0;
      for (i = 0; i < n; i++)
        {
          TlFuture *future = g_ptr_array_index (futures, i);

          tt_wait (future);
          cancelled += tl_future_cancelled (future);
          g_assert_cmpint (units[i].ran, ==, !tl_future_cancelled (future));
        }

      /* Only one of the two can have been the one that cancelled it; and one
       * that was just taken from the queue may end without having run. */
      g_assert_cmpuint (cancellers[0].done + cancellers[1].done, <=, cancelled);
      g_assert_cmpuint (cancelled, <=, cancellers[0].done + cancellers[1].done +
                                       cancellers[0].requested + cancellers[1].requested);
      g_clear_pointer (&futures, g_ptr_array_unref);
      tt_gate_clear (&start);
      for (i = 0; i < n; i++)
        {
          tt_poll_until (unit_destroyed, &units[i], "the data was freed");
          g_assert_cmpint (units[i].destroyed, ==, 1);
        }
    }
  tt_shutdown (executor);
}

/* ---- To one thread, from many ---- */

static gpointer
post_many (gpointer data)
{
  gpointer   *args = data;
  TlExecutor *executor = args[0];
  int        *counter = args[1];
  guint       i;

  for (i = 0; i < tt_scaled (100000, 2000); i++)
    tl_executor_post (executor, tt_count_func, counter, NULL);
  return NULL;
}

static void
test_posts_to_an_event_thread (void)
{
  g_autoptr(TlEventThread) thread = tl_event_thread_new ("stress");
  int                      counter = 0;
  gpointer                 args[] = { tl_event_thread_get_executor (thread), &counter };
  GThread                 *threads[N_SUBMITTERS];
  guint                    i;

  g_assert_true (tl_event_thread_start (thread, NULL));
  for (i = 0; i < N_SUBMITTERS; i++)
    threads[i] = g_thread_new ("poster", post_many, args);
  for (i = 0; i < N_SUBMITTERS; i++)
    g_thread_join (threads[i]);
  g_assert_true (tl_event_thread_stop (thread, TT_PATIENCE, NULL, NULL));
  g_assert_cmpint (counter, ==, N_SUBMITTERS * (int) tt_scaled (100000, 2000));
}

/* ---- Waking ---- */

static void
test_ping_pong (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("stress", 4);
  guint                 i;

  /* A wake that gets lost shows as a hang; a worker goes to sleep each time. */
  for (i = 0; i < tt_scaled (100000, 1000); i++)
    {
      g_autoptr(TlFuture) future = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);

      tt_wait_for (future, DONE);
    }
  tt_shutdown (executor);
}

static gpointer
ping_pong_in_thread (gpointer executor)
{
  guint i;

  for (i = 0; i < tt_scaled (20000, 200); i++)
    {
      g_autoptr(TlFuture) future = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);

      tt_wait_for (future, DONE);
    }
  return NULL;
}

static void
test_ping_pong_by_many (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("stress", 4);
  GThread              *threads[8];
  guint                 i;

  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("pinger", ping_pong_in_thread, executor);
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  tt_shutdown (executor);
}

static void
add_tests (void)
{
  g_test_add_func ("/stress/all-tasks-settle-once-none-lost-none-twice", test_million);
  g_test_add_func ("/stress/while-workers-come-and-go", test_many_workers);
  g_test_add_func ("/stress/through-a-queue-of-64", test_bounded);
  g_test_add_func ("/stress/cancel-races-with-start", test_cancel_races_with_start);
  g_test_add_func ("/stress/posts-to-an-event-thread", test_posts_to_an_event_thread);
  g_test_add_func ("/stress/no-wake-is-lost", test_ping_pong);
  g_test_add_func ("/stress/no-wake-is-lost-by-many", test_ping_pong_by_many);
}

int
main (int    argc,
      char **argv)
{
  return tt_main (&argc, &argv, add_tests);
}
