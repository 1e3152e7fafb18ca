import { concatenated } from '../data/arrays/nd-array.js';
import { stream } from '../random/stream.js';
import type { Network } from './network.js';
import { type Box32, clamped, drawn, inputsOf, middleOf } from './points.js';
import { type Box, byBox, type Case, isMet, levelOf } from './property.js';

/** How long a property is attacked. */
export interface AttackPlan {
  seed: number;
  /** Steps of each start. */
  steps: number;
  /** Starts for each case: its middle, then random points. */
  restarts: number;
  /** Throws when there is no time left; asked between calls. */
  check(): void;
}

/** Random points that all boxes together are tried at, before any gradient; and of one box at most. */
const [TRIED, TRIED_EACH] = [4096, 64];
/** Of the width of a box: how far the first step goes, by how much steps shrink, and how far the last one goes at least. */
const [FIRST_STEP, SHRINKING, LAST_STEP] = [0.5, 0.85, 1e-3];

/**
 * Looks for an input that makes a case: first among random points, then by projected gradient descent (Madry et al. 2018) on
 * what its constraints are violated by, with steps in units of the width of the box, which shrink.
 * @returns a float32 point of the case's box whose outputs, computed by themselves, meet its constraints; undefined where none was found
 */
export async function attacked(
  network: Network,
  cases: readonly Case[],
  plan: AttackPlan,
): Promise<Float32Array | undefined> {
  const boxes = new Map<Box, Box32>();
  const groups = byBox(cases);
  for (const box of groups.keys()) boxes.set(box, inputsOf(box));
  const starts = [...groups].flatMap(([box, own], at) => {
    const count = Math.max(1, Math.min(TRIED_EACH, Math.floor(TRIED / groups.size)));
    return Array.from({ length: count }, (_, i) => ({
      cases: own,
      point: () => startOf(boxes.get(box)!, plan, { purpose: 'verify/sample', at, i }),
    }));
  });
  for (let from = 0; from < starts.length; from += network.batch) {
    const tried = starts.slice(from, from + network.batch);
    const points = concatenated(tried.map(({ point }) => point()));
    const found = await firstMet(network, points, tried, plan);
    if (found) return found;
  }
  if (network.lacksGradient !== undefined) return undefined;
  // The first starts of all cases, then their second ones.
  const climb = (index: number): Climb => {
    const at = index % cases.length;
    const one = cases[at]!;
    return { one, box: boxes.get(one.box)!, at, i: Math.floor(index / cases.length) };
  };
  const total = cases.length * plan.restarts;
  for (let from = 0; from < total; from += network.batch) {
    const length = Math.min(network.batch, total - from);
    const climbs = Array.from({ length }, (_, offset) => climb(from + offset));
    const found = await descended(network, climbs, plan);
    if (found) return found;
  }
  return undefined;
}

/** The middle of a box, or a random point of it. */
function startOf(
  box: Box32,
  { seed }: AttackPlan,
  { purpose, at, i }: { purpose: string; at: number; i: number },
): Float32Array {
  return i === 0 ? middleOf(box) : drawn(box, stream({ seed, purpose, example: at, restart: i }));
}

/** A case that is aimed at, from its i-th start. */
interface Climb {
  one: Case;
  box: Box32;
  at: number;
  i: number;
}

async function descended(
  network: Network,
  climbs: readonly Climb[],
  plan: AttackPlan,
): Promise<Float32Array | undefined> {
  const { inputs } = network;
  const points = concatenated(
    climbs.map(({ box, at, i }) => startOf(box, plan, { purpose: 'verify/start', at, i })),
  );
  const tried = climbs.map(({ one }) => ({ cases: [one] }));
  let step = FIRST_STEP;
  for (let t = 0; t < plan.steps; t++) {
    plan.check();
    const outputs = await network.forward(points.slice());
    const found = await confirmed(network, points, outputs, tried);
    if (found) return found;
    plan.check();
    const gradient = await network.gradient(points.slice(), weightsOf(climbs, outputs, network.outputs));
    climbs.forEach(({ box: { lower, upper } }, c) => {
      for (let i = 0; i < inputs; i++) {
        const at = c * inputs + i;
        const [low, high] = [lower[i]!, upper[i]!];
        // Where a gradient is no number, the point stays: one of no numbers is of no box.
        const sign = Math.sign(gradient[at]!) || 0;
        points[at] = clamped(points[at]! - step * (high - low) * sign, low, high);
      }
    });
    step = Math.max(LAST_STEP, step * SHRINKING);
  }
  return firstMet(network, points, tried, plan);
}

/** Of each point, the gradient of the sum of what its constraints are violated by, with respect to outputs. */
function weightsOf(climbs: readonly Climb[], outputs: Float32Array, width: number): Float32Array {
  const weights = new Float32Array(outputs.length);
  climbs.forEach(({ one }, c) => {
    for (const constraint of one.constraints) {
      const value = levelOf(constraint, outputs, c * width);
      if (constraint.strict ? value < 0 : value <= 0) continue;
      for (const { output, coefficient } of constraint.terms) weights[c * width + output]! += coefficient;
    }
  });
  return weights;
}

async function firstMet(
  network: Network,
  points: Float32Array,
  tried: readonly { cases: readonly Case[] }[],
  plan: AttackPlan,
): Promise<Float32Array | undefined> {
  plan.check();
  return confirmed(network, points, await network.forward(points.slice()), tried);
}

/** The first point that makes one of its cases, also when it is run alone: sums of a batch may be rounded otherwise. */
async function confirmed(
  network: Network,
  points: Float32Array,
  outputs: Float32Array,
  tried: readonly { cases: readonly Case[] }[],
): Promise<Float32Array | undefined> {
  for (const [at, { cases }] of tried.entries()) {
    if (!cases.some((one) => isMet(one, outputs, at * network.outputs))) continue;
    const point = points.slice(at * network.inputs, (at + 1) * network.inputs);
    const alone = await network.forward(point.slice());
    if (cases.some((one) => isMet(one, alone))) return point;
  }
  return undefined;
}
