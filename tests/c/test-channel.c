/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tl-test-channel.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What a frame begins with, as the wire has it. */
typedef struct
{
  guint32 magic;
  guint32 kind;
  guint32 id;
  guint32 n_blobs;
  guint64 text_len;
} Header;

#define MAGIC 0x314c5446

/* One end, the other one being a plain socket. */
static TtEar *
make_half (int *fd)
{
  g_autoptr(GError) error = NULL;
  TlChannel *channel = tl_channel_new (&error);

  g_assert_no_error (error);
  *fd = tl_channel_take_peer (channel);

  return tt_listen_to (channel);
}

static void
write_raw (int           fd,
           gconstpointer data,
           gsize         size)
{
  g_assert_cmpint (send (fd, data, size, MSG_NOSIGNAL), ==, (gssize) size);
}

/* ---- Frames ---- */

static void
test_arrive (void)
{
  g_autoptr(TtEar) a = NULL;
  g_autoptr(TtEar) b = NULL;
  g_autoptr(GBytes) one = g_bytes_new_static ("\0\1\2", 3);
  g_autoptr(GBytes) none = g_bytes_new_static ("", 0);
  GBytes *blobs[] = { one, none, one };

  tt_make_pair (&a, &b);
  g_assert_true (tl_channel_send (a->channel, 1, G_MAXUINT, "grüße", NULL, 0));
  g_assert_true (tl_channel_send (a->channel, G_MAXUINT, 2, NULL, blobs, G_N_ELEMENTS (blobs)));
  g_assert_true (tl_channel_send (a->channel, 3, 0, "", NULL, 0));
  g_assert_true (tl_channel_send (b->channel, 4, 4, "back", NULL, 0));
  g_assert_cmpuint (b->heard->len, ==, 0);

  tt_run_until (tt_has_three, b);
  tt_run_until (tt_has_one, a);

  g_assert_cmpuint (tt_nth (b, 0)->kind, ==, 1);
  g_assert_cmpuint (tt_nth (b, 0)->id, ==, G_MAXUINT);
  g_assert_cmpstr (tt_nth (b, 0)->text, ==, "grüße");
  g_assert_cmpuint (tt_nth (b, 0)->blobs->len, ==, 0);
  g_assert_cmpuint (tt_nth (b, 1)->kind, ==, G_MAXUINT);
  g_assert_cmpstr (tt_nth (b, 1)->text, ==, "");
  g_assert_cmpuint (tt_nth (b, 1)->blobs->len, ==, 3);
  for (guint i = 0; i < 3; i++)
    g_assert_true (g_bytes_equal (g_ptr_array_index (tt_nth (b, 1)->blobs, i), blobs[i]));
  g_assert_cmpuint (tt_nth (b, 2)->kind, ==, 3);
  g_assert_cmpstr (tt_nth (a, 0)->text, ==, "back");
}

/* Who could not hear is called for the same once more, and misses nothing. */
static void
test_deaf (void)
{
  g_autoptr(TtEar) a = NULL;
  g_autoptr(TtEar) b = NULL;

  tt_make_pair (&a, &b);
  for (guint i = 0; i < 3; i++)
    g_assert_true (tl_channel_send (a->channel, 1, i, NULL, NULL, 0));

  b->deaf_for = 2;
  tt_run_until (tt_has_three, b);
  g_assert_cmpuint (b->deaf_for, ==, 0);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpuint (tt_nth (b, i)->id, ==, i);

  /* Without a main loop, too. */
  g_assert_true (tl_channel_send (a->channel, 1, 3, NULL, NULL, 0));
  b->deaf_for = 1;
  while (b->heard->len < 4)
    tl_channel_poll (&b->channel, 1, TT_PATIENCE);

  b->deaf_for = 1;
  tl_channel_close (a->channel);
  tt_run_until (tt_has_ended, b);
  g_assert_cmpuint (b->n_ends, ==, 1);
}

/* Nothing waits for who does not read, and nothing is lost. */
static void
test_much (void)
{
  gsize size = tt_scaled (100, 1) * 1024 * 1024 + 7;
  g_autoptr(TtEar) a = NULL;
  g_autoptr(TtEar) b = NULL;
  g_autoptr(GBytes) noise = tt_make_noise (size);
  g_autofree char *text = g_strnfill (size / 10, 'x');
  GBytes *blobs[] = { noise, noise };

  tt_make_pair (&a, &b);
  g_assert_true (tl_channel_send (a->channel, 1, 1, text, blobs, 2));
  g_assert_true (tl_channel_send (a->channel, 1, 2, "behind it", NULL, 0));
  g_assert_true (tl_channel_send (a->channel, 1, 3, text, NULL, 0));
  g_assert_true (tl_channel_send (b->channel, 1, 1, text, blobs, 1));

  tt_run_until (tt_has_three, b);
  tt_run_until (tt_has_one, a);

  g_assert_cmpstr (tt_nth (b, 0)->text, ==, text);
  g_assert_true (g_bytes_equal (g_ptr_array_index (tt_nth (b, 0)->blobs, 0), noise));
  g_assert_true (g_bytes_equal (g_ptr_array_index (tt_nth (b, 0)->blobs, 1), noise));
  g_assert_cmpstr (tt_nth (b, 1)->text, ==, "behind it");
  g_assert_cmpstr (tt_nth (b, 2)->text, ==, text);
  g_assert_true (g_bytes_equal (g_ptr_array_index (tt_nth (a, 0)->blobs, 0), noise));
}

/* In a thread of its own: who reads, a moment later. */
static gpointer
read_all (gpointer data)
{
  char buffer[4096];
  int fd = GPOINTER_TO_INT (data);

  while (read (fd, buffer, sizeof buffer) > 0)
    ;
  close (fd);

  return NULL;
}

static void
test_flush (void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(TlChannel) channel = tl_channel_new (&error);
  g_autofree char *text = g_strnfill (10 * 1024 * 1024, 'x');
  GThread *reader;
  int fd;

  g_assert_no_error (error);
  fd = tl_channel_take_peer (channel);

  g_assert_true (tl_channel_flush (channel, -1));
  g_assert_true (tl_channel_send (channel, 1, 1, text, NULL, 0));
  for (guint i = 0; i < 1000; i++)
    g_assert_false (tl_channel_flush (channel, 0));
  g_assert_false (tl_channel_flush (channel, 1000));

  reader = g_thread_new ("reader", read_all, GINT_TO_POINTER (fd));
  g_assert_true (tl_channel_flush (channel, G_MAXINT64));
  g_assert_true (tl_channel_flush (channel, -1));
  tl_channel_close (channel);
  g_assert_false (tl_channel_flush (channel, -1));
  g_thread_join (reader);
}

static void
test_flush_to_nobody (void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(TlChannel) channel = tl_channel_new (&error);
  g_autofree char *text = g_strnfill (10 * 1024 * 1024, 'x');

  g_assert_no_error (error);
  g_assert_true (tl_channel_send (channel, 1, 1, text, NULL, 0));
  close (tl_channel_take_peer (channel));
  g_assert_false (tl_channel_flush (channel, -1));
  tl_channel_close (channel);
}

static void
test_many (void)
{
  guint n = tt_scaled (100000, 1000);
  g_autoptr(TtEar) a = NULL;
  g_autoptr(TtEar) b = NULL;

  tt_make_pair (&a, &b);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *text = g_strdup_printf ("%*u", (int) (i % 300), i);
      g_autoptr(GBytes) blob = g_bytes_new (text, strlen (text));

      g_assert_true (tl_channel_send (a->channel, i % 7, i, text, &blob, i % 5 == 0 ? 1 : 0));
    }
  tl_channel_close (a->channel);
  g_assert_false (tl_channel_send (a->channel, 0, 0, NULL, NULL, 0));
  tt_run_until (tt_has_ended, b);

  /* What was not written when it was closed is lost, and so may be half of one. */
  g_assert_cmpuint (b->heard->len, >, 100);
  for (guint i = 0; i < b->heard->len; i++)
    {
      g_assert_cmpuint (tt_nth (b, i)->id, ==, i);
      g_assert_cmpint (g_ascii_strtoull (g_strstrip (tt_nth (b, i)->text), NULL, 10), ==, i);
      g_assert_cmpuint (tt_nth (b, i)->blobs->len, ==, i % 5 == 0 ? 1 : 0);
    }
}

static void
test_pieces (void)
{
  int fd;
  g_autoptr(TtEar) ear = make_half (&fd);
  Header header = { MAGIC, 5, 6, 1, 3 };
  guint64 length = 4;
  g_autoptr(GByteArray) wire = g_byte_array_new ();

  g_byte_array_append (wire, (guint8 *) &header, sizeof header);
  g_byte_array_append (wire, (guint8 *) &length, sizeof length);
  g_byte_array_append (wire, (guint8 *) "abcdefg", 7);

  for (guint i = 0; i < wire->len; i++)
    {
      g_assert_cmpuint (ear->heard->len, ==, 0);
      write_raw (fd, wire->data + i, 1);
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }
  tt_run_until (tt_has_one, ear);
  g_assert_cmpstr (tt_nth (ear, 0)->text, ==, "abc");
  g_assert_cmpmem (g_bytes_get_data (g_ptr_array_index (tt_nth (ear, 0)->blobs, 0), NULL), 4, "defg", 4);

  close (fd);
  tt_run_until (tt_has_ended, ear);
  g_assert_error (ear->end, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
}

/* ---- What is no frame ---- */

static void
check_broken (gconstpointer data,
              gsize         size,
              int           code)
{
  int fd;
  g_autoptr(TtEar) ear = make_half (&fd);

  write_raw (fd, data, size);
  if (code == G_IO_ERROR_PARTIAL_INPUT)
    close (fd);
  tt_run_until (tt_has_ended, ear);
  g_assert_error (ear->end, G_IO_ERROR, code);
  g_assert_cmpuint (ear->heard->len, ==, 0);
  g_assert_cmpint (ear->trace.destroyed, ==, 1);
  if (code != G_IO_ERROR_PARTIAL_INPUT)
    close (fd);
}

static void
test_broken (void)
{
  Header wrong = { MAGIC + 1, 0, 0, 0, 0 };
  Header long_text = { MAGIC, 0, 0, 0, G_MAXUINT64 };
  Header many_blobs = { MAGIC, 0, 0, G_MAXUINT, 0 };
  Header half = { MAGIC, 0, 0, 0, (guint64) 1 << 40 };
  struct { Header header; guint64 length; } long_blob = { { MAGIC, 0, 0, 1, 0 }, G_MAXUINT64 };
  struct { Header header; char text[8]; } no_text = { { MAGIC, 0, 0, 0, 8 }, "ab\xff" "defg" };

  check_broken (&wrong, sizeof wrong, G_IO_ERROR_INVALID_DATA);
  check_broken (&long_text, sizeof long_text, G_IO_ERROR_INVALID_DATA);
  check_broken (&many_blobs, sizeof many_blobs, G_IO_ERROR_INVALID_DATA);
  check_broken (&long_blob, sizeof long_blob, G_IO_ERROR_INVALID_DATA);
  check_broken (&no_text, sizeof no_text, G_IO_ERROR_INVALID_DATA);
  check_broken (&half, 3, G_IO_ERROR_PARTIAL_INPUT);
  check_broken (&half, sizeof half, G_IO_ERROR_PARTIAL_INPUT);
  check_broken (&no_text, sizeof half + 2, G_IO_ERROR_PARTIAL_INPUT);
  check_broken (&long_blob, sizeof half + 4, G_IO_ERROR_PARTIAL_INPUT);
}

/* Frames that were damaged: the end is an error, whatever is heard until then. */
static void
test_fuzz (void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed (tt_seed ());

  for (guint i = tt_scaled (2000, 50); i > 0; i--)
    {
      int fd;
      g_autoptr(TtEar) ear = make_half (&fd);
      guint8 wire[512];
      gsize at = 0;

      while (at + sizeof (Header) + 64 < sizeof wire)
        {
          Header header = { MAGIC, i, at, g_rand_int_range (rand, 0, 2), g_rand_int_range (rand, 0, 20) };
          guint64 length = g_rand_int_range (rand, 0, 20);

          memcpy (wire + at, &header, sizeof header);
          at += sizeof header;
          memcpy (wire + at, &length, sizeof length);
          at += header.n_blobs * sizeof length;
          memset (wire + at, 'x', header.text_len + length);
          at += header.text_len + header.n_blobs * length;
        }
      for (int n = g_rand_int_range (rand, 0, 8); n > 0; n--)
        wire[g_rand_int_range (rand, 0, at)] = g_rand_int (rand);

      write_raw (fd, wire, g_rand_int_range (rand, 0, at + 1));
      close (fd);
      tt_run_until (tt_has_ended, ear);
      g_assert_cmpuint (ear->n_ends, ==, 1);
    }
}

static void
test_no_channel (void)
{
  g_autoptr(GError) error = NULL;
  int fds[2];

  g_assert_null (tl_channel_new_for_fd (-1, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);

  g_assert_cmpint (pipe (fds), ==, 0);
  g_assert_null (tl_channel_new_for_fd (fds[0], &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  close (fds[0]);
  close (fds[1]);
}

/* ---- Its end ---- */

static void
test_last_words (void)
{
  g_autoptr(TtEar) a = NULL;
  g_autoptr(TtEar) b = NULL;

  tt_make_pair (&a, &b);
  for (guint i = 0; i < 3; i++)
    tl_channel_send (a->channel, 0, i, "last words", NULL, 0);
  tl_channel_close (a->channel);
  g_assert_cmpint (a->trace.destroyed, ==, 1);
  g_assert_cmpuint (a->n_ends, ==, 0);

  tt_run_until (tt_has_ended, b);
  g_assert_cmpuint (b->heard->len, ==, 3);
  g_assert_error (b->end, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
  g_assert_cmpint (b->trace.destroyed, ==, 1);

  /* Nobody reads it, which is no reason for a signal. */
  tl_channel_send (b->channel, 0, 0, "hello?", NULL, 0);
  g_assert_false (tl_channel_send (b->channel, 0, 0, "hello?", NULL, 0));
  tt_iterate ();
  g_assert_cmpuint (b->n_ends, ==, 1);
}

static void
close_it (gpointer data)
{
  TtEar *ear = data;

  tl_channel_close (ear->channel);
  g_assert_cmpint (ear->trace.destroyed, ==, 0);
}

static void
drop_it (gpointer data)
{
  TtEar *ear = data;

  tl_channel_close (ear->channel);
  tl_channel_unref (g_steal_pointer (&ear->channel));
}

/* By the function, with more to hear; its data lives until it has returned. */
static void
check_closed_inside (void     (*then) (gpointer),
                     gboolean   polled)
{
  g_autoptr(TtEar) a = NULL;
  g_autoptr(TtEar) b = NULL;

  tt_make_pair (&a, &b);
  b->then = then;
  for (guint i = 0; i < 3; i++)
    tl_channel_send (a->channel, 0, i, "x", NULL, 0);
  if (polled)
    g_assert_true (tl_channel_poll (&b->channel, 1, TT_PATIENCE));
  else
    tt_run_until (tt_has_one, b);
  g_assert_cmpuint (b->heard->len, ==, 1);
  g_assert_cmpint (b->trace.destroyed, ==, 1);

  tt_run_until (tt_has_ended, a);
}

static void
test_closed_inside (void)
{
  check_closed_inside (close_it, FALSE);
  check_closed_inside (close_it, TRUE);
  check_closed_inside (drop_it, FALSE);
}

static void
run_on (gpointer data)
{
  TtEar *ear = data;

  if (ear->heard->len == 1)
    tt_run_until (tt_has_three, ear);
}

static void
test_runs_the_loop (void)
{
  g_autoptr(TtEar) a = NULL;
  g_autoptr(TtEar) b = NULL;

  tt_make_pair (&a, &b);
  b->then = run_on;
  for (guint i = 0; i < 3; i++)
    tl_channel_send (a->channel, 0, i, "x", NULL, 0);
  tt_run_until (tt_has_three, b);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpuint (tt_nth (b, i)->id, ==, i);
}

static void
test_nothing_left (void)
{
  guint n_fds = tt_n_fds ();

  for (guint i = 0; i < 50; i++)
    {
      g_autoptr(TtEar) a = NULL;
      g_autoptr(TtEar) b = NULL;
      g_autoptr(TlChannel) alone = tl_channel_new (NULL);
      g_autoptr(GBytes) blob = g_bytes_new_static ("x", 1);

      tt_make_pair (&a, &b);
      for (guint j = 0; j < 50; j++)
        tl_channel_send (a->channel, 0, j, "x", &blob, 1);
      close (tl_channel_open_stderr (a->channel, NULL));
      tl_channel_close (alone);
      close (tl_channel_open_stderr (alone, NULL));
    }

  g_assert_cmpuint (tt_n_fds (), ==, n_fds);
}

static void
test_not_inherited (void)
{
  g_autoptr(TlChannel) a = tl_channel_new (NULL);
  int peer = tl_channel_take_peer (a);
  int messages = tl_channel_open_stderr (a, NULL);
  int copy = dup (peer);
  g_autoptr(TlChannel) b = NULL;

  g_assert_true (fcntl (peer, F_GETFD) & FD_CLOEXEC);
  g_assert_true (fcntl (messages, F_GETFD) & FD_CLOEXEC);
  g_assert_false (fcntl (copy, F_GETFD) & FD_CLOEXEC);
  b = tl_channel_new_for_fd (copy, NULL);
  g_assert_true (fcntl (copy, F_GETFD) & FD_CLOEXEC);
  close (peer);
  close (messages);
}

/* ---- Without a main loop ---- */

static void
test_has (void)
{
  g_autoptr(TtEar) a = NULL;
  g_autoptr(TtEar) b = NULL;

  tt_make_pair (&a, &b);
  g_assert_false (tl_channel_has (b->channel, 1, 2));
  tl_channel_send (a->channel, 1, 1, "x", NULL, 0);
  tl_channel_send (a->channel, 1, 2, "x", NULL, 0);
  g_assert_true (tl_channel_has (b->channel, 1, 2));
  g_assert_true (tl_channel_has (b->channel, 1, 1));
  g_assert_false (tl_channel_has (b->channel, 2, 1));
  g_assert_cmpuint (b->heard->len, ==, 0);

  /* They are heard all the same, though the socket has nothing any more. */
  tl_channel_send (a->channel, 1, 3, "x", NULL, 0);
  tt_run_until (tt_has_three, b);
  g_assert_false (tl_channel_has (b->channel, 1, 2));

  tl_channel_close (a->channel);
  g_assert_false (tl_channel_has (b->channel, 1, 2));
  tt_run_until (tt_has_ended, b);
}

static void
test_poll (void)
{
  gsize size = tt_scaled (20, 1) * 1024 * 1024;
  g_autoptr(TtEar) a = NULL;
  g_autoptr(TtEar) b = NULL;
  g_autoptr(GBytes) noise = tt_make_noise (size);
  TlChannel *both[2];
  gint64 begin;

  tt_make_pair (&a, &b);
  both[0] = a->channel;
  both[1] = b->channel;

  begin = g_get_monotonic_time ();
  g_assert_false (tl_channel_poll (both, 2, 20000));
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 20000);
  g_assert_false (tl_channel_poll (both, 2, 0));
  g_assert_false (tl_channel_poll (NULL, 0, 0));

  tl_channel_send (a->channel, 1, 1, NULL, &noise, 1);
  while (b->heard->len == 0)
    g_assert_true (tl_channel_poll (both, 2, TT_PATIENCE));
  g_assert_true (g_bytes_equal (g_ptr_array_index (tt_nth (b, 0)->blobs, 0), noise));

  /* What was read already, but not heard. */
  tl_channel_send (a->channel, 1, 2, NULL, NULL, 0);
  g_assert_true (tl_channel_has (b->channel, 1, 2));
  g_assert_true (tl_channel_poll (both, 2, -1));
  g_assert_cmpuint (b->heard->len, ==, 2);

  tl_channel_close (a->channel);
  g_assert_true (tl_channel_poll (both, 2, -1));
  g_assert_error (b->end, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
  g_assert_false (tl_channel_poll (both, 2, 0));

  /* Nothing can come any more: this would be for ever. */
  g_assert_false (tl_channel_poll (both, 2, -1));
  g_assert_false (tl_channel_poll (NULL, 0, -1));
  begin = g_get_monotonic_time ();
  g_assert_false (tl_channel_poll (both, 2, 20000));
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 20000);
}

static void
add_tests (void)
{
  g_test_add_func ("/channel/frames-arrive-as-they-were-sent", test_arrive);
  g_test_add_func ("/channel/who-could-not-hear-is-called-again", test_deaf);
  g_test_add_func ("/channel/much-is-neither-waited-for-nor-lost", test_much);
  g_test_add_func ("/channel/flush-waits-for-who-reads", test_flush);
  g_test_add_func ("/channel/flush-does-not-wait-for-nobody", test_flush_to_nobody);
  g_test_add_func ("/channel/many-come-in-order", test_many);
  g_test_add_func ("/channel/a-frame-in-pieces", test_pieces);
  g_test_add_func ("/channel/what-is-no-frame-is-an-error", test_broken);
  g_test_add_func ("/channel/damaged-frames", test_fuzz);
  g_test_add_func ("/channel/what-is-no-channel-is-refused", test_no_channel);
  g_test_add_func ("/channel/last-words-before-the-end", test_last_words);
  g_test_add_func ("/channel/closed-by-the-function", test_closed_inside);
  g_test_add_func ("/channel/the-function-runs-the-main-loop", test_runs_the_loop);
  g_test_add_func ("/channel/nothing-is-left-open", test_nothing_left);
  g_test_add_func ("/channel/not-inherited", test_not_inherited);
  g_test_add_func ("/channel/has-looks-and-calls-nobody", test_has);
  g_test_add_func ("/channel/poll-without-a-main-loop", test_poll);
}

int
main (int    argc,
      char **argv)
{
  return tt_main (&argc, &argv, add_tests);
}
