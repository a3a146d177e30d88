/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-queue-private.h"

#include "tl-thread-private.h"

/* How many tasks a worker runs inside of each other to make room. */
#define MAX_DEPTH 16

/* How many cancelled ones may lie about before somebody clears them away. */
#define MANY_CLAIMED 1024

/* In place of the newest item: pushing takes the lock. */
static TlItem shut;

static const TlQueueClass *
get_class (TlQueue *self)
{
  return (const TlQueueClass *) self->owner.klass;
}

void
tl_queue_init (TlQueue            *self,
               const TlQueueClass *klass,
               const char         *name)
{
  TlLevel usual = { G_PRIORITY_DEFAULT, NULL, NULL };

  tl_owner_init (&self->owner, &klass->owner_class, name);
  self->n_processors = tl_thread_n_processors ();
  g_mutex_init (&self->lock);
  g_cond_init (&self->room);
  self->levels = g_array_new (FALSE, FALSE, sizeof (TlLevel));
  g_array_append_val (self->levels, usual);
}

void
tl_queue_clear (TlQueue *self)
{
  g_assert (self->n_listed == 0 && self->runners == NULL && self->ended == NULL);

  g_array_unref (self->levels);
  g_clear_error (&self->broken);
  g_clear_pointer (&self->notifier, tl_notifier_unref);
  g_cond_clear (&self->room);
  g_mutex_clear (&self->lock);
}

TlQueue *
tl_queue_ref (TlQueue *self)
{
  return (TlQueue *) tl_owner_ref (&self->owner);
}

void
tl_queue_unref (TlQueue *self)
{
  tl_owner_unref (&self->owner);
}

TlWhere
tl_queue_where (TlQueue *self)
{
  return get_class (self)->where (self);
}

/* ---- Lists, with the lock held ---- */

static TlLevel *
find_level (TlQueue *self,
            int      priority)
{
  TlLevel level = { priority, NULL, NULL };
  guint i;

  for (i = 0; i < self->levels->len; i++)
    {
      TlLevel *other = &g_array_index (self->levels, TlLevel, i);

      if (other->priority == priority)
        return other;
      if (other->priority > priority)
        break;
    }

  g_array_insert_val (self->levels, i, level);
  return &g_array_index (self->levels, TlLevel, i);
}

/* What is linked from @first to @last. */
static void
append (TlQueue *self,
        int      priority,
        TlItem  *first,
        TlItem  *last,
        guint    n)
{
  TlLevel *level = find_level (self, priority);

  last->next = NULL;
  if (level->tail != NULL)
    level->tail->next = first;
  else
    level->head = first;
  level->tail = last;

  self->n_listed += n;
}

static int
get_priority (TlItem *item)
{
  return tl_item_is_post (item) ? G_PRIORITY_DEFAULT : ((TlFuture *) item)->priority;
}

/* What was in the inbox, in order, goes into the levels. */
static void
sort (TlQueue *self,
      TlItem  *newest)
{
  TlItem *last = newest;
  TlItem *first = NULL;
  guint n = 0;

  for (; newest != NULL; n++)
    {
      TlItem *next = newest->next;

      newest->next = first;
      first = newest;
      newest = next;
    }

  if (first == NULL)
    return;

  if (!g_atomic_int_get (&self->mixed))
    {
      append (self, G_PRIORITY_DEFAULT, first, last, n);
      return;
    }

  while (first != NULL)
    {
      TlItem *item = first;

      first = item->next;
      append (self, get_priority (item), item, item, 1);
    }
}

static void
empty_inbox (TlQueue *self)
{
  TlItem *newest = g_atomic_pointer_get (&self->inbox);

  /* Only who has the lock shuts it, so it cannot become that meanwhile. */
  if (newest != NULL && newest != &shut)
    sort (self, g_atomic_pointer_exchange (&self->inbox, NULL));
}

/* Opens the inbox or shuts it, as it has to be. */
static void
update_inbox (TlQueue *self)
{
  gboolean is_shut = g_atomic_pointer_get (&self->inbox) == &shut;
  gboolean has_to_be = self->closed || self->not_started ||
                       self->broken != NULL || self->max_queued > 0;

  if (has_to_be && !is_shut)
    sort (self, g_atomic_pointer_exchange (&self->inbox, &shut));
  else if (is_shut && !has_to_be)
    g_atomic_pointer_set (&self->inbox, NULL);
}

/* Where in the levels the next one is, or -1. */
static int
find_next (TlQueue *self,
           int      priority)
{
  /* In the inbox there may be one that is more urgent. */
  if (self->n_listed == 0 || g_atomic_int_get (&self->mixed))
    empty_inbox (self);

  for (guint i = 0; i < self->levels->len; i++)
    {
      TlLevel *level = &g_array_index (self->levels, TlLevel, i);

      if (level->priority > priority)
        return -1;
      if (level->head != NULL)
        return (int) i;
    }

  return -1;
}

static TlItem *
unlink_first (TlQueue *self,
              guint    i)
{
  TlLevel *level = &g_array_index (self->levels, TlLevel, i);
  TlItem *item = level->head;

  level->head = item->next;
  item->next = NULL;

  if (level->head == NULL)
    {
      level->tail = NULL;
      if (level->priority != G_PRIORITY_DEFAULT)
        g_array_remove_index (self->levels, i);
    }

  self->n_listed--;
  return item;
}

gboolean
tl_queue_has_work (TlQueue *self)
{
  TlItem *newest = g_atomic_pointer_get (&self->inbox);

  return self->n_listed > 0 || (newest != NULL && newest != &shut);
}

guint
tl_queue_count (TlQueue *self)
{
  gint n;

  empty_inbox (self);
  n = (gint) self->n_listed - g_atomic_int_get (&self->n_claimed);

  return (guint) MAX (n, 0);
}

gboolean
tl_queue_is_empty (TlQueue *self,
                   gint     n_late)
{
  TlItem *newest = g_atomic_pointer_get (&self->inbox);

  return newest == NULL ||
         (newest == &shut && g_atomic_int_get (&self->n_late) == n_late);
}

void
tl_queue_lock (TlQueue *self)
{
  /* It is held for a few dozen instructions, and to sleep takes thousands. */
  if (g_atomic_int_get (&self->owner.spin_time) > 0)
    for (guint i = 0; i < 64; i++)
      {
        if (g_mutex_trylock (&self->lock))
          return;
        tl_relax ();
      }

  g_mutex_lock (&self->lock);
}

static void
make_known_room (TlQueue *self)
{
  if (self->max_queued > 0)
    g_cond_signal (&self->room);
}

/* Everything in the queue that nobody has claimed, claimed. */
static TlItem *
steal_queued (TlQueue  *self,
              TlItem  **dead)
{
  TlItem *all = NULL;
  TlItem **end = &all;
  int i;

  empty_inbox (self);

  while ((i = find_next (self, G_MAXINT)) >= 0)
    {
      TlItem *item = unlink_first (self, (guint) i);

      if (tl_item_is_post (item) || tl_future_claim ((TlFuture *) item, 0))
        {
          g_atomic_int_inc (&self->n_removing);
          *end = item;
          end = &item->next;
        }
      else
        {
          g_atomic_int_add (&self->n_claimed, -1);
          item->next = *dead;
          *dead = item;
        }
    }

  g_cond_broadcast (&self->room);

  return all;
}

/* Throws out what was claimed, if it is the better part of the list. */
static void
sweep (TlQueue  *self,
       TlItem  **dead)
{
  empty_inbox (self);
  if (g_atomic_int_get (&self->n_claimed) < (gint) (self->n_listed / 2))
    return;

  for (guint i = 0; i < self->levels->len; i++)
    {
      TlLevel *level = &g_array_index (self->levels, TlLevel, i);
      TlItem **link = &level->head;

      level->tail = NULL;
      while (*link != NULL)
        {
          TlItem *item = *link;

          if (tl_item_is_post (item) ||
              !(tl_future_flags ((TlFuture *) item) & TL_CLAIMED))
            {
              level->tail = item;
              link = &item->next;
              continue;
            }

          *link = item->next;
          item->next = *dead;
          *dead = item;
          self->n_listed--;
          g_atomic_int_add (&self->n_claimed, -1);
        }
    }
}

/* ---- Without the lock ---- */

void
tl_queue_bury (TlItem *dead)
{
  while (dead != NULL)
    {
      TlFuture *future = (TlFuture *) dead;

      dead = dead->next;
      tl_future_unref (future);
    }
}

static void
reject_all (TlQueue      *self,
            TlItem       *all,
            const GError *error)
{
  while (all != NULL)
    {
      TlItem *item = all;
      TlFuture *future;

      all = item->next;
      future = tl_item_is_post (item) ? tl_future_new_from_post (&self->owner, item)
                                      : (TlFuture *) item;
      tl_future_reject (future, error != NULL ? g_error_copy (error) : NULL);
      tl_queue_removed (&self->owner);
      tl_future_unref (future);
    }
}

/* ---- Taking and running ---- */

void
tl_queue_add_runner (TlQueue  *self,
                     TlRunner *runner)
{
  runner->queue = self;
  runner->running = NULL;
  runner->next = self->runners;
  self->runners = runner;
}

void
tl_queue_drop_runner (TlQueue  *self,
                      TlRunner *runner)
{
  TlRunner **link = &self->runners;

  while (*link != runner)
    link = &(*link)->next;
  *link = runner->next;
}

static void
begin (TlQueue  *self,
       TlRunner *runner,
       TlFuture *future)
{
  future->outer = runner->running;
  runner->running = future;
  self->n_running++;
}

void
tl_queue_finish (TlQueue  *self,
                 TlRunner *runner)
{
  runner->running = runner->running->outer;
  self->n_running--;
}

TlFuture *
tl_queue_take (TlQueue   *self,
               TlRunner  *runner,
               int        priority,
               TlItem   **dead)
{
  int i;

  while ((i = find_next (self, priority)) >= 0)
    {
      TlItem *item = unlink_first (self, (guint) i);
      TlFuture *future;

      if (tl_item_is_post (item))
        {
          future = tl_future_new_from_post (&self->owner, item);
          tl_future_claim (future, TL_RUNNING);
        }
      else
        {
          future = (TlFuture *) item;
          if (!tl_future_claim (future, TL_RUNNING))
            {
              g_atomic_int_add (&self->n_claimed, -1);
              item->next = *dead;
              *dead = item;
              continue;
            }
        }

      make_known_room (self);
      begin (self, runner, future);

      return future;
    }

  return NULL;
}

gboolean
tl_queue_remove (TlOwner  *owner,
                 TlFuture *future)
{
  TlQueue *self = (TlQueue *) owner;
  TlItem *dead = NULL;
  gint n;

  /* Before anybody can find it gone. */
  g_atomic_int_inc (&self->n_removing);

  if (!tl_future_claim (future, 0))
    {
      tl_queue_removed (owner);
      return FALSE;
    }

  n = g_atomic_int_add (&self->n_claimed, 1) + 1;

  if (n % MANY_CLAIMED == 0 || g_atomic_int_get ((gint *) &self->max_queued) != 0)
    {
      g_mutex_lock (&self->lock);
      make_known_room (self);
      if (n % MANY_CLAIMED == 0)
        sweep (self, &dead);
      g_mutex_unlock (&self->lock);

      tl_queue_bury (dead);
    }

  return TRUE;
}

void
tl_queue_removed (TlOwner *owner)
{
  TlQueue *self = (TlQueue *) owner;

  g_atomic_int_add (&self->n_removing, -1);

  if (g_atomic_int_get (&self->closed))
    tl_queue_check_ended (self);
}

/* Runs what is @runner's innermost now, inside of what it runs already. */
static void
run_inside (TlQueue  *self,
            TlRunner *runner,
            TlFuture *future)
{
  tl_future_run (future);

  g_mutex_lock (&self->lock);
  tl_queue_finish (self, runner);
  g_mutex_unlock (&self->lock);
}

/* Whether who only looks takes no processor from those who run. A guess: it is
 * read without the lock. */
static gboolean
leaves_a_processor (TlQueue *self)
{
  return (guint) g_atomic_int_get ((gint *) &self->n_running) < self->n_processors;
}

TlWaitAdvice
tl_queue_before_wait (TlOwner  *owner,
                      TlFuture *future)
{
  TlQueue *self = (TlQueue *) owner;
  TlRunner *runner;

  switch (tl_queue_where (self))
    {
    case TL_ON_LOOP:
      return TL_WAIT_WOULD_DEADLOCK;

    case TL_ON_WORKER:
      if (future->item.func == NULL)
        return TL_WAIT_WOULD_DEADLOCK;

      if (!tl_future_claim (future, TL_RUNNING))
        return TL_WAIT_BLOCK;

      g_atomic_int_inc (&self->n_claimed);
      runner = tl_local ()->runner;

      g_mutex_lock (&self->lock);
      begin (self, runner, future);
      make_known_room (self);
      g_mutex_unlock (&self->lock);

      run_inside (self, runner, future);
      return TL_WAIT_RAN;

    case TL_ELSEWHERE:
    default:
      return leaves_a_processor (self) ? TL_WAIT_LOOK : TL_WAIT_BLOCK;
    }
}

/* ---- Pushing ---- */

/* With the lock held. */
static GError *
refusal (TlQueue *self)
{
  if (self->broken != NULL)
    return g_error_copy (self->broken);

  if (self->closed)
    return g_error_new (TL_ERROR, TL_ERROR_SHUT_DOWN,
                        "%s was shut down and takes no more work", self->owner.name);

  if (self->not_started)
    return g_error_new (TL_ERROR, TL_ERROR_NOT_STARTED,
                        "%s has not been started yet", self->owner.name);

  return NULL;
}

static void
wake_submitters (GCancellable *cancellable,
                 gpointer      user_data)
{
  TlQueue *self = user_data;

  g_mutex_lock (&self->lock);
  g_cond_broadcast (&self->room);
  g_mutex_unlock (&self->lock);
}

/* With the lock held: for how many more there is room. What is cancelled makes
 * room without it, so that this may be more the next time. */
static guint
count_room (TlQueue *self)
{
  guint n = tl_queue_count (self);

  if (self->max_queued == 0)
    return G_MAXUINT;

  return n < self->max_queued ? self->max_queued - n : 0;
}

static gboolean
is_full (TlQueue *self)
{
  return count_room (self) == 0;
}

/* With the lock held, which is released in between. */
static GError *
wait_for_room (TlQueue      *self,
               gint64        deadline,
               GCancellable *cancellable)
{
  GError *error = NULL;
  gulong handler = 0;
  gboolean in_time = TRUE;

  if (cancellable != NULL)
    {
      g_mutex_unlock (&self->lock);
      handler = g_cancellable_connect (cancellable, G_CALLBACK (wake_submitters), self, NULL);
      g_mutex_lock (&self->lock);
    }

  while (is_full (self) && !self->closed && self->broken == NULL && in_time &&
         self->when_full == TL_WHEN_FULL_BLOCK &&
         !g_cancellable_is_cancelled (cancellable))
    {
      if (deadline < 0)
        g_cond_wait (&self->room, &self->lock);
      else
        in_time = g_cond_wait_until (&self->room, &self->lock, deadline);
    }

  if (cancellable != NULL)
    {
      g_mutex_unlock (&self->lock);
      g_cancellable_disconnect (cancellable, handler);
      g_mutex_lock (&self->lock);

      if (g_cancellable_set_error_if_cancelled (cancellable, &error))
        {
          /* The room that woke this one is for another. */
          g_cond_signal (&self->room);
          return error;
        }
    }

  if (!in_time)
    return g_error_new (G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
                        "%s had no room for the task in time; it was not started",
                        self->owner.name);

  return NULL;
}

/* With the lock held, which is released in between. NULL means that there may
 * be room now. */
static GError *
make_room (TlQueue      *self,
           gint64        deadline,
           GCancellable *cancellable)
{
  TlItem *dead = NULL;
  TlFuture *future;

  if (self->when_full == TL_WHEN_FULL_FAIL)
    return g_error_new (TL_ERROR, TL_ERROR_QUEUE_FULL,
                        "%s has as many tasks queued as it may, which is %u",
                        self->owner.name, self->max_queued);

  switch (tl_queue_where (self))
    {
    case TL_ON_LOOP:
      return g_error_new (TL_ERROR, TL_ERROR_WOULD_DEADLOCK,
                          "%s is full, and waiting for room on its own thread would deadlock",
                          self->owner.name);

    case TL_ON_WORKER:
      /* All the others may be here for the same reason. */
      future = tl_queue_take (self, tl_local ()->runner, G_MAXINT, &dead);
      g_mutex_unlock (&self->lock);
      tl_queue_bury (dead);
      if (future != NULL)
        {
          run_inside (self, tl_local ()->runner, future);
          tl_future_unref (future);
        }
      g_mutex_lock (&self->lock);
      return NULL;

    case TL_ELSEWHERE:
    default:
      return wait_for_room (self, deadline, cancellable);
    }
}

/* A worker that makes room runs a task, which may come here again, and so on
 * until the stack is full. That is worse than a queue that is longer than it
 * should be. */
static gboolean
may_exceed (TlQueue *self)
{
  return self->when_full == TL_WHEN_FULL_BLOCK &&
         tl_future_depth () >= MAX_DEPTH &&
         tl_queue_where (self) == TL_ON_WORKER;
}

/* Has those who run hear of it, without the lock. */
static void
tell_pushed (TlQueue *self,
             int      priority)
{
  get_class (self)->pushed (self, priority);
  if (self->notifier != NULL)
    tl_notifier_touch (self->notifier, FALSE);
}

/* FALSE if the inbox is shut. */
static gboolean
push_into_inbox (TlQueue *self,
                 TlItem  *newest,
                 TlItem  *oldest)
{
  TlItem *head = g_atomic_pointer_get (&self->inbox);

  do
    {
      if (head == &shut)
        return FALSE;
      oldest->next = head;
    }
  while (!g_atomic_pointer_compare_and_exchange_full (&self->inbox, head, newest, &head));

  return TRUE;
}

/* With the lock held, and room. */
static void
push_late (TlQueue *self,
           TlItem  *item)
{
  empty_inbox (self);
  append (self, get_priority (item), item, item, 1);
  g_atomic_int_inc (&self->n_late);
}

/* The futures that could not be pushed are the last ones, from @done on. */
static GError *
push_under_lock (TlQueue       *self,
                 TlFuture     **futures,
                 gsize          n,
                 gsize         *done,
                 gint64         deadline,
                 GCancellable  *cancellable)
{
  GError *error = NULL;

  g_mutex_lock (&self->lock);

  while (*done < n && error == NULL)
    {
      gsize room = count_room (self);

      error = refusal (self);
      if (error != NULL)
        break;

      if (room == 0 && !may_exceed (self))
        {
          error = make_room (self, deadline, cancellable);
          continue;
        }

      room = MIN (MAX (room, 1), n - *done);
      for (; room > 0; room--, (*done)++)
        push_late (self, (TlItem *) tl_future_ref (futures[*done]));

      g_mutex_unlock (&self->lock);
      tell_pushed (self, futures[0]->priority);
      g_mutex_lock (&self->lock);
    }

  g_mutex_unlock (&self->lock);

  return error;
}

void
tl_queue_push (TlQueue       *self,
               TlFuture     **futures,
               gsize          n,
               gint64         deadline,
               GCancellable  *cancellable)
{
  g_autoptr(GError) error = NULL;
  gsize done = 0;

  if (n == 0)
    return;

  if (futures[0]->priority != G_PRIORITY_DEFAULT && !g_atomic_int_get (&self->mixed))
    g_atomic_int_set (&self->mixed, TRUE);

  /* Nobody else knows of them yet, so that this needs not be atomic. */
  for (gsize i = 0; i < n; i++)
    {
      futures[i]->ref_count++;
      if (i > 0)
        futures[i]->item.next = &futures[i - 1]->item;
    }

  if (push_into_inbox (self, &futures[n - 1]->item, &futures[0]->item))
    {
      tell_pushed (self, futures[0]->priority);
      return;
    }

  for (gsize i = 0; i < n; i++)
    futures[i]->ref_count--;

  error = push_under_lock (self, futures, n, &done, deadline, cancellable);

  for (; done < n; done++)
    tl_future_reject (futures[done], g_error_copy (error));
}

void
tl_queue_post (TlQueue *self,
               TlItem  *post)
{
  TlFuture *future;

  if (push_into_inbox (self, post, post))
    {
      tell_pushed (self, G_PRIORITY_DEFAULT);
      return;
    }

  future = tl_future_new_from_post (&self->owner, post);
  tl_queue_push (self, &future, 1, -1, NULL);
  tl_future_unref (future);
}

/* ---- The end ---- */

void
tl_queue_check_ended (TlQueue *self)
{
  g_autoptr(TlFuture) ended = NULL;
  gboolean over;

  g_mutex_lock (&self->lock);
  /* Who claims something counts it as being removed first, and what is claimed
   * is counted as such after that: never is there one that nothing counts. */
  over = self->closed &&
         tl_queue_count (self) == 0 &&
         self->n_running == 0 &&
         g_atomic_int_get (&self->n_removing) == 0 &&
         get_class (self)->at_rest (self);
  if (over)
    ended = g_steal_pointer (&self->ended);
  g_mutex_unlock (&self->lock);

  if (over && get_class (self)->ended != NULL)
    get_class (self)->ended (self);
  if (ended != NULL)
    tl_future_set_done (ended);
}

TlFuture *
tl_queue_ref_ended (TlQueue *self)
{
  g_autoptr(TlFuture) new = tl_future_new_owned (&self->owner);
  TlFuture *ended;

  g_mutex_lock (&self->lock);
  if (self->ended == NULL)
    self->ended = g_steal_pointer (&new);
  ended = tl_future_ref (self->ended);
  g_mutex_unlock (&self->lock);

  tl_queue_check_ended (self);

  return ended;
}

void
tl_queue_close (TlQueue    *self,
                TlShutdown  how)
{
  g_autoptr(GPtrArray) running = g_ptr_array_new_with_free_func ((GDestroyNotify) tl_future_unref);
  TlItem *queued = NULL;
  TlItem *dead = NULL;

  g_mutex_lock (&self->lock);

  g_atomic_int_set (&self->closed, TRUE);
  update_inbox (self);
  if (how != TL_SHUTDOWN_DRAIN)
    queued = steal_queued (self, &dead);
  if (how == TL_SHUTDOWN_CANCEL_ALL)
    for (TlRunner *runner = self->runners; runner != NULL; runner = runner->next)
      for (TlFuture *future = runner->running; future != NULL; future = future->outer)
        g_ptr_array_add (running, tl_future_ref (future));

  g_cond_broadcast (&self->room);
  get_class (self)->closed (self);

  g_mutex_unlock (&self->lock);

  tl_queue_bury (dead);
  reject_all (self, queued, NULL);
  for (guint i = 0; i < running->len; i++)
    tl_future_cancel (running->pdata[i]);

  tl_queue_check_ended (self);
}

void
tl_queue_fail (TlQueue  *self,
               GError   *error,
               gboolean  for_good)
{
  g_autoptr(GError) why = error;
  TlItem *queued;
  TlItem *dead = NULL;

  g_mutex_lock (&self->lock);
  if (for_good && self->broken == NULL)
    self->broken = g_error_copy (error);
  update_inbox (self);
  queued = steal_queued (self, &dead);
  g_mutex_unlock (&self->lock);

  tl_queue_bury (dead);
  reject_all (self, queued, why);
  tl_queue_check_ended (self);
}

/* ---- What opens and shuts the inbox ---- */

void
tl_queue_set_started (TlQueue  *self,
                      gboolean  started)
{
  g_mutex_lock (&self->lock);
  self->not_started = !started;
  update_inbox (self);
  g_mutex_unlock (&self->lock);
}

gboolean
tl_queue_set_limit (TlQueue *self,
                    guint    max_queued)
{
  gboolean changed;

  g_mutex_lock (&self->lock);
  changed = self->max_queued != max_queued;
  g_atomic_int_set ((gint *) &self->max_queued, (gint) max_queued);
  update_inbox (self);
  g_cond_broadcast (&self->room);
  g_mutex_unlock (&self->lock);

  return changed;
}
