/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Waiting for a word in memory to change. */
typedef gboolean (*TlParkFunc) (gpointer address);

/* What a processor likes to be told by who looks at memory in a loop. */
static inline void
tl_relax (void)
{
#if defined (__i386__) || defined (__x86_64__)
  __builtin_ia32_pause ();
#elif defined (__aarch64__) || defined (__arm__)
  __asm__ volatile ("yield");
#endif
}

/* Looks at @address time and again, for @spin_time microseconds at most, while
 * @spin_on says TRUE. What it said last. */
gboolean      tl_spin                    (gpointer             address,
                                          TlParkFunc           spin_on,
                                          gint                 spin_time);

gboolean      tl_park                    (gpointer             address,
                                          TlParkFunc           sleep_on,
                                          gint64               end_time,
                                          GCancellable        *cancellable,
                                          GError             **error);
void          tl_unpark_all              (gpointer             address);

G_END_DECLS
