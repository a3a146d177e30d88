/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <threadloop.h>

#include "tl-call-type-private.h"

G_BEGIN_DECLS

/* One argument of the C function, or what it returns. */
typedef struct
{
  char          *name;
  TlCallType    *type;
  TlGiDirection  direction;
  TlGiTransfer   transfer;
  gboolean       nullable;
  gboolean       hidden;        /* neither asked for nor given: a length, user data */
  gboolean       by_reference;  /* the function fills in what the caller has made */
} TlCallArg;

/* Does not change once it was made, and is read by workers. */
struct _TlCallable
{
  gatomicrefcount  ref_count;
  const char      *name;        /* interned */
  GQuark           quark;       /* the same */
  char            *symbol;
  gpointer         address;
  const TlGi      *gi;
  TlGiInvoker      invoker;
  gboolean         throws;
  guint            n_args;      /* of the C function, without the GError */
  TlCallArg       *args;        /* one more than that: what is returned */
  guint            n_params;
  guint            n_required;  /* the rest may be left out */
  guint           *params;      /* indices into args */
  guint            n_results;
  guint           *results;     /* the same */
  int              cancellable; /* the same, or -1 */
  gboolean         is_method;   /* the first argument is its object */
  gboolean         only_changes_self;
};

/* tl-callable-find.c: the function behind a name, or NULL with the reason. */
TlGiInfo   *tl_callable_find           (const TlGi  *gi,
                                        const char  *name,
                                        GError     **error);
TlGiInfo   *tl_callable_find_method    (const TlGi  *gi,
                                        GType        type,
                                        const char  *name,
                                        GError     **error);

/* A function of the same type as another one, or beside it in the namespace, or
 * NULL. */
TlGiInfo   *tl_callable_find_beside    (const TlGi  *gi,
                                        TlGiInfo    *info,
                                        const char  *name);

/* tl-callable-read.c: all that its description says, or NULL with the reason why
 * it cannot be called on a worker. */
TlCallable *tl_callable_new            (const TlGi  *gi,
                                        TlGiInfo    *info,
                                        GError     **error);

/* tl-one-thread.c: the reason why things of a type are not for workers, such as
 * "belongs to the thread of the user interface", or NULL. */
const char *tl_one_thread_reason       (GType        type);

G_END_DECLS
