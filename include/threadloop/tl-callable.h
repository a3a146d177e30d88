/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (TL_INSIDE) && !defined (TL_COMPILATION)
# error "Only <threadloop.h> can be included directly."
#endif

#include <gio/gio.h>
#include <threadloop/tl-executor.h>

G_BEGIN_DECLS

#define TL_TYPE_CALLABLE (tl_callable_get_type ())

/**
 * TlCallable:
 *
 * A function of a library that a worker can call by itself: a function, a
 * method or a constructor that is described in a typelib.
 *
 * It is looked up once, by its name, and called with
 * [method@Tl.Executor.call], or on a thread of one's own with
 * [method@Tl.Call.run], as often as one likes. All that there is to know
 * of its arguments is read when it is looked up, and it is kept for the process.
 *
 * Looking up reads typelibs through the introspection runtime that the process
 * has. The runtimes are not made for several threads, so look up where the
 * language does, which in most programs is the main thread. All other functions
 * may be called from every thread.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
GType         tl_callable_get_type        (void) G_GNUC_CONST;

/**
 * tl_callable_lookup:
 * @name: a name, such as `Gio.File.load_contents` or `g_file_load_contents`
 * @error: where to put the reason
 *
 * Finds a function by its name.
 *
 * The name is either the one that all languages share, or that of the C
 * function, which is found where its namespace has been loaded. The former may
 * say a version, as `Gtk-4.0.IconPaintable.new_for_file` does; the namespace is
 * loaded where it was not yet.
 *
 * The error is %G_IO_ERROR_NOT_FOUND if there is no such function, or no such
 * namespace, and %G_IO_ERROR_NOT_SUPPORTED if there is and it cannot be called on
 * a worker: it cannot do without a callback, is asynchronous itself, takes or
 * gives something of which the type is not known, or belongs to objects that may
 * only be used on one thread, as widgets do.
 *
 * Returns: (transfer full): the function
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlCallable   *tl_callable_lookup          (const char  *name,
                                           GError     **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tl_callable_lookup_method:
 * @type: the type of an object, or of a boxed
 * @name: the name of a method, such as `load_contents`
 * @error: where to put the reason
 *
 * Finds a method that things of a type have: one of its class, of a class that
 * it derives from, or of an interface. The type itself need not be in any
 * typelib.
 *
 * The errors are those of [func@Tl.Callable.lookup].
 *
 * Returns: (transfer full): the method
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlCallable   *tl_callable_lookup_method   (GType        type,
                                           const char  *name,
                                           GError     **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tl_callable_ref:
 * @self: a function
 *
 * Takes a reference.
 *
 * Returns: (transfer full): @self
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlCallable   *tl_callable_ref             (TlCallable  *self);

/**
 * tl_callable_unref:
 * @self: (transfer full): a function
 *
 * Drops a reference.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void          tl_callable_unref           (TlCallable  *self);

/**
 * tl_callable_get_name:
 * @self: a function
 *
 * The name that all languages share, such as `Gio.File.load_contents`.
 *
 * Returns: (transfer none): the name
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
const char   *tl_callable_get_name        (TlCallable  *self);

/**
 * tl_callable_get_symbol:
 * @self: a function
 *
 * The name of the C function, such as `g_file_load_contents`.
 *
 * Returns: (transfer none): the symbol
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
const char   *tl_callable_get_symbol      (TlCallable  *self);

/**
 * tl_callable_get_n_params:
 * @self: a function
 *
 * How many arguments [method@Tl.Executor.call] takes for it. The object of a
 * method is the first of them. What languages leave out does not count: the
 * lengths of arrays, the user data of a callback, results, and the error.
 *
 * Returns: the number of parameters
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
guint         tl_callable_get_n_params    (TlCallable  *self);

/**
 * tl_callable_get_param_name:
 * @self: a function
 * @i: which, less than [method@Tl.Callable.get_n_params]
 *
 * The name of a parameter; that of a method's object is `self`.
 *
 * Returns: (transfer none): the name
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
const char   *tl_callable_get_param_name  (TlCallable  *self,
                                           guint        i);

/**
 * tl_callable_get_n_results:
 * @self: a function
 *
 * How many results a call has: what the function returns, and what it gives in
 * arguments. A boolean that is returned beside other results does not count
 * where the function can fail: an error says more.
 *
 * Returns: the number of results
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
guint         tl_callable_get_n_results   (TlCallable  *self);

/**
 * tl_callable_result_is_bytes:
 * @self: a function
 * @i: which, less than [method@Tl.Callable.get_n_results]
 *
 * Whether a result is an array of bytes, and not the [struct@GLib.Bytes] that a
 * call gives for it: languages have a kind of their own for that.
 *
 * Returns: %TRUE for an array of bytes
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean      tl_callable_result_is_bytes (TlCallable  *self,
                                           guint        i);

/**
 * tl_callable_get_result_enum:
 * @self: a function
 * @i: which, less than [method@Tl.Callable.get_n_results]
 *
 * The name of the enumeration that a result is of, or of the flags, such as
 * `Gio.FileType`. Languages have types of their own for them, also where C has
 * no `GType` and a call gives a number.
 *
 * Returns: (transfer none) (nullable): the name, %NULL if it is neither
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
const char   *tl_callable_get_result_enum (TlCallable  *self,
                                           guint        i);

/**
 * tl_callable_takes_cancellable:
 * @self: a function
 *
 * Whether it has a parameter for a `GCancellable`, so that a call of it can be
 * cancelled while it runs.
 *
 * Returns: %TRUE if it has
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean      tl_callable_takes_cancellable
                                          (TlCallable  *self);

/**
 * tl_callable_to_string:
 * @self: a function
 *
 * Says what it takes and gives, for people:
 * `Gio.File.load_contents(self: Gio.File, cancellable: Gio.Cancellable or null) -> bytes, string or null`.
 *
 * Returns: (transfer full): the signature
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
char         *tl_callable_to_string       (TlCallable  *self);

/**
 * tl_executor_call:
 * @self: an executor
 * @callable: what to call
 * @args: (nullable) (array length=n_args): its arguments
 * @n_args: how many
 * @error: where to put what is wrong with the arguments
 *
 * Has a worker call a function of a library, without the language that asks
 * for it having a part in that.
 *
 * ```c
 * g_autoptr(TlCallable) load = tl_callable_lookup ("Gio.File.load_contents", NULL);
 * g_auto(GValue) file = G_VALUE_INIT;
 *
 * g_value_take_object (g_value_init (&file, G_TYPE_FILE), g_file_new_for_path (path));
 * future = tl_executor_call (executor, load, &file, 1, &error);
 * ```
 *
 * The arguments are those that [method@Tl.Callable.get_n_params] counts. They
 * are copied, each as its type is: an object is kept, a boxed is copied as
 * g_boxed_copy() does. Those at the end that may be %NULL can be left out. What
 * a parameter takes:
 *
 * - a number: any number that fits, so that 5.0 will do for an integer;
 * - a string, a boolean, a `GType`, a value of an enumeration (or its number), a
 *   character (a string that has one);
 * - an object, a boxed, a [struct@GLib.Variant] and so on, of the type or one
 *   that derives from it;
 * - a `GValue` as it is, and for all else a `GValue` that holds a `GValue` is
 *   what it holds;
 * - a list of whatever kind: [struct@Tl.Values], or for strings a %G_TYPE_STRV,
 *   or for bytes a [struct@GLib.Bytes], a `GByteArray` or a string;
 * - a `GHashTable`: [ctor@Tl.Values.new_map];
 * - %NULL, where it may be: what holds %NULL, a %G_TYPE_POINTER for example, or
 *   %G_VALUE_INIT;
 * - a callback: only %NULL;
 * - a `GCancellable` where none is given: that of the future. One that is given
 *   cancels the future, too.
 *
 * What is wrong with the arguments is said at once: %TL_ERROR_WRONG_TYPE where one
 * is of a wrong type, or there are too many or too few, %G_IO_ERROR_NOT_SUPPORTED
 * for callbacks, for objects that may only be used on one thread, and for objects
 * with a signal that a function of JavaScript is connected to. Otherwise
 * there is a future, as [method@Tl.Executor.submit] gives it. An error of the
 * function is that of the future. The result is
 *
 * - nothing, where the function has no result;
 * - the result, where it has one. Integers are %G_TYPE_INT or %G_TYPE_UINT, if
 *   they have 32 bits or less; an array of strings is a %G_TYPE_STRV, an array of
 *   bytes is a [struct@GLib.Bytes], all other lists and maps are
 *   [struct@Tl.Values];
 * - [struct@Tl.Values] with all of them, where it has more: what it returns, then
 *   what it gives in its arguments. A boolean that is returned is left out where
 *   an error says as much.
 *
 * Returns: (transfer full): the future of the call, %NULL with @error set if it
 *   cannot be made
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlFuture     *tl_executor_call            (TlExecutor    *self,
                                           TlCallable    *callable,
                                           const GValue  *args,
                                           gsize          n_args,
                                           GError       **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tl_executor_call_method:
 * @self: an executor
 * @callable: what to call
 * @object: its first argument
 * @args: (nullable) (array length=n_args): the arguments after that
 * @n_args: how many
 * @error: where to put what is wrong with the arguments
 *
 * Has a worker call a function of a library, as [method@Tl.Executor.call], with
 * an object first, as most methods have it. Languages hand over an object faster
 * than a `GValue` that holds one.
 *
 * Returns: (transfer full): the future of the call, %NULL with @error set if it
 *   cannot be made
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlFuture     *tl_executor_call_method     (TlExecutor    *self,
                                           TlCallable    *callable,
                                           GObject       *object,
                                           const GValue  *args,
                                           gsize          n_args,
                                           GError       **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tl_executor_call_full:
 * @self: an executor
 * @name: (nullable): a name for the task, for messages and progress; %NULL for
 *   that of @callable
 * @priority: a priority as of GLib: less is sooner, %G_PRIORITY_DEFAULT is 0
 * @deadline: a time of g_get_monotonic_time() in microseconds, or -1
 * @cancellable: (nullable): cancels the future when it is cancelled
 * @callable: what to call
 * @args: (nullable) (array length=n_args): its arguments
 * @n_args: how many
 * @error: where to put what is wrong with the arguments
 *
 * Has a worker call a function of a library, as [method@Tl.Executor.call], and
 * says more about the task, as [method@Tl.Executor.submit_full].
 *
 * Returns: (transfer full): the future of the call, %NULL with @error set if it
 *   cannot be made
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlFuture     *tl_executor_call_full       (TlExecutor    *self,
                                           const char    *name,
                                           int            priority,
                                           gint64         deadline,
                                           GCancellable  *cancellable,
                                           TlCallable    *callable,
                                           const GValue  *args,
                                           gsize          n_args,
                                           GError       **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TlCallable, tl_callable_unref)

G_END_DECLS
