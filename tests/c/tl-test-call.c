/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tl-test-call.h"

#include <string.h>

typedef struct
{
  const char *needs;
  void      (*func) (void);
} Test;

static TlExecutor *the_executor;

TlExecutor *
tt_call_executor (void)
{
  if (the_executor == NULL)
    the_executor = tl_executor_new ("call", 2);

  return the_executor;
}

void
tt_call_end (void)
{
  if (the_executor != NULL)
    tt_shutdown (the_executor);
  g_clear_object (&the_executor);
}

static void
run_test (gconstpointer data)
{
  const Test            *test = data;
  g_autoptr(GError)      error = NULL;
  g_autoptr(TlCallable)  callable = tl_callable_lookup (test->needs, &error);

  if (callable == NULL)
    {
      /* Neither a runtime nor a typelib is needed to build this library. */
      g_test_skip (error->message);
      return;
    }

  test->func ();
  tt_call_end ();
}

void
tt_call_add (const char  *path,
             const char  *needs,
             void       (*func) (void))
{
  Test *test = g_new (Test, 1);

  *test = (Test) { needs, func };
  g_test_add_data_func_full (path, test, run_test, g_free);
}

static void
clear_value (gpointer value)
{
  if (G_IS_VALUE (value))
    g_value_unset (value);
}

/* NULL without arguments. */
static GArray *
collect (const char *format,
         va_list    *args)
{
  GArray *values = g_array_new (FALSE, TRUE, sizeof (GValue));

  g_array_set_clear_func (values, clear_value);

  for (; *format != '\0'; format++)
    {
      GValue *value;
      GType   type;

      g_array_set_size (values, values->len + 1);
      value = &g_array_index (values, GValue, values->len - 1);

      switch (*format)
        {
        case 's':
          g_value_set_string (g_value_init (value, G_TYPE_STRING), va_arg (*args, const char *));
          break;

        case 'i':
          g_value_set_int (g_value_init (value, G_TYPE_INT), va_arg (*args, int));
          break;

        case 'u':
          g_value_set_uint (g_value_init (value, G_TYPE_UINT), va_arg (*args, guint));
          break;

        case 'I':
          g_value_set_int64 (g_value_init (value, G_TYPE_INT64), va_arg (*args, gint64));
          break;

        case 'U':
          g_value_set_uint64 (g_value_init (value, G_TYPE_UINT64), va_arg (*args, guint64));
          break;

        case 'f':
          g_value_set_float (g_value_init (value, G_TYPE_FLOAT), (float) va_arg (*args, double));
          break;

        case 'd':
          g_value_set_double (g_value_init (value, G_TYPE_DOUBLE), va_arg (*args, double));
          break;

        case 'b':
          g_value_set_boolean (g_value_init (value, G_TYPE_BOOLEAN), va_arg (*args, gboolean));
          break;

        case 'c':
          g_value_set_schar (g_value_init (value, G_TYPE_CHAR), (gint8) va_arg (*args, int));
          break;

        case 't':
          g_value_set_gtype (g_value_init (value, G_TYPE_GTYPE), va_arg (*args, GType));
          break;

        case 'o':
          g_value_set_object (g_value_init (value, G_TYPE_OBJECT), va_arg (*args, gpointer));
          break;

        case 'v':
          g_value_set_variant (g_value_init (value, G_TYPE_VARIANT), va_arg (*args, GVariant *));
          break;

        case 'y':
          g_value_set_boxed (g_value_init (value, G_TYPE_BYTES), va_arg (*args, GBytes *));
          break;

        case 'S':
          g_value_set_boxed (g_value_init (value, G_TYPE_STRV), va_arg (*args, gpointer));
          break;

        case 'L':
          g_value_take_boxed (g_value_init (value, TL_TYPE_VALUES), va_arg (*args, TlValues *));
          break;

        case 'p':
          g_value_set_param (g_value_init (value, G_TYPE_PARAM), va_arg (*args, GParamSpec *));
          break;

        case 'e':
          g_value_set_boxed (g_value_init (value, G_TYPE_ERROR), va_arg (*args, GError *));
          break;

        case 'V':
          g_value_init (value, G_TYPE_VALUE);
          g_value_set_boxed (value, va_arg (*args, GValue *));
          break;

        case 'B':
          type = va_arg (*args, GType);
          g_value_set_boxed (g_value_init (value, type), va_arg (*args, gpointer));
          break;

        case 'E':
          type = va_arg (*args, GType);
          if (G_TYPE_IS_ENUM (type))
            g_value_set_enum (g_value_init (value, type), va_arg (*args, int));
          else
            g_value_set_flags (g_value_init (value, type), va_arg (*args, guint));
          break;

        case 'n':
          g_value_init (value, G_TYPE_POINTER);
          break;

        default:
          g_assert_not_reached ();
        }
    }

  return values;
}

TlValues *
tt_values (const char *format,
           ...)
{
  g_autoptr(GArray) values = NULL;
  va_list           args;

  va_start (args, format);
  values = collect (format, &args);
  va_end (args);

  return tl_values_new ((GValue *) (gpointer) values->data, values->len);
}

TlValues *
tt_map (const char *format,
        ...)
{
  g_autoptr(GArray) values = NULL;
  va_list           args;

  va_start (args, format);
  values = collect (format, &args);
  va_end (args);

  return tl_values_new_map ((GValue *) (gpointer) values->data, values->len);
}

static TlFuture *
call (GError     **error,
      const char  *name,
      const char  *format,
      va_list     *args)
{
  g_autoptr(GArray)     values = collect (format, args);
  g_autoptr(TlCallable) callable = tl_callable_lookup (name, error);

  if (callable == NULL)
    return NULL;

  return tl_executor_call (tt_call_executor (), callable, (GValue *) (gpointer) values->data, values->len, error);
}

TlFuture *
tt_call_future (GError     **error,
                const char  *name,
                const char  *format,
                ...)
{
  TlFuture *future;
  va_list   args;

  va_start (args, format);
  future = call (error, name, format, &args);
  va_end (args);

  return future;
}

void
tt_call (GValue     *result,
         const char *name,
         const char *format,
         ...)
{
  g_autoptr(GError)   error = NULL;
  g_autoptr(TlFuture) future = NULL;
  va_list             args;

  va_start (args, format);
  future = call (&error, name, format, &args);
  va_end (args);
  g_assert_no_error (error);

  tt_wait (future);
  tl_future_result (future, -1, NULL, result, &error);
  g_assert_no_error (error);
}

void
tt_call_refused (GQuark      domain,
                 int         code,
                 const char *message,
                 const char *name,
                 const char *format,
                 ...)
{
  g_autoptr(GError)   error = NULL;
  g_autoptr(TlFuture) future = NULL;
  va_list             args;

  va_start (args, format);
  future = call (&error, name, format, &args);
  va_end (args);

  g_assert_null (future);
  g_assert_error (error, domain, code);
  g_assert_cmpstr (error->message, ==, message);
}

void
tt_call_failed (GQuark      domain,
                int         code,
                const char *name,
                const char *format,
                ...)
{
  g_autoptr(GError)   error = NULL;
  g_autoptr(TlFuture) future = NULL;
  va_list             args;

  va_start (args, format);
  future = call (&error, name, format, &args);
  va_end (args);
  g_assert_no_error (error);

  tt_wait_error (future, domain, code);
}

void
tt_lookup_refused (int         code,
                   const char *message,
                   const char *name)
{
  g_autoptr(GError)     error = NULL;
  g_autoptr(TlCallable) callable = tl_callable_lookup (name, &error);

  g_assert_null (callable);
  g_assert_error (error, G_IO_ERROR, code);
  g_assert_cmpstr (error->message, ==, message);
}

static void
say_values (GString  *text,
            TlValues *values)
{
  gsize         n;
  const GValue *unpacked = tl_values_unpack (values, &n);

  g_string_append_c (text, tl_values_is_map (values) ? '{' : '[');
  for (gsize i = 0; i < n; i++)
    {
      g_autofree char *one = tt_say (&unpacked[i]);

      if (i > 0)
        g_string_append (text, tl_values_is_map (values) && i % 2 == 1 ? ": " : ", ");
      g_string_append (text, one);
    }
  g_string_append_c (text, tl_values_is_map (values) ? '}' : ']');
}

static void
say_boxed (GString *text,
           GType    type,
           gpointer boxed)
{
  gsize size;

  if (type == TL_TYPE_VALUES)
    {
      say_values (text, boxed);
    }
  else if (type == G_TYPE_STRV)
    {
      g_autofree char *joined = g_strjoinv (", ", boxed);

      g_string_append_printf (text, "(%s)", joined);
    }
  else if (type == G_TYPE_BYTES)
    {
      const guchar *data = g_bytes_get_data (boxed, &size);

      g_string_append (text, "b'");
      for (gsize i = 0; i < size; i++)
        g_string_append_printf (text, g_ascii_isprint (data[i]) ? "%c" : "\\%02x", data[i]);
      g_string_append_c (text, '\'');
    }
  else if (type == G_TYPE_ERROR)
    {
      g_string_append_printf (text, "error '%s'", ((GError *) boxed)->message);
    }
  else
    {
      g_string_append (text, g_type_name (type));
    }
}

char *
tt_say (const GValue *value)
{
  GString *text = g_string_new (NULL);
  GType    type = G_VALUE_TYPE (value);
  char     number[G_ASCII_DTOSTR_BUF_SIZE];

  if (g_value_fits_pointer (value) && g_value_peek_pointer (value) == NULL && type != G_TYPE_GTYPE)
    return g_string_free (g_string_append (text, "null"), FALSE);

  switch (G_TYPE_FUNDAMENTAL (type))
    {
    case G_TYPE_BOOLEAN:
      g_string_append (text, g_value_get_boolean (value) ? "true" : "false");
      break;

    case G_TYPE_INT:
      g_string_append_printf (text, "%d", g_value_get_int (value));
      break;

    case G_TYPE_UINT:
      g_string_append_printf (text, "%u", g_value_get_uint (value));
      break;

    case G_TYPE_INT64:
      g_string_append_printf (text, "%" G_GINT64_FORMAT, g_value_get_int64 (value));
      break;

    case G_TYPE_UINT64:
      g_string_append_printf (text, "%" G_GUINT64_FORMAT, g_value_get_uint64 (value));
      break;

    case G_TYPE_FLOAT:
      g_string_append (text, g_ascii_formatd (number, sizeof number, "%.7g", (double) g_value_get_float (value)));
      break;

    case G_TYPE_DOUBLE:
      g_string_append (text, g_ascii_formatd (number, sizeof number, "%.15g", g_value_get_double (value)));
      break;

    case G_TYPE_ENUM:
      g_string_append_printf (text, "%s %d", g_type_name (type), g_value_get_enum (value));
      break;

    case G_TYPE_FLAGS:
      g_string_append_printf (text, "%s %u", g_type_name (type), g_value_get_flags (value));
      break;

    case G_TYPE_STRING:
      g_string_append_printf (text, "'%s'", g_value_get_string (value));
      break;

    case G_TYPE_VARIANT:
      g_string_append (text, "variant ");
      g_variant_print_string (g_value_get_variant (value), text, FALSE);
      break;

    case G_TYPE_PARAM:
      g_string_append_printf (text, "param %s", g_value_get_param (value)->name);
      break;

    case G_TYPE_BOXED:
      say_boxed (text, type, g_value_get_boxed (value));
      break;

    case G_TYPE_POINTER:
      g_string_append (text, type == G_TYPE_GTYPE ? g_type_name (g_value_get_gtype (value)) : "pointer");
      break;

    default:
      g_string_append (text, G_OBJECT_TYPE_NAME (g_value_peek_pointer (value)));
      break;
    }

  return g_string_free (text, FALSE);
}
