/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "threadloop.h"

#include <gio/gio.h>

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* The whole file: the round in the upper half, the claims in the lower one. */
typedef struct
{
  int word;
} Shared;

struct _TlClaims
{
  gatomicrefcount  ref_count;
  int              fd;          /* -1 when taken */
  Shared          *shared;
};

/* What G_DEFINE_BOXED_TYPE() would do, if it were ISO C. */
GType
tl_claims_get_type (void)
{
  static gsize type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_boxed_type_register_static (g_intern_static_string ("TlClaims"),
                                                            (GBoxedCopyFunc) tl_claims_ref,
                                                            (GBoxedFreeFunc) tl_claims_unref));

  return type;
}

static gboolean
set_error (GError **error,
           int      code)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
               "No memory can be shared with another process: %s", g_strerror (code));
  return FALSE;
}

static gboolean
make_file (int     *fd,
           GError **error)
{
#ifdef HAVE_MEMFD_CREATE
  *fd = memfd_create ("tl-claims", MFD_CLOEXEC);
  if (*fd >= 0 && ftruncate (*fd, sizeof (Shared)) == 0)
    return TRUE;
  return set_error (error, errno);
#else
  return set_error (error, ENOTSUP);
#endif
}

/* Takes over @fd on success. */
static TlClaims *
claims_map (int      fd,
            GError **error)
{
  TlClaims *self;
  Shared *shared = mmap (NULL, sizeof (Shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

  if (shared == MAP_FAILED)
    {
      set_error (error, errno);
      return NULL;
    }

  self = g_new0 (TlClaims, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->fd = fd;
  self->shared = shared;

  return self;
}

TlClaims *
tl_claims_new (GError **error)
{
  TlClaims *self = NULL;
  int fd = -1;

  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (make_file (&fd, error))
    self = claims_map (fd, error);
  if (self == NULL && fd >= 0)
    close (fd);

  return self;
}

TlClaims *
tl_claims_new_for_fd (int      fd,
                      GError **error)
{
  TlClaims *self;
  struct stat status;

  g_return_val_if_fail (fd >= 0, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  /* Where there is less than that behind it, a look at it would be fatal. */
  if (fstat (fd, &status) != 0 || !S_ISREG (status.st_mode) || status.st_size != sizeof (Shared))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   "The descriptor %d is not that of claims", fd);
      return NULL;
    }

  self = claims_map (fd, error);
  if (self == NULL)
    return NULL;

  close (fd);
  self->fd = -1;

  return self;
}

TlClaims *
tl_claims_ref (TlClaims *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
tl_claims_unref (TlClaims *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  munmap (self->shared, sizeof (Shared));
  if (self->fd >= 0)
    close (self->fd);
  g_free (self);
}

int
tl_claims_take_fd (TlClaims *self)
{
  g_return_val_if_fail (self != NULL, -1);

  return g_steal_fd (&self->fd);
}

static int
make_word (guint round,
           guint claims)
{
  return (int) (round << 16 | (claims & 0xffff));
}

static guint
round_of (int word)
{
  return (guint) word >> 16;
}

static guint
claims_of (int word)
{
  return (guint) word & 0xffff;
}

gboolean
tl_claims_claim (TlClaims *self,
                 guint     round)
{
  int word;

  g_return_val_if_fail (self != NULL, FALSE);

  do
    {
      word = g_atomic_int_get (&self->shared->word);
      if (round_of (word) != round)
        return FALSE;
    }
  while (!g_atomic_int_compare_and_exchange (&self->shared->word, word, make_word (round, claims_of (word) + 1)));

  return TRUE;
}

guint
tl_claims_withdraw (TlClaims *self)
{
  int word;

  g_return_val_if_fail (self != NULL, 0);

  do
    word = g_atomic_int_get (&self->shared->word);
  while (!g_atomic_int_compare_and_exchange (&self->shared->word, word, make_word (round_of (word) + 1, 0)));

  return claims_of (word);
}
