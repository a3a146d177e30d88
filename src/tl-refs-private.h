/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A reference count for what very many small things refer to, such as the
 * queue that all of its tasks know. A count that two threads change for each
 * task costs more than all the rest of the task: it is the one word in memory
 * that they fight for. So a thread takes many references at once, and hands
 * them out, and takes them back, without the others noticing. */
typedef struct _TlRefs TlRefs;

struct _TlRefs
{
  gint  count;
  void (*free) (TlRefs *self);
};

void tl_refs_init (TlRefs *self,
                   void  (*free_func) (TlRefs *self));
void tl_refs_add  (TlRefs *self,
                   guint   n);
void tl_refs_drop (TlRefs *self,
                   guint   n);

/* A thread's supply of references to one thing, usually the one that it used
 * last. As long as there are some, the thing lives: its memory, that is. What
 * must not be kept for so long may not hang on this. */
typedef struct
{
  TlRefs *refs;
  guint   n;
} TlRefSupply;

#define TL_REFS_AT_ONCE 1024

void tl_ref_supply_turn (TlRefSupply *self,
                         TlRefs      *refs);

/* A reference to @refs, which has to be known to live. */
static inline void
tl_ref_supply_take (TlRefSupply *self,
                    TlRefs      *refs)
{
  if (self->refs != refs || self->n == 0)
    tl_ref_supply_turn (self, refs);

  self->n--;
}

static inline void
tl_ref_supply_give (TlRefSupply *self,
                    TlRefs      *refs)
{
  if (self->refs != refs || self->n >= 2 * TL_REFS_AT_ONCE)
    tl_ref_supply_turn (self, refs);

  self->n++;
}

void tl_ref_supply_clear (TlRefSupply *self);

G_END_DECLS
