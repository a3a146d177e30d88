/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "tl-local-private.h"
#include "tl-mailbox-private.h"

G_BEGIN_DECLS

/* Where user data belongs: the main context that was the thread-default one of
 * the thread that handed it over, and that thread. */
struct _TlHome
{
  TlRefs     refs;
  TlMailbox *mailbox;
  GThread   *thread;      /* not a reference: to tell it from others */
};

/* The calling thread's. Everybody who keeps it needs a reference, of the
 * thread's supply or of its own. */
TlHome *tl_home_current  (TlLocal        *local);

TlHome *tl_home_ref      (TlHome         *self);
void    tl_home_unref    (TlHome         *self);

/* The calling thread is about to hand over something that is to be freed
 * here: see tl_mailbox_note_submitter(). */
TlHome *tl_home_ref_noted (void);

/* Frees @data where it belongs: see tl_mailbox_release(). */
void    tl_home_release  (TlHome         *self,
                          gpointer        data,
                          GDestroyNotify  destroy);

/* The same, but never inside of the call, unless the context has gone. */
void    tl_home_release_later
                         (TlHome         *self,
                          gpointer        data,
                          GDestroyNotify  destroy);

/* Frees what waits for the calling thread's own context: a thread that has
 * waited has not iterated it, and if nobody else does, it waited for this. */
void    tl_home_come     (void);

G_END_DECLS
