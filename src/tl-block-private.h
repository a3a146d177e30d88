/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Memory for the small things that one thread makes and another one frees:
 * futures, posts, callbacks. An allocator hands such blocks back to the thread
 * that they came from, one by one and under a lock. Here a thread keeps what
 * it frees for what it makes next, and threads pass on whole hands full to
 * each other.
 *
 * (The shape is that of the magazines in Bonwick's and Adams' vmem paper.) */
typedef struct _TlBlock TlBlock;

struct _TlBlock
{
  TlBlock *next;
};

/* Allocators round up to 16 bytes with 8 of their own, so 8, 24, 40 ... 120
 * bytes leave nothing over. */
#define TL_BLOCK_STEP    16
#define TL_BLOCK_FIRST   8
#define TL_BLOCK_CLASSES 8
#define TL_BLOCK_MAX     (TL_BLOCK_FIRST + TL_BLOCK_STEP * (TL_BLOCK_CLASSES - 1))

typedef struct
{
  TlBlock *hand;        /* in use */
  guint    n;
  TlBlock *spare;       /* NULL, or a full hand */
} TlBlockClass;

/* What a thread keeps. */
typedef struct
{
  TlBlockClass classes[TL_BLOCK_CLASSES];
} TlBlocks;

/* Not cleared. */
gpointer tl_block_new    (TlBlocks *self,
                          gsize     size);
void     tl_block_free   (TlBlocks *self,
                          gpointer  block,
                          gsize     size);

/* For a thread that ends. */
void     tl_blocks_clear (TlBlocks *self);

G_END_DECLS
