/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tl-marshal.h"

#include <string.h>

/* Scalars, strings, instances, errors. */

#define RETURN(name, type) type tl_marshal_return_ ## name (type value) { return value; }

RETURN (boolean, gboolean)
RETURN (int8, gint8)
RETURN (uint8, guint8)
RETURN (int16, gint16)
RETURN (uint16, guint16)
RETURN (int32, gint32)
RETURN (uint32, guint32)
RETURN (int64, gint64)
RETURN (uint64, guint64)
RETURN (ssize, gssize)
RETURN (size, gsize)
RETURN (float, float)
RETURN (double, double)
RETURN (gtype, GType)
RETURN (unichar, gunichar)
RETURN (color, TlMarshalColor)
RETURN (bits, TlMarshalBits)
RETURN (plain, TlMarshalPlain)

/**
 * tl_marshal_all_out:
 * @out_i8: (out):
 * @out_u16: (out):
 * @out_i64: (out):
 * @out_f: (out):
 * @out_d: (out):
 * @out_gtype: (out):
 * @out_c: (out):
 * @out_color: (out):
 * @out_b: (out):
 */
void
tl_marshal_all_out (gint8           i8,
                    guint16         u16,
                    gint64          i64,
                    float           f,
                    double          d,
                    GType           gtype,
                    gunichar        c,
                    TlMarshalColor  color,
                    gboolean        b,
                    gint8          *out_i8,
                    guint16        *out_u16,
                    gint64         *out_i64,
                    float          *out_f,
                    double         *out_d,
                    GType          *out_gtype,
                    gunichar       *out_c,
                    TlMarshalColor *out_color,
                    gboolean       *out_b)
{
  *out_i8 = i8;
  *out_u16 = u16;
  *out_i64 = i64;
  *out_f = f;
  *out_d = d;
  *out_gtype = gtype;
  *out_c = c;
  *out_color = color;
  *out_b = b;
}

/**
 * tl_marshal_all_inout:
 * @i8: (inout):
 * @u8: (inout):
 * @i16: (inout):
 * @u32: (inout):
 * @u64: (inout):
 * @f: (inout):
 * @d: (inout):
 * @b: (inout):
 * @bits: (inout):
 *
 * One more of each, and the other one of what has only two.
 */
void
tl_marshal_all_inout (gint8         *i8,
                      guint8        *u8,
                      gint16        *i16,
                      guint32       *u32,
                      guint64       *u64,
                      float         *f,
                      double        *d,
                      gboolean      *b,
                      TlMarshalBits *bits)
{
  ++*i8;
  ++*u8;
  ++*i16;
  ++*u32;
  ++*u64;
  *f += 1;
  *d += 1;
  *b = !*b;
  *bits ^= TL_MARSHAL_BITS_HIGH;
}

/* ---- Strings ---- */

char *
tl_marshal_string_in_none (const char *string)
{
  return g_utf8_strup (string, -1);
}

/**
 * tl_marshal_string_in_full:
 * @string: (transfer full):
 */
char *
tl_marshal_string_in_full (char *string)
{
  char *upper = g_utf8_strup (string, -1);

  g_free (string);
  return upper;
}

/**
 * tl_marshal_string_in_nullable:
 * @string: (nullable):
 */
char *
tl_marshal_string_in_nullable (const char *string)
{
  return g_strdup (string != NULL ? string : "was null");
}

const char *
tl_marshal_string_return_none (void)
{
  return "static";
}

/**
 * tl_marshal_string_return_null:
 *
 * Returns: (nullable) (transfer full):
 */
char *
tl_marshal_string_return_null (void)
{
  return NULL;
}

/**
 * tl_marshal_string_out_none:
 * @string: (out) (transfer none):
 */
void
tl_marshal_string_out_none (const char **string)
{
  *string = "static";
}

/**
 * tl_marshal_string_out_full:
 * @string: (out) (transfer full):
 */
void
tl_marshal_string_out_full (char **string)
{
  *string = g_strdup ("made");
}

/**
 * tl_marshal_string_inout_none:
 * @string: (inout) (transfer none):
 */
void
tl_marshal_string_inout_none (const char **string)
{
  *string = strcmp (*string, "in") == 0 ? "static" : "wrong";
}

/**
 * tl_marshal_string_inout_full:
 * @string: (inout) (transfer full) (nullable):
 */
void
tl_marshal_string_inout_full (char **string)
{
  char *out = *string != NULL ? g_strconcat (*string, "out", NULL) : NULL;

  g_free (*string);
  *string = out;
}

/* ---- Instances ---- */

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

/* ---- Errors and several results ---- */

gboolean
tl_marshal_fail (int      code,
                 GError **error)
{
  if (code == 0)
    return TRUE;

  g_set_error (error, G_IO_ERROR, code, "failed as asked");
  return FALSE;
}

/**
 * tl_marshal_divide:
 * @quotient: (out):
 * @remainder: (out):
 */
gboolean
tl_marshal_divide (int      dividend,
                   int      divisor,
                   int     *quotient,
                   int     *remainder,
                   GError **error)
{
  if (divisor == 0)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "by zero");
      return FALSE;
    }

  *quotient = dividend / divisor;
  *remainder = dividend % divisor;
  return TRUE;
}

/**
 * tl_marshal_half:
 * @half: (out):
 */
gboolean
tl_marshal_half (int      number,
                 int     *half,
                 GError **error)
{
  *half = number / 2;
  return TRUE;
}

/**
 * tl_marshal_parse:
 * @number: (out):
 *
 * Says by a boolean alone that it has failed.
 */
gboolean
tl_marshal_parse (const char *text,
                  int        *number)
{
  *number = (int) g_ascii_strtoll (text, NULL, 10);

  return g_ascii_isdigit (*text);
}

/**
 * tl_marshal_several:
 * @upper: (out) (transfer full) (optional):
 * @length: (out) (optional):
 * @words: (out) (transfer full) (array zero-terminated=1) (optional):
 *
 * Returns: (transfer full):
 */
char *
tl_marshal_several (const char   *text,
                    char        **upper,
                    guint        *length,
                    char       ***words)
{
  *upper = g_utf8_strup (text, -1);
  *length = (guint) strlen (text);
  *words = g_strsplit (text, " ", -1);

  return g_strreverse (g_strdup (text));
}

/* ---- What cannot be, or waits ---- */

/**
 * tl_marshal_call:
 * @func: (scope call) (closure user_data):
 */
int
tl_marshal_call (TlMarshalFunc func,
                 gpointer      user_data)
{
  return func (1, user_data);
}

/**
 * tl_marshal_call_maybe:
 * @func: (nullable) (scope notified) (closure user_data) (destroy destroy):
 */
int
tl_marshal_call_maybe (int            value,
                       TlMarshalFunc  func,
                       gpointer       user_data,
                       GDestroyNotify destroy)
{
  if (func != NULL || user_data != NULL || destroy != NULL)
    return -1;

  return value;
}

void
tl_marshal_closure (GClosure *closure)
{
}

/**
 * tl_marshal_pointer_in:
 * @pointer: (nullable):
 */
int
tl_marshal_pointer_in (gpointer pointer,
                       int      value)
{
  return pointer == NULL ? value : -1;
}

/**
 * tl_marshal_pointer_return:
 *
 * Returns: (transfer none) (nullable):
 */
gpointer
tl_marshal_pointer_return (void)
{
  return NULL;
}

int
tl_marshal_raw_in (TlMarshalRaw *raw)
{
  return raw->a;
}

int
tl_marshal_scalar_pointer (int *ints)
{
  return ints[0];
}

/**
 * tl_marshal_array_return_unknown:
 *
 * Returns: (transfer none) (array):
 */
int *
tl_marshal_array_return_unknown (void)
{
  return NULL;
}

void
tl_marshal_varargs (int n,
                    ...)
{
}

static gboolean
wait_for (GCancellable  *cancellable,
          GError       **error)
{
  GPollFD fd = { 0, };

  if (!g_cancellable_make_pollfd (cancellable, &fd))
    return TRUE;

  g_poll (&fd, 1, -1);
  g_cancellable_release_fd (cancellable);

  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

/**
 * tl_marshal_wait:
 * @cancellable: (nullable):
 *
 * Waits until it is cancelled, and for ever if it never is.
 */
gboolean
tl_marshal_wait (GCancellable  *cancellable,
                 GError       **error)
{
  return wait_for (cancellable, error);
}

/**
 * tl_marshal_wait_two:
 * @first: (nullable):
 * @second: (nullable):
 *
 * Waits for the first one; the other one is only looked at.
 */
gboolean
tl_marshal_wait_two (GCancellable  *first,
                     int            number,
                     GCancellable  *second,
                     GError       **error)
{
  if (number != 5 || second != NULL)
    return TRUE;

  return wait_for (first, error);
}

gboolean
tl_marshal_is_on_thread (guint64 thread)
{
  return (guint64) (gsize) g_thread_self () == thread;
}

void
tl_marshal_nothing (void)
{
}
