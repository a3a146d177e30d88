/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "subjects.h"

#include "rounds.h"

/* What it costs to be there. */

#define BURST 100

static BenchTask ten_microseconds = { .last = TRUE };

/* CPU time of the process for a second in which it has nothing to do, and its
 * threads are there; measured for so many tenths of one. */
static void
round_idle (const BenchEntry *entry,
            BenchSample      *sample)
{
  guint64 counted = bench_counted ();
  gint64  cpu;
  gulong  duration = entry->n * 100000;

  bench_push (entry, BURST);
  bench_settle (entry, counted + BURST);
  g_usleep (10000);

  cpu = bench_cpu ();
  g_usleep (duration);
  sample->cpu = (double) (bench_cpu () - cpu);
  sample->value = sample->cpu / 1000 * G_USEC_PER_SEC / duration;
}

/* Bursts ten times a second; the CPU time of each. */
static void
round_bursts (const BenchEntry *entry,
              BenchSample      *sample)
{
  guint64 counted = bench_counted ();
  gint64  cpu = bench_cpu ();

  for (guint i = 0; i < entry->n; i++)
    {
      bench_push (entry, BURST);
      g_usleep (100000);
    }
  sample->cpu = (double) (bench_cpu () - cpu) / entry->n;
  sample->value = sample->cpu / 1000;

  bench_settle (entry, counted + entry->n * BURST);
}

#define IDLE   .round = round_idle, .n = 5
#define BURSTS .round = round_bursts, .n = 3

static const BenchEntry idle[] = {
  { &bench_tl, IDLE },
  { &bench_pool_exclusive, IDLE },
  { &bench_tl_thread, IDLE, .workers = 1 },
};

static const BenchEntry tiny_bursts[] = {
  { &bench_tl, BURSTS },
  { &bench_pool_exclusive, BURSTS },
  { &bench_tl_no_spin, BURSTS },
  { &bench_pool_future, BURSTS },
};

static const BenchEntry short_bursts[] = {
  { &bench_tl, BURSTS, .task = &ten_microseconds },
  { &bench_pool_exclusive, BURSTS, .task = &ten_microseconds },
  { &bench_tl_no_spin, BURSTS, .task = &ten_microseconds },
  { &bench_pool_future, BURSTS, .task = &ten_microseconds },
};

void
bench_idle (void)
{
  ten_microseconds.loops = bench_loops (10000);

  bench_rows ("nothing to do", "us of CPU a second", idle);
  bench_rows ("a burst of 100 tiny tasks every 100 ms", "us of CPU a burst", tiny_bursts);
  bench_rows ("a burst of 100 tasks of 10 us every 100 ms", "us of CPU a burst", short_bursts);
}
