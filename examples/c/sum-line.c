/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sum-line.h"

#include <string.h>

static gboolean
needs_escaping (const char *path)
{
  return strpbrk (path, "\\\n\r") != NULL;
}

char *
sum_line_escape_path (const char *path)
{
  GString *escaped = g_string_sized_new (strlen (path) + 8);

  for (const char *p = path; *p != '\0'; p++)
    switch (*p)
      {
      case '\\':
        g_string_append (escaped, "\\\\");
        break;
      case '\n':
        g_string_append (escaped, "\\n");
        break;
      case '\r':
        g_string_append (escaped, "\\r");
        break;
      default:
        g_string_append_c (escaped, *p);
      }

  return g_string_free (escaped, FALSE);
}

char *
sum_line_new (const char *digest,
              const char *path)
{
  g_autofree char *escaped = NULL;

  if (!needs_escaping (path))
    return g_strconcat (digest, "  ", path, "\n", NULL);

  /* A backslash in front tells the reader to undo the escaping. */
  escaped = sum_line_escape_path (path);

  return g_strconcat ("\\", digest, "  ", escaped, "\n", NULL);
}
