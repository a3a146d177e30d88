/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-frame-private.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* Small frames come in many a read. */
#define BUFFER_SIZE (64 * 1024)

/* Memory grows with what has come, and not with what a header says will come. */
#define FIRST_SIZE (64 * 1024)

/* How much is read in one go, so that others have their turn. */
#define TURN_SIZE (1024 * 1024)

typedef enum
{
  HEADER,
  LENGTHS,
  TEXT,
  BLOB,
} Stage;

struct _TlFrameReader
{
  guint8         buffer[BUFFER_SIZE];
  gsize          begin;
  gsize          end;

  TlFrameHeader  header;
  guint64       *lengths;
  TlFrame       *frame;

  /* The part of the frame that is being read. It has a byte more than it needs,
   * for the zero at the end of a text. */
  Stage          stage;
  guint8        *data;
  gsize          size;
  gsize          have;
  gsize          need;
};

void
tl_frame_free (TlFrame *self)
{
  g_free (self->text);
  g_queue_clear_full (&self->blobs, (GDestroyNotify) g_bytes_unref);
  g_free (self);
}

static void
begin (TlFrameReader *self,
       Stage          stage,
       gsize          need)
{
  self->stage = stage;
  self->data = NULL;
  self->size = 0;
  self->have = 0;
  self->need = need;
}

TlFrameReader *
tl_frame_reader_new (void)
{
  TlFrameReader *self = g_new (TlFrameReader, 1);

  self->begin = self->end = 0;
  self->lengths = NULL;
  self->frame = NULL;
  begin (self, HEADER, sizeof self->header);

  return self;
}

void
tl_frame_reader_free (TlFrameReader *self)
{
  g_clear_pointer (&self->frame, tl_frame_free);
  g_free (self->lengths);
  g_free (self->data);
  g_free (self);
}

static gboolean
is_broken (GError     **error,
           const char  *what)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "What came through a channel %s", what);
  return FALSE;
}

/* Makes room for more of the part, and says where it is and how much. */
static gpointer
get_room (TlFrameReader  *self,
          gsize          *room,
          GError        **error)
{
  if (self->stage == HEADER)
    {
      *room = self->need - self->have;
      return (guint8 *) &self->header + self->have;
    }

  if (self->have == self->size)
    {
      gsize size = MIN (self->need, MAX (FIRST_SIZE, self->size * 2));
      guint8 *data = g_try_realloc (self->data, size + 1);

      if (data == NULL)
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                       "No memory for a frame of a channel, of %" G_GSIZE_FORMAT " bytes", self->need);
          return NULL;
        }
      self->data = data;
      self->size = size;
    }

  *room = self->size - self->have;
  return self->data + self->have;
}

static gboolean
take_header (TlFrameReader  *self,
             GError        **error)
{
  const TlFrameHeader *header = &self->header;

  if (header->magic != TL_FRAME_MAGIC)
    return is_broken (error, "is no frame");
  if (header->text_len >= G_MAXSSIZE || header->n_blobs > TL_FRAME_MAX_BLOBS)
    return is_broken (error, "has no sensible size");

  self->frame = g_new0 (TlFrame, 1);
  self->frame->kind = header->kind;
  self->frame->id = header->id;
  if (header->n_blobs > 0)
    begin (self, LENGTHS, header->n_blobs * sizeof (guint64));
  else
    begin (self, TEXT, header->text_len);

  return TRUE;
}

static gboolean
take_lengths (TlFrameReader  *self,
              GError        **error)
{
  self->lengths = (guint64 *) (gpointer) g_steal_pointer (&self->data);
  for (guint i = 0; i < self->header.n_blobs; i++)
    if (self->lengths[i] >= G_MAXSSIZE)
      return is_broken (error, "has no sensible size");

  begin (self, TEXT, self->header.text_len);
  return TRUE;
}

static gboolean
take_text (TlFrameReader  *self,
           GError        **error)
{
  if (self->need == 0)
    {
      self->frame->text = g_strdup ("");
      return TRUE;
    }

  if (!g_utf8_validate_len ((const char *) self->data, self->need, NULL))
    return is_broken (error, "is no text");

  self->data[self->need] = '\0';
  self->frame->text = (char *) g_steal_pointer (&self->data);

  return TRUE;
}

/* Has the next part begin, or is done with the frame. */
static void
go_on (TlFrameReader *self,
       GQueue        *frames)
{
  guint n_blobs = self->frame->blobs.length;

  if (n_blobs < self->header.n_blobs)
    {
      begin (self, BLOB, self->lengths[n_blobs]);
      return;
    }

  g_clear_pointer (&self->lengths, g_free);
  g_queue_push_tail (frames, g_steal_pointer (&self->frame));
  begin (self, HEADER, sizeof self->header);
}

/* The part is complete. */
static gboolean
take_part (TlFrameReader  *self,
           GQueue         *frames,
           GError        **error)
{
  switch (self->stage)
    {
    case HEADER:
      return take_header (self, error);

    case LENGTHS:
      return take_lengths (self, error);

    case TEXT:
      if (!take_text (self, error))
        return FALSE;
      go_on (self, frames);
      return TRUE;

    case BLOB:
      g_queue_push_tail (&self->frame->blobs, g_bytes_new_take (g_steal_pointer (&self->data), self->need));
      go_on (self, frames);
      return TRUE;

    default:
      g_return_val_if_reached (FALSE);
    }
}

/* Takes what is in the buffer. */
static gboolean
take_buffered (TlFrameReader  *self,
               GQueue         *frames,
               GError        **error)
{
  for (;;)
    {
      gpointer place;
      gsize room;

      if (self->have == self->need)
        {
          if (!take_part (self, frames, error))
            return FALSE;
          continue;
        }

      if (self->begin == self->end)
        return TRUE;

      place = get_room (self, &room, error);
      if (place == NULL)
        return FALSE;

      room = MIN (room, self->end - self->begin);
      memcpy (place, self->buffer + self->begin, room);
      self->begin += room;
      self->have += room;
    }
}

/* Once: straight to where it belongs if it is much, else to the buffer. Gives
 * what recv() does. */
static gssize
receive (TlFrameReader  *self,
         int             fd,
         gsize          *asked,
         GError        **error)
{
  gboolean direct = self->stage != HEADER && self->need - self->have >= BUFFER_SIZE;
  gpointer place = self->buffer;
  gssize n;

  *asked = BUFFER_SIZE;
  if (direct)
    {
      place = get_room (self, asked, error);
      if (place == NULL)
        return -1;
    }

  do
    n = recv (fd, place, MIN (*asked, TURN_SIZE), MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);

  if (n > 0 && direct)
    {
      self->have += n;
    }
  else if (n > 0)
    {
      self->begin = 0;
      self->end = n;
    }

  return n;
}

/* Reads what is there, but not without end, and adds to @frames those that are
 * complete. It does not wait. FALSE if nothing will come any more. */
gboolean
tl_frame_reader_read (TlFrameReader  *self,
                      int             fd,
                      GQueue         *frames,
                      GError        **error)
{
  gsize total = 0;

  while (total < TURN_SIZE)
    {
      GError *broken = NULL;
      gsize asked;
      gssize n = receive (self, fd, &asked, &broken);

      if (broken != NULL)
        {
          g_propagate_error (error, broken);
          return FALSE;
        }

      if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return TRUE;

      /* ECONNRESET is a peer that has gone without reading what was sent. */
      if (n == 0 || (n < 0 && errno == ECONNRESET))
        {
          if (self->frame != NULL || self->have > 0)
            g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT,
                                 "The other end of the channel was closed in the middle of a frame");
          else
            g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED,
                                 "The other end of the channel was closed");
          return FALSE;
        }

      if (n < 0)
        {
          int code = errno;

          g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
                       "Nothing can be read from a channel: %s", g_strerror (code));
          return FALSE;
        }

      if (!take_buffered (self, frames, error))
        return FALSE;

      /* Less than there was room for: there is no more, most likely. Who asks
       * for it is told by poll(). */
      if ((gsize) n < asked)
        return TRUE;
      total += n;
    }

  return TRUE;
}
