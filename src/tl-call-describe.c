/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-call-type-private.h"

#include "tl-values-private.h"

/* Types and values, for people. */

char *
tl_call_type_describe (const TlCallType *self)
{
  g_autofree char *element = NULL;
  g_autofree char *item = NULL;
  gint64 min;
  guint64 max;

  switch (self->kind)
    {
    case TL_KIND_INT8:
    case TL_KIND_UINT8:
    case TL_KIND_INT16:
    case TL_KIND_UINT16:
    case TL_KIND_INT32:
    case TL_KIND_UINT32:
    case TL_KIND_INT64:
    case TL_KIND_UINT64:
      tl_call_type_range (self, &min, &max);
      return g_strdup_printf ("an integer from %" G_GINT64_FORMAT " to %" G_GUINT64_FORMAT, min, max);

    case TL_KIND_VALUE:
      return g_strdup ("a value");

    case TL_KIND_CALLBACK:
      return g_strdup_printf ("a callback (%s)", self->name);

    case TL_KIND_BYTE_ARRAY:
      return g_strdup ("bytes");

    case TL_KIND_ARRAY:
    case TL_KIND_G_ARRAY:
    case TL_KIND_PTR_ARRAY:
    case TL_KIND_LIST:
    case TL_KIND_SLIST:
      if (self->value_type == G_TYPE_BYTES)
        return g_strdup ("bytes");
      if (self->value_type == G_TYPE_STRING)
        return g_strdup ("a string");
      element = tl_call_type_describe (self->element);
      return g_strdup_printf ("a list of which each is %s", element);

    case TL_KIND_HASH:
      element = tl_call_type_describe (self->element);
      item = tl_call_type_describe (self->item);
      return g_strdup_printf ("a map of which each key is %s and each value is %s", element, item);

    default:
      return g_strdup (self->name);
    }
}

/* By its name in C: on this thread, which may be any, nobody can look at a
 * typelib. */
static char *
describe_instance (const char *article,
                   GType       type)
{
  return g_strconcat (article, g_type_name (type), NULL);
}

/* As short as it can be. */
static char *
describe_double (double number)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_ascii_formatd (text, sizeof text, "%.15g", number);
  if (g_ascii_strtod (text, NULL) < number || g_ascii_strtod (text, NULL) > number)
    g_ascii_dtostr (text, sizeof text, number);

  return g_strdup (text);
}

char *
tl_call_describe_value (const GValue *value)
{
  GType type = G_VALUE_TYPE (value);

  switch (G_TYPE_FUNDAMENTAL (type))
    {
    case G_TYPE_INVALID:
      return g_strdup ("null");

    case G_TYPE_BOOLEAN:
      return g_strdup (g_value_get_boolean (value) ? "true" : "false");

    case G_TYPE_STRING:
      return g_strdup (g_value_get_string (value) != NULL ? "a string" : "null");

    case G_TYPE_CHAR:
      return g_strdup_printf ("%d", g_value_get_schar (value));

    case G_TYPE_UCHAR:
      return g_strdup_printf ("%u", g_value_get_uchar (value));

    case G_TYPE_INT:
      return g_strdup_printf ("%d", g_value_get_int (value));

    case G_TYPE_UINT:
      return g_strdup_printf ("%u", g_value_get_uint (value));

    case G_TYPE_LONG:
      return g_strdup_printf ("%ld", g_value_get_long (value));

    case G_TYPE_ULONG:
      return g_strdup_printf ("%lu", g_value_get_ulong (value));

    case G_TYPE_INT64:
      return g_strdup_printf ("%" G_GINT64_FORMAT, g_value_get_int64 (value));

    case G_TYPE_UINT64:
      return g_strdup_printf ("%" G_GUINT64_FORMAT, g_value_get_uint64 (value));

    case G_TYPE_FLOAT:
      return describe_double ((double) g_value_get_float (value));

    case G_TYPE_DOUBLE:
      return describe_double (g_value_get_double (value));

    case G_TYPE_POINTER:
      if (type == G_TYPE_GTYPE)
        return g_strdup ("a GType");
      return g_strdup (g_value_get_pointer (value) != NULL ? "a pointer" : "null");

    case G_TYPE_ENUM:
    case G_TYPE_FLAGS:
      return describe_instance ("a value of ", type);

    case G_TYPE_OBJECT:
    case G_TYPE_INTERFACE:
      if (g_value_peek_pointer (value) == NULL)
        return g_strdup ("null");
      return describe_instance ("a ", G_TYPE_FROM_INSTANCE (g_value_peek_pointer (value)));

    case G_TYPE_BOXED:
      if (g_value_get_boxed (value) == NULL)
        return g_strdup ("null");
      if (type == G_TYPE_STRV)
        return g_strdup ("a list of strings");
      if (type == TL_TYPE_VALUES)
        return g_strdup (tl_values_is_map (g_value_get_boxed (value)) ? "a map" : "a list");
      if (type == G_TYPE_BYTES)
        return g_strdup ("bytes");
      return describe_instance ("a ", type);

    default:
      if (g_value_fits_pointer (value) && g_value_peek_pointer (value) == NULL)
        return g_strdup ("null");
      return describe_instance ("a ", type);
    }
}
