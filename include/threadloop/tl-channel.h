/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined (TL_INSIDE) && !defined (TL_COMPILATION)
# error "Only <threadloop.h> can be included directly."
#endif

#include <gio/gio.h>
#include <threadloop/tl-types.h>

G_BEGIN_DECLS

/**
 * TlChannelFunc:
 * @kind: what the sender gave
 * @id: what the sender gave
 * @text: what the sender gave, or an empty string
 * @n_blobs: how many blobs the sender gave, to take with
 *   [method@Tl.Channel.take_blob]
 * @error: (nullable): %NULL, or why nothing comes any more
 * @user_data: what was given with the function
 *
 * Hears what comes through a channel, a call for each frame.
 *
 * The last call has an @error and nothing else: %G_IO_ERROR_CONNECTION_CLOSED
 * where the peer has closed its end or has died, %G_IO_ERROR_PARTIAL_INPUT where
 * that was in the middle of a frame, and %G_IO_ERROR_INVALID_DATA where what came
 * was no frame.
 *
 * Where it returns %FALSE it is called once more for the same, a little later.
 * That is for languages that are not able to answer each time.
 *
 * Returns: %TRUE if it has heard
 *
 * Since: 1.0
 */
typedef gboolean (*TlChannelFunc) (guint          kind,
                                   guint          id,
                                   const char    *text,
                                   guint          n_blobs,
                                   const GError  *error,
                                   gpointer       user_data);

#define TL_TYPE_CHANNEL (tl_channel_get_type ())

/**
 * TlChannel:
 *
 * One end of a connection to another process of one's own, through which go
 * frames: two numbers, a text, and any number of blobs.
 *
 * It is for language bindings that run code in helper processes. A frame costs a
 * system call on either side and no main loop source, closure, task or stream
 * operation; blobs are not copied on the way out, and are read to where they
 * stay. Sending never waits and never loses: what the socket does not take is
 * kept, and written when it does.
 *
 * One end makes the connection with [ctor@Tl.Channel.new] and hands the
 * descriptor from [method@Tl.Channel.take_peer] to the process that it starts; there
 * [ctor@Tl.Channel.new_for_fd] makes the other end. Both are of the same machine
 * and the same build, as the numbers in a frame are as the machine has them.
 *
 * A channel belongs to one thread, that which listens: nothing of it is locked.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
GType       tl_channel_get_type       (void) G_GNUC_CONST;

/**
 * tl_channel_new:
 * @error: where to put the reason
 *
 * Makes a connection, and is one end of it.
 *
 * Fails where the process may open no more files.
 *
 * Returns: (transfer full): a new channel, or %NULL with @error set
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlChannel  *tl_channel_new            (GError         **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tl_channel_new_for_fd:
 * @fd: the other end of a channel, which becomes the new channel's own
 * @error: where to put the reason
 *
 * Takes the end of a connection that another process has made. Processes that
 * are started from now on do not inherit it.
 *
 * Fails with %G_IO_ERROR_INVALID_ARGUMENT where @fd is not a stream socket.
 *
 * Returns: (transfer full): a new channel, or %NULL with @error set
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlChannel  *tl_channel_new_for_fd     (int              fd,
                                       GError         **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tl_channel_ref:
 * @self: a channel
 *
 * Takes a reference.
 *
 * Returns: (transfer full): @self
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
TlChannel  *tl_channel_ref            (TlChannel       *self);

/**
 * tl_channel_unref:
 * @self: (transfer full): a channel
 *
 * Drops a reference. The last one closes the channel. One that listens is kept
 * until it has told of the end, or is closed.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void        tl_channel_unref          (TlChannel       *self);

/**
 * tl_channel_take_peer:
 * @self: a channel that was made with [ctor@Tl.Channel.new]
 *
 * Gives the other end's descriptor to who calls this, who closes it; for
 * [method@Gio.SubprocessLauncher.take_fd], for example. As long as it is open
 * in this process, the channel does not notice that the other one has died.
 *
 * Returns: the descriptor, or -1 if it was taken before
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
int         tl_channel_take_peer      (TlChannel       *self);

/**
 * tl_channel_open_stderr:
 * @self: a channel
 * @error: where to put the reason
 *
 * Makes a pipe for the messages that the other process writes to its standard
 * error output. What comes through it is written to that of this process, while
 * the channel listens or is polled, and the end of it is kept for
 * [method@Tl.Channel.dup_stderr].
 *
 * Returns: the descriptor to write to, which is the caller's, or -1 with @error set
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
int         tl_channel_open_stderr    (TlChannel       *self,
                                       GError         **error);

/**
 * tl_channel_dup_stderr:
 * @self: a channel
 *
 * The last lines, 4 KiB of them at most, that came through the pipe of
 * [method@Tl.Channel.open_stderr], up to what was written before the call.
 *
 * Returns: (transfer full): valid UTF-8, an empty string if nothing came
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
char       *tl_channel_dup_stderr     (TlChannel       *self);

/**
 * tl_channel_listen:
 * @self: a channel
 * @func: (scope notified) (closure user_data) (destroy destroy): what to call
 * @user_data: passed to @func
 * @destroy: (nullable): frees @user_data
 *
 * Has @func called for what comes, in the thread-default main context of the
 * calling thread, at %G_PRIORITY_DEFAULT. What comes while nobody listens is kept.
 *
 * @func is called again from inside of itself if it runs that main context.
 * @destroy is called after the last call, or when the channel is closed, which
 * @func may do. A channel has one listener in its life.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void        tl_channel_listen         (TlChannel       *self,
                                       TlChannelFunc    func,
                                       gpointer         user_data,
                                       GDestroyNotify   destroy);

/**
 * tl_channel_take_blob:
 * @self: a channel
 *
 * Gives the function that listens the next blob of the frame that it is hearing.
 * Those that it does not take are released when it returns.
 *
 * They are no arguments of the function, since not every language binding keeps
 * an argument's items alive.
 *
 * Returns: (transfer full) (nullable): a blob, or %NULL where there is no further
 *   one
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
GBytes     *tl_channel_take_blob      (TlChannel       *self);

/**
 * tl_channel_send:
 * @self: a channel
 * @kind: a number for the other end
 * @id: another one
 * @text: (nullable): UTF-8, %NULL for an empty string
 * @blobs: (array length=n_blobs) (nullable): data that goes along
 * @n_blobs: how many
 *
 * Sends a frame. It does not wait: what cannot be written now is, while the
 * channel listens, is polled, or sends again.
 *
 * Returns: %FALSE if the channel was closed, or has found that nobody is at the
 *   other end; who listens is told so, too
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean    tl_channel_send           (TlChannel       *self,
                                       guint            kind,
                                       guint            id,
                                       const char      *text,
                                       GBytes         **blobs,
                                       gsize            n_blobs);

/**
 * tl_channel_flush:
 * @self: a channel
 * @timeout: how long to wait in microseconds, 0 not to wait, -1 for as long as
 *   it takes
 *
 * Waits until all that was sent is written. It reads nothing and calls nobody.
 *
 * Returns: %FALSE if the time was over before that, or nobody is at the other end
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean    tl_channel_flush          (TlChannel       *self,
                                       gint64           timeout);

/**
 * tl_channel_has:
 * @self: a channel
 * @kind: the kind of a frame
 * @id: its id
 *
 * Looks whether such a frame has come and was not heard yet. It reads what is
 * there, and calls nobody: who is busy and does not get back to its main loop
 * sees that it is to stop.
 *
 * Returns: %TRUE if there is such a frame
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean    tl_channel_has            (TlChannel       *self,
                                       guint            kind,
                                       guint            id);

/**
 * tl_channel_poll:
 * @channels: (array length=n_channels): channels of the calling thread
 * @n_channels: how many
 * @timeout: how long to wait in microseconds, 0 not to wait, -1 for as long as
 *   it takes
 *
 * Waits until something can be read or written, does so, and calls the functions
 * that listen. It runs no main context. Where nothing can come from any of the
 * channels, it only waits, and not at all for a @timeout of -1.
 *
 * Returns: %FALSE if the time was over before that, or nothing can come
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean    tl_channel_poll           (TlChannel      **channels,
                                       gsize            n_channels,
                                       gint64           timeout);

/**
 * tl_channel_die_with_peer:
 * @self: a channel
 * @error: where to put the reason
 *
 * Has the whole process end as soon as the other end is closed, however that
 * comes, with exit status 1 and without a clean-up. A thread of its own waits for
 * that, so that a process that is busy, or stuck, ends as well. There is no way
 * back; closing this end does not change it.
 *
 * An interrupt, which a terminal sends to both processes when somebody types
 * Ctrl-C, is left to the other one: here it does nothing, unless it has a handler
 * or is ignored already. Programs that are started from here get it as ever.
 *
 * Fails with %TL_ERROR_THREAD where the system has no more threads.
 *
 * Returns: %TRUE if the process will end
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
gboolean    tl_channel_die_with_peer  (TlChannel       *self,
                                       GError         **error);

/**
 * tl_channel_close:
 * @self: a channel
 *
 * Closes this end: nothing is heard nor sent any more. What was not written yet
 * is dropped. It may be called more than once, and by the function that listens.
 *
 * Since: 1.0
 */
TL_AVAILABLE_IN_1_0
void        tl_channel_close          (TlChannel       *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TlChannel, tl_channel_unref)

G_END_DECLS
