/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-callable-private.h"

#include "tl-fork-private.h"

/* What was looked up once is kept: a name is looked up for each call that a
 * language makes. */

typedef struct
{
  GType  type;            /* G_TYPE_INVALID for a whole name */
  char  *name;
} Key;

G_LOCK_DEFINE_STATIC (known);
static GHashTable *known;

#ifdef G_OS_UNIX
static void
before_fork (void)
{
  G_LOCK (known);
}

static void
after_fork (void)
{
  G_UNLOCK (known);
}
#endif

TL_AT_FORK (before_fork, after_fork, after_fork)

/* What G_DEFINE_BOXED_TYPE() would do, if it were ISO C. */
GType
tl_callable_get_type (void)
{
  static gsize type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_boxed_type_register_static (g_intern_static_string ("TlCallable"),
                                                            (GBoxedCopyFunc) tl_callable_ref,
                                                            (GBoxedFreeFunc) tl_callable_unref));

  return type;
}

static guint
key_hash (gconstpointer data)
{
  const Key *key = data;

  return g_str_hash (key->name) ^ (guint) key->type;
}

static gboolean
key_equal (gconstpointer a,
           gconstpointer b)
{
  const Key *x = a, *y = b;

  return x->type == y->type && g_str_equal (x->name, y->name);
}

/* Of the same function there is one, by whichever name it was found. */
static TlCallable *
keep (GType       type,
      const char *name,
      TlCallable *made)
{
  Key *key = g_new (Key, 1);

  *key = (Key) { type, g_strdup (name) };
  g_hash_table_insert (known, key, made);

  return tl_callable_ref (made);
}

static TlCallable *
find (const TlGi  *gi,
      GType        type,
      const char  *name,
      GError     **error)
{
  TlGiInfo *info = type != G_TYPE_INVALID ? tl_callable_find_method (gi, type, name, error)
                                          : tl_callable_find (gi, name, error);
  TlCallable *self;

  if (info == NULL)
    return NULL;

  self = g_hash_table_lookup (known, &(Key) { G_TYPE_INVALID, (char *) gi->function_symbol (info) });
  self = self != NULL ? tl_callable_ref (self) : tl_callable_new (gi, info, error);
  gi->info_unref (info);

  return self;
}

static TlCallable *
lookup (GType        type,
        const char  *name,
        GError     **error)
{
  const TlGi *gi = tl_gi_get (error);
  Key key = { type, (char *) name };
  TlCallable *self;

  if (gi == NULL)
    return NULL;

  G_LOCK (known);

  if (known == NULL)
    known = g_hash_table_new (key_hash, key_equal);

  self = g_hash_table_lookup (known, &key);
  if (self != NULL)
    {
      tl_callable_ref (self);
    }
  else
    {
      self = find (gi, type, name, error);
      if (self != NULL)
        {
          self = keep (type, name, self);
          if (!g_hash_table_contains (known, &(Key) { G_TYPE_INVALID, self->symbol }))
            tl_callable_unref (keep (G_TYPE_INVALID, self->symbol, tl_callable_ref (self)));
        }
    }

  G_UNLOCK (known);

  return self;
}

TlCallable *
tl_callable_lookup (const char  *name,
                    GError     **error)
{
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return lookup (G_TYPE_INVALID, name, error);
}

TlCallable *
tl_callable_lookup_method (GType        type,
                           const char  *name,
                           GError     **error)
{
  g_return_val_if_fail (type != G_TYPE_INVALID, NULL);
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return lookup (type, name, error);
}

TlCallable *
tl_callable_ref (TlCallable *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
tl_callable_unref (TlCallable *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  for (guint i = 0; i <= self->n_args; i++)
    {
      g_free (self->args[i].name);
      g_clear_pointer (&self->args[i].type, tl_call_type_free);
    }
  g_free (self->args);
  g_free (self->params);
  g_free (self->results);
  g_free (self->symbol);
  g_free (self);
}

const char *
tl_callable_get_name (TlCallable *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->name;
}

const char *
tl_callable_get_symbol (TlCallable *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->symbol;
}

guint
tl_callable_get_n_params (TlCallable *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->n_params;
}

const char *
tl_callable_get_param_name (TlCallable *self,
                            guint       i)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (i < self->n_params, NULL);

  return self->args[self->params[i]].name;
}

guint
tl_callable_get_n_results (TlCallable *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->n_results;
}

gboolean
tl_callable_result_is_bytes (TlCallable *self,
                             guint       i)
{
  const TlCallType *type;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (i < self->n_results, FALSE);

  type = self->args[self->results[i]].type;

  return type->value_type == G_TYPE_BYTES && type->kind != TL_KIND_INSTANCE;
}

const char *
tl_callable_get_result_enum (TlCallable *self,
                             guint       i)
{
  const TlCallType *type;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (i < self->n_results, NULL);

  type = self->args[self->results[i]].type;

  return type->kind == TL_KIND_ENUM || type->kind == TL_KIND_FLAGS ? type->name : NULL;
}

gboolean
tl_callable_takes_cancellable (TlCallable *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->cancellable >= 0;
}

static void
append_arg (GString         *text,
            const TlCallArg *arg)
{
  g_autofree char *type = tl_call_type_describe (arg->type);

  g_string_append (text, type);
  if (arg->nullable)
    g_string_append (text, " or null");
}

char *
tl_callable_to_string (TlCallable *self)
{
  GString *text;

  g_return_val_if_fail (self != NULL, NULL);

  text = g_string_new (self->name);

  for (guint i = 0; i < self->n_params; i++)
    {
      const TlCallArg *arg = &self->args[self->params[i]];

      g_string_append_printf (text, "%s%s: ", i > 0 ? ", " : "(", arg->name);
      append_arg (text, arg);
    }
  g_string_append (text, self->n_params > 0 ? ")" : "()");

  for (guint i = 0; i < self->n_results; i++)
    {
      g_string_append (text, i > 0 ? ", " : " -> ");
      append_arg (text, &self->args[self->results[i]]);
    }

  return g_string_free (text, FALSE);
}
