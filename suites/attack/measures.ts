import type { Estimate } from '../../src/metrics/estimate.js';
import { cell, measure } from '../../src/suites/measure.js';
import type { Measure, Table } from '../../src/suites/results.js';
import type { AttackResult } from './result.js';

/** What the numbers were measured with: the same for every system, so that columns line up. */
function paramsOf({ params }: AttackResult): Measure['params'] {
  const own = Object.entries(params.options).filter(
    (entry): entry is [string, string | number | boolean] =>
      typeof entry[1] === 'string' || typeof entry[1] === 'number' || typeof entry[1] === 'boolean',
  );
  const { method, norm, loss, restarts } = params;
  return { method, norm, loss, restarts, ...Object.fromEntries(own) };
}

/** A count or a sum: nothing to put an interval around. */
const exact = (value: number, n: number): Estimate => ({
  value,
  n,
  interval: null,
  level: 0.95,
  method: 'none',
});

export function attackMeasures(suite: string, result: AttackResult): Measure[] {
  const { system, dataset, params, label, robust, passes, n } = result;
  const common = { suite, model: system.name, dataset: dataset.name };
  const name = `${label} ${params.norm}`;
  const all = paramsOf(result);
  const draws = system.stochastic
    ? `EOT over ${params.eot} draws; a verdict is the mean of ${params.confirm} fresh draws`
    : undefined;
  const largest = params.epsilons.length - 1;
  const cost = { ...common, better: 'none', format: 'number', params: all } as const;
  const plainly = (count: number) => `a plain schedule: ${count} per example`;
  return [
    ...robust.map((estimate, k) =>
      measure(
        {
          ...common,
          measure: 'robust-accuracy',
          title: `Robust accuracy, ${name} ${params.epsilons[k]}`,
          params: { ...all, epsilon: params.epsilons[k] },
          better: 'higher',
          format: 'percent',
          headline: k === largest,
          note: draws,
        },
        estimate,
      ),
    ),
    measure(
      {
        ...common,
        measure: 'verification-disagreements',
        title: `Adversarial examples not confirmed, ${name}`,
        params: all,
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
        params: all,
        better: 'none',
        format: 'percent',
        note: result.broken === 0 ? 'nothing was broken' : undefined,
      },
      result.survives8bit,
    ),
    measure(
      {
        ...common,
        measure: 'zero-gradient',
        title: `Examples with a zero first gradient, ${name}`,
        params: all,
        better: 'none',
        format: 'percent',
      },
      result.zeroGradient,
    ),
    measure(
      {
        ...cost,
        measure: 'gradient-passes',
        title: `Gradient passes per example, ${name}`,
        note: plainly(passes.naive.gradient),
      },
      passes.gradient,
    ),
    measure(
      {
        ...cost,
        measure: 'forward-passes',
        title: `Forward passes per example, ${name}`,
        note: plainly(passes.naive.forward),
      },
      passes.forward,
    ),
    measure(
      { ...cost, measure: 'naive-gradient-passes', title: `Gradient passes of a plain schedule, ${name}` },
      exact(passes.naive.gradient, n),
    ),
  ];
}

/** Wrong verdicts and points outside, an example counted once. */
export function unconfirmed({ verified, collected }: AttackResult): number {
  if (!verified) return 0;
  const { misclassified, inside } = verified.rows;
  let total = 0;
  for (let i = 0; i < misclassified.data.length; i++) {
    const broken = collected.rows.brokenAt.data[i] >= 0;
    if (broken && !(misclassified.data[i] === 1 && inside.data[i] === 1)) total++;
  }
  return total;
}

/** A row per system: clean, every radius, and what it cost. */
export function attackTable(id: string, title: string, results: readonly AttackResult[]): Table {
  const [{ params }] = results;
  const percent = { format: 'percent', better: 'higher' } as const;
  return {
    id,
    title,
    caption:
      'Share of all examples that are classified correctly and stay so everywhere the attack looked. Passes are calls of the system per example.',
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
      ...Object.fromEntries(params.epsilons.map((text, k) => [`at ${text}`, cell(result.robust[k])])),
      verified: result.verified
        ? `${result.broken - unconfirmed(result)} of ${result.broken}`
        : 'not checked',
      passes: result.passes.gradient.value,
      naive: result.passes.naive.gradient,
    })),
  };
}
