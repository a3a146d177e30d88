/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <threadloop.h>

static gboolean
count_lines (TlFuture *future, gpointer path, GError **error)
{
  g_autoptr(GFile) file = g_file_new_for_path (path);
  g_autoptr(GBytes) bytes = NULL;
  const char *text;
  gsize size;
  gint64 lines = 0;

  bytes = g_file_load_bytes (file, tl_future_get_cancellable (future), NULL, error);
  if (bytes == NULL)
    return FALSE;

  text = g_bytes_get_data (bytes, &size);
  for (gsize i = 0; i < size; i++)
    {
      lines += text[i] == '\n';
      if (i % 65536 == 0 && tl_future_cancel_requested (future))
        return g_cancellable_set_error_if_cancelled (tl_future_get_cancellable (future), error), FALSE;
    }

  tl_future_set_int64 (future, lines);
  return TRUE;
}

int
main (int argc, char *argv[])
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("count", 4);
  g_autoptr(GPtrArray) futures = NULL;
  int skip = argc > 1 ? 1 : 0;

  tl_executor_set_max_queued (executor, 64);
  futures = tl_executor_submit_many (executor, count_lines, (gpointer *) argv + skip, argc - skip, NULL);

  for (guint i = 0; i < futures->len; i++)
    {
      g_autoptr(GError) error = NULL;
      TlFuture *future = g_ptr_array_index (futures, i);

      if (tl_future_result (future, 10 * G_USEC_PER_SEC, NULL, NULL, &error))
        g_print ("%8" G_GINT64_FORMAT " %s\n", tl_future_get_int64 (future, NULL), argv[i + skip]);
      else
        g_printerr ("%s: %s\n", argv[i + skip], error->message);
    }

  return !tl_executor_shutdown (executor, TL_SHUTDOWN_CANCEL_ALL, G_USEC_PER_SEC, NULL, NULL);
}
