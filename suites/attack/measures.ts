import { type Estimate, exact } from '../../src/metrics.js';
import { cell, type Measure, type MeasureRows, measure, type Table } from '../../src/suite.js';
import { provedColumn } from './proof-views.js';
import { type AttackResult, reproduced, unconfirmed } from './result.js';
import { robustColumn } from './sheet.js';

export function attackMeasures(suite: string, sheet: string, result: AttackResult): Measure[] {
  const { system, dataset, params, label, robust, about, byAttack } = result;
  const common = { suite, model: system.name, dataset: dataset.name };
  const name = `${label} ${params.norm}`;
  const where = { model: system.name, dataset: dataset.name };
  const shareOf = (
    outcome: MeasureRows['columns'][string],
    among: MeasureRows['where'] = {},
  ): MeasureRows => ({
    sheet,
    where: { ...where, ...among },
    statistic: 'share',
    columns: { outcome },
  });
  const draws = system.stochastic
    ? `EOT over ${params.eot} draws; a verdict is the mean of ${params.confirm} fresh draws`
    : undefined;
  const failed = reproduced(result)
    ? undefined
    : `failed: ${unconfirmed(result)} of ${result.broken} adversarial examples were not reproduced in a fresh pass`;
  const largest = params.epsilons.length - 1;
  return [
    ...robust.map((estimate, k) =>
      measure(
        {
          ...common,
          measure: 'robust-accuracy',
          title: `Robust accuracy, ${name} ${params.epsilons[k]}`,
          params: { ...about, epsilon: params.epsilons[k]! },
          better: 'higher',
          format: 'percent',
          headline: k === largest,
          rows: shareOf(robustColumn(params.epsilons[k]!)),
          note: failed ?? draws,
        },
        failed ? exact(Number.NaN, estimate.n) : estimate,
      ),
    ),
    ...(byAttack.length > 1 ? byAttack : []).map((member) =>
      measure(
        {
          ...common,
          measure: 'broken-first',
          title: `Broken first by ${member.label}, ${name}`,
          params: { ...about, attack: member.method },
          better: 'none',
          format: 'percent',
          rows: shareOf({ column: 'broken_by', is: member.label }),
        },
        member.first,
      ),
    ),
    measure(
      {
        ...common,
        measure: 'verification-disagreements',
        title: `Adversarial examples not confirmed, ${name}`,
        params: about,
        better: 'lower',
        format: 'number',
        note: 'of the stored adversarial examples: classified correctly, or outside ball or box, in a fresh pass',
      },
      exact(result.verified ? unconfirmed(result) : Number.NaN, result.broken),
    ),
    measure(
      {
        ...common,
        measure: 'survives-8-bit',
        title: `Still adversarial at 8 bits, ${name}`,
        params: about,
        better: 'none',
        format: 'percent',
        note: result.broken === 0 ? 'nothing was broken' : undefined,
        rows: shareOf('survives_8bit', { adversarial: true }),
      },
      result.survives8bit,
    ),
    measure(
      {
        ...common,
        measure: 'zero-gradient',
        title: `Examples with a zero first gradient, ${name}`,
        params: about,
        better: 'none',
        format: 'percent',
        rows: shareOf('zero_gradient', {
          correct: true,
          ...(result.proofs && { [provedColumn(params.epsilons[largest]!)]: false }),
        }),
      },
      result.zeroStarts,
    ),
    ...costMeasures(common, name, about, result.cost, { sheet, where }),
    ...(byAttack.length > 1 ? byAttack : []).flatMap((member) =>
      costMeasures(common, `${name}, ${member.label}`, { ...about, attack: member.method }, member.cost),
    ),
  ];
}

function costMeasures(
  common: Pick<Measure, 'suite' | 'model' | 'dataset'>,
  name: string,
  params: Measure['params'],
  cost: AttackResult['cost'],
  /** Of all attacks together: the sheet has no passes of each. */
  from?: Pick<MeasureRows, 'sheet' | 'where'>,
): Measure[] {
  const rows = (value: string) => from && { rows: { ...from, statistic: 'mean', columns: { value } } };
  const rest = { ...common, better: 'none', format: 'number', params } as const;
  const shown = ({ value }: Estimate) => String(Number(value.toPrecision(6)));
  const plain = (naive: Estimate) => `a plain schedule: ${shown(naive)} per example`;
  return [
    measure(
      {
        ...rest,
        measure: 'gradient-passes',
        title: `Gradient passes per example, ${name}`,
        note: plain(cost.naiveGradient),
        ...rows('gradient_passes'),
      },
      cost.gradient,
    ),
    measure(
      {
        ...rest,
        measure: 'forward-passes',
        title: `Forward passes per example, ${name}`,
        note: plain(cost.naiveForward),
        ...rows('forward_passes'),
      },
      cost.forward,
    ),
    measure(
      {
        ...rest,
        measure: 'naive-gradient-passes',
        title: `Gradient passes of a plain schedule, ${name}`,
        ...rows('naive_gradient_passes'),
      },
      cost.naiveGradient,
    ),
    measure(
      {
        ...rest,
        measure: 'naive-forward-passes',
        title: `Forward passes of a plain schedule, ${name}`,
        ...rows('naive_forward_passes'),
      },
      cost.naiveForward,
    ),
  ];
}

const percent = { format: 'percent', better: 'higher' } as const;

/** A row per system: clean, every radius, and what it cost. */
export function attackTable(id: string, title: string, results: readonly AttackResult[]): Table {
  const { params } = results[0]!;
  return {
    id,
    title,
    caption:
      'Share of all examples that are classified correctly and stay so everywhere the attack looked: of several attacks, the worst case per example. Passes are calls of the system per example.',
    columns: [
      { key: 'model', title: 'System', format: 'text' },
      { key: 'clean', title: 'clean', ...percent },
      ...params.epsilons.map((text) => ({ key: `at ${text}`, title: `${params.norm} ${text}`, ...percent })),
      { key: 'verified', title: 'confirmed', format: 'text' },
      { key: 'passes', title: 'gradient passes', format: 'number' },
      { key: 'naive', title: 'plain schedule', format: 'number' },
    ],
    rows: results.map((result) => ({
      model: result.system.name,
      clean: cell(result.clean),
      ...Object.fromEntries(params.epsilons.map((text, k) => [`at ${text}`, cell(result.robust[k]!)])),
      verified: result.verified
        ? `${result.broken - unconfirmed(result)} of ${result.broken}`
        : 'not checked',
      passes: cell(result.cost.gradient, { bare: true }),
      naive: cell(result.cost.naiveGradient, { bare: true }),
    })),
  };
}

/** Attack by attack, in their order: what each broke first, what it left, and what it cost. */
export function breakdownTable(id: string, title: string, results: readonly AttackResult[]): Table[] {
  const { params, members } = results[0]!;
  if (members.length < 2) return [];
  return [
    {
      id,
      title: `${title}: attack by attack`,
      caption:
        'Each attack runs on the examples that those before it left unbroken. "Broken first" counts the examples that it broke, at any radius, before another attack did; the columns of radii are the accuracy left after it.',
      columns: [
        { key: 'model', title: 'System', format: 'text' },
        { key: 'attack', title: 'attack', format: 'text' },
        { key: 'first', title: 'broken first', format: 'text' },
        ...params.epsilons.map((text) => ({
          key: `at ${text}`,
          title: `left at ${params.norm} ${text}`,
          ...percent,
        })),
        { key: 'gradient', title: 'gradient passes', format: 'number' },
        { key: 'naiveGradient', title: 'plain schedule', format: 'number' },
        { key: 'forward', title: 'forward passes', format: 'number' },
        { key: 'naiveForward', title: 'plain schedule', format: 'number' },
      ],
      rows: results.flatMap((result) =>
        result.byAttack.map((member) => ({
          model: result.system.name,
          attack: member.label,
          first: `${Math.round(member.first.value * member.first.n)} of ${member.first.n}`,
          ...Object.fromEntries(params.epsilons.map((text, k) => [`at ${text}`, cell(member.after[k]!)])),
          gradient: cell(member.cost.gradient, { bare: true }),
          naiveGradient: cell(member.cost.naiveGradient, { bare: true }),
          forward: cell(member.cost.forward, { bare: true }),
          naiveForward: cell(member.cost.naiveForward, { bare: true }),
        })),
      ),
    },
  ];
}
