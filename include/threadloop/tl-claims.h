/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (TL_INSIDE) && !defined (TL_COMPILATION)
# error "Only <threadloop.h> can be included directly."
#endif

#include <threadloop/tl-types.h>

G_BEGIN_DECLS

#define TL_TYPE_CLAIMS (tl_claims_get_type ())

/**
 * TlClaims:
 *
 * What two processes share that hand work to each other ahead of time: who gets
 * it says that it begins with a piece, and who gave it can take back all that
 * nobody has begun with.
 *
 * It is for language bindings that run code in helper processes, beside a
 * [struct@Tl.Channel]. One that sends a piece of work only when the last one is
 * done leaves the other process waiting in between; one that sends several ahead
 * may have sent them behind one that takes long. With this, those come back,
 * although the other process is busy and hears of nothing.
 *
 * Work is given in rounds. Who gives it counts what it has given in a round, and
 * sends the round's number along. Who gets it asks [method@Tl.Claims.claim]
 * before it begins with the next piece, in the order in which they came, and
 * drops a piece that it may not have. [method@Tl.Claims.withdraw] ends the round
 * and says how many pieces were begun with; the others are the giver's
 * again. That also holds where the other process has died.
 *
 * It is a number in memory that both have: nobody waits for anybody, and a claim
 * costs no system call. It may be used on every thread.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
GType      tl_claims_get_type    (void) G_GNUC_CONST;

/**
 * tl_claims_new:
 * @error: where to put the reason
 *
 * Makes one, for who gives work. Its first round is 0.
 *
 * Fails where the process may open no more files, and with
 * %G_IO_ERROR_NOT_SUPPORTED where the system has no memory that processes can
 * share by a descriptor.
 *
 * Returns: (transfer full): a new one, or %NULL with @error set
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlClaims  *tl_claims_new         (GError   **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tl_claims_new_for_fd:
 * @fd: what [method@Tl.Claims.take_fd] gave to another process, which is closed
 * @error: where to put the reason
 *
 * Takes that of another process, for who gets work.
 *
 * Fails with %G_IO_ERROR_INVALID_ARGUMENT where @fd is something else.
 *
 * Returns: (transfer full): a new one, or %NULL with @error set
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlClaims  *tl_claims_new_for_fd  (int        fd,
                                  GError   **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tl_claims_ref:
 * @self: claims
 *
 * Takes a reference.
 *
 * Returns: (transfer full): @self
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlClaims  *tl_claims_ref         (TlClaims  *self);

/**
 * tl_claims_unref:
 * @self: (transfer full): claims
 *
 * Drops a reference.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void       tl_claims_unref       (TlClaims  *self);

/**
 * tl_claims_take_fd:
 * @self: claims that were made with [ctor@Tl.Claims.new]
 *
 * Gives the descriptor for the other process to who calls this, who closes it;
 * for [method@Gio.SubprocessLauncher.take_fd], for example.
 *
 * Returns: the descriptor, or -1 if it was taken before
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
int        tl_claims_take_fd     (TlClaims  *self);

/**
 * tl_claims_claim:
 * @self: claims
 * @round: in which the piece of work was given
 *
 * Begins with the next piece of work of that round.
 *
 * Returns: %FALSE if the round was ended: the piece belongs to who gave it
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean   tl_claims_claim       (TlClaims  *self,
                                  guint      round);

/**
 * tl_claims_withdraw:
 * @self: claims
 *
 * Ends the round, and begins the next one, whose number is one more, and 0 after
 * 65,535.
 *
 * Returns: how many pieces of the round were begun with, modulo 65,536
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
guint      tl_claims_withdraw    (TlClaims  *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TlClaims, tl_claims_unref)

G_END_DECLS
