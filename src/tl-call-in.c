/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-call-private.h"

/* Values to arguments. */

gboolean
tl_call_wrong_type (const TlCallType  *type,
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
    return tl_call_wrong_type (type, FALSE, value, error);

  if (lasting && !give)
    {
      argument->v_pointer = (gpointer) g_value_get_string (value);
      return TRUE;
    }

  argument->v_pointer = g_value_dup_string (value);
  tl_keep_add (keep, argument->v_pointer, g_free, G_TYPE_NONE, give);
  return TRUE;
}

/* What is of one thread, for errors. */
static gboolean
check_thread (GType    type,
              GError **error)
{
  const char *reason = tl_one_thread_reason (type);

  if (reason == NULL)
    return TRUE;

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, " is a %s, which %s", g_type_name (type), reason);
  return FALSE;
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

  if (instance == NULL || (G_TYPE_FUNDAMENTAL (given) == G_TYPE_POINTER))
    return tl_call_wrong_type (type, nullable, value, error);

  /* What an object is, rather than what it was said to be. */
  if (G_TYPE_IS_INSTANTIATABLE (given) || G_TYPE_IS_INTERFACE (given))
    given = G_TYPE_FROM_INSTANCE (instance);
  if (!g_type_is_a (given, type->gtype))
    return tl_call_wrong_type (type, nullable, value, error);

  if (!check_thread (given, error))
    return FALSE;

  if (lasting && !give)
    {
      argument->v_pointer = instance;
      return TRUE;
    }

  argument->v_pointer = tl_instance_copy (given, instance);
  tl_keep_add (keep, argument->v_pointer, NULL, given, give);
  return TRUE;
}

static gboolean
value_in (TlKeep        *keep,
          gboolean       give,
          gboolean       lasting,
          const GValue  *value,
          TlArgument    *argument,
          GError       **error)
{
  if (G_IS_VALUE (value) && G_VALUE_HOLDS_OBJECT (value) && g_value_get_object (value) != NULL &&
      !check_thread (G_OBJECT_TYPE (g_value_get_object (value)), error))
    return FALSE;

  if (lasting && !give)
    {
      argument->v_pointer = (gpointer) value;
      return TRUE;
    }

  argument->v_pointer = G_IS_VALUE (value) ? g_boxed_copy (G_TYPE_VALUE, value) : g_new0 (GValue, 1);
  tl_keep_add (keep, argument->v_pointer, NULL, G_TYPE_VALUE, give);
  return TRUE;
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
        return tl_call_wrong_type (type, FALSE, value, error);
    }

  if (tl_call_type_is_scalar (type))
    return tl_call_scalar_in (type, value, argument, error);

  switch (type->kind)
    {
    case TL_KIND_STRING:
      return string_in (keep, type, give, lasting, value, argument, error);

    case TL_KIND_INSTANCE:
      return instance_in (keep, type, nullable, give, lasting, value, argument, error);

    case TL_KIND_VALUE:
      return value_in (keep, give, lasting, value, argument, error);

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
      return tl_call_list_in (keep, type, transfer, nullable, lasting, value, argument, length, error);

    default:
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, " is %s; it can only be null", type->name);
      return FALSE;
    }
}
