/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <threadloop.h>

G_BEGIN_DECLS

/* One whose values are still to be filled in by who makes it, each before
 * somebody else gets to see it. */
TlValues *tl_values_new_sized  (gsize     n_values,
                                gboolean  is_map);
GValue   *tl_values_peek       (TlValues *self,
                                gsize     i);

G_END_DECLS
