/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "tl-future-private.h"

G_BEGIN_DECLS

/* What the two backends have in common: futures that wait for their turn,
 * by priority and in order, the bounds on their number, and the end of it
 * all. A pool takes from it with threads, a loop with a main context. */
typedef struct _TlQueue      TlQueue;
typedef struct _TlQueueClass TlQueueClass;

typedef enum
{
  TL_ELSEWHERE,
  TL_ON_WORKER,   /* on a thread that may run any of the queue's tasks itself */
  TL_ON_LOOP,     /* on the only thread that can, and it is busy */
} TlWhere;

struct _TlQueueClass
{
  TlOwnerClass owner_class;

  /* Futures of @priority were added. With the lock held: what is to be done
   * about it once the lock is released, NULL for nothing. */
  gpointer  (*pushed)   (TlQueue *self,
                         int      priority);
  void      (*wake)     (TlQueue *self,
                         gpointer todo);

  TlWhere   (*where)    (TlQueue *self);

  /* With the lock held: the queue was closed; whether the threads have gone. */
  void      (*closed)   (TlQueue *self);
  gboolean  (*at_rest)  (TlQueue *self);

  /* Without it, and perhaps more than once: all has ended. */
  void      (*ended)    (TlQueue *self);
};

typedef struct
{
  int       priority;
  TlFuture *head;
  TlFuture *tail;
} TlLevel;

/* The lock guards everything below it, and the links of the futures. No other
 * lock but those of the mailboxes is taken while it is held. */
struct _TlQueue
{
  TlOwner     owner;

  GMutex      lock;
  GCond       room;
  GArray     *levels;         /* of TlLevel, the most urgent first; none empty */
  TlFuture   *running;        /* linked through next and prev */
  guint       n_queued;
  guint       n_running;
  guint       n_dropped;      /* removed, and about to be settled */
  guint       max_queued;
  TlWhenFull  when_full;
  gboolean    not_started;
  gboolean    closed;
  GError     *broken;
  TlFuture   *ended;          /* made when somebody asks, until it has */

  TlNotifier *notifier;       /* the face's, for n-queued and n-running */
};

void      tl_queue_init         (TlQueue             *self,
                                 const TlQueueClass  *klass,
                                 const char          *name);
void      tl_queue_clear        (TlQueue             *self);

TlQueue  *tl_queue_ref          (TlQueue             *self);
void      tl_queue_unref        (TlQueue             *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TlQueue, tl_queue_unref)

/* Queues them, waiting for room where that is how the queue is bounded. Those
 * that cannot be queued are rejected. */
void      tl_queue_push         (TlQueue             *self,
                                 TlFuture           **futures,
                                 gsize                n,
                                 gint64               deadline,
                                 GCancellable        *cancellable);

/* With the lock held: the next one of at most this @priority, which is to be
 * run. It comes with the queue's reference. */
TlFuture *tl_queue_take         (TlQueue             *self,
                                 int                  priority);

/* Without the lock: runs what was taken, and drops it. */
void      tl_queue_run          (TlQueue             *self,
                                 TlFuture            *future);

/* Takes no more; see TlShutdown. Never waits. */
void      tl_queue_close        (TlQueue             *self,
                                 TlShutdown           how);

/* Settles what is queued with @error, and takes it. If @for_good, it is what
 * all later ones get. */
void      tl_queue_fail         (TlQueue             *self,
                                 GError              *error,
                                 gboolean             for_good);

/* What the calling thread is to the queue. */
TlWhere   tl_queue_where        (TlQueue             *self);

/* Something about the backend has changed that may have been the last thing
 * to wait for. */
void      tl_queue_check_ended  (TlQueue             *self);

/* A future that is done when the queue was closed and all has ended. */
TlFuture *tl_queue_ref_ended    (TlQueue             *self);

/* The owner's methods, for the classes of the backends. */
gboolean      tl_queue_remove       (TlOwner  *owner,
                                     TlFuture *future);
void          tl_queue_dropped      (TlOwner  *owner);
TlWaitAdvice  tl_queue_before_wait  (TlOwner  *owner,
                                     TlFuture *future);

G_END_DECLS
