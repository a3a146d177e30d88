/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-queue-private.h"

/* How many tasks a worker runs inside of each other to make room. */
#define MAX_DEPTH 16

static const TlQueueClass *
get_class (TlQueue *self)
{
  return (const TlQueueClass *) self->owner.klass;
}

void
tl_queue_init (TlQueue            *self,
               const TlQueueClass *klass,
               const char         *name)
{
  self->owner.klass = &klass->owner_class;
  self->owner.name = g_strdup (name);
  g_atomic_ref_count_init (&self->owner.ref_count);
  g_mutex_init (&self->lock);
  g_cond_init (&self->room);
  self->levels = g_array_new (FALSE, FALSE, sizeof (TlLevel));
}

void
tl_queue_clear (TlQueue *self)
{
  g_assert (self->n_queued == 0 && self->running == NULL && self->ended == NULL);

  g_array_unref (self->levels);
  g_clear_error (&self->broken);
  g_clear_pointer (&self->notifier, tl_notifier_unref);
  g_cond_clear (&self->room);
  g_mutex_clear (&self->lock);
}

TlQueue *
tl_queue_ref (TlQueue *self)
{
  return (TlQueue *) tl_owner_ref (&self->owner);
}

void
tl_queue_unref (TlQueue *self)
{
  tl_owner_unref (&self->owner);
}

TlWhere
tl_queue_where (TlQueue *self)
{
  return get_class (self)->where (self);
}

/* ---- Lists, with the lock held ---- */

static TlLevel *
find_level (TlQueue  *self,
            int       priority,
            gboolean  make)
{
  TlLevel level = { priority, NULL, NULL };
  guint i;

  for (i = 0; i < self->levels->len; i++)
    {
      TlLevel *other = &g_array_index (self->levels, TlLevel, i);

      if (other->priority == priority)
        return other;
      if (other->priority > priority)
        break;
    }

  if (!make)
    return NULL;

  g_array_insert_val (self->levels, i, level);
  return &g_array_index (self->levels, TlLevel, i);
}

static void
append (TlQueue  *self,
        TlFuture *future)
{
  TlLevel *level = find_level (self, future->priority, TRUE);

  future->place = TL_PLACE_QUEUED;
  future->prev = level->tail;
  future->next = NULL;
  if (level->tail != NULL)
    level->tail->next = future;
  else
    level->head = future;
  level->tail = future;

  self->n_queued++;
}

static void
unlink_queued (TlQueue  *self,
               TlFuture *future)
{
  TlLevel *level = find_level (self, future->priority, FALSE);

  if (future->prev != NULL)
    future->prev->next = future->next;
  else
    level->head = future->next;

  if (future->next != NULL)
    future->next->prev = future->prev;
  else
    level->tail = future->prev;

  if (level->head == NULL)
    g_array_remove_index (self->levels, (guint) (level - (TlLevel *) (gpointer) self->levels->data));

  future->place = TL_PLACE_NONE;
  future->prev = future->next = NULL;

  self->n_queued--;
  if (self->max_queued > 0)
    g_cond_signal (&self->room);
}

static void
link_running (TlQueue  *self,
              TlFuture *future)
{
  future->place = TL_PLACE_RUNNING;
  future->prev = NULL;
  future->next = self->running;
  if (self->running != NULL)
    self->running->prev = future;
  self->running = future;

  self->n_running++;
}

static void
unlink_running (TlQueue  *self,
                TlFuture *future)
{
  if (future->prev != NULL)
    future->prev->next = future->next;
  else
    self->running = future->next;
  if (future->next != NULL)
    future->next->prev = future->prev;

  future->place = TL_PLACE_NONE;
  future->prev = future->next = NULL;

  self->n_running--;
}

/* All that is queued, linked through next. */
static TlFuture *
steal_queued (TlQueue *self)
{
  TlFuture *all = NULL;
  TlFuture **end = &all;

  for (guint i = 0; i < self->levels->len; i++)
    {
      TlLevel *level = &g_array_index (self->levels, TlLevel, i);

      for (TlFuture *future = level->head; future != NULL; future = future->next)
        future->place = TL_PLACE_NONE;

      *end = level->head;
      end = &level->tail->next;
    }

  g_array_set_size (self->levels, 0);
  self->n_dropped += self->n_queued;
  self->n_queued = 0;
  g_cond_broadcast (&self->room);

  return all;
}

static void
reject_all (TlQueue      *self,
            TlFuture     *all,
            const GError *error)
{
  while (all != NULL)
    {
      TlFuture *future = all;

      all = future->next;
      future->next = future->prev = NULL;
      tl_future_reject (future, error != NULL ? g_error_copy (error) : NULL);
      tl_queue_dropped (&self->owner);
      tl_future_unref (future);
    }
}

/* ---- Taking and running ---- */

TlFuture *
tl_queue_take (TlQueue *self,
               int      priority)
{
  TlLevel *level;
  TlFuture *future;

  if (self->n_queued == 0)
    return NULL;

  level = &g_array_index (self->levels, TlLevel, 0);
  if (level->priority > priority)
    return NULL;

  future = level->head;
  unlink_queued (self, future);
  link_running (self, future);

  return future;
}

void
tl_queue_run (TlQueue  *self,
              TlFuture *future)
{
  gboolean closed;

  tl_future_run (future);

  g_mutex_lock (&self->lock);
  unlink_running (self, future);
  closed = self->closed;
  g_mutex_unlock (&self->lock);

  tl_future_unref (future);
  if (closed)
    tl_queue_check_ended (self);
}

gboolean
tl_queue_remove (TlOwner  *owner,
                 TlFuture *future)
{
  TlQueue *self = (TlQueue *) owner;
  gboolean removed;

  g_mutex_lock (&self->lock);
  removed = future->place == TL_PLACE_QUEUED;
  if (removed)
    {
      unlink_queued (self, future);
      self->n_dropped++;
    }
  g_mutex_unlock (&self->lock);

  return removed;
}

void
tl_queue_dropped (TlOwner *owner)
{
  TlQueue *self = (TlQueue *) owner;
  gboolean closed;

  g_mutex_lock (&self->lock);
  self->n_dropped--;
  closed = self->closed;
  g_mutex_unlock (&self->lock);

  if (closed)
    tl_queue_check_ended (self);
}

TlWaitAdvice
tl_queue_before_wait (TlOwner  *owner,
                      TlFuture *future)
{
  TlQueue *self = (TlQueue *) owner;
  gboolean mine;

  switch (tl_queue_where (self))
    {
    case TL_ON_LOOP:
      return TL_WAIT_WOULD_DEADLOCK;

    case TL_ON_WORKER:
      if (future->func == NULL)
        return TL_WAIT_WOULD_DEADLOCK;

      g_mutex_lock (&self->lock);
      mine = future->place == TL_PLACE_QUEUED;
      if (mine)
        {
          unlink_queued (self, future);
          link_running (self, future);
        }
      g_mutex_unlock (&self->lock);

      if (!mine)
        return TL_WAIT_BLOCK;

      tl_queue_run (self, future);
      return TL_WAIT_RAN;

    case TL_ELSEWHERE:
    default:
      return TL_WAIT_BLOCK;
    }
}

/* ---- Pushing ---- */

/* With the lock held. */
static GError *
refusal (TlQueue *self)
{
  if (self->broken != NULL)
    return g_error_copy (self->broken);

  if (self->closed)
    return g_error_new (TL_ERROR, TL_ERROR_SHUT_DOWN,
                        "%s was shut down and takes no more work", self->owner.name);

  if (self->not_started)
    return g_error_new (TL_ERROR, TL_ERROR_NOT_STARTED,
                        "%s has not been started yet", self->owner.name);

  return NULL;
}

static void
wake_submitters (GCancellable *cancellable,
                 gpointer      user_data)
{
  TlQueue *self = user_data;

  g_mutex_lock (&self->lock);
  g_cond_broadcast (&self->room);
  g_mutex_unlock (&self->lock);
}

static gboolean
is_full (TlQueue *self)
{
  return self->max_queued > 0 && self->n_queued >= self->max_queued;
}

/* With the lock held, which is released in between. */
static GError *
wait_for_room (TlQueue      *self,
               gint64        deadline,
               GCancellable *cancellable)
{
  GError *error = NULL;
  gulong handler = 0;
  gboolean in_time = TRUE;

  if (cancellable != NULL)
    {
      g_mutex_unlock (&self->lock);
      handler = g_cancellable_connect (cancellable, G_CALLBACK (wake_submitters), self, NULL);
      g_mutex_lock (&self->lock);
    }

  while (is_full (self) && !self->closed && self->broken == NULL && in_time &&
         self->when_full == TL_WHEN_FULL_BLOCK &&
         !g_cancellable_is_cancelled (cancellable))
    {
      if (deadline < 0)
        g_cond_wait (&self->room, &self->lock);
      else
        in_time = g_cond_wait_until (&self->room, &self->lock, deadline);
    }

  if (cancellable != NULL)
    {
      g_mutex_unlock (&self->lock);
      g_cancellable_disconnect (cancellable, handler);
      g_mutex_lock (&self->lock);

      if (g_cancellable_set_error_if_cancelled (cancellable, &error))
        {
          /* The room that woke this one is for another. */
          g_cond_signal (&self->room);
          return error;
        }
    }

  if (!in_time)
    return g_error_new (G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
                        "%s had no room for the task in time; it was not started",
                        self->owner.name);

  return NULL;
}

/* With the lock held, which is released in between. NULL means that there may
 * be room now. */
static GError *
make_room (TlQueue      *self,
           gint64        deadline,
           GCancellable *cancellable)
{
  TlFuture *future;

  if (self->when_full == TL_WHEN_FULL_FAIL)
    return g_error_new (TL_ERROR, TL_ERROR_QUEUE_FULL,
                        "%s has as many tasks queued as it may, which is %u",
                        self->owner.name, self->max_queued);

  switch (tl_queue_where (self))
    {
    case TL_ON_LOOP:
      return g_error_new (TL_ERROR, TL_ERROR_WOULD_DEADLOCK,
                          "%s is full, and waiting for room on its own thread would deadlock",
                          self->owner.name);

    case TL_ON_WORKER:
      /* All the others may be here for the same reason. */
      future = tl_queue_take (self, G_MAXINT);
      g_mutex_unlock (&self->lock);
      tl_queue_run (self, future);
      g_mutex_lock (&self->lock);
      return NULL;

    case TL_ELSEWHERE:
    default:
      return wait_for_room (self, deadline, cancellable);
    }
}

/* A worker that makes room runs a task, which may come here again, and so on
 * until the stack is full. That is worse than a queue that is longer than it
 * should be. */
static gboolean
may_exceed (TlQueue *self)
{
  return self->when_full == TL_WHEN_FULL_BLOCK &&
         tl_future_depth () >= MAX_DEPTH &&
         tl_queue_where (self) == TL_ON_WORKER;
}

void
tl_queue_push (TlQueue       *self,
               TlFuture     **futures,
               gsize          n,
               gint64         deadline,
               GCancellable  *cancellable)
{
  g_autoptr(GError) error = NULL;
  gsize done = 0;

  g_mutex_lock (&self->lock);

  while (done < n)
    {
      gsize room = n - done;
      gpointer todo;

      error = refusal (self);
      if (error == NULL && is_full (self) && !may_exceed (self))
        {
          error = make_room (self, deadline, cancellable);
          if (error == NULL)
            continue;
        }
      if (error != NULL)
        break;

      if (is_full (self))
        room = 1;
      else if (self->max_queued > 0)
        room = MIN (room, self->max_queued - self->n_queued);

      for (; room > 0; room--, done++)
        append (self, tl_future_ref (futures[done]));

      todo = get_class (self)->pushed (self, futures[0]->priority);

      g_mutex_unlock (&self->lock);
      if (todo != NULL)
        get_class (self)->wake (self, todo);
      if (self->notifier != NULL)
        tl_notifier_touch (self->notifier, FALSE);
      if (done == n)
        return;
      g_mutex_lock (&self->lock);
    }

  g_mutex_unlock (&self->lock);

  for (; done < n; done++)
    tl_future_reject (futures[done], g_error_copy (error));
}

/* ---- The end ---- */

void
tl_queue_check_ended (TlQueue *self)
{
  g_autoptr(TlFuture) ended = NULL;
  gboolean over;

  g_mutex_lock (&self->lock);
  over = self->closed &&
         self->n_queued == 0 &&
         self->n_running == 0 &&
         self->n_dropped == 0 &&
         get_class (self)->at_rest (self);
  if (over)
    ended = g_steal_pointer (&self->ended);
  g_mutex_unlock (&self->lock);

  if (over && get_class (self)->ended != NULL)
    get_class (self)->ended (self);
  if (ended != NULL)
    tl_future_set_done (ended);
}

TlFuture *
tl_queue_ref_ended (TlQueue *self)
{
  g_autoptr(TlFuture) new = tl_future_new_owned (&self->owner);
  TlFuture *ended;

  g_mutex_lock (&self->lock);
  if (self->ended == NULL)
    self->ended = g_steal_pointer (&new);
  ended = tl_future_ref (self->ended);
  g_mutex_unlock (&self->lock);

  tl_queue_check_ended (self);

  return ended;
}

void
tl_queue_close (TlQueue    *self,
                TlShutdown  how)
{
  g_autoptr(GPtrArray) running = g_ptr_array_new_with_free_func ((GDestroyNotify) tl_future_unref);
  TlFuture *queued = NULL;

  g_mutex_lock (&self->lock);

  self->closed = TRUE;
  if (how != TL_SHUTDOWN_DRAIN)
    queued = steal_queued (self);
  if (how == TL_SHUTDOWN_CANCEL_ALL)
    for (TlFuture *future = self->running; future != NULL; future = future->next)
      g_ptr_array_add (running, tl_future_ref (future));

  g_cond_broadcast (&self->room);
  get_class (self)->closed (self);

  g_mutex_unlock (&self->lock);

  reject_all (self, queued, NULL);
  for (guint i = 0; i < running->len; i++)
    tl_future_cancel (running->pdata[i]);

  tl_queue_check_ended (self);
}

void
tl_queue_fail (TlQueue  *self,
               GError   *error,
               gboolean  for_good)
{
  g_autoptr(GError) why = error;
  TlFuture *queued;

  g_mutex_lock (&self->lock);
  if (for_good && self->broken == NULL)
    self->broken = g_error_copy (error);
  queued = steal_queued (self);
  g_mutex_unlock (&self->lock);

  reject_all (self, queued, why);
  tl_queue_check_ended (self);
}
