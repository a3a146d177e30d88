/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tl-say.h"

/* The arrays of GLib. */

/**
 * tl_marshal_garray_in_none:
 * @ints: (element-type gint):
 */
char *
tl_marshal_garray_in_none (GArray *ints)
{
  return tl_say_ints ((const int *) (gpointer) ints->data, ints->len);
}

/**
 * tl_marshal_garray_strings_in_none:
 * @strings: (element-type utf8):
 */
char *
tl_marshal_garray_strings_in_none (GArray *strings)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < strings->len; i++)
    tl_say_string (text, g_array_index (strings, char *, i));

  return tl_said (text);
}

/**
 * tl_marshal_garray_ucs4_in:
 * @chars: (element-type gunichar):
 */
char *
tl_marshal_garray_ucs4_in (GArray *chars)
{
  return g_ucs4_to_utf8 ((const gunichar *) (gpointer) chars->data, (glong) chars->len, NULL, NULL, NULL);
}

/**
 * tl_marshal_garray_in_full:
 * @ints: (element-type gint) (transfer full):
 */
char *
tl_marshal_garray_in_full (GArray *ints)
{
  char *text = tl_marshal_garray_in_none (ints);

  g_array_unref (ints);
  return text;
}

static GArray *
make_garray (void)
{
  GArray *array = g_array_new (FALSE, FALSE, sizeof (int));
  int ints[] = { 4, 5 };

  return g_array_append_vals (array, ints, 2);
}

/**
 * tl_marshal_garray_return_full:
 *
 * Returns: (element-type gint) (transfer full):
 */
GArray *
tl_marshal_garray_return_full (void)
{
  return make_garray ();
}

/**
 * tl_marshal_garray_strings_return_full:
 *
 * Returns: (element-type utf8) (transfer full):
 */
GArray *
tl_marshal_garray_strings_return_full (void)
{
  GArray *array = g_array_new (FALSE, FALSE, sizeof (char *));
  char *string = g_strdup ("in a GArray");

  return g_array_append_val (array, string);
}

/**
 * tl_marshal_garray_return_none:
 *
 * Returns: (element-type gint) (transfer none):
 */
GArray *
tl_marshal_garray_return_none (void)
{
  static gsize array;

  if (g_once_init_enter (&array))
    g_once_init_leave (&array, (gsize) make_garray ());

  return (GArray *) array;
}

/**
 * tl_marshal_garray_out_caller:
 * @ints: (out caller-allocates) (element-type gint):
 */
void
tl_marshal_garray_out_caller (GArray *ints)
{
  int i = 6;

  g_array_append_val (ints, i);
}

/**
 * tl_marshal_garray_strings_out_caller:
 * @strings: (out caller-allocates) (element-type utf8) (transfer full):
 */
void
tl_marshal_garray_strings_out_caller (GArray *strings)
{
  char *string = g_strdup ("filled in");

  g_array_append_val (strings, string);
}

static char *
say_ptr_array (GPtrArray *strings)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < strings->len; i++)
    tl_say_string (text, strings->pdata[i]);

  return tl_said (text);
}

/**
 * tl_marshal_ptrarray_in_none:
 * @strings: (element-type utf8):
 */
char *
tl_marshal_ptrarray_in_none (GPtrArray *strings)
{
  return say_ptr_array (strings);
}

/**
 * tl_marshal_ptrarray_in_container:
 * @strings: (element-type utf8) (transfer container):
 */
char *
tl_marshal_ptrarray_in_container (GPtrArray *strings)
{
  char *text = say_ptr_array (strings);

  g_ptr_array_unref (strings);
  return text;
}

/**
 * tl_marshal_ptrarray_in_full:
 * @strings: (element-type utf8) (transfer full):
 */
char *
tl_marshal_ptrarray_in_full (GPtrArray *strings)
{
  char *text = say_ptr_array (strings);

  g_ptr_array_unref (strings);
  return text;
}

/**
 * tl_marshal_ptrarray_things_in_full:
 * @things: (element-type TlMarshalThing) (transfer full):
 */
char *
tl_marshal_ptrarray_things_in_full (GPtrArray *things)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < things->len; i++)
    tl_say_int (text, tl_marshal_thing_get_number (things->pdata[i]));
  g_ptr_array_unref (things);

  return tl_said (text);
}

static GPtrArray *
make_ptr_array (gboolean       copied,
                GDestroyNotify destroy)
{
  GPtrArray *array = g_ptr_array_new_with_free_func (destroy);

  for (guint i = 0; tl_words[i] != NULL; i++)
    g_ptr_array_add (array, copied ? g_strdup (tl_words[i]) : (gpointer) tl_words[i]);

  return array;
}

/**
 * tl_marshal_ptrarray_return_none:
 *
 * Returns: (element-type utf8) (transfer none):
 */
GPtrArray *
tl_marshal_ptrarray_return_none (void)
{
  static gsize array;

  if (g_once_init_enter (&array))
    g_once_init_leave (&array, (gsize) make_ptr_array (FALSE, NULL));

  return (GPtrArray *) array;
}

/**
 * tl_marshal_ptrarray_return_container:
 *
 * Returns: (element-type utf8) (transfer container): one that frees its strings
 */
GPtrArray *
tl_marshal_ptrarray_return_container (void)
{
  return make_ptr_array (TRUE, g_free);
}

/**
 * tl_marshal_ptrarray_return_full:
 *
 * Returns: (element-type utf8) (transfer full): one that frees nothing
 */
GPtrArray *
tl_marshal_ptrarray_return_full (void)
{
  return make_ptr_array (TRUE, NULL);
}

/**
 * tl_marshal_ptrarray_return_full_func:
 *
 * Returns: (element-type utf8) (transfer full): one that frees its strings
 */
GPtrArray *
tl_marshal_ptrarray_return_full_func (void)
{
  return make_ptr_array (TRUE, g_free);
}

char *
tl_marshal_bytearray_in_none (GByteArray *array)
{
  return g_base64_encode (array->data, array->len);
}

/**
 * tl_marshal_bytearray_return_full:
 *
 * Returns: (transfer full):
 */
GByteArray *
tl_marshal_bytearray_return_full (void)
{
  return g_byte_array_append (g_byte_array_new (), (const guint8 *) "array", 5);
}
