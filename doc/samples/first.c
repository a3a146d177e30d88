/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <threadloop.h>

static gboolean
digest (TlFuture *future, gpointer file, GError **error)    /* on a worker, may block */
{
  g_autoptr(GBytes) bytes = g_file_load_bytes (file, tl_future_get_cancellable (future), NULL, error);
  g_autofree char *sum = bytes != NULL ? g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes) : NULL;

  if (sum != NULL)
    tl_future_set_string (future, sum);
  return sum != NULL;
}

static void
show (TlFuture *future, gpointer loop)                      /* in the main loop */
{
  g_autoptr(GError) error = NULL;
  const char *sum = tl_future_get_string (future, &error);

  g_print ("%s\n", sum != NULL ? sum : error->message);
  g_main_loop_quit (loop);
}

int
main (int argc, char *argv[])
{
  g_autoptr(GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  GFile *file = g_file_new_for_path (argc > 1 ? argv[1] : argv[0]);    /* submit takes it over */
  g_autoptr(TlFuture) future = tl_executor_submit (tl_executor_get_default (), digest, file, g_object_unref);

  tl_future_add_done_callback (future, show, loop, NULL);
  g_main_loop_run (loop);
  return 0;
}
