/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

/* What an application in JavaScript writes in C to get work off its thread, and
 * what the benchmark needs of the system and has no JavaScript for. */

G_BEGIN_DECLS

#define BENCH_PEER_TYPE_HELPER (bench_peer_helper_get_type ())
G_DECLARE_FINAL_TYPE (BenchPeerHelper, bench_peer_helper, BENCH_PEER, HELPER, GObject)

/**
 * BenchPeerReady:
 * @id: what was given to bench_peer_helper_push()
 * @result: the result
 * @user_data: data
 *
 * Takes the result of a job.
 */
typedef void   (*BenchPeerReady)        (guint                id,
                                         guint                result,
                                         gpointer             user_data);

guint    bench_peer_helper_work         (BenchPeerHelper     *self,
                                         guint                n);
void     bench_peer_helper_work_async   (BenchPeerHelper     *self,
                                         guint                n,
                                         GCancellable        *cancellable,
                                         GAsyncReadyCallback  callback,
                                         gpointer             user_data);
guint    bench_peer_helper_work_finish  (BenchPeerHelper     *self,
                                         GAsyncResult        *result,
                                         GError             **error);
void     bench_peer_helper_connect_ready      (BenchPeerHelper     *self,
                                         guint                n_threads,
                                         BenchPeerReady       ready,
                                         gpointer             user_data,
                                         GDestroyNotify       destroy);
void     bench_peer_helper_push         (BenchPeerHelper     *self,
                                         guint                id,
                                         guint                n);
void     bench_peer_helper_close        (BenchPeerHelper     *self);

double   bench_peer_now                 (void);
double   bench_peer_cpu_time            (void);
void     bench_peer_pin                 (gboolean             pinned);

G_END_DECLS
