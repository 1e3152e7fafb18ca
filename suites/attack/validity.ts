import { CHANCE } from '../../src/attack.js';
import {
  type AttackRows,
  logitsOf,
  type OutputRows,
  type RepeatabilityRows,
} from '../../src/measurements.js';
import { argmax, exact, signTest } from '../../src/metrics.js';
import { type Collected, type Measure, measure, type Table, type Warning } from '../../src/suite.js';
import { type AttackResult, count, reproduced, robustAccuracy, unconfirmed } from './result.js';

/** What the flags look at beside the attack itself. */
export interface Evidence {
  oneStep?: Collected<AttackRows> | undefined;
  /** One attack on its own for every radius. */
  byRadius?: readonly Collected<AttackRows>[];
  hugeRadius?: Collected<AttackRows> | undefined;
  repeated?: Collected<RepeatabilityRows> | undefined;
  clean?: Collected<OutputRows> | undefined;
}

/** What a flag found: whether it is raised, in words, and on how many examples. */
interface Finding {
  raised: boolean;
  /** What was seen, whether raised or not. */
  seen: string;
  n: number;
  /** Default: serious. */
  severity?: Warning['severity'];
}

/** A sign that a robust accuracy is not to be trusted. */
interface Flag {
  /** kebab-case, for gates: `validity-flag` where `flag` is this. */
  name: string;
  /** For the panel: under which circumstances it is raised. */
  when: string;
  why: string;
  fix: string;
  /** Undefined when it could not be looked at; `seen` of a string says why. */
  look(result: AttackResult, evidence: Evidence): Finding | string;
}

/** FGSM must break this share of examples more before chance is ruled out as the reason. */
const ONE_STEP_MARGIN = 0.005;
/** L2 distance of normalised logits that rounding does not explain. */
const GAP = 1e-4;

const noChecks = 'not looked at (`checks: false`)';
const points = (share: number) => `${(100 * share).toFixed(1)} %`;

/** Attacks that follow gradients, and the one that only asks. */
const isWhiteBox = ({ cost }: AttackResult['byAttack'][number]) => cost.naiveGradient.value > 0;

/** Carlini et al. 2019; Croce et al. 2022; the warnings of the public AutoAttack. */
const flags: readonly Flag[] = [
  {
    name: 'randomized',
    when: 'five forward passes of the same images differ, and the system is not declared stochastic',
    why: 'an attack that evaluates every point once fails on noise that a patient attacker averages out',
    fix: 'remove what is random (dropout, random resizing), or put it into a defence so that draws are averaged (EOT)',
    look: ({ system }, { repeated }) => {
      if (!repeated) return noChecks;
      const { gap, wavers } = repeated.rows;
      const n = gap.data.length;
      const differ = count(gap, (g, i) => g > GAP || wavers.data[i] === 1);
      if (system.stochastic) return `declared stochastic; ${differ} of ${n} images differ`;
      return { raised: differ > 0, seen: `${differ} of ${n} images differ`, n };
    },
  },
  {
    name: 'softmax-output',
    when: 'all outputs are in [0, 1] and sum to 1',
    why: 'gradients through a saturated softmax vanish, and DLR and margin lose their scale',
    fix: 'use the logits: name the value before the softmax in `outputs.logits` of the card',
    look: (_result, { repeated }) => {
      if (!repeated) return noChecks;
      const { simplex } = repeated.rows;
      const n = simplex.data.length;
      const rows = count(simplex, (s) => s === 1);
      return { raised: n > 0 && rows === n, seen: `${rows} of ${n} rows are probabilities`, n };
    },
  },
  {
    name: 'zero-gradient',
    when: 'the first gradient of a run is zero everywhere, for any example',
    why: 'an attack without a gradient goes nowhere, and its failure does not mean robustness',
    fix: 'attack with `loss: margin` or `dlr`, and check for saturated outputs',
    look: ({ zeroStarts, byAttack }) => {
      if (!byAttack.some(isWhiteBox)) return 'no attack here follows gradients';
      if (zeroStarts.n === 0) return 'nothing was attacked';
      const starts = Math.round(zeroStarts.value * zeroStarts.n);
      const all = byAttack.reduce((sum, { zeroGradients: { n } }) => sum + n, 0);
      const zero = byAttack.reduce((sum, { zeroGradients: z }) => sum + (z.n > 0 ? z.value * z.n : 0), 0);
      return {
        raised: starts > 0,
        seen: `${starts} of ${zeroStarts.n} examples; ${points(all > 0 ? zero / all : 0)} of all gradients`,
        n: zeroStarts.n,
        severity: zeroStarts.value > 0.05 ? 'serious' : 'warning',
      };
    },
  },
  {
    name: 'square-beats-white-box',
    when: 'Square, which sees no gradients, breaks more than 0.2 points of what the gradient attacks left',
    why: 'an attacker who sees the gradients can do all that one who does not can: the gradients mislead',
    fix: 'look for masked gradients: quantisation, saturation, operations without a derivative',
    look: ({ byAttack, n }) => {
      const at = byAttack.findIndex(({ method }) => method === 'square');
      if (at < 0) return 'Square is not among the attacks';
      if (!byAttack.slice(0, at).some(isWhiteBox)) return 'no gradient attack ran before Square';
      const { first } = byAttack[at]!;
      const seen = `${Math.round(first.value * first.n)} of ${n} broken by Square first`;
      return { raised: first.value > CHANCE.points, seen, n };
    },
  },
  {
    name: 'single-step-beats-iterative',
    when: 'FGSM breaks more than 0.5 points more at some radius',
    why: 'many small steps should find all that one large step finds: the gradients mislead',
    fix: 'use more steps, a larger step size and restarts; then an attack that needs no gradients',
    look: ({ params, robust, n }, { oneStep }) => {
      if (!oneStep)
        return params.attacks.every(({ method }) => method === 'fgsm') ? 'FGSM is the attack' : noChecks;
      if (params.keep === 'nearest') return 'the nearest point was sought, not every radius searched';
      const lead = robust.map((estimate, k) => estimate.value - robustAccuracy(oneStep, k).value);
      const better = params.epsilons.filter((_, k) => lead[k]! > ONE_STEP_MARGIN);
      const seen = better.length > 0 ? `at ${params.norm} ${better.join(', ')}` : 'FGSM breaks no more';
      return { raised: better.length > 0, seen, n };
    },
  },
  {
    name: 'not-monotone',
    when: 'PGD-10, run at every radius from scratch, breaks significantly fewer examples in a larger ball',
    why: 'a larger ball contains the smaller one: an attack that finds less in it does not search it',
    fix: 'use a step size in proportion to the radius, and more steps',
    look: (_result, { byRadius = [] }) => {
      if (byRadius.length < 2) return byRadius.length === 0 ? noChecks : 'a single radius';
      const brokenAt = (k: number) => byRadius[k]!.rows.brokenAt;
      const n = brokenAt(0).data.length;
      const rises = byRadius.slice(1).filter((_, k) => {
        const lost = count(brokenAt(k), (at, i) => at >= 0 && brokenAt(k + 1).data[i]! < 0);
        const gained = count(brokenAt(k), (at, i) => at < 0 && brokenAt(k + 1).data[i]! >= 0);
        return signTest(lost, lost + gained) < CHANCE.probability;
      });
      return { raised: rises.length > 0, seen: rises.length > 0 ? 'it rises' : 'it does not rise', n };
    },
  },
  {
    name: 'large-epsilon-survivors',
    when: 'more examples survive PGD at Linf 0.5 than chance explains',
    why: 'within that radius every image can be turned into plain grey, so nothing can be robust: the attack fails, not the perturbation',
    fix: 'do not report these robust accuracies; look for masked gradients',
    look: ({ system, params }, { hugeRadius }) => {
      if (!hugeRadius) return params.norm === 'Linf' ? noChecks : 'Linf only';
      const survivors = robustAccuracy(hugeRadius, 0);
      const chance = 1 / Math.max(1, system.classes.length);
      const seen = `${Math.round(survivors.value * survivors.n)} of ${survivors.n} survive; chance is ${points(chance)}`;
      const raised = survivors.interval !== null && survivors.interval[0] > chance;
      return { raised, seen, n: survivors.n };
    },
  },
  {
    name: 'not-reproduced',
    when: 'a stored adversarial example is not adversarial, or not inside its ball, in a fresh pass',
    why: 'a result that cannot be reproduced does not count: a deterministic system repeats its mistakes, and lucky draws of a stochastic one are no mistakes',
    fix: 'for stochastic systems raise `confirm` and `eot`; otherwise report this as a bug',
    look: (result) => {
      const { broken, outside, verified } = result;
      if (!verified) return 'not verified';
      const wrong = unconfirmed(result);
      const where = outside > 0 ? `; ${outside} outside their ball` : '';
      return {
        raised: wrong > 0,
        seen: `${wrong} of ${broken} not reproduced${where}`,
        n: broken,
        severity: !reproduced(result) ? 'serious' : wrong > CHANCE.share * broken ? 'warning' : 'note',
      };
    },
  },
  {
    name: 'not-classified',
    when: 'clean accuracy is no better than chance; where the card states one, it is checked before the run',
    why: 'a model that cannot classify clean images was probably loaded the wrong way: normalisation, channel order, label order',
    fix: 'compare `input` and `classes` of the card with how the model was trained; state `expect.accuracy`',
    look: ({ clean, system }) => {
      if (!clean.interval) return 'no examples';
      const chance = 1 / Math.max(1, system.classes.length);
      const seen = `${points(clean.value)} correct; chance is ${points(chance)}`;
      return { raised: clean.interval[1] < chance || clean.value <= chance, seen, n: clean.n };
    },
  },
  {
    name: 'one-class',
    when: 'every clean image is given the same class, and the labels have several',
    why: 'a constant prediction cannot be attacked where it happens to be right, and so looks robust',
    fix: 'check the normalisation and the checkpoint',
    look: ({ collected }, { clean }) => {
      const { labels } = collected;
      if (!clean || !labels) return 'not looked at';
      const predictions = argmax(logitsOf(clean));
      const [seen, labelled] = [new Set(predictions).size, new Set(labels).size];
      return { raised: seen === 1 && labelled > 1, seen: `${seen} classes predicted`, n: labels.length };
    },
  },
  {
    name: 'dynamic',
    when: 'the forward pass itself computes gradients (SGLD inside the system)',
    why: 'the attack differentiates such a system only approximately, so that its robust accuracy is an upper bound',
    fix: 'report it as such, beside the transfer and BPDA results of the purification suite, with more steps and draws',
    look: (_result, { repeated }) => {
      if (!repeated) return noChecks;
      const { innerGradients } = repeated.rows;
      const most = Math.max(0, ...innerGradients.data);
      return {
        raised: most > 0,
        seen: `${most} gradient passes in a forward pass`,
        n: innerGradients.data.length,
        severity: 'warning',
      };
    },
  },
];

interface Looked {
  flag: Flag;
  finding: Finding | string;
}

export const runChecks = (result: AttackResult, evidence: Evidence): Looked[] =>
  flags.map((flag) => ({ flag, finding: flag.look(result, evidence) }));

const isRaised = ({ finding }: Looked) => typeof finding !== 'string' && finding.raised;

/** 1 where a flag is raised, 0 where it is not, undefined where it was not looked at; and how many are. */
export function flagMeasures(suite: string, result: AttackResult, looked: readonly Looked[]): Measure[] {
  const { system, dataset, about, label, params } = result;
  const common = {
    suite,
    model: system.name,
    dataset: dataset.name,
    better: 'lower',
    format: 'number',
  } as const;
  const name = `${label} ${params.norm}`;
  const each = looked.map(({ flag, finding }) => {
    const share =
      typeof finding === 'string'
        ? { value: Number.NaN, n: 0 }
        : { value: Number(finding.raised), n: finding.n };
    return measure(
      {
        ...common,
        measure: 'validity-flag',
        title: `Flag ${flag.name}, ${name}`,
        params: { ...about, flag: flag.name },
        note: typeof finding === 'string' ? finding : finding.seen,
      },
      exact(share.value, share.n),
    );
  });
  const raised = looked.filter(isRaised).length;
  return [
    measure(
      {
        ...common,
        measure: 'validity-flags-raised',
        title: `Flags raised, ${name}`,
        params: about,
        note:
          looked
            .filter(isRaised)
            .map(({ flag }) => flag.name)
            .join(', ') || 'none',
      },
      exact(raised, result.n),
    ),
    ...each,
  ];
}

export function flagWarnings(suite: string, result: AttackResult, looked: readonly Looked[]): Warning[] {
  const { system, dataset, label, params } = result;
  return looked.flatMap(({ flag, finding }) =>
    typeof finding === 'string' || !finding.raised
      ? []
      : [
          {
            code: flag.name,
            severity: finding.severity ?? 'serious',
            message: `${label} ${params.norm}: ${flag.when}. Seen: ${finding.seen}`,
            why: flag.why,
            fix: flag.fix,
            suite,
            model: system.name,
            dataset: dataset.name,
          },
        ],
  );
}

/** Cells of tables have no code in them. */
const plain = (text: string) => text.replace(/`/g, '');

/** `41 checks clear; 1 raised: dynamic (jem)`: the panel in a line. */
function digest(looked: readonly { result: AttackResult; looked: readonly Looked[] }[]): string {
  const all = looked.flatMap(({ result, looked }) =>
    looked.map((one) => ({ ...one, system: result.system.name })),
  );
  const made = all.filter(({ finding }) => typeof finding !== 'string');
  const raised = made.filter(isRaised);
  const by = new Map<string, string[]>();
  for (const { flag, system } of raised) by.set(flag.name, [...(by.get(flag.name) ?? []), system]);
  const which = [...by].map(([flag, systems]) => `${flag} (${systems.join(', ')})`).join(', ');
  return [
    `${made.length - raised.length} checks clear`,
    raised.length > 0 ? `${raised.length} raised: ${which}` : 'none raised',
    ...(made.length < all.length ? [`${all.length - made.length} not applicable`] : []),
  ].join('; ');
}

/** Every flag, raised or not: a row per flag, a column per system. */
export function validityPanel(
  id: string,
  title: string,
  looked: readonly { result: AttackResult; looked: readonly Looked[] }[],
): Table {
  const state = ({ finding }: Looked) => {
    if (typeof finding === 'string') return `– ${finding}`;
    return `${finding.raised ? '⚑ raised' : '✓ clear'}: ${finding.seen}`;
  };
  return {
    id,
    title: `${title}: can these numbers be trusted?`,
    caption: digest(looked),
    folded: true,
    columns: [
      { key: 'flag', title: 'flag', format: 'text' },
      ...looked.map(({ result }, i) => ({
        key: `system ${i}`,
        title: result.system.name,
        format: 'text' as const,
      })),
      { key: 'when', title: 'raised when', format: 'text' },
      { key: 'why', title: 'why it matters', format: 'text' },
      { key: 'fix', title: 'what to do', format: 'text' },
    ],
    rows: flags.map(({ name, when, why, fix }, row) => ({
      flag: name,
      ...Object.fromEntries(looked.map(({ looked }, i) => [`system ${i}`, state(looked[row]!)])),
      when: plain(when),
      why: plain(why),
      fix: plain(fix),
    })),
  };
}
