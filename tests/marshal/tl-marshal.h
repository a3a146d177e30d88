/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A library for the tests of native calls: a function for each way in which
 * something can be handed over. What is given to one it describes in a string,
 * or counts; what is given away it frees, so that valgrind sees what was wrong. */

/* ---- Types ---- */

typedef enum
{
  TL_MARSHAL_COLOR_RED = 1,
  TL_MARSHAL_COLOR_BLUE = -7,
} TlMarshalColor;

typedef enum
{
  TL_MARSHAL_BITS_ONE = 1 << 0,
  TL_MARSHAL_BITS_HIGH = 1 << 30,
} TlMarshalBits;

/* Without a GType. */
typedef enum
{
  TL_MARSHAL_PLAIN_A,
  TL_MARSHAL_PLAIN_B = 5,
} TlMarshalPlain;

GType tl_marshal_color_get_type (void);
GType tl_marshal_bits_get_type  (void);

typedef struct
{
  int    x;
  double y;
} TlMarshalPoint;

#define TL_MARSHAL_TYPE_POINT (tl_marshal_point_get_type ())
GType           tl_marshal_point_get_type (void);
TlMarshalPoint *tl_marshal_point_new      (int             x,
                                           double          y);
int             tl_marshal_point_get_x    (TlMarshalPoint *self);
void            tl_marshal_point_set_x    (TlMarshalPoint *self,
                                           int             x);

/* Nobody can copy it. */
typedef struct
{
  int a;
} TlMarshalRaw;

#define TL_MARSHAL_TYPE_FACE (tl_marshal_face_get_type ())
G_DECLARE_INTERFACE (TlMarshalFace, tl_marshal_face, TL_MARSHAL, FACE, GObject)

struct _TlMarshalFaceInterface
{
  GTypeInterface parent;
};

int tl_marshal_face_smile (TlMarshalFace *self);

#define TL_MARSHAL_TYPE_THING (tl_marshal_thing_get_type ())
G_DECLARE_DERIVABLE_TYPE (TlMarshalThing, tl_marshal_thing, TL_MARSHAL, THING, GObject)

struct _TlMarshalThingClass
{
  GObjectClass parent;
};

TlMarshalThing *tl_marshal_thing_new        (int              number);
int             tl_marshal_thing_get_number (TlMarshalThing  *self);
int             tl_marshal_thing_eat        (TlMarshalThing  *self);
int             tl_marshal_thing_count      (void);

#define TL_MARSHAL_TYPE_SEED (tl_marshal_seed_get_type ())
G_DECLARE_FINAL_TYPE (TlMarshalSeed, tl_marshal_seed, TL_MARSHAL, SEED, GInitiallyUnowned)

TlMarshalSeed *tl_marshal_seed_new (void);

/* Counted in its own way, and no GObject. */
typedef struct _TlMarshalNode TlMarshalNode;

GType          tl_marshal_node_get_type   (void);
TlMarshalNode *tl_marshal_node_new        (int             number);
TlMarshalNode *tl_marshal_node_ref        (TlMarshalNode  *self);
void           tl_marshal_node_unref      (TlMarshalNode  *self);
int            tl_marshal_node_get_number (TlMarshalNode  *self);
void           tl_marshal_value_set_node  (GValue         *value,
                                           TlMarshalNode  *node);
TlMarshalNode *tl_marshal_value_get_node  (const GValue   *value);

/* ---- Scalars ---- */

gboolean         tl_marshal_return_boolean (gboolean         value);
gint8            tl_marshal_return_int8    (gint8            value);
guint8           tl_marshal_return_uint8   (guint8           value);
gint16           tl_marshal_return_int16   (gint16           value);
guint16          tl_marshal_return_uint16  (guint16          value);
gint32           tl_marshal_return_int32   (gint32           value);
guint32          tl_marshal_return_uint32  (guint32          value);
gint64           tl_marshal_return_int64   (gint64           value);
guint64          tl_marshal_return_uint64  (guint64          value);
gssize           tl_marshal_return_ssize   (gssize           value);
gsize            tl_marshal_return_size    (gsize            value);
float            tl_marshal_return_float   (float            value);
double           tl_marshal_return_double  (double           value);
GType            tl_marshal_return_gtype   (GType            value);
gunichar         tl_marshal_return_unichar (gunichar         value);
TlMarshalColor   tl_marshal_return_color   (TlMarshalColor   value);
TlMarshalBits    tl_marshal_return_bits    (TlMarshalBits    value);
TlMarshalPlain   tl_marshal_return_plain   (TlMarshalPlain   value);

void tl_marshal_all_out   (gint8           i8,
                           guint16         u16,
                           gint64          i64,
                           float           f,
                           double          d,
                           GType           gtype,
                           gunichar        c,
                           TlMarshalColor  color,
                           gboolean        b,
                           gint8          *out_i8,
                           guint16        *out_u16,
                           gint64         *out_i64,
                           float          *out_f,
                           double         *out_d,
                           GType          *out_gtype,
                           gunichar       *out_c,
                           TlMarshalColor *out_color,
                           gboolean       *out_b);
void tl_marshal_all_inout (gint8          *i8,
                           guint8         *u8,
                           gint16         *i16,
                           guint32        *u32,
                           guint64        *u64,
                           float          *f,
                           double         *d,
                           gboolean       *b,
                           TlMarshalBits  *bits);

/* ---- Strings ---- */

char       *tl_marshal_string_in_none     (const char  *string);
char       *tl_marshal_string_in_full     (char        *string);
char       *tl_marshal_string_in_nullable (const char  *string);
const char *tl_marshal_string_return_none (void);
char       *tl_marshal_string_return_null (void);
void        tl_marshal_string_out_none    (const char **string);
void        tl_marshal_string_out_full    (char       **string);
void        tl_marshal_string_inout_none  (const char **string);
void        tl_marshal_string_inout_full  (char       **string);

/* ---- Instances ---- */

int             tl_marshal_thing_in_full     (TlMarshalThing  *thing);
int             tl_marshal_maybe_thing (TlMarshalThing  *thing);
TlMarshalThing *tl_marshal_thing_return_none (void);
TlMarshalThing *tl_marshal_thing_return_null (void);
void            tl_marshal_thing_out_none    (TlMarshalThing **thing);
void            tl_marshal_thing_out_full    (TlMarshalThing **thing);
void            tl_marshal_inout_thing  (TlMarshalThing **thing);
TlMarshalFace  *tl_marshal_face_return_full  (void);

int             tl_marshal_point_in_none     (TlMarshalPoint  *point);
int             tl_marshal_point_in_full     (TlMarshalPoint  *point);
TlMarshalPoint *tl_marshal_point_return_none (void);
void            tl_marshal_point_out_full    (TlMarshalPoint **point);
void            tl_marshal_point_out_caller  (TlMarshalPoint  *point);
void            tl_marshal_inout_point       (TlMarshalPoint  *point);

char           *tl_marshal_variant_in_none     (GVariant   *variant);
char           *tl_marshal_variant_in_full     (GVariant   *variant);
GVariant       *tl_marshal_variant_return_none (void);
GVariant       *tl_marshal_variant_return_full (void);
char           *tl_marshal_param_in_none       (GParamSpec *pspec);
GParamSpec     *tl_marshal_param_return_none   (void);
GParamSpec     *tl_marshal_param_return_full   (void);
char           *tl_marshal_error_in_none       (GError     *error_in);
GError         *tl_marshal_error_return_full   (void);
void            tl_marshal_error_out_full      (GError    **out,
                                                int          code);
char           *tl_marshal_value_in_none       (GValue     *value);
const char     *tl_marshal_value_type          (GValue     *value);
char           *tl_marshal_value_in_full       (GValue     *value);
GValue         *tl_marshal_value_return_none   (void);
GValue         *tl_marshal_value_return_full   (void);
void            tl_marshal_value_out_caller    (GValue     *value);
char           *tl_marshal_bytes_in_none       (GBytes     *bytes);
GBytes         *tl_marshal_bytes_return_full   (void);
TlMarshalNode  *tl_marshal_node_return_none    (void);
int             tl_marshal_node_in_full        (TlMarshalNode *node);

/* ---- C arrays ---- */

int     tl_marshal_array_in_fixed        (const int        *ints);
char   *tl_marshal_array_in_length       (const gint16     *ints,
                                          guint8            n_ints);
char   *tl_marshal_array_in_two          (const int        *ints,
                                          const char *const *names,
                                          guint             n);
char   *tl_marshal_array_in_zero         (const int        *ints);
char   *tl_marshal_array_in_full         (int              *ints,
                                          gsize             n_ints);
char   *tl_marshal_array_in_doubles      (const double     *doubles,
                                          gsize             n_doubles);
char   *tl_marshal_array_in_colors       (const TlMarshalColor *colors,
                                          int               n_colors);
char   *tl_marshal_array_in_points       (const TlMarshalPoint *points,
                                          gsize             n_points);
char   *tl_marshal_array_in_point_ptrs   (TlMarshalPoint  **points,
                                          gsize             n_points);
char   *tl_marshal_array_in_things       (TlMarshalThing  **things,
                                          gsize             n_things);
char   *tl_marshal_array_in_things_full  (TlMarshalThing  **things,
                                          gsize             n_things);
char   *tl_marshal_array_in_values       (const GValue     *values,
                                          guint             n_values);
char   *tl_marshal_array_in_bytes        (const guint8     *data,
                                          gsize             n_data);
char   *tl_marshal_array_in_bytes_full   (guint8           *data,
                                          gsize             n_data);
char   *tl_marshal_array_in_ucs4         (const gunichar   *chars,
                                          gsize             n_chars);
char   *tl_marshal_strv_in_none          (const char *const *strv);
char   *tl_marshal_strv_in_container     (const char      **strv);
char   *tl_marshal_strv_in_full          (char            **strv);
char   *tl_marshal_strv_in_length        (const char *const *strv,
                                          int               n_strv);

const int *tl_marshal_array_return_fixed (void);
int    *tl_marshal_array_return_length   (guint8           *n);
int    *tl_marshal_array_return_zero     (void);
int    *tl_marshal_array_return_null     (gsize            *n);
TlMarshalPoint *
        tl_marshal_array_return_points   (gsize            *n);
GValue *tl_marshal_array_return_values   (gsize            *n);
TlMarshalThing **
        tl_marshal_array_return_things   (gsize            *n);
TlMarshalThing **
        tl_marshal_array_return_things_container
                                         (gsize            *n);
guint8 *tl_marshal_array_return_bytes    (gsize            *n);
const guint8 *
        tl_marshal_array_return_bytes_none (gsize          *n);
gunichar *
        tl_marshal_array_return_ucs4     (gsize            *n);
void    tl_marshal_array_out             (int             **ints,
                                          guint            *n);
void    tl_marshal_array_out_fixed_caller (float           *floats);
gssize  tl_marshal_array_fill            (guint8           *buffer,
                                          gsize             count);
void    tl_marshal_array_inout           (int             **ints,
                                          guint            *n);
char  **tl_marshal_strv_return_full      (void);
const char *const *
        tl_marshal_strv_return_none      (void);
const char **
        tl_marshal_strv_return_container (void);
char  **tl_marshal_strv_return_length    (int              *n);
char  **tl_marshal_strv_return_holes     (int              *n);
char  **tl_marshal_strv_return_null      (void);
void    tl_marshal_strv_out_full         (char           ***strv);
void    tl_marshal_strv_inout_full       (char           ***strv);

/* ---- Containers of GLib ---- */

char       *tl_marshal_garray_in_none          (GArray     *ints);
char       *tl_marshal_garray_strings_in_none  (GArray     *strings);
char       *tl_marshal_garray_ucs4_in          (GArray     *chars);
void        tl_marshal_garray_strings_out_caller
                                               (GArray     *strings);
char       *tl_marshal_garray_in_full          (GArray     *ints);
GArray     *tl_marshal_garray_return_full      (void);
GArray     *tl_marshal_garray_strings_return_full (void);
GArray     *tl_marshal_garray_return_none      (void);
void        tl_marshal_garray_out_caller       (GArray     *ints);
char       *tl_marshal_ptrarray_in_none        (GPtrArray  *strings);
char       *tl_marshal_ptrarray_in_container   (GPtrArray  *strings);
char       *tl_marshal_ptrarray_in_full        (GPtrArray  *strings);
char       *tl_marshal_ptrarray_things_in_full (GPtrArray  *things);
GPtrArray  *tl_marshal_ptrarray_return_none    (void);
GPtrArray  *tl_marshal_ptrarray_return_container (void);
GPtrArray  *tl_marshal_ptrarray_return_full    (void);
GPtrArray  *tl_marshal_ptrarray_return_full_func (void);
char       *tl_marshal_bytearray_in_none       (GByteArray *array);
GByteArray *tl_marshal_bytearray_return_full   (void);

char       *tl_marshal_list_in_none            (GList      *strings);
char       *tl_marshal_list_in_container       (GList      *strings);
char       *tl_marshal_list_in_full            (GList      *strings);
char       *tl_marshal_list_ints_in            (GList      *ints);
char       *tl_marshal_list_things_in_none     (GList      *things);
char       *tl_marshal_list_things_in_full     (GList      *things);
char       *tl_marshal_list_nested_in          (GList      *lists);
char       *tl_marshal_list_values_in          (GList      *values);
GList      *tl_marshal_list_return_none        (void);
GList      *tl_marshal_list_return_container   (void);
GList      *tl_marshal_list_return_full        (void);
GList      *tl_marshal_list_points_return_full (void);
GList      *tl_marshal_list_return_empty       (void);
GList      *tl_marshal_list_things_return_full (void);
void        tl_marshal_list_out_full           (GList     **list);
void        tl_marshal_list_inout_full         (GList     **list);
char       *tl_marshal_slist_in_full           (GSList     *strings);
GSList     *tl_marshal_slist_ints_return       (void);

char       *tl_marshal_hash_in_none            (GHashTable *hash);
char       *tl_marshal_hash_in_container       (GHashTable *hash);
char       *tl_marshal_hash_in_full            (GHashTable *hash);
char       *tl_marshal_hash_ints_in            (GHashTable *hash);
char       *tl_marshal_hash_int_keys_in        (GHashTable *hash);
char       *tl_marshal_hash_doubles_in         (GHashTable *hash);
char       *tl_marshal_hash_things_in_full     (GHashTable *hash);
GHashTable *tl_marshal_hash_return_none        (void);
GHashTable *tl_marshal_hash_return_container   (void);
GHashTable *tl_marshal_hash_return_full        (void);
GHashTable *tl_marshal_hash_return_null        (void);
GHashTable *tl_marshal_hash_doubles_return     (void);

/* ---- Errors and several results ---- */

gboolean    tl_marshal_fail            (int            code,
                                        GError       **error);
gboolean    tl_marshal_divide          (int            dividend,
                                        int            divisor,
                                        int           *quotient,
                                        int           *remainder,
                                        GError       **error);
gboolean    tl_marshal_half            (int            number,
                                        int           *half,
                                        GError       **error);
gboolean    tl_marshal_parse           (const char    *text,
                                        int           *number);
char       *tl_marshal_several         (const char    *text,
                                        char         **upper,
                                        guint         *length,
                                        char        ***words);

/* ---- What cannot be, or waits ---- */

typedef int (*TlMarshalFunc) (int      value,
                              gpointer user_data);

int         tl_marshal_call            (TlMarshalFunc  func,
                                        gpointer       user_data);
int         tl_marshal_call_maybe      (int            value,
                                        TlMarshalFunc  func,
                                        gpointer       user_data,
                                        GDestroyNotify destroy);
void        tl_marshal_closure         (GClosure      *closure);
int         tl_marshal_pointer_in      (gpointer       pointer,
                                        int            value);
gpointer    tl_marshal_pointer_return  (void);
int         tl_marshal_raw_in          (TlMarshalRaw  *raw);
int         tl_marshal_scalar_pointer  (int           *ints);
int         tl_marshal_by_value        (TlMarshalPoint point);
TlMarshalPoint
            tl_marshal_return_by_value (void);
int        *tl_marshal_array_return_unknown (void);
void        tl_marshal_varargs         (int            n,
                                        ...);
gboolean    tl_marshal_wait            (GCancellable  *cancellable,
                                        GError       **error);
gboolean    tl_marshal_wait_two        (GCancellable  *first,
                                        int            number,
                                        GCancellable  *second,
                                        GError       **error);
gboolean    tl_marshal_has_cancellable (GCancellable  *cancellable);
gboolean    tl_marshal_is_on_thread    (guint64        thread);
void        tl_marshal_nothing         (void);

G_END_DECLS
