/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (TL_INSIDE) && !defined (TL_COMPILATION)
# error "Only <threadloop.h> can be included directly."
#endif

#include <gio/gio.h>
#include <threadloop/tl-future.h>

G_BEGIN_DECLS

/**
 * TlWhenFull:
 * @TL_WHEN_FULL_BLOCK: submit waits until there is room
 * @TL_WHEN_FULL_FAIL: submit gives a future that has failed with
 *   %TL_ERROR_QUEUE_FULL
 *
 * What a submit does while as much is queued as `max-queued` allows.
 *
 * Since: 1.0
 */
typedef enum
{
  TL_WHEN_FULL_BLOCK,
  TL_WHEN_FULL_FAIL,
} TlWhenFull;

/**
 * TlShutdown:
 * @TL_SHUTDOWN_DRAIN: all that was accepted still runs
 * @TL_SHUTDOWN_CANCEL_QUEUED: what is queued is cancelled, what runs goes on
 * @TL_SHUTDOWN_CANCEL_ALL: what is queued is cancelled, and what runs is
 *   asked to stop through its cancellable
 *
 * What becomes of the work that an executor has accepted when it is shut
 * down.
 *
 * Since: 1.0
 */
typedef enum
{
  TL_SHUTDOWN_DRAIN,
  TL_SHUTDOWN_CANCEL_QUEUED,
  TL_SHUTDOWN_CANCEL_ALL,
} TlShutdown;

#define TL_TYPE_EXECUTOR (tl_executor_get_type ())

TL_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (TlExecutor, tl_executor, TL, EXECUTOR, GObject)

/**
 * TlExecutor:
 *
 * A place where work runs.
 *
 * [ctor@Tl.Executor.new] makes a pool of threads of its own,
 * [ctor@Tl.Executor.new_for_context] runs the work in a
 * [struct@GLib.MainContext], that of the user interface for example, and
 * [func@Tl.Executor.get_default] is a pool that the whole process shares.
 *
 * ```c
 * static gboolean
 * read_file (TlFuture  *future,
 *            gpointer   user_data,
 *            GError   **error)
 * {
 *   g_autoptr(GBytes) bytes = g_file_load_bytes (user_data, tl_future_get_cancellable (future),
 *                                                NULL, error);
 *
 *   if (bytes == NULL)
 *     return FALSE;
 *
 *   tl_future_set_bytes (future, bytes);
 *   return TRUE;
 * }
 *
 * g_autoptr(TlFuture) future = NULL;
 *
 * future = tl_executor_submit (executor, read_file, g_object_ref (file), g_object_unref);
 * tl_future_add_done_callback (future, show_file, window, NULL);
 * ```
 *
 * Threads are made when there is work for them, carry the name of the
 * executor, and end when they have been idle for
 * [property@Tl.Executor:idle-timeout].
 *
 * Dropping the last reference, from wherever, neither waits nor loses
 * anything: what was accepted still runs, then the threads end. To wait for
 * that, use [method@Tl.Executor.shutdown].
 *
 * All methods may be called from every thread. What changes by itself,
 * [property@Tl.Executor:n-queued] and [property@Tl.Executor:n-running],
 * notifies in the main context that was the thread-default one where the
 * executor was made.
 *
 * It is the `Executor` of `concurrent.futures`.
 *
 * Since: 1.0
 */

/**
 * tl_executor_new:
 * @name: (nullable): a name for the executor and its threads
 * @max_workers: how many threads there may be, 0 for a number that suits
 *   blocking work on this machine (the number of processors and four more,
 *   32 at most)
 *
 * Makes a pool of threads. No thread is made before there is work.
 *
 * Returns: (transfer full): a new executor
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlExecutor    *tl_executor_new              (const char          *name,
                                             guint                max_workers) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tl_executor_new_for_context:
 * @context: (nullable): where the work is to run, %NULL for the global
 *   default context
 *
 * Makes an executor that runs its work in a main context, on whichever
 * thread iterates it.
 *
 * With `NULL` that is the thread of the user interface, and this is how work
 * on a worker gets something done there. It holds a reference on @context.
 * Should the context be destroyed with work in it, that work's futures fail
 * with %TL_ERROR_ABANDONED.
 *
 * A task of priority `p` runs as a source of that priority would. Many short
 * tasks share a turn of the main loop, but no more than a few milliseconds
 * of it; and however many there are, less urgent sources have theirs as well.
 *
 * Returns: (transfer full): a new executor
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlExecutor    *tl_executor_new_for_context  (GMainContext        *context) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tl_executor_get_default:
 *
 * The pool that the whole process shares. It cannot be shut down.
 *
 * It is for work that ends by itself; what may block for long, or wants
 * limits, should have an executor of its own.
 *
 * Returns: (transfer none): the default executor
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlExecutor    *tl_executor_get_default      (void);

/**
 * tl_executor_submit:
 * @self: an executor
 * @func: (scope notified) (closure user_data) (destroy destroy): the work
 * @user_data: passed to @func
 * @destroy: (nullable): frees @user_data
 *
 * Hands work to the executor, at default priority.
 *
 * There is always a future. If the work cannot be taken, the future has
 * failed already and says why: %TL_ERROR_SHUT_DOWN, %TL_ERROR_QUEUE_FULL,
 * %TL_ERROR_BROKEN or %TL_ERROR_THREAD.
 *
 * @destroy is called once in every case. While a main loop runs the calling
 * thread's thread-default main context, it is called there. Where none does,
 * as in a plain script, it is called before a wait of the calling thread
 * returns, and a second after the work is done at the latest, on whichever
 * thread. The same holds for a result that nobody claimed.
 *
 * Returns: (transfer full): the future of the work
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlFuture      *tl_executor_submit           (TlExecutor          *self,
                                             TlFunc               func,
                                             gpointer             user_data,
                                             GDestroyNotify       destroy) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tl_executor_submit_full:
 * @self: an executor
 * @name: (nullable): a name for the task, for messages and progress
 * @priority: a priority as of GLib: less is sooner, %G_PRIORITY_DEFAULT is 0
 * @deadline: a time of g_get_monotonic_time() in microseconds, or -1
 * @cancellable: (nullable): cancels the future when it is cancelled
 * @func: (scope notified) (closure user_data) (destroy destroy): the work
 * @user_data: passed to @func
 * @destroy: (nullable): frees @user_data
 *
 * Hands work to the executor, and says more about it.
 *
 * If @deadline passes while the work is queued, it never runs; if it passes
 * while the work runs, its cancellable is tripped. Either way the future
 * fails with %G_IO_ERROR_TIMED_OUT, and the message says whether it had
 * started. Work that succeeds nevertheless has succeeded. One thread serves
 * all deadlines: handlers of a future's cancellable must not block.
 *
 * Where @cancellable is cancelled already, @func is not called. While submit
 * waits for room in the queue, @cancellable and @deadline end that, too.
 *
 * Returns: (transfer full): the future of the work
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlFuture      *tl_executor_submit_full      (TlExecutor          *self,
                                             const char          *name,
                                             int                  priority,
                                             gint64               deadline,
                                             GCancellable        *cancellable,
                                             TlFunc               func,
                                             gpointer             user_data,
                                             GDestroyNotify       destroy) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tl_executor_submit_many: (skip)
 * @self: an executor
 * @func: the work
 * @user_data: (array length=n): what to pass to @func, each in a task of its
 *   own
 * @n: how many
 * @destroy: (nullable): frees each of @user_data
 *
 * Hands many pieces of work to the executor in one operation, at default
 * priority. Where the queue is bounded, it takes them as there is room.
 *
 * Returns: (transfer full) (element-type TlFuture): the futures, in the order
 *   of @user_data
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
GPtrArray     *tl_executor_submit_many      (TlExecutor          *self,
                                             TlFunc               func,
                                             gpointer            *user_data,
                                             gsize                n,
                                             GDestroyNotify       destroy) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tl_executor_post:
 * @self: an executor
 * @func: (scope notified) (closure user_data) (destroy destroy): the work
 * @user_data: passed to @func
 * @destroy: (nullable): frees @user_data
 *
 * Hands over work whose end nobody waits for. An error is still reported,
 * as [func@Tl.set_error_handler] says.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void           tl_executor_post             (TlExecutor          *self,
                                             TlFunc               func,
                                             gpointer             user_data,
                                             GDestroyNotify       destroy);

/**
 * tl_executor_shutdown:
 * @self: an executor
 * @how: what becomes of the work that was accepted
 * @timeout: how long to wait for its end in microseconds, 0 not to wait, -1
 *   to wait as long as it takes
 * @cancellable: (nullable): ends the waiting
 * @error: where to put an error
 *
 * Takes no more work, and waits until what was accepted has ended and the
 * threads have gone.
 *
 * It may be called again, to wait longer or to be stricter. The shutdown
 * itself cannot fail, and goes on where the waiting ends early: with
 * %G_IO_ERROR_TIMED_OUT, %G_IO_ERROR_CANCELLED, or %TL_ERROR_WOULD_DEADLOCK
 * on a thread of the executor itself. The default executor refuses with
 * %G_IO_ERROR_NOT_SUPPORTED.
 *
 * Returns: %TRUE if everything has ended
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean       tl_executor_shutdown         (TlExecutor          *self,
                                             TlShutdown           how,
                                             gint64               timeout,
                                             GCancellable        *cancellable,
                                             GError             **error);

/**
 * tl_executor_shutdown_async:
 * @self: an executor
 * @how: what becomes of the work that was accepted
 * @cancellable: (nullable): ends the waiting
 * @callback: (nullable) (scope async) (closure user_data): called when
 *   everything has ended
 * @user_data: passed to @callback
 *
 * Takes no more work, and says when what was accepted has ended. See
 * [method@Tl.Executor.shutdown].
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void           tl_executor_shutdown_async   (TlExecutor          *self,
                                             TlShutdown           how,
                                             GCancellable        *cancellable,
                                             GAsyncReadyCallback  callback,
                                             gpointer             user_data);

/**
 * tl_executor_shutdown_finish:
 * @self: an executor
 * @result: what the callback was given
 * @error: where to put an error
 *
 * Ends [method@Tl.Executor.shutdown_async].
 *
 * Returns: %TRUE if everything has ended
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean       tl_executor_shutdown_finish  (TlExecutor          *self,
                                             GAsyncResult        *result,
                                             GError             **error);

/**
 * tl_executor_dup_stopped:
 * @self: an executor
 *
 * A future that is done when the executor was shut down and everything that it
 * had accepted has ended. That of the default executor never is.
 *
 * Returns: (transfer full): the future
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlFuture      *tl_executor_dup_stopped      (TlExecutor          *self) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tl_executor_set_thread_func:
 * @self: a pool that has had no work yet
 * @func: (scope notified) (closure user_data) (destroy destroy): called around
 *   the life of each of its threads
 * @user_data: passed to @func
 * @destroy: (nullable): frees @user_data when the last thread has ended
 *
 * Sets a hook around the life of the executor's threads.
 *
 * An executor for a main context makes no threads and has no use for it.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void           tl_executor_set_thread_func  (TlExecutor          *self,
                                             TlThreadFunc         func,
                                             gpointer             user_data,
                                             GDestroyNotify       destroy);

/**
 * tl_executor_get_name:
 * @self: an executor
 *
 * Gets [property@Tl.Executor:name].
 *
 * Returns: (transfer none): the name
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
const char    *tl_executor_get_name         (TlExecutor          *self);

/**
 * tl_executor_get_max_workers:
 * @self: an executor
 *
 * Gets [property@Tl.Executor:max-workers].
 *
 * Returns: how many threads there may be
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
guint          tl_executor_get_max_workers  (TlExecutor          *self);

/**
 * tl_executor_set_max_workers:
 * @self: an executor
 * @max_workers: how many threads there may be, 0 for the usual number
 *
 * Sets [property@Tl.Executor:max-workers].
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void           tl_executor_set_max_workers  (TlExecutor          *self,
                                             guint                max_workers);

/**
 * tl_executor_get_max_queued:
 * @self: an executor
 *
 * Gets [property@Tl.Executor:max-queued].
 *
 * Returns: how much may be queued, 0 for no limit
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
guint          tl_executor_get_max_queued   (TlExecutor          *self);

/**
 * tl_executor_set_max_queued:
 * @self: an executor
 * @max_queued: how much may be queued, 0 for no limit
 *
 * Sets [property@Tl.Executor:max-queued].
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void           tl_executor_set_max_queued   (TlExecutor          *self,
                                             guint                max_queued);

/**
 * tl_executor_get_when_full:
 * @self: an executor
 *
 * Gets [property@Tl.Executor:when-full].
 *
 * Returns: what a submit does while the queue is full
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlWhenFull     tl_executor_get_when_full    (TlExecutor          *self);

/**
 * tl_executor_set_when_full:
 * @self: an executor
 * @when_full: what a submit does while the queue is full
 *
 * Sets [property@Tl.Executor:when-full].
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void           tl_executor_set_when_full    (TlExecutor          *self,
                                             TlWhenFull           when_full);

/**
 * tl_executor_get_idle_timeout:
 * @self: an executor
 *
 * Gets [property@Tl.Executor:idle-timeout].
 *
 * Returns: microseconds, or -1
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gint64         tl_executor_get_idle_timeout (TlExecutor          *self);

/**
 * tl_executor_set_idle_timeout:
 * @self: an executor
 * @idle_timeout: microseconds, or -1
 *
 * Sets [property@Tl.Executor:idle-timeout].
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void           tl_executor_set_idle_timeout (TlExecutor          *self,
                                             gint64               idle_timeout);

/**
 * tl_executor_get_spin_time: (get-property spin-time)
 * @self: an executor
 *
 * For how long a thread looks on before it sleeps, in microseconds. See
 * [property@Tl.Executor:spin-time].
 *
 * Returns: the time, 0 for not at all
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gint64         tl_executor_get_spin_time    (TlExecutor          *self);

/**
 * tl_executor_set_spin_time: (set-property spin-time)
 * @self: an executor
 * @spin_time: microseconds, 0 for not at all, -1 for the usual time
 *
 * Sets for how long a thread looks on before it sleeps, at any time. See
 * [property@Tl.Executor:spin-time].
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void           tl_executor_set_spin_time    (TlExecutor          *self,
                                             gint64               spin_time);

/**
 * tl_executor_get_n_queued:
 * @self: an executor
 *
 * Gets [property@Tl.Executor:n-queued].
 *
 * Returns: how many tasks wait for their turn
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
guint          tl_executor_get_n_queued     (TlExecutor          *self);

/**
 * tl_executor_get_n_running:
 * @self: an executor
 *
 * Gets [property@Tl.Executor:n-running].
 *
 * Returns: how many tasks run right now
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
guint          tl_executor_get_n_running    (TlExecutor          *self);

/**
 * tl_release_now:
 * @timeout: how long to wait in microseconds, -1 for as long as it takes
 *
 * Frees, in the calling thread, the user data that waits for a thread that does
 * not come: as [method@Tl.Executor.submit] says, that of a thread that runs no
 * main loop stays until that next submits or waits, or for a second. What waits
 * for a main loop that another thread runs is left to that.
 *
 * It is for a language runtime that is about to end, after which its user data
 * must not be freed any more. So it also waits for what is being freed elsewhere,
 * because the second was over.
 *
 * Returns: %TRUE unless that has taken longer than @timeout
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean       tl_release_now               (gint64               timeout);

/**
 * tl_thread_run:
 *
 * Does what the calling thread was made for, until it is to end.
 *
 * To be called once by a [callback@Tl.ThreadFunc], and by nobody else.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void           tl_thread_run                (void);

G_END_DECLS
