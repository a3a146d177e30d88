/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tl-test.h"

/* Everything at once, at random, from several threads, with and without main
 * loops. Nothing is asserted about the order; but whatever was handed in has
 * to be freed once, whatever was added has to go once, and everything has to
 * come to its end. The seed is printed; TL_TEST_SEED repeats it. What happens
 * in between is for the sanitizers to see. */

#define N_THREADS 4

typedef struct
{
  TlExecutor    *pool;
  TlEventThread *events;

  int            n_data;
  int            n_data_freed;
  int            n_callbacks;
  int            n_callbacks_freed;
} World;

typedef struct
{
  World        *world;
  GRand        *rand;
  guint         n_steps;
  GPtrArray    *futures;
  GMainContext *context;    /* NULL for the thread that has none */
} Actor;

typedef struct
{
  World *world;
  int    what;
} Data;

static void
data_free (gpointer data)
{
  g_atomic_int_inc (&((Data *) data)->world->n_data_freed);
  g_free (data);
}

static gboolean
do_something (TlFuture  *future,
              gpointer   user_data,
              GError   **error)
{
  const Data *data = user_data;

  switch (data->what)
    {
    case 0:
      tl_future_set_int64 (future, 1);
      return TRUE;

    case 1:
      return TRUE;

    case 2:
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "as asked");
      return FALSE;

    case 3:
      for (int i = 0; i < 50; i++)
        tl_future_set_progress (future, i / 50.0, "going");
      return TRUE;

    case 4:
      tl_future_set_object (future, tl_future_get_cancellable (future));
      return !g_cancellable_set_error_if_cancelled (tl_future_get_cancellable (future), error);

    case 5:
      tl_future_set_pointer (future, g_malloc (16), g_free);
      return TRUE;

    case 6:
      g_thread_yield ();
      return TRUE;

    default:
      tl_future_set_string (future, "done");
      return TRUE;
    }
}

static Data *
new_data (Actor *actor)
{
  Data *data = g_new0 (Data, 1);

  data->world = actor->world;
  data->what = g_rand_int_range (actor->rand, 0, 8);
  g_atomic_int_inc (&actor->world->n_data);

  return data;
}

static void
keep (Actor    *actor,
      TlFuture *future)
{
  g_ptr_array_add (actor->futures, future);
}

static TlExecutor *
some_executor (Actor *actor)
{
  return g_rand_int_range (actor->rand, 0, 4) > 0
       ? actor->world->pool
       : tl_event_thread_get_executor (actor->world->events);
}

static void
submit_with_everything (Actor *actor)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  gint64 deadline = -1;

  if (g_rand_boolean (actor->rand))
    deadline = g_get_monotonic_time () + g_rand_int_range (actor->rand, 0, 300);

  keep (actor, tl_executor_submit_full (some_executor (actor), "chaos",
                                        g_rand_int_range (actor->rand, -2, 3),
                                        deadline, cancellable,
                                        do_something, new_data (actor), data_free));

  if (g_rand_boolean (actor->rand))
    g_cancellable_cancel (cancellable);
}

static void
callback_freed (gpointer data)
{
  g_atomic_int_inc (&((World *) data)->n_callbacks_freed);
}

static void
callback (TlFuture *future,
          gpointer  world)
{
  g_assert_true (tl_future_done (future));
}

static void
listen_to (Actor    *actor,
           TlFuture *future)
{
  guint id;

  g_atomic_int_inc (&actor->world->n_callbacks);
  id = tl_future_add_done_callback (future, callback, actor->world, callback_freed);

  if (g_rand_boolean (actor->rand))
    tl_future_remove_done_callback (future, id);
}

static void
make_and_drop_pool (Actor *actor)
{
  g_autoptr(TlExecutor) pool = tl_executor_new ("chaos-short", 2);

  for (int i = 0; i < 3; i++)
    keep (actor, tl_executor_submit (pool, do_something, new_data (actor), data_free));

  if (g_rand_boolean (actor->rand))
    tl_executor_shutdown (pool, (TlShutdown) g_rand_int_range (actor->rand, 0, 3),
                          g_rand_boolean (actor->rand) ? -1 : 0, NULL, NULL);
}

static void
make_and_drop_event_thread (Actor *actor)
{
  g_autoptr(TlEventThread) thread = tl_event_thread_new ("chaos-short");

  if (g_rand_boolean (actor->rand))
    g_assert_true (tl_event_thread_start (thread, NULL));

  keep (actor, tl_event_thread_submit (thread, do_something, new_data (actor), data_free));

  if (g_rand_boolean (actor->rand))
    g_assert_true (tl_event_thread_stop (thread, -1, NULL, NULL));
}

static void
step (Actor *actor)
{
  GRand *rand = actor->rand;
  World *world = actor->world;
  TlFuture *future = NULL;

  if (actor->futures->len > 0)
    future = actor->futures->pdata[g_rand_int_range (rand, 0, (gint32) actor->futures->len)];

  switch (g_rand_int_range (rand, 0, future != NULL ? 20 : 10))
    {
    case 0:
    case 1:
    case 2:
      keep (actor, tl_executor_submit (some_executor (actor), do_something,
                                       new_data (actor), data_free));
      break;

    case 3:
    case 4:
      submit_with_everything (actor);
      break;

    case 5:
      tl_executor_set_max_workers (world->pool, (guint) g_rand_int_range (rand, 1, 6));
      break;

    case 6:
      tl_executor_set_idle_timeout (world->pool, g_rand_int_range (rand, 0, 100));
      break;

    case 7:
      tl_executor_set_max_queued (world->pool, (guint) g_rand_int_range (rand, 0, 20));
      break;

    case 8:
      make_and_drop_pool (actor);
      break;

    case 9:
      if (g_rand_int_range (rand, 0, 5) == 0)
        make_and_drop_event_thread (actor);
      break;

    case 10:
      tl_future_cancel (future);
      break;

    case 11:
      (void) tl_future_wait (future, g_rand_int_range (rand, -1, 200), NULL, NULL);
      break;

    case 12:
    case 13:
      listen_to (actor, future);
      break;

    case 14:
      g_object_unref (tl_progress_new (future));
      break;

    case 15:
      if (tl_future_wait (future, 100, NULL, NULL))
        (void) tl_future_get_pointer (future, NULL);
      break;

    case 16:
      g_ptr_array_remove_fast (actor->futures, future);
      break;

    case 17:
      if (actor->futures->len > 30)
        g_ptr_array_set_size (actor->futures, 0);
      break;

    case 18:
      tl_future_set_int64 (future, 3);
      break;

    default:
      if (actor->context != NULL)
        g_main_context_iteration (actor->context, FALSE);
      break;
    }
}

static gpointer
act (gpointer data)
{
  Actor *actor = data;

  if (actor->context != NULL)
    g_main_context_push_thread_default (actor->context);

  for (guint i = 0; i < actor->n_steps; i++)
    step (actor);

  g_ptr_array_unref (actor->futures);

  if (actor->context != NULL)
    {
      g_main_context_pop_thread_default (actor->context);
      g_main_context_unref (actor->context);
    }

  return NULL;
}

static void
ignore_error (const char   *executor,
              const char   *task,
              const GError *error,
              gpointer      unused)
{
}

static gboolean
all_is_freed (gpointer data)
{
  World *world = data;

  return g_atomic_int_get (&world->n_data_freed) == world->n_data &&
         g_atomic_int_get (&world->n_callbacks_freed) == world->n_callbacks;
}

static void
test_nothing_is_lost_whatever_happens (void)
{
  World world = { 0 };
  Actor actors[N_THREADS];
  GThread *threads[N_THREADS];
  guint32 seed = tt_seed ();

  tl_set_error_handler (ignore_error, NULL, NULL);

  /* A task that fails after another thread has given it a result says so. */
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);

  world.pool = tl_executor_new ("chaos", 4);
  world.events = tl_event_thread_new ("chaos-events");
  g_assert_true (tl_event_thread_start (world.events, NULL));

  for (guint i = 0; i < N_THREADS; i++)
    {
      actors[i] = (Actor) {
        .world = &world,
        .rand = g_rand_new_with_seed (seed + i),
        .n_steps = tt_scaled (40000, 400),
        .futures = g_ptr_array_new_with_free_func ((GDestroyNotify) tl_future_unref),
        .context = i % 2 == 0 ? g_main_context_new () : NULL,
      };
      threads[i] = g_thread_new ("actor", act, &actors[i]);
    }

  for (guint i = 0; i < N_THREADS; i++)
    {
      g_thread_join (threads[i]);
      g_rand_free (actors[i].rand);
    }

  g_assert_true (tl_executor_shutdown (world.pool, TL_SHUTDOWN_DRAIN, TT_PATIENCE, NULL, NULL));
  g_assert_true (tl_event_thread_stop (world.events, TT_PATIENCE, NULL, NULL));
  g_object_unref (world.pool);
  g_object_unref (world.events);

  /* The threads without a context of their own have left theirs in the
   * default one. */
  tt_run_until (all_is_freed, &world);

  g_assert_cmpint (world.n_data, ==, world.n_data_freed);
  g_assert_cmpint (world.n_callbacks, ==, world.n_callbacks_freed);

  tl_set_error_handler (NULL, NULL, NULL);
}

static void
add_tests (void)
{
  g_test_add_func ("/chaos/nothing-is-lost-and-nothing-freed-twice-whatever-happens",
                   test_nothing_is_lost_whatever_happens);
}

int
main (int    argc,
      char **argv)
{
  return tt_main (&argc, &argv, add_tests);
}
