/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* For sched_setaffinity(). */
#define _GNU_SOURCE

#include "bench-peer.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static double
read_clock (clockid_t clock)
{
  struct timespec now;

  if (clock_gettime (clock, &now) != 0)
    return 0;

  return (double) now.tv_sec * 1e9 + (double) now.tv_nsec;
}

/**
 * bench_peer_now:
 *
 * Returns: the monotonic time, in nanoseconds
 */
double
bench_peer_now (void)
{
  return read_clock (CLOCK_MONOTONIC);
}

static double
nanoseconds (struct timeval time)
{
  return (double) time.tv_sec * 1e9 + (double) time.tv_usec * 1e3;
}

/* Of those that have ended and been waited for. */
static double
cpu_time_of_dead_children (void)
{
  struct rusage usage;

  getrusage (RUSAGE_CHILDREN, &usage);

  return nanoseconds (usage.ru_utime) + nanoseconds (usage.ru_stime);
}

static double
cpu_time_of_children (const char *pid)
{
  g_autofree char *tasks_path = g_strconcat ("/proc/", pid, "/task", NULL);
  g_autoptr(GDir) tasks = g_dir_open (tasks_path, 0, NULL);
  const char *task;
  double sum = 0;

  while (tasks != NULL && (task = g_dir_read_name (tasks)) != NULL)
    {
      g_autofree char *path = g_build_filename (tasks_path, task, "children", NULL);
      g_autofree char *text = NULL;
      g_auto(GStrv) children = NULL;

      if (!g_file_get_contents (path, &text, NULL, NULL))
        continue;

      children = g_strsplit (text, " ", -1);
      for (guint i = 0; children[i] != NULL; i++)
        {
          clockid_t clock;

          if (*children[i] == '\0' || clock_getcpuclockid (atoi (children[i]), &clock) != 0)
            continue;
          sum += read_clock (clock) + cpu_time_of_children (children[i]);
        }
    }

  return sum;
}

/**
 * bench_peer_cpu_time:
 *
 * What this process has used of the processors, and its children, so that
 * nobody can hide in another process.
 *
 * Returns: processor time, in nanoseconds
 */
double
bench_peer_cpu_time (void)
{
  return read_clock (CLOCK_PROCESS_CPUTIME_ID) + cpu_time_of_dead_children () + cpu_time_of_children ("self");
}

/**
 * bench_peer_pin:
 * @pinned: whether all threads are to stay on one processor
 *
 * Pins the threads that there are now; those made later, and children, do as
 * the thread does that makes them.
 */
void
bench_peer_pin (gboolean pinned)
{
  static cpu_set_t all;
  static gsize has_all = 0;
  g_autoptr(GDir) tasks = g_dir_open ("/proc/self/task", 0, NULL);
  cpu_set_t one;
  const char *task;
  int first = 0;

  if (g_once_init_enter (&has_all))
    {
      sched_getaffinity (0, sizeof all, &all);
      g_once_init_leave (&has_all, 1);
    }

  while (first < CPU_SETSIZE - 1 && !CPU_ISSET (first, &all))
    first++;
  CPU_ZERO (&one);
  CPU_SET (first, &one);

  while (tasks != NULL && (task = g_dir_read_name (tasks)) != NULL)
    sched_setaffinity (atoi (task), sizeof all, pinned ? &one : &all);
}
