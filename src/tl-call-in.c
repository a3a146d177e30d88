/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-call-private.h"

#include "tl-values-private.h"

#include <math.h>
#include <string.h>

/* Values to arguments. */

static gboolean
wrong_type (const TlCallType  *type,
            gboolean           nullable,
            const GValue      *value,
            GError           **error)
{
  g_autofree char *wanted = tl_call_type_describe (type);
  g_autofree char *given = tl_call_describe_value (value);

  g_set_error (error, TL_ERROR, TL_ERROR_WRONG_TYPE, " must be %s%s, not %s",
               wanted, nullable ? " or null" : "", given);
  return FALSE;
}

static gboolean
is_null (const GValue *value)
{
  if (!G_IS_VALUE (value))
    return TRUE;

  switch (G_TYPE_FUNDAMENTAL (G_VALUE_TYPE (value)))
    {
    case G_TYPE_POINTER:
      return G_VALUE_TYPE (value) != G_TYPE_GTYPE && g_value_get_pointer (value) == NULL;

    case G_TYPE_STRING:
    case G_TYPE_BOXED:
    case G_TYPE_OBJECT:
    case G_TYPE_INTERFACE:
    case G_TYPE_VARIANT:
    case G_TYPE_PARAM:
      return g_value_peek_pointer (value) == NULL;

    default:
      return g_value_fits_pointer (value) && g_value_peek_pointer (value) == NULL;
    }
}

/* ---- Numbers ---- */

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
    return wrong_type (type, FALSE, value, error);

  /* Where it begins the same as the type that it is of, on all machines. */
  switch (type->size)
    {
    case 1:
      argument->v_uint8 = (guint8) (number.kind == NEGATIVE ? (guint64) number.negative : number.positive);
      break;

    case 2:
      argument->v_uint16 = (guint16) (number.kind == NEGATIVE ? (guint64) number.negative : number.positive);
      break;

    case 4:
      argument->v_uint32 = (guint32) (number.kind == NEGATIVE ? (guint64) number.negative : number.positive);
      break;

    default:
      argument->v_uint64 = number.kind == NEGATIVE ? (guint64) number.negative : number.positive;
      break;
    }

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
    return wrong_type (type, FALSE, value, error);

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
    return wrong_type (type, FALSE, value, error);

  if (!integer_in (type, value, argument, NULL))
    return wrong_type (type, FALSE, value, error);

  if (type->klass == NULL)
    return TRUE;

  if (type->kind == TL_KIND_ENUM ? g_enum_get_value (type->klass, argument->v_int32) == NULL
                                 : (argument->v_uint32 & ~((GFlagsClass *) type->klass)->mask) != 0)
    return wrong_type (type, FALSE, value, error);

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
    return wrong_type (type, FALSE, value, error);

  c = g_utf8_get_char_validated (string, -1);
  if (c == (gunichar) -1 || c == (gunichar) -2 || *string == '\0' || *g_utf8_next_char (string) != '\0')
    return wrong_type (type, FALSE, value, error);

  argument->v_uint32 = c;
  return TRUE;
}

/* ---- Pointers ---- */

static gboolean
string_in (TlKeep            *keep,
           const TlCallType  *type,
           gboolean           give,
           gboolean           lasting,
           const GValue      *value,
           TlArgument        *argument,
           GError           **error)
{
  if (!G_VALUE_HOLDS_STRING (value))
    return wrong_type (type, FALSE, value, error);

  if (lasting && !give)
    {
      argument->v_pointer = (gpointer) g_value_get_string (value);
      return TRUE;
    }

  argument->v_pointer = g_value_dup_string (value);
  tl_keep_add (keep, argument->v_pointer, g_free, G_TYPE_NONE, give);
  return TRUE;
}

static gboolean
instance_in (TlKeep            *keep,
             const TlCallType  *type,
             gboolean           nullable,
             gboolean           give,
             gboolean           lasting,
             const GValue      *value,
             TlArgument        *argument,
             GError           **error)
{
  GType given = G_VALUE_TYPE (value);
  gpointer instance = g_value_fits_pointer (value) ? g_value_peek_pointer (value) : NULL;
  const char *reason;

  if (instance == NULL || (G_TYPE_FUNDAMENTAL (given) == G_TYPE_POINTER))
    return wrong_type (type, nullable, value, error);

  /* What an object is, rather than what it was said to be. */
  if (G_TYPE_IS_INSTANTIATABLE (given) || G_TYPE_IS_INTERFACE (given))
    given = G_TYPE_FROM_INSTANCE (instance);
  if (!g_type_is_a (given, type->gtype))
    return wrong_type (type, nullable, value, error);

  reason = tl_one_thread_reason (given);
  if (reason != NULL)
    {
      g_autofree char *name = tl_gi_gtype_name (given);

      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, " is a %s, which %s", name, reason);
      return FALSE;
    }

  if (lasting && !give)
    {
      argument->v_pointer = instance;
      return TRUE;
    }

  argument->v_pointer = tl_instance_copy (given, instance);
  tl_keep_add (keep, argument->v_pointer, NULL, given, give);
  return TRUE;
}

static void
value_in (TlKeep       *keep,
          gboolean      give,
          gboolean      lasting,
          const GValue *value,
          TlArgument   *argument)
{
  if (lasting && !give)
    {
      argument->v_pointer = (gpointer) value;
      return;
    }

  argument->v_pointer = G_IS_VALUE (value) ? g_boxed_copy (G_TYPE_VALUE, value) : g_new0 (GValue, 1);
  tl_keep_add (keep, argument->v_pointer, NULL, G_TYPE_VALUE, give);
}

/* ---- Lists ---- */

/* What a list is made of, which is one of these and lasts as long as the call. */
typedef struct
{
  gsize        n;
  TlValues    *values;
  char       **strv;
  const char  *data;            /* bytes; there is a nul behind them if @nul */
  gboolean     nul;
} Source;

/* One of the source's elements; @space is for what is no value there. */
static const GValue *
source_get (const Source *source,
            gsize         i,
            GValue       *space)
{
  if (source->values != NULL)
    return tl_values_peek (source->values, i);

  if (source->strv != NULL)
    {
      g_value_init (space, G_TYPE_STRING);
      g_value_set_static_string (space, source->strv[i]);
    }
  else
    {
      g_value_init (space, G_TYPE_UCHAR);
      g_value_set_uchar (space, (guchar) source->data[i]);
    }

  return space;
}

static gpointer
keep_boxed (TlKeep       *keep,
            gboolean      lasting,
            const GValue *value)
{
  gpointer boxed = g_value_get_boxed (value);

  if (lasting)
    return boxed;

  boxed = g_boxed_copy (G_VALUE_TYPE (value), boxed);
  tl_keep_add (keep, boxed, NULL, G_VALUE_TYPE (value), FALSE);

  return boxed;
}

static gboolean
get_source (TlKeep           *keep,
            const TlCallType *type,
            gboolean          lasting,
            const GValue     *value,
            Source           *source)
{
  gboolean is_bytes = tl_call_type_is_bytes (type->element);
  TlArgument argument;

  *source = (Source) { 0, };

  if (G_VALUE_HOLDS (value, TL_TYPE_VALUES))
    {
      TlValues *values = g_value_get_boxed (value);

      if (tl_values_is_map (values) != (type->kind == TL_KIND_HASH) && tl_values_get_size (values) > 0)
        return FALSE;
      source->values = keep_boxed (keep, lasting, value);
      source->n = tl_values_get_size (values);
      return TRUE;
    }

  if (G_VALUE_HOLDS (value, G_TYPE_STRV) && type->kind != TL_KIND_HASH)
    {
      source->strv = keep_boxed (keep, lasting, value);
      source->n = g_strv_length (source->strv);
      return TRUE;
    }

  if (!is_bytes)
    return FALSE;

  if (G_VALUE_HOLDS (value, G_TYPE_BYTES))
    {
      source->data = g_bytes_get_data (keep_boxed (keep, lasting, value), &source->n);
      return TRUE;
    }

  if (G_VALUE_HOLDS (value, G_TYPE_BYTE_ARRAY))
    {
      GByteArray *array = keep_boxed (keep, lasting, value);

      source->data = (const char *) array->data;
      source->n = array->len;
      return TRUE;
    }

  if (G_VALUE_HOLDS_STRING (value))
    {
      string_in (keep, type, FALSE, lasting, value, &argument, NULL);
      source->data = argument.v_string;
      source->n = strlen (argument.v_string);
      source->nul = TRUE;
      return TRUE;
    }

  return FALSE;
}

/* @what is for errors: of a list it is "", of a map "key" or "value". */
static gboolean
element_in (TlKeep            *keep,
            const TlCallType  *type,
            TlGiTransfer       transfer,
            const Source      *source,
            gsize              i,
            const char        *what,
            TlArgument        *argument,
            GError           **error)
{
  g_auto(GValue) space = G_VALUE_INIT;

  *argument = (TlArgument) { .v_uint64 = 0 };

  if (tl_call_in (keep, type,
                  transfer == TL_GI_TRANSFER_EVERYTHING ? TL_GI_TRANSFER_EVERYTHING
                                                        : TL_GI_TRANSFER_NOTHING,
                  FALSE, TRUE, source_get (source, i, &space), argument, NULL, error))
    return TRUE;

  if (*what == '\0')
    g_prefix_error (error, "[%" G_GSIZE_FORMAT "]", i);
  else
    g_prefix_error (error, "'s %s %" G_GSIZE_FORMAT, what, i / 2);
  return FALSE;
}

/* All elements into memory, one after the other. */
static gboolean
elements_in (TlKeep            *keep,
             const TlCallType  *element,
             TlGiTransfer       transfer,
             const Source      *source,
             char              *memory,
             GError           **error)
{
  gsize size = tl_call_type_size (element);
  TlArgument argument;

  if (source->n > 0 && source->data != NULL)
    {
      memcpy (memory, source->data, source->n);
      return TRUE;
    }

  for (gsize i = 0; i < source->n; i++)
    {
      if (!element_in (keep, element, transfer, source, i, "", &argument, error))
        return FALSE;
      tl_call_type_store (element, memory + i * size, argument);
    }

  return TRUE;
}

static gboolean
array_in (TlKeep            *keep,
          const TlCallType  *type,
          TlGiTransfer       transfer,
          const Source      *source,
          TlArgument        *argument,
          GError           **error)
{
  gsize size = tl_call_type_size (type->element);

  if (type->fixed_size >= 0 && source->n != (gsize) type->fixed_size)
    {
      g_set_error (error, TL_ERROR, TL_ERROR_WRONG_TYPE,
                   " must have %" G_GSSIZE_FORMAT " elements, not %" G_GSIZE_FORMAT,
                   type->fixed_size, source->n);
      return FALSE;
    }

  /* Bytes, and there may be many, are not copied where nobody takes them. */
  if (transfer == TL_GI_TRANSFER_NOTHING && source->data != NULL &&
      (source->nul || !type->zero_terminated))
    {
      argument->v_pointer = (gpointer) source->data;
      return TRUE;
    }

  /* Ended by a zero in any case, which does no harm. */
  argument->v_pointer = g_malloc0_n (source->n + 1, size);
  tl_keep_add (keep, argument->v_pointer, g_free, G_TYPE_NONE, transfer != TL_GI_TRANSFER_NOTHING);

  return elements_in (keep, type->element, transfer, source, argument->v_pointer, error);
}

static gboolean
g_array_in (TlKeep            *keep,
            const TlCallType  *type,
            TlGiTransfer       transfer,
            const Source      *source,
            TlArgument        *argument,
            GError           **error)
{
  GArray *array = g_array_sized_new (type->zero_terminated, TRUE,
                                     (guint) tl_call_type_size (type->element), (guint) source->n);

  g_array_set_size (array, (guint) source->n);
  argument->v_pointer = array;
  tl_keep_add (keep, array, (GDestroyNotify) g_array_unref, G_TYPE_NONE, transfer != TL_GI_TRANSFER_NOTHING);

  return elements_in (keep, type->element, transfer, source, array->data, error);
}

static gboolean
byte_array_in (TlKeep            *keep,
               const TlCallType  *type,
               TlGiTransfer       transfer,
               const Source      *source,
               TlArgument        *argument,
               GError           **error)
{
  GByteArray *array = g_byte_array_sized_new ((guint) source->n);

  g_byte_array_set_size (array, (guint) source->n);
  argument->v_pointer = array;
  tl_keep_add (keep, array, (GDestroyNotify) g_byte_array_unref, G_TYPE_NONE,
               transfer != TL_GI_TRANSFER_NOTHING);

  return elements_in (keep, type->element, transfer, source, (char *) array->data, error);
}

/* How a container that is given away frees what it holds. Those that it is not
 * said for are what no container frees, whoever has made it. */
static GDestroyNotify
element_destroy (const TlCallType *type,
                 TlGiTransfer      transfer)
{
  if (transfer != TL_GI_TRANSFER_EVERYTHING)
    return NULL;

  if (type->kind == TL_KIND_STRING || tl_call_type_needs_cell (type))
    return g_free;
  if (type->kind != TL_KIND_INSTANCE)
    return NULL;

  switch (G_TYPE_FUNDAMENTAL (type->gtype))
    {
    case G_TYPE_OBJECT:
    case G_TYPE_INTERFACE:
      return g_object_unref;

    case G_TYPE_VARIANT:
      return (GDestroyNotify) g_variant_unref;

    case G_TYPE_PARAM:
      return (GDestroyNotify) g_param_spec_unref;

    default:
      return NULL;
    }
}

/* The elements are freed on their own, where it was not given away after all. */
static void
free_ptr_array (gpointer array)
{
  g_ptr_array_set_free_func (array, NULL);
  g_ptr_array_unref (array);
}

static void
free_hash (gpointer hash)
{
  g_hash_table_steal_all (hash);
  g_hash_table_unref (hash);
}

static gboolean
ptr_array_in (TlKeep            *keep,
              const TlCallType  *type,
              TlGiTransfer       transfer,
              const Source      *source,
              TlArgument        *argument,
              GError           **error)
{
  GPtrArray *array = g_ptr_array_new_full ((guint) source->n, element_destroy (type->element, transfer));
  TlArgument element;

  argument->v_pointer = array;
  tl_keep_add (keep, array, free_ptr_array, G_TYPE_NONE, transfer != TL_GI_TRANSFER_NOTHING);

  for (gsize i = 0; i < source->n; i++)
    {
      if (!element_in (keep, type->element, transfer, source, i, "", &element, error))
        return FALSE;
      g_ptr_array_add (array, tl_call_type_to_pointer (type->element, element));
    }

  return TRUE;
}

/* The last one first, so that the list is in order and each step is short. */
static gboolean
list_in (TlKeep            *keep,
         const TlCallType  *type,
         TlGiTransfer       transfer,
         const Source      *source,
         TlArgument        *argument,
         GError           **error)
{
  gboolean given = transfer != TL_GI_TRANSFER_NOTHING;
  gboolean ok = TRUE;
  GSList *slist = NULL;
  GList *list = NULL;
  TlArgument element;

  for (gsize i = source->n; i > 0 && ok; i--)
    {
      gpointer data;

      ok = element_in (keep, type->element, transfer, source, i - 1, "", &element, error);
      data = ok ? tl_call_type_to_pointer (type->element, element) : NULL;
      if (type->kind == TL_KIND_LIST)
        list = g_list_prepend (list, data);
      else
        slist = g_slist_prepend (slist, data);
    }

  argument->v_pointer = type->kind == TL_KIND_LIST ? (gpointer) list : (gpointer) slist;
  if (argument->v_pointer != NULL)
    tl_keep_add (keep, argument->v_pointer,
                 type->kind == TL_KIND_LIST ? (GDestroyNotify) g_list_free : (GDestroyNotify) g_slist_free,
                 G_TYPE_NONE, given);

  return ok;
}

static gboolean
hash_in (TlKeep            *keep,
         const TlCallType  *type,
         TlGiTransfer       transfer,
         const Source      *source,
         TlArgument        *argument,
         GError           **error)
{
  gboolean by_string = type->element->kind == TL_KIND_STRING;
  GHashTable *hash = g_hash_table_new_full (by_string ? g_str_hash : NULL, by_string ? g_str_equal : NULL,
                                            element_destroy (type->element, transfer),
                                            element_destroy (type->item, transfer));
  TlArgument key, item;

  argument->v_pointer = hash;
  tl_keep_add (keep, hash, free_hash, G_TYPE_NONE, transfer != TL_GI_TRANSFER_NOTHING);

  for (gsize i = 0; i + 1 < source->n; i += 2)
    {
      gpointer key_pointer, item_pointer;

      if (!element_in (keep, type->element, transfer, source, i, "key", &key, error) ||
          !element_in (keep, type->item, transfer, source, i + 1, "value", &item, error))
        return FALSE;

      key_pointer = tl_call_type_to_pointer (type->element, key);
      if (tl_call_type_needs_cell (type->item))
        {
          item_pointer = g_memdup2 (&item, type->item->size);
          tl_keep_add (keep, item_pointer, g_free, G_TYPE_NONE, transfer == TL_GI_TRANSFER_EVERYTHING);
        }
      else
        {
          item_pointer = tl_call_type_to_pointer (type->item, item);
        }

      if (g_hash_table_contains (hash, key_pointer))
        {
          g_set_error (error, TL_ERROR, TL_ERROR_WRONG_TYPE,
                       "'s key %" G_GSIZE_FORMAT " is there for the second time", i / 2);
          return FALSE;
        }
      g_hash_table_insert (hash, key_pointer, item_pointer);
    }

  return TRUE;
}

/* A string for what in C is an array of characters. */
static gboolean
ucs4_in (TlKeep            *keep,
         const TlCallType  *type,
         TlGiTransfer       transfer,
         const GValue      *value,
         TlArgument        *argument,
         gsize             *length,
         GError           **error)
{
  glong n;

  argument->v_pointer = g_utf8_to_ucs4 (g_value_get_string (value), -1, NULL, &n, NULL);
  if (argument->v_pointer == NULL)
    return wrong_type (type, FALSE, value, error);

  tl_keep_add (keep, argument->v_pointer, g_free, G_TYPE_NONE, transfer != TL_GI_TRANSFER_NOTHING);
  if (length != NULL)
    *length = (gsize) n;
  return TRUE;
}

static gboolean
list_of_some_kind_in (TlKeep            *keep,
                      const TlCallType  *type,
                      TlGiTransfer       transfer,
                      gboolean           nullable,
                      gboolean           lasting,
                      const GValue      *value,
                      TlArgument        *argument,
                      gsize             *length,
                      GError           **error)
{
  Source source;

  if (type->kind == TL_KIND_ARRAY && type->element->kind == TL_KIND_UNICHAR && G_VALUE_HOLDS_STRING (value))
    return ucs4_in (keep, type, transfer, value, argument, length, error);

  if (!get_source (keep, type, lasting, value, &source))
    return wrong_type (type, nullable, value, error);

  if (source.n > G_MAXINT)
    {
      g_set_error_literal (error, TL_ERROR, TL_ERROR_WRONG_TYPE, " is too long");
      return FALSE;
    }

  if (length != NULL)
    *length = source.n;

  switch (type->kind)
    {
    case TL_KIND_ARRAY:
      return array_in (keep, type, transfer, &source, argument, error);

    case TL_KIND_G_ARRAY:
      return g_array_in (keep, type, transfer, &source, argument, error);

    case TL_KIND_BYTE_ARRAY:
      return byte_array_in (keep, type, transfer, &source, argument, error);

    case TL_KIND_PTR_ARRAY:
      return ptr_array_in (keep, type, transfer, &source, argument, error);

    case TL_KIND_HASH:
      return hash_in (keep, type, transfer, &source, argument, error);

    default:
      return list_in (keep, type, transfer, &source, argument, error);
    }
}

gboolean
tl_call_in (TlKeep            *keep,
            const TlCallType  *type,
            TlGiTransfer       transfer,
            gboolean           nullable,
            gboolean           lasting,
            const GValue      *value,
            TlArgument        *argument,
            gsize             *length,
            GError           **error)
{
  gboolean give = transfer == TL_GI_TRANSFER_EVERYTHING;

  /* A value in a value is a language's way to say of which type it is. */
  if (G_VALUE_HOLDS (value, G_TYPE_VALUE) && g_value_get_boxed (value) != NULL)
    value = g_value_get_boxed (value);

  if (is_null (value))
    {
      if (nullable)
        {
          argument->v_pointer = NULL;
          return TRUE;
        }
      if (type->kind != TL_KIND_VALUE)
        return wrong_type (type, FALSE, value, error);
    }

  switch (type->kind)
    {
    case TL_KIND_BOOLEAN:
      if (!G_VALUE_HOLDS_BOOLEAN (value))
        return wrong_type (type, FALSE, value, error);
      argument->v_boolean = g_value_get_boolean (value);
      return TRUE;

    case TL_KIND_INT8:
    case TL_KIND_UINT8:
    case TL_KIND_INT16:
    case TL_KIND_UINT16:
    case TL_KIND_INT32:
    case TL_KIND_UINT32:
    case TL_KIND_INT64:
    case TL_KIND_UINT64:
      return integer_in (type, value, argument, error);

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
        return wrong_type (type, FALSE, value, error);
      argument->v_size = g_value_get_gtype (value);
      return TRUE;

    case TL_KIND_STRING:
      return string_in (keep, type, give, lasting, value, argument, error);

    case TL_KIND_INSTANCE:
      return instance_in (keep, type, nullable, give, lasting, value, argument, error);

    case TL_KIND_VALUE:
      value_in (keep, give, lasting, value, argument);
      return TRUE;

    case TL_KIND_CALLBACK:
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                   " is a callback, which would run on a worker; it can only be null");
      return FALSE;

    case TL_KIND_BYTE_ARRAY:
    case TL_KIND_ARRAY:
    case TL_KIND_G_ARRAY:
    case TL_KIND_PTR_ARRAY:
    case TL_KIND_LIST:
    case TL_KIND_SLIST:
    case TL_KIND_HASH:
      return list_of_some_kind_in (keep, type, transfer, nullable, lasting, value, argument, length, error);

    default:
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, " is %s; it can only be null", type->name);
      return FALSE;
    }
}
