/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-mailbox-private.h"

#include "tl-fork-private.h"
#include "tl-local-private.h"
#include "tl-park-private.h"
#include "tl-thread-private.h"
#include "tl-timer-private.h"

/* How long one dispatch may go on delivering before other sources get their
 * turn. A frame has 16 ms; an animation must not feel a burst of results. */
#define BUDGET (2 * G_TIME_SPAN_MILLISECOND)

/* How long user data waits for a loop that has never run: a program may submit
 * first and run its main loop then, and a plain script never will. The context
 * cannot be asked which it is: that takes acquiring it, and an application
 * that starts in that very moment would fail. */
#define GRACE (1 * G_TIME_SPAN_SECOND)

typedef struct _Release Release;

struct _Release
{
  Release        *next;
  GThread        *submitter;
  gpointer        data;
  GDestroyNotify  destroy;
  guint           half;           /* of the grace, in which it came */
};

/* Lock order: sorting or that of a mailbox, then the registry's, then GMainContext's
 * own. */
struct _TlMailbox
{
  gatomicrefcount  ref_count;
  int              priority;
  GMutex           lock;          /* guards the life of source and context */
  GMainContext    *context;       /* not a reference: valid while source is */
  GSource         *source;        /* the context's; NULL once that has gone */
  GThread         *ringer;        /* the thread that rings the bell, and has the lock */

  gint             watched;       /* atomic: somebody looks at the box, and needs no bell */
  TlLetter        *letters;       /* posted, newest first; lock-free */
  Release         *releases;      /* likewise */
  GMutex           sorting;       /* held while some of them are taken and others put back */
  gint             sorts;         /* atomic: odd meanwhile */
  TlLetter        *taken;         /* in order; the context's owner's */
  Release         *taken_releases;

  GThread         *looper;        /* the thread that iterated the context last */
  gint             looping;       /* as far as is known, a loop runs it */
  gint             graced;        /* a timer will look after the releases */
  gint             half;          /* atomic: how often it has */
};

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
        }
    }

  G_UNLOCK (registry);
}
#endif

TL_AT_FORK (before_fork, after_fork, after_fork_in_child)

/* Letters and releases both begin with their link. */
static gpointer
take_in_order (gpointer *head)
{
  TlLetter *newest = g_atomic_pointer_exchange (head, NULL);
  TlLetter *ordered = NULL;

  while (newest != NULL)
    {
      TlLetter *next = newest->next;

      newest->next = ordered;
      ordered = newest;
      newest = next;
    }

  return ordered;
}

static void
do_release (Release *release)
{
  GDestroyNotify destroy = release->destroy;
  gpointer data = release->data;

  tl_block_free (&tl_local ()->blocks, release, sizeof *release);
  destroy (data);
}

static gboolean
deliver_letter (TlMailbox *self)
{
  TlLetter *letter;

  if (self->taken == NULL)
    self->taken = take_in_order ((gpointer *) &self->letters);

  letter = self->taken;
  if (letter == NULL)
    return FALSE;

  self->taken = letter->next;
  letter->next = NULL;
  letter->func (letter, FALSE);

  return TRUE;
}

static gboolean
deliver_release (TlMailbox *self)
{
  Release *release;

  if (self->taken_releases == NULL)
    self->taken_releases = take_in_order ((gpointer *) &self->releases);

  release = self->taken_releases;
  if (release == NULL)
    return FALSE;

  self->taken_releases = release->next;
  do_release (release);

  return TRUE;
}

static gboolean
deliver_one (TlMailbox *self)
{
  return deliver_letter (self) || deliver_release (self);
}

static void
discard (TlLetter *letters,
         Release  *releases)
{
  while (letters != NULL)
    {
      TlLetter *letter = letters;

      letters = letter->next;
      letter->next = NULL;
      letter->func (letter, TRUE);
    }

  while (releases != NULL)
    {
      Release *release = releases;

      releases = release->next;
      do_release (release);
    }
}

/* For when there is no loop to deliver to any more. Any thread may come here,
 * so this leaves alone what the owner of the context has taken. */
static void
discard_posted (TlMailbox *self)
{
  discard (take_in_order ((gpointer *) &self->letters),
           take_in_order ((gpointer *) &self->releases));
}

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
  return self->taken != NULL ||
         self->taken_releases != NULL ||
         g_atomic_pointer_get (&self->letters) != NULL ||
         g_atomic_pointer_get (&self->releases) != NULL;
}

static gboolean
mail_source_dispatch (GSource     *source,
                      GSourceFunc  callback,
                      gpointer     user_data)
{
  g_autoptr(TlMailbox) self = tl_mailbox_ref (((MailSource *) source)->mailbox);
  gint64 end = g_get_monotonic_time () + BUDGET;

  /* The bell first, the box after: a letter that comes in between rings it
   * again. */
  g_source_set_ready_time (source, -1);

  while (deliver_one (self) && g_get_monotonic_time () < end)
    ;

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

/* TRUE if it is the first. */
static gboolean
push (gpointer *head,
      TlLetter *letter)
{
  TlLetter *first;

  do
    {
      first = g_atomic_pointer_get (head);
      letter->next = first;
    }
  while (!g_atomic_pointer_compare_and_exchange (head, first, letter));

  return first == NULL;
}

static void
tell (TlMailbox *self)
{
  if (!g_atomic_int_get (&self->watched) && !ring (self))
    discard_posted (self);
}

static void
put (TlMailbox *self,
     gpointer  *head,
     TlLetter  *letter)
{
  if (push (head, letter))
    tell (self);
}

void
tl_mailbox_post (TlMailbox *self,
                 TlLetter  *letter)
{
  put (self, (gpointer *) &self->letters, letter);
}

static void
release_all_here (TlMailbox *self)
{
  discard (NULL, take_in_order ((gpointer *) &self->releases));
}

static gboolean begin_grace (TlMailbox *self);

/* None while somebody sorts them says nothing. */
static gboolean
has_releases (TlMailbox *self)
{
  gint sorts = g_atomic_int_get (&self->sorts);

  return sorts % 2 != 0 ||
         g_atomic_pointer_get (&self->releases) != NULL ||
         g_atomic_int_get (&self->sorts) != sorts;
}

static gboolean
is_own (TlMailbox     *self,
        const Release *release)
{
  return release->submitter == g_thread_self ();
}

static gboolean
is_old (TlMailbox     *self,
        const Release *release)
{
  return (guint) g_atomic_int_get (&self->half) - release->half >= 2;
}

/* Frees those that are wanted, here. The others stay, and nobody who comes for
 * theirs meanwhile goes without. */
static void
release_some_here (TlMailbox  *self,
                   gboolean  (*is_wanted) (TlMailbox     *self,
                                           const Release *release))
{
  Release *wanted = NULL;
  Release **end = &wanted;
  Release *next;
  gboolean is_first = FALSE, left = FALSE;

  g_mutex_lock (&self->sorting);
  g_atomic_int_inc (&self->sorts);

  for (Release *release = take_in_order ((gpointer *) &self->releases); release != NULL; release = next)
    {
      next = release->next;
      if (is_wanted (self, release))
        {
          *end = release;
          end = &release->next;
          continue;
        }

      is_first |= push ((gpointer *) &self->releases, (TlLetter *) release);
      left = TRUE;
    }
  *end = NULL;

  g_atomic_int_inc (&self->sorts);
  g_mutex_unlock (&self->sorting);

  if (is_first)
    tell (self);
  discard (NULL, wanted);

  /* The timer may have come while they were not there. */
  if (left && !begin_grace (self))
    release_all_here (self);
}

void
tl_mailbox_note_submitter (TlMailbox *self)
{
  if (g_atomic_int_get (&self->looping))
    {
      /* A loop that has ended gives no notice. But if this is the thread that
       * ran it, and this is outside of it, then it has. */
      if (g_main_depth () == 0 &&
          g_atomic_pointer_get (&self->looper) == g_thread_self () &&
          !g_main_context_is_owner (self->context))
        {
          g_atomic_int_set (&self->looping, FALSE);
          release_all_here (self);
        }
      return;
    }

  /* The owner of a context runs it, is about to run it (an application that
   * is being activated), or will come here again when it waits. */
  if (g_main_context_is_owner (self->context))
    g_atomic_int_set (&self->looping, TRUE);
  else if (has_releases (self))
    release_some_here (self, is_own);
}

gboolean
tl_mailbox_is_live (TlMailbox *self)
{
  return g_atomic_pointer_get (&self->source) != NULL && g_atomic_int_get (&self->looping);
}

gboolean
tl_mailbox_is_mine (TlMailbox *self)
{
  GThread *looper = g_atomic_pointer_get (&self->looper);
  gboolean mine = FALSE;

  g_mutex_lock (&self->lock);

  /* Any context may be handed from one thread to another, but the global default
   * one is as good as that of the thread that has run it, or that began it all. */
  if (self->source != NULL)
    mine = g_main_context_is_owner (self->context) ||
           (self->context == g_main_context_default () &&
            (looper == g_thread_self () || (looper == NULL && tl_thread_is_main ())));

  g_mutex_unlock (&self->lock);

  return mine;
}

static void half_of_grace_is_over (gpointer data);

/* FALSE if there is nobody to look after the releases. */
static gboolean
begin_grace (TlMailbox *self)
{
  TlTimer *timer;

  if (!g_atomic_int_compare_and_exchange (&self->graced, FALSE, TRUE))
    return TRUE;

  timer = tl_timer_add (g_get_monotonic_time () + GRACE / 2, half_of_grace_is_over,
                        tl_mailbox_ref (self), (GDestroyNotify) tl_mailbox_unref, NULL);
  if (timer != NULL)
    {
      tl_timer_leave (timer);
      return TRUE;
    }

  tl_mailbox_unref (self);
  g_atomic_int_set (&self->graced, FALSE);
  return FALSE;
}

/* What has come in the last half is left: of a thread that submits and waits all
 * the time, that is what it is coming for right now. */
static void
half_of_grace_is_over (gpointer data)
{
  TlMailbox *self = data;

  g_atomic_int_inc (&self->half);
  g_atomic_int_set (&self->graced, FALSE);

  if (!g_atomic_int_get (&self->looping))
    release_some_here (self, is_old);
}

/* Whether this is the place to free what is to be freed in the context, or
 * there is none better. */
static gboolean
may_release_here (TlMailbox *self,
                  GThread   *submitter)
{
  if (self == NULL || g_atomic_pointer_get (&self->source) == NULL)
    return TRUE;

  if (g_atomic_int_get (&self->looping))
    return g_atomic_pointer_get (&self->looper) == g_thread_self () && g_main_depth () > 0;

  return submitter == g_thread_self ();
}

void
tl_mailbox_release_later (TlMailbox      *self,
                          GThread        *submitter,
                          gpointer        data,
                          GDestroyNotify  destroy)
{
  Release *release = tl_block_new (&tl_local ()->blocks, sizeof *release);

  release->submitter = submitter;
  release->data = data;
  release->destroy = destroy;
  release->half = (guint) g_atomic_int_get (&self->half);
  put (self, (gpointer *) &self->releases, (TlLetter *) release);

  if (!g_atomic_int_get (&self->looping) && !begin_grace (self))
    release_all_here (self);
}

void
tl_mailbox_release (TlMailbox      *self,
                    GThread        *submitter,
                    gpointer        data,
                    GDestroyNotify  destroy)
{
  if (destroy == NULL)
    return;

  if (may_release_here (self, submitter))
    destroy (data);
  else
    tl_mailbox_release_later (self, submitter, data, destroy);
}

void
tl_mailbox_release_mine (TlMailbox *self)
{
  if (!has_releases (self))
    return;

  if (tl_mailbox_is_mine (self) && g_atomic_int_get (&self->looping))
    release_all_here (self);
  else if (!g_atomic_int_get (&self->looping))
    release_some_here (self, is_own);
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
