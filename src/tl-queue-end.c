/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-queue-inside-private.h"

/* The end of a queue: of what is in it, and of itself. */

static void
reject_all (TlQueue      *self,
            TlItem       *all,
            const GError *error)
{
  while (all != NULL)
    {
      TlItem *item = all;
      TlFuture *future;

      all = item->next;
      future = tl_item_is_post (item) ? tl_future_new_from_post (&self->owner, item)
                                      : (TlFuture *) item;
      tl_future_reject (future, error != NULL ? g_error_copy (error) : NULL);
      tl_queue_removed (&self->owner);
      tl_future_unref (future);
    }
}

void
tl_queue_check_ended (TlQueue *self)
{
  g_autoptr(TlFuture) ended = NULL;
  gboolean over;

  g_mutex_lock (&self->lock);
  /* Who claims something counts it as being removed first, and what is claimed
   * is counted as such after that: never is there one that nothing counts. */
  over = self->closed &&
         tl_queue_count (self) == 0 &&
         self->n_running == 0 &&
         g_atomic_int_get (&self->n_removing) == 0 &&
         tl_queue_get_class (self)->at_rest (self);
  if (over)
    ended = g_steal_pointer (&self->ended);
  g_mutex_unlock (&self->lock);

  if (over && tl_queue_get_class (self)->ended != NULL)
    tl_queue_get_class (self)->ended (self);
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
  TlItem *queued = NULL;
  TlItem *dead = NULL;

  g_mutex_lock (&self->lock);

  g_atomic_int_set (&self->closed, TRUE);
  tl_queue_update_inbox (self);
  if (how != TL_SHUTDOWN_DRAIN)
    queued = tl_queue_steal (self, &dead);
  if (how == TL_SHUTDOWN_CANCEL_ALL)
    for (TlRunner *runner = self->runners; runner != NULL; runner = runner->next)
      for (TlFuture *future = runner->running; future != NULL; future = future->outer)
        g_ptr_array_add (running, tl_future_ref (future));

  g_cond_broadcast (&self->room);
  tl_queue_get_class (self)->closed (self);

  g_mutex_unlock (&self->lock);

  tl_queue_bury (dead);
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
  TlItem *queued;
  TlItem *dead = NULL;

  g_mutex_lock (&self->lock);
  if (for_good && self->broken == NULL)
    self->broken = g_error_copy (error);
  tl_queue_update_inbox (self);
  queued = tl_queue_steal (self, &dead);
  g_mutex_unlock (&self->lock);

  tl_queue_bury (dead);
  reject_all (self, queued, why);
  tl_queue_check_ended (self);
}
