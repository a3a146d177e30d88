/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

#ifdef G_OS_UNIX
#include <pthread.h>
#endif

G_BEGIN_DECLS

/* fork() takes along one thread, and the locks as they are. What the child
 * makes anew has to work there, so each room that keeps something for all of
 * the process sees to it: it takes its lock before, releases it on both sides,
 * and forgets in the child what was another thread's. None of these locks is
 * taken under another one of them, so that their order is no matter.
 *
 * What belongs to an executor that the parent has made is left as it is. */
#ifdef G_OS_UNIX
#define TL_AT_FORK(prepare, parent, child)       \
  static void __attribute__ ((constructor))      \
  register_at_fork (void)                        \
  {                                              \
    pthread_atfork (prepare, parent, child);     \
  }
#else
#define TL_AT_FORK(prepare, parent, child)
#endif

G_END_DECLS
