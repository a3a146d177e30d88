/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-call-private.h"

#include "tl-values-private.h"

#include <string.h>

/* Values to lists of all kinds. */

/* A list that is to be made, and what of: that is one of these, and lasts as long
 * as the call. */
typedef struct
{
  TlKeep            *keep;
  const TlCallType  *type;
  TlGiTransfer       transfer;

  gsize              n;
  TlValues          *values;
  char             **strv;
  const char        *data;      /* bytes; there is a nul behind them if @nul */
  gboolean           nul;
} List;

/* One of the elements; @space is for what is no value there. */
static const GValue *
get_element (const List *self,
             gsize       i,
             GValue     *space)
{
  if (self->values != NULL)
    return tl_values_peek (self->values, i);

  if (self->strv != NULL)
    {
      g_value_init (space, G_TYPE_STRING);
      g_value_set_static_string (space, self->strv[i]);
    }
  else
    {
      g_value_init (space, G_TYPE_UCHAR);
      g_value_set_uchar (space, (guchar) self->data[i]);
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

static const char *
keep_string (TlKeep       *keep,
             gboolean      lasting,
             const GValue *value)
{
  char *string;

  if (lasting)
    return g_value_get_string (value);

  string = g_value_dup_string (value);
  tl_keep_add (keep, string, g_free, G_TYPE_NONE, FALSE);

  return string;
}

/* FALSE if it cannot be made of @value. */
static gboolean
set_source (List         *self,
            gboolean      lasting,
            const GValue *value)
{
  gboolean is_map = self->type->kind == TL_KIND_HASH;

  if (G_VALUE_HOLDS (value, TL_TYPE_VALUES))
    {
      TlValues *values = g_value_get_boxed (value);

      if (tl_values_is_map (values) != is_map && tl_values_get_size (values) > 0)
        return FALSE;
      self->values = keep_boxed (self->keep, lasting, value);
      self->n = tl_values_get_size (values);
      return TRUE;
    }

  if (G_VALUE_HOLDS (value, G_TYPE_STRV) && !is_map)
    {
      self->strv = keep_boxed (self->keep, lasting, value);
      self->n = g_strv_length (self->strv);
      return TRUE;
    }

  if (!tl_call_type_is_bytes (self->type->element))
    return FALSE;

  if (G_VALUE_HOLDS (value, G_TYPE_BYTES))
    {
      self->data = g_bytes_get_data (keep_boxed (self->keep, lasting, value), &self->n);
      return TRUE;
    }

  if (G_VALUE_HOLDS (value, G_TYPE_BYTE_ARRAY))
    {
      GByteArray *array = keep_boxed (self->keep, lasting, value);

      self->data = (const char *) array->data;
      self->n = array->len;
      return TRUE;
    }

  if (G_VALUE_HOLDS_STRING (value))
    {
      self->data = keep_string (self->keep, lasting, value);
      self->n = strlen (self->data);
      self->nul = TRUE;
      return TRUE;
    }

  return FALSE;
}

/* @type is that of the element, and @what is for errors: of a list it is "", of a
 * map "key" or "value". */
static gboolean
element_in (const List        *self,
            const TlCallType  *type,
            gsize              i,
            const char        *what,
            TlArgument        *argument,
            GError           **error)
{
  g_auto(GValue) space = G_VALUE_INIT;
  /* What is in a value lasts, and so does the value, if it is not made here. */
  gboolean lasting = self->values != NULL || type->kind != TL_KIND_VALUE;

  *argument = (TlArgument) { .v_uint64 = 0 };

  if (tl_call_in (self->keep, type,
                  self->transfer == TL_GI_TRANSFER_EVERYTHING ? TL_GI_TRANSFER_EVERYTHING
                                                              : TL_GI_TRANSFER_NOTHING,
                  FALSE, lasting, get_element (self, i, &space), argument, NULL, error))
    return TRUE;

  if (*what == '\0')
    g_prefix_error (error, "[%" G_GSIZE_FORMAT "]", i);
  else
    g_prefix_error (error, "'s %s %" G_GSIZE_FORMAT, what, i / 2);
  return FALSE;
}

/* All elements into memory, one after the other. */
static gboolean
elements_in (const List  *self,
             char        *memory,
             GError     **error)
{
  const TlCallType *element = self->type->element;
  gsize size = tl_call_type_size (element);
  TlArgument argument;

  if (self->n > 0 && self->data != NULL)
    {
      memcpy (memory, self->data, self->n);
      return TRUE;
    }

  for (gsize i = 0; i < self->n; i++)
    {
      if (!element_in (self, element, i, "", &argument, error))
        return FALSE;
      tl_call_type_store (element, memory + i * size, argument);
    }

  return TRUE;
}

/* The argument is @made, which is freed so unless the function takes it over. */
static void
set_made (const List     *self,
          TlArgument     *argument,
          gpointer        made,
          GDestroyNotify  destroy)
{
  argument->v_pointer = made;
  tl_keep_add (self->keep, made, destroy, G_TYPE_NONE, self->transfer != TL_GI_TRANSFER_NOTHING);
}

static gboolean
array_in (const List  *self,
          TlArgument  *argument,
          GError     **error)
{
  const TlCallType *type = self->type;

  if (type->fixed_size >= 0 && self->n != (gsize) type->fixed_size)
    {
      g_set_error (error, TL_ERROR, TL_ERROR_WRONG_TYPE,
                   " must have %" G_GSSIZE_FORMAT " elements, not %" G_GSIZE_FORMAT,
                   type->fixed_size, self->n);
      return FALSE;
    }

  /* Bytes, and there may be many, are not copied where nobody takes them. */
  if (self->transfer == TL_GI_TRANSFER_NOTHING && self->data != NULL &&
      (self->nul || !type->zero_terminated))
    {
      argument->v_pointer = (gpointer) self->data;
      return TRUE;
    }

  /* Ended by a zero in any case, which does no harm. */
  set_made (self, argument, g_malloc0_n (self->n + 1, tl_call_type_size (type->element)), g_free);

  return elements_in (self, argument->v_pointer, error);
}

static gboolean
g_array_in (const List  *self,
            TlArgument  *argument,
            GError     **error)
{
  GArray *array = g_array_sized_new (self->type->zero_terminated, TRUE,
                                     (guint) tl_call_type_size (self->type->element), (guint) self->n);

  g_array_set_size (array, (guint) self->n);
  set_made (self, argument, array, (GDestroyNotify) g_array_unref);

  return elements_in (self, array->data, error);
}

static gboolean
byte_array_in (const List  *self,
               TlArgument  *argument,
               GError     **error)
{
  GByteArray *array = g_byte_array_sized_new ((guint) self->n);

  g_byte_array_set_size (array, (guint) self->n);
  set_made (self, argument, array, (GDestroyNotify) g_byte_array_unref);

  return elements_in (self, (char *) array->data, error);
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
ptr_array_in (const List  *self,
              TlArgument  *argument,
              GError     **error)
{
  const TlCallType *type = self->type->element;
  GPtrArray *array = g_ptr_array_new_full ((guint) self->n, element_destroy (type, self->transfer));
  TlArgument element;

  set_made (self, argument, array, free_ptr_array);

  for (gsize i = 0; i < self->n; i++)
    {
      if (!element_in (self, type, i, "", &element, error))
        return FALSE;
      g_ptr_array_add (array, tl_call_type_to_pointer (type, element));
    }

  return TRUE;
}

/* The last one first, so that the list is in order and each step is short. */
static gboolean
list_in (const List  *self,
         TlArgument  *argument,
         GError     **error)
{
  const TlCallType *type = self->type->element;
  gboolean is_single = self->type->kind != TL_KIND_LIST;
  gboolean ok = TRUE;
  GSList *slist = NULL;
  GList *list = NULL;
  TlArgument element;

  for (gsize i = self->n; i > 0 && ok; i--)
    {
      gpointer data;

      ok = element_in (self, type, i - 1, "", &element, error);
      data = ok ? tl_call_type_to_pointer (type, element) : NULL;
      if (is_single)
        slist = g_slist_prepend (slist, data);
      else
        list = g_list_prepend (list, data);
    }

  if (slist != NULL)
    set_made (self, argument, slist, (GDestroyNotify) g_slist_free);
  else if (list != NULL)
    set_made (self, argument, list, (GDestroyNotify) g_list_free);
  else
    argument->v_pointer = NULL;

  return ok;
}

/* In JavaScript the keys of an object are strings, whatever they were. */
static gboolean
number_key_in (const TlCallType *type,
               const GValue     *key,
               TlArgument       *argument)
{
  g_auto(GValue) number = G_VALUE_INIT;
  const char *string = G_VALUE_HOLDS_STRING (key) ? g_value_get_string (key) : NULL;
  gint64 negative;
  guint64 positive;

  if (string == NULL || !tl_call_type_is_scalar (type))
    return FALSE;

  if (g_ascii_string_to_unsigned (string, 10, 0, G_MAXUINT64, &positive, NULL))
    g_value_set_uint64 (g_value_init (&number, G_TYPE_UINT64), positive);
  else if (g_ascii_string_to_signed (string, 10, G_MININT64, -1, &negative, NULL))
    g_value_set_int64 (g_value_init (&number, G_TYPE_INT64), negative);
  else
    return FALSE;

  return tl_call_scalar_in (type, &number, argument, NULL);
}

static gboolean
hash_in (const List  *self,
         TlArgument  *argument,
         GError     **error)
{
  const TlCallType *type = self->type;
  gboolean by_string = type->element->kind == TL_KIND_STRING;
  GHashTable *hash = g_hash_table_new_full (by_string ? g_str_hash : NULL, by_string ? g_str_equal : NULL,
                                            element_destroy (type->element, self->transfer),
                                            element_destroy (type->item, self->transfer));
  TlArgument key, item;

  set_made (self, argument, hash, free_hash);

  for (gsize i = 0; i + 1 < self->n; i += 2)
    {
      gpointer key_pointer, item_pointer;

      if ((!number_key_in (type->element, tl_values_peek (self->values, i), &key) &&
           !element_in (self, type->element, i, "key", &key, error)) ||
          !element_in (self, type->item, i + 1, "value", &item, error))
        return FALSE;

      key_pointer = tl_call_type_to_pointer (type->element, key);
      if (tl_call_type_needs_cell (type->item))
        {
          item_pointer = g_memdup2 (&item, type->item->size);
          tl_keep_add (self->keep, item_pointer, g_free, G_TYPE_NONE, self->transfer == TL_GI_TRANSFER_EVERYTHING);
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
  gboolean given = transfer != TL_GI_TRANSFER_NOTHING;
  glong n;
  gunichar *ucs4 = g_utf8_to_ucs4 (g_value_get_string (value), -1, NULL, &n, NULL);

  if (ucs4 == NULL)
    return tl_call_wrong_type (type, FALSE, value, error);

  if (type->kind == TL_KIND_G_ARRAY)
    {
      GArray *array = g_array_sized_new (type->zero_terminated, TRUE, sizeof (gunichar), (guint) n);

      argument->v_pointer = g_array_append_vals (array, ucs4, (guint) n);
      tl_keep_add (keep, array, (GDestroyNotify) g_array_unref, G_TYPE_NONE, given);
      g_free (ucs4);
    }
  else
    {
      argument->v_pointer = ucs4;
      tl_keep_add (keep, ucs4, g_free, G_TYPE_NONE, given);
    }

  if (length != NULL)
    *length = (gsize) n;
  return TRUE;
}

gboolean
tl_call_list_in (TlKeep            *keep,
                 const TlCallType  *type,
                 TlGiTransfer       transfer,
                 gboolean           nullable,
                 gboolean           lasting,
                 const GValue      *value,
                 TlArgument        *argument,
                 gsize             *length,
                 GError           **error)
{
  List list = { .keep = keep, .type = type, .transfer = transfer };

  if ((type->kind == TL_KIND_ARRAY || type->kind == TL_KIND_G_ARRAY) &&
      type->element->kind == TL_KIND_UNICHAR && G_VALUE_HOLDS_STRING (value))
    return ucs4_in (keep, type, transfer, value, argument, length, error);

  if (!set_source (&list, lasting, value))
    return tl_call_wrong_type (type, nullable, value, error);

  if (list.n > G_MAXINT)
    {
      g_set_error_literal (error, TL_ERROR, TL_ERROR_WRONG_TYPE, " is too long");
      return FALSE;
    }

  if (length != NULL)
    *length = list.n;

  switch (type->kind)
    {
    case TL_KIND_ARRAY:
      return array_in (&list, argument, error);

    case TL_KIND_G_ARRAY:
      return g_array_in (&list, argument, error);

    case TL_KIND_BYTE_ARRAY:
      return byte_array_in (&list, argument, error);

    case TL_KIND_PTR_ARRAY:
      return ptr_array_in (&list, argument, error);

    case TL_KIND_HASH:
      return hash_in (&list, argument, error);

    default:
      return list_in (&list, argument, error);
    }
}
