/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "tl-queue-private.h"

G_BEGIN_DECLS

/* An executor onto a queue that somebody else has made and will close. */
TlExecutor   *tl_executor_new_for_queue (TlQueue        *queue);
TlQueue      *tl_executor_peek_queue    (TlExecutor     *self);

/* The context that it was made for, or NULL. */
GMainContext *tl_executor_peek_context  (TlExecutor     *self);

/* tl_executor_submit_full() with a name that is not copied. */
TlFuture     *tl_executor_submit_quark  (TlExecutor     *self,
                                         GQuark          name,
                                         int             priority,
                                         gint64          deadline,
                                         GCancellable   *cancellable,
                                         TlFunc          func,
                                         gpointer        user_data,
                                         GDestroyNotify  destroy);

G_END_DECLS
