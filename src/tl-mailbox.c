/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-mailbox-inside-private.h"

#include "tl-fork-private.h"
#include "tl-park-private.h"
#include "tl-timer-private.h"

/* The box, and its letters. Releases are in tl-mailbox-release.c. */

/* How long one dispatch may go on delivering before other sources of the same
 * priority get their turn, and more urgent ones. A frame has 16 ms; an animation
 * must not feel a burst of results. */
#define BUDGET (2 * G_TIME_SPAN_MILLISECOND)

/* Those that are less urgent, such as the drawing of GTK, get none as long as
 * there is mail. So a box that has been busy for half a frame makes way for them,
 * until all have had a turn, but not for longer than is enough for them to be
 * seen. */
#define BUSY (8 * G_TIME_SPAN_MILLISECOND)
#define WAY (4 * G_TIME_SPAN_MILLISECOND)

typedef struct
{
  GSource    source;
  TlMailbox *mailbox;
} MailSource;

G_LOCK_DEFINE_STATIC (registry);
static GHashTable *registry;

static guint
mailbox_hash (gconstpointer key)
{
  const TlMailbox *self = key;

  return g_direct_hash (self->context) + (guint) self->priority;
}

static gboolean
mailbox_equal (gconstpointer a,
               gconstpointer b)
{
  const TlMailbox *x = a;
  const TlMailbox *y = b;

  return x->context == y->context && x->priority == y->priority;
}

#ifdef G_OS_UNIX
static void
before_fork (void)
{
  G_LOCK (registry);
}

static void
after_fork (void)
{
  G_UNLOCK (registry);
}

/* Who has run the contexts may have stayed behind, and the timer has. What is
 * in the boxes stays there. */
static void
after_fork_in_child (void)
{
  GHashTableIter iter;
  gpointer mailbox;

  if (registry != NULL)
    {
      g_hash_table_iter_init (&iter, registry);
      while (g_hash_table_iter_next (&iter, &mailbox, NULL))
        {
          TlMailbox *self = mailbox;

          g_mutex_init (&self->lock);
          g_mutex_init (&self->sorting);
          self->sorts = 0;
          self->ringer = NULL;
          self->watched = FALSE;
          self->looper = NULL;
          self->looping = FALSE;
          self->graced = FALSE;
          self->busy_since = 0;
          self->way = NULL;
        }
    }

  G_UNLOCK (registry);
}
#endif

TL_AT_FORK (before_fork, after_fork, after_fork_in_child)

static gboolean
deliver_letter (TlMailbox *self)
{
  TlLetter *letter;

  if (self->taken == NULL)
    self->taken = tl_mailbox_take_in_order ((gpointer *) &self->letters);

  letter = self->taken;
  if (letter == NULL)
    return FALSE;

  self->taken = letter->next;
  letter->next = NULL;
  letter->func (letter, FALSE);

  return TRUE;
}

static gboolean
deliver_one (TlMailbox *self)
{
  return deliver_letter (self) || tl_mailbox_deliver_release (self);
}

static void
discard (TlLetter  *letters,
         TlRelease *releases)
{
  while (letters != NULL)
    {
      TlLetter *letter = letters;

      letters = letter->next;
      letter->next = NULL;
      letter->func (letter, TRUE);
    }

  tl_mailbox_discard_releases (releases);
}

/* For when there is no loop to deliver to any more. Any thread may come here,
 * so this leaves alone what the owner of the context has taken. */
static void
discard_posted (TlMailbox *self)
{
  discard (tl_mailbox_take_in_order ((gpointer *) &self->letters),
           tl_mailbox_take_in_order ((gpointer *) &self->releases));
}

/* For the owner of the context. */
static gboolean
has_mail (TlMailbox *self)
{
  return self->taken != NULL ||
         self->taken_releases != NULL ||
         g_atomic_pointer_get (&self->letters) != NULL ||
         g_atomic_pointer_get (&self->releases) != NULL;
}

/* ---- Making way ---- */

/* Meanwhile the mail's source is put off until way_end, and another source, of a
 * lower priority, says when all have had their turn; where nothing else is ready
 * that is at once. It waits in two places: behind what is as urgent as the mail,
 * and then behind all the rest, down to G_PRIORITY_LOW, or to the very end for mail
 * that is as little urgent itself.
 *
 * It calls nothing of the user's, so a main loop inside of a callback finds it as
 * the outer one has left it, and may as well be the one that ends it. A loop that
 * waits for mail, inside of what has its turn, has it at way_end. */
static gboolean
way_source_called (gpointer data)
{
  TlMailbox *self = data;
  GSource *way = g_main_current_source ();
  int last = self->priority < G_PRIORITY_LOW ? G_PRIORITY_LOW : G_MAXINT;

  /* It is that of the parent, in the child of a fork. */
  if (self->way != way)
    return G_SOURCE_REMOVE;

  if (g_source_get_priority (way) < last)
    {
      g_source_set_priority (way, last);
      return G_SOURCE_CONTINUE;
    }

  /* The mail is found by prepare. */
  self->way = NULL;
  return G_SOURCE_REMOVE;
}

static void
make_way (TlMailbox *self,
          GSource   *source,
          gint64     now)
{
  g_autoptr(GSource) way = g_idle_source_new ();

  g_source_set_static_name (way, "threadloop: way");
  g_source_set_priority (way, self->priority + 1);
  g_source_set_callback (way, way_source_called, tl_mailbox_ref (self),
                         (GDestroyNotify) tl_mailbox_unref);

  self->busy_since = 0;
  self->way_end = now + WAY;
  self->way = way;
  g_source_set_ready_time (source, self->way_end);
  g_source_attach (way, g_source_get_context (source));
}

/* After a dispatch that did not get to the end of the box in its time. */
static void
note_busy (TlMailbox *self,
           GSource   *source,
           gint64     since,
           gint64     now)
{
  /* A main loop inside of the dispatch has begun to make way. */
  if (self->way != NULL)
    return;

  if (!has_mail (self))
    self->busy_since = 0;
  else if (self->busy_since == 0)
    self->busy_since = since;

  /* Nothing comes after the last priority of all. */
  if (self->busy_since != 0 && now - self->busy_since >= BUSY && self->priority < G_MAXINT)
    make_way (self, source, now);
}

/* FALSE if it is not over yet. Then somebody has rung, which neither ends it nor
 * makes it longer, and need not be heard: the box is looked at after it. */
static gboolean
end_way (TlMailbox *self,
         GSource   *source,
         gint64     now)
{
  if (now < self->way_end)
    {
      g_source_set_ready_time (source, self->way_end);
      return FALSE;
    }

  /* If it has not come off its first place, others that are as urgent have had
   * all of the time, and it was in vain. They may make way as well, as the asyncio
   * loop of the Python binding does. So that the two do not take turns at it, this
   * one tries again after each dispatch. */
  if (g_source_get_priority (self->way) == self->priority + 1)
    self->busy_since = now - BUSY;

  g_source_destroy (g_steal_pointer (&self->way));
  return TRUE;
}

/* ---- The source ---- */

static gboolean
mail_source_prepare (GSource *source,
                     int     *timeout)
{
  TlMailbox *self = ((MailSource *) source)->mailbox;
  GThread *thread = g_thread_self ();

  if (g_atomic_pointer_get (&self->looper) != thread)
    g_atomic_pointer_set (&self->looper, thread);
  if (!g_atomic_int_get (&self->looping))
    g_atomic_int_set (&self->looping, TRUE);

  *timeout = -1;

  /* What a dispatch has left over, or a main loop that is nested in one finds:
   * the bell for it has been rung. */
  return self->way == NULL && has_mail (self);
}

static gboolean
mail_source_dispatch (GSource     *source,
                      GSourceFunc  callback,
                      gpointer     user_data)
{
  g_autoptr(TlMailbox) self = tl_mailbox_ref (((MailSource *) source)->mailbox);
  gint64 begin = g_get_monotonic_time ();
  gint64 now = begin;

  if (self->way != NULL && !end_way (self, source, now))
    return G_SOURCE_CONTINUE;

  /* The bell first, the box after: a letter that comes in between rings it
   * again. */
  g_source_set_ready_time (source, -1);

  while (deliver_one (self))
    {
      now = g_get_monotonic_time ();
      if (now >= begin + BUDGET)
        {
          note_busy (self, source, begin, now);
          return G_SOURCE_CONTINUE;
        }
    }

  self->busy_since = 0;
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs mail_source_funcs = {
  .prepare = mail_source_prepare,
  .dispatch = mail_source_dispatch,
};

/* A source that has no callback is not dispatched. */
static gboolean
never_called (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

/* The context is being destroyed, and the source with it. */
static void
mail_source_gone (gpointer data)
{
  g_autoptr(TlMailbox) self = data;

  G_LOCK (registry);
  g_hash_table_remove (registry, self);
  G_UNLOCK (registry);

  /* The context destroys that one, too. */
  self->way = NULL;

  /* The ringer looks after the rest once it has let go of the lock. */
  if (g_atomic_pointer_get (&self->ringer) == g_thread_self ())
    {
      g_atomic_pointer_set (&self->source, NULL);
      return;
    }

  g_mutex_lock (&self->lock);
  g_atomic_pointer_set (&self->source, NULL);
  g_mutex_unlock (&self->lock);

  discard (g_steal_pointer (&self->taken), g_steal_pointer (&self->taken_releases));
  discard_posted (self);
}

TlMailbox *
tl_mailbox_ref_for_context (GMainContext *context,
                            int           priority)
{
  TlMailbox key = { .context = context, .priority = priority };
  g_autoptr(GSource) source = NULL;
  TlMailbox *self;

  G_LOCK (registry);

  if (registry == NULL)
    registry = g_hash_table_new (mailbox_hash, mailbox_equal);

  self = g_hash_table_lookup (registry, &key);
  if (self != NULL)
    {
      tl_mailbox_ref (self);
      G_UNLOCK (registry);
      return self;
    }

  self = g_new0 (TlMailbox, 1);
  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  g_mutex_init (&self->sorting);
  self->context = context;
  self->priority = priority;

  source = g_source_new (&mail_source_funcs, sizeof (MailSource));
  ((MailSource *) source)->mailbox = self;
  g_source_set_static_name (source, "threadloop");
  g_source_set_priority (source, priority);
  /* A callback may run a main loop of its own, and wait for the next one. */
  g_source_set_can_recurse (source, TRUE);
  g_source_set_callback (source, never_called, tl_mailbox_ref (self), mail_source_gone);
  self->source = source;
  g_source_attach (source, context);

  g_hash_table_add (registry, self);

  G_UNLOCK (registry);

  return self;
}

TlMailbox *
tl_mailbox_ref_thread_default (void)
{
  GMainContext *context = g_main_context_get_thread_default ();

  return tl_mailbox_ref_for_context (context != NULL ? context : g_main_context_default (),
                                     G_PRIORITY_DEFAULT);
}

gboolean
tl_mailbox_is_for (TlMailbox    *self,
                   GMainContext *context)
{
  /* A context that has gone leaves its address to the next one. */
  return self->context == context && g_atomic_pointer_get (&self->source) != NULL;
}

TlMailbox *
tl_mailbox_ref (TlMailbox *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
tl_mailbox_unref (TlMailbox *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_assert (self->letters == NULL && self->releases == NULL);
  g_mutex_clear (&self->sorting);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* FALSE if there is nobody to hear it.
 *
 * The lock is what keeps the context there for GLib to look at, should another
 * thread be dropping it. Newer versions take a reference for that time, so that
 * the context may also be destroyed from inside of this very call. */
static gboolean
ring (TlMailbox *self)
{
  gboolean was_alive, is_alive;

  g_mutex_lock (&self->lock);

  was_alive = self->source != NULL;
  if (was_alive)
    {
      g_atomic_pointer_set (&self->ringer, g_thread_self ());
      g_source_set_ready_time (self->source, 0);
      g_atomic_pointer_set (&self->ringer, NULL);
    }
  is_alive = self->source != NULL;

  g_mutex_unlock (&self->lock);

  if (was_alive && !is_alive)
    discard (g_steal_pointer (&self->taken), g_steal_pointer (&self->taken_releases));

  return is_alive;
}

void
tl_mailbox_tell (TlMailbox *self)
{
  if (!g_atomic_int_get (&self->watched) && !ring (self))
    discard_posted (self);
}

void
tl_mailbox_post (TlMailbox *self,
                 TlLetter  *letter)
{
  tl_mailbox_put (self, (gpointer *) &self->letters, letter);
}

static GPtrArray *
all_mailboxes (void)
{
  GPtrArray *all = g_ptr_array_new_with_free_func ((GDestroyNotify) tl_mailbox_unref);
  GHashTableIter iter;
  gpointer mailbox;

  G_LOCK (registry);
  if (registry != NULL)
    {
      g_hash_table_iter_init (&iter, registry);
      while (g_hash_table_iter_next (&iter, &mailbox, NULL))
        g_ptr_array_add (all, tl_mailbox_ref (mailbox));
    }
  G_UNLOCK (registry);

  return all;
}

gboolean
tl_mailbox_release_now (gint64 end_time)
{
  g_autoptr(GPtrArray) all = all_mailboxes ();

  /* First, since it puts back what it does not free itself. */
  tl_timer_wait_called (end_time);
  for (guint i = 0; i < all->len; i++)
    tl_mailbox_release_left (all->pdata[i]);

  return tl_timer_wait_called (end_time);
}

void
tl_mailbox_flush (TlMailbox *self)
{
  while (deliver_one (self))
    ;
}

static gboolean
is_empty (gpointer mailbox)
{
  TlMailbox *self = mailbox;

  return g_atomic_pointer_get (&self->letters) == NULL &&
         g_atomic_pointer_get (&self->releases) == NULL;
}

gboolean
tl_mailbox_look_on (TlMailbox *self,
                    gint       spin_time)
{
  if (spin_time <= 0)
    return FALSE;

  g_atomic_int_set (&self->watched, TRUE);
  tl_spin (self, is_empty, spin_time);
  g_atomic_int_set (&self->watched, FALSE);

  /* Once more: who has put something in until now has not rung. */
  return !is_empty (self);
}
