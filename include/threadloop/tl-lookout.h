/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (TL_INSIDE) && !defined (TL_COMPILATION)
# error "Only <threadloop.h> can be included directly."
#endif

#include <threadloop/tl-types.h>

G_BEGIN_DECLS

#define TL_TYPE_LOOKOUT (tl_lookout_get_type ())

/**
 * TlLookout:
 *
 * Where a thread waits until another one calls it, in a language whose
 * interpreter runs one thread at a time.
 *
 * It is for language bindings that keep a queue of their own. To sleep and to
 * be woken takes longer than most short tasks do, so the thread looks on for a
 * short while before it sleeps; who calls it then makes no system call. And who
 * calls another thread still has the interpreter, which the other one would run
 * into and sleep after all. So a thread that is called while it looks on stays
 * until somebody has begun to wait at a lookout, and so has let go of the
 * interpreter, or for some microseconds.
 *
 * Looking on is given up for a time where it was in vain, and there are always
 * fewer threads that look on than there are processors; on a single one nobody
 * does.
 *
 * One thread waits at a lookout at a time. The other functions may be called
 * from every thread.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
GType       tl_lookout_get_type  (void) G_GNUC_CONST;

/**
 * tl_lookout_new:
 * @spin_time: for how many microseconds to look on before sleeping, or -1 for
 *   what is usual
 *
 * Makes one.
 *
 * Returns: (transfer full): a new lookout
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlLookout  *tl_lookout_new       (gint64       spin_time);

/**
 * tl_lookout_ref:
 * @self: a lookout
 *
 * Takes a reference.
 *
 * Returns: (transfer full): @self
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlLookout  *tl_lookout_ref       (TlLookout   *self);

/**
 * tl_lookout_unref:
 * @self: (transfer full): a lookout
 *
 * Drops a reference.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void        tl_lookout_unref     (TlLookout   *self);

/**
 * tl_lookout_wait:
 * @self: a lookout
 * @timeout: how long to sleep in microseconds, 0 only to look on, -1 for as long
 *   as it takes
 *
 * Waits until the thread is called, or was since the last wait. Several calls
 * count as one.
 *
 * Returns: %TRUE if the thread was called
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean    tl_lookout_wait      (TlLookout   *self,
                                  gint64       timeout);

/**
 * tl_lookout_call:
 * @self: a lookout
 *
 * Calls the thread that waits there, or has its next wait end at once.
 *
 * What this thread has written before is seen by the other one when its wait has
 * ended.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void        tl_lookout_call      (TlLookout   *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TlLookout, tl_lookout_unref)

G_END_DECLS
