/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-call-private.h"

#include "tl-values-private.h"

/* Native calls: an introspected function with its arguments.
 *
 * Who makes the call makes the arguments, all of them, so that whatever is wrong
 * with them is said there and then. Who runs it calls the function and makes
 * values of what it gives. What both have made belongs to the call: it dies where
 * that does. */

struct _TlCall
{
  gatomicrefcount ref_count;
  int             called;
  TlCallable     *callable;
  TlKeep          keep;
  GCancellable   *followed[2];      /* where there are two */
  gulong          followed_ids[2];
  GValue          result;
  TlArgument      args[];
};

/* What G_DEFINE_BOXED_TYPE() would do, if it were ISO C. */
GType
tl_call_get_type (void)
{
  static gsize type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_boxed_type_register_static (g_intern_static_string ("TlCall"),
                                                            (GBoxedCopyFunc) tl_call_ref,
                                                            (GBoxedFreeFunc) tl_call_unref));

  return type;
}

TlCall *
tl_call_ref (TlCall *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
tl_call_unref (TlCall *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  for (guint i = 0; i < G_N_ELEMENTS (self->followed); i++)
    if (self->followed_ids[i] != 0)
      g_signal_handler_disconnect (self->followed[i], self->followed_ids[i]);
  g_clear_object (&self->followed[0]);
  g_clear_object (&self->followed[1]);

  if (G_IS_VALUE (&self->result))
    g_value_unset (&self->result);
  tl_keep_clear (&self->keep, g_atomic_int_get (&self->called));
  tl_callable_unref (self->callable);
  g_free (self);
}

/* ---- The arguments ---- */

static const GValue *
given_at (const TlGiven *given,
          gsize          i)
{
  if (!G_IS_VALUE (&given->first))
    return &given->rest[i];

  return i == 0 ? &given->first : &given->rest[i - 1];
}

/* The length of a list, which two lists may share. */
static gboolean
put_length (TlCall            *self,
            guint              i,
            const TlCallType  *type,
            gsize              length,
            gboolean          *was_put,
            GError           **error)
{
  const TlCallArg *arg = &self->callable->args[i];
  gint64 min;
  guint64 max;

  if (*was_put && tl_call_type_to_integer (arg->type, self->args[i]) != (gint64) length)
    {
      g_set_error (error, TL_ERROR, TL_ERROR_WRONG_TYPE,
                   " must be as long as another list, which has %" G_GINT64_FORMAT " elements, not %"
                   G_GSIZE_FORMAT,
                   tl_call_type_to_integer (arg->type, self->args[i]), length);
      return FALSE;
    }

  tl_call_type_range (arg->type, &min, &max);
  if (length > max)
    {
      g_set_error (error, TL_ERROR, TL_ERROR_WRONG_TYPE,
                   " must have no more than %" G_GUINT64_FORMAT " elements, not %" G_GSIZE_FORMAT, max, length);
      return FALSE;
    }

  *was_put = TRUE;
  self->args[i] = tl_call_type_from_integer (arg->type, length);

  return TRUE;
}

static gboolean
arg_in (TlCall        *self,
        guint          i,
        const GValue  *value,
        gboolean      *lengths_put,
        GError       **error)
{
  const TlCallable *callable = self->callable;
  const TlCallArg *arg = &callable->args[i];
  gboolean is_cancellable = (int) i == callable->cancellable;
  /* The cancellable is replaced, and what is changed in place stays ours. */
  TlGiTransfer transfer = is_cancellable || arg->by_reference ? TL_GI_TRANSFER_NOTHING : arg->transfer;
  gsize length = 0;

  if (!tl_call_in (&self->keep, arg->type, transfer, arg->nullable || is_cancellable, FALSE, value,
                   &self->args[i], &length, error))
    return FALSE;

  /* Bytes are not copied for who only reads them. */
  if (arg->direction == TL_GI_DIRECTION_INOUT && arg->type->value_type == G_TYPE_BYTES &&
      arg->type->kind == TL_KIND_ARRAY && transfer == TL_GI_TRANSFER_NOTHING && length > 0)
    {
      self->args[i].v_pointer = g_memdup2 (self->args[i].v_pointer, length);
      tl_keep_add (&self->keep, self->args[i].v_pointer, g_free, G_TYPE_NONE, FALSE);
    }

  if (arg->type->kind == TL_KIND_ARRAY && arg->type->length >= 0 && self->args[i].v_pointer != NULL &&
      callable->args[arg->type->length].direction != TL_GI_DIRECTION_OUT)
    return put_length (self, (guint) arg->type->length, arg->type, length,
                       &lengths_put[arg->type->length], error);

  return TRUE;
}

/* Makes what the function is to fill in. */
static gboolean
make_arg (TlCall  *self,
          guint    i,
          GError **error)
{
  const TlCallType *type = self->callable->args[i].type;
  TlArgument *argument = &self->args[i];
  GDestroyNotify destroy = g_free;
  gint64 n;

  switch (type->kind)
    {
    case TL_KIND_G_ARRAY:
      argument->v_pointer = g_array_new (type->zero_terminated, TRUE, (guint) tl_call_type_size (type->element));
      destroy = (GDestroyNotify) g_array_unref;
      break;

    case TL_KIND_PTR_ARRAY:
      argument->v_pointer = g_ptr_array_new ();
      destroy = (GDestroyNotify) g_ptr_array_unref;
      break;

    case TL_KIND_BYTE_ARRAY:
      argument->v_pointer = g_byte_array_new ();
      destroy = (GDestroyNotify) g_byte_array_unref;
      break;

    case TL_KIND_ARRAY:
      n = type->fixed_size >= 0 ? type->fixed_size
                                : tl_call_type_to_integer (self->callable->args[type->length].type,
                                                self->args[type->length]);
      argument->v_pointer = n >= 0 && n < G_MAXINT
                          ? g_try_malloc0_n ((gsize) n + 1, tl_call_type_size (type->element)) : NULL;
      if (argument->v_pointer == NULL)
        {
          g_set_error (error, TL_ERROR, TL_ERROR_WRONG_TYPE,
                       " cannot have %" G_GINT64_FORMAT " elements", n);
          return FALSE;
        }
      break;

    case TL_KIND_VALUE:
      argument->v_pointer = g_new0 (GValue, 1);
      destroy = NULL;
      break;

    default:
      argument->v_pointer = g_malloc0 (type->size);
      break;
    }

  tl_keep_add (&self->keep, argument->v_pointer, destroy, G_TYPE_VALUE, FALSE);
  return TRUE;
}

/* Of a boxed that is copied nobody would see what becomes of the copy. */
static gboolean
check_self (TlCall        *self,
            const GValue  *value,
            GError       **error)
{
  const TlCallArg *arg = &self->callable->args[0];

  if (!self->callable->only_changes_self ||
      !G_VALUE_HOLDS_BOXED (value) || g_value_get_boxed (value) == self->args[0].v_pointer)
    return TRUE;

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
               " is a %s, of which a worker gets a copy: nobody would see what is changed", arg->type->name);
  return FALSE;
}

static gboolean
check_n_args (TlCallable  *callable,
              gsize        n_args,
              GError     **error)
{
  const char *bound = callable->n_required == callable->n_params ? "" : n_args < callable->n_required ? "at least "
                                                                                                      : "at most ";
  guint n = n_args < callable->n_required ? callable->n_required : callable->n_params;

  if (n_args >= callable->n_required && n_args <= callable->n_params)
    return TRUE;

  g_set_error (error, TL_ERROR, TL_ERROR_WRONG_TYPE,
               "%s() takes %s%u argument%s, not %" G_GSIZE_FORMAT,
               callable->name, bound, n, n == 1 ? "" : "s", n_args);
  return FALSE;
}

static void
say_where (const TlCallable  *callable,
           guint              i,
           GError           **error)
{
  g_autofree char *what = NULL;

  if (error == NULL)
    return;

  what = g_steal_pointer (&(*error)->message);
  (*error)->message = g_strconcat (callable->name, "(): ", callable->args[i].name, what,
                                   i == 0 && callable->is_method &&
                                   g_error_matches (*error, TL_ERROR, TL_ERROR_WRONG_TYPE)
                                   ? "; the object of a method comes first" : NULL, NULL);
}

static gboolean
args_in (TlCall         *self,
         const TlGiven  *given,
         gboolean        on_worker,
         GError        **error)
{
  const TlCallable *callable = self->callable;
  gboolean *lengths_put = g_newa0 (gboolean, callable->n_args + 1);
  guint i = 0;

  for (guint p = 0; p < callable->n_params && p < given->n; p++)
    {
      const GValue *value = given_at (given, p);

      i = callable->params[p];
      if (!arg_in (self, i, value, lengths_put, error))
        goto failed;
      if (i == 0 && !check_self (self, value, error))
        goto failed;
      /* Of a cancellable the function gets to see only the future's own. */
      if (on_worker && (int) i != callable->cancellable && !tl_call_check_handlers (value, error))
        goto failed;
    }

  for (i = 0; i < callable->n_args; i++)
    if (callable->args[i].direction == TL_GI_DIRECTION_OUT && callable->args[i].by_reference &&
        !make_arg (self, i, error))
      goto failed;

  return TRUE;

failed:
  say_where (callable, i, error);
  return FALSE;
}

TlCall *
tl_call_new_given (TlCallable     *callable,
                   const TlGiven  *given,
                   gboolean        on_worker,
                   GError        **error)
{
  g_autoptr(TlCall) self = NULL;

  if (!check_n_args (callable, given->n, error))
    return NULL;

  self = g_malloc0 (sizeof (TlCall) + callable->n_args * sizeof (TlArgument));
  g_atomic_ref_count_init (&self->ref_count);
  self->callable = tl_callable_ref (callable);
  if (!args_in (self, given, on_worker, error))
    return NULL;

  return g_steal_pointer (&self);
}

TlCall *
tl_call_new (TlCallable  *callable,
             TlValues    *args,
             GError     **error)
{
  TlGiven given = { G_VALUE_INIT, NULL, 0 };

  g_return_val_if_fail (callable != NULL, NULL);
  g_return_val_if_fail (args == NULL || !tl_values_is_map (args), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (args != NULL)
    given.rest = tl_values_unpack (args, &given.n);

  return tl_call_new_given (callable, &given, TRUE, error);
}

/* ---- Where it is run ---- */

static void
followed_cancelled (GCancellable *followed,
                    gpointer      either)
{
  g_cancellable_cancel (either);
}

/* What is tripped when one of two others is. */
static GCancellable *
follow_both (TlCall       *self,
             GCancellable *one,
             GCancellable *other)
{
  GCancellable *either = g_cancellable_new ();

  self->followed[0] = g_object_ref (one);
  self->followed[1] = g_object_ref (other);
  for (guint i = 0; i < G_N_ELEMENTS (self->followed); i++)
    self->followed_ids[i] = g_cancellable_connect (self->followed[i], G_CALLBACK (followed_cancelled),
                                                   g_object_ref (either), g_object_unref);

  return either;
}

GCancellable *
tl_call_dup_cancellable (TlCall       *self,
                         GCancellable *other)
{
  int i = self->callable->cancellable;
  GCancellable *given = i >= 0 ? self->args[i].v_pointer : NULL;

  if (given != NULL && other != NULL && given != other)
    return follow_both (self, given, other);

  other = other != NULL ? other : given;
  return other != NULL ? g_object_ref (other) : NULL;
}

/* libffi widens an integer that is less than a word. */
static TlArgument
returned (const TlCallType *type,
          TlArgument        raw)
{
  if (!tl_call_type_is_scalar (type) || type->kind == TL_KIND_FLOAT || type->size >= sizeof (gsize))
    return raw;

  return tl_call_type_from_integer (type, raw.v_size);
}

/* Of what was made for the function to fill in, the elements may be ours. */
static TlGiTransfer
made_transfer (const TlCallArg *arg,
               gpointer         made)
{
  if (arg->transfer != TL_GI_TRANSFER_EVERYTHING)
    return TL_GI_TRANSFER_NOTHING;

  /* Another reference for those that are taken out. */
  switch (arg->type->kind)
    {
    case TL_KIND_G_ARRAY:
      g_array_ref (made);
      return TL_GI_TRANSFER_EVERYTHING;

    case TL_KIND_PTR_ARRAY:
      g_ptr_array_ref (made);
      return TL_GI_TRANSFER_EVERYTHING;

    default:
      return TL_GI_TRANSFER_NOTHING;
    }
}

static void
result_out (TlCall     *self,
            guint       i,
            TlArgument  raw,
            GValue     *value)
{
  const TlCallable *callable = self->callable;
  const TlCallArg *arg = &callable->args[i];
  TlArgument argument = i < callable->n_args ? self->args[i] : returned (arg->type, raw);
  gsize length = 0;

  if (arg->type->kind == TL_KIND_ARRAY && arg->type->length >= 0)
    {
      guint at = (guint) arg->type->length;
      gint64 n = tl_call_type_to_integer (callable->args[at].type, self->args[at]);

      length = n > 0 ? (gsize) n : 0;
    }

  if (arg->by_reference && arg->type->by_value)
    tl_call_out_made (arg->type, argument.v_pointer, value);
  else
    tl_call_out (arg->type, arg->by_reference ? made_transfer (arg, argument.v_pointer) : arg->transfer,
                 arg->nullable, argument, length, value);
}

static TlValues *
results_out (TlCall     *self,
             TlArgument  raw)
{
  const TlCallable *callable = self->callable;
  TlValues *values = tl_values_new_sized (callable->n_results, FALSE);

  for (guint i = 0; i < callable->n_results; i++)
    result_out (self, callable->results[i], raw, tl_values_peek (values, i));

  return values;
}

/* Whichever cancellable it was given, the function gets to see this one. */
static gboolean
invoke (TlCall        *self,
        GCancellable  *cancellable,
        TlArgument    *raw,
        GError       **error)
{
  const TlCallable *callable = self->callable;
  guint n = callable->n_args + (callable->throws ? 1 : 0);
  gpointer *pointers = g_newa (gpointer, n + 1);
  gpointer *addresses = g_newa (gpointer, n + 1);
  GError *failure = NULL;
  gpointer failure_address = &failure;

  if (callable->cancellable >= 0)
    {
      self->args[callable->cancellable].v_pointer = cancellable;
      if (callable->args[callable->cancellable].transfer != TL_GI_TRANSFER_NOTHING && cancellable != NULL)
        g_object_ref (cancellable);
    }

  for (guint i = 0; i < callable->n_args; i++)
    {
      const TlCallArg *arg = &callable->args[i];

      if (arg->direction == TL_GI_DIRECTION_IN || arg->by_reference)
        {
          pointers[i] = &self->args[i];
        }
      else
        {
          addresses[i] = &self->args[i];
          pointers[i] = &addresses[i];
        }
    }
  if (callable->throws)
    pointers[callable->n_args] = &failure_address;

  callable->gi->ffi_call ((TlGiInvoker *) &callable->invoker, callable->address, raw, pointers);

  if (failure != NULL)
    {
      g_propagate_error (error, failure);
      return FALSE;
    }

  return TRUE;
}

const GValue *
tl_call_run_in_task (TlCall    *self,
                     TlFuture  *future,
                     GError   **error)
{
  const TlCallable *callable = self->callable;
  TlArgument raw = { .v_uint64 = 0 };

  /* The future follows the one that was given, so that its own is tripped whoever
   * cancels. */
  self->called = TRUE;
  if (!invoke (self, callable->cancellable >= 0 ? tl_future_get_cancellable (future) : NULL, &raw, error))
    return NULL;

  if (callable->n_results == 1)
    result_out (self, callable->results[0], raw, &self->result);
  else if (callable->n_results > 1)
    g_value_take_boxed (g_value_init (&self->result, TL_TYPE_VALUES), results_out (self, raw));

  return &self->result;
}

TlValues *
tl_call_run (TlCall        *self,
             GCancellable  *cancellable,
             GError       **error)
{
  g_autoptr(GCancellable) either = NULL;
  TlArgument raw = { .v_uint64 = 0 };

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!g_atomic_int_compare_and_exchange (&self->called, FALSE, TRUE))
    {
      g_set_error (error, TL_ERROR, TL_ERROR_ALREADY_STARTED,
                   "The arguments of %s() are for one call, and it was run before", self->callable->name);
      return NULL;
    }

  if (self->callable->cancellable >= 0)
    {
      either = tl_call_dup_cancellable (self, cancellable);
      /* There are functions that cannot do without. */
      if (either == NULL && !self->callable->args[self->callable->cancellable].nullable)
        either = g_cancellable_new ();
    }

  return invoke (self, either, &raw, error) ? results_out (self, raw) : NULL;
}
