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
  gboolean   posted;
};

struct _TlLoop
{
  TlQueue       queue;

  GMainContext *context;      /* not a reference */
  TlMailbox    *mailbox;

  /* Under the queue's lock. */
  Bell         *bells;
};

static void bell_arrived (TlLetter *letter,
                          gboolean  discarded);

static gpointer
tl_loop_pushed (TlQueue *queue,
                int      priority)
{
  TlLoop *self = (TlLoop *) queue;
  Bell *bell;

  for (bell = self->bells; bell != NULL; bell = bell->next)
    if (bell->priority == priority)
      break;

  if (bell == NULL)
    {
      bell = g_new0 (Bell, 1);
      bell->letter.func = bell_arrived;
      bell->loop = self;
      bell->mailbox = tl_mailbox_ref_for_context (self->context, priority);
      bell->priority = priority;
      bell->next = self->bells;
      self->bells = bell;
    }

  if (bell->posted)
    return NULL;

  bell->posted = TRUE;
  return bell;
}

static void
tl_loop_wake (TlQueue  *queue,
              gpointer  todo)
{
  Bell *bell = todo;

  tl_queue_ref (queue);
  tl_mailbox_post (bell->mailbox, &bell->letter);
}

static void
bell_arrived (TlLetter *letter,
              gboolean  discarded)
{
  Bell *bell = (Bell *) letter;
  g_autoptr(TlQueue) queue = &bell->loop->queue;
  gint64 end = g_get_monotonic_time () + BUDGET;
  TlFuture *future;

  if (discarded)
    {
      tl_queue_fail (queue,
                     g_error_new (TL_ERROR, TL_ERROR_ABANDONED,
                                  "%s: the main context was destroyed before it got to the task",
                                  queue->owner.name),
                     TRUE);
      return;
    }

  g_mutex_lock (&queue->lock);

  /* Not any more: what is pushed from here on rings again, for a main loop
   * inside of a task to hear. */
  bell->posted = FALSE;

  while ((future = tl_queue_take (queue, bell->priority)) != NULL)
    {
      /* If there is more, ring first: the task may run a main loop of its own,
       * and this turn may not get to the end of the queue. */
      gboolean ring = queue->n_queued > 0 && !bell->posted;

      bell->posted |= ring;
      g_mutex_unlock (&queue->lock);

      if (ring)
        tl_loop_wake (queue, bell);
      tl_queue_run (queue, future);

      g_mutex_lock (&queue->lock);

      if (g_get_monotonic_time () >= end)
        break;
    }

  g_mutex_unlock (&queue->lock);

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
      g_free (bell);
    }

  tl_mailbox_unref (self->mailbox);
  tl_queue_clear (&self->queue);
  g_free (self);
}

static const TlQueueClass tl_loop_class = {
  .owner_class = {
    .remove = tl_queue_remove,
    .dropped = tl_queue_dropped,
    .before_wait = tl_queue_before_wait,
    .free = tl_loop_free,
  },
  .pushed = tl_loop_pushed,
  .wake = tl_loop_wake,
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

  return &self->queue;
}
