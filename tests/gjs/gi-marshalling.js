// SPDX-License-Identifier: LGPL-2.1-or-later

// What the functions of GIMarshallingTests are called with; see test-gi-marshalling.js.

import GIMarshallingTests from 'gi://GIMarshallingTests';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';

const {BoxedStruct, Enum, Flags, GEnum, NoTypeFlags} = GIMarshallingTests;

const INTS = [-1, 0, 1, 2];
const STRINGS = ['0', '1', '2'];
const LETTERS = ['🅰', 'β', 'c', 'd'];
const STRVS = [['0', '1', '2'], ['3', '4', '5'], ['6', '7', '8']];
const MAP = {'-1': '1', '0': '0', '1': '-1', '2': '-2'};
const UTF8 = 'const ♥ utf8';
const BYTES = new Uint8Array([0, 49, 0xff, 51]);
const MAX_FLOAT = 3.4028234663852886e38;

const signed = {
    int8: 8, int16: 16, int32: 32, int64: 64, short: 16, int: 32, long: 64, ssize: 64,
};
const unsigned = {
    uint8: 8, uint16: 16, uint32: 32, uint64: 64, ushort: 16, uint: 32, ulong: 64, size: 64,
};
const known = {
    time_t: 1234567890, off_t: 1234567890, dev_t: 1234567890, gid_t: 65534, pid_t: 12345, socklen_t: 123, uid_t: 65534,
};

const number = big => BigInt.asIntN(53, big) === big ? Number(big) : big;

function* integers() {
    for (const [type, bits] of Object.entries(signed)) {
        const [min, max] = [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n].map(number);

        yield* [[`${type}_in_max`, [max]], [`${type}_in_min`, [min]]];
        yield* [[`${type}_inout_max_min`, [max]], [`${type}_inout_min_max`, [min]]];
    }
    for (const [type, bits] of Object.entries(unsigned)) {
        const max = number(2n ** BigInt(bits) - 1n);

        yield* [[`${type}_in`, [max]], [`${type}_inout`, [max]]];
    }
    for (const [type, value] of Object.entries(known))
        yield* [[`${type}_in`, [value]], [`${type}_inout`, [value]]];
}

// Strings in lists of all kinds, whoever owns what. What is given away in an argument GJS frees as well, or refuses to
// give, each version in its own way; the result should be the one of the function that takes nothing.
function* lists() {
    const kinds = [
        ...['glist', 'gslist', 'garray', 'gptrarray'].map(kind => [`${kind}_utf8`, STRINGS]),
        ['ghashtable_utf8', MAP],
        ...['length', 'zero_terminated', 'fixed'].flatMap(kind => [
            [`${kind}_array_utf8`, LETTERS],
            [`${kind}_array_of_gstrv_transfer`, STRVS],
        ]),
    ];

    for (const [kind, list] of kinds) {
        for (const way of ['in', 'inout']) {
            const like = `${kind}_none_${way}`;

            yield [like, [list]];
            for (const owned of ['container', 'full'])
                yield [`${kind}_${owned}_${way}`, {args: [list], like}];
        }
    }
}

function boxed(long) {
    const struct = new BoxedStruct();

    struct.long_ = long;
    return struct;
}

function valueOf(type, set, content) {
    const value = new GObject.Value();

    value.init(type);
    value[set](content);
    return value;
}

/** Makes the objects that methods are called on. */
export const objects = {
    InterfaceImpl: () => new GIMarshallingTests.InterfaceImpl(),
    Interface: () => new GIMarshallingTests.InterfaceImpl(),
    Object: () => new GIMarshallingTests.Object({int: 42}),
    OverridesObject: () => new GIMarshallingTests.OverridesObject(),
    OverridesStruct: () => new GIMarshallingTests.OverridesStruct(),
    PropertiesAccessorsObject: () => new GIMarshallingTests.PropertiesAccessorsObject(),
    SignalsObject: () => new GIMarshallingTests.SignalsObject(),
    StructuredUnion: () => GIMarshallingTests.StructuredUnion.new(GIMarshallingTests.StructuredUnionType.SIMPLE_STRUCT),
    SubObject: () => new GIMarshallingTests.SubObject({int: 0}),
};

const variants = () => [[new GLib.Variant('i', 27), new GLib.Variant('s', 'Hello')]];

/** What is given to the functions that take anything. */
export const cases = {
    ...Object.fromEntries(integers()),
    ...Object.fromEntries(lists()),

    boolean_in_true: [true],
    boolean_in_false: [false],
    boolean_inout_true_false: [true],
    boolean_inout_false_true: [false],
    float_in: [MAX_FLOAT],
    float_inout: [MAX_FLOAT],
    double_in: [Number.MAX_VALUE],
    double_inout: [Number.MAX_VALUE],
    gtype_in: [GObject.TYPE_NONE],
    gtype_inout: [GObject.TYPE_NONE],
    gtype_string_in: [GObject.TYPE_STRING],
    utf8_none_in: [UTF8],
    utf8_none_inout: [UTF8],
    utf8_full_in: [UTF8],
    utf8_full_inout: {args: [UTF8], like: 'utf8_none_inout'},
    utf8_as_uint8array_in: [new TextEncoder().encode(UTF8)],
    enum_in: [Enum.VALUE3],
    enum_inout: [Enum.VALUE3],
    'GEnum.in': [GEnum.VALUE3],
    'GEnum.inout': [GEnum.VALUE3],
    'Flags.in': [Flags.VALUE2],
    'Flags.in_zero': [0],
    'Flags.inout': [Flags.VALUE2],
    no_type_flags_in: [NoTypeFlags.VALUE2],
    no_type_flags_in_zero: [0],
    no_type_flags_inout: [NoTypeFlags.VALUE2],

    init_function: {args: [['a', 'b']], gives: [true, ['a']]},
    array_fixed_int_in: [INTS],
    array_fixed_short_in: [INTS],
    array_fixed_inout: [INTS],
    array_in: [INTS],
    array_in_len_before: [INTS],
    array_in_len_zero_terminated: [INTS],
    array_in_guint64_len: [INTS],
    array_in_guint8_len: [INTS],
    array_in_nonzero_nonlen: [1, 'abcd'],
    array_in_utf8_two_in: [INTS, '1', '2'],
    array_in_utf8_two_in_out_of_order: ['1', INTS, '2'],
    array_inout: [INTS],
    array_inout_etc: [42, INTS, 24],
    array_out_etc: [42, 24],
    array_return_etc: [42, 24],
    array_int64_in: [INTS],
    array_uint64_in: [[-1, 0, 1, 2].map(i => BigInt.asUintN(64, BigInt(i)))],
    array_uint8_in: ['abcd'],
    array_string_in: [['foo', 'bar']],
    array_unichar_in: [UTF8],
    array_bool_in: [[true, false, true, true]],
    array_enum_in: [[Enum.VALUE1, Enum.VALUE2, Enum.VALUE3]],
    array_flags_in: [[Flags.VALUE1, Flags.VALUE2, Flags.VALUE3]],
    array_struct_in: () => [[1, 2, 3].map(boxed)],
    array_struct_take_in: () => [[1, 2, 3].map(boxed)],
    array_struct_value_in: () => [[1, 2, 3].map(boxed)],
    array_gvariant_none_in: variants,
    array_gvariant_container_in: variants,
    array_gvariant_full_in: variants,
    array_zero_terminated_in: [STRINGS],
    array_zero_terminated_inout: [STRINGS],
    multi_array_key_value_in: [['one', 'two', 'three'], [1, 2, 3]],
    garray_bool_none_in: [[true, false, true, true]],
    garray_int_none_in: [INTS],
    garray_uint64_none_in: [[0, 2n ** 64n - 1n]],
    garray_unichar_none_in: [UTF8],
    garray_utf8_full_out_caller_allocated: {args: [], gives: STRINGS},
    bytearray_none_in: [BYTES],
    bytearray_full_inout: {args: [BYTES], gives: new Uint8Array([104, 101, 108, 0, 255])},
    gbytes_none_in: () => [new GLib.Bytes(BYTES)],
    gstrv_in: [STRINGS],
    gstrv_inout: [STRINGS],
    glist_int_none_in: [INTS],
    glist_uint32_none_in: [[0, 2 ** 32 - 1]],
    gslist_int_none_in: [INTS],
    ghashtable_int_none_in: [{'-1': 1, 0: 0, 1: -1, 2: -2}],
    ghashtable_double_in: [{'-1': -0.1, 0: 0, 1: 0.1, 2: 0.2}],
    ghashtable_float_in: [{'-1': -0.1, 0: 0, 1: 0.1, 2: 0.2}],
    ghashtable_int64_in: [{'-1': -1, 0: 0, 1: 1, 2: 2 ** 32}],
    ghashtable_uint64_in: [{'-1': 2 ** 32, 0: 0, 1: 1, 2: 2}],

    gvalue_copy: [42],
    gvalue_in: [42],
    gvalue_in_enum: () => [valueOf(GEnum.$gtype, 'set_enum', GEnum.VALUE3)],
    gvalue_in_flags: () => [valueOf(Flags.$gtype, 'set_flags', Flags.VALUE3)],
    gvalue_in_with_modification: [42],
    gvalue_in_with_type: () => [new GIMarshallingTests.SubObject({int: 1}), GIMarshallingTests.Object.$gtype],
    gvalue_inout: [42],
    gvalue_int64_in: () => [valueOf(GObject.TYPE_INT64, 'set_int64', 2n ** 63n - 1n)],
    gvalue_round_trip: ['42'],
    gvalue_flat_array: [[42, '42', true]],
    gerror_array_in: [INTS],
    param_spec_in_bool: () => [GObject.ParamSpec.boolean('mybool', '', '', GObject.ParamFlags.READABLE, true)],
    'BoxedStruct.inout': () => [boxed(42)],
    'StructuredUnion.new': () => [GIMarshallingTests.StructuredUnionType.SIMPLE_STRUCT],

    int_three_in_three_out: [1, 2, 3],
    int_one_in_utf8_two_in_one_allows_none: [1, '2', '3'],
    int_two_in_utf8_two_in_with_allow_none: [1, 2, '3', '4'],
    test_interface_test_int8_in: () => [objects.InterfaceImpl(), 42],
    'Interface.test_int8_in': [42],

    'Object.new': [42],
    'Object.new_fail': [42],
    'Object.full_inout': () => [objects.Object()],
    'Object.none_inout': () => [objects.Object()],
    'Object.overridden_method': {self: () => new GIMarshallingTests.Object({int: 0}), args: []},
    'Object.method_array_in': [INTS],
    'Object.method_array_inout': [INTS],
    'Object.method_with_default_implementation': [42],
    'Object.vfunc_static_create_new': () => [GIMarshallingTests.Object.$gtype, 42],
    'Object.vfunc_static_create_new_out': () => [GIMarshallingTests.Object.$gtype, 42],
    'Object.vfunc_static_typed_name': () => [GIMarshallingTests.Object.$gtype],

    'PropertiesAccessorsObject.set_boolean': [true],
    'PropertiesAccessorsObject.set_boxed_glist': [[1, 2]],
    'PropertiesAccessorsObject.set_boxed_struct': () => [boxed(42)],
    'PropertiesAccessorsObject.set_byte_array': [BYTES],
    'PropertiesAccessorsObject.set_char': [42],
    'PropertiesAccessorsObject.set_deprecated_int': [42],
    'PropertiesAccessorsObject.set_double': [4.2],
    'PropertiesAccessorsObject.set_enum': [GEnum.VALUE3],
    'PropertiesAccessorsObject.set_flags': [Flags.VALUE2],
    'PropertiesAccessorsObject.set_float': [0.5],
    'PropertiesAccessorsObject.set_gvalue': [42],
    'PropertiesAccessorsObject.set_int': [42],
    'PropertiesAccessorsObject.set_int64': [42],
    'PropertiesAccessorsObject.set_long': [42],
    'PropertiesAccessorsObject.set_object': () => [new GObject.Object()],
    'PropertiesAccessorsObject.set_string': ['a'],
    'PropertiesAccessorsObject.set_strv': [['a', 'b']],
    'PropertiesAccessorsObject.set_uchar': [42],
    'PropertiesAccessorsObject.set_uint': [42],
    'PropertiesAccessorsObject.set_uint64': [42],
    'PropertiesAccessorsObject.set_ulong': [42],
    'PropertiesAccessorsObject.set_variant': () => [new GLib.Variant('i', 42)],
};

/** In older versions also by these names. */
export const aliases = {
    boxed_struct_inout: 'BoxedStruct.inout',
    flags_in: 'Flags.in',
    flags_in_zero: 'Flags.in_zero',
    flags_inout: 'Flags.inout',
    genum_in: 'GEnum.in',
    genum_inout: 'GEnum.inout',
    pointer_struct_returnv: 'PointerStruct.returnv',
    simple_struct_returnv: 'SimpleStruct.returnv',
};

// What calls a method that has to be written in JavaScript, with the arguments that it takes.
const virtual = {
    call_vfunc_with_callback: [],
    get_ref_info_for_vfunc_in_object_transfer_full: [GObject.TYPE_OBJECT],
    get_ref_info_for_vfunc_in_object_transfer_none: [GObject.TYPE_OBJECT],
    get_ref_info_for_vfunc_out_object_transfer_full: [],
    get_ref_info_for_vfunc_out_object_transfer_none: [],
    get_ref_info_for_vfunc_return_object_transfer_full: [],
    get_ref_info_for_vfunc_return_object_transfer_none: [],
    int8_in: [42],
    int8_out: [],
    method_int8_arg_and_out_caller: [42],
    method_int8_in: [42],
    method_int8_out: [],
    method_str_arg_out_ret: ['a'],
    vfunc_array_out_parameter: [],
    vfunc_caller_allocated_out_parameter: [],
    vfunc_in_object_transfer_full: [],
    vfunc_meth_with_error: [42],
    vfunc_multiple_inout_parameters: [1, 2],
    vfunc_multiple_out_parameters: [],
    vfunc_one_inout_parameter: [1],
    vfunc_one_out_parameter: [],
    vfunc_out_enum: [],
    vfunc_out_flags: [],
    vfunc_return_enum: [],
    vfunc_return_flags: [],
    vfunc_return_value_and_multiple_inout_parameters: [1, 2],
    vfunc_return_value_and_multiple_out_parameters: [],
    vfunc_return_value_and_one_inout_parameter: [1],
    vfunc_return_value_and_one_out_parameter: [],
    vfunc_return_value_only: [],
};

const Own = GObject.registerClass(class TlTestMarshallingOwn extends GIMarshallingTests.Object {});
const Own3 = GObject.registerClass({
    Implements: [GIMarshallingTests.Interface3],
}, class TlTestMarshallingOwn3 extends GObject.Object {});

const NO_COPY = /which cannot be copied$/;
const COPY = /self is a GIMarshallingTests\.\w+, of which a worker gets a copy/;
const CALLBACK = /(callback|closure) is a callback, which would run there$/;
const SCRIPT = /self is a TlTestMarshallingOwn3?|self is a Gjs_TlTestMarshallingOwn3?, .*JavaScript/;

/** What is refused, and how it is said; with the arguments where those are the reason. */
export const refused = {
    ...Object.fromEntries(Object.entries(virtual).map(([name, args]) =>
        [`Object.${name}`, {says: SCRIPT, self: () => new Own(), args}])),
    'Interface3.test_variant_array_in': {says: SCRIPT, self: () => new Own3(), args: [[new GLib.Variant('i', 1)]]},
    'Object.method_int8_arg_and_out_callee': {says: /out is a pointer$/},
    'Object.vfunc_with_callback': {says: CALLBACK},

    callback_multiple_out_parameters: {says: CALLBACK},
    callback_one_out_parameter: {says: CALLBACK},
    callback_owned_boxed: {says: CALLBACK},
    callback_return_value_and_multiple_out_parameters: {says: CALLBACK},
    callback_return_value_and_one_out_parameter: {says: CALLBACK},
    callback_return_value_only: {says: CALLBACK},
    gclosure_in: {says: CALLBACK},
    gclosure_return: {says: /the result is a callback$/},

    // Structs without a GType: how one is copied nobody knows.
    'SimpleStruct.inv': {says: NO_COPY},
    'SimpleStruct.method': {says: NO_COPY},
    'SimpleStruct.returnv': {says: NO_COPY},
    'PointerStruct.inv': {says: NO_COPY},
    'PointerStruct.returnv': {says: NO_COPY},
    array_simple_struct_in: {says: NO_COPY},
    array_fixed_out_struct: {says: NO_COPY},
    array_fixed_out_struct_uninitialized: {says: NO_COPY},
    array_fixed_caller_allocated_struct_out: {says: NO_COPY},
    pointer_in_return: {says: /the result is a pointer$/},
    gvalue_flat_array_round_trip: {says: /one is GObject\.Value itself, rather than a pointer to it$/},

    // Methods that, for all one can know, are there for what they change.
    'BoxedStruct.inv': {says: COPY, self: () => boxed(42), args: []},
    'Union.inv': {says: COPY, self: () => GIMarshallingTests.Union.returnv(), args: []},
    'Union.method': {says: COPY, self: () => GIMarshallingTests.Union.returnv(), args: []},
};

/** What is in the description and, in some versions, not in the library. */
export const absent = [
    'Object.full_in', 'Object.method_variant_array_in', 'ghashtable_utf8_container_in', 'ghashtable_utf8_full_in',
    'utf8_full_in',
];

/** What nobody calls. */
export const never = {
    length_array_of_gstrv_transfer_container_inout: 'it takes the list, and is described as one that does not',
    length_array_utf8_container_inout: 'it takes the list, and is described as one that does not',
};

/** Fields that the library leaves as they are, or GJS cannot read. */
export const unsaid = {
    GIMarshallingTests_OverridesStruct: ['long_'],
    GIMarshallingTests_StructuredUnion: [
        'simple_struct', 'nested_struct', 'pointer_struct', 'boxed_struct', 'boxed_struct_ptr', 'single_union',
    ],
};
