/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

/* What the subjects share: tasks and how they are counted, a clock, and rounds
 * in which one contestant after the other has its turn. What the numbers of a
 * round come to is worked out by report.py; here they are only taken. */

G_BEGIN_DECLS

/* ---- Tasks ---- */

/* A place where tasks stop until it is opened, so that others stay queued. */
typedef struct
{
  GMutex   mutex;
  GCond    cond;
  guint    arrived;
  int      state;
} BenchGate;

void         bench_gate_init        (BenchGate         *gate);
void         bench_gate_clear       (BenchGate         *gate);
void         bench_gate_pass        (BenchGate         *gate);
void         bench_gate_await       (BenchGate         *gate,
                                     guint              n);
void         bench_gate_ready       (BenchGate         *gate);
void         bench_gate_open        (BenchGate         *gate);

/* What a task has to do. Many tasks share one, so that the making of it is no
 * part of what is measured. */
typedef struct
{
  /* Turns of a loop to compute. */
  guint      loops;
  /* Takes the time when it is done; see bench_meter_stop(). */
  gboolean   last;
  BenchGate *gate;
  /* Set instead of counting the task. */
  int       *ended;
} BenchTask;

extern BenchTask bench_tiny;
extern BenchTask bench_tiny_last;

void         bench_work             (BenchTask         *task);
guint64      bench_counted          (void);
guint        bench_loops            (guint64            nanoseconds);
guint        bench_n_last           (guint              n);

/* Answers that a loop has still to give, where the contestant has one. */
void         bench_owe              (int                n);
int          bench_owed             (void);

/* ---- Contestants ---- */

typedef struct _BenchPeer BenchPeer;

/* A way to get something done elsewhere. What one cannot do is NULL; a peer
 * that this build does not have has no open(). */
struct _BenchPeer
{
  const char *name;
  const char *note;
  /* What open() does differently, where several peers share their functions. */
  gint64      option;
  /* How many tasks occupy all of its threads, where that is not the number of
   * workers asked for. */
  guint       holders;

  gpointer  (*open)                 (const BenchPeer   *peer,
                                     guint              workers);
  void      (*close)                (gpointer           pool);
  /* Nobody wants the result. */
  void      (*push)                 (gpointer           pool,
                                     BenchTask         *task);
  void      (*push_many)            (gpointer           pool,
                                     gpointer          *tasks,
                                     guint              n);
  /* The result comes into the loop of the calling thread. */
  void      (*push_back)            (gpointer           pool,
                                     BenchTask         *task);
  /* The result is kept, then waited for; result() also lets go of it, and is
   * false if there is none. */
  gpointer  (*submit)               (gpointer           pool,
                                     BenchTask         *task);
  gboolean  (*result)               (gpointer           pool,
                                     gpointer           handle);
  void      (*cancel)               (gpointer           pool,
                                     gpointer           handle);
  /* One turn of the loop that the contestant cannot do without. */
  void      (*turn)                 (gpointer           pool);
};

/* ---- Rounds ---- */

/* Both for one task: what the row is about, and the CPU time of the whole
 * process in nanoseconds. */
typedef struct
{
  double value;
  double cpu;
} BenchSample;

typedef struct _BenchEntry BenchEntry;

typedef void (*BenchRound)          (const BenchEntry  *entry,
                                     BenchSample       *sample);

/* One line of a table. */
struct _BenchEntry
{
  const BenchPeer *peer;
  BenchRound       round;
  guint            n;
  /* The number is what the line is about, and the same in a quick run. */
  gboolean         keep_n;
  /* What tells it from another line with the same peer. */
  const char      *suffix;
  /* Two, unless it says otherwise. */
  guint            workers;
  guint            submitters;
  /* Whether results are not wanted, where the round leaves that open. */
  gboolean         drop;
  BenchTask       *task;
  gpointer         pool;
};

void         bench_row              (const char        *row,
                                     const char        *unit,
                                     guint              rounds,
                                     const BenchEntry  *entries,
                                     guint              n_entries);

/* A row with the rounds that were asked for, of a static array. */
#define bench_rows(row, unit, entries) \
  bench_row (row, unit, bench_rounds (), entries, G_N_ELEMENTS (entries))

/* The same where chance has a larger part. */
#define bench_rows_often(row, unit, entries) \
  bench_row (row, unit, 3 * bench_rounds (), entries, G_N_ELEMENTS (entries))

guint        bench_rounds           (void);

/* ---- What rounds are made of ---- */

typedef struct
{
  gint64 wall;
  gint64 cpu;
} BenchMeter;

typedef void (*BenchShare)          (const BenchEntry  *entry,
                                     guint              n);

gint64       bench_now              (void);
gint64       bench_cpu              (void);
void         bench_meter_start      (BenchMeter        *meter);
void         bench_meter_stop       (BenchMeter        *meter,
                                     guint              n,
                                     BenchSample       *sample);
void         bench_meter_stop_last  (BenchMeter        *meter,
                                     guint              n,
                                     BenchSample       *sample);
void         bench_pin              (gboolean           pinned);
guint        bench_together         (const BenchEntry  *entry,
                                     guint              threads,
                                     BenchShare         share,
                                     BenchMeter        *meter);
void         bench_settle           (const BenchEntry  *entry,
                                     guint64            counted);
void         bench_hold             (const BenchEntry  *entry,
                                     BenchGate         *gate,
                                     BenchTask         *task);
guint        bench_holders          (const BenchEntry  *entry);
double       bench_median           (gint64            *values,
                                     guint              n);

/* Says what went wrong and ends the program: a number from a contestant that
 * lost work is worth nothing. */
void         bench_fail             (const char        *format,
                                     ...) G_GNUC_PRINTF (1, 2) G_GNUC_NORETURN;

G_END_DECLS
