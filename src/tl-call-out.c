/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-call-private.h"

#include "tl-values-private.h"

#include <string.h>

/* Results to values. */

static void
string_out (gboolean    owned,
            char       *string,
            GValue     *value)
{
  if (owned)
    g_value_take_string (value, string);
  else
    g_value_set_string (value, string);
}

/* As GParamSpec has no function to ask. */
static gboolean
param_is_floating (GParamSpec *pspec)
{
  return (g_datalist_get_flags (&pspec->qdata) & 0x2) != 0;
}

static void
instance_out (const TlCallType *type,
              gboolean          owned,
              gpointer          instance,
              GValue           *value)
{
  switch (G_TYPE_FUNDAMENTAL (type->value_type))
    {
    case G_TYPE_OBJECT:
    case G_TYPE_INTERFACE:
      if (!owned || g_object_is_floating (instance))
        g_object_ref_sink (instance);
      g_value_take_object (value, instance);
      break;

    case G_TYPE_VARIANT:
      if (owned)
        g_value_take_variant (value, instance);
      else
        g_value_set_variant (value, instance);
      break;

    case G_TYPE_PARAM:
      if (!owned || param_is_floating (instance))
        g_param_spec_ref_sink (instance);
      g_value_take_param (value, instance);
      break;

    case G_TYPE_BOXED:
      if (owned)
        g_value_take_boxed (value, instance);
      else
        g_value_set_boxed (value, instance);
      break;

    default:
      if (owned)
        value->data[0].v_pointer = instance;
      else
        g_value_set_instance (value, instance);
      break;
    }
}

/* A value is itself, not a value in a value. */
static void
value_out (gboolean  owned,
           GValue   *from,
           GValue   *value)
{
  if (from != NULL && G_IS_VALUE (from))
    g_value_copy (from, g_value_init (value, G_VALUE_TYPE (from)));
  else
    g_value_init (value, G_TYPE_POINTER);

  if (owned && from != NULL)
    g_boxed_free (G_TYPE_VALUE, from);
}

/* ---- Lists ---- */

static TlGiTransfer
element_transfer (TlGiTransfer transfer)
{
  return transfer == TL_GI_TRANSFER_EVERYTHING ? TL_GI_TRANSFER_EVERYTHING : TL_GI_TRANSFER_NOTHING;
}

static void
element_out (const TlCallType *type,
             TlGiTransfer      transfer,
             TlArgument        argument,
             GValue           *value)
{
  /* What lies in an array itself goes away with it; not so what a value holds. */
  if (type->by_value)
    {
      tl_call_out_made (type, argument.v_pointer, value);
      if (type->kind == TL_KIND_VALUE && transfer == TL_GI_TRANSFER_EVERYTHING && G_IS_VALUE (argument.v_pointer))
        g_value_unset (argument.v_pointer);
    }
  else
    {
      tl_call_out (type, element_transfer (transfer), TRUE, argument, 0, value);
    }
}

static TlValues *
elements_out (const TlCallType *element,
              TlGiTransfer      transfer,
              gconstpointer     memory,
              gsize             n)
{
  TlValues *values = tl_values_new_sized (n, FALSE);
  gsize size = tl_call_type_size (element);

  for (gsize i = 0; i < n; i++)
    element_out (element, transfer, tl_call_type_load (element, (const char *) memory + i * size),
                 tl_values_peek (values, i));

  return values;
}

static gsize
zero_terminated_length (const TlCallType *element,
                        const char       *memory)
{
  gsize size = tl_call_type_size (element);
  gsize n = 0;

  if (memory == NULL)
    return 0;

  for (;; n++)
    {
      const char *at = memory + n * size;
      gsize i;

      for (i = 0; i < size && at[i] == '\0'; i++)
        ;
      if (i == size)
        return n;
    }
}

static gboolean
has_null (char  **strings,
          gsize   n)
{
  for (gsize i = 0; i < n; i++)
    if (strings[i] == NULL)
      return TRUE;

  return FALSE;
}

/* An array that is ours, of which the elements are ours if @transfer says so.
 * Returns FALSE if it was not taken over. */
static gboolean
strv_out (TlGiTransfer   transfer,
          char         **strings,
          gsize          n,
          gboolean       zero_terminated,
          GValue        *value)
{
  char **strv;

  if (transfer == TL_GI_TRANSFER_EVERYTHING && zero_terminated)
    {
      g_value_take_boxed (value, strings);
      return TRUE;
    }

  strv = g_new (char *, n + 1);
  for (gsize i = 0; i < n; i++)
    strv[i] = transfer == TL_GI_TRANSFER_EVERYTHING ? strings[i] : g_strdup (strings[i]);
  strv[n] = NULL;
  g_value_take_boxed (value, strv);

  return FALSE;
}

static void
array_out (const TlCallType *type,
           TlGiTransfer      transfer,
           gboolean          nullable,
           gpointer          memory,
           gsize             length,
           GValue           *value)
{
  const TlCallType *element = type->element;
  gboolean taken = FALSE;
  gsize n = type->length >= 0 ? length
          : type->fixed_size >= 0 ? (gsize) type->fixed_size
          : zero_terminated_length (element, memory);

  if (memory == NULL)
    n = 0;

  if (element->kind == TL_KIND_STRING && memory != NULL && has_null (memory, n))
    {
      /* More than that type can say. */
      g_value_init (value, TL_TYPE_VALUES);
      g_value_take_boxed (value, elements_out (element, transfer, memory, n));
      if (transfer != TL_GI_TRANSFER_NOTHING)
        g_free (memory);
      return;
    }

  g_value_init (value, type->value_type);

  if (memory == NULL && nullable)
    return;

  if (type->value_type == G_TYPE_BYTES)
    {
      taken = transfer != TL_GI_TRANSFER_NOTHING && memory != NULL;
      g_value_take_boxed (value, taken ? g_bytes_new_take (memory, n) : g_bytes_new (memory, n));
    }
  else if (type->value_type == G_TYPE_STRV)
    {
      taken = strv_out (memory != NULL ? transfer : TL_GI_TRANSFER_NOTHING, memory, n,
                        type->length < 0 && type->zero_terminated, value);
    }
  else if (type->value_type == G_TYPE_STRING)
    {
      g_value_take_string (value, memory != NULL ? g_ucs4_to_utf8 (memory, (glong) n, NULL, NULL, NULL)
                                                 : g_strdup (""));
    }
  else
    {
      g_value_take_boxed (value, elements_out (element, transfer, memory, n));
    }

  if (!taken && transfer != TL_GI_TRANSFER_NOTHING)
    g_free (memory);
}

static void
g_array_out (const TlCallType *type,
             TlGiTransfer      transfer,
             GArray           *array,
             GValue           *value)
{
  g_value_take_boxed (value, elements_out (type->element, transfer, array->data, array->len));

  if (transfer == TL_GI_TRANSFER_EVERYTHING)
    g_array_set_clear_func (array, NULL);
  if (transfer != TL_GI_TRANSFER_NOTHING)
    g_array_unref (array);
}

static void
byte_array_out (TlGiTransfer  transfer,
                GByteArray   *array,
                GValue       *value)
{
  g_value_take_boxed (value, g_bytes_new (array->data, array->len));

  if (transfer != TL_GI_TRANSFER_NOTHING)
    g_byte_array_unref (array);
}

static void
ptr_array_out (const TlCallType *type,
               TlGiTransfer      transfer,
               GPtrArray        *array,
               GValue           *value)
{
  TlValues *values = tl_values_new_sized (array->len, FALSE);

  for (guint i = 0; i < array->len; i++)
    element_out (type->element, transfer, tl_call_type_from_pointer (type->element, array->pdata[i]),
                 tl_values_peek (values, i));
  g_value_take_boxed (value, values);

  /* Its elements were taken over. It may say how to free them, and need not. */
  if (transfer == TL_GI_TRANSFER_EVERYTHING)
    g_ptr_array_set_free_func (array, NULL);
  if (transfer != TL_GI_TRANSFER_NOTHING)
    g_ptr_array_unref (array);
}

/* GList and GSList begin alike. */
static void
list_out (const TlCallType *type,
          TlGiTransfer      transfer,
          GSList           *list,
          GValue           *value)
{
  TlValues *values = tl_values_new_sized (g_slist_length (list), FALSE);
  gsize i = 0;

  for (GSList *l = list; l != NULL; l = l->next)
    element_out (type->element, transfer, tl_call_type_from_pointer (type->element, l->data),
                 tl_values_peek (values, i++));
  g_value_take_boxed (value, values);

  if (transfer != TL_GI_TRANSFER_NOTHING && type->kind == TL_KIND_LIST)
    g_list_free ((GList *) list);
  else if (transfer != TL_GI_TRANSFER_NOTHING)
    g_slist_free (list);
}

static void
hash_out (const TlCallType *type,
          TlGiTransfer      transfer,
          GHashTable       *hash,
          GValue           *value)
{
  TlValues *values = tl_values_new_sized (2 * (gsize) g_hash_table_size (hash), TRUE);
  GHashTableIter iter;
  gpointer key, item;
  gsize i = 0;

  g_hash_table_iter_init (&iter, hash);
  while (g_hash_table_iter_next (&iter, &key, &item))
    {
      element_out (type->element, TL_GI_TRANSFER_NOTHING,
                   tl_call_type_from_pointer (type->element, key), tl_values_peek (values, i++));
      element_out (type->item, TL_GI_TRANSFER_NOTHING,
                   tl_call_type_from_pointer (type->item, item), tl_values_peek (values, i++));
    }
  g_value_take_boxed (value, values);

  /* A hash that is given away frees what it holds by itself: how else would a
   * caller in C do it? */
  if (transfer != TL_GI_TRANSFER_NOTHING)
    g_hash_table_unref (hash);
}

/* ---- All ---- */

static void
pointer_out (const TlCallType *type,
             TlGiTransfer      transfer,
             gboolean          nullable,
             gpointer          pointer,
             GValue           *value)
{
  gboolean owned = transfer == TL_GI_TRANSFER_EVERYTHING;

  g_value_init (value, type->value_type);

  if (pointer == NULL)
    {
      /* An empty list in C, unless it means something else. */
      if (type->kind == TL_KIND_LIST || type->kind == TL_KIND_SLIST ||
          (type->value_type == TL_TYPE_VALUES && !nullable))
        g_value_take_boxed (value, tl_values_new_sized (0, type->kind == TL_KIND_HASH));
      return;
    }

  switch (type->kind)
    {
    case TL_KIND_STRING:
      string_out (owned, pointer, value);
      break;

    case TL_KIND_INSTANCE:
      instance_out (type, owned, pointer, value);
      break;

    case TL_KIND_G_ARRAY:
      g_array_out (type, transfer, pointer, value);
      break;

    case TL_KIND_BYTE_ARRAY:
      byte_array_out (transfer, pointer, value);
      break;

    case TL_KIND_PTR_ARRAY:
      ptr_array_out (type, transfer, pointer, value);
      break;

    case TL_KIND_LIST:
    case TL_KIND_SLIST:
      list_out (type, transfer, pointer, value);
      break;

    case TL_KIND_HASH:
      hash_out (type, transfer, pointer, value);
      break;

    default:
      g_assert_not_reached ();
    }
}

static void
enum_out (const TlCallType *type,
          TlArgument        argument,
          GValue           *value)
{
  g_value_init (value, type->value_type);

  if (type->klass == NULL && type->kind == TL_KIND_ENUM)
    g_value_set_int (value, argument.v_int32);
  else if (type->klass == NULL)
    g_value_set_uint (value, argument.v_uint32);
  else if (type->kind == TL_KIND_ENUM)
    g_value_set_enum (value, argument.v_int32);
  else
    g_value_set_flags (value, argument.v_uint32);
}

static void
unichar_out (gunichar  c,
             GValue   *value)
{
  char utf8[7] = { 0, };

  g_unichar_to_utf8 (c, utf8);
  g_value_init (value, G_TYPE_STRING);
  g_value_set_string (value, utf8);
}

void
tl_call_out (const TlCallType *type,
             TlGiTransfer      transfer,
             gboolean          nullable,
             TlArgument        argument,
             gsize             length,
             GValue           *value)
{
  switch (type->kind)
    {
    case TL_KIND_BOOLEAN:
      g_value_set_boolean (g_value_init (value, G_TYPE_BOOLEAN), argument.v_boolean);
      break;

    case TL_KIND_INT8:
      g_value_set_int (g_value_init (value, G_TYPE_INT), argument.v_int8);
      break;

    case TL_KIND_UINT8:
      g_value_set_uint (g_value_init (value, G_TYPE_UINT), argument.v_uint8);
      break;

    case TL_KIND_INT16:
      g_value_set_int (g_value_init (value, G_TYPE_INT), argument.v_int16);
      break;

    case TL_KIND_UINT16:
      g_value_set_uint (g_value_init (value, G_TYPE_UINT), argument.v_uint16);
      break;

    case TL_KIND_INT32:
      g_value_set_int (g_value_init (value, G_TYPE_INT), argument.v_int32);
      break;

    case TL_KIND_UINT32:
      g_value_set_uint (g_value_init (value, G_TYPE_UINT), argument.v_uint32);
      break;

    case TL_KIND_INT64:
      g_value_set_int64 (g_value_init (value, G_TYPE_INT64), argument.v_int64);
      break;

    case TL_KIND_UINT64:
      g_value_set_uint64 (g_value_init (value, G_TYPE_UINT64), argument.v_uint64);
      break;

    case TL_KIND_FLOAT:
      g_value_set_float (g_value_init (value, G_TYPE_FLOAT), argument.v_float);
      break;

    case TL_KIND_DOUBLE:
      g_value_set_double (g_value_init (value, G_TYPE_DOUBLE), argument.v_double);
      break;

    case TL_KIND_GTYPE:
      g_value_set_gtype (g_value_init (value, G_TYPE_GTYPE), argument.v_size);
      break;

    case TL_KIND_UNICHAR:
      unichar_out (argument.v_uint32, value);
      break;

    case TL_KIND_ENUM:
    case TL_KIND_FLAGS:
      enum_out (type, argument, value);
      break;

    case TL_KIND_VALUE:
      value_out (transfer == TL_GI_TRANSFER_EVERYTHING, argument.v_pointer, value);
      break;

    case TL_KIND_ARRAY:
      array_out (type, transfer, nullable, argument.v_pointer, length, value);
      break;

    default:
      pointer_out (type, transfer, nullable, argument.v_pointer, value);
      break;
    }
}

void
tl_call_out_made (const TlCallType *type,
                  gpointer          memory,
                  GValue           *value)
{
  if (type->kind == TL_KIND_VALUE)
    {
      value_out (FALSE, memory, value);
      return;
    }

  g_value_init (value, type->value_type);
  g_value_set_boxed (value, memory);
}
