/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bench.h"

/* Who takes part, and what in. */

G_BEGIN_DECLS

typedef struct
{
  const char *name;
  void      (*run) (void);
} BenchSubject;

const BenchSubject *bench_subject_find  (const char *name);
void                bench_peers_init    (void);

void                bench_bulk          (void);
void                bench_kept          (void);
void                bench_round_trip    (void);
void                bench_post          (void);
void                bench_callbacks     (void);
void                bench_memory        (void);
void                bench_cancel        (void);
void                bench_instructions  (void);
void                bench_shape         (void);
void                bench_growth        (void);
void                bench_idle          (void);

/* The library: pools, then loops of other threads. */
extern const BenchPeer bench_tl;
extern const BenchPeer bench_tl_no_spin;
extern const BenchPeer bench_tl_post;
extern const BenchPeer bench_tl_many;
extern const BenchPeer bench_tl_thread;
extern const BenchPeer bench_tl_thread_no_spin;
extern const BenchPeer bench_tl_thread_spin;
extern const BenchPeer bench_tl_context;

/* GLib. */
extern const BenchPeer bench_pool_shared;
extern const BenchPeer bench_pool_exclusive;
extern const BenchPeer bench_pool_future;
extern const BenchPeer bench_pool_idle;
extern const BenchPeer bench_gtask;
extern const BenchPeer bench_gtask_cancellable;
extern const BenchPeer bench_invoke;
extern const BenchPeer bench_idle_source;

/* libuv and libdex, where the build has them. */
extern const BenchPeer bench_uv;
extern const BenchPeer bench_dex_pool;
extern const BenchPeer bench_dex_scheduler;
extern const BenchPeer bench_dex_fiber;
extern const BenchPeer bench_dex_main;

/* What the machine allows. */
extern const BenchPeer bench_ring;
extern const BenchPeer bench_locked_ring;
extern const BenchPeer bench_futex;
extern const BenchPeer bench_spin;
extern const BenchPeer bench_ideal;
extern const BenchPeer bench_threads;

void                bench_dex_init      (void);
void                bench_uv_init       (void);

G_END_DECLS
