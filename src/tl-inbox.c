/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-again-private.h"
#include "tl-future-private.h"

/* The lock guards @tags and @told, and no other lock is taken under it. A
 * context may be iterated by one thread after the other. */
struct _TlInbox
{
  TlLetter         letter;      /* with a reference, while it is on its way */
  gatomicrefcount  ref_count;
  TlInboxFunc      func;
  gpointer         user_data;
  GDestroyNotify   destroy;
  TlHome          *home;

  GMutex           lock;
  GArray          *tags;        /* of guint */
  gboolean         told;        /* a call is on its way */
};

/* One that was added. */
typedef struct
{
  TlInbox *inbox;
  guint    tag;
} Entry;

/* What G_DEFINE_BOXED_TYPE() would do, if it were ISO C. */
GType
tl_inbox_get_type (void)
{
  static gsize type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_boxed_type_register_static (g_intern_static_string ("TlInbox"),
                                                            (GBoxedCopyFunc) tl_inbox_ref,
                                                            (GBoxedFreeFunc) tl_inbox_unref));

  return type;
}

static void
tell (gpointer data)
{
  TlInbox *self = data;
  gboolean left;

  g_mutex_lock (&self->lock);
  self->told = FALSE;
  g_mutex_unlock (&self->lock);

  self->func (self->user_data);

  g_mutex_lock (&self->lock);
  left = self->tags->len > 0 && !self->told;
  if (left)
    self->told = TRUE;
  g_mutex_unlock (&self->lock);

  if (left)
    tl_call_again (tell, tl_inbox_ref (self), (GDestroyNotify) tl_inbox_unref);
}

static void
letter_arrived (TlLetter *letter,
                gboolean  discarded)
{
  g_autoptr(TlInbox) self = (TlInbox *) letter;

  if (!discarded)
    tell (self);
}

static GArray *
tags_new (void)
{
  return g_array_new (FALSE, FALSE, sizeof (guint));
}

TlInbox *
tl_inbox_new (TlInboxFunc     func,
              gpointer        user_data,
              GDestroyNotify  destroy)
{
  TlInbox *self;

  g_return_val_if_fail (func != NULL, NULL);

  self = g_new0 (TlInbox, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->letter.func = letter_arrived;
  self->func = func;
  self->user_data = user_data;
  self->destroy = destroy;
  self->home = tl_home_ref_noted ();
  g_mutex_init (&self->lock);
  self->tags = tags_new ();

  return self;
}

TlInbox *
tl_inbox_ref (TlInbox *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
tl_inbox_unref (TlInbox *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  tl_home_release (self->home, self->user_data, self->destroy);
  tl_home_unref (self->home);
  g_array_unref (self->tags);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static void
put (TlInbox *self,
     guint    tag)
{
  gboolean first;

  g_mutex_lock (&self->lock);
  g_array_append_val (self->tags, tag);
  first = !self->told;
  self->told = TRUE;
  g_mutex_unlock (&self->lock);

  if (first)
    tl_mailbox_post (tl_inbox_ref (self)->home->mailbox, &self->letter);
}

/* Comes with the letters of its burst, and that of the inbox is behind them. */
static void
settled (TlFuture *future,
         gpointer  data)
{
  Entry *entry = data;

  put (entry->inbox, entry->tag);
}

static gboolean
time_came (gpointer data)
{
  Entry *entry = data;

  put (entry->inbox, entry->tag);
  return G_SOURCE_REMOVE;
}

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  tl_inbox_unref (entry->inbox);
  g_free (entry);
}

static Entry *
entry_new (TlInbox *self,
           guint    tag)
{
  Entry *entry = g_new (Entry, 1);

  entry->inbox = tl_inbox_ref (self);
  entry->tag = tag;

  return entry;
}

void
tl_inbox_add (TlInbox  *self,
              TlFuture *future,
              guint     tag)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (future != NULL);

  tl_future_add_done_callback (future, settled, entry_new (self, tag), entry_free);
}

void
tl_inbox_add_timeout (TlInbox *self,
                      guint    milliseconds,
                      guint    tag)
{
  g_autoptr(GSource) source = NULL;

  g_return_if_fail (self != NULL);

  if (milliseconds == 0)
    {
      put (self, tag);
      return;
    }

  source = g_timeout_source_new (milliseconds);
  g_source_set_static_name (source, "threadloop: an inbox");
  g_source_set_callback (source, time_came, entry_new (self, tag), entry_free);
  g_source_attach (source, g_main_context_get_thread_default ());
}

guint *
tl_inbox_take (TlInbox *self,
               gsize   *n_tags)
{
  g_autoptr(GArray) taken = NULL;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (n_tags != NULL, NULL);

  g_mutex_lock (&self->lock);
  taken = self->tags;
  self->tags = tags_new ();
  g_mutex_unlock (&self->lock);

  return g_array_steal (taken, n_tags);
}
