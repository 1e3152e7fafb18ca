import { stream } from '../../src/random/stream.js';
import type { Range } from './format.js';

/** Numbers that lengths and offsets go wrong at. */
const EDGES = [
  0n,
  1n,
  0x7fn,
  0xffn,
  0x7fffn,
  0xffffn,
  0x7fffffffn,
  0xffffffffn,
  2n ** 53n,
  2n ** 63n - 1n,
  2n ** 64n - 1n,
];

type Below = (n: number) => number;

/** One change a row. They get a copy and may return another array. */
const KINDS: readonly ((mutant: Buffer<ArrayBuffer>, below: Below) => Buffer<ArrayBuffer>)[] = [
  function flipBit(mutant, below) {
    mutant[below(mutant.length)]! ^= 1 << below(8);
    return mutant;
  },
  function setByte(mutant, below) {
    mutant[below(mutant.length)] = below(256);
    return mutant;
  },
  function truncate(mutant, below) {
    return mutant.subarray(0, below(mutant.length + 1));
  },
  function cut(mutant, below) {
    const at = below(mutant.length);
    return Buffer.concat([mutant.subarray(0, at), mutant.subarray(at + 1 + below(64))]);
  },
  function splice(mutant, below) {
    const [from, to] = [below(mutant.length), below(mutant.length)];
    const piece = mutant.subarray(from, from + 1 + below(256));
    return Buffer.concat([mutant.subarray(0, to), piece, mutant.subarray(to)]);
  },
  function overwrite(mutant, below) {
    const [from, to] = [below(mutant.length), below(mutant.length)];
    mutant.copyWithin(to, from, from + 1 + below(256));
    return mutant;
  },
  function editLength(mutant, below) {
    const width = [1, 2, 4, 8][below(4)]!;
    if (mutant.length < width) return mutant;
    const at = below(mutant.length - width + 1);
    const value = EDGES[below(EDGES.length)]! & ((1n << BigInt(8 * width)) - 1n);
    for (let i = 0; i < width; i++) mutant[at + i] = Number((value >> BigInt(8 * i)) & 0xffn);
    return mutant;
  },
  function nudgeDigit(mutant, below) {
    // Text formats keep lengths and shapes in digits.
    const start = below(mutant.length);
    const at = mutant.subarray(start).findIndex((c) => c >= 0x30 && c <= 0x39);
    if (at >= 0) mutant[start + at] = 0x30 + below(10);
    return mutant;
  },
];

/** A damaged copy: one to four changes, half of them near the start or the end, where formats keep their lengths. */
export function mutate(original: Uint8Array, example: number): Buffer<ArrayBuffer> {
  const draws = stream({ seed: 0, purpose: 'fuzz', example });
  const anywhere: Below = (n) => Math.floor(draws.uniform() * n);
  const edges: Below = (n) => {
    const place = Math.floor(draws.uniform() ** 3 * n);
    return draws.uniform() < 0.5 ? place : Math.max(0, n - 1 - place);
  };
  let mutant = Buffer.from(original);
  for (let times = 1 + anywhere(4); times > 0 && mutant.length > 0; times--) {
    const below = draws.uniform() < 0.5 ? anywhere : edges;
    const kind = KINDS[anywhere(KINDS.length)]!;
    mutant = kind(mutant, below);
  }
  return mutant;
}

/** A copy of the same length that is damaged inside a range only. */
export function mutateInside(
  [start, end]: Range,
  original: Uint8Array,
  example: number,
): Buffer<ArrayBuffer> {
  const mutant = Buffer.from(original);
  mutant.set(mutate(original.subarray(start, end), example).subarray(0, end - start), start);
  return mutant;
}
