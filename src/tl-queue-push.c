/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-queue-inside-private.h"

/* How work gets into a queue, and what it does where there is no room. */

/* How many tasks a worker runs inside of each other to make room. */
#define MAX_DEPTH 16

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

/* With the lock held: for how many more there is room. What is cancelled makes
 * room without it, so that this may be more the next time. */
static guint
count_room (TlQueue *self)
{
  guint n = tl_queue_count (self);

  if (self->max_queued == 0)
    return G_MAXUINT;

  return n < self->max_queued ? self->max_queued - n : 0;
}

static gboolean
is_full (TlQueue *self)
{
  return count_room (self) == 0;
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
  TlItem *dead = NULL;
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
      future = tl_queue_take (self, tl_local ()->runner, G_MAXINT, &dead);
      g_mutex_unlock (&self->lock);
      tl_queue_bury (dead);
      if (future != NULL)
        {
          tl_queue_run_inside (self, tl_local ()->runner, future);
          tl_future_unref (future);
        }
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

/* Has those who run hear of it, without the lock. */
static void
tell_pushed (TlQueue *self,
             int      priority)
{
  tl_queue_get_class (self)->pushed (self, priority);
  if (self->notifier != NULL)
    tl_notifier_touch (self->notifier, FALSE);
}

/* FALSE if the inbox is shut. */
static gboolean
push_into_inbox (TlQueue *self,
                 TlItem  *newest,
                 TlItem  *oldest)
{
  TlItem *head = g_atomic_pointer_get (&self->inbox);

  do
    {
      if (head == &tl_item_shut)
        return FALSE;
      oldest->next = head;
    }
  while (!g_atomic_pointer_compare_and_exchange_full (&self->inbox, head, newest, &head));

  return TRUE;
}

/* The futures that could not be pushed are the last ones, from @done on. */
static GError *
push_under_lock (TlQueue       *self,
                 TlFuture     **futures,
                 gsize          n,
                 gsize         *done,
                 gint64         deadline,
                 GCancellable  *cancellable)
{
  GError *error = NULL;

  g_mutex_lock (&self->lock);

  while (*done < n && error == NULL)
    {
      gsize room = count_room (self);

      error = refusal (self);
      if (error != NULL)
        break;

      if (room == 0 && !may_exceed (self))
        {
          error = make_room (self, deadline, cancellable);
          continue;
        }

      room = MIN (MAX (room, 1), n - *done);
      for (; room > 0; room--, (*done)++)
        tl_queue_add_late (self, (TlItem *) tl_future_ref (futures[*done]));

      g_mutex_unlock (&self->lock);
      tell_pushed (self, futures[0]->priority);
      g_mutex_lock (&self->lock);
    }

  g_mutex_unlock (&self->lock);

  return error;
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

  if (n == 0)
    return;

  if (futures[0]->priority != G_PRIORITY_DEFAULT && !g_atomic_int_get (&self->mixed))
    g_atomic_int_set (&self->mixed, TRUE);

  /* Nobody else knows of them yet, so that this needs not be atomic. */
  for (gsize i = 0; i < n; i++)
    {
      futures[i]->ref_count++;
      if (i > 0)
        futures[i]->item.next = &futures[i - 1]->item;
    }

  if (push_into_inbox (self, &futures[n - 1]->item, &futures[0]->item))
    {
      tell_pushed (self, futures[0]->priority);
      return;
    }

  for (gsize i = 0; i < n; i++)
    futures[i]->ref_count--;

  error = push_under_lock (self, futures, n, &done, deadline, cancellable);

  for (; done < n; done++)
    tl_future_reject (futures[done], g_error_copy (error));
}

void
tl_queue_post (TlQueue *self,
               TlItem  *post)
{
  TlFuture *future;

  if (push_into_inbox (self, post, post))
    {
      tell_pushed (self, G_PRIORITY_DEFAULT);
      return;
    }

  future = tl_future_new_from_post (&self->owner, post);
  tl_queue_push (self, &future, 1, -1, NULL);
  tl_future_unref (future);
}

/* ---- What opens and shuts the inbox ---- */

void
tl_queue_set_started (TlQueue  *self,
                      gboolean  started)
{
  g_mutex_lock (&self->lock);
  self->not_started = !started;
  tl_queue_update_inbox (self);
  g_mutex_unlock (&self->lock);
}

gboolean
tl_queue_set_limit (TlQueue *self,
                    guint    max_queued)
{
  gboolean changed;

  g_mutex_lock (&self->lock);
  changed = self->max_queued != max_queued;
  g_atomic_int_set ((gint *) &self->max_queued, (gint) max_queued);
  tl_queue_update_inbox (self);
  g_cond_broadcast (&self->room);
  g_mutex_unlock (&self->lock);

  return changed;
}
