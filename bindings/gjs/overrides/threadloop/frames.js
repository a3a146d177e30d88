// SPDX-License-Identifier: LGPL-2.1-or-later

// What goes through the channel between a program and its realms. The kind of a frame is one of these, and TAGGED if
// its text is not just JSON; above that is the number of the function, in a call.

/* exported ToRealm, FromRealm, TAGGED, CODE_MASK, FUNCTION_SHIFT, DESCRIBE, WINDOW, listen, takeBlobs */

var ToRealm = {
    DEFINE: 1,          // id: of the function; text: how to make it
    FORGET: 2,          // all functions
    CALL: 3,            // text: the arguments
    CANCEL: 4,
    NEXT: 5,            // a value more is wanted
    END: 6,
    ROUND: 7,           // id: of claims; the calls that follow belong to it
};

var FromRealm = {
    READY: 1,
    RESULT: 2,
    ERROR: 3,
    CANCELLED: 4,
    PROGRESS: 5,        // text: [fraction, message]
    VALUE: 6,           // of a generator
    RETURN: 7,          // the result of one
};

var CODE_MASK = 0x7f;
var TAGGED = 0x80;
var FUNCTION_SHIFT = 8;

// The function that every realm has: it says what a module exports.
var DESCRIBE = 0;

// How many values a generator makes before it is asked for more.
var WINDOW = 4;

/**
 * Has fn called for each frame, which it has heard also if it throws. GJS, where it does not call it, returns false.
 */
function listen(channel, fn) {
    channel.listen((...frame) => {
        try {
            fn(...frame);
        } catch (error) {
            logError(error);
        }
        return true;
    });
}

/** The blobs of the frame that is being heard. */
function takeBlobs(channel, n) {
    return n > 0 ? Array.from({length: n}, () => channel.take_blob()) : null;
}
