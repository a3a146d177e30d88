/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "tl-test.h"

G_BEGIN_DECLS

/* What the function of a bell notes. */
typedef struct
{
  TlBell   *bell;
  TtGate   *gate;         /* NULL, or what each call stops at */
  int       calls;
  int       errors;
  int       inside;
  int       most;         /* at a time */
  int       destroyed;
  int       more;         /* how often it is to ring itself */
  gboolean  ringing;      /* the test is inside of tl_bell_ring() */
  gboolean  inline_calls; /* it was called there */
  GThread  *called_on;
  GThread  *destroyed_on;
  GError   *error;
} TtHeard;

/* The function of a bell, and what destroys its data. */
void      tt_hear           (const GError  *error,
                             gpointer       heard);
void      tt_heard_destroy  (gpointer       heard);

/* Something to wait for. */
gboolean  tt_heard_gone     (gpointer       heard);
gboolean  tt_heard_any      (gpointer       heard);
gboolean  tt_heard_error    (gpointer       heard);

void      tt_must_ring      (TlBell        *bell);
void      tt_must_not_ring  (TlBell        *bell,
                             GQuark         domain,
                             int            code);

/* The caller's reference, which is the last one: waits for the end. */
void      tt_drop_bell      (TlBell        *bell,
                             TtHeard       *heard);

G_END_DECLS
