/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Prints the checksums of files and of all files in directories, as sha256sum
 * does, with several files being read at once.
 *
 *   walkers ──→ readers ──→ main loop
 *      ↑                        │
 *      └────────────────────────┘
 *
 * The walk is a task that looks for files, blocking, and submits a task for
 * each batch of them. These read, blocking, and print. The main loop hears of
 * the end of each, and is free to show how far things are and to react to
 * Ctrl-C.
 *
 * However many files there are, only so many are on the way: the queue of the
 * readers is bounded, so a submit waits until they get to it, and the walk
 * waits for the main loop as well, see wait_for_main_loop(). */

#include <threadloop.h>

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "batch.h"
#include "console.h"
#include "loop-watch.h"
#include "options.h"
#include "progress-bar.h"
#include "sum-line.h"
#include "tree.h"

/* How many batches may wait for a reader. */
#define MAX_QUEUED 32

/* How much is read at once, and how much is still hashed after a Ctrl-C. */
#define READ_SIZE (64 * 1024)

#define WORKER_NICE 10

#define REDRAW_INTERVAL_MS 100
#define REPORT_INTERVAL_MS 1000

enum
{
  EXIT_OK = 0,
  EXIT_FAILED = 1,
  EXIT_USAGE = 2,
  EXIT_SIGNAL = 128,
};

/* It is all about one job, which outlives all of its tasks. */
typedef struct
{
  /* These do not change any more when the first task starts. */
  const Options        *options;
  TlExecutor           *walkers;
  TlExecutor           *readers;
  TlExecutor           *main_thread;
  GCancellable         *cancellable;
  Console              *console;

  /* Of the task that walks; of the main thread when that has ended. */
  Batch                *batch;
  guint64               n_submitted;

  /* Of all readers. */
  atomic_uint_least64_t n_files;
  atomic_uint_least64_t n_bytes;

  /* The rest is of the main thread alone. */
  GMainLoop            *loop;
  ProgressBar          *bar;
  gboolean              walk_has_ended;
  guint64               n_settled;
  int                   exit_status;
} Job;

/* ---- On the readers ---- */

static gboolean
read_file (Job           *job,
           const char    *path,
           GChecksum     *checksum,
           GCancellable  *cancellable,
           GError       **error)
{
  g_autoptr(GFile) file = g_file_new_for_path (path);
  g_autoptr(GFileInputStream) stream = g_file_read (file, cancellable, error);
  guchar buffer[READ_SIZE];
  gssize n_read;

  if (stream == NULL)
    return FALSE;

  while ((n_read = g_input_stream_read (G_INPUT_STREAM (stream), buffer, sizeof buffer,
                                        cancellable, error)) > 0)
    {
      g_checksum_update (checksum, buffer, n_read);
      atomic_fetch_add (&job->n_bytes, (guint64) n_read);
    }

  return n_read == 0;
}

/* Returns a line to print. */
static char *
checksum_file (Job           *job,
               const char    *path,
               GCancellable  *cancellable,
               GError       **error)
{
  g_autoptr(GChecksum) checksum = g_checksum_new (job->options->algorithm);

  if (!read_file (job, path, checksum, cancellable, error))
    return NULL;

  return sum_line_new (g_checksum_get_string (checksum), path);
}

static gboolean
print_lines (Batch         *batch,
             GCancellable  *cancellable,
             GError       **error)
{
  Job *job = batch->owner;

  if (!console_print (job->console, batch->lines->str, cancellable, error))
    return FALSE;

  atomic_fetch_add (&job->n_files, batch->n_lines);
  batch_drop_lines (batch);
  return TRUE;
}

/* A pipe takes up to PIPE_BUF bytes as a whole, or not at all. So many lines
 * are printed at once: for each, who is at the other end would be woken. */
static gboolean
checksum_into_batch (Batch         *batch,
                     const char    *path,
                     GCancellable  *cancellable,
                     GError       **error)
{
  g_autofree char *line = checksum_file (batch->owner, path, cancellable, error);

  if (line == NULL)
    return FALSE;

  if (batch->lines->len + strlen (line) > PIPE_BUF && !print_lines (batch, cancellable, error))
    return FALSE;

  batch_add_line (batch, line);
  return TRUE;
}

/* Whether to go on after an error is a matter of what it is about: the file,
 * or everything. */
static gboolean
is_fatal (const GError *error)
{
  return error->domain == CONSOLE_ERROR ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static gboolean
checksum_batch (TlFuture  *future,
                gpointer   user_data,
                GError   **error)
{
  Batch *batch = user_data;
  GCancellable *cancellable = tl_future_get_cancellable (future);

  for (guint i = 0; i < batch->paths->len; i++)
    {
      const char *path = batch->paths->pdata[i];
      g_autoptr(GError) reason = NULL;

      if (checksum_into_batch (batch, path, cancellable, &reason))
        continue;

      if (is_fatal (reason))
        {
          g_propagate_error (error, g_steal_pointer (&reason));
          return FALSE;
        }

      batch_add_failure (batch, path, reason);
    }

  if (!print_lines (batch, cancellable, error))
    return FALSE;

  /* Or else the main thread would have to, behind a lock of malloc(). */
  batch_finish (batch);

  return TRUE;
}

/* ---- On the main thread ---- */

static void
cancel (Job *job,
        int  exit_status)
{
  job->exit_status = exit_status;
  g_cancellable_cancel (job->cancellable);
}

static void
quit_if_done (Job *job)
{
  if (job->walk_has_ended && job->n_settled == job->n_submitted)
    g_main_loop_quit (job->loop);
}

/* GIO has the path in some messages and not in others; what the system said
 * is at their end. */
static const char *
get_reason (const GError *error)
{
  const char *colon = g_strrstr (error->message, ": ");

  return colon != NULL ? colon + strlen (": ") : error->message;
}

static void
complain_about_output (Job          *job,
                       const GError *error)
{
  /* All readers find out; the first one to say so is enough. */
  if (g_cancellable_is_cancelled (job->cancellable))
    return;

  console_complain (job->console, "checksum: standard output: %s", get_reason (error));
  cancel (job, EXIT_FAILED);
}

static void
complain (Job          *job,
          const char   *what,
          const GError *error)
{
  g_autofree char *escaped = sum_line_escape_path (what);

  console_complain (job->console, "checksum: %s: %s", escaped, get_reason (error));
  if (job->exit_status == EXIT_OK)
    job->exit_status = EXIT_FAILED;
}

static void
complain_about_batch (Batch        *batch,
                      const GError *error)
{
  for (guint i = 0; error != NULL && i < batch->paths->len; i++)
    complain (batch->owner, batch->paths->pdata[i], error);

  for (guint i = 0; i < batch->failures->len; i++)
    {
      Failure *failure = batch->failures->pdata[i];

      complain (batch->owner, failure->path, failure->error);
    }
}

static void
batch_done (TlFuture *future,
            gpointer  user_data)
{
  Batch *batch = user_data;
  Job *job = batch->owner;
  const GError *error = tl_future_get_error (future);

  if (error != NULL && error->domain == CONSOLE_ERROR)
    complain_about_output (job, error);
  else if (!tl_future_cancelled (future))
    complain_about_batch (batch, error);

  job->n_settled++;
  quit_if_done (job);
}

static void
walk_done (TlFuture *future,
           gpointer  user_data)
{
  Job *job = user_data;
  const GError *error = tl_future_get_error (future);

  if (error != NULL && !tl_future_cancelled (future))
    complain (job, "cannot look for files", error);

  job->walk_has_ended = TRUE;
  quit_if_done (job);
}

static void
count_done (TlFuture *future,
            gpointer  user_data)
{
  Job *job = user_data;
  const Amount *total = tl_future_get_pointer (future, NULL);

  if (total != NULL)
    progress_bar_set_total (job->bar, total);
}

static Amount
get_amount_done (Job *job)
{
  Amount done = { atomic_load (&job->n_files), atomic_load (&job->n_bytes) };

  return done;
}

static gboolean
show_progress (gpointer user_data)
{
  Job *job = user_data;
  g_autofree char *text = NULL;
  Amount done = get_amount_done (job);

  progress_bar_update (job->bar, &done);
  text = progress_bar_to_string (job->bar, console_get_width ());

  if (console_is_terminal ())
    console_set_status (job->console, text);
  else
    console_complain (job->console, "checksum: %s", text);

  return G_SOURCE_CONTINUE;
}

static gboolean
interrupted (gpointer user_data)
{
  cancel (user_data, EXIT_SIGNAL + SIGINT);

  /* With its source gone, a second signal kills as usual. */
  return G_SOURCE_REMOVE;
}

static gboolean
terminated (gpointer user_data)
{
  cancel (user_data, EXIT_SIGNAL + SIGTERM);

  return G_SOURCE_REMOVE;
}

/* ---- On the walkers ---- */

static gboolean
do_nothing (TlFuture  *future,
            gpointer   user_data,
            GError   **error)
{
  return TRUE;
}

/* Batches that are done wait for the main loop to hear of them, in a queue that
 * has no bound. Should the main loop be behind, because its terminal is
 * stopped, say, then so has to be the walk. With a priority below that of
 * done-callbacks, this comes after all that there are. */
static void
wait_for_main_loop (Job *job)
{
  g_autoptr(TlFuture) turn = tl_executor_submit_full (job->main_thread, "turn",
                                                      G_PRIORITY_DEFAULT + 1, -1,
                                                      job->cancellable, do_nothing, NULL, NULL);

  tl_future_wait (turn, -1, job->cancellable, NULL);
}

static void
submit_batch (Job *job)
{
  g_autoptr(Batch) batch = g_steal_pointer (&job->batch);
  g_autoptr(TlFuture) future = NULL;

  /* Waits while the queue is full. */
  future = tl_executor_submit_full (job->readers, NULL, G_PRIORITY_DEFAULT, -1, job->cancellable,
                                    checksum_batch, batch_ref (batch), (GDestroyNotify) batch_unref);

  /* A worker has no main context of its own, so the callback goes to the
   * global default one: to the main loop. */
  tl_future_add_done_callback (future, batch_done, batch_ref (batch), (GDestroyNotify) batch_unref);

  job->batch = batch_new (job);
  if (++job->n_submitted % MAX_QUEUED == 0)
    wait_for_main_loop (job);
}

static gboolean
add_to_batch (const char   *path,
              goffset       size,
              const GError *error,
              gpointer      user_data)
{
  Job *job = user_data;

  /* The lines of small files are not to wait for a large one. */
  if (size >= BATCH_FULL_SIZE && !batch_is_empty (job->batch))
    submit_batch (job);

  if (error == NULL)
    batch_add_path (job->batch, path, size);
  else
    batch_add_failure (job->batch, path, error);

  if (batch_is_full (job->batch))
    submit_batch (job);

  return !g_cancellable_is_cancelled (job->cancellable);
}

static gboolean
walk (TlFuture  *future,
      gpointer   user_data,
      GError   **error)
{
  Job *job = user_data;

  if (!tree_walk (job->options->paths, job->cancellable, add_to_batch, job))
    return !g_cancellable_set_error_if_cancelled (job->cancellable, error);

  if (!batch_is_empty (job->batch))
    submit_batch (job);

  return TRUE;
}

static gboolean
add_to_amount (const char   *path,
               goffset       size,
               const GError *error,
               gpointer      user_data)
{
  Amount *amount = user_data;

  if (error == NULL)
    {
      amount->n_files++;
      amount->n_bytes += (guint64) size;
    }

  return TRUE;
}

/* Runs beside the walk, which gets ahead of the readers only as far as the
 * queue permits, and so knows too late how much there is. */
static gboolean
count (TlFuture  *future,
       gpointer   user_data,
       GError   **error)
{
  Job *job = user_data;
  g_autofree Amount *total = g_new0 (Amount, 1);

  if (!tree_walk (job->options->paths, job->cancellable, add_to_amount, total))
    return !g_cancellable_set_error_if_cancelled (job->cancellable, error);

  tl_future_set_pointer (future, g_steal_pointer (&total), g_free);
  return TRUE;
}

/* ---- The job ---- */

/* Around the life of each worker. Should there be more threads to run than
 * processors, the main loop is the first that gets one. */
static gboolean
give_way (gpointer   user_data,
          GError   **error)
{
  /* On Linux this is about the calling thread. */
  if (nice (WORKER_NICE) == -1)
    g_debug ("The workers will not give way to the main loop");

  tl_thread_run ();
  return TRUE;
}

static TlExecutor *
new_pool (const char *name,
          guint       max_workers)
{
  TlExecutor *pool = tl_executor_new (name, max_workers);

  tl_executor_set_thread_func (pool, give_way, NULL, NULL);

  return pool;
}

static void
job_init (Job           *job,
          const Options *options)
{
  job->options = options;
  job->cancellable = g_cancellable_new ();
  job->console = console_new ();
  job->loop = g_main_loop_new (NULL, FALSE);
  job->bar = progress_bar_new ();
  job->batch = batch_new (job);
  job->main_thread = tl_executor_new_for_context (NULL);
  job->walkers = new_pool ("walk", 2);
  job->readers = new_pool ("read", (guint) options->n_jobs);
  tl_executor_set_max_queued (job->readers, MAX_QUEUED);
  tl_executor_set_when_full (job->readers, TL_WHEN_FULL_BLOCK);
}

static void
job_clear (Job *job)
{
  g_clear_object (&job->cancellable);
  g_clear_object (&job->walkers);
  g_clear_object (&job->readers);
  g_clear_object (&job->main_thread);
  g_clear_pointer (&job->console, console_free);
  g_clear_pointer (&job->bar, progress_bar_free);
  g_clear_pointer (&job->batch, batch_unref);
  g_clear_pointer (&job->loop, g_main_loop_unref);
}

static void
job_start (Job *job)
{
  g_autoptr(TlFuture) walking = NULL;

  walking = tl_executor_submit (job->walkers, walk, job, NULL);
  tl_future_add_done_callback (walking, walk_done, job, NULL);

  if (job->options->show_progress)
    {
      g_autoptr(TlFuture) counting = tl_executor_submit (job->walkers, count, job, NULL);

      tl_future_add_done_callback (counting, count_done, job, NULL);
      g_timeout_add (console_is_terminal () ? REDRAW_INTERVAL_MS : REPORT_INTERVAL_MS,
                     show_progress, job);
    }
}

/* No batch is on the way any more, but the counting may still go on. */
static void
job_end (Job *job)
{
  g_cancellable_cancel (job->cancellable);
  tl_executor_shutdown (job->walkers, TL_SHUTDOWN_DRAIN, -1, NULL, NULL);
  tl_executor_shutdown (job->readers, TL_SHUTDOWN_DRAIN, -1, NULL, NULL);
  if (console_is_terminal ())
    console_set_status (job->console, "");
}

static void
print_summary (Job    *job,
               gint64  elapsed,
               gint64  held_up)
{
  double seconds = (double) MAX (elapsed, 1) / G_USEC_PER_SEC;
  Amount done = get_amount_done (job);

  console_complain (job->console,
                    "checksum: %" G_GUINT64_FORMAT " files, %" G_GUINT64_FORMAT " bytes, "
                    "%.1f MB/s, main loop held up for %.2f ms at most",
                    done.n_files, done.n_bytes, (double) done.n_bytes / 1e6 / seconds,
                    (double) held_up / 1e3);
}

static int
run (const Options *options)
{
  Job job = { 0 };
  g_autoptr(LoopWatch) watch = loop_watch_new (NULL);
  gint64 started = g_get_monotonic_time ();

  job_init (&job, options);
  g_unix_signal_add (SIGINT, interrupted, &job);
  g_unix_signal_add (SIGTERM, terminated, &job);

  job_start (&job);
  g_main_loop_run (job.loop);
  job_end (&job);

  print_summary (&job, g_get_monotonic_time () - started, loop_watch_get_longest (watch));
  job_clear (&job);

  return job.exit_status;
}

/* ---- The program ---- */

/* If standard output is closed, its number would go to the next file that is
 * opened, and the checksums into that. */
static gboolean
has_output (void)
{
  return fcntl (STDOUT_FILENO, F_GETFD) != -1;
}

static int
usage_error (const GError *error)
{
  fprintf (stderr, "checksum: %s\nTry 'checksum --help'.\n", error->message);
  return EXIT_USAGE;
}

int
main (int    argc,
      char **argv)
{
  g_auto(Options) options = { 0 };
  g_autoptr(GError) error = NULL;

  if (!has_output ())
    {
      fprintf (stderr, "checksum: standard output: %s\n", g_strerror (errno));
      return EXIT_FAILED;
    }

  setlocale (LC_ALL, "");

  /* A pipe that nobody reads is an error like others. */
  signal (SIGPIPE, SIG_IGN);

  if (!options_parse (&options, &argc, &argv, &error))
    return usage_error (error);

  return run (&options);
}
