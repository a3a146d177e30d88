/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "subjects.h"

#include "peer-loop.h"

/* ---- A future as it is written by hand ---- */

typedef struct
{
  BenchTask    *task;
  GMutex        mutex;
  GCond         cond;
  int           refs;
  gboolean      done;
  gboolean      value;
  GMainContext *home;
} Future;

/* Held by the one who works and by the one who waits. */
static Future *
future_new (BenchTask *task)
{
  Future *self = g_new (Future, 1);

  self->task = task;
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  self->refs = 2;
  self->done = FALSE;
  self->home = g_main_context_get_thread_default ();

  return self;
}

static void
future_unref (Future *self)
{
  if (!g_atomic_int_dec_and_test (&self->refs))
    return;

  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
  g_free (self);
}

static void
future_run (Future *self)
{
  bench_work (self->task);

  g_mutex_lock (&self->mutex);
  self->value = TRUE;
  self->done = TRUE;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->mutex);

  future_unref (self);
}

static gboolean
future_result (gpointer pool,
               gpointer handle)
{
  Future   *self = handle;
  gboolean  value;

  g_mutex_lock (&self->mutex);
  while (!self->done)
    g_cond_wait (&self->cond, &self->mutex);
  value = self->value;
  g_mutex_unlock (&self->mutex);

  future_unref (self);

  return value;
}

/* ---- GThreadPool ---- */

static GThreadPool *
pool_new (GFunc    func,
          guint    workers,
          gboolean exclusive)
{
  g_autoptr(GError)  error = NULL;
  GThreadPool       *pool = g_thread_pool_new (func, NULL, (int) workers, exclusive, &error);

  if (pool == NULL)
    bench_fail ("%s", error->message);

  return pool;
}

static void
pool_close (gpointer pool)
{
  g_thread_pool_free (pool, FALSE, TRUE);
}

static void
pool_push (gpointer   pool,
           BenchTask *task)
{
  g_thread_pool_push (pool, task, NULL);
}

static void
bare_func (gpointer task,
           gpointer unused)
{
  bench_work (task);
}

static gpointer
bare_open (const BenchPeer *peer,
           guint            workers)
{
  return pool_new (bare_func, workers, (gboolean) peer->option);
}

static void
future_func (gpointer future,
             gpointer unused)
{
  future_run (future);
}

static gpointer
future_open (const BenchPeer *peer,
             guint            workers)
{
  return pool_new (future_func, workers, TRUE);
}

static gpointer
future_submit (gpointer   pool,
               BenchTask *task)
{
  Future *future = future_new (task);

  g_thread_pool_push (pool, future, NULL);

  return future;
}

static void
future_push (gpointer   pool,
             BenchTask *task)
{
  future_unref (future_submit (pool, task));
}

/* The result goes home as an idle source, which is what many programs do. */
static gboolean
come_home (gpointer future)
{
  future_unref (future);
  bench_owe (-1);

  return G_SOURCE_REMOVE;
}

static void
attach_idle (GMainContext *context,
             GSourceFunc   func,
             gpointer      data)
{
  g_autoptr(GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, func, data, NULL);
  g_source_attach (source, context);
}

static void
home_func (gpointer data,
           gpointer unused)
{
  Future *future = data;

  bench_work (future->task);
  attach_idle (future->home, come_home, future);
  future_unref (future);
}

static gpointer
home_open (const BenchPeer *peer,
           guint            workers)
{
  return pool_new (home_func, workers, TRUE);
}

static void
home_push (gpointer   pool,
           BenchTask *task)
{
  bench_owe (1);
  g_thread_pool_push (pool, future_new (task), NULL);
}

/* ---- GTask ---- */

static gpointer
task_open (const BenchPeer *peer,
           guint            workers)
{
  return (gpointer) peer;
}

static void
task_close (gpointer unused)
{
}

static void
task_func (GTask        *task,
           gpointer      source,
           gpointer      data,
           GCancellable *cancellable)
{
  if (g_task_return_error_if_cancelled (task))
    return;

  bench_work (data);
  g_task_return_boolean (task, TRUE);
}

static GTask *
task_start (BenchTask           *work,
            GCancellable        *cancellable,
            GAsyncReadyCallback  callback)
{
  GTask *task = g_task_new (NULL, cancellable, callback, NULL);

  g_task_set_task_data (task, work, NULL);
  g_task_run_in_thread (task, task_func);

  return task;
}

static void
task_ready (GObject      *source,
            GAsyncResult *result,
            gpointer      unused)
{
  if (!g_task_propagate_boolean (G_TASK (result), NULL))
    bench_fail ("a GTask has no result");
  bench_owe (-1);
}

static void
task_push (gpointer   pool,
           BenchTask *work)
{
  bench_owe (1);
  g_object_unref (task_start (work, NULL, task_ready));
}

static gpointer
task_submit (gpointer   pool,
             BenchTask *work)
{
  return task_start (work, NULL, NULL);
}

static gpointer
task_submit_cancellable (gpointer   pool,
                         BenchTask *work)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();

  return task_start (work, cancellable, NULL);
}

static void
task_cancel (gpointer pool,
             gpointer task)
{
  g_cancellable_cancel (g_task_get_cancellable (task));
}

static gboolean
task_result (gpointer pool,
             gpointer handle)
{
  g_autoptr(GTask) task = handle;

  while (!g_task_get_completed (task))
    bench_loop_turn (NULL);

  return g_task_propagate_boolean (task, NULL);
}

/* ---- The loop of another thread ---- */

static gpointer
context_open (const BenchPeer *peer,
              guint            unused)
{
  BenchLoop *loop = g_new0 (BenchLoop, 1);

  bench_loop_start (loop);

  return loop;
}

static void
context_close (gpointer loop)
{
  bench_loop_stop (loop);
  g_free (loop);
}

static gboolean
bare_source (gpointer task)
{
  bench_work (task);

  return G_SOURCE_REMOVE;
}

static gboolean
future_source (gpointer future)
{
  future_run (future);

  return G_SOURCE_REMOVE;
}

static void
invoke (gpointer    loop,
        GSourceFunc func,
        gpointer    data)
{
  g_main_context_invoke_full (((BenchLoop *) loop)->context, G_PRIORITY_DEFAULT, func, data, NULL);
}

static void
invoke_push (gpointer   loop,
             BenchTask *task)
{
  invoke (loop, bare_source, task);
}

static gpointer
invoke_submit (gpointer   loop,
               BenchTask *task)
{
  Future *future = future_new (task);

  invoke (loop, future_source, future);

  return future;
}

static void
idle_push (gpointer   loop,
           BenchTask *task)
{
  attach_idle (((BenchLoop *) loop)->context, bare_source, task);
}

static gpointer
idle_submit (gpointer   loop,
             BenchTask *task)
{
  Future *future = future_new (task);

  attach_idle (((BenchLoop *) loop)->context, future_source, future);

  return future;
}

/* ---- Who takes part ---- */

#define TASK_NOTE \
  "GTask has one pool for the process, of ten threads and more, which cannot be given a size; " \
  "it gets fewer tasks because in newer versions of GLib each costs more the more are queued"

const BenchPeer bench_pool_shared = {
  "GThreadPool, shared", .option = FALSE,
  .open = bare_open, .close = pool_close, .push = pool_push,
};

const BenchPeer bench_pool_exclusive = {
  "GThreadPool, exclusive", .option = TRUE,
  .open = bare_open, .close = pool_close, .push = pool_push,
};

const BenchPeer bench_pool_future = {
  "GThreadPool with a future",
  .note = "the future is written by hand: a struct with a GMutex, a GCond and two references",
  .open = future_open, .close = pool_close, .push = future_push,
  .submit = future_submit, .result = future_result,
};

const BenchPeer bench_pool_idle = {
  "GThreadPool and g_idle_source",
  .open = home_open, .close = pool_close, .push = home_push,
  .push_back = home_push, .turn = bench_loop_turn,
};

/* Of the gates, only the first ten are passed at once; the others keep back
 * the threads that GTask adds with time. */
const BenchPeer bench_gtask = {
  "GTask", .note = TASK_NOTE, .holders = 128,
  .open = task_open, .close = task_close, .push = task_push,
  .push_back = task_push, .submit = task_submit, .result = task_result, .turn = bench_loop_turn,
};

const BenchPeer bench_gtask_cancellable = {
  "GTask with a GCancellable", .note = TASK_NOTE, .holders = 128,
  .open = task_open, .close = task_close, .push = task_push,
  .submit = task_submit_cancellable, .result = task_result, .cancel = task_cancel,
  .turn = bench_loop_turn,
};

const BenchPeer bench_invoke = {
  "g_main_context_invoke_full",
  .open = context_open, .close = context_close, .push = invoke_push,
  .submit = invoke_submit, .result = future_result,
};

const BenchPeer bench_idle_source = {
  "g_idle_source",
  .open = context_open, .close = context_close, .push = idle_push,
  .submit = idle_submit, .result = future_result,
};
