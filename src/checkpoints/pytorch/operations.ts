import type { AssayError } from '../../errors.js';
import { type ByteReader, plain } from './byte-reader.js';
import { Dict, Global, kindOf, Opaque, SetValue, Tuple } from './values.js';

/** What the pickle may refer to. */
export interface PickleHost {
  /** Errors for everything that is not in a table of known names. */
  global(module: string, name: string): unknown;
  /** What a persistent id stands for: a storage. */
  persistent(id: unknown): unknown;
}

/** What operations work on. */
export interface Machine {
  reader: ByteReader;
  stack: unknown[];
  marks: number[];
  /** A map, since places in the memo are numbers that the file chooses. */
  memo: Map<number, unknown>;
  host: PickleHost;
  pop(): unknown;
  popMark(): unknown[];
  refuse(found: string): AssayError;
}

type Step = (m: Machine) => void;

const push =
  (read: (m: Machine) => unknown): Step =>
  (m) => {
    m.stack.push(read(m));
  };

const tuple =
  (n: number): Step =>
  (m) => {
    const items = Array.from({ length: n }, () => m.pop());
    m.stack.push(new Tuple(items.reverse()));
  };

const put =
  (place: (m: Machine) => number): Step =>
  (m) => {
    m.memo.set(place(m), top(m));
  };

const get =
  (place: (m: Machine) => number): Step =>
  (m) => {
    const at = place(m);
    if (!m.memo.has(at)) throw m.refuse(`a reference to ${at}, which is not there`);
    m.stack.push(m.memo.get(at));
  };

function top(m: Machine): unknown {
  const value = m.pop();
  m.stack.push(value);
  return value;
}

/** Calls and instances: only what the table of globals knows how to make. */
function make(m: Machine, callee: unknown, args: unknown): unknown {
  if (!(args instanceof Tuple)) throw m.refuse(`a call with ${kindOf(args)} in place of arguments`);
  if (callee instanceof Global && callee.call) return callee.call(args.items);
  throw m.refuse(`a call of ${kindOf(callee)}`);
}

function reduce(m: Machine): void {
  const args = m.pop();
  m.stack.push(make(m, m.pop(), args));
}

function newObjectEx(m: Machine): void {
  m.pop();
  reduce(m);
}

/** INST and OBJ: instances of old-style classes. */
function instance(m: Machine, callee: unknown, args: unknown[]): void {
  m.stack.push(make(m, callee, new Tuple(args)));
}

/** State goes to a dict as attributes; whatever else is carried loses it. */
function build(m: Machine): void {
  const state = m.pop();
  const target = top(m);
  if (target instanceof Dict) target.attributes = state;
}

function append(m: Machine, list: unknown, items: readonly unknown[]): void {
  if (Array.isArray(list)) for (const item of items) list.push(item);
  else if (list instanceof SetValue) for (const item of items) list.items.push(item);
  else if (!(list instanceof Opaque)) throw m.refuse(`items for ${kindOf(list)}`);
}

function setItems(m: Machine, dict: unknown, items: readonly unknown[]): void {
  if (items.length % 2 !== 0) throw m.refuse('a key without a value');
  if (dict instanceof Opaque) return;
  if (!(dict instanceof Dict)) throw m.refuse(`keys for ${kindOf(dict)}`);
  for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1]);
}

function dictOf(m: Machine): Dict {
  const dict = new Dict();
  setItems(m, dict, m.popMark());
  return dict;
}

function setOf(items: readonly unknown[]): SetValue {
  const set = new SetValue();
  for (const item of items) set.items.push(item);
  return set;
}

function integer(m: Machine, text: string): number | bigint {
  if (!/^[+-]?\d{1,2500}$/.test(text)) throw m.refuse('an integer that is none');
  return plain(BigInt(text.replace('+', '')));
}

function intLine(m: Machine): unknown {
  const text = m.reader.line();
  if (text === '00') return false;
  return text === '01' ? true : integer(m, text);
}

function floatLine(m: Machine): number {
  const text = m.reader.line();
  const value = /^[+-]?(inf|nan)$/i.test(text)
    ? Number(text.replace(/inf/i, 'Infinity').replace(/[+-]?nan/i, 'NaN'))
    : Number(text);
  if (text === '' || (Number.isNaN(value) && !/nan/i.test(text))) throw m.refuse('a number that is none');
  return value;
}

/** A quoted string; escapes are kept as they stand, since no name of ours has any. */
function quoted(m: Machine): string {
  const text = m.reader.line();
  if (text.length < 2 || text[0] !== text.at(-1) || !/['"]/.test(text[0]!))
    throw m.refuse('a string without quotes');
  return text.slice(1, -1);
}

function globalLines(m: Machine): unknown {
  const module = m.reader.line();
  return m.host.global(module, m.reader.line());
}

function stackGlobal(m: Machine): unknown {
  const [name, module] = [m.pop(), m.pop()];
  if (typeof name !== 'string' || typeof module !== 'string') throw m.refuse('a name that is not a string');
  return m.host.global(module, name);
}

function unsupported(what: string): Step {
  return (m) => {
    throw m.refuse(what);
  };
}

const memoLine = (m: Machine) => {
  const at = Number(m.reader.line());
  if (!Number.isSafeInteger(at) || at < 0) throw m.refuse('a place in the memo that is none');
  return at;
};

/** Pickle's operations, protocols 0 to 5, by code (CPython, Lib/pickletools.py). STOP is the loop's. */
export const STEPS: ReadonlyMap<number, Step> = new Map<number, Step>([
  [0x80, (m) => protocol(m, m.reader.u8())],
  [0x95, (m) => void m.reader.u64()],
  [0x28, (m) => void m.marks.push(m.stack.length)],
  [0x30, (m) => void (m.stack.length > (m.marks.at(-1) ?? 0) ? m.pop() : m.popMark())],
  [0x31, (m) => void m.popMark()],
  [0x32, push(top)],
  [0x4e, push(() => null)],
  [0x88, push(() => true)],
  [0x89, push(() => false)],
  [0x4b, push((m) => m.reader.u8())],
  [0x4d, push((m) => m.reader.u16())],
  [0x4a, push((m) => m.reader.i32())],
  [0x8a, push((m) => m.reader.long(m.reader.u8()))],
  [0x8b, push((m) => m.reader.long(m.reader.u32()))],
  [0x49, push(intLine)],
  [0x4c, push((m) => integer(m, m.reader.line().replace(/L$/, '')))],
  [0x46, push(floatLine)],
  [0x47, push((m) => m.reader.f64())],
  [0x53, push(quoted)],
  [0x54, push((m) => m.reader.latin1(m.reader.u32()))],
  [0x55, push((m) => m.reader.latin1(m.reader.u8()))],
  [0x56, push((m) => m.reader.line())],
  [0x58, push((m) => m.reader.text(m.reader.u32()))],
  [0x8c, push((m) => m.reader.text(m.reader.u8()))],
  [0x8d, push((m) => m.reader.text(m.reader.u64()))],
  [0x42, push((m) => m.reader.take(m.reader.u32()))],
  [0x43, push((m) => m.reader.take(m.reader.u8()))],
  [0x8e, push((m) => m.reader.take(m.reader.u64()))],
  [0x96, push((m) => m.reader.take(m.reader.u64()))],
  [0x97, unsupported('a buffer outside the pickle')],
  [0x98, unsupported('a buffer outside the pickle')],
  [0x29, push(() => new Tuple([]))],
  [0x74, push((m) => new Tuple(m.popMark()))],
  [0x85, tuple(1)],
  [0x86, tuple(2)],
  [0x87, tuple(3)],
  [0x5d, push(() => [])],
  [0x6c, push((m) => m.popMark())],
  [0x7d, push(() => new Dict())],
  [0x64, push(dictOf)],
  [0x8f, push(() => new SetValue())],
  [0x91, push((m) => setOf(m.popMark()))],
  [
    0x61,
    (m) => {
      const item = m.pop();
      append(m, top(m), [item]);
    },
  ],
  [
    0x65,
    (m) => {
      const items = m.popMark();
      append(m, top(m), items);
    },
  ],
  [
    0x90,
    (m) => {
      const items = m.popMark();
      append(m, top(m), items);
    },
  ],
  [
    0x73,
    (m) => {
      const [value, key] = [m.pop(), m.pop()];
      setItems(m, top(m), [key, value]);
    },
  ],
  [
    0x75,
    (m) => {
      const items = m.popMark();
      setItems(m, top(m), items);
    },
  ],
  [0x70, put(memoLine)],
  [0x71, put((m) => m.reader.u8())],
  [0x72, put((m) => m.reader.u32())],
  [0x94, put((m) => m.memo.size)],
  [0x67, get(memoLine)],
  [0x68, get((m) => m.reader.u8())],
  [0x6a, get((m) => m.reader.u32())],
  [0x63, push(globalLines)],
  [0x93, push(stackGlobal)],
  [0x82, unsupported('a name from a registry of extensions')],
  [0x83, unsupported('a name from a registry of extensions')],
  [0x84, unsupported('a name from a registry of extensions')],
  [0x52, reduce],
  [0x81, reduce],
  [0x92, newObjectEx],
  [0x62, build],
  [0x69, (m) => instance(m, globalLines(m), m.popMark())],
  [
    0x6f,
    (m) => {
      const [callee, ...args] = m.popMark();
      instance(m, callee, args);
    },
  ],
  [0x50, push((m) => m.host.persistent(m.reader.line()))],
  [0x51, push((m) => m.host.persistent(m.pop()))],
]);

function protocol(m: Machine, version: number): void {
  if (version > 5) throw m.refuse(`pickle protocol ${version}`);
}
