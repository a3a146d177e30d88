/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "progress-bar.h"

#include <string.h>

/* The rate is that of about so many seconds past. */
#define RATE_SECONDS 5.0

/* A bar shorter than this says nothing. */
#define MIN_BAR 10
#define MAX_BAR 40

struct _ProgressBar
{
  Amount   done;
  Amount   total;
  gboolean has_total;

  gint64   started;
  gint64   updated;
  double   rate;        /* bytes a second */
};

ProgressBar *
progress_bar_new (void)
{
  ProgressBar *self = g_new0 (ProgressBar, 1);

  self->started = self->updated = g_get_monotonic_time ();

  return self;
}

void
progress_bar_free (ProgressBar *self)
{
  g_free (self);
}

void
progress_bar_set_total (ProgressBar  *self,
                        const Amount *total)
{
  self->total = *total;
  self->has_total = TRUE;
}

void
progress_bar_update (ProgressBar  *self,
                     const Amount *done)
{
  gint64 now = g_get_monotonic_time ();
  double seconds = (double) (now - self->updated) / G_USEC_PER_SEC;
  double age = (double) (now - self->started) / G_USEC_PER_SEC;

  if (seconds > 0)
    {
      double rate = (double) (done->n_bytes - self->done.n_bytes) / seconds;

      /* An exponential average, and a plain one while it is young. */
      self->rate += (rate - self->rate) * MIN (1.0, seconds / MIN (age, RATE_SECONDS));
      self->updated = now;
    }

  self->done = *done;
}

static char *
format_bytes (double bytes)
{
  static const char units[][3] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
  gsize unit = 0;

  while (bytes >= 999.95 && unit + 1 < G_N_ELEMENTS (units))
    {
      bytes /= 1000;
      unit++;
    }

  return g_strdup_printf (unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
}

static char *
format_time (double seconds)
{
  guint64 s = (guint64) (seconds + 0.5);

  if (s >= 3600)
    return g_strdup_printf ("%" G_GUINT64_FORMAT ":%02u:%02u", s / 3600,
                            (guint) (s / 60 % 60), (guint) (s % 60));

  return g_strdup_printf ("%u:%02u", (guint) (s / 60), (guint) (s % 60));
}

/* Files come and go after they were counted, hence the limit. */
static double
get_fraction (ProgressBar *self)
{
  if (self->total.n_bytes > 0)
    return MIN (1.0, (double) self->done.n_bytes / (double) self->total.n_bytes);
  if (self->total.n_files > 0)
    return MIN (1.0, (double) self->done.n_files / (double) self->total.n_files);

  return 1.0;
}

static char *
format_time_left (ProgressBar *self)
{
  double left = (double) self->total.n_bytes * (1.0 - get_fraction (self));
  g_autofree char *time = NULL;

  if (!self->has_total)
    return g_strdup ("counting");
  if (self->rate < 1.0)
    return g_strdup ("-:-- left");

  time = format_time (left / self->rate);
  return g_strconcat (time, " left", NULL);
}

static char *
format_bar (ProgressBar *self,
            gsize        length)
{
  double fraction = get_fraction (self);
  g_autofree char *filled = g_strnfill ((gsize) (fraction * (double) length), '#');

  return g_strdup_printf ("%3d%% [%-*s]  ", (int) (fraction * 100), (int) length, filled);
}

char *
progress_bar_to_string (ProgressBar *self,
                        guint        width)
{
  g_autofree char *bytes = format_bytes ((double) self->done.n_bytes);
  g_autofree char *rate = format_bytes (self->rate);
  g_autofree char *left = format_time_left (self);
  g_autofree char *bar = NULL;
  char *text = g_strdup_printf ("%" G_GUINT64_FORMAT " files  %s  %s/s  %s",
                                self->done.n_files, bytes, rate, left);
  gsize used = strlen (text) + strlen ("100% []  ") + 1;

  if (self->has_total && used + MIN_BAR <= width)
    {
      g_autofree char *numbers = text;

      bar = format_bar (self, MIN (width - used, MAX_BAR));
      return g_strconcat (bar, numbers, NULL);
    }

  /* The last column stays free: some terminals wrap there. */
  if (strlen (text) >= width)
    text[MAX (width, 1) - 1] = '\0';

  return text;
}
