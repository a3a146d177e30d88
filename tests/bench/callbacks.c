/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "subjects.h"

/* Results that come into the loop of the thread that has submitted. */

static void
push_back_all (const BenchEntry *entry,
               guint             n)
{
  for (guint i = 0; i < n; i++)
    entry->peer->push_back (entry->pool, &bench_tiny);
}

static void
round_callbacks (const BenchEntry *entry,
                 BenchSample      *sample)
{
  BenchMeter meter;
  guint64    counted = bench_counted ();

  bench_together (entry, 1, push_back_all, &meter);
  bench_settle (entry, counted + entry->n);
  bench_meter_stop (&meter, entry->n, sample);
}

#define CALLBACKS .round = round_callbacks, .n = 100000

static const BenchEntry entries[] = {
  { &bench_tl, CALLBACKS },
  { &bench_gtask, .round = round_callbacks, .n = 20000 },
  { &bench_pool_idle, CALLBACKS },
  { &bench_uv, CALLBACKS },
  { &bench_dex_pool, CALLBACKS },
};

void
bench_callbacks (void)
{
  bench_rows ("results into the main loop", "ns/result", entries);
}
