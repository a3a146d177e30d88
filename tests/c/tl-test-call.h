/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "tl-test.h"

/* Native calls, as the tests write them: the name of the function, what its
 * arguments are, and they themselves.
 *
 *   s string   i int   u uint   I int64   U uint64   f float   d double
 *   b boolean  c schar t GType  o object  v GVariant (floating is fine)
 *   y GBytes   S strv (const char *const *)   L TlValues   p GParamSpec
 *   e GError   V GValue, as it is   B a GType and a boxed   E a GType and an int
 *   n null (nothing is taken for it)
 *
 * What is taken stays the caller's, other than that L is eaten and floating
 * variants are sunk. */

G_BEGIN_DECLS

/* Tests for what a typelib has to be there for; where there is none they are
 * skipped. */
void        tt_call_add           (const char        *path,
                                   const char        *needs,
                                   void             (*func) (void));

TlValues   *tt_values             (const char        *format,
                                   ...);
TlValues   *tt_map                (const char        *format,
                                   ...);

/* Looks it up, calls it in a pool of two, and waits. */
TlFuture   *tt_call_future        (GError           **error,
                                   const char        *name,
                                   const char        *format,
                                   ...);
void        tt_call               (GValue            *result,
                                   const char        *name,
                                   const char        *format,
                                   ...);

/* The call cannot be made, and the message is @message. */
void        tt_call_refused       (GQuark             domain,
                                   int                code,
                                   const char        *message,
                                   const char        *name,
                                   const char        *format,
                                   ...);
/* The function failed. */
void        tt_call_failed        (GQuark             domain,
                                   int                code,
                                   const char        *name,
                                   const char        *format,
                                   ...);
/* The function cannot be looked up. */
void        tt_lookup_refused     (int                code,
                                   const char        *message,
                                   const char        *name);

TlExecutor *tt_call_executor      (void);
void        tt_call_end           (void);

/* What a value is, for comparisons: "'a'", "5", "[1, 2]", "{'a': 1}", "null". */
char       *tt_say                (const GValue      *value);

#define tt_assert_call(said, ...) G_STMT_START {                                \
  g_auto(GValue)   tt_result = G_VALUE_INIT;                                    \
  g_autofree char *tt_said = NULL;                                              \
  tt_call (&tt_result, __VA_ARGS__);                                            \
  tt_said = tt_say (&tt_result);                                                \
  g_assert_cmpstr (tt_said, ==, said);                                          \
} G_STMT_END

G_END_DECLS
