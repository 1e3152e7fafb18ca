import { compiled } from '../wasm/compiled.js';
import { COSINE, LOG, RECIPROCAL, SINE } from './box-muller.js';
import { AT, boxMullerModule, MOST, STREAMS } from './box-muller-module.js';

/**
 * Fills rows of numbers, which lie one after the other, for up to four streams: each with what `boxMuller` makes of a state, to
 * the bit, in less than half the time. An odd size leaves out the last number of a pair.
 * @param states four words of each row's sfc32, as it is before the first number
 * @param at where the first row begins
 * @param size numbers of a row
 */
export type BoxMullers = (
  states: readonly ArrayLike<number>[],
  into: Float64Array,
  at: number,
  size: number,
) => void;

let known: { fill: BoxMullers | undefined } | undefined;

/** In WebAssembly; undefined where that does not run. */
export function boxMullers(): BoxMullers | undefined {
  known ??= { fill: instance() };
  return known.fill;
}

function instance(): BoxMullers | undefined {
  const made = compiled<{ memory: { buffer: ArrayBuffer }; fill(bytes: number): void }>(boxMullerModule(), {
    log: Math.log,
  });
  if (!made) return undefined;
  const words = new Int32Array(made.memory.buffer, 4 * AT.state, 4 * STREAMS);
  const numbers = new Float64Array(made.memory.buffer);
  const table = (at: number, ...columns: readonly Float64Array[]) => {
    for (const [c, column] of columns.entries())
      for (const [i, value] of column.entries()) numbers[at + columns.length * i + c] = value;
  };
  table(AT.logarithms, RECIPROCAL, LOG);
  table(AT.turns, COSINE, SINE);
  // Views are kept: chains ask for the same count again and again, and new ones would be garbage of every step.
  let views: readonly Float64Array[] = [];
  const rowsOf = (count: number) => {
    if (views[0]?.length !== count)
      views = Array.from({ length: STREAMS }, (_, i) => {
        const first = AT.normals + MOST * i;
        return numbers.subarray(first, first + count);
      });
    return views;
  };
  return (states, into, at, size) => {
    for (let i = 0; i < states.length; i++)
      for (let w = 0; w < 4; w++) words[STREAMS * w + i] = states[i]![w]!;
    for (let from = 0; from < size; from += MOST) {
      const count = Math.min(MOST, size - from);
      made.fill(16 * Math.ceil(count / 2));
      const rows = rowsOf(count);
      for (let i = 0; i < states.length; i++) into.set(rows[i]!, at + i * size + from);
    }
  };
}
