/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "console.h"

#include <gio/gunixoutputstream.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* To the start of the line, and delete what is on it. */
#define ERASE_LINE "\r\033[K"

struct _Console
{
  GOutputStream *output;
  gboolean       output_is_terminal;

  /* Held while something is printed, for as long as the reader of a pipe takes. */
  GMutex         output_lock;

  /* Held while the status is read or changed, which takes no time. */
  GMutex         status_lock;
  char          *status;
};

G_DEFINE_QUARK (checksum-console-error-quark, console_error)

Console *
console_new (void)
{
  Console *self = g_new0 (Console, 1);

  self->output = g_unix_output_stream_new (STDOUT_FILENO, FALSE);
  self->output_is_terminal = isatty (STDOUT_FILENO);
  self->status = g_strdup ("");
  g_mutex_init (&self->output_lock);
  g_mutex_init (&self->status_lock);

  return self;
}

void
console_free (Console *self)
{
  g_object_unref (self->output);
  g_mutex_clear (&self->output_lock);
  g_mutex_clear (&self->status_lock);
  g_free (self->status);
  g_free (self);
}

/* Where lines meet the status line, they take the place of that, which moves
 * down. This has to be a single write to standard output: others may write to
 * standard error before it and behind it. */
static char *
put_before_status (Console    *self,
                   const char *lines)
{
  char *text;

  g_mutex_lock (&self->status_lock);

  if (self->output_is_terminal && *self->status != '\0')
    text = g_strconcat (ERASE_LINE, lines, self->status, NULL);
  else
    text = g_strdup (lines);

  g_mutex_unlock (&self->status_lock);

  return text;
}

gboolean
console_print (Console       *self,
               const char    *lines,
               GCancellable  *cancellable,
               GError       **error)
{
  g_autofree char *text = NULL;
  GError *reason = NULL;
  gboolean ok;

  g_mutex_lock (&self->output_lock);
  text = put_before_status (self, lines);
  ok = g_output_stream_write_all (self->output, text, strlen (text), NULL, cancellable, &reason);
  g_mutex_unlock (&self->output_lock);

  if (!ok)
    {
      if (!g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        reason->domain = CONSOLE_ERROR;
      g_propagate_error (error, reason);
    }

  return ok;
}

void
console_complain (Console    *self,
                  const char *format,
                  ...)
{
  g_autofree char *message = NULL;
  g_autofree char *text = NULL;
  gboolean has_status = *self->status != '\0';
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);

  text = g_strconcat (has_status ? ERASE_LINE : "", message, "\n", self->status, NULL);
  fputs (text, stderr);
}

/* Not while the terminal is stopped, for example. */
static gboolean
takes_output (int fd)
{
  GPollFD poll_fd = { fd, G_IO_OUT, 0 };

  return g_poll (&poll_fd, 1, 0) > 0;
}

void
console_set_status (Console    *self,
                    const char *status)
{
  g_autofree char *text = g_strconcat (ERASE_LINE, status, NULL);

  /* There will be a later one. */
  if (g_str_equal (status, self->status) || !takes_output (STDERR_FILENO))
    return;

  g_mutex_lock (&self->status_lock);
  g_free (self->status);
  self->status = g_strdup (status);
  g_mutex_unlock (&self->status_lock);

  fputs (text, stderr);
}

/* Whether there is a status line to be had. */
gboolean
console_is_terminal (void)
{
  return isatty (STDERR_FILENO) && g_strcmp0 (g_getenv ("TERM"), "dumb") != 0;
}

guint
console_get_width (void)
{
  struct winsize size;

  if (ioctl (STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return size.ws_col;

  return 80;
}
