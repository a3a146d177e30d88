/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* The introspection runtime that the process has: libgirepository-1.0, which
 * came with gobject-introspection, or girepository-2.0, which comes with GLib.
 * The two cannot live in one process (both register a GIRepository), so this
 * library is linked to neither: it takes the one that the language has loaded,
 * and loads one itself only where there is none.
 *
 * Neither is safe to use on several threads at a time. All of this is for the
 * thread that looks a function up; what a worker needs to know of a function
 * has been read out of the typelib by then. */

/* Whatever the runtime calls an info; one that a function here returns is the
 * caller's to free with info_unref(), unless it says otherwise. */
typedef struct _TlGiInfo TlGiInfo;

typedef enum
{
  TL_GI_OTHER,
  TL_GI_FUNCTION,
  TL_GI_CALLBACK,
  TL_GI_STRUCT,
  TL_GI_UNION,
  TL_GI_ENUM,
  TL_GI_FLAGS,
  TL_GI_OBJECT,
  TL_GI_INTERFACE,
} TlGiKind;

/* The numbers are the same in both, and are written into typelibs. */
typedef enum
{
  TL_GI_TAG_VOID,
  TL_GI_TAG_BOOLEAN,
  TL_GI_TAG_INT8,
  TL_GI_TAG_UINT8,
  TL_GI_TAG_INT16,
  TL_GI_TAG_UINT16,
  TL_GI_TAG_INT32,
  TL_GI_TAG_UINT32,
  TL_GI_TAG_INT64,
  TL_GI_TAG_UINT64,
  TL_GI_TAG_FLOAT,
  TL_GI_TAG_DOUBLE,
  TL_GI_TAG_GTYPE,
  TL_GI_TAG_UTF8,
  TL_GI_TAG_FILENAME,
  TL_GI_TAG_ARRAY,
  TL_GI_TAG_INTERFACE,
  TL_GI_TAG_GLIST,
  TL_GI_TAG_GSLIST,
  TL_GI_TAG_GHASH,
  TL_GI_TAG_ERROR,
  TL_GI_TAG_UNICHAR,
} TlGiTag;

typedef enum
{
  TL_GI_TRANSFER_NOTHING,
  TL_GI_TRANSFER_CONTAINER,
  TL_GI_TRANSFER_EVERYTHING,
} TlGiTransfer;

typedef enum
{
  TL_GI_DIRECTION_IN,
  TL_GI_DIRECTION_OUT,
  TL_GI_DIRECTION_INOUT,
} TlGiDirection;

typedef enum
{
  TL_GI_ARRAY_C,
  TL_GI_ARRAY_ARRAY,
  TL_GI_ARRAY_PTR_ARRAY,
  TL_GI_ARRAY_BYTE_ARRAY,
} TlGiArray;

enum
{
  TL_GI_FUNCTION_IS_METHOD      = 1 << 0,
  TL_GI_FUNCTION_IS_CONSTRUCTOR = 1 << 1,
};

/* What a GIFunctionInvoker is, roughly: an ffi_cif at its beginning, and more
 * room than that takes on any platform. */
typedef union
{
  guint64  room[32];
  gpointer align;
} TlGiInvoker;

/* The functions that are the same in both: what they return, what they are
 * called here, their arguments, and their names in 1.0 and 2.0. */
#define TL_GI_SAME(X) \
  X (void,          info_unref,            (TlGiInfo *info), \
     "g_base_info_unref", "gi_base_info_unref") \
  X (const char *,  info_name,             (TlGiInfo *info), \
     "g_base_info_get_name", "gi_base_info_get_name") \
  X (const char *,  info_namespace,        (TlGiInfo *info), \
     "g_base_info_get_namespace", "gi_base_info_get_namespace") \
  X (TlGiInfo *,    info_peek_container,   (TlGiInfo *info), \
     "g_base_info_get_container", "gi_base_info_get_container") \
  X (gpointer,      info_peek_typelib,     (TlGiInfo *info), \
     "g_base_info_get_typelib", "gi_base_info_get_typelib") \
  X (gboolean,      typelib_symbol,        (gpointer typelib, const char *name, gpointer *symbol), \
     "g_typelib_symbol", "gi_typelib_symbol") \
  X (const char *,  function_symbol,       (TlGiInfo *info), \
     "g_function_info_get_symbol", "gi_function_info_get_symbol") \
  X (guint,         function_flags,        (TlGiInfo *info), \
     "g_function_info_get_flags", "gi_function_info_get_flags") \
  X (gboolean,      callable_can_throw,    (TlGiInfo *info), \
     "g_callable_info_can_throw_gerror", "gi_callable_info_can_throw_gerror") \
  X (TlGiInfo *,    callable_return_type,  (TlGiInfo *info), \
     "g_callable_info_get_return_type", "gi_callable_info_get_return_type") \
  X (TlGiTransfer,  callable_caller_owns,  (TlGiInfo *info), \
     "g_callable_info_get_caller_owns", "gi_callable_info_get_caller_owns") \
  X (gboolean,      callable_may_return_null, (TlGiInfo *info), \
     "g_callable_info_may_return_null", "gi_callable_info_may_return_null") \
  X (gboolean,      callable_skip_return,  (TlGiInfo *info), \
     "g_callable_info_skip_return", "gi_callable_info_skip_return") \
  X (TlGiTransfer,  callable_instance_transfer, (TlGiInfo *info), \
     "g_callable_info_get_instance_ownership_transfer", "gi_callable_info_get_instance_ownership_transfer") \
  X (guint,         callable_n_args,       (TlGiInfo *info), \
     "g_callable_info_get_n_args", "gi_callable_info_get_n_args") \
  X (TlGiInfo *,    callable_arg,          (TlGiInfo *info, guint i), \
     "g_callable_info_get_arg", "gi_callable_info_get_arg") \
  X (gboolean,      invoker_new,           (gpointer address, TlGiInfo *info, TlGiInvoker *self, GError **error), \
     "g_function_invoker_new_for_address", "gi_function_invoker_new_for_address") \
  X (TlGiDirection, arg_direction,         (TlGiInfo *info), \
     "g_arg_info_get_direction", "gi_arg_info_get_direction") \
  X (TlGiTransfer,  arg_transfer,          (TlGiInfo *info), \
     "g_arg_info_get_ownership_transfer", "gi_arg_info_get_ownership_transfer") \
  X (gboolean,      arg_may_be_null,       (TlGiInfo *info), \
     "g_arg_info_may_be_null", "gi_arg_info_may_be_null") \
  X (gboolean,      arg_is_caller_allocates, (TlGiInfo *info), \
     "g_arg_info_is_caller_allocates", "gi_arg_info_is_caller_allocates") \
  X (gboolean,      arg_is_skip,           (TlGiInfo *info), \
     "g_arg_info_is_skip", "gi_arg_info_is_skip") \
  X (TlGiInfo *,    arg_type,              (TlGiInfo *info), \
     "g_arg_info_get_type", "gi_arg_info_get_type_info") \
  X (TlGiTag,       type_tag,              (TlGiInfo *info), \
     "g_type_info_get_tag", "gi_type_info_get_tag") \
  X (gboolean,      type_is_pointer,       (TlGiInfo *info), \
     "g_type_info_is_pointer", "gi_type_info_is_pointer") \
  X (TlGiInfo *,    type_param,            (TlGiInfo *info, guint i), \
     "g_type_info_get_param_type", "gi_type_info_get_param_type") \
  X (TlGiInfo *,    type_interface,        (TlGiInfo *info), \
     "g_type_info_get_interface", "gi_type_info_get_interface") \
  X (gboolean,      type_is_zero_terminated, (TlGiInfo *info), \
     "g_type_info_is_zero_terminated", "gi_type_info_is_zero_terminated") \
  X (TlGiArray,     type_array,            (TlGiInfo *info), \
     "g_type_info_get_array_type", "gi_type_info_get_array_type") \
  X (GType,         registered_gtype,      (TlGiInfo *info), \
     "g_registered_type_info_get_g_type", "gi_registered_type_info_get_g_type") \
  X (const char *,  registered_type_init,  (TlGiInfo *info), \
     "g_registered_type_info_get_type_init", "gi_registered_type_info_get_type_init_function_name") \
  X (TlGiInfo *,    object_parent,         (TlGiInfo *info), \
     "g_object_info_get_parent", "gi_object_info_get_parent") \
  X (guint,         object_n_interfaces,   (TlGiInfo *info), \
     "g_object_info_get_n_interfaces", "gi_object_info_get_n_interfaces") \
  X (TlGiInfo *,    object_interface,      (TlGiInfo *info, guint i), \
     "g_object_info_get_interface", "gi_object_info_get_interface") \
  X (gsize,         struct_size,           (TlGiInfo *info), \
     "g_struct_info_get_size", "gi_struct_info_get_size") \
  X (gsize,         union_size,            (TlGiInfo *info), \
     "g_union_info_get_size", "gi_union_info_get_size") \
  X (guint,         object_n_methods,      (TlGiInfo *info), \
     "g_object_info_get_n_methods", "gi_object_info_get_n_methods") \
  X (TlGiInfo *,    object_method,         (TlGiInfo *info, guint i), \
     "g_object_info_get_method", "gi_object_info_get_method") \
  X (guint,         interface_n_methods,   (TlGiInfo *info), \
     "g_interface_info_get_n_methods", "gi_interface_info_get_n_methods") \
  X (TlGiInfo *,    interface_method,      (TlGiInfo *info, guint i), \
     "g_interface_info_get_method", "gi_interface_info_get_method") \
  X (guint,         struct_n_methods,      (TlGiInfo *info), \
     "g_struct_info_get_n_methods", "gi_struct_info_get_n_methods") \
  X (TlGiInfo *,    struct_method,         (TlGiInfo *info, guint i), \
     "g_struct_info_get_method", "gi_struct_info_get_method") \
  X (guint,         union_n_methods,       (TlGiInfo *info), \
     "g_union_info_get_n_methods", "gi_union_info_get_n_methods") \
  X (TlGiInfo *,    union_method,          (TlGiInfo *info, guint i), \
     "g_union_info_get_method", "gi_union_info_get_method") \
  X (guint,         enum_n_methods,        (TlGiInfo *info), \
     "g_enum_info_get_n_methods", "gi_enum_info_get_n_methods") \
  X (TlGiInfo *,    enum_method,           (TlGiInfo *info, guint i), \
     "g_enum_info_get_method", "gi_enum_info_get_method") \
  X (TlGiInfo *,    repository_find_by_name,  (gpointer repository, const char *ns, const char *name), \
     "g_irepository_find_by_name", "gi_repository_find_by_name") \
  X (TlGiInfo *,    repository_find_by_gtype, (gpointer repository, GType type), \
     "g_irepository_find_by_gtype", "gi_repository_find_by_gtype") \
  X (gpointer,      repository_require,    (gpointer repository, const char *ns, const char *version, \
                                            guint flags, GError **error), \
     "g_irepository_require", "gi_repository_require") \
  X (gboolean,      repository_is_registered, (gpointer repository, const char *ns, const char *version), \
     "g_irepository_is_registered", "gi_repository_is_registered") \
  X (const char *,  repository_version,    (gpointer repository, const char *ns), \
     "g_irepository_get_version", "gi_repository_get_version") \
  X (const char *,  repository_c_prefix,   (gpointer repository, const char *ns), \
     "g_irepository_get_c_prefix", "gi_repository_get_c_prefix") \
  X (guint,         repository_n_infos,    (gpointer repository, const char *ns), \
     "g_irepository_get_n_infos", "gi_repository_get_n_infos") \
  X (TlGiInfo *,    repository_info,       (gpointer repository, const char *ns, guint i), \
     "g_irepository_get_info", "gi_repository_get_info")

#define TL_GI_MEMBER(ret, name, args, name_1, name_2) ret (*name) args;

typedef struct
{
  guint      major;         /* 1 or 2 */
  gpointer   library;
  gpointer   repository;    /* the default one; 1.0 takes NULL for it */
  /* libffi's, which both are linked to. */
  void     (*ffi_call)      (TlGiInvoker  *invoker,
                             gpointer      address,
                             gpointer      result,
                             gpointer     *args);

  TL_GI_SAME (TL_GI_MEMBER)
} TlGi;

#undef TL_GI_MEMBER

/* The runtime, or NULL with the reason. The same for all of the process. */
const TlGi   *tl_gi_get                (GError      **error);

/* What differs. -1 stands for none. */
TlGiKind      tl_gi_kind               (const TlGi   *gi,
                                        TlGiInfo     *info);
int           tl_gi_array_length       (const TlGi   *gi,
                                        TlGiInfo     *type);
gssize        tl_gi_array_fixed_size   (const TlGi   *gi,
                                        TlGiInfo     *type);
int           tl_gi_arg_closure        (const TlGi   *gi,
                                        TlGiInfo     *arg);
int           tl_gi_arg_destroy        (const TlGi   *gi,
                                        TlGiInfo     *arg);
char        **tl_gi_loaded_namespaces  (const TlGi   *gi);

/* The functions of a type, of whichever kind that is. */
guint         tl_gi_n_methods          (const TlGi   *gi,
                                        TlGiInfo     *info);
TlGiInfo     *tl_gi_method             (const TlGi   *gi,
                                        TlGiInfo     *info,
                                        guint         i);

/* What programmers call a type: "Gio.File". */
char         *tl_gi_type_name          (const TlGi   *gi,
                                        TlGiInfo     *info);

G_END_DECLS
