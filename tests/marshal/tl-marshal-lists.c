/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tl-marshal.h"

#include <string.h>

/* Arrays, lists, hashes. Those that take one say what is in it. */

static void
say_int (GString *text,
         gint64   i)
{
  g_string_append_printf (text, "%s%" G_GINT64_FORMAT, text->len > 0 ? " " : "", i);
}

static void
say_double (GString *text,
            double   d)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append_printf (text, "%s%s", text->len > 0 ? " " : "", g_ascii_dtostr (buffer, sizeof buffer, d));
}

static void
say_string (GString    *text,
            const char *string)
{
  g_string_append_printf (text, "%s%s", text->len > 0 ? " " : "", string);
}

static char *
said (GString *text)
{
  return g_string_free (text, FALSE);
}

static char *
say_ints (const int *ints,
          gsize      n)
{
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < n; i++)
    say_int (text, ints[i]);

  return said (text);
}

static int *
make_ints (gsize n)
{
  int *ints = g_new0 (int, n + 1);

  for (gsize i = 0; i < n; i++)
    ints[i] = (int) i + 1;

  return ints;
}

static const char *const words[] = { "one", "two", "three", NULL };

/* ---- C arrays ---- */

/**
 * tl_marshal_array_in_fixed:
 * @ints: (array fixed-size=3):
 */
int
tl_marshal_array_in_fixed (const int *ints)
{
  return ints[0] * 100 + ints[1] * 10 + ints[2];
}

/**
 * tl_marshal_array_in_length:
 * @ints: (array length=n_ints) (nullable):
 */
char *
tl_marshal_array_in_length (const gint16 *ints,
                            guint8        n_ints)
{
  GString *text = g_string_new (ints == NULL ? "null" : NULL);

  for (guint i = 0; i < n_ints; i++)
    say_int (text, ints[i]);

  return said (text);
}

/**
 * tl_marshal_array_in_two:
 * @ints: (array length=n):
 * @names: (array length=n):
 *
 * One length for both.
 */
char *
tl_marshal_array_in_two (const int         *ints,
                         const char *const *names,
                         guint              n)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    {
      say_int (text, ints[i]);
      say_string (text, names[i]);
    }

  return said (text);
}

/**
 * tl_marshal_array_in_zero:
 * @ints: (array zero-terminated=1):
 */
char *
tl_marshal_array_in_zero (const int *ints)
{
  gsize n = 0;

  while (ints[n] != 0)
    n++;

  return say_ints (ints, n);
}

/**
 * tl_marshal_array_in_full:
 * @ints: (array length=n_ints) (transfer full):
 */
char *
tl_marshal_array_in_full (int   *ints,
                          gsize  n_ints)
{
  char *text = say_ints (ints, n_ints);

  g_free (ints);
  return text;
}

/**
 * tl_marshal_array_in_doubles:
 * @doubles: (array length=n_doubles):
 */
char *
tl_marshal_array_in_doubles (const double *doubles,
                             gsize         n_doubles)
{
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < n_doubles; i++)
    say_double (text, doubles[i]);

  return said (text);
}

/**
 * tl_marshal_array_in_colors:
 * @colors: (array length=n_colors):
 */
char *
tl_marshal_array_in_colors (const TlMarshalColor *colors,
                            int                   n_colors)
{
  GString *text = g_string_new (NULL);

  for (int i = 0; i < n_colors; i++)
    say_int (text, colors[i]);

  return said (text);
}

/**
 * tl_marshal_array_in_points:
 * @points: (array length=n_points):
 */
char *
tl_marshal_array_in_points (const TlMarshalPoint *points,
                            gsize                 n_points)
{
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < n_points; i++)
    say_int (text, points[i].x);

  return said (text);
}

/**
 * tl_marshal_array_in_point_ptrs:
 * @points: (array length=n_points):
 */
char *
tl_marshal_array_in_point_ptrs (TlMarshalPoint **points,
                                gsize            n_points)
{
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < n_points; i++)
    say_int (text, points[i]->x);

  return said (text);
}

/**
 * tl_marshal_array_in_things:
 * @things: (array length=n_things):
 */
char *
tl_marshal_array_in_things (TlMarshalThing **things,
                            gsize            n_things)
{
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < n_things; i++)
    say_int (text, tl_marshal_thing_get_number (things[i]));

  return said (text);
}

/**
 * tl_marshal_array_in_things_full:
 * @things: (array length=n_things) (transfer full):
 */
char *
tl_marshal_array_in_things_full (TlMarshalThing **things,
                                 gsize            n_things)
{
  char *text = tl_marshal_array_in_things (things, n_things);

  for (gsize i = 0; i < n_things; i++)
    g_object_unref (things[i]);
  g_free (things);

  return text;
}

/**
 * tl_marshal_array_in_values:
 * @values: (array length=n_values):
 */
char *
tl_marshal_array_in_values (const GValue *values,
                            guint         n_values)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < n_values; i++)
    {
      g_autofree char *contents = g_strdup_value_contents (&values[i]);

      say_string (text, contents);
    }

  return said (text);
}

/**
 * tl_marshal_array_in_bytes:
 * @data: (array length=n_data):
 */
char *
tl_marshal_array_in_bytes (const guint8 *data,
                           gsize         n_data)
{
  return g_base64_encode (data, n_data);
}

/**
 * tl_marshal_array_in_bytes_full:
 * @data: (array length=n_data) (transfer full):
 */
char *
tl_marshal_array_in_bytes_full (guint8 *data,
                                gsize   n_data)
{
  char *text = g_base64_encode (data, n_data);

  g_free (data);
  return text;
}

/**
 * tl_marshal_array_in_ucs4:
 * @chars: (array length=n_chars):
 */
char *
tl_marshal_array_in_ucs4 (const gunichar *chars,
                          gsize           n_chars)
{
  return g_ucs4_to_utf8 (chars, (glong) n_chars, NULL, NULL, NULL);
}

/**
 * tl_marshal_strv_in_none:
 * @strv: (array zero-terminated=1):
 */
char *
tl_marshal_strv_in_none (const char *const *strv)
{
  return g_strjoinv (" ", (char **) strv);
}

/**
 * tl_marshal_strv_in_container:
 * @strv: (array zero-terminated=1) (transfer container):
 */
char *
tl_marshal_strv_in_container (const char **strv)
{
  char *text = g_strjoinv (" ", (char **) strv);

  g_free (strv);
  return text;
}

/**
 * tl_marshal_strv_in_full:
 * @strv: (array zero-terminated=1) (transfer full):
 */
char *
tl_marshal_strv_in_full (char **strv)
{
  char *text = g_strjoinv (" ", strv);

  g_strfreev (strv);
  return text;
}

/**
 * tl_marshal_strv_in_length:
 * @strv: (array length=n_strv):
 */
char *
tl_marshal_strv_in_length (const char *const *strv,
                           int                n_strv)
{
  GString *text = g_string_new (NULL);

  for (int i = 0; i < n_strv; i++)
    say_string (text, strv[i]);

  return said (text);
}

/**
 * tl_marshal_array_return_fixed:
 *
 * Returns: (array fixed-size=3) (transfer none):
 */
const int *
tl_marshal_array_return_fixed (void)
{
  static const int ints[] = { 7, 8, 9 };

  return ints;
}

/**
 * tl_marshal_array_return_length:
 * @n: (out):
 *
 * Returns: (array length=n) (transfer full):
 */
int *
tl_marshal_array_return_length (guint8 *n)
{
  *n = 3;
  return make_ints (3);
}

/**
 * tl_marshal_array_return_zero:
 *
 * Returns: (array zero-terminated=1) (transfer full):
 */
int *
tl_marshal_array_return_zero (void)
{
  return make_ints (2);
}

/**
 * tl_marshal_array_return_null:
 * @n: (out):
 *
 * Returns: (array length=n) (transfer full) (nullable):
 */
int *
tl_marshal_array_return_null (gsize *n)
{
  *n = 0;
  return NULL;
}

/**
 * tl_marshal_array_return_points:
 * @n: (out):
 *
 * Returns: (array length=n) (transfer full):
 */
TlMarshalPoint *
tl_marshal_array_return_points (gsize *n)
{
  TlMarshalPoint *points = g_new0 (TlMarshalPoint, 2);

  points[0].x = 1;
  points[1].x = 2;
  *n = 2;

  return points;
}

/**
 * tl_marshal_array_return_things:
 * @n: (out):
 *
 * Returns: (array length=n) (transfer full):
 */
TlMarshalThing **
tl_marshal_array_return_things (gsize *n)
{
  TlMarshalThing **things = g_new0 (TlMarshalThing *, 2);

  things[0] = tl_marshal_thing_new (1);
  things[1] = tl_marshal_thing_new (2);
  *n = 2;

  return things;
}

/**
 * tl_marshal_array_return_things_container:
 * @n: (out):
 *
 * Returns: (array length=n) (transfer container):
 */
TlMarshalThing **
tl_marshal_array_return_things_container (gsize *n)
{
  TlMarshalThing **things = g_new0 (TlMarshalThing *, 1);

  things[0] = tl_marshal_thing_return_none ();
  *n = 1;

  return things;
}

/**
 * tl_marshal_array_return_bytes:
 * @n: (out):
 *
 * Returns: (array length=n) (transfer full):
 */
guint8 *
tl_marshal_array_return_bytes (gsize *n)
{
  *n = 3;
  return g_memdup2 ("a\0b", 3);
}

/**
 * tl_marshal_array_return_bytes_none:
 * @n: (out):
 *
 * Returns: (array length=n) (transfer none):
 */
const guint8 *
tl_marshal_array_return_bytes_none (gsize *n)
{
  *n = 4;
  return (const guint8 *) "none";
}

/**
 * tl_marshal_array_return_ucs4:
 * @n: (out):
 *
 * Returns: (array length=n) (transfer full):
 */
gunichar *
tl_marshal_array_return_ucs4 (gsize *n)
{
  glong length;
  gunichar *chars = g_utf8_to_ucs4 ("h\303\251", -1, NULL, &length, NULL);

  *n = (gsize) length;
  return chars;
}

/**
 * tl_marshal_array_out:
 * @ints: (out) (array length=n) (transfer full):
 * @n: (out):
 */
void
tl_marshal_array_out (int   **ints,
                      guint  *n)
{
  *n = 4;
  *ints = make_ints (4);
}

/**
 * tl_marshal_array_out_fixed_caller:
 * @floats: (out caller-allocates) (array fixed-size=3):
 */
void
tl_marshal_array_out_fixed_caller (float *floats)
{
  floats[0] = 0.5f;
  floats[1] = 1.5f;
  floats[2] = 2.5f;
}

/**
 * tl_marshal_array_fill:
 * @buffer: (out caller-allocates) (array length=count):
 * @count: (in): how much room there is
 *
 * Returns: how much was put there
 */
gssize
tl_marshal_array_fill (guint8 *buffer,
                       gsize   count)
{
  memset (buffer, 'x', count);
  return (gssize) count - 1;
}

/**
 * tl_marshal_array_inout:
 * @ints: (inout) (array length=n) (transfer full):
 * @n: (inout):
 *
 * One more than there were.
 */
void
tl_marshal_array_inout (int   **ints,
                        guint  *n)
{
  *ints = g_renew (int, *ints, *n + 1);
  (*ints)[*n] = (int) *n;
  ++*n;
}

/**
 * tl_marshal_strv_return_full:
 *
 * Returns: (transfer full):
 */
char **
tl_marshal_strv_return_full (void)
{
  return g_strdupv ((char **) words);
}

/**
 * tl_marshal_strv_return_none:
 *
 * Returns: (array zero-terminated=1) (transfer none):
 */
const char *const *
tl_marshal_strv_return_none (void)
{
  return words;
}

/**
 * tl_marshal_strv_return_container:
 *
 * Returns: (array zero-terminated=1) (transfer container):
 */
const char **
tl_marshal_strv_return_container (void)
{
  return g_memdup2 (words, sizeof words);
}

/**
 * tl_marshal_strv_return_length:
 * @n: (out):
 *
 * Returns: (array length=n) (transfer full):
 */
char **
tl_marshal_strv_return_length (int *n)
{
  char **strv = g_new (char *, 2);

  strv[0] = g_strdup ("a");
  strv[1] = g_strdup ("b");
  *n = 2;

  return strv;
}

/**
 * tl_marshal_strv_return_holes:
 * @n: (out):
 *
 * Returns: (array length=n) (transfer full):
 */
char **
tl_marshal_strv_return_holes (int *n)
{
  char **strv = g_new0 (char *, 3);

  strv[2] = g_strdup ("c");
  *n = 3;

  return strv;
}

/**
 * tl_marshal_strv_return_null:
 *
 * Returns: (transfer full) (nullable):
 */
char **
tl_marshal_strv_return_null (void)
{
  return NULL;
}

/**
 * tl_marshal_strv_out_full:
 * @strv: (out) (array zero-terminated=1) (transfer full):
 */
void
tl_marshal_strv_out_full (char ***strv)
{
  *strv = g_strdupv ((char **) words);
}

/**
 * tl_marshal_strv_inout_full:
 * @strv: (inout) (array zero-terminated=1) (transfer full):
 */
void
tl_marshal_strv_inout_full (char ***strv)
{
  guint n = g_strv_length (*strv);

  *strv = g_renew (char *, *strv, n + 2);
  (*strv)[n] = g_strdup ("more");
  (*strv)[n + 1] = NULL;
}

/* ---- Containers of GLib ---- */

/**
 * tl_marshal_garray_in_none:
 * @ints: (element-type gint):
 */
char *
tl_marshal_garray_in_none (GArray *ints)
{
  return say_ints ((const int *) (gpointer) ints->data, ints->len);
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
    say_string (text, g_array_index (strings, char *, i));

  return said (text);
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

static char *
say_ptr_array (GPtrArray *strings)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < strings->len; i++)
    say_string (text, strings->pdata[i]);

  return said (text);
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
    say_int (text, tl_marshal_thing_get_number (things->pdata[i]));
  g_ptr_array_unref (things);

  return said (text);
}

static GPtrArray *
make_ptr_array (gboolean       copied,
                GDestroyNotify destroy)
{
  GPtrArray *array = g_ptr_array_new_with_free_func (destroy);

  for (guint i = 0; words[i] != NULL; i++)
    g_ptr_array_add (array, copied ? g_strdup (words[i]) : (gpointer) words[i]);

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

static char *
say_list (GList *strings)
{
  GString *text = g_string_new (NULL);

  for (GList *l = strings; l != NULL; l = l->next)
    say_string (text, l->data);

  return said (text);
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
    say_int (text, GPOINTER_TO_INT (l->data));

  return said (text);
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
    say_int (text, tl_marshal_thing_get_number (l->data));

  return said (text);
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

  return said (text);
}

static GList *
make_list (gboolean copied)
{
  GList *list = NULL;

  for (guint i = 3; i > 0; i--)
    list = g_list_prepend (list, copied ? g_strdup (words[i - 1]) : (gpointer) words[i - 1]);

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

      say_string (text, l->data);
      g_string_append_printf (text, "=%s", value);
    }
  g_list_free (keys);

  return said (text);
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
