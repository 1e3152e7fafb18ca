import { signTest } from '../../src/metrics.js';
import type { Warning } from '../../src/suite.js';
import type { PurificationResult } from './result.js';
import type { UnderAttack } from './under-attack.js';

/** What a flag found at one number of SGLD steps; undefined when it was not looked at. */
type Finding = { raised: boolean; seen: string } | undefined;

/** A sign that a number must not be read as it stands. */
interface Flag {
  /** Of its warning. */
  code: string;
  severity: Warning['severity'];
  /** For the panel: under which circumstances it is raised. */
  when: string;
  why: string;
  fix: string;
  /** `k`: position among the numbers of steps. */
  look(result: PurificationResult, k: number): Finding;
}

/** Two accuracies on the same few examples that differ by more are not taken for equal. */
const MARGIN = 0.1;
/** Of tests on pairs. */
const CHANCE = 0.05;

const POINTS = `${100 * MARGIN} points`;

const percent = (share: number) => `${(100 * share).toFixed(0)} %`;

/** The lowest accuracy of the attacks on the whole with fresh draws. */
function strongest({ rungs, steps }: PurificationResult, k: number): UnderAttack | undefined {
  return rungs
    .filter((one) => one.steps === steps[k] && !one.climb.rung.fixed)
    .reduce<UnderAttack | undefined>(
      (least, one) => (least && least.robust.value <= one.robust.value ? least : one),
      undefined,
    );
}

/** How often transferred images are classified correctly, among the first n: those of the attacks on the whole. */
function transferAmong({ transferred, labels }: PurificationResult, k: number, n: number): number {
  const right = transferred.predictions[k]!.slice(0, n).filter((p, i) => p === labels[i]).length;
  return right / Math.max(1, Math.min(n, labels.length));
}

const against = (
  result: PurificationResult,
  k: number,
  raised: (transfer: number, whole: number) => boolean,
): Finding => {
  const whole = strongest(result, k);
  if (!whole || !result.attacks.includes('transfer')) return undefined;
  const transfer = transferAmong(result, k, whole.robust.n);
  return {
    raised: raised(transfer, whole.robust.value),
    seen: `${percent(transfer)} right of the transferred, ${percent(whole.robust.value)} under ${whole.climb.rung.title}`,
  };
};

const ofRung = ({ rungs, steps }: PurificationResult, k: number, name: string) =>
  rungs.find((one) => one.steps === steps[k] && one.climb.rung.name === name);

const diagnostic = ({ diagnostics }: PurificationResult, k: number, name: string) =>
  diagnostics[k]!.found.find(({ measure }) => measure === name);

/** Examples that one attack broke and the other did not, of those that both had. */
export function onlyOne(a: UnderAttack, b: UnderAttack): { onlyA: number; onlyB: number } {
  const other = new Map(Array.from(b.indices, (example, i) => [example, b.spared[i]]));
  const both = Array.from(a.indices, (example, i) => [a.spared[i]!, other.get(example)] as const);
  const count = (test: (mine: boolean, theirs: boolean) => boolean) =>
    both.filter(([mine, theirs]) => theirs !== undefined && test(mine, theirs)).length;
  return {
    onlyA: count((mine, theirs) => !mine && theirs),
    onlyB: count((mine, theirs) => mine && !theirs),
  };
}

export const flags: readonly Flag[] = [
  {
    code: 'transfer-overstates',
    severity: 'warning',
    when: `accuracy on transferred images is more than ${POINTS} above that under the strongest attack on the whole`,
    why: 'transferred images were made without knowledge of the purification',
    fix: 'quote the accuracy under the attack on the whole',
    look: (result, k) => against(result, k, (transfer, whole) => transfer - whole > MARGIN),
  },
  {
    code: 'adaptive-weaker-than-transfer',
    severity: 'warning',
    when: `accuracy under the strongest attack on the whole is more than ${POINTS} above that on transferred images`,
    why: 'an attacker of the whole system could always use the transferred images: this attack was too weak, and the lower accuracy is the one to quote',
    fix: 'raise `adaptive.steps` and `adaptive.eot`',
    look: (result, k) => against(result, k, (transfer, whole) => whole - transfer > MARGIN),
  },
  {
    code: 'bpda-beats-full-gradient',
    severity: 'warning',
    when: 'BPDA breaks more examples than PGD along the full gradient, and a sign test rules out chance',
    why: 'the full gradient is what BPDA approximates: it must be wrong, explode, or drown in noise, and attacks that follow it overstate robustness',
    fix: 'quote the accuracy under BPDA; look at growth and agreement of the gradients, and raise `adaptive.eot`',
    look: (result, k) => {
      const [bpda, full] = [ofRung(result, k, 'bpda'), ofRung(result, k, 'full')];
      if (!bpda || !full) return undefined;
      const { onlyA, onlyB } = onlyOne(bpda, full);
      return {
        raised: onlyA > onlyB && signTest(onlyA, onlyA + onlyB) < CHANCE,
        seen: `${onlyA} broken by BPDA only, ${onlyB} by the full gradient only`,
      };
    },
  },
  {
    code: 'robust-by-randomness',
    severity: 'warning',
    when: 'accuracy is more than 20 points above that against an attacker who knows the noise',
    why: 'the purification does not remove the perturbation, its noise hides where the gradient points: whoever learns or guesses the noise breaks it',
    fix: 'report the accuracy with a fixed seed beside the other',
    look: (result, k) => {
      const [fixed, fresh] = [ofRung(result, k, 'fixed-seed'), strongest(result, k)];
      if (!fixed || !fresh) return undefined;
      return {
        raised: fresh.robust.value - fixed.robust.value > 0.2,
        seen: `${percent(fresh.robust.value)} under ${fresh.climb.rung.title}, ${percent(fixed.robust.value)} with a fixed seed`,
      };
    },
  },
  {
    code: 'gradient-explodes',
    severity: 'warning',
    when: 'the full gradient is more than 100 times as long, or as short, before the chain as behind it (median)',
    why: 'its direction is then that of a few draws, or of rounding: attacks that follow it find less than there is',
    fix: 'quote the accuracy under BPDA beside it; raise `adaptive.eot`, lower `stepSize`',
    look: (result, k) => {
      const { estimate } = diagnostic(result, k, 'gradient-growth') ?? {};
      if (!estimate) return undefined;
      const { value } = estimate;
      return { raised: value > 100 || value < 0.01, seen: `${value.toPrecision(3)} times as long` };
    },
  },
  {
    code: 'eot-not-converged',
    severity: 'warning',
    when: 'full gradients of two halves of the draws have a cosine below 0.5 on average',
    why: 'an attack that averages as few draws follows noise as much as the gradient: more draws would find more',
    fix: 'raise `adaptive.eot`, and `diagnostics.draws` with it',
    look: (result, k) => {
      const { estimate } = diagnostic(result, k, 'eot-agreement') ?? {};
      if (!estimate) return undefined;
      const { value } = estimate;
      return { raised: value < 0.5, seen: `cosine ${value.toFixed(2)}` };
    },
  },
  {
    code: 'bpda-misleads',
    severity: 'note',
    when: 'the straight-through gradient and the full one have a cosine below 0.5 on average',
    why: 'the chain is no identity: BPDA climbs another function than the one it attacks',
    fix: 'add `full` to `ladder`',
    look: (result, k) => {
      const { estimate } = diagnostic(result, k, 'gradient-cosine') ?? {};
      if (!estimate) return undefined;
      const { value } = estimate;
      return { raised: value < 0.5, seen: `cosine ${value.toFixed(2)}` };
    },
  },
  {
    code: 'purifier-expands',
    severity: 'note',
    when: 'small perturbations grow on their way through the chain, with the interval above 1',
    why: 'what is meant to remove perturbations makes them larger: robustness then comes from noise, or from the attack',
    fix: 'look at the accuracy with a fixed seed; lower `stepSize`',
    look: (result, k) => {
      const { estimate } = diagnostic(result, k, 'purifier-expansion') ?? {};
      if (!estimate?.interval) return undefined;
      const { value, interval } = estimate;
      return { raised: interval[0] > 1, seen: `a perturbation ends ${value.toPrecision(3)} times as long` };
    },
  },
  {
    code: 'purification-descends',
    severity: 'warning',
    when: 'log p(x) of clean images falls',
    why: 'noise outweighs the gradient, or the step size overshoots: the chains do not climb log p(x)',
    fix: "lower `stepSize` or `noise`; both are in units of the purifying model's own input",
    look: ({ steps, clean }, k) => {
      if (steps[k] === 0) return undefined;
      const { value } = clean.change[k]!;
      return { raised: value < 0, seen: `log p(x) of clean images changes by ${value.toPrecision(3)}` };
    },
  },
];
