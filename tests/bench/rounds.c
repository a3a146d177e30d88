/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "rounds.h"

#include <string.h>

/* How many tasks go into one call, where a contestant takes several. */
#define CHUNK 1000

/* What is watched in the end: of tasks that take long, all of them. */
static BenchTask *
plain_task (const BenchEntry *entry)
{
  return entry->task != NULL ? entry->task : &bench_tiny;
}

static BenchTask *
last_task (const BenchEntry *entry)
{
  return entry->task != NULL ? entry->task : &bench_tiny_last;
}

static void
push_some (const BenchEntry *entry,
           BenchTask        *task,
           guint             n)
{
  for (guint i = 0; i < n; i++)
    entry->peer->push (entry->pool, task);
}

static void
push_chunks (const BenchEntry *entry,
             BenchTask        *task,
             guint             n)
{
  gpointer tasks[CHUNK];

  for (guint i = 0; i < CHUNK; i++)
    tasks[i] = task;
  for (guint i = 0; i < n; i += CHUNK)
    entry->peer->push_many (entry->pool, tasks, MIN (CHUNK, n - i));
}

/* What one submitter does. */
void
bench_push (const BenchEntry *entry,
            guint             n)
{
  void (*some) (const BenchEntry *, BenchTask *, guint) =
    entry->peer->push_many != NULL ? push_chunks : push_some;
  guint tail = bench_n_last (n);

  some (entry, plain_task (entry), n - tail);
  some (entry, last_task (entry), tail);
}

/* From the first submit to the end of the last task. */
void
bench_round_bulk (const BenchEntry *entry,
                  BenchSample      *sample)
{
  BenchMeter meter;
  guint64    counted = bench_counted ();
  guint      n = bench_together (entry, MAX (entry->submitters, 1), bench_push, &meter);
  gboolean   owing = bench_owed () > 0;

  bench_settle (entry, counted + n);

  /* Where a loop must take note of each, this belongs to the work. */
  if (owing)
    bench_meter_stop (&meter, n, sample);
  else
    bench_meter_stop_last (&meter, n, sample);
}

/* Written to, so that its pages are there. */
gpointer *
bench_handles_new (guint n)
{
  gpointer *handles = g_new (gpointer, n);

  memset (handles, 0xff, n * sizeof *handles);

  return handles;
}

void
bench_submit_all (const BenchEntry *entry,
                  gpointer         *handles)
{
  for (guint i = 0; i < entry->n; i++)
    handles[i] = entry->peer->submit (entry->pool, plain_task (entry));
}

void
bench_result_all (const BenchEntry *entry,
                  gpointer         *handles,
                  gboolean          expected)
{
  guint wrong = 0;

  for (guint i = 0; i < entry->n; i++)
    if (entry->peer->result (entry->pool, handles[i]) != expected)
      wrong++;

  if (wrong > 0)
    bench_fail ("%s has %u wrong results", entry->peer->name, wrong);
}

void
bench_round_kept (const BenchEntry *entry,
                  BenchSample      *sample)
{
  g_autofree gpointer *handles = bench_handles_new (entry->n);
  guint64              counted = bench_counted ();
  BenchMeter           meter;

  bench_meter_start (&meter);
  bench_submit_all (entry, handles);
  bench_result_all (entry, handles, TRUE);
  bench_meter_stop (&meter, entry->n, sample);

  bench_settle (entry, counted + entry->n);
}

/* The median of many round trips, and the CPU time of all of them. */
static void
round_trips (const BenchEntry *entry,
             gulong            pause,
             BenchSample      *sample)
{
  g_autofree gint64 *times = g_new (gint64, entry->n);
  guint64            counted = bench_counted ();
  BenchMeter         meter;

  bench_meter_start (&meter);
  for (guint i = 0; i < entry->n; i++)
    {
      gint64 start;

      if (pause > 0)
        g_usleep (pause);
      start = bench_now ();
      if (!entry->peer->result (entry->pool, entry->peer->submit (entry->pool, &bench_tiny)))
        bench_fail ("%s has a wrong result", entry->peer->name);
      times[i] = bench_now () - start;
    }
  bench_meter_stop (&meter, entry->n, sample);
  sample->value = bench_median (times, entry->n);

  bench_settle (entry, counted + entry->n);
}

void
bench_round_one_by_one (const BenchEntry *entry,
                        BenchSample      *sample)
{
  round_trips (entry, 0, sample);
}

/* Everybody has gone to sleep in between. */
void
bench_round_paused (const BenchEntry *entry,
                    BenchSample      *sample)
{
  round_trips (entry, 1000, sample);
}
