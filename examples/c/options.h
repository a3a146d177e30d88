/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What was said on the command line. */
typedef struct
{
  char          **paths;
  GChecksumType   algorithm;
  int             n_jobs;
  gboolean        show_progress;
} Options;

gboolean options_parse (Options   *self,
                        int       *argc,
                        char    ***argv,
                        GError   **error);
void     options_clear (Options   *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

G_END_DECLS
