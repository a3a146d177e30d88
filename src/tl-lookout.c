/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-lookout-private.h"

#include "tl-fork-private.h"
#include "tl-park-private.h"
#include "tl-thread-private.h"
#include "tl-timer-private.h"

/* In microseconds. About what two wakes of processors that sleep cost, which is
 * what it saves. It has to last for a short task, or for a thread to be woken. */
#define USUAL_SPIN_TIME 50

/* For so many microseconds one that was called leaves the interpreter to who has
 * called it. What comes between a submit and a wait takes two or three. */
#define PATIENCE 10

enum
{
  AWAY,
  LOOKING,
  ASLEEP,
  CALLED,
};

struct _TlLookout
{
  gatomicrefcount  ref_count;
  gint             spin_time;
  gint             n_may_look;
  gint             state;         /* atomic */
  gint             n_waits;       /* atomic; when it was called, written before the state */
  guint            n_forks;       /* when it looked on, written before the state */
  TlSpinRecord     spins;         /* the one's who waits */

  GMutex           lock;
  GCond            called;
};

static gint n_waits;              /* atomic */
static gint n_looking;            /* atomic; of those that were not called yet */

/* Between the process and its ancestors. Changes while there is one thread. */
static guint n_forks;

#ifdef G_OS_UNIX
static void
after_fork_in_child (void)
{
  n_forks++;
  g_atomic_int_set (&n_looking, 0);
}
#endif

TL_AT_FORK (NULL, NULL, after_fork_in_child)

/* What G_DEFINE_BOXED_TYPE() would do, if it were ISO C. */
GType
tl_lookout_get_type (void)
{
  static gsize type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_boxed_type_register_static (g_intern_static_string ("TlLookout"),
                                                            (GBoxedCopyFunc) tl_lookout_ref,
                                                            (GBoxedFreeFunc) tl_lookout_unref));

  return type;
}

TlLookout *
tl_lookout_new (gint64 spin_time)
{
  TlLookout *self = g_new0 (TlLookout, 1);
  gint n_processors = (gint) tl_thread_n_processors ();

  if (spin_time < 0)
    spin_time = n_processors > 1 ? USUAL_SPIN_TIME : 0;

  g_atomic_ref_count_init (&self->ref_count);
  self->spin_time = (gint) MIN (spin_time, G_TIME_SPAN_SECOND);
  self->n_may_look = MAX (n_processors - 1, 1);
  g_mutex_init (&self->lock);
  g_cond_init (&self->called);

  return self;
}

TlLookout *
tl_lookout_ref (TlLookout *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
tl_lookout_unref (TlLookout *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_cond_clear (&self->called);
  g_mutex_clear (&self->lock);
  g_free (self);
}

guint
tl_lookout_n_waits (void)
{
  return (guint) g_atomic_int_get (&n_waits);
}

void
tl_lookout_has_left (void)
{
  g_atomic_int_inc (&n_waits);
}

static gboolean
nobody_waits_yet (gpointer since)
{
  return tl_lookout_n_waits () == *(guint *) since;
}

void
tl_lookout_stay (guint  since,
                 gint64 call_time)
{
  gint64 left = call_time + PATIENCE - g_get_monotonic_time ();

  if (since > 0 && left > 0)
    tl_spin (&since, nobody_waits_yet, (gint) left);
}

static gboolean
not_called (gpointer self)
{
  return g_atomic_int_get (&((TlLookout *) self)->state) == LOOKING;
}

static void
look_on (TlLookout *self)
{
  gboolean found;

  if (!tl_spin_record_is_good (&self->spins))
    {
      tl_spin_record_add (&self->spins, FALSE);
      return;
    }

  self->n_forks = n_forks;

  /* Who works is not to be kept from it. */
  if (g_atomic_int_add (&n_looking, 1) >= self->n_may_look ||
      !g_atomic_int_compare_and_exchange (&self->state, AWAY, LOOKING))
    {
      g_atomic_int_add (&n_looking, -1);
      return;
    }

  tl_spin (self, not_called, self->spin_time);

  found = !g_atomic_int_compare_and_exchange (&self->state, LOOKING, AWAY);
  tl_spin_record_add (&self->spins, found);
  if (found)
    tl_lookout_stay ((guint) g_atomic_int_get (&self->n_waits), g_get_monotonic_time ());
  else
    g_atomic_int_add (&n_looking, -1);
}

static void
sleep_until (TlLookout *self,
             gint64     end_time)
{
  gboolean in_time = TRUE;

  if (!g_atomic_int_compare_and_exchange (&self->state, AWAY, ASLEEP))
    return;

  g_mutex_lock (&self->lock);
  while (g_atomic_int_get (&self->state) == ASLEEP && in_time)
    if (end_time < 0)
      g_cond_wait (&self->called, &self->lock);
    else
      in_time = g_cond_wait_until (&self->called, &self->lock, end_time);
  g_mutex_unlock (&self->lock);
}

gboolean
tl_lookout_wait (TlLookout *self,
                 gint64     timeout)
{
  gint64 end_time = timeout > 0 ? tl_time_after (timeout) : timeout;

  g_return_val_if_fail (self != NULL, FALSE);

  tl_lookout_has_left ();

  if (self->spin_time > 0 && g_atomic_int_get (&self->state) == AWAY)
    look_on (self);
  if (timeout != 0)
    sleep_until (self, end_time);

  return g_atomic_int_exchange (&self->state, AWAY) == CALLED;
}

void
tl_lookout_call (TlLookout *self)
{
  g_return_if_fail (self != NULL);

  g_atomic_int_set (&self->n_waits, g_atomic_int_get (&n_waits));

  switch (g_atomic_int_exchange (&self->state, CALLED))
    {
    case LOOKING:
      /* One that has stayed behind in the parent is not counted here. */
      if (self->n_forks == n_forks)
        g_atomic_int_add (&n_looking, -1);
      break;

    case ASLEEP:
      /* It has seen the state, or is where it hears of this. Without the lock,
       * which it would run into. */
      g_mutex_lock (&self->lock);
      g_mutex_unlock (&self->lock);
      g_cond_signal (&self->called);
      break;

    default:
      break;
    }
}
