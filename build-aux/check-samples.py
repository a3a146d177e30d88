#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checks the samples of the documentation.

Every fenced block in the Markdown files and in the doc comments of the
headers and sources has to name its language. A block of C is one of two things:

- a complete program (it has a main()): it has to be, word for word, one of
  the programs in doc/samples, which meson compiles and runs as tests;
- a fragment: it is compiled with -fsyntax-only and the flags of those
  programs, after doc/samples/prelude.h. A declaration that starts at the left
  margin with `static`, `typedef`, `struct` or `#` is put at file scope,
  everything else into a function.

A block of Vala is a complete program, which build-aux/check-installed compiles
and runs.

usage: check-samples.py BUILDDIR SAMPLESDIR FILE...
"""

import concurrent.futures
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile

LANGUAGES = {'c', 'sh', 'meson', 'text', 'css', 'xml', 'python', 'js', 'ts', 'vala'}
FENCE = re.compile(r'^( *)(```+|~~~+) *([\w+-]*) *$')
LICENCE = re.compile(r'\A(/\*.*?\*/\s*|//[^\n]*\n\s*)*', re.S)


class Failed(Exception):
    pass


def comments(path):
    """The doc comments of a header as lines of (number, text)."""
    inside = False
    with open(path, encoding='utf-8') as file:
        for number, line in enumerate(file, 1):
            if line.startswith('/**'):
                inside = True
            elif line.startswith(' */'):
                inside = False
            elif inside:
                if '|[' in line:
                    raise Failed(f'{path}:{number}: write samples in ``` fences')
                yield number, re.sub(r'^ \* ?', '', line.rstrip('\n'))


def markdown(path):
    with open(path, encoding='utf-8') as file:
        for number, line in enumerate(file, 1):
            yield number, line.rstrip('\n')


def blocks(path):
    """Yields (where, language, text) for each fenced block."""
    lines = comments(path) if path.endswith(('.h', '.in', '.c')) else markdown(path)
    start = None
    for number, line in lines:
        match = FENCE.match(line)
        if start is None:
            if match:
                start, indent, fence, language, text = number, match.group(1), match.group(2), match.group(3), []
                if language not in LANGUAGES:
                    raise Failed(f'{path}:{number}: this fence names no language that is known: "{language}"')
            elif re.match(r'^ *(```|~~~)', line):
                raise Failed(f'{path}:{number}: this fence cannot be read')
        elif match and match.group(2) == fence and not match.group(3):
            yield f'{path}:{start}', language, '\n'.join(text) + '\n'
            start = None
        else:
            text.append(line[len(indent):] if line.startswith(indent) else line)
    if start is not None:
        raise Failed(f'{path}:{start}: this fence does not end')


def split(text):
    """Divides a fragment into what belongs at file scope and the rest."""
    scope, body, inside, opened = [], [], False, False
    for line in text.splitlines():
        if not inside and re.match(r'(static|typedef|struct)\b|#', line):
            inside, opened = True, False
        if not inside:
            body.append(line)
            continue
        scope.append(line)
        if line.startswith('#'):
            inside = line.endswith('\\')
        elif line.startswith('}'):
            inside = False
        elif line.endswith('{') or line.startswith('{'):
            opened = True
        elif not opened and line.endswith(';'):
            inside = False
    return '\n'.join(scope), '\n'.join(body)


def flags(build, samples):
    """The compiler and the flags that meson compiles the samples with."""
    with open(os.path.join(build, 'compile_commands.json'), encoding='utf-8') as file:
        for entry in json.load(file):
            source = os.path.realpath(os.path.join(entry['directory'], entry['file']))
            if os.path.dirname(source) == os.path.realpath(samples):
                words, out = iter(shlex.split(entry['command'])), []
                for word in words:
                    if word in ('-o', '-MF', '-MQ', '-MT'):
                        next(words)
                    elif word not in ('-c', '-MD', '-MMD', entry['file']):
                        out.append(word)
                return out, entry['directory']
    raise Failed(f'{build} has no compile command for {samples}')


def compile_fragment(command, directory, samples, scratch, number, where, text):
    scope, body = split(text)
    path, line = where.rsplit(':', 1)
    source = os.path.join(scratch, f'{number}.c')
    with open(source, 'w', encoding='utf-8') as file:
        file.write('#include "prelude.h"\n')
        file.write(scope + '\n')
        file.write('gboolean tl_sample (void);\n')
        file.write('gboolean\ntl_sample (void)\n{\n{\n' + body + '\n}\nreturn TRUE;\n}\n')
    done = subprocess.run(
        command + ['-I', samples, '-Wall', '-Wextra', '-Werror', '-Wno-unused', '-Wno-unused-parameter',
                   '-Wno-unused-result', '-Wno-shadow', '-Wno-declaration-after-statement', '-Wno-pedantic',
                   '-Wno-maybe-uninitialized', '-Wno-unknown-warning-option',
                   '-fdiagnostics-color=never', '-fsyntax-only', source],
        cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode == 0:
        return None
    return f'{path}:{line}: this sample does not compile\n{text}\n{done.stdout}'


def main():
    build, samples, files = sys.argv[1], os.path.abspath(sys.argv[2]), sys.argv[3:]
    programs = {}
    for entry in sorted(os.listdir(samples)):
        if entry.endswith(('.c', '.vala')):
            with open(os.path.join(samples, entry), encoding='utf-8') as file:
                programs[LICENCE.sub('', file.read(), count=1).strip()] = entry

    problems, used, fragments, others = [], set(), [], 0
    for path in files:
        try:
            for where, language, text in blocks(path):
                if language not in ('c', 'vala'):
                    others += 1
                elif language == 'vala' or re.search(r'^(int +)?main *\(', text, re.M):
                    program = programs.get(LICENCE.sub('', text, count=1).strip())
                    if program is None:
                        problems.append(f'{where}: this program is none of those in doc/samples')
                    else:
                        used.add(program)
                else:
                    fragments.append((where, text))
        except Failed as failed:
            problems.append(str(failed))

    for program in sorted(set(programs.values()) - used):
        problems.append(f'doc/samples/{program}: no page shows this program')

    command, directory = flags(build, samples)
    with tempfile.TemporaryDirectory() as scratch, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        jobs = [pool.submit(compile_fragment, command, directory, samples, scratch, number, where, text)
                for number, (where, text) in enumerate(fragments)]
        problems += [problem for problem in (job.result() for job in jobs) if problem]

    for problem in problems:
        print(problem, file=sys.stderr)
    print(f'{len(files)} files: {len(used)} programs, {len(fragments)} fragments, {others} blocks that are no code; '
          f'{len(problems)} problems')
    if not used or not fragments:
        print('that cannot be all', file=sys.stderr)
        return 1
    return 1 if problems else 0


if __name__ == '__main__':
    try:
        sys.exit(main())
    except Failed as error:
        sys.exit(str(error))
