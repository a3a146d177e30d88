/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-frame-private.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* How many pieces are written in one go. */
#define MAX_PIECES 32

void
tl_frame_writer_init (TlFrameWriter *self)
{
  g_queue_init (&self->kept);
  self->written = 0;
  self->broken = FALSE;
}

/* What was not written is dropped. */
void
tl_frame_writer_clear (TlFrameWriter *self)
{
  g_queue_clear_full (&self->kept, (GDestroyNotify) g_bytes_unref);
  self->written = 0;
}

/* Gives what was written, 0 if that can be tried later, -1 if nobody reads. */
static gssize
write_pieces (TlFrameWriter *self,
              int            fd,
              struct iovec  *pieces,
              gsize          n_pieces)
{
  struct msghdr message = { .msg_iov = pieces, .msg_iovlen = n_pieces };
  gssize n;

  do
    n = sendmsg (fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);

  if (n >= 0)
    return n;
  if (errno == EAGAIN || errno == EWOULDBLOCK)
    return 0;

  self->broken = TRUE;
  tl_frame_writer_clear (self);
  return -1;
}

static void
forget_written (TlFrameWriter *self,
                gsize          n)
{
  self->written += n;

  for (;;)
    {
      GBytes *first = g_queue_peek_head (&self->kept);

      if (first == NULL || g_bytes_get_size (first) > self->written)
        return;
      self->written -= g_bytes_get_size (first);
      g_bytes_unref (g_queue_pop_head (&self->kept));
    }
}

/* Writes what is kept, as far as the socket takes it. */
void
tl_frame_writer_flush (TlFrameWriter *self,
                       int            fd)
{
  gssize n;

  do
    {
      struct iovec pieces[MAX_PIECES];
      gsize n_pieces = 0;

      for (GList *link = self->kept.head; link != NULL && n_pieces < MAX_PIECES; link = link->next)
        {
          struct iovec *piece = &pieces[n_pieces++];

          piece->iov_base = (gpointer) g_bytes_get_data (link->data, &piece->iov_len);
        }
      if (n_pieces == 0)
        return;

      pieces[0].iov_base = (guint8 *) pieces[0].iov_base + self->written;
      pieces[0].iov_len -= self->written;

      n = write_pieces (self, fd, pieces, n_pieces);
      if (n > 0)
        forget_written (self, n);
    }
  while (n > 0);
}

static void
keep (TlFrameWriter *self,
      gconstpointer  data,
      gsize          size)
{
  if (size > 0)
    g_queue_push_tail (&self->kept, g_bytes_new (data, size));
}

/* A frame without blobs when nothing is before it, which is nearly all of them:
 * nothing is copied. */
static void
send_small (TlFrameWriter       *self,
            int                  fd,
            const TlFrameHeader *header,
            const char          *text)
{
  struct iovec pieces[2] = {
    { (gpointer) header, sizeof *header },
    { (gpointer) text, header->text_len },
  };
  gssize n = write_pieces (self, fd, pieces, 2);
  gsize written;

  if (n < 0)
    return;

  written = n;
  if (written < sizeof *header)
    keep (self, (const guint8 *) header + written, sizeof *header - written);
  written = written > sizeof *header ? written - sizeof *header : 0;
  keep (self, text + written, header->text_len - written);
}

static void
send_kept (TlFrameWriter       *self,
           int                  fd,
           const TlFrameHeader *header,
           const char          *text,
           GBytes             **blobs)
{
  keep (self, header, sizeof *header);
  for (gsize i = 0; i < header->n_blobs; i++)
    {
      guint64 length = g_bytes_get_size (blobs[i]);

      keep (self, &length, sizeof length);
    }
  keep (self, text, header->text_len);
  for (gsize i = 0; i < header->n_blobs; i++)
    if (g_bytes_get_size (blobs[i]) > 0)
      g_queue_push_tail (&self->kept, g_bytes_ref (blobs[i]));

  tl_frame_writer_flush (self, fd);
}

/* Writes a frame, and keeps what cannot be written now. */
void
tl_frame_writer_send (TlFrameWriter       *self,
                      int                  fd,
                      const TlFrameHeader *header,
                      const char          *text,
                      GBytes             **blobs)
{
  if (header->n_blobs == 0 && g_queue_is_empty (&self->kept))
    send_small (self, fd, header, text);
  else
    send_kept (self, fd, header, text, blobs);
}
