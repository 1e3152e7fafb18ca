import { limits } from '../../bytes/limits.js';
import { AssayError } from '../../errors.js';
import { ByteReader } from './byte-reader.js';
import { type Machine, type PickleHost, STEPS } from './operations.js';

const STOP = 0x2e;

/**
 * Reads one pickle. Nothing is imported or executed: names are looked up in the host's table, and what a pickle
 * would call becomes a call of our own functions on plain data, or an error. Memory and time grow with the bytes
 * read: lengths are checked against the file, references share their value, the number of steps is limited.
 * @param at where the pickle starts
 * @returns the value, and where the pickle ends
 * Errors: `file-malformed`, and what the host throws.
 */
export function unpickle(
  bytes: Uint8Array,
  host: PickleHost,
  { file, path, at = 0 }: { file: string; path?: string; at?: number },
): { value: unknown; end: number } {
  const refusal = (found: string, position: number) =>
    new AssayError('file-malformed', 'the pickle in the file is damaged', {
      file,
      path: `${path ? `${path}, ` : ''}byte ${position}`,
      found,
      hint: 'the file may be cut off; fetch or write it again',
    });
  const reader = new ByteReader(bytes, at, refusal);
  let start = at;
  const m: Machine = {
    reader,
    stack: [],
    marks: [],
    memo: new Map(),
    host,
    pop() {
      if (m.stack.length <= (m.marks.at(-1) ?? 0)) throw m.refuse('an operation on nothing');
      return m.stack.pop();
    },
    popMark() {
      const mark = m.marks.pop();
      if (mark === undefined) throw m.refuse('the end of a group that never began');
      return m.stack.splice(mark);
    },
    refuse: (found) => refusal(found, start),
  };
  for (let steps = 0; steps < limits.pickleSteps.value; steps++) {
    start = reader.at;
    const code = reader.u8();
    if (code === STOP) return { value: m.pop(), end: reader.at };
    const step = STEPS.get(code);
    if (!step) throw m.refuse(`the unknown operation 0x${code.toString(16)}`);
    step(m);
  }
  throw new AssayError('file-malformed', 'the pickle in the file is too long', {
    file,
    path,
    expected: `at most ${limits.pickleSteps.value} operations`,
    hint: limits.pickleSteps.instead,
  });
}
