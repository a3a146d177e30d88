/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-future-private.h"
#include "tl-thread-private.h"

/* One thread watches the deadlines of all futures. It is there while there
 * are deadlines, and a little longer, so that a steady trickle of tasks does
 * not make a thread each. */
#define LINGER (1 * G_TIME_SPAN_SECOND)

struct _TlDeadline
{
  TlFuture      *future;
  gint64         time;
  GSequenceIter *place;     /* NULL once its time has come */
};

/* No other lock is taken while this one is held. */
static GMutex lock;
static GCond changed;
static GSequence *pending;
static gboolean watching;

static int
compare (gconstpointer a,
         gconstpointer b,
         gpointer      unused)
{
  const TlDeadline *x = a;
  const TlDeadline *y = b;

  return (x->time > y->time) - (x->time < y->time);
}

/* With the lock held. The caller gets the reference on the future. */
static TlFuture *
take_out (TlDeadline *self)
{
  g_sequence_remove (g_steal_pointer (&self->place));

  return g_steal_pointer (&self->future);
}

static gpointer
watch (gpointer unused)
{
  g_mutex_lock (&lock);

  for (;;)
    {
      GSequenceIter *first = g_sequence_get_begin_iter (pending);
      TlDeadline *next;
      TlFuture *future;

      if (g_sequence_iter_is_end (first))
        {
          if (!g_cond_wait_until (&changed, &lock, g_get_monotonic_time () + LINGER) &&
              g_sequence_is_empty (pending))
            break;
          continue;
        }

      next = g_sequence_get (first);
      if (next->time > g_get_monotonic_time ())
        {
          g_cond_wait_until (&changed, &lock, next->time);
          continue;
        }

      future = take_out (next);
      g_mutex_unlock (&lock);

      tl_future_time_out (future);
      tl_future_unref (future);

      g_mutex_lock (&lock);
    }

  watching = FALSE;
  g_mutex_unlock (&lock);

  return NULL;
}

/* The entry that is returned is to be removed, whether or not its time has
 * come by then. */
TlDeadline *
tl_deadline_add (TlFuture  *future,
                 gint64     deadline,
                 GError   **error)
{
  TlDeadline *self = g_new0 (TlDeadline, 1);
  gboolean start;

  self->future = tl_future_ref (future);
  self->time = deadline;

  g_mutex_lock (&lock);

  if (pending == NULL)
    pending = g_sequence_new (NULL);

  self->place = g_sequence_insert_sorted (pending, self, compare, NULL);
  start = !watching;
  watching = TRUE;

  g_cond_signal (&changed);
  g_mutex_unlock (&lock);

  if (start && !tl_thread_start ("tl-deadlines", watch, NULL, error))
    {
      /* Those who came in between have no one to watch them either; the next
       * one to come tries again, and they are looked at before they run. */
      g_mutex_lock (&lock);
      watching = FALSE;
      g_mutex_unlock (&lock);

      tl_deadline_remove (self);
      return NULL;
    }

  return self;
}

void
tl_deadline_remove (TlDeadline *self)
{
  g_autoptr(TlFuture) future = NULL;

  g_mutex_lock (&lock);
  if (self->place != NULL)
    future = take_out (self);
  g_mutex_unlock (&lock);

  g_free (self);
}
