/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Functions of GLib, GObject, GIO and GdkPixbuf, called by a worker: each gives
 * what the direct call gives. */

#include "tl-test-call.h"

#include <glib/gstdio.h>
#include <time.h>

/* What the direct call gives, as tt_say() says it. */
#define SAME(format, direct, ...) G_STMT_START {                                \
  g_autofree char *expected = g_strdup_printf (format, direct);                 \
  tt_assert_call (expected, __VA_ARGS__);                                       \
} G_STMT_END

#define SAME_STRING(direct, ...) G_STMT_START {                                 \
  g_autofree char *string = direct;                                             \
  SAME ("'%s'", string, __VA_ARGS__);                                           \
} G_STMT_END

#define SAME_BOOLEAN(direct, ...) \
  SAME ("%s", (direct) ? "true" : "false", __VA_ARGS__)

static void
test_strings (void)
{
  const char *const words[] = { "a", "b", "c", NULL };

  SAME_STRING (g_path_get_basename ("/usr/lib/x.so"), "GLib.path_get_basename", "s", "/usr/lib/x.so");
  SAME_STRING (g_path_get_dirname ("/usr/lib/x.so"), "GLib.path_get_dirname", "s", "/usr/lib/x.so");
  SAME_STRING (g_canonicalize_filename ("../x", "/a/b"), "GLib.canonicalize_filename", "ss", "../x", "/a/b");
  SAME_STRING (g_build_filenamev ((char **) words), "GLib.build_filenamev", "S", words);
  SAME_STRING (g_strdup (g_get_host_name ()), "GLib.get_host_name", "");
  SAME_STRING (g_strdup (g_get_tmp_dir ()), "GLib.get_tmp_dir", "");
  SAME_STRING (g_strdup (g_getenv ("PATH")), "GLib.getenv", "s", "PATH");
  SAME_STRING (g_utf8_strup ("h\303\251llo", -1), "GLib.utf8_strup", "si", "h\303\251llo", -1);
  SAME_STRING (g_utf8_strdown ("H\303\211LLO", -1), "GLib.utf8_strdown", "si", "H\303\211LLO", -1);
  SAME_STRING (g_utf8_casefold ("H\303\211", -1), "GLib.utf8_casefold", "si", "H\303\211", -1);
  SAME_STRING (g_utf8_normalize ("e\314\201", -1, G_NORMALIZE_NFC), "GLib.utf8_normalize", "sii",
               "e\314\201", -1, G_NORMALIZE_NFC);
  SAME_STRING (g_utf8_substring ("h\303\251llo", 1, 3), "GLib.utf8_substring", "sii", "h\303\251llo", 1, 3);
  SAME_STRING (g_utf8_strreverse ("ab\303\251", -1), "GLib.utf8_strreverse", "si", "ab\303\251", -1);
  SAME ("%ld", g_utf8_strlen ("h\303\251llo", -1), "GLib.utf8_strlen", "si", "h\303\251llo", -1);
  SAME_STRING (g_uri_escape_string ("a b/c", "/", FALSE), "GLib.uri_escape_string", "ssb", "a b/c", "/", FALSE);
  SAME_STRING (g_uri_unescape_string ("a%20b", NULL), "GLib.uri_unescape_string", "sn", "a%20b");
  SAME_STRING (g_markup_escape_text ("<a>", -1), "GLib.markup_escape_text", "si", "<a>", -1);
  SAME_STRING (g_shell_quote ("it's"), "GLib.shell_quote", "s", "it's");
  SAME_STRING (g_shell_unquote ("'a b'", NULL), "GLib.shell_unquote", "s", "'a b'");
  SAME_STRING (g_format_size (123456789), "GLib.format_size", "U", (guint64) 123456789);
  SAME_STRING (g_format_size_full (4096, G_FORMAT_SIZE_IEC_UNITS), "GLib.format_size_full", "Uu", (guint64) 4096,
               (guint) G_FORMAT_SIZE_IEC_UNITS);
  SAME_STRING (g_compute_checksum_for_string (G_CHECKSUM_SHA256, "abc", -1),
               "GLib.compute_checksum_for_string", "isi", G_CHECKSUM_SHA256, "abc", -1);
  SAME_STRING (g_base64_encode ((const guchar *) "hello", 5), "GLib.base64_encode", "s", "hello");
  SAME_STRING (g_strdup (g_dgettext ("none", "text")), "GLib.dgettext", "ss", "none", "text");
  SAME_BOOLEAN (g_str_has_prefix ("abc", "ab"), "GLib.str_has_prefix", "ss", "abc", "ab");
  SAME_BOOLEAN (g_str_match_string ("gr", "the green", TRUE), "GLib.str_match_string", "ssb", "gr", "the green", TRUE);
  SAME_BOOLEAN (g_path_is_absolute ("/a"), "GLib.path_is_absolute", "s", "/a");
  SAME_BOOLEAN (g_hostname_is_ip_address ("127.0.0.1"), "GLib.hostname_is_ip_address", "s", "127.0.0.1");
  SAME_STRING (g_hostname_to_ascii ("b\303\274cher.de"), "GLib.hostname_to_ascii", "s", "b\303\274cher.de");
  SAME_BOOLEAN (g_pattern_match_simple ("*.c", "x.c"), "GLib.pattern_match_simple", "ss", "*.c", "x.c");
  SAME ("%d", g_ascii_digit_value ('7'), "GLib.ascii_digit_value", "c", '7');
  SAME ("%d", g_strcmp0 ("a", "b"), "GLib.strcmp0", "ss", "a", "b");
  SAME ("%u", g_quark_from_string ("tl-quark"), "GLib.quark_from_string", "s", "tl-quark");

  tt_assert_call ("(a, b c)", "GLib.shell_parse_argv", "s", "a 'b c'");
  tt_assert_call ("b'hello'", "GLib.base64_decode", "s", "aGVsbG8=");
  tt_assert_call ("(text/plain, charset, utf-8)", "GLib.regex_split_simple", "ssuu",
                  "[;=] *", "text/plain; charset=utf-8", 0u, 0u);
}

static void
test_numbers (void)
{
  gint64   now = g_get_monotonic_time ();
  g_auto(GValue) later = G_VALUE_INIT;

  SAME ("%d", g_unichar_digit_value ('7'), "GLib.unichar_digit_value", "s", "7");
  SAME_BOOLEAN (g_unichar_isalpha ('x'), "GLib.unichar_isalpha", "s", "x");
  SAME_BOOLEAN (g_unichar_isalpha (0), "GLib.unichar_isalpha", "s", "");
  SAME_BOOLEAN (g_unichar_iscntrl (0), "GLib.unichar_iscntrl", "s", "");
  SAME_BOOLEAN (g_unichar_isdigit ('x'), "GLib.unichar_isdigit", "s", "x");
  tt_assert_call ("'X'", "GLib.unichar_toupper", "s", "x");
  SAME ("%u", g_spaced_primes_closest (100), "GLib.spaced_primes_closest", "u", 100u);
  SAME ("%d", g_bit_nth_lsf (8, -1), "GLib.bit_nth_lsf", "Ui", (guint64) 8, -1);
  SAME ("%u", g_bit_storage (255), "GLib.bit_storage", "d", 255.0);
  SAME ("%d", g_date_get_days_in_month (2, 2024), "GLib.Date.get_days_in_month", "ii", 2, 2024);
  SAME_BOOLEAN (g_date_valid_dmy (30, 2, 2024), "GLib.Date.valid_dmy", "iii", 30, 2, 2024);
  SAME_BOOLEAN (g_date_is_leap_year (2024), "GLib.Date.is_leap_year", "i", 2024);

  tt_call (&later, "GLib.get_monotonic_time", "");
  g_assert_cmpint (g_value_get_int64 (&later), >=, now);

  tt_assert_call ("[1.25, ' rest']", "GLib.ascii_strtod", "s", "1.25 rest");
  tt_assert_call ("[-5, 'x']", "GLib.ascii_strtoll", "su", "-5x", 10u);
  tt_assert_call ("250", "GLib.ascii_string_to_unsigned", "suUU", "fa", 16u, (guint64) 0, (guint64) 255);
  tt_call_failed (G_NUMBER_PARSER_ERROR, G_NUMBER_PARSER_ERROR_OUT_OF_BOUNDS,
                  "GLib.ascii_string_to_unsigned", "suUU", "fa", 16u, (guint64) 0, (guint64) 15);
}

/* ---- What has a state of its own ---- */

static void
test_boxed (void)
{
  g_autoptr(GDateTime) then = g_date_time_new_utc (2024, 2, 29, 12, 30, 15.5);
  g_autoptr(GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr(GDateTime) month_later = g_date_time_add_months (then, 1);
  g_autoptr(GKeyFile)  keys = g_key_file_new ();
  g_autoptr(GUri)      uri = g_uri_parse ("https://example.org:8080/a?b#c", G_URI_FLAGS_NONE, NULL);
  g_autoptr(GRegex)    regex = g_regex_new ("o", 0, 0, NULL);
  GType                date_time = G_TYPE_DATE_TIME;

  SAME_STRING (g_date_time_format (then, "%F %T"), "GLib.DateTime.format", "Bs", date_time, then, "%F %T");
  SAME_STRING (g_date_time_format_iso8601 (then), "GLib.DateTime.format_iso8601", "B", date_time, then);
  SAME ("%d", g_date_time_get_year (then), "GLib.DateTime.get_year", "B", date_time, then);
  SAME ("%" G_GINT64_FORMAT, g_date_time_to_unix (then), "GLib.DateTime.to_unix", "B", date_time, then);
  SAME ("%g", g_date_time_get_seconds (then), "GLib.DateTime.get_seconds", "B", date_time, then);
  SAME ("%" G_GINT64_FORMAT, g_date_time_difference (month_later, then), "GLib.DateTime.difference", "BB",
        date_time, month_later, date_time, then);
  tt_assert_call ("[2024, 2, 29]", "GLib.DateTime.get_ymd", "B", date_time, then);
  SAME ("%s", "GDateTime", "GLib.DateTime.new", "Biiiiid", G_TYPE_TIME_ZONE, utc, 2024, 1, 1, 0, 0, 0.5);
  SAME ("%s", "null", "GLib.DateTime.new", "Biiiiid", G_TYPE_TIME_ZONE, utc, 2024, 13, 1, 0, 0, 0.5);

  g_key_file_set_string (keys, "group", "key", "value");
  g_key_file_set_integer (keys, "group", "number", 5);
  tt_assert_call ("'value'", "GLib.KeyFile.get_string", "Bss", G_TYPE_KEY_FILE, keys, "group", "key");
  tt_assert_call ("5", "GLib.KeyFile.get_integer", "Bss", G_TYPE_KEY_FILE, keys, "group", "number");
  tt_call_failed (G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_KEY_NOT_FOUND,
                  "GLib.KeyFile.get_string", "Bss", G_TYPE_KEY_FILE, keys, "group", "none");
  /* It is counted, so that this one is changed. */
  tt_assert_call ("null", "GLib.KeyFile.set_integer", "Bssi", G_TYPE_KEY_FILE, keys, "group", "number", 6);
  g_assert_cmpint (g_key_file_get_integer (keys, "group", "number", NULL), ==, 6);

  SAME_STRING (g_uri_to_string (uri), "GLib.Uri.to_string", "B", G_TYPE_URI, uri);
  SAME ("%d", g_uri_get_port (uri), "GLib.Uri.get_port", "B", G_TYPE_URI, uri);
  SAME_STRING (g_uri_join (G_URI_FLAGS_NONE, "http", NULL, "h", 1, "/p", NULL, NULL), "GLib.Uri.join", "isnsisnn",
               G_URI_FLAGS_NONE, "http", "h", 1, "/p");
  SAME ("'%s'", g_regex_get_pattern (regex), "GLib.Regex.get_pattern", "B", G_TYPE_REGEX, regex);
  tt_assert_call ("(f, , )", "GLib.Regex.split", "Bsu", G_TYPE_REGEX, regex, "foo", 0u);
}

static void
test_variants (void)
{
  g_autoptr(GVariant) dict = g_variant_ref_sink (g_variant_new_parsed ("{'a': <1>, 'b': <'x'>}"));
  g_autoptr(GVariant) number = g_variant_ref_sink (g_variant_new_int32 (-5));
  g_autoptr(GVariant) strings = g_variant_ref_sink (g_variant_new_parsed ("['a', 'b']"));
  g_autoptr(GVariantType) string_type = g_variant_type_new ("s");

  SAME_STRING (g_variant_print (dict, TRUE), "GLib.Variant.print", "vb", dict, TRUE);
  SAME ("'%s'", g_variant_get_type_string (dict), "GLib.Variant.get_type_string", "v", dict);
  SAME ("%d", g_variant_get_int32 (number), "GLib.Variant.get_int32", "v", number);
  SAME ("%" G_GSIZE_FORMAT, g_variant_n_children (dict), "GLib.Variant.n_children", "v", dict);
  SAME_BOOLEAN (g_variant_equal (dict, dict), "GLib.Variant.equal", "vv", dict, dict);
  tt_assert_call ("variant -5", "GLib.Variant.new_int32", "i", -5);
  tt_assert_call ("variant 'x'", "GLib.Variant.lookup_value", "vsB", dict, "b", G_TYPE_VARIANT_TYPE, string_type);
  tt_assert_call ("variant [-5]", "GLib.Variant.new_array", "nL", tt_values ("v", number));
  tt_assert_call ("variant (-5, ['a', 'b'])", "GLib.Variant.new_tuple", "L", tt_values ("vv", number, strings));
  tt_assert_call ("(a, b)", "GLib.Variant.dup_strv", "v", strings);
  tt_assert_call ("variant ['x']", "GLib.Variant.new_strv", "S", ((const char *const[]) { "x", NULL }));
  tt_assert_call ("['x', 1]", "GLib.Variant.dup_string", "v", g_variant_new_string ("x"));
  tt_assert_call ("variant 7", "GLib.Variant.parse", "nsnn", "uint32 7");
  tt_call_failed (G_VARIANT_PARSE_ERROR, G_VARIANT_PARSE_ERROR_VALUE_EXPECTED, "GLib.Variant.parse", "nsnn", "");
}

static void
test_files (void)
{
  g_autoptr(GError)    error = NULL;
  g_autofree char     *dir = g_dir_make_tmp ("tl-call-XXXXXX", &error);
  g_autofree char     *path = g_build_filename (dir, "file", NULL);
  g_autoptr(GFile)     file = g_file_new_for_path (path);
  g_autoptr(GFile)     parent = g_file_new_for_path (dir);
  g_autoptr(GFile)     root = g_file_new_for_path ("/");
  g_autoptr(GFile)     copy = g_file_get_child (parent, "copy");
  g_autoptr(GBytes)    bytes = g_bytes_new_static ("con\0tents", 9);
  g_auto(GValue)       info = G_VALUE_INIT;
  g_auto(GValue)       stream = G_VALUE_INIT;

  g_assert_no_error (error);

  SAME_STRING (g_file_get_path (file), "Gio.File.get_path", "o", file);
  SAME_STRING (g_file_get_uri (file), "Gio.File.get_uri", "o", file);
  SAME_STRING (g_file_get_basename (file), "Gio.File.get_basename", "o", file);
  SAME_BOOLEAN (g_file_has_prefix (file, parent), "Gio.File.has_prefix", "oo", file, parent);
  SAME_STRING (g_file_get_relative_path (parent, file), "Gio.File.get_relative_path", "oo", parent, file);
  SAME_BOOLEAN (FALSE, "Gio.File.query_exists", "o", file);
  tt_assert_call ("GLocalFile", "Gio.File.new_for_path", "s", path);
  tt_assert_call ("GLocalFile", "Gio.File.get_parent", "o", file);
  tt_assert_call ("null", "Gio.File.get_parent", "o", root);

  tt_call_failed (G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "Gio.File.load_contents", "on", file);
  tt_assert_call ("true", "GLib.file_set_contents", "ss", path, "written");
  tt_assert_call ("b'written'", "GLib.file_get_contents", "s", path);
  tt_call_failed (G_FILE_ERROR, G_FILE_ERROR_NOENT, "GLib.file_get_contents", "s", "/none");

  {
    g_auto(GValue)   etag = G_VALUE_INIT;
    g_autofree char *said = NULL;

    tt_call (&etag, "Gio.File.replace_contents", "oysbun", file, bytes, NULL, FALSE, 0u);
    said = tt_say (&etag);
    tt_call_failed (G_IO_ERROR, G_IO_ERROR_WRONG_ETAG, "Gio.File.replace_contents", "oysbun", file, bytes,
                    "wrong", FALSE, 0u);
    SAME ("[b'con\\00tents', %s]", said, "Gio.File.load_contents", "o", file);
  }

  tt_call (&info, "Gio.File.query_info", "osun", file, "standard::*", 0u);
  tt_assert_call ("9", "Gio.FileInfo.get_size", "o", g_value_get_object (&info));
  tt_assert_call ("'file'", "Gio.FileInfo.get_name", "o", g_value_get_object (&info));
  SAME ("GFileType %d", G_FILE_TYPE_REGULAR, "Gio.File.query_file_type", "oun", file, 0u);

  tt_call (&stream, "Gio.File.read", "o", file);
  tt_assert_call ("b'con\\00t'", "Gio.InputStream.read_bytes", "oi", g_value_get_object (&stream), 5);
  tt_assert_call ("[3, b'ent']", "Gio.InputStream.read", "oi", g_value_get_object (&stream), 3);
  tt_assert_call ("true", "Gio.InputStream.close", "o", g_value_get_object (&stream));

  tt_assert_call ("true", "Gio.File.copy", "oou", file, copy, 0u);
  tt_assert_call ("true", "Gio.File.delete", "o", copy);
  tt_assert_call ("true", "Gio.File.delete", "o", file);
  tt_assert_call ("false", "Gio.File.query_exists", "o", file);
  tt_assert_call ("0", "GLib.rmdir", "s", dir);
}

static void
test_objects (void)
{
  g_autoptr(GObject)             object = g_object_new (G_TYPE_OBJECT, NULL);
  g_autoptr(GSimpleAction)       action = g_simple_action_new ("act", NULL);
  g_autoptr(GListStore)          store = g_list_store_new (G_TYPE_OBJECT);
  g_autoptr(GThemedIcon)         icon = G_THEMED_ICON (g_themed_icon_new_with_default_fallbacks ("a-b"));
  g_autoptr(GInetAddress)        address = g_inet_address_new_from_string ("127.0.0.1");
  g_autoptr(GMemoryOutputStream) memory = G_MEMORY_OUTPUT_STREAM (g_memory_output_stream_new_resizable ());
  g_autoptr(GBytes)              bytes = g_bytes_new_static ("abc", 3);
  g_autoptr(GParamSpec)          pspec = g_param_spec_ref_sink (g_param_spec_int ("number", "Number", NULL,
                                                                                  1, 9, 5, G_PARAM_READABLE));

  SAME ("'%s'", g_type_name (G_TYPE_OBJECT), "GObject.type_name", "t", G_TYPE_OBJECT);
  SAME ("%s", g_type_name (g_type_parent (G_TYPE_FILE_INFO)), "GObject.type_parent", "t", G_TYPE_FILE_INFO);
  SAME ("%s", g_type_name (g_type_from_name ("GFileInfo")), "GObject.type_from_name", "s", "GFileInfo");
  SAME_BOOLEAN (g_type_is_a (G_TYPE_FILE_INFO, G_TYPE_OBJECT), "GObject.type_is_a", "tt", G_TYPE_FILE_INFO,
                G_TYPE_OBJECT);
  SAME ("'%s'", g_param_spec_get_name (pspec), "GObject.ParamSpec.get_name", "p", pspec);
  SAME ("'%s'", g_param_spec_get_nick (pspec), "GObject.ParamSpec.get_nick", "p", pspec);
  tt_assert_call ("5", "GObject.ParamSpec.get_default_value", "p", pspec);

  SAME ("'%s'", g_action_get_name (G_ACTION (action)), "Gio.Action.get_name", "o", action);
  SAME_BOOLEAN (g_action_get_enabled (G_ACTION (action)), "Gio.Action.get_enabled", "o", action);
  tt_assert_call ("['app.act', variant 5]", "Gio.Action.parse_detailed_name", "s", "app.act(5)");
  tt_assert_call ("null", "Gio.ListStore.append", "oo", store, object);
  tt_assert_call ("1", "Gio.ListModel.get_n_items", "o", store);
  tt_assert_call ("GObject", "Gio.ListModel.get_item", "ou", store, 0u);
  tt_assert_call ("null", "Gio.ListModel.get_item", "ou", store, 1u);
  tt_assert_call ("[true, 0]", "Gio.ListStore.find", "oo", store, object);
  tt_assert_call ("(a-b, a, a-b-symbolic, a-symbolic)", "Gio.ThemedIcon.get_names", "o", icon);
  SAME_STRING (g_icon_to_string (G_ICON (icon)), "Gio.Icon.to_string", "o", icon);
  SAME_STRING (g_inet_address_to_string (address), "Gio.InetAddress.to_string", "o", address);
  SAME_BOOLEAN (g_inet_address_get_is_loopback (address), "Gio.InetAddress.get_is_loopback", "o", address);
  SAME ("GSocketFamily %d", g_inet_address_get_family (address), "Gio.InetAddress.get_family", "o", address);
  tt_assert_call ("3", "Gio.OutputStream.write_bytes", "oy", memory, bytes);
  tt_assert_call ("3", "Gio.OutputStream.write_all", "os", memory, "def");
  tt_assert_call ("true", "Gio.OutputStream.close", "o", memory);
  tt_assert_call ("b'abcdef'", "Gio.MemoryOutputStream.steal_as_bytes", "o", memory);
  SAME_STRING (g_content_type_guess ("x.txt", NULL, 0, NULL), "Gio.content_type_get_mime_type", "s", "text/plain");
  tt_assert_call ("GTestDBus", "Gio.TestDBus.new", "u", 0u);
  tt_assert_call ("GSimpleActionGroup", "Gio.SimpleActionGroup.new", "");
  SAME_BOOLEAN (g_dbus_is_name ("org.example.X"), "Gio.dbus_is_name", "s", "org.example.X");
  SAME_STRING (g_dbus_address_escape_value ("a b"), "Gio.dbus_address_escape_value", "s", "a b");
}

/* By symbols rather than through its headers: it need not be there. */
static void
test_gdk_pixbuf (void)
{
  g_auto(GValue)   pixbuf = G_VALUE_INIT;
  g_auto(GValue)   scaled = G_VALUE_INIT;
  g_auto(GValue)   png = G_VALUE_INIT;
  g_autofree char *dir = g_dir_make_tmp ("tl-call-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "a.png", NULL);

  tt_call (&pixbuf, "GdkPixbuf.Pixbuf.new", "ibiii", 0, TRUE, 8, 4, 2);
  tt_assert_call ("4", "GdkPixbuf.Pixbuf.get_width", "o", g_value_get_object (&pixbuf));
  tt_assert_call ("null", "GdkPixbuf.Pixbuf.fill", "ou", g_value_get_object (&pixbuf), 0xff0000ffu);
  tt_call (&scaled, "GdkPixbuf.Pixbuf.scale_simple", "oiii", g_value_get_object (&pixbuf), 2, 1, 0);
  tt_assert_call ("2", "gdk_pixbuf_get_width", "o", g_value_get_object (&scaled));
  tt_call (&png, "GdkPixbuf.Pixbuf.read_pixel_bytes", "o", g_value_get_object (&scaled));
  tt_assert_call ("8", "GLib.Bytes.get_size", "B", G_TYPE_BYTES, g_value_get_boxed (&png));
  tt_assert_call ("true", "GdkPixbuf.Pixbuf.savev", "ossSS", g_value_get_object (&pixbuf), path, "png",
                  ((const char *const[]) { NULL }), ((const char *const[]) { NULL }));
  tt_assert_call ("GdkPixbuf", "GdkPixbuf.Pixbuf.new_from_file", "s", path);
  tt_call_failed (G_FILE_ERROR, G_FILE_ERROR_NOENT, "GdkPixbuf.Pixbuf.new_from_file", "s", "/none");

  g_unlink (path);
  g_rmdir (dir);
}

/* ---- Names ---- */

static void
assert_named (TlCallable *callable,
              const char *name,
              const char *symbol)
{
  g_assert_nonnull (callable);
  g_assert_cmpstr (tl_callable_get_name (callable), ==, name);
  g_assert_cmpstr (tl_callable_get_symbol (callable), ==, symbol);
}

static void
test_names (void)
{
  g_autoptr(GFile)      file = g_file_new_for_path ("/");
  g_autoptr(TlCallable) load = tl_callable_lookup ("Gio.File.load_contents", NULL);
  g_autoptr(TlCallable) versioned = tl_callable_lookup ("Gio-2.0.File.load_contents", NULL);
  g_autoptr(TlCallable) symbol = tl_callable_lookup ("g_file_load_contents", NULL);
  g_autoptr(TlCallable) method = tl_callable_lookup_method (G_OBJECT_TYPE (file), "load_contents", NULL);
  g_autoptr(TlCallable) interface = tl_callable_lookup_method (G_TYPE_FILE, "load_contents", NULL);
  g_autoptr(TlCallable) inherited = tl_callable_lookup ("Gio.MemoryInputStream.read_bytes", NULL);
  g_autoptr(TlCallable) parents = tl_callable_lookup_method (G_TYPE_MEMORY_INPUT_STREAM, "read_bytes", NULL);
  g_autoptr(TlCallable) boxed = tl_callable_lookup_method (G_TYPE_DATE_TIME, "format", NULL);
  g_autoptr(TlCallable) function = tl_callable_lookup ("g_usleep", NULL);
  g_autofree char      *said = NULL;

  assert_named (load, "Gio.File.load_contents", "g_file_load_contents");
  assert_named (inherited, "Gio.InputStream.read_bytes", "g_input_stream_read_bytes");
  assert_named (parents, "Gio.InputStream.read_bytes", "g_input_stream_read_bytes");
  assert_named (boxed, "GLib.DateTime.format", "g_date_time_format");
  assert_named (function, "GLib.usleep", "g_usleep");

  /* One of each. */
  g_assert_true (versioned == load);
  g_assert_true (symbol == load);
  g_assert_true (method == load);
  g_assert_true (interface == load);
  g_assert_true (parents == inherited);

  g_assert_cmpuint (tl_callable_get_n_params (load), ==, 2);
  g_assert_cmpstr (tl_callable_get_param_name (load, 0), ==, "self");
  g_assert_cmpstr (tl_callable_get_param_name (load, 1), ==, "cancellable");
  g_assert_cmpuint (tl_callable_get_n_results (load), ==, 2);
  said = tl_callable_to_string (load);
  g_assert_cmpstr (said, ==, "Gio.File.load_contents(self: Gio.File, cancellable: Gio.Cancellable or null)"
                             " -> bytes, a string or null");
  g_assert_cmpuint (tl_callable_get_n_results (function), ==, 0);
}

static void
test_names_unknown (void)
{
  g_autoptr(GError)     error = NULL;
  g_autoptr(TlCallable) callable = NULL;

  tt_lookup_refused (G_IO_ERROR_NOT_FOUND, "Gio 2.0 has no function File.load_nothing that languages can call",
                     "Gio.File.load_nothing");
  tt_lookup_refused (G_IO_ERROR_NOT_FOUND, "Gio 2.0 has no function File that languages can call", "Gio.File");
  tt_lookup_refused (G_IO_ERROR_NOT_FOUND,
                     "GLib.MainLoop.new.more is not the name of a function; such names are Gio.File.load_contents, "
                     "GLib.usleep and g_file_load_contents", "GLib.MainLoop.new.more");
  tt_lookup_refused (G_IO_ERROR_NOT_FOUND,
                     "No namespace that has been loaded has a function g_nothing() that languages can call",
                     "g_nothing");

  callable = tl_callable_lookup ("TlNone.nothing", &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_clear_error (&error);
  callable = tl_callable_lookup ("Gio-1.0.File.load_contents", &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_clear_error (&error);
  callable = tl_callable_lookup ("", &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_clear_error (&error);
  callable = tl_callable_lookup (".", &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_clear_error (&error);
  callable = tl_callable_lookup ("Gio-", &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_clear_error (&error);
  /* A signal, and a function of a class that is no method. */
  callable = tl_callable_lookup_method (G_TYPE_FILE, "new_for_path", &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_clear_error (&error);
  callable = tl_callable_lookup_method (G_TYPE_INT, "anything", &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

/* What this thread has had of a processor, in microseconds, however long it was
 * kept waiting for one. */
static gint64
processor_time (void)
{
  struct timespec time;

  g_assert_cmpint (clock_gettime (CLOCK_THREAD_CPUTIME_ID, &time), ==, 0);
  return (gint64) time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

static void
test_symbol_is_found_soon (void)
{
  const char *const symbols[] = { "g_file_query_filesystem_info", "g_key_file_load_from_file", "g_get_user_name",
                                  "g_socket_listener_accept", "g_variant_new_int32", "g_bus_get_sync" };
  gint64            began = processor_time ();

  for (guint i = 0; i < G_N_ELEMENTS (symbols); i++)
    {
      g_autoptr(GError)     error = NULL;
      g_autoptr(TlCallable) callable = tl_callable_lookup (symbols[i], &error);

      g_assert_no_error (error);
      g_assert_cmpstr (tl_callable_get_symbol (callable), ==, symbols[i]);
    }

  /* Ten times what it takes, or more: this is to notice where it is not looked
   * up but searched for. */
  g_test_message ("it took %" G_GINT64_FORMAT " us of a processor", processor_time () - began);
  g_assert_cmpint (processor_time () - began, <, TT_PATIENCE / 600);
}

static void
add_tests (void)
{
  tt_call_add ("/call/functions/strings", "GLib.usleep", test_strings);
  tt_call_add ("/call/functions/numbers", "GLib.usleep", test_numbers);
  tt_call_add ("/call/functions/boxed", "GLib.usleep", test_boxed);
  tt_call_add ("/call/functions/variants", "GLib.usleep", test_variants);
  tt_call_add ("/call/functions/files", "Gio.File.new_for_path", test_files);
  tt_call_add ("/call/functions/objects", "Gio.File.new_for_path", test_objects);
  tt_call_add ("/call/functions/gdk-pixbuf", "GdkPixbuf.Pixbuf.new", test_gdk_pixbuf);
  tt_call_add ("/call/names/known", "Gio.File.new_for_path", test_names);
  tt_call_add ("/call/names/unknown", "Gio.File.new_for_path", test_names_unknown);
  tt_call_add ("/call/names/symbol-is-found-soon", "Gio.File.new_for_path", test_symbol_is_found_soon);
}

int
main (int    argc,
      char **argv)
{
  return tt_main (&argc, &argv, add_tests);
}
