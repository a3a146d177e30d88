/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <threadloop.h>

typedef struct
{
  GFile    *file;
  TlFuture *size;
} Question;

/* On the event thread, whose context was the thread-default one of the call. */
static void
info_ready (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(TlFuture) size = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(GFileInfo) info = g_file_query_info_finish (G_FILE (source), result, &error);

  if (info != NULL)
    tl_future_set_int64 (size, g_file_info_get_size (info));
  else
    tl_future_set_error (size, error);
}

/* On the event thread: starts the call and does not wait for it. */
static gboolean
ask (TlFuture *future, gpointer user_data, GError **error)
{
  Question *question = user_data;

  g_file_query_info_async (question->file, G_FILE_ATTRIBUTE_STANDARD_SIZE, G_FILE_QUERY_INFO_NONE,
                           G_PRIORITY_DEFAULT, tl_future_get_cancellable (question->size),
                           info_ready, tl_future_ref (question->size));
  return TRUE;
}

int
main (int argc, char *argv[])
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GFile) file = g_file_new_for_path (argc > 1 ? argv[1] : argv[0]);
  g_autoptr(TlEventThread) thread = tl_event_thread_new ("files");
  g_autoptr(TlFuture) size = tl_future_new ("size");
  g_autoptr(TlFuture) asked = NULL;
  Question question = { file, size };

  if (!tl_event_thread_start (thread, &error))
    g_error ("%s", error->message);

  asked = tl_event_thread_submit (thread, ask, &question, NULL);
  if (tl_future_result (asked, -1, NULL, NULL, &error) && tl_future_result (size, -1, NULL, NULL, &error))
    g_print ("%" G_GINT64_FORMAT " bytes\n", tl_future_get_int64 (size, NULL));
  else
    g_printerr ("%s\n", error->message);

  return !tl_event_thread_stop (thread, -1, NULL, NULL);
}
