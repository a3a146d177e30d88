// SPDX-License-Identifier: LGPL-2.1-or-later

// What similar.js has done in realms. It is a module as any other; there is
// nothing in it of the process that calls it.

import Gio from 'gi://Gio?version=2.0';
import GLib from 'gi://GLib?version=2.0';

// So many words in a row are compared as a whole.
const SHINGLE = 5;

// With so many hashes, the share of those that are the same is within a
// twentieth or so of how much two texts have in common.
const HASHES = 128;

// Texts are alike where so much of their signatures is the same.
const ALIKE = 0.9;

const TEXT = /^(copyright|readme.*|.*\.(md|txt|rst))$/i;
const LARGEST = 1024 * 1024;

const seeds = Uint32Array.from({length: HASHES}, (_, i) => Math.imul(i + 1, 0x9e3779b1));

/** The paths of the texts below a directory. */
export function findTexts(directory) {
    const paths = [];
    const entries = Gio.File.new_for_path(directory).enumerate_children(
        'standard::name,standard::type,standard::size', Gio.FileQueryInfoFlags.NOFOLLOW_SYMLINKS, null);
    for (let info; (info = entries.next_file(null)) !== null;) {
        const path = GLib.build_filenamev([directory, info.get_name()]);
        const type = info.get_file_type();
        if (type === Gio.FileType.DIRECTORY)
            paths.push(...findTexts(path));
        else if (type === Gio.FileType.REGULAR && info.get_size() <= LARGEST && TEXT.test(info.get_name()))
            paths.push(path);
    }
    entries.close(null);
    return paths.sort();
}

function hashOf(word) {
    let hash = 0x811c9dc5;
    for (let i = 0; i < word.length; i++)
        hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
    return hash;
}

/** For each of many hashes the least that any five words in a row have. */
function signatureOf(text) {
    const words = (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).map(hashOf);
    const signature = new Uint32Array(HASHES).fill(0xffffffff);
    for (let i = 0; i + SHINGLE <= words.length; i++) {
        let shingle = 0;
        for (let k = 0; k < SHINGLE; k++)
            shingle = Math.imul(shingle, 31) + words[i + k] | 0;
        for (let k = 0; k < HASHES; k++) {
            let hash = Math.imul(shingle ^ seeds[k], 0x85ebca6b);
            hash = (hash ^ hash >>> 15) >>> 0;
            if (hash < signature[k])
                signature[k] = hash;
        }
    }
    return signature;
}

/** One for each path. */
export function signaturesOf(paths) {
    return paths.map(path => {
        const [, contents] = GLib.file_get_contents(path);
        return signatureOf(new TextDecoder().decode(contents));
    });
}

function areAlike(a, b) {
    let different = 0;
    for (let k = 0; k < HASHES; k++) {
        if (a[k] !== b[k] && ++different > (1 - ALIKE) * HASHES)
            return false;
    }
    return true;
}

/** Lists of paths, the longest first: each text of a group is like the first one. */
export function groupsOf(paths, signatures) {
    const groups = [];
    paths.forEach((path, i) => {
        const group = groups.find(({signature}) => areAlike(signature, signatures[i]));
        if (group)
            group.paths.push(path);
        else
            groups.push({signature: signatures[i], paths: [path]});
    });
    return groups.map(group => group.paths)
        .filter(group => group.length > 1)
        .sort((a, b) => b.length - a.length);
}
