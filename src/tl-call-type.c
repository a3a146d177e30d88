/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-call-type-private.h"

#include <threadloop.h>

/* What the kinds are that need no more than their tag. */
static const struct
{
  TlKind      kind;
  guint8      size;
  const char *name;
} basic[] = {
  [TL_GI_TAG_VOID]     = { TL_KIND_VOID, 0, "nothing" },
  [TL_GI_TAG_BOOLEAN]  = { TL_KIND_BOOLEAN, sizeof (gboolean), "a boolean" },
  [TL_GI_TAG_INT8]     = { TL_KIND_INT8, 1, NULL },
  [TL_GI_TAG_UINT8]    = { TL_KIND_UINT8, 1, NULL },
  [TL_GI_TAG_INT16]    = { TL_KIND_INT16, 2, NULL },
  [TL_GI_TAG_UINT16]   = { TL_KIND_UINT16, 2, NULL },
  [TL_GI_TAG_INT32]    = { TL_KIND_INT32, 4, NULL },
  [TL_GI_TAG_UINT32]   = { TL_KIND_UINT32, 4, NULL },
  [TL_GI_TAG_INT64]    = { TL_KIND_INT64, 8, NULL },
  [TL_GI_TAG_UINT64]   = { TL_KIND_UINT64, 8, NULL },
  [TL_GI_TAG_FLOAT]    = { TL_KIND_FLOAT, sizeof (float), "a number" },
  [TL_GI_TAG_DOUBLE]   = { TL_KIND_DOUBLE, sizeof (double), "a number" },
  [TL_GI_TAG_GTYPE]    = { TL_KIND_GTYPE, sizeof (GType), "a GType" },
  [TL_GI_TAG_UTF8]     = { TL_KIND_STRING, 0, "a string" },
  [TL_GI_TAG_FILENAME] = { TL_KIND_STRING, 0, "a string" },
  [TL_GI_TAG_UNICHAR]  = { TL_KIND_UNICHAR, 4, "a character" },
};

static GType
basic_value_type (TlKind kind)
{
  switch (kind)
    {
    case TL_KIND_BOOLEAN:
      return G_TYPE_BOOLEAN;

    case TL_KIND_INT8:
    case TL_KIND_INT16:
    case TL_KIND_INT32:
      return G_TYPE_INT;

    case TL_KIND_UINT8:
    case TL_KIND_UINT16:
    case TL_KIND_UINT32:
      return G_TYPE_UINT;

    case TL_KIND_INT64:
      return G_TYPE_INT64;

    case TL_KIND_UINT64:
      return G_TYPE_UINT64;

    case TL_KIND_FLOAT:
      return G_TYPE_FLOAT;

    case TL_KIND_DOUBLE:
      return G_TYPE_DOUBLE;

    case TL_KIND_GTYPE:
      return G_TYPE_GTYPE;

    case TL_KIND_STRING:
    case TL_KIND_UNICHAR:
      return G_TYPE_STRING;

    default:
      return G_TYPE_INVALID;
    }
}

static void
set_basic (TlCallType *self,
           TlGiTag     tag)
{
  self->kind = basic[tag].kind;
  self->size = basic[tag].size;
  self->value_type = basic_value_type (self->kind);
  self->name = g_strdup (basic[tag].name);
}

static TlCallType *
type_alloc (void)
{
  TlCallType *self = g_new0 (TlCallType, 1);

  self->gtype = G_TYPE_NONE;
  self->length = self->fixed_size = -1;

  return self;
}

static TlCallType *
new_basic (TlGiTag tag)
{
  TlCallType *self = type_alloc ();

  set_basic (self, tag);

  return self;
}

static void
set_unknown (TlCallType *self,
             char       *name)
{
  self->kind = TL_KIND_UNKNOWN;
  g_free (self->name);
  self->name = name;
}

static void
set_instance (TlCallType *self,
              GType       gtype)
{
  self->kind = TL_KIND_INSTANCE;
  self->gtype = gtype;
  /* An interface that anything may implement has no values of its own. */
  self->value_type = g_type_value_table_peek (gtype) != NULL ? gtype : G_TYPE_OBJECT;
}

static void
set_registered (TlCallType *self,
                const TlGi *gi,
                TlGiInfo   *info,
                TlGiKind    kind)
{
  GType gtype = gi->registered_gtype (info);

  g_free (self->name);
  self->name = tl_gi_type_name (gi, info);
  self->gtype = gtype;

  switch (kind)
    {
    case TL_GI_ENUM:
    case TL_GI_FLAGS:
      self->kind = kind == TL_GI_ENUM ? TL_KIND_ENUM : TL_KIND_FLAGS;
      self->size = sizeof (gint32);
      self->value_type = kind == TL_GI_ENUM ? G_TYPE_INT : G_TYPE_UINT;
      if (G_TYPE_IS_ENUM (gtype) || G_TYPE_IS_FLAGS (gtype))
        {
          self->value_type = gtype;
          self->klass = g_type_class_ref (gtype);
        }
      return;

    case TL_GI_STRUCT:
    case TL_GI_UNION:
      self->size = kind == TL_GI_STRUCT ? gi->struct_size (info) : gi->union_size (info);
      break;

    default:
      break;
    }

  if (gtype == G_TYPE_CLOSURE)
    self->kind = TL_KIND_CALLBACK;
  else if (gtype == G_TYPE_VALUE)
    self->kind = TL_KIND_VALUE;
  else if (G_TYPE_IS_BOXED (gtype) || gtype == G_TYPE_VARIANT ||
           G_TYPE_IS_INTERFACE (gtype) || G_TYPE_IS_INSTANTIATABLE (gtype))
    set_instance (self, gtype);
  else
    set_unknown (self, g_strdup_printf ("%s, which cannot be copied", self->name));
}

TlCallType *
tl_call_type_new_for_container (const TlGi *gi,
                                TlGiInfo   *info)
{
  TlCallType *self = type_alloc ();

  set_registered (self, gi, info, tl_gi_kind (gi, info));

  return self;
}

static TlCallType *
new_element (const TlGi *gi,
             TlGiInfo   *info,
             guint       i,
             gboolean    in_pointer)
{
  TlGiInfo *param = gi->type_param (info, i);
  TlCallType *self = tl_call_type_new (gi, param, in_pointer);

  gi->info_unref (param);

  return self;
}

/* What cannot be converted in a container makes all of it unknown. */
static void
check_element (TlCallType *self,
               TlCallType *element)
{
  TlKind kind = element->kind;

  if (kind == TL_KIND_UNKNOWN || kind == TL_KIND_VOID || kind == TL_KIND_CALLBACK)
    set_unknown (self, g_strdup_printf ("a list of what is %s",
                                        kind == TL_KIND_VOID ? "not known" : element->name));
}

static void
set_array (TlCallType *self,
           const TlGi *gi,
           TlGiInfo   *info)
{
  static const TlKind kinds[] = {
    [TL_GI_ARRAY_C] = TL_KIND_ARRAY,
    [TL_GI_ARRAY_ARRAY] = TL_KIND_G_ARRAY,
    [TL_GI_ARRAY_PTR_ARRAY] = TL_KIND_PTR_ARRAY,
    [TL_GI_ARRAY_BYTE_ARRAY] = TL_KIND_BYTE_ARRAY,
  };

  self->kind = kinds[gi->type_array (info)];
  self->zero_terminated = gi->type_is_zero_terminated (info);

  switch (self->kind)
    {
    case TL_KIND_ARRAY:
      self->length = tl_gi_array_length (gi, info);
      self->fixed_size = tl_gi_array_fixed_size (gi, info);
      G_GNUC_FALLTHROUGH;

    case TL_KIND_G_ARRAY:
      self->element = new_element (gi, info, 0, FALSE);
      break;

    case TL_KIND_BYTE_ARRAY:
      self->value_type = G_TYPE_BYTES;
      self->element = new_basic (TL_GI_TAG_UINT8);
      return;

    default:
      self->element = new_element (gi, info, 0, TRUE);
      break;
    }

  check_element (self, self->element);

  if (self->kind == TL_KIND_PTR_ARRAY && tl_call_type_needs_cell (self->element))
    set_unknown (self, g_strdup ("a list of what is too large for it"));
  else if (self->kind == TL_KIND_ARRAY && tl_call_type_is_bytes (self->element))
    self->value_type = G_TYPE_BYTES;
  else if (self->kind == TL_KIND_ARRAY && self->element->kind == TL_KIND_STRING)
    self->value_type = G_TYPE_STRV;
  else if (self->kind == TL_KIND_ARRAY && self->element->kind == TL_KIND_UNICHAR)
    self->value_type = G_TYPE_STRING;
  else
    self->value_type = TL_TYPE_VALUES;
}

static void
set_list (TlCallType *self,
          const TlGi *gi,
          TlGiInfo   *info,
          TlKind      kind)
{
  self->kind = kind;
  self->value_type = TL_TYPE_VALUES;
  self->element = new_element (gi, info, 0, TRUE);
  check_element (self, self->element);

  if (kind == TL_KIND_HASH)
    {
      self->item = new_element (gi, info, 1, TRUE);
      check_element (self, self->item);
    }

  if (tl_call_type_needs_cell (self->element))
    set_unknown (self, g_strdup ("a list of what is too large for it"));
}

static void
set_interface (TlCallType *self,
               const TlGi *gi,
               TlGiInfo   *info,
               gboolean    in_pointer)
{
  TlGiInfo *interface = gi->type_interface (info);
  TlGiKind kind = tl_gi_kind (gi, interface);

  if (kind == TL_GI_CALLBACK)
    {
      self->kind = TL_KIND_CALLBACK;
      self->name = tl_gi_type_name (gi, interface);
    }
  else if (kind == TL_GI_OTHER)
    {
      set_unknown (self, g_strdup ("of a type that is not known"));
    }
  else
    {
      set_registered (self, gi, interface, kind);
      self->by_value = (kind == TL_GI_STRUCT || kind == TL_GI_UNION) && !in_pointer && !gi->type_is_pointer (info);
    }

  gi->info_unref (interface);
}

/* A scalar that is said to be a pointer is a pointer to one, and nobody knows
 * to how many; in a GList it is only the list's way of having it. A struct in
 * one is a pointer to it, also where nothing says so. */
TlCallType *
tl_call_type_new (const TlGi *gi,
                  TlGiInfo   *info,
                  gboolean    in_pointer)
{
  TlCallType *self = type_alloc ();
  TlGiTag tag = gi->type_tag (info);

  switch (tag)
    {
    case TL_GI_TAG_ARRAY:
      set_array (self, gi, info);
      break;

    case TL_GI_TAG_INTERFACE:
      set_interface (self, gi, info, in_pointer);
      break;

    case TL_GI_TAG_GLIST:
      set_list (self, gi, info, TL_KIND_LIST);
      break;

    case TL_GI_TAG_GSLIST:
      set_list (self, gi, info, TL_KIND_SLIST);
      break;

    case TL_GI_TAG_GHASH:
      set_list (self, gi, info, TL_KIND_HASH);
      break;

    case TL_GI_TAG_ERROR:
      set_instance (self, G_TYPE_ERROR);
      self->name = g_strdup ("GLib.Error");
      break;

    default:
      if (tag >= G_N_ELEMENTS (basic))
        {
          set_unknown (self, g_strdup ("of a type that is not known"));
          break;
        }
      set_basic (self, tag);
      if (self->kind != TL_KIND_STRING && !in_pointer && gi->type_is_pointer (info))
        set_unknown (self, g_strdup ("a pointer"));
      break;
    }

  return self;
}

void
tl_call_type_free (TlCallType *self)
{
  if (self->klass != NULL)
    g_type_class_unref (self->klass);
  g_clear_pointer (&self->element, tl_call_type_free);
  g_clear_pointer (&self->item, tl_call_type_free);
  g_free (self->name);
  g_free (self);
}
