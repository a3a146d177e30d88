/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tl-say.h"

#include <string.h>

/* Arrays in C. */

static int *
make_ints (gsize n)
{
  int *ints = g_new0 (int, n + 1);

  for (gsize i = 0; i < n; i++)
    ints[i] = (int) i + 1;

  return ints;
}

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
    tl_say_int (text, ints[i]);

  return tl_said (text);
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
      tl_say_int (text, ints[i]);
      tl_say_string (text, names[i]);
    }

  return tl_said (text);
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

  return tl_say_ints (ints, n);
}

/**
 * tl_marshal_array_in_full:
 * @ints: (array length=n_ints) (transfer full):
 */
char *
tl_marshal_array_in_full (int   *ints,
                          gsize  n_ints)
{
  char *text = tl_say_ints (ints, n_ints);

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
    tl_say_double (text, doubles[i]);

  return tl_said (text);
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
    tl_say_int (text, colors[i]);

  return tl_said (text);
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
    tl_say_int (text, points[i].x);

  return tl_said (text);
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
    tl_say_int (text, points[i]->x);

  return tl_said (text);
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
    tl_say_int (text, tl_marshal_thing_get_number (things[i]));

  return tl_said (text);
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

      tl_say_string (text, contents);
    }

  return tl_said (text);
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
    tl_say_string (text, strv[i]);

  return tl_said (text);
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
 * tl_marshal_array_return_values:
 * @n: (out):
 *
 * Returns: (array length=n) (transfer full):
 */
GValue *
tl_marshal_array_return_values (gsize *n)
{
  GValue *values = g_new0 (GValue, 2);

  g_value_set_int (g_value_init (&values[0], G_TYPE_INT), 1);
  g_value_set_string (g_value_init (&values[1], G_TYPE_STRING), "in an array");
  *n = 2;

  return values;
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
  return g_strdupv ((char **) tl_words);
}

/**
 * tl_marshal_strv_return_none:
 *
 * Returns: (array zero-terminated=1) (transfer none):
 */
const char *const *
tl_marshal_strv_return_none (void)
{
  return tl_words;
}

/**
 * tl_marshal_strv_return_container:
 *
 * Returns: (array zero-terminated=1) (transfer container):
 */
const char **
tl_marshal_strv_return_container (void)
{
  return g_memdup2 (tl_words, 4 * sizeof tl_words[0]);
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
  *strv = g_strdupv ((char **) tl_words);
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
