/**
 * A small stand-in of jest (and, where they are alike, of vitest): enough to see what a test mocks and what the code under test then reads.
 * It knows modules by their files: who transpiles has put these in place of the specifiers.
 */

import fs from "node:fs";
import { isBuiltin } from "node:module";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";

const made = new Set();
const waiting = [];

/** Waits for the factories that are asynchronous, as those of vitest may be. */
export async function settled() {
  while (waiting.length > 0) await waiting.shift()();
}

function fn(initial) {
  let [lasting, once] = [initial, []];
  const mock = function (...given) {
    mock.mock.calls.push(given);
    const now = once.shift() ?? lasting;
    const value = now?.apply(this, given);
    mock.mock.results.push({ type: "return", value });
    return value;
  };
  const set = (use) => (lasting = use, mock);
  const next = (use) => (once.push(use), mock);
  mock.mockClear = () => (mock.mock = { calls: [], results: [], get lastCall() { return this.calls.at(-1); } }, mock);
  mock.mockReset = () => ((once = []), (lasting = undefined), mock.mockClear());
  mock.mockRestore = () => mock.mockReset();
  mock.mockImplementation = set;
  mock.mockImplementationOnce = next;
  mock.mockReturnValue = (value) => set(() => value);
  mock.mockReturnValueOnce = (value) => next(() => value);
  mock.mockResolvedValue = (value) => set(async () => value);
  mock.mockResolvedValueOnce = (value) => next(async () => value);
  mock.mockRejectedValue = (value) => set(async () => Promise.reject(value));
  mock.mockRejectedValueOnce = (value) => next(async () => Promise.reject(value));
  mock.mockReturnThis = () => set(function () { return this; });
  mock.mockName = () => mock;
  mock.getMockImplementation = () => lasting;
  mock._isMockFunction = true;
  made.add(mock);
  return mock.mockClear();
}

function spyOn(object, name, access) {
  const own = Object.getOwnPropertyDescriptor(object, name);
  const read = own?.[access ?? "value"] ?? object[name];
  const spy = fn(read);
  spy.mockRestore = () => (own ? Object.defineProperty(object, name, own) : delete object[name]);
  const made = access ? { ...own, [access]: spy } : { configurable: true, enumerable: true, writable: true, value: spy };
  Object.defineProperty(object, name, made);
  return spy;
}

/** The same shape with functions that do nothing. Other values stay, lists are empty. */
function automock(value, known = new Map()) {
  if (known.has(value)) return known.get(value);
  if (Array.isArray(value)) return [];
  if (typeof value !== "function" && (typeof value !== "object" || value === null)) return value;
  const mock = typeof value === "function" ? fn() : {};
  known.set(value, mock);
  members(value, mock, known);
  if (typeof value === "function" && value.prototype) members(value.prototype, mock.prototype, known);
  return mock;
}

function members(from, to, known) {
  const taken = new Set(["length", "name", "prototype", "arguments", "caller", "constructor"]);
  for (let at = from; at && at !== Object.prototype && at !== Function.prototype; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at).filter((name) => !taken.has(name))) {
      taken.add(name);
      const { get, enumerable } = Object.getOwnPropertyDescriptor(at, name);
      if (get && !from.__esModule) continue;
      Object.defineProperty(to, name, { value: automock(from[name], known), enumerable, configurable: true, writable: true });
    }
  }
}

function any(type) {
  return { asymmetric: (value) => Object(value) instanceof type || typeof value === type.name.toLowerCase() };
}

function equals(found, wanted) {
  if (typeof wanted?.asymmetric === "function") return wanted.asymmetric(found);
  const isList = Array.isArray(wanted) && Array.isArray(found);
  if (isList) return wanted.length === found.length && wanted.every((item, at) => equals(found[at], item));
  const isPlain = (value) => value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype;
  if (!isPlain(wanted) || !isPlain(found)) return isDeepStrictEqual(found, wanted);
  return [...new Set([...Object.keys(wanted), ...Object.keys(found)])].every((key) => equals(found[key], wanted[key]));
}

function includes(found, wanted) {
  if (wanted === null || typeof wanted !== "object" || wanted.asymmetric) return equals(found, wanted);
  return Object.keys(wanted).every((key) => includes(found?.[key], wanted[key]));
}

const thrown = (call) => {
  try {
    call();
  } catch (error) {
    return { error };
  }
  return undefined;
};
const says = (error, wanted) => {
  if (wanted === undefined) return true;
  if (typeof wanted === "function") return error instanceof wanted;
  return wanted instanceof RegExp ? wanted.test(error.message) : String(error.message).includes(wanted.message ?? wanted);
};

/** Whether what was found is what was wanted. */
const MATCHERS = {
  toBe: (found, wanted) => Object.is(found, wanted),
  toEqual: equals,
  toStrictEqual: equals,
  toMatchObject: includes,
  toBeDefined: (found) => found !== undefined,
  toBeUndefined: (found) => found === undefined,
  toBeNull: (found) => found === null,
  toBeTruthy: Boolean,
  toBeFalsy: (found) => !found,
  toContain: (found, wanted) => [...found].includes(wanted) || (typeof found === "string" && found.includes(wanted)),
  toHaveLength: (found, wanted) => found.length === wanted,
  toHaveProperty: (found, key, ...value) => {
    const inner = String(key).split(".").reduce((at, part) => at?.[part], found);
    return value.length > 0 ? equals(inner, value[0]) : inner !== undefined;
  },
  toMatch: (found, wanted) => (wanted instanceof RegExp ? wanted.test(found) : found.includes(wanted)),
  toBeInstanceOf: (found, wanted) => found instanceof wanted,
  toBeGreaterThan: (found, wanted) => found > wanted,
  toBeLessThan: (found, wanted) => found < wanted,
  toThrow: (found, wanted) => {
    const failure = typeof found === "function" ? thrown(found) : { error: found };
    return failure !== undefined && says(failure.error, wanted);
  },
  toHaveBeenCalled: (found) => found.mock.calls.length > 0,
  toHaveBeenCalledTimes: (found, wanted) => found.mock.calls.length === wanted,
  toHaveBeenCalledWith: (found, ...wanted) => found.mock.calls.some((given) => equals(given, wanted)),
  toHaveBeenLastCalledWith: (found, ...wanted) => equals(found.mock.calls.at(-1), wanted),
};

function expect(found) {
  const check = (isWanted, take) => Object.fromEntries(Object.entries(MATCHERS).map(([name, holds]) => [name, take((value, ...wanted) => {
    if (Boolean(holds(value, ...wanted)) !== isWanted) throw new Error(`${isWanted ? "" : "not "}${name} does not hold`);
  })]));
  const both = (take) => ({ ...check(true, take), not: check(false, take) });
  const rejected = async () => {
    const failure = await found.then(() => undefined, (error) => ({ error }));
    if (!failure) throw new Error("it was not rejected");
    return failure.error;
  };
  return {
    ...both((matcher) => (...wanted) => matcher(found, ...wanted)),
    resolves: both((matcher) => async (...wanted) => matcher(await found, ...wanted)),
    rejects: both((matcher) => async (...wanted) => matcher(await rejected(), ...wanted)),
  };
}
Object.assign(expect, {
  any,
  anything: () => ({ asymmetric: (value) => value !== undefined && value !== null }),
  objectContaining: (wanted) => ({ asymmetric: (value) => includes(value, wanted) }),
});

/** The tests of a file, and the functions that declare them. */
function suite() {
  const [tests, last] = [[], []];
  let around = { name: "", before: [], after: [], up: undefined };
  const chain = (at, key) => (at ? [...chain(at.up, key), ...at[key]] : []);
  const it = (name, body) => void tests.push({ name: `${around.name}${name}`, body, at: around });
  it.each = (rows) => (name, body) => rows.forEach((row, at) => it(`${name} ${at}`, () => body(...[row].flat())));
  it.skip = () => {};
  const describe = (name, body) => {
    around = { name: `${around.name}${name} > `, before: [], after: [], up: around };
    body();
    around = around.up;
  };
  const once = (body) => {
    let ran;
    return () => (ran ??= Promise.resolve(body()));
  };
  const run = async () => {
    let isGood = tests.length > 0;
    for (const { name, body, at } of tests) {
      try {
        for (const step of [...chain(at, "before"), body, ...chain(at, "after").reverse()]) await step();
        console.log(`ok ${name}`);
      } catch (error) {
        isGood = false;
        console.log(`not ok ${name}: ${error?.message}`);
      }
    }
    for (const step of last) await step();
    return isGood;
  };
  const globals = {
    describe,
    it,
    test: it,
    beforeEach: (body) => void around.before.push(body),
    beforeAll: (body) => void around.before.push(once(body)),
    afterEach: (body) => void around.after.push(body),
    afterAll: (body) => void last.push(body),
  };
  return { globals, run };
}

/** The stand-in for one test file. `load` loads a file itself, whatever mocks it; `whole` says the path of a file as it is known. */
export function standIn({ load, whole, packages }) {
  const mocks = new Map();
  const isPackage = (file) => isBuiltin(file) || packages.some((name) => file === name || file.startsWith(`${name}/`));
  const isKnown = (file) => path.isAbsolute(file) || isPackage(file);
  const beside = (file) => path.join(path.dirname(file), "__mocks__", path.basename(file));
  const automatic = (file) => (fs.existsSync(beside(file)) ? load(beside(file)) : automock(load(file)));
  const mocked = (file) => {
    const mock = mocks.get(file);
    if (!("value" in mock)) mock.value = mock.factory ? mock.factory(() => load(file)) : automatic(file);
    return mock.value;
  };
  // What vitest's factories make is a module's namespace.
  const namespace = (value) => (value.__esModule ? value : Object.defineProperty({ ...value }, "__esModule", { value: true }));
  const mocker = (isModule) => function (given, factory, options) {
    const file = whole(given);
    if (!isKnown(file) && !options?.virtual) throw new Error(`Cannot find module '${file}' to mock`);
    const mock = { factory };
    mocks.set(file, mock);
    if (isModule && factory) {
      waiting.push(async () => void (mock.value ??= namespace(await factory(async () => load(file)))));
    }
    return this;
  };
  const unmock = function (file) {
    mocks.delete(whole(file));
    return this;
  };
  const requireMock = (file) => (mocks.has(whole(file)) ? mocked(whole(file)) : automatic(whole(file)));
  const all = (method) => () => made.forEach((mock) => mock[method]());
  const common = {
    unmock, dontMock: unmock, doUnmock: unmock, deepUnmock: unmock, fn, spyOn,
    mocked: (value) => value,
    isMockFunction: (value) => Boolean(value?._isMockFunction),
    clearAllMocks: all("mockClear"),
    resetAllMocks: all("mockReset"),
    restoreAllMocks: all("mockRestore"),
    setMock: (file, value) => void mocks.set(whole(file), { value }),
    requireActual: load,
    requireMock,
    createMockFromModule: (file) => automock(load(file)),
    importActual: async (file) => load(file),
    importMock: async (file) => requireMock(file),
    hoisted: (make) => make(),
  };
  const jest = { ...common, mock: mocker(false), doMock: mocker(false) };
  const vi = { ...common, mock: mocker(true), doMock: mocker(true) };
  const { globals, run } = suite();
  return { globals: { jest, vi, expect, ...globals }, mocks: (file) => mocks.has(file), mocked, run };
}
