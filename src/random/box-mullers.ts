import { compiled } from '../wasm/compiled.js';
import { COSINE, LOG, RECIPROCAL, SINE } from './box-muller.js';
import { AT, boxMullerModule, MOST, STREAMS } from './box-muller-module.js';

/**
 * Fills a row for each of up to four streams, all of one length, with what `boxMuller` makes of their states; an odd length
 * leaves out the last number of a pair. To the bit what that makes, in a third of the time.
 * @param states four words of each row's sfc32, as it is before the first number
 */
export type BoxMullers = (states: readonly ArrayLike<number>[], rows: readonly Float64Array[]) => void;

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
  return (states, rows) => {
    for (const [row, state] of states.entries())
      for (let w = 0; w < 4; w++) words[STREAMS * w + row] = state[w]!;
    const size = rows[0]?.length ?? 0;
    for (let from = 0; from < size; from += MOST) {
      const count = Math.min(MOST, size - from);
      made.fill(16 * Math.ceil(count / 2));
      for (const [i, row] of rows.entries()) {
        const at = AT.normals + MOST * i;
        row.set(numbers.subarray(at, at + count), from);
      }
    }
  };
}
