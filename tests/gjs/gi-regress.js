// SPDX-License-Identifier: LGPL-2.1-or-later

// What the functions of Regress are called with; see test-gi-marshalling.js.

import Gio from 'gi://Gio';
import GObject from 'gi://GObject';
import Regress from 'gi://Regress';

const {TestBoxed, TestObj} = Regress;

const STRINGS = ['1', '2', '3'];
const TABLE = {foo: 'bar', baz: 'bat', qux: 'quux'};
const INTS = [1, 2, 3];
const UTF8 = 'const ♥ utf8';

function valueOf(type, set, content) {
    const value = new GObject.Value();

    value.init(type);
    value[set](content);
    return value;
}

// GJS has no other way to it.
function strvOf(names) {
    const value = new GObject.Value();

    value.init(GObject.type_from_name('GStrv'));
    new Gio.ThemedIcon({names}).get_property('names', value);
    return value;
}

function simple() {
    const struct = new Regress.TestSimpleBoxedA();

    struct.some_int = 42;
    return struct;
}

/** Makes the objects that methods are called on. */
export const objects = {
    TestBoxed: () => TestBoxed.new_alternative_constructor1(42),
    TestBoxedB: () => Regress.TestBoxedB.new(42, 43),
    TestBoxedC: () => new Regress.TestBoxedC(),
    TestBoxedD: () => Regress.TestBoxedD.new('abc', 42),
    TestFundamentalObject: () => Regress.TestFundamentalSubObject.new('data'),
    TestFundamentalObjectNoGetSetFunc: () => Regress.TestFundamentalObjectNoGetSetFunc.new('data'),
    TestObj: () => TestObj.constructor(),
    TestSimpleBoxedA: simple,
    TestSimpleBoxedB: () => new Regress.TestSimpleBoxedB(),
    TestSubObj: () => new Regress.TestSubObj(),
    TestWi8021x: () => new Regress.TestWi8021x(),
};

function* scalars() {
    const small = ['int', 'int8', 'int16', 'int32', 'int64', 'long', 'short', 'size', 'ssize', 'timet', 'uint', 'uint8',
        'uint16', 'uint32', 'uint64', 'ulong', 'ushort', 'offt', 'devt', 'gidt', 'pidt', 'socklent', 'uidt'];

    for (const type of small)
        yield* [[`test_${type}`, [42]], [`unix_test_${type}`, [42]]];
    for (const bits of [8, 16, 32, 64])
        yield [`test_array_gint${bits}_in`, [INTS]];
}

/** What is given to the functions that take anything. */
export const cases = {
    ...Object.fromEntries(scalars()),

    test_boolean: [true],
    test_boolean_true: [true],
    test_boolean_false: [false],
    test_double: [42.5],
    test_float: [42.5],
    test_unichar: ['ä'],
    test_gtype: [GObject.TYPE_STRING],
    test_multi_double_args: [42.5],
    test_utf8_const_in: [UTF8],
    test_utf8_inout: {args: [UTF8], gives: 'nonconst ♥ utf8'},
    test_utf8_null_in: [null],
    test_int_out_utf8: ['abc'],
    test_unsigned_enum_param: [Regress.TestEnumUnsigned.VALUE1],
    'TestEnum.param': [Regress.TestEnum.VALUE1],
    test_array_int_in: [INTS],
    test_array_int_inout: {args: [INTS], gives: [3, 4]},
    test_array_int_null_in: [null],
    test_array_fixed_size_int_in: [[1, 2, 3, 4, 5]],
    test_array_static_in_int: [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
    test_array_gtype_in: [[GObject.TYPE_STRING, TestObj.$gtype]],
    test_strv_in: [STRINGS],
    test_ghash_gvalue_in: () => [{
        integer: 12, boolean: true, string: 'some text',
        strings: strvOf(['first', 'second', 'third']),
        flags: valueOf(Regress.TestFlags.$gtype, 'set_flags', Regress.TestFlags.FLAG1 | Regress.TestFlags.FLAG3),
        enum: valueOf(Regress.TestEnum.$gtype, 'set_enum', Regress.TestEnum.VALUE2),
    }],
    test_ghash_nothing_in: [TABLE],
    test_ghash_nothing_in2: [TABLE],
    test_ghash_null_in: [null],
    test_glist_gtype_container_in: {args: [[TestObj.$gtype, Regress.TestSubObj.$gtype]], gives: undefined},
    test_glist_nothing_in: [STRINGS],
    test_glist_nothing_in2: [STRINGS],
    test_glist_null_in: {args: [null], gives: undefined},
    test_gslist_nothing_in: [STRINGS],
    test_gslist_nothing_in2: [STRINGS],
    test_gslist_null_in: {args: [null], gives: undefined},
    test_int_value_arg: [42],
    test_value_return: [42],
    test_nested_parameter: [42],
    test_torture_signature_0: [42, 'foo', 7],
    test_torture_signature_1: [42, 'foo', 8],
    'TestObj.torture_signature_0': [42, 'foo', 7],
    'TestObj.torture_signature_1': [42, 'foo', 8],
    set_abort_on_error: [true],
    func_obj_null_in: [null],
    func_obj_nullable_in: () => [objects.TestObj()],
    'TestBoxed.new_alternative_constructor1': [1],
    'TestBoxed.new_alternative_constructor2': [1, 2],
    'TestBoxed.new_alternative_constructor3': ['3'],
    'TestBoxed.equals': () => [objects.TestBoxed()],
    'TestBoxedB.new': [1, 2],
    'TestBoxedD.new': ['abc', 1],
    'TestSimpleBoxedA.equals': () => [simple()],
    'TestFundamentalObjectNoGetSetFunc.new': ['data'],
    'TestFundamentalSubObject.new': ['data'],
    'TestFundamentalSubObjectNoGetSetFunc.new': ['data'],
    'TestObj.new': () => [objects.TestObj()],
    'TestObj.new_from_file': ['/nowhere'],
    'TestObj.static_method': [42],
    'TestObj.do_matrix': ['matrix'],
    'TestObj.not_nullable_element_typed_gpointer_in': [new Uint8Array([1, 2])],
    'TestObj.not_nullable_typed_gpointer_in': () => [objects.TestObj()],
    'TestObj.set_bare': () => [objects.TestObj()],
    'TestObj.set_string': ['abc'],
    'TestObj.static_method_callback': [null],
    'TestObj.instance_method_callback': [null],
    test_callback: [null],
    test_multi_callback: [null],
    test_noptr_callback: [null],
    test_simple_callback: [null],
    // A property of GJS hides it.
    'TestObj.name_conflict': {args: [], gives: undefined},
    // What is annotated as (skip) GJS does not skip, and PyGObject does.
    'TestObj.skip_inout_param': {args: [50, 42.5, 60, 2], gives: [51, 80]},
    'TestObj.skip_out_param': {args: [50, 42.5, 23, 60, 2], gives: [24, 80]},
    'TestObj.skip_param': {args: [50, 23, 60, 2], gives: [51, 24, 80]},
    'TestObj.skip_return_val': {args: [50, 42.5, 23, 60, 2], gives: [51, 24, 80]},
    'TestObj.skip_return_val_no_out': {args: [50], gives: undefined},
    // GJS 1.90 drops the bits that have no name.
    test_discontinuous_1_with_private_values: {args: [], gives: 1 << 3 | 1 << 9},
    test_discontinuous_2_with_private_values: {args: [], gives: 1 << 30 | 1 << 29},
    'TestObj.function_sync': [0],
    test_function_sync: [0],
    'TestWi8021x.static_method': [42],
    'TestWi8021x.set_testbool': [true],
};

/** In older versions also by these names. */
export const aliases = {
    test_enum_param: 'TestEnum.param',
    test_struct_a_parse: 'TestStructA.parse',
};

function connected(signal) {
    return () => {
        const object = objects.TestObj();

        object.connect(signal, () => {});
        return object;
    };
}

const Own = GObject.registerClass({
    Implements: [Regress.TestInterface],
    Properties: {number: GObject.ParamSpec.override('number', Regress.TestInterface)},
}, class TlTestRegressOwn extends GObject.Object {});

const NO_COPY = /which cannot be copied$/;
const COPY = /self is a Regress\.\w+, of which a worker gets a copy/;
const CALLBACK = /(callback|closure) is a callback, which would run there$/;
const CONNECTED = /a JavaScript function is connected to one of its signals/;
const ASYNCHRONOUS = /it is asynchronous itself/;

/** What is refused, and how it is said; with the arguments where those are the reason. */
export const refused = {
    'TestObj.new_callback': {says: CALLBACK},
    'TestObj.new_async': {says: ASYNCHRONOUS},
    'TestObj.function_async': {says: ASYNCHRONOUS},
    test_async_ready_callback: {says: ASYNCHRONOUS},
    test_function_async: {says: ASYNCHRONOUS},
    test_array_callback: {says: CALLBACK},
    test_array_inout_callback: {says: CALLBACK},
    test_callback_async: {says: CALLBACK},
    test_callback_destroy_notify: {says: CALLBACK},
    test_callback_destroy_notify_no_user_data: {says: CALLBACK},
    test_callback_return_full: {says: CALLBACK},
    test_callback_user_data: {says: CALLBACK},
    test_closure: {says: CALLBACK},
    test_closure_one_arg: {says: CALLBACK},
    test_closure_variant: {says: CALLBACK},
    test_gerror_callback: {says: CALLBACK},
    test_hash_table_callback: {says: CALLBACK},
    test_null_gerror_callback: {says: CALLBACK},
    test_owned_gerror_callback: {says: CALLBACK},
    test_torture_signature_2: {says: CALLBACK},

    // They want an answer of somebody who listens.
    'TestObj.emit_sig_with_inout_int': {says: CONNECTED, self: connected('sig-with-inout-int'), args: []},
    'TestObj.emit_sig_with_int64': {says: CONNECTED, self: connected('sig-with-int64-prop'), args: []},
    'TestObj.emit_sig_with_uint64': {says: CONNECTED, self: connected('sig-with-uint64-prop'), args: []},
    'TestInterface.emit_signal': {says: /self is a \w+, .*JavaScript/, self: () => new Own(), args: []},

    // Structs without a GType: how one is copied nobody knows.
    'LikeXklConfigItem.set_name': {says: NO_COPY},
    'TestStructA.clone': {says: NO_COPY},
    'TestStructA.parse': {says: NO_COPY},
    'TestStructB.clone': {says: NO_COPY},
    'TestStructFixedArray.frob': {says: NO_COPY},
    test_array_struct_in_full: {says: NO_COPY},
    test_array_struct_in_none: {says: NO_COPY},
    test_array_struct_out: {says: NO_COPY},
    test_array_struct_out_caller_alloc: {says: NO_COPY},
    test_array_struct_out_container: {says: NO_COPY},
    test_array_struct_out_full_fixed: {says: NO_COPY},
    test_array_struct_out_none: {says: NO_COPY},
    has_parameter_named_attrs: {says: /attributes is a list of what is a pointer$/},
    // The alias hides what is in it, from GJS as well.
    introspectable_via_alias: {says: /data must be GLib\.PtrArray, not a list/, args: [['a']]},
    'TestBoxedD.free': {says: COPY, self: () => objects.TestBoxedD(), args: []},
};

/** What is in the description and, in some versions, not in the library. */
export const absent = ['TestObj.emit_sig_with_foreign_struct', 'set_abort_on_error'];

/** What nobody calls. */
export const never = {
    'TestBoxed._not_a_method': 'it is described twice, as a method and as a function',
    test_boxeds_not_a_method: 'it is described twice, as a method and as a function',
    'TestBoxedC.name_conflict': 'what it returns the library has never set',
    'TestFundamentalObject.unref': 'it drops a reference that is not its own',
    'TestObj.constructor_thaw_async': 'it is for what is asynchronous',
    'TestObj.function_finish': 'it is for what is asynchronous',
    'TestObj.function_thaw_async': 'it is for what is asynchronous',
    'TestObj.new_finish': 'it is for what is asynchronous',
    test_callback_thaw_async: 'it is for what is asynchronous',
    test_function_finish: 'it is for what is asynchronous',
    test_function_thaw_async: 'it is for what is asynchronous',
};

/** Fields that are not the same for each. */
export const unsaid = {
    Regress_TestBoxedC: ['refcount', 'name_conflict', '_name_conflict'],
};
