/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What cannot be called, or not so: an error that says why, at once, and never
 * a crash. */

#include "tl-test-call.h"

#include "tl-marshal.h"

#define F "TlMarshal."

/* ---- What no worker can do ---- */

static void
test_callbacks (void)
{
  g_autoptr(GFile) file = g_file_new_for_path ("/");

  tt_lookup_refused (G_IO_ERROR_NOT_SUPPORTED,
                     F "call() cannot be called on a worker: func is a callback, which would run there", F "call");
  tt_lookup_refused (G_IO_ERROR_NOT_SUPPORTED,
                     F "closure() cannot be called on a worker: closure is a callback, which would run there",
                     F "closure");
  /* One that may be null can be null, with all that goes with it. */
  tt_assert_call ("5", F "call_maybe", "in", 5);
  tt_assert_call ("5", F "call_maybe", "i", 5);
  tt_call_refused (G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                   F "call_maybe(): func is a callback, which would run on a worker; it can only be null",
                   F "call_maybe", "is", 5, "function");
  tt_call_refused (G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                   "Gio.File.copy(): progress_callback is a callback, which would run on a worker;"
                   " it can only be null", "Gio.File.copy", "ooini", file, file, 0, 1);
}

static void
test_asynchronous (void)
{
#define REFUSED(name, rest) tt_lookup_refused (G_IO_ERROR_NOT_SUPPORTED, name "() cannot be called on a worker: it is"  \
                                               " asynchronous itself" rest, name)

  REFUSED ("Gio.File.load_contents_async", "; take Gio.File.load_contents()");
  REFUSED ("Gio.DBusConnection.call", "; take Gio.DBusConnection.call_sync()");
  REFUSED ("Gio.DBusProxy.new", "; take Gio.DBusProxy.new_sync()");
  REFUSED ("Gio.bus_get", "; take Gio.bus_get_sync()");
  REFUSED ("Gio.dbus_address_get_stream", "; take Gio.dbus_address_get_stream_sync()");
  /* There is none. */
  REFUSED ("Gio.File.mount_enclosing_volume", "");

#undef REFUSED
}

static void
test_pointers (void)
{
  tt_lookup_refused (G_IO_ERROR_NOT_SUPPORTED,
                     F "pointer_return() cannot be called on a worker: the result is a pointer", F "pointer_return");
  tt_lookup_refused (G_IO_ERROR_NOT_SUPPORTED,
                     F "Raw.in() cannot be called on a worker: self is TlMarshal.Raw, which cannot be copied",
                     F "Raw.in");
  tt_lookup_refused (G_IO_ERROR_NOT_SUPPORTED,
                     F "scalar_pointer() cannot be called on a worker: ints is a pointer", F "scalar_pointer");
  tt_lookup_refused (G_IO_ERROR_NOT_SUPPORTED,
                     F "by_value() cannot be called on a worker: point is TlMarshal.Point itself, rather than a"
                     " pointer to it", F "by_value");
  tt_lookup_refused (G_IO_ERROR_NOT_SUPPORTED,
                     F "return_by_value() cannot be called on a worker: the result is TlMarshal.Point itself, rather"
                     " than a pointer to it", F "return_by_value");
  tt_assert_call ("5", F "pointer_in", "ni", 5);
  tt_call_refused (G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                   F "pointer_in(): pointer is a pointer; it can only be null", F "pointer_in", "ii", 1, 5);
  /* Languages cannot say what they would give for the dots. */
  tt_lookup_refused (G_IO_ERROR_NOT_FOUND, "TlMarshal 1 has no function varargs that languages can call",
                     F "varargs");
}

/* ---- Wrong types, wrong numbers ---- */

static void
test_types (void)
{
  g_autoptr(GFile)    file = g_file_new_for_path ("/");
  g_autoptr(GObject)  object = g_object_new (G_TYPE_OBJECT, NULL);
  g_autoptr(GVariant) variant = g_variant_ref_sink (g_variant_new_int32 (5));
  const char *const   strv[] = { "a", NULL };
  const char         *load = "Gio.File.load_contents";

#define REFUSED(message, ...) tt_call_refused (TL_ERROR, TL_ERROR_WRONG_TYPE, message, __VA_ARGS__)
#define FIRST "; the object of a method comes first"

  REFUSED ("Gio.File.load_contents(): cancellable must be Gio.Cancellable or null, not a string", load,
           "os", file, "x");
  REFUSED ("Gio.File.load_contents(): self must be Gio.File, not a string" FIRST, load, "s", "/");
  REFUSED ("Gio.File.load_contents(): self must be Gio.File, not null" FIRST, load, "n");
  REFUSED ("Gio.File.load_contents(): self must be Gio.File, not null" FIRST, load, "o", NULL);
  REFUSED ("Gio.File.load_contents(): self must be Gio.File, not a GObject" FIRST, load, "o", object);
  REFUSED ("Gio.File.load_contents(): self must be Gio.File, not a GVariant" FIRST, load, "v", variant);
  REFUSED ("Gio.File.load_contents(): self must be Gio.File, not a list" FIRST, load, "L", tt_values ("i", 1));
  REFUSED ("Gio.File.load_contents(): self must be Gio.File, not a list of strings" FIRST, load, "S", strv);
  REFUSED ("Gio.File.load_contents(): self must be Gio.File, not a GType" FIRST, load, "t", G_TYPE_OBJECT);
  REFUSED ("Gio.File.load_contents(): self must be Gio.File, not true" FIRST, load, "b", TRUE);
  REFUSED ("Gio.File.load_contents(): self must be Gio.File, not 2.5" FIRST, load, "d", 2.5);
  REFUSED ("Gio.File.new_for_path(): path must be a string, not null", "Gio.File.new_for_path", "n");
  REFUSED ("Gio.File.new_for_path(): path must be a string, not a GLocalFile", "Gio.File.new_for_path", "o", file);
  REFUSED ("GLib.Variant.print(): type_annotate must be a boolean, not 1", "GLib.Variant.print", "vi", variant, 1);
  REFUSED ("GLib.Variant.new_strv(): strv must be a list of which each is a string, not a string",
           "GLib.Variant.new_strv", "s", "a");
  REFUSED ("GObject.type_name(): type must be a GType, not a string", "GObject.type_name", "s", "GObject");
  REFUSED ("GLib.unichar_isalpha(): c must be a character, not a string", "GLib.unichar_isalpha", "s", "ab");
  REFUSED ("GLib.unichar_isalpha(): c must be a character, not a string", "GLib.unichar_isalpha", "s", "\xff");
  REFUSED ("GLib.base64_encode(): data must be bytes or null, not 5", "GLib.base64_encode", "i", 5);

#undef FIRST
#undef REFUSED
}

static void
test_counts (void)
{
  g_autoptr(GFile) file = g_file_new_for_path ("/");

  tt_call_refused (TL_ERROR, TL_ERROR_WRONG_TYPE, "Gio.File.load_contents() takes at least 1 argument, not 0",
                   "Gio.File.load_contents", "");
  tt_call_refused (TL_ERROR, TL_ERROR_WRONG_TYPE, "Gio.File.load_contents() takes at most 2 arguments, not 3",
                   "Gio.File.load_contents", "onn", file);
  tt_call_refused (TL_ERROR, TL_ERROR_WRONG_TYPE, "GLib.usleep() takes 1 argument, not 0", "GLib.usleep", "");
  tt_call_refused (TL_ERROR, TL_ERROR_WRONG_TYPE, "GLib.get_host_name() takes 0 arguments, not 1",
                   "GLib.get_host_name", "n");
}

/* ---- What belongs to one thread ---- */

static GType
make_type (const char *name,
           GType       parent)
{
  GTypeQuery query;

  g_type_query (parent, &query);

  return g_type_register_static_simple (parent, name, (guint16) query.class_size, NULL,
                                        (guint16) query.instance_size, NULL, 0);
}

static void
test_widgets (void)
{
  GType                 widget_type = make_type ("GtkWidget", G_TYPE_OBJECT);
  GType                 button_type = make_type ("TtButton", widget_type);
  g_autoptr(GObject)    button = g_object_new (button_type, NULL);
  GValue                value = G_VALUE_INIT;
  g_autoptr(GListStore) store = g_list_store_new (G_TYPE_OBJECT);

  tt_call_refused (G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "Gio.ListStore.append(): item is a TtButton, which"
                   " belongs to the thread of the user interface", "Gio.ListStore.append", "oo", store, button);
  /* In a value, too. */
  g_value_set_object (g_value_init (&value, G_TYPE_OBJECT), button);
  tt_call_refused (G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "GObject.Object.set_property(): value is a TtButton, which"
                   " belongs to the thread of the user interface", "GObject.Object.set_property", "osV",
                   store, "item-type", &value);
  g_value_unset (&value);
  g_assert_cmpint (button->ref_count, ==, 1);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (store)), ==, 0);
}

static void
test_written_in_javascript (void)
{
  GType                 type = make_type ("Gjs_Thing", G_TYPE_OBJECT);
  GType                 derived = make_type ("TtThingDerivedFromJs", type);
  g_autoptr(GObject)    object = g_object_new (type, NULL);
  g_autoptr(GObject)    other = NULL;
  g_autoptr(GListStore) store = g_list_store_new (G_TYPE_OBJECT);

  g_type_set_qdata (type, g_quark_from_static_string ("gjs::custom-type"), GINT_TO_POINTER (1));
  other = g_object_new (derived, NULL);

  tt_call_refused (G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "Gio.ListStore.append(): item is a Gjs_Thing, which"
                   " is written in JavaScript, which a worker cannot run", "Gio.ListStore.append", "oo", store, object);
  tt_call_refused (G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "Gio.ListStore.append(): item is a TtThingDerivedFromJs,"
                   " which is written in JavaScript, which a worker cannot run",
                   "Gio.ListStore.append", "oo", store, other);
}

static void
count (gpointer  object,
       gpointer  spec,
       guint    *n)
{
  *n += 1;
}

/* What GJS connects is a closure without data, of which its bodies are in an
 * object of the language. */
static gulong
connect_as_gjs (gpointer    object,
                const char *signal)
{
  GClosure *closure = g_closure_new_simple (sizeof (GClosure), NULL);

  g_closure_set_marshal (closure, g_cclosure_marshal_VOID__PARAM);
  return g_signal_connect_closure (object, signal, closure, FALSE);
}

static void
test_connected_to_javascript (void)
{
  const char             *set = "Gio.SimpleAction.set_enabled";
  g_autoptr(GObject)      action = G_OBJECT (g_simple_action_new ("a", NULL));
  g_autoptr(GObject)      other = G_OBJECT (g_simple_action_new ("b", NULL));
  g_autoptr(GListStore)   store = g_list_store_new (G_TYPE_OBJECT);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GFile)        file = g_file_new_for_path ("/nowhere");
  g_auto(GValue)          boxed = G_VALUE_INIT;
  gulong                  id = connect_as_gjs (action, "notify::enabled");
  guint                   n = 0;

#define REFUSED(start, ...) tt_call_refused (G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,                                    \
                                             start " is a GSimpleAction, and a JavaScript function is connected to"   \
                                             " one of its signals and would be called on the worker; disconnect or"   \
                                             " block it first", __VA_ARGS__)

  /* Where there is no JavaScript, it is a function in C that has no data. */
  tt_assert_call ("null", set, "ob", action, TRUE);

  make_type ("GjsContext", G_TYPE_OBJECT);
  REFUSED ("Gio.SimpleAction.set_enabled(): self", set, "ob", action, FALSE);
  g_assert_true (g_action_get_enabled (G_ACTION (action)));

  /* Wherever it is. */
  REFUSED ("Gio.ListStore.append(): item", "Gio.ListStore.append", "oo", store, action);
  REFUSED ("Gio.ListStore.splice(): additions", "Gio.ListStore.splice", "oiiL", store, 0, 0,
           tt_values ("oo", other, action));
  g_value_set_object (g_value_init (&boxed, G_TYPE_OBJECT), action);
  REFUSED ("GObject.Object.set_property(): value", "GObject.Object.set_property", "osV", other, "state", &boxed);
  REFUSED ("GObject.Object.get_property(): self", "GObject.Object.get_property", "osV", action, "state", &boxed);

  /* It is what is connected now that counts. */
  g_signal_handler_block (action, id);
  tt_assert_call ("null", set, "ob", action, FALSE);
  g_signal_handler_unblock (action, id);
  REFUSED ("Gio.SimpleAction.set_enabled(): self", set, "ob", action, TRUE);
  g_signal_handler_disconnect (action, id);
  tt_assert_call ("null", set, "ob", action, TRUE);

  /* What C connects has data. */
  g_signal_connect (action, "notify::enabled", G_CALLBACK (count), &n);
  g_object_bind_property (action, "enabled", other, "enabled", G_BINDING_DEFAULT);
  tt_assert_call ("null", set, "ob", action, FALSE);
  g_assert_cmpuint (n, ==, 1);
  g_assert_false (g_action_get_enabled (G_ACTION (other)));

  /* Of a cancellable the function sees only the future's own. */
  connect_as_gjs (cancellable, "cancelled");
  tt_call_failed (G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "Gio.File.load_contents", "oo", file, cancellable);

#undef REFUSED
}

/* ---- Anything at all ---- */

/* Those that may be called with whatever they take. */
static const char *const functions[] = {
  F "return_boolean", F "return_int8", F "return_uint8", F "return_int16", F "return_uint16", F "return_int32",
  F "return_uint32", F "return_int64", F "return_uint64", F "return_float", F "return_double", F "return_gtype",
  F "return_unichar", F "return_color", F "return_bits", F "return_plain", F "all_out", F "all_inout",
  F "string_in_none", F "string_in_full", F "string_in_nullable", F "string_inout_full", F "Thing.get_number",
  F "Thing.eat", F "Thing.in_full", F "maybe_thing", F "inout_thing", F "Face.smile", F "Point.get_x",
  F "Point.set_x", F "Point.in_none", F "Point.in_full", F "inout_point", F "variant_in_none", F "variant_in_full",
  F "param_in_none", F "error_in_none", F "value_in_full", F "bytes_in_none", F "Node.get_number", F "Node.in_full",
  F "array_in_fixed", F "array_in_length", F "array_in_two", F "array_in_zero", F "array_in_full",
  F "array_in_doubles", F "array_in_colors", F "array_in_points", F "array_in_point_ptrs", F "array_in_things",
  F "array_in_things_full", F "array_in_bytes", F "array_in_bytes_full", F "array_in_ucs4", F "strv_in_none",
  F "strv_in_container", F "strv_in_full", F "strv_in_length", F "array_fill", F "array_inout", F "strv_inout_full",
  F "garray_in_none", F "garray_strings_in_none", F "garray_in_full", F "ptrarray_in_none", F "ptrarray_in_container",
  F "ptrarray_in_full", F "ptrarray_things_in_full", F "bytearray_in_none", F "list_in_none", F "list_in_container",
  F "list_in_full", F "list_ints_in", F "list_things_in_none", F "list_things_in_full", F "list_nested_in",
  F "list_values_in",
  F "list_inout_full", F "slist_in_full", F "hash_in_none", F "hash_in_container", F "hash_in_full", F "hash_ints_in",
  F "hash_doubles_in", F "hash_things_in_full", F "fail", F "divide", F "half", F "parse", F "several", F "call_maybe",
  F "pointer_in", F "nothing",
};

/* The same, for where the library is not there. */
static const char *const common_functions[] = {
  "GLib.path_get_basename", "GLib.base64_decode", "GLib.base64_encode", "GLib.shell_quote", "GLib.path_is_absolute",
  "GLib.Variant.print", "GLib.Variant.get_type_string", "GLib.Variant.new_int32", "GLib.Variant.new_double",
  "GLib.unichar_isalpha", "GLib.bit_storage", "GLib.spaced_primes_closest", "Gio.File.new_for_path",
  "Gio.File.get_uri", "Gio.File.equal", "Gio.File.hash", "Gio.ListStore.remove_all",
  "Gio.SimpleAction.set_enabled", "Gio.InetAddress.new_from_string", "GLib.Bytes.new", "GLib.Bytes.get_size",
  "GLib.ascii_strtod", "GLib.environ_getenv", "Gio.FileInfo.has_attribute",
};

static TlValues *random_values (GRand *rand,
                                guint  depth);

static void
random_value (GRand  *rand,
              guint   depth,
              GValue *value)
{
  static const double       numbers[] = { 0, 1, -1, 5, 5.5, 127, 255, 256, 65536, -32769, 1e300, 4294967296.0 };
  static const char *const  strings[] = { "", "a", "\303\251", "a longer one", "1" };
  static const char *const  strv[] = { "x", "y", "z", NULL };
  TlMarshalNode            *node;
  double                    number = numbers[g_rand_int_range (rand, 0, G_N_ELEMENTS (numbers))];

  switch (g_rand_int_range (rand, 0, depth < 3 ? 25 : 23))
    {
    case 0:
      g_value_init (value, G_TYPE_POINTER);
      break;

    case 1:
    case 2:
    case 3:
      g_value_set_double (g_value_init (value, G_TYPE_DOUBLE), number);
      break;

    case 4:
    case 5:
    case 6:
      g_value_set_int (g_value_init (value, G_TYPE_INT), g_rand_int_range (rand, -3, 300));
      break;

    case 7:
      g_value_set_uint64 (g_value_init (value, G_TYPE_UINT64), G_MAXUINT64 - (guint) g_rand_int_range (rand, 0, 2));
      break;

    case 8:
      g_value_set_boolean (g_value_init (value, G_TYPE_BOOLEAN), g_rand_boolean (rand));
      break;

    case 9:
    case 10:
    case 11:
      g_value_set_string (g_value_init (value, G_TYPE_STRING), strings[g_rand_int_range (rand, 0, 5)]);
      break;

    case 12:
      g_value_set_gtype (g_value_init (value, G_TYPE_GTYPE), G_TYPE_OBJECT);
      break;

    case 13:
      g_value_take_object (g_value_init (value, G_TYPE_OBJECT), g_file_new_for_path ("/tmp"));
      break;

    case 14:
      g_value_take_object (g_value_init (value, G_TYPE_LIST_STORE), g_list_store_new (G_TYPE_OBJECT));
      break;

    case 15:
      g_value_set_variant (g_value_init (value, G_TYPE_VARIANT), g_variant_new_string ("v"));
      break;

    case 16:
      g_value_take_boxed (g_value_init (value, G_TYPE_BYTES), g_bytes_new_static ("b\0", 2));
      break;

    case 17:
      g_value_set_boxed (g_value_init (value, G_TYPE_STRV), strv);
      break;

    case 18:
      g_value_take_boxed (g_value_init (value, G_TYPE_ERROR), g_error_new (G_IO_ERROR, 1, "e"));
      break;

    case 19:
      g_value_init (value, g_rand_boolean (rand) ? G_TYPE_OBJECT : TL_TYPE_VALUES);
      break;

    case 20:
      g_value_take_object (g_value_init (value, TL_MARSHAL_TYPE_THING), tl_marshal_thing_new (1));
      break;

    case 21:
      g_value_take_boxed (g_value_init (value, TL_MARSHAL_TYPE_POINT), tl_marshal_point_new (1, 2));
      break;

    case 22:
      node = tl_marshal_node_new (1);
      tl_marshal_value_set_node (g_value_init (value, tl_marshal_node_get_type ()), node);
      tl_marshal_node_unref (node);
      break;

    default:
      g_value_take_boxed (g_value_init (value, TL_TYPE_VALUES), random_values (rand, depth + 1));
      break;
    }
}

static void
clear_values (GValue *values,
              guint   n)
{
  for (guint i = 0; i < n; i++)
    g_value_unset (&values[i]);
}

static TlValues *
random_values (GRand *rand,
               guint  depth)
{
  GValue    values[4] = { G_VALUE_INIT, };
  guint     n = (guint) g_rand_int_range (rand, 0, 5);
  TlValues *self;

  for (guint i = 0; i < n; i++)
    {
      /* Often of one kind. */
      if (i > 0 && g_rand_boolean (rand))
        g_value_copy (&values[i - 1], g_value_init (&values[i], G_VALUE_TYPE (&values[i - 1])));
      else
        random_value (rand, depth, &values[i]);
    }

  self = n % 2 == 0 && g_rand_boolean (rand) ? tl_values_new_map (values, n) : tl_values_new (values, n);
  clear_values (values, n);

  return self;
}

static gboolean
try_anything (GRand      *rand,
              const char *name)
{
  g_autoptr(GError)     error = NULL;
  g_autoptr(TlCallable) callable = tl_callable_lookup (name, &error);
  g_autoptr(TlFuture)   future = NULL;
  GValue                args[16] = { G_VALUE_INIT, };
  guint                 n;

  g_assert_no_error (error);
  n = tl_callable_get_n_params (callable);
  if (g_rand_int_range (rand, 0, 8) == 0)
    n = (guint) g_rand_int_range (rand, 0, (int) n + 2);
  g_assert_cmpuint (n, <=, G_N_ELEMENTS (args));

  for (guint i = 0; i < n; i++)
    random_value (rand, 0, &args[i]);
  future = tl_executor_call (tt_call_executor (), callable, args, n, &error);
  clear_values (args, n);

  if (future == NULL)
    {
      g_assert_true (g_error_matches (error, TL_ERROR, TL_ERROR_WRONG_TYPE) ||
                     g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED));
      g_assert_true (g_str_has_prefix (error->message, tl_callable_get_name (callable)));
      return FALSE;
    }

  tt_wait (future);
  /* A function may fail, of course. */
  tl_future_get_error (future);
  return TRUE;
}

static void
try_all (const char *const *names,
         guint              n_names,
         guint              n)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed (tt_seed ());
  guint            n_called = 0;

  for (guint i = 0; i < n; i++)
    n_called += try_anything (rand, names[g_rand_int_range (rand, 0, (int) n_names)]) ? 1 : 0;

  g_test_message ("%u of %u could be called", n_called, n);
  g_assert_cmpuint (n_called, <, n);
}

static void
test_anything (void)
{
  try_all (functions, G_N_ELEMENTS (functions), tt_scaled (10000, 1000));

  /* But for the one that it keeps. */
  tt_call_end ();
  g_assert_cmpint (tl_marshal_thing_count (), <=, 1);
}

static void
test_anything_common (void)
{
  try_all (common_functions, G_N_ELEMENTS (common_functions), tt_scaled (10000, 1000));
}

static void
add_tests (void)
{
  tt_call_add ("/call/refused/callbacks", F "nothing", test_callbacks);
  tt_call_add ("/call/refused/asynchronous", "Gio.File.new_for_path", test_asynchronous);
  tt_call_add ("/call/refused/pointers", F "nothing", test_pointers);
  tt_call_add ("/call/refused/types", "Gio.File.new_for_path", test_types);
  tt_call_add ("/call/refused/counts", "Gio.File.new_for_path", test_counts);
  tt_call_add ("/call/refused/widgets", "Gio.File.new_for_path", test_widgets);
  tt_call_add ("/call/refused/written-in-javascript", "Gio.File.new_for_path", test_written_in_javascript);
  tt_call_add ("/call/refused/connected-to-javascript", "Gio.File.new_for_path", test_connected_to_javascript);
  tt_call_add ("/call/refused/anything", F "nothing", test_anything);
  tt_call_add ("/call/refused/anything-common", "Gio.File.new_for_path", test_anything_common);
}

int
main (int    argc,
      char **argv)
{
  return tt_main (&argc, &argv, add_tests);
}
