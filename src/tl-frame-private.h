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
  GPtrArray *blobs;           /* of GBytes; NULL for none */
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

G_END_DECLS
