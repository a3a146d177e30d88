/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "tl-queue-private.h"
#include "tl-thread-private.h"

G_BEGIN_DECLS

/* The backend that takes from its queue with threads. They are made when
 * there is something to take, and end when they have been idle for a while,
 * or when the queue was closed and is empty. */
typedef struct _TlPool TlPool;

TlQueue *tl_pool_new              (const char   *name,
                                   guint         max_workers);

guint    tl_pool_get_max_workers  (TlQueue      *queue);
void     tl_pool_set_max_workers  (TlQueue      *queue,
                                   guint         max_workers);
gint64   tl_pool_get_idle_timeout (TlQueue      *queue);
void     tl_pool_set_idle_timeout (TlQueue      *queue,
                                   gint64        idle_timeout);
gboolean tl_pool_set_hook         (TlQueue      *queue,
                                   TlThreadHook *hook);

gboolean tl_pool_is               (TlQueue      *queue);

G_END_DECLS
