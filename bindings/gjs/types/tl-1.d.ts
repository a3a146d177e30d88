// SPDX-License-Identifier: LGPL-2.1-or-later

// What `import Tl from 'gi://Tl?version=1'` gives in GJS, for TypeScript. It goes along with @girs/gjs, or with what
// ts-for-gir has made: Gio, GLib and GObject are looked for as gi://Gio?version=2.0 and so on. There is nothing to
// import; name the file in tsconfig.json:
//
//     {"include": ["src", "/usr/share/threadloop-1/types/tl-1.d.ts"]}

declare module 'gi://Tl?version=1' {
    import type Gio from 'gi://Gio?version=2.0';
    import type GLib from 'gi://GLib?version=2.0';
    import type GObject from 'gi://GObject?version=2.0';

    namespace Tl {
        const MAJOR_VERSION: number;
        const MINOR_VERSION: number;
        const MICRO_VERSION: number;

        // ---- What functions are given, and what comes of them ----

        /**
         * What a native function gives: the leading boolean of one that says whether all went well is left out, since
         * it throws otherwise, and a single result is given as it is.
         *
         * The types of native functions and of functions in JavaScript are not told apart. For one of the latter that
         * returns a tuple which begins with a boolean, this is wrong: return an object or an array instead.
         */
        type Result<R> =
            Awaited<R> extends [boolean, infer Only] ? Only
                : Awaited<R> extends [boolean, infer First, ...infer Rest] ? [First, ...Rest]
                    : Awaited<R>;

        /** The arguments, those at the end that may be null left out or not. */
        type Arguments<A extends readonly unknown[]> =
            A | (A extends readonly [...infer First, infer Last] ? null extends Last ? Arguments<First> : never : never);

        /** The generators of either kind. */
        type Generates<Y, R> = AsyncGenerator<Y, R, any> | Generator<Y, R, any>;

        /** What comes of a function that returns `R`. */
        type FutureOf<R> = R extends Generates<infer Y, infer End> ? Stream<Y, End> : Future<Result<R>>;

        /** The methods of an object, by name. */
        type MethodName<O> = {[K in keyof O]-?: O[K] extends (...args: any[]) => any ? K : never}[keyof O] & string;

        /** What has methods, and crosses to a realm all the same. */
        type Crossing = readonly unknown[] | Date | RegExp | Map<any, any> | Set<any> | ArrayBuffer | ArrayBufferView |
        globalThis.Error | GLib.Error | GLib.Bytes | GLib.Variant;

        /** Whether an object holds functions, as instances of classes do. */
        type HoldsFunction<T> =
            T extends Crossing ? false
                : T extends object ? (true extends {[K in keyof T]-?: T[K] extends (...args: any[]) => any ? true : false}[keyof T]
                    ? true : false)
                    : false;

        /** The names of what an executor can give of a module: classes, and what holds functions, stay in the realm. */
        type ImportedName<M, K extends keyof M> =
            M[K] extends (...args: any[]) => any ? K
                : M[K] extends abstract new (...args: any[]) => any ? never
                    : true extends HoldsFunction<M[K]> ? never : K;

        /** What {@link Executor.import} makes of a module: each function gives a future, everything else is a copy. */
        type Imported<M> = {
            readonly [K in keyof M as ImportedName<M, K>]:
            M[K] extends (...args: infer A) => infer R ? (...args: A) => FutureOf<R> : M[K]
        };

        /** A module of which nothing is known. */
        interface AnyModule {
            [name: string]: (...args: any[]) => any;
        }

        // ---- In a realm ----

        /** As much of the DOM's AbortSignal as there is in a realm. */
        interface Signal {
            /** Whether the call was cancelled. It is up to date even in a loop that never lets the main loop run. */
            readonly aborted: boolean;
            /** An error whose name is `AbortError`; undefined before. */
            readonly reason: unknown;
            onabort: ((event: {type: 'abort', target: Signal}) => void) | null;
            /** Throws {@link reason} if the call was cancelled, which then counts as cancelled and not as failed. */
            throwIfAborted(): void;
            addEventListener(type: 'abort', listener: (event: {type: 'abort', target: Signal}) => void,
                options?: {once?: boolean}): void;
            removeEventListener(type: 'abort', listener: (event: {type: 'abort', target: Signal}) => void): void;
        }

        /**
         * What a function finds in `this` while it runs in a realm, unless it is an arrow function. In
         * {@link Executor.main} there is none.
         */
        interface Task {
            /** Tells whether the call was cancelled. Who does not look is ended with its process, if that is its own. */
            readonly signal: Signal;
            /** The same, for asynchronous calls of GIO in the realm. It does not interrupt one that blocks. */
            readonly cancellable: Gio.Cancellable;
            /**
             * Says how far things are, for {@link Future.progress}.
             *
             * @param fraction from 0 to 1; null leaves it as it is
             * @param message null leaves it as it is
             */
            progress(fraction: number | null, message?: string | null): void;
        }

        /**
         * What goes on here: the task of the call that a realm begins, for arrow functions and for what these call. After
         * the first await it may be that of another call; keep it. Null outside of realms.
         */
        function currentTask(): Task | null;

        // ---- Futures ----

        enum FutureState {
            /** Nobody has begun with it. */
            PENDING,
            RUNNING,
            DONE,
            FAILED,
            CANCELLED,
        }

        /** What {@link Future.cancel} came to. */
        enum Cancel {
            /** The future had settled. */
            TOO_LATE,
            /**
             * The work runs, and was asked to stop. In a realm, it is ended if it does not, but for the realm of an event
             * thread.
             */
            REQUESTED,
            /** The work was queued and will never run. */
            DONE,
        }

        /**
         * A result that is not there yet. It can be awaited, and given to Promise.all() and the like.
         *
         * An error that nobody looks at is printed when the future is collected, with the names of the executor and of
         * the work, and the stack.
         */
        class Future<T = unknown> implements PromiseLike<T> {
            private constructor();

            then<A = T, B = never>(onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
                onRejected?: ((error: any) => B | PromiseLike<B>) | null): Promise<A | B>;
            catch<B = never>(onRejected?: ((error: any) => B | PromiseLike<B>) | null): Promise<T | B>;
            finally(onFinally?: (() => void) | null): Promise<T>;

            /**
             * Calls a function in the main loop when the future has settled. For C's conventions; {@link then} is
             * shorter.
             *
             * @returns what {@link remove_done_callback} takes
             */
            add_done_callback(callback: (future: this) => void): number;
            /** Whether the callback was there, and will not be called. */
            remove_done_callback(id: number): boolean;

            /** Removes the work from the queue, or asks it to stop if it runs. */
            cancel(): Cancel;
            /** Whether it has settled, in whatever way. */
            done(): boolean;
            running(): boolean;
            /** Whether it has settled by being cancelled. */
            cancelled(): boolean;
            get_state(): FutureState;
            /** The name of the function, for messages. */
            get_name(): string | null;
            /** The error of a future that has settled, or null. */
            get_error(): GLib.Error | null;

            /**
             * The result, waiting for it without a main loop: for scripts. Nothing else happens in this thread meanwhile.
             *
             * @param timeout in milliseconds; without one it waits as long as it takes
             * @param cancellable ends the waiting, not the work
             * @throws what the work has thrown; `Gio.IOErrorEnum.TIMED_OUT`; `Tl.Error.WOULD_DEADLOCK` where this
             *   thread would have to run the work itself, or to take the values of a generator first
             */
            result(timeout?: number, cancellable?: Gio.Cancellable | null): T;
            /** Waits as {@link result} does, for the future to settle in whatever way. */
            wait(timeout?: number, cancellable?: Gio.Cancellable | null): boolean;

            /**
             * For a user interface: what it has notifies in this main loop, of the end before anybody else hears of it.
             * The same object each time.
             */
            readonly progress: Progress;
            get_cancellable(): Gio.Cancellable;
            /** Whether it was asked to stop. */
            cancel_requested(): boolean;
            /** Cancels the future when it is cancelled, and the other way round. */
            readonly cancellable: Gio.Cancellable;
        }

        /**
         * The future of a generator in a realm: iterate it for the values, await it for what the generator returns.
         *
         * The realm makes a few values ahead, and no more until these are taken; it is no other call's meanwhile. Take
         * all values, leave the loop, which cancels it, or {@link cancel} it. Awaiting it without iterating passes over
         * the values. One that nobody reads or awaits is cancelled when it was collected, or its executor is shut down.
         */
        interface Stream<Y, R = void> extends Future<R> {
            [Symbol.asyncIterator](): AsyncIterableIterator<Y>;
        }

        /** Shows a future to a user interface. All properties notify. */
        class Progress extends GObject.Object {
            /** From 0 to 1; negative while nothing is known. */
            readonly fraction: number;
            readonly message: string | null;
            readonly name: string | null;
            readonly state: FutureState;
            get_fraction(): number;
            get_message(): string | null;
            get_name(): string | null;
            get_state(): FutureState;
        }

        // ---- Executors ----

        /** What {@link Executor.submit} and {@link EventThread.submit} have in common. */
        interface Place {
            /**
             * Runs a function. One of a GNOME library runs on a worker thread, one in JavaScript in a realm. For a
             * method, its object comes first.
             *
             *     await executor.submit(GdkPixbuf.Pixbuf.new_from_file, path);
             *     await executor.submit(Gio.File.prototype.load_contents, file, null);
             *     await executor.submit((a, b) => a + b, 1, 2);
             *
             * What C takes a Gio.Cancellable for gets one of the future's own where null is given.
             *
             * @throws TypeError where an argument is of the wrong kind, or cannot be given to another thread or process
             */
            submit<A extends any[], Y, R>(fn: (this: Task, ...args: A) => Generates<Y, R>, ...args: A): Stream<Y, R>;
            submit<A extends any[], R>(fn: (this: Task, ...args: A) => R, ...args: A): Future<Result<R>>;
            submit<A extends any[], R>(method: (...args: A) => R, object: object, ...args: Arguments<A>): Future<Result<R>>;

            /**
             * Runs a method by its name on a worker thread, or a function by its full name.
             *
             *     await executor.call(file, 'load_contents', null);
             *     await executor.call('GLib.usleep', 1000);
             *
             * @throws TypeError as {@link submit} does, and where there is no such function
             */
            call<T = any>(name: string, ...args: any[]): Future<T>;
            call<O extends object, K extends MethodName<O>>(object: O, name: K,
                ...args: O[K] extends (...args: infer A) => any ? Arguments<A> : never):
            Future<O[K] extends (...args: any[]) => infer R ? Result<R> : never>;

            /**
             * Has a module imported by the realms, and gives its functions: each call runs in a realm and gives a future.
             *
             *     const api = await executor.import<typeof import('./work.js')>('./work.js', import.meta.url);
             *
             * A class that the module exports, or an object that holds functions, is a getter that throws a TypeError.
             *
             * @param specifier a path that begins with `./`, `../` or `/`, or a `file:` or `resource:` URI; for the latter,
             *   see {@link RealmOptions.resources}
             * @param base what a path that begins with a dot is relative to: `import.meta.url`
             */
            import<M = AnyModule>(specifier: string, base?: string): Promise<Imported<M>>;
        }

        /** What {@link Executor.submit} does when `maxQueued` tasks are waiting. */
        enum WhenFull {
            /**
             * It waits for room; nothing else happens in this thread meanwhile, in a user interface neither. Where that
             * would be for ever, it gives a future that fails with {@link Error.WOULD_DEADLOCK}.
             */
            BLOCK,
            /** It gives a future that fails with {@link Error.QUEUE_FULL}. */
            FAIL,
        }

        /** What {@link Executor.shutdown} does with work; in JavaScript, see its options. */
        enum Shutdown {
            DRAIN,
            CANCEL_QUEUED,
            CANCEL_ALL,
        }

        interface RealmOptions {
            /**
             * The paths of files with resources, as GNOME applications have them. Realms register them before anything
             * else; what the program has registered is not there.
             */
            resources?: string[];
        }

        interface ExecutorOptions extends RealmOptions {
            /** Of the threads, and for messages. */
            name?: string;
            /** How many functions run at a time, on threads and in realms each; by default, four more than processors. */
            maxWorkers?: number;
            /** How many tasks may wait, for threads and for realms each; 0, the default, is for no limit. */
            maxQueued?: number;
            whenFull?: WhenFull;
            /** After how many microseconds without work a thread or a realm ends; -1 is for never. */
            idleTimeout?: number;
            /** For how many microseconds a thread looks for more work before it sleeps. */
            spinTime?: number;
        }

        interface StopOptions {
            /**
             * True: queued work is cancelled, and generators that wait for their readers. `'all'`: what runs is asked
             * to stop, too, and a realm that does not end is ended.
             */
            cancelFutures?: boolean | 'all';
        }

        interface ShutdownOptions extends StopOptions {
            /** False: the promise resolves at once, and what was accepted goes on. */
            wait?: boolean;
        }

        /**
         * A pool of threads for native functions, and of realms for functions in JavaScript. Both are made when the first
         * function needs one.
         *
         * Dropping one loses nothing: what was accepted runs, then threads and realms end.
         */
        class Executor extends GObject.Object implements Place {
            /** @throws TypeError, RangeError where an option is wrong, or there is none of that name */
            constructor(options?: ExecutorOptions);

            /** A pool that the whole process shares. */
            static get_default(): Executor;
            /** The same. */
            static default(): Executor;
            /**
             * The main loop of this thread: functions in JavaScript run in it, in their turn, with all they can see, and
             * native ones with widgets, callbacks and all else that no worker can do. The future of a function that is
             * async settles with its promise. It has no import(): take that of the language.
             */
            static main(): Executor;
            static new_for_context(context: GLib.MainContext | null): Executor;
            /** Gives `body` an executor, and shuts it down on every way out, waiting for what was accepted. */
            static with<R>(options: ExecutorOptions, body: (executor: Executor) => R | PromiseLike<R>): Promise<R>;

            name: string;
            maxWorkers: number;
            maxQueued: number;
            whenFull: WhenFull;
            idleTimeout: number;
            spinTime: number;
            get_name(): string;
            get_max_workers(): number;
            set_max_workers(maxWorkers: number): void;
            get_max_queued(): number;
            set_max_queued(maxQueued: number): void;
            get_when_full(): WhenFull;
            set_when_full(whenFull: WhenFull): void;
            get_idle_timeout(): number;
            set_idle_timeout(microseconds: number): void;
            get_spin_time(): number;
            set_spin_time(microseconds: number): void;
            /** How many native calls wait for a thread. */
            readonly nQueued: number;
            /** How many native calls run. */
            readonly nRunning: number;
            /** How many native calls wait for a thread. */
            get_n_queued(): number;
            /** How many native calls run. */
            get_n_running(): number;

            submit: Place['submit'];
            call: Place['call'];
            import: Place['import'];

            /**
             * The results of `fn(item)`, in the order of the items.
             *
             * @param options `bufferSize` is how many items are taken ahead; by default, two for each worker
             */
            map<I, R>(fn: (this: Task, item: I) => R, items: Iterable<I> | AsyncIterable<I>,
                options?: {bufferSize?: number}): AsyncGenerator<Result<R>, void, undefined>;

            /** Takes no more work, and resolves when the threads and the realms have ended. */
            shutdown(options?: ShutdownOptions): Promise<void>;
        }

        interface EventThreadOptions extends RealmOptions {
            /** Of the thread, and for messages. */
            name?: string;
        }

        /**
         * One thread with a main loop, on which native functions run in their order, and one realm, which keeps what
         * functions in JavaScript leave in `globalThis`, and whose main loop runs between them. If that realm ends by
         * itself, calls that it has, or else the next one, fail with {@link Error.ABANDONED}; then there is a new one.
         */
        class EventThread extends GObject.Object implements Place {
            constructor(options?: EventThreadOptions);

            /** Gives `body` a thread that was started, and stops it on every way out. */
            static with<R>(options: EventThreadOptions, body: (thread: EventThread) => R | PromiseLike<R>): Promise<R>;

            readonly name: string;
            readonly running: boolean;
            get_name(): string;
            get_running(): boolean;
            /** Is done when the thread has ended, without having it end. */
            get_stopped(): Future<void>;

            submit: Place['submit'];
            call: Place['call'];
            import: Place['import'];

            /** @throws {@link Error.ALREADY_STARTED}, {@link Error.SHUT_DOWN} */
            start(): boolean;
            /**
             * Takes no more work and runs what it has, if not told otherwise; resolves when the thread and the realm have
             * ended.
             */
            stop(options?: StopOptions): Promise<void>;
            /** Takes no more work, and does not wait for what it has. */
            quit(): void;
            /** Blocks until the thread has ended; the timeout is in milliseconds. */
            join(timeout?: number, cancellable?: Gio.Cancellable | null): boolean;
        }

        // ---- Errors ----

        /**
         * What can go wrong that GIO has no name for. Cancelled is `Gio.IOErrorEnum.CANCELLED`, and too late is
         * `Gio.IOErrorEnum.TIMED_OUT`.
         *
         *     if (error.matches(Tl.Error, Tl.Error.SHUT_DOWN)) ...
         */
        class Error extends GLib.Error {
            static $gtype: GObject.GType<GLib.Error>;
            /** Something without a name of its own. */
            static FAILED: number;
            /** The executor or the thread takes no more work. */
            static SHUT_DOWN: number;
            /** The event thread was not started. */
            static NOT_STARTED: number;
            static ALREADY_STARTED: number;
            static QUEUE_FULL: number;
            /** Waiting would never end. */
            static WOULD_DEADLOCK: number;
            static BROKEN: number;
            /** A thread or a realm could not be made. */
            static THREAD: number;
            /** The realm has ended before the function did; the message tells how. */
            static ABANDONED: number;
            /** The future has not settled. */
            static PENDING: number;
            static WRONG_TYPE: number;
            static quark(): GLib.Quark;
        }
    }

    global {
        interface GjsGiImports {
            Tl: typeof Tl;
        }
    }

    export default Tl;
}

declare module 'gi://Tl' {
    import Tl from 'gi://Tl?version=1';
    export default Tl;
}
