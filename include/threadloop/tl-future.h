/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (TL_INSIDE) && !defined (TL_COMPILATION)
# error "Only <threadloop.h> can be included directly."
#endif

#include <threadloop/tl-types.h>

G_BEGIN_DECLS

/**
 * TlFutureState:
 * @TL_FUTURE_STATE_PENDING: it waits for its turn, or for its producer
 * @TL_FUTURE_STATE_RUNNING: its function runs, or its producer has said that
 *   it has begun
 * @TL_FUTURE_STATE_DONE: it has a result
 * @TL_FUTURE_STATE_FAILED: it has an error
 * @TL_FUTURE_STATE_CANCELLED: it was cancelled
 *
 * What a future is at. The last three are final: the future has settled.
 *
 * Since: 1.0
 */
typedef enum
{
  TL_FUTURE_STATE_PENDING,
  TL_FUTURE_STATE_RUNNING,
  TL_FUTURE_STATE_DONE,
  TL_FUTURE_STATE_FAILED,
  TL_FUTURE_STATE_CANCELLED,
} TlFutureState;

/**
 * TlCancel:
 * @TL_CANCEL_TOO_LATE: the future had settled, nothing was done
 * @TL_CANCEL_REQUESTED: the function runs, or was just about to; its
 *   cancellable was tripped, and the future settles when the function returns
 * @TL_CANCEL_DONE: the future is cancelled, its function will never run
 *
 * What [method@Tl.Future.cancel] did. As a condition it is false if the
 * call came too late.
 *
 * Since: 1.0
 */
typedef enum
{
  TL_CANCEL_TOO_LATE,
  TL_CANCEL_REQUESTED,
  TL_CANCEL_DONE,
} TlCancel;

/**
 * TlFutureCallback:
 * @future: the future, which has settled
 * @user_data: what was given with the callback
 *
 * Hears that a future has settled.
 *
 * Since: 1.0
 */
typedef void (*TlFutureCallback) (TlFuture *future,
                                  gpointer  user_data);

#define TL_TYPE_FUTURE (tl_future_get_type ())

/**
 * TlFuture:
 *
 * One result that is not there yet.
 *
 * A future has two sides. The *consumer* waits for it, asks for the result,
 * cancels it, or adds a callback. The *producer* gives it its result or its
 * error. The futures of an executor are produced by the functions that were
 * submitted; [ctor@Tl.Future.new] makes one to be produced by hand, what
 * other libraries call a promise.
 *
 * A future settles once, and the first to set a result or an error wins.
 * A setter tells by its return value whether it was the one. The future of
 * a running function settles after the function has returned.
 *
 * The thread that drops the last reference does not matter: a result that
 * needs freeing is freed where [method@Tl.Executor.submit] says. An error
 * that nobody looked at by then is reported, see [func@Tl.set_error_handler].
 *
 * All methods may be called from every thread.
 *
 * It is the `Future` of `concurrent.futures`, with a producer's side as that
 * of Tornado's and asyncio's, and `GCancellable` and progress as in GIO.
 *
 * Since: 1.0
 */

TL_AVAILABLE_IN_1_0
GType          tl_future_get_type               (void) G_GNUC_CONST;

/**
 * tl_future_new:
 * @name: (nullable): a name, for messages and progress
 *
 * Makes a future to be settled by hand, by whoever calls one of the setters
 * first.
 *
 * If it is dropped while somebody still listens to it, it fails with
 * %TL_ERROR_ABANDONED.
 *
 * Returns: (transfer full): a new future
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlFuture      *tl_future_new                    (const char           *name) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tl_future_ref:
 * @self: a future
 *
 * Takes a reference.
 *
 * Returns: (transfer full): @self
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlFuture      *tl_future_ref                    (TlFuture             *self);

/**
 * tl_future_unref:
 * @self: (transfer full): a future
 *
 * Drops a reference. The work goes on, whether or not somebody waits.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void           tl_future_unref                  (TlFuture             *self);

/**
 * tl_future_get_current:
 *
 * The future of the function that runs on the calling thread, so that code
 * deep inside can say progress, or ask whether it should go on.
 *
 * Returns: (transfer none) (nullable): the future, %NULL outside of tasks
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlFuture      *tl_future_get_current            (void);

/* ---- The consumer's side ---- */

/**
 * tl_future_get_name:
 * @self: a future
 *
 * The name that it was given.
 *
 * Returns: (transfer none) (nullable): the name
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
const char    *tl_future_get_name               (TlFuture             *self);

/**
 * tl_future_get_state:
 * @self: a future
 *
 * What the future is at.
 *
 * Returns: the state
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlFutureState  tl_future_get_state              (TlFuture             *self);

/**
 * tl_future_done:
 * @self: a future
 *
 * Whether it has settled: with a result, an error, or by being cancelled.
 *
 * Returns: %TRUE if it has
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean       tl_future_done                   (TlFuture             *self);

/**
 * tl_future_running:
 * @self: a future
 *
 * Whether its function runs, or its producer has said that it has begun: see
 * [method@Tl.Future.set_running].
 *
 * Returns: %TRUE if it does
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean       tl_future_running                (TlFuture             *self);

/**
 * tl_future_cancelled:
 * @self: a future
 *
 * Whether it has settled by being cancelled.
 *
 * Returns: %TRUE if it has
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean       tl_future_cancelled              (TlFuture             *self);

/**
 * tl_future_cancel:
 * @self: a future
 *
 * Cancels the work, as far as that is possible.
 *
 * Work that is still queued is removed, its function never runs, and who
 * waits for it wakes at once. For running work the cancellable of the future
 * is tripped; it settles when the function returns, as cancelled if it
 * returns %G_IO_ERROR_CANCELLED, and with its result if it had one after
 * all. A future that has settled is left alone.
 *
 * Returns: what was done, false if it was too late
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlCancel       tl_future_cancel                 (TlFuture             *self);

/**
 * tl_future_wait:
 * @self: a future
 * @timeout: microseconds, 0 not to wait, -1 for as long as it takes
 * @cancellable: (nullable): ends the waiting, not the work
 * @error: where to put the reason why the waiting ended early
 *
 * Blocks until the future has settled, in whichever way.
 *
 * Waiting inside of a task is safe: a task of the same pool that is still
 * queued is run by the waiting thread itself, which @timeout does not cut
 * short. A wait that can never end is
 * noticed and fails with %TL_ERROR_WOULD_DEADLOCK: for oneself, or on the
 * thread of a main context for work that is to run there. No main context
 * is iterated.
 *
 * Other errors are %G_IO_ERROR_TIMED_OUT and %G_IO_ERROR_CANCELLED.
 *
 * Returns: %TRUE if it has settled
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean       tl_future_wait                   (TlFuture             *self,
                                                 gint64                timeout,
                                                 GCancellable         *cancellable,
                                                 GError              **error);

/**
 * tl_future_wait_async:
 * @self: a future
 * @cancellable: (nullable): ends the waiting, not the work
 * @callback: (scope async) (closure user_data): called when the future has
 *   settled, with no source object
 * @user_data: passed to @callback
 *
 * Waits for the future without blocking. The callback comes in the
 * thread-default main context of the caller.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void           tl_future_wait_async             (TlFuture             *self,
                                                 GCancellable         *cancellable,
                                                 GAsyncReadyCallback   callback,
                                                 gpointer              user_data);

/**
 * tl_future_wait_finish:
 * @self: a future
 * @result: what the callback was given
 * @error: where to put the reason why the waiting ended early
 *
 * Ends [method@Tl.Future.wait_async]. As [method@Tl.Future.wait] it tells
 * about the waiting; ask for the result next.
 *
 * Returns: %TRUE if the future has settled
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean       tl_future_wait_finish            (TlFuture             *self,
                                                 GAsyncResult         *result,
                                                 GError              **error);

/**
 * tl_future_result:
 * @self: a future
 * @timeout: microseconds, 0 not to wait, -1 for as long as it takes
 * @cancellable: (nullable): ends the waiting, not the work
 * @value: (out caller-allocates) (optional): where to put the result, a %NULL
 *   object if it was ended without a value
 * @error: where to put the error
 *
 * Waits for the future, and gives its result or its error.
 *
 * The errors are those of [method@Tl.Future.wait] and that of the future
 * itself. A future that was cancelled gives %G_IO_ERROR_CANCELLED. For a
 * result of a known type, [method@Tl.Future.wait] and one of the getters
 * save the detour over a `GValue`.
 *
 * Returns: %TRUE if the future is done
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean       tl_future_result                 (TlFuture             *self,
                                                 gint64                timeout,
                                                 GCancellable         *cancellable,
                                                 GValue               *value,
                                                 GError              **error);

/**
 * tl_future_add_done_callback:
 * @self: a future
 * @callback: (scope notified) (closure user_data) (destroy destroy): what to
 *   call
 * @user_data: passed to @callback
 * @destroy: (nullable): frees @user_data
 *
 * Has @callback called when the future has settled.
 *
 * It is called exactly once, in the thread-default main context of the
 * calling thread, at default priority, and never inside of this call, also
 * if the future has settled already. @destroy follows it there. If that
 * context is destroyed before, only @destroy is called.
 *
 * However many callbacks there are, sources of a lower priority, such as the
 * drawing of GTK, have their turn every few milliseconds.
 *
 * The callback does not keep the future alive; the work does.
 *
 * Returns: a number to remove the callback with, never 0
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
guint          tl_future_add_done_callback      (TlFuture             *self,
                                                 TlFutureCallback      callback,
                                                 gpointer              user_data,
                                                 GDestroyNotify        destroy);

/**
 * tl_future_remove_done_callback:
 * @self: a future
 * @id: what [method@Tl.Future.add_done_callback] returned
 *
 * Takes a callback back, if it was not called yet. Called on the thread that
 * the callback would have come on, this is certain.
 *
 * Returns: %TRUE if the callback will not be called
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean       tl_future_remove_done_callback   (TlFuture             *self,
                                                 guint                 id);

/**
 * tl_future_get_error:
 * @self: a future
 *
 * The error of a future that has failed or was cancelled, the `exception()`
 * of `concurrent.futures`.
 *
 * Returns: (transfer none) (nullable): the error; %NULL if there is none, or
 *   none yet
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
const GError  *tl_future_get_error              (TlFuture             *self);

/**
 * tl_future_get_boolean:
 * @self: a future that has settled
 * @error: where to put the error
 *
 * The result as a boolean. As all getters it does not wait, and fails with
 * the error of the future, with %TL_ERROR_PENDING if it has not settled, or
 * with %TL_ERROR_WRONG_TYPE.
 *
 * Returns: the result, %FALSE with @error set if there is none
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean       tl_future_get_boolean            (TlFuture             *self,
                                                 GError              **error);

/**
 * tl_future_get_int64:
 * @self: a future that has settled
 * @error: where to put the error
 *
 * The result as an integer. See [method@Tl.Future.get_boolean] for the
 * errors.
 *
 * Returns: the result, 0 with @error set if there is none
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gint64         tl_future_get_int64              (TlFuture             *self,
                                                 GError              **error);

/**
 * tl_future_get_double:
 * @self: a future that has settled
 * @error: where to put the error
 *
 * The result as a floating point number. See
 * [method@Tl.Future.get_boolean] for the errors.
 *
 * Returns: the result, 0 with @error set if there is none
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
double         tl_future_get_double             (TlFuture             *self,
                                                 GError              **error);

/**
 * tl_future_get_string:
 * @self: a future that has settled
 * @error: where to put the error
 *
 * The result as a string. See [method@Tl.Future.get_boolean] for the errors.
 *
 * Returns: (transfer none) (nullable): the result, which lives as long as the
 *   future
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
const char    *tl_future_get_string             (TlFuture             *self,
                                                 GError              **error);

/**
 * tl_future_get_object:
 * @self: a future that has settled
 * @error: where to put the error
 *
 * The result as an object. See [method@Tl.Future.get_boolean] for the errors.
 *
 * Returns: (transfer none) (nullable) (type GObject.Object): the result, which
 *   lives as long as the future
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gpointer       tl_future_get_object             (TlFuture             *self,
                                                 GError              **error);

/**
 * tl_future_get_boxed: (skip)
 * @self: a future that has settled
 * @type: a boxed type
 * @error: where to put the error
 *
 * The result as a boxed of that type. See [method@Tl.Future.get_boolean] for
 * the errors.
 *
 * Returns: (transfer none) (nullable): the result, which lives as long as the
 *   future
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gpointer       tl_future_get_boxed              (TlFuture             *self,
                                                 GType                 type,
                                                 GError              **error);

/**
 * tl_future_get_bytes:
 * @self: a future that has settled
 * @error: where to put the error
 *
 * The result as bytes. See [method@Tl.Future.get_boolean] for the errors.
 *
 * Returns: (transfer none) (nullable): the result, which lives as long as the
 *   future
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
GBytes        *tl_future_get_bytes              (TlFuture             *self,
                                                 GError              **error);

/**
 * tl_future_get_variant:
 * @self: a future that has settled
 * @error: where to put the error
 *
 * The result as a variant. See [method@Tl.Future.get_boolean] for the errors.
 *
 * Returns: (transfer none) (nullable): the result, which lives as long as the
 *   future
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
GVariant      *tl_future_get_variant            (TlFuture             *self,
                                                 GError              **error);

/**
 * tl_future_get_pointer: (skip)
 * @self: a future that has settled
 * @error: where to put the error
 *
 * The result as a pointer. See [method@Tl.Future.get_boolean] for the errors.
 *
 * Returns: (transfer none) (nullable): the result, which lives as long as the
 *   future
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gpointer       tl_future_get_pointer            (TlFuture             *self,
                                                 GError              **error);

/**
 * tl_future_steal_pointer: (skip)
 * @self: a future that has settled
 * @error: where to put the error
 *
 * Claims a result that is a pointer: the caller is to free it from now on.
 * The result of the future is %NULL afterwards. See
 * [method@Tl.Future.get_boolean] for the errors.
 *
 * Returns: (transfer full) (nullable): the result
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gpointer       tl_future_steal_pointer          (TlFuture             *self,
                                                 GError              **error);

/**
 * tl_future_dup_value:
 * @self: a future that has settled
 * @error: where to put the error
 *
 * The result, of whichever type it is. For languages, which make of it what they
 * have for it. See [method@Tl.Future.get_boolean] for the errors.
 *
 * Returns: (transfer full) (nullable): the result, %NULL with @error set if there
 *   is none, and without if the future was ended without a value
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
GValue        *tl_future_dup_value              (TlFuture             *self,
                                                 GError              **error);

/* ---- The producer's side ---- */

/**
 * tl_future_set_running:
 * @self: a future that was made with [ctor@Tl.Future.new]
 *
 * Says that work on it has begun, so that its state and a
 * [class@Tl.Progress] show %TL_FUTURE_STATE_RUNNING. To say so more than once
 * does no harm.
 *
 * It is the last moment to find out that nobody wants the result any more:
 * where this is %FALSE, do not begin. From then on, too, the future can be
 * cancelled, and settles at once; [method@Tl.Future.cancel_requested] and
 * [method@Tl.Future.get_cancellable] tell the work.
 *
 * An executor says this of its own futures. To call it for one of those is a
 * programmer error.
 *
 * It is the `set_running_or_notify_cancel()` of `concurrent.futures`.
 *
 * Returns: %TRUE if the work should be done, %FALSE if the future has settled,
 *   having been cancelled for example
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean       tl_future_set_running            (TlFuture             *self);

/**
 * tl_future_set_done:
 * @self: a future
 *
 * Ends the future without a value.
 *
 * As all setters it may be called from any thread. The future of a function
 * on an executor settles after that function has returned, any other at
 * once.
 *
 * Returns: %TRUE if it was the first to set something
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean       tl_future_set_done               (TlFuture             *self);

/**
 * tl_future_set_value:
 * @self: a future
 * @value: the result
 *
 * Ends the future with a copy of @value.
 *
 * Returns: %TRUE if it was the first to set something
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean       tl_future_set_value              (TlFuture             *self,
                                                 const GValue         *value);

/**
 * tl_future_set_boolean:
 * @self: a future
 * @value: the result
 *
 * Ends the future with a boolean.
 *
 * Returns: %TRUE if it was the first to set something
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean       tl_future_set_boolean            (TlFuture             *self,
                                                 gboolean              value);

/**
 * tl_future_set_int64:
 * @self: a future
 * @value: the result
 *
 * Ends the future with an integer.
 *
 * Returns: %TRUE if it was the first to set something
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean       tl_future_set_int64              (TlFuture             *self,
                                                 gint64                value);

/**
 * tl_future_set_double:
 * @self: a future
 * @value: the result
 *
 * Ends the future with a floating point number.
 *
 * Returns: %TRUE if it was the first to set something
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean       tl_future_set_double             (TlFuture             *self,
                                                 double                value);

/**
 * tl_future_set_string:
 * @self: a future
 * @value: (nullable): the result
 *
 * Ends the future with a copy of a string.
 *
 * Returns: %TRUE if it was the first to set something
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean       tl_future_set_string             (TlFuture             *self,
                                                 const char           *value);

/**
 * tl_future_set_object:
 * @self: a future
 * @value: (nullable) (type GObject.Object): the result
 *
 * Ends the future with an object, of which it takes a reference.
 *
 * Returns: %TRUE if it was the first to set something
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean       tl_future_set_object             (TlFuture             *self,
                                                 gpointer              value);

/**
 * tl_future_set_boxed: (skip)
 * @self: a future
 * @type: a boxed type
 * @value: (nullable): the result
 *
 * Ends the future with a copy of a boxed.
 *
 * Returns: %TRUE if it was the first to set something
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean       tl_future_set_boxed              (TlFuture             *self,
                                                 GType                 type,
                                                 gconstpointer         value);

/**
 * tl_future_set_bytes:
 * @self: a future
 * @value: (nullable): the result
 *
 * Ends the future with bytes, of which it takes a reference.
 *
 * Returns: %TRUE if it was the first to set something
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean       tl_future_set_bytes              (TlFuture             *self,
                                                 GBytes               *value);

/**
 * tl_future_set_variant:
 * @self: a future
 * @value: (nullable): the result
 *
 * Ends the future with a variant, of which it takes a reference; a floating
 * one is sunk.
 *
 * Returns: %TRUE if it was the first to set something
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean       tl_future_set_variant            (TlFuture             *self,
                                                 GVariant             *value);

/**
 * tl_future_set_pointer: (skip)
 * @self: a future
 * @value: (nullable): the result
 * @destroy: (nullable): frees it, if nobody has claimed it
 *
 * Ends the future with a pointer.
 *
 * @value belongs to the future from here on, even if this setter was not the
 * first: then it is freed at once.
 *
 * Returns: %TRUE if it was the first to set something
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean       tl_future_set_pointer            (TlFuture             *self,
                                                 gpointer              value,
                                                 GDestroyNotify        destroy);

/**
 * tl_future_set_error:
 * @self: a future
 * @error: the error
 *
 * Ends the future with a copy of @error. With %G_IO_ERROR_CANCELLED it is
 * cancelled, with all others it has failed.
 *
 * A [callback@Tl.Func] returns its error instead.
 *
 * Returns: %TRUE if it was the first to set something
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean       tl_future_set_error              (TlFuture             *self,
                                                 const GError         *error);

/**
 * tl_future_set_origin:
 * @self: a future
 * @executor: (nullable): the name of what runs the work
 * @trace: (nullable): where its error has come up, such as the lines of a stack
 *
 * Says where the work goes on that will settle a future of
 * [ctor@Tl.Future.new], for the report that is made if it fails and nobody looks
 * at the error, see [func@Tl.set_error_handler]. The error itself stays as it is.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void           tl_future_set_origin             (TlFuture             *self,
                                                 const char           *executor,
                                                 const char           *trace);

/**
 * tl_future_set_new_error: (skip)
 * @self: a future
 * @domain: an error domain
 * @code: an error code
 * @format: a printf() format
 * @...: what goes into the format
 *
 * Ends the future with a new error.
 *
 * Returns: %TRUE if it was the first to set something
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean       tl_future_set_new_error          (TlFuture             *self,
                                                 GQuark                domain,
                                                 int                   code,
                                                 const char           *format,
                                                 ...) G_GNUC_PRINTF (4, 5);

/**
 * tl_future_get_cancellable:
 * @self: a future
 *
 * The cancellable that is tripped when the future is cancelled, to pass to
 * everything in the work that blocks. It is made when it is first asked for.
 *
 * Returns: (transfer none): the cancellable, which lives as long as the future
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
GCancellable  *tl_future_get_cancellable        (TlFuture             *self);

/**
 * tl_future_cancel_requested:
 * @self: a future
 *
 * Whether somebody has cancelled the future, or its deadline has passed.
 * Work that computes asks this now and then; it costs a few nanoseconds.
 *
 * Returns: %TRUE if the work should end
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean       tl_future_cancel_requested       (TlFuture             *self);

/**
 * tl_future_set_progress:
 * @self: a future
 * @fraction: how far the work is, 0 to 1, or -1 where that is not known
 * @message: (nullable): what it is doing
 *
 * Says how far the work is. See [class@Tl.Progress]; where nobody watches,
 * this costs next to nothing. Ignored once the future has settled.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void           tl_future_set_progress           (TlFuture             *self,
                                                 double                fraction,
                                                 const char           *message);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TlFuture, tl_future_unref)

G_END_DECLS
