/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-fork-private.h"
#include "tl-future-private.h"

typedef struct
{
  gatomicrefcount  ref_count;
  TlErrorHandler   func;
  gpointer         user_data;
  GDestroyNotify   destroy;
  TlHome          *home;
} Handler;

/* One that is on its way to the handler's own thread. */
typedef struct
{
  TlLetter  letter;
  Handler  *handler;
  char     *executor;
  char     *task;
  GError   *error;
} Report;

G_LOCK_DEFINE_STATIC (handler);
static Handler *the_handler;

#ifdef G_OS_UNIX
static void
before_fork (void)
{
  G_LOCK (handler);
}

static void
after_fork (void)
{
  G_UNLOCK (handler);
}
#endif

TL_AT_FORK (before_fork, after_fork, after_fork)

G_DEFINE_QUARK (tl-error-quark, tl_error)

static void
handler_unref (Handler *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  tl_home_release (self->home, self->user_data, self->destroy);
  tl_home_unref (self->home);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Handler, handler_unref)

static Handler *
handler_get (void)
{
  Handler *self;

  G_LOCK (handler);
  self = the_handler;
  if (self != NULL)
    g_atomic_ref_count_inc (&self->ref_count);
  G_UNLOCK (handler);

  return self;
}

void
tl_set_error_handler (TlErrorHandler handler,
                      gpointer       user_data,
                      GDestroyNotify destroy)
{
  Handler *self = NULL;
  Handler *old;

  if (handler != NULL)
    {
      self = g_new0 (Handler, 1);
      g_atomic_ref_count_init (&self->ref_count);
      self->func = handler;
      self->user_data = user_data;
      self->destroy = destroy;
      self->home = tl_home_ref_noted ();
    }

  G_LOCK (handler);
  old = the_handler;
  the_handler = self;
  G_UNLOCK (handler);

  g_clear_pointer (&old, handler_unref);
}

static void
report_delivered (TlLetter *letter,
                  gboolean  discarded)
{
  Report *report = (Report *) letter;

  report->handler->func (report->executor, report->task, report->error,
                         report->handler->user_data);

  handler_unref (report->handler);
  g_free (report->executor);
  g_free (report->task);
  g_error_free (report->error);
  g_free (report);
}

void
tl_report_unobserved (const char   *executor,
                      const char   *task,
                      const GError *error)
{
  g_autoptr(Handler) current = handler_get ();
  Report *report;

  if (current == NULL)
    {
      g_warning ("%s%s%s failed, and nobody looked at the error: %s",
                 executor,
                 *executor != '\0' ? ": " : "",
                 *task != '\0' ? task : "a task",
                 error->message);
      return;
    }

  if (!tl_mailbox_is_live (current->home->mailbox))
    {
      current->func (executor, task, error, current->user_data);
      return;
    }

  report = g_new0 (Report, 1);
  report->letter.func = report_delivered;
  report->handler = g_steal_pointer (&current);
  report->executor = g_strdup (executor);
  report->task = g_strdup (task);
  report->error = g_error_copy (error);
  tl_mailbox_post (report->handler->home->mailbox, &report->letter);
}
