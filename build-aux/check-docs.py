#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fails where something public has no doc comment.

Goes through a GIR, and through the headers for exported functions that did
not make it into the GIR.

usage: check-docs.py GIR HEADER...
"""

import re
import sys
import xml.etree.ElementTree as ET

CORE = '{http://www.gtk.org/introspection/core/1.0}'
C = '{http://www.gtk.org/introspection/c/1.0}'
GLIB = '{http://www.gtk.org/introspection/glib/1.0}'

# What has to have a text of its own.
TOP = {'alias', 'bitfield', 'callback', 'class', 'constant', 'enumeration', 'function', 'function-macro',
       'interface', 'record', 'union'}
INNER = {'constructor', 'field', 'function', 'member', 'method', 'property', 'signal', 'virtual-method'}
CALLABLE = {'callback', 'constructor', 'function', 'function-macro', 'method', 'signal', 'virtual-method'}


def kind(element):
    return element.tag.split('}')[1]


def name(element):
    return element.get(C + 'identifier') or element.get(C + 'type') or element.get('name') or '?'


def has_doc(element):
    doc = element.find(CORE + 'doc')
    return doc is not None and bool((doc.text or '').strip())


def is_void(value):
    inner = value.find(CORE + 'type')
    return inner is not None and inner.get('name') == 'none'


class Check:
    def __init__(self):
        self.problems = []
        self.seen = 0
        self.identifiers = set()

    def need(self, element, what):
        self.seen += 1
        if not has_doc(element):
            self.problems.append(f'{what} has no doc comment')

    def one(self, element, owner=''):
        what = f'{kind(element)} {owner}{name(element)}'
        self.need(element, what)
        if kind(element) in ('function', 'method', 'constructor', 'class', 'record', 'enumeration', 'callback') \
                and not element.get('version') and not owner.endswith('::'):
            self.problems.append(f'{what} has no Since')
        if element.get(C + 'identifier'):
            self.identifiers.add(element.get(C + 'identifier'))
        if kind(element) in CALLABLE:
            for parameter in element.iterfind(f'{CORE}parameters/{CORE}parameter'):
                self.need(parameter, f'parameter {parameter.get("name")} of {what}')
            value = element.find(CORE + 'return-value')
            if value is not None and not is_void(value):
                self.need(value, f'return value of {what}')

    def namespace(self, namespace):
        for element in namespace:
            if kind(element) not in TOP:
                continue
            # The class structure of a type that cannot be derived from.
            if element.get(GLIB + 'is-gtype-struct-for') and \
                    [f.get('name') for f in element.iterfind(CORE + 'field')] in ([], ['parent_class']):
                continue
            self.one(element)
            for child in element:
                if kind(child) not in INNER:
                    continue
                if kind(child) == 'field' and (child.get('private') == '1' or child.get('readable') == '0'
                                               or element.get(GLIB + 'is-gtype-struct-for')
                                               or kind(element) == 'class'):
                    continue
                self.one(child, f'{name(element)}::')

    def headers(self, paths):
        """Every exported function has to be in the GIR."""
        for path in paths:
            with open(path, encoding='utf-8') as file:
                text = file.read()
            text = re.sub(r'/\*.*?\*/', '', text, flags=re.S)
            for match in re.finditer(r'^TL_AVAILABLE_IN_\w+\s+[^;(]*?\b(tl_\w+)\s*\(', text, re.M):
                self.seen += 1
                function = match.group(1)
                if function not in self.identifiers and not function.endswith('_get_type'):
                    self.problems.append(f'{path}: {function}() is exported and not in the GIR')


def main():
    check = Check()
    check.namespace(ET.parse(sys.argv[1]).getroot().find(CORE + 'namespace'))
    check.headers(sys.argv[2:])
    for problem in check.problems:
        print(problem, file=sys.stderr)
    if check.seen < 100:
        print(f'only {check.seen} things to document were found: is this the right GIR?', file=sys.stderr)
        return 1
    print(f'{check.seen} things to document, {len(check.problems)} problems')
    return 1 if check.problems else 0


if __name__ == '__main__':
    sys.exit(main())
