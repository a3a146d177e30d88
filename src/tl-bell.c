/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-executor-private.h"

#include "tl-future-private.h"
#include "tl-home-private.h"
#include "tl-lookout-private.h"

/* The lock guards what is below it, and no other lock is taken under it. */
struct _TlBell
{
  gatomicrefcount  ref_count;
  TlBellFunc       func;
  gpointer         user_data;
  GDestroyNotify   destroy;
  TlHome          *home;
  TlQueue         *queue;         /* NULL for one that hangs at home */
  gint             priority;      /* atomic; of the rings to come */
  gint             rung;          /* atomic; at home several rings are one */
  gint             closed;        /* atomic; written under the lock */

  GMutex           lock;
  GCond            left;
  guint            n_inside;
  guint            n_closing;     /* those that wait until nobody is inside */
  gboolean         released;      /* the user data, or about to be */
};

/* What becomes of a ring is for one to say. As long as tl_bell_ring() has not
 * returned it is for that, and the function hears nothing of a failure; from
 * then on the function hears of it. */
enum
{
  RINGING,
  ACCEPTED,
  REFUSED,
};

/* One for an executor. */
typedef struct
{
  gatomicrefcount  ref_count;
  TlBell          *bell;
  gint             state;         /* atomic; changes once */
  guint            n_waits;       /* when it was rung, see tl_lookout_stay() */
  gint64           time;
} Ring;

/* The functions that the calling thread is in, one inside of the other. */
typedef struct _Visit Visit;

struct _Visit
{
  TlBell *bell;
  Visit  *up;
};

static GPrivate visits;

/* What G_DEFINE_BOXED_TYPE() would do, if it were ISO C. */
GType
tl_bell_get_type (void)
{
  static gsize type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_boxed_type_register_static (g_intern_static_string ("TlBell"),
                                                            (GBoxedCopyFunc) tl_bell_ref,
                                                            (GBoxedFreeFunc) tl_bell_unref));

  return type;
}

static TlBell *
bell_new (TlQueue        *queue,
          TlBellFunc      func,
          gpointer        user_data,
          GDestroyNotify  destroy)
{
  TlBell *self = g_new0 (TlBell, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->func = func;
  self->user_data = user_data;
  self->destroy = destroy;
  self->home = tl_home_ref_noted ();
  self->queue = queue != NULL ? tl_queue_ref (queue) : NULL;
  self->priority = G_PRIORITY_DEFAULT;
  g_mutex_init (&self->lock);
  g_cond_init (&self->left);

  return self;
}

TlBell *
tl_bell_new (TlExecutor     *executor,
             TlBellFunc      func,
             gpointer        user_data,
             GDestroyNotify  destroy)
{
  g_return_val_if_fail (TL_IS_EXECUTOR (executor), NULL);
  g_return_val_if_fail (func != NULL, NULL);

  return bell_new (tl_executor_peek_queue (executor), func, user_data, destroy);
}

TlBell *
tl_bell_new_home (TlBellFunc      func,
                  gpointer        user_data,
                  GDestroyNotify  destroy)
{
  g_return_val_if_fail (func != NULL, NULL);

  return bell_new (NULL, func, user_data, destroy);
}

TlBell *
tl_bell_ref (TlBell *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/* With the lock held: whether the caller has to release the user data, once it
 * has let go of the lock. */
static gboolean
is_over (TlBell *self)
{
  if (!self->closed || self->n_inside > 0 || self->released)
    return FALSE;

  self->released = TRUE;
  return TRUE;
}

/* Nobody is inside, nor will be. */
static void
release_user_data (TlBell *self)
{
  tl_home_release (self->home, self->user_data, self->destroy);
}

void
tl_bell_unref (TlBell *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  if (!self->released)
    release_user_data (self);
  tl_home_unref (self->home);
  g_clear_pointer (&self->queue, tl_queue_unref);
  g_cond_clear (&self->left);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static void
call (TlBell       *self,
      const GError *error)
{
  Visit visit = { self, g_private_get (&visits) };
  gboolean open;
  gboolean over = FALSE;

  g_mutex_lock (&self->lock);
  open = !self->closed;
  if (open)
    self->n_inside++;
  g_mutex_unlock (&self->lock);

  if (!open)
    return;

  g_private_set (&visits, &visit);
  self->func (error, self->user_data);
  g_private_set (&visits, visit.up);

  g_mutex_lock (&self->lock);
  self->n_inside--;
  /* Who waits for this is to find all done when its wait is over. */
  if (self->n_closing > 0)
    g_cond_broadcast (&self->left);
  else
    over = is_over (self);
  g_mutex_unlock (&self->lock);

  if (over)
    release_user_data (self);
}

/* Whether the calling thread is inside of the function. */
static gboolean
is_inside (TlBell *self)
{
  for (Visit *visit = g_private_get (&visits); visit != NULL; visit = visit->up)
    if (visit->bell == self)
      return TRUE;

  return FALSE;
}

static Ring *
ring_new (TlBell *bell)
{
  Ring *ring = g_new0 (Ring, 1);

  g_atomic_ref_count_init (&ring->ref_count);
  ring->bell = tl_bell_ref (bell);
  ring->n_waits = tl_lookout_n_waits ();
  ring->time = ring->n_waits > 0 ? g_get_monotonic_time () : 0;

  return ring;
}

static Ring *
ring_ref (Ring *ring)
{
  g_atomic_ref_count_inc (&ring->ref_count);
  return ring;
}

static void
ring_unref (Ring *ring)
{
  if (!g_atomic_ref_count_dec (&ring->ref_count))
    return;

  tl_bell_unref (ring->bell);
  g_free (ring);
}

/* TRUE if it is for the caller to say. */
static gboolean
ring_settle (Ring *ring,
             gint  state)
{
  return g_atomic_int_compare_and_exchange (&ring->state, RINGING, state);
}

/* On the executor. */
static gboolean
heard (TlFuture  *future,
       gpointer   data,
       GError   **error)
{
  Ring *ring = data;

  /* So that it is in_vain() only for those that were not heard. It belongs to
   * who runs the future. */
  future->item.destroy = NULL;

  ring_settle (ring, ACCEPTED);
  /* Who looks on hears it while the ringer still has the interpreter. */
  if (g_atomic_int_get (&ring->bell->queue->owner.spin_time) > 0)
    tl_lookout_stay (ring->n_waits, ring->time);
  call (ring->bell, NULL);
  ring_unref (ring);

  return TRUE;
}

/* Where the user data of who has rung is released; that may be inside of
 * tl_bell_ring(). */
static void
in_vain (gpointer data)
{
  Ring *ring = data;

  if (!ring_settle (ring, REFUSED) && g_atomic_int_get (&ring->state) == ACCEPTED)
    {
      g_autoptr(GError) error = g_error_new (TL_ERROR, TL_ERROR_ABANDONED,
                                             "%s did not get to a ring of its bell",
                                             ring->bell->queue->owner.name);

      call (ring->bell, error);
    }

  ring_unref (ring);
}

static void
heard_at_home (gpointer data)
{
  g_autoptr(TlBell) self = data;

  g_atomic_int_set (&self->rung, FALSE);
  call (self, NULL);
}

/* Of a ring that was refused, whose future may be about to settle. */
static GError *
why_refused (TlBell   *self,
             TlFuture *future)
{
  GError *error = NULL;

  tl_future_lock (future);
  if (future->result.type == G_TYPE_ERROR && future->result.u.pointer != NULL)
    error = g_error_copy (future->result.u.pointer);
  tl_future_unlock (future);

  /* Nobody but who shuts an executor down can cancel it. */
  if (error == NULL)
    error = g_error_new (TL_ERROR, TL_ERROR_SHUT_DOWN,
                         "%s was shut down and takes no more work", self->queue->owner.name);

  return error;
}

static gboolean
ring_executor (TlBell  *self,
               GError **error)
{
  Ring *ring = ring_new (self);
  g_autoptr(TlFuture) future = NULL;
  gboolean accepted;

  future = tl_future_new_task (&self->queue->owner, heard, ring_ref (ring), in_vain,
                               g_atomic_int_get (&self->priority));
  /* Whatever comes of it, somebody is told. */
  tl_future_add_flags (future, TL_OBSERVED);
  tl_queue_push (self->queue, &future, 1, -1, NULL);

  ring_settle (ring, tl_future_get_error (future) != NULL ? REFUSED : ACCEPTED);
  accepted = g_atomic_int_get (&ring->state) == ACCEPTED;
  ring_unref (ring);

  if (!accepted)
    g_propagate_error (error, why_refused (self, future));

  return accepted;
}

gboolean
tl_bell_ring (TlBell  *self,
              GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (g_atomic_int_get (&self->closed))
    {
      g_set_error_literal (error, TL_ERROR, TL_ERROR_SHUT_DOWN, "The bell was closed");
      return FALSE;
    }

  if (self->queue != NULL)
    return ring_executor (self, error);

  if (!g_atomic_int_compare_and_exchange (&self->rung, FALSE, TRUE))
    return TRUE;

  /* Not one call inside of the other, without end. */
  if (is_inside (self))
    tl_home_release_later (self->home, tl_bell_ref (self), heard_at_home);
  else
    tl_home_release (self->home, tl_bell_ref (self), heard_at_home);

  return TRUE;
}

void
tl_bell_set_priority (TlBell *self,
                      int     priority)
{
  g_return_if_fail (self != NULL);

  g_atomic_int_set (&self->priority, priority);
}

int
tl_bell_get_priority (TlBell *self)
{
  g_return_val_if_fail (self != NULL, G_PRIORITY_DEFAULT);

  return g_atomic_int_get (&self->priority);
}

gboolean
tl_bell_close (TlBell *self,
               gint64  timeout)
{
  gint64 end_time = tl_time_after (timeout);
  gboolean in_time = TRUE;
  gboolean silent, over;

  g_return_val_if_fail (self != NULL, FALSE);

  g_mutex_lock (&self->lock);

  g_atomic_int_set (&self->closed, TRUE);

  /* From inside, not for the others either: they may be here, too. */
  if (!is_inside (self))
    {
      self->n_closing++;
      while (self->n_inside > 0 && in_time)
        if (end_time < 0)
          g_cond_wait (&self->left, &self->lock);
        else
          in_time = g_cond_wait_until (&self->left, &self->lock, end_time);
      self->n_closing--;
    }

  /* Otherwise the last one that leaves sees to it. */
  silent = self->n_inside == 0;
  over = is_over (self);

  g_mutex_unlock (&self->lock);

  if (over)
    release_user_data (self);

  return silent;
}
