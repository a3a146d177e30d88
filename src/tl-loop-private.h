/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "tl-queue-private.h"

G_BEGIN_DECLS

/* The backend that takes from its queue on whichever thread iterates a main
 * context. It does not keep the context alive; whoever pushes does. */
typedef struct _TlLoop TlLoop;

TlQueue *tl_loop_new (GMainContext *context,
                      const char   *name);

G_END_DECLS
