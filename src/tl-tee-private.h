/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A pipe whose data goes on to this process's standard error output; the end of
 * it is remembered. */
typedef struct
{
  int      fd;                /* to read from; -1 when there is none any more */
  GString *last;
} TlTee;

void      tl_tee_init         (TlTee    *self);
void      tl_tee_clear        (TlTee    *self);
int       tl_tee_open         (TlTee    *self,
                               GError  **error);
void      tl_tee_pass         (TlTee    *self);
char *    tl_tee_dup_last     (TlTee    *self);

G_END_DECLS
