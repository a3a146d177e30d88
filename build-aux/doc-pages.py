#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes content files for gi-docgen out of the pages in doc/.

The pages are plain Markdown, to be read as they are. For the reference
- the heading becomes the title,
- links from page to page point to the HTML,
- `tl_thing()` and `TlThing` become links to their description.

A name that the library does not have fails, and so does a link to a page or
an image that does not exist.

usage: doc-pages.py GIR OUTDIR PAGE...
       doc-pages.py --check GIR PAGE...    checks only
"""

import os
import re
import sys
import xml.etree.ElementTree as ET

CORE = '{http://www.gtk.org/introspection/core/1.0}'
C = '{http://www.gtk.org/introspection/c/1.0}'
GLIB = '{http://www.gtk.org/introspection/glib/1.0}'


def symbols(gir):
    """What a C name is called in a link of gi-docgen; None: it is known, but has no page."""
    known = {}
    namespace = ET.parse(gir).getroot().find(CORE + 'namespace')
    links = {'class': 'class', 'record': 'struct', 'enumeration': 'enum', 'bitfield': 'flags', 'callback': 'callback'}
    for element in namespace:
        kind = element.tag.split('}')[1]
        name = element.get('name')
        if kind in links:
            link = 'error' if element.get(GLIB + 'error-domain') else links[kind]
            known[element.get(C + 'type')] = f'[{link}@Tl.{name}]'
        elif kind == 'function' and not element.get('moved-to'):
            known[element.get(C + 'identifier') + '()'] = f'[func@Tl.{name}]'
        elif kind == 'constant':
            known[element.get(C + 'type')] = f'[const@Tl.{name}]'
        for child in element:
            inner = child.tag.split('}')[1]
            if inner == 'member':
                known[child.get(C + 'identifier')] = None
            elif inner in ('method', 'constructor', 'function'):
                link = {'method': 'method', 'constructor': 'ctor', 'function': 'func'}[inner]
                known[child.get(C + 'identifier') + '()'] = f'[{link}@Tl.{name}.{child.get("name")}]'
    known['TL_ERROR'] = None
    return known


class Page:
    def __init__(self, path, known):
        self.path = path
        self.known = known
        self.problems = []

    def problem(self, number, text):
        self.problems.append(f'{self.path}:{number}: {text}')

    def name(self, number, match):
        code = match.group(1)
        if code in self.known:
            return self.known[code] or match.group(0)
        if re.fullmatch(r'tl_\w+(\(\))?|Tl[A-Z]\w*|TL_[A-Z_0-9]+', code):
            self.problem(number, f'the library has no {code}')
        return match.group(0)

    def link(self, number, match):
        text, target = match.groups()
        if re.match(r'https?://|#', target):
            return match.group(0)
        file, _, anchor = target.partition('#')
        here = os.path.dirname(self.path)
        if not os.path.exists(os.path.join(here, file)):
            self.problem(number, f'there is no {target}')
        if file.startswith('../'):
            # Not part of the reference.
            return text
        if file.endswith('.md'):
            file = file[:-3] + '.html'
        else:
            file = os.path.basename(file)
        return f'[{text}]({file}{"#" + anchor if anchor else ""})'

    def convert(self):
        title, lines, fence = None, [], None
        with open(self.path, encoding='utf-8') as file:
            for number, line in enumerate(file, 1):
                line = line.rstrip('\n')
                mark = re.match(r' *(```|~~~)', line)
                if mark:
                    fence = None if fence else mark.group(1)
                elif fence is None:
                    if title is None and line.startswith('# '):
                        title = line[2:]
                        continue
                    line = re.sub(r'\[([^\]\[]*)\]\(([^)\s]+)\)', lambda m, n=number: self.link(n, m), line)
                    if not line.startswith('#'):
                        line = re.sub(r'(?<!\[)`([^`]+)`(?!\])', lambda m, n=number: self.name(n, m), line)
                lines.append(line)
        if title is None:
            self.problem(1, 'no heading')
        return f'Title: {title}\nSlug: {os.path.splitext(os.path.basename(self.path))[0]}\n' + '\n'.join(lines) + '\n'


def main():
    arguments = sys.argv[1:]
    check = arguments[0] == '--check'
    if check:
        arguments = arguments[1:]
    known = symbols(arguments.pop(0))
    out = None if check else arguments.pop(0)
    problems = []
    for path in arguments:
        page = Page(path, known)
        text = page.convert()
        problems += page.problems
        if out is not None:
            with open(os.path.join(out, os.path.basename(path)), 'w', encoding='utf-8') as file:
                file.write(text)
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f'{len(arguments)} pages, {len(problems)} problems')
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
