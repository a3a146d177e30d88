/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "threadloop.h"

G_BEGIN_DECLS

/* How often a thread has let go of the interpreter and begun to wait: at a
 * lookout, or elsewhere and has said so. 0 where there is no interpreter. */
guint  tl_lookout_n_waits   (void);
void   tl_lookout_has_left  (void);

/* For who was called at that time, when there were so many: stays until there
 * are more, for a moment after it was called at most. */
void   tl_lookout_stay      (guint  n_waits,
                             gint64 call_time);

G_END_DECLS
