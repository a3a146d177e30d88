/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-pool-private.h"

typedef struct _Worker Worker;

/* A thread's place in the pool. It stays when the thread has gone, for the next
 * one: who wakes a worker does so without the lock, when it may have gone. */
struct _Worker
{
  TlRunner  runner;
  Worker   *next;           /* in the stack of those that sleep, or that are free */
  GCond     wake;
  gboolean  called;         /* to look for work */
  gboolean  looking;        /* it is the one that does; its own */
};

/* Who is awake and when.
 *
 * At most one worker at a time looks for work without having any: it has been
 * woken or made for that, or it has just finished and looks on a little before
 * it sleeps. When it finds something it has the next one called, if there is
 * more. So there is never more than one wake on its way, and a burst of work
 * gets the workers up one after the other, as long as it lasts.
 *
 * Submitters look at @hungry alone. It says that nobody looks and that somebody
 * could. Who changes it from FALSE to TRUE has to see to what was pushed just
 * before. tests/model proves that nothing is left lying. */
struct _TlPool
{
  TlQueue       queue;

  gint          hungry;         /* atomic; written under the lock */

  /* Under the queue's lock. */
  gboolean      looking;        /* somebody does, or is on the way */
  TlSpinRecord  spins;          /* the one's who looks */
  Worker       *idle;           /* those that sleep, the last one first */
  Worker       *free;           /* those without a thread */
  guint         max_workers;
  guint         n_workers;      /* those that will look at the queue again */
  guint         n_in_hook;      /* of these: they have not looked yet */
  guint         n_leaving;      /* those that will not, but have not ended */
  gint64        idle_timeout;
  TlThreadHook *hook;
};

static gpointer worker_main (gpointer data);

/* ---- Waking, with the lock held ---- */

/* What is to be done about it once the lock is released. */
typedef struct
{
  Worker   *wake;
  gboolean  make;
} Call;

static gboolean
somebody_could (TlPool *self)
{
  return self->idle != NULL || self->n_workers < self->max_workers;
}

static void
update_hungry (TlPool *self)
{
  gint hungry = !self->looking && somebody_could (self);

  if (self->hungry != hungry)
    g_atomic_int_set (&self->hungry, hungry);
}

/* Those that are in their hook take one task each when they come out of it.
 * That may take its time; but it takes a new thread as long, and whoever is
 * awake gets there first anyway. */
static gboolean
is_worth_a_thread (TlPool *self)
{
  return self->n_in_hook == 0 || tl_queue_count (&self->queue) > self->n_in_hook;
}

/* Calls somebody if there is work that nobody looks for. */
static Call
call_another (TlPool *self)
{
  Call call = { NULL, FALSE };

  if (!self->hungry || !tl_queue_has_work (&self->queue))
    return call;

  if (self->idle == NULL && !is_worth_a_thread (self))
    return call;

  if (self->idle != NULL)
    {
      call.wake = self->idle;
      self->idle = call.wake->next;
      call.wake->called = TRUE;
    }
  else
    {
      call.make = TRUE;
      self->n_workers++;
    }

  self->looking = TRUE;
  update_hungry (self);

  return call;
}

/* The one that looked has found something, or has given up. */
static Call
stop_looking (TlPool *self)
{
  self->looking = FALSE;
  update_hungry (self);

  /* Only now: what was pushed while somebody looked has called nobody. */
  return call_another (self);
}

static void
wake_all (TlPool *self)
{
  for (Worker *worker = self->idle; worker != NULL; worker = worker->next)
    g_cond_signal (&worker->wake);
}

static void
forget_idle (TlPool *self,
             Worker *worker)
{
  Worker **link = &self->idle;

  while (*link != worker)
    link = &(*link)->next;
  *link = worker->next;
}

/* ---- Without the lock ---- */

static void answer (TlPool *self,
                    Call    call);

/* With fewer threads it takes longer. With none it would take for ever. */
static void
no_thread (TlPool *self,
           GError *error)
{
  TlQueue *queue = &self->queue;
  Call call = { NULL, FALSE };
  gboolean nobody;

  g_mutex_lock (&queue->lock);
  self->n_workers--;
  nobody = self->n_workers == 0;
  self->looking = FALSE;
  update_hungry (self);
  /* Not another thread, which would be refused as well. */
  if (self->idle != NULL)
    call = call_another (self);
  g_mutex_unlock (&queue->lock);

  if (nobody)
    tl_queue_fail (queue, error, FALSE);
  else
    g_error_free (error);

  answer (self, call);
}

static void
answer (TlPool *self,
        Call    call)
{
  GError *error = NULL;

  if (call.wake != NULL)
    g_cond_signal (&call.wake->wake);

  if (!call.make)
    return;

  tl_queue_ref (&self->queue);
  if (tl_thread_start (self->queue.owner.name, worker_main, self, &error))
    return;

  no_thread (self, error);
  tl_queue_unref (&self->queue);
}

static void
tl_pool_pushed (TlQueue *queue,
                int      priority)
{
  TlPool *self = (TlPool *) queue;
  Call call;

  if (!g_atomic_int_get (&self->hungry))
    return;

  g_mutex_lock (&queue->lock);
  call = call_another (self);
  g_mutex_unlock (&queue->lock);

  answer (self, call);
}

static TlWhere
tl_pool_where (TlQueue *queue)
{
  TlRunner *runner = tl_local ()->runner;

  return runner != NULL && runner->queue == queue ? TL_ON_WORKER : TL_ELSEWHERE;
}

static void
tl_pool_closed (TlQueue *queue)
{
  wake_all ((TlPool *) queue);
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

  g_assert (self->idle == NULL);

  while (self->free != NULL)
    {
      Worker *worker = self->free;

      self->free = worker->next;
      g_cond_clear (&worker->wake);
      g_free (worker);
    }

  g_clear_pointer (&self->hook, tl_thread_hook_unref);
  tl_queue_clear (&self->queue);
  g_free (self);
}

static const TlQueueClass tl_pool_class = {
  .owner_class = {
    .remove = tl_queue_remove,
    .removed = tl_queue_removed,
    .before_wait = tl_queue_before_wait,
    .free = tl_pool_free,
  },
  .pushed = tl_pool_pushed,
  .where = tl_pool_where,
  .closed = tl_pool_closed,
  .at_rest = tl_pool_at_rest,
  .ended = tl_pool_ended,
};

/* ---- The life of a worker ---- */

static Worker *
move_in (TlPool *self)
{
  Worker *worker = self->free;

  if (worker != NULL)
    {
      self->free = worker->next;
    }
  else
    {
      worker = g_new0 (Worker, 1);
      g_cond_init (&worker->wake);
    }

  worker->called = worker->looking = FALSE;
  tl_queue_add_runner (&self->queue, &worker->runner);
  tl_local ()->runner = &worker->runner;

  return worker;
}

static Call
move_out (TlPool *self,
          Worker *worker)
{
  tl_queue_drop_runner (&self->queue, &worker->runner);
  tl_local ()->runner = NULL;
  worker->next = self->free;
  self->free = worker;

  self->n_workers--;
  self->n_leaving++;
  if (worker->looking)
    self->looking = FALSE;
  update_hungry (self);

  return call_another (self);
}

static gboolean
is_one_too_many (TlPool *self)
{
  return self->n_workers > self->max_workers;
}

typedef struct
{
  TlQueue *queue;
  gint     n_late;
} Outlook;

static gboolean
nothing_in_sight (gpointer data)
{
  Outlook *outlook = data;

  return tl_queue_is_empty (outlook->queue, outlook->n_late);
}

/* With the lock held, which is released in between: looks on for a little
 * while, if nobody else does. */
static void
look_on (TlPool *self,
         Worker *worker)
{
  Outlook outlook = { &self->queue, self->queue.n_late };

  if (!self->looking)
    {
      self->looking = worker->looking = TRUE;
      update_hungry (self);
    }

  g_mutex_unlock (&self->queue.lock);

  if (self->queue.notifier != NULL)
    tl_notifier_touch (self->queue.notifier, FALSE);
  if (worker->looking)
    {
      gboolean found = !tl_spin (&outlook, nothing_in_sight,
                                 tl_spin_record_is_good (&self->spins) ? g_atomic_int_get (&self->queue.owner.spin_time) : 0);

      tl_spin_record_add (&self->spins, found);
    }

  g_mutex_lock (&self->queue.lock);
}

/* With the lock held: sleeps until there may be something to do. FALSE if it
 * is time to end. */
static gboolean
sleep_on_it (TlPool *self,
             Worker *worker)
{
  TlQueue *queue = &self->queue;
  gint64 end_time = tl_time_after (self->idle_timeout);
  gboolean in_time = TRUE;

  worker->next = self->idle;
  self->idle = worker;
  if (worker->looking)
    worker->looking = self->looking = FALSE;
  update_hungry (self);

  /* What was pushed while somebody looked has called nobody; and what wakes
   * those that sleep has not woken this one while it was about to. */
  if (!queue->closed && !is_one_too_many (self) &&
      (!self->hungry || !tl_queue_has_work (queue)))
    {
      if (end_time < 0)
        g_cond_wait (&worker->wake, &queue->lock);
      else
        in_time = g_cond_wait_until (&worker->wake, &queue->lock, end_time);
    }

  if (worker->called)
    {
      worker->called = FALSE;
      worker->looking = TRUE;
      return TRUE;
    }

  forget_idle (self, worker);
  update_hungry (self);

  return in_time || tl_queue_has_work (queue);
}

/* Releases the lock, for what may take its time: nobody is to rely on a worker
 * that does something else than to look. */
static void
let_go (TlPool  *self,
        Worker  *worker,
        TlItem **dead)
{
  Call call = { NULL, FALSE };

  if (worker->looking)
    {
      worker->looking = FALSE;
      call = stop_looking (self);
    }

  g_mutex_unlock (&self->queue.lock);

  answer (self, call);
  tl_queue_bury (g_steal_pointer (dead));
}

/* With the lock held: the next task, or NULL if it is time to end. Waits for
 * it. */
static TlFuture *
next_task (TlPool  *self,
           Worker  *worker,
           TlItem **dead)
{
  TlQueue *queue = &self->queue;
  gboolean looked = FALSE;
  TlFuture *future;

  for (;;)
    {
      if (is_one_too_many (self))
        return NULL;

      future = tl_queue_take (queue, &worker->runner, G_MAXINT, dead);
      if (future != NULL)
        return future;

      if (queue->closed)
        return NULL;

      if (*dead != NULL)
        {
          let_go (self, worker, dead);
          g_mutex_lock (&queue->lock);
          continue;
        }

      if (!looked)
        {
          looked = TRUE;
          look_on (self, worker);
          continue;
        }

      if (!sleep_on_it (self, worker))
        return NULL;
      looked = FALSE;
    }
}

/* Where a worker spends its life, inside of the hook if there is one. */
static void
work (gpointer data)
{
  TlPool *self = data;
  TlQueue *queue = &self->queue;
  TlItem *dead = NULL;
  TlFuture *future;
  Worker *worker;
  Call call;

  g_mutex_lock (&queue->lock);
  worker = move_in (self);
  /* One that came through a hook has let another one look. It looks now, and
   * under the same lock: nobody counts on it any more after that. */
  worker->looking = self->hook == NULL;
  if (self->hook != NULL)
    self->n_in_hook--;

  while ((future = next_task (self, worker, &dead)) != NULL)
    {
      let_go (self, worker, &dead);
      tl_future_run (future);

      /* It is dropped when the lock has been released for the next one. */
      tl_queue_lock (queue);
      tl_queue_finish (queue, &worker->runner);
      dead = &future->item;
      dead->next = NULL;
    }

  call = move_out (self, worker);
  g_mutex_unlock (&queue->lock);

  tl_queue_bury (dead);
  answer (self, call);
}

/* A hook may take its time; nobody is to wait for it. */
static void
let_another_look (TlPool *self)
{
  Call call;

  g_mutex_lock (&self->queue.lock);
  self->n_in_hook++;
  call = stop_looking (self);
  g_mutex_unlock (&self->queue.lock);

  answer (self, call);
}

static gpointer
worker_main (gpointer data)
{
  TlPool *self = data;
  TlQueue *queue = &self->queue;
  g_autoptr(GError) error = NULL;

  if (self->hook != NULL)
    let_another_look (self);

  if (!tl_thread_live (self->hook, work, self, &error))
    {
      g_mutex_lock (&queue->lock);
      self->n_in_hook--;
      self->n_workers--;
      self->n_leaving++;
      update_hungry (self);
      g_mutex_unlock (&queue->lock);

      tl_queue_fail (queue,
                     g_error_new (TL_ERROR, TL_ERROR_BROKEN,
                                  "%s is broken: a thread of it could not be set up: %s",
                                  queue->owner.name, error->message),
                     TRUE);
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
  return MIN (tl_thread_n_processors () + 4, 32);
}

TlQueue *
tl_pool_new (const char *name,
             guint       max_workers)
{
  TlPool *self = g_new0 (TlPool, 1);

  tl_queue_init (&self->queue, &tl_pool_class, name);
  self->max_workers = max_workers > 0 ? max_workers : usual_workers ();
  self->idle_timeout = 15 * G_TIME_SPAN_SECOND;
  update_hungry (self);

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
  Call call;

  g_mutex_lock (&queue->lock);
  self->max_workers = max_workers > 0 ? max_workers : usual_workers ();
  update_hungry (self);
  /* Those that are too many have to notice. */
  wake_all (self);
  call = call_another (self);
  g_mutex_unlock (&queue->lock);

  answer (self, call);
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
  wake_all (self);
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
