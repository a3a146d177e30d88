/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "subjects.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What a machine allows: as little as can be between one thread and another.
 * None of these could be used as they are; they spin, or hold a fixed number,
 * or know of nothing but their one partner. */

static void
relax (guint *turns)
{
  if (++*turns % 128 == 0)
    sched_yield ();
#if defined (__x86_64__) || defined (__i386__)
  else
    __builtin_ia32_pause ();
#endif
}

/* ---- Threads that take from something ---- */

typedef BenchTask *(*Take) (gpointer queue);

typedef struct
{
  gpointer   queue;
  Take       take;
  int        stopped;
  guint      n;
  GThread  **threads;
} Crew;

static gpointer
crew_work (gpointer data)
{
  Crew  *self = data;
  guint  turns = 0;

  while (!g_atomic_int_get (&self->stopped))
    {
      BenchTask *task = self->take (self->queue);

      if (task != NULL)
        bench_work (task);
      else
        relax (&turns);
    }

  return NULL;
}

static void
crew_start (Crew     *self,
            gpointer  queue,
            Take      take,
            guint     workers)
{
  self->queue = queue;
  self->take = take;
  self->n = workers;
  self->threads = g_new (GThread *, workers);
  for (guint i = 0; i < workers; i++)
    self->threads[i] = g_thread_new ("limit", crew_work, self);
}

static void
crew_stop (Crew *self)
{
  g_atomic_int_set (&self->stopped, TRUE);
  for (guint i = 0; i < self->n; i++)
    g_thread_join (self->threads[i]);
  g_free (self->threads);
}

/* ---- A ring without a lock, after Dmitry Vyukov ---- */

#define RING_SIZE 65536

typedef struct
{
  gsize      turn;
  BenchTask *task;
} Cell;

typedef struct
{
  Cell  cells[RING_SIZE];
  gsize head __attribute__ ((aligned (128)));
  gsize tail __attribute__ ((aligned (128)));
  Crew  crew __attribute__ ((aligned (128)));
} Ring;

/* The next cell at the end that `end` counts, once its turn has come; NULL if
 * it has not. */
static Cell *
ring_claim (Ring  *ring,
            gsize *end,
            gsize  ahead,
            gsize *place)
{
  gsize at = __atomic_load_n (end, __ATOMIC_RELAXED);

  for (;;)
    {
      Cell   *cell = &ring->cells[at % RING_SIZE];
      gssize  late = (gssize) (__atomic_load_n (&cell->turn, __ATOMIC_ACQUIRE) - (at + ahead));

      if (late < 0)
        return NULL;
      if (late > 0)
        at = __atomic_load_n (end, __ATOMIC_RELAXED);
      else if (__atomic_compare_exchange_n (end, &at, at + 1, TRUE, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        {
          *place = at;
          return cell;
        }
    }
}

static BenchTask *
ring_take (gpointer data)
{
  Ring      *ring = data;
  BenchTask *task;
  gsize      at;
  Cell      *cell = ring_claim (ring, &ring->head, 1, &at);

  if (cell == NULL)
    return NULL;

  task = cell->task;
  __atomic_store_n (&cell->turn, at + RING_SIZE, __ATOMIC_RELEASE);

  return task;
}

static void
ring_push (gpointer   data,
           BenchTask *task)
{
  Ring  *ring = data;
  guint  turns = 0;
  gsize  at;
  Cell  *cell;

  while ((cell = ring_claim (ring, &ring->tail, 0, &at)) == NULL)
    relax (&turns);

  cell->task = task;
  __atomic_store_n (&cell->turn, at + 1, __ATOMIC_RELEASE);
}

static gpointer
ring_open (const BenchPeer *peer,
           guint            workers)
{
  Ring *ring = g_aligned_alloc0 (1, sizeof *ring, 128);

  for (gsize i = 0; i < RING_SIZE; i++)
    ring->cells[i].turn = i;
  crew_start (&ring->crew, ring, ring_take, workers);

  return ring;
}

static void
ring_close (gpointer ring)
{
  crew_stop (&((Ring *) ring)->crew);
  g_aligned_free (ring);
}

/* ---- A ring under one lock ---- */

typedef struct
{
  GMutex     lock;
  gsize      head;
  gsize      tail;
  BenchTask *tasks[RING_SIZE];
  Crew       crew;
} LockedRing;

static BenchTask *
locked_take (gpointer data)
{
  LockedRing *ring = data;
  BenchTask  *task = NULL;

  g_mutex_lock (&ring->lock);
  if (ring->head != ring->tail)
    task = ring->tasks[ring->head++ % RING_SIZE];
  g_mutex_unlock (&ring->lock);

  return task;
}

static gboolean
locked_try_push (LockedRing *ring,
                 BenchTask  *task)
{
  gboolean room;

  g_mutex_lock (&ring->lock);
  room = ring->tail - ring->head < RING_SIZE;
  if (room)
    ring->tasks[ring->tail++ % RING_SIZE] = task;
  g_mutex_unlock (&ring->lock);

  return room;
}

static void
locked_push (gpointer   ring,
             BenchTask *task)
{
  guint turns = 0;

  while (!locked_try_push (ring, task))
    relax (&turns);
}

static gpointer
locked_open (const BenchPeer *peer,
             guint            workers)
{
  LockedRing *ring = g_new0 (LockedRing, 1);

  g_mutex_init (&ring->lock);
  crew_start (&ring->crew, ring, locked_take, workers);

  return ring;
}

static void
locked_close (gpointer data)
{
  LockedRing *ring = data;

  crew_stop (&ring->crew);
  g_mutex_clear (&ring->lock);
  g_free (ring);
}

/* ---- Ping-pong ---- */

enum
{
  BALL_AWAY,
  BALL_SENT,
  BALL_BACK,
  BALL_LOST,
};

typedef struct
{
  int        ball;
  gboolean   spins;
  BenchTask *task;
  GThread   *partner;
} Table;

static void
table_set (Table *table,
           int    ball)
{
  __atomic_store_n (&table->ball, ball, __ATOMIC_RELEASE);
  if (!table->spins)
    syscall (SYS_futex, &table->ball, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* Until the ball is where it is waited for, or lost. */
static gboolean
table_await (Table *table,
             int    wanted)
{
  guint turns = 0;
  int   ball;

  while ((ball = __atomic_load_n (&table->ball, __ATOMIC_ACQUIRE)) != wanted && ball != BALL_LOST)
    {
      if (!table->spins)
        syscall (SYS_futex, &table->ball, FUTEX_WAIT_PRIVATE, ball, NULL, NULL, 0);
      else
        relax (&turns);
    }

  return ball == wanted;
}

static gpointer
table_play (gpointer data)
{
  Table *table = data;

  while (table_await (table, BALL_SENT))
    {
      bench_work (table->task);
      table_set (table, BALL_BACK);
    }

  return NULL;
}

static gpointer
table_open (const BenchPeer *peer,
            guint            workers)
{
  Table *table = g_new0 (Table, 1);

  table->spins = (gboolean) peer->option;
  table->partner = g_thread_new ("limit", table_play, table);

  return table;
}

static void
table_close (gpointer data)
{
  Table *table = data;

  table_set (table, BALL_LOST);
  g_thread_join (table->partner);
  g_free (table);
}

static gpointer
table_submit (gpointer   data,
              BenchTask *task)
{
  Table *table = data;

  table->task = task;
  table_set (table, BALL_SENT);

  return table;
}

static gboolean
table_result (gpointer pool,
              gpointer handle)
{
  return table_await (handle, BALL_BACK);
}

/* ---- No pool at all, for rounds that make their own threads ---- */

static gpointer
nothing_open (const BenchPeer *peer,
              guint            workers)
{
  return (gpointer) peer;
}

static void
nothing_close (gpointer unused)
{
}

/* ---- Who takes part ---- */

#define RING_NOTE "the limits are what the machine allows: nobody could use them as they are"

const BenchPeer bench_ring = {
  "limit: lock-free ring", .note = RING_NOTE,
  .open = ring_open, .close = ring_close, .push = ring_push,
};

const BenchPeer bench_locked_ring = {
  "limit: ring under one lock", .note = RING_NOTE,
  .open = locked_open, .close = locked_close, .push = locked_push,
};

const BenchPeer bench_futex = {
  "limit: futex ping-pong", .note = RING_NOTE, .option = FALSE,
  .open = table_open, .close = table_close, .submit = table_submit, .result = table_result,
};

const BenchPeer bench_spin = {
  "limit: spinning ping-pong", .note = RING_NOTE, .option = TRUE,
  .open = table_open, .close = table_close, .submit = table_submit, .result = table_result,
};

const BenchPeer bench_ideal = {
  "ideal: work divided by workers",
  .note = "the ideal: one thread alone does the share of one worker",
  .open = nothing_open, .close = nothing_close,
};

const BenchPeer bench_threads = {
  "limit: bare threads", .note = RING_NOTE,
  .open = nothing_open, .close = nothing_close,
};
