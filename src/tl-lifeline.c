/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "threadloop.h"

#include "tl-lifeline-private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static gpointer
wait_for_end (gpointer data)
{
  /* Not for anything, which leaves the other end's being closed. */
  struct pollfd poll_fd = { GPOINTER_TO_INT (data), 0, 0 };

  while (poll (&poll_fd, 1, -1) <= 0 || (poll_fd.revents & (POLLHUP | POLLERR | POLLNVAL)) == 0)
    ;

  _exit (EXIT_FAILURE);
}

static void
do_nothing (int number G_GNUC_UNUSED)
{
}

/* What is typed at a terminal goes to all of its processes. Whether this one is
 * to end is for the other one to say. A handler, since what is ignored would be
 * ignored by each child as well. */
static void
leave_interrupts_to_peer (void)
{
  struct sigaction action = { .sa_handler = do_nothing, .sa_flags = SA_RESTART };
  struct sigaction old;

  sigemptyset (&action.sa_mask);
  if (sigaction (SIGINT, NULL, &old) == 0 && (old.sa_flags & SA_SIGINFO) == 0 && old.sa_handler == SIG_DFL)
    sigaction (SIGINT, &action, NULL);
}

/* Has the process end when the other end of the socket @fd is closed, and not
 * when it is interrupted. */
gboolean
tl_lifeline_start (int      fd,
                   GError **error)
{
  GThread *thread;
  GError *failure = NULL;

  /* Of its own, so that no other file can come to have its number. */
  fd = fcntl (fd, F_DUPFD_CLOEXEC, 0);
  if (fd < 0)
    {
      int code = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
                   "The end of a channel cannot be watched: %s", g_strerror (code));
      return FALSE;
    }

  thread = g_thread_try_new ("tl-lifeline", wait_for_end, GINT_TO_POINTER (fd), &failure);
  if (thread == NULL)
    {
      close (fd);
      g_set_error (error, TL_ERROR, TL_ERROR_THREAD, "No thread to watch a channel: %s", failure->message);
      g_error_free (failure);
      return FALSE;
    }
  g_thread_unref (thread);

  leave_interrupts_to_peer ();

  return TRUE;
}
