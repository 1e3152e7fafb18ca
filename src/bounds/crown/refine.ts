import { forRanges } from '../../concurrency.js';
import { type Bent, type Bounded, dimsOf, readBy, sizeOf } from '../network/network.js';
import { imageOf, outward, type Range, type Ranges, rangeOf } from '../network/ranges.js';
import type { Item } from './cut.js';
import { NUMBERS, type Walk, type Walks, walkBack } from './walks.js';

/** What intervals are found by walks with. */
export interface Refining {
  network: Bounded;
  walks: Walks;
  /** Calls under way at once. */
  lanes: number;
}

/**
 * Replaces the intervals of what steps read by those of walks back to the pixels, in order (CROWN: Zhang et al. 2018): two walks
 * for every number whose interval matters. Intervals are cut with those that they replace only where a function is not defined
 * everywhere.
 */
export async function refine(refining: Refining, n: number, ranges: Map<string, Range>): Promise<void> {
  const { network } = refining;
  const made = new Set(network.bent.map(({ node }) => node.outputs[0]));
  const done = new Set<string>();
  // The first are affine in the pixels: their intervals are exact.
  let bends = 0;
  for (const step of network.bent) {
    for (const input of readBy(step)) {
      if (made.has(input) || done.has(input) || bends === 0) continue;
      done.add(input);
      const known = rangeOf(ranges, input);
      const matter = mattering(step, network, known);
      const walked = await walkedRange(refining, input, { n, ranges, known, matter });
      ranges.set(input, isPartial(step) ? common(walked, known) : walked);
    }
    bends++;
    ranges.set(step.node.outputs[0]!, imageOf(step, network, ranges));
  }
}

const isPartial = ({ row }: Bent): boolean => row.kind === 'curve' && row.defined !== undefined;

/** What both intervals hold. */
const common = (one: Range, other: Range): Range => ({
  lower: one.lower.map((x, i) => Math.max(x, other.lower[i]!)),
  upper: one.upper.map((x, i) => Math.min(x, other.upper[i]!)),
});

/** Intervals of what is affine in the pixels and read by steps that are not: exact in every norm. */
export async function firstRanges(refining: Refining, n: number, pixels: Range): Promise<Map<string, Range>> {
  const { network } = refining;
  const ranges = new Map([[network.pixels, pixels]]);
  const found = new Map<string, Range>();
  for (const value of firstRead(network)) {
    const length = n * sizeOf(network, value);
    const known = { lower: new Float32Array(length), upper: new Float32Array(length) };
    const matter = new Uint8Array(length).fill(1);
    found.set(value, await walkedRange(refining, value, { n, ranges, known, matter }));
  }
  return found;
}

/** Values that are affine in the pixels and read by steps that are not. */
export function firstRead(network: Bounded): string[] {
  const straight = new Set([network.pixels]);
  for (const { node, row } of network.steps) {
    const reads = node.inputs.filter((input) => network.varying.has(input));
    if (row.kind === 'affine' && reads.every((input) => straight.has(input)))
      for (const output of node.outputs) straight.add(output);
  }
  const read = new Set(network.bent.flatMap(readBy));
  return [...read].filter((value) => value !== network.pixels && straight.has(value));
}

interface Wanted {
  n: number;
  ranges: Ranges;
  known: Range;
  /** (n, size): 1 for numbers that are walked back from; others stay as they are known. */
  matter: Uint8Array;
}

async function walkedRange(
  { network, walks, lanes }: Refining,
  value: string,
  { n, ranges, known, matter }: Wanted,
): Promise<Range> {
  const size = sizeOf(network, value);
  const range = { lower: known.lower.slice(), upper: known.upper.slice() };
  if (!matter.includes(1)) return range;
  const walk = await walks.begin({ from: value, stops: [network.pixels], apart: true }, n, ranges);
  const calls = callsOf(tasksOf(matter, n, dimsOf(network, value), walk), walk);
  await forRanges(calls.length, { step: 1, lanes }, async (start) => {
    const tasks = calls[start]!;
    const half = tasks[0]!.chosen.length;
    const rows = new Float32Array(tasks.length * 2 * half * walk.size);
    for (const [item, { chosen }] of tasks.entries())
      for (const [k, { at }] of chosen.entries()) {
        rows[(item * 2 * half + k) * walk.size + at] = 1;
        rows[(item * 2 * half + half + k) * walk.size + at] = -1;
      }
    const { bound, rounding } = await walkBack(walk, tasks, rows, 2 * half);
    const spare = (row: number) => (network.outward ? rounding[row]! : 0);
    for (const [item, { image, chosen }] of tasks.entries())
      for (const [k, { place }] of chosen.entries()) {
        const [low, high] = [item * 2 * half + k, item * 2 * half + half + k];
        range.lower[image * size + place] = outward(bound[low]! - spare(low), -1);
        range.upper[image * size + place] = outward(spare(high) - bound[high]!, 1);
      }
  });
  return range;
}

/** What is walked back together: some numbers of an image, or of one place of it. */
interface Task extends Item {
  /** Where a number lies in its image, and in its item. */
  chosen: { place: number; at: number }[];
}

/** Tasks with the most numbers first, none of more than a call takes. */
function tasksOf(matter: Uint8Array, n: number, shape: readonly number[], walk: Walk): Task[] {
  const [channels, ...spatial] = shape as readonly [number, ...number[]];
  const area = spatial.reduce((product, d) => product * d, 1);
  const most = Math.max(1, Math.floor(NUMBERS / walk.widest / 2));
  const tasks: Task[] = [];
  const add = (item: Item, chosen: Task['chosen']) => {
    for (let start = 0; start < chosen.length; start += most)
      tasks.push({ ...item, chosen: chosen.slice(start, start + most) });
  };
  for (let image = 0; image < n; image++) {
    const own = matter.subarray(image * channels * area, (image + 1) * channels * area);
    if (!walk.local) {
      add(
        { image },
        Array.from(own.keys()).flatMap((place) => (own[place] ? [{ place, at: place }] : [])),
      );
      continue;
    }
    for (let p = 0; p < area; p++) {
      const chosen: Task['chosen'] = [];
      for (let at = 0; at < channels; at++) if (own[at * area + p]) chosen.push({ place: at * area + p, at });
      add({ image, position: positionOf(p, spatial) }, chosen);
    }
  }
  return tasks.sort((a, b) => b.chosen.length - a.chosen.length);
}

function positionOf(place: number, dims: readonly number[]): number[] {
  const position: number[] = [];
  let left = place;
  for (const d of dims.toReversed()) {
    position.unshift(left % d);
    left = Math.floor(left / d);
  }
  return position;
}

/** As many tasks a call as its memory takes; the first of each has the most numbers. */
function callsOf(tasks: readonly Task[], walk: Walk): Task[][] {
  const calls: Task[][] = [];
  for (let start = 0; start < tasks.length; ) {
    const each = 2 * tasks[start]!.chosen.length * walk.widest;
    const end = start + Math.max(1, Math.floor(NUMBERS / each));
    calls.push(tasks.slice(start, end));
    start = end;
  }
  return calls;
}

/** Numbers whose interval decides how a step is replaced, or what later ones read. */
function mattering(step: Bent, network: Bounded, { lower, upper }: Range): Uint8Array {
  const matter = new Uint8Array(lower.length).fill(1);
  if (!('lines' in step)) return matter;
  const { node, row, image } = step;
  const read = network.bent.some((other) => readBy(other).includes(node.outputs[0]!));
  for (let i = 0; i < matter.length; i++) {
    if (!row.exactOn?.(lower[i]!, upper[i]!)) continue;
    const [low, high] = image(lower[i]!, upper[i]!);
    // What is one number for certain is so whatever reads it.
    if (!read || low === high) matter[i] = 0;
  }
  return matter;
}
