/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tl-say.h"

#include <string.h>

/* Hashes. */

/* Sorted, as a hash is not. */
static char *
say_hash (GHashTable  *hash,
          char      *(*say) (gpointer value))
{
  GList *keys = g_list_sort (g_hash_table_get_keys (hash), (GCompareFunc) strcmp);
  GString *text = g_string_new (NULL);

  for (GList *l = keys; l != NULL; l = l->next)
    {
      g_autofree char *value = say (g_hash_table_lookup (hash, l->data));

      tl_say_string (text, l->data);
      g_string_append_printf (text, "=%s", value);
    }
  g_list_free (keys);

  return tl_said (text);
}

static char *
say_as_string (gpointer value)
{
  return g_strdup (value);
}

static char *
say_as_int (gpointer value)
{
  return g_strdup_printf ("%d", GPOINTER_TO_INT (value));
}

static char *
say_as_double (gpointer value)
{
  return g_strdup_printf ("%.1f", *(double *) value);
}

static char *
say_as_thing (gpointer value)
{
  return g_strdup_printf ("%d", tl_marshal_thing_get_number (value));
}

/**
 * tl_marshal_hash_in_none:
 * @hash: (element-type utf8 utf8):
 */
char *
tl_marshal_hash_in_none (GHashTable *hash)
{
  return say_hash (hash, say_as_string);
}

/**
 * tl_marshal_hash_in_container:
 * @hash: (element-type utf8 utf8) (transfer container):
 */
char *
tl_marshal_hash_in_container (GHashTable *hash)
{
  char *text = say_hash (hash, say_as_string);

  g_hash_table_unref (hash);
  return text;
}

/**
 * tl_marshal_hash_in_full:
 * @hash: (element-type utf8 utf8) (transfer full):
 */
char *
tl_marshal_hash_in_full (GHashTable *hash)
{
  char *text = say_hash (hash, say_as_string);

  g_hash_table_unref (hash);
  return text;
}

/**
 * tl_marshal_hash_ints_in:
 * @hash: (element-type utf8 gint):
 */
char *
tl_marshal_hash_ints_in (GHashTable *hash)
{
  return say_hash (hash, say_as_int);
}

/**
 * tl_marshal_hash_int_keys_in:
 * @hash: (element-type gint8 utf8):
 */
char *
tl_marshal_hash_int_keys_in (GHashTable *hash)
{
  const char *one = g_hash_table_lookup (hash, GINT_TO_POINTER (1));
  const char *minus_one = g_hash_table_lookup (hash, GINT_TO_POINTER (-1));

  return g_strdup_printf ("%u: %s, %s", g_hash_table_size (hash), one, minus_one);
}

/**
 * tl_marshal_hash_doubles_in:
 * @hash: (element-type utf8 gdouble):
 */
char *
tl_marshal_hash_doubles_in (GHashTable *hash)
{
  return say_hash (hash, say_as_double);
}

/**
 * tl_marshal_hash_things_in_full:
 * @hash: (element-type utf8 TlMarshalThing) (transfer full):
 */
char *
tl_marshal_hash_things_in_full (GHashTable *hash)
{
  char *text = say_hash (hash, say_as_thing);

  g_hash_table_unref (hash);
  return text;
}

static GHashTable *
make_hash (void)
{
  GHashTable *hash = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  g_hash_table_insert (hash, g_strdup ("a"), g_strdup ("1"));
  g_hash_table_insert (hash, g_strdup ("b"), g_strdup ("2"));

  return hash;
}

/**
 * tl_marshal_hash_return_none:
 *
 * Returns: (element-type utf8 utf8) (transfer none):
 */
GHashTable *
tl_marshal_hash_return_none (void)
{
  static gsize hash;

  if (g_once_init_enter (&hash))
    g_once_init_leave (&hash, (gsize) make_hash ());

  return (GHashTable *) hash;
}

/**
 * tl_marshal_hash_return_container:
 *
 * Returns: (element-type utf8 utf8) (transfer container):
 */
GHashTable *
tl_marshal_hash_return_container (void)
{
  return make_hash ();
}

/**
 * tl_marshal_hash_return_full:
 *
 * Returns: (element-type utf8 utf8) (transfer full):
 */
GHashTable *
tl_marshal_hash_return_full (void)
{
  return make_hash ();
}

/**
 * tl_marshal_hash_return_null:
 *
 * Returns: (element-type utf8 utf8) (transfer full) (nullable):
 */
GHashTable *
tl_marshal_hash_return_null (void)
{
  return NULL;
}

/**
 * tl_marshal_hash_doubles_return:
 *
 * Returns: (element-type gint gdouble) (transfer full):
 */
GHashTable *
tl_marshal_hash_doubles_return (void)
{
  GHashTable *hash = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  double half = 0.5;

  g_hash_table_insert (hash, GINT_TO_POINTER (-3), g_memdup2 (&half, sizeof half));

  return hash;
}
