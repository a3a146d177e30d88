/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <threadloop.h>

#include "tl-executor-private.h"
#include "tl-lookout-private.h"
#include "tl-loop-private.h"
#include "tl-thread-private.h"

typedef enum
{
  NEW,
  STARTING,
  RUNNING,
  ENDED,
} Phase;

/* What the thread and the object have in common: either may go first. */
typedef struct
{
  gatomicrefcount  ref_count;
  TlQueue         *queue;       /* a loop's */
  TlFuture        *stopped;
  TlThreadHook    *hook;        /* until it is started, the object's alone */
  TlNotifier      *notifier;

  /* No other lock is taken while this one is held. */
  GMutex           lock;
  GCond            changed;
  Phase            phase;
  gboolean         quit;
  GMainContext    *context;     /* NULL once it has ended */
  GError          *failure;
} Core;

struct _TlEventThread
{
  GObject     parent_instance;

  Core       *core;
  TlExecutor *executor;
  char       *name;

  /* As last notified. */
  gboolean    running;
  gboolean    has_context;
};

G_DEFINE_FINAL_TYPE (TlEventThread, tl_event_thread, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_NAME,
  PROP_RUNNING,
  PROP_CONTEXT,
  PROP_EXECUTOR,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

static Core *
core_ref (Core *core)
{
  g_atomic_ref_count_inc (&core->ref_count);
  return core;
}

static void
core_unref (Core *core)
{
  if (!g_atomic_ref_count_dec (&core->ref_count))
    return;

  tl_queue_unref (core->queue);
  tl_future_unref (core->stopped);
  tl_notifier_unref (core->notifier);
  g_clear_pointer (&core->hook, tl_thread_hook_unref);
  g_clear_pointer (&core->context, g_main_context_unref);
  g_clear_error (&core->failure);
  g_cond_clear (&core->changed);
  g_mutex_clear (&core->lock);
  g_free (core);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Core, core_unref)

static void
set_phase (Core  *core,
           Phase  phase)
{
  g_mutex_lock (&core->lock);
  core->phase = phase;
  g_cond_broadcast (&core->changed);
  g_mutex_unlock (&core->lock);

  tl_notifier_touch (core->notifier, TRUE);
}

/* The sources that others have attached go with the context. */
static void
drop_context (Core *core)
{
  g_autoptr(GMainContext) context = NULL;

  g_mutex_lock (&core->lock);
  context = g_steal_pointer (&core->context);
  g_mutex_unlock (&core->lock);
}

/* The hook's data is not kept for as long as somebody keeps the object. */
static void
drop_hook (Core *core)
{
  TlThreadHook *hook;

  g_mutex_lock (&core->lock);
  hook = g_steal_pointer (&core->hook);
  g_mutex_unlock (&core->lock);

  g_clear_pointer (&hook, tl_thread_hook_unref);
}

static void
end (Core *core)
{
  drop_hook (core);
  drop_context (core);
  set_phase (core, ENDED);
  tl_future_set_done (core->stopped);
}

static void
all_has_run (TlFuture *future,
             gpointer  user_data)
{
  *(gboolean *) user_data = TRUE;
}

/* Whether there is mail after a short look. */
static gboolean
look_on (Core         *core,
         TlMailbox    *mailbox,
         TlSpinRecord *spins)
{
  gint spin_time = g_atomic_int_get (&core->queue->owner.spin_time);
  gboolean found = tl_mailbox_look_on (mailbox, tl_spin_record_is_good (spins) ? spin_time : 0);

  tl_spin_record_add (spins, found);

  return found;
}

static gboolean
iterate (Core     *core,
         gboolean  may_block)
{
  gboolean dispatched = g_main_context_iteration (core->context, may_block);

  /* Functions of a language, if the thread has a hook into one. */
  if (dispatched && core->hook != NULL)
    tl_lookout_has_left ();

  return dispatched;
}

/* The life of the thread, inside of the hook if there is one. */
static void
run_loop (gpointer data)
{
  Core *core = data;
  g_autoptr(TlMailbox) mailbox = NULL;
  g_autoptr(TlFuture) ended = NULL;
  TlSpinRecord spins = { 0 };
  gboolean over = FALSE;

  g_main_context_push_thread_default (core->context);
  mailbox = tl_mailbox_ref_thread_default ();

  tl_queue_set_started (core->queue, TRUE);

  set_phase (core, RUNNING);

  ended = tl_queue_ref_ended (core->queue);
  tl_future_add_done_callback (ended, all_has_run, &over, NULL);

  while (!over)
    if (!iterate (core, FALSE) && !look_on (core, mailbox, &spins))
      iterate (core, TRUE);

  /* What the last tasks have left in the mail. */
  tl_mailbox_flush (mailbox);

  g_main_context_pop_thread_default (core->context);

  /* While the hook has not torn anything down yet. */
  drop_context (core);
}

static gpointer
thread_main (gpointer data)
{
  g_autoptr(Core) core = data;
  g_autoptr(GError) error = NULL;

  if (!tl_thread_live (core->hook, run_loop, core, &error))
    {
      GError *failure = g_error_new (TL_ERROR, TL_ERROR_BROKEN,
                                     "%s is broken: its thread could not be set up: %s",
                                     core->queue->owner.name, error->message);

      g_mutex_lock (&core->lock);
      core->failure = g_error_copy (failure);
      g_mutex_unlock (&core->lock);

      tl_queue_fail (core->queue, failure, TRUE);
    }

  end (core);

  return NULL;
}

static void
core_quit (Core *core)
{
  gboolean never_ran;

  g_mutex_lock (&core->lock);
  never_ran = core->phase == NEW && !core->quit;
  core->quit = TRUE;
  g_mutex_unlock (&core->lock);

  tl_queue_close (core->queue, TL_SHUTDOWN_DRAIN);

  if (never_ran)
    end (core);
}

/* ---- The object ---- */

/* In the context where the event thread was made. */
static void
core_changed (GObject *object)
{
  TlEventThread *self = TL_EVENT_THREAD (object);
  g_autoptr(GMainContext) context = tl_event_thread_dup_context (self);
  gboolean running = tl_event_thread_get_running (self);

  if (running != self->running)
    {
      self->running = running;
      g_object_notify_by_pspec (object, props[PROP_RUNNING]);
    }

  if ((context != NULL) != self->has_context)
    {
      self->has_context = context != NULL;
      g_object_notify_by_pspec (object, props[PROP_CONTEXT]);
    }
}

static void
tl_event_thread_constructed (GObject *object)
{
  TlEventThread *self = TL_EVENT_THREAD (object);
  Core *core = g_new0 (Core, 1);

  G_OBJECT_CLASS (tl_event_thread_parent_class)->constructed (object);

  g_atomic_ref_count_init (&core->ref_count);
  g_mutex_init (&core->lock);
  g_cond_init (&core->changed);
  core->context = g_main_context_new ();
  core->queue = tl_loop_new (core->context, self->name != NULL ? self->name : "tl-events");
  tl_queue_set_started (core->queue, FALSE);
  core->stopped = tl_future_new_owned (&core->queue->owner);
  core->notifier = tl_notifier_new (object, core_changed);

  self->core = core;
  self->executor = tl_executor_new_for_queue (core->queue);
  self->has_context = TRUE;
}

static void
tl_event_thread_finalize (GObject *object)
{
  TlEventThread *self = TL_EVENT_THREAD (object);

  /* Nobody is waited for here. The thread holds the core until it ends. */
  core_quit (self->core);

  g_object_unref (self->executor);
  core_unref (self->core);
  g_free (self->name);

  G_OBJECT_CLASS (tl_event_thread_parent_class)->finalize (object);
}

static void
tl_event_thread_get_property (GObject    *object,
                              guint       prop_id,
                              GValue     *value,
                              GParamSpec *pspec)
{
  TlEventThread *self = TL_EVENT_THREAD (object);

  switch (prop_id)
    {
    case PROP_NAME:
      g_value_set_string (value, tl_event_thread_get_name (self));
      break;

    case PROP_RUNNING:
      g_value_set_boolean (value, tl_event_thread_get_running (self));
      break;

    case PROP_CONTEXT:
      g_value_take_boxed (value, tl_event_thread_dup_context (self));
      break;

    case PROP_EXECUTOR:
      g_value_set_object (value, tl_event_thread_get_executor (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
tl_event_thread_set_property (GObject      *object,
                              guint         prop_id,
                              const GValue *value,
                              GParamSpec   *pspec)
{
  TlEventThread *self = TL_EVENT_THREAD (object);

  switch (prop_id)
    {
    case PROP_NAME:
      self->name = g_value_dup_string (value);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
tl_event_thread_class_init (TlEventThreadClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = tl_event_thread_constructed;
  object_class->finalize = tl_event_thread_finalize;
  object_class->get_property = tl_event_thread_get_property;
  object_class->set_property = tl_event_thread_set_property;

  /**
   * TlEventThread:name: (getter get_name)
   *
   * The name of the thread (the system shows the first 15 bytes of it), which
   * messages begin with.
   *
   * Since: 1.0
   */
  props[PROP_NAME] =
    g_param_spec_string ("name", NULL, NULL,
                         NULL,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * TlEventThread:running: (getter get_running)
   *
   * Whether the thread's loop runs.
   *
   * Since: 1.0
   */
  props[PROP_RUNNING] =
    g_param_spec_boolean ("running", NULL, NULL,
                          FALSE,
                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * TlEventThread:context: (getter dup_context)
   *
   * The main context that the thread runs, and that is its thread-default
   * one. Sources may be attached to it before the start; they are destroyed
   * with it when the thread ends, after which this is %NULL.
   *
   * Since: 1.0
   */
  props[PROP_CONTEXT] =
    g_param_spec_boxed ("context", NULL, NULL,
                        G_TYPE_MAIN_CONTEXT,
                        G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * TlEventThread:executor: (getter get_executor)
   *
   * An executor onto the thread.
   *
   * Since: 1.0
   */
  props[PROP_EXECUTOR] =
    g_param_spec_object ("executor", NULL, NULL,
                         TL_TYPE_EXECUTOR,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
tl_event_thread_init (TlEventThread *self)
{
}

TlEventThread *
tl_event_thread_new (const char *name)
{
  return g_object_new (TL_TYPE_EVENT_THREAD, "name", name, NULL);
}

/* With the lock held. */
static gboolean
may_start (Core    *core,
           GError **error)
{
  const char *name = core->queue->owner.name;

  if (core->phase != NEW)
    {
      g_set_error (error, TL_ERROR, TL_ERROR_ALREADY_STARTED,
                   "%s was started before; an event thread runs once, make a new one", name);
      return FALSE;
    }

  if (core->quit)
    {
      g_set_error (error, TL_ERROR, TL_ERROR_SHUT_DOWN,
                   "%s was stopped before it was started", name);
      return FALSE;
    }

  return TRUE;
}

/* There is no thread after all. It may be tried again, unless somebody has
 * asked for the end in between. */
static void
take_back_start (Core *core)
{
  gboolean quit;

  g_mutex_lock (&core->lock);
  core->phase = NEW;
  quit = core->quit;
  g_mutex_unlock (&core->lock);

  if (quit)
    end (core);
}

gboolean
tl_event_thread_start (TlEventThread  *self,
                       GError        **error)
{
  Core *core;
  gboolean ok;

  g_return_val_if_fail (TL_IS_EVENT_THREAD (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  core = self->core;

  g_mutex_lock (&core->lock);
  ok = may_start (core, error);
  if (ok)
    core->phase = STARTING;
  g_mutex_unlock (&core->lock);

  if (!ok)
    return FALSE;

  if (!tl_thread_start (core->queue->owner.name, thread_main, core_ref (core), error))
    {
      core_unref (core);
      take_back_start (core);
      return FALSE;
    }

  g_mutex_lock (&core->lock);
  while (core->phase == STARTING)
    g_cond_wait (&core->changed, &core->lock);
  ok = core->failure == NULL;
  if (!ok)
    g_propagate_error (error, g_error_copy (core->failure));
  g_mutex_unlock (&core->lock);

  return ok;
}

TlFuture *
tl_event_thread_submit (TlEventThread  *self,
                        TlFunc          func,
                        gpointer        user_data,
                        GDestroyNotify  destroy)
{
  g_return_val_if_fail (TL_IS_EVENT_THREAD (self), NULL);

  return tl_executor_submit (self->executor, func, user_data, destroy);
}

void
tl_event_thread_quit (TlEventThread *self)
{
  g_return_if_fail (TL_IS_EVENT_THREAD (self));

  core_quit (self->core);
}

gboolean
tl_event_thread_stop (TlEventThread  *self,
                      gint64          timeout,
                      GCancellable   *cancellable,
                      GError        **error)
{
  g_return_val_if_fail (TL_IS_EVENT_THREAD (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  core_quit (self->core);

  return tl_future_wait (self->core->stopped, timeout, cancellable, error);
}

static char stop_tag;

void
tl_event_thread_stop_async (TlEventThread       *self,
                            GCancellable        *cancellable,
                            GAsyncReadyCallback  callback,
                            gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;

  g_return_if_fail (TL_IS_EVENT_THREAD (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, &stop_tag);
  g_task_set_check_cancellable (task, FALSE);

  core_quit (self->core);
  tl_future_wait_in_task (self->core->stopped, task);
}

gboolean
tl_event_thread_stop_finish (TlEventThread  *self,
                             GAsyncResult   *result,
                             GError        **error)
{
  g_return_val_if_fail (TL_IS_EVENT_THREAD (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, &stop_tag), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

gboolean
tl_event_thread_join (TlEventThread  *self,
                      gint64          timeout,
                      GCancellable   *cancellable,
                      GError        **error)
{
  Core *core;
  gboolean never_started;

  g_return_val_if_fail (TL_IS_EVENT_THREAD (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  core = self->core;

  g_mutex_lock (&core->lock);
  never_started = core->phase == NEW;
  g_mutex_unlock (&core->lock);

  if (never_started)
    {
      g_set_error (error, TL_ERROR, TL_ERROR_NOT_STARTED,
                   "%s has not been started yet; there is nothing to join",
                   core->queue->owner.name);
      return FALSE;
    }

  return tl_future_wait (self->core->stopped, timeout, cancellable, error);
}

void
tl_event_thread_set_thread_func (TlEventThread  *self,
                                 TlThreadFunc    func,
                                 gpointer        user_data,
                                 GDestroyNotify  destroy)
{
  Core *core;
  gboolean in_time;
  TlThreadHook *hook;

  g_return_if_fail (TL_IS_EVENT_THREAD (self));
  g_return_if_fail (func != NULL);

  core = self->core;
  hook = tl_thread_hook_new (func, user_data, destroy);

  g_mutex_lock (&core->lock);
  in_time = core->phase == NEW;
  if (in_time)
    {
      TlThreadHook *old = core->hook;

      core->hook = hook;
      hook = old;
    }
  g_mutex_unlock (&core->lock);

  g_clear_pointer (&hook, tl_thread_hook_unref);
  g_return_if_fail (in_time);
}

const char *
tl_event_thread_get_name (TlEventThread *self)
{
  g_return_val_if_fail (TL_IS_EVENT_THREAD (self), NULL);

  return self->core->queue->owner.name;
}

gboolean
tl_event_thread_get_running (TlEventThread *self)
{
  gboolean running;

  g_return_val_if_fail (TL_IS_EVENT_THREAD (self), FALSE);

  g_mutex_lock (&self->core->lock);
  running = self->core->phase == RUNNING;
  g_mutex_unlock (&self->core->lock);

  return running;
}

GMainContext *
tl_event_thread_dup_context (TlEventThread *self)
{
  GMainContext *context;

  g_return_val_if_fail (TL_IS_EVENT_THREAD (self), NULL);

  g_mutex_lock (&self->core->lock);
  context = self->core->context;
  if (context != NULL)
    g_main_context_ref (context);
  g_mutex_unlock (&self->core->lock);

  return context;
}

TlExecutor *
tl_event_thread_get_executor (TlEventThread *self)
{
  g_return_val_if_fail (TL_IS_EVENT_THREAD (self), NULL);

  return self->executor;
}

TlFuture *
tl_event_thread_get_stopped (TlEventThread *self)
{
  g_return_val_if_fail (TL_IS_EVENT_THREAD (self), NULL);

  return self->core->stopped;
}
