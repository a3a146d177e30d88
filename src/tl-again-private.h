/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What becomes of functions of a language that were called and had no effect:
 * GJS 1.74 answers in the stead of its functions while it is between two slices
 * of an incremental collection of garbage. The next slice comes when JavaScript
 * allocates something, so that a program of which all callbacks are answered like
 * that stands still for ever. */

/* Calls @func once more, a moment later and after such a collection has been
 * brought to its end, in the main context that the calling thread is dispatching
 * a source of. */
void tl_call_again (GSourceOnceFunc  func,
                    gpointer         data,
                    GDestroyNotify   destroy);

G_END_DECLS
