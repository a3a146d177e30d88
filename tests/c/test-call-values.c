/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every kind of argument and result, in every direction, with every transfer:
 * the functions of tests/marshal. */

#include "tl-test-call.h"

#include "tl-marshal.h"

#define F "TlMarshal."

/* How many things of the library there are, other than the one that it keeps. */
static int
n_things (void)
{
  static gboolean made;

  if (!made)
    made = tl_marshal_thing_return_none () != NULL;

  return tl_marshal_thing_count () - 1;
}

static void
no_things_left (void)
{
  tt_call_end ();
  g_assert_cmpint (n_things (), ==, 0);
}

/* ---- Scalars ---- */

static void
test_scalars (void)
{
  tt_assert_call ("true", F "return_boolean", "b", TRUE);
  tt_assert_call ("false", F "return_boolean", "b", FALSE);
  tt_assert_call ("-128", F "return_int8", "i", -128);
  tt_assert_call ("127", F "return_int8", "c", 127);
  tt_assert_call ("255", F "return_uint8", "i", 255);
  tt_assert_call ("-32768", F "return_int16", "i", -32768);
  tt_assert_call ("65535", F "return_uint16", "u", 65535u);
  tt_assert_call ("-2147483648", F "return_int32", "i", G_MININT32);
  tt_assert_call ("4294967295", F "return_uint32", "u", G_MAXUINT32);
  tt_assert_call ("-9223372036854775808", F "return_int64", "I", G_MININT64);
  tt_assert_call ("9223372036854775807", F "return_int64", "U", (guint64) G_MAXINT64);
  tt_assert_call ("18446744073709551615", F "return_uint64", "U", G_MAXUINT64);
  tt_assert_call ("-5", F "return_ssize", "i", -5);
  tt_assert_call ("5", F "return_size", "i", 5);
  tt_assert_call ("0.5", F "return_float", "d", 0.5);
  tt_assert_call ("-1e+300", F "return_double", "d", -1e300);
  tt_assert_call ("GObject", F "return_gtype", "t", G_TYPE_OBJECT);
  tt_assert_call ("'\360\237\230\200'", F "return_unichar", "s", "\360\237\230\200");
  tt_assert_call ("TlMarshalColor -7", F "return_color", "E", tl_marshal_color_get_type (), TL_MARSHAL_COLOR_BLUE);
  tt_assert_call ("TlMarshalColor 1", F "return_color", "i", 1);
  tt_assert_call ("TlMarshalBits 1073741825", F "return_bits", "E", tl_marshal_bits_get_type (),
                  TL_MARSHAL_BITS_ONE | TL_MARSHAL_BITS_HIGH);
  tt_assert_call ("5", F "return_plain", "i", TL_MARSHAL_PLAIN_B);
}

static void
test_numbers_that_fit (void)
{
  tt_assert_call ("5", F "return_int8", "d", 5.0);
  tt_assert_call ("-5", F "return_int64", "d", -5.0);
  tt_assert_call ("0", F "return_uint8", "d", -0.0);
  tt_assert_call ("9007199254740993", F "return_uint64", "I", G_GINT64_CONSTANT (9007199254740993));
  tt_assert_call ("9223372036854775808", F "return_uint64", "d", 9223372036854775808.0);
  tt_assert_call ("3", F "return_double", "i", 3);
  tt_assert_call ("1.84467440737095e+19", F "return_double", "U", G_GUINT64_CONSTANT (18446744073709549568));
  tt_assert_call ("1", F "return_int32", "E", tl_marshal_color_get_type (), TL_MARSHAL_COLOR_RED);
  tt_assert_call ("inf", F "return_float", "d", G_MAXDOUBLE * 10);
  tt_assert_call ("nan", F "return_double", "d", g_ascii_strtod ("nan", NULL));
}

static void
refused_number (const char *function,
                const char *wanted,
                const char *given,
                double      number)
{
  g_autofree char *message = g_strdup_printf ("%s(): value must be %s, not %s", function, wanted, given);

  tt_call_refused (TL_ERROR, TL_ERROR_WRONG_TYPE, message, function, "d", number);
}

static void
test_numbers_that_do_not (void)
{
  refused_number (F "return_int8", "an integer from -128 to 127", "128", 128);
  refused_number (F "return_int8", "an integer from -128 to 127", "-129", -129);
  refused_number (F "return_int8", "an integer from -128 to 127", "5.5", 5.5);
  refused_number (F "return_uint8", "an integer from 0 to 255", "256", 256);
  refused_number (F "return_uint8", "an integer from 0 to 255", "-1", -1);
  refused_number (F "return_int32", "an integer from -2147483648 to 2147483647", "2147483648", 2147483648.0);
  refused_number (F "return_int64", "an integer from -9223372036854775808 to 9223372036854775807",
                  "9.2233720368547758e+18", 9223372036854775808.0);
  refused_number (F "return_uint64", "an integer from 0 to 18446744073709551615", "1.8446744073709552e+19",
                  18446744073709551616.0);
  refused_number (F "return_uint64", "an integer from 0 to 18446744073709551615", "inf", G_MAXDOUBLE * 10);
  refused_number (F "return_int32", "an integer from -2147483648 to 2147483647", "nan",
                  g_ascii_strtod ("nan", NULL));
  refused_number (F "return_float", "a number that a float can hold", "1e+300", 1e300);
  refused_number (F "return_color", "TlMarshal.Color", "2", 2);
  refused_number (F "return_bits", "TlMarshal.Bits", "2", 2);
  tt_call_refused (TL_ERROR, TL_ERROR_WRONG_TYPE, F "return_double(): value must be a number that a double can hold,"
                   " not 9007199254740993", F "return_double", "I", G_GINT64_CONSTANT (9007199254740993));
  tt_call_refused (TL_ERROR, TL_ERROR_WRONG_TYPE,
                   F "return_color(): value must be TlMarshal.Color, not a value of TlMarshalBits",
                   F "return_color", "E", tl_marshal_bits_get_type (), TL_MARSHAL_BITS_ONE);
}

static void
test_scalars_out (void)
{
  tt_assert_call ("[-1, 65535, -9223372036854775808, 0.5, 1.5, GFile, '\303\251', TlMarshalColor -7, true]",
                  F "all_out", "iiIddtsib", -1, 65535, G_MININT64, 0.5, 1.5, G_TYPE_FILE, "\303\251", -7, TRUE);
  tt_assert_call ("[-4, 6, -6, 4294967295, 8, 1.5, 2.5, true, TlMarshalBits 1073741825]",
                  F "all_inout", "iiiuUddbi", -5, 5, -7, G_MAXUINT32 - 1, (guint64) 7, 0.5, 1.5, FALSE, 1);
}

/* ---- Strings ---- */

static void
test_strings (void)
{
  tt_assert_call ("'ABC'", F "string_in_none", "s", "abc");
  tt_assert_call ("''", F "string_in_none", "s", "");
  tt_assert_call ("'ABC'", F "string_in_full", "s", "abc");
  tt_assert_call ("'abc'", F "string_in_nullable", "s", "abc");
  tt_assert_call ("'was null'", F "string_in_nullable", "n");
  tt_assert_call ("'was null'", F "string_in_nullable", "s", NULL);
  tt_assert_call ("'was null'", F "string_in_nullable", "");
  tt_assert_call ("'static'", F "string_return_none", "");
  tt_assert_call ("null", F "string_return_null", "");
  tt_assert_call ("'static'", F "string_out_none", "");
  tt_assert_call ("'made'", F "string_out_full", "");
  tt_assert_call ("'static'", F "string_inout_none", "s", "in");
  tt_assert_call ("'inout'", F "string_inout_full", "s", "in");
  tt_assert_call ("null", F "string_inout_full", "n");
}

/* ---- Instances ---- */

static void
test_objects (void)
{
  g_autoptr(TlMarshalThing) thing = NULL;
  g_auto(GValue)            result = G_VALUE_INIT;
  g_auto(GValue)            seed = G_VALUE_INIT;

  g_assert_cmpint (n_things (), ==, 0);
  thing = tl_marshal_thing_new (9);

  tt_assert_call ("9", F "Thing.get_number", "o", thing);
  tt_assert_call ("9", F "Thing.in_full", "o", thing);
  tt_assert_call ("9", F "Thing.eat", "o", thing);
  tt_assert_call ("9", F "maybe_thing", "o", thing);
  tt_assert_call ("-1", F "maybe_thing", "n");
  tt_assert_call ("1", F "Face.smile", "o", thing);
  tt_assert_call ("TlMarshalThing", F "Thing.return_none", "");
  tt_assert_call ("null", F "Thing.return_null", "");
  tt_assert_call ("TlMarshalThing", F "Thing.out_none", "");
  tt_assert_call ("TlMarshalThing", F "Thing.out_full", "");
  tt_assert_call ("TlMarshalThing", F "Face.return_full", "");
  tt_assert_call ("TlMarshalThing", F "Thing.new", "i", 1);

  tt_call (&result, F "inout_thing", "o", thing);
  g_assert_cmpint (tl_marshal_thing_get_number (g_value_get_object (&result)), ==, 10);
  g_value_unset (&result);

  /* Born floating, and ours. */
  tt_call (&seed, F "Seed.new", "");
  tt_call_end ();
  g_assert_false (g_object_is_floating (g_value_get_object (&seed)));
  g_assert_cmpint (G_OBJECT (g_value_get_object (&seed))->ref_count, ==, 1);

  g_assert_cmpint (G_OBJECT (thing)->ref_count, ==, 1);
  g_clear_object (&thing);
  no_things_left ();
}

static void
test_boxed (void)
{
  TlMarshalPoint point = { 5, 2 };
  GType          type = TL_MARSHAL_TYPE_POINT;
  g_auto(GValue) result = G_VALUE_INIT;

  tt_assert_call ("7", F "Point.in_none", "B", type, &point);
  tt_assert_call ("7", F "Point.in_full", "B", type, &point);
  tt_assert_call ("5", F "Point.get_x", "B", type, &point);
  tt_assert_call ("TlMarshalPoint", F "Point.return_none", "");
  tt_assert_call ("TlMarshalPoint", F "Point.new", "id", 1, 2.5);
  tt_assert_call ("TlMarshalPoint", F "Point.out_full", "");

  tt_call (&result, F "Point.out_caller", "");
  g_assert_cmpint (((TlMarshalPoint *) g_value_get_boxed (&result))->x, ==, 5);
  g_value_unset (&result);

  tt_call (&result, F "inout_point", "B", type, &point);
  g_assert_cmpint (((TlMarshalPoint *) g_value_get_boxed (&result))->x, ==, 6);
  g_assert_cmpint (point.x, ==, 5);

  tt_call_refused (G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, F "Point.set_x(): self is a TlMarshal.Point, of which a"
                   " worker gets a copy: nobody would see what is changed", F "Point.set_x", "Bi", type, &point, 1);
}

/* What takes any value sees of which type it is. */
static void
test_object_as_value (void)
{
  g_autoptr(TlMarshalThing) thing = tl_marshal_thing_new (1);
  g_autoptr(TlCallable)     type = tl_callable_lookup (F "value_type", NULL);
  g_autoptr(TlFuture)       future = tl_executor_call_method (tt_call_executor (), type, G_OBJECT (thing), NULL, 0, NULL);
  g_auto(GValue)            result = G_VALUE_INIT;

  tt_wait (future);
  tl_future_result (future, -1, NULL, &result, NULL);
  g_assert_cmpstr (g_value_get_string (&result), ==, "TlMarshalThing");
}

static void
test_other_instances (void)
{
  g_autoptr(GVariant)   variant = g_variant_ref_sink (g_variant_new_int32 (5));
  g_autoptr(GParamSpec) pspec = g_param_spec_ref_sink (g_param_spec_int ("name", NULL, NULL, 0, 1, 0, 0));
  GParamSpec           *floating;
  g_autoptr(GError)     error = g_error_new (G_IO_ERROR, G_IO_ERROR_BUSY, "given");
  g_autoptr(GBytes)     bytes = g_bytes_new_static ("abc", 3);
  TlMarshalNode        *node = tl_marshal_node_new (3);
  g_auto(GValue)        value = G_VALUE_INIT;
  g_auto(GValue)        node_value = G_VALUE_INIT;

  tt_assert_call ("'5'", F "variant_in_none", "v", variant);
  tt_assert_call ("'5'", F "variant_in_full", "v", variant);
  tt_assert_call ("'5'", F "variant_in_none", "v", g_variant_new_int32 (5));
  tt_assert_call ("variant 'floating'", F "variant_return_none", "");
  tt_assert_call ("variant 5", F "variant_return_full", "");

  tt_assert_call ("'name'", F "param_in_none", "p", pspec);
  floating = g_param_spec_int ("floating", NULL, NULL, 0, 1, 0, 0);
  tt_assert_call ("'floating'", F "param_in_none", "p", floating);
  tt_call_end ();
  g_assert_cmpint (floating->ref_count, ==, 1);
  g_param_spec_sink (floating);
  tt_assert_call ("param none", F "param_return_none", "");
  tt_assert_call ("param full", F "param_return_full", "");

  tt_assert_call ("'given'", F "error_in_none", "e", error);
  tt_assert_call ("error 'returned'", F "error_return_full", "");
  tt_assert_call ("error 'out'", F "error_out_full", "i", 1);

  tt_assert_call ("'abc'", F "bytes_in_none", "y", bytes);
  tt_assert_call ("b'bytes'", F "bytes_return_full", "");

  g_value_set_string (g_value_init (&value, G_TYPE_STRING), "inner");
  tt_assert_call ("'\"inner\"'", F "value_in_none", "V", &value);
  tt_assert_call ("'\"outer\"'", F "value_in_none", "s", "outer");
  tt_assert_call ("'5'", F "value_in_full", "i", 5);
  tt_assert_call ("'static'", F "value_return_none", "");
  tt_assert_call ("TlMarshalThing", F "value_return_full", "");
  tt_assert_call ("'filled in'", F "value_out_caller", "");
  /* A value in a value is what it holds, whatever is asked for. */
  tt_assert_call ("'INNER'", F "string_in_none", "V", &value);

  g_value_init (&node_value, tl_marshal_node_get_type ());
  tl_marshal_value_set_node (&node_value, node);
  tl_marshal_node_unref (node);
  tt_assert_call ("3", F "Node.get_number", "V", &node_value);
  tt_assert_call ("3", F "Node.in_full", "V", &node_value);
  {
    g_auto(GValue) result = G_VALUE_INIT;

    tt_call (&result, F "Node.new", "i", 4);
    g_assert_cmpint (tl_marshal_node_get_number (tl_marshal_value_get_node (&result)), ==, 4);
    g_value_unset (&result);
    tt_call (&result, F "Node.return_none", "");
    g_assert_cmpint (tl_marshal_node_get_number (tl_marshal_value_get_node (&result)), ==, 7);
  }
  no_things_left ();
}

/* ---- C arrays ---- */

static void
test_arrays_in (void)
{
  TlMarshalPoint            point = { 1, 0 }, other = { 2, 0 };
  GType                     type = TL_MARSHAL_TYPE_POINT;
  g_autoptr(TlMarshalThing) thing = tl_marshal_thing_new (8);
  g_autoptr(GBytes)         bytes = g_bytes_new_static ("a\0b", 3);
  g_autoptr(GBytes)         none = g_bytes_new_static (NULL, 0);

  tt_assert_call ("123", F "array_in_fixed", "L", tt_values ("iii", 1, 2, 3));
  tt_call_refused (TL_ERROR, TL_ERROR_WRONG_TYPE, F "array_in_fixed(): ints must have 3 elements, not 2",
                   F "array_in_fixed", "L", tt_values ("ii", 1, 2));
  tt_assert_call ("'1 -2'", F "array_in_length", "L", tt_values ("id", 1, -2.0));
  tt_assert_call ("''", F "array_in_length", "L", tt_values (""));
  tt_assert_call ("'null'", F "array_in_length", "n");
  tt_assert_call ("'null'", F "array_in_length", "");
  tt_call_refused (TL_ERROR, TL_ERROR_WRONG_TYPE,
                   F "array_in_length(): ints[1] must be an integer from -32768 to 32767, not 32768",
                   F "array_in_length", "L", tt_values ("ii", 1, 32768));
  tt_assert_call ("'1 a 2 b'", F "array_in_two", "LL", tt_values ("ii", 1, 2), tt_values ("ss", "a", "b"));
  tt_call_refused (TL_ERROR, TL_ERROR_WRONG_TYPE,
                   F "array_in_two(): names must be as long as another list, which has 1 elements, not 2",
                   F "array_in_two", "LL", tt_values ("i", 1), tt_values ("ss", "a", "b"));
  tt_assert_call ("'3 4'", F "array_in_zero", "L", tt_values ("ii", 3, 4));
  tt_assert_call ("'3 4'", F "array_in_full", "L", tt_values ("ii", 3, 4));
  tt_assert_call ("'0.5 2'", F "array_in_doubles", "L", tt_values ("di", 0.5, 2));
  tt_assert_call ("'1 -7'", F "array_in_colors", "L", tt_values ("ii", 1, -7));
  tt_assert_call ("'1 2'", F "array_in_points", "L", tt_values ("BB", type, &point, type, &other));
  tt_assert_call ("'1 2'", F "array_in_point_ptrs", "L", tt_values ("BB", type, &point, type, &other));
  tt_assert_call ("'8 8'", F "array_in_things", "L", tt_values ("oo", thing, thing));
  tt_assert_call ("'8 8'", F "array_in_things_full", "L", tt_values ("oo", thing, thing));
  tt_assert_call ("'1 \"a\"'", F "array_in_values", "L", tt_values ("is", 1, "a"));
  tt_assert_call ("'YQBi'", F "array_in_bytes", "y", bytes);
  tt_assert_call ("''", F "array_in_bytes", "y", none);
  tt_assert_call ("'YWI='", F "array_in_bytes", "s", "ab");
  tt_assert_call ("'AQI='", F "array_in_bytes", "L", tt_values ("ii", 1, 2));
  tt_assert_call ("'YQBi'", F "array_in_bytes_full", "y", bytes);
  tt_assert_call ("'YWI='", F "array_in_bytes_full", "s", "ab");
  tt_assert_call ("'h\303\251'", F "array_in_ucs4", "s", "h\303\251");
  tt_assert_call ("'ab'", F "array_in_ucs4", "L", tt_values ("ss", "a", "b"));

  g_clear_object (&thing);
  no_things_left ();
}

static void
test_too_long (void)
{
  g_autoptr(GArray) values = g_array_new (FALSE, TRUE, sizeof (GValue));
  TlValues         *list;

  for (guint i = 0; i < 256; i++)
    {
      g_array_set_size (values, i + 1);
      g_value_init (&g_array_index (values, GValue, i), G_TYPE_INT);
    }
  list = tl_values_new ((GValue *) (gpointer) values->data, values->len);

  tt_call_refused (TL_ERROR, TL_ERROR_WRONG_TYPE,
                   F "array_in_length(): ints must have no more than 255 elements, not 256",
                   F "array_in_length", "L", list);
}

static void
test_strvs_in (void)
{
  const char *const strv[] = { "a", "b", NULL };
  const char *const empty[] = { NULL };

  tt_assert_call ("'a b'", F "strv_in_none", "S", strv);
  tt_assert_call ("''", F "strv_in_none", "S", empty);
  tt_assert_call ("'a b'", F "strv_in_none", "L", tt_values ("ss", "a", "b"));
  tt_assert_call ("'a b'", F "strv_in_container", "S", strv);
  tt_assert_call ("'a b'", F "strv_in_container", "L", tt_values ("ss", "a", "b"));
  tt_assert_call ("'a b'", F "strv_in_full", "S", strv);
  tt_assert_call ("'a b'", F "strv_in_full", "L", tt_values ("ss", "a", "b"));
  tt_assert_call ("'a b'", F "strv_in_length", "S", strv);
  tt_call_refused (TL_ERROR, TL_ERROR_WRONG_TYPE, F "strv_in_full(): strv[1] must be a string, not null",
                   F "strv_in_full", "L", tt_values ("sn", "a"));
  tt_call_refused (TL_ERROR, TL_ERROR_WRONG_TYPE,
                   F "strv_in_none(): strv must be a list of which each is a string, not a map",
                   F "strv_in_none", "L", tt_map ("ss", "a", "b"));
}

static void
test_arrays_out (void)
{
  tt_assert_call ("[7, 8, 9]", F "array_return_fixed", "");
  tt_assert_call ("[1, 2, 3]", F "array_return_length", "");
  tt_assert_call ("[1, 2]", F "array_return_zero", "");
  tt_assert_call ("null", F "array_return_null", "");
  tt_assert_call ("[TlMarshalPoint, TlMarshalPoint]", F "array_return_points", "");
  tt_assert_call ("[1, 'in an array']", F "array_return_values", "");
  tt_assert_call ("[TlMarshalThing, TlMarshalThing]", F "array_return_things", "");
  tt_assert_call ("[TlMarshalThing]", F "array_return_things_container", "");
  tt_assert_call ("b'a\\00b'", F "array_return_bytes", "");
  tt_assert_call ("b'none'", F "array_return_bytes_none", "");
  tt_assert_call ("'h\303\251'", F "array_return_ucs4", "");
  tt_assert_call ("[1, 2, 3, 4]", F "array_out", "");
  tt_assert_call ("[0.5, 1.5, 2.5]", F "array_out_fixed_caller", "");
  tt_assert_call ("[3, b'xxxx']", F "array_fill", "i", 4);
  tt_assert_call ("[-1, b'']", F "array_fill", "i", 0);
  tt_assert_call ("[5, 6, 2]", F "array_inout", "L", tt_values ("ii", 5, 6));
  tt_assert_call ("[0]", F "array_inout", "L", tt_values (""));
  tt_assert_call ("(one, two, three)", F "strv_return_full", "");
  tt_assert_call ("(one, two, three)", F "strv_return_none", "");
  tt_assert_call ("(one, two, three)", F "strv_return_container", "");
  tt_assert_call ("(a, b)", F "strv_return_length", "");
  tt_assert_call ("[null, null, 'c']", F "strv_return_holes", "");
  tt_assert_call ("null", F "strv_return_null", "");
  tt_assert_call ("(one, two, three)", F "strv_out_full", "");
  tt_assert_call ("(a, more)", F "strv_inout_full", "L", tt_values ("s", "a"));
  no_things_left ();
}

static void
test_room_that_cannot_be (void)
{
  tt_call_refused (TL_ERROR, TL_ERROR_WRONG_TYPE,
                   F "array_fill(): buffer cannot have 9223372036854775807 elements",
                   F "array_fill", "I", G_MAXINT64);
}

/* ---- Containers of GLib ---- */

static void
test_garrays (void)
{
  tt_assert_call ("'1 2'", F "garray_in_none", "L", tt_values ("ii", 1, 2));
  tt_assert_call ("''", F "garray_in_none", "L", tt_values (""));
  tt_assert_call ("'a b'", F "garray_strings_in_none", "L", tt_values ("ss", "a", "b"));
  tt_assert_call ("'h\303\251'", F "garray_ucs4_in", "s", "h\303\251");
  tt_assert_call ("'h\303\251'", F "garray_ucs4_in", "L", tt_values ("ss", "h", "\303\251"));
  tt_assert_call ("'1 2'", F "garray_in_full", "L", tt_values ("ii", 1, 2));
  tt_assert_call ("[4, 5]", F "garray_return_full", "");
  tt_assert_call ("['in a GArray']", F "garray_strings_return_full", "");
  tt_assert_call ("[4, 5]", F "garray_return_none", "");
  tt_assert_call ("[6]", F "garray_out_caller", "");
  tt_assert_call ("['filled in']", F "garray_strings_out_caller", "");
}

static void
test_ptr_arrays (void)
{
  g_autoptr(TlMarshalThing) thing = tl_marshal_thing_new (8);
  const char *const         strv[] = { "a", "b", NULL };
  g_autoptr(GBytes)         bytes = g_bytes_new_static ("abc", 3);

  tt_assert_call ("'a b'", F "ptrarray_in_none", "S", strv);
  tt_assert_call ("'a b'", F "ptrarray_in_container", "S", strv);
  tt_assert_call ("'a b'", F "ptrarray_in_full", "L", tt_values ("ss", "a", "b"));
  tt_assert_call ("'8 8'", F "ptrarray_things_in_full", "L", tt_values ("oo", thing, thing));
  tt_assert_call ("['one', 'two', 'three']", F "ptrarray_return_none", "");
  tt_assert_call ("['one', 'two', 'three']", F "ptrarray_return_container", "");
  tt_assert_call ("['one', 'two', 'three']", F "ptrarray_return_full", "");
  tt_assert_call ("['one', 'two', 'three']", F "ptrarray_return_full_func", "");
  tt_assert_call ("'YWJj'", F "bytearray_in_none", "y", bytes);
  tt_assert_call ("'YWJj'", F "bytearray_in_none", "s", "abc");
  tt_assert_call ("'AQ=='", F "bytearray_in_none", "L", tt_values ("i", 1));
  tt_assert_call ("''", F "bytearray_in_none", "s", "");
  tt_assert_call ("b'array'", F "bytearray_return_full", "");

  g_clear_object (&thing);
  no_things_left ();
}

static void
test_lists (void)
{
  g_autoptr(TlMarshalThing) thing = tl_marshal_thing_new (8);
  const char *const         strv[] = { "a", "b", NULL };

  tt_assert_call ("'a b'", F "list_in_none", "S", strv);
  tt_assert_call ("''", F "list_in_none", "n");
  tt_assert_call ("''", F "list_in_none", "L", tt_values (""));
  tt_assert_call ("'a b'", F "list_in_container", "S", strv);
  tt_assert_call ("'a b'", F "list_in_full", "L", tt_values ("ss", "a", "b"));
  tt_assert_call ("'1 -2'", F "list_ints_in", "L", tt_values ("ii", 1, -2));
  tt_assert_call ("'8'", F "list_things_in_none", "L", tt_values ("o", thing));
  tt_assert_call ("'8'", F "list_things_in_full", "L", tt_values ("o", thing));
  tt_assert_call ("'1 \"a\"'", F "list_values_in", "L", tt_values ("is", 1, "a"));
  /* Which has no values that could be pointed to. */
  tt_assert_call ("'\"a\" \"b\"'", F "list_values_in", "S", strv);
  tt_assert_call ("'(a b)()'", F "list_nested_in", "L", tt_values ("LL", tt_values ("ss", "a", "b"), tt_values ("")));
  tt_call_refused (TL_ERROR, TL_ERROR_WRONG_TYPE, F "list_nested_in(): lists[0][1] must be a string, not 5",
                   F "list_nested_in", "L", tt_values ("L", tt_values ("si", "a", 5)));
  tt_assert_call ("['one', 'two', 'three']", F "list_return_none", "");
  tt_assert_call ("['one', 'two', 'three']", F "list_return_container", "");
  tt_assert_call ("['one', 'two', 'three']", F "list_return_full", "");
  tt_assert_call ("[TlMarshalPoint]", F "list_points_return_full", "");
  tt_assert_call ("[]", F "list_return_empty", "");
  tt_assert_call ("[TlMarshalThing]", F "list_things_return_full", "");
  tt_assert_call ("['one', 'two', 'three']", F "list_out_full", "");
  tt_assert_call ("['a', 'more']", F "list_inout_full", "L", tt_values ("s", "a"));
  tt_assert_call ("'a b'", F "slist_in_full", "S", strv);
  tt_assert_call ("[1, -2]", F "slist_ints_return", "");

  g_clear_object (&thing);
  no_things_left ();
}

static void
test_hashes (void)
{
  g_autoptr(TlMarshalThing) thing = tl_marshal_thing_new (8);
  g_auto(GValue)            result = G_VALUE_INIT;
  g_autofree char          *said = NULL;

  tt_assert_call ("'a=1 b=2'", F "hash_in_none", "L", tt_map ("ssss", "a", "1", "b", "2"));
  tt_assert_call ("''", F "hash_in_none", "L", tt_map (""));
  tt_assert_call ("''", F "hash_in_none", "L", tt_values (""));
  tt_assert_call ("'a=1'", F "hash_in_container", "L", tt_map ("ss", "a", "1"));
  tt_assert_call ("'a=1'", F "hash_in_full", "L", tt_map ("ss", "a", "1"));
  tt_assert_call ("'a=-1'", F "hash_ints_in", "L", tt_map ("si", "a", -1));
  tt_assert_call ("'a=0.5'", F "hash_doubles_in", "L", tt_map ("sd", "a", 0.5));
  tt_assert_call ("'a=8'", F "hash_things_in_full", "L", tt_map ("so", "a", thing));
  tt_assert_call ("'2: a, b'", F "hash_int_keys_in", "L", tt_map ("isis", 1, "a", -1, "b"));
  tt_assert_call ("'2: a, b'", F "hash_int_keys_in", "L", tt_map ("ssss", "1", "a", "-1", "b"));
  tt_call_refused (TL_ERROR, TL_ERROR_WRONG_TYPE, F "hash_int_keys_in(): hash's key 0 must be an integer from -128 to"
                   " 127, not a string", F "hash_int_keys_in", "L", tt_map ("ss", "128", "a"));
  tt_call_refused (TL_ERROR, TL_ERROR_WRONG_TYPE, F "hash_int_keys_in(): hash's key 0 must be an integer from -128 to"
                   " 127, not a string", F "hash_int_keys_in", "L", tt_map ("ss", "1.5", "a"));
  tt_call_refused (TL_ERROR, TL_ERROR_WRONG_TYPE, F "hash_in_none(): hash's value 1 must be a string, not 5",
                   F "hash_in_none", "L", tt_map ("sssi", "a", "1", "b", 5));
  tt_call_refused (TL_ERROR, TL_ERROR_WRONG_TYPE, F "hash_in_full(): hash's key 0 must be a string, not 5",
                   F "hash_in_full", "L", tt_map ("is", 5, "b"));
  tt_call_refused (TL_ERROR, TL_ERROR_WRONG_TYPE, F "hash_in_full(): hash's key 1 is there for the second time",
                   F "hash_in_full", "L", tt_map ("ssss", "a", "1", "a", "2"));

  tt_call (&result, F "hash_return_none", "");
  said = tt_say (&result);
  g_assert_true (g_str_equal (said, "{'a': '1', 'b': '2'}") || g_str_equal (said, "{'b': '2', 'a': '1'}"));
  tt_assert_call (said, F "hash_return_container", "");
  tt_assert_call (said, F "hash_return_full", "");
  tt_assert_call ("null", F "hash_return_null", "");
  tt_assert_call ("{-3: 0.5}", F "hash_doubles_return", "");

  g_clear_object (&thing);
  no_things_left ();
}

/* ---- Several results, errors ---- */

static void
test_several (void)
{
  tt_assert_call ("null", F "nothing", "");
  tt_assert_call ("['cb a', 'A BC', 4, (a, bc)]", F "several", "s", "a bc");
  /* The boolean says the same as an error, unless it is all that is said. */
  tt_assert_call ("[3, 1]", F "divide", "ii", 10, 3);
  tt_assert_call ("5", F "half", "i", 10);
  tt_assert_call ("true", F "fail", "i", 0);
  tt_assert_call ("[true, 5]", F "parse", "s", "5");
  tt_assert_call ("[false, 0]", F "parse", "s", "x");
  tt_call_failed (G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, F "divide", "ii", 10, 0);
  tt_call_failed (G_IO_ERROR, G_IO_ERROR_BUSY, F "fail", "i", G_IO_ERROR_BUSY);
}

static void
test_values_are_lists (void)
{
  TlValues       *list = tt_values ("isn", 1, "a");
  TlValues       *map = tt_map ("ss", "a", "b");
  g_auto(GValue)  value = G_VALUE_INIT;
  GValue          none = G_VALUE_INIT;
  gsize           n;

  g_assert_true (G_TYPE_IS_BOXED (TL_TYPE_VALUES));
  g_assert_cmpuint (tl_values_get_size (list), ==, 3);
  g_assert_false (tl_values_is_map (list));
  g_assert_true (tl_values_is_map (map));
  tl_values_get (list, 1, &value);
  g_assert_cmpstr (g_value_get_string (&value), ==, "a");
  g_assert_true (tl_values_unpack (list, &n) == tl_values_unpack (list, &n));
  g_assert_cmpuint (n, ==, 3);
  g_assert_true (g_boxed_copy (TL_TYPE_VALUES, list) == list);
  tl_values_unref (list);
  tl_values_unref (list);
  tl_values_unref (map);

  list = tl_values_new (NULL, 0);
  g_assert_null (tl_values_unpack (list, &n));
  g_assert_cmpuint (n, ==, 0);
  tl_values_unref (list);

  /* What is no value yet is null. */
  list = tl_values_new (&none, 1);
  g_assert_true (G_VALUE_HOLDS_POINTER (tl_values_unpack (list, &n)));
  tl_values_unref (list);
}

static void
append_int (TlValues *list,
            int       number)
{
  g_auto(GValue) value = G_VALUE_INIT;

  g_value_set_int (g_value_init (&value, G_TYPE_INT), number);
  tl_values_append (list, &value);
}

static void
append_string (TlValues   *list,
               const char *string)
{
  g_auto(GValue) value = G_VALUE_INIT;

  g_value_set_string (g_value_init (&value, G_TYPE_STRING), string);
  tl_values_append (list, &value);
}

static void
assert_said (TlValues   *list,
             const char *said)
{
  g_auto(GValue)   value = G_VALUE_INIT;
  g_autofree char *text = NULL;

  g_value_set_boxed (g_value_init (&value, TL_TYPE_VALUES), list);
  text = tt_say (&value);
  g_assert_cmpstr (text, ==, said);
}

static void
test_append (void)
{
  g_autoptr(TlValues) list = tl_values_new (NULL, 0);
  g_autoptr(TlValues) longer = tt_values ("is", 0, "a");
  GValue              none = G_VALUE_INIT;

  append_int (list, 1);
  append_string (list, "b");
  tl_values_append (list, &none);
  assert_said (list, "[1, 'b', null]");

  /* Where there were some in the beginning. */
  append_int (longer, 2);
  append_string (longer, "c");
  assert_said (longer, "[0, 'a', 2, 'c']");

  for (int i = 0; i < 100; i++)
    append_int (list, i);
  g_assert_cmpuint (tl_values_get_size (list), ==, 103);
  for (gsize i = 0; i < 100; i++)
    {
      g_auto(GValue) value = G_VALUE_INIT;

      tl_values_get (list, i + 3, &value);
      g_assert_cmpint (g_value_get_int (&value), ==, (int) i);
    }
}

static void
test_append_to_map (void)
{
  g_autoptr(TlValues) map = tl_values_new_map (NULL, 0);
  g_auto(GValue)      value = G_VALUE_INIT;

  append_string (map, "a");
  append_string (map, "1");
  append_string (map, "b");
  append_string (map, "2");
  assert_said (map, "{'a': '1', 'b': '2'}");

  /* In a list. */
  g_value_set_boxed (g_value_init (&value, TL_TYPE_VALUES), map);
  {
    g_autoptr(TlValues) outer = tl_values_new (NULL, 0);

    tl_values_append (outer, &value);
    assert_said (outer, "[{'a': '1', 'b': '2'}]");
  }
}

/* Somebody else may be reading. */
static void
test_append_to_shared (void)
{
  g_autoptr(TlValues) list = tt_values ("i", 1);
  TlValues           *other = tl_values_ref (list);

  g_test_expect_message ("Threadloop", G_LOG_LEVEL_CRITICAL, "*ref_count*");
  append_int (list, 2);
  g_test_assert_expected_messages ();
  assert_said (other, "[1]");

  tl_values_unref (other);
  append_int (list, 2);
  assert_said (list, "[1, 2]");
}

static void
test_copy_to (void)
{
  g_autoptr(TlValues) list = tt_values ("isn", 1, "a");
  g_auto(GValue)      value = G_VALUE_INIT;

  tl_values_copy_to (list, 0, &value);
  g_assert_cmpint (g_value_get_int (&value), ==, 1);
  /* What it held is released. */
  tl_values_copy_to (list, 1, &value);
  g_assert_cmpstr (g_value_get_string (&value), ==, "a");
  tl_values_copy_to (list, 2, &value);
  g_assert_true (G_VALUE_HOLDS_POINTER (&value));

  g_test_expect_message ("Threadloop", G_LOG_LEVEL_CRITICAL, "*n_values*");
  tl_values_copy_to (list, 3, &value);
  g_test_assert_expected_messages ();
}

#define ADD(path, func) tt_call_add ("/call/values/" path, "TlMarshal.nothing", func)

static void
add_tests (void)
{
  ADD ("scalars", test_scalars);
  ADD ("numbers-that-fit", test_numbers_that_fit);
  ADD ("numbers-that-do-not", test_numbers_that_do_not);
  ADD ("scalars-out", test_scalars_out);
  ADD ("strings", test_strings);
  ADD ("objects", test_objects);
  ADD ("boxed", test_boxed);
  ADD ("object-as-value", test_object_as_value);
  ADD ("other-instances", test_other_instances);
  ADD ("arrays-in", test_arrays_in);
  ADD ("too-long", test_too_long);
  ADD ("strvs-in", test_strvs_in);
  ADD ("arrays-out", test_arrays_out);
  ADD ("room-that-cannot-be", test_room_that_cannot_be);
  ADD ("garrays", test_garrays);
  ADD ("ptr-arrays", test_ptr_arrays);
  ADD ("lists", test_lists);
  ADD ("hashes", test_hashes);
  ADD ("several", test_several);
  g_test_add_func ("/call/values/lists-of-values", test_values_are_lists);
  g_test_add_func ("/call/values/append", test_append);
  g_test_add_func ("/call/values/append-to-map", test_append_to_map);
  g_test_add_func ("/call/values/append-to-shared", test_append_to_shared);
  g_test_add_func ("/call/values/copy-to", test_copy_to);
}

int
main (int    argc,
      char **argv)
{
  return tt_main (&argc, &argv, add_tests);
}
