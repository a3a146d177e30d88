/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (TL_INSIDE) && !defined (TL_COMPILATION)
# error "Only <threadloop.h> can be included directly."
#endif

#include <threadloop/tl-types.h>

G_BEGIN_DECLS

/**
 * TL_ERROR:
 *
 * The error domain of threadloop; its codes are [error@Tl.Error].
 *
 * Since: 1.0
 */
#define TL_ERROR (tl_error_quark ())

/**
 * TlError:
 * @TL_ERROR_FAILED: the function returned %FALSE without saying why, or a
 *   language binding could not call it
 * @TL_ERROR_SHUT_DOWN: the executor or the event thread takes no more work
 * @TL_ERROR_NOT_STARTED: the event thread was not started yet
 * @TL_ERROR_ALREADY_STARTED: an event thread or a [struct@Tl.Call] runs once and
 *   cannot be restarted
 * @TL_ERROR_QUEUE_FULL: as much is queued as `max-queued` allows
 * @TL_ERROR_WOULD_DEADLOCK: the thread would wait for itself
 * @TL_ERROR_BROKEN: a thread's [callback@Tl.ThreadFunc] failed
 * @TL_ERROR_THREAD: the system refused to make a thread
 * @TL_ERROR_ABANDONED: who was to settle the future has gone
 * @TL_ERROR_PENDING: the future has no result yet
 * @TL_ERROR_WRONG_TYPE: the result is of another type than was asked for
 *
 * What can go wrong that has no name in GIO.
 *
 * Cancelled and timed out are %G_IO_ERROR_CANCELLED and
 * %G_IO_ERROR_TIMED_OUT, as everywhere in GIO.
 *
 * Since: 1.0
 */
typedef enum
{
  TL_ERROR_FAILED,
  TL_ERROR_SHUT_DOWN,
  TL_ERROR_NOT_STARTED,
  TL_ERROR_ALREADY_STARTED,
  TL_ERROR_QUEUE_FULL,
  TL_ERROR_WOULD_DEADLOCK,
  TL_ERROR_BROKEN,
  TL_ERROR_THREAD,
  TL_ERROR_ABANDONED,
  TL_ERROR_PENDING,
  TL_ERROR_WRONG_TYPE,
} TlError;

/**
 * TlErrorHandler:
 * @executor: the name of the executor that ran the task, or an empty string
 * @task: the name of the task, or an empty string
 * @error: what went wrong
 * @user_data: what was given with the function
 *
 * Hears of an error that nobody looked at.
 *
 * Since: 1.0
 */
typedef void (*TlErrorHandler) (const char   *executor,
                                const char   *task,
                                const GError *error,
                                gpointer      user_data);

/**
 * tl_error_quark:
 *
 * The quark behind %TL_ERROR.
 *
 * Returns: the error domain
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
GQuark tl_error_quark        (void);

/**
 * tl_set_error_handler:
 * @handler: (nullable) (scope notified) (closure user_data) (destroy destroy):
 *   what to call, or %NULL for the default, a g_warning()
 * @user_data: passed to @handler
 * @destroy: (nullable): frees @user_data when another handler is set
 *
 * Says what becomes of errors that nobody looked at.
 *
 * The error of a future counts as looked at once any function has handed it
 * out. A future that dies with an error which nobody looked at hands it to
 * @handler, once. A cancelled future is no error.
 *
 * Where a main loop runs the context that was the thread-default one when
 * the handler was set, the handler is called there; elsewhere it is called
 * at once on the thread that drops the future, which may be a worker.
 *
 * This is asyncio's `loop.set_exception_handler()`, for the whole process.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void   tl_set_error_handler  (TlErrorHandler handler,
                              gpointer       user_data,
                              GDestroyNotify destroy);

G_END_DECLS
