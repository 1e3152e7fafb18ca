import type { BoundPrograms, Method } from '../bounds/certify.js';
import type { Network } from './network.js';
import { inputsOf, middleOf } from './points.js';
import { type Box, isMet } from './property.js';
import { type Claim, refuted } from './prove.js';

/** Inputs of more width than none that are split at most: the number of parts grows with their power. */
export const MOST_SPLIT = 24;
/** Parts that are bounded together. */
const TOGETHER = 32;

/** How a search by parts ended. */
export type Parted = { point: Float32Array } | 'proved' | 'too-narrow';

/**
 * Branch and bound over inputs (Bunel et al. 2018): what is not proved of a box is looked for in its halves, cut where the outputs
 * change most, and the middle of each is tried. It ends by itself where the bounds get tight enough; otherwise `check` ends it.
 */
export async function parted(
  network: Network,
  bounds: BoundPrograms,
  claims: readonly Claim[],
  { method, check }: { method: Method; check(): void },
): Promise<Parted> {
  const open = [...claims];
  while (open.length > 0) {
    check();
    const left = await refuted(bounds, open.splice(-TOGETHER), { method, outputs: network.outputs, check });
    for (const claim of left) {
      const middle = middleOf(inputsOf(claim.box));
      const outputs = await network.forward(middle.slice());
      if (claim.cases.some((one) => isMet(one, outputs))) return { point: middle };
      const halves = halved(claim, await scaleOf(network, claim, middle));
      if (!halves) return 'too-narrow';
      open.push(...halves);
    }
  }
  return 'proved';
}

/** How much outputs change with each input, about; the same for all where that is not known. */
async function scaleOf(network: Network, { cases }: Claim, middle: Float32Array): Promise<Float32Array> {
  if (network.lacksGradient !== undefined) return new Float32Array(middle.length).fill(1);
  const weights = new Float32Array(network.outputs);
  for (const { output, coefficient } of cases[0]!.constraints.flatMap(({ terms }) => terms))
    weights[output]! += coefficient;
  return network.gradient(middle.slice(), weights);
}

/** Cut across the input along which the outputs change most; undefined where float32 has nothing between. */
function halved({ box, cases }: Claim, scale: Float32Array): Claim[] | undefined {
  const { lower, upper } = box;
  const widths = lower.map((low, i) => upper[i]! - low);
  let at = -1;
  let most = 0;
  for (let i = 0; i < widths.length; i++) {
    // What changes nothing here, or has no gradient, may change outputs elsewhere in the box.
    const change = widths[i]! * ((Math.abs(scale[i]!) || 0) + 1e-3);
    if (change > most && isWide(box, i)) [at, most] = [i, change];
  }
  if (at < 0) return undefined;
  const middle = (lower[at]! + upper[at]!) / 2;
  const [below, above] = [upper.slice(), lower.slice()];
  below[at] = middle;
  above[at] = middle;
  return [
    { box: { lower, upper: below }, cases },
    { box: { lower: above, upper }, cases },
  ];
}

/** Some steps of float32. */
const isWide = ({ lower, upper }: Box, i: number): boolean =>
  upper[i]! - lower[i]! > 2 ** -20 * Math.max(Math.abs(lower[i]!), Math.abs(upper[i]!), 2 ** -20);

/** Inputs that are not one number. */
export const widthOf = ({ lower, upper }: Box): number =>
  lower.reduce((count, low, i) => count + (upper[i]! > low ? 1 : 0), 0);
