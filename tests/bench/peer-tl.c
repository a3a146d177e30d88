/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "subjects.h"

#include "peer-loop.h"

#include <threadloop.h>

typedef struct
{
  TlExecutor    *executor;
  TlEventThread *thread;
  BenchLoop      loop;
} Pool;

static gpointer
open_workers (const BenchPeer *peer,
              guint            workers)
{
  Pool *pool = g_new0 (Pool, 1);

  pool->executor = tl_executor_new ("bench", workers);
  tl_executor_set_spin_time (pool->executor, peer->option);

  return pool;
}

static void
close_workers (gpointer data)
{
  Pool *pool = data;

  tl_executor_shutdown (pool->executor, TL_SHUTDOWN_DRAIN, -1, NULL, NULL);
  g_object_unref (pool->executor);
  g_free (pool);
}

static gpointer
open_thread (const BenchPeer *peer,
             guint            unused)
{
  g_autoptr(GError)  error = NULL;
  Pool              *pool = g_new0 (Pool, 1);

  pool->thread = tl_event_thread_new ("bench");
  if (!tl_event_thread_start (pool->thread, &error))
    bench_fail ("%s", error->message);
  pool->executor = tl_event_thread_get_executor (pool->thread);
  tl_executor_set_spin_time (pool->executor, peer->option);

  return pool;
}

static void
close_thread (gpointer data)
{
  Pool *pool = data;

  tl_event_thread_stop (pool->thread, -1, NULL, NULL);
  g_object_unref (pool->thread);
  g_free (pool);
}

static gpointer
open_context (const BenchPeer *peer,
              guint            unused)
{
  Pool *pool = g_new0 (Pool, 1);

  bench_loop_start (&pool->loop);
  pool->executor = tl_executor_new_for_context (pool->loop.context);

  return pool;
}

static void
close_context (gpointer data)
{
  Pool *pool = data;

  g_object_unref (pool->executor);
  bench_loop_stop (&pool->loop);
  g_free (pool);
}

static gboolean
just_work (TlFuture  *future,
           gpointer   task,
           GError   **error)
{
  bench_work (task);

  return TRUE;
}

static gboolean
work_for_result (TlFuture  *future,
                 gpointer   task,
                 GError   **error)
{
  bench_work (task);
  tl_future_set_boolean (future, TRUE);

  return TRUE;
}

static void
submit_and_drop (gpointer   pool,
                 BenchTask *task)
{
  tl_future_unref (tl_executor_submit (((Pool *) pool)->executor, just_work, task, NULL));
}

static void
post (gpointer   pool,
      BenchTask *task)
{
  tl_executor_post (((Pool *) pool)->executor, just_work, task, NULL);
}

static void
submit_many_and_drop (gpointer  pool,
                      gpointer *tasks,
                      guint     n)
{
  g_ptr_array_unref (tl_executor_submit_many (((Pool *) pool)->executor, just_work, tasks, n, NULL));
}

static gpointer
submit (gpointer   pool,
        BenchTask *task)
{
  return tl_executor_submit (((Pool *) pool)->executor, work_for_result, task, NULL);
}

static gboolean
result (gpointer pool,
        gpointer handle)
{
  g_autoptr(TlFuture) future = handle;

  return tl_future_result (future, -1, NULL, NULL, NULL) && tl_future_get_boolean (future, NULL);
}

static void
cancel (gpointer pool,
        gpointer future)
{
  if (tl_future_cancel (future) != TL_CANCEL_DONE)
    bench_fail ("what was queued could not be cancelled");
}

static void
called_back (TlFuture *future,
             gpointer  unused)
{
  if (!tl_future_get_boolean (future, NULL))
    bench_fail ("a callback has got no result");
  bench_owe (-1);
}

static void
submit_with_callback (gpointer   pool,
                      BenchTask *task)
{
  g_autoptr(TlFuture) future = submit (pool, task);

  bench_owe (1);
  tl_future_add_done_callback (future, called_back, NULL, NULL);
}

#define WORKERS .open = open_workers, .close = close_workers
#define THREAD  .open = open_thread, .close = close_thread
#define CONTEXT .open = open_context, .close = close_context

#define FUTURES .submit = submit, .result = result, .cancel = cancel

const BenchPeer bench_tl = {
  "threadloop", .option = -1, WORKERS, FUTURES, .push = submit_and_drop,
  .push_back = submit_with_callback, .turn = bench_loop_turn,
};

const BenchPeer bench_tl_no_spin = {
  "threadloop, no spinning", .option = 0, WORKERS, FUTURES, .push = submit_and_drop,
};

const BenchPeer bench_tl_post = {
  "threadloop post", .option = -1, WORKERS, .push = post,
};

const BenchPeer bench_tl_many = {
  "threadloop submit_many", .option = -1, WORKERS, .push = submit_and_drop,
  .push_many = submit_many_and_drop,
};

const BenchPeer bench_tl_thread = {
  "TlEventThread", .option = -1, THREAD, FUTURES, .push = post,
};

const BenchPeer bench_tl_thread_no_spin = {
  "TlEventThread, no spinning", .option = 0, THREAD, FUTURES, .push = post,
};

const BenchPeer bench_tl_thread_spin = {
  "TlEventThread, spinning", .option = 1000, THREAD, FUTURES, .push = post,
};

const BenchPeer bench_tl_context = {
  "TlExecutor for a context", .option = -1, CONTEXT, FUTURES, .push = post,
};
