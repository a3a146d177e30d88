/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "tl-test.h"

G_BEGIN_DECLS

typedef struct
{
  guint      kind;
  guint      id;
  char      *text;
  GPtrArray *blobs;
} TtFrame;

/* What was heard at one end. */
typedef struct
{
  TlChannel *channel;
  GPtrArray *heard;
  GError    *end;
  guint      n_ends;
  guint      deaf_for;    /* that many calls */
  TtTrace    trace;
  void     (*then)  (gpointer ear);
} TtEar;

void      tt_ear_free    (TtEar      *ear);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TtEar, tt_ear_free)

TtEar    *tt_listen_to   (TlChannel  *channel);

/* Both ends, in this process. */
void      tt_make_pair   (TtEar     **a,
                          TtEar     **b);

/* Something to wait for. */
gboolean  tt_has_ended   (gpointer    ear);
gboolean  tt_has_one     (gpointer    ear);
gboolean  tt_has_three   (gpointer    ear);

TtFrame  *tt_nth         (TtEar      *ear,
                          guint       n);

/* Much to send. */
GBytes   *tt_make_noise  (gsize       size);

G_END_DECLS
