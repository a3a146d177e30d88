/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-callable-private.h"

#include <gio/gio.h>
#include <string.h>

/* Reads what a typelib says of a function, and says no to what cannot be done. */

static void G_GNUC_PRINTF (3, 4)
refuse (TlCallable  *self,
        GError     **error,
        const char  *format,
        ...)
{
  g_autofree char *reason = NULL;
  va_list args;

  va_start (args, format);
  reason = g_strdup_vprintf (format, args);
  va_end (args);

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "%s() cannot be called on a worker: %s",
               self->name, reason);
}

static void
read_arg (const TlGi *gi,
          TlGiInfo   *info,
          TlCallArg  *arg)
{
  TlGiInfo *type = gi->arg_type (info);

  arg->name = g_strdup (gi->info_name (info));
  arg->type = tl_call_type_new (gi, type, FALSE);
  arg->direction = gi->arg_direction (info);
  arg->transfer = gi->arg_transfer (info);
  arg->nullable = gi->arg_may_be_null (info);
  arg->hidden = gi->arg_is_skip (info);

  /* The length of a list may have to be found out by looking at it, and what
   * is changed in place was passed by its address. */
  arg->by_reference = arg->direction == TL_GI_DIRECTION_OUT
                    ? gi->arg_is_caller_allocates (info)
                    : arg->direction == TL_GI_DIRECTION_INOUT && arg->type->by_value;

  gi->info_unref (type);
}

static void
read_self (const TlGi *gi,
           TlGiInfo   *info,
           TlGiInfo   *container,
           TlCallArg  *arg)
{
  arg->name = g_strdup ("self");
  arg->type = tl_call_type_new_for_container (gi, container);
  arg->direction = TL_GI_DIRECTION_IN;
  arg->transfer = gi->callable_instance_transfer (info);
}

static void
read_return (const TlGi *gi,
             TlGiInfo   *info,
             TlCallArg  *arg)
{
  TlGiInfo *type = gi->callable_return_type (info);

  arg->name = g_strdup ("the result");
  arg->type = tl_call_type_new (gi, type, FALSE);
  arg->direction = TL_GI_DIRECTION_OUT;
  arg->transfer = gi->callable_caller_owns (info);
  arg->nullable = gi->callable_may_return_null (info);
  arg->hidden = gi->callable_skip_return (info) || arg->type->kind == TL_KIND_VOID;

  gi->info_unref (type);
}

static void
hide (TlCallable *self,
      int         index)
{
  if (index >= 0 && (guint) index < self->n_args)
    self->args[index].hidden = TRUE;
}

/* What belongs to another argument is not one for people. */
static void
hide_companions (TlCallable *self,
                 const TlGi *gi,
                 TlGiInfo   *info,
                 guint       offset)
{
  for (guint i = 0; i <= self->n_args; i++)
    {
      TlCallType *type = self->args[i].type;

      if (type->kind != TL_KIND_ARRAY || type->length < 0)
        continue;

      type->length += (int) offset;
      /* For a buffer to be filled, its length is asked for. */
      if (!self->args[i].by_reference || self->args[type->length].direction != TL_GI_DIRECTION_IN)
        hide (self, type->length);
    }

  for (guint i = offset; i < self->n_args; i++)
    {
      TlGiInfo *arg;
      int closure, destroy;

      if (self->args[i].type->kind != TL_KIND_CALLBACK)
        continue;

      arg = gi->callable_arg (info, i - offset);
      closure = tl_gi_arg_closure (gi, arg);
      destroy = tl_gi_arg_destroy (gi, arg);
      hide (self, closure >= 0 && (guint) closure + offset != i ? closure + (int) offset : -1);
      hide (self, destroy >= 0 ? destroy + (int) offset : -1);
      gi->info_unref (arg);
    }
}

static void
list_params_and_results (TlCallable *self,
                         guint       offset)
{
  const TlCallArg *ret = &self->args[self->n_args];

  self->params = g_new (guint, self->n_args + 1);
  self->results = g_new (guint, self->n_args + 1);
  self->cancellable = -1;

  if (!ret->hidden)
    self->results[self->n_results++] = self->n_args;

  for (guint i = 0; i < self->n_args; i++)
    {
      TlCallArg *arg = &self->args[i];

      if (arg->hidden)
        continue;

      if (arg->direction != TL_GI_DIRECTION_IN)
        self->results[self->n_results++] = i;
      if (arg->direction == TL_GI_DIRECTION_OUT)
        continue;

      if (self->cancellable < 0 && i >= offset && arg->type->kind == TL_KIND_INSTANCE &&
          arg->type->gtype == G_TYPE_CANCELLABLE && arg->direction == TL_GI_DIRECTION_IN)
        self->cancellable = (int) i;

      self->params[self->n_params++] = i;
      if (!arg->nullable && self->cancellable != (int) i)
        self->n_required = self->n_params;
    }

  /* Beside an error and other results it says nothing. */
  if (self->throws && self->n_results > 1 && !ret->hidden && ret->type->kind == TL_KIND_BOOLEAN)
    {
      self->n_results--;
      for (guint i = 0; i < self->n_results; i++)
        self->results[i] = self->results[i + 1];
    }
}

static gboolean
is_asynchronous (TlCallable *self)
{
  for (guint i = 0; i < self->n_args; i++)
    if (self->args[i].type->kind == TL_KIND_CALLBACK &&
        g_str_equal (self->args[i].type->name, "Gio.AsyncReadyCallback"))
      return TRUE;

  return FALSE;
}

/* Of load_contents_async() it is load_contents(), of call() call_sync(). */
static char *
synchronous_name (const char *name)
{
  return g_str_has_suffix (name, "_async") ? g_strndup (name, strlen (name) - strlen ("_async"))
                                           : g_strconcat (name, "_sync", NULL);
}

/* It would be done at once, and nobody would learn what came of it. */
static gboolean
check_blocking (TlCallable  *self,
                const TlGi  *gi,
                TlGiInfo    *info,
                GError     **error)
{
  g_autofree char *name = NULL;
  TlGiInfo *synchronous;

  if (!is_asynchronous (self))
    return TRUE;

  name = synchronous_name (gi->info_name (info));
  synchronous = tl_callable_find_beside (gi, info, name);

  if (synchronous != NULL)
    refuse (self, error, "it is asynchronous itself; take %.*s%s()",
            (int) (strrchr (self->name, '.') + 1 - self->name), self->name, name);
  else
    refuse (self, error, "it is asynchronous itself");
  g_clear_pointer (&synchronous, gi->info_unref);

  return FALSE;
}

/* As all languages have it, a call has pointers to structs, and no structs. */
static gboolean
check_pointer (TlCallable       *self,
               const TlCallArg  *arg,
               GError          **error)
{
  if (!arg->type->by_value)
    return TRUE;

  refuse (self, error, "%s is %s itself, rather than a pointer to it", arg->name, arg->type->name);
  return FALSE;
}

static gboolean
check_param (TlCallable       *self,
             const TlCallArg  *arg,
             GError          **error)
{
  const TlCallType *type = arg->type;

  if (type->kind == TL_KIND_CALLBACK && !arg->nullable)
    {
      refuse (self, error, "%s is a callback, which would run there", arg->name);
      return FALSE;
    }

  if ((type->kind == TL_KIND_UNKNOWN && !arg->nullable) || type->kind == TL_KIND_VOID)
    {
      refuse (self, error, "%s is %s", arg->name, type->name);
      return FALSE;
    }

  if (arg->direction == TL_GI_DIRECTION_IN && !check_pointer (self, arg, error))
    return FALSE;

  if (type->by_value && type->kind == TL_KIND_INSTANCE && type->size == 0)
    {
      refuse (self, error, "nobody knows how large %s is", arg->name);
      return FALSE;
    }

  return TRUE;
}

static gboolean
has_known_length (TlCallable       *self,
                  const TlCallType *type)
{
  return type->kind != TL_KIND_ARRAY || type->zero_terminated || type->fixed_size >= 0 ||
         (type->length >= 0 && (guint) type->length < self->n_args);
}

/* Whether we can make what the function is to fill in. */
static gboolean
can_make (TlCallable       *self,
          const TlCallType *type)
{
  switch (type->kind)
    {
    case TL_KIND_VALUE:
    case TL_KIND_G_ARRAY:
    case TL_KIND_PTR_ARRAY:
    case TL_KIND_BYTE_ARRAY:
      return TRUE;

    case TL_KIND_INSTANCE:
      return type->by_value && type->size > 0 && G_TYPE_IS_BOXED (type->gtype);

    case TL_KIND_ARRAY:
      return type->fixed_size >= 0 ||
             (type->length >= 0 && self->args[type->length].direction == TL_GI_DIRECTION_IN);

    default:
      return FALSE;
    }
}

static gboolean
check_result (TlCallable       *self,
              const TlCallArg  *arg,
              GError          **error)
{
  const TlCallType *type = arg->type;
  const char *reason;

  if (type->kind == TL_KIND_UNKNOWN || type->kind == TL_KIND_CALLBACK || type->kind == TL_KIND_VOID)
    {
      refuse (self, error, "%s is %s", arg->name,
              type->kind == TL_KIND_CALLBACK ? "a callback" : type->name);
      return FALSE;
    }

  if (!has_known_length (self, type))
    {
      refuse (self, error, "nobody knows how long %s is", arg->name);
      return FALSE;
    }

  if (arg == &self->args[self->n_args] && !check_pointer (self, arg, error))
    return FALSE;

  if (arg->direction == TL_GI_DIRECTION_OUT && arg->by_reference ? !can_make (self, type)
                                                                 : type->by_value && !arg->by_reference)
    {
      refuse (self, error, "nobody knows how to make %s", arg->name);
      return FALSE;
    }

  reason = type->gtype != G_TYPE_NONE ? tl_one_thread_reason (type->gtype) : NULL;
  if (reason != NULL)
    {
      refuse (self, error, "%s is a %s, which %s", arg->name, type->name, reason);
      return FALSE;
    }

  return TRUE;
}

static gboolean
check (TlCallable  *self,
       const TlGi  *gi,
       TlGiInfo    *container,
       GError     **error)
{
  GType type = G_TYPE_NONE;
  const char *reason;

  if (container != NULL && tl_gi_kind (gi, container) != TL_GI_OTHER)
    type = gi->registered_gtype (container);

  reason = type != G_TYPE_NONE ? tl_one_thread_reason (type) : NULL;
  if (reason != NULL)
    {
      g_autofree char *name = tl_gi_type_name (gi, container);

      refuse (self, error, "a %s %s", name, reason);
      return FALSE;
    }

  for (guint i = 0; i < self->n_params; i++)
    if (!check_param (self, &self->args[self->params[i]], error))
      return FALSE;

  for (guint i = 0; i < self->n_results; i++)
    if (!check_result (self, &self->args[self->results[i]], error))
      return FALSE;

  /* What is hidden and not a length is left at zero: a skipped argument. */
  return TRUE;
}

/* A method of a boxed that is no more than a change of it: of a boxed that is
 * copied, rather than counted, nobody would see the change. */
static gboolean
only_changes_self (TlCallable *self)
{
  const TlCallArg *arg = &self->args[0];

  if (!G_TYPE_IS_BOXED (arg->type->gtype) || arg->transfer != TL_GI_TRANSFER_NOTHING)
    return FALSE;

  return self->n_results == 0 ||
         (self->n_results == 1 && self->throws &&
          self->args[self->results[0]].type->kind == TL_KIND_BOOLEAN);
}

TlCallable *
tl_callable_new (const TlGi  *gi,
                 TlGiInfo    *info,
                 GError     **error)
{
  g_autoptr(TlCallable) self = g_new0 (TlCallable, 1);
  TlGiInfo *container = gi->info_peek_container (info);
  guint flags = gi->function_flags (info);
  guint offset = (flags & TL_GI_FUNCTION_IS_METHOD) && !(flags & TL_GI_FUNCTION_IS_CONSTRUCTOR);
  g_autofree char *name = NULL;
  g_autoptr(GError) reason = NULL;

  g_atomic_ref_count_init (&self->ref_count);
  self->gi = gi;
  name = container != NULL
       ? g_strjoin (".", gi->info_namespace (info), gi->info_name (container), gi->info_name (info), NULL)
       : g_strjoin (".", gi->info_namespace (info), gi->info_name (info), NULL);
  self->quark = g_quark_from_string (name);
  self->name = g_quark_to_string (self->quark);
  self->symbol = g_strdup (gi->function_symbol (info));
  self->throws = gi->callable_can_throw (info);
  self->is_method = offset > 0;
  self->n_args = gi->callable_n_args (info) + offset;
  self->args = g_new0 (TlCallArg, self->n_args + 1);

  if (offset > 0)
    read_self (gi, info, container, &self->args[0]);
  for (guint i = offset; i < self->n_args; i++)
    {
      TlGiInfo *arg = gi->callable_arg (info, i - offset);

      read_arg (gi, arg, &self->args[i]);
      gi->info_unref (arg);
    }
  read_return (gi, info, &self->args[self->n_args]);

  hide_companions (self, gi, info, offset);
  list_params_and_results (self, offset);
  self->only_changes_self = offset > 0 && only_changes_self (self);

  if (!check_blocking (self, gi, info, error) || !check (self, gi, container, error))
    return NULL;

  if (!gi->typelib_symbol (gi->info_peek_typelib (info), self->symbol, &self->address))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                   "%s() is described, and its library has no %s()", self->name, self->symbol);
      return NULL;
    }

  if (!gi->invoker_new (self->address, info, &self->invoker, &reason))
    {
      refuse (self, error, "%s", reason != NULL ? reason->message : "its arguments are of an unknown kind");
      return NULL;
    }

  return g_steal_pointer (&self);
}
