/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "tl-marshal.h"

G_BEGIN_DECLS

/* What the functions that take lists say of them, with a space between. */
G_GNUC_INTERNAL void  tl_say_int    (GString    *text,
                                     gint64      i);
G_GNUC_INTERNAL void  tl_say_double (GString    *text,
                                     double      d);
G_GNUC_INTERNAL void  tl_say_string (GString    *text,
                                     const char *string);
G_GNUC_INTERNAL char *tl_said       (GString    *text);
G_GNUC_INTERNAL char *tl_say_ints   (const int  *ints,
                                     gsize       n);

/* "one", "two", "three". */
G_GNUC_INTERNAL extern const char *const tl_words[];

G_END_DECLS
