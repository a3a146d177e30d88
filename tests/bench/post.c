/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "subjects.h"

#include "rounds.h"

/* Into a main context that another thread runs. */

#define LOOP  .workers = 1
#define POSTS .round = bench_round_bulk, .n = 200000, LOOP
#define TRIPS .round = bench_round_one_by_one, .n = 1000, LOOP

static const BenchEntry one_way[] = {
  { &bench_tl_thread, POSTS },
  { &bench_invoke, POSTS },
  { &bench_tl_context, POSTS },
  { &bench_idle_source, POSTS },
  { &bench_dex_main, POSTS },
};

static const BenchEntry round_trip[] = {
  { &bench_tl_thread, TRIPS },
  { &bench_invoke, TRIPS },
  { &bench_tl_thread_no_spin, TRIPS },
  { &bench_tl_thread_spin, TRIPS },
  { &bench_tl_context, TRIPS },
  { &bench_idle_source, TRIPS },
  { &bench_futex, TRIPS },
  { &bench_spin, TRIPS },
};

/* As for pools: nothing depends on where the threads are. */
static const BenchEntry one_cpu[] = {
  { &bench_tl_thread_no_spin, TRIPS },
  { &bench_invoke, TRIPS },
  { &bench_idle_source, TRIPS },
  { &bench_futex, TRIPS },
};

void
bench_post (void)
{
  bench_rows ("one way", "ns/post", one_way);
  bench_rows_often ("there and back", "ns (p50)", round_trip);
  bench_pin (TRUE);
  bench_rows ("there and back, all on one CPU", "ns (p50)", one_cpu);
  bench_pin (FALSE);
}
