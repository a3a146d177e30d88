/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The view of a future for a user interface. */

#include "tl-test.h"

typedef struct
{
  GThread       *thread;
  guint          fractions;
  guint          messages;
  guint          states;
  double         fraction;
  char          *message;
  TlFutureState  state;
} Seen;

static void
seen (GObject    *object,
      GParamSpec *pspec,
      gpointer    data)
{
  TlProgress *progress = TL_PROGRESS (object);
  Seen       *s = data;

  g_assert_true (g_thread_self () == s->thread);
  s->fractions += g_str_equal (pspec->name, "fraction");
  s->messages += g_str_equal (pspec->name, "message");
  s->states += g_str_equal (pspec->name, "state");
  s->fraction = tl_progress_get_fraction (progress);
  s->state = tl_progress_get_state (progress);
  g_free (s->message);
  s->message = g_strdup (tl_progress_get_message (progress));
}

static TlProgress *
watch (TlFuture *future,
       Seen     *s)
{
  TlProgress *progress = tl_progress_new (future);

  s->thread = g_thread_self ();
  g_signal_connect (progress, "notify", G_CALLBACK (seen), s);
  return progress;
}

static gboolean
is_whole (gpointer data)
{
  return ((Seen *) data)->fraction == 1;
}

static gboolean
is_done (gpointer data)
{
  return ((Seen *) data)->state == TL_FUTURE_STATE_DONE;
}

static gboolean
is_running (gpointer data)
{
  return ((Seen *) data)->state == TL_FUTURE_STATE_RUNNING;
}

static void
test_present_values (void)
{
  g_autoptr(TlFuture)   future = tl_future_new ("a download");
  g_autoptr(TlProgress) early = tl_progress_new (future);
  g_autoptr(TlProgress) late = NULL;
  g_autofree char      *name = NULL;
  g_autofree char      *message = NULL;
  double                fraction;
  int                   state;

  g_assert_true (tl_progress_get_future (early) == future);
  g_assert_cmpstr (tl_progress_get_name (early), ==, "a download");
  g_assert_null (tl_progress_get_message (early));
  g_assert_cmpint (tl_progress_get_state (early), ==, TL_FUTURE_STATE_PENDING);

  tl_future_set_progress (future, 0.5, "half");
  late = tl_progress_new (future);
  g_object_get (late,
                "fraction", &fraction,
                "message", &message,
                "state", &state,
                "name", &name,
                NULL);
  g_assert_cmpfloat (fraction, ==, 0.5);
  g_assert_cmpstr (message, ==, "half");
  g_assert_cmpint (state, ==, TL_FUTURE_STATE_PENDING);
  g_assert_cmpstr (name, ==, "a download");
}

static void
test_settled_already (void)
{
  g_autoptr(TlFuture)   future = tl_future_new (NULL);
  g_autoptr(TlProgress) progress = NULL;

  tl_future_set_progress (future, 0.75, "most");
  tl_future_set_done (future);
  tl_future_set_progress (future, 0.8, "too late");
  progress = tl_progress_new (future);
  g_assert_cmpint (tl_progress_get_state (progress), ==, TL_FUTURE_STATE_DONE);
  g_assert_cmpfloat (tl_progress_get_fraction (progress), ==, 0.75);
  g_assert_cmpstr (tl_progress_get_message (progress), ==, "most");
  g_assert_null (tl_progress_get_name (progress));
}

static void
test_holds_the_future (void)
{
  TlFuture             *future = tl_future_new ("kept");
  g_autoptr(TlProgress) progress = tl_progress_new (future);

  tl_future_unref (future);
  g_assert_cmpint (tl_progress_get_state (progress), ==, TL_FUTURE_STATE_PENDING);
  g_assert_cmpstr (tl_future_get_name (tl_progress_get_future (progress)), ==, "kept");
}

static void
test_notified_values (void)
{
  g_autoptr(TlFuture)   future = tl_future_new (NULL);
  Seen                  s = { 0, };
  g_autoptr(TlProgress) progress = watch (future, &s);

  g_assert_true (tl_progress_get_future (progress) == future);

  /* What it shows is what it has notified of. */
  tl_future_set_progress (future, 1, "all");
  tt_run_until (is_whole, &s);
  g_assert_cmpstr (s.message, ==, "all");
  g_assert_cmpuint (s.fractions, >=, 1);
  g_assert_cmpuint (s.messages, >=, 1);

  tl_future_set_progress (future, -1, NULL);
  tl_future_set_done (future);
  tt_run_until (is_done, &s);
  g_assert_cmpfloat (s.fraction, ==, -1);
  g_assert_null (s.message);
  g_free (s.message);
}

/* ---- A million calls ---- */

static gboolean
chatter_func (TlFuture  *future,
              gpointer   data,
              GError   **error)
{
  guint n = GPOINTER_TO_UINT (data);
  guint i;

  for (i = 0; i < n; i++)
    tl_future_set_progress (future, i / (double) n, "on the way");
  tl_future_set_progress (future, 1, "there");
  return TRUE;
}

static void
test_million_calls (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);
  g_autoptr(TlFuture)   future = NULL;
  g_autoptr(TlProgress) progress = NULL;
  Seen                  s = { 0, };
  TtGate                gate;
  gint64                began;
  double                seconds;

  tt_gate_init (&gate);
  tl_executor_post (executor, tt_gate_func, &gate, NULL);
  future = tl_executor_submit (executor, chatter_func,
                               GUINT_TO_POINTER (tt_scaled (1000000, 10000)), NULL);
  progress = watch (future, &s);
  began = g_get_monotonic_time ();
  tt_gate_open (&gate);
  tt_run_until (is_done, &s);
  seconds = (double) (g_get_monotonic_time () - began) / G_USEC_PER_SEC;

  /* Sixty times a second at most, the last value not lost: it is there when
   * the state says that there comes no more. */
  g_test_message ("%u notifies in %.3f s", s.fractions, seconds);
  g_assert_cmpfloat (s.fraction, ==, 1);
  g_assert_cmpstr (s.message, ==, "there");
  g_assert_cmpfloat (s.fractions, <=, seconds * 60 + 3);
  g_assert_cmpuint (s.states, <=, 2);
  g_free (s.message);
  tt_shutdown (executor);
  tt_gate_clear (&gate);
}

static gboolean
chatter_and_stay_func (TlFuture  *future,
                       gpointer   gate,
                       GError   **error)
{
  guint i;

  for (i = 0; i < 1000; i++)
    tl_future_set_progress (future, i / 1000.0, "on the way");
  tl_future_set_progress (future, 1, "there");
  tt_gate_pass (gate);
  return TRUE;
}

static void
test_last_value_without_end (void)
{
  guint round;

  /* The work speaks for the last time, and then works on in silence. */
  for (round = 0; round < tt_scaled (20, 2); round++)
    {
      g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);
      g_autoptr(TlFuture)   future = NULL;
      g_autoptr(TlProgress) progress = NULL;
      Seen                  s = { 0, };
      TtGate                gate;

      tt_gate_init (&gate);
      future = tl_executor_submit (executor, chatter_and_stay_func, &gate, NULL);
      progress = watch (future, &s);
      if (tl_progress_get_fraction (progress) != 1)
        tt_run_until (is_whole, &s);
      g_assert_cmpstr (tl_progress_get_message (progress), ==, "there");
      g_assert_cmpint (tl_future_get_state (future), ==, TL_FUTURE_STATE_RUNNING);
      tt_gate_open (&gate);
      tt_wait_for (future, DONE);
      tt_shutdown (executor);
      tt_gate_clear (&gate);
      g_free (s.message);
    }
}

/* ---- State, threads ---- */

static void
test_state_is_not_delayed (void)
{
  g_autoptr(TlFuture)   future = tl_future_new (NULL);
  Seen                  s = { 0, };
  g_autoptr(TlProgress) progress = watch (future, &s);

  /* Just after a notify is when progress has to wait. */
  tl_future_set_progress (future, 1, NULL);
  tt_run_until (is_whole, &s);
  tl_future_set_progress (future, 0.5, NULL);
  tl_future_set_done (future);
  tt_iterate ();
  g_assert_cmpint (s.state, ==, TL_FUTURE_STATE_DONE);
  g_assert_cmpint (tl_progress_get_state (progress), ==, s.state);
  g_assert_cmpfloat (s.fraction, ==, 0.5);
  g_assert_cmpuint (s.states, ==, 1);
  g_free (s.message);
}

static void
look_at_state (TlFuture *future,
               gpointer  data)
{
  Seen *s = data;

  g_assert_true (tl_future_done (future));
  g_assert_cmpint (s->state, ==, TL_FUTURE_STATE_DONE);
  s->messages++;
}

static void
test_callback_comes_after (void)
{
  g_autoptr(TlFuture)   future = tl_future_new (NULL);
  Seen                  s = { 0, };
  g_autoptr(TlProgress) progress = NULL;

  /* Whichever was there first. */
  tl_future_add_done_callback (future, look_at_state, &s, NULL);
  progress = watch (future, &s);
  tl_future_add_done_callback (future, look_at_state, &s, NULL);

  tt_iterate ();
  tl_future_set_done (future);
  tt_iterate ();
  g_assert_cmpuint (s.messages, ==, 2);
  g_free (s.message);
}

static void
test_state_of_a_promise (void)
{
  g_autoptr(TlFuture)   future = tl_future_new (NULL);
  Seen                  s = { 0, };
  g_autoptr(TlProgress) progress = watch (future, &s);

  tl_future_set_progress (future, 1, NULL);
  tt_run_until (is_whole, &s);

  /* At once, though it is just after a notify; and only what is new. */
  g_assert_true (tl_future_set_running (future));
  tt_iterate ();
  g_assert_cmpint (s.state, ==, TL_FUTURE_STATE_RUNNING);
  g_assert_cmpuint (s.states, ==, 1);
  g_assert_true (tl_future_set_running (future));
  tt_iterate ();
  g_assert_cmpuint (s.states, ==, 1);

  tl_future_set_done (future);
  g_assert_false (tl_future_set_running (future));
  tt_iterate ();
  g_assert_cmpint (s.state, ==, TL_FUTURE_STATE_DONE);
  g_assert_cmpint (tl_progress_get_state (progress), ==, s.state);
  g_assert_cmpuint (s.states, ==, 2);
  g_free (s.message);
}

static void
test_state_of_work (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);
  g_autoptr(TlFuture)   blocker = NULL;
  g_autoptr(TlFuture)   future = NULL;
  g_autoptr(TlProgress) progress = NULL;
  Seen                  s = { 0, };
  TtGate                first, second;

  tt_gate_init (&first);
  tt_gate_init (&second);
  blocker = tl_executor_submit (executor, tt_gate_func, &first, NULL);
  future = tl_executor_submit (executor, tt_gate_func, &second, NULL);
  progress = watch (future, &s);
  g_assert_cmpint (tl_progress_get_state (progress), ==, TL_FUTURE_STATE_PENDING);
  tt_gate_open (&first);
  tt_run_until (is_running, &s);
  tt_gate_open (&second);
  tt_run_until (is_done, &s);
  g_assert_cmpuint (s.states, ==, 2);
  tt_shutdown (executor);
  tt_gate_clear (&first);
  tt_gate_clear (&second);
}

static gpointer
watch_in_thread (gpointer future)
{
  g_autoptr(GMainContext) context = g_main_context_new ();
  Seen                    s = { 0, };
  TlProgress             *progress;

  g_main_context_push_thread_default (context);
  progress = watch (future, &s);
  s.state = tl_progress_get_state (progress);
  if (s.state != TL_FUTURE_STATE_DONE)
    tt_run_until (is_done, &s);
  g_assert_cmpfloat (tl_progress_get_fraction (progress), ==, 1);
  g_object_unref (progress);
  g_main_context_pop_thread_default (context);
  g_free (s.message);

  return NULL;
}

static void
test_watched_from_many_threads (void)
{
  guint round, i;

  for (round = 0; round < tt_scaled (100, 5); round++)
    {
      g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);
      g_autoptr(TlFuture)   future = NULL;
      GThread              *threads[4];

      future = tl_executor_submit (executor, chatter_func, GUINT_TO_POINTER (2000), NULL);
      for (i = 0; i < G_N_ELEMENTS (threads); i++)
        threads[i] = g_thread_new ("watcher", watch_in_thread, future);
      for (i = 0; i < G_N_ELEMENTS (threads); i++)
        g_thread_join (threads[i]);
      tt_shutdown (executor);
    }
}

static gpointer
drop_in_thread (gpointer progress)
{
  g_object_unref (progress);
  return NULL;
}

static void
test_dropped_while_work_speaks (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new (NULL, 1);
  guint                 round;

  for (round = 0; round < tt_scaled (1000, 20); round++)
    {
      g_autoptr(TlFuture) future = NULL;
      TlProgress         *progress;

      future = tl_executor_submit (executor, chatter_func, GUINT_TO_POINTER (500), NULL);
      progress = tl_progress_new (future);
      if (round % 2)
        tt_iterate ();
      if (round % 3)
        g_object_unref (progress);
      else
        g_thread_join (g_thread_new ("dropper", drop_in_thread, progress));
      tt_wait_for (future, DONE);
    }
  tt_iterate ();
  tt_shutdown (executor);
}

static void
test_binding (void)
{
  g_autoptr(TlFuture)     future = tl_future_new (NULL);
  g_autoptr(TlProgress)   progress = tl_progress_new (future);
  g_autoptr(GApplication) target = g_application_new (NULL, G_APPLICATION_DEFAULT_FLAGS);
  Seen                    s = { .thread = g_thread_self () };

  /* Any property that is a string will do. */
  tl_future_set_progress (future, 0, "/before");
  g_signal_connect (progress, "notify", G_CALLBACK (seen), &s);
  g_object_bind_property (progress, "message", target, "resource-base-path",
                          G_BINDING_SYNC_CREATE);
  tl_future_set_progress (future, 1, "/after");
  tt_run_until (is_whole, &s);
  g_assert_cmpstr (g_application_get_resource_base_path (target), ==, "/after");
  g_free (s.message);
}

static void
add_tests (void)
{
  g_test_add_func ("/progress/has-the-present-values-at-once", test_present_values);
  g_test_add_func ("/progress/has-the-last-values-of-a-settled-future", test_settled_already);
  g_test_add_func ("/progress/holds-the-future", test_holds_the_future);
  g_test_add_func ("/progress/shows-what-it-notifies", test_notified_values);
  g_test_add_func ("/progress/a-million-calls-are-a-few-notifies", test_million_calls);
  g_test_add_func ("/progress/last-value-is-never-lost", test_last_value_without_end);
  g_test_add_func ("/progress/state-is-not-delayed", test_state_is_not_delayed);
  g_test_add_func ("/progress/callbacks-find-the-end", test_callback_comes_after);
  g_test_add_func ("/progress/state-of-a-promise-that-is-set-running", test_state_of_a_promise);
  g_test_add_func ("/progress/state-of-work", test_state_of_work);
  g_test_add_func ("/progress/notifies-on-each-watchers-own-thread", test_watched_from_many_threads);
  g_test_add_func ("/progress/may-be-dropped-while-the-work-speaks", test_dropped_while_work_speaks);
  g_test_add_func ("/progress/properties-can-be-bound", test_binding);
}

int
main (int    argc,
      char **argv)
{
  return tt_main (&argc, &argv, add_tests);
}
