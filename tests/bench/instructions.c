/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "subjects.h"

#include "rounds.h"

/* To be run by callgrind, twice and with different numbers of tasks: what they
 * differ in is what a task costs, and the start of the program is not in it. */

#define BULK .round = bench_round_bulk, .n = 10000

static const BenchEntry entries[] = {
  { &bench_tl, BULK },
  { &bench_tl_no_spin, BULK },
  { &bench_tl_post, BULK },
  { &bench_pool_exclusive, BULK },
  { &bench_pool_future, BULK },
  { &bench_gtask, BULK },
  { &bench_uv, BULK },
  { &bench_dex_pool, BULK },
};

void
bench_instructions (void)
{
  bench_rows ("a task of many", "instructions", entries);
}
