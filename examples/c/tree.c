/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

/* With a GFileEnumerator the walk takes twice as long, time in which a processor
 * could read files. */

typedef struct
{
  GCancellable *cancellable;
  TreeFunc      func;
  gpointer      user_data;
} Walk;

static gboolean walk_directory (Walk       *walk,
                                const char *path);

static gboolean
found_error (Walk       *walk,
             const char *path,
             int         saved_errno)
{
  g_autoptr(GError) error = g_error_new_literal (G_IO_ERROR, g_io_error_from_errno (saved_errno),
                                                 g_strerror (saved_errno));

  return walk->func (path, 0, error, walk->user_data);
}

/* Not g_build_filename(), which would make one slash of many. */
static char *
join (const char *directory,
      const char *name)
{
  return g_strconcat (directory, g_str_has_suffix (directory, "/") ? "" : "/", name, NULL);
}

static gboolean
is_dot_or_dot_dot (const char *name)
{
  return g_str_equal (name, ".") || g_str_equal (name, "..");
}

static gboolean
walk_entry (Walk                *walk,
            DIR                 *directory,
            const char          *directory_path,
            const struct dirent *entry)
{
  g_autofree char *path = join (directory_path, entry->d_name);
  struct stat info;

  if (fstatat (dirfd (directory), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0)
    return found_error (walk, path, errno);

  if (S_ISREG (info.st_mode))
    return walk->func (path, info.st_size, NULL, walk->user_data);
  if (S_ISDIR (info.st_mode))
    return walk_directory (walk, path);

  return TRUE;
}

static gboolean
walk_directory (Walk       *walk,
                const char *path)
{
  DIR *directory = opendir (path);
  gboolean go_on = TRUE;

  if (directory == NULL)
    return found_error (walk, path, errno);

  while (go_on)
    {
      const struct dirent *entry;

      errno = 0;
      entry = readdir (directory);

      if (entry == NULL && errno != 0)
        go_on = found_error (walk, path, errno);
      if (entry == NULL)
        break;

      if (g_cancellable_is_cancelled (walk->cancellable))
        go_on = FALSE;
      else if (!is_dot_or_dot_dot (entry->d_name))
        go_on = walk_entry (walk, directory, path, entry);
    }

  closedir (directory);

  return go_on;
}

static gboolean
walk_argument (Walk       *walk,
               const char *path)
{
  g_autoptr(GError) error = NULL;
  struct stat info;

  if (stat (path, &info) != 0)
    return found_error (walk, path, errno);

  if (S_ISREG (info.st_mode))
    return walk->func (path, info.st_size, NULL, walk->user_data);
  if (S_ISDIR (info.st_mode))
    return walk_directory (walk, path);

  /* Who asks for the sum of a pipe or of a device by its name is to hear why
   * there is none. */
  error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE, "Not a regular file");
  return walk->func (path, 0, error, walk->user_data);
}

gboolean
tree_walk (char         **paths,
           GCancellable  *cancellable,
           TreeFunc       func,
           gpointer       user_data)
{
  Walk walk = { cancellable, func, user_data };

  for (gsize i = 0; paths[i] != NULL; i++)
    if (!walk_argument (&walk, paths[i]))
      return FALSE;

  return TRUE;
}
