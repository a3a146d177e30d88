/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "options.h"

#include "console.h"

#define MAX_JOBS 1024

static gboolean
bad_value (GError     **error,
           const char  *option,
           const char  *allowed)
{
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s takes %s", option, allowed);
  return FALSE;
}

static gboolean
parse_algorithm (const char     *name,
                 GChecksumType  *algorithm,
                 GError        **error)
{
  static const struct
  {
    const char    *name;
    GChecksumType  type;
  } algorithms[] = {
    { "md5", G_CHECKSUM_MD5 },
    { "sha1", G_CHECKSUM_SHA1 },
    { "sha256", G_CHECKSUM_SHA256 },
    { "sha384", G_CHECKSUM_SHA384 },
    { "sha512", G_CHECKSUM_SHA512 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (algorithms); i++)
    if (g_str_equal (name, algorithms[i].name))
      {
        *algorithm = algorithms[i].type;
        return TRUE;
      }

  return bad_value (error, "--algorithm", "md5, sha1, sha256, sha384 or sha512");
}

static gboolean
parse_progress (const char  *when,
                gboolean    *show_progress,
                GError     **error)
{
  if (g_str_equal (when, "auto"))
    *show_progress = console_is_terminal ();
  else if (g_str_equal (when, "always"))
    *show_progress = TRUE;
  else if (g_str_equal (when, "never"))
    *show_progress = FALSE;
  else
    return bad_value (error, "--progress", "auto, always or never");

  return TRUE;
}

gboolean
options_parse (Options   *self,
               int       *argc,
               char    ***argv,
               GError   **error)
{
  g_autofree char *algorithm = NULL;
  g_autofree char *progress = NULL;
  const GOptionEntry entries[] = {
    { "jobs", 'j', 0, G_OPTION_ARG_INT, &self->n_jobs,
      "Read so many files at once (default: the number of processors)", "N" },
    { "algorithm", 'a', 0, G_OPTION_ARG_STRING, &algorithm,
      "md5, sha1, sha256 (the default), sha384 or sha512", "NAME" },
    { "progress", 0, 0, G_OPTION_ARG_STRING, &progress,
      "Show progress: auto (on a terminal, the default), always or never", "WHEN" },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &self->paths,
      NULL, "[DIR|FILE...]" },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr(GOptionContext) context = g_option_context_new ("- checksums of all files below DIR");

  self->n_jobs = (int) g_get_num_processors ();

  g_option_context_set_description (context,
    "The lines come in the order in which the files are done. \"sha256sum -c\"\n"
    "checks them, \"sort -k 2\" sorts them.");
  g_option_context_add_main_entries (context, entries, NULL);

  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;

  if (self->n_jobs < 1 || self->n_jobs > MAX_JOBS)
    return bad_value (error, "--jobs", "a number from 1 to " G_STRINGIFY (MAX_JOBS));

  if (self->paths == NULL)
    self->paths = g_strsplit (".", " ", -1);

  return parse_algorithm (algorithm != NULL ? algorithm : "sha256", &self->algorithm, error) &&
         parse_progress (progress != NULL ? progress : "auto", &self->show_progress, error);
}

void
options_clear (Options *self)
{
  g_clear_pointer (&self->paths, g_strfreev);
}
