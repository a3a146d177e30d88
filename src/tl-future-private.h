/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <threadloop.h>

#include "tl-mailbox-private.h"
#include "tl-notifier-private.h"
#include "tl-timer-private.h"

G_BEGIN_DECLS

/* What a future knows of the place that runs it. A queue is one. */
typedef struct _TlOwner      TlOwner;
typedef struct _TlOwnerClass TlOwnerClass;

typedef enum
{
  TL_WAIT_BLOCK,           /* go on and block */
  TL_WAIT_RAN,             /* the waiter has run it itself */
  TL_WAIT_WOULD_DEADLOCK,  /* only this thread could run it */
} TlWaitAdvice;

struct _TlOwnerClass
{
  /* Takes a future that is still queued out of the queue. If this is TRUE, the
   * caller has to settle it and to say so then; if not, it runs, has settled,
   * or was taken by somebody else. */
  gboolean     (*remove)      (TlOwner  *self,
                               TlFuture *future);
  void         (*dropped)     (TlOwner  *self);

  /* Called by a thread that is going to block until @future has settled. */
  TlWaitAdvice (*before_wait) (TlOwner  *self,
                               TlFuture *future);

  void         (*free)        (TlOwner  *self);
};

struct _TlOwner
{
  const TlOwnerClass *klass;
  gatomicrefcount     ref_count;
  char               *name;
};

TlOwner *tl_owner_ref   (TlOwner *self);
void     tl_owner_unref (TlOwner *self);

/* G_TYPE_INVALID is a result without a value, G_TYPE_ERROR with a NULL error
 * one that was cancelled. Values that are none of the types of the setters are
 * a boxed GValue. */
typedef struct
{
  GType          type;
  union
  {
    gint64       int64;
    double       float64;
    gpointer     pointer;
  }              u;
  GDestroyNotify destroy;   /* of a G_TYPE_POINTER */
} TlResult;

void          tl_result_clear            (TlResult            *result);

typedef struct _TlCallback TlCallback;

/* The parts of a future that most never need. */
typedef struct
{
  char         *name;
  GCancellable *cancellable;    /* the future's own */
  GCancellable *followed;       /* the submitter's */
  gulong        followed_id;
  TlTimer      *deadline;
  TlCallback   *callbacks;      /* in order; until they are delivered */
  guint         last_id;
  double        fraction;
  char         *message;
  GSList       *watchers;       /* of TlNotifier */
} TlFutureExtra;

/* The bits of a future's word. Flags are only ever added. */
enum
{
  TL_RUNNING   = 1 << 0,
  TL_SETTLED   = 1 << 1,
  TL_FAILED    = 1 << 2,        /* with SETTLED */
  TL_CANCELLED = 1 << 3,        /* with SETTLED */
  TL_GIVEN     = 1 << 4,        /* the result is there, and final */
  TL_PARKED    = 1 << 5,        /* somebody waits */
  TL_CALLBACKS = 1 << 6,        /* there are, or were, callbacks */
  TL_WATCHED   = 1 << 7,        /* there are, or were, watchers */
  TL_LINKED    = 1 << 8,        /* there is a deadline or something followed */
  TL_OBSERVED  = 1 << 9,        /* the error was handed out */
  TL_ASKED     = 1 << 10,       /* to cancel, while it could not be removed */
  TL_TIMED_OUT = 1 << 11,
};

#define TL_LOCK_BIT 30

/* Which of the queue's lists a future is in. */
typedef enum
{
  TL_PLACE_NONE,
  TL_PLACE_QUEUED,
  TL_PLACE_RUNNING,
} TlPlace;

/* The future is the unit of work: nothing else is allocated for a task.
 *
 * Locks: the bit lock in @word guards @result until the future has settled,
 * @extra and what is in it. No other lock is taken while it is held.
 * @prev, @next and @place are under the owner's lock, which is never taken
 * while the bit lock is held, nor the other way round. */
struct _TlFuture
{
  gint            ref_count;
  guint           word;         /* flags and the lock */

  TlOwner        *owner;        /* NULL for one that anybody may settle */
  TlFuture       *prev;
  TlFuture       *next;
  gint            priority;
  guint           place;

  TlFunc          func;         /* NULL for one that is settled by hand */
  gpointer        user_data;
  GDestroyNotify  destroy;
  TlMailbox      *home;         /* where user data and the result are to be freed */
  GThread        *submitter;    /* not a reference: to tell it from others */

  TlResult        result;
  TlFutureExtra  *extra;
};

/* For executors. A new task has not been queued yet, and has to be either
 * queued or rejected. */
TlFuture     *tl_future_new_task         (TlOwner             *owner,
                                          TlFunc               func,
                                          gpointer             user_data,
                                          GDestroyNotify       destroy,
                                          int                  priority);

/* One that the owner settles by hand, when something about itself has come to
 * its end. Consumers cannot cancel it, nor wait for it on the owner's own
 * threads. */
TlFuture     *tl_future_new_owned        (TlOwner             *owner);

void          tl_future_set_name         (TlFuture            *self,
                                          const char          *name);

/* Has @cancellable cancel the future, and the deadline time it out. For
 * futures that somebody else may run already. */
void          tl_future_follow           (TlFuture            *self,
                                          GCancellable        *cancellable);
void          tl_future_set_deadline     (TlFuture            *self,
                                          gint64               deadline);

/* Runs a future that was taken out of its queue, and settles it. */
void          tl_future_run              (TlFuture            *self);

/* Settles a future that was taken out of its queue, or never queued, without
 * running it. Takes @error; NULL means cancelled. */
void          tl_future_reject           (TlFuture            *self,
                                          GError              *error);

/* What to say where the deadline has passed and the function was not called. */
GError       *tl_future_late_error       (TlFuture            *self);

void          tl_future_lock             (TlFuture            *self);
void          tl_future_unlock           (TlFuture            *self);
guint         tl_future_flags            (TlFuture            *self);
guint         tl_future_add_flags        (TlFuture            *self,
                                          guint                flags);

/* With the lock held. */
TlFutureExtra *
              tl_future_need_extra       (TlFuture            *self);

/* In how many functions the calling thread is, one inside of the other. */
guint         tl_future_depth            (void);

/* Whether the calling thread is inside of this future's function. */
gboolean      tl_future_is_mine          (TlFuture            *self);

/* tl-future-callback.c: what happens when it has settled. */
void          tl_future_deliver          (TlFuture            *self);

/* The first to give a result wins, and TRUE says who that was. Takes what is
 * in @result in any case. */
gboolean      tl_future_give             (TlFuture            *self,
                                          TlResult             result);

/* The result of a settled future, or NULL with the reason. */
const TlResult *
              tl_future_peek             (TlFuture            *self,
                                          GError             **error);

/* For views: what was said last, and who is to hear of the next. */
void          tl_future_watch            (TlFuture            *self,
                                          TlNotifier          *notifier);
void          tl_future_touch_watchers   (TlFuture            *self,
                                          gboolean             now);
void          tl_future_unwatch          (TlFuture            *self,
                                          TlNotifier          *notifier);
void          tl_future_get_progress     (TlFuture            *self,
                                          double              *fraction,
                                          char               **message);

/* tl-park.c: waiting for a word in memory to change. */
typedef gboolean (*TlParkFunc) (gpointer address);

gboolean      tl_park                    (gpointer             address,
                                          TlParkFunc           sleep_on,
                                          gint64               end_time,
                                          GCancellable        *cancellable,
                                          GError             **error);
void          tl_unpark_all              (gpointer             address);

/* tl-error.c */
void          tl_report_unobserved       (const char          *executor,
                                          const char          *task,
                                          const GError        *error);

G_END_DECLS
