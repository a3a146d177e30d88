/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (TL_INSIDE) && !defined (TL_COMPILATION)
# error "Only <threadloop.h> can be included directly."
#endif

#include <threadloop/tl-types.h>

G_BEGIN_DECLS

#define TL_TYPE_VALUES (tl_values_get_type ())

/**
 * TlValues:
 *
 * A list of values, or a map from values to values.
 *
 * It is what [method@Tl.Executor.call] takes and gives for what is more than
 * one value: a `GList`, a C array, a `GHashTable`, or the results of a function
 * that has several. A value in a list may be a list again: a `GValue` of
 * %TL_TYPE_VALUES.
 *
 * In a map the keys and the values alternate.
 *
 * Who has made it may add to it with [method@Tl.Values.append], for as long as
 * nobody else has a reference. From then on it does not change, and may be used on
 * every thread. What it holds is released by who drops the last reference; as the
 * result of a future it is released where [method@Tl.Executor.submit] says.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
GType         tl_values_get_type  (void) G_GNUC_CONST;

/**
 * tl_values_new:
 * @values: (nullable) (array length=n_values): the values, which are copied
 * @n_values: how many
 *
 * Makes a list.
 *
 * Returns: (transfer full): a new list
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlValues     *tl_values_new       (const GValue *values,
                                   gsize         n_values) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tl_values_new_map:
 * @values: (nullable) (array length=n_values): keys and values, in turn, which
 *   are copied
 * @n_values: how many of both together, an even number
 *
 * Makes a map.
 *
 * Returns: (transfer full): a new map
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlValues     *tl_values_new_map   (const GValue *values,
                                   gsize         n_values) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tl_values_append:
 * @self: a list that nobody else has a reference to
 * @value: the value, which is copied; %G_VALUE_INIT for %NULL
 *
 * Adds a value at the end. To a map keys and values are added in turn, each key
 * with its value before the map is used.
 *
 * It is a programming error if somebody else has a reference, who could be
 * reading on another thread; nothing is added then.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void          tl_values_append    (TlValues     *self,
                                   const GValue *value);

/**
 * tl_values_ref:
 * @self: a list
 *
 * Takes a reference.
 *
 * Returns: (transfer full): @self
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlValues     *tl_values_ref       (TlValues     *self);

/**
 * tl_values_unref:
 * @self: (transfer full): a list
 *
 * Drops a reference.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void          tl_values_unref     (TlValues     *self);

/**
 * tl_values_get_size:
 * @self: a list
 *
 * How many values there are. In a map, keys and values both count.
 *
 * Returns: the number of values
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gsize         tl_values_get_size  (TlValues     *self);

/**
 * tl_values_is_map:
 * @self: a list
 *
 * Whether keys and values alternate in it.
 *
 * Returns: %TRUE for a map
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean      tl_values_is_map    (TlValues     *self);

/**
 * tl_values_get:
 * @self: a list
 * @i: which, less than [method@Tl.Values.get_size]
 * @value: (out caller-allocates): where to put a copy of the value
 *
 * Gets one of the values.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void          tl_values_get       (TlValues     *self,
                                   gsize         i,
                                   GValue       *value);

/**
 * tl_values_copy_to:
 * @self: a list
 * @i: which, less than [method@Tl.Values.get_size]
 * @value: what to make a copy of the value in; what it was before is released
 *
 * Gets one of the values, in a `GValue` that the caller has made, as
 * %G_VALUE_INIT or holding anything.
 *
 * It is [method@Tl.Values.get] for language bindings that would lose who owns
 * what they make of a value that is returned to them.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void          tl_values_copy_to   (TlValues     *self,
                                   gsize         i,
                                   GValue       *value);

/**
 * tl_values_unpack:
 * @self: a list
 * @n_values: (out): where to put how many there are
 *
 * Gets all of the values at once, which in most languages gives a list of
 * their own.
 *
 * Returns: (transfer none) (array length=n_values) (nullable): the values, which
 *   live as long as @self; %NULL if there are none
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
const GValue *tl_values_unpack    (TlValues     *self,
                                   gsize        *n_values);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TlValues, tl_values_unref)

G_END_DECLS
