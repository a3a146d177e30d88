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

/* Somebody who runs what is in the queue: a worker, a loop. */
struct _TlRunner
{
  TlQueue  *queue;
  TlRunner *next;
  TlFuture *running;        /* the innermost */
};

struct _TlQueueClass
{
  TlOwnerClass owner_class;

  /* Something of @priority was added. */
  void      (*pushed)   (TlQueue *self,
                         int      priority);

  TlWhere   (*where)    (TlQueue *self);

  /* With the lock held: the queue was closed; whether the threads have gone. */
  void      (*closed)   (TlQueue *self);
  gboolean  (*at_rest)  (TlQueue *self);

  /* Without it, and perhaps more than once: all has ended. */
  void      (*ended)    (TlQueue *self);
};

typedef struct
{
  int     priority;
  TlItem *head;
  TlItem *tail;
} TlLevel;

#define TL_CACHE_LINE 64

/* Those who submit and those who run meet in the inbox only: a stack, which is
 * pushed onto without a lock, and is only ever emptied as a whole, under the
 * lock, into the levels. Nothing that was popped is looked at again, so there
 * is no ABA.
 *
 * While the queue is shut, pushing takes the lock: it is closed, or broken, or
 * not started, or has a limit. The inbox says so itself. Whoever pushes finds
 * out in the same step, and nothing gets in behind the back of who shuts it.
 *
 * What is cancelled stays where it is, claimed, until somebody comes by.
 *
 * No other lock but those of mailboxes and of tl-block.c is taken while the
 * lock is held. */
struct _TlQueue
{
  TlOwner     owner;

  /* Read by all, and seldom written. */
  TlNotifier *notifier;       /* the face's, for n-queued and n-running */
  gint        mixed;          /* atomic: priorities other than the default are in use */
  gint        closed;         /* atomic; written under the lock */
  guint       max_queued;     /* atomic; written under the lock */
  guint       n_processors;

  char        apart[TL_CACHE_LINE];

  TlItem     *inbox;          /* atomic; the newest first */
  gint        n_late;         /* atomic: how often was pushed while it was shut */

  char        apart_too[TL_CACHE_LINE];

  gint        n_claimed;      /* atomic: of what is in here, what will not be run from here */
  gint        n_removing;     /* atomic: claimed, and about to be settled */

  /* The lock guards the rest. */
  GMutex      lock;
  GCond       room;
  GArray     *levels;         /* of TlLevel, the most urgent first */
  TlRunner   *runners;
  guint       n_listed;       /* in the levels */
  guint       n_running;
  TlWhenFull  when_full;
  gboolean    not_started;
  GError     *broken;
  TlFuture   *ended;          /* made when somebody asks, until it has */
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

/* The same for work without a future. */
void      tl_queue_post         (TlQueue             *self,
                                 TlItem              *post);

/* Whether there may be something that nobody has looked at. Without the lock
 * that may change at any time; @n_late is what it was when one last looked. */
gboolean  tl_queue_is_empty     (TlQueue             *self,
                                 gint                 n_late);

/* Takes the lock, for those who do so for each task. */
void      tl_queue_lock         (TlQueue             *self);

/* With the lock held. */
void      tl_queue_add_runner   (TlQueue             *self,
                                 TlRunner            *runner);
void      tl_queue_drop_runner  (TlQueue             *self,
                                 TlRunner            *runner);
gboolean  tl_queue_has_work     (TlQueue             *self);
guint     tl_queue_count        (TlQueue             *self);

/* With the lock held: the next one of at most this @priority, claimed, for
 * @runner to run. It comes with the queue's reference. What was cancelled and
 * found on the way is added to @dead, for tl_queue_bury() once the lock is
 * released. */
TlFuture *tl_queue_take         (TlQueue             *self,
                                 TlRunner            *runner,
                                 int                  priority,
                                 TlItem             **dead);
void      tl_queue_bury         (TlItem              *dead);

/* With the lock held: @runner has run the innermost one. The reference is left
 * to the caller. */
void      tl_queue_finish       (TlQueue             *self,
                                 TlRunner            *runner);

void      tl_queue_set_started  (TlQueue             *self,
                                 gboolean             started);
gboolean  tl_queue_set_limit    (TlQueue             *self,
                                 guint                max_queued);

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
void          tl_queue_removed      (TlOwner  *owner);
TlWaitAdvice  tl_queue_before_wait  (TlOwner  *owner,
                                     TlFuture *future);

G_END_DECLS
