/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-block-private.h"

#include <string.h>

#include "tl-fork-private.h"

/* How many blocks pass from thread to thread at once. */
#define HAND 64

/* How many such are kept for all. Beyond that they go back to the allocator: a
 * burst is no reason to keep its memory for ever. */
#define KEPT 16

/* The lock is taken under the locks of queues, and no other one under it. */
typedef struct
{
  GMutex   lock;
  TlBlock *hands[KEPT];
  guint    n;
} Depot;

static Depot depots[TL_BLOCK_CLASSES];

#ifdef G_OS_UNIX
static void
before_fork (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (depots); i++)
    g_mutex_lock (&depots[i].lock);
}

static void
after_fork (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (depots); i++)
    g_mutex_unlock (&depots[i].lock);
}
#endif

TL_AT_FORK (before_fork, after_fork, after_fork)

/* Tools that look for misuse of memory have to see every block. The variable
 * is the one that GSlice had for them. */
static gboolean
use_malloc (void)
{
#if defined (__SANITIZE_ADDRESS__) || defined (__SANITIZE_THREAD__)
  return TRUE;
#else
  static gsize decided;

  if (g_once_init_enter (&decided))
    {
      const char *value = g_getenv ("G_SLICE");

      g_once_init_leave (&decided, value != NULL && strstr (value, "always-malloc") != NULL ? 2 : 1);
    }

  return decided == 2;
#endif
}

static guint
class_of (gsize size)
{
  g_assert (size > 0 && size <= TL_BLOCK_MAX);

  return (guint) ((size + TL_BLOCK_STEP - 1 - TL_BLOCK_FIRST) / TL_BLOCK_STEP);
}

static TlBlock *
fetch_hand (Depot *depot)
{
  TlBlock *hand = NULL;

  g_mutex_lock (&depot->lock);
  if (depot->n > 0)
    hand = depot->hands[--depot->n];
  g_mutex_unlock (&depot->lock);

  return hand;
}

static void
free_hand (TlBlock *hand)
{
  while (hand != NULL)
    {
      TlBlock *block = hand;

      hand = block->next;
      g_free (block);
    }
}

static void
leave_hand (Depot   *depot,
            TlBlock *hand)
{
  gboolean kept;

  g_mutex_lock (&depot->lock);
  kept = depot->n < KEPT;
  if (kept)
    depot->hands[depot->n++] = hand;
  g_mutex_unlock (&depot->lock);

  if (!kept)
    free_hand (hand);
}

gpointer
tl_block_new (TlBlocks *self,
              gsize     size)
{
  guint i = class_of (size);
  TlBlockClass *klass = &self->classes[i];
  TlBlock *block;

  if (klass->n == 0)
    {
      klass->hand = klass->spare != NULL ? g_steal_pointer (&klass->spare)
                                         : fetch_hand (&depots[i]);
      if (klass->hand == NULL)
        return g_malloc (TL_BLOCK_FIRST + i * TL_BLOCK_STEP);
      klass->n = HAND;
    }

  block = klass->hand;
  klass->hand = block->next;
  klass->n--;

  return block;
}

void
tl_block_free (TlBlocks *self,
               gpointer  data,
               gsize     size)
{
  guint i = class_of (size);
  TlBlockClass *klass = &self->classes[i];
  TlBlock *block = data;

  if (use_malloc ())
    {
      g_free (data);
      return;
    }

  if (klass->n == HAND)
    {
      TlBlock *full = klass->spare;

      klass->spare = klass->hand;
      klass->hand = NULL;
      klass->n = 0;
      if (full != NULL)
        leave_hand (&depots[i], full);
    }

  block->next = klass->hand;
  klass->hand = block;
  klass->n++;
}

void
tl_blocks_clear (TlBlocks *self)
{
  for (guint i = 0; i < TL_BLOCK_CLASSES; i++)
    {
      TlBlockClass *klass = &self->classes[i];

      free_hand (klass->hand);
      free_hand (klass->spare);
      *klass = (TlBlockClass) { NULL, 0, NULL };
    }
}
