/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the fragments in the documentation take for granted. */

#pragma once

#include <string.h>
#include <threadloop.h>

extern TlExecutor    *executor;
extern TlEventThread *thread;
extern TlFuture      *future;
extern GCancellable  *cancellable;
extern GFile         *file;
extern GPtrArray     *peers;
extern GAsyncQueue   *queue;
extern gpointer       item;
extern GError        *error;
extern GMainLoop     *loop;
extern GObject       *bar;
extern GObject       *label;
extern GObject       *window;
extern const char    *path;

gboolean work         (TlFuture *future, gpointer user_data, GError **error);
gboolean connect_all  (TlFuture *future, gpointer user_data, GError **error);
void     show_file    (TlFuture *future, gpointer user_data);
void     look_at_queue (const GError *error, gpointer queue);
void     look_at_inbox (gpointer queue);
void     executor_ended (GObject *source, GAsyncResult *result, gpointer user_data);

gboolean database_connect    (gpointer user_data, GError **error);
void     database_disconnect (gpointer user_data);
void     window_show_bytes   (gpointer window, GBytes *bytes);
void     window_show_error   (gpointer window, const char *message);
gboolean step                (guint i, GError **error);
