/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (TL_INSIDE) && !defined (TL_COMPILATION)
# error "Only <threadloop.h> can be included directly."
#endif

#include <gio/gio.h>
#include <threadloop/tl-future.h>

G_BEGIN_DECLS

#define TL_TYPE_PROGRESS (tl_progress_get_type ())

TL_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (TlProgress, tl_progress, TL, PROGRESS, GObject)

/**
 * TlProgress:
 *
 * A future as a user interface likes to see it: an object with properties
 * that notify.
 *
 * Running work says [method@Tl.Future.set_progress]; a `TlProgress` on that
 * future notifies of it in the thread-default main context of the thread
 * that made the `TlProgress`. However often the work speaks up, that
 * happens sixty times a second at most, and the last value is never lost.
 * A change of [property@Tl.Progress:state] is not delayed.
 *
 * Make one for each place that shows the future; where nobody made one,
 * saying progress costs next to nothing.
 *
 * ```c
 * g_autoptr(TlProgress) progress = tl_progress_new (future);
 *
 * g_object_bind_property (progress, "fraction", bar, "fraction",
 *                         G_BINDING_SYNC_CREATE);
 * ```
 *
 * Since: 1.0
 */

/**
 * tl_progress_new:
 * @future: the future to show
 *
 * Makes a view of @future for the calling thread.
 *
 * The properties have the present values at once. The view holds a
 * reference on @future.
 *
 * Returns: (transfer full): a new progress
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlProgress    *tl_progress_new          (TlFuture   *future) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tl_progress_get_future:
 * @self: a progress
 *
 * The future that is shown.
 *
 * Returns: (transfer none): the future
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlFuture      *tl_progress_get_future   (TlProgress *self);

/**
 * tl_progress_get_fraction:
 * @self: a progress
 *
 * How far the work is, as last notified.
 *
 * Returns: 0 to 1, or -1 where that is not known
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
double         tl_progress_get_fraction (TlProgress *self);

/**
 * tl_progress_get_message:
 * @self: a progress
 *
 * What the work says it is doing, as last notified.
 *
 * Returns: (nullable) (transfer none): the message
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
const char    *tl_progress_get_message  (TlProgress *self);

/**
 * tl_progress_get_state:
 * @self: a progress
 *
 * The state of the future, as last notified.
 *
 * Returns: the state
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlFutureState  tl_progress_get_state    (TlProgress *self);

/**
 * tl_progress_get_name:
 * @self: a progress
 *
 * The name of the future.
 *
 * Returns: (nullable) (transfer none): the name
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
const char    *tl_progress_get_name     (TlProgress *self);

G_END_DECLS
