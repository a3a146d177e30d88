/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A call by itself, for who has threads of their own: made here, run there. */

#include "tl-test-call.h"

#include "tl-marshal.h"

#define F "TlMarshal."

/* Takes the arguments. */
static TlCall *
make_call (const char *name,
           TlValues   *args)
{
  g_autoptr(GError)     error = NULL;
  g_autoptr(TlCallable) callable = tl_callable_lookup (name, &error);
  TlCall               *call;

  g_assert_no_error (error);
  call = tl_call_new (callable, args, &error);
  g_assert_no_error (error);
  g_clear_pointer (&args, tl_values_unref);

  return call;
}

static TlValues *
run (TlCall *call)
{
  g_autoptr(GError) error = NULL;
  TlValues         *results = tl_call_run (call, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (results);

  return results;
}

static void
assert_results (TlCall     *call,
                const char *said)
{
  g_autoptr(TlCall)   owned = call;
  g_autoptr(TlValues) results = run (owned);
  g_auto(GValue)      value = G_VALUE_INIT;
  g_autofree char    *text = NULL;

  g_value_set_boxed (g_value_init (&value, TL_TYPE_VALUES), results);
  text = tt_say (&value);
  g_assert_cmpstr (text, ==, said);
}

static void
test_results (void)
{
  g_assert_true (G_TYPE_IS_BOXED (TL_TYPE_CALL));

  assert_results (make_call (F "nothing", NULL), "[]");
  assert_results (make_call (F "nothing", tt_values ("")), "[]");
  assert_results (make_call (F "return_int8", tt_values ("i", -5)), "[-5]");
  assert_results (make_call (F "divide", tt_values ("ii", 10, 3)), "[3, 1]");
  assert_results (make_call (F "several", tt_values ("s", "a bc")), "['cb a', 'A BC', 4, (a, bc)]");
  /* A list is one result. */
  assert_results (make_call (F "array_return_fixed", NULL), "[[7, 8, 9]]");
  /* What it gives is an error, and no failure. */
  assert_results (make_call (F "error_return_full", NULL), "[error 'returned']");
}

static void
test_failure (void)
{
  g_autoptr(TlCall) call = make_call (F "fail", tt_values ("i", G_IO_ERROR_BUSY));
  g_autoptr(GError) error = NULL;

  g_assert_null (tl_call_run (call, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
}

static void
test_refused (void)
{
  g_autoptr(TlCallable) callable = tl_callable_lookup (F "divide", NULL);
  g_autoptr(TlValues)   two = tt_values ("is", 1, "a");
  g_autoptr(TlValues)   map = tt_map ("ss", "a", "b");
  g_autoptr(GError)     error = NULL;

  g_assert_null (tl_call_new (callable, NULL, &error));
  g_assert_error (error, TL_ERROR, TL_ERROR_WRONG_TYPE);
  g_assert_cmpstr (error->message, ==, "TlMarshal.divide() takes 2 arguments, not 0");
  g_clear_error (&error);

  g_assert_null (tl_call_new (callable, two, &error));
  g_assert_error (error, TL_ERROR, TL_ERROR_WRONG_TYPE);
  g_assert_nonnull (g_strrstr (error->message, "divisor"));
  g_clear_error (&error);

  g_test_expect_message ("Threadloop", G_LOG_LEVEL_CRITICAL, "*is_map*");
  g_assert_null (tl_call_new (callable, map, &error));
  g_test_assert_expected_messages ();
  g_assert_no_error (error);
}

/* The function may have taken over its arguments. */
static void
test_once (void)
{
  g_autoptr(TlMarshalThing) thing = tl_marshal_thing_new (7);
  g_autoptr(TlCall)         call = make_call (F "Thing.eat", tt_values ("o", thing));
  g_autoptr(TlValues)       results = NULL;
  g_autoptr(GError)         error = NULL;

  results = run (call);
  g_assert_cmpint (G_OBJECT (thing)->ref_count, ==, 1);

  g_assert_null (tl_call_run (call, NULL, &error));
  g_assert_error (error, TL_ERROR, TL_ERROR_ALREADY_STARTED);
  g_assert_nonnull (g_strrstr (error->message, "Thing.eat"));
  g_assert_cmpint (G_OBJECT (thing)->ref_count, ==, 1);
}

static void
test_never (void)
{
  g_autoptr(TlMarshalThing) thing = tl_marshal_thing_new (7);
  TlCall                   *call = make_call (F "Thing.eat", tt_values ("o", thing));

  g_assert_cmpint (G_OBJECT (thing)->ref_count, ==, 2);
  g_assert_true (g_boxed_copy (TL_TYPE_CALL, call) == call);
  tl_call_unref (call);
  g_assert_cmpint (G_OBJECT (thing)->ref_count, ==, 2);
  tl_call_unref (call);
  g_assert_cmpint (G_OBJECT (thing)->ref_count, ==, 1);
}

/* The results are there without the call, and the list of arguments is still
 * that of who has made it. */
static void
test_alone (void)
{
  g_autoptr(TlCallable) callable = tl_callable_lookup (F "string_in_none", NULL);
  g_autoptr(TlValues)   args = tt_values ("s", "a");
  TlCall               *call = tl_call_new (callable, args, NULL);
  g_autoptr(TlValues)   results = NULL;
  g_auto(GValue)        value = G_VALUE_INIT;

  tl_values_get (args, 0, &value);
  tl_values_append (args, &value);
  results = run (call);
  g_clear_pointer (&call, tl_call_unref);
  g_value_unset (&value);
  tl_values_get (results, 0, &value);
  g_assert_cmpstr (g_value_get_string (&value), ==, "A");
}

static gpointer
run_in_thread (gpointer call)
{
  return run (call);
}

static void
test_other_thread (void)
{
  g_autoptr(TlCall)   call = make_call (F "is_on_thread", tt_values ("U", (guint64) (gsize) g_thread_self ()));
  g_autoptr(TlValues) results = g_thread_join (g_thread_new ("other", run_in_thread, call));
  g_auto(GValue)      value = G_VALUE_INIT;

  tl_values_get (results, 0, &value);
  g_assert_false (g_value_get_boolean (&value));
}

/* ---- Cancelling ---- */

static void
assert_cancelled (TlCall       *call,
                  GCancellable *cancellable)
{
  g_autoptr(TlCall) owned = call;
  g_autoptr(GError) error = NULL;

  g_assert_null (tl_call_run (owned, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_cancelled_before (void)
{
  g_autoptr(GCancellable) cancelled = g_cancellable_new ();
  g_autoptr(GCancellable) other = g_cancellable_new ();

  g_cancellable_cancel (cancelled);

  assert_cancelled (make_call (F "wait", NULL), cancelled);
  assert_cancelled (make_call (F "wait", tt_values ("o", cancelled)), NULL);
  assert_cancelled (make_call (F "wait", tt_values ("o", cancelled)), cancelled);
  assert_cancelled (make_call (F "wait", tt_values ("o", cancelled)), other);
  assert_cancelled (make_call (F "wait", tt_values ("o", other)), cancelled);
  /* Who gives it has it back. */
  g_assert_cmpint (G_OBJECT (cancelled)->ref_count, ==, 1);
  g_assert_cmpint (G_OBJECT (other)->ref_count, ==, 1);
}

static gpointer
cancel_soon (gpointer cancellable)
{
  g_usleep (2000);
  g_cancellable_cancel (cancellable);

  return NULL;
}

static void
test_cancelled_while_it_runs (void)
{
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr(GCancellable) given = g_cancellable_new ();
      g_autoptr(GCancellable) other = g_cancellable_new ();
      GThread                *thread = g_thread_new ("cancel", cancel_soon, i == 0 ? given : other);

      assert_cancelled (make_call (F "wait", i < 2 ? tt_values ("o", given) : NULL), other);
      g_thread_join (thread);
      g_assert_cmpint (G_OBJECT (given)->ref_count, ==, 1);
      g_assert_cmpint (G_OBJECT (other)->ref_count, ==, 1);
    }
}

/* One is made for a function that cannot do without. */
static void
test_no_cancellable (void)
{
  assert_results (make_call (F "has_cancellable", NULL), "[true]");
  assert_results (make_call ("Gio.Cancellable.new", NULL), "[GCancellable]");
}

/* It is not asked where the function takes none. */
static void
test_cancellable_for_nobody (void)
{
  g_autoptr(GCancellable) cancelled = g_cancellable_new ();
  g_autoptr(TlCall)       call = make_call (F "return_int8", tt_values ("i", 5));
  g_autoptr(TlValues)     results = NULL;

  g_cancellable_cancel (cancelled);
  results = tl_call_run (call, cancelled, NULL);
  g_assert_nonnull (results);
}

static void
test_what_is_known (void)
{
  g_autoptr(TlCallable) wait = tl_callable_lookup (F "wait", NULL);
  g_autoptr(TlCallable) several = tl_callable_lookup (F "several", NULL);
  g_autoptr(TlCallable) color = tl_callable_lookup (F "return_color", NULL);
  g_autoptr(TlCallable) bits = tl_callable_lookup (F "return_bits", NULL);
  g_autoptr(TlCallable) plain = tl_callable_lookup (F "return_plain", NULL);

  g_assert_true (tl_callable_takes_cancellable (wait));
  g_assert_false (tl_callable_takes_cancellable (several));

  g_assert_null (tl_callable_get_result_enum (several, 0));
  g_assert_cmpstr (tl_callable_get_result_enum (color, 0), ==, F "Color");
  g_assert_cmpstr (tl_callable_get_result_enum (bits, 0), ==, F "Bits");
  g_assert_cmpstr (tl_callable_get_result_enum (plain, 0), ==, F "Plain");
}

#define ADD(path, func) tt_call_add ("/call/run/" path, F "nothing", func)

static void
add_tests (void)
{
  ADD ("results", test_results);
  ADD ("failure", test_failure);
  ADD ("refused", test_refused);
  ADD ("once", test_once);
  ADD ("never", test_never);
  ADD ("alone", test_alone);
  ADD ("other-thread", test_other_thread);
  ADD ("cancelled-before", test_cancelled_before);
  ADD ("cancelled-while-it-runs", test_cancelled_while_it_runs);
  ADD ("no-cancellable", test_no_cancellable);
  ADD ("cancellable-for-nobody", test_cancellable_for_nobody);
  ADD ("what-is-known", test_what_is_known);
}

int
main (int    argc,
      char **argv)
{
  return tt_main (&argc, &argv, add_tests);
}
