/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "subjects.h"

#include "rounds.h"

/* Tasks that take some time, against the work divided by the workers. */

static BenchTask ten_microseconds = { .last = TRUE };
static BenchTask one_millisecond = { .last = TRUE };

static void
work_share (const BenchEntry *entry,
            guint             n)
{
  for (guint i = 0; i < n; i++)
    bench_work (entry->task);
}

/* One worker's share, with nothing else on its mind. */
static void
round_ideal (const BenchEntry *entry,
             BenchSample      *sample)
{
  BenchMeter meter;

  bench_meter_start (&meter);
  work_share (entry, entry->n / entry->workers);
  bench_meter_stop (&meter, entry->n, sample);
}

/* Each its share, on threads that know it beforehand. */
static void
round_threads (const BenchEntry *entry,
               BenchSample      *sample)
{
  guint64    counted = bench_counted ();
  BenchMeter meter;
  guint      n = bench_together (entry, entry->workers, work_share, &meter);

  bench_settle (entry, counted + n);
  bench_meter_stop_last (&meter, n, sample);
}

#define round_pool bench_round_bulk

/* ---- A long one among short ones ---- */

/* Comes early, but with as many short ones before as behind in what a worker
 * might take at once. */
#define LONG_AT 100

static BenchTask long_task;

/* Takes twice as long as all short ones. */
static void
long_task_for (const BenchEntry *entry,
               int              *ended)
{
  long_task.ended = ended;
  long_task.loops = 2 * entry->n * entry->task->loops;
}

/* From the first submit until all short tasks are done, each. */
static void
round_among_pool (const BenchEntry *entry,
                  BenchSample      *sample)
{
  guint64    counted = bench_counted ();
  int        ended = FALSE;
  BenchMeter meter;

  long_task_for (entry, &ended);

  bench_meter_start (&meter);
  for (guint i = 0; i < entry->n; i++)
    {
      if (i == MIN (LONG_AT, entry->n / 2))
        entry->peer->push (entry->pool, &long_task);
      entry->peer->push (entry->pool, entry->task);
    }
  bench_settle (entry, counted + entry->n);
  bench_meter_stop_last (&meter, entry->n, sample);

  while (!g_atomic_int_get (&ended))
    g_usleep (100);
}

static gpointer
work_long (gpointer task)
{
  bench_work (task);

  return NULL;
}

/* One worker has the long one, the other has all others. */
static void
round_among_ideal (const BenchEntry *entry,
                   BenchSample      *sample)
{
  BenchMeter meter;

  bench_meter_start (&meter);
  work_share (entry, entry->n);
  bench_meter_stop (&meter, entry->n, sample);
}

/* The same on bare threads. */
static void
round_among_threads (const BenchEntry *entry,
                     BenchSample      *sample)
{
  guint64    counted = bench_counted ();
  int        ended = FALSE;
  GThread   *thread;
  BenchMeter meter;

  long_task_for (entry, &ended);

  bench_meter_start (&meter);
  thread = g_thread_new ("long", work_long, &long_task);
  work_share (entry, entry->n);
  bench_settle (entry, counted + entry->n);
  bench_meter_stop_last (&meter, entry->n, sample);

  g_thread_join (thread);
}

#define LINE(peer, r, number, t) { &peer, .round = r, .n = number, .task = t }

#define CONTESTANTS(r, number, t) \
  LINE (bench_tl, r ## _pool, number, t),             \
  LINE (bench_ideal, r ## _ideal, number, t),         \
  LINE (bench_threads, r ## _threads, number, t),     \
  LINE (bench_tl_no_spin, r ## _pool, number, t),     \
  LINE (bench_pool_exclusive, r ## _pool, number, t), \
  LINE (bench_pool_future, r ## _pool, number, t),    \
  LINE (bench_dex_pool, r ## _pool, number, t)

static const BenchEntry short_tasks[] = {
  CONTESTANTS (round, 10000, &ten_microseconds),
};

static const BenchEntry long_tasks[] = {
  CONTESTANTS (round, 100, &one_millisecond),
};

static const BenchEntry mixed_tasks[] = {
  CONTESTANTS (round_among, 10000, &ten_microseconds),
};

void
bench_shape (void)
{
  ten_microseconds.loops = bench_loops (10000);
  one_millisecond.loops = bench_loops (1000000);

  bench_rows ("tasks of 10 us", "ns/task", short_tasks);
  bench_rows ("tasks of 1 ms", "ns/task", long_tasks);
  bench_rows ("a long one among 10,000 short", "ns/short task", mixed_tasks);
}
