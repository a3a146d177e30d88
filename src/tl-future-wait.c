/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-future-private.h"

/* Waiting for a future: by blocking, and by not blocking. */

static gboolean
still_pending (gpointer future)
{
  /* Who settles sees the flag, or this sees that it has settled. */
  return !(tl_future_add_flags (future, TL_PARKED) & TL_SETTLED);
}

/* The same, for one that looks and does not sleep. */
static gboolean
not_settled (gpointer future)
{
  return !(tl_future_flags (future) & TL_SETTLED);
}

/* A short look, for a result that is about to come: to sleep and to be woken
 * takes longer than most short tasks. */
static gboolean
comes_at_once (TlFuture *self,
               gint64    timeout)
{
  gint spin_time = g_atomic_int_get (&self->owner->spin_time);

  if (timeout > 0 && timeout < spin_time)
    spin_time = (gint) timeout;

  return !tl_spin (self, not_settled, spin_time);
}

static gboolean
would_deadlock (GError     **error,
                const char  *why)
{
  g_set_error_literal (error, TL_ERROR, TL_ERROR_WOULD_DEADLOCK, why);
  return FALSE;
}

static gboolean
block_until_done (TlFuture      *self,
                  gint64         timeout,
                  GCancellable  *cancellable,
                  GError       **error)
{
  gint64 end_time = tl_time_after (timeout);

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;

  if (timeout != 0 && tl_future_is_mine (self))
    return would_deadlock (error, "A task would wait for itself, which would deadlock");

  if (timeout != 0 && self->owner != NULL)
    switch (self->owner->klass->before_wait (self->owner, self))
      {
      case TL_WAIT_RAN:
        return TRUE;

      case TL_WAIT_WOULD_DEADLOCK:
        return would_deadlock (error,
                               "Waiting for this on the thread that has to run it would deadlock; "
                               "add a done-callback, or wait on another thread");

      case TL_WAIT_LOOK:
        if (comes_at_once (self, timeout))
          return TRUE;
        break;

      case TL_WAIT_BLOCK:
      default:
        break;
      }

  return tl_park (self, still_pending, end_time, cancellable, error);
}

gboolean
tl_future_wait (TlFuture      *self,
                gint64         timeout,
                GCancellable  *cancellable,
                GError       **error)
{
  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!tl_future_done (self) &&
      !block_until_done (self, timeout, cancellable, error))
    return FALSE;

  tl_home_come ();

  return TRUE;
}

/* An address of its own; that of a function is no object to ISO C. */
static char wait_tag;

typedef struct
{
  TlFuture *future;     /* not a reference: there while the callback is */
  guint     callback;
  GSource  *source;
} Wait;

static void
wait_free (gpointer data)
{
  Wait *wait = data;

  g_clear_pointer (&wait->source, g_source_unref);
  g_free (wait);
}

static void
waited_for (TlFuture *future,
            gpointer  user_data)
{
  GTask *task = user_data;
  Wait *wait = g_task_get_task_data (task);

  if (wait->source != NULL)
    {
      if (g_source_is_destroyed (wait->source))
        return;
      g_source_destroy (wait->source);
    }

  g_task_return_boolean (task, TRUE);
}

static gboolean
wait_cancelled (GCancellable *cancellable,
                gpointer      user_data)
{
  g_autoptr(GTask) task = g_object_ref (user_data);
  Wait *wait = g_task_get_task_data (task);
  guint callback = (guint) g_atomic_int_get ((gint *) &wait->callback);

  g_task_return_error_if_cancelled (task);

  /* It has not come yet, or it would have destroyed this source; and until it
   * has, the future cannot go. */
  if (callback != 0)
    tl_future_remove_done_callback (wait->future, callback);

  return G_SOURCE_REMOVE;
}

void
tl_future_wait_async (TlFuture            *self,
                      GCancellable        *cancellable,
                      GAsyncReadyCallback  callback,
                      gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  Wait *wait;
  guint callback_id;

  g_return_if_fail (self != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  /* The task does not hold the future: who waits does not keep it alive. */
  task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, &wait_tag);
  g_task_set_check_cancellable (task, FALSE);

  wait = g_new0 (Wait, 1);
  wait->future = self;
  g_task_set_task_data (task, wait, wait_free);

  if (cancellable != NULL)
    {
      wait->source = g_cancellable_source_new (cancellable);
      g_task_attach_source (task, wait->source, G_SOURCE_FUNC (wait_cancelled));
    }

  callback_id = tl_future_add_done_callback (self, waited_for,
                                             g_object_ref (task), g_object_unref);
  g_atomic_int_set ((gint *) &wait->callback, (gint) callback_id);
}

gboolean
tl_future_wait_finish (TlFuture      *self,
                       GAsyncResult  *result,
                       GError       **error)
{
  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, &wait_tag), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
task_waited (GObject      *unused,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  GError *error = NULL;

  if (tl_future_wait_finish (g_task_get_task_data (task), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
tl_future_wait_in_task (TlFuture *self,
                        GTask    *task)
{
  g_task_set_task_data (task, tl_future_ref (self), (GDestroyNotify) tl_future_unref);
  tl_future_wait_async (self, g_task_get_cancellable (task), task_waited, g_object_ref (task));
}
