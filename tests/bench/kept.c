/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "subjects.h"

#include "rounds.h"

/* All results are kept, then asked for one after the other. */

#define KEPT .round = bench_round_kept, .n = 500000
#define FEW  .round = bench_round_kept, .n = 20000

static const BenchEntry entries[] = {
  { &bench_tl, KEPT },
  { &bench_pool_future, KEPT },
  { &bench_tl_no_spin, KEPT },
  { &bench_gtask, FEW },
  { &bench_uv, KEPT },
  { &bench_dex_pool, KEPT },
};

void
bench_kept (void)
{
  bench_rows ("submit all, then every result", "ns/task", entries);
}
