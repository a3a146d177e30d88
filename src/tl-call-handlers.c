/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-call-private.h"

#include "tl-gjs-private.h"
#include "tl-values-private.h"

/* What a function does to an object may emit a signal, and a handler runs where
 * the function does. Nothing says which functions do. */

static gboolean
check_object (gpointer   object,
              GError   **error)
{
  if (!G_IS_OBJECT (object) || !tl_gjs_handles (object))
    return TRUE;

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
               " is a %s, and a JavaScript function is connected to one of its signals and would be called on the"
               " worker; disconnect or block it first", G_OBJECT_TYPE_NAME (object));
  return FALSE;
}

gboolean
tl_call_check_handlers (const GValue  *value,
                        GError       **error)
{
  gpointer content = G_IS_VALUE (value) && g_value_fits_pointer (value) ? g_value_peek_pointer (value) : NULL;

  if (content == NULL)
    return TRUE;

  if (G_VALUE_HOLDS (value, G_TYPE_OBJECT) || G_VALUE_HOLDS (value, G_TYPE_INTERFACE))
    return check_object (content, error);

  if (G_VALUE_HOLDS (value, G_TYPE_VALUE))
    return tl_call_check_handlers (content, error);

  if (G_VALUE_HOLDS (value, TL_TYPE_VALUES))
    for (gsize i = 0; i < tl_values_get_size (content); i++)
      if (!tl_call_check_handlers (tl_values_peek (content, i), error))
        return FALSE;

  return TRUE;
}
