/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "batch.h"

static void
failure_free (gpointer data)
{
  Failure *self = data;

  g_free (self->path);
  g_error_free (self->error);
  g_free (self);
}

Batch *
batch_new (gpointer owner)
{
  Batch *self = g_atomic_rc_box_new0 (Batch);

  self->owner = owner;
  self->paths = g_ptr_array_new_with_free_func (g_free);
  self->failures = g_ptr_array_new_with_free_func (failure_free);
  self->lines = g_string_new (NULL);

  return self;
}

Batch *
batch_ref (Batch *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
batch_clear (gpointer data)
{
  Batch *self = data;

  batch_finish (self);
  g_ptr_array_unref (self->failures);
}

void
batch_unref (Batch *self)
{
  g_atomic_rc_box_release_full (self, batch_clear);
}

void
batch_add_path (Batch      *self,
                const char *path,
                goffset     size)
{
  g_ptr_array_add (self->paths, g_strdup (path));
  self->size += size;
}

void
batch_add_failure (Batch        *self,
                   const char   *path,
                   const GError *error)
{
  Failure *failure = g_new (Failure, 1);

  failure->path = g_strdup (path);
  failure->error = g_error_copy (error);
  g_ptr_array_add (self->failures, failure);
}

gboolean
batch_is_full (Batch *self)
{
  return self->size >= BATCH_FULL_SIZE || self->paths->len + self->failures->len >= BATCH_FULL_LENGTH;
}

gboolean
batch_is_empty (Batch *self)
{
  return self->paths->len + self->failures->len == 0;
}

void
batch_add_line (Batch      *self,
                const char *line)
{
  g_string_append (self->lines, line);
  self->n_lines++;
}

void
batch_drop_lines (Batch *self)
{
  g_string_truncate (self->lines, 0);
  self->n_lines = 0;
}

void
batch_finish (Batch *self)
{
  g_clear_pointer (&self->paths, g_ptr_array_unref);
  if (self->lines != NULL)
    g_string_free (g_steal_pointer (&self->lines), TRUE);
}
