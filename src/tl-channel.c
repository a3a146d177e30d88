/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "threadloop.h"

#include "tl-again-private.h"
#include "tl-frame-private.h"
#include "tl-gjs-private.h"
#include "tl-lifeline-private.h"
#include "tl-tee-private.h"
#include "tl-timer-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Kept while it is called, so that its data lives until then even where it
 * closes the channel. */
typedef struct
{
  TlChannelFunc   func;
  gpointer        user_data;
  GDestroyNotify  destroy;
} Listener;

struct _TlChannel
{
  gatomicrefcount  ref_count;
  int              fd;            /* -1 when closed */
  int              peer_fd;
  TlTee            tee;

  TlFrameReader   *reader;
  GQueue           frames;        /* that came and were not heard */
  TlFrame         *heard;         /* what the listener is called for */
  GError          *end;           /* why nothing comes any more */
  gboolean         told;
  gboolean         deaf;          /* the listener could not hear, and is asked again */

  TlFrameWriter    writer;

  Listener        *listener;
  GSource         *source;
};

typedef struct
{
  GSource    source;
  TlChannel *channel;             /* not owned, as long as it is not closed */
  gpointer   fd_tag;
  gpointer   tee_tag;
} Source;

/* What G_DEFINE_BOXED_TYPE() would do, if it were ISO C. */
GType
tl_channel_get_type (void)
{
  static gsize type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_boxed_type_register_static (g_intern_static_string ("TlChannel"),
                                                            (GBoxedCopyFunc) tl_channel_ref,
                                                            (GBoxedFreeFunc) tl_channel_unref));

  return type;
}

static TlChannel *
channel_new (int fd,
             int peer_fd)
{
  TlChannel *self = g_new0 (TlChannel, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->fd = fd;
  self->peer_fd = peer_fd;
  tl_tee_init (&self->tee);
  self->reader = tl_frame_reader_new ();
  g_queue_init (&self->frames);
  tl_frame_writer_init (&self->writer);

  return self;
}

static gboolean
set_cloexec (int      fd,
             GError **error)
{
  if (fcntl (fd, F_SETFD, FD_CLOEXEC) == 0)
    return TRUE;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
               "A descriptor cannot be kept from other processes: %s", g_strerror (errno));
  return FALSE;
}

TlChannel *
tl_channel_new (GError **error)
{
  int fds[2];
  int type = SOCK_STREAM;

  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

#ifdef SOCK_CLOEXEC
  type |= SOCK_CLOEXEC;
#endif

  if (socketpair (AF_UNIX, type, 0, fds) != 0)
    {
      int code = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
                   "A channel cannot be made: %s", g_strerror (code));
      return NULL;
    }

#ifndef SOCK_CLOEXEC
  if (!set_cloexec (fds[0], error) || !set_cloexec (fds[1], error))
    {
      close (fds[0]);
      close (fds[1]);
      return NULL;
    }
#endif

  return channel_new (fds[0], fds[1]);
}

TlChannel *
tl_channel_new_for_fd (int      fd,
                       GError **error)
{
  int type = 0;
  socklen_t size = sizeof type;

  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (getsockopt (fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   "The descriptor %d is not the end of a channel", fd);
      return NULL;
    }

  if (!set_cloexec (fd, error))
    return NULL;

  return channel_new (fd, -1);
}

TlChannel *
tl_channel_ref (TlChannel *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
tl_channel_unref (TlChannel *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  tl_channel_close (self);
  tl_tee_clear (&self->tee);
  tl_frame_reader_free (self->reader);
  g_clear_error (&self->end);
  g_free (self);
}

int
tl_channel_take_peer (TlChannel *self)
{
  int fd;

  g_return_val_if_fail (self != NULL, -1);

  fd = self->peer_fd;
  self->peer_fd = -1;

  return fd;
}

/* ---- Listening ---- */

static void
release_listener (gpointer data)
{
  Listener *listener = data;

  if (listener->destroy != NULL)
    listener->destroy (listener->user_data);
}

static void
listener_unref (Listener *listener)
{
  g_rc_box_release_full (listener, release_listener);
}

static gboolean
is_ready (TlChannel *self)
{
  return self->fd >= 0 && !self->deaf && (!g_queue_is_empty (&self->frames) || (self->end != NULL && !self->told));
}

/* Takes the channel out of the main loop: it was closed, or there is no more.
 * That was holding it. */
static void
stop_listening (TlChannel *self)
{
  GSource *source = g_steal_pointer (&self->source);
  Listener *listener = g_steal_pointer (&self->listener);

  if (source == NULL)
    return;

  ((Source *) source)->channel = NULL;
  g_source_destroy (source);
  g_source_unref (source);
  listener_unref (listener);
  tl_channel_unref (self);
}

static void
update_source (TlChannel *self)
{
  Source *source = (Source *) self->source;
  GIOCondition wanted = 0;

  if (source == NULL)
    return;

  if (self->end == NULL)
    wanted |= G_IO_IN;
  if (tl_frame_writer_is_behind (&self->writer))
    wanted |= G_IO_OUT;

  /* A poll() for nothing would still tell of a peer that has gone, for ever. */
  if (wanted != 0 && source->fd_tag != NULL)
    g_source_modify_unix_fd (self->source, source->fd_tag, wanted);
  else if (source->fd_tag != NULL)
    g_source_remove_unix_fd (self->source, g_steal_pointer (&source->fd_tag));

  if (source->tee_tag != NULL && self->tee.fd < 0)
    g_source_remove_unix_fd (self->source, g_steal_pointer (&source->tee_tag));
}

static void
add_tee (TlChannel *self)
{
  Source *source = (Source *) self->source;

  if (source != NULL && self->tee.fd >= 0)
    source->tee_tag = g_source_add_unix_fd (self->source, self->tee.fd, G_IO_IN);
}

static void
read_frames (TlChannel *self)
{
  if (self->fd >= 0 && self->end == NULL)
    tl_frame_reader_read (self->reader, self->fd, &self->frames, &self->end);
}

static void turn (TlChannel *self);

static void
ask_again (gpointer data)
{
  TlChannel *self = data;

  self->deaf = FALSE;
  turn (self);
}

/* Calls who listens, with a frame or with the end. */
static gboolean
tell (TlChannel     *self,
      Listener      *listener,
      const TlFrame *frame)
{
  if (frame != NULL
      ? listener->func (frame->kind, frame->id, frame->text, frame->blobs.length, NULL, listener->user_data)
      : listener->func (0, 0, "", 0, self->end, listener->user_data))
    return TRUE;

  if (self->fd < 0)
    return TRUE;

  self->deaf = TRUE;
  tl_call_again (ask_again, tl_channel_ref (self), (GDestroyNotify) tl_channel_unref);
  return FALSE;
}

/* The listener may close the channel, and come here once more. */
static void
deliver (TlChannel *self)
{
  Listener *listener = self->listener != NULL ? g_rc_box_acquire (self->listener) : NULL;
  TlFrame *frame;

  if (listener == NULL)
    return;

  while (!self->deaf && (frame = g_queue_pop_head (&self->frames)) != NULL)
    {
      TlFrame *outer = self->heard;
      gboolean heard;

      self->heard = frame;
      heard = tell (self, listener, frame);
      self->heard = outer;

      if (heard)
        tl_frame_free (frame);
      else
        g_queue_push_head (&self->frames, frame);
    }

  if (self->fd >= 0 && self->end != NULL && !self->told && !self->deaf)
    {
      self->told = TRUE;
      if (tell (self, listener, NULL))
        stop_listening (self);
      else
        self->told = FALSE;
    }

  listener_unref (listener);
}

/* What there is to do. The caller holds the channel. */
static void
turn (TlChannel *self)
{
  if (tl_frame_writer_is_behind (&self->writer))
    tl_frame_writer_flush (&self->writer, self->fd);
  tl_tee_pass (&self->tee);
  read_frames (self);
  update_source (self);
  deliver (self);
}

static gboolean
source_prepare (GSource *source,
                int     *timeout)
{
  *timeout = -1;
  return is_ready (((Source *) source)->channel);
}

static gboolean
source_check (GSource *base)
{
  Source *source = (Source *) base;

  return is_ready (source->channel) ||
         (source->fd_tag != NULL && g_source_query_unix_fd (base, source->fd_tag) != 0) ||
         (source->tee_tag != NULL && g_source_query_unix_fd (base, source->tee_tag) != 0);
}

static gboolean
source_dispatch (GSource     *source,
                 GSourceFunc  unused_func,
                 gpointer     unused_data)
{
  g_autoptr(TlChannel) self = tl_channel_ref (((Source *) source)->channel);

  turn (self);

  return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = {
  .prepare = source_prepare,
  .check = source_check,
  .dispatch = source_dispatch,
};

void
tl_channel_listen (TlChannel      *self,
                   TlChannelFunc   func,
                   gpointer        user_data,
                   GDestroyNotify  destroy)
{
  Source *source;

  g_return_if_fail (self != NULL);
  g_return_if_fail (func != NULL);
  g_return_if_fail (self->source == NULL && !self->told && self->fd >= 0);

  self->listener = g_rc_box_new (Listener);
  self->listener->func = func;
  self->listener->user_data = user_data;
  self->listener->destroy = destroy;

  self->source = g_source_new (&source_funcs, sizeof (Source));
  g_source_set_static_name (self->source, "tl-channel");
  /* A function that runs the main loop goes on hearing. */
  g_source_set_can_recurse (self->source, TRUE);
  source = (Source *) self->source;
  source->channel = tl_channel_ref (self);
  source->fd_tag = g_source_add_unix_fd (self->source, self->fd, G_IO_IN);
  add_tee (self);
  update_source (self);
  g_source_attach (self->source, g_main_context_get_thread_default ());
}

GBytes *
tl_channel_take_blob (TlChannel *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->heard != NULL ? g_queue_pop_head (&self->heard->blobs) : NULL;
}

/* ---- Sending ---- */

gboolean
tl_channel_send (TlChannel   *self,
                 guint        kind,
                 guint        id,
                 const char  *text,
                 GBytes     **blobs,
                 gsize        n_blobs)
{
  TlFrameHeader header = {
    .magic = TL_FRAME_MAGIC,
    .kind = kind,
    .id = id,
    .n_blobs = n_blobs,
    .text_len = text != NULL ? strlen (text) : 0,
  };

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (n_blobs == 0 || blobs != NULL, FALSE);
  g_return_val_if_fail (n_blobs <= TL_FRAME_MAX_BLOBS, FALSE);

  if (self->fd < 0 || self->writer.broken)
    return FALSE;

  tl_frame_writer_send (&self->writer, self->fd, &header, text != NULL ? text : "", blobs);
  if (tl_frame_writer_is_behind (&self->writer))
    update_source (self);

  return !self->writer.broken;
}

gboolean
tl_channel_flush (TlChannel *self,
                  gint64     timeout)
{
  gint64 end = tl_time_after (timeout);

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (timeout >= -1, FALSE);

  while (self->fd >= 0 && tl_frame_writer_is_behind (&self->writer))
    {
      GPollFD poll = { self->fd, G_IO_OUT, 0 };
      gint64 left = end - g_get_monotonic_time ();
      int milliseconds = end < 0 ? -1 : (int) CLAMP ((left + 999) / 1000, 0, G_MAXINT);

      if (g_poll (&poll, 1, milliseconds) == 0)
        return FALSE;
      tl_frame_writer_flush (&self->writer, self->fd);
    }

  return self->fd >= 0 && !self->writer.broken;
}

/* ---- The other end's messages, and its end ---- */

int
tl_channel_open_stderr (TlChannel  *self,
                        GError    **error)
{
  int fd;

  g_return_val_if_fail (self != NULL, -1);
  g_return_val_if_fail (error == NULL || *error == NULL, -1);

  fd = tl_tee_open (&self->tee, error);
  add_tee (self);

  return fd;
}

char *
tl_channel_dup_stderr (TlChannel *self)
{
  char *text;

  g_return_val_if_fail (self != NULL, NULL);

  text = tl_tee_dup_last (&self->tee);
  update_source (self);

  return text;
}

gboolean
tl_channel_die_with_peer (TlChannel  *self,
                          GError    **error)
{
  g_return_val_if_fail (self != NULL && self->fd >= 0, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return tl_lifeline_start (self->fd, error);
}

/* ---- Without a main loop ---- */

static gint
is_frame (gconstpointer data,
          gconstpointer wanted)
{
  const TlFrame *a = data;
  const TlFrame *b = wanted;

  return a->kind == b->kind && a->id == b->id ? 0 : 1;
}

gboolean
tl_channel_has (TlChannel *self,
                guint      kind,
                guint      id)
{
  TlFrame wanted = { .kind = kind, .id = id };

  g_return_val_if_fail (self != NULL, FALSE);

  read_frames (self);

  return g_queue_find_custom (&self->frames, &wanted, is_frame) != NULL;
}

static gsize
fill_polls (TlChannel **channels,
            gsize       n_channels,
            GPollFD    *polls)
{
  gsize n = 0;

  for (gsize i = 0; i < n_channels; i++)
    {
      TlChannel *self = channels[i];

      if (self->fd >= 0 && self->end == NULL)
        polls[n++] = (GPollFD) { self->fd, G_IO_IN | (tl_frame_writer_is_behind (&self->writer) ? G_IO_OUT : 0), 0 };
      if (self->tee.fd >= 0)
        polls[n++] = (GPollFD) { self->tee.fd, G_IO_IN, 0 };
    }

  return n;
}

gboolean
tl_channel_poll (TlChannel **channels,
                 gsize       n_channels,
                 gint64      timeout)
{
  g_autofree GPollFD *polls = g_new (GPollFD, n_channels * 2 + 1);
  gboolean ready = FALSE;
  gsize n_polls;
  int milliseconds;

  g_return_val_if_fail (n_channels == 0 || channels != NULL, FALSE);
  g_return_val_if_fail (timeout >= -1, FALSE);

  /* Nobody comes back to these while no main context runs. */
  for (gsize i = 0; i < n_channels; i++)
    if (channels[i]->deaf)
      {
        tl_gjs_collect ();
        channels[i]->deaf = FALSE;
      }

  for (gsize i = 0; i < n_channels; i++)
    ready |= channels[i]->listener != NULL && is_ready (channels[i]);

  /* Rather a bit later than too early, which would be once more at once. */
  milliseconds = timeout < 0 ? -1 : (int) MIN (timeout / 1000 + (timeout % 1000 > 0), G_MAXINT);
  n_polls = fill_polls (channels, n_channels, polls);
  /* It would be for ever. */
  if (n_polls == 0 && timeout < 0 && !ready)
    return FALSE;
  if (g_poll (polls, n_polls, ready ? 0 : milliseconds) <= 0 && !ready)
    return FALSE;

  /* Any of them may be closed by any function, and its last reference dropped. */
  for (gsize i = 0; i < n_channels; i++)
    tl_channel_ref (channels[i]);
  for (gsize i = 0; i < n_channels; i++)
    turn (channels[i]);
  for (gsize i = 0; i < n_channels; i++)
    tl_channel_unref (channels[i]);

  return TRUE;
}

void
tl_channel_close (TlChannel *self)
{
  g_return_if_fail (self != NULL);

  if (self->fd < 0)
    return;

  close (self->fd);
  self->fd = -1;
  if (self->peer_fd >= 0)
    close (self->peer_fd);
  self->peer_fd = -1;
  tl_tee_clear (&self->tee);
  tl_frame_writer_clear (&self->writer);
  g_queue_clear_full (&self->frames, (GDestroyNotify) tl_frame_free);
  stop_listening (self);
}
