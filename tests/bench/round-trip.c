/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "subjects.h"

#include "rounds.h"

/* Submit, wait, result: one task at a time. Where the system puts the threads
 * is another matter in each round, so that it takes more of them. */

#define TRIPS  .round = bench_round_one_by_one, .n = 1000
#define PAUSED .round = bench_round_paused, .n = 100

static const BenchEntry one_by_one[] = {
  { &bench_tl, TRIPS },
  { &bench_pool_future, TRIPS },
  { &bench_tl_no_spin, TRIPS },
  { &bench_gtask, TRIPS },
  { &bench_uv, TRIPS },
  { &bench_dex_pool, TRIPS },
  { &bench_dex_fiber, TRIPS },
  { &bench_futex, TRIPS },
  { &bench_spin, TRIPS },
};

static const BenchEntry paused[] = {
  { &bench_tl, PAUSED },
  { &bench_pool_future, PAUSED },
  { &bench_tl_no_spin, PAUSED },
  { &bench_futex, PAUSED },
};

/* The place of two threads decides more than what they do. On one CPU there is
 * no choice, and no idle CPU to be woken. libuv and GTask have their threads
 * already, and could not be kept there. */
static const BenchEntry one_cpu[] = {
  { &bench_tl_no_spin, TRIPS },
  { &bench_pool_future, TRIPS },
  { &bench_dex_pool, TRIPS },
  { &bench_futex, TRIPS },
};

void
bench_round_trip (void)
{
  bench_rows_often ("one at a time", "ns (p50)", one_by_one);
  bench_pin (TRUE);
  bench_rows ("one at a time, all on one CPU", "ns (p50)", one_cpu);
  bench_pin (FALSE);
  bench_rows ("a millisecond after the one before", "ns (p50)", paused);
}
