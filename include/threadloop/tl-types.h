/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (TL_INSIDE) && !defined (TL_COMPILATION)
# error "Only <threadloop.h> can be included directly."
#endif

#include <gio/gio.h>

#include <threadloop/tl-version.h>

G_BEGIN_DECLS

typedef struct _TlFuture      TlFuture;
typedef struct _TlProgress    TlProgress;
typedef struct _TlExecutor    TlExecutor;
typedef struct _TlEventThread TlEventThread;
typedef struct _TlBell        TlBell;
typedef struct _TlInbox       TlInbox;
typedef struct _TlChannel     TlChannel;
typedef struct _TlClaims      TlClaims;
typedef struct _TlLookout     TlLookout;
typedef struct _TlValues      TlValues;
typedef struct _TlCallable    TlCallable;
typedef struct _TlCall        TlCall;

/**
 * TlFunc:
 * @future: the future of this very task, to use the producer's side of
 * @user_data: what was given to submit
 * @error: where to put the reason of a failure
 *
 * Work for an executor.
 *
 * It is called once, on a thread of the executor, and may block there. It
 * gives its result to @future with one of the setters, such as
 * [method@Tl.Future.set_string], and returns %TRUE; with nothing to give it
 * just returns %TRUE. If it fails it sets @error and returns %FALSE, as any
 * function of GIO does, so that an error of such a function can be passed
 * on without a line of code. What blocks should be given
 * [method@Tl.Future.get_cancellable].
 *
 * The future settles after the function has returned, not before: whoever
 * waits for it may rely on @user_data not being in use any more.
 *
 * A function that returns %FALSE without an error fails its future with
 * %TL_ERROR_FAILED. This is what a language binding ends with if it cannot
 * call the function, or if the function threw.
 *
 * Returns: %TRUE if the work was done, %FALSE with @error set if not
 *
 * Since: 1.0
 */
typedef gboolean (*TlFunc) (TlFuture  *future,
                            gpointer   user_data,
                            GError   **error);

/**
 * TlThreadFunc:
 * @user_data: what was given with the function
 * @error: where to put the reason why the thread cannot be used
 *
 * A hook around the whole life of a thread of threadloop.
 *
 * It is called on the new thread, before any work. It sets up what it
 * needs, calls [func@Tl.thread_run], which comes back when the thread is to
 * end, and tears down what it has set up:
 *
 * ```c
 * static gboolean
 * with_database (gpointer   user_data,
 *                GError   **error)
 * {
 *   if (!database_connect (user_data, error))
 *     return FALSE;
 *
 *   tl_thread_run ();
 *
 *   database_disconnect (user_data);
 *   return TRUE;
 * }
 * ```
 *
 * If it returns %FALSE before it has called [func@Tl.thread_run], the
 * executor is broken: what is queued and what is submitted later fails with
 * %TL_ERROR_BROKEN and the message of @error. This is the `initializer` of
 * `concurrent.futures`, with a counterpart at the thread's end.
 *
 * Returns: %TRUE if all went well, %FALSE with @error set if not
 *
 * Since: 1.0
 */
typedef gboolean (*TlThreadFunc) (gpointer   user_data,
                                  GError   **error);

G_END_DECLS
