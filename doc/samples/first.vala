// SPDX-License-Identifier: LGPL-2.1-or-later

void main () {
    var loop = new MainLoop ();
    var future = Tl.Executor.get_default ().submit ((future) => {
        string text;
        FileUtils.get_contents ("/etc/os-release", out text);
        future.set_int64 (text.length);
        return true;
    });

    future.add_done_callback ((future) => {
        try {
            print ("%s bytes\n", future.get_int64 ().to_string ());
        } catch (Error error) {
            print ("%s\n", error.message);
        }
        loop.quit ();
    });
    loop.run ();
}
