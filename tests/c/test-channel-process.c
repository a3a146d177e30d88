/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A channel to another process: its end, and what it has to say. */

#include "tl-test-channel.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The other program that this one can be; see main(). */
#define BUSY "--busy"

static const char *this_program;

/* What main() does where it is the other program: it sleeps, or is busy and has
 * no main loop. */
static int
be_busy (const char *fd)
{
  g_autoptr(TlChannel) channel = tl_channel_new_for_fd (atoi (fd), NULL);

  if (!tl_channel_die_with_peer (channel, NULL))
    return 2;
  tl_channel_send (channel, 1, 1, "busy", NULL, 0);
  for (;;)
    {
      static volatile guint n;

      n++;
    }
}

static GSubprocess *
start_busy (TlChannel *channel)
{
  g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_autoptr(GSubprocess) process = NULL;
  g_autoptr(GError) error = NULL;

  g_subprocess_launcher_take_fd (launcher, tl_channel_take_peer (channel), 3);
  process = g_subprocess_launcher_spawn (launcher, &error, this_program, BUSY, "3", NULL);
  g_assert_no_error (error);
  g_subprocess_launcher_close (launcher);

  return g_steal_pointer (&process);
}

static void
test_dies_with_peer (void)
{
  TlChannel *channel = tl_channel_new (NULL);
  g_autoptr(GSubprocess) process = start_busy (channel);
  g_autoptr(TtEar) ear = tt_listen_to (channel);

  tt_run_until (tt_has_one, ear);
  g_assert_cmpstr (tt_nth (ear, 0)->text, ==, "busy");
  g_assert_null (ear->end);

  /* Which it leaves to this one. */
  g_subprocess_send_signal (process, SIGINT);
  tl_channel_close (channel);
  g_subprocess_wait (process, NULL, NULL);
  g_assert_true (g_subprocess_get_if_exited (process));
  g_assert_cmpint (g_subprocess_get_exit_status (process), ==, EXIT_FAILURE);
}

static void
test_killed (void)
{
  TlChannel *channel = tl_channel_new (NULL);
  g_autoptr(GSubprocess) process = start_busy (channel);
  g_autoptr(TtEar) ear = tt_listen_to (channel);

  tt_run_until (tt_has_one, ear);
  g_subprocess_force_exit (process);
  tt_run_until (tt_has_ended, ear);
  g_assert_error (ear->end, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
  g_subprocess_wait (process, NULL, NULL);
}

static gboolean
has_last (gpointer channel)
{
  g_autofree char *last = tl_channel_dup_stderr (channel);

  return g_str_has_suffix (last, "the end\n");
}

/* Lines that another process writes are those of this one, and are kept. */
static void
test_stderr (void)
{
  g_autofree char *name = NULL;
  g_autofree char *passed = NULL;
  g_autofree char *last = NULL;
  g_autoptr(GString) expected = g_string_new (NULL);
  int file = g_file_open_tmp ("channel-XXXXXX", &name, NULL);
  int own = dup (STDERR_FILENO);
  TlChannel *channel = tl_channel_new (NULL);
  int fd = tl_channel_open_stderr (channel, NULL);
  g_autoptr(TtEar) ear = NULL;

  ear = tt_listen_to (channel);
  last = tl_channel_dup_stderr (channel);
  g_assert_cmpstr (last, ==, "");
  g_clear_pointer (&last, g_free);

  dup2 (file, STDERR_FILENO);
  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *line = g_strdup_printf ("line %u\xff\n", i);

      g_assert_cmpint (write (fd, line, strlen (line)), ==, strlen (line));
      g_string_append (expected, line);
      if (i % 100 == 0)
        tt_iterate ();
    }
  g_assert_cmpint (write (fd, "the end\n", 8), ==, 8);
  g_string_append (expected, "the end\n");
  close (fd);
  tt_run_until (has_last, channel);
  dup2 (own, STDERR_FILENO);
  close (own);
  close (file);

  g_assert_true (g_file_get_contents (name, &passed, NULL, NULL));
  g_assert_cmpstr (passed, ==, expected->str);
  g_unlink (name);

  last = tl_channel_dup_stderr (channel);
  g_assert_true (g_str_has_prefix (last, "line "));
  g_assert_cmpuint (strlen (last), >, 3000);
  g_assert_true (g_utf8_validate (last, -1, NULL));
}

#define FLOOD (tt_scaled (8, 2) * 1024 * 1024)

static gpointer
flood (gpointer fd)
{
  gsize size = 64 * 1024;
  g_autofree char *data = g_malloc (size);
  gsize left = FLOOD;

  memset (data, '.', size);
  while (left > 0)
    {
      gssize n = write (GPOINTER_TO_INT (fd), data, MIN (size, left));

      g_assert_cmpint (n, >, 0);
      left -= (gsize) n;
    }
  close (GPOINTER_TO_INT (fd));

  return NULL;
}

static gboolean
file_has_all (gpointer file)
{
  return lseek (GPOINTER_TO_INT (file), 0, SEEK_CUR) >= (off_t) FLOOD;
}

/* Somebody who writes without end leaves others their turn. */
static void
test_stderr_flood (void)
{
  g_autofree char *name = NULL;
  int file = g_file_open_tmp ("channel-XXXXXX", &name, NULL);
  int own = dup (STDERR_FILENO);
  TlChannel *channel = tl_channel_new (NULL);
  int fd = tl_channel_open_stderr (channel, NULL);
  g_autoptr(TtEar) ear = NULL;
  GThread *thread = g_thread_new ("flood", flood, GINT_TO_POINTER (fd));
  guint n_turns = 0;

  ear = tt_listen_to (channel);
  g_unlink (name);
  dup2 (file, STDERR_FILENO);
  for (; !file_has_all (GINT_TO_POINTER (file)); n_turns++)
    g_main_context_iteration (NULL, TRUE);
  dup2 (own, STDERR_FILENO);
  close (own);
  close (file);
  g_thread_join (thread);

  g_assert_cmpuint (n_turns, >=, FLOOD / (256 * 1024));
}

static void
add_tests (void)
{
  g_test_add_func ("/channel/a-busy-process-dies-with-its-peer", test_dies_with_peer);
  g_test_add_func ("/channel/a-peer-that-was-killed", test_killed);
  g_test_add_func ("/channel/messages-are-passed-on-and-kept", test_stderr);
  g_test_add_func ("/channel/messages-without-end", test_stderr_flood);
}

int
main (int    argc,
      char **argv)
{
  if (argc == 3 && g_str_equal (argv[1], BUSY))
    return be_busy (argv[2]);

  this_program = argv[0];

  return tt_main (&argc, &argv, add_tests);
}
