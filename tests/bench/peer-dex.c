/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "subjects.h"

#define POOL_NAME      "DexThreadPool"
#define SCHEDULER_NAME "DexThreadPoolScheduler"
#define FIBER_NAME     "DexFiber"
#define MAIN_NAME      "DexMainScheduler"

#ifdef HAVE_DEX

/* Naming each future for debuggers would be at its expense. */
#define DEX_DISABLE_STATIC_NAME_MACROS
#include <libdex.h>

void
bench_dex_init (void)
{
  dex_init ();
}

static void
dex_close_nothing (gpointer unused)
{
}

/* ---- The schedulers ---- */

static void
dex_work (gpointer task)
{
  bench_work (task);
}

static gpointer
dex_open_scheduler (const BenchPeer *peer,
                    guint            workers)
{
  return dex_thread_pool_scheduler_get_default ();
}

static gpointer
dex_open_main (const BenchPeer *peer,
               guint            workers)
{
  return dex_scheduler_get_default ();
}

static void
dex_push (gpointer   scheduler,
          BenchTask *task)
{
  dex_scheduler_push (scheduler, dex_work, task);
}

const BenchPeer bench_dex_scheduler = {
  SCHEDULER_NAME,
  .note = "the scheduler of libdex has a thread for every second CPU; it cannot be given a size",
  .open = dex_open_scheduler, .close = dex_close_nothing, .push = dex_push,
};

const BenchPeer bench_dex_main = {
  MAIN_NAME,
  .open = dex_open_main, .close = dex_close_nothing, .push = dex_push,
};

#else

void
bench_dex_init (void)
{
}

#define NO_DEX "libdex: this build has no libdex"

const BenchPeer bench_dex_scheduler = { SCHEDULER_NAME, .note = NO_DEX };
const BenchPeer bench_dex_main = { MAIN_NAME, .note = NO_DEX };

#endif

#if defined (HAVE_DEX) && defined (HAVE_DEX_THREAD_WAIT_FOR)

static DexFuture *
dex_work_for_result (gpointer task)
{
  bench_work (task);

  /* It says TRUE for us, for less than what a future with it would cost. */
  return NULL;
}

static gboolean
dex_result (gpointer pool,
            gpointer future)
{
  return dex_thread_wait_for (future, NULL);
}

static DexFuture *
dex_fiber (gpointer task)
{
  bench_work (task);

  return dex_future_new_true ();
}

static gpointer
dex_spawn (gpointer   scheduler,
           BenchTask *task)
{
  return dex_scheduler_spawn (scheduler, 0, dex_fiber, task, NULL);
}

const BenchPeer bench_dex_fiber = {
  FIBER_NAME,
  .open = dex_open_scheduler, .close = dex_close_nothing, .push = dex_push,
  .submit = dex_spawn, .result = dex_result,
};

#else

const BenchPeer bench_dex_fiber = {
  FIBER_NAME, .note = "DexFiber: this build has no libdex 1.0 with dex_thread_wait_for()",
};

#endif

#if defined (HAVE_DEX) && defined (HAVE_DEX_THREAD_POOL)

static gpointer
dex_open_pool (const BenchPeer *peer,
               guint            workers)
{
  return dex_thread_pool_new (workers);
}

static gpointer
dex_submit (gpointer   pool,
            BenchTask *task)
{
  return dex_thread_pool_submit (pool, NULL, dex_work_for_result, task, NULL);
}

static void
dex_submit_and_drop (gpointer   pool,
                     BenchTask *task)
{
  dex_unref (dex_submit (pool, task));
}

static DexFuture *
dex_called_back (DexFuture *future,
                 gpointer   unused)
{
  bench_owe (-1);

  return NULL;
}

static void
dex_submit_with_callback (gpointer   pool,
                          BenchTask *task)
{
  bench_owe (1);
  dex_future_disown (dex_future_then (dex_submit (pool, task), dex_called_back, NULL, NULL));
}

const BenchPeer bench_dex_pool = {
  POOL_NAME,
  .open = dex_open_pool, .close = dex_unref, .push = dex_submit_and_drop,
  .push_back = dex_submit_with_callback, .submit = dex_submit, .result = dex_result,
};

#else

const BenchPeer bench_dex_pool = {
  POOL_NAME, .note = "DexThreadPool: this build has no libdex 1.2",
};

#endif
