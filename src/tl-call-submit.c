/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-call-private.h"

#include "tl-executor-private.h"

/* Native calls on an executor: the call is the user data of a task. */

static void
give_result (TlFuture     *future,
             const GValue *result)
{
  if (!G_IS_VALUE (result))
    tl_future_set_done (future);
  else if (G_VALUE_HOLDS (result, G_TYPE_ERROR))
    /* An error that is what was asked for is no failure. */
    tl_future_set_boxed (future, G_TYPE_VALUE, (gpointer) result);
  else
    tl_future_set_value (future, result);
}

static gboolean
run_task (TlFuture  *future,
          gpointer   user_data,
          GError   **error)
{
  const GValue *result = tl_call_run_in_task (user_data, future, error);

  if (result == NULL)
    return FALSE;

  give_result (future, result);
  return TRUE;
}

static TlFuture *
call_submit (TlExecutor    *executor,
             TlCallable    *callable,
             const TlGiven *given,
             const char    *name,
             int            priority,
             gint64         deadline,
             GCancellable  *cancellable,
             GError       **error)
{
  /* Where JavaScript runs, there its functions can be called. */
  gboolean on_worker = tl_executor_peek_context (executor) != g_main_context_default ();
  TlCall *self = tl_call_new_given (callable, given, on_worker, error);
  g_autoptr(GCancellable) followed = NULL;

  if (self == NULL)
    return NULL;

  followed = tl_call_dup_cancellable (self, cancellable);

  if (name != NULL)
    return tl_executor_submit_full (executor, name, priority, deadline, followed,
                                    run_task, self, (GDestroyNotify) tl_call_unref);

  return tl_executor_submit_quark (executor, callable->quark, priority, deadline, followed,
                                   run_task, self, (GDestroyNotify) tl_call_unref);
}

TlFuture *
tl_executor_call (TlExecutor    *self,
                  TlCallable    *callable,
                  const GValue  *args,
                  gsize          n_args,
                  GError       **error)
{
  TlGiven given = { G_VALUE_INIT, args, n_args };

  g_return_val_if_fail (TL_IS_EXECUTOR (self), NULL);
  g_return_val_if_fail (callable != NULL, NULL);
  g_return_val_if_fail (args != NULL || n_args == 0, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return call_submit (self, callable, &given, NULL, G_PRIORITY_DEFAULT, -1, NULL, error);
}

TlFuture *
tl_executor_call_method (TlExecutor    *self,
                         TlCallable    *callable,
                         GObject       *object,
                         const GValue  *args,
                         gsize          n_args,
                         GError       **error)
{
  TlGiven given = { G_VALUE_INIT, args, n_args + 1 };

  g_return_val_if_fail (TL_IS_EXECUTOR (self), NULL);
  g_return_val_if_fail (callable != NULL, NULL);
  g_return_val_if_fail (G_IS_OBJECT (object), NULL);
  g_return_val_if_fail (args != NULL || n_args == 0, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  /* Lent for the time. What takes any value looks at what it is. */
  g_value_init (&given.first, G_OBJECT_TYPE (object));
  given.first.data[0].v_pointer = object;

  return call_submit (self, callable, &given, NULL, G_PRIORITY_DEFAULT, -1, NULL, error);
}

TlFuture *
tl_executor_call_full (TlExecutor    *self,
                       const char    *name,
                       int            priority,
                       gint64         deadline,
                       GCancellable  *cancellable,
                       TlCallable    *callable,
                       const GValue  *args,
                       gsize          n_args,
                       GError       **error)
{
  TlGiven given = { G_VALUE_INIT, args, n_args };

  g_return_val_if_fail (TL_IS_EXECUTOR (self), NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);
  g_return_val_if_fail (callable != NULL, NULL);
  g_return_val_if_fail (args != NULL || n_args == 0, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return call_submit (self, callable, &given, name, priority, deadline, cancellable, error);
}
