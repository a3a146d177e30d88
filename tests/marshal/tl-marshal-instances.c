/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tl-marshal.h"

/* Objects, boxed, and what else is handed over by a pointer. */

static TlMarshalThing *
the_thing (void)
{
  static gsize thing;

  if (g_once_init_enter (&thing))
    g_once_init_leave (&thing, (gsize) tl_marshal_thing_new (1));

  return (TlMarshalThing *) thing;
}

/**
 * tl_marshal_thing_in_full:
 * @thing: (transfer full):
 */
int
tl_marshal_thing_in_full (TlMarshalThing *thing)
{
  return tl_marshal_thing_eat (thing);
}

/**
 * tl_marshal_maybe_thing:
 * @thing: (nullable):
 */
int
tl_marshal_maybe_thing (TlMarshalThing *thing)
{
  return thing != NULL ? tl_marshal_thing_get_number (thing) : -1;
}

/**
 * tl_marshal_thing_return_none:
 *
 * Returns: (transfer none):
 */
TlMarshalThing *
tl_marshal_thing_return_none (void)
{
  return the_thing ();
}

/**
 * tl_marshal_thing_return_null:
 *
 * Returns: (nullable) (transfer none):
 */
TlMarshalThing *
tl_marshal_thing_return_null (void)
{
  return NULL;
}

/**
 * tl_marshal_thing_out_none:
 * @thing: (out) (transfer none):
 */
void
tl_marshal_thing_out_none (TlMarshalThing **thing)
{
  *thing = the_thing ();
}

/**
 * tl_marshal_thing_out_full:
 * @thing: (out) (transfer full):
 */
void
tl_marshal_thing_out_full (TlMarshalThing **thing)
{
  *thing = tl_marshal_thing_new (2);
}

/**
 * tl_marshal_inout_thing:
 * @thing: (inout) (transfer full):
 */
void
tl_marshal_inout_thing (TlMarshalThing **thing)
{
  *thing = tl_marshal_thing_new (tl_marshal_thing_eat (*thing) + 1);
}

/**
 * tl_marshal_face_return_full:
 *
 * Returns: (transfer full):
 */
TlMarshalFace *
tl_marshal_face_return_full (void)
{
  return TL_MARSHAL_FACE (tl_marshal_thing_new (3));
}

int
tl_marshal_point_in_none (TlMarshalPoint *point)
{
  return point->x + (int) point->y;
}

/**
 * tl_marshal_point_in_full:
 * @point: (transfer full):
 */
int
tl_marshal_point_in_full (TlMarshalPoint *point)
{
  int sum = tl_marshal_point_in_none (point);

  g_boxed_free (TL_MARSHAL_TYPE_POINT, point);
  return sum;
}

/**
 * tl_marshal_point_return_none:
 *
 * Returns: (transfer none):
 */
TlMarshalPoint *
tl_marshal_point_return_none (void)
{
  static TlMarshalPoint point = { 1, 2 };

  return &point;
}

/**
 * tl_marshal_point_out_full:
 * @point: (out) (transfer full):
 */
void
tl_marshal_point_out_full (TlMarshalPoint **point)
{
  *point = tl_marshal_point_new (3, 4);
}

/**
 * tl_marshal_point_out_caller:
 * @point: (out caller-allocates):
 */
void
tl_marshal_point_out_caller (TlMarshalPoint *point)
{
  point->x += 5;
  point->y += 6;
}

/**
 * tl_marshal_inout_point:
 * @point: (inout):
 */
void
tl_marshal_inout_point (TlMarshalPoint *point)
{
  point->x++;
}

char *
tl_marshal_variant_in_none (GVariant *variant)
{
  return g_variant_print (variant, FALSE);
}

/**
 * tl_marshal_variant_in_full:
 * @variant: (transfer full):
 */
char *
tl_marshal_variant_in_full (GVariant *variant)
{
  char *text = g_variant_print (variant, FALSE);

  g_variant_unref (variant);
  return text;
}

/**
 * tl_marshal_variant_return_none:
 *
 * Returns: (transfer none): a floating one
 */
GVariant *
tl_marshal_variant_return_none (void)
{
  return g_variant_new_string ("floating");
}

/**
 * tl_marshal_variant_return_full:
 *
 * Returns: (transfer full):
 */
GVariant *
tl_marshal_variant_return_full (void)
{
  return g_variant_ref_sink (g_variant_new_int32 (5));
}

char *
tl_marshal_param_in_none (GParamSpec *pspec)
{
  return g_strdup (pspec->name);
}

/**
 * tl_marshal_param_return_none:
 *
 * Returns: (transfer none): a floating one
 */
GParamSpec *
tl_marshal_param_return_none (void)
{
  return g_param_spec_int ("none", NULL, NULL, 0, 1, 0, G_PARAM_READABLE);
}

/**
 * tl_marshal_param_return_full:
 *
 * Returns: (transfer full):
 */
GParamSpec *
tl_marshal_param_return_full (void)
{
  return g_param_spec_ref_sink (g_param_spec_int ("full", NULL, NULL, 0, 1, 0, G_PARAM_READABLE));
}

char *
tl_marshal_error_in_none (GError *error_in)
{
  return g_strdup (error_in->message);
}

/**
 * tl_marshal_error_return_full:
 *
 * Returns: (transfer full):
 */
GError *
tl_marshal_error_return_full (void)
{
  return g_error_new (G_IO_ERROR, G_IO_ERROR_BUSY, "returned");
}

/**
 * tl_marshal_error_out_full:
 * @out: (out) (transfer full):
 */
void
tl_marshal_error_out_full (GError **out,
                           int      code)
{
  *out = g_error_new (G_IO_ERROR, code, "out");
}

char *
tl_marshal_value_in_none (GValue *value)
{
  return g_strdup_value_contents (value);
}

const char *
tl_marshal_value_type (GValue *value)
{
  return G_VALUE_TYPE_NAME (value);
}

/**
 * tl_marshal_value_in_full:
 * @value: (transfer full):
 */
char *
tl_marshal_value_in_full (GValue *value)
{
  char *text = g_strdup_value_contents (value);

  g_boxed_free (G_TYPE_VALUE, value);
  return text;
}

/**
 * tl_marshal_value_return_none:
 *
 * Returns: (transfer none):
 */
GValue *
tl_marshal_value_return_none (void)
{
  static GValue value = G_VALUE_INIT;

  if (!G_IS_VALUE (&value))
    g_value_set_static_string (g_value_init (&value, G_TYPE_STRING), "static");

  return &value;
}

/**
 * tl_marshal_value_return_full:
 *
 * Returns: (transfer full):
 */
GValue *
tl_marshal_value_return_full (void)
{
  GValue *value = g_new0 (GValue, 1);

  g_value_take_object (g_value_init (value, TL_MARSHAL_TYPE_THING), tl_marshal_thing_new (4));

  return value;
}

/**
 * tl_marshal_value_out_caller:
 * @value: (out caller-allocates):
 */
void
tl_marshal_value_out_caller (GValue *value)
{
  g_value_set_string (g_value_init (value, G_TYPE_STRING), "filled in");
}

char *
tl_marshal_bytes_in_none (GBytes *bytes)
{
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);

  return g_strndup (data, size);
}

GBytes *
tl_marshal_bytes_return_full (void)
{
  return g_bytes_new_static ("bytes", 5);
}

/**
 * tl_marshal_node_return_none:
 *
 * Returns: (transfer none):
 */
TlMarshalNode *
tl_marshal_node_return_none (void)
{
  static gsize node;

  if (g_once_init_enter (&node))
    g_once_init_leave (&node, (gsize) tl_marshal_node_new (7));

  return (TlMarshalNode *) node;
}

/**
 * tl_marshal_node_in_full:
 * @node: (transfer full):
 */
int
tl_marshal_node_in_full (TlMarshalNode *node)
{
  int number = tl_marshal_node_get_number (node);

  tl_marshal_node_unref (node);
  return number;
}
