/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Mail without end, and what else is in its main context: neither may keep the
 * other from its turn. */

#include "tl-test.h"

typedef struct _Chain Chain;

/* A chain of mail: each piece makes the next one. */
struct _Chain
{
  void       (*post) (Chain *chain);
  TlFuture    *settled;
  TlBell      *bell;
  TlExecutor  *executor;
  int          priority;      /* of the mail */
  gboolean     may_block;

  gboolean     turn;          /* something else had one since the last piece */
  int          rounds;        /* how often it was like that */
  int          enough;
  gboolean     over;
  gint64       end;

  int          calls;
  int          destroyed;
};

static void
count_destroyed (gpointer data)
{
  ((Chain *) data)->destroyed++;
}

/* Each piece of mail gets here. */
static void
go_on (Chain *chain)
{
  chain->calls++;
  if (chain->turn)
    {
      chain->turn = FALSE;
      chain->rounds++;
    }

  if (chain->rounds >= chain->enough)
    g_atomic_int_set (&chain->over, TRUE);
  else if (chain->calls % 1000 == 0 && g_get_monotonic_time () > chain->end)
    g_error ("%s: nothing but the mail had a turn", g_test_get_path ());
  else
    chain->post (chain);
}

static void
called_back (TlFuture *future,
             gpointer  chain)
{
  go_on (chain);
}

static void
post_callback (Chain *chain)
{
  tl_future_add_done_callback (chain->settled, called_back, chain, count_destroyed);
}

static gboolean
go_on_func (TlFuture  *future,
            gpointer   chain,
            GError   **error)
{
  go_on (chain);
  return TRUE;
}

static void
post_work (Chain *chain)
{
  tl_future_unref (tl_executor_submit_full (chain->executor, NULL, chain->priority, -1, NULL,
                                            go_on_func, chain, count_destroyed));
}

static void
heard (const GError *error,
       gpointer      chain)
{
  g_assert_no_error (error);
  go_on (chain);
}

/* A ring that comes home is a release. */
static void
post_ring (Chain *chain)
{
  g_assert_true (tl_bell_ring (chain->bell, NULL));
}

static void
chain_init (Chain *chain,
            void (*post) (Chain *chain))
{
  *chain = (Chain) {
    .post = post,
    .settled = tl_future_new (NULL),
    .executor = tl_executor_new_for_context (g_main_context_get_thread_default ()),
    .enough = 3,
    .may_block = TRUE,
    .end = g_get_monotonic_time () + TT_PATIENCE,
  };
  chain->bell = tl_bell_new_home (heard, chain, NULL);
  tl_future_set_done (chain->settled);
}

static void
chain_clear (Chain *chain)
{
  tl_bell_close (chain->bell, -1);
  tl_bell_unref (chain->bell);
  tl_future_unref (chain->settled);
  g_object_unref (chain->executor);
}

static gboolean
take_turn (gpointer data)
{
  Chain *chain = data;

  chain->turn = TRUE;
  if (g_get_monotonic_time () > chain->end)
    g_error ("%s: the mail had no turn", g_test_get_path ());

  return G_SOURCE_CONTINUE;
}

/* A source that is always ready, or else mail could have done without one. */
static GSource *
attach_endless (GSourceFunc  func,
                Chain       *chain,
                int          priority)
{
  GSource *source = g_idle_source_new ();

  g_source_set_priority (source, priority);
  g_source_set_callback (source, func, chain, NULL);
  g_source_attach (source, g_main_context_get_thread_default ());

  return source;
}

static void
detach (GSource *source)
{
  g_source_destroy (source);
  g_source_unref (source);
}

static void
run (Chain *chain)
{
  while (!chain->over)
    g_main_context_iteration (g_main_context_get_thread_default (), chain->may_block);
}

static void
run_beside (Chain *chain,
            int    priority)
{
  GSource *source = attach_endless (take_turn, chain, priority);

  chain->post (chain);
  run (chain);
  detach (source);
  tt_iterate ();
  g_assert_cmpint (chain->rounds, ==, chain->enough);
}

/* ---- Who has a turn ---- */

static void
check_less_urgent (void (*post) (Chain *chain))
{
  static const int priorities[] = {
    G_PRIORITY_DEFAULT, G_PRIORITY_DEFAULT + 1, G_PRIORITY_HIGH_IDLE + 20, G_PRIORITY_DEFAULT_IDLE,
    G_PRIORITY_LOW - 1, G_PRIORITY_LOW,
  };
  guint i;

  for (i = 0; i < 2 * G_N_ELEMENTS (priorities); i++)
    {
      Chain chain;

      chain_init (&chain, post);
      chain.may_block = i % 2 == 0;
      run_beside (&chain, priorities[i / 2]);
      if (post != post_ring)
        g_assert_cmpint (chain.destroyed, ==, chain.calls);
      chain_clear (&chain);
    }
}

static void
test_callbacks (void)
{
  check_less_urgent (post_callback);
}

static void
test_work (void)
{
  check_less_urgent (post_work);
}

static void
test_rings (void)
{
  check_less_urgent (post_ring);
}

static void
test_any_priority (void)
{
  static const struct { int mail, other; } priorities[] = {
    { G_PRIORITY_HIGH, G_PRIORITY_HIGH + 1 },
    { G_PRIORITY_HIGH, G_PRIORITY_DEFAULT },
    { G_PRIORITY_HIGH, G_PRIORITY_LOW },
    { G_PRIORITY_DEFAULT_IDLE, G_PRIORITY_LOW },
    { G_PRIORITY_LOW - 1, G_PRIORITY_LOW },
    { G_PRIORITY_LOW, G_PRIORITY_LOW + 1 },
    { G_PRIORITY_LOW + 1, G_PRIORITY_LOW + 100 },
    { G_MAXINT - 1, G_MAXINT },
    { G_MAXINT, G_MAXINT },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (priorities); i++)
    {
      Chain chain;

      chain_init (&chain, post_work);
      chain.priority = priorities[i].mail;
      run_beside (&chain, priorities[i].other);
      chain_clear (&chain);
    }
}

/* Two that are less urgent than each other, and what is so than both. */
static void
test_mail_of_two_priorities (void)
{
  GSource *source;
  Chain    urgent, idle;

  chain_init (&urgent, post_callback);
  chain_init (&idle, post_work);
  idle.priority = G_PRIORITY_HIGH_IDLE;
  source = attach_endless (take_turn, &idle, G_PRIORITY_DEFAULT_IDLE);
  urgent.enough = G_MAXINT;
  urgent.post (&urgent);
  idle.post (&idle);
  run (&idle);
  detach (source);
  urgent.enough = 0;
  tt_iterate ();
  g_assert_true (urgent.over);
  chain_clear (&urgent);
  chain_clear (&idle);
}

/* ---- What does not change ---- */

#define N_AT_A_TIME 50

typedef struct
{
  Chain *chain;
  guint  number;
} Piece;

static guint last_number;
static guint next_number;

static void post_piece (Chain *chain);

static void
piece_came (TlFuture *future,
            gpointer  data)
{
  Piece *piece = data;

  g_assert_cmpuint (piece->number, ==, next_number++);
  go_on (piece->chain);
}

static void
post_piece (Chain *chain)
{
  Piece *piece = g_new (Piece, 1);

  piece->chain = chain;
  piece->number = last_number++;
  tl_future_add_done_callback (chain->settled, piece_came, piece, g_free);
}

static void
test_order (void)
{
  Chain chain;
  guint i;

  chain_init (&chain, post_piece);
  for (i = 1; i < N_AT_A_TIME; i++)
    post_piece (&chain);
  run_beside (&chain, G_PRIORITY_DEFAULT_IDLE);
  g_assert_cmpuint (next_number, ==, last_number);
  chain_clear (&chain);
}

typedef struct
{
  Chain *chain;
  int    ended;
} Outside;

static gpointer
post_from_outside (gpointer data)
{
  Outside *outside = data;

  while (!g_atomic_int_get (&outside->chain->over))
    {
      g_autoptr(TlFuture) future = NULL;

      future = tl_executor_submit (outside->chain->executor, tt_nothing_func, NULL, NULL);
      tt_wait_for (future, DONE);
    }
  g_atomic_int_inc (&outside->ended);

  return NULL;
}

static gboolean
both_ended (gpointer data)
{
  return g_atomic_int_get (&((Outside *) data)->ended) == 2;
}

/* Who posts while way is made rings, and is not heard before. */
static void
test_others_post (void)
{
  GThread *threads[2];
  Chain    chain;
  Outside  outside = { &chain, 0 };
  guint    i;

  chain_init (&chain, post_callback);
  chain.enough = 10;
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("outside", post_from_outside, &outside);
  run_beside (&chain, G_PRIORITY_DEFAULT_IDLE);
  tt_run_until (both_ended, &outside);
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  chain_clear (&chain);
}

static gboolean posted;
static gboolean missed_a_turn;

static void
posted_came (TlFuture *future,
             gpointer  unused)
{
  posted = FALSE;
}

static gboolean
post_in_turn (gpointer data)
{
  Chain *chain = data;

  /* It has not come between this turn and the last one. */
  if (posted)
    missed_a_turn = TRUE;
  posted = TRUE;
  tl_future_add_done_callback (chain->settled, posted_came, NULL, NULL);

  return take_turn (chain);
}

/* The mail that is there is of releases, so that the callback is the first of
 * its kind in the box, and rings. */
static void
test_ring_does_not_end_it (void)
{
  GSource *source;
  Chain    chain;

  chain_init (&chain, post_ring);
  chain.enough = G_MAXINT;
  source = attach_endless (post_in_turn, &chain, G_PRIORITY_DEFAULT_IDLE);
  chain.post (&chain);
  while (!missed_a_turn)
    g_main_context_iteration (NULL, TRUE);
  detach (source);
  chain.enough = 0;
  run (&chain);
  tt_iterate ();
  g_assert_false (posted);
  chain_clear (&chain);
}

/* ---- Main loops inside of it ---- */

static void
run_inside (TlFuture *future,
            gpointer  data)
{
  Chain *chain = data;

  chain->post (chain);
  run (chain);
}

/* In one of mail, the mail of which goes on beside all else. */
static void
test_nested_in_mail (void)
{
  GSource *source;
  Chain    inner, outer;

  chain_init (&inner, post_callback);
  chain_init (&outer, post_callback);
  source = attach_endless (take_turn, &inner, G_PRIORITY_DEFAULT_IDLE);
  tl_future_add_done_callback (inner.settled, run_inside, &inner, NULL);
  while (!inner.over)
    g_main_context_iteration (NULL, TRUE);
  detach (source);
  tt_iterate ();
  /* And outside of it again. */
  run_beside (&outer, G_PRIORITY_DEFAULT_IDLE);
  chain_clear (&inner);
  chain_clear (&outer);
}

static gboolean
wait_for_mail (gpointer data)
{
  Chain *chain = data;
  int    calls = chain->calls;
  int    heard = 0;

  if (chain->over)
    return G_SOURCE_CONTINUE;

  tl_future_add_done_callback (chain->settled, tt_count_callback, &heard, NULL);
  while (chain->calls == calls || heard == 0)
    g_main_context_iteration (NULL, TRUE);

  return take_turn (chain);
}

/* In what has its turn because the mail makes way, and which waits for mail. */
static void
test_nested_in_the_way (void)
{
  GSource *source;
  Chain    chain;

  chain_init (&chain, post_callback);
  source = attach_endless (wait_for_mail, &chain, G_PRIORITY_DEFAULT_IDLE);
  chain.post (&chain);
  run (&chain);
  detach (source);
  tt_iterate ();
  chain_clear (&chain);
}

/* ---- In the midst of making way ---- */

/* Runs until that is so: what is less urgent had a turn, and there is mail. */
static void
run_into_the_way (Chain *chain)
{
  GSource *source = attach_endless (take_turn, chain, G_PRIORITY_LOW - 1);

  chain->enough = G_MAXINT;
  chain->post (chain);
  while (!chain->turn)
    g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
  detach (source);
  g_assert_cmpint (chain->destroyed, ==, chain->calls);
}

static void
check_context_destroyed (void (*post) (Chain *chain))
{
  GMainContext *context = g_main_context_new ();
  Chain         chain;

  g_main_context_push_thread_default (context);
  chain_init (&chain, post);
  run_into_the_way (&chain);
  g_main_context_pop_thread_default (context);
  chain_clear (&chain);
  g_main_context_unref (context);
  g_assert_cmpint (chain.destroyed, ==, chain.calls + 1);
}

static void
test_context_destroyed (void)
{
  check_context_destroyed (post_callback);

  tt_reports_begin ();
  check_context_destroyed (post_work);
  tt_reports_await (1);
  g_assert_error (tt_reports_get (0)->error, TL_ERROR, TL_ERROR_ABANDONED);
  tt_reports_end ();
}

static gpointer
run_elsewhere (gpointer data)
{
  Chain        *chain = data;
  GMainContext *context = g_object_get_data (G_OBJECT (chain->executor), "context");

  g_main_context_push_thread_default (context);
  run (chain);
  tt_iterate ();
  g_main_context_pop_thread_default (context);

  return NULL;
}

static void
test_another_thread (void)
{
  GMainContext *context = g_main_context_new ();
  Chain         chain;

  g_main_context_push_thread_default (context);
  chain_init (&chain, post_callback);
  g_object_set_data (G_OBJECT (chain.executor), "context", context);
  run_into_the_way (&chain);
  chain.enough = chain.rounds + 1;
  g_main_context_pop_thread_default (context);
  g_thread_join (g_thread_new ("elsewhere", run_elsewhere, &chain));
  g_assert_cmpint (chain.destroyed, ==, chain.calls);
  chain_clear (&chain);
  g_main_context_unref (context);
}

/* A thread that waits then does not iterate the context, and has what is its own
 * released all the same. */
static void
test_waits_meanwhile (void)
{
  g_autoptr(TlExecutor) pool = tl_executor_new ("wait", 1);
  TtTrace               trace = { 0, };
  Chain                 chain;

  chain_init (&chain, post_callback);
  run_into_the_way (&chain);
  {
    g_autoptr(TlFuture) future = tl_executor_submit (pool, tt_nothing_func, &trace, tt_trace_destroy);

    tt_wait_for (future, DONE);
  }
  chain.enough = chain.rounds + 1;
  run (&chain);
  tt_run_until (tt_trace_gone, &trace);
  tt_shutdown (pool);
  chain_clear (&chain);
}

static void
add_tests (void)
{
  g_test_add_func ("/make-way/callbacks", test_callbacks);
  g_test_add_func ("/make-way/work-of-a-context", test_work);
  g_test_add_func ("/make-way/releases-and-rings", test_rings);
  g_test_add_func ("/make-way/mail-of-any-priority", test_any_priority);
  g_test_add_func ("/make-way/mail-of-two-priorities", test_mail_of_two_priorities);
  g_test_add_func ("/make-way/mail-stays-in-order", test_order);
  g_test_add_func ("/make-way/others-post-meanwhile", test_others_post);
  g_test_add_func ("/make-way/a-ring-does-not-end-it", test_ring_does_not_end_it);
  g_test_add_func ("/make-way/nested/in-mail", test_nested_in_mail);
  g_test_add_func ("/make-way/nested/in-what-has-its-turn", test_nested_in_the_way);
  g_test_add_func ("/make-way/meanwhile/context-destroyed", test_context_destroyed);
  g_test_add_func ("/make-way/meanwhile/another-thread-takes-over", test_another_thread);
  g_test_add_func ("/make-way/meanwhile/the-thread-waits", test_waits_meanwhile);
}

int
main (int    argc,
      char **argv)
{
  return tt_main (&argc, &argv, add_tests);
}
