/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "tl-callable-private.h"

G_BEGIN_DECLS

/* What a call has made for its arguments, to be freed when it is over. What the
 * function takes over is freed only if it was never called. */
typedef struct
{
  gpointer        data;
  GDestroyNotify  destroy;      /* NULL: by @type */
  GType           type;
  gboolean        given;
} TlKept;

typedef struct
{
  guint   n;
  TlKept  first[6];             /* most calls need no more */
  GArray *more;
} TlKeep;

void     tl_keep_add         (TlKeep            *self,
                              gpointer           data,
                              GDestroyNotify     destroy,
                              GType              type,
                              gboolean           given);
void     tl_keep_clear       (TlKeep            *self,
                              gboolean           called);

/* Things of a GType by their pointer. */
gpointer tl_instance_copy    (GType              type,
                              gpointer           instance);
void     tl_instance_free    (GType              type,
                              gpointer           instance);

/* tl-call-in.c: makes an argument of a value. What it points to is noted in
 * @keep; if @lasting, the value stays as long as that, and can be pointed into.
 * @length is that of a list. Errors begin in the middle of a sentence, after
 * what it is that is wrong. */
gboolean tl_call_in          (TlKeep            *keep,
                              const TlCallType  *type,
                              TlGiTransfer       transfer,
                              gboolean           nullable,
                              gboolean           lasting,
                              const GValue      *value,
                              TlArgument        *argument,
                              gsize             *length,
                              GError           **error);

gboolean tl_call_scalar_in   (const TlCallType  *type,
                              const GValue      *value,
                              TlArgument        *argument,
                              GError           **error);
gboolean tl_call_list_in     (TlKeep            *keep,
                              const TlCallType  *type,
                              TlGiTransfer       transfer,
                              gboolean           nullable,
                              gboolean           lasting,
                              const GValue      *value,
                              TlArgument        *argument,
                              gsize             *length,
                              GError           **error);
gboolean tl_call_wrong_type  (const TlCallType  *type,
                              gboolean           nullable,
                              const GValue      *value,
                              GError           **error);

/* The arguments as they were given, of which the first may be by itself. */
typedef struct
{
  GValue        first;
  const GValue *rest;
  gsize         n;
} TlGiven;

/* tl-call.c, for tasks. @on_worker says whether it will be run where functions of
 * JavaScript cannot be called. */
TlCall       *tl_call_new_given
                             (TlCallable        *callable,
                              const TlGiven     *given,
                              gboolean           on_worker,
                              GError           **error);

/* What is tripped when @other is, or what was given; NULL where there is neither. */
GCancellable *tl_call_dup_cancellable
                             (TlCall            *self,
                              GCancellable      *other);

/* Calls the function, with the cancellable of the future. The result stays in the
 * call, and is no value where the function has none. NULL with @error if it
 * failed. */
const GValue *tl_call_run_in_task
                             (TlCall            *self,
                              TlFuture          *future,
                              GError           **error);

/* tl-call-handlers.c: FALSE with @error, as above, if a function of JavaScript is
 * connected to a signal of what is given, and would be called on a worker. */
gboolean tl_call_check_handlers
                             (const GValue      *value,
                              GError           **error);

/* tl-call-out.c: makes a value of what a function gave, which takes it over, as
 * far as it is ours. @length is that of an array with a length of its own. */
void     tl_call_out         (const TlCallType  *type,
                              TlGiTransfer       transfer,
                              gboolean           nullable,
                              TlArgument         argument,
                              gsize              length,
                              GValue            *value);

/* What the function was to fill in lies at @memory. */
void     tl_call_out_made    (const TlCallType  *type,
                              gpointer           memory,
                              GValue            *value);

G_END_DECLS
