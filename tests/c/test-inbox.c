/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An inbox: settled futures by their numbers, many for one call. */

#include "tl-test.h"

typedef struct
{
  TlInbox  *inbox;
  GArray   *tags;
  int       calls;
  int       destroyed;
  gboolean  adding;       /* the test is inside of tl_inbox_add() */
  gboolean  leave;        /* does not take anything out */
  guint     n_wanted;
  GThread  *thread;
} Heard;

static void
hear (gpointer data)
{
  Heard *heard = data;
  g_autofree guint *tags = NULL;
  gsize n;

  g_assert_false (heard->adding);
  g_assert_cmpint (heard->destroyed, ==, 0);
  g_assert_true (heard->thread == g_thread_self ());
  heard->calls++;

  if (heard->leave)
    return;

  tags = tl_inbox_take (heard->inbox, &n);
  g_array_append_vals (heard->tags, tags, n);
}

static void
heard_destroy (gpointer data)
{
  Heard *heard = data;

  g_assert_true (heard->thread == g_thread_self ());
  heard->destroyed++;
}

static gboolean
heard_enough (gpointer data)
{
  Heard *heard = data;

  return heard->tags->len >= heard->n_wanted;
}

static gboolean
heard_gone (gpointer data)
{
  return ((Heard *) data)->destroyed > 0;
}

static void
heard_init (Heard *heard)
{
  *heard = (Heard) { .tags = g_array_new (FALSE, FALSE, sizeof (guint)), .thread = g_thread_self () };
  heard->inbox = tl_inbox_new (hear, heard, heard_destroy);
}

static void
heard_clear (Heard *heard)
{
  tl_inbox_unref (heard->inbox);
  tt_run_until (heard_gone, heard);
  g_assert_cmpint (heard->destroyed, ==, 1);
  g_array_unref (heard->tags);
}

static void
add (Heard    *heard,
     TlFuture *future,
     guint     tag)
{
  heard->adding = TRUE;
  tl_inbox_add (heard->inbox, future, tag);
  heard->adding = FALSE;
}

/* However a future settles, its tag is there, in the order of settling; and
 * what settles before the loop comes to it is one call. */
static void
test_each_once_in_order (void)
{
  TlFuture *futures[4];
  Heard heard;

  heard_init (&heard);
  for (guint i = 0; i < G_N_ELEMENTS (futures); i++)
    futures[i] = tl_future_new (NULL);
  for (guint i = 0; i < G_N_ELEMENTS (futures); i++)
    add (&heard, futures[i], 100 + i);

  tl_future_set_int64 (futures[2], 1);
  tl_future_set_new_error (futures[0], G_IO_ERROR, G_IO_ERROR_FAILED, "no");
  g_assert_nonnull (tl_future_get_error (futures[0]));
  tl_future_cancel (futures[3]);
  tl_future_set_done (futures[1]);

  heard.n_wanted = G_N_ELEMENTS (futures);
  tt_run_until (heard_enough, &heard);

  g_assert_cmpuint (heard.tags->len, ==, 4);
  g_assert_cmpuint (g_array_index (heard.tags, guint, 0), ==, 102);
  g_assert_cmpuint (g_array_index (heard.tags, guint, 1), ==, 100);
  g_assert_cmpuint (g_array_index (heard.tags, guint, 2), ==, 103);
  g_assert_cmpuint (g_array_index (heard.tags, guint, 3), ==, 101);
  g_assert_cmpint (heard.calls, ==, 1);

  for (guint i = 0; i < G_N_ELEMENTS (futures); i++)
    tl_future_unref (futures[i]);
  heard_clear (&heard);
}

/* One that has settled before, and one that is added twice. */
static void
test_late_and_twice (void)
{
  g_autoptr(TlFuture) future = tl_future_new (NULL);
  Heard heard;

  heard_init (&heard);
  tl_future_set_done (future);
  add (&heard, future, 1);
  add (&heard, future, 2);
  g_assert_cmpint (heard.calls, ==, 0);

  heard.n_wanted = 2;
  tt_run_until (heard_enough, &heard);
  g_assert_cmpuint (heard.tags->len, ==, 2);

  heard_clear (&heard);
}

/* What the function does not take stays for the next time, which comes by
 * itself. */
static void
test_left_for_later (void)
{
  g_autoptr(TlFuture) first = tl_future_new (NULL);
  g_autoptr(TlFuture) second = tl_future_new (NULL);
  Heard heard;

  heard_init (&heard);
  heard.leave = TRUE;
  add (&heard, first, 1);
  add (&heard, second, 2);
  tl_future_set_done (first);
  tt_run_until (tt_is_set, &heard.calls);
  g_assert_cmpuint (heard.tags->len, ==, 0);

  heard.leave = FALSE;
  heard.n_wanted = 1;
  tt_run_until (heard_enough, &heard);
  heard.n_wanted = 2;
  tl_future_set_done (second);
  tt_run_until (heard_enough, &heard);
  g_assert_cmpuint (g_array_index (heard.tags, guint, 0), ==, 1);
  g_assert_cmpuint (g_array_index (heard.tags, guint, 1), ==, 2);

  heard_clear (&heard);
}

/* What was added is heard of although nobody holds the inbox any more; then
 * the user data goes. */
static void
test_unref_before (void)
{
  g_autoptr(TlFuture) future = tl_future_new (NULL);
  Heard heard;

  heard_init (&heard);
  add (&heard, future, 7);
  tl_inbox_unref (heard.inbox);
  g_assert_cmpint (heard.destroyed, ==, 0);

  heard.n_wanted = 1;
  tl_future_set_done (future);
  tt_run_until (heard_enough, &heard);
  tt_run_until (heard_gone, &heard);
  g_assert_cmpint (heard.calls, ==, 1);
  g_array_unref (heard.tags);
}

/* Never inside of the call, and in the order of their times. Where everything
 * takes so long that the last is due before the others have been heard, there
 * is no telling, and it is tried with a later one. */
static void
test_timeouts (void)
{
  gboolean in_time = FALSE;

  for (guint span = 20; !in_time; span *= 2)
    {
      gint64 begin = g_get_monotonic_time ();
      Heard heard;

      heard_init (&heard);
      heard.adding = TRUE;
      tl_inbox_add_timeout (heard.inbox, span, 3);
      tl_inbox_add_timeout (heard.inbox, 0, 1);
      tl_inbox_add_timeout (heard.inbox, 1, 2);
      heard.adding = FALSE;

      heard.n_wanted = 2;
      tt_run_until (heard_enough, &heard);
      in_time = g_get_monotonic_time () - begin < (span - 1) * G_TIME_SPAN_MILLISECOND;

      heard.n_wanted = 3;
      tt_run_until (heard_enough, &heard);
      g_assert_cmpint (g_get_monotonic_time () - begin, >=, (span - 1) * G_TIME_SPAN_MILLISECOND);
      g_assert_cmpuint (heard.tags->len, ==, 3);
      for (guint i = 0; in_time && i < heard.tags->len; i++)
        g_assert_cmpuint (g_array_index (heard.tags, guint, i), ==, i + 1);

      heard_clear (&heard);
    }
}

/* From workers, many at a time: each once, all here, in fewer calls. */
static void
test_from_workers (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("inbox", 3);
  const guint n = tt_scaled (100000, 1000);
  g_autofree gboolean *seen = g_new0 (gboolean, n);
  Heard heard;

  heard_init (&heard);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr(TlFuture) future = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);

      add (&heard, future, i);
    }

  heard.n_wanted = n;
  tt_run_until (heard_enough, &heard);
  g_assert_cmpuint (heard.tags->len, ==, n);
  for (guint i = 0; i < n; i++)
    {
      guint tag = g_array_index (heard.tags, guint, i);

      g_assert_cmpuint (tag, <, n);
      g_assert_false (seen[tag]);
      seen[tag] = TRUE;
    }
  g_assert_cmpint (heard.calls, <, n);

  tt_shutdown (executor);
  heard_clear (&heard);
}

static void
add_tests (void)
{
  g_test_add_func ("/inbox/each-once-in-order", test_each_once_in_order);
  g_test_add_func ("/inbox/late-and-twice", test_late_and_twice);
  g_test_add_func ("/inbox/left-for-later", test_left_for_later);
  g_test_add_func ("/inbox/unref-before", test_unref_before);
  g_test_add_func ("/inbox/timeouts", test_timeouts);
  g_test_add_func ("/inbox/from-workers", test_from_workers);
}

int
main (int   argc,
      char *argv[])
{
  return tt_main (&argc, &argv, add_tests);
}
