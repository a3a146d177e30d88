/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "tl-block-private.h"
#include "tl-refs-private.h"

G_BEGIN_DECLS

/* What a thread keeps for itself, so that it need not ask others for it: all
 * in one place, since finding the place is what costs. */
typedef struct _TlFrame  TlFrame;
typedef struct _TlHome   TlHome;
typedef struct _TlRunner TlRunner;

typedef struct
{
  TlBlocks     blocks;
  TlRefSupply  homes;
  TlRefSupply  owners;
  TlHome      *home;      /* the one it used last: a reference */
  TlFrame     *frame;     /* the function that it is in */
  TlRunner    *runner;    /* what it is to the pool that it works for */
} TlLocal;

G_GNUC_INTERNAL
extern _Thread_local TlLocal *tl_local_mine;

TlLocal *tl_local_make (void);

static inline TlLocal *
tl_local (void)
{
  return G_LIKELY (tl_local_mine != NULL) ? tl_local_mine : tl_local_make ();
}

G_END_DECLS
