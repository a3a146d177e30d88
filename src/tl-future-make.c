/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-future-private.h"

#include "tl-thread-private.h"

/* Making futures, and freeing them, and what they hold on to. */

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

/* About what it takes to wake a thread. */
#define USUAL_SPIN_TIME 25

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

void
tl_future_set_origin (TlFuture   *self,
                      const char *executor,
                      const char *trace)
{
  TlFutureExtra *extra;

  g_return_if_fail (self != NULL);

  tl_future_lock (self);
  extra = tl_future_need_extra (self);
  g_free (extra->executor);
  g_free (extra->trace);
  extra->executor = g_strdup (executor);
  extra->trace = g_strdup (trace);
  tl_future_unlock (self);
}

static void
report (TlFuture *self)
{
  const TlFutureExtra *extra = self->extra;
  const char *executor = self->owner != NULL ? self->owner->name : extra != NULL ? extra->executor : NULL;
  const char *name = peek_name (self);
  const GError *error = self->result.u.pointer;
  g_autoptr(GError) traced = NULL;

  if (extra != NULL && extra->trace != NULL)
    traced = g_error_new (error->domain, error->code, "%s\n%s", error->message, extra->trace);

  tl_report_unobserved (executor != NULL ? executor : "", name != NULL ? name : "", traced != NULL ? traced : error);
}

static void
future_free (TlFuture *self)
{
  TlFutureExtra *extra = self->extra;
  guint flags = tl_future_flags (self);
  TlLocal *local;

  if ((flags & TL_FAILED) && !(flags & TL_OBSERVED))
    report (self);

  if (self->result.type != G_TYPE_INVALID)
    release_result (self);

  if (extra != NULL)
    {
      g_assert (extra->callbacks == NULL && extra->watchers == NULL);
      g_clear_object (&extra->cancellable);
      g_free (extra->name);
      g_free (extra->message);
      g_free (extra->executor);
      g_free (extra->trace);
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
