/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "subjects.h"

#include "rounds.h"

/* What a task costs where there is more of everything. */

/* Bursts that are too short to be measured are repeated. */
#define ENOUGH 100000

/* Everything is queued before anything runs. The time that it takes the
 * workers to wake up in between is left out, for it would be most of a short
 * burst. */
static void
pending_burst (const BenchEntry *entry,
               BenchSample      *sum)
{
  guint64     counted = bench_counted ();
  BenchSample sample;
  BenchMeter  meter;
  BenchTask   held;
  BenchGate   gate;

  bench_hold (entry, &gate, &held);

  bench_meter_start (&meter);
  bench_push (entry, entry->n);
  bench_meter_stop (&meter, entry->n, &sample);
  sum->value += sample.value;
  sum->cpu += sample.cpu;

  bench_gate_ready (&gate);
  bench_meter_start (&meter);
  bench_gate_open (&gate);
  bench_settle (entry, counted + entry->n + bench_holders (entry));
  bench_meter_stop_last (&meter, entry->n, &sample);
  sum->value += sample.value;
  sum->cpu += sample.cpu;

  bench_gate_clear (&gate);
}

static void
round_pending (const BenchEntry *entry,
               BenchSample      *sample)
{
  guint bursts = CLAMP (ENOUGH / entry->n, 1, 50);

  for (guint i = 0; i < bursts; i++)
    pending_burst (entry, sample);
  sample->value /= bursts;
  sample->cpu /= bursts;
}

#define PENDING(number, text) .round = round_pending, .n = number, .keep_n = TRUE, .suffix = text " pending"

static const BenchEntry pending[] = {
  { &bench_tl, PENDING (1000, "1,000") },
  { &bench_tl, PENDING (10000, "10,000") },
  { &bench_tl, PENDING (100000, "100,000") },
  { &bench_tl, PENDING (1000000, "1,000,000") },
  { &bench_pool_exclusive, PENDING (1000, "1,000") },
  { &bench_pool_exclusive, PENDING (1000000, "1,000,000") },
};

#define WORKERS(number, text) .round = bench_round_bulk, .n = 100000, .workers = number, .suffix = text

static const BenchEntry workers[] = {
  { &bench_tl, WORKERS (1, "1 worker") },
  { &bench_tl, WORKERS (2, "2 workers") },
  { &bench_tl, WORKERS (8, "8 workers") },
  { &bench_tl, WORKERS (64, "64 workers") },
  { &bench_pool_exclusive, WORKERS (1, "1 worker") },
  { &bench_pool_exclusive, WORKERS (64, "64 workers") },
};

#define SUBMITTERS(number, text) \
  .round = bench_round_bulk, .n = 400000, .submitters = number, .suffix = text

static const BenchEntry submitters[] = {
  { &bench_tl, SUBMITTERS (1, "1 submitter") },
  { &bench_tl, SUBMITTERS (2, "2 submitters") },
  { &bench_tl, SUBMITTERS (4, "4 submitters") },
  { &bench_tl, SUBMITTERS (8, "8 submitters") },
  { &bench_pool_exclusive, SUBMITTERS (1, "1 submitter") },
  { &bench_pool_exclusive, SUBMITTERS (8, "8 submitters") },
};

void
bench_growth (void)
{
  bench_rows ("pending tasks", "ns/task", pending);
  bench_rows ("workers", "ns/task", workers);
  bench_rows ("submitters", "ns/task", submitters);
}
