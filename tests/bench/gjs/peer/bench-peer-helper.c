/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bench-peer.h"

/* Two ways to the thread and back. work_async() is a GTask, as the
 * documentation of GLib has it. push() has threads of its own and one source in
 * the main loop that takes what they have finished, which is as good as it gets
 * while each result is a call from C into JavaScript. */

typedef struct
{
  guint id;
  guint n;      /* the argument, then the result */
} Job;

typedef struct
{
  GSource          source;
  BenchPeerHelper *helper;      /* unowned: it destroys its source */
} ReadySource;

struct _BenchPeerHelper
{
  GObject         parent;
  GThreadPool    *threads;
  GSource        *source;
  GAsyncQueue    *finished;     /* (element-type Job) */
  BenchPeerReady  ready;
  gpointer        ready_data;
  GDestroyNotify  ready_destroy;
};

G_DEFINE_FINAL_TYPE (BenchPeerHelper, bench_peer_helper, G_TYPE_OBJECT)

/**
 * bench_peer_helper_work:
 * @self: a helper
 * @n: a number
 *
 * The job itself, which takes no time.
 *
 * Returns: the number
 */
guint
bench_peer_helper_work (BenchPeerHelper *self,
                        guint            n)
{
  return n;
}

/* ---- GTask ---- */

static void
work_in_thread (GTask        *task,
                gpointer      source_object,
                gpointer      task_data,
                GCancellable *cancellable)
{
  g_task_return_int (task, bench_peer_helper_work (source_object, GPOINTER_TO_UINT (task_data)));
}

/**
 * bench_peer_helper_work_async:
 * @self: a helper
 * @n: a number
 * @cancellable: (nullable): cancels
 * @callback: called when it is done
 * @user_data: data for the callback
 *
 * The job, on a thread of GTask's pool.
 */
void
bench_peer_helper_work_async (BenchPeerHelper     *self,
                              guint                n,
                              GCancellable        *cancellable,
                              GAsyncReadyCallback  callback,
                              gpointer             user_data)
{
  g_autoptr(GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, bench_peer_helper_work_async);
  g_task_set_task_data (task, GUINT_TO_POINTER (n), NULL);
  g_task_run_in_thread (task, work_in_thread);
}

/**
 * bench_peer_helper_work_finish:
 * @self: a helper
 * @result: what the callback got
 * @error: return location for an error
 *
 * Returns: the result
 */
guint
bench_peer_helper_work_finish (BenchPeerHelper  *self,
                               GAsyncResult     *result,
                               GError          **error)
{
  return (guint) g_task_propagate_int (G_TASK (result), error);
}

/* ---- One persistent source ---- */

static void
run_job (gpointer data,
         gpointer user_data)
{
  BenchPeerHelper *self = user_data;
  Job *job = data;

  job->n = bench_peer_helper_work (self, job->n);
  g_async_queue_push (self->finished, job);
  g_source_set_ready_time (self->source, 0);
}

static gboolean
dispatch_ready (GSource     *source,
                GSourceFunc  callback,
                gpointer     user_data)
{
  BenchPeerHelper *self = ((ReadySource *) source)->helper;
  Job *job;

  /* Before looking, so that nothing that comes meanwhile is left lying. */
  g_source_set_ready_time (source, -1);

  while ((job = g_async_queue_try_pop (self->finished)) != NULL)
    {
      self->ready (job->id, job->n, self->ready_data);
      g_free (job);
    }

  return G_SOURCE_CONTINUE;
}

static GSourceFuncs ready_funcs = {
  .dispatch = dispatch_ready,
};

/**
 * bench_peer_helper_connect_ready:
 * @self: a helper
 * @n_threads: how many threads bench_peer_helper_push() has
 * @ready: (scope notified) (closure user_data) (destroy destroy): takes the results
 * @user_data: data for it
 * @destroy: frees the data
 *
 * Says who takes the results of bench_peer_helper_push(), once, before the first.
 */
void
bench_peer_helper_connect_ready (BenchPeerHelper *self,
                           guint            n_threads,
                           BenchPeerReady   ready,
                           gpointer         user_data,
                           GDestroyNotify   destroy)
{
  g_return_if_fail (self->threads == NULL);

  self->threads = g_thread_pool_new (run_job, self, (int) n_threads, TRUE, NULL);
  self->ready = ready;
  self->ready_data = user_data;
  self->ready_destroy = destroy;
}

/**
 * bench_peer_helper_push:
 * @self: a helper
 * @id: tells the results apart
 * @n: a number
 *
 * The job, on a thread of the helper.
 */
void
bench_peer_helper_push (BenchPeerHelper *self,
                        guint            id,
                        guint            n)
{
  Job *job = g_new (Job, 1);

  job->id = id;
  job->n = n;
  g_thread_pool_push (self->threads, job, NULL);
}

/**
 * bench_peer_helper_close:
 * @self: a helper
 *
 * Waits for the threads, and lets go of who takes the results: not in a
 * finalizer, where GJS may not be called.
 */
void
bench_peer_helper_close (BenchPeerHelper *self)
{
  if (self->threads != NULL)
    g_thread_pool_free (g_steal_pointer (&self->threads), FALSE, TRUE);
  if (self->ready_destroy != NULL)
    self->ready_destroy (self->ready_data);
  self->ready_destroy = NULL;
}

static void
bench_peer_helper_finalize (GObject *object)
{
  BenchPeerHelper *self = BENCH_PEER_HELPER (object);

  bench_peer_helper_close (self);
  g_source_destroy (self->source);
  g_source_unref (self->source);
  g_async_queue_unref (self->finished);

  G_OBJECT_CLASS (bench_peer_helper_parent_class)->finalize (object);
}

static void
bench_peer_helper_class_init (BenchPeerHelperClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = bench_peer_helper_finalize;
}

static void
bench_peer_helper_init (BenchPeerHelper *self)
{
  self->finished = g_async_queue_new_full (g_free);
  self->source = g_source_new (&ready_funcs, sizeof (ReadySource));
  ((ReadySource *) self->source)->helper = self;
  g_source_set_static_name (self->source, "[bench] results");
  g_source_attach (self->source, g_main_context_get_thread_default ());
}
