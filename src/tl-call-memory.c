/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-call-type-private.h"

#include <string.h>

/* How what is of a type lies in memory. */

gsize
tl_call_type_size (const TlCallType *self)
{
  return self->size > 0 && (self->kind < TL_KIND_STRING || self->by_value) ? self->size
                                                                          : sizeof (gpointer);
}

gboolean
tl_call_type_is_bytes (const TlCallType *self)
{
  return self->kind == TL_KIND_UINT8;
}

gboolean
tl_call_type_needs_cell (const TlCallType *self)
{
  return self->kind == TL_KIND_INT64 || self->kind == TL_KIND_UINT64 ||
         self->kind == TL_KIND_FLOAT || self->kind == TL_KIND_DOUBLE;
}

TlArgument
tl_call_type_load (const TlCallType *self,
                   gconstpointer     memory)
{
  TlArgument argument = { .v_uint64 = 0 };

  /* All members of an argument begin where it begins. */
  if (self->by_value)
    argument.v_pointer = (gpointer) memory;
  else
    memcpy (&argument, memory, tl_call_type_size (self));

  return argument;
}

void
tl_call_type_store (const TlCallType *self,
                    gpointer          memory,
                    TlArgument        argument)
{
  memcpy (memory, self->by_value ? argument.v_pointer : &argument, tl_call_type_size (self));
}

TlArgument
tl_call_type_from_pointer (const TlCallType *self,
                           gpointer          pointer)
{
  TlArgument argument = { .v_uint64 = 0 };

  switch (self->kind)
    {
    case TL_KIND_BOOLEAN:
    case TL_KIND_INT32:
    case TL_KIND_UINT32:
    case TL_KIND_ENUM:
    case TL_KIND_FLAGS:
    case TL_KIND_UNICHAR:
      argument.v_int32 = GPOINTER_TO_INT (pointer);
      break;

    case TL_KIND_INT8:
    case TL_KIND_UINT8:
      argument.v_int8 = (gint8) GPOINTER_TO_INT (pointer);
      break;

    case TL_KIND_INT16:
    case TL_KIND_UINT16:
      argument.v_int16 = (gint16) GPOINTER_TO_INT (pointer);
      break;

    case TL_KIND_INT64:
    case TL_KIND_UINT64:
    case TL_KIND_FLOAT:
    case TL_KIND_DOUBLE:
      if (pointer != NULL)
        memcpy (&argument, pointer, self->size);
      break;

    default:
      argument.v_pointer = pointer;
      break;
    }

  return argument;
}

/* Of all that needs no cell. */
gpointer
tl_call_type_to_pointer (const TlCallType *self,
                         TlArgument        argument)
{
  switch (self->kind)
    {
    case TL_KIND_BOOLEAN:
    case TL_KIND_INT32:
    case TL_KIND_ENUM:
      return GINT_TO_POINTER (argument.v_int32);

    case TL_KIND_UINT32:
    case TL_KIND_FLAGS:
    case TL_KIND_UNICHAR:
      return GUINT_TO_POINTER (argument.v_uint32);

    case TL_KIND_INT8:
      return GINT_TO_POINTER (argument.v_int8);

    case TL_KIND_UINT8:
      return GUINT_TO_POINTER (argument.v_uint8);

    case TL_KIND_INT16:
      return GINT_TO_POINTER (argument.v_int16);

    case TL_KIND_UINT16:
      return GUINT_TO_POINTER (argument.v_uint16);

    default:
      return argument.v_pointer;
    }
}

gboolean
tl_call_type_is_scalar (const TlCallType *self)
{
  return self->kind > TL_KIND_VOID && self->kind < TL_KIND_STRING;
}

TlArgument
tl_call_type_from_integer (const TlCallType *self,
                           guint64           integer)
{
  TlArgument argument = { .v_uint64 = 0 };

  switch (self->size)
    {
    case 1:
      argument.v_uint8 = (guint8) integer;
      break;

    case 2:
      argument.v_uint16 = (guint16) integer;
      break;

    case 4:
      argument.v_uint32 = (guint32) integer;
      break;

    default:
      argument.v_uint64 = integer;
      break;
    }

  return argument;
}

gint64
tl_call_type_to_integer (const TlCallType *self,
                         TlArgument        argument)
{
  switch (self->kind)
    {
    case TL_KIND_INT8:
      return argument.v_int8;

    case TL_KIND_UINT8:
      return argument.v_uint8;

    case TL_KIND_INT16:
      return argument.v_int16;

    case TL_KIND_UINT16:
      return argument.v_uint16;

    case TL_KIND_INT32:
      return argument.v_int32;

    case TL_KIND_UINT32:
      return argument.v_uint32;

    default:
      return argument.v_int64;
    }
}

void
tl_call_type_range (const TlCallType *self,
                    gint64           *min,
                    guint64          *max)
{
  guint bits = (guint) self->size * 8;
  gboolean is_signed = self->kind == TL_KIND_INT8 || self->kind == TL_KIND_INT16 ||
                       self->kind == TL_KIND_INT32 || self->kind == TL_KIND_INT64 ||
                       self->kind == TL_KIND_ENUM;

  *max = G_MAXUINT64 >> (64 - bits);
  *min = 0;
  if (is_signed)
    {
      *max >>= 1;
      *min = -(gint64) *max - 1;
    }
}
