// SPDX-License-Identifier: LGPL-2.1-or-later

// The functions of a namespace, as GIRepository knows them.

import GLib from 'gi://GLib';

// The one that GJS itself uses, of which there are two versions: a process has room for the types of one.
function repository() {
    const [, maps] = GLib.file_get_contents('/proc/self/maps');
    const isNew = new TextDecoder().decode(maps).includes('libgirepository-2.0');

    imports.gi.versions.GIRepository = isNew ? '3.0' : '2.0';
    return isNew ? newer(imports.gi.GIRepository) : older(imports.gi.GIRepository);
}

function upTo(n, get) {
    return Array.from({length: n}, (_, i) => get(i));
}

function newer(GIRepository) {
    const {FunctionInfo, InterfaceInfo, ObjectInfo, StructInfo, UnionInfo, EnumInfo, FunctionInfoFlags} = GIRepository;
    const all = GIRepository.Repository.dup_default();
    const containers = [InterfaceInfo, ObjectInfo, StructInfo, UnionInfo, EnumInfo];

    return {
        infos: namespace => upTo(all.get_n_infos(namespace), i => all.get_info(namespace, i)),
        isFunction: info => info instanceof FunctionInfo,
        methods: info => containers.some(type => info instanceof type)
            ? upTo(info.get_n_methods(), i => info.get_method(i)) : [],
        isMethod: info => (info.get_flags() & FunctionInfoFlags.IS_METHOD) !== 0,
        throws: info => info.can_throw_gerror(),
    };
}

function older(GIRepository) {
    const {InfoType, FunctionInfoFlags} = GIRepository;
    const all = GIRepository.Repository.get_default();
    const names = new Map([
        [InfoType.OBJECT, 'object'], [InfoType.INTERFACE, 'interface'], [InfoType.STRUCT, 'struct'],
        [InfoType.BOXED, 'struct'], [InfoType.UNION, 'union'], [InfoType.ENUM, 'enum'], [InfoType.FLAGS, 'enum'],
    ]);

    return {
        infos: namespace => upTo(all.get_n_infos(namespace), i => all.get_info(namespace, i)),
        isFunction: info => info.get_type() === InfoType.FUNCTION,
        methods(info) {
            const name = names.get(info.get_type());

            return name === undefined ? [] : upTo(GIRepository[`${name}_info_get_n_methods`](info),
                i => GIRepository[`${name}_info_get_method`](info, i));
        },
        isMethod: info => (GIRepository.function_info_get_flags(info) & FunctionInfoFlags.IS_METHOD) !== 0,
        throws: info => GIRepository.callable_info_can_throw_gerror(info),
    };
}

/**
 * All functions of a namespace that has been imported: without a type, and of types.
 *
 * @param {string} namespace its name
 * @returns {{type: string|null, name: string, isMethod: boolean, throws: boolean}[]} in the order of the repository
 */
export function functionsOf(namespace) {
    const {infos, isFunction, methods, isMethod, throws} = repository();
    const describe = type => info => ({type, name: info.get_name(), isMethod: isMethod(info), throws: throws(info)});

    return infos(namespace).flatMap(info => isFunction(info)
        ? [describe(null)(info)] : methods(info).map(describe(info.get_name())));
}
