/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (TL_INSIDE) && !defined (TL_COMPILATION)
# error "Only <threadloop.h> can be included directly."
#endif

#include <gio/gio.h>
#include <threadloop/tl-callable.h>
#include <threadloop/tl-values.h>

G_BEGIN_DECLS

#define TL_TYPE_CALL (tl_call_get_type ())

/**
 * TlCall:
 *
 * A function of a library and its arguments, to be called once.
 *
 * [method@Tl.Executor.call] is all that most programs need. This is for who has
 * threads or a queue of their own, as a language binding may have: the call is
 * made where the arguments are, which says at once what is wrong with them, and
 * run where its time has come.
 *
 * ```c
 * g_autoptr(TlCallable) load = tl_callable_lookup ("Gio.File.load_contents", NULL);
 * g_autoptr(TlValues) args = tl_values_new (NULL, 0);
 * g_autoptr(TlValues) results = NULL;
 * g_autoptr(TlCall) call = NULL;
 * g_auto(GValue) self = G_VALUE_INIT;
 *
 * g_value_set_object (g_value_init (&self, G_TYPE_FILE), file);
 * tl_values_append (args, &self);
 * call = tl_call_new (load, args, &error);
 *
 * results = tl_call_run (call, cancellable, &error);
 * ```
 *
 * It may be made, run and dropped on three different threads. What it holds of
 * its arguments is released by who drops the last reference, whether it was run
 * or not.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
GType      tl_call_get_type  (void) G_GNUC_CONST;

/**
 * tl_call_new:
 * @callable: what to call
 * @args: (nullable): its arguments, a list; %NULL for none
 * @error: where to put what is wrong with the arguments
 *
 * Makes a call. The arguments are copied and checked as those of
 * [method@Tl.Executor.call] are, with the same errors, for a call that is run on
 * a worker.
 *
 * Returns: (transfer full): a new call, %NULL with @error set if it cannot be made
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlCall    *tl_call_new       (TlCallable    *callable,
                              TlValues      *args,
                              GError       **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tl_call_ref:
 * @self: a call
 *
 * Takes a reference.
 *
 * Returns: (transfer full): @self
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlCall    *tl_call_ref       (TlCall        *self);

/**
 * tl_call_unref:
 * @self: (transfer full): a call
 *
 * Drops a reference.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void       tl_call_unref     (TlCall        *self);

/**
 * tl_call_run:
 * @self: a call that was not run yet
 * @cancellable: (nullable): what can interrupt it
 * @error: where to put the error of the function
 *
 * Calls the function, on the calling thread, and blocks for as long as that
 * takes.
 *
 * @cancellable is for a function that takes one, and is not looked at otherwise.
 * Where the arguments have one as well, each of the two interrupts the function.
 *
 * The errors are those of the function. A call is run once, since the function may
 * have taken over its arguments: the second time is %TL_ERROR_ALREADY_STARTED.
 *
 * Returns: (transfer full): the results, as many as
 *   [method@Tl.Callable.get_n_results] says, each of the type that
 *   [method@Tl.Executor.call] gives it; %NULL with @error set if it failed
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlValues  *tl_call_run       (TlCall        *self,
                              GCancellable  *cancellable,
                              GError       **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TlCall, tl_call_unref)

G_END_DECLS
