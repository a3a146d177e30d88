/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "subjects.h"

#define UV_NAME "libuv"

#ifdef HAVE_UV

#include <uv.h>

/* uv_queue_work() belongs to the loop's thread, so that there is one submitter
 * only; and each request comes back into the loop, whoever wants it or not. */

typedef struct
{
  uv_work_t  request;
  BenchTask *task;
  gboolean   kept;
  gboolean   done;
  gboolean   value;
} Request;

/* Read when the first work is queued; afterwards it cannot be changed. */
void
bench_uv_init (void)
{
  g_setenv ("UV_THREADPOOL_SIZE", "2", TRUE);
}

static gpointer
uv_open (const BenchPeer *peer,
         guint            workers)
{
  uv_loop_t *loop = g_new0 (uv_loop_t, 1);

  g_assert (workers == 2);
  uv_loop_init (loop);

  return loop;
}

static void
uv_close_loop (gpointer loop)
{
  uv_loop_close (loop);
  g_free (loop);
}

static void
uv_work (uv_work_t *work)
{
  bench_work (((Request *) work)->task);
}

static void
uv_back (uv_work_t *work,
         int        status)
{
  Request *request = (Request *) work;

  bench_owe (-1);
  request->done = TRUE;
  request->value = status == 0;
  if (!request->kept)
    g_free (request);
}

static Request *
uv_queue (gpointer   loop,
          BenchTask *task,
          gboolean   kept)
{
  Request *request = g_new (Request, 1);

  request->task = task;
  request->kept = kept;
  request->done = FALSE;
  bench_owe (1);
  uv_queue_work (loop, &request->request, uv_work, uv_back);

  return request;
}

static void
uv_push (gpointer   loop,
         BenchTask *task)
{
  uv_queue (loop, task, FALSE);
}

static gpointer
uv_submit (gpointer   loop,
           BenchTask *task)
{
  return uv_queue (loop, task, TRUE);
}

static void
uv_turn (gpointer loop)
{
  uv_run (loop, UV_RUN_ONCE);
}

static gboolean
uv_result (gpointer loop,
           gpointer handle)
{
  g_autofree Request *request = handle;

  while (!request->done)
    uv_turn (loop);

  return request->value;
}

static void
uv_cancel_request (gpointer loop,
                   gpointer request)
{
  if (uv_cancel (request) != 0)
    bench_fail ("libuv could not cancel what was queued");
}

const BenchPeer bench_uv = {
  UV_NAME, .note = "libuv works for the thread of its loop alone, and each request comes back there",
  .open = uv_open, .close = uv_close_loop, .push = uv_push,
  .push_back = uv_push, .submit = uv_submit, .result = uv_result, .cancel = uv_cancel_request,
  .turn = uv_turn,
};

#else

void
bench_uv_init (void)
{
}

const BenchPeer bench_uv = { UV_NAME, .note = "libuv: this build has no libuv" };

#endif
