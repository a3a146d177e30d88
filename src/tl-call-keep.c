/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-call-private.h"

void
tl_keep_add (TlKeep         *self,
             gpointer        data,
             GDestroyNotify  destroy,
             GType           type,
             gboolean        given)
{
  TlKept kept = { data, destroy, type, given };

  if (self->n < G_N_ELEMENTS (self->first))
    {
      self->first[self->n++] = kept;
      return;
    }

  if (self->more == NULL)
    self->more = g_array_new (FALSE, FALSE, sizeof (TlKept));
  g_array_append_val (self->more, kept);
}

static void
free_kept (const TlKept *kept,
           gboolean      called)
{
  if (kept->given && called)
    return;

  if (kept->destroy != NULL)
    kept->destroy (kept->data);
  else
    tl_instance_free (kept->type, kept->data);
}

/* Backwards: what was made later may lie in what was made before. */
void
tl_keep_clear (TlKeep   *self,
               gboolean  called)
{
  if (self->more != NULL)
    for (guint i = self->more->len; i > 0; i--)
      free_kept (&g_array_index (self->more, TlKept, i - 1), called);
  g_clear_pointer (&self->more, g_array_unref);

  while (self->n > 0)
    free_kept (&self->first[--self->n], called);
}

gpointer
tl_instance_copy (GType    type,
                  gpointer instance)
{
  GValue value = G_VALUE_INIT;

  switch (G_TYPE_FUNDAMENTAL (type))
    {
    case G_TYPE_OBJECT:
      return g_object_ref (instance);

    case G_TYPE_BOXED:
      return g_boxed_copy (type, instance);

    case G_TYPE_VARIANT:
      return g_variant_ref_sink (instance);

    case G_TYPE_PARAM:
      /* One that floats belongs to somebody who has not sunk it, such as GJS. */
      return g_param_spec_ref (instance);

    case G_TYPE_INTERFACE:
      return tl_instance_copy (G_TYPE_FROM_INSTANCE (instance), instance);

    default:
      /* A fundamental type of some library's own, such as GskRenderNode: how
       * one is counted, only its values know. */
      g_value_init (&value, G_TYPE_FROM_INSTANCE (instance));
      g_value_set_instance (&value, instance);
      return g_value_peek_pointer (&value);
    }
}

void
tl_instance_free (GType    type,
                  gpointer instance)
{
  GValue value = G_VALUE_INIT;

  switch (G_TYPE_FUNDAMENTAL (type))
    {
    case G_TYPE_OBJECT:
      g_object_unref (instance);
      break;

    case G_TYPE_BOXED:
      g_boxed_free (type, instance);
      break;

    case G_TYPE_VARIANT:
      g_variant_unref (instance);
      break;

    case G_TYPE_PARAM:
      g_param_spec_unref (instance);
      break;

    case G_TYPE_INTERFACE:
      tl_instance_free (G_TYPE_FROM_INSTANCE (instance), instance);
      break;

    default:
      g_value_init (&value, G_TYPE_FROM_INSTANCE (instance));
      value.data[0].v_pointer = instance;
      g_value_unset (&value);
      break;
    }
}
