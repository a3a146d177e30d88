/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tl-callable-private.h"

/* Types whose objects may only be used on one thread, with all that derives from
 * them. Nothing in a library says so, other than its manual; the names are
 * known, also where the library is not there. */

static const char *const of_the_user_interface[] = {
  /* GTK */
  "GtkWidget", "GtkApplication", "GtkATContext", "GtkBuilder", "GtkCellArea", "GtkCellAreaContext",
  "GtkCellRenderer", "GtkClipboard", "GtkEntryBuffer", "GtkEntryCompletion", "GtkEventController",
  "GtkGesture", "GtkIMContext", "GtkIconTheme", "GtkLayoutChild", "GtkLayoutManager", "GtkMenuTracker",
  "GtkMountOperation", "GtkNativeDialog", "GtkPrintOperation", "GtkSelectionModel", "GtkSettings",
  "GtkSizeGroup", "GtkStackPage", "GtkStatusIcon", "GtkStyle", "GtkStyleContext", "GtkTextBuffer",
  "GtkTextMark", "GtkTextTag", "GtkTextTagTable", "GtkTreeSelection", "GtkTreeViewColumn", "GtkUIManager",
  "GtkWindowGroup", "GtkSourceCompletion", "GtkSourceGutterRenderer", "WebKitWebContext", "AdwAnimation",
  /* GDK */
  "GdkAppLaunchContext", "GdkClipboard", "GdkCursor", "GdkDevice", "GdkDeviceManager", "GdkDisplay",
  "GdkDisplayManager", "GdkDrag", "GdkDragContext", "GdkDrawContext", "GdkDrawingContext", "GdkDrop",
  "GdkFrameClock", "GdkGLContext", "GdkKeymap", "GdkMonitor", "GdkScreen", "GdkSeat", "GdkSurface",
  "GdkVisual", "GdkWindow",
  /* GNOME Shell */
  "ClutterActor", "ClutterAction", "ClutterBackend", "ClutterClickAction", "ClutterConstraint",
  "ClutterContext", "ClutterEffect", "ClutterInputMethod", "ClutterLayoutManager", "ClutterSeat",
  "ClutterTimeline", "ClutterVirtualInputDevice", "CoglContext", "CoglFramebuffer", "CoglTexture",
  "MetaBackend", "MetaCompositor", "MetaContext", "MetaCursorTracker", "MetaDisplay", "MetaMonitorManager",
  "MetaPlugin", "MetaSelection", "MetaWindow", "MetaWorkspace", "MetaWorkspaceManager", "MetaX11Display",
  "ShellApp", "ShellAppSystem", "ShellGlobal", "ShellWindowTracker", "ShellWM", "StSettings", "StTheme",
  "StThemeContext", "StThemeNode",
};

/* Said of a type that has no reason, so that the next one who asks need not look. */
static const char none[] = "";

/* GJS marks the types of classes that are written in JavaScript. */
static gboolean
is_from_gjs (GType type)
{
  GQuark mark = g_quark_try_string ("gjs::custom-type");

  if (mark == 0)
    return FALSE;

  for (; type != G_TYPE_INVALID; type = g_type_parent (type))
    if (g_type_get_qdata (type, mark) != NULL)
      return TRUE;

  return FALSE;
}

static const char *
find_reason (GType type)
{
  if (is_from_gjs (type))
    return "is written in JavaScript, which a worker cannot run";

  for (guint i = 0; i < G_N_ELEMENTS (of_the_user_interface); i++)
    {
      GType known = g_type_from_name (of_the_user_interface[i]);

      if (known != G_TYPE_INVALID && g_type_is_a (type, known))
        return "belongs to the thread of the user interface";
    }

  return none;
}

const char *
tl_one_thread_reason (GType type)
{
  static GQuark quark;
  const char *reason;

  if (!G_TYPE_IS_OBJECT (type) && !G_TYPE_IS_INTERFACE (type))
    return NULL;

  if (quark == 0)
    quark = g_quark_from_static_string ("tl-one-thread-reason");

  reason = g_type_get_qdata (type, quark);
  if (reason == NULL)
    {
      reason = find_reason (type);
      /* An interface may get more requirements, while a class is what it is. */
      if (!G_TYPE_IS_INTERFACE (type))
        g_type_set_qdata (type, quark, (gpointer) reason);
    }

  return reason != none ? reason : NULL;
}
