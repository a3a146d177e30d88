/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Calls @func once more, a moment later, in the main context that the calling
 * thread is dispatching a source of.
 *
 * It is for functions of a language that were called and had no effect: GJS
 * before 1.76 answers in the stead of its functions while it is between two
 * slices of an incremental collection of garbage. The next slice comes when
 * JavaScript allocates something, so that a program of which all callbacks are
 * answered like that stands still for ever. Where that may be so, the collection
 * is brought to its end before. */
void tl_call_again (GSourceOnceFunc  func,
                    gpointer         data,
                    GDestroyNotify   destroy);

G_END_DECLS
