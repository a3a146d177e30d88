/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-future-private.h"

/* The life of a future: made, queued, run or rejected, settled, freed.
 *
 *   pending ──→ running ──→ done | failed | cancelled
 *      └───────────────────────────┴────────┘
 *
 * Two things have to come together for a task to settle: its result was
 * given (TL_GIVEN, the first one wins), and its function has returned or will
 * never run. Whoever removes it from the queue, or has run it, settles it. A
 * future without a function settles when its result is given.
 *
 * How one is made and freed is in tl-future-make.c, and what ends it before its
 * time in tl-future-cancel.c. */

/* The functions that run on this thread, the innermost first: a waiter may
 * run another task inside of its own. */
struct _TlFrame
{
  TlFuture *future;
  TlFrame  *up;
};

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
  else if (tl_future_remove (self))
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

void
tl_future_reject (TlFuture *self,
                  GError   *error)
{
  if (error == NULL)
    tl_future_ask_to_end (self, TL_ASKED);

  put_error (self, error);
  release_user_data (self);
  settle (self);
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
