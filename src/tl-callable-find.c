/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-callable-private.h"

#include <string.h>

/* Finds functions in typelibs. What is found keeps the type that it is in. */

/* ---- By name ---- */

/* A function of a type itself that has all of @flags. */
static TlGiInfo *
find_own (const TlGi *gi,
          TlGiInfo   *type,
          const char *name,
          guint       flags)
{
  guint n = tl_gi_n_methods (gi, type);

  for (guint i = 0; i < n; i++)
    {
      TlGiInfo *info = tl_gi_method (gi, type, i);

      if (strcmp (gi->info_name (info), name) == 0 && (gi->function_flags (info) & flags) == flags)
        return info;

      gi->info_unref (info);
    }

  return NULL;
}

/* The same, or a method of an interface that it has. */
static TlGiInfo *
find_in_class (const TlGi *gi,
               TlGiInfo   *type,
               const char *name,
               guint       flags)
{
  TlGiInfo *found = find_own (gi, type, name, flags);
  guint n = tl_gi_kind (gi, type) == TL_GI_OBJECT ? gi->object_n_interfaces (type) : 0;

  for (guint i = 0; i < n && found == NULL; i++)
    {
      TlGiInfo *interface = gi->object_interface (type, i);

      found = find_own (gi, interface, name, TL_GI_FUNCTION_IS_METHOD);
      gi->info_unref (interface);
    }

  return found;
}

/* The same, or a method of a class that it derives from. */
static TlGiInfo *
find_in_type (const TlGi *gi,
              TlGiInfo   *type,
              const char *name)
{
  TlGiInfo *found = find_in_class (gi, type, name, 0);
  TlGiInfo *parent;

  if (found != NULL || tl_gi_kind (gi, type) != TL_GI_OBJECT)
    return found;

  parent = gi->object_parent (type);
  while (parent != NULL)
    {
      TlGiInfo *next;

      if (found == NULL)
        found = find_in_class (gi, parent, name, TL_GI_FUNCTION_IS_METHOD);
      next = found == NULL ? gi->object_parent (parent) : NULL;
      gi->info_unref (parent);
      parent = next;
    }

  return found;
}

/* Takes "Gtk-4.0.Widget.show" apart into "Gtk", "4.0" (or NULL) and what is
 * returned, "Widget.show" (or ""). No name begins with a digit, so that the
 * version ends where a dot is not followed by one. */
static char *
split_name (char        *name,
            const char **version)
{
  char *end = name + strcspn (name, "-.");

  *version = NULL;
  if (*end == '-')
    {
      *end++ = '\0';
      *version = end;
      while (*end != '\0' && !(*end == '.' && !g_ascii_isdigit (end[1])))
        end++;
    }

  if (*end != '\0')
    *end++ = '\0';

  return end;
}

static gboolean
require (const TlGi  *gi,
         const char  *name_space,
         const char  *version,
         GError     **error)
{
  g_autoptr(GError) reason = NULL;

  if (gi->repository_is_registered (gi->repository, name_space, version))
    return TRUE;

  if (gi->repository_require (gi->repository, name_space, version, 0, &reason) != NULL)
    return TRUE;

  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, reason->message);
  return FALSE;
}

static TlGiInfo *
find_by_name (const TlGi  *gi,
              const char  *name,
              GError     **error)
{
  g_autofree char *name_space = g_strdup (name);
  g_auto(GStrv) parts = NULL;
  const char *version;
  char *rest = split_name (name_space, &version);
  TlGiInfo *info = NULL;
  TlGiInfo *type;
  guint n_parts;

  parts = g_strsplit (rest, ".", -1);
  n_parts = g_strv_length (parts);

  if (n_parts < 1 || n_parts > 2)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                   "%s is not the name of a function; such names are Gio.File.load_contents, "
                   "GLib.usleep and g_file_load_contents", name);
      return NULL;
    }

  if (!require (gi, name_space, version, error))
    return NULL;

  info = gi->repository_find_by_name (gi->repository, name_space, parts[0]);
  if (n_parts == 2 && info != NULL)
    {
      type = info;
      info = find_in_type (gi, type, parts[1]);
      gi->info_unref (type);
    }

  if (info != NULL && tl_gi_kind (gi, info) != TL_GI_FUNCTION)
    g_clear_pointer (&info, gi->info_unref);

  if (info == NULL)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                 "%s %s has no function %s that languages can call", name_space,
                 gi->repository_version (gi->repository, name_space), rest);

  return info;
}

/* ---- By symbol ---- */

/* A function without a type, or of the type @info. */
static TlGiInfo *
find_symbol_in_info (const TlGi *gi,
                     TlGiInfo   *info,
                     const char *symbol)
{
  guint n = tl_gi_n_methods (gi, info);

  for (guint i = 0; i < n; i++)
    {
      TlGiInfo *method = tl_gi_method (gi, info, i);

      if (strcmp (gi->function_symbol (method), symbol) == 0)
        return method;

      gi->info_unref (method);
    }

  return NULL;
}

/* Functions of a type share their beginning with the one that registers the
 * type: g_file_get_type(). This saves to look at those of all other types. */
static gboolean
may_have_symbol (const TlGi *gi,
                 TlGiInfo   *info,
                 const char *symbol)
{
  const char *init = gi->registered_type_init (info);

  return init == NULL || !g_str_has_suffix (init, "_get_type") ||
         strncmp (init, symbol, strlen (init) - strlen ("get_type")) == 0;
}

static TlGiInfo *
find_symbol_in_namespace (const TlGi *gi,
                          const char *name_space,
                          const char *symbol,
                          gboolean    in_likely)
{
  guint n = gi->repository_n_infos (gi->repository, name_space);
  TlGiInfo *found = NULL;

  for (guint i = 0; i < n && found == NULL; i++)
    {
      TlGiInfo *info = gi->repository_info (gi->repository, name_space, i);
      TlGiKind kind = tl_gi_kind (gi, info);

      if (kind == TL_GI_FUNCTION)
        {
          if (in_likely && strcmp (gi->function_symbol (info), symbol) == 0)
            return info;
        }
      else if (kind != TL_GI_OTHER && kind != TL_GI_CALLBACK &&
               may_have_symbol (gi, info, symbol) == in_likely)
        {
          found = find_symbol_in_info (gi, info, symbol);
        }

      gi->info_unref (info);
    }

  return found;
}

/* Whether functions of a namespace may be called so: those of "GdkPixbuf" begin
 * with gdk_pixbuf. A namespace may have more than one such beginning. */
static gboolean
may_be_in_namespace (const TlGi *gi,
                     const char *name_space,
                     const char *symbol)
{
  const char *prefix = gi->repository_c_prefix (gi->repository, name_space);

  if (prefix == NULL)
    return TRUE;

  for (;;)
    {
      const char *s = symbol;

      for (; *prefix != '\0' && *prefix != ','; prefix++, s++)
        {
          if (*s == '_')
            s++;
          if (g_ascii_tolower (*s) != g_ascii_tolower (*prefix))
            break;
        }

      if (*prefix == '\0' || *prefix == ',')
        return TRUE;

      prefix = strchr (prefix, ',');
      if (prefix++ == NULL)
        return FALSE;
    }
}

/* What is likely first, then everything. */
static TlGiInfo *
find_by_symbol (const TlGi  *gi,
                const char  *symbol,
                GError     **error)
{
  g_auto(GStrv) namespaces = tl_gi_loaded_namespaces (gi);

  for (guint round = 0; round < 3; round++)
    for (guint i = 0; namespaces[i] != NULL; i++)
      {
        gboolean likely = may_be_in_namespace (gi, namespaces[i], symbol);
        TlGiInfo *found;

        if (likely != (round < 2))
          continue;

        found = find_symbol_in_namespace (gi, namespaces[i], symbol, round != 1);
        if (found == NULL && round == 2)
          found = find_symbol_in_namespace (gi, namespaces[i], symbol, FALSE);
        if (found != NULL)
          return found;
      }

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
               "No namespace that has been loaded has a function %s() that languages can call", symbol);
  return NULL;
}

TlGiInfo *
tl_callable_find (const TlGi  *gi,
                  const char  *name,
                  GError     **error)
{
  return strchr (name, '.') != NULL ? find_by_name (gi, name, error)
                                    : find_by_symbol (gi, name, error);
}

/* ---- By another one ---- */

TlGiInfo *
tl_callable_find_beside (const TlGi *gi,
                         TlGiInfo   *info,
                         const char *name)
{
  TlGiInfo *container = gi->info_peek_container (info);
  TlGiInfo *found;

  if (container != NULL)
    return find_own (gi, container, name, 0);

  found = gi->repository_find_by_name (gi->repository, gi->info_namespace (info), name);
  if (found != NULL && tl_gi_kind (gi, found) != TL_GI_FUNCTION)
    g_clear_pointer (&found, gi->info_unref);

  return found;
}

/* ---- By the type of the object ---- */

static TlGiInfo *
find_method_of (const TlGi *gi,
                GType       type,
                const char *name)
{
  TlGiInfo *info = gi->repository_find_by_gtype (gi->repository, type);
  TlGiInfo *found;

  if (info == NULL)
    return NULL;

  found = find_own (gi, info, name, TL_GI_FUNCTION_IS_METHOD);
  gi->info_unref (info);

  return found;
}

TlGiInfo *
tl_callable_find_method (const TlGi  *gi,
                         GType        type,
                         const char  *name,
                         GError     **error)
{
  g_autofree GType *interfaces = NULL;
  TlGiInfo *found = NULL;

  for (GType t = type; t != G_TYPE_INVALID && found == NULL; t = g_type_parent (t))
    found = find_method_of (gi, t, name);
  if (found != NULL)
    return found;

  /* With those of the parents. An interface, other than a class, can have
   * requirements whose methods can be called, too. */
  interfaces = G_TYPE_IS_INTERFACE (type) ? g_type_interface_prerequisites (type, NULL)
                                          : g_type_interfaces (type, NULL);
  for (guint i = 0; interfaces != NULL && interfaces[i] != G_TYPE_INVALID && found == NULL; i++)
    found = find_method_of (gi, interfaces[i], name);
  if (found != NULL)
    return found;

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
               "%s has no method %s that languages can call", g_type_name (type), name);
  return NULL;
}
