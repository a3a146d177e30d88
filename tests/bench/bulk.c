/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "subjects.h"

#include "rounds.h"

/* Tiny tasks that nobody waits for. Those who are slow and have no goal set
 * against them get fewer. */

#define MANY 1000000
#define SOME  250000
#define FEW    20000

#define BULK .round = bench_round_bulk

static const BenchEntry one_submitter[] = {
  { &bench_tl, BULK, .n = MANY },
  { &bench_pool_shared, BULK, .n = MANY },
  { &bench_pool_exclusive, BULK, .n = MANY },
  { &bench_tl_no_spin, BULK, .n = MANY },
  { &bench_tl_post, BULK, .n = MANY },
  { &bench_tl_many, BULK, .n = MANY },
  { &bench_pool_future, BULK, .n = SOME },
  { &bench_gtask, BULK, .n = FEW },
  { &bench_uv, BULK, .n = SOME },
  { &bench_dex_pool, BULK, .n = SOME },
  { &bench_dex_scheduler, BULK, .n = SOME },
  { &bench_locked_ring, BULK, .n = MANY },
  { &bench_ring, BULK, .n = MANY },
};

#define SUBMITTERS(k) \
  { &bench_tl, BULK, .n = MANY, .submitters = k },             \
  { &bench_pool_shared, BULK, .n = MANY, .submitters = k },    \
  { &bench_pool_exclusive, BULK, .n = MANY, .submitters = k }, \
  { &bench_tl_post, BULK, .n = MANY, .submitters = k },        \
  { &bench_pool_future, BULK, .n = SOME, .submitters = k },    \
  { &bench_dex_pool, BULK, .n = SOME, .submitters = k },       \
  { &bench_dex_scheduler, BULK, .n = SOME, .submitters = k },  \
  { &bench_locked_ring, BULK, .n = MANY, .submitters = k },    \
  { &bench_ring, BULK, .n = MANY, .submitters = k }

static const BenchEntry two_submitters[] = { SUBMITTERS (2) };
static const BenchEntry four_submitters[] = { SUBMITTERS (4) };

void
bench_bulk (void)
{
  bench_rows ("1 submitter", "ns/task", one_submitter);
  bench_rows ("2 submitters", "ns/task", two_submitters);
  bench_rows ("4 submitters", "ns/task", four_submitters);
}
