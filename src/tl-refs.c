/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-refs-private.h"

void
tl_refs_init (TlRefs *self,
              void  (*free_func) (TlRefs *self))
{
  self->count = 1;
  self->free = free_func;
}

void
tl_refs_add (TlRefs *self,
             guint   n)
{
  g_atomic_int_add (&self->count, (gint) n);
}

void
tl_refs_drop (TlRefs *self,
              guint   n)
{
  if (g_atomic_int_add (&self->count, -(gint) n) == (gint) n)
    self->free (self);
}

/* Brings the supply to one load of references to @refs. The caller has, or is
 * about to give back, one that is not part of it. */
void
tl_ref_supply_turn (TlRefSupply *self,
                    TlRefs      *refs)
{
  TlRefSupply old = *self;

  tl_refs_add (refs, TL_REFS_AT_ONCE);
  self->refs = refs;
  self->n = TL_REFS_AT_ONCE;

  if (old.n > 0)
    tl_refs_drop (old.refs, old.n);
}

void
tl_ref_supply_clear (TlRefSupply *self)
{
  TlRefSupply old = *self;

  *self = (TlRefSupply) { NULL, 0 };

  if (old.n > 0)
    tl_refs_drop (old.refs, old.n);
}
