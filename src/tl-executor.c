/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-executor-private.h"

#include "tl-fork-private.h"
#include "tl-loop-private.h"
#include "tl-mailbox-private.h"
#include "tl-pool-private.h"
#include "tl-timer-private.h"

struct _TlExecutor
{
  GObject       parent_instance;

  TlQueue      *queue;
  GMainContext *context;          /* keeps it alive for the loop backend */
  char         *name;             /* these two are for construction only */
  guint         max_workers;
  gboolean      is_default;

  /* As last notified. */
  guint         n_queued;
  guint         n_running;
};

G_DEFINE_FINAL_TYPE (TlExecutor, tl_executor, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_NAME,
  PROP_MAX_WORKERS,
  PROP_MAX_QUEUED,
  PROP_WHEN_FULL,
  PROP_IDLE_TIMEOUT,
  PROP_SPIN_TIME,
  PROP_N_QUEUED,
  PROP_N_RUNNING,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

static gboolean
counts_are_heard (GObject *object)
{
  return tl_notifier_is_heard (object, "n-queued") || tl_notifier_is_heard (object, "n-running");
}

/* In the context where the executor was made. */
static void
counts_changed (GObject *object)
{
  TlExecutor *self = TL_EXECUTOR (object);
  guint n_queued = tl_executor_get_n_queued (self);
  guint n_running = tl_executor_get_n_running (self);
  gboolean queued_changed = n_queued != self->n_queued;
  gboolean running_changed = n_running != self->n_running;

  self->n_queued = n_queued;
  self->n_running = n_running;

  if (queued_changed)
    g_object_notify_by_pspec (object, props[PROP_N_QUEUED]);
  if (running_changed)
    g_object_notify_by_pspec (object, props[PROP_N_RUNNING]);

  /* Submitters say so, and workers when they go to sleep. Look at what is in
   * between only if somebody wants to know. */
  if ((n_queued > 0 || n_running > 0) && counts_are_heard (object))
    tl_notifier_touch (self->queue->notifier, FALSE);
}

static void
tl_executor_constructed (GObject *object)
{
  TlExecutor *self = TL_EXECUTOR (object);

  G_OBJECT_CLASS (tl_executor_parent_class)->constructed (object);

  if (self->queue == NULL)
    self->queue = tl_pool_new (self->name != NULL ? self->name : "threadloop", self->max_workers);

  self->queue->notifier = tl_notifier_new (object, counts_changed);
}

static void
tl_executor_finalize (GObject *object)
{
  TlExecutor *self = TL_EXECUTOR (object);

  /* Nobody is waited for here. The threads hold the queue until they end. */
  tl_queue_close (self->queue, TL_SHUTDOWN_DRAIN);

  tl_queue_unref (self->queue);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_free (self->name);

  G_OBJECT_CLASS (tl_executor_parent_class)->finalize (object);
}

static void
tl_executor_get_property (GObject    *object,
                          guint       prop_id,
                          GValue     *value,
                          GParamSpec *pspec)
{
  TlExecutor *self = TL_EXECUTOR (object);

  switch (prop_id)
    {
    case PROP_NAME:
      g_value_set_string (value, tl_executor_get_name (self));
      break;

    case PROP_MAX_WORKERS:
      g_value_set_uint (value, tl_executor_get_max_workers (self));
      break;

    case PROP_MAX_QUEUED:
      g_value_set_uint (value, tl_executor_get_max_queued (self));
      break;

    case PROP_WHEN_FULL:
      g_value_set_enum (value, tl_executor_get_when_full (self));
      break;

    case PROP_IDLE_TIMEOUT:
      g_value_set_int64 (value, tl_executor_get_idle_timeout (self));
      break;

    case PROP_SPIN_TIME:
      g_value_set_int64 (value, tl_executor_get_spin_time (self));
      break;

    case PROP_N_QUEUED:
      g_value_set_uint (value, tl_executor_get_n_queued (self));
      break;

    case PROP_N_RUNNING:
      g_value_set_uint (value, tl_executor_get_n_running (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
tl_executor_set_property (GObject      *object,
                          guint         prop_id,
                          const GValue *value,
                          GParamSpec   *pspec)
{
  TlExecutor *self = TL_EXECUTOR (object);

  switch (prop_id)
    {
    case PROP_NAME:
      self->name = g_value_dup_string (value);
      break;

    case PROP_MAX_WORKERS:
      if (self->queue != NULL)
        tl_executor_set_max_workers (self, g_value_get_uint (value));
      else
        self->max_workers = g_value_get_uint (value);
      break;

    case PROP_MAX_QUEUED:
      tl_executor_set_max_queued (self, g_value_get_uint (value));
      break;

    case PROP_WHEN_FULL:
      tl_executor_set_when_full (self, g_value_get_enum (value));
      break;

    case PROP_IDLE_TIMEOUT:
      tl_executor_set_idle_timeout (self, g_value_get_int64 (value));
      break;

    case PROP_SPIN_TIME:
      tl_executor_set_spin_time (self, g_value_get_int64 (value));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
tl_executor_class_init (TlExecutorClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = tl_executor_constructed;
  object_class->finalize = tl_executor_finalize;
  object_class->get_property = tl_executor_get_property;
  object_class->set_property = tl_executor_set_property;

  /**
   * TlExecutor:name: (getter get_name)
   *
   * The name of the executor, which its threads carry, too (the system shows
   * the first 15 bytes of it), and which messages begin with.
   *
   * Since: 1.0
   */
  props[PROP_NAME] =
    g_param_spec_string ("name", NULL, NULL,
                         NULL,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * TlExecutor:max-workers: (getter get_max_workers) (setter set_max_workers)
   *
   * How many threads there may be. It may be changed at any time; where there
   * are too many, those that are busy end after their task. 0 stands for the
   * usual number, the number of processors and four more, 32 at most. It is 1
   * and cannot be changed for an executor for a main context.
   *
   * Since: 1.0
   */
  props[PROP_MAX_WORKERS] =
    g_param_spec_uint ("max-workers", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_EXPLICIT_NOTIFY |
                       G_PARAM_STATIC_STRINGS);

  /**
   * TlExecutor:max-queued: (getter get_max_queued) (setter set_max_queued)
   *
   * How many tasks may wait for their turn, 0 for no limit. See
   * [property@Tl.Executor:when-full].
   *
   * Since: 1.0
   */
  props[PROP_MAX_QUEUED] =
    g_param_spec_uint ("max-queued", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * TlExecutor:when-full: (getter get_when_full) (setter set_when_full)
   *
   * What a submit does while [property@Tl.Executor:max-queued] tasks wait.
   *
   * A task that submits to its own, full pool runs a queued task meanwhile,
   * so it should hold no lock that other tasks take; from a task inside of a
   * task inside of so many more, the queue gets longer than it may. On
   * the thread of a main context submit fails with
   * %TL_ERROR_WOULD_DEADLOCK rather than waiting for itself.
   *
   * Since: 1.0
   */
  props[PROP_WHEN_FULL] =
    g_param_spec_enum ("when-full", NULL, NULL,
                       TL_TYPE_WHEN_FULL, TL_WHEN_FULL_BLOCK,
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * TlExecutor:idle-timeout: (getter get_idle_timeout) (setter set_idle_timeout)
   *
   * For how many microseconds a thread stays when there is nothing to do. -1
   * is for ever.
   *
   * Since: 1.0
   */
  props[PROP_IDLE_TIMEOUT] =
    g_param_spec_int64 ("idle-timeout", NULL, NULL,
                        -1, G_MAXINT64, 15 * G_TIME_SPAN_SECOND,
                        G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * TlExecutor:spin-time: (getter get_spin_time) (setter set_spin_time)
   *
   * For how many microseconds a thread looks on before it sleeps: a worker that
   * has nothing to do, the thread of an event thread, and whoever waits for a
   * future of this executor. It uses a processor meanwhile; to sleep and to be
   * woken takes longer than that, though. 0 is not to look on at all, and -1
   * is for the library to choose: 25 where there is more than one processor.
   *
   * Since: 1.0
   */
  props[PROP_SPIN_TIME] =
    g_param_spec_int64 ("spin-time", NULL, NULL,
                        -1, G_TIME_SPAN_SECOND, -1,
                        G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * TlExecutor:n-queued: (getter get_n_queued)
   *
   * How many tasks wait for their turn. It notifies sixty times a second at
   * most, in the main context where the executor was made.
   *
   * Since: 1.0
   */
  props[PROP_N_QUEUED] =
    g_param_spec_uint ("n-queued", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * TlExecutor:n-running: (getter get_n_running)
   *
   * How many tasks run right now. It notifies sixty times a second at most,
   * in the main context where the executor was made.
   *
   * Since: 1.0
   */
  props[PROP_N_RUNNING] =
    g_param_spec_uint ("n-running", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
tl_executor_init (TlExecutor *self)
{
}

TlExecutor *
tl_executor_new (const char *name,
                 guint       max_workers)
{
  return g_object_new (TL_TYPE_EXECUTOR,
                       "name", name,
                       "max-workers", max_workers,
                       NULL);
}

TlExecutor *
tl_executor_new_for_queue (TlQueue *queue)
{
  TlExecutor *self = g_object_new (TL_TYPE_EXECUTOR, NULL);

  /* The pool that it was born with has no threads yet, nor will it. */
  tl_notifier_ref (self->queue->notifier);
  queue->notifier = self->queue->notifier;
  tl_queue_unref (self->queue);
  self->queue = tl_queue_ref (queue);

  return self;
}

TlQueue *
tl_executor_peek_queue (TlExecutor *self)
{
  return self->queue;
}

GMainContext *
tl_executor_peek_context (TlExecutor *self)
{
  return self->context;
}

TlExecutor *
tl_executor_new_for_context (GMainContext *context)
{
  g_autoptr(TlQueue) queue = NULL;
  TlExecutor *self;

  if (context == NULL)
    context = g_main_context_default ();

  queue = tl_loop_new (context,
                       context == g_main_context_default () ? "main" : "context");
  self = tl_executor_new_for_queue (queue);
  self->context = g_main_context_ref (context);

  return self;
}

static TlExecutor *the_default;

#ifdef G_OS_UNIX
/* Its threads have stayed behind. The next one who asks makes another. */
static void
after_fork_in_child (void)
{
  g_atomic_pointer_set (&the_default, NULL);
}
#endif

TL_AT_FORK (NULL, NULL, after_fork_in_child)

TlExecutor *
tl_executor_get_default (void)
{
  if (g_once_init_enter (&the_default))
    {
      TlExecutor *self = tl_executor_new ("tl-default", 0);

      self->is_default = TRUE;
      g_once_init_leave (&the_default, self);
    }

  return the_default;
}

/* ---- Submitting ---- */

TlFuture *
tl_executor_submit (TlExecutor     *self,
                    TlFunc          func,
                    gpointer        user_data,
                    GDestroyNotify  destroy)
{
  TlFuture *future;

  g_return_val_if_fail (TL_IS_EXECUTOR (self), NULL);
  g_return_val_if_fail (func != NULL, NULL);

  future = tl_future_new_task (&self->queue->owner, func, user_data, destroy, G_PRIORITY_DEFAULT);
  tl_queue_push (self->queue, &future, 1, -1, NULL);

  return future;
}

static void
submit (TlExecutor   *self,
        TlFuture     *future,
        gint64        deadline,
        GCancellable *cancellable)
{
  if (g_cancellable_is_cancelled (cancellable))
    {
      tl_future_reject (future, NULL);
      return;
    }

  if (deadline >= 0 && deadline <= g_get_monotonic_time ())
    {
      tl_future_reject (future, tl_future_late_error (future));
      return;
    }

  tl_queue_push (self->queue, &future, 1, deadline, cancellable);

  /* It may run by now, or be over. */
  if (deadline >= 0)
    tl_future_set_deadline (future, deadline);
  if (cancellable != NULL)
    tl_future_follow (future, cancellable);
}

TlFuture *
tl_executor_submit_full (TlExecutor     *self,
                         const char     *name,
                         int             priority,
                         gint64          deadline,
                         GCancellable   *cancellable,
                         TlFunc          func,
                         gpointer        user_data,
                         GDestroyNotify  destroy)
{
  TlFuture *future;

  g_return_val_if_fail (TL_IS_EXECUTOR (self), NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);
  g_return_val_if_fail (func != NULL, NULL);

  future = tl_future_new_task (&self->queue->owner, func, user_data, destroy, priority);
  tl_future_set_name (future, name);
  submit (self, future, deadline, cancellable);

  return future;
}

TlFuture *
tl_executor_submit_quark (TlExecutor     *self,
                          GQuark          name,
                          int             priority,
                          gint64          deadline,
                          GCancellable   *cancellable,
                          TlFunc          func,
                          gpointer        user_data,
                          GDestroyNotify  destroy)
{
  TlFuture *future = tl_future_new_task (&self->queue->owner, func, user_data, destroy, priority);

  tl_future_set_quark (future, name);
  submit (self, future, deadline, cancellable);

  return future;
}

GPtrArray *
tl_executor_submit_many (TlExecutor     *self,
                         TlFunc          func,
                         gpointer       *user_data,
                         gsize           n,
                         GDestroyNotify  destroy)
{
  GPtrArray *futures;

  g_return_val_if_fail (TL_IS_EXECUTOR (self), NULL);
  g_return_val_if_fail (func != NULL, NULL);
  g_return_val_if_fail (n == 0 || user_data != NULL, NULL);

  futures = g_ptr_array_new_full ((guint) n, (GDestroyNotify) tl_future_unref);

  for (gsize i = 0; i < n; i++)
    g_ptr_array_add (futures, tl_future_new_task (&self->queue->owner, func, user_data[i],
                                                  destroy, G_PRIORITY_DEFAULT));

  tl_queue_push (self->queue, (TlFuture **) futures->pdata, n, -1, NULL);

  return futures;
}

void
tl_executor_post (TlExecutor     *self,
                  TlFunc          func,
                  gpointer        user_data,
                  GDestroyNotify  destroy)
{
  g_return_if_fail (TL_IS_EXECUTOR (self));
  g_return_if_fail (func != NULL);

  tl_queue_post (self->queue, tl_post_new (func, user_data, destroy));
}

/* ---- Shutting down ---- */

/* The future of the end, or NULL with the reason why it cannot be waited for. */
static TlFuture *
begin_shutdown (TlExecutor  *self,
                TlShutdown   how,
                GError     **error)
{
  if (self->is_default)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                           "The default executor is everybody's and cannot be shut down");
      return NULL;
    }

  tl_queue_close (self->queue, how);

  return tl_queue_ref_ended (self->queue);
}

gboolean
tl_executor_shutdown (TlExecutor    *self,
                      TlShutdown     how,
                      gint64         timeout,
                      GCancellable  *cancellable,
                      GError       **error)
{
  g_autoptr(TlFuture) ended = NULL;

  g_return_val_if_fail (TL_IS_EXECUTOR (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  ended = begin_shutdown (self, how, error);
  if (ended == NULL)
    return FALSE;

  return tl_future_wait (ended, timeout, cancellable, error);
}

static char shutdown_tag;

void
tl_executor_shutdown_async (TlExecutor          *self,
                            TlShutdown           how,
                            GCancellable        *cancellable,
                            GAsyncReadyCallback  callback,
                            gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  g_autoptr(TlFuture) ended = NULL;
  GError *error = NULL;

  g_return_if_fail (TL_IS_EXECUTOR (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, &shutdown_tag);
  g_task_set_check_cancellable (task, FALSE);

  ended = begin_shutdown (self, how, &error);
  if (ended != NULL)
    tl_future_wait_in_task (ended, task);
  else
    g_task_return_error (task, error);
}

gboolean
tl_executor_shutdown_finish (TlExecutor    *self,
                             GAsyncResult  *result,
                             GError       **error)
{
  g_return_val_if_fail (TL_IS_EXECUTOR (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, &shutdown_tag), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

TlFuture *
tl_executor_dup_stopped (TlExecutor *self)
{
  g_return_val_if_fail (TL_IS_EXECUTOR (self), NULL);

  return tl_queue_ref_ended (self->queue);
}

/* ---- Properties ---- */

void
tl_executor_set_thread_func (TlExecutor     *self,
                             TlThreadFunc    func,
                             gpointer        user_data,
                             GDestroyNotify  destroy)
{
  g_return_if_fail (TL_IS_EXECUTOR (self));
  g_return_if_fail (func != NULL);
  g_return_if_fail (tl_pool_is (self->queue));

  if (!tl_pool_set_hook (self->queue, tl_thread_hook_new (func, user_data, destroy)))
    g_critical ("%s has threads already; set the thread function before there is work",
                tl_executor_get_name (self));
}

const char *
tl_executor_get_name (TlExecutor *self)
{
  g_return_val_if_fail (TL_IS_EXECUTOR (self), NULL);

  return self->queue->owner.name;
}

guint
tl_executor_get_max_workers (TlExecutor *self)
{
  g_return_val_if_fail (TL_IS_EXECUTOR (self), 0);

  return tl_pool_is (self->queue) ? tl_pool_get_max_workers (self->queue) : 1;
}

void
tl_executor_set_max_workers (TlExecutor *self,
                             guint       max_workers)
{
  g_return_if_fail (TL_IS_EXECUTOR (self));
  g_return_if_fail (tl_pool_is (self->queue));

  if (tl_pool_get_max_workers (self->queue) == max_workers)
    return;

  tl_pool_set_max_workers (self->queue, max_workers);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_MAX_WORKERS]);
}

guint
tl_executor_get_max_queued (TlExecutor *self)
{
  guint max_queued;

  g_return_val_if_fail (TL_IS_EXECUTOR (self), 0);

  g_mutex_lock (&self->queue->lock);
  max_queued = self->queue->max_queued;
  g_mutex_unlock (&self->queue->lock);

  return max_queued;
}

void
tl_executor_set_max_queued (TlExecutor *self,
                            guint       max_queued)
{
  g_return_if_fail (TL_IS_EXECUTOR (self));

  if (tl_queue_set_limit (self->queue, max_queued))
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_MAX_QUEUED]);
}

TlWhenFull
tl_executor_get_when_full (TlExecutor *self)
{
  TlWhenFull when_full;

  g_return_val_if_fail (TL_IS_EXECUTOR (self), TL_WHEN_FULL_BLOCK);

  g_mutex_lock (&self->queue->lock);
  when_full = self->queue->when_full;
  g_mutex_unlock (&self->queue->lock);

  return when_full;
}

void
tl_executor_set_when_full (TlExecutor *self,
                           TlWhenFull  when_full)
{
  gboolean changed;

  g_return_if_fail (TL_IS_EXECUTOR (self));

  g_mutex_lock (&self->queue->lock);
  changed = self->queue->when_full != when_full;
  self->queue->when_full = when_full;
  g_cond_broadcast (&self->queue->room);
  g_mutex_unlock (&self->queue->lock);

  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_WHEN_FULL]);
}

gint64
tl_executor_get_idle_timeout (TlExecutor *self)
{
  g_return_val_if_fail (TL_IS_EXECUTOR (self), 0);

  return tl_pool_is (self->queue) ? tl_pool_get_idle_timeout (self->queue) : -1;
}

void
tl_executor_set_idle_timeout (TlExecutor *self,
                              gint64      idle_timeout)
{
  g_return_if_fail (TL_IS_EXECUTOR (self));
  g_return_if_fail (tl_pool_is (self->queue));

  if (tl_pool_get_idle_timeout (self->queue) == idle_timeout)
    return;

  tl_pool_set_idle_timeout (self->queue, idle_timeout);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_IDLE_TIMEOUT]);
}

gint64
tl_executor_get_spin_time (TlExecutor *self)
{
  g_return_val_if_fail (TL_IS_EXECUTOR (self), 0);

  return g_atomic_int_get (&self->queue->owner.spin_time);
}

void
tl_executor_set_spin_time (TlExecutor *self,
                           gint64      spin_time)
{
  TlOwner *owner;
  gint old;

  g_return_if_fail (TL_IS_EXECUTOR (self));

  owner = &self->queue->owner;
  old = g_atomic_int_get (&owner->spin_time);
  tl_owner_set_spin_time (owner, spin_time);

  if (g_atomic_int_get (&owner->spin_time) != old)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_SPIN_TIME]);
}

guint
tl_executor_get_n_queued (TlExecutor *self)
{
  guint n_queued;

  g_return_val_if_fail (TL_IS_EXECUTOR (self), 0);

  g_mutex_lock (&self->queue->lock);
  n_queued = tl_queue_count (self->queue);
  g_mutex_unlock (&self->queue->lock);

  return n_queued;
}

guint
tl_executor_get_n_running (TlExecutor *self)
{
  guint n_running;

  g_return_val_if_fail (TL_IS_EXECUTOR (self), 0);

  g_mutex_lock (&self->queue->lock);
  n_running = self->queue->n_running;
  g_mutex_unlock (&self->queue->lock);

  return n_running;
}

gboolean
tl_release_now (gint64 timeout)
{
  return tl_mailbox_release_now (tl_time_after (timeout));
}
