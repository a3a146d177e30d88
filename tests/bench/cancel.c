/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "subjects.h"

#include "rounds.h"

/* Cancels each of what is queued. */

static void
round_cancel (const BenchEntry *entry,
              BenchSample      *sample)
{
  g_autofree gpointer *handles = bench_handles_new (entry->n);
  guint64              counted = bench_counted ();
  BenchMeter           meter;
  BenchTask            held;
  BenchGate            gate;

  bench_hold (entry, &gate, &held);
  bench_submit_all (entry, handles);

  bench_meter_start (&meter);
  for (guint i = 0; i < entry->n; i++)
    entry->peer->cancel (entry->pool, handles[i]);
  bench_meter_stop (&meter, entry->n, sample);

  bench_gate_open (&gate);
  bench_result_all (entry, handles, FALSE);
  bench_settle (entry, counted + bench_holders (entry));
  bench_gate_clear (&gate);
}

#define QUEUED(number, text) .round = round_cancel, .n = number, .keep_n = TRUE, .suffix = text " queued"

static const BenchEntry entries[] = {
  { &bench_tl, QUEUED (3000, "3,000") },
  { &bench_tl, QUEUED (30000, "30,000") },
  { &bench_tl, QUEUED (300000, "300,000") },
  { &bench_gtask_cancellable, QUEUED (3000, "3,000"), .workers = 10 },
  { &bench_gtask_cancellable, QUEUED (30000, "30,000"), .workers = 10 },
  { &bench_uv, QUEUED (30000, "30,000") },
};

void
bench_cancel (void)
{
  bench_rows ("cancel each of those queued", "ns/cancel", entries);
}
