/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-tee-private.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

#define LAST_SIZE 4096

/* How often it reads before others have their turn: four times what is in a pipe,
 * so that it has all that was there when it began. */
#define MAX_READS 64

void
tl_tee_init (TlTee *self)
{
  self->fd = -1;
  self->last = NULL;
}

static void
close_pipe (TlTee *self)
{
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
}

void
tl_tee_clear (TlTee *self)
{
  close_pipe (self);
  if (self->last != NULL)
    g_string_free (g_steal_pointer (&self->last), TRUE);
}

/* Gives the end to write to. */
int
tl_tee_open (TlTee   *self,
             GError **error)
{
  int fds[2];

  g_return_val_if_fail (self->last == NULL, -1);

  if (!g_unix_open_pipe (fds, FD_CLOEXEC, error))
    return -1;

  /* Only this end: that of the other process blocks, as it expects. */
  if (!g_unix_set_fd_nonblocking (fds[0], TRUE, error))
    {
      close (fds[0]);
      close (fds[1]);
      return -1;
    }

  self->fd = fds[0];
  self->last = g_string_new (NULL);

  return fds[1];
}

static void
write_all (const char *data,
           gsize       n)
{
  while (n > 0)
    {
      gssize written = write (STDERR_FILENO, data, n);

      if (written < 0 && errno == EINTR)
        continue;
      /* Nobody could be told. */
      if (written <= 0)
        return;
      data += written;
      n -= written;
    }
}

static void
remember (TlTee      *self,
          const char *data,
          gsize       n)
{
  g_string_append_len (self->last, data, n);
  if (self->last->len > LAST_SIZE)
    g_string_erase (self->last, 0, self->last->len - LAST_SIZE);
}

/* Passes on what is there, but not without end. */
void
tl_tee_pass (TlTee *self)
{
  char data[LAST_SIZE];

  for (guint i = 0; i < MAX_READS && self->fd >= 0; i++)
    {
      gssize n = read (self->fd, data, sizeof data);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return;
      if (n <= 0)
        {
          close_pipe (self);
          return;
        }

      write_all (data, n);
      remember (self, data, n);
    }
}

/* Whole lines, where there was more than is kept. */
char *
tl_tee_dup_last (TlTee *self)
{
  const char *text;

  if (self->last == NULL)
    return g_strdup ("");

  tl_tee_pass (self);
  text = self->last->str;
  if (self->last->len == LAST_SIZE)
    {
      const char *newline = strchr (text, '\n');

      if (newline != NULL)
        text = newline + 1;
    }

  return g_utf8_make_valid (text, -1);
}
