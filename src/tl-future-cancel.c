/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-future-private.h"

/* What ends a future before its time: cancelling it, what it follows, its
 * deadline. */

guint
tl_future_ask_to_end (TlFuture *self,
                      guint     flags)
{
  g_autoptr(GCancellable) cancellable = NULL;
  guint old;

  tl_future_lock (self);
  old = tl_future_add_flags (self, flags);
  if (self->extra != NULL && self->extra->cancellable != NULL)
    cancellable = g_object_ref (self->extra->cancellable);
  tl_future_unlock (self);

  g_cancellable_cancel (cancellable);

  return old;
}

TlCancel
tl_future_cancel (TlFuture *self)
{
  g_return_val_if_fail (self != NULL, TL_CANCEL_TOO_LATE);

  if (tl_future_done (self))
    return TL_CANCEL_TOO_LATE;

  if (self->owner == NULL)
    {
      if (!tl_future_give (self, (TlResult) { .type = G_TYPE_ERROR }))
        return TL_CANCEL_TOO_LATE;
      tl_future_ask_to_end (self, TL_ASKED);
      return TL_CANCEL_DONE;
    }

  if (tl_future_remove (self))
    {
      tl_future_reject (self, NULL);
      self->owner->klass->removed (self->owner);
      return TL_CANCEL_DONE;
    }

  return tl_future_ask_to_end (self, TL_ASKED) & TL_SETTLED ? TL_CANCEL_TOO_LATE : TL_CANCEL_REQUESTED;
}

static void
deadline_passed (gpointer data)
{
  TlFuture *self = data;

  if (tl_future_done (self))
    return;

  if (tl_future_remove (self))
    {
      tl_future_ask_to_end (self, TL_TIMED_OUT);
      tl_future_reject (self, tl_future_late_error (self));
      self->owner->klass->removed (self->owner);
    }
  else
    {
      tl_future_ask_to_end (self, TL_TIMED_OUT);
    }
}

static void
followed_cancelled (GCancellable *cancellable,
                    gpointer      user_data)
{
  tl_future_cancel (user_data);
}

void
tl_future_follow (TlFuture     *self,
                  GCancellable *cancellable)
{
  gulong id;
  gboolean late;

  id = g_cancellable_connect (cancellable, G_CALLBACK (followed_cancelled),
                              tl_future_ref (self), (GDestroyNotify) tl_future_unref);
  if (id == 0)
    return;

  tl_future_lock (self);
  late = (tl_future_add_flags (self, TL_LINKED) & TL_SETTLED) != 0;
  if (!late)
    {
      tl_future_need_extra (self)->followed = g_object_ref (cancellable);
      self->extra->followed_id = id;
    }
  tl_future_unlock (self);

  if (late)
    g_signal_handler_disconnect (cancellable, id);
}

void
tl_future_set_deadline (TlFuture *self,
                        gint64    deadline)
{
  g_autoptr(GError) error = NULL;
  TlTimer *timer;
  gboolean late;

  timer = tl_timer_add (deadline, deadline_passed,
                        tl_future_ref (self), (GDestroyNotify) tl_future_unref, &error);
  if (timer == NULL)
    {
      tl_future_unref (self);
      if (tl_future_remove (self))
        {
          tl_future_reject (self, g_steal_pointer (&error));
          self->owner->klass->removed (self->owner);
        }
      return;
    }

  tl_future_lock (self);
  late = (tl_future_add_flags (self, TL_LINKED) & TL_SETTLED) != 0;
  if (!late)
    tl_future_need_extra (self)->deadline = timer;
  tl_future_unlock (self);

  if (late)
    tl_timer_remove (timer);
}

GCancellable *
tl_future_get_cancellable (TlFuture *self)
{
  g_autoptr(GCancellable) made = NULL;
  GCancellable *cancellable;
  gboolean tripped;

  g_return_val_if_fail (self != NULL, NULL);

  tl_future_lock (self);
  cancellable = self->extra != NULL ? self->extra->cancellable : NULL;
  tl_future_unlock (self);

  if (cancellable != NULL)
    return cancellable;

  made = g_cancellable_new ();

  tl_future_lock (self);
  if (tl_future_need_extra (self)->cancellable == NULL)
    self->extra->cancellable = g_steal_pointer (&made);
  cancellable = self->extra->cancellable;
  tripped = tl_future_cancel_requested (self);
  tl_future_unlock (self);

  if (tripped)
    g_cancellable_cancel (cancellable);

  return cancellable;
}

gboolean
tl_future_cancel_requested (TlFuture *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return (tl_future_flags (self) & (TL_ASKED | TL_TIMED_OUT)) != 0;
}
