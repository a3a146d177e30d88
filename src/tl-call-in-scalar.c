/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-call-private.h"

#include <math.h>

/* Values to scalars. */

/* A number of any kind: an integer, which is either negative or not, or a
 * double. */
typedef struct
{
  enum { NEGATIVE, POSITIVE, REAL } kind;
  gint64  negative;
  guint64 positive;
  double  real;
} Number;

static Number
from_int (gint64 i)
{
  return i < 0 ? (Number) { .kind = NEGATIVE, .negative = i }
               : (Number) { .kind = POSITIVE, .positive = (guint64) i };
}

/* An integer where it is one, so that 5.0 is a 5. */
static Number
from_double (double d)
{
  if (d >= 0 && d < 18446744073709551616.0 && floor (d) == d)
    return (Number) { .kind = POSITIVE, .positive = (guint64) d };
  if (d < 0 && d >= -9223372036854775808.0 && floor (d) == d)
    return (Number) { .kind = NEGATIVE, .negative = (gint64) d };

  return (Number) { .kind = REAL, .real = d };
}

static gboolean
get_number (const GValue *value,
            Number       *number)
{
  switch (G_TYPE_FUNDAMENTAL (G_VALUE_TYPE (value)))
    {
    case G_TYPE_CHAR:
      *number = from_int (g_value_get_schar (value));
      return TRUE;

    case G_TYPE_UCHAR:
      *number = from_int (g_value_get_uchar (value));
      return TRUE;

    case G_TYPE_INT:
      *number = from_int (g_value_get_int (value));
      return TRUE;

    case G_TYPE_UINT:
      *number = from_int (g_value_get_uint (value));
      return TRUE;

    case G_TYPE_LONG:
      *number = from_int (g_value_get_long (value));
      return TRUE;

    case G_TYPE_ULONG:
      *number = (Number) { .kind = POSITIVE, .positive = g_value_get_ulong (value) };
      return TRUE;

    case G_TYPE_INT64:
      *number = from_int (g_value_get_int64 (value));
      return TRUE;

    case G_TYPE_UINT64:
      *number = (Number) { .kind = POSITIVE, .positive = g_value_get_uint64 (value) };
      return TRUE;

    case G_TYPE_FLOAT:
      *number = from_double ((double) g_value_get_float (value));
      return TRUE;

    case G_TYPE_DOUBLE:
      *number = from_double (g_value_get_double (value));
      return TRUE;

    case G_TYPE_ENUM:
      *number = from_int (g_value_get_enum (value));
      return TRUE;

    case G_TYPE_FLAGS:
      *number = from_int (g_value_get_flags (value));
      return TRUE;

    default:
      return FALSE;
    }
}

static gboolean
integer_in (const TlCallType  *type,
            const GValue      *value,
            TlArgument        *argument,
            GError           **error)
{
  Number number;
  gint64 min;
  guint64 max;

  tl_call_type_range (type, &min, &max);

  if (!get_number (value, &number) || number.kind == REAL ||
      (number.kind == NEGATIVE && number.negative < min) ||
      (number.kind == POSITIVE && number.positive > max))
    return tl_call_wrong_type (type, FALSE, value, error);

  *argument = tl_call_type_from_integer (type, number.kind == NEGATIVE ? (guint64) number.negative
                                                                      : number.positive);
  return TRUE;
}

static gboolean
real_in (const TlCallType  *type,
         const GValue      *value,
         TlArgument        *argument,
         GError           **error)
{
  Number number;
  double real;

  if (!get_number (value, &number))
    return tl_call_wrong_type (type, FALSE, value, error);

  real = number.kind == REAL ? number.real
       : number.kind == NEGATIVE ? (double) number.negative : (double) number.positive;

  if (type->kind == TL_KIND_DOUBLE)
    {
      /* A large integer may have no double. A float is rounded: there is hardly
       * a number that would fit otherwise. */
      if ((number.kind == NEGATIVE && (gint64) real != number.negative) ||
          (number.kind == POSITIVE && (real >= 18446744073709551616.0 ||
                                       (guint64) real != number.positive)))
        {
          g_autofree char *given = tl_call_describe_value (value);

          g_set_error (error, TL_ERROR, TL_ERROR_WRONG_TYPE,
                       " must be a number that a double can hold, not %s", given);
          return FALSE;
        }
      argument->v_double = real;
      return TRUE;
    }

  if (isfinite (real) && fabs (real) > (double) G_MAXFLOAT)
    {
      g_autofree char *given = tl_call_describe_value (value);

      g_set_error (error, TL_ERROR, TL_ERROR_WRONG_TYPE,
                   " must be a number that a float can hold, not %s", given);
      return FALSE;
    }
  argument->v_float = (float) real;
  return TRUE;
}

static gboolean
enum_in (const TlCallType  *type,
         const GValue      *value,
         TlArgument        *argument,
         GError           **error)
{
  GType given = G_VALUE_TYPE (value);

  /* One of another enumeration is a mistake, rather than a number. */
  if ((G_TYPE_IS_ENUM (given) || G_TYPE_IS_FLAGS (given)) && type->klass != NULL && given != type->gtype)
    return tl_call_wrong_type (type, FALSE, value, error);

  if (!integer_in (type, value, argument, NULL))
    return tl_call_wrong_type (type, FALSE, value, error);

  if (type->klass == NULL)
    return TRUE;

  if (type->kind == TL_KIND_ENUM ? g_enum_get_value (type->klass, argument->v_int32) == NULL
                                 : (argument->v_uint32 & ~((GFlagsClass *) type->klass)->mask) != 0)
    return tl_call_wrong_type (type, FALSE, value, error);

  return TRUE;
}

static gboolean
unichar_in (const TlCallType  *type,
            const GValue      *value,
            TlArgument        *argument,
            GError           **error)
{
  const char *string;
  gunichar c;

  if (!G_VALUE_HOLDS_STRING (value) || (string = g_value_get_string (value)) == NULL)
    return tl_call_wrong_type (type, FALSE, value, error);

  /* An empty string is all that languages can make of a 0. */
  c = *string != '\0' ? g_utf8_get_char_validated (string, -1) : 0;
  if (c == (gunichar) -1 || c == (gunichar) -2 || (c != 0 && *g_utf8_next_char (string) != '\0'))
    return tl_call_wrong_type (type, FALSE, value, error);

  argument->v_uint32 = c;
  return TRUE;
}

gboolean
tl_call_scalar_in (const TlCallType  *type,
                   const GValue      *value,
                   TlArgument        *argument,
                   GError           **error)
{
  switch (type->kind)
    {
    case TL_KIND_BOOLEAN:
      if (!G_VALUE_HOLDS_BOOLEAN (value))
        return tl_call_wrong_type (type, FALSE, value, error);
      argument->v_boolean = g_value_get_boolean (value);
      return TRUE;

    case TL_KIND_FLOAT:
    case TL_KIND_DOUBLE:
      return real_in (type, value, argument, error);

    case TL_KIND_ENUM:
    case TL_KIND_FLAGS:
      return enum_in (type, value, argument, error);

    case TL_KIND_UNICHAR:
      return unichar_in (type, value, argument, error);

    case TL_KIND_GTYPE:
      if (!G_VALUE_HOLDS_GTYPE (value))
        return tl_call_wrong_type (type, FALSE, value, error);
      argument->v_size = g_value_get_gtype (value);
      return TRUE;

    default:
      return integer_in (type, value, argument, error);
    }
}
