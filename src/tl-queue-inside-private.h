/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "tl-queue-private.h"

G_BEGIN_DECLS

/* What the files of the queue have in common, and the backends need not know. */

/* In place of the newest item in the inbox: pushing takes the lock. */
extern TlItem tl_item_shut;

static inline const TlQueueClass *
tl_queue_get_class (TlQueue *self)
{
  return (const TlQueueClass *) self->owner.klass;
}

/* With the lock held: opens the inbox or shuts it, as it has to be. */
void     tl_queue_update_inbox  (TlQueue   *self);

/* With the lock held, and room: for when the inbox is shut. */
void     tl_queue_add_late      (TlQueue   *self,
                                 TlItem    *item);

/* With the lock held: everything in the queue that nobody has claimed, claimed.
 * For @dead, see tl_queue_take(). */
TlItem  *tl_queue_steal         (TlQueue   *self,
                                 TlItem   **dead);

/* Runs what is @runner's innermost now, inside of what it runs already. */
void     tl_queue_run_inside    (TlQueue   *self,
                                 TlRunner  *runner,
                                 TlFuture  *future);

G_END_DECLS
