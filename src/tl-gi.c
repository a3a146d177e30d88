/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-gi-private.h"

#include <gio/gio.h>
#include <string.h>

#ifdef G_OS_UNIX
#include <dlfcn.h>
#endif

static TlGi    the_gi;
static GError *the_error;

/* Those whose arguments differ. */
static union
{
  struct
  {
    int        (*kind)                (TlGiInfo *info);
    int        (*array_length)        (TlGiInfo *type);
    int        (*array_fixed_size)    (TlGiInfo *type);
    int        (*arg_closure)         (TlGiInfo *arg);
    int        (*arg_destroy)         (TlGiInfo *arg);
    char     **(*loaded_namespaces)   (gpointer  repository);
  } v1;
  struct
  {
    gboolean   (*array_length)        (TlGiInfo *type,
                                       guint    *index);
    gboolean   (*array_fixed_size)    (TlGiInfo *type,
                                       gsize    *size);
    gboolean   (*arg_closure)         (TlGiInfo *arg,
                                       guint    *index);
    gboolean   (*arg_destroy)         (TlGiInfo *arg,
                                       guint    *index);
    char     **(*loaded_namespaces)   (gpointer  repository,
                                       gsize    *n);
  } v2;
} differing;

#ifdef G_OS_UNIX

#ifdef __APPLE__
#define LIBRARY_2 "libgirepository-2.0.0.dylib"
#define LIBRARY_1 "libgirepository-1.0.1.dylib"
#else
#define LIBRARY_2 "libgirepository-2.0.so.0"
#define LIBRARY_1 "libgirepository-1.0.so.1"
#endif

typedef struct
{
  const char *name;
  gpointer   *function;
} Symbol;

static gboolean
load_symbols (gpointer      library,
              const Symbol *symbols,
              guint         n_symbols)
{
  for (guint i = 0; i < n_symbols; i++)
    {
      *symbols[i].function = dlsym (library, symbols[i].name);

      if (*symbols[i].function == NULL)
        {
          the_error = g_error_new (G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                                   "The introspection runtime of this process has no %s()",
                                   symbols[i].name);
          return FALSE;
        }
    }

  return TRUE;
}

#define SYMBOL_1(ret, name, args, name_1, name_2) { name_1, (gpointer *) &the_gi.name },
#define SYMBOL_2(ret, name, args, name_1, name_2) { name_2, (gpointer *) &the_gi.name },

static gboolean
load_1 (gpointer library)
{
  const Symbol symbols[] = {
    TL_GI_SAME (SYMBOL_1)
    { "ffi_call", (gpointer *) &the_gi.ffi_call },
    { "g_base_info_get_type", (gpointer *) &differing.v1.kind },
    { "g_type_info_get_array_length", (gpointer *) &differing.v1.array_length },
    { "g_type_info_get_array_fixed_size", (gpointer *) &differing.v1.array_fixed_size },
    { "g_arg_info_get_closure", (gpointer *) &differing.v1.arg_closure },
    { "g_arg_info_get_destroy", (gpointer *) &differing.v1.arg_destroy },
    { "g_irepository_get_loaded_namespaces", (gpointer *) &differing.v1.loaded_namespaces },
  };

  return load_symbols (library, symbols, G_N_ELEMENTS (symbols));
}

static gboolean
load_2 (gpointer library)
{
  gpointer (*get_repository) (void);
  const Symbol symbols[] = {
    TL_GI_SAME (SYMBOL_2)
    { "ffi_call", (gpointer *) &the_gi.ffi_call },
    { "gi_type_info_get_array_length_index", (gpointer *) &differing.v2.array_length },
    { "gi_type_info_get_array_fixed_size", (gpointer *) &differing.v2.array_fixed_size },
    { "gi_arg_info_get_closure_index", (gpointer *) &differing.v2.arg_closure },
    { "gi_arg_info_get_destroy_index", (gpointer *) &differing.v2.arg_destroy },
    { "gi_repository_get_loaded_namespaces", (gpointer *) &differing.v2.loaded_namespaces },
    { "gi_repository_new", (gpointer *) &get_repository },
  };
  gpointer dup_default;

  if (!load_symbols (library, symbols, G_N_ELEMENTS (symbols)))
    return FALSE;

  /* Since 2.86 there is one that all of the process shares. Before, each
   * language has its own; another one finds the same typelibs. */
  dup_default = dlsym (library, "gi_repository_dup_default");
  if (dup_default != NULL)
    *(gpointer *) &get_repository = dup_default;
  the_gi.repository = get_repository ();

  return TRUE;
}

static const struct
{
  guint         major;
  const char   *library;
  const char   *symbol;       /* to know it by, where it is part of the program */
  gboolean    (*load)         (gpointer library);
} runtimes[] = {
  { 2, LIBRARY_2, "gi_repository_new", load_2 },
  { 1, LIBRARY_1, "g_irepository_get_default", load_1 },
};

static gboolean
use (guint    i,
     gpointer library)
{
  the_gi.major = runtimes[i].major;
  the_gi.library = library;

  return runtimes[i].load (library);
}

static gboolean
load (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (runtimes); i++)
    {
      gpointer library = dlopen (runtimes[i].library, RTLD_LAZY | RTLD_NOLOAD);

      if (library != NULL)
        return use (i, library);
    }

  for (guint i = 0; i < G_N_ELEMENTS (runtimes); i++)
    if (dlsym (RTLD_DEFAULT, runtimes[i].symbol) != NULL)
      return use (i, RTLD_DEFAULT);

  for (guint i = 0; i < G_N_ELEMENTS (runtimes); i++)
    {
      gpointer library = dlopen (runtimes[i].library, RTLD_LAZY);

      if (library != NULL)
        return use (i, library);
    }

  the_error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                                   "Neither girepository-2.0 nor libgirepository-1.0 is installed, "
                                   "without which functions cannot be called by their names");
  return FALSE;
}

#else

static gboolean
load (void)
{
  the_error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                                   "On this system functions cannot be called by their names");
  return FALSE;
}

#endif

const TlGi *
tl_gi_get (GError **error)
{
  static gsize tried;

  if (g_once_init_enter (&tried))
    {
      /* A program in C has no namespaces yet. All others have these. */
      if (load ())
        the_gi.repository_require (the_gi.repository, "Gio", "2.0", 0, NULL);

      g_once_init_leave (&tried, TRUE);
    }

  if (the_error == NULL)
    return &the_gi;

  g_propagate_error (error, g_error_copy (the_error));
  return NULL;
}

/* GIInfoType */
static TlGiKind
kind_1 (TlGiInfo *info)
{
  switch (differing.v1.kind (info))
    {
    case 1:
      return TL_GI_FUNCTION;

    case 2:
      return TL_GI_CALLBACK;

    case 3:
      return TL_GI_STRUCT;

    case 5:
      return TL_GI_ENUM;

    case 6:
      return TL_GI_FLAGS;

    case 7:
      return TL_GI_OBJECT;

    case 8:
      return TL_GI_INTERFACE;

    case 11:
      return TL_GI_UNION;

    default:
      return TL_GI_OTHER;
    }
}

/* Each kind is a type. */
static TlGiKind
kind_2 (TlGiInfo *info)
{
  static const struct
  {
    const char *name;
    TlGiKind    kind;
  } kinds[] = {
    { "GIFunctionInfo", TL_GI_FUNCTION },
    { "GICallbackInfo", TL_GI_CALLBACK },
    { "GIStructInfo", TL_GI_STRUCT },
    { "GIUnionInfo", TL_GI_UNION },
    { "GIEnumInfo", TL_GI_ENUM },
    { "GIFlagsInfo", TL_GI_FLAGS },
    { "GIObjectInfo", TL_GI_OBJECT },
    { "GIInterfaceInfo", TL_GI_INTERFACE },
  };
  const char *name = G_OBJECT_TYPE_NAME (info);

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (strcmp (name, kinds[i].name) == 0)
      return kinds[i].kind;

  return TL_GI_OTHER;
}

TlGiKind
tl_gi_kind (const TlGi *gi,
            TlGiInfo   *info)
{
  return gi->major == 1 ? kind_1 (info) : kind_2 (info);
}

int
tl_gi_array_length (const TlGi *gi,
                    TlGiInfo   *type)
{
  guint index;

  if (gi->major == 1)
    return differing.v1.array_length (type);

  return differing.v2.array_length (type, &index) ? (int) index : -1;
}

gssize
tl_gi_array_fixed_size (const TlGi *gi,
                        TlGiInfo   *type)
{
  gsize size;

  if (gi->major == 1)
    return differing.v1.array_fixed_size (type);

  return differing.v2.array_fixed_size (type, &size) ? (gssize) size : -1;
}

int
tl_gi_arg_closure (const TlGi *gi,
                   TlGiInfo   *arg)
{
  guint index;

  if (gi->major == 1)
    return differing.v1.arg_closure (arg);

  return differing.v2.arg_closure (arg, &index) ? (int) index : -1;
}

int
tl_gi_arg_destroy (const TlGi *gi,
                   TlGiInfo   *arg)
{
  guint index;

  if (gi->major == 1)
    return differing.v1.arg_destroy (arg);

  return differing.v2.arg_destroy (arg, &index) ? (int) index : -1;
}

char **
tl_gi_loaded_namespaces (const TlGi *gi)
{
  return gi->major == 1 ? differing.v1.loaded_namespaces (gi->repository)
                        : differing.v2.loaded_namespaces (gi->repository, NULL);
}

guint
tl_gi_n_methods (const TlGi *gi,
                 TlGiInfo   *info)
{
  switch (tl_gi_kind (gi, info))
    {
    case TL_GI_OBJECT:
      return gi->object_n_methods (info);

    case TL_GI_INTERFACE:
      return gi->interface_n_methods (info);

    case TL_GI_STRUCT:
      return gi->struct_n_methods (info);

    case TL_GI_UNION:
      return gi->union_n_methods (info);

    case TL_GI_ENUM:
    case TL_GI_FLAGS:
      return gi->enum_n_methods (info);

    default:
      return 0;
    }
}

TlGiInfo *
tl_gi_method (const TlGi *gi,
              TlGiInfo   *info,
              guint       i)
{
  switch (tl_gi_kind (gi, info))
    {
    case TL_GI_OBJECT:
      return gi->object_method (info, i);

    case TL_GI_INTERFACE:
      return gi->interface_method (info, i);

    case TL_GI_STRUCT:
      return gi->struct_method (info, i);

    case TL_GI_UNION:
      return gi->union_method (info, i);

    case TL_GI_ENUM:
    case TL_GI_FLAGS:
      return gi->enum_method (info, i);

    default:
      return NULL;
    }
}

char *
tl_gi_type_name (const TlGi *gi,
                 TlGiInfo   *info)
{
  return g_strdup_printf ("%s.%s", gi->info_namespace (info), gi->info_name (info));
}
