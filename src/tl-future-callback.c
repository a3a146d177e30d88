/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-future-private.h"

/* Those who want to hear of a future without waiting for it: callbacks and
 * watchers. */

struct _TlCallback
{
  TlLetter          letter;     /* links those that are to be posted, before */
  TlCallback       *next;
  guint             id;
  gboolean          posted;     /* the letter holds a reference on the future */
  gboolean          removed;
  TlFuture         *future;
  TlFutureCallback  func;
  gpointer          user_data;
  GDestroyNotify    destroy;
  TlHome           *home;
};

static void
callback_free (TlCallback *callback)
{
  TlLocal *local;

  g_clear_pointer (&callback->future, tl_future_unref);

  local = tl_local ();
  tl_ref_supply_give (&local->homes, &callback->home->refs);
  tl_block_free (&local->blocks, callback, sizeof *callback);
}

/* With the lock held. */
static TlCallback **
find (TlFuture *self,
      guint     id)
{
  TlCallback **link;

  if (self->extra == NULL)
    return NULL;

  for (link = &self->extra->callbacks; *link != NULL; link = &(*link)->next)
    if ((*link)->id == id)
      return link;

  return NULL;
}

static void
callback_arrived (TlLetter *letter,
                  gboolean  discarded)
{
  TlCallback *callback = (TlCallback *) letter;
  TlFuture *future = callback->future;
  gboolean removed;

  tl_future_lock (future);
  *find (future, callback->id) = callback->next;
  removed = callback->removed;
  tl_future_unlock (future);

  if (!removed)
    {
      if (!discarded)
        callback->func (future, callback->user_data);
      if (callback->destroy != NULL)
        callback->destroy (callback->user_data);
    }

  callback_free (callback);
}

guint
tl_future_add_done_callback (TlFuture         *self,
                             TlFutureCallback  callback,
                             gpointer          user_data,
                             GDestroyNotify    destroy)
{
  TlLocal *local = tl_local ();
  TlCallback *new;
  TlCallback **end;
  gboolean settled;
  guint id;

  g_return_val_if_fail (self != NULL, 0);
  g_return_val_if_fail (callback != NULL, 0);

  new = tl_block_new (&local->blocks, sizeof *new);
  *new = (TlCallback) {
    .letter.func = callback_arrived,
    .func = callback,
    .user_data = user_data,
    .destroy = destroy,
    .home = tl_home_current (local),
  };
  tl_ref_supply_take (&local->homes, &new->home->refs);
  tl_mailbox_note_submitter (new->home->mailbox);

  tl_future_lock (self);

  /* Who settles sees the flag, or this sees that it has settled. */
  settled = (tl_future_add_flags (self, TL_CALLBACKS) & TL_SETTLED) != 0;

  for (end = &tl_future_need_extra (self)->callbacks; *end != NULL; end = &(*end)->next)
    ;
  *end = new;
  id = new->id = ++self->extra->last_id;

  if (settled)
    {
      new->posted = TRUE;
      new->future = tl_future_ref (self);
    }

  tl_future_unlock (self);

  if (settled)
    tl_mailbox_post (new->home->mailbox, &new->letter);

  return id;
}

gboolean
tl_future_remove_done_callback (TlFuture *self,
                                guint     id)
{
  TlCallback **link;
  TlCallback *callback = NULL;
  gpointer user_data;
  GDestroyNotify destroy;
  TlHome *home;
  gboolean posted;

  g_return_val_if_fail (self != NULL, FALSE);

  tl_future_lock (self);

  link = find (self, id);
  if (link == NULL || (*link)->removed)
    {
      tl_future_unlock (self);
      return FALSE;
    }

  callback = *link;
  callback->removed = TRUE;
  user_data = callback->user_data;
  destroy = callback->destroy;
  home = tl_home_ref (callback->home);

  /* One that is on its way stays, for its letter to find. */
  posted = callback->posted;
  if (!posted)
    *link = callback->next;

  tl_future_unlock (self);

  tl_home_release (home, user_data, destroy);
  tl_home_unref (home);
  if (!posted)
    callback_free (callback);

  return TRUE;
}

void
tl_future_deliver (TlFuture *self)
{
  TlFutureExtra *extra;
  TlLetter *letters = NULL;
  TlLetter **end = &letters;
  TlTimer *deadline;
  g_autoptr(GCancellable) followed = NULL;
  gulong followed_id;

  tl_future_lock (self);

  extra = tl_future_need_extra (self);
  deadline = g_steal_pointer (&extra->deadline);
  followed = g_steal_pointer (&extra->followed);
  followed_id = extra->followed_id;

  for (TlCallback *callback = extra->callbacks; callback != NULL; callback = callback->next)
    {
      if (callback->posted)
        continue;

      callback->posted = TRUE;
      callback->future = tl_future_ref (self);
      *end = &callback->letter;
      end = &callback->letter.next;
    }
  *end = NULL;

  tl_future_unlock (self);

  /* First, so that a callback finds a TlProgress of its context up to date. */
  tl_future_touch_watchers (self, TRUE);

  while (letters != NULL)
    {
      TlCallback *callback = (TlCallback *) letters;
      TlHome *home = callback->home;
      TlLocal *local = tl_local ();

      /* The callback may be gone before the mailbox has done with the post. */
      tl_ref_supply_take (&local->homes, &home->refs);
      letters = letters->next;
      tl_mailbox_post (home->mailbox, &callback->letter);
      tl_ref_supply_give (&local->homes, &home->refs);
    }

  /* Not g_cancellable_disconnect(), which waits for a handler that may be
   * what has brought us here. */
  if (followed != NULL)
    g_signal_handler_disconnect (followed, followed_id);

  g_clear_pointer (&deadline, tl_timer_remove);
}

void
tl_future_watch (TlFuture   *self,
                 TlNotifier *notifier)
{
  TlFutureExtra *extra;
  gboolean settled;

  tl_future_lock (self);
  settled = (tl_future_add_flags (self, TL_WATCHED) & TL_SETTLED) != 0;
  extra = tl_future_need_extra (self);
  extra->watchers = g_slist_prepend (extra->watchers, tl_notifier_ref (notifier));
  tl_future_unlock (self);

  /* Something may have happened since the watcher has looked. */
  tl_notifier_touch (notifier, settled);
}

void
tl_future_unwatch (TlFuture   *self,
                   TlNotifier *notifier)
{
  tl_future_lock (self);
  self->extra->watchers = g_slist_remove (self->extra->watchers, notifier);
  tl_future_unlock (self);

  tl_notifier_unref (notifier);
}

static gpointer
copy_notifier (gconstpointer notifier,
               gpointer      unused)
{
  return tl_notifier_ref ((TlNotifier *) notifier);
}

void
tl_future_touch_watchers (TlFuture *self,
                          gboolean  now)
{
  GSList *watchers = NULL;

  tl_future_lock (self);
  if (self->extra != NULL)
    watchers = g_slist_copy_deep (self->extra->watchers, copy_notifier, NULL);
  tl_future_unlock (self);

  for (GSList *l = watchers; l != NULL; l = l->next)
    tl_notifier_touch (l->data, now);

  g_slist_free_full (watchers, (GDestroyNotify) tl_notifier_unref);
}

void
tl_future_set_progress (TlFuture   *self,
                        double      fraction,
                        const char *message)
{
  g_autofree char *old = NULL;
  TlFutureExtra *extra;

  g_return_if_fail (self != NULL);

  if (tl_future_done (self))
    return;

  /* Whatever is no fraction, not a number included, is "not known". */
  if (!(fraction >= 0.0))
    fraction = -1.0;

  tl_future_lock (self);
  extra = tl_future_need_extra (self);
  extra->fraction = MIN (fraction, 1.0);
  if (g_strcmp0 (extra->message, message) != 0)
    {
      old = extra->message;
      extra->message = g_strdup (message);
    }
  tl_future_unlock (self);

  if (tl_future_flags (self) & TL_WATCHED)
    tl_future_touch_watchers (self, FALSE);
}

void
tl_future_get_progress (TlFuture  *self,
                        double    *fraction,
                        char     **message)
{
  tl_future_lock (self);
  *fraction = self->extra != NULL ? self->extra->fraction : -1;
  *message = self->extra != NULL ? g_strdup (self->extra->message) : NULL;
  tl_future_unlock (self);
}
