/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-pool-private.h"

struct _TlPool
{
  TlQueue       queue;

  /* Under the queue's lock. */
  GCond         work;
  guint         max_workers;
  guint         n_workers;      /* those that will look at the queue again */
  guint         n_idle;         /* of them, those that sleep */
  guint         n_leaving;      /* those that will not, but have not ended */
  gint64        idle_timeout;
  TlThreadHook *hook;
};

static GPrivate current_pool;

static gpointer worker_main (gpointer data);

/* With the lock held: how many more threads it takes to run what is queued. */
static guint
count_missing (TlPool *self)
{
  guint queued = self->queue.n_queued;

  if (queued <= self->n_idle || self->n_workers >= self->max_workers)
    return 0;

  return MIN (queued - self->n_idle, self->max_workers - self->n_workers);
}

/* With the lock held. */
static gpointer
tl_pool_pushed (TlQueue *queue,
                int      priority)
{
  TlPool *self = (TlPool *) queue;
  guint missing = count_missing (self);

  if (self->n_idle == 1 || queue->n_queued == 1)
    g_cond_signal (&self->work);
  else if (self->n_idle > 0)
    g_cond_broadcast (&self->work);

  self->n_workers += missing;

  return GUINT_TO_POINTER (missing);
}

/* Makes the threads that were counted already. */
static void
tl_pool_wake (TlQueue  *queue,
              gpointer  todo)
{
  TlPool *self = (TlPool *) queue;
  guint missing = GPOINTER_TO_UINT (todo);
  GError *error = NULL;
  gboolean nobody;

  for (; missing > 0; missing--)
    {
      tl_queue_ref (queue);
      if (!tl_thread_start (queue->owner.name, worker_main, self, &error))
        break;
    }

  if (error == NULL)
    return;

  /* With fewer threads it takes longer. With none it would take for ever. */
  g_mutex_lock (&queue->lock);
  self->n_workers -= missing;
  nobody = self->n_workers == 0;
  g_mutex_unlock (&queue->lock);

  if (nobody)
    tl_queue_fail (queue, error, FALSE);
  else
    g_error_free (error);

  tl_queue_unref (queue);
}

static TlWhere
tl_pool_where (TlQueue *queue)
{
  return g_private_get (&current_pool) == queue ? TL_ON_WORKER : TL_ELSEWHERE;
}

static void
tl_pool_closed (TlQueue *queue)
{
  g_cond_broadcast (&((TlPool *) queue)->work);
}

static gboolean
tl_pool_at_rest (TlQueue *queue)
{
  TlPool *self = (TlPool *) queue;

  return self->n_workers == 0 && self->n_leaving == 0;
}

/* The hook's data is not kept for as long as somebody keeps a future. */
static void
tl_pool_ended (TlQueue *queue)
{
  TlPool *self = (TlPool *) queue;
  TlThreadHook *hook;

  g_mutex_lock (&queue->lock);
  hook = g_steal_pointer (&self->hook);
  g_mutex_unlock (&queue->lock);

  g_clear_pointer (&hook, tl_thread_hook_unref);
}

static void
tl_pool_free (TlOwner *owner)
{
  TlPool *self = (TlPool *) owner;

  g_clear_pointer (&self->hook, tl_thread_hook_unref);
  g_cond_clear (&self->work);
  tl_queue_clear (&self->queue);
  g_free (self);
}

static const TlQueueClass tl_pool_class = {
  .owner_class = {
    .remove = tl_queue_remove,
    .dropped = tl_queue_dropped,
    .before_wait = tl_queue_before_wait,
    .free = tl_pool_free,
  },
  .pushed = tl_pool_pushed,
  .wake = tl_pool_wake,
  .where = tl_pool_where,
  .closed = tl_pool_closed,
  .at_rest = tl_pool_at_rest,
  .ended = tl_pool_ended,
};

/* With the lock held: sleeps until there may be something to do. FALSE if it
 * is time to end. */
static gboolean
sleep_on_it (TlPool *self)
{
  TlQueue *queue = &self->queue;
  gint64 end_time = tl_time_after (self->idle_timeout);
  gboolean in_time = TRUE;

  if (queue->closed || self->n_workers > self->max_workers)
    return FALSE;

  self->n_idle++;
  if (end_time < 0)
    g_cond_wait (&self->work, &queue->lock);
  else
    in_time = g_cond_wait_until (&self->work, &queue->lock, end_time);
  self->n_idle--;

  return in_time || queue->n_queued > 0;
}

/* Where a worker spends its life, inside of the hook if there is one. */
static void
work (gpointer data)
{
  TlPool *self = data;
  TlQueue *queue = &self->queue;

  g_private_set (&current_pool, self);
  g_mutex_lock (&queue->lock);

  for (;;)
    {
      TlFuture *future = NULL;

      if (self->n_workers <= self->max_workers)
        future = tl_queue_take (queue, G_MAXINT);

      if (future != NULL)
        {
          g_mutex_unlock (&queue->lock);
          tl_queue_run (queue, future);
          g_mutex_lock (&queue->lock);
          continue;
        }

      if (queue->notifier != NULL)
        {
          g_mutex_unlock (&queue->lock);
          tl_notifier_touch (queue->notifier, FALSE);
          g_mutex_lock (&queue->lock);
          if (queue->n_queued > 0 && self->n_workers <= self->max_workers)
            continue;
        }

      if (!sleep_on_it (self))
        break;
    }

  self->n_workers--;
  self->n_leaving++;
  g_mutex_unlock (&queue->lock);
  g_private_set (&current_pool, NULL);
}

static gpointer
worker_main (gpointer data)
{
  TlPool *self = data;
  TlQueue *queue = &self->queue;
  g_autoptr(GError) error = NULL;

  if (!tl_thread_live (self->hook, work, self, &error))
    {
      tl_queue_fail (queue,
                     g_error_new (TL_ERROR, TL_ERROR_BROKEN,
                                  "%s is broken: a thread of it could not be set up: %s",
                                  queue->owner.name, error->message),
                     TRUE);

      g_mutex_lock (&queue->lock);
      self->n_workers--;
      self->n_leaving++;
      g_mutex_unlock (&queue->lock);
    }

  g_mutex_lock (&queue->lock);
  self->n_leaving--;
  g_mutex_unlock (&queue->lock);

  tl_queue_check_ended (queue);
  tl_queue_unref (queue);

  return NULL;
}

static guint
usual_workers (void)
{
  return MIN (g_get_num_processors () + 4, 32);
}

TlQueue *
tl_pool_new (const char *name,
             guint       max_workers)
{
  TlPool *self = g_new0 (TlPool, 1);

  tl_queue_init (&self->queue, &tl_pool_class, name);
  g_cond_init (&self->work);
  self->max_workers = max_workers > 0 ? max_workers : usual_workers ();
  self->idle_timeout = 15 * G_TIME_SPAN_SECOND;

  return &self->queue;
}

gboolean
tl_pool_is (TlQueue *queue)
{
  return queue->owner.klass == &tl_pool_class.owner_class;
}

guint
tl_pool_get_max_workers (TlQueue *queue)
{
  TlPool *self = (TlPool *) queue;
  guint max_workers;

  g_mutex_lock (&queue->lock);
  max_workers = self->max_workers;
  g_mutex_unlock (&queue->lock);

  return max_workers;
}

void
tl_pool_set_max_workers (TlQueue *queue,
                         guint    max_workers)
{
  TlPool *self = (TlPool *) queue;
  guint missing;

  g_mutex_lock (&queue->lock);
  self->max_workers = max_workers > 0 ? max_workers : usual_workers ();
  missing = count_missing (self);
  self->n_workers += missing;
  /* Those that are too many have to notice. */
  g_cond_broadcast (&self->work);
  g_mutex_unlock (&queue->lock);

  tl_pool_wake (queue, GUINT_TO_POINTER (missing));
}

gint64
tl_pool_get_idle_timeout (TlQueue *queue)
{
  TlPool *self = (TlPool *) queue;
  gint64 idle_timeout;

  g_mutex_lock (&queue->lock);
  idle_timeout = self->idle_timeout;
  g_mutex_unlock (&queue->lock);

  return idle_timeout;
}

void
tl_pool_set_idle_timeout (TlQueue *queue,
                          gint64   idle_timeout)
{
  TlPool *self = (TlPool *) queue;

  g_mutex_lock (&queue->lock);
  self->idle_timeout = idle_timeout;
  /* Those that sleep begin anew. */
  g_cond_broadcast (&self->work);
  g_mutex_unlock (&queue->lock);
}

/* Takes @hook. FALSE if it is too late, since threads have been made. */
gboolean
tl_pool_set_hook (TlQueue      *queue,
                  TlThreadHook *hook)
{
  TlPool *self = (TlPool *) queue;
  TlThreadHook *unused = hook;
  gboolean in_time;

  g_mutex_lock (&queue->lock);
  in_time = tl_pool_at_rest (queue);
  if (in_time)
    {
      unused = self->hook;
      self->hook = hook;
    }
  g_mutex_unlock (&queue->lock);

  g_clear_pointer (&unused, tl_thread_hook_unref);

  return in_time;
}
