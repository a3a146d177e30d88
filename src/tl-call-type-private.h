/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "tl-gi-private.h"

G_BEGIN_DECLS

/* What a typelib says of a type, digested: enough to convert values without
 * asking again. */

typedef enum
{
  TL_KIND_VOID,
  TL_KIND_BOOLEAN,
  TL_KIND_INT8,
  TL_KIND_UINT8,
  TL_KIND_INT16,
  TL_KIND_UINT16,
  TL_KIND_INT32,
  TL_KIND_UINT32,
  TL_KIND_INT64,
  TL_KIND_UINT64,
  TL_KIND_FLOAT,
  TL_KIND_DOUBLE,
  TL_KIND_ENUM,
  TL_KIND_FLAGS,
  TL_KIND_UNICHAR,
  TL_KIND_GTYPE,
  TL_KIND_STRING,
  TL_KIND_INSTANCE,     /* of a GType: an object, a boxed, a GVariant and so on */
  TL_KIND_VALUE,        /* a GValue, of whatever type */
  TL_KIND_ARRAY,        /* in C */
  TL_KIND_G_ARRAY,
  TL_KIND_PTR_ARRAY,
  TL_KIND_BYTE_ARRAY,
  TL_KIND_LIST,
  TL_KIND_SLIST,
  TL_KIND_HASH,
  TL_KIND_CALLBACK,
  TL_KIND_UNKNOWN,      /* what cannot be copied; only NULL will do */
} TlKind;

/* The same members as a GIArgument has, as far as they are used. */
typedef union
{
  gboolean v_boolean;
  gint8    v_int8;
  guint8   v_uint8;
  gint16   v_int16;
  guint16  v_uint16;
  gint32   v_int32;
  guint32  v_uint32;
  gint64   v_int64;
  guint64  v_uint64;
  float    v_float;
  double   v_double;
  gsize    v_size;
  gpointer v_pointer;
  char    *v_string;
} TlArgument;

typedef struct _TlCallType TlCallType;

struct _TlCallType
{
  TlKind      kind;
  char       *name;             /* "Gio.File"; of what is not a type "a pointer" */
  GType       gtype;            /* ENUM, FLAGS, INSTANCE; or G_TYPE_NONE */
  GType       value_type;       /* what a GValue of it is initialized with */
  gpointer    klass;            /* ENUM, FLAGS */
  gboolean    by_value;         /* as an element it lies in the array itself */
  gsize       size;             /* of one in memory, where that is not a pointer */
  TlCallType *element;          /* of a container; in HASH: the keys */
  TlCallType *item;             /* HASH: the values */
  int         length;           /* ARRAY: the argument with the length, or -1 */
  gssize      fixed_size;       /* ARRAY: or -1 */
  gboolean    zero_terminated;  /* ARRAY, G_ARRAY */
};

TlCallType *tl_call_type_new               (const TlGi       *gi,
                                            TlGiInfo         *info,
                                            gboolean          in_pointer);
TlCallType *tl_call_type_new_for_container (const TlGi       *gi,
                                            TlGiInfo         *info);
void        tl_call_type_free              (TlCallType       *self);

/* tl-call-describe.c, for people: "a string", "Gio.File", "a list of which each
 * is a string". */
char       *tl_call_type_describe          (const TlCallType *self);

/* What a value is, for people: "null", "a string", "a Gio.File". */
char       *tl_call_describe_value         (const GValue     *value);

/* Whether a list of these is bytes. */
gboolean    tl_call_type_is_bytes          (const TlCallType *self);

/* How much one takes in memory. */
gsize       tl_call_type_size              (const TlCallType *self);

/* What is no pointer, whoever has it. */
gboolean    tl_call_type_is_scalar         (const TlCallType *self);

/* Integers as arguments of their size; it has to have room for them. */
TlArgument  tl_call_type_from_integer      (const TlCallType *self,
                                            guint64           integer);
gint64      tl_call_type_to_integer        (const TlCallType *self,
                                            TlArgument        argument);

/* The range of an integer type. */
void        tl_call_type_range             (const TlCallType *self,
                                            gint64           *min,
                                            guint64          *max);

/* Between an argument and a place in memory, or a pointer that stands for it, as
 * in a GList. What lies in an array itself is an argument by its address. */
TlArgument  tl_call_type_load              (const TlCallType *self,
                                            gconstpointer     memory);
void        tl_call_type_store             (const TlCallType *self,
                                            gpointer          memory,
                                            TlArgument        argument);
TlArgument  tl_call_type_from_pointer      (const TlCallType *self,
                                            gpointer          pointer);
gpointer    tl_call_type_to_pointer        (const TlCallType *self,
                                            TlArgument        argument);

/* Whether a hash holds these by a pointer to them: they are more than a pointer
 * can hold. */
gboolean    tl_call_type_needs_cell        (const TlCallType *self);

G_END_DECLS
