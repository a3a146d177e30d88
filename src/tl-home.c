/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-home-private.h"

static void
home_free (TlRefs *refs)
{
  TlHome *self = (TlHome *) refs;

  tl_mailbox_unref (self->mailbox);
  g_free (self);
}

TlHome *
tl_home_current (TlLocal *local)
{
  GMainContext *context = g_main_context_get_thread_default ();
  TlHome *self = local->home;

  if (context == NULL)
    context = g_main_context_default ();

  if (self != NULL && tl_mailbox_is_for (self->mailbox, context))
    return self;

  self = g_new0 (TlHome, 1);
  tl_refs_init (&self->refs, home_free);
  self->mailbox = tl_mailbox_ref_for_context (context, G_PRIORITY_DEFAULT);
  self->thread = g_thread_self ();

  g_clear_pointer (&local->home, tl_home_unref);
  local->home = self;

  return self;
}

TlHome *
tl_home_ref (TlHome *self)
{
  tl_refs_add (&self->refs, 1);
  return self;
}

void
tl_home_unref (TlHome *self)
{
  tl_refs_drop (&self->refs, 1);
}

TlHome *
tl_home_ref_noted (void)
{
  TlHome *self = tl_home_current (tl_local ());

  tl_mailbox_note_submitter (self->mailbox);

  return tl_home_ref (self);
}

void
tl_home_release (TlHome         *self,
                 gpointer        data,
                 GDestroyNotify  destroy)
{
  if (destroy != NULL)
    tl_mailbox_release (self->mailbox, self->thread, data, destroy);
}

void
tl_home_release_later (TlHome         *self,
                       gpointer        data,
                       GDestroyNotify  destroy)
{
  tl_mailbox_release_later (self->mailbox, self->thread, data, destroy);
}

void
tl_home_come (void)
{
  TlHome *self = tl_local ()->home;

  if (self != NULL)
    tl_mailbox_release_mine (self->mailbox);
}
