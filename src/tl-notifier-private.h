/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* Tells an object, on the thread of the main context where the notifier was
 * made, that something about it has changed: coalesced, at most sixty times
 * a second, and never without a last time after the last touch. */
typedef struct _TlNotifier TlNotifier;

typedef void (*TlNotifierFunc) (GObject *object);

TlNotifier *tl_notifier_new       (GObject        *object,
                                   TlNotifierFunc  func);
TlNotifier *tl_notifier_ref       (TlNotifier     *self);
void        tl_notifier_unref     (TlNotifier     *self);

/* From any thread. @now skips the wait for the next sixtieth of a second. */
void        tl_notifier_touch     (TlNotifier     *self,
                                   gboolean        now);

/* Whether somebody is connected to "notify" for a property. */
gboolean    tl_notifier_is_heard  (GObject        *object,
                                   const char     *property);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TlNotifier, tl_notifier_unref)

G_END_DECLS
