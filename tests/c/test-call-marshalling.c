/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The library that GObject introspection is tested with: it takes what it is
 * given and frees it, as it says in its description, so that valgrind and the
 * sanitizers see who is wrong. All of its functions are in the test of the same
 * name in JavaScript. */

#include "tl-test-call.h"

#define F "GIMarshallingTests."

static const char *const strings[] = { "0", "1", "2", NULL };
static const char *const given[] = { "none", "container", "full" };

static gboolean
has (const char *name)
{
  g_autoptr(TlCallable) callable = tl_callable_lookup (name, NULL);

  return callable != NULL;
}

/* Not all versions of the library have all of it. */
#define CALL(said, name, ...) G_STMT_START {                                    \
  g_autofree char *full_name = (name);                                          \
  if (has (full_name))                                                          \
    tt_assert_call (said, full_name, __VA_ARGS__);                              \
  else                                                                          \
    g_test_message ("There is no %s() here", full_name);                        \
} G_STMT_END

static char *
name_of (const char *kind,
         const char *owned,
         const char *way)
{
  return g_strconcat (F, kind, "_utf8_", owned, "_", way, NULL);
}

static void
test_lists (void)
{
  static const char *const kinds[] = { "glist", "gslist", "garray", "gptrarray" };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    for (guint j = 0; j < G_N_ELEMENTS (given); j++)
      {
        CALL ("null", name_of (kinds[i], given[j], "in"), "S", strings);
        /* The library itself loses the strings of an array that it is given. */
        if (j != 2 || !g_str_has_suffix (kinds[i], "array"))
          CALL ("['-2', '-1', '0', '1']", name_of (kinds[i], given[j], "inout"), "S", strings);
        CALL ("['0', '1', '2']", name_of (kinds[i], given[j], "return"), "");
        CALL ("['0', '1', '2']", name_of (kinds[i], given[j], "out"), "");
        CALL ("[false, []]", name_of (kinds[i], given[j], "out_uninitialized"), "");
      }

  tt_assert_call ("['0', '1', '2']", F "garray_utf8_full_out_caller_allocated", "");
  tt_assert_call ("null", F "garray_unichar_none_in", "s", "const \342\231\245 utf8");
}

static TlValues *
map (void)
{
  return tt_map ("ssssssss", "-1", "1", "0", "0", "1", "-1", "2", "-2");
}

static void
test_hashes (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (given); i++)
    {
      g_autofree char *inout = name_of ("ghashtable", given[i], "inout");
      g_autofree char *back = name_of ("ghashtable", given[i], "return");
      g_autofree char *out = name_of ("ghashtable", given[i], "out");
      g_auto(GValue)   result = G_VALUE_INIT;

      CALL ("null", name_of ("ghashtable", given[i], "in"), "L", map ());
      /* A hash has no order. */
      tt_call (&result, inout, "L", map ());
      g_value_unset (&result);
      tt_call (&result, back, "");
      g_value_unset (&result);
      tt_call (&result, out, "");
    }

  tt_assert_call ("null", F "ghashtable_int_none_in", "L",
                  tt_map ("sisisisi", "-1", 1, "0", 0, "1", -1, "2", -2));
  tt_assert_call ("null", F "ghashtable_double_in", "L",
                  tt_map ("sdsdsdsd", "-1", -0.1, "0", 0.0, "1", 0.1, "2", 0.2));
}

static void
test_arrays (void)
{
  static const char *const kinds[] = { "length_array", "zero_terminated_array", "fixed_array" };
  static const char *const letters[] = { "\360\237\205\260", "\316\262", "c", "d", NULL };
  const char *const        words[] = { "a", "b", NULL };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    for (guint j = 0; j < G_N_ELEMENTS (given); j++)
      {
        CALL ("null", name_of (kinds[i], given[j], "in"), "S", letters);
        /* One is described as what does not take the array, and takes it. */
        if (i != 0 || j != 1)
          CALL ("(a, b, \302\242, \360\237\224\240)", name_of (kinds[i], given[j], "inout"), "S", letters);
        CALL ("(a, b, \302\242, \360\237\224\240)", name_of (kinds[i], given[j], "return"), "");
        CALL ("(a, b, \302\242, \360\237\224\240)", name_of (kinds[i], given[j], "out"), "");
      }

  tt_assert_call ("[true, (a)]", F "init_function", "S", words);
  tt_assert_call ("[-1, 0, 1, 2]", F "array_return", "");
  tt_assert_call ("[-2, -1, 0, 1, 2]", F "array_inout", "L", tt_values ("iiii", -1, 0, 1, 2));
  tt_assert_call ("[2, 1, 0, -1]", F "array_fixed_inout", "L", tt_values ("iiii", -1, 0, 1, 2));
  tt_assert_call ("(-1, 0, 1, 2)", F "array_zero_terminated_inout", "S", strings);
  tt_assert_call ("(-1, 0, 1, 2)", F "gstrv_inout", "S", strings);
}

static void
test_variants (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (given); i++)
    {
      g_autofree char     *name = g_strconcat (F "array_gvariant_", given[i], "_in", NULL);
      g_autoptr(GVariant)  number = g_variant_ref_sink (g_variant_new_int32 (27));
      g_autoptr(GVariant)  word = g_variant_ref_sink (g_variant_new_string ("Hello"));

      tt_assert_call ("[variant 27, variant 'Hello']", name, "L", tt_values ("vv", number, word));
    }
}

static void
test_strings (void)
{
  const char *utf8 = "const \342\231\245 utf8";

  tt_assert_call ("null", F "utf8_none_in", "s", utf8);
  CALL ("null", g_strdup (F "utf8_full_in"), "s", utf8);
  tt_assert_call ("''", F "utf8_none_inout", "s", utf8);
  tt_assert_call ("''", F "utf8_full_inout", "s", utf8);
  tt_assert_call ("null", F "utf8_dangling_out", "");
}

/* Those that come from the library, for those that want them. */
static void
test_instances (void)
{
  static const char *const sources[] = {
    "BoxedStruct.new", "BoxedStruct.returnv", "BoxedStruct.out", "Union.returnv", "Object.full_return",
    "Object.none_return", "Object.full_out", "Object.none_out", "param_spec_return", "param_spec_out", "gerror_return",
    "gerror_out", "gerror_out_transfer_none", "gvalue_return", "gvalue_out", "gvalue_out_caller_allocates",
    "return_gvalue_flat_array", "return_gvalue_zero_terminated_array",
    "gptrarray_boxed_struct_full_return", "array_zero_terminated_return_struct", "bytearray_full_return",
    "gbytes_full_return", "filename_list_return", "array_zero_terminated_return_unichar",
  };

  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    {
      g_autofree char *name = g_strconcat (F, sources[i], NULL);
      g_auto(GValue)   result = G_VALUE_INIT;

      if (has (name))
        tt_call (&result, name, "");
    }
}

static void
test_boxed (void)
{
  g_auto(GValue) boxed = G_VALUE_INIT;
  g_auto(GValue) object = G_VALUE_INIT;
  g_auto(GValue) result = G_VALUE_INIT;

  tt_call (&boxed, F "BoxedStruct.returnv", "");
  tt_call (&result, F "BoxedStruct.inout", "V", &boxed);
  g_value_unset (&result);

  tt_call (&object, F "Object.new", "i", 42);
  tt_call (&result, F "Object.full_inout", "V", &object);
  g_value_unset (&result);
  tt_call (&result, F "Object.none_inout", "V", &object);
  g_value_unset (&result);
  tt_call (&result, F "gvalue_copy", "V", &object);
  g_value_unset (&result);
  tt_call (&result, F "gvalue_round_trip", "V", &object);
}

static void
add_tests (void)
{
#define ADD(name, func) tt_call_add ("/call/marshalling/" name, F "utf8_full_inout", func)

  ADD ("lists", test_lists);
  ADD ("hashes", test_hashes);
  ADD ("arrays", test_arrays);
  ADD ("variants", test_variants);
  ADD ("strings", test_strings);
  ADD ("instances", test_instances);
  ADD ("boxed", test_boxed);

#undef ADD
}

int
main (int    argc,
      char **argv)
{
  return tt_main (&argc, &argv, add_tests);
}
