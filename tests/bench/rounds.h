/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bench.h"

/* Rounds that more than one subject has. All give nanoseconds a task. */

G_BEGIN_DECLS

void         bench_round_bulk       (const BenchEntry  *entry,
                                     BenchSample       *sample);
void         bench_round_kept       (const BenchEntry  *entry,
                                     BenchSample       *sample);
void         bench_round_one_by_one (const BenchEntry  *entry,
                                     BenchSample       *sample);
void         bench_round_paused     (const BenchEntry  *entry,
                                     BenchSample       *sample);

/* Pieces of such. */
void         bench_push             (const BenchEntry  *entry,
                                     guint              n);
gpointer    *bench_handles_new      (guint              n);
void         bench_submit_all       (const BenchEntry  *entry,
                                     gpointer          *handles);
void         bench_result_all       (const BenchEntry  *entry,
                                     gpointer          *handles,
                                     gboolean           expected);

G_END_DECLS
