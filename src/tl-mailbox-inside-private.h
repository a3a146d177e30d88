/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "tl-mailbox-private.h"

G_BEGIN_DECLS

/* What the two files of the mailbox have in common. */

/* A thing to free. */
typedef struct _TlRelease TlRelease;

/* Lock order: sorting or that of a mailbox, then the registry's, then GMainContext's
 * own. */
struct _TlMailbox
{
  gatomicrefcount  ref_count;
  int              priority;
  GMutex           lock;          /* guards the life of source and context */
  GMainContext    *context;       /* not a reference: valid while source is */
  GSource         *source;        /* the context's; NULL once that has gone */
  GThread         *ringer;        /* the thread that rings the bell, and has the lock */

  gint             watched;       /* atomic: somebody looks at the box, and needs no bell */
  TlLetter        *letters;       /* posted, newest first; lock-free */
  TlRelease       *releases;      /* likewise */
  GMutex           sorting;       /* held while some of them are taken and others put back */
  gint             sorts;         /* atomic: odd meanwhile */
  TlLetter        *taken;         /* in order; the context's owner's */
  TlRelease       *taken_releases;
  gint64           busy_since;    /* 0 if it is not; the owner's, as all of these */
  GSource         *way;           /* not a reference; NULL while no way is made */
  gint64           way_end;

  GThread         *looper;        /* the thread that iterated the context last */
  gint             looping;       /* as far as is known, a loop runs it */
  gint             graced;        /* a timer will look after the releases */
  gint             half;          /* atomic: how often it has */
};

/* Letters and releases both begin with their link. */
static inline gpointer
tl_mailbox_take_in_order (gpointer *head)
{
  TlLetter *newest = g_atomic_pointer_exchange (head, NULL);
  TlLetter *ordered = NULL;

  while (newest != NULL)
    {
      TlLetter *next = newest->next;

      newest->next = ordered;
      ordered = newest;
      newest = next;
    }

  return ordered;
}

/* TRUE if it is the first. */
static inline gboolean
tl_mailbox_push (gpointer *head,
                 TlLetter *letter)
{
  TlLetter *first;

  do
    {
      first = g_atomic_pointer_get (head);
      letter->next = first;
    }
  while (!g_atomic_pointer_compare_and_exchange (head, first, letter));

  return first == NULL;
}

/* There is something in what was empty. */
void      tl_mailbox_tell              (TlMailbox *self);

static inline void
tl_mailbox_put (TlMailbox *self,
                gpointer  *head,
                TlLetter  *letter)
{
  if (tl_mailbox_push (head, letter))
    tl_mailbox_tell (self);
}

/* tl-mailbox-release.c. FALSE if there is none. */
gboolean  tl_mailbox_deliver_release   (TlMailbox *self);
void      tl_mailbox_discard_releases  (TlRelease *releases);
void      tl_mailbox_release_left      (TlMailbox *self);

G_END_DECLS
