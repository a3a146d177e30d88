/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (TL_INSIDE) && !defined (TL_COMPILATION)
# error "Only <threadloop.h> can be included directly."
#endif

#include <gio/gio.h>
#include <threadloop/tl-executor.h>

G_BEGIN_DECLS

/**
 * TlBellFunc:
 * @error: (nullable): %NULL, or the reason why a ring was in vain
 * @user_data: what was given with the function
 *
 * Hears a bell.
 *
 * Usually it runs where the bell hangs, and @error is %NULL. Where the executor
 * has taken a ring and cannot run the function after all, since it was shut
 * down with %TL_SHUTDOWN_CANCEL_QUEUED, lost its threads or its main context,
 * the function is called with @error, a %TL_ERROR_ABANDONED, instead. Then it
 * runs where the user data of a submit by who has rung would be released, which
 * may be on any thread, and at the same time as other calls.
 *
 * Since: 1.0
 */
typedef void (*TlBellFunc) (const GError *error,
                            gpointer      user_data);

#define TL_TYPE_BELL (tl_bell_get_type ())

/**
 * TlBell:
 *
 * A function that is called again each time the bell is rung.
 *
 * It is for those who keep a queue of their own, as language bindings do: to
 * get a thread to look at that queue costs a ring, and neither a new closure
 * nor a future. libuv's `uv_async_t` is a bell that hangs in an event loop;
 * this one hangs in a [class@Tl.Executor], or where the calling thread's user
 * data belongs.
 *
 * ```c
 * g_autoptr(TlBell) bell = tl_bell_new (executor, look_at_queue, queue, NULL);
 *
 * g_async_queue_push (queue, item);
 * tl_bell_ring (bell, NULL);
 * ```
 *
 * A bell does not keep its executor alive, nor does the executor keep the bell
 * longer than until all has been heard that was rung.
 *
 * All functions may be called from every thread.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
GType     tl_bell_get_type     (void) G_GNUC_CONST;

/**
 * tl_bell_new:
 * @executor: where the bell hangs
 * @func: (scope notified) (closure user_data) (destroy destroy): what to call
 * @user_data: passed to @func
 * @destroy: (nullable): frees @user_data
 *
 * Makes a bell whose function runs on @executor, once for each ring, at
 * %G_PRIORITY_DEFAULT unless [method@Tl.Bell.set_priority] says otherwise. In a
 * pool it may run on several threads at a time.
 *
 * @destroy is called once: when the last reference was dropped and all that was
 * rung has been heard, or when the bell was closed and no call is being made any
 * more. That happens where [method@Tl.Executor.submit] says, for what the
 * calling thread submits.
 *
 * Returns: (transfer full): a new bell
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlBell   *tl_bell_new          (TlExecutor      *executor,
                                TlBellFunc       func,
                                gpointer         user_data,
                                GDestroyNotify   destroy) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tl_bell_new_home:
 * @func: (scope notified) (closure user_data) (destroy destroy): what to call
 * @user_data: passed to @func
 * @destroy: (nullable): frees @user_data
 *
 * Makes a bell whose function runs where what the calling thread submits is
 * released, as [method@Tl.Executor.submit] says: in its thread-default main
 * context, while a main loop runs that; before a wait or a submit of the
 * thread returns, or after a second on whichever thread, where none does.
 * If the context is destroyed, what was rung is heard by who does that, or
 * who rings.
 *
 * Several rings may be heard at once: the function is called at least once
 * after each ring. Where the ringer is at the right place already, it is
 * called inside of [method@Tl.Bell.ring], so hold no lock there that it takes;
 * it is not called inside of itself for a ring of its own, as long as there is
 * that context.
 *
 * It is for things that must not die on a worker. @destroy is called as that of
 * [ctor@Tl.Bell.new] is.
 *
 * Returns: (transfer full): a new bell
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlBell   *tl_bell_new_home     (TlBellFunc       func,
                                gpointer         user_data,
                                GDestroyNotify   destroy) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tl_bell_ref:
 * @self: a bell
 *
 * Takes a reference.
 *
 * Returns: (transfer full): @self
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlBell   *tl_bell_ref          (TlBell          *self);

/**
 * tl_bell_unref:
 * @self: (transfer full): a bell
 *
 * Drops a reference. What was rung is still heard. It does not wait, and may
 * be called by the function itself.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void      tl_bell_unref        (TlBell          *self);

/**
 * tl_bell_ring:
 * @self: a bell
 * @error: where to put the reason
 *
 * Has the function called once more. The function itself may do so, too.
 *
 * Fails for the same reasons as [method@Tl.Executor.submit]: with
 * %TL_ERROR_SHUT_DOWN (which is also that of a bell that was closed),
 * %TL_ERROR_NOT_STARTED, %TL_ERROR_BROKEN, %TL_ERROR_THREAD, or
 * %TL_ERROR_ABANDONED where the main context has gone. A ring takes a place in
 * the queue; where [property@Tl.Executor:max-queued] is set it waits for room or
 * fails as a submit would. A bell at home fails only when it was closed.
 *
 * The function hears nothing of a ring that has failed here, and of every
 * other one unless the bell is closed before.
 *
 * Returns: %TRUE if the function will be called
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean  tl_bell_ring         (TlBell          *self,
                                GError         **error);

/**
 * tl_bell_set_priority:
 * @self: a bell
 * @priority: GLib's, less is sooner
 *
 * Says at which priority rings from now on take their turn, among what is queued
 * in the executor, or among the sources of its main context. What was rung
 * before stays where it is.
 *
 * It has no meaning for a bell at home.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void      tl_bell_set_priority (TlBell          *self,
                                int              priority);

/**
 * tl_bell_get_priority:
 * @self: a bell
 *
 * Gets what [method@Tl.Bell.set_priority] has set.
 *
 * Returns: a priority, %G_PRIORITY_DEFAULT if none was set
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
int       tl_bell_get_priority (TlBell          *self);

/**
 * tl_bell_close:
 * @self: a bell
 * @timeout: how long to wait in microseconds, 0 not to wait, -1 for as long as
 *   it takes
 *
 * Takes the bell down: when this has returned, no call of the function begins
 * any more, neither for what was rung before nor to tell of an error.
 *
 * It waits for calls that are being made, so hold nothing that the function
 * waits for. Called by the function itself it does not wait, not for calls on
 * other threads either. It may be called more than once.
 *
 * Returns: %TRUE if nobody is in the function any more
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean  tl_bell_close        (TlBell          *self,
                                gint64           timeout);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TlBell, tl_bell_unref)

G_END_DECLS
