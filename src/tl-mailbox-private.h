/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* How things get to the thread of a main context.
 *
 * There is one mailbox for each main context and priority, with one
 * persistent GSource: whoever posts into an empty box wakes the loop, all
 * others ride along. A mailbox does not keep its context alive. When the
 * context is destroyed, letters that are still in the box are discarded,
 * which is the moment to free what they carry.
 *
 * Letters are delivered in order; releases, which are a thing to free each,
 * behind them. */
typedef struct _TlMailbox TlMailbox;
typedef struct _TlLetter  TlLetter;

/* Embedded in what is posted. It belongs to the mailbox until the call. */
typedef void (*TlLetterFunc) (TlLetter *letter,
                              gboolean  discarded);

struct _TlLetter
{
  TlLetter     *next;
  TlLetterFunc  func;
};

TlMailbox *tl_mailbox_ref_for_context    (GMainContext   *context,
                                          int             priority);
TlMailbox *tl_mailbox_ref_thread_default (void);
TlMailbox *tl_mailbox_ref                (TlMailbox      *self);
void       tl_mailbox_unref              (TlMailbox      *self);

/* Whether it is that of @context, and @context is there. */
gboolean   tl_mailbox_is_for             (TlMailbox      *self,
                                          GMainContext   *context);

/* Never calls @letter's function from inside, except to discard it where the
 * context has gone. */
void       tl_mailbox_post               (TlMailbox      *self,
                                          TlLetter       *letter);

/* The calling thread is about to submit something that is to be freed in its
 * own thread-default context, which is that of @self: take note of whether it
 * runs a loop. */
void       tl_mailbox_note_submitter     (TlMailbox      *self);

/* Frees @data where user data is to be freed: on the thread of the loop if one
 * runs the context. If none has run so far, on the thread that next submits
 * there, or waits, if it is the @submitter; or anywhere after a while. */
void       tl_mailbox_release            (TlMailbox      *self,
                                          GThread        *submitter,
                                          gpointer        data,
                                          GDestroyNotify  destroy);

/* The same, but never inside of the call, unless there is nobody to do it
 * later. */
void       tl_mailbox_release_later      (TlMailbox      *self,
                                          GThread        *submitter,
                                          gpointer        data,
                                          GDestroyNotify  destroy);

/* For a thread whose thread-default context this is, and which has waited: see
 * tl_home_come(). */
void       tl_mailbox_release_mine       (TlMailbox      *self);

/* Frees, here, what is to be freed in contexts that no other thread is known to
 * run, and waits for what is being freed elsewhere for want of a loop. FALSE if
 * that takes longer. */
gboolean   tl_mailbox_release_now        (gint64          end_time);

/* Whether a loop is known to run the context. */
gboolean   tl_mailbox_is_live            (TlMailbox      *self);

/* Whether the calling thread is the one that has to iterate the context. */
gboolean   tl_mailbox_is_mine            (TlMailbox      *self);

/* For the thread that iterates the context, instead of sleeping there: looks at
 * the box for @spin_time microseconds at most. Whether there is something. */
gboolean   tl_mailbox_look_on            (TlMailbox      *self,
                                          gint            spin_time);

/* Delivers everything now. For the thread that is done with its context. */
void       tl_mailbox_flush              (TlMailbox      *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TlMailbox, tl_mailbox_unref)

G_END_DECLS
