/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <threadloop.h>

G_BEGIN_DECLS

/* The hook around the life of the threads of an executor or an event thread:
 * one reference for each of its threads, so that @destroy runs when the last
 * one has ended, and never on the thread that is still inside of @func. */
typedef struct _TlThreadHook TlThreadHook;

typedef void (*TlThreadBody) (gpointer data);

TlThreadHook *tl_thread_hook_new   (TlThreadFunc    func,
                                    gpointer        user_data,
                                    GDestroyNotify  destroy);
TlThreadHook *tl_thread_hook_ref   (TlThreadHook   *hook);
void          tl_thread_hook_unref (TlThreadHook   *hook);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TlThreadHook, tl_thread_hook_unref)

/* Calls @body on this thread, inside of @hook where there is one. FALSE with
 * @error if the hook failed or never got as far as @body. */
gboolean      tl_thread_live       (TlThreadHook   *hook,
                                    TlThreadBody    body,
                                    gpointer        data,
                                    GError        **error);

/* A detached thread, or TL_ERROR_THREAD. */
gboolean      tl_thread_start      (const char     *name,
                                    GThreadFunc     func,
                                    gpointer        data,
                                    GError        **error);

/* Whether the calling thread is the one that the process began with. */
gboolean      tl_thread_is_main    (void);

/* How many processors the calling thread may run on, and so those that it makes:
 * in a container, or after taskset, there are fewer than the machine has. */
guint         tl_thread_n_processors
                                   (void);

/* For tests: while it is not 0, the system makes no more threads. */
G_GNUC_INTERNAL
extern int tl_thread_refuse;

G_END_DECLS
