/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tl-test-channel.h"

static void
frame_free (gpointer data)
{
  TtFrame *frame = data;

  g_free (frame->text);
  g_ptr_array_unref (frame->blobs);
  g_free (frame);
}

static TtEar *
ear_new (TlChannel *channel)
{
  TtEar *ear = g_new0 (TtEar, 1);

  ear->channel = channel;
  ear->heard = g_ptr_array_new_with_free_func (frame_free);

  return ear;
}

void
tt_ear_free (TtEar *ear)
{
  if (ear->channel != NULL)
    {
      tl_channel_close (ear->channel);
      tl_channel_unref (ear->channel);
    }
  g_assert_cmpint (ear->trace.destroyed, ==, 1);
  g_ptr_array_unref (ear->heard);
  g_clear_error (&ear->end);
  g_free (ear);
}

static gboolean
hear (guint          kind,
      guint          id,
      const char    *text,
      guint          n_blobs,
      const GError  *error,
      gpointer       user_data)
{
  TtEar *ear = user_data;
  TtFrame *frame;

  g_assert_nonnull (text);
  g_assert_cmpint (ear->trace.destroyed, ==, 0);
  g_assert_null (ear->end);

  if (ear->deaf_for > 0)
    {
      ear->deaf_for--;
      return FALSE;
    }

  if (error != NULL)
    {
      g_assert_cmpstr (text, ==, "");
      g_assert_cmpuint (n_blobs, ==, 0);
      g_assert_null (tl_channel_take_blob (ear->channel));
      ear->end = g_error_copy (error);
      ear->n_ends++;
      return TRUE;
    }

  frame = g_new0 (TtFrame, 1);
  frame->kind = kind;
  frame->id = id;
  frame->text = g_strdup (text);
  frame->blobs = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  for (guint i = 0; i < n_blobs; i++)
    g_ptr_array_add (frame->blobs, tl_channel_take_blob (ear->channel));
  g_assert_null (tl_channel_take_blob (ear->channel));
  g_ptr_array_add (ear->heard, frame);

  if (ear->then != NULL)
    ear->then (ear);

  return TRUE;
}

static void
ear_destroy (gpointer data)
{
  tt_trace_destroy (&((TtEar *) data)->trace);
}

TtEar *
tt_listen_to (TlChannel *channel)
{
  TtEar *ear = ear_new (channel);

  tl_channel_listen (channel, hear, ear, ear_destroy);

  return ear;
}

void
tt_make_pair (TtEar **a,
              TtEar **b)
{
  g_autoptr(GError) error = NULL;
  TlChannel *channel = tl_channel_new (&error);
  TlChannel *peer;

  g_assert_no_error (error);
  peer = tl_channel_new_for_fd (tl_channel_take_peer (channel), &error);
  g_assert_no_error (error);
  g_assert_cmpint (tl_channel_take_peer (channel), ==, -1);

  *a = tt_listen_to (channel);
  *b = tt_listen_to (peer);
}

gboolean
tt_has_ended (gpointer ear)
{
  return ((TtEar *) ear)->end != NULL;
}

gboolean
tt_has_one (gpointer ear)
{
  return ((TtEar *) ear)->heard->len >= 1;
}

gboolean
tt_has_three (gpointer ear)
{
  return ((TtEar *) ear)->heard->len >= 3;
}

TtFrame *
tt_nth (TtEar *ear,
        guint  n)
{
  g_assert_cmpuint (ear->heard->len, >, n);
  return g_ptr_array_index (ear->heard, n);
}

GBytes *
tt_make_noise (gsize size)
{
  guint8 *data = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    data[i] = (i * 2654435761u) >> 13;

  return g_bytes_new_take (data, size);
}
