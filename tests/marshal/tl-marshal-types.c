/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tl-marshal.h"

#include <gobject/gvaluecollector.h>

/* The types that are handed over. */

GType
tl_marshal_color_get_type (void)
{
  static gsize type;

  if (g_once_init_enter (&type))
    {
      static const GEnumValue values[] = {
        { TL_MARSHAL_COLOR_RED, "TL_MARSHAL_COLOR_RED", "red" },
        { TL_MARSHAL_COLOR_BLUE, "TL_MARSHAL_COLOR_BLUE", "blue" },
        { 0, NULL, NULL },
      };

      g_once_init_leave (&type, g_enum_register_static ("TlMarshalColor", values));
    }

  return type;
}

GType
tl_marshal_bits_get_type (void)
{
  static gsize type;

  if (g_once_init_enter (&type))
    {
      static const GFlagsValue values[] = {
        { TL_MARSHAL_BITS_ONE, "TL_MARSHAL_BITS_ONE", "one" },
        { TL_MARSHAL_BITS_HIGH, "TL_MARSHAL_BITS_HIGH", "high" },
        { 0, NULL, NULL },
      };

      g_once_init_leave (&type, g_flags_register_static ("TlMarshalBits", values));
    }

  return type;
}

/* ---- A boxed that is copied ---- */

static TlMarshalPoint *
point_copy (TlMarshalPoint *self)
{
  return g_memdup2 (self, sizeof *self);
}

GType
tl_marshal_point_get_type (void)
{
  static gsize type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_boxed_type_register_static ("TlMarshalPoint", (GBoxedCopyFunc) point_copy, g_free));

  return type;
}

TlMarshalPoint *
tl_marshal_point_new (int    x,
                      double y)
{
  TlMarshalPoint point = { x, y };

  return point_copy (&point);
}

int
tl_marshal_point_get_x (TlMarshalPoint *self)
{
  return self->x;
}

void
tl_marshal_point_set_x (TlMarshalPoint *self,
                        int             x)
{
  self->x = x;
}

/* ---- An interface, an object, one that is born floating ---- */

G_DEFINE_INTERFACE (TlMarshalFace, tl_marshal_face, G_TYPE_OBJECT)

static void
tl_marshal_face_default_init (TlMarshalFaceInterface *iface)
{
}

int
tl_marshal_face_smile (TlMarshalFace *self)
{
  return TL_MARSHAL_IS_FACE (self) ? 1 : 0;
}

typedef struct
{
  int number;
} TlMarshalThingPrivate;

static int n_things;

static void
face_init (TlMarshalFaceInterface *iface)
{
}

G_DEFINE_TYPE_WITH_CODE (TlMarshalThing, tl_marshal_thing, G_TYPE_OBJECT,
                         G_ADD_PRIVATE (TlMarshalThing)
                         G_IMPLEMENT_INTERFACE (TL_MARSHAL_TYPE_FACE, face_init))

static void
tl_marshal_thing_finalize (GObject *object)
{
  g_atomic_int_add (&n_things, -1);

  G_OBJECT_CLASS (tl_marshal_thing_parent_class)->finalize (object);
}

static void
tl_marshal_thing_class_init (TlMarshalThingClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = tl_marshal_thing_finalize;
}

static void
tl_marshal_thing_init (TlMarshalThing *self)
{
  g_atomic_int_inc (&n_things);
}

TlMarshalThing *
tl_marshal_thing_new (int number)
{
  TlMarshalThing *self = g_object_new (TL_MARSHAL_TYPE_THING, NULL);

  ((TlMarshalThingPrivate *) tl_marshal_thing_get_instance_private (self))->number = number;

  return self;
}

int
tl_marshal_thing_get_number (TlMarshalThing *self)
{
  return ((TlMarshalThingPrivate *) tl_marshal_thing_get_instance_private (self))->number;
}

/**
 * tl_marshal_thing_eat:
 * @self: (transfer full): a thing
 */
int
tl_marshal_thing_eat (TlMarshalThing *self)
{
  int number = tl_marshal_thing_get_number (self);

  g_object_unref (self);
  return number;
}

/**
 * tl_marshal_thing_count:
 *
 * How many things there are.
 */
int
tl_marshal_thing_count (void)
{
  return g_atomic_int_get (&n_things);
}

struct _TlMarshalSeed
{
  GInitiallyUnowned parent;
};

G_DEFINE_FINAL_TYPE (TlMarshalSeed, tl_marshal_seed, G_TYPE_INITIALLY_UNOWNED)

static void
tl_marshal_seed_class_init (TlMarshalSeedClass *klass)
{
}

static void
tl_marshal_seed_init (TlMarshalSeed *self)
{
}

TlMarshalSeed *
tl_marshal_seed_new (void)
{
  return g_object_new (TL_MARSHAL_TYPE_SEED, NULL);
}

/* ---- A fundamental type ---- */

/**
 * TlMarshalNode: (ref-func tl_marshal_node_ref) (unref-func tl_marshal_node_unref)
 *   (set-value-func tl_marshal_value_set_node) (get-value-func tl_marshal_value_get_node)
 */
struct _TlMarshalNode
{
  GTypeInstance   parent;
  gatomicrefcount ref_count;
  int             number;
};

static void
node_value_init (GValue *value)
{
  value->data[0].v_pointer = NULL;
}

static void
node_value_free (GValue *value)
{
  if (value->data[0].v_pointer != NULL)
    tl_marshal_node_unref (value->data[0].v_pointer);
}

static void
node_value_copy (const GValue *from,
                 GValue       *to)
{
  to->data[0].v_pointer = from->data[0].v_pointer != NULL ? tl_marshal_node_ref (from->data[0].v_pointer) : NULL;
}

static gpointer
node_value_peek (const GValue *value)
{
  return value->data[0].v_pointer;
}

static char *
node_value_collect (GValue      *value,
                    guint        n,
                    GTypeCValue *values,
                    guint        flags)
{
  value->data[0].v_pointer = values[0].v_pointer != NULL ? tl_marshal_node_ref (values[0].v_pointer) : NULL;
  return NULL;
}

static char *
node_value_lcopy (const GValue *value,
                  guint         n,
                  GTypeCValue  *values,
                  guint         flags)
{
  *(gpointer *) values[0].v_pointer = value->data[0].v_pointer;
  return NULL;
}

GType
tl_marshal_node_get_type (void)
{
  static gsize type;

  if (g_once_init_enter (&type))
    {
      static const GTypeValueTable table = {
        node_value_init, node_value_free, node_value_copy, node_value_peek,
        "p", node_value_collect, "p", node_value_lcopy,
      };
      static const GTypeFundamentalInfo fundamental = {
        G_TYPE_FLAG_CLASSED | G_TYPE_FLAG_INSTANTIATABLE | G_TYPE_FLAG_DERIVABLE | G_TYPE_FLAG_DEEP_DERIVABLE,
      };
      static const GTypeInfo info = {
        .class_size = sizeof (GTypeClass),
        .instance_size = sizeof (TlMarshalNode),
        .value_table = &table,
      };

      g_once_init_leave (&type, g_type_register_fundamental (g_type_fundamental_next (), "TlMarshalNode",
                                                             &info, &fundamental, 0));
    }

  return type;
}

TlMarshalNode *
tl_marshal_node_new (int number)
{
  TlMarshalNode *self = (TlMarshalNode *) g_type_create_instance (tl_marshal_node_get_type ());

  g_atomic_ref_count_init (&self->ref_count);
  self->number = number;

  return self;
}

/**
 * tl_marshal_node_ref:
 * @self: a node
 *
 * Returns: (transfer full): @self
 */
TlMarshalNode *
tl_marshal_node_ref (TlMarshalNode *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
tl_marshal_node_unref (TlMarshalNode *self)
{
  if (g_atomic_ref_count_dec (&self->ref_count))
    g_type_free_instance ((GTypeInstance *) self);
}

int
tl_marshal_node_get_number (TlMarshalNode *self)
{
  return self->number;
}

void
tl_marshal_value_set_node (GValue        *value,
                           TlMarshalNode *node)
{
  g_value_set_instance (value, node);
}

/**
 * tl_marshal_value_get_node:
 * @value: a value
 *
 * Returns: (transfer none): what it holds
 */
TlMarshalNode *
tl_marshal_value_get_node (const GValue *value)
{
  return value->data[0].v_pointer;
}
