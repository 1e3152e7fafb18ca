import { cliques, delongTest, holm, type TestedDifference } from '../../src/metrics.js';
import { estimateOf } from './estimates.js';
import { auroc } from './metrics.js';
import type { Detector } from './result.js';

/** How often chance alone may tell two scores of a system apart. */
const LEVEL = 0.05;

/** A score among those of its system, best first. */
export interface Ranked {
  detector: Detector;
  /** Mean AUROC of the best, minus that of this one; absent for the best. */
  behind?: TestedDifference & { n: number; corrected: number | null };
  /** Letters, `a c-f`: scores that share one are not told apart. */
  alike: string;
}

/**
 * The scores of one system by their mean AUROC over OOD sets. Every two are compared on the same images by a test of
 * the difference of the means on DeLong's variances, with Holm's correction over all pairs of the system.
 */
export function rankScoresOf(detectors: readonly Detector[]): Ranked[] {
  const value = ({ averaged }: Detector) => estimateOf(auroc, averaged).value;
  const order = detectors
    .filter((detector) => Number.isFinite(value(detector)))
    .sort((a, b) => value(b) - value(a));
  const pairs = order.flatMap((a, i) =>
    order.slice(i + 1).map((b, k) => ({ i, j: i + 1 + k, ...tested(a, b) })),
  );
  const family = pairs.filter(({ p }) => p !== null);
  const adjusted = holm(family.map(({ p }) => p ?? 1));
  const corrected = new Map(family.map((pair, at) => [pair, adjusted[at]]));
  const judged = pairs.map((pair) => ({ ...pair, corrected: corrected.get(pair) ?? null }));
  const undecided = new Set(
    judged.filter((pair) => pair.corrected !== null && pair.corrected > LEVEL).map(({ i, j }) => `${i} ${j}`),
  );
  const groups = cliques(order.length, (i, j) => undecided.has(`${Math.min(i, j)} ${Math.max(i, j)}`));
  return order.map((detector, at) => {
    const behind = judged.find(({ i, j }) => i === 0 && j === at);
    return {
      detector,
      ...(behind && { behind }),
      alike: lettersOf(groups.flatMap((members, g) => (members.includes(at) ? [g] : []))),
    };
  });
}

function tested(a: Detector, b: Detector): TestedDifference & { n: number } {
  const placedOf = ({ averaged }: Detector) => averaged.map(({ placed }) => placed);
  const [ofA, ofB] = [placedOf(a), placedOf(b)];
  const n = Math.min(...ofA.flatMap(({ id, ood }) => [id.length, ood.length]));
  const isSame =
    ofA.length === ofB.length &&
    ofA.every(({ id, ood }, s) => id.length === ofB[s]!.id.length && ood.length === ofB[s]!.ood.length);
  if (!isSame) return { value: Number.NaN, interval: null, p: null, n };
  return { ...delongTest(ofA, ofB), n };
}

/** Of ascending numbers; three and more in a row as a range. */
function lettersOf(groups: readonly number[]): string {
  const runs: number[][] = [];
  for (const g of groups) {
    const last = runs.at(-1);
    if (last && g === last[last.length - 1]! + 1) last.push(g);
    else runs.push([g]);
  }
  return runs
    .map((run) =>
      run.length > 2 ? `${letter(run[0]!)}-${letter(run[run.length - 1]!)}` : run.map(letter).join(' '),
    )
    .join(' ');
}

/** a to z, then aa. */
const letter = (g: number): string =>
  (g < 26 ? '' : letter(Math.floor(g / 26) - 1)) + String.fromCharCode(97 + (g % 26));
