/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (TL_INSIDE) && !defined (TL_COMPILATION)
# error "Only <threadloop.h> can be included directly."
#endif

#include <gio/gio.h>

#include <threadloop/tl-future.h>

G_BEGIN_DECLS

/**
 * TlInboxFunc:
 * @user_data: what was given with the function
 *
 * Hears that there is something in an inbox, and takes it out with
 * [method@Tl.Inbox.take].
 *
 * If it leaves everything where it is, it is called again a little later. That
 * is for languages that are not able to answer each time.
 *
 * Since: 1.0
 */
typedef void (*TlInboxFunc) (gpointer user_data);

#define TL_TYPE_INBOX (tl_inbox_get_type ())

/**
 * TlInbox:
 *
 * Where settled futures are collected, many for one call of a function.
 *
 * It is for those whose callbacks are dear, as language bindings are: a
 * done-callback is a closure for each future and a call into the language for
 * each future, an inbox is one closure and a call for as many as have settled
 * meanwhile. A future is known by a number there, its tag, as in the
 * completion queue of gRPC or of io_uring.
 *
 * An inbox belongs to the thread-default main context of the thread that makes
 * it, and its functions are to be called on the thread that runs that.
 *
 * Since: 1.0
 */

TL_AVAILABLE_IN_1_0
GType      tl_inbox_get_type  (void) G_GNUC_CONST;

/**
 * tl_inbox_new:
 * @func: (scope notified) (closure user_data) (destroy destroy): what to call
 *   when there is something in it
 * @user_data: passed to @func
 * @destroy: (nullable): frees @user_data
 *
 * Makes an inbox.
 *
 * @func is called in the thread-default main context of the calling thread, at
 * default priority, and never inside of a function of the inbox. Whatever
 * settles before it has taken the tags out is among them.
 *
 * @destroy is called when the last reference was dropped and all futures that
 * were added have settled, in that context, too.
 *
 * Returns: (transfer full): a new inbox
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlInbox   *tl_inbox_new       (TlInboxFunc      func,
                               gpointer         user_data,
                               GDestroyNotify   destroy) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tl_inbox_ref:
 * @self: an inbox
 *
 * Takes a reference.
 *
 * Returns: (transfer full): @self
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlInbox   *tl_inbox_ref       (TlInbox         *self);

/**
 * tl_inbox_unref:
 * @self: (transfer full): an inbox
 *
 * Drops a reference. What was added keeps the inbox until it has settled.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void       tl_inbox_unref     (TlInbox         *self);

/**
 * tl_inbox_add:
 * @self: an inbox
 * @future: a future
 * @tag: what it is to be known by
 *
 * Has @tag put into the inbox when @future has settled, in whichever way, once
 * for each call. The future is not kept alive.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void       tl_inbox_add       (TlInbox         *self,
                               TlFuture        *future,
                               guint            tag);

/**
 * tl_inbox_add_timeout:
 * @self: an inbox
 * @milliseconds: when; 0 for as soon as the main loop gets there
 * @tag: what it is to be known by
 *
 * Has @tag put into the inbox after a time, as if a future had settled then.
 *
 * Unlike a callback of a main loop's own timeout, the inbox's function cannot
 * miss it: see [callback@Tl.InboxFunc].
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void       tl_inbox_add_timeout
                              (TlInbox         *self,
                               guint            milliseconds,
                               guint            tag);

/**
 * tl_inbox_take:
 * @self: an inbox
 * @n_tags: (out): how many there are
 *
 * Takes out all tags, in the order in which the futures have settled.
 *
 * Returns: (transfer full) (array length=n_tags): the tags, possibly none
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
guint     *tl_inbox_take      (TlInbox         *self,
                               gsize           *n_tags) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TlInbox, tl_inbox_unref)

G_END_DECLS
