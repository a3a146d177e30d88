/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-loop-private.h"

/* How long one turn of the main loop may go on running tasks. */
#define BUDGET (2 * G_TIME_SPAN_MILLISECOND)

typedef struct _Bell Bell;

/* Gets the loop to look at the queue, at the priority of what is queued. */
struct _Bell
{
  TlLetter   letter;
  Bell      *next;
  TlLoop    *loop;            /* a reference while it is posted */
  TlMailbox *mailbox;
  int        priority;
  gint       posted;          /* atomic */
};

struct _TlLoop
{
  TlQueue       queue;

  GMainContext *context;      /* not a reference */
  TlMailbox    *mailbox;
  TlRunner      runner;

  /* The one for the default priority is always there, and the last in the
   * list; the others, under the queue's lock, when they have been needed. */
  Bell          bell;
  Bell         *bells;
};

static void bell_arrived (TlLetter *letter,
                          gboolean  discarded);

static void
bell_init (Bell      *bell,
           TlLoop    *loop,
           int        priority)
{
  bell->letter.func = bell_arrived;
  bell->loop = loop;
  bell->mailbox = tl_mailbox_ref_for_context (loop->context, priority);
  bell->priority = priority;
  bell->next = loop->bells;
  loop->bells = bell;
}

static Bell *
find_bell (TlLoop *self,
           int     priority)
{
  Bell *bell;

  if (priority == G_PRIORITY_DEFAULT)
    return &self->bell;

  g_mutex_lock (&self->queue.lock);

  for (bell = self->bells; bell != NULL; bell = bell->next)
    if (bell->priority == priority)
      break;

  if (bell == NULL)
    {
      bell = g_new0 (Bell, 1);
      bell_init (bell, self, priority);
    }

  g_mutex_unlock (&self->queue.lock);

  return bell;
}

static void
ring (Bell *bell)
{
  if (g_atomic_int_get (&bell->posted) ||
      !g_atomic_int_compare_and_exchange (&bell->posted, FALSE, TRUE))
    return;

  tl_queue_ref (&bell->loop->queue);
  tl_mailbox_post (bell->mailbox, &bell->letter);
}

static void
tl_loop_pushed (TlQueue *queue,
                int      priority)
{
  ring (find_bell ((TlLoop *) queue, priority));
}

/* In the loop, after the bell was taken down. */
static void
run_some (TlLoop *self,
          Bell   *bell)
{
  TlQueue *queue = &self->queue;
  gint64 end = g_get_monotonic_time () + BUDGET;
  gboolean late = FALSE;
  TlItem *dead = NULL;
  TlFuture *future;

  tl_queue_lock (queue);

  while (!late &&
         (future = tl_queue_take (queue, &self->runner, bell->priority, &dead)) != NULL)
    {
      /* If there is more, ring first: the task may run a main loop of its own,
       * and this turn may not get to the end of the queue. */
      gboolean more = tl_queue_has_work (queue);

      g_mutex_unlock (&queue->lock);

      if (more)
        ring (bell);
      tl_queue_bury (g_steal_pointer (&dead));
      tl_future_run (future);
      late = g_get_monotonic_time () >= end;

      /* It is dropped when the lock has been released for the next one. */
      tl_queue_lock (queue);
      tl_queue_finish (queue, &self->runner);
      dead = &future->item;
      dead->next = NULL;
    }

  g_mutex_unlock (&queue->lock);
  tl_queue_bury (dead);
}

static void
bell_arrived (TlLetter *letter,
              gboolean  discarded)
{
  Bell *bell = (Bell *) letter;
  TlLoop *self = bell->loop;
  g_autoptr(TlQueue) queue = &self->queue;

  if (discarded)
    {
      tl_queue_fail (queue,
                     g_error_new (TL_ERROR, TL_ERROR_ABANDONED,
                                  "%s: the main context was destroyed before it got to the task",
                                  queue->owner.name),
                     TRUE);
      return;
    }

  /* Not any more: what is pushed from here on rings again, for a main loop
   * inside of a task to hear. */
  g_atomic_int_set (&bell->posted, FALSE);
  run_some (self, bell);

  if (g_atomic_int_get (&queue->closed))
    tl_queue_check_ended (queue);
  if (queue->notifier != NULL)
    tl_notifier_touch (queue->notifier, FALSE);
}

static TlWhere
tl_loop_where (TlQueue *queue)
{
  return tl_mailbox_is_mine (((TlLoop *) queue)->mailbox) ? TL_ON_LOOP : TL_ELSEWHERE;
}

static void
tl_loop_closed (TlQueue *queue)
{
}

static gboolean
tl_loop_at_rest (TlQueue *queue)
{
  return TRUE;
}

static void
tl_loop_free (TlOwner *owner)
{
  TlLoop *self = (TlLoop *) owner;

  while (self->bells != NULL)
    {
      Bell *bell = self->bells;

      self->bells = bell->next;
      tl_mailbox_unref (bell->mailbox);
      if (bell != &self->bell)
        g_free (bell);
    }

  tl_queue_drop_runner (&self->queue, &self->runner);
  tl_mailbox_unref (self->mailbox);
  tl_queue_clear (&self->queue);
  g_free (self);
}

static const TlQueueClass tl_loop_class = {
  .owner_class = {
    .remove = tl_queue_remove,
    .removed = tl_queue_removed,
    .before_wait = tl_queue_before_wait,
    .free = tl_loop_free,
  },
  .pushed = tl_loop_pushed,
  .where = tl_loop_where,
  .closed = tl_loop_closed,
  .at_rest = tl_loop_at_rest,
};

TlQueue *
tl_loop_new (GMainContext *context,
             const char   *name)
{
  TlLoop *self = g_new0 (TlLoop, 1);

  tl_queue_init (&self->queue, &tl_loop_class, name);
  self->context = context;
  self->mailbox = tl_mailbox_ref_for_context (context, G_PRIORITY_DEFAULT);
  tl_queue_add_runner (&self->queue, &self->runner);
  bell_init (&self->bell, self, G_PRIORITY_DEFAULT);

  return &self->queue;
}
