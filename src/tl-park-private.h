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

/* Whether it has been worth while lately. Who sleeps right after having looked in
 * vain has only taken processor time, and may have to be woken from another
 * processor than its own; so after some times of that it looks now and then only,
 * until it finds something again. */
typedef struct
{
  guint n_vain;
} TlSpinRecord;

gboolean      tl_spin_record_is_good     (const TlSpinRecord  *self);
void          tl_spin_record_add         (TlSpinRecord        *self,
                                          gboolean             found);

gboolean      tl_park                    (gpointer             address,
                                          TlParkFunc           sleep_on,
                                          gint64               end_time,
                                          GCancellable        *cancellable,
                                          GError             **error);
void          tl_unpark_all              (gpointer             address);

G_END_DECLS
