/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <threadloop.h>

#include "tl-home-private.h"
#include "tl-notifier-private.h"
#include "tl-park-private.h"
#include "tl-timer-private.h"

G_BEGIN_DECLS

/* What a future knows of the place that runs it. A queue is one. */
typedef struct _TlOwner      TlOwner;
typedef struct _TlOwnerClass TlOwnerClass;

typedef enum
{
  TL_WAIT_BLOCK,           /* go on and block */
  TL_WAIT_LOOK,            /* the same, but it is worth a short look before */
  TL_WAIT_RAN,             /* the waiter has run it itself */
  TL_WAIT_WOULD_DEADLOCK,  /* only this thread could run it */
} TlWaitAdvice;

struct _TlOwnerClass
{
  /* Claims a future that is still queued, so that it will not run. If this is
   * TRUE, the caller has to settle it and to say so then; if not, it runs, has
   * settled, or was claimed by somebody else. */
  gboolean     (*remove)      (TlOwner  *self,
                               TlFuture *future);
  void         (*removed)     (TlOwner  *self);

  /* Called by a thread that is going to block until @future has settled. */
  TlWaitAdvice (*before_wait) (TlOwner  *self,
                               TlFuture *future);

  void         (*free)        (TlOwner  *self);
};

struct _TlOwner
{
  TlRefs              refs;
  const TlOwnerClass *klass;
  char               *name;
  gint                spin_time;    /* in microseconds, for those who wait */
};

void     tl_owner_init  (TlOwner            *self,
                         const TlOwnerClass *klass,
                         const char         *name);
TlOwner *tl_owner_ref   (TlOwner            *self);
void     tl_owner_unref (TlOwner            *self);

/* In microseconds; -1 is for the usual time. */
void     tl_owner_set_spin_time
                        (TlOwner            *self,
                         gint64              spin_time);

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
  char         *executor;       /* for a report: what tl_future_set_origin() was told */
  char         *trace;
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
  TL_CLAIMED   = 1 << 12,       /* somebody runs it, or sees to it that nobody will */
};

#define TL_LOCK_BIT 30

/* What waits in a queue. It is a future, or a post: work that nobody has a
 * future of, which is made one when its turn has come. */
typedef struct _TlItem TlItem;

struct _TlItem
{
  TlItem         *next;
  TlFunc          func;         /* NULL for a future that is settled by hand */
  gpointer        user_data;
  GDestroyNotify  destroy;
  gsize           home;         /* a TlHome, and one bit that marks a post */
};

#define TL_ITEM_IS_POST 1

/* The future is the unit of work: nothing else is allocated for a task.
 *
 * Locks: the bit lock in @word guards @result until the future has settled,
 * @extra and what is in it. No other lock is taken while it is held. The item's
 * link and @outer are its queue's; the rest does not change, or belongs to who
 * has claimed it. */
struct _TlFuture
{
  TlItem          item;
  gint            ref_count;
  guint           word;         /* flags and the lock */
  TlOwner        *owner;        /* NULL for one that anybody may settle */
  TlResult        result;
  TlFutureExtra  *extra;
  TlFuture       *outer;        /* while it runs: the one it runs inside of */
  gint            priority;
  GQuark          quark;        /* of its name, rather than one in @extra, or 0 */
};

void          tl_future_lock             (TlFuture            *self);
void          tl_future_unlock           (TlFuture            *self);

static inline guint
tl_future_flags (TlFuture *self)
{
  return (guint) g_atomic_int_get ((gint *) &self->word);
}

/* What they were before. */
static inline guint
tl_future_add_flags (TlFuture *self,
                     guint     flags)
{
  return g_atomic_int_or (&self->word, flags);
}

/* For executors. A new task has not been queued yet, and has to be either
 * queued or rejected. */
TlFuture     *tl_future_new_task         (TlOwner             *owner,
                                          TlFunc               func,
                                          gpointer             user_data,
                                          GDestroyNotify       destroy,
                                          int                  priority);

/* Work without a future. Only a queue can free it: by making a future of it,
 * which takes the place of @post in all regards. */
TlItem       *tl_post_new                (TlFunc               func,
                                          gpointer             user_data,
                                          GDestroyNotify       destroy);
TlFuture     *tl_future_new_from_post    (TlOwner             *owner,
                                          TlItem              *post);

static inline gboolean
tl_item_is_post (const TlItem *self)
{
  return (self->home & TL_ITEM_IS_POST) != 0;
}

static inline TlHome *
tl_item_home (const TlItem *self)
{
  return (TlHome *) (self->home & ~(gsize) TL_ITEM_IS_POST);
}

/* One that the owner settles by hand, when something about itself has come to
 * its end. Consumers cannot cancel it, nor wait for it on the owner's own
 * threads. */
TlFuture     *tl_future_new_owned        (TlOwner             *owner);

/* Before anybody else knows of the future. A name that is a quark costs nothing. */
void          tl_future_set_name         (TlFuture            *self,
                                          const char          *name);
void          tl_future_set_quark        (TlFuture            *self,
                                          GQuark               name);

/* Takes it away from its owner, to settle it in its stead. Who has done that
 * says so to the owner. */
static inline gboolean
tl_future_remove (TlFuture *self)
{
  if (self->item.func == NULL || (tl_future_flags (self) & (TL_CLAIMED | TL_SETTLED)))
    return FALSE;

  return self->owner->klass->remove (self->owner, self);
}

/* tl-future-cancel.c: adds @flags, and trips the cancellable, if it was made; it is
 * made tripped from here on. What the flags were before. */
guint         tl_future_ask_to_end       (TlFuture            *self,
                                          guint                flags);

/* Has @cancellable cancel the future, and the deadline time it out. For
 * futures that somebody else may run already. */
void          tl_future_follow           (TlFuture            *self,
                                          GCancellable        *cancellable);
void          tl_future_set_deadline     (TlFuture            *self,
                                          gint64               deadline);

/* Claims a future that waits to be run, for who is going to run it (with
 * %TL_RUNNING), or to settle it in the runner's stead. FALSE if somebody was
 * faster. */
gboolean      tl_future_claim            (TlFuture            *self,
                                          guint                flags);

/* Runs a future that was claimed for it, and settles it. */
void          tl_future_run              (TlFuture            *self);

/* Settles a future that was claimed, or never queued, without running it.
 * Takes @error; NULL means cancelled. */
void          tl_future_reject           (TlFuture            *self,
                                          GError              *error);

/* What to say where the deadline has passed and the function was not called. */
GError       *tl_future_late_error       (TlFuture            *self);

/* With the lock held. */
TlFutureExtra *
              tl_future_need_extra       (TlFuture            *self);

/* In how many functions the calling thread is, one inside of the other. */
guint         tl_future_depth            (void);

/* Whether the calling thread is inside of this future's function. */
gboolean      tl_future_is_mine          (TlFuture            *self);

/* tl-future-wait.c: has @task return TRUE when the future has settled, or the error
 * of its own cancellable. It keeps the future. */
void          tl_future_wait_in_task     (TlFuture            *self,
                                          GTask               *task);

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

/* tl-error.c */
void          tl_report_unobserved       (const char          *executor,
                                          const char          *task,
                                          const GError        *error);

G_END_DECLS
