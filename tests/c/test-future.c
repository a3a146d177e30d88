/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The future by itself: its states, its values, and who wins. */

#include "tl-test.h"

static void
test_new_is_pending (void)
{
  g_autoptr(TlFuture) future = tl_future_new ("a promise");
  g_autoptr(TlFuture) nameless = tl_future_new (NULL);
  g_autoptr(GError)   error = NULL;

  tt_assert_state (future, PENDING);
  g_assert_false (tl_future_done (future));
  g_assert_false (tl_future_running (future));
  g_assert_false (tl_future_cancelled (future));
  g_assert_false (tl_future_cancel_requested (future));
  g_assert_null (tl_future_get_error (future));
  g_assert_cmpstr (tl_future_get_name (future), ==, "a promise");
  g_assert_null (tl_future_get_name (nameless));

  g_assert_cmpint (tl_future_get_int64 (future, &error), ==, 0);
  g_assert_error (error, TL_ERROR, TL_ERROR_PENDING);
  g_clear_error (&error);
  g_assert_null (tl_future_get_string (future, &error));
  g_assert_error (error, TL_ERROR, TL_ERROR_PENDING);
  g_clear_error (&error);
  g_assert_null (tl_future_steal_pointer (future, &error));
  g_assert_error (error, TL_ERROR, TL_ERROR_PENDING);
}

static void
test_is_boxed (void)
{
  TlFuture *future = tl_future_new (NULL);
  TlFuture *copy;

  g_assert_true (G_TYPE_IS_BOXED (TL_TYPE_FUTURE));
  copy = g_boxed_copy (TL_TYPE_FUTURE, future);
  g_assert_true (copy == future);
  g_boxed_free (TL_TYPE_FUTURE, copy);
  tt_assert_state (future, PENDING);
  tl_future_unref (future);
}

static void
test_no_current_outside_of_tasks (void)
{
  g_assert_null (tl_future_get_current ());
}

/* ---- Values ---- */

/* What holds for every setter once it was called: nothing comes after. */
static void
check_done (TlFuture *future)
{
  g_autoptr(GError) late = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "too late");

  tt_assert_state (future, DONE);
  g_assert_true (tl_future_done (future));
  g_assert_false (tl_future_cancelled (future));
  g_assert_null (tl_future_get_error (future));
  g_assert_false (tl_future_set_done (future));
  g_assert_false (tl_future_set_int64 (future, 99));
  g_assert_false (tl_future_set_string (future, "too late"));
  g_assert_false (tl_future_set_error (future, late));
  g_assert_false (tl_future_set_new_error (future, G_IO_ERROR, G_IO_ERROR_FAILED, "too %s", "late"));
  g_assert_cmpint (tl_future_cancel (future), ==, TL_CANCEL_TOO_LATE);
  tt_assert_state (future, DONE);
}

static void
check_wrong_type (TlFuture *future,
                  gboolean  is_number)
{
  g_autoptr(GError) error = NULL;

  if (is_number)
    g_assert_null (tl_future_get_string (future, &error));
  else
    g_assert_cmpint (tl_future_get_int64 (future, &error), ==, 0);
  g_assert_error (error, TL_ERROR, TL_ERROR_WRONG_TYPE);
  tt_assert_state (future, DONE);
}

#define TAKE(future, value) G_STMT_START {                                      \
  g_autoptr(GError) take_error = NULL;                                          \
  g_assert_true (tl_future_result (future, 0, NULL, value, &take_error));       \
  g_assert_no_error (take_error);                                               \
} G_STMT_END

static void
test_done_without_value (void)
{
  g_autoptr(TlFuture) future = tl_future_new (NULL);
  g_auto(GValue)      value = G_VALUE_INIT;

  g_assert_true (tl_future_set_done (future));
  check_done (future);
  check_wrong_type (future, FALSE);
  TAKE (future, &value);
  g_assert_true (G_VALUE_HOLDS_OBJECT (&value));
  g_assert_null (g_value_get_object (&value));
  TAKE (future, NULL);
}

static void
test_numbers (void)
{
  g_autoptr(TlFuture) yes = tl_future_new (NULL);
  g_autoptr(TlFuture) number = tl_future_new (NULL);
  g_autoptr(TlFuture) fraction = tl_future_new (NULL);
  g_autoptr(GError)   error = NULL;
  g_auto(GValue)      value = G_VALUE_INIT;

  g_assert_true (tl_future_set_boolean (yes, TRUE));
  check_done (yes);
  check_wrong_type (yes, TRUE);
  g_assert_true (tl_future_get_boolean (yes, &error));
  g_assert_no_error (error);
  TAKE (yes, &value);
  g_assert_true (G_VALUE_HOLDS_BOOLEAN (&value));
  g_assert_true (g_value_get_boolean (&value));
  g_value_unset (&value);

  g_assert_true (tl_future_set_int64 (number, G_MININT64));
  check_done (number);
  check_wrong_type (number, TRUE);
  g_assert_cmpint (tl_future_get_int64 (number, &error), ==, G_MININT64);
  g_assert_no_error (error);
  TAKE (number, &value);
  g_assert_true (G_VALUE_HOLDS_INT64 (&value));
  g_assert_cmpint (g_value_get_int64 (&value), ==, G_MININT64);
  g_value_unset (&value);

  g_assert_true (tl_future_set_double (fraction, 0.125));
  check_done (fraction);
  check_wrong_type (fraction, TRUE);
  g_assert_cmpfloat (tl_future_get_double (fraction, &error), ==, 0.125);
  g_assert_no_error (error);
  TAKE (fraction, &value);
  g_assert_true (G_VALUE_HOLDS_DOUBLE (&value));
}

static void
test_string_is_copied (void)
{
  g_autoptr(TlFuture) future = tl_future_new (NULL);
  g_autoptr(TlFuture) none = tl_future_new (NULL);
  g_autoptr(GError)   error = NULL;
  g_auto(GValue)      value = G_VALUE_INIT;
  char                text[] = "text";

  g_assert_true (tl_future_set_string (future, text));
  text[0] = 'n';
  check_done (future);
  check_wrong_type (future, FALSE);
  g_assert_cmpstr (tl_future_get_string (future, &error), ==, "text");
  g_assert_no_error (error);
  TAKE (future, &value);
  g_assert_true (G_VALUE_HOLDS_STRING (&value));
  g_assert_cmpstr (g_value_get_string (&value), ==, "text");

  g_assert_true (tl_future_set_string (none, NULL));
  g_assert_null (tl_future_get_string (none, &error));
  g_assert_no_error (error);
}

static void
test_object_is_referenced (void)
{
  TlFuture         *future = tl_future_new (NULL);
  GObject          *object = G_OBJECT (g_cancellable_new ());
  GObject          *watched = object;
  g_autoptr(GError) error = NULL;
  g_auto(GValue)    value = G_VALUE_INIT;

  g_object_add_weak_pointer (object, (gpointer *) &watched);
  g_assert_true (tl_future_set_object (future, object));
  g_object_unref (object);
  g_assert_nonnull (watched);
  check_done (future);
  check_wrong_type (future, FALSE);
  g_assert_true (tl_future_get_object (future, &error) == watched);
  g_assert_no_error (error);
  TAKE (future, &value);
  g_assert_true (G_VALUE_HOLDS_OBJECT (&value));
  g_assert_true (g_value_get_object (&value) == watched);
  g_value_unset (&value);

  tl_future_unref (future);
  g_assert_null (watched);
}

static void
test_boxed_is_copied (void)
{
  g_autoptr(TlFuture) future = tl_future_new (NULL);
  g_autoptr(GError)   error = NULL;
  g_auto(GValue)      value = G_VALUE_INIT;
  g_auto(GStrv)       strv = g_strsplit ("a b c", " ", -1);
  GStrv               got;

  g_assert_true (tl_future_set_boxed (future, G_TYPE_STRV, strv));
  check_done (future);
  check_wrong_type (future, FALSE);
  got = tl_future_get_boxed (future, G_TYPE_STRV, &error);
  g_assert_no_error (error);
  g_assert_true (got != strv);
  g_assert_cmpstrv (got, strv);
  TAKE (future, &value);
  g_assert_true (G_VALUE_HOLDS (&value, G_TYPE_STRV));

  g_assert_null (tl_future_get_boxed (future, G_TYPE_BYTES, &error));
  g_assert_error (error, TL_ERROR, TL_ERROR_WRONG_TYPE);
}

static void
test_bytes_and_variant_are_referenced (void)
{
  g_autoptr(TlFuture) bytes_future = tl_future_new (NULL);
  g_autoptr(TlFuture) variant_future = tl_future_new (NULL);
  g_autoptr(GBytes)   bytes = g_bytes_new_static ("bytes", 5);
  GVariant           *variant = g_variant_new_int32 (7);
  g_autoptr(GError)   error = NULL;
  g_auto(GValue)      value = G_VALUE_INIT;

  g_assert_true (tl_future_set_bytes (bytes_future, bytes));
  check_done (bytes_future);
  check_wrong_type (bytes_future, FALSE);
  g_assert_true (tl_future_get_bytes (bytes_future, &error) == bytes);
  g_assert_no_error (error);
  TAKE (bytes_future, &value);
  g_assert_true (G_VALUE_HOLDS (&value, G_TYPE_BYTES));
  g_value_unset (&value);

  g_assert_true (tl_future_set_variant (variant_future, variant));
  g_assert_false (g_variant_is_floating (variant));
  check_done (variant_future);
  check_wrong_type (variant_future, FALSE);
  g_assert_true (tl_future_get_variant (variant_future, &error) == variant);
  g_assert_no_error (error);
  TAKE (variant_future, &value);
  g_assert_true (G_VALUE_HOLDS_VARIANT (&value));
}

static void
test_value_is_copied (void)
{
  g_autoptr(TlFuture) future = tl_future_new (NULL);
  g_autoptr(GError)   error = NULL;
  g_auto(GValue)      value = G_VALUE_INIT;
  g_auto(GValue)      copy = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_STRING);
  g_value_set_string (&value, "text");
  g_assert_true (tl_future_set_value (future, &value));
  g_value_set_string (&value, "other");
  check_done (future);
  check_wrong_type (future, FALSE);
  g_assert_cmpstr (tl_future_get_string (future, &error), ==, "text");
  g_assert_no_error (error);
  TAKE (future, &copy);
  g_assert_cmpstr (g_value_get_string (&copy), ==, "text");
}

static void
test_pointer_is_freed_once (void)
{
  TtTrace           unclaimed = { 0, };
  TtTrace           claimed = { 0, };
  TtTrace           late = { 0, };
  TlFuture         *future = tl_future_new (NULL);
  g_autoptr(GError) error = NULL;

  g_assert_true (tl_future_set_pointer (future, &unclaimed, tt_trace_destroy));
  check_done (future);
  check_wrong_type (future, FALSE);
  g_assert_true (tl_future_get_pointer (future, &error) == &unclaimed);
  g_assert_no_error (error);
  g_assert_cmpint (unclaimed.destroyed, ==, 0);

  /* A setter that is not the first has its value freed at once. */
  g_assert_false (tl_future_set_pointer (future, &late, tt_trace_destroy));
  g_assert_cmpint (late.destroyed, ==, 1);

  tl_future_unref (future);
  g_assert_cmpint (unclaimed.destroyed, ==, 1);

  future = tl_future_new (NULL);
  g_assert_true (tl_future_set_pointer (future, &claimed, tt_trace_destroy));
  g_assert_true (tl_future_steal_pointer (future, &error) == &claimed);
  g_assert_no_error (error);
  g_assert_null (tl_future_steal_pointer (future, &error));
  g_assert_no_error (error);
  g_assert_null (tl_future_get_pointer (future, &error));
  g_assert_no_error (error);
  tt_assert_state (future, DONE);
  tl_future_unref (future);
  g_assert_cmpint (claimed.destroyed, ==, 0);
}

/* ---- Errors ---- */

static void
test_error_is_copied (void)
{
  g_autoptr(TlFuture) future = tl_future_new (NULL);
  GError             *mine = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "gone");
  g_autoptr(GError)   error = NULL;
  g_auto(GValue)      value = G_VALUE_INIT;
  const GError       *kept;

  g_assert_true (tl_future_set_error (future, mine));
  kept = tl_future_get_error (future);
  g_assert_true (kept != mine);
  g_error_free (mine);

  tt_assert_state (future, FAILED);
  g_assert_error (kept, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_cmpstr (kept->message, ==, "gone");
  g_assert_false (tl_future_set_done (future));
  g_assert_cmpint (tl_future_cancel (future), ==, TL_CANCEL_TOO_LATE);

  g_assert_cmpint (tl_future_get_int64 (future, &error), ==, 0);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_true (error != kept);
  g_clear_error (&error);
  g_assert_false (tl_future_result (future, -1, NULL, &value, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_false (G_IS_VALUE (&value));
  g_assert_false (tl_future_result (future, -1, NULL, NULL, NULL));
  g_assert_true (tl_future_wait (future, -1, NULL, NULL));
}

static void
test_new_error_is_formatted (void)
{
  g_autoptr(TlFuture) future = tl_future_new (NULL);

  g_assert_true (tl_future_set_new_error (future, TL_ERROR, TL_ERROR_FAILED, "%s %d", "number", 5));
  tt_assert_state (future, FAILED);
  g_assert_error (tl_future_get_error (future), TL_ERROR, TL_ERROR_FAILED);
  g_assert_cmpstr (tl_future_get_error (future)->message, ==, "number 5");
}

static void
test_cancelled_error_is_cancelled (void)
{
  g_autoptr(TlFuture) future = tl_future_new (NULL);
  g_autoptr(GError)   error = NULL;

  g_assert_true (tl_future_set_new_error (future, G_IO_ERROR, G_IO_ERROR_CANCELLED, "no more"));
  tt_assert_state (future, CANCELLED);
  g_assert_true (tl_future_cancelled (future));
  g_assert_false (tl_future_result (future, 0, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_cancel_settles_a_promise (void)
{
  g_autoptr(TlFuture) future = tl_future_new (NULL);
  g_autoptr(GError)   error = NULL;
  GCancellable       *cancellable = tl_future_get_cancellable (future);

  g_assert_true (G_IS_CANCELLABLE (cancellable));
  g_assert_true (tl_future_get_cancellable (future) == cancellable);
  g_assert_false (g_cancellable_is_cancelled (cancellable));

  g_assert_cmpint (tl_future_cancel (future), ==, TL_CANCEL_DONE);
  tt_assert_state (future, CANCELLED);
  g_assert_true (tl_future_cancel_requested (future));
  g_assert_true (g_cancellable_is_cancelled (cancellable));
  g_assert_cmpint (tl_future_cancel (future), ==, TL_CANCEL_TOO_LATE);
  g_assert_false (tl_future_set_done (future));
  tt_assert_state (future, CANCELLED);

  g_assert_error (tl_future_get_error (future), G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (tl_future_get_boolean (future, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_progress_after_the_end_is_ignored (void)
{
  g_autoptr(TlFuture) future = tl_future_new (NULL);

  tl_future_set_progress (future, 0.5, "half");
  tl_future_set_done (future);
  tl_future_set_progress (future, 0.75, "too late");
  tt_assert_state (future, DONE);
}

/* ---- Running ---- */

static void
test_set_running (void)
{
  g_autoptr(TlFuture) future = tl_future_new (NULL);
  g_autoptr(TlFuture) cancelled = tl_future_new (NULL);
  g_autoptr(GError)   error = NULL;

  g_assert_true (tl_future_set_running (future));
  tt_assert_state (future, RUNNING);
  g_assert_true (tl_future_running (future));
  g_assert_false (tl_future_done (future));
  g_assert_cmpint (tl_future_get_int64 (future, &error), ==, 0);
  g_assert_error (error, TL_ERROR, TL_ERROR_PENDING);
  g_assert_true (tl_future_set_running (future));

  g_assert_true (tl_future_set_int64 (future, 7));
  check_done (future);
  g_assert_false (tl_future_set_running (future));
  tt_assert_state (future, DONE);
  g_assert_cmpint (tl_future_get_int64 (future, NULL), ==, 7);

  /* Before: do not begin. */
  g_assert_cmpint (tl_future_cancel (cancelled), ==, TL_CANCEL_DONE);
  g_assert_false (tl_future_set_running (cancelled));
  tt_assert_state (cancelled, CANCELLED);
}

static void
test_cancel_while_running (void)
{
  g_autoptr(TlFuture) future = tl_future_new (NULL);

  g_assert_true (tl_future_set_running (future));
  g_assert_cmpint (tl_future_cancel (future), ==, TL_CANCEL_DONE);
  tt_assert_state (future, CANCELLED);
  g_assert_true (g_cancellable_is_cancelled (tl_future_get_cancellable (future)));
  g_assert_false (tl_future_set_done (future));
  g_assert_false (tl_future_set_running (future));
}

static gpointer
cancel_future (gpointer future)
{
  return GUINT_TO_POINTER (tl_future_cancel (future));
}

/* Whoever may begin finds it running, unless it was cancelled since. */
static void
test_set_running_or_cancel (void)
{
  guint round;

  for (round = 0; round < tt_scaled (2000, 50); round++)
    {
      g_autoptr(TlFuture)  future = tl_future_new (NULL);
      GThread             *thread = g_thread_new ("cancel", cancel_future, future);
      TlFutureState        state;

      if (tl_future_set_running (future))
        {
          state = tl_future_get_state (future);
          g_assert_true (state == TL_FUTURE_STATE_RUNNING || state == TL_FUTURE_STATE_CANCELLED);
        }
      else
        {
          g_assert_false (tl_future_set_done (future));
        }
      g_assert_cmpuint (GPOINTER_TO_UINT (g_thread_join (thread)), ==, TL_CANCEL_DONE);
      tt_assert_state (future, CANCELLED);
    }
}

static void
test_set_running_is_not_for_work (void)
{
  g_autoptr(TlExecutor) executor = tl_executor_new ("future", 1);
  g_autoptr(TlFuture)   future = tl_executor_submit (executor, tt_nothing_func, NULL, NULL);

  tt_wait_for (future, DONE);
  g_test_expect_message ("Threadloop", G_LOG_LEVEL_CRITICAL, "*owner == NULL*");
  g_assert_false (tl_future_set_running (future));
  g_test_assert_expected_messages ();
  tt_shutdown (executor);
}

static void
add_tests (void)
{
  g_test_add_func ("/future/a-new-one-is-pending", test_new_is_pending);
  g_test_add_func ("/future/is-a-boxed-that-copies-by-reference", test_is_boxed);
  g_test_add_func ("/future/there-is-no-current-one-outside-of-tasks", test_no_current_outside_of_tasks);
  g_test_add_func ("/future/value/none-at-all", test_done_without_value);
  g_test_add_func ("/future/value/boolean-int64-and-double", test_numbers);
  g_test_add_func ("/future/value/string-is-copied", test_string_is_copied);
  g_test_add_func ("/future/value/object-is-referenced", test_object_is_referenced);
  g_test_add_func ("/future/value/boxed-is-copied", test_boxed_is_copied);
  g_test_add_func ("/future/value/bytes-and-variant-are-referenced", test_bytes_and_variant_are_referenced);
  g_test_add_func ("/future/value/gvalue-is-copied", test_value_is_copied);
  g_test_add_func ("/future/value/pointer-is-freed-once-or-stolen", test_pointer_is_freed_once);
  g_test_add_func ("/future/error/is-copied", test_error_is_copied);
  g_test_add_func ("/future/error/new-one-is-formatted", test_new_error_is_formatted);
  g_test_add_func ("/future/error/cancelled-means-cancelled", test_cancelled_error_is_cancelled);
  g_test_add_func ("/future/cancel-settles-a-promise-at-once", test_cancel_settles_a_promise);
  g_test_add_func ("/future/progress-after-the-end-is-ignored", test_progress_after_the_end_is_ignored);
  g_test_add_func ("/future/running/is-said-by-the-producer", test_set_running);
  g_test_add_func ("/future/running/can-be-cancelled", test_cancel_while_running);
  g_test_add_func ("/future/running/or-cancelled-who-is-first", test_set_running_or_cancel);
  g_test_add_func ("/future/running/is-not-said-of-work", test_set_running_is_not_for_work);
}

int
main (int    argc,
      char **argv)
{
  return tt_main (&argc, &argv, add_tests);
}
