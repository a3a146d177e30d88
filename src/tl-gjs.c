/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-gjs-private.h"

#include <dlfcn.h>

#include "tl-thread-private.h"

/* The type is registered when the first context is made, however the library
 * came into the process. */
gboolean
tl_gjs_is_there (void)
{
  static int known;

  if (g_atomic_int_get (&known))
    return TRUE;

  if (g_type_from_name ("GjsContext") == G_TYPE_INVALID)
    return FALSE;

  g_atomic_int_set (&known, TRUE);
  return TRUE;
}

/* The closures of GJS are, since 1.66, GClosures without data; what C connects
 * has data, mostly. A handler in C that has none cannot be told apart. */
gboolean
tl_gjs_handles (gpointer object)
{
  return tl_gjs_is_there () &&
         g_signal_handler_find (object, G_SIGNAL_MATCH_DATA | G_SIGNAL_MATCH_UNBLOCKED, 0, 0, NULL, NULL, NULL) != 0;
}

/* GJS runs on the thread that the process began with, or it is not known where. */
void
tl_gjs_collect (void)
{
  gpointer (*get_current) (void);
  void (*collect) (gpointer context);
  gpointer context;

  if (!tl_gjs_is_there () || !tl_thread_is_main ())
    return;

  *(void **) &get_current = dlsym (RTLD_DEFAULT, "gjs_context_get_current");
  *(void **) &collect = dlsym (RTLD_DEFAULT, "gjs_context_gc");

  context = get_current != NULL && collect != NULL ? get_current () : NULL;
  if (context != NULL)
    collect (context);
}
