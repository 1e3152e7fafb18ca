import { unit } from './unit.js';

/** Cells of [1, 2) for logarithms. */
export const LOG_CELLS = 128;

/** Cells of a turn for angles. */
export const ANGLE_CELLS = 256;

const table = (length: number, of: (i: number) => number) => Float64Array.from({ length }, (_, i) => of(i));

export const RECIPROCAL = table(LOG_CELLS + 1, (i) => 1 / (1 + i / LOG_CELLS));
export const LOG = table(LOG_CELLS + 1, (i) => (i === LOG_CELLS ? Math.LN2 : Math.log(1 + i / LOG_CELLS)));
const POWER = table(33, (e) => 2 ** e);

export const COSINE = table(ANGLE_CELLS + 1, (i) => Math.cos((2 * Math.PI * i) / ANGLE_CELLS));
export const SINE = table(ANGLE_CELLS + 1, (i) => Math.sin((2 * Math.PI * i) / ANGLE_CELLS));
const CELL = (2 * Math.PI) / ANGLE_CELLS;

/**
 * Pairs of standard normals from a place on (Box & Muller 1958), of four words of sfc32 each, whose state (4) is moved on.
 * Logarithm, cosine and sine come from tables with a short series around the nearest entry, within 1e-14 of those of `Math`,
 * which no pixel of float32 notices. Chains of SGLD spend most of their time here that is not the network's: all of it is
 * one function, in a third of the time that an array of words and `Math` take. `box-muller-module.ts` has the same for several
 * streams side by side, operation by operation: change both, or neither.
 */
export function boxMuller(state: Int32Array, into: Float64Array, from: number, pairs: number): void {
  let x = state[0]! | 0;
  let y = state[1]! | 0;
  let z = state[2]! | 0;
  let n = state[3]! | 0;
  for (let at = from; at < from + 2 * pairs; at += 2) {
    const first = (((x + y) | 0) + n) | 0;
    n = (n + 1) | 0;
    x = y ^ (y >>> 9);
    y = (z + (z << 3)) | 0;
    z = (((z << 21) | (z >>> 11)) + first) | 0;
    const second = (((x + y) | 0) + n) | 0;
    n = (n + 1) | 0;
    x = y ^ (y >>> 9);
    y = (z + (z << 3)) | 0;
    z = (((z << 21) | (z >>> 11)) + second) | 0;
    const third = (((x + y) | 0) + n) | 0;
    n = (n + 1) | 0;
    x = y ^ (y >>> 9);
    y = (z + (z << 3)) | 0;
    z = (((z << 21) | (z >>> 11)) + third) | 0;
    const fourth = (((x + y) | 0) + n) | 0;
    n = (n + 1) | 0;
    x = y ^ (y >>> 9);
    y = (z + (z << 3)) | 0;
    z = (((z << 21) | (z >>> 11)) + fourth) | 0;

    // In (0, 1]: m / 2^e with m in [1, 2).
    const v = 1 - unit(first, second);
    const top = (v * 1_073_741_824) | 0;
    let log: number;
    if (top === 0) log = Math.log(v);
    else {
      const e = Math.clz32(top) - 1;
      const m = v * POWER[e]!;
      const cell = ((m - 1) * LOG_CELLS + 0.5) | 0;
      const r = m * RECIPROCAL[cell]! - 1;
      const series = 1 / 3 - r * (1 / 4 - r * (1 / 5 - r * (1 / 6 - r * (1 / 7))));
      log = LOG[cell]! - e * Math.LN2 + (r - r * r * (0.5 - r * series));
    }
    const radius = Math.sqrt(-2 * log);

    const turn = unit(third, fourth) * ANGLE_CELLS;
    const near = (turn + 0.5) | 0;
    const d = (turn - near) * CELL;
    const q = d * d;
    const sine = d - d * q * (1 / 6 - q * (1 / 120));
    const cosine = 1 - q * (0.5 - q * (1 / 24 - q * (1 / 720)));
    into[at] = radius * (COSINE[near]! * cosine - SINE[near]! * sine);
    into[at + 1] = radius * (SINE[near]! * cosine + COSINE[near]! * sine);
  }
  state[0] = x;
  state[1] = y;
  state[2] = z;
  state[3] = n;
}
