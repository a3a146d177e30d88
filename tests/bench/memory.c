/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "subjects.h"

#include "rounds.h"

#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

/* What a task takes while it waits for its turn, as the system sees it. Each
 * contestant needs a process of its own, and each row: what one leaves to the
 * allocator, the next one would get for nothing. */

static gint64
resident (void)
{
  FILE  *file = fopen ("/proc/self/statm", "r");
  glong  pages = 0;

  if (file == NULL || fscanf (file, "%*d %ld", &pages) != 1)
    bench_fail ("there is no /proc/self/statm");
  fclose (file);

  return (gint64) pages * sysconf (_SC_PAGESIZE);
}

typedef struct
{
  gint64 before;
  gint64 height;
  gint64 after;
} Resident;

/* A burst, and what is resident before, at its height, and when it is over and
 * the allocator has let go of what it can. */
static void
burst (const BenchEntry *entry,
       Resident         *bytes,
       BenchSample      *sample)
{
  g_autofree gpointer *handles = bench_handles_new (entry->n);
  /* Posts have no result to be kept. */
  gboolean             kept = entry->peer->submit != NULL && !entry->drop;
  guint64              counted = bench_counted ();
  BenchMeter           meter;
  BenchTask            held;
  BenchGate            gate;

  malloc_trim (0);
  bench_meter_start (&meter);
  bytes->before = resident ();

  bench_hold (entry, &gate, &held);
  if (kept)
    bench_submit_all (entry, handles);
  else
    bench_push (entry, entry->n);
  bytes->height = resident ();

  bench_gate_open (&gate);
  if (kept)
    bench_result_all (entry, handles, TRUE);
  bench_settle (entry, counted + entry->n + bench_holders (entry));
  bench_gate_clear (&gate);

  bench_meter_stop (&meter, entry->n, sample);
  malloc_trim (0);
  bytes->after = resident ();
}

static void
round_pending (const BenchEntry *entry,
               BenchSample      *sample)
{
  Resident bytes;

  burst (entry, &bytes, sample);
  sample->value = (double) (bytes.height - bytes.before) / entry->n;
}

static void
round_left (const BenchEntry *entry,
            BenchSample      *sample)
{
  Resident bytes;

  burst (entry, &bytes, sample);
  sample->value = (double) (bytes.after - bytes.before) / entry->n;
}

#define MANY .n = 1000000

#define TASKS(r) \
  { &bench_tl, .round = r, MANY },                         \
  { &bench_tl_post, .round = r, MANY },                    \
  { &bench_pool_exclusive, .round = r, MANY },             \
  { &bench_pool_future, .round = r, MANY },                \
  { &bench_gtask, .round = r, .n = 40000, .workers = 10 }, \
  { &bench_uv, .round = r, MANY },                         \
  { &bench_dex_pool, .round = r, MANY }

#define POSTS(r) \
  { &bench_tl_thread, .round = r, MANY, .workers = 1, .drop = TRUE }, \
  { &bench_invoke, .round = r, MANY, .workers = 1, .drop = TRUE },    \
  { &bench_idle_source, .round = r, MANY, .workers = 1, .drop = TRUE }

static const BenchEntry pending[] = { TASKS (round_pending) };
static const BenchEntry left[] = { TASKS (round_left) };
static const BenchEntry posts_pending[] = { POSTS (round_pending) };
static const BenchEntry posts_left[] = { POSTS (round_left) };

void
bench_memory (void)
{
  bench_rows ("a pending task", "bytes", pending);
  bench_rows ("left of a task after the burst", "bytes", left);
  bench_rows ("a pending post", "bytes", posts_pending);
  bench_rows ("left of a post after the burst", "bytes", posts_left);
}
