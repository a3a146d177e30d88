/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (TL_INSIDE) && !defined (TL_COMPILATION)
# error "Only <threadloop.h> can be included directly."
#endif

#include <gio/gio.h>
#include <threadloop/tl-executor.h>

G_BEGIN_DECLS

#define TL_TYPE_EVENT_THREAD (tl_event_thread_get_type ())

TL_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (TlEventThread, tl_event_thread, TL, EVENT_THREAD, GObject)

/**
 * TlEventThread:
 *
 * A thread of its own that runs a main context.
 *
 * It is the home of asynchronous code in a program that is not asynchronous
 * itself, or whose main loop must not be held up: sources that are attached
 * to its [property@Tl.EventThread:context], GIO calls that are started on
 * it, and functions that are submitted to it all run there, one at a time.
 *
 * ```c
 * g_autoptr(TlEventThread) thread = tl_event_thread_new ("network");
 * g_autoptr(TlFuture) future = NULL;
 *
 * if (!tl_event_thread_start (thread, &error))
 *   return FALSE;
 *
 * future = tl_event_thread_submit (thread, connect_all, peers, NULL);
 * if (!tl_future_wait (future, -1, NULL, &error))
 *   return FALSE;
 *
 * tl_event_thread_stop (thread, -1, NULL, NULL);
 * ```
 *
 * Dropping the last reference, from wherever, neither waits nor loses
 * anything: what was accepted still runs, then the thread ends.
 *
 * All methods may be called from every thread. Properties notify in the
 * main context that was the thread-default one where the event thread was
 * made.
 *
 * Since: 1.0
 */

/**
 * tl_event_thread_new:
 * @name: (nullable): a name for the thread
 *
 * Makes an event thread, which is not started yet.
 *
 * Returns: (transfer full): a new event thread
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlEventThread *tl_event_thread_new             (const char           *name) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tl_event_thread_start:
 * @self: an event thread
 * @error: where to put an error
 *
 * Starts the thread, and returns when its loop runs.
 *
 * Fails with %TL_ERROR_THREAD where the system makes no thread, after which
 * it may be tried again; with %TL_ERROR_BROKEN where the thread's
 * [callback@Tl.ThreadFunc] failed; and with %TL_ERROR_ALREADY_STARTED or
 * %TL_ERROR_SHUT_DOWN, since a thread runs once.
 *
 * Returns: %TRUE if it runs
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean       tl_event_thread_start           (TlEventThread        *self,
                                                GError              **error);

/**
 * tl_event_thread_submit:
 * @self: an event thread
 * @func: (scope notified) (closure user_data) (destroy destroy): the work
 * @user_data: passed to @func
 * @destroy: (nullable): frees @user_data
 *
 * Hands work to the thread: [method@Tl.Executor.submit] on its executor.
 *
 * Before [method@Tl.EventThread.start] the future has failed with
 * %TL_ERROR_NOT_STARTED, after the stop with %TL_ERROR_SHUT_DOWN.
 *
 * Returns: (transfer full): the future of the work
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlFuture      *tl_event_thread_submit          (TlEventThread        *self,
                                                TlFunc                func,
                                                gpointer              user_data,
                                                GDestroyNotify        destroy) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tl_event_thread_quit:
 * @self: an event thread
 *
 * Asks the thread to end, and does not wait for it.
 *
 * No more work is accepted; what was accepted still runs. This is the one
 * form that makes sense on the thread itself.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void           tl_event_thread_quit            (TlEventThread        *self);

/**
 * tl_event_thread_stop:
 * @self: an event thread
 * @timeout: how long to wait in microseconds, -1 for as long as it takes
 * @cancellable: (nullable): ends the waiting
 * @error: where to put an error
 *
 * [method@Tl.EventThread.quit] and [method@Tl.EventThread.join] in one.
 *
 * Returns: %TRUE if the thread has ended
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean       tl_event_thread_stop            (TlEventThread        *self,
                                                gint64                timeout,
                                                GCancellable         *cancellable,
                                                GError              **error);

/**
 * tl_event_thread_stop_async:
 * @self: an event thread
 * @cancellable: (nullable): ends the waiting
 * @callback: (nullable) (scope async) (closure user_data): called when the
 *   thread has ended
 * @user_data: passed to @callback
 *
 * Asks the thread to end, and says when it has.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void           tl_event_thread_stop_async      (TlEventThread        *self,
                                                GCancellable         *cancellable,
                                                GAsyncReadyCallback   callback,
                                                gpointer              user_data);

/**
 * tl_event_thread_stop_finish:
 * @self: an event thread
 * @result: what the callback was given
 * @error: where to put an error
 *
 * Ends [method@Tl.EventThread.stop_async].
 *
 * Returns: %TRUE if the thread has ended
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean       tl_event_thread_stop_finish     (TlEventThread        *self,
                                                GAsyncResult         *result,
                                                GError              **error);

/**
 * tl_event_thread_join:
 * @self: an event thread
 * @timeout: how long to wait in microseconds, -1 for as long as it takes
 * @cancellable: (nullable): ends the waiting
 * @error: where to put an error
 *
 * Waits until the thread has ended, without asking it to.
 *
 * Fails with %TL_ERROR_NOT_STARTED where there is no thread, with
 * %TL_ERROR_WOULD_DEADLOCK on the thread itself, and with
 * %G_IO_ERROR_TIMED_OUT or %G_IO_ERROR_CANCELLED.
 *
 * Returns: %TRUE if the thread has ended
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean       tl_event_thread_join            (TlEventThread        *self,
                                                gint64                timeout,
                                                GCancellable         *cancellable,
                                                GError              **error);

/**
 * tl_event_thread_set_thread_func:
 * @self: an event thread that was not started yet
 * @func: (scope notified) (closure user_data) (destroy destroy): called around
 *   the life of the thread
 * @user_data: passed to @func
 * @destroy: (nullable): frees @user_data when the thread has ended
 *
 * Sets a hook around the life of the thread.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void           tl_event_thread_set_thread_func (TlEventThread        *self,
                                                TlThreadFunc          func,
                                                gpointer              user_data,
                                                GDestroyNotify        destroy);

/**
 * tl_event_thread_get_name:
 * @self: an event thread
 *
 * Gets [property@Tl.EventThread:name].
 *
 * Returns: (transfer none): the name
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
const char    *tl_event_thread_get_name        (TlEventThread        *self);

/**
 * tl_event_thread_get_running:
 * @self: an event thread
 *
 * Gets [property@Tl.EventThread:running].
 *
 * Returns: whether its loop runs
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean       tl_event_thread_get_running     (TlEventThread        *self);

/**
 * tl_event_thread_dup_context:
 * @self: an event thread
 *
 * Gets [property@Tl.EventThread:context].
 *
 * Returns: (transfer full) (nullable): the main context, %NULL once the
 *   thread has ended
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
GMainContext  *tl_event_thread_dup_context     (TlEventThread        *self);

/**
 * tl_event_thread_get_executor:
 * @self: an event thread
 *
 * Gets [property@Tl.EventThread:executor].
 *
 * Returns: (transfer none): the executor onto the thread
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlExecutor    *tl_event_thread_get_executor    (TlEventThread        *self);

/**
 * tl_event_thread_get_stopped:
 * @self: an event thread
 *
 * A future that is done when the thread's loop has ended and all that was
 * accepted has run. It also fires for a thread that is quit before it was
 * ever started.
 *
 * Returns: (transfer none): the future
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlFuture      *tl_event_thread_get_stopped     (TlEventThread        *self);

G_END_DECLS
