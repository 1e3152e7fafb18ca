import { CHANCE } from '../../src/attack.js';
import type { Warning } from '../../src/suite.js';
import {
  answersToTransferred,
  answersUnder,
  answersWithFixedSeed,
  breaksMore,
  strongest,
} from './judged-alike.js';
import type { PurificationResult } from './result.js';

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

/** By so much two accuracies may differ before it is told that one of them overstates. */
const MARGIN = 0.1;
/** The same of an attacker who knows the noise. */
const RANDOMNESS_MARGIN = 0.2;

const SIGNIFICANT = `by a sign test at ${100 * CHANCE.probability} %`;
const ALIKE =
  'both judged by the mean logits of fresh draws at the point that the attack keeps of each image';
const points = (share: number) => `${100 * share} points`;

const ofRung = ({ rungs, steps }: PurificationResult, k: number, name: string) =>
  rungs.find((one) => one.steps === steps[k] && one.climb.rung.name === name);

const diagnostic = ({ diagnostics }: PurificationResult, k: number, name: string) =>
  diagnostics[k]!.found.find(({ measure }) => measure === name);

export const flags: readonly Flag[] = [
  {
    code: 'transfer-overstates',
    severity: 'warning',
    when: `the strongest attack on the whole breaks more examples than transfer does, ${SIGNIFICANT} and by more than ${points(MARGIN)}; ${ALIKE}`,
    why: 'transferred images were made without knowledge of the purification',
    fix: 'quote the accuracy under the attack on the whole',
    look: (result, k) => {
      const [transfer, whole] = [answersToTransferred(result, k), strongest(result, k, 'mean logits')];
      if (!transfer || !whole) return undefined;
      const { lead, p, seen } = breaksMore(whole, transfer, 'mean logits', whole.of);
      return { raised: lead > MARGIN && p < CHANCE.probability, seen };
    },
  },
  {
    code: 'adaptive-weaker-than-transfer',
    severity: 'warning',
    when: `transfer breaks more examples than the strongest attack on the whole, ${SIGNIFICANT}; ${ALIKE}`,
    why: 'an attacker of the whole system could always use the transferred images: this attack was too weak, or kept points that were wrong by luck; the lower accuracy is the one to quote',
    fix: 'raise `adaptive.steps`, `adaptive.eot` and `adaptive.confirm`',
    look: (result, k) => {
      const [transfer, whole] = [answersToTransferred(result, k), strongest(result, k, 'mean logits')];
      if (!transfer || !whole) return undefined;
      const { p, seen } = breaksMore(transfer, whole, 'mean logits');
      return { raised: p < CHANCE.probability, seen };
    },
  },
  {
    code: 'bpda-beats-full-gradient',
    severity: 'warning',
    when: `BPDA breaks more examples than PGD along the full gradient, ${SIGNIFICANT}; ${ALIKE}`,
    why: 'the full gradient is what BPDA approximates: it must be wrong, explode, or drown in noise, and attacks that follow it overstate robustness',
    fix: 'quote the accuracy under BPDA; look at growth and agreement of the gradients, and raise `adaptive.eot`',
    look: (result, k) => {
      const [bpda, full] = ['bpda', 'full'].map((name) => {
        const rung = ofRung(result, k, name);
        return rung && answersUnder(rung, 'mean logits');
      });
      if (!bpda || !full) return undefined;
      const { p, seen } = breaksMore(bpda, full, 'mean logits');
      return { raised: p < CHANCE.probability, seen };
    },
  },
  {
    code: 'robust-by-randomness',
    severity: 'warning',
    when: `an attacker who knows the noise breaks more examples than the strongest who does not, ${SIGNIFICANT} and by more than ${points(RANDOMNESS_MARGIN)}; both judged by one draw`,
    why: 'the purification does not remove the perturbation, its noise hides where the gradient points: whoever learns or guesses the noise breaks it',
    fix: 'report the accuracy with a fixed seed beside the other',
    look: (result, k) => {
      const [fixed, fresh] = [ofRung(result, k, 'fixed-seed'), strongest(result, k, 'first draw')];
      if (!fixed || !fresh) return undefined;
      const { lead, p, seen } = breaksMore(answersWithFixedSeed(fixed), fresh, 'first draw');
      return { raised: lead > RANDOMNESS_MARGIN && p < CHANCE.probability, seen };
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
