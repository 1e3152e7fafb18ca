import { boxMuller } from './box-muller.js';
import { unit } from './unit.js';

/**
 * Counter-based randomness: every draw is a function of (seed, purpose, example, restart, step, substep) and of
 * nothing else, so results do not depend on batch size, order, sharding or on who ran the unit.
 *
 * The key goes through Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3");
 * its 128 output bits seed an sfc32 generator that supplies the draws of one image.
 */
export interface StreamKey {
  /** The run's seed: a 32-bit unsigned integer. */
  seed: number;
  /** What the numbers are for, such as `pgd/start` or `purify/chain-3`. */
  purpose: string;
  /** Index of the example in its data set. */
  example: number;
  restart?: number;
  step?: number;
  /** Of what runs inside a step, such as the chain of a defence inside a step of an attack: its own step. */
  substep?: number;
}

/** A sequence of draws. */
export interface Stream {
  /** A uniform 32-bit unsigned integer. */
  uint32(): number;
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number;
  /** Standard normal (Box & Muller 1958). */
  normal(): number;
  /** Fills an array with what as many calls of `uint32` would give: several times faster than these. */
  uint32s(into: Uint32Array): void;
  /** Fills an array with what as many calls of `uniform` would give: several times faster than these. */
  uniforms(into: Float64Array): void;
  /** Fills an array with what as many calls of `normal` would give: several times faster than these. */
  normals(into: Float64Array): void;
}

const hashes = new Map<string, number>();

/** FNV-1a, 32 bits. */
function hashPurpose(purpose: string): number {
  const known = hashes.get(purpose);
  if (known !== undefined) return known;
  let hash = 0x811c9dc5;
  for (let i = 0; i < purpose.length; i++) hash = Math.imul(hash ^ purpose.charCodeAt(i), 0x01000193);
  if (hashes.size > 10_000) hashes.clear();
  hashes.set(purpose, hash >>> 0);
  return hash >>> 0;
}

/** High 32 bits of the 64-bit product of two words taken as unsigned, in 32-bit arithmetic. */
function multiplyHigh(a: number, b: number): number {
  const al = a & 0xffff;
  const ah = a >>> 16;
  const bl = b & 0xffff;
  const bh = b >>> 16;
  const low = Math.imul(al, bl) >>> 16;
  const mid = Math.imul(ah, bl);
  const mid2 = Math.imul(al, bh);
  const carry = low + (mid & 0xffff) + (mid2 & 0xffff);
  return (Math.imul(ah, bh) + (mid >>> 16) + (mid2 >>> 16) + (carry >>> 16)) | 0;
}

/** Philox 4x32 with ten rounds: 128 bits of counter and 64 bits of key to 128 random bits. */
export function philox(counter: readonly number[], key: readonly number[]): [number, number, number, number] {
  // Signed words throughout: where one may be unsigned, all is computed with doubles, three times slower.
  let c0 = counter[0]! | 0;
  let c1 = counter[1]! | 0;
  let c2 = counter[2]! | 0;
  let c3 = counter[3]! | 0;
  let k0 = key[0]! | 0;
  let k1 = key[1]! | 0;
  for (let round = 0; round < 10; round++) {
    const h0 = multiplyHigh(0xd2511f53, c0);
    const l0 = Math.imul(0xd2511f53, c0);
    const h1 = multiplyHigh(0xcd9e8d57, c2);
    const l1 = Math.imul(0xcd9e8d57, c2);
    c0 = h1 ^ c1 ^ k0;
    c1 = l1;
    c2 = h0 ^ c3 ^ k1;
    c3 = l0;
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  return [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0];
}

/** Words on their way to other numbers: fresh memory for each image would cost a good part of them. */
let scratch = new Uint32Array(0);

function scratchOf(length: number): Uint32Array {
  if (scratch.length < length) scratch = new Uint32Array(length);
  return scratch.subarray(0, length);
}

const lastPair = new Float64Array(2);
const moved = new Int32Array(4);

/** The state in which the sfc32 of a key begins. */
export const stateOf = ({ seed, purpose, example, restart = 0, step = 0, substep = 0 }: StreamKey) =>
  philox([example, restart, step, substep], [seed, hashPurpose(purpose)]);

/** The stream of a key. */
export function stream(key: StreamKey): Stream {
  const words = stateOf(key);
  let a = words[0] | 0;
  let b = words[1] | 0;
  let c = words[2] | 0;
  let counter = words[3] | 0;
  /** The next words of sfc32, with the state in local variables: samplers spend their time here. */
  const uint32s = (out: Uint32Array) => {
    let x = a | 0;
    let y = b | 0;
    let z = c | 0;
    let n = counter | 0;
    for (let i = 0; i < out.length; i++) {
      const sum = (((x + y) | 0) + n) | 0;
      n = (n + 1) | 0;
      x = y ^ (y >>> 9);
      y = (z + (z << 3)) | 0;
      z = (((z << 21) | (z >>> 11)) + sum) | 0;
      out[i] = sum;
    }
    [a, b, c, counter] = [x, y, z, n];
  };
  const uint32 = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  const uniform = () => unit(uint32(), uint32());
  const uniforms = (into: Float64Array) => {
    const raw = scratchOf(2 * into.length);
    uint32s(raw);
    for (let i = 0; i < into.length; i++) into[i] = unit(raw[2 * i]!, raw[2 * i + 1]!);
  };
  let spare: number | undefined;
  const pairs = (into: Float64Array, from: number, count: number) => {
    moved[0] = a;
    moved[1] = b;
    moved[2] = c;
    moved[3] = counter;
    boxMuller(moved, into, from, count);
    a = moved[0];
    b = moved[1];
    c = moved[2];
    counter = moved[3];
  };
  const normal = () => {
    if (spare !== undefined) {
      const kept = spare;
      spare = undefined;
      return kept;
    }
    pairs(lastPair, 0, 1);
    spare = lastPair[1];
    return lastPair[0]!;
  };
  const normals = (into: Float64Array) => {
    let i = 0;
    if (spare !== undefined && into.length > 0) {
      into[i++] = spare;
      spare = undefined;
    }
    const count = (into.length - i) >> 1;
    pairs(into, i, count);
    if (i + 2 * count < into.length) into[into.length - 1] = normal();
  };
  return { uint32, uint32s, uniform, uniforms, normal, normals };
}

/** A permutation of 0..n-1 (Fisher-Yates), for shuffles and splits. */
export function permutation(n: number, source: Stream): Int32Array {
  const order = Int32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(source.uniform() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
