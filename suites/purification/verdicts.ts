import type { DrawsRows } from '../../src/measurements.js';
import { argmaxOf, type Estimate, firstDecision, meanOf, wilson } from '../../src/metrics.js';
import { BLOCK } from './requests.js';

/** The draws of one image. */
interface Drawn {
  /** (draws, classes), of those that were made. */
  logits: readonly ArrayLike<number>[];
  predictions: readonly number[];
  label: number;
  /** Where a confidence sequence settles whether it is right in more than half of its draws; undefined: open. */
  decision: ReturnType<typeof firstDecision>;
}

export type VerdictName = 'one-shot' | 'vote' | 'mean-logits' | 'any-of' | 'sequential';

/** A way to make a verdict of draws. */
export interface Verdict {
  name: VerdictName;
  title: string;
  /** Its column in the sheet. */
  column: string;
  what: string;
  /** Share of right verdicts on an image, 0 or 1 but for `one-shot`. */
  of(drawn: Drawn): number;
}

const isRight = (label: number) => (prediction: number) => prediction === label;

/** From what one answer is worth to what many are. */
export const verdicts: readonly Verdict[] = [
  {
    name: 'one-shot',
    title: 'one draw',
    column: 'right_share',
    what: 'the share of the first draws that are right: what a defender who answers once can expect',
    of: ({ predictions, label }) => {
      const first = predictions.slice(0, BLOCK);
      return first.filter(isRight(label)).length / first.length;
    },
  },
  {
    name: 'vote',
    title: 'vote',
    column: 'vote',
    what: 'the class that most of the first draws name; a tie is a mistake (Lee & Kim 2023)',
    of: ({ predictions, label }) => {
      const votes = new Map<number, number>();
      for (const one of predictions.slice(0, BLOCK)) votes.set(one, (votes.get(one) ?? 0) + 1);
      const own = votes.get(label) ?? 0;
      return Number([...votes].every(([one, count]) => one === label || count < own));
    },
  },
  {
    name: 'mean-logits',
    title: 'mean logits',
    column: 'mean_logits',
    what: 'the class whose logit is largest on average over all draws (Hill et al. 2021)',
    of: ({ logits, label }) => {
      const total = Array.from(logits[0]!, (_, k) => logits.reduce((sum, row) => sum + row[k]!, 0));
      return Number(argmaxOf(total) === label);
    },
  },
  {
    name: 'any-of',
    title: 'resubmitted',
    column: 'all_right',
    what: 'right in every one of the first draws: an attacker may submit an image again (DiffHammer, 2024)',
    of: ({ predictions, label }) => Number(predictions.slice(0, BLOCK).every(isRight(label))),
  },
  {
    name: 'sequential',
    title: 'sequential',
    column: 'settled_right',
    what: 'settled to be right in more than half of its draws by a confidence sequence; open is a mistake',
    of: ({ decision }) => Number(decision?.side === 'above'),
  },
];

export interface Judged {
  verdicts: readonly { verdict: Verdict; right: Float64Array; estimate: Estimate }[];
  /** (n) each: the right ones of `verdicts`, by name. */
  right: Record<VerdictName, Float64Array>;
  /** (n): 1 where the very first draw is right. */
  first: Uint8Array;
  /** (n): draws made; and the mean. */
  drawn: Int32Array;
  draws: Estimate;
  /** (n): after how many it was settled, 0 where it is open. */
  settledAfter: Int32Array;
}

/** All verdicts on each image, from the same draws. */
export function judge({ logits, drawn }: DrawsRows, labels: Int32Array): Judged {
  const [n, most, classes] = logits.shape as [number, number, number];
  const images = Array.from({ length: n }, (_, i): Drawn => {
    const rows = Array.from({ length: drawn.data[i]! }, (_, draw) =>
      logits.data.subarray((i * most + draw) * classes, (i * most + draw + 1) * classes),
    );
    const predictions = rows.map((row) => argmaxOf(row));
    const label = labels[i]!;
    return { logits: rows, predictions, label, decision: firstDecision(predictions.map(isRight(label))) };
  });
  const made = verdicts.map((verdict) => {
    const right = Float64Array.from(images, verdict.of);
    // Shares between 0 and 1 vary less than verdicts with the same mean: the interval of these holds for them.
    const estimate = wilson(
      right.reduce((sum, one) => sum + one, 0),
      n,
    );
    return { verdict, right, estimate };
  });
  return {
    verdicts: made,
    right: Object.fromEntries(made.map(({ verdict, right }) => [verdict.name, right])) as Judged['right'],
    first: Uint8Array.from(images, ({ predictions, label }) => Number(predictions[0] === label)),
    drawn: drawn.data,
    draws: meanOf(drawn.data),
    settledAfter: Int32Array.from(images, ({ decision }) => decision?.draws ?? 0),
  };
}
