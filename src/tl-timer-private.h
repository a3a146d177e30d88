/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The time that is @timeout microseconds from now, or -1 for never: for one
 * that is negative, and for one that is longer than time itself. */
gint64   tl_time_after   (gint64           timeout);

/* Something to do at a time, where there may be no main loop to do it. One
 * thread serves all of them; it is there only while there are some. What it
 * calls must be short, and may be any thread's work. */
typedef struct _TlTimer TlTimer;

typedef void (*TlTimerFunc) (gpointer data);

/* NULL with TL_ERROR_THREAD if there is nobody to serve it; then @data has not
 * been taken. */
TlTimer *tl_timer_add    (gint64           time,
                          TlTimerFunc      func,
                          gpointer         data,
                          GDestroyNotify   destroy,
                          GError         **error);

/* Both drop the timer, whether or not its time has come; the first one has it
 * go off all the same. */
void     tl_timer_leave  (TlTimer         *self);
void     tl_timer_remove (TlTimer         *self);

/* Until the call that is being made by the thread, if there is one, is over.
 * Called from inside of it, it does not wait. */
gboolean tl_timer_wait_called (gint64      end_time);

G_END_DECLS
