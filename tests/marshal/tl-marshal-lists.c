/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tl-say.h"

/* Lists. */

static char *
say_list (GList *strings)
{
  GString *text = g_string_new (NULL);

  for (GList *l = strings; l != NULL; l = l->next)
    tl_say_string (text, l->data);

  return tl_said (text);
}

/**
 * tl_marshal_list_in_none:
 * @strings: (element-type utf8) (nullable):
 */
char *
tl_marshal_list_in_none (GList *strings)
{
  return say_list (strings);
}

/**
 * tl_marshal_list_in_container:
 * @strings: (element-type utf8) (transfer container):
 */
char *
tl_marshal_list_in_container (GList *strings)
{
  char *text = say_list (strings);

  g_list_free (strings);
  return text;
}

/**
 * tl_marshal_list_in_full:
 * @strings: (element-type utf8) (transfer full):
 */
char *
tl_marshal_list_in_full (GList *strings)
{
  char *text = say_list (strings);

  g_list_free_full (strings, g_free);
  return text;
}

/**
 * tl_marshal_list_ints_in:
 * @ints: (element-type gint32):
 */
char *
tl_marshal_list_ints_in (GList *ints)
{
  GString *text = g_string_new (NULL);

  for (GList *l = ints; l != NULL; l = l->next)
    tl_say_int (text, GPOINTER_TO_INT (l->data));

  return tl_said (text);
}

/**
 * tl_marshal_list_things_in_none:
 * @things: (element-type TlMarshalThing):
 */
char *
tl_marshal_list_things_in_none (GList *things)
{
  GString *text = g_string_new (NULL);

  for (GList *l = things; l != NULL; l = l->next)
    tl_say_int (text, tl_marshal_thing_get_number (l->data));

  return tl_said (text);
}

/**
 * tl_marshal_list_things_in_full:
 * @things: (element-type TlMarshalThing) (transfer full):
 */
char *
tl_marshal_list_things_in_full (GList *things)
{
  char *text = tl_marshal_list_things_in_none (things);

  g_list_free_full (things, g_object_unref);
  return text;
}

/**
 * tl_marshal_list_nested_in:
 * @lists: (element-type GLib.List(utf8)):
 */
char *
tl_marshal_list_nested_in (GList *lists)
{
  GString *text = g_string_new (NULL);

  for (GList *l = lists; l != NULL; l = l->next)
    {
      g_autofree char *inner = say_list (l->data);

      g_string_append_printf (text, "(%s)", inner);
    }

  return tl_said (text);
}

/**
 * tl_marshal_list_values_in:
 * @values: (element-type GObject.Value):
 */
char *
tl_marshal_list_values_in (GList *values)
{
  GString *text = g_string_new (NULL);

  for (GList *l = values; l != NULL; l = l->next)
    {
      g_autofree char *contents = g_strdup_value_contents (l->data);

      tl_say_string (text, contents);
    }

  return tl_said (text);
}

static GList *
make_list (gboolean copied)
{
  GList *list = NULL;

  for (guint i = 3; i > 0; i--)
    list = g_list_prepend (list, copied ? g_strdup (tl_words[i - 1]) : (gpointer) tl_words[i - 1]);

  return list;
}

/**
 * tl_marshal_list_return_none:
 *
 * Returns: (element-type utf8) (transfer none):
 */
GList *
tl_marshal_list_return_none (void)
{
  static gsize list;

  if (g_once_init_enter (&list))
    g_once_init_leave (&list, (gsize) make_list (FALSE));

  return (GList *) list;
}

/**
 * tl_marshal_list_return_container:
 *
 * Returns: (element-type utf8) (transfer container):
 */
GList *
tl_marshal_list_return_container (void)
{
  return make_list (FALSE);
}

/**
 * tl_marshal_list_return_full:
 *
 * Returns: (element-type utf8) (transfer full):
 */
GList *
tl_marshal_list_return_full (void)
{
  return make_list (TRUE);
}

/**
 * tl_marshal_list_points_return_full:
 *
 * Returns: (element-type TlMarshalPoint) (transfer full):
 */
GList *
tl_marshal_list_points_return_full (void)
{
  return g_list_append (NULL, tl_marshal_point_new (1, 2));
}

/**
 * tl_marshal_list_return_empty:
 *
 * Returns: (element-type utf8) (transfer full):
 */
GList *
tl_marshal_list_return_empty (void)
{
  return NULL;
}

/**
 * tl_marshal_list_things_return_full:
 *
 * Returns: (element-type TlMarshalThing) (transfer full):
 */
GList *
tl_marshal_list_things_return_full (void)
{
  return g_list_prepend (NULL, tl_marshal_thing_new (5));
}

/**
 * tl_marshal_list_out_full:
 * @list: (out) (element-type utf8) (transfer full):
 */
void
tl_marshal_list_out_full (GList **list)
{
  *list = make_list (TRUE);
}

/**
 * tl_marshal_list_inout_full:
 * @list: (inout) (element-type utf8) (transfer full):
 */
void
tl_marshal_list_inout_full (GList **list)
{
  *list = g_list_append (*list, g_strdup ("more"));
}

/**
 * tl_marshal_slist_in_full:
 * @strings: (element-type utf8) (transfer full):
 */
char *
tl_marshal_slist_in_full (GSList *strings)
{
  /* They begin alike. */
  char *text = say_list ((GList *) strings);

  g_slist_free_full (strings, g_free);
  return text;
}

/**
 * tl_marshal_slist_ints_return:
 *
 * Returns: (element-type gint8) (transfer container):
 */
GSList *
tl_marshal_slist_ints_return (void)
{
  return g_slist_prepend (g_slist_prepend (NULL, GINT_TO_POINTER (-2)), GINT_TO_POINTER (1));
}
