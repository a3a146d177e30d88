/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  guint64 n_files;
  guint64 n_bytes;
} Amount;

/* Knows how far things are, how fast they go, and says so in a line of text. */
typedef struct _ProgressBar ProgressBar;

ProgressBar *progress_bar_new       (void);
void         progress_bar_free      (ProgressBar  *self);

/* May come late, or never: until then there is no bar and no time left. */
void         progress_bar_set_total (ProgressBar  *self,
                                     const Amount *total);

/* To be called now and then, with what is done so far. */
void         progress_bar_update    (ProgressBar  *self,
                                     const Amount *done);

/* As it looks on a line of @width columns. */
char        *progress_bar_to_string (ProgressBar  *self,
                                     guint         width);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProgressBar, progress_bar_free)

G_END_DECLS
