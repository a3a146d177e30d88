/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What goes through a channel: this, the length of each blob as a guint64, the
 * text without a zero at its end, and the blobs. */
typedef struct
{
  guint32 magic;
  guint32 kind;
  guint32 id;
  guint32 n_blobs;
  guint64 text_len;
} TlFrameHeader;

#define TL_FRAME_MAGIC 0x314c5446 /* "FTL1" */

/* No frame has as many, and their lengths fit into memory. */
#define TL_FRAME_MAX_BLOBS (1 << 24)

/* One that has come. */
typedef struct
{
  guint      kind;
  guint      id;
  char      *text;
  GQueue     blobs;           /* of GBytes */
} TlFrame;

void            tl_frame_free         (TlFrame        *self);

/* Puts frames together from what comes in pieces. */
typedef struct _TlFrameReader TlFrameReader;

TlFrameReader * tl_frame_reader_new   (void);
void            tl_frame_reader_free  (TlFrameReader  *self);
gboolean        tl_frame_reader_read  (TlFrameReader  *self,
                                       int             fd,
                                       GQueue         *frames,
                                       GError        **error);

/* Writes them without waiting, and keeps what the socket does not take. */
typedef struct
{
  GQueue    kept;             /* of GBytes */
  gsize     written;          /* of the first of them */
  gboolean  broken;           /* nobody reads any more */
} TlFrameWriter;

void            tl_frame_writer_init  (TlFrameWriter       *self);
void            tl_frame_writer_clear (TlFrameWriter       *self);
void            tl_frame_writer_send  (TlFrameWriter       *self,
                                       int                  fd,
                                       const TlFrameHeader *header,
                                       const char          *text,
                                       GBytes             **blobs);
void            tl_frame_writer_flush (TlFrameWriter       *self,
                                       int                  fd);

static inline gboolean
tl_frame_writer_is_behind (TlFrameWriter *self)
{
  return !g_queue_is_empty (&self->kept);
}

G_END_DECLS
