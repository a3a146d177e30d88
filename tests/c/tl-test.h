/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <threadloop.h>

/* What the tests share. Order is made by gates, never by sleeping; where
 * something outside of the library's promises has to be waited for, such as
 * the kernel letting go of a thread, it is polled with much patience. */

G_BEGIN_DECLS

/* How long a test waits for what must happen, in microseconds, before it says
 * that it did not. */
#define TT_PATIENCE (tt_patience ())

int        tt_main               (int            *argc,
                                  char         ***argv,
                                  void          (*add_tests) (void));
gint64     tt_patience           (void);
guint      tt_scaled             (guint           n,
                                  guint           at_least);
guint32    tt_seed               (void);

/* A place where threads stop until it is opened, and which tells how many
 * have come. It stays open. */
typedef struct
{
  GMutex   mutex;
  GCond    cond;
  guint    arrived;
  guint    inside;
  gboolean opened;
} TtGate;

void       tt_gate_init          (TtGate         *gate);
void       tt_gate_clear         (TtGate         *gate);
void       tt_gate_open          (TtGate         *gate);
void       tt_gate_pass          (TtGate         *gate);
void       tt_gate_await         (TtGate         *gate,
                                  guint           n);

/* Counts how often it was destroyed, and remembers on which thread. */
typedef struct
{
  int      destroyed;
  GThread *thread;
} TtTrace;

void       tt_trace_destroy      (gpointer        trace);
gboolean   tt_trace_gone         (gpointer        trace);

/* Functions to submit. */
gboolean   tt_nothing_func       (TlFuture       *future,
                                  gpointer        unused,
                                  GError        **error);
gboolean   tt_count_func         (TlFuture       *future,
                                  gpointer        counter,
                                  GError        **error);
gboolean   tt_thread_func        (TlFuture       *future,
                                  gpointer        unused,
                                  GError        **error);
gboolean   tt_fail_func          (TlFuture       *future,
                                  gpointer        unused,
                                  GError        **error);
gboolean   tt_gate_func          (TlFuture       *future,
                                  gpointer        gate,
                                  GError        **error);
gboolean   tt_cancellable_func   (TlFuture       *future,
                                  gpointer        gate,
                                  GError        **error);

/* A callback for futures that counts its calls. */
void       tt_count_callback     (TlFuture       *future,
                                  gpointer        counter);

/* Waiting. */
typedef gboolean (*TtPredicate) (gpointer data);

void       tt_wait               (TlFuture       *future);
void       tt_run_until          (TtPredicate     predicate,
                                  gpointer        data);
void       tt_poll_until         (TtPredicate     predicate,
                                  gpointer        data,
                                  const char     *what);
gboolean   tt_is_set             (gpointer        counter);
gboolean   tt_is_done            (gpointer        future);
void       tt_iterate            (void);
void       tt_shutdown           (TlExecutor     *executor);

TlEventThread *
           tt_started            (const char     *name);
void       tt_stop               (TlEventThread  *thread);

#define tt_assert_state(future, state) \
  g_assert_cmpint (tl_future_get_state (future), ==, TL_FUTURE_STATE_ ## state)

#define tt_wait_for(future, state) G_STMT_START {                               \
  tt_wait (future);                                                             \
  tt_assert_state (future, state);                                              \
} G_STMT_END

/* For futures that have to have failed; this looks at the error, so that it is
 * not reported. */
#define tt_wait_error(future, dom, c) G_STMT_START {                            \
  tt_wait (future);                                                             \
  g_assert_error (tl_future_get_error (future), dom, c);                        \
} G_STMT_END

/* What /proc knows. */
guint      tt_n_threads          (const char     *prefix);
guint      tt_n_fds              (void);
guint      tt_n_processors       (void);
int        tt_gettid             (void);
void       tt_wait_threads       (const char     *prefix,
                                  guint           n);
void       tt_wait_fds           (guint           n);
void       tt_wait_asleep        (int            *tid);

/* Collects the errors that nobody looked at. */
typedef struct
{
  char    *executor;
  char    *task;
  GError  *error;
  GThread *thread;
} TtReport;

void       tt_reports_begin      (void);
guint      tt_reports_count      (void);
TtReport  *tt_reports_get        (guint           i);
void       tt_reports_await      (guint           n);
void       tt_reports_end        (void);

G_END_DECLS
