/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the tests see of the process: its threads, its file descriptors, and
 * the errors that it reports. */

/* For CPU_COUNT(). */
#define _GNU_SOURCE

#include "tl-test.h"

#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- /proc ---- */

/* Those whose names begin with @comm_prefix, of @n_all. */
static guint
count_entries (const char *path,
               const char *comm_prefix,
               guint      *n_all)
{
  g_autoptr(GDir) dir = g_dir_open (path, 0, NULL);
  const char     *name;
  guint           n = 0;

  *n_all = 0;
  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, "comm", NULL);
      g_autofree char *comm = NULL;

      /* What ends meanwhile is not there. */
      if (comm_prefix != NULL && !g_file_get_contents (file, &comm, NULL, NULL))
        continue;

      *n_all += 1;
      if (comm_prefix != NULL && g_str_has_prefix (comm, comm_prefix))
        n++;
    }

  return n;
}

/* By the system's own count. */
static guint
n_all_threads (void)
{
  g_autofree char *status = NULL;
  const char      *line;

  g_assert_true (g_file_get_contents ("/proc/self/status", &status, NULL, NULL));
  line = strstr (status, "\nThreads:");
  g_assert_nonnull (line);

  return (guint) g_ascii_strtoull (line + strlen ("\nThreads:"), NULL, 10);
}

/* The threads of the process whose names begin like that, %NULL for all. A
 * list that is read while threads end leaves out some that go on: it is read
 * again until it is as long as it has to be. */
guint
tt_n_threads (const char *prefix)
{
  guint n, n_listed, n_before;

  if (prefix == NULL)
    return n_all_threads ();

  do
    {
      n_before = n_all_threads ();
      n = count_entries ("/proc/self/task", prefix, &n_listed);
    }
  while (n_listed != n_before || n_listed != n_all_threads ());

  return n;
}

guint
tt_n_fds (void)
{
  guint n;

  count_entries ("/proc/self/fd", NULL, &n);

  return n;
}

/* Those that this process may use, which GLib does not ask everywhere: there
 * may be one in a machine of many. */
guint
tt_n_processors (void)
{
  cpu_set_t set;

  if (sched_getaffinity (0, sizeof set, &set) == 0)
    return (guint) CPU_COUNT (&set);

  return g_get_num_processors ();
}

int
tt_gettid (void)
{
  return (int) syscall (SYS_gettid);
}

/* A thread that was joined is still in /proc for a moment. */
void
tt_wait_threads (const char *prefix,
                 guint       n)
{
  gint64 end = g_get_monotonic_time () + TT_PATIENCE;

  while (tt_n_threads (prefix) > n)
    {
      if (g_get_monotonic_time () > end)
        g_error ("%s: %u threads are left, not %u",
                 g_test_get_path (), tt_n_threads (prefix), n);
      g_usleep (500);
    }
}

void
tt_wait_fds (guint n)
{
  gint64 end = g_get_monotonic_time () + TT_PATIENCE;

  while (tt_n_fds () > n)
    {
      if (g_get_monotonic_time () > end)
        g_error ("%s: %u file descriptors are open, not %u",
                 g_test_get_path (), tt_n_fds (), n);
      g_usleep (500);
    }
}

/* Waits until another thread sleeps, most likely in the call that it is to be
 * interrupted in. No outcome may depend on it: it only makes the interesting
 * case the usual one. */
void
tt_wait_asleep (int *tid)
{
  gint64 end = g_get_monotonic_time () + TT_PATIENCE;

  while (g_get_monotonic_time () < end)
    {
      int id = g_atomic_int_get (tid);

      if (id != 0)
        {
          g_autofree char *file = g_strdup_printf ("/proc/self/task/%d/stat", id);
          g_autofree char *stat = NULL;
          const char      *paren;

          if (!g_file_get_contents (file, &stat, NULL, NULL))
            return;
          paren = strrchr (stat, ')');
          if (paren != NULL && g_str_has_prefix (paren, ") S"))
            return;
        }
      g_usleep (500);
    }
}

/* ---- Reports ---- */

static GMutex     tt_reports_mutex;
static GPtrArray *tt_reports;

static void
tt_report_free (gpointer data)
{
  TtReport *report = data;

  g_free (report->executor);
  g_free (report->task);
  g_error_free (report->error);
  g_free (report);
}

static void
tt_report (const char   *executor,
           const char   *task,
           const GError *error,
           gpointer      unused)
{
  TtReport *report = g_new0 (TtReport, 1);

  g_assert_nonnull (executor);
  g_assert_nonnull (task);
  g_assert_nonnull (error);
  report->executor = g_strdup (executor);
  report->task = g_strdup (task);
  report->error = g_error_copy (error);
  report->thread = g_thread_self ();

  g_mutex_lock (&tt_reports_mutex);
  g_ptr_array_add (tt_reports, report);
  g_mutex_unlock (&tt_reports_mutex);
}

void
tt_reports_begin (void)
{
  g_assert_null (tt_reports);
  tt_reports = g_ptr_array_new_with_free_func (tt_report_free);
  tl_set_error_handler (tt_report, NULL, NULL);
}

guint
tt_reports_count (void)
{
  guint n;

  g_mutex_lock (&tt_reports_mutex);
  n = tt_reports->len;
  g_mutex_unlock (&tt_reports_mutex);

  return n;
}

TtReport *
tt_reports_get (guint i)
{
  TtReport *report;

  g_mutex_lock (&tt_reports_mutex);
  g_assert_cmpuint (i, <, tt_reports->len);
  report = g_ptr_array_index (tt_reports, i);
  g_mutex_unlock (&tt_reports_mutex);

  return report;
}

static gboolean
tt_reports_reached (gpointer n)
{
  return tt_reports_count () >= GPOINTER_TO_UINT (n);
}

void
tt_reports_await (guint n)
{
  tt_poll_until (tt_reports_reached, GUINT_TO_POINTER (n), "the errors were reported");
  g_assert_cmpuint (tt_reports_count (), ==, n);
}

void
tt_reports_end (void)
{
  tl_set_error_handler (NULL, NULL, NULL);
  g_clear_pointer (&tt_reports, g_ptr_array_unref);
}
