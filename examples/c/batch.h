/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Some milliseconds of work. The more there is in a batch, the longer may one
 * reader still be busy while the others have nothing left to do. */
#define BATCH_FULL_SIZE (1024 * 1024)
#define BATCH_FULL_LENGTH 64

typedef struct
{
  char   *path;
  GError *error;
} Failure;

/* Files that are worth a task: a large one, or some small ones. A task costs
 * little, but waking a thread for it, and the main loop when it has ended, takes
 * about as long as reading a small file.
 *
 * Belongs to one thread at a time: who fills it, then the task that reads the
 * files, then who hears of its end. */
typedef struct
{
  gpointer   owner;
  GPtrArray *paths;
  GPtrArray *failures;    /* of Failure */
  goffset    size;

  /* What was not printed yet. */
  GString   *lines;
  guint      n_lines;
} Batch;

Batch    *batch_new         (gpointer      owner);
Batch    *batch_ref         (Batch        *self);
void      batch_unref       (Batch        *self);

void      batch_add_path    (Batch        *self,
                             const char   *path,
                             goffset       size);
void      batch_add_failure (Batch        *self,
                             const char   *path,
                             const GError *error);
gboolean  batch_is_full     (Batch        *self);
gboolean  batch_is_empty    (Batch        *self);

void      batch_add_line    (Batch        *self,
                             const char   *line);
void      batch_drop_lines  (Batch        *self);

/* Frees all but the failures. */
void      batch_finish      (Batch        *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Batch, batch_unref)

G_END_DECLS
