/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tl-marshal.h"

#include <string.h>

/* Scalars, strings, several results, errors, what cannot be. */

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

int
tl_marshal_by_value (TlMarshalPoint point)
{
  return point.x;
}

TlMarshalPoint
tl_marshal_return_by_value (void)
{
  return (TlMarshalPoint) { 1, 2 };
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

/**
 * tl_marshal_has_cancellable:
 * @cancellable: (not nullable): what it cannot do without
 */
gboolean
tl_marshal_has_cancellable (GCancellable *cancellable)
{
  return G_IS_CANCELLABLE (cancellable);
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
