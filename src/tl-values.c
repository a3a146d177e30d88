/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-values-private.h"

#include <string.h>

struct _TlValues
{
  gatomicrefcount ref_count;
  gboolean        is_map;
  gsize           n_values;
  gsize           n_room;
  GValue         *values;
  GValue          first[];      /* in the same piece of memory, until more come */
};

/* What G_DEFINE_BOXED_TYPE() would do, if it were ISO C. */
GType
tl_values_get_type (void)
{
  static gsize type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_boxed_type_register_static (g_intern_static_string ("TlValues"),
                                                            (GBoxedCopyFunc) tl_values_ref,
                                                            (GBoxedFreeFunc) tl_values_unref));

  return type;
}

TlValues *
tl_values_new_sized (gsize    n_values,
                     gboolean is_map)
{
  TlValues *self = g_malloc0 (sizeof (TlValues) + n_values * sizeof (GValue));

  g_atomic_ref_count_init (&self->ref_count);
  self->is_map = is_map;
  self->n_values = self->n_room = n_values;
  self->values = self->first;

  return self;
}

GValue *
tl_values_peek (TlValues *self,
                gsize     i)
{
  return &self->values[i];
}

/* What is no value yet stands for NULL. */
static void
copy (const GValue *from,
      GValue       *to)
{
  if (G_IS_VALUE (from))
    g_value_copy (from, g_value_init (to, G_VALUE_TYPE (from)));
  else
    g_value_init (to, G_TYPE_POINTER);
}

static TlValues *
values_new (const GValue *values,
            gsize         n_values,
            gboolean      is_map)
{
  TlValues *self = tl_values_new_sized (n_values, is_map);

  for (gsize i = 0; i < n_values; i++)
    copy (&values[i], &self->values[i]);

  return self;
}

TlValues *
tl_values_new (const GValue *values,
               gsize         n_values)
{
  g_return_val_if_fail (values != NULL || n_values == 0, NULL);

  return values_new (values, n_values, FALSE);
}

TlValues *
tl_values_new_map (const GValue *values,
                   gsize         n_values)
{
  g_return_val_if_fail (values != NULL || n_values == 0, NULL);
  g_return_val_if_fail (n_values % 2 == 0, NULL);

  return values_new (values, n_values, TRUE);
}

TlValues *
tl_values_ref (TlValues *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
tl_values_unref (TlValues *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  for (gsize i = 0; i < self->n_values; i++)
    if (G_IS_VALUE (&self->values[i]))
      g_value_unset (&self->values[i]);
  if (self->values != self->first)
    g_free (self->values);
  g_free (self);
}

static void
make_room (TlValues *self)
{
  GValue *values = self->values != self->first ? self->values : NULL;

  self->n_room = MAX (2 * self->n_room, 4);
  values = g_renew (GValue, values, self->n_room);
  if (self->values == self->first)
    memcpy (values, self->first, self->n_values * sizeof (GValue));
  self->values = values;
}

void
tl_values_append (TlValues     *self,
                  const GValue *value)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (value != NULL);
  g_return_if_fail (g_atomic_ref_count_compare (&self->ref_count, 1));

  if (self->n_values == self->n_room)
    make_room (self);

  self->values[self->n_values] = (GValue) G_VALUE_INIT;
  copy (value, &self->values[self->n_values]);
  self->n_values++;
}

gsize
tl_values_get_size (TlValues *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->n_values;
}

gboolean
tl_values_is_map (TlValues *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->is_map;
}

void
tl_values_get (TlValues *self,
               gsize     i,
               GValue   *value)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (i < self->n_values);
  g_return_if_fail (value != NULL && !G_IS_VALUE (value));

  copy (&self->values[i], value);
}

void
tl_values_copy_to (TlValues *self,
                   gsize     i,
                   GValue   *value)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (i < self->n_values);
  g_return_if_fail (value != NULL);

  if (G_IS_VALUE (value))
    g_value_unset (value);
  copy (&self->values[i], value);
}

const GValue *
tl_values_unpack (TlValues *self,
                  gsize    *n_values)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (n_values != NULL, NULL);

  *n_values = self->n_values;

  return self->n_values > 0 ? self->values : NULL;
}
