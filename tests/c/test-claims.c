/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Claims: who gives work to another process, and takes it back. */

#include "tl-test.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Both ends, in one process where that will do. */
typedef struct
{
  TlClaims *giver;
  TlClaims *getter;
} Ends;

static void
ends_open (Ends *ends)
{
  g_autoptr(GError) error = NULL;
  int fd;

  ends->giver = tl_claims_new (&error);
  g_assert_no_error (error);
  fd = tl_claims_take_fd (ends->giver);
  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (fcntl (fd, F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
  ends->getter = tl_claims_new_for_fd (fd, &error);
  g_assert_no_error (error);
  /* It was closed. */
  g_assert_cmpint (fcntl (fd, F_GETFD), ==, -1);
}

static void
ends_close (Ends *ends)
{
  tl_claims_unref (ends->giver);
  tl_claims_unref (ends->getter);
}

static void
test_rounds (void)
{
  Ends ends;

  ends_open (&ends);
  g_assert_true (tl_claims_claim (ends.getter, 0));
  g_assert_true (tl_claims_claim (ends.getter, 0));
  g_assert_cmpuint (tl_claims_withdraw (ends.giver), ==, 2);

  g_assert_false (tl_claims_claim (ends.getter, 0));
  g_assert_true (tl_claims_claim (ends.getter, 1));
  g_assert_cmpuint (tl_claims_withdraw (ends.giver), ==, 1);
  g_assert_cmpuint (tl_claims_withdraw (ends.giver), ==, 0);
  g_assert_false (tl_claims_claim (ends.getter, 1));
  g_assert_false (tl_claims_claim (ends.getter, 2));
  g_assert_true (tl_claims_claim (ends.getter, 3));
  ends_close (&ends);
}

/* Both numbers have 16 bits, and one does not run into the other. */
static void
test_wrap_around (void)
{
  Ends ends;

  ends_open (&ends);
  for (guint i = 0; i < 65536 + 3; i++)
    g_assert_true (tl_claims_claim (ends.getter, 0));
  g_assert_cmpuint (tl_claims_withdraw (ends.giver), ==, 3);

  for (guint round = 1; round < 65536; round++)
    {
      g_assert_false (tl_claims_claim (ends.getter, round - 1));
      g_assert_true (tl_claims_claim (ends.getter, round));
      g_assert_cmpuint (tl_claims_withdraw (ends.giver), ==, 1);
    }
  g_assert_true (tl_claims_claim (ends.getter, 0));
  ends_close (&ends);
}

static void
test_reference (void)
{
  Ends ends;

  ends_open (&ends);
  g_assert_true (tl_claims_ref (ends.giver) == ends.giver);
  tl_claims_unref (ends.giver);
  g_assert_cmpint (tl_claims_take_fd (ends.giver), ==, -1);
  g_assert_cmpint (tl_claims_take_fd (ends.getter), ==, -1);
  ends_close (&ends);
}

/* Nobody has taken the descriptor: it goes with the last reference. A process may
 * not have so many. */
static void
test_not_taken (void)
{
  for (guint i = 0; i < 2000; i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(TlClaims) claims = tl_claims_new (&error);

      g_assert_no_error (error);
      g_assert_true (tl_claims_claim (claims, 0));
    }
}

static void
test_wrong_descriptors (void)
{
  g_autoptr(GError) error = NULL;
  int fds[2];
  int fd;

  g_assert_cmpint (pipe (fds), ==, 0);
  g_assert_null (tl_claims_new_for_fd (fds[0], &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  close (fds[0]);
  close (fds[1]);
  g_clear_error (&error);

  /* A file that is too short, which could be mapped, but not looked at. */
  fd = open ("/proc/self/exe", O_RDONLY);
  g_assert_null (tl_claims_new_for_fd (fd, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  close (fd);
}

/* Who has died has begun with what it has begun with. */
static void
test_other_process (void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(TlClaims) claims = tl_claims_new (&error);
  int status;
  pid_t pid;

  g_assert_no_error (error);
  pid = fork ();
  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    {
      for (guint i = 0; i < 5; i++)
        tl_claims_claim (claims, 0);
      abort ();
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_cmpuint (tl_claims_withdraw (claims), ==, 5);
}

/* ---- One gives and takes back, the other takes ---- */

typedef struct
{
  Ends         ends;
  GAsyncQueue *given;
  guint        n_got;
} Race;

static gpointer
get (gpointer data)
{
  Race *race = data;

  /* The round, and one more since a queue holds no 0. */
  for (guint given; (given = GPOINTER_TO_UINT (g_async_queue_pop (race->given))) != G_MAXUINT;)
    if (tl_claims_claim (race->ends.getter, given - 1))
      race->n_got++;

  return NULL;
}

/* Each piece is begun with once, or comes back once. */
static void
test_race (void)
{
  Race race = { 0 };
  GThread *thread;
  guint n_wanted = tt_scaled (200000, 2000);
  guint round = 0, n_given = 0, n_begun = 0;

  ends_open (&race.ends);
  race.given = g_async_queue_new ();
  thread = g_thread_new ("gets", get, &race);

  while (n_begun < n_wanted)
    {
      guint n = (guint) g_test_rand_int_range (1, 40);
      int left = g_test_rand_int_range (0, (int) n);

      for (guint i = 0; i < n; i++)
        g_async_queue_push (race.given, GUINT_TO_POINTER (round + 1));
      n_given += n;
      while (g_async_queue_length (race.given) > left)
        g_thread_yield ();

      n = tl_claims_withdraw (race.ends.giver);
      n_begun += n;
      round = (round + 1) % 65536;
    }

  g_async_queue_push (race.given, GUINT_TO_POINTER (G_MAXUINT));
  g_thread_join (thread);
  g_assert_cmpuint (race.n_got, ==, n_begun);
  g_test_message ("%u pieces given, %u begun with", n_given, n_begun);
  g_async_queue_unref (race.given);
  ends_close (&race.ends);
}

static void
add_tests (void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(TlClaims) claims = tl_claims_new (&error);

  if (claims == NULL && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED))
    {
      g_test_message ("%s", error->message);
      return;
    }
  g_assert_no_error (error);

  g_test_add_func ("/claims/rounds", test_rounds);
  g_test_add_func ("/claims/wrap-around", test_wrap_around);
  g_test_add_func ("/claims/reference", test_reference);
  g_test_add_func ("/claims/not-taken", test_not_taken);
  g_test_add_func ("/claims/wrong-descriptors", test_wrong_descriptors);
  g_test_add_func ("/claims/other-process", test_other_process);
  g_test_add_func ("/claims/race", test_race);
}

int
main (int   argc,
      char *argv[])
{
  return tt_main (&argc, &argv, add_tests);
}
