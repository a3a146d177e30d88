/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-thread-private.h"

#ifdef __linux__
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "tl-fork-private.h"
#include "tl-home-private.h"

struct _TlThreadHook
{
  gatomicrefcount  ref_count;
  TlThreadFunc     func;
  gpointer         user_data;
  GDestroyNotify   destroy;
  TlHome          *home;
};

typedef struct
{
  TlThreadBody body;
  gpointer     data;
  gboolean     called;
} Life;

int tl_thread_refuse;

static GPrivate current_life;

TlThreadHook *
tl_thread_hook_new (TlThreadFunc   func,
                    gpointer       user_data,
                    GDestroyNotify destroy)
{
  TlThreadHook *hook = g_new0 (TlThreadHook, 1);

  g_atomic_ref_count_init (&hook->ref_count);
  hook->func = func;
  hook->user_data = user_data;
  hook->destroy = destroy;
  hook->home = tl_home_ref_noted ();

  return hook;
}

TlThreadHook *
tl_thread_hook_ref (TlThreadHook *hook)
{
  g_atomic_ref_count_inc (&hook->ref_count);
  return hook;
}

void
tl_thread_hook_unref (TlThreadHook *hook)
{
  if (!g_atomic_ref_count_dec (&hook->ref_count))
    return;

  tl_home_release (hook->home, hook->user_data, hook->destroy);
  tl_home_unref (hook->home);
  g_free (hook);
}

void
tl_thread_run (void)
{
  Life *life = g_private_get (&current_life);

  /* It is for a TlThreadFunc to call, once. */
  g_return_if_fail (life != NULL);
  g_return_if_fail (!life->called);

  life->called = TRUE;
  life->body (life->data);
}

gboolean
tl_thread_live (TlThreadHook  *hook,
                TlThreadBody   body,
                gpointer       data,
                GError       **error)
{
  Life life = { body, data, FALSE };
  gboolean ok = TRUE;

  if (hook == NULL)
    {
      body (data);
      return TRUE;
    }

  g_private_set (&current_life, &life);
  ok = hook->func (hook->user_data, error);
  g_private_set (&current_life, NULL);

  if (ok && !life.called)
    {
      g_set_error_literal (error, TL_ERROR, TL_ERROR_BROKEN,
                           "the thread function returned without calling tl_thread_run()");
      ok = FALSE;
    }
  else if (!ok && error != NULL && *error == NULL)
    {
      g_set_error_literal (error, TL_ERROR, TL_ERROR_BROKEN,
                           "the thread function failed and did not say why");
    }

  /* Once it has run, the thread has done its work: a failure to tear down
   * breaks nobody, but it must not be silent. */
  if (!ok && life.called)
    {
      if (error != NULL)
        {
          g_warning ("A thread function failed after its thread had run: %s", (*error)->message);
          g_clear_error (error);
        }
      ok = TRUE;
    }

  return ok;
}

/* The system has room for 15 bytes of a name, and takes none that is longer. */
static void
shorten (char       *buffer,
         gsize       size,
         const char *name)
{
  const char *end;

  if (g_strlcpy (buffer, name, size) >= size &&
      !g_utf8_validate (buffer, -1, &end))
    buffer[end - buffer] = '\0';
}

gboolean
tl_thread_start (const char   *name,
                 GThreadFunc   func,
                 gpointer      data,
                 GError      **error)
{
  g_autoptr(GError) local_error = NULL;
  GThread *thread = NULL;
  char short_name[16];

  shorten (short_name, sizeof short_name, name);

  if (g_atomic_int_get (&tl_thread_refuse))
    g_set_error_literal (&local_error, G_THREAD_ERROR, G_THREAD_ERROR_AGAIN, "refused by a test");
  else
    thread = g_thread_try_new (short_name, func, data, &local_error);

  if (thread == NULL)
    {
      g_set_error (error, TL_ERROR, TL_ERROR_THREAD,
                   "%s: no thread could be made: %s", name, local_error->message);
      return FALSE;
    }

  g_thread_unref (thread);
  return TRUE;
}

#ifdef __linux__
static GPrivate is_main;

/* Whichever it was, it is now. */
static void
after_fork_in_child (void)
{
  g_private_set (&is_main, NULL);
}

TL_AT_FORK (NULL, NULL, after_fork_in_child)
#endif

gboolean
tl_thread_is_main (void)
{
#ifdef __linux__
  gintptr known = (gintptr) g_private_get (&is_main);

  if (known == 0)
    {
      known = (pid_t) syscall (SYS_gettid) == getpid () ? 1 : 2;
      g_private_set (&is_main, (gpointer) known);
    }

  return known == 1;
#else
  return FALSE;
#endif
}

guint
tl_thread_n_processors (void)
{
#ifdef __linux__
  cpu_set_t set;

  /* It fails where there are more than the set has room for. */
  if (sched_getaffinity (0, sizeof set, &set) == 0)
    return (guint) CPU_COUNT (&set);
#endif

  return g_get_num_processors ();
}
