/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-future-private.h"

#include "tl-thread-private.h"

/* The life of a future: made, queued, run or rejected, settled, freed.
 *
 *   pending ──→ running ──→ done | failed | cancelled
 *      └───────────────────────────┴────────┘
 *
 * Two things have to come together for a task to settle: its result was
 * given (TL_GIVEN, the first one wins), and its function has returned or will
 * never run. Whoever removes it from the queue, or has run it, settles it. A
 * future without a function settles when its result is given. */

/* About what it takes to wake a thread. */
#define USUAL_SPIN_TIME 25

/* The functions that run on this thread, the innermost first: a waiter may
 * run another task inside of its own. */
struct _TlFrame
{
  TlFuture *future;
  TlFrame  *up;
};

/* What G_DEFINE_BOXED_TYPE() would do, if it were ISO C. */
GType
tl_future_get_type (void)
{
  static gsize type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_boxed_type_register_static (g_intern_static_string ("TlFuture"),
                                                            (GBoxedCopyFunc) tl_future_ref,
                                                            (GBoxedFreeFunc) tl_future_unref));

  return type;
}

static void
owner_free (TlRefs *refs)
{
  TlOwner *self = (TlOwner *) refs;

  g_free (g_steal_pointer (&self->name));
  self->klass->free (self);
}

void
tl_owner_init (TlOwner            *self,
               const TlOwnerClass *klass,
               const char         *name)
{
  tl_refs_init (&self->refs, owner_free);
  self->klass = klass;
  self->name = g_strdup (name);
  tl_owner_set_spin_time (self, -1);
}

void
tl_owner_set_spin_time (TlOwner *self,
                        gint64   spin_time)
{
  if (spin_time < 0)
    spin_time = tl_thread_n_processors () > 1 ? USUAL_SPIN_TIME : 0;

  g_atomic_int_set (&self->spin_time, (gint) MIN (spin_time, G_TIME_SPAN_SECOND));
}

TlOwner *
tl_owner_ref (TlOwner *self)
{
  tl_refs_add (&self->refs, 1);
  return self;
}

void
tl_owner_unref (TlOwner *self)
{
  tl_refs_drop (&self->refs, 1);
}

/* GLib's bit locks are written in assembler, which ThreadSanitizer does not
 * see through. */
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#define TSAN_ACQUIRE(address) __tsan_acquire (address)
#define TSAN_RELEASE(address) __tsan_release (address)
#else
#define TSAN_ACQUIRE(address)
#define TSAN_RELEASE(address)
#endif

void
tl_future_lock (TlFuture *self)
{
  g_bit_lock ((gint *) &self->word, TL_LOCK_BIT);
  TSAN_ACQUIRE (&self->word);
}

void
tl_future_unlock (TlFuture *self)
{
  TSAN_RELEASE (&self->word);
  g_bit_unlock ((gint *) &self->word, TL_LOCK_BIT);
}

guint
tl_future_flags (TlFuture *self)
{
  return (guint) g_atomic_int_get ((gint *) &self->word);
}

guint
tl_future_add_flags (TlFuture *self,
                     guint     flags)
{
  return g_atomic_int_or (&self->word, flags);
}

TlFutureExtra *
tl_future_need_extra (TlFuture *self)
{
  if (self->extra == NULL)
    {
      self->extra = tl_block_new (&tl_local ()->blocks, sizeof (TlFutureExtra));
      *self->extra = (TlFutureExtra) { .fraction = -1 };
    }

  return self->extra;
}

/* Takes no reference for what it is given. */
static TlFuture *
make (TlLocal *local,
      TlOwner *owner,
      TlItem   item,
      int      priority)
{
  TlFuture *self = tl_block_new (&local->blocks, sizeof (TlFuture));

  self->item = item;
  self->ref_count = 1;
  self->word = 0;
  self->owner = owner;
  self->result = (TlResult) { .type = G_TYPE_INVALID };
  self->extra = NULL;
  self->priority = priority;
  self->quark = 0;

  return self;
}

/* A home for something that is to be kept. */
static gsize
settle_down (TlLocal        *local,
             GDestroyNotify  destroy)
{
  TlHome *home = tl_home_current (local);

  tl_ref_supply_take (&local->homes, &home->refs);
  if (destroy != NULL)
    tl_mailbox_note_submitter (home->mailbox);

  return (gsize) home;
}

TlFuture *
tl_future_new_task (TlOwner        *owner,
                    TlFunc          func,
                    gpointer        user_data,
                    GDestroyNotify  destroy,
                    int             priority)
{
  TlLocal *local = tl_local ();
  TlItem item = { NULL, func, user_data, destroy, settle_down (local, destroy) };

  tl_ref_supply_take (&local->owners, &owner->refs);

  return make (local, owner, item, priority);
}

TlItem *
tl_post_new (TlFunc         func,
             gpointer       user_data,
             GDestroyNotify destroy)
{
  TlLocal *local = tl_local ();
  TlItem *self = tl_block_new (&local->blocks, sizeof (TlItem));

  self->func = func;
  self->user_data = user_data;
  self->destroy = destroy;
  self->home = settle_down (local, destroy) | TL_ITEM_IS_POST;

  return self;
}

TlFuture *
tl_future_new_from_post (TlOwner *owner,
                         TlItem  *post)
{
  TlLocal *local = tl_local ();
  TlItem item = *post;

  item.home = (gsize) tl_item_home (post);
  tl_block_free (&local->blocks, post, sizeof *post);

  /* Not from the supply: to turn that may drop the last reference to another
   * owner, and the queue's lock is held here. */
  return make (local, tl_owner_ref (owner), item, G_PRIORITY_DEFAULT);
}

TlFuture *
tl_future_new (const char *name)
{
  TlLocal *local = tl_local ();
  TlItem item = { .home = settle_down (local, NULL) };
  TlFuture *self = make (local, NULL, item, G_PRIORITY_DEFAULT);

  tl_future_set_name (self, name);

  return self;
}

TlFuture *
tl_future_new_owned (TlOwner *owner)
{
  TlFuture *self = tl_future_new (owner->name);

  self->owner = tl_owner_ref (owner);

  return self;
}

void
tl_future_set_name (TlFuture   *self,
                    const char *name)
{
  if (name != NULL)
    tl_future_need_extra (self)->name = g_strdup (name);
}

void
tl_future_set_quark (TlFuture *self,
                     GQuark    name)
{
  self->quark = name;
}

/* With the lock held, or by the last one who knows of it. */
static const char *
peek_name (TlFuture *self)
{
  if (self->quark != 0)
    return g_quark_to_string (self->quark);

  return self->extra != NULL ? self->extra->name : NULL;
}

TlFuture *
tl_future_ref (TlFuture *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_int_inc (&self->ref_count);
  return self;
}

static void
free_result_value (gpointer value)
{
  g_value_unset (value);
  g_free (value);
}

/* An unclaimed result is user data like any other. */
static void
release_result (TlFuture *self)
{
  TlResult *result = &self->result;
  TlHome *home = tl_item_home (&self->item);
  GValue *value;

  switch (G_TYPE_FUNDAMENTAL (result->type))
    {
    case G_TYPE_POINTER:
      if (result->u.pointer != NULL)
        tl_home_release (home, result->u.pointer, result->destroy);
      break;

    case G_TYPE_OBJECT:
      if (result->u.pointer != NULL)
        tl_home_release (home, result->u.pointer, g_object_unref);
      break;

    case G_TYPE_BOXED:
      if (result->type == G_TYPE_ERROR || result->u.pointer == NULL)
        {
          tl_result_clear (result);
          break;
        }
      value = g_new0 (GValue, 1);
      g_value_take_boxed (g_value_init (value, result->type), result->u.pointer);
      tl_home_release (home, value, free_result_value);
      break;

    default:
      tl_result_clear (result);
      break;
    }
}

static void
future_free (TlFuture *self)
{
  TlFutureExtra *extra = self->extra;
  guint flags = tl_future_flags (self);
  const char *name = peek_name (self);
  TlLocal *local;

  if ((flags & TL_FAILED) && !(flags & TL_OBSERVED))
    tl_report_unobserved (self->owner != NULL ? self->owner->name : "", name != NULL ? name : "",
                          self->result.u.pointer);

  if (self->result.type != G_TYPE_INVALID)
    release_result (self);

  if (extra != NULL)
    {
      g_assert (extra->callbacks == NULL && extra->watchers == NULL);
      g_clear_object (&extra->cancellable);
      g_free (extra->name);
      g_free (extra->message);
    }

  local = tl_local ();
  if (extra != NULL)
    tl_block_free (&local->blocks, extra, sizeof *extra);
  if (self->owner != NULL)
    tl_ref_supply_give (&local->owners, &self->owner->refs);
  tl_ref_supply_give (&local->homes, &tl_item_home (&self->item)->refs);
  tl_block_free (&local->blocks, self, sizeof *self);
}

void
tl_future_unref (TlFuture *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  /* Nobody is left who could settle it. If there is still somebody to tell,
   * it lives until they have heard. */
  if (!tl_future_done (self) && self->extra != NULL && self->extra->callbacks != NULL)
    {
      const char *name = peek_name (self);

      self->ref_count = 1;
      tl_future_set_new_error (self, TL_ERROR, TL_ERROR_ABANDONED,
                               "%s was dropped by everybody who could have settled it",
                               name != NULL ? name : "The future");
      tl_future_unref (self);
      return;
    }

  future_free (self);
}

TlFuture *
tl_future_get_current (void)
{
  TlFrame *frame = tl_local ()->frame;

  return frame != NULL ? frame->future : NULL;
}

guint
tl_future_depth (void)
{
  guint depth = 0;

  for (TlFrame *frame = tl_local ()->frame; frame != NULL; frame = frame->up)
    depth++;

  return depth;
}

gboolean
tl_future_is_mine (TlFuture *self)
{
  for (TlFrame *frame = tl_local ()->frame; frame != NULL; frame = frame->up)
    if (frame->future == self)
      return TRUE;

  return FALSE;
}

const char *
tl_future_get_name (TlFuture *self)
{
  const char *name;

  g_return_val_if_fail (self != NULL, NULL);

  tl_future_lock (self);
  name = peek_name (self);
  tl_future_unlock (self);

  return name;
}

TlFutureState
tl_future_get_state (TlFuture *self)
{
  guint flags;

  g_return_val_if_fail (self != NULL, TL_FUTURE_STATE_PENDING);

  flags = tl_future_flags (self);

  if (flags & TL_SETTLED)
    {
      if (flags & TL_CANCELLED)
        return TL_FUTURE_STATE_CANCELLED;
      return flags & TL_FAILED ? TL_FUTURE_STATE_FAILED : TL_FUTURE_STATE_DONE;
    }

  return flags & TL_RUNNING ? TL_FUTURE_STATE_RUNNING : TL_FUTURE_STATE_PENDING;
}

gboolean
tl_future_done (TlFuture *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return (tl_future_flags (self) & TL_SETTLED) != 0;
}

gboolean
tl_future_running (TlFuture *self)
{
  return tl_future_get_state (self) == TL_FUTURE_STATE_RUNNING;
}

gboolean
tl_future_cancelled (TlFuture *self)
{
  return tl_future_get_state (self) == TL_FUTURE_STATE_CANCELLED;
}

/* It has settled, and its flags were @old before that. */
static void
tell_all (TlFuture *self,
          guint     old)
{
  if (old & TL_PARKED)
    tl_unpark_all (self);
  if (old & (TL_CALLBACKS | TL_WATCHED | TL_LINKED))
    tl_future_deliver (self);
}

/* Only for one whose result was given and whose function does not run. */
static void
settle (TlFuture *self)
{
  const GError *error = self->result.u.pointer;
  guint flags = TL_SETTLED;

  if (self->result.type == G_TYPE_ERROR)
    flags |= error == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
           ? TL_CANCELLED : TL_FAILED;

  tell_all (self, tl_future_add_flags (self, flags));
}

static void
release_user_data (TlFuture *self)
{
  GDestroyNotify destroy = self->item.destroy;

  if (destroy == NULL)
    return;

  self->item.destroy = NULL;
  tl_home_release (tl_item_home (&self->item), g_steal_pointer (&self->item.user_data), destroy);
}

/* TRUE if it was the first. */
static gboolean
put_result (TlFuture *self,
            TlResult  result)
{
  gboolean first;

  tl_future_lock (self);
  first = !(tl_future_flags (self) & TL_GIVEN);
  if (first)
    {
      self->result = result;
      tl_future_add_flags (self, TL_GIVEN);
    }
  tl_future_unlock (self);

  if (!first)
    tl_result_clear (&result);

  return first;
}

static gboolean
put_error (TlFuture *self,
           GError   *error)
{
  return put_result (self, (TlResult) { .type = G_TYPE_ERROR, .u.pointer = error });
}

gboolean
tl_future_claim (TlFuture *self,
                 guint     flags)
{
  gint word = g_atomic_int_get ((gint *) &self->word);

  do
    if (word & TL_CLAIMED)
      return FALSE;
  while (!g_atomic_int_compare_and_exchange_full ((gint *) &self->word, word,
                                                  word | TL_CLAIMED | (gint) flags, &word));

  return TRUE;
}

/* Takes it away from its owner, to settle it in its stead. */
static gboolean
remove_from_owner (TlFuture *self)
{
  if (self->item.func == NULL || (tl_future_flags (self) & (TL_CLAIMED | TL_SETTLED)))
    return FALSE;

  return self->owner->klass->remove (self->owner, self);
}

gboolean
tl_future_give (TlFuture *self,
                TlResult  result)
{
  if (!put_result (self, result))
    return FALSE;

  if (self->item.func == NULL)
    {
      settle (self);
    }
  else if (remove_from_owner (self))
    {
      release_user_data (self);
      settle (self);
      self->owner->klass->removed (self->owner);
    }

  return TRUE;
}

static GError *
timed_out_error (TlFuture   *self,
                 const char *when)
{
  const char *name = tl_future_get_name (self);

  return g_error_new (G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
                      "%s timed out %s", name != NULL ? name : "The task", when);
}

GError *
tl_future_late_error (TlFuture *self)
{
  return timed_out_error (self, "before it was started");
}

/* Work that was interrupted because of its deadline has timed out. */
static void
explain_time_out (TlFuture *self)
{
  GError *error = timed_out_error (self, "after it had started");
  GError *old = NULL;

  tl_future_lock (self);
  if (self->result.type == G_TYPE_ERROR)
    {
      old = self->result.u.pointer;
      if (old == NULL || g_error_matches (old, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        {
          self->result.u.pointer = g_steal_pointer (&error);
        }
      else
        {
          old = NULL;
        }
    }
  tl_future_unlock (self);

  g_clear_error (&old);
  g_clear_error (&error);
}

static void
call_func (TlFuture *self)
{
  TlLocal *local = tl_local ();
  TlFrame frame = { self, local->frame };
  GError *error = NULL;
  gboolean ok;

  local->frame = &frame;
  ok = self->item.func (self, self->item.user_data, &error);
  local->frame = frame.up;

  if (ok && error == NULL)
    return;

  if (error == NULL)
    error = g_error_new_literal (TL_ERROR, TL_ERROR_FAILED,
                                 "The function failed and did not say why; perhaps it threw, "
                                 "or could not be called on this thread");

  if ((tl_future_flags (self) & TL_GIVEN) &&
      !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_warning ("%s: a task failed after its result had been set; the result stands, "
               "the error is lost: %s", self->owner->name, error->message);
  put_error (self, error);
}

/* For what has run well: gives no value, and settles, in one step. FALSE if a
 * result was given, or is being given. */
static gboolean
settle_done (TlFuture *self)
{
  const gint busy = TL_GIVEN | TL_TIMED_OUT | (gint) (1u << TL_LOCK_BIT);
  gint word = g_atomic_int_get ((gint *) &self->word);

  do
    if (word & busy)
      return FALSE;
  while (!g_atomic_int_compare_and_exchange_full ((gint *) &self->word, word,
                                                  word | TL_GIVEN | TL_SETTLED, &word));

  tell_all (self, (guint) word);
  return TRUE;
}

void
tl_future_run (TlFuture *self)
{
  guint old = tl_future_flags (self);

  if (old & TL_WATCHED)
    tl_future_touch_watchers (self, TRUE);

  if (old & TL_TIMED_OUT)
    put_error (self, tl_future_late_error (self));
  else if (old & TL_ASKED)
    put_error (self, NULL);
  else if (!(old & TL_GIVEN))
    call_func (self);

  /* First this, then settle: who has waited can rely on it. */
  release_user_data (self);
  if (settle_done (self))
    return;

  put_result (self, (TlResult) { .type = G_TYPE_INVALID });
  if (tl_future_flags (self) & TL_TIMED_OUT)
    explain_time_out (self);
  settle (self);
}

/* Trips the cancellable, if it was made; it is made tripped from here on. What
 * the flags were before. */
static guint
ask_to_end (TlFuture *self,
            guint     flags)
{
  g_autoptr(GCancellable) cancellable = NULL;
  guint old;

  tl_future_lock (self);
  old = tl_future_add_flags (self, flags);
  if (self->extra != NULL && self->extra->cancellable != NULL)
    cancellable = g_object_ref (self->extra->cancellable);
  tl_future_unlock (self);

  g_cancellable_cancel (cancellable);

  return old;
}

void
tl_future_reject (TlFuture *self,
                  GError   *error)
{
  if (error == NULL)
    ask_to_end (self, TL_ASKED);

  put_error (self, error);
  release_user_data (self);
  settle (self);
}

TlCancel
tl_future_cancel (TlFuture *self)
{
  g_return_val_if_fail (self != NULL, TL_CANCEL_TOO_LATE);

  if (tl_future_done (self))
    return TL_CANCEL_TOO_LATE;

  if (self->owner == NULL)
    {
      if (!tl_future_give (self, (TlResult) { .type = G_TYPE_ERROR }))
        return TL_CANCEL_TOO_LATE;
      ask_to_end (self, TL_ASKED);
      return TL_CANCEL_DONE;
    }

  if (remove_from_owner (self))
    {
      tl_future_reject (self, NULL);
      self->owner->klass->removed (self->owner);
      return TL_CANCEL_DONE;
    }

  return ask_to_end (self, TL_ASKED) & TL_SETTLED ? TL_CANCEL_TOO_LATE : TL_CANCEL_REQUESTED;
}

gboolean
tl_future_set_running (TlFuture *self)
{
  gint word;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (self->owner == NULL, FALSE);

  word = g_atomic_int_get ((gint *) &self->word);

  do
    if (word & (TL_GIVEN | TL_SETTLED))
      return FALSE;
  while (!g_atomic_int_compare_and_exchange_full ((gint *) &self->word, word,
                                                  word | TL_RUNNING, &word));

  if ((word & TL_WATCHED) && !(word & TL_RUNNING))
    tl_future_touch_watchers (self, TRUE);

  return TRUE;
}

static void
deadline_passed (gpointer data)
{
  TlFuture *self = data;

  if (tl_future_done (self))
    return;

  if (remove_from_owner (self))
    {
      ask_to_end (self, TL_TIMED_OUT);
      tl_future_reject (self, tl_future_late_error (self));
      self->owner->klass->removed (self->owner);
    }
  else
    {
      ask_to_end (self, TL_TIMED_OUT);
    }
}

static void
followed_cancelled (GCancellable *cancellable,
                    gpointer      user_data)
{
  tl_future_cancel (user_data);
}

void
tl_future_follow (TlFuture     *self,
                  GCancellable *cancellable)
{
  gulong id;
  gboolean late;

  id = g_cancellable_connect (cancellable, G_CALLBACK (followed_cancelled),
                              tl_future_ref (self), (GDestroyNotify) tl_future_unref);
  if (id == 0)
    return;

  tl_future_lock (self);
  late = (tl_future_add_flags (self, TL_LINKED) & TL_SETTLED) != 0;
  if (!late)
    {
      tl_future_need_extra (self)->followed = g_object_ref (cancellable);
      self->extra->followed_id = id;
    }
  tl_future_unlock (self);

  if (late)
    g_signal_handler_disconnect (cancellable, id);
}

void
tl_future_set_deadline (TlFuture *self,
                        gint64    deadline)
{
  g_autoptr(GError) error = NULL;
  TlTimer *timer;
  gboolean late;

  timer = tl_timer_add (deadline, deadline_passed,
                        tl_future_ref (self), (GDestroyNotify) tl_future_unref, &error);
  if (timer == NULL)
    {
      tl_future_unref (self);
      if (remove_from_owner (self))
        {
          tl_future_reject (self, g_steal_pointer (&error));
          self->owner->klass->removed (self->owner);
        }
      return;
    }

  tl_future_lock (self);
  late = (tl_future_add_flags (self, TL_LINKED) & TL_SETTLED) != 0;
  if (!late)
    tl_future_need_extra (self)->deadline = timer;
  tl_future_unlock (self);

  if (late)
    tl_timer_remove (timer);
}

GCancellable *
tl_future_get_cancellable (TlFuture *self)
{
  g_autoptr(GCancellable) made = NULL;
  GCancellable *cancellable;
  gboolean tripped;

  g_return_val_if_fail (self != NULL, NULL);

  tl_future_lock (self);
  cancellable = self->extra != NULL ? self->extra->cancellable : NULL;
  tl_future_unlock (self);

  if (cancellable != NULL)
    return cancellable;

  made = g_cancellable_new ();

  tl_future_lock (self);
  if (tl_future_need_extra (self)->cancellable == NULL)
    self->extra->cancellable = g_steal_pointer (&made);
  cancellable = self->extra->cancellable;
  tripped = tl_future_cancel_requested (self);
  tl_future_unlock (self);

  if (tripped)
    g_cancellable_cancel (cancellable);

  return cancellable;
}

gboolean
tl_future_cancel_requested (TlFuture *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return (tl_future_flags (self) & (TL_ASKED | TL_TIMED_OUT)) != 0;
}
