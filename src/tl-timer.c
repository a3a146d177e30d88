/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-timer-private.h"

#include "tl-fork-private.h"
#include "tl-thread-private.h"

/* For how long the thread stays when there is nothing left, so that a steady
 * trickle of timers does not make a thread each. */
#define LINGER (1 * G_TIME_SPAN_SECOND)

struct _TlTimer
{
  gint64          time;
  TlTimerFunc     func;
  gpointer        data;
  GDestroyNotify  destroy;
  GSequenceIter  *place;       /* NULL once it has gone off, or was removed */
  guint           ref_count;   /* whoever has added it, and the sequence */
};

/* Guards all of this, the timers included. No other lock is taken while it is
 * held. */
static GMutex lock;
static GCond changed;
static GCond called;
static GSequence *pending;
static gboolean served;
static GThread *caller;         /* the thread, while it calls what has gone off */
static guint n_calls;           /* that are over */

#ifdef G_OS_UNIX
static void
before_fork (void)
{
  g_mutex_lock (&lock);
}

static void
after_fork (void)
{
  g_mutex_unlock (&lock);
}

/* The thread has stayed behind, and so has what it waited for: that is the
 * parent's. It is left where it is, for those who will remove it. */
static void
after_fork_in_child (void)
{
  served = FALSE;
  pending = NULL;
  caller = NULL;
  g_cond_init (&changed);
  g_cond_init (&called);
  g_mutex_unlock (&lock);
}
#endif

TL_AT_FORK (before_fork, after_fork, after_fork_in_child)

gint64
tl_time_after (gint64 timeout)
{
  gint64 now = g_get_monotonic_time ();

  return timeout < 0 || timeout > G_MAXINT64 - now ? -1 : now + timeout;
}

static int
compare (gconstpointer a,
         gconstpointer b,
         gpointer      unused)
{
  const TlTimer *x = a;
  const TlTimer *y = b;

  return (x->time > y->time) - (x->time < y->time);
}

/* With the lock held. */
static void
drop (TlTimer *self)
{
  if (--self->ref_count == 0)
    g_free (self);
}

static gpointer
serve (gpointer unused)
{
  g_mutex_lock (&lock);

  for (;;)
    {
      GSequenceIter *first = g_sequence_get_begin_iter (pending);
      TlTimer *next;

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

      g_sequence_remove (g_steal_pointer (&next->place));
      caller = g_thread_self ();
      g_mutex_unlock (&lock);

      next->func (next->data);
      next->destroy (next->data);

      g_mutex_lock (&lock);
      caller = NULL;
      n_calls++;
      g_cond_broadcast (&called);
      drop (next);
    }

  served = FALSE;
  g_mutex_unlock (&lock);

  return NULL;
}

gboolean
tl_timer_wait_called (gint64 end_time)
{
  gboolean in_time = TRUE;
  guint since;

  g_mutex_lock (&lock);

  since = n_calls;
  while (caller != NULL && caller != g_thread_self () && n_calls == since && in_time)
    if (end_time < 0)
      g_cond_wait (&called, &lock);
    else
      in_time = g_cond_wait_until (&called, &lock, end_time);

  g_mutex_unlock (&lock);

  return in_time;
}

TlTimer *
tl_timer_add (gint64           time,
              TlTimerFunc      func,
              gpointer         data,
              GDestroyNotify   destroy,
              GError         **error)
{
  TlTimer *self;

  g_mutex_lock (&lock);

  /* The thread itself is cheap to make and rarely made: to do it under the
   * lock saves all who come meanwhile from relying on one that is not to be. */
  if (!served)
    served = tl_thread_start ("tl-timer", serve, NULL, error);

  if (!served)
    {
      g_mutex_unlock (&lock);
      return NULL;
    }

  if (pending == NULL)
    pending = g_sequence_new (NULL);

  self = g_new0 (TlTimer, 1);
  self->time = time;
  self->func = func;
  self->data = data;
  self->destroy = destroy;
  self->ref_count = 2;
  self->place = g_sequence_insert_sorted (pending, self, compare, NULL);

  g_cond_signal (&changed);
  g_mutex_unlock (&lock);

  return self;
}

void
tl_timer_leave (TlTimer *self)
{
  g_mutex_lock (&lock);
  drop (self);
  g_mutex_unlock (&lock);
}

void
tl_timer_remove (TlTimer *self)
{
  GDestroyNotify destroy = NULL;
  gpointer data = NULL;

  g_mutex_lock (&lock);

  if (self->place != NULL)
    {
      g_sequence_remove (g_steal_pointer (&self->place));
      destroy = self->destroy;
      data = self->data;
      drop (self);
    }
  drop (self);

  g_mutex_unlock (&lock);

  if (destroy != NULL)
    destroy (data);
}
