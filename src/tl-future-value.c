/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-future-private.h"

/* What a future can hold: the typed setters and getters. */

void
tl_result_clear (TlResult *result)
{
  gpointer pointer = result->u.pointer;

  switch (G_TYPE_FUNDAMENTAL (result->type))
    {
    case G_TYPE_STRING:
      g_free (pointer);
      break;

    case G_TYPE_POINTER:
      if (pointer != NULL && result->destroy != NULL)
        result->destroy (pointer);
      break;

    case G_TYPE_OBJECT:
      g_clear_object (&pointer);
      break;

    case G_TYPE_VARIANT:
      g_clear_pointer (&pointer, g_variant_unref);
      break;

    case G_TYPE_BOXED:
      if (pointer != NULL)
        g_boxed_free (result->type, pointer);
      break;

    default:
      break;
    }

  *result = (TlResult) { .type = G_TYPE_INVALID };
}

/* ---- Setters ---- */

gboolean
tl_future_set_done (TlFuture *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return tl_future_give (self, (TlResult) { .type = G_TYPE_INVALID });
}

gboolean
tl_future_set_boolean (TlFuture *self,
                       gboolean  value)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return tl_future_give (self, (TlResult) { .type = G_TYPE_BOOLEAN, .u.int64 = !!value });
}

gboolean
tl_future_set_int64 (TlFuture *self,
                     gint64    value)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return tl_future_give (self, (TlResult) { .type = G_TYPE_INT64, .u.int64 = value });
}

gboolean
tl_future_set_double (TlFuture *self,
                      double    value)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return tl_future_give (self, (TlResult) { .type = G_TYPE_DOUBLE, .u.float64 = value });
}

gboolean
tl_future_set_string (TlFuture   *self,
                      const char *value)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return tl_future_give (self, (TlResult) { .type = G_TYPE_STRING,
                                            .u.pointer = g_strdup (value) });
}

gboolean
tl_future_set_object (TlFuture *self,
                      gpointer  value)
{
  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (value == NULL || G_IS_OBJECT (value), FALSE);

  if (value != NULL)
    g_object_ref (value);

  return tl_future_give (self, (TlResult) { .type = G_TYPE_OBJECT, .u.pointer = value });
}

gboolean
tl_future_set_boxed (TlFuture      *self,
                     GType          type,
                     gconstpointer  value)
{
  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (G_TYPE_IS_BOXED (type), FALSE);

  /* An error among the results would be taken for the failure itself. */
  if (type == G_TYPE_ERROR)
    {
      g_return_val_if_fail (value != NULL, FALSE);
      return tl_future_set_error (self, value);
    }

  return tl_future_give (self, (TlResult) {
    .type = type,
    .u.pointer = value != NULL ? g_boxed_copy (type, value) : NULL,
  });
}

gboolean
tl_future_set_bytes (TlFuture *self,
                     GBytes   *value)
{
  return tl_future_set_boxed (self, G_TYPE_BYTES, value);
}

gboolean
tl_future_set_variant (TlFuture *self,
                       GVariant *value)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return tl_future_give (self, (TlResult) {
    .type = G_TYPE_VARIANT,
    .u.pointer = value != NULL ? g_variant_ref_sink (value) : NULL,
  });
}

gboolean
tl_future_set_pointer (TlFuture       *self,
                       gpointer        value,
                       GDestroyNotify  destroy)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return tl_future_give (self, (TlResult) { .type = G_TYPE_POINTER,
                                            .u.pointer = value,
                                            .destroy = destroy });
}

gboolean
tl_future_set_error (TlFuture     *self,
                     const GError *error)
{
  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (error != NULL, FALSE);

  return tl_future_give (self, (TlResult) { .type = G_TYPE_ERROR,
                                            .u.pointer = g_error_copy (error) });
}

gboolean
tl_future_set_new_error (TlFuture   *self,
                         GQuark      domain,
                         int         code,
                         const char *format,
                         ...)
{
  g_autoptr(GError) error = NULL;
  va_list args;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (domain != 0, FALSE);
  g_return_val_if_fail (format != NULL, FALSE);

  va_start (args, format);
  error = g_error_new_valist (domain, code, format, args);
  va_end (args);

  return tl_future_give (self, (TlResult) { .type = G_TYPE_ERROR,
                                            .u.pointer = g_steal_pointer (&error) });
}

gboolean
tl_future_set_value (TlFuture     *self,
                     const GValue *value)
{
  GType type;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (G_IS_VALUE (value), FALSE);

  type = G_VALUE_TYPE (value);

  switch (G_TYPE_FUNDAMENTAL (type))
    {
    case G_TYPE_BOOLEAN:
      return tl_future_set_boolean (self, g_value_get_boolean (value));

    case G_TYPE_INT64:
      return tl_future_set_int64 (self, g_value_get_int64 (value));

    case G_TYPE_DOUBLE:
      return tl_future_set_double (self, g_value_get_double (value));

    case G_TYPE_STRING:
      return tl_future_set_string (self, g_value_get_string (value));

    case G_TYPE_OBJECT:
      return tl_future_set_object (self, g_value_get_object (value));

    case G_TYPE_INTERFACE:
      if (!g_value_type_compatible (type, G_TYPE_OBJECT))
        return tl_future_set_boxed (self, G_TYPE_VALUE, value);
      return tl_future_set_object (self, g_value_get_object (value));

    case G_TYPE_POINTER:
      /* A GType is a pointer, too, and should come out as what it is. */
      if (type != G_TYPE_POINTER)
        return tl_future_set_boxed (self, G_TYPE_VALUE, value);
      return tl_future_set_pointer (self, g_value_get_pointer (value), NULL);

    case G_TYPE_VARIANT:
      return tl_future_set_variant (self, g_value_get_variant (value));

    case G_TYPE_BOXED:
      return tl_future_set_boxed (self, type, g_value_get_boxed (value));

    default:
      return tl_future_set_boxed (self, G_TYPE_VALUE, value);
    }
}

/* ---- Getters ---- */

const GError *
tl_future_get_error (TlFuture *self)
{
  static GError *cancelled;
  guint flags;

  g_return_val_if_fail (self != NULL, NULL);

  flags = tl_future_flags (self);

  if ((flags & TL_SETTLED) == 0 || (flags & (TL_FAILED | TL_CANCELLED)) == 0)
    return NULL;

  if ((flags & TL_OBSERVED) == 0)
    tl_future_add_flags (self, TL_OBSERVED);

  if (self->result.u.pointer != NULL)
    return self->result.u.pointer;

  /* Most that are cancelled are never asked why: one error serves them all. */
  if (g_once_init_enter (&cancelled))
    g_once_init_leave (&cancelled, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED,
                                                        "The task was cancelled"));

  return cancelled;
}

const TlResult *
tl_future_peek (TlFuture  *self,
                GError   **error)
{
  const GError *why;

  if (!tl_future_done (self))
    {
      g_set_error_literal (error, TL_ERROR, TL_ERROR_PENDING,
                           "The future has no result yet; wait for it first");
      return NULL;
    }

  why = tl_future_get_error (self);
  if (why != NULL)
    {
      g_propagate_error (error, g_error_copy (why));
      return NULL;
    }

  return &self->result;
}

static void
wrong_type (GType    is,
            GType    wanted,
            GError **error)
{
  g_set_error (error, TL_ERROR, TL_ERROR_WRONG_TYPE,
               "The result is %s%s, not a %s",
               is == G_TYPE_INVALID ? "nothing" : "a ",
               is == G_TYPE_INVALID ? "" : g_type_name (is),
               g_type_name (wanted));
}

/* The result if it is of @type. */
static const TlResult *
peek_typed (TlFuture  *self,
            GType      type,
            GError   **error)
{
  const TlResult *result = tl_future_peek (self, error);

  if (result == NULL || g_type_is_a (result->type, type))
    return result;

  wrong_type (result->type, type, error);
  return NULL;
}

static gpointer
get_pointer (TlFuture  *self,
             GType      type,
             GError   **error)
{
  const TlResult *result = peek_typed (self, type, error);

  return result != NULL ? result->u.pointer : NULL;
}

static void
result_to_value (const TlResult *result,
                 GValue         *value)
{
  if (result->type == G_TYPE_VALUE)
    {
      const GValue *from = result->u.pointer;

      g_value_copy (from, g_value_init (value, G_VALUE_TYPE (from)));
      return;
    }

  g_value_init (value, result->type);

  switch (G_TYPE_FUNDAMENTAL (result->type))
    {
    case G_TYPE_BOOLEAN:
      g_value_set_boolean (value, (gboolean) result->u.int64);
      break;

    case G_TYPE_INT64:
      g_value_set_int64 (value, result->u.int64);
      break;

    case G_TYPE_DOUBLE:
      g_value_set_double (value, result->u.float64);
      break;

    case G_TYPE_STRING:
      g_value_set_string (value, result->u.pointer);
      break;

    case G_TYPE_OBJECT:
      g_value_set_object (value, result->u.pointer);
      break;

    case G_TYPE_VARIANT:
      g_value_set_variant (value, result->u.pointer);
      break;

    case G_TYPE_BOXED:
      g_value_set_boxed (value, result->u.pointer);
      break;

    case G_TYPE_POINTER:
      g_value_set_pointer (value, result->u.pointer);
      break;

    default:
      g_assert_not_reached ();
    }
}

/* The result as a number, whichever kind of number it was set as. */
static gboolean
get_number (TlFuture  *self,
            GValue    *value,
            GError   **error)
{
  const TlResult *result = tl_future_peek (self, error);
  g_auto(GValue) from = G_VALUE_INIT;

  if (result == NULL)
    return FALSE;

  if (result->type != G_TYPE_INVALID)
    result_to_value (result, &from);

  if (G_IS_VALUE (&from) &&
      !G_VALUE_HOLDS_STRING (&from) &&
      g_value_transform (&from, value))
    return TRUE;

  wrong_type (G_VALUE_TYPE (&from), G_VALUE_TYPE (value), error);
  return FALSE;
}

gboolean
tl_future_get_boolean (TlFuture  *self,
                       GError   **error)
{
  const TlResult *result;

  g_return_val_if_fail (self != NULL, FALSE);

  result = peek_typed (self, G_TYPE_BOOLEAN, error);

  return result != NULL ? (gboolean) result->u.int64 : FALSE;
}

gint64
tl_future_get_int64 (TlFuture  *self,
                     GError   **error)
{
  g_auto(GValue) value = G_VALUE_INIT;

  g_return_val_if_fail (self != NULL, 0);

  g_value_init (&value, G_TYPE_INT64);

  return get_number (self, &value, error) ? g_value_get_int64 (&value) : 0;
}

double
tl_future_get_double (TlFuture  *self,
                      GError   **error)
{
  g_auto(GValue) value = G_VALUE_INIT;

  g_return_val_if_fail (self != NULL, 0);

  g_value_init (&value, G_TYPE_DOUBLE);

  return get_number (self, &value, error) ? g_value_get_double (&value) : 0;
}

const char *
tl_future_get_string (TlFuture  *self,
                      GError   **error)
{
  g_return_val_if_fail (self != NULL, NULL);

  return get_pointer (self, G_TYPE_STRING, error);
}

gpointer
tl_future_get_object (TlFuture  *self,
                      GError   **error)
{
  g_return_val_if_fail (self != NULL, NULL);

  return get_pointer (self, G_TYPE_OBJECT, error);
}

gpointer
tl_future_get_boxed (TlFuture  *self,
                     GType      type,
                     GError   **error)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (G_TYPE_IS_BOXED (type), NULL);

  return get_pointer (self, type, error);
}

GBytes *
tl_future_get_bytes (TlFuture  *self,
                     GError   **error)
{
  return tl_future_get_boxed (self, G_TYPE_BYTES, error);
}

GVariant *
tl_future_get_variant (TlFuture  *self,
                       GError   **error)
{
  g_return_val_if_fail (self != NULL, NULL);

  return get_pointer (self, G_TYPE_VARIANT, error);
}

gpointer
tl_future_get_pointer (TlFuture  *self,
                       GError   **error)
{
  g_return_val_if_fail (self != NULL, NULL);

  return get_pointer (self, G_TYPE_POINTER, error);
}

gpointer
tl_future_steal_pointer (TlFuture  *self,
                         GError   **error)
{
  gpointer stolen = NULL;

  g_return_val_if_fail (self != NULL, NULL);

  if (peek_typed (self, G_TYPE_POINTER, error) == NULL)
    return NULL;

  tl_future_lock (self);
  stolen = g_steal_pointer (&self->result.u.pointer);
  self->result.destroy = NULL;
  tl_future_unlock (self);

  return stolen;
}

GValue *
tl_future_dup_value (TlFuture  *self,
                     GError   **error)
{
  const TlResult *result;
  GValue *value;

  g_return_val_if_fail (self != NULL, NULL);

  result = tl_future_peek (self, error);
  if (result == NULL || result->type == G_TYPE_INVALID)
    return NULL;

  value = g_new0 (GValue, 1);
  result_to_value (result, value);

  return value;
}

gboolean
tl_future_result (TlFuture      *self,
                  gint64         timeout,
                  GCancellable  *cancellable,
                  GValue        *value,
                  GError       **error)
{
  const TlResult *result;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (value == NULL || !G_IS_VALUE (value), FALSE);

  if (!tl_future_wait (self, timeout, cancellable, error))
    return FALSE;

  result = tl_future_peek (self, error);
  if (result == NULL)
    return FALSE;

  if (value == NULL)
    return TRUE;

  /* Languages know what to make of a NULL object, but not of no value. */
  if (result->type == G_TYPE_INVALID)
    g_value_init (value, G_TYPE_OBJECT);
  else
    result_to_value (result, value);

  return TRUE;
}
