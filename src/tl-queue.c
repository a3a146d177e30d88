/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-queue-inside-private.h"

#include "tl-thread-private.h"

/* The order of work: what is in a queue, whose turn it is, and who runs it. How
 * work gets in is in tl-queue-push.c, and the end in tl-queue-end.c. */

/* How many cancelled ones may lie about before somebody clears them away. */
#define MANY_CLAIMED 1024

TlItem tl_item_shut;

void
tl_queue_init (TlQueue            *self,
               const TlQueueClass *klass,
               const char         *name)
{
  TlLevel usual = { G_PRIORITY_DEFAULT, NULL, NULL };

  tl_owner_init (&self->owner, &klass->owner_class, name);
  self->n_processors = tl_thread_n_processors ();
  g_mutex_init (&self->lock);
  g_cond_init (&self->room);
  self->levels = g_array_new (FALSE, FALSE, sizeof (TlLevel));
  g_array_append_val (self->levels, usual);
}

void
tl_queue_clear (TlQueue *self)
{
  g_assert (self->n_listed == 0 && self->runners == NULL && self->ended == NULL);

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
  return tl_queue_get_class (self)->where (self);
}

/* ---- Lists, with the lock held ---- */

static TlLevel *
find_level (TlQueue *self,
            int      priority)
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

  g_array_insert_val (self->levels, i, level);
  return &g_array_index (self->levels, TlLevel, i);
}

/* What is linked from @first to @last. */
static void
append (TlQueue *self,
        int      priority,
        TlItem  *first,
        TlItem  *last,
        guint    n)
{
  TlLevel *level = find_level (self, priority);

  last->next = NULL;
  if (level->tail != NULL)
    level->tail->next = first;
  else
    level->head = first;
  level->tail = last;

  self->n_listed += n;
}

static int
get_priority (TlItem *item)
{
  return tl_item_is_post (item) ? G_PRIORITY_DEFAULT : ((TlFuture *) item)->priority;
}

/* What was in the inbox, in order, goes into the levels. */
static void
sort (TlQueue *self,
      TlItem  *newest)
{
  TlItem *last = newest;
  TlItem *first = NULL;
  guint n = 0;

  for (; newest != NULL; n++)
    {
      TlItem *next = newest->next;

      newest->next = first;
      first = newest;
      newest = next;
    }

  if (first == NULL)
    return;

  if (!g_atomic_int_get (&self->mixed))
    {
      append (self, G_PRIORITY_DEFAULT, first, last, n);
      return;
    }

  while (first != NULL)
    {
      TlItem *item = first;

      first = item->next;
      append (self, get_priority (item), item, item, 1);
    }
}

static void
empty_inbox (TlQueue *self)
{
  TlItem *newest = g_atomic_pointer_get (&self->inbox);

  /* Only who has the lock shuts it, so it cannot become that meanwhile. */
  if (newest != NULL && newest != &tl_item_shut)
    sort (self, g_atomic_pointer_exchange (&self->inbox, NULL));
}

void
tl_queue_add_late (TlQueue *self,
                   TlItem  *item)
{
  empty_inbox (self);
  append (self, get_priority (item), item, item, 1);
  g_atomic_int_inc (&self->n_late);
}

void
tl_queue_update_inbox (TlQueue *self)
{
  gboolean is_shut = g_atomic_pointer_get (&self->inbox) == &tl_item_shut;
  gboolean has_to_be = self->closed || self->not_started ||
                       self->broken != NULL || self->max_queued > 0;

  if (has_to_be && !is_shut)
    sort (self, g_atomic_pointer_exchange (&self->inbox, &tl_item_shut));
  else if (is_shut && !has_to_be)
    g_atomic_pointer_set (&self->inbox, NULL);
}

/* Where in the levels the next one is, or -1. */
static int
find_next (TlQueue *self,
           int      priority)
{
  /* In the inbox there may be one that is more urgent. */
  if (self->n_listed == 0 || g_atomic_int_get (&self->mixed))
    empty_inbox (self);

  for (guint i = 0; i < self->levels->len; i++)
    {
      TlLevel *level = &g_array_index (self->levels, TlLevel, i);

      if (level->priority > priority)
        return -1;
      if (level->head != NULL)
        return (int) i;
    }

  return -1;
}

static TlItem *
unlink_first (TlQueue *self,
              guint    i)
{
  TlLevel *level = &g_array_index (self->levels, TlLevel, i);
  TlItem *item = level->head;

  level->head = item->next;
  item->next = NULL;

  if (level->head == NULL)
    {
      level->tail = NULL;
      if (level->priority != G_PRIORITY_DEFAULT)
        g_array_remove_index (self->levels, i);
    }

  self->n_listed--;
  return item;
}

gboolean
tl_queue_has_work (TlQueue *self)
{
  TlItem *newest = g_atomic_pointer_get (&self->inbox);

  return self->n_listed > 0 || (newest != NULL && newest != &tl_item_shut);
}

guint
tl_queue_count (TlQueue *self)
{
  gint n;

  empty_inbox (self);
  n = (gint) self->n_listed - g_atomic_int_get (&self->n_claimed);

  return (guint) MAX (n, 0);
}

gboolean
tl_queue_is_empty (TlQueue *self,
                   gint     n_late)
{
  TlItem *newest = g_atomic_pointer_get (&self->inbox);

  return newest == NULL ||
         (newest == &tl_item_shut && g_atomic_int_get (&self->n_late) == n_late);
}

void
tl_queue_lock (TlQueue *self)
{
  /* It is held for a few dozen instructions, and to sleep takes thousands. */
  if (g_atomic_int_get (&self->owner.spin_time) > 0)
    for (guint i = 0; i < 64; i++)
      {
        if (g_mutex_trylock (&self->lock))
          return;
        tl_relax ();
      }

  g_mutex_lock (&self->lock);
}

static void
make_known_room (TlQueue *self)
{
  if (self->max_queued > 0)
    g_cond_signal (&self->room);
}

TlItem *
tl_queue_steal (TlQueue  *self,
                TlItem  **dead)
{
  TlItem *all = NULL;
  TlItem **end = &all;
  int i;

  empty_inbox (self);

  while ((i = find_next (self, G_MAXINT)) >= 0)
    {
      TlItem *item = unlink_first (self, (guint) i);

      if (tl_item_is_post (item) || tl_future_claim ((TlFuture *) item, 0))
        {
          g_atomic_int_inc (&self->n_removing);
          *end = item;
          end = &item->next;
        }
      else
        {
          g_atomic_int_add (&self->n_claimed, -1);
          item->next = *dead;
          *dead = item;
        }
    }

  g_cond_broadcast (&self->room);

  return all;
}

/* Throws out what was claimed, if it is the better part of the list. */
static void
sweep (TlQueue  *self,
       TlItem  **dead)
{
  empty_inbox (self);
  if (g_atomic_int_get (&self->n_claimed) < (gint) (self->n_listed / 2))
    return;

  for (guint i = 0; i < self->levels->len; i++)
    {
      TlLevel *level = &g_array_index (self->levels, TlLevel, i);
      TlItem **link = &level->head;

      level->tail = NULL;
      while (*link != NULL)
        {
          TlItem *item = *link;

          if (tl_item_is_post (item) ||
              !(tl_future_flags ((TlFuture *) item) & TL_CLAIMED))
            {
              level->tail = item;
              link = &item->next;
              continue;
            }

          *link = item->next;
          item->next = *dead;
          *dead = item;
          self->n_listed--;
          g_atomic_int_add (&self->n_claimed, -1);
        }
    }
}

/* ---- Without the lock ---- */

void
tl_queue_bury (TlItem *dead)
{
  while (dead != NULL)
    {
      TlFuture *future = (TlFuture *) dead;

      dead = dead->next;
      tl_future_unref (future);
    }
}

/* ---- Taking and running ---- */

void
tl_queue_add_runner (TlQueue  *self,
                     TlRunner *runner)
{
  runner->queue = self;
  runner->running = NULL;
  runner->next = self->runners;
  self->runners = runner;
}

void
tl_queue_drop_runner (TlQueue  *self,
                      TlRunner *runner)
{
  TlRunner **link = &self->runners;

  while (*link != runner)
    link = &(*link)->next;
  *link = runner->next;
}

static void
begin (TlQueue  *self,
       TlRunner *runner,
       TlFuture *future)
{
  future->outer = runner->running;
  runner->running = future;
  self->n_running++;
}

void
tl_queue_finish (TlQueue  *self,
                 TlRunner *runner)
{
  runner->running = runner->running->outer;
  self->n_running--;
}

TlFuture *
tl_queue_take (TlQueue   *self,
               TlRunner  *runner,
               int        priority,
               TlItem   **dead)
{
  int i;

  while ((i = find_next (self, priority)) >= 0)
    {
      TlItem *item = unlink_first (self, (guint) i);
      TlFuture *future;

      if (tl_item_is_post (item))
        {
          future = tl_future_new_from_post (&self->owner, item);
          tl_future_claim (future, TL_RUNNING);
        }
      else
        {
          future = (TlFuture *) item;
          if (!tl_future_claim (future, TL_RUNNING))
            {
              g_atomic_int_add (&self->n_claimed, -1);
              item->next = *dead;
              *dead = item;
              continue;
            }
        }

      make_known_room (self);
      begin (self, runner, future);

      return future;
    }

  return NULL;
}

gboolean
tl_queue_remove (TlOwner  *owner,
                 TlFuture *future)
{
  TlQueue *self = (TlQueue *) owner;
  TlItem *dead = NULL;
  gint n;

  /* Before anybody can find it gone. */
  g_atomic_int_inc (&self->n_removing);

  if (!tl_future_claim (future, 0))
    {
      tl_queue_removed (owner);
      return FALSE;
    }

  n = g_atomic_int_add (&self->n_claimed, 1) + 1;

  if (n % MANY_CLAIMED == 0 || g_atomic_int_get ((gint *) &self->max_queued) != 0)
    {
      g_mutex_lock (&self->lock);
      make_known_room (self);
      if (n % MANY_CLAIMED == 0)
        sweep (self, &dead);
      g_mutex_unlock (&self->lock);

      tl_queue_bury (dead);
    }

  return TRUE;
}

void
tl_queue_removed (TlOwner *owner)
{
  TlQueue *self = (TlQueue *) owner;

  g_atomic_int_add (&self->n_removing, -1);

  if (g_atomic_int_get (&self->closed))
    tl_queue_check_ended (self);
}

void
tl_queue_run_inside (TlQueue  *self,
                     TlRunner *runner,
                     TlFuture *future)
{
  tl_future_run (future);

  g_mutex_lock (&self->lock);
  tl_queue_finish (self, runner);
  g_mutex_unlock (&self->lock);
}

/* Whether who only looks takes no processor from those who run. A guess: it is
 * read without the lock. */
static gboolean
leaves_a_processor (TlQueue *self)
{
  return (guint) g_atomic_int_get ((gint *) &self->n_running) < self->n_processors;
}

TlWaitAdvice
tl_queue_before_wait (TlOwner  *owner,
                      TlFuture *future)
{
  TlQueue *self = (TlQueue *) owner;
  TlRunner *runner;

  switch (tl_queue_where (self))
    {
    case TL_ON_LOOP:
      return TL_WAIT_WOULD_DEADLOCK;

    case TL_ON_WORKER:
      if (future->item.func == NULL)
        return TL_WAIT_WOULD_DEADLOCK;

      if (!tl_future_claim (future, TL_RUNNING))
        return TL_WAIT_BLOCK;

      g_atomic_int_inc (&self->n_claimed);
      runner = tl_local ()->runner;

      g_mutex_lock (&self->lock);
      begin (self, runner, future);
      make_known_room (self);
      g_mutex_unlock (&self->lock);

      tl_queue_run_inside (self, runner, future);
      return TL_WAIT_RAN;

    case TL_ELSEWHERE:
    default:
      return leaves_a_processor (self) ? TL_WAIT_LOOK : TL_WAIT_BLOCK;
    }
}
