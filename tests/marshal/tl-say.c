/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tl-say.h"

void
tl_say_int (GString *text,
            gint64   i)
{
  g_string_append_printf (text, "%s%" G_GINT64_FORMAT, text->len > 0 ? " " : "", i);
}

void
tl_say_double (GString *text,
               double   d)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append_printf (text, "%s%s", text->len > 0 ? " " : "", g_ascii_dtostr (buffer, sizeof buffer, d));
}

void
tl_say_string (GString    *text,
               const char *string)
{
  g_string_append_printf (text, "%s%s", text->len > 0 ? " " : "", string);
}

char *
tl_said (GString *text)
{
  return g_string_free (text, FALSE);
}

char *
tl_say_ints (const int *ints,
             gsize      n)
{
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < n; i++)
    tl_say_int (text, ints[i]);

  return tl_said (text);
}

const char *const tl_words[] = { "one", "two", "three", NULL };
