/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-mailbox-inside-private.h"

#include "tl-local-private.h"
#include "tl-thread-private.h"
#include "tl-timer-private.h"

/* What is to be freed in a main context: by whom, and when, if no loop runs it. */

/* How long user data waits for a loop that has never run: a program may submit
 * first and run its main loop then, and a plain script never will. The context
 * cannot be asked which it is: that takes acquiring it, and an application
 * that starts in that very moment would fail. */
#define GRACE (1 * G_TIME_SPAN_SECOND)

struct _TlRelease
{
  TlRelease      *next;
  GThread        *submitter;
  gpointer        data;
  GDestroyNotify  destroy;
  guint           half;           /* of the grace, in which it came */
};

static TlRelease *
take_all (TlMailbox *self)
{
  return tl_mailbox_take_in_order ((gpointer *) &self->releases);
}

static void
do_release (TlRelease *release)
{
  GDestroyNotify destroy = release->destroy;
  gpointer data = release->data;

  tl_block_free (&tl_local ()->blocks, release, sizeof *release);
  destroy (data);
}

gboolean
tl_mailbox_deliver_release (TlMailbox *self)
{
  TlRelease *release;

  if (self->taken_releases == NULL)
    self->taken_releases = take_all (self);

  release = self->taken_releases;
  if (release == NULL)
    return FALSE;

  self->taken_releases = release->next;
  do_release (release);

  return TRUE;
}

void
tl_mailbox_discard_releases (TlRelease *releases)
{
  while (releases != NULL)
    {
      TlRelease *release = releases;

      releases = release->next;
      do_release (release);
    }
}

static void
release_all_here (TlMailbox *self)
{
  tl_mailbox_discard_releases (take_all (self));
}

/* None while somebody sorts them says nothing. */
static gboolean
has_releases (TlMailbox *self)
{
  gint sorts = g_atomic_int_get (&self->sorts);

  return sorts % 2 != 0 ||
         g_atomic_pointer_get (&self->releases) != NULL ||
         g_atomic_int_get (&self->sorts) != sorts;
}

static gboolean
is_own (TlMailbox       *self,
        const TlRelease *release)
{
  return release->submitter == g_thread_self ();
}

static gboolean
is_old (TlMailbox       *self,
        const TlRelease *release)
{
  return (guint) g_atomic_int_get (&self->half) - release->half >= 2;
}

static void half_of_grace_is_over (gpointer data);

/* FALSE if there is nobody to look after the releases. */
static gboolean
begin_grace (TlMailbox *self)
{
  TlTimer *timer;

  if (!g_atomic_int_compare_and_exchange (&self->graced, FALSE, TRUE))
    return TRUE;

  timer = tl_timer_add (g_get_monotonic_time () + GRACE / 2, half_of_grace_is_over,
                        tl_mailbox_ref (self), (GDestroyNotify) tl_mailbox_unref, NULL);
  if (timer != NULL)
    {
      tl_timer_leave (timer);
      return TRUE;
    }

  tl_mailbox_unref (self);
  g_atomic_int_set (&self->graced, FALSE);
  return FALSE;
}

/* Frees those that are wanted, here. The others stay, and nobody who comes for
 * theirs meanwhile goes without. */
static void
release_some_here (TlMailbox  *self,
                   gboolean  (*is_wanted) (TlMailbox       *self,
                                           const TlRelease *release))
{
  TlRelease *wanted = NULL;
  TlRelease **end = &wanted;
  TlRelease *next;
  gboolean is_first = FALSE, left = FALSE;

  g_mutex_lock (&self->sorting);
  g_atomic_int_inc (&self->sorts);

  for (TlRelease *release = take_all (self); release != NULL; release = next)
    {
      next = release->next;
      if (is_wanted (self, release))
        {
          *end = release;
          end = &release->next;
          continue;
        }

      is_first |= tl_mailbox_push ((gpointer *) &self->releases, (TlLetter *) release);
      left = TRUE;
    }
  *end = NULL;

  g_atomic_int_inc (&self->sorts);
  g_mutex_unlock (&self->sorting);

  if (is_first)
    tl_mailbox_tell (self);
  tl_mailbox_discard_releases (wanted);

  /* The timer may have come while they were not there. */
  if (left && !begin_grace (self))
    release_all_here (self);
}

/* What has come in the last half is left: of a thread that submits and waits all
 * the time, that is what it is coming for right now. */
static void
half_of_grace_is_over (gpointer data)
{
  TlMailbox *self = data;

  g_atomic_int_inc (&self->half);
  g_atomic_int_set (&self->graced, FALSE);

  if (!g_atomic_int_get (&self->looping))
    release_some_here (self, is_old);
}

void
tl_mailbox_note_submitter (TlMailbox *self)
{
  if (g_atomic_int_get (&self->looping))
    {
      /* A loop that has ended gives no notice. But if this is the thread that
       * ran it, and this is outside of it, then it has. */
      if (g_main_depth () == 0 &&
          g_atomic_pointer_get (&self->looper) == g_thread_self () &&
          !g_main_context_is_owner (self->context))
        {
          g_atomic_int_set (&self->looping, FALSE);
          release_all_here (self);
        }
      return;
    }

  /* The owner of a context runs it, is about to run it (an application that
   * is being activated), or will come here again when it waits. */
  if (g_main_context_is_owner (self->context))
    g_atomic_int_set (&self->looping, TRUE);
  else if (has_releases (self))
    release_some_here (self, is_own);
}

gboolean
tl_mailbox_is_live (TlMailbox *self)
{
  return g_atomic_pointer_get (&self->source) != NULL && g_atomic_int_get (&self->looping);
}

gboolean
tl_mailbox_is_mine (TlMailbox *self)
{
  GThread *looper = g_atomic_pointer_get (&self->looper);
  gboolean mine = FALSE;

  g_mutex_lock (&self->lock);

  /* Any context may be handed from one thread to another, but the global default
   * one is as good as that of the thread that has run it, or that began it all. */
  if (self->source != NULL)
    mine = g_main_context_is_owner (self->context) ||
           (self->context == g_main_context_default () &&
            (looper == g_thread_self () || (looper == NULL && tl_thread_is_main ())));

  g_mutex_unlock (&self->lock);

  return mine;
}

/* Whether this is the place to free what is to be freed in the context, or
 * there is none better. */
static gboolean
may_release_here (TlMailbox *self,
                  GThread   *submitter)
{
  if (self == NULL || g_atomic_pointer_get (&self->source) == NULL)
    return TRUE;

  if (g_atomic_int_get (&self->looping))
    return g_atomic_pointer_get (&self->looper) == g_thread_self () && g_main_depth () > 0;

  return submitter == g_thread_self ();
}

void
tl_mailbox_release_later (TlMailbox      *self,
                          GThread        *submitter,
                          gpointer        data,
                          GDestroyNotify  destroy)
{
  TlRelease *release = tl_block_new (&tl_local ()->blocks, sizeof *release);

  release->submitter = submitter;
  release->data = data;
  release->destroy = destroy;
  release->half = (guint) g_atomic_int_get (&self->half);
  tl_mailbox_put (self, (gpointer *) &self->releases, (TlLetter *) release);

  if (!g_atomic_int_get (&self->looping) && !begin_grace (self))
    release_all_here (self);
}

void
tl_mailbox_release (TlMailbox      *self,
                    GThread        *submitter,
                    gpointer        data,
                    GDestroyNotify  destroy)
{
  if (destroy == NULL)
    return;

  if (may_release_here (self, submitter))
    destroy (data);
  else
    tl_mailbox_release_later (self, submitter, data, destroy);
}

void
tl_mailbox_release_left (TlMailbox *self)
{
  if (tl_mailbox_is_mine (self))
    while (tl_mailbox_deliver_release (self))
      ;
  else if (!g_atomic_int_get (&self->looping))
    release_all_here (self);
}

void
tl_mailbox_release_mine (TlMailbox *self)
{
  if (!has_releases (self))
    return;

  if (tl_mailbox_is_mine (self) && g_atomic_int_get (&self->looping))
    release_all_here (self);
  else if (!g_atomic_int_get (&self->looping))
    release_some_here (self, is_own);
}
