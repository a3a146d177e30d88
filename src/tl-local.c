/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-local-private.h"

#include "tl-home-private.h"

_Thread_local TlLocal *tl_local_mine;

static void local_free (gpointer data);

/* Only to hear of the thread's end. */
static GPrivate key = G_PRIVATE_INIT (local_free);

/* A thread that is about to end. Giving the references back may free something
 * that begins a new one, which is as well. */
static void
local_free (gpointer data)
{
  TlLocal *local = data;

  tl_local_mine = NULL;

  g_clear_pointer (&local->home, tl_home_unref);
  tl_ref_supply_clear (&local->homes);
  tl_ref_supply_clear (&local->owners);
  tl_blocks_clear (&local->blocks);
  g_free (local);
}

TlLocal *
tl_local_make (void)
{
  TlLocal *local = g_new0 (TlLocal, 1);

  g_private_set (&key, local);
  tl_local_mine = local;

  return local;
}
