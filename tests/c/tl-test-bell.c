/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tl-test-bell.h"

static void
note_most (TtHeard *heard,
           int      n)
{
  int most = g_atomic_int_get (&heard->most);

  while (n > most && !g_atomic_int_compare_and_exchange (&heard->most, most, n))
    most = g_atomic_int_get (&heard->most);
}

void
tt_hear (const GError *error,
         gpointer      data)
{
  TtHeard *heard = data;

  g_assert_cmpint (g_atomic_int_get (&heard->destroyed), ==, 0);
  note_most (heard, g_atomic_int_add (&heard->inside, 1) + 1);

  if (heard->ringing)
    heard->inline_calls = TRUE;
  g_atomic_pointer_set (&heard->called_on, g_thread_self ());
  if (heard->gate != NULL)
    tt_gate_pass (heard->gate);

  g_atomic_int_add (&heard->inside, -1);
  if (error != NULL)
    {
      g_assert_null (heard->error);
      heard->error = g_error_copy (error);
      g_atomic_int_inc (&heard->errors);
    }
  else
    {
      g_atomic_int_inc (&heard->calls);
    }
}

void
tt_heard_destroy (gpointer data)
{
  TtHeard *heard = data;

  g_assert_cmpint (g_atomic_int_get (&heard->inside), ==, 0);
  g_atomic_pointer_set (&heard->destroyed_on, g_thread_self ());
  g_atomic_int_inc (&heard->destroyed);
}

gboolean
tt_heard_gone (gpointer data)
{
  return tt_is_set (&((TtHeard *) data)->destroyed);
}

gboolean
tt_heard_any (gpointer data)
{
  return tt_is_set (&((TtHeard *) data)->calls);
}

gboolean
tt_heard_error (gpointer data)
{
  return tt_is_set (&((TtHeard *) data)->errors);
}

void
tt_must_ring (TlBell *bell)
{
  g_autoptr(GError) error = NULL;
  gboolean          ok = tl_bell_ring (bell, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
}

void
tt_must_not_ring (TlBell *bell,
                  GQuark  domain,
                  int     code)
{
  g_autoptr(GError) error = NULL;

  g_assert_false (tl_bell_ring (bell, &error));
  g_assert_error (error, domain, code);
  /* Nobody need look. */
  g_assert_false (tl_bell_ring (bell, NULL));
}

void
tt_drop_bell (TlBell  *bell,
              TtHeard *heard)
{
  tl_bell_unref (bell);
  tt_run_until (tt_heard_gone, heard);
  g_assert_cmpint (heard->destroyed, ==, 1);
}
