/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A native call is a task like any other: it is cancelled, has a deadline, a
 * name, and what belongs to it dies where it was asked for. */

#include "tl-test-call.h"

#include "tl-marshal.h"

#define F "TlMarshal."

static TlFuture *
call_full (TlExecutor   *executor,
           const char   *name,
           gint64        deadline,
           GCancellable *cancellable,
           const char   *function,
           TlValues     *args)
{
  g_autoptr(GError)     error = NULL;
  g_autoptr(TlCallable) callable = tl_callable_lookup (function, &error);
  TlFuture             *future;
  gsize                 n;
  const GValue         *values = tl_values_unpack (args, &n);

  g_assert_no_error (error);
  future = tl_executor_call_full (executor, name, G_PRIORITY_DEFAULT, deadline, cancellable, callable, values, n,
                                  &error);
  g_assert_no_error (error);
  tl_values_unref (args);

  return future;
}

static TlFuture *
call_wait (GCancellable *given,
           GCancellable *cancellable)
{
  return call_full (tt_call_executor (), NULL, -1, cancellable, F "wait", tt_values ("o", given));
}

static void
await_running (TlFuture *future)
{
  gint64 patience = g_get_monotonic_time () + TT_PATIENCE;

  while (!tl_future_running (future) && g_get_monotonic_time () < patience)
    g_usleep (100);
  g_assert_true (tl_future_running (future));
}

/* ---- On a worker ---- */

static void
test_runs_on_a_worker (void)
{
  tt_assert_call ("false", F "is_on_thread", "U", (guint64) (gsize) g_thread_self ());
}

static void
test_in_a_context (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new_for_context (NULL);
  g_autoptr(TlFuture)   future = call_full (executor, NULL, -1, NULL, F "is_on_thread",
                                            tt_values ("U", (guint64) (gsize) g_thread_self ()));

  tt_assert_state (future, PENDING);
  tt_run_until (tt_is_done, future);
  g_assert_true (tl_future_get_boolean (future, NULL));
}

static void
test_names (void)
{
  g_autoptr(TlFuture) unnamed = call_full (tt_call_executor (), NULL, -1, NULL, F "nothing", tt_values (""));
  g_autoptr(TlFuture) named = call_full (tt_call_executor (), "name", -1, NULL, F "nothing", tt_values (""));

  g_assert_cmpstr (tl_future_get_name (unnamed), ==, F "nothing");
  g_assert_cmpstr (tl_future_get_name (named), ==, "name");
  tt_wait (unnamed);
  tt_wait (named);
}

/* The object by itself. */
static void
test_method (void)
{
  g_autoptr(GError)     error = NULL;
  g_autoptr(GFile)      file = g_file_new_for_path ("/a");
  g_autoptr(TlCallable) get_uri = tl_callable_lookup ("Gio.File.get_uri", NULL);
  g_autoptr(TlCallable) get_child = tl_callable_lookup ("Gio.File.get_child", NULL);
  g_autoptr(TlFuture)   uri = tl_executor_call_method (tt_call_executor (), get_uri, G_OBJECT (file), NULL, 0, NULL);
  g_autoptr(TlFuture)   child = NULL;
  g_autofree char      *path = NULL;
  g_auto(GValue)        name = G_VALUE_INIT;
  g_auto(GValue)        result = G_VALUE_INIT;

  g_value_set_string (g_value_init (&name, G_TYPE_STRING), "b");
  child = tl_executor_call_method (tt_call_executor (), get_child, G_OBJECT (file), &name, 1, &error);
  g_assert_no_error (error);

  tt_wait (uri);
  tl_future_result (uri, -1, NULL, &result, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (g_value_get_string (&result), ==, "file:///a");

  tt_wait (child);
  path = g_file_get_path (tl_future_get_object (child, &error));
  g_assert_cmpstr (path, ==, "/a/b");

  /* It counts, and is checked as any other. */
  g_assert_null (tl_executor_call_method (tt_call_executor (), get_uri, G_OBJECT (file), &name, 1, &error));
  g_assert_error (error, TL_ERROR, TL_ERROR_WRONG_TYPE);
  g_assert_cmpstr (error->message, ==, "Gio.File.get_uri() takes 1 argument, not 2");
  g_clear_error (&error);
  g_assert_null (tl_executor_call_method (tt_call_executor (), get_uri, G_OBJECT (tt_call_executor ()), NULL, 0, &error));
  g_assert_error (error, TL_ERROR, TL_ERROR_WRONG_TYPE);
  g_clear_error (&error);

  tt_call_end ();
  g_assert_cmpint (G_OBJECT (file)->ref_count, ==, 1);
}

static void
test_shut_down (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("call", 1);
  g_autoptr(TlFuture)   future = NULL;

  tt_shutdown (executor);
  future = call_full (executor, NULL, -1, NULL, F "nothing", tt_values (""));
  tt_wait_error (future, TL_ERROR, TL_ERROR_SHUT_DOWN);
}

/* An error that nobody looks at names the function. */
static void
test_unobserved (void)
{
  tt_reports_begin ();
  tl_future_unref (call_full (tt_call_executor (), NULL, -1, NULL, F "fail", tt_values ("i", G_IO_ERROR_BUSY)));
  tt_reports_await (1);
  g_assert_cmpstr (tt_reports_get (0)->task, ==, F "fail");
  g_assert_error (tt_reports_get (0)->error, G_IO_ERROR, G_IO_ERROR_BUSY);
  tt_reports_end ();
}

/* ---- Cancelling ---- */

static void
test_cancel_running (void)
{
  g_autoptr(TlFuture) future = call_wait (NULL, NULL);

  await_running (future);
  g_assert_cmpint (tl_future_cancel (future), ==, TL_CANCEL_REQUESTED);
  tt_wait_for (future, CANCELLED);
}

static void
test_cancel_queued (void)
{
  g_autoptr(TlExecutor)     executor = tl_executor_new ("one", 1);
  g_autoptr(TlFuture)       first = call_full (executor, NULL, -1, NULL, F "wait", tt_values (""));
  g_autoptr(TlMarshalThing) thing = tl_marshal_thing_new (1);
  g_autoptr(TlFuture)       second = NULL;

  await_running (first);
  second = call_full (executor, NULL, -1, NULL, F "Thing.eat", tt_values ("o", thing));
  g_assert_cmpint (G_OBJECT (thing)->ref_count, ==, 2);
  g_assert_cmpint (tl_future_cancel (second), ==, TL_CANCEL_DONE);
  tt_wait_for (second, CANCELLED);
  /* It was not taken. */
  g_assert_cmpint (G_OBJECT (thing)->ref_count, ==, 1);

  tl_future_cancel (first);
  tt_wait_for (first, CANCELLED);
  tt_shutdown (executor);
}

static void
test_given_cancellable (void)
{
  g_autoptr(GCancellable) given = g_cancellable_new ();
  g_autoptr(TlFuture)     by_given = call_wait (given, NULL);
  g_autoptr(TlFuture)     by_future = call_wait (given, NULL);

  await_running (by_given);
  await_running (by_future);

  tl_future_cancel (by_future);
  tt_wait_for (by_future, CANCELLED);
  g_assert_false (g_cancellable_is_cancelled (given));
  tt_assert_state (by_given, RUNNING);

  g_cancellable_cancel (given);
  tt_wait_for (by_given, CANCELLED);
}

static void
test_given_cancelled (void)
{
  g_autoptr(GCancellable) given = g_cancellable_new ();
  g_autoptr(TlFuture)     future = NULL;

  g_cancellable_cancel (given);
  future = call_wait (given, NULL);
  tt_wait_for (future, CANCELLED);
}

/* One for the function and one for the task: each will do. */
static void
test_two_cancellables (void)
{
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr(GCancellable) given = g_cancellable_new ();
      g_autoptr(GCancellable) other = g_cancellable_new ();
      g_autoptr(TlFuture)     future = call_wait (given, other);

      await_running (future);
      if (i == 2)
        tl_future_cancel (future);
      else
        g_cancellable_cancel (i == 0 ? given : other);
      tt_wait_for (future, CANCELLED);
      tt_call_end ();
      tt_iterate ();

      /* Nothing is left that listens. */
      g_assert_cmpint (G_OBJECT (given)->ref_count, ==, 1);
      g_assert_cmpint (G_OBJECT (other)->ref_count, ==, 1);
      g_assert_cmpint (g_cancellable_is_cancelled (given), ==, i == 0);
      g_assert_cmpint (g_cancellable_is_cancelled (other), ==, i == 1);
    }
}

static void
test_cancelled_before_it_begins (void)
{
  g_autoptr(GCancellable) given = g_cancellable_new ();
  g_autoptr(GCancellable) other = g_cancellable_new ();
  g_autoptr(TlFuture)     future = NULL;

  g_cancellable_cancel (given);
  future = call_wait (given, other);
  tt_wait_for (future, CANCELLED);
}

/* Only the first cancellable is the call's own. */
static void
test_first_cancellable (void)
{
  g_autoptr(TlFuture) future = call_full (tt_call_executor (), NULL, -1, NULL, F "wait_two", tt_values ("nin", 5));

  await_running (future);
  tl_future_cancel (future);
  tt_wait_for (future, CANCELLED);
}

static void
test_deadline (void)
{
  g_autoptr(TlFuture) future = call_full (tt_call_executor (), NULL, g_get_monotonic_time () + 1000, NULL, F "wait",
                                          tt_values (""));

  tt_wait_error (future, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
}

/* A method of a cancellable is about that one. */
static void
test_cancellable_itself (void)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();

  tt_assert_call ("null", "Gio.Cancellable.cancel", "o", cancellable);
  g_assert_true (g_cancellable_is_cancelled (cancellable));
  tt_assert_call ("true", "Gio.Cancellable.is_cancelled", "o", cancellable);
}

/* ---- Who releases what ---- */

typedef struct
{
  TtTrace  argument;
  TtTrace  result;
} Traces;

static gboolean
both_gone (gpointer data)
{
  Traces *traces = data;

  return tt_trace_gone (&traces->argument) && tt_trace_gone (&traces->result);
}

static gboolean
quit (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

/* While a main loop runs: there, whoever drops the last reference. */
static void
test_dies_at_home (void)
{
  g_autoptr(GMainLoop)  loop = g_main_loop_new (NULL, FALSE);
  g_autoptr(GListStore) store = g_list_store_new (G_TYPE_OBJECT);
  GObject              *object = g_object_new (G_TYPE_OBJECT, NULL);
  GObject              *argument = g_object_new (G_TYPE_OBJECT, NULL);
  Traces                traces = { { 0, }, { 0, } };

  g_object_set_data_full (object, "trace", &traces.result, tt_trace_destroy);
  g_object_set_data_full (argument, "trace", &traces.argument, tt_trace_destroy);
  g_list_store_append (store, object);
  g_object_unref (object);

  /* A loop that runs is known to run once it has. */
  g_idle_add (quit, loop);
  g_main_loop_run (loop);

  {
    g_autoptr(TlFuture) get = call_full (tt_call_executor (), NULL, -1, NULL, "Gio.ListModel.get_item",
                                         tt_values ("ou", store, 0u));
    g_autoptr(TlFuture) find = call_full (tt_call_executor (), NULL, -1, NULL, "Gio.ListStore.find",
                                          tt_values ("oo", store, argument));

    g_object_unref (argument);
    tt_run_until (tt_is_done, get);
    tt_run_until (tt_is_done, find);
    g_list_store_remove_all (store);
  }

  tt_run_until (both_gone, &traces);
  g_assert_true (traces.argument.thread == g_thread_self ());
  g_assert_true (traces.result.thread == g_thread_self ());
}

static void
test_result_is_kept (void)
{
  g_auto(GValue)      value = G_VALUE_INIT;
  g_autoptr(TlFuture) future = call_full (tt_call_executor (), NULL, -1, NULL, F "list_things_return_full",
                                          tt_values (""));
  g_autoptr(GError)   error = NULL;
  GValue             *copy;

  tt_wait (future);
  copy = tl_future_dup_value (future, &error);
  g_assert_no_error (error);
  g_clear_pointer (&future, tl_future_unref);

  tl_values_get (g_value_get_boxed (copy), 0, &value);
  g_assert_cmpint (tl_marshal_thing_get_number (g_value_get_object (&value)), ==, 5);
  g_boxed_free (G_TYPE_VALUE, copy);
}

static void
test_dup_value (void)
{
  g_autoptr(GError)   error = NULL;
  g_autoptr(TlFuture) pending = tl_future_new (NULL);
  g_autoptr(TlFuture) nothing = tl_future_new (NULL);
  GValue             *value;

  g_assert_null (tl_future_dup_value (pending, &error));
  g_assert_error (error, TL_ERROR, TL_ERROR_PENDING);
  g_clear_error (&error);

  tl_future_set_int64 (pending, 5);
  value = tl_future_dup_value (pending, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_value_get_int64 (value), ==, 5);
  g_boxed_free (G_TYPE_VALUE, value);

  tl_future_set_done (nothing);
  g_assert_null (tl_future_dup_value (nothing, &error));
  g_assert_no_error (error);
}

/* ---- From many threads ---- */

static gpointer
call_many (gpointer data)
{
  guint                 n = tt_scaled (2000, 50);
  g_autoptr(TlCallable) callable = tl_callable_ref (data);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr(GError)   error = NULL;
      g_autoptr(TlFuture) future = NULL;
      g_auto(GValue)      text = G_VALUE_INIT;

      g_value_take_string (g_value_init (&text, G_TYPE_STRING), g_strdup_printf ("%u", i));
      future = tl_executor_call (tl_executor_get_default (), callable, &text, 1, &error);
      g_assert_no_error (error);
      tt_wait (future);
      g_assert_cmpstr (tl_future_get_string (future, NULL), ==, g_value_get_string (&text));
    }

  return NULL;
}

static void
test_many_threads (void)
{
  g_autoptr(TlCallable) callable = tl_callable_lookup (F "string_in_none", NULL);
  GThread              *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("caller", call_many, callable);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

#define ADD(path, func) tt_call_add ("/call/" path, F "nothing", func)

static void
add_tests (void)
{
  ADD ("task/runs-on-a-worker", test_runs_on_a_worker);
  ADD ("task/in-a-context", test_in_a_context);
  ADD ("task/names", test_names);
  ADD ("task/method", test_method);
  ADD ("task/shut-down", test_shut_down);
  ADD ("task/unobserved", test_unobserved);
  ADD ("cancel/running", test_cancel_running);
  ADD ("cancel/queued", test_cancel_queued);
  ADD ("cancel/given-cancellable", test_given_cancellable);
  ADD ("cancel/given-cancelled", test_given_cancelled);
  ADD ("cancel/two-cancellables", test_two_cancellables);
  ADD ("cancel/cancelled-before-it-begins", test_cancelled_before_it_begins);
  ADD ("cancel/first-cancellable", test_first_cancellable);
  ADD ("cancel/deadline", test_deadline);
  ADD ("cancel/cancellable-itself", test_cancellable_itself);
  ADD ("release/dies-at-home", test_dies_at_home);
  ADD ("release/result-is-kept", test_result_is_kept);
  ADD ("release/dup-value", test_dup_value);
  ADD ("threads/many", test_many_threads);
}

int
main (int    argc,
      char **argv)
{
  return tt_main (&argc, &argv, add_tests);
}
