/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-notifier-private.h"

#include "tl-mailbox-private.h"

#define INTERVAL (G_TIME_SPAN_SECOND / 60)

enum
{
  DIRTY  = 1 << 0,   /* there is something to tell, and it is on its way */
  URGENT = 1 << 1,   /* at once */
  IN_BOX = 1 << 2,   /* the letter is */
};

struct _TlNotifier
{
  gatomicrefcount  ref_count;
  guint            flags;     /* atomic */
  TlMailbox       *mailbox;
  TlLetter         letter;
  TlNotifierFunc   func;

  /* Looked at in the context's thread alone: where a language holds the object
   * by a toggle reference, to take one may have to wait for the language. */
  GWeakRef         object;

  /* The rest is the context's thread's, too. */
  gint64           last;
  gboolean         timer;
};

static void letter_arrived (TlLetter *letter,
                            gboolean  discarded);

TlNotifier *
tl_notifier_new (GObject        *object,
                 TlNotifierFunc  func)
{
  TlNotifier *self = g_new0 (TlNotifier, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->mailbox = tl_mailbox_ref_thread_default ();
  self->letter.func = letter_arrived;
  self->func = func;
  g_weak_ref_init (&self->object, object);

  return self;
}

TlNotifier *
tl_notifier_ref (TlNotifier *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
tl_notifier_unref (TlNotifier *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_weak_ref_clear (&self->object);
  tl_mailbox_unref (self->mailbox);
  g_free (self);
}

static void
tell (TlNotifier *self)
{
  g_autoptr(GObject) object = g_weak_ref_get (&self->object);

  self->last = g_get_monotonic_time ();

  /* Cleared before the object looks: what is touched from here on is told
   * the next time. */
  g_atomic_int_and (&self->flags, ~(guint) (DIRTY | URGENT));

  if (object != NULL)
    self->func (object);
}

static gboolean
timer_fired (gpointer data)
{
  TlNotifier *self = data;

  self->timer = FALSE;
  if (g_atomic_int_get (&self->flags) & DIRTY)
    tell (self);

  return G_SOURCE_REMOVE;
}

static void
letter_arrived (TlLetter *letter,
                gboolean  discarded)
{
  g_autoptr(TlNotifier) self = NULL;
  gint64 due;

  self = (TlNotifier *) (gpointer) ((char *) letter - G_STRUCT_OFFSET (TlNotifier, letter));
  g_atomic_int_and (&self->flags, ~(guint) IN_BOX);

  if (discarded || !(g_atomic_int_get (&self->flags) & DIRTY))
    return;

  due = self->last + INTERVAL - g_get_monotonic_time ();

  /* Where no source is being dispatched, the context is being wound up. */
  if (due <= 0 ||
      (g_atomic_int_get (&self->flags) & URGENT) ||
      g_main_current_source () == NULL)
    {
      tell (self);
    }
  else if (!self->timer)
    {
      g_autoptr(GSource) timer = g_timeout_source_new ((guint) (due / 1000) + 1);

      self->timer = TRUE;
      g_source_set_static_name (timer, "threadloop notify");
      g_source_set_priority (timer, G_PRIORITY_DEFAULT);
      g_source_set_callback (timer, timer_fired,
                             tl_notifier_ref (self), (GDestroyNotify) tl_notifier_unref);
      g_source_attach (timer, g_source_get_context (g_main_current_source ()));
    }
}

void
tl_notifier_touch (TlNotifier *self,
                   gboolean    now)
{
  guint old;

  if (!now && (g_atomic_int_get (&self->flags) & DIRTY))
    return;

  old = g_atomic_int_or (&self->flags, now ? DIRTY | URGENT : DIRTY);
  if (!now && (old & DIRTY))
    return;

  old = g_atomic_int_or (&self->flags, IN_BOX);
  if (old & IN_BOX)
    return;

  tl_notifier_ref (self);
  tl_mailbox_post (self->mailbox, &self->letter);
}

gboolean
tl_notifier_is_heard (GObject    *object,
                      const char *property)
{
  guint notify = g_signal_lookup ("notify", G_TYPE_OBJECT);

  return g_signal_has_handler_pending (object, notify, g_quark_from_string (property), FALSE) ||
         g_signal_has_handler_pending (object, notify, 0, FALSE);
}
