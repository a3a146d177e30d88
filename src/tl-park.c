/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-park-private.h"

#include "tl-fork-private.h"

/* A parking lot: threads wait for an address, in one of a few buckets. What
 * is waited for needs no lock and no condition of its own, so a future that
 * nobody waits for costs nothing. (The idea is WebKit's, and Linux's futex.) */
typedef struct
{
  GMutex lock;
  GCond  changed;
} Bucket;

static Bucket buckets[64];

#ifdef G_OS_UNIX
/* Those who have waited stayed behind, and those who were about to say
 * something. */
static void
after_fork_in_child (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (buckets); i++)
    {
      g_mutex_init (&buckets[i].lock);
      g_cond_init (&buckets[i].changed);
    }
}
#endif

TL_AT_FORK (NULL, NULL, after_fork_in_child)

static Bucket *
bucket_for (gpointer address)
{
  gsize hash = (gsize) address >> 4;

  return &buckets[(hash ^ (hash >> 6) ^ (hash >> 12)) % G_N_ELEMENTS (buckets)];
}

static void
cancelled_cb (GCancellable *cancellable,
              gpointer      address)
{
  tl_unpark_all (address);
}

/* Blocks while @sleep_on says TRUE. It is called under a lock, and has to
 * see to it that who changes what it looks at calls tl_unpark_all(). */
gboolean
tl_park (gpointer       address,
         TlParkFunc     sleep_on,
         gint64         end_time,
         GCancellable  *cancellable,
         GError       **error)
{
  Bucket *bucket = bucket_for (address);
  gulong handler = 0;
  gboolean in_time = TRUE;
  gboolean asleep;

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;

  if (cancellable != NULL)
    handler = g_cancellable_connect (cancellable, G_CALLBACK (cancelled_cb), address, NULL);

  g_mutex_lock (&bucket->lock);

  while ((asleep = sleep_on (address)) && in_time && !g_cancellable_is_cancelled (cancellable))
    {
      if (end_time < 0)
        g_cond_wait (&bucket->changed, &bucket->lock);
      else
        in_time = g_cond_wait_until (&bucket->changed, &bucket->lock, end_time);
    }

  g_mutex_unlock (&bucket->lock);

  if (cancellable != NULL)
    g_cancellable_disconnect (cancellable, handler);

  if (!asleep)
    return TRUE;

  if (!g_cancellable_set_error_if_cancelled (cancellable, error))
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "The wait timed out");

  return FALSE;
}

gboolean
tl_spin (gpointer    address,
         TlParkFunc  spin_on,
         gint        spin_time)
{
  gint64 end_time;

  if (!spin_on (address))
    return FALSE;
  if (spin_time <= 0)
    return TRUE;

  end_time = g_get_monotonic_time () + spin_time;

  do
    for (guint i = 0; i < 32; i++)
      {
        tl_relax ();
        if (!spin_on (address))
          return FALSE;
      }
  while (g_get_monotonic_time () < end_time);

  return TRUE;
}

/* After so many times in vain, only each so manieth time. */
#define VAIN_ENOUGH 8
#define NOW_AND_THEN 32

gboolean
tl_spin_record_is_good (const TlSpinRecord *self)
{
  return self->n_vain < VAIN_ENOUGH || self->n_vain % NOW_AND_THEN == 0;
}

void
tl_spin_record_add (TlSpinRecord *self,
                    gboolean      found)
{
  self->n_vain = found ? 0 : self->n_vain + 1;
}

void
tl_unpark_all (gpointer address)
{
  Bucket *bucket = bucket_for (address);

  g_mutex_lock (&bucket->lock);
  g_cond_broadcast (&bucket->changed);
  g_mutex_unlock (&bucket->lock);
}
