import { parseEpsilon } from '../src/attacks/epsilon.js';
import type { DatasetInfo } from '../src/data/dataset.js';
import type { Estimate } from '../src/metrics/estimate.js';
import type { SystemInfo } from '../src/models/system.js';
import { fewUsed, labelledTestSets, withoutLabels } from '../src/suites/caveats.js';
import { type Collected, defineSuite, type ExampleSheet, type SuiteContext } from '../src/suites/contract.js';
import { measure } from '../src/suites/measure.js';
import type { Measure, NotApplicable, Warning } from '../src/suites/results.js';
import { accuracyFigure, energyFigure, purificationTable } from './purification/figures.js';
import { type Asked, asked, PurificationOptions, purifierOf } from './purification/options.js';
import { type Find, type PurificationResult, purificationResult } from './purification/result.js';

const NAME = 'purification';

/** Two accuracies on the same few examples that differ by more are not taken for equal. */
const MARGIN = 0.1;

interface Job {
  system: SystemInfo;
  dataset: DatasetInfo;
  wanted: Asked;
}

function jobs(context: SuiteContext, options: PurificationOptions): Job[] {
  return labelledTestSets(context).flatMap((dataset) =>
    context.systems.flatMap((system) => {
      const purifier = purifierOf(system, context.systems, options);
      return 'by' in purifier
        ? [{ system, dataset, wanted: asked(system, dataset, purifier.by, options) }]
        : [];
    }),
  );
}

export const purification = defineSuite({
  name: NAME,
  title: 'Purification',
  description:
    "SGLD purification before classification: images get noise, climb log p(x) of a model for some steps, and the logits of several chains are averaged. Three accuracies belong together: on clean images (what it costs), on adversarial images made against the model without purification (transfer), and under an attack on model and purification together, with straight-through gradients (BPDA) averaged over draws (EOT). Step sizes and noise are in units of the purifying model's own input.",
  options: PurificationOptions,
  needs: ['logits', 'inputGradient'],

  plan(context, options) {
    return jobs(context, options).flatMap(({ wanted }) => [
      wanted.transfer,
      wanted.clean,
      wanted.transferred,
      ...wanted.adaptive,
    ]);
  },

  summarise(collected, options, context) {
    const find = finder(collected);
    const results = jobs(context, options).flatMap(
      ({ wanted, ...on }) => purificationResult(on, wanted, find) ?? [],
    );
    const sets = labelledTestSets(context)
      .map((dataset) => ({ dataset, own: results.filter((result) => result.dataset.name === dataset.name) }))
      .filter(({ own }) => own.length > 0);
    const attack = attackLine(options);
    return {
      measures: results.flatMap((result) => measures(result, options)),
      tables: sets.map(({ dataset, own }) => purificationTable(dataset.name, own, attack)),
      figures: sets.flatMap(({ dataset, own }) => [
        ...own.map(accuracyFigure),
        energyFigure(dataset.name, own),
      ]),
      warnings: [
        ...sets.flatMap(({ dataset, own }) => fewUsed(NAME, dataset, own[0].n)),
        ...results.flatMap((result) => warnings(result)),
      ],
      notApplicable: [...withoutLabels(NAME, context), ...unpurified(context, options)],
      examples: results.length > 0 ? [sheet(results)] : [],
    };
  },
});

/** The same measurement, parameters, and images that it was given. */
function finder(collected: readonly Collected[]): Find {
  const identity = ({ measurement, system, dataset, params, inputs = [] }: Parameters<Find>[0]) =>
    JSON.stringify([
      measurement.name,
      system,
      dataset,
      params,
      inputs.map((input) => input.measurement.name),
    ]);
  const known = new Map(collected.map((one) => [identity(one.request), one]));
  return (wanted) => known.get(identity(wanted));
}

const attackLine = ({ norm, epsilon, attackSteps, adaptive }: PurificationOptions) =>
  `${norm} ${parseEpsilon(epsilon).text}, PGD-${attackSteps} for transfer` +
  (adaptive.steps > 0
    ? `, PGD-${adaptive.steps} with ${adaptive.eot} draws per gradient and ${adaptive.confirm} to confirm on the whole`
    : '');

function measures(result: PurificationResult, options: PurificationOptions): Measure[] {
  const { system, dataset, steps, clean, transferred, adaptive } = result;
  const common = { suite: NAME, model: system.name, dataset: dataset.name };
  const { text } = parseEpsilon(options.epsilon);
  const ball = { norm: options.norm, epsilon: text };
  const accuracy = (
    id: string,
    title: string,
    params: Measure['params'],
    estimate: Estimate,
    note?: string,
  ) =>
    measure(
      { ...common, measure: id, title, params, better: 'higher', format: 'percent', ...(note && { note }) },
      estimate,
    );
  const change = (id: string, title: string, params: Measure['params'], estimate: Estimate) =>
    measure({ ...common, measure: id, title, params, better: 'none', format: 'number' }, estimate);
  return steps.flatMap((count, k) => {
    const { chains, stepSize, noise, inputNoise } = options;
    const params = { by: result.by, steps: count, chains, stepSize, noise, inputNoise };
    const after = `${count} step${count === 1 ? '' : 's'}`;
    return [
      accuracy('purified-accuracy', `Accuracy after ${after} of purification`, params, clean.accuracy[k]),
      accuracy(
        'transfer-accuracy',
        `Accuracy on transferred ${options.norm} ${text}, ${after}`,
        { ...params, ...ball },
        transferred.accuracy[k],
        'made against the model without its purification',
      ),
      ...adaptive
        .slice(k, k + 1)
        .filter((found) => found !== undefined)
        .map(({ robust, unconfirmed, broken }) =>
          accuracy(
            'adaptive-robust-accuracy',
            `Accuracy under BPDA + EOT, ${options.norm} ${text}, ${after}`,
            { ...params, ...ball },
            robust,
            `${broken - unconfirmed} of ${broken} broken examples confirmed with fresh draws`,
          ),
        ),
      change('log-px-change', `Change of log p(x), clean, ${after}`, params, clean.change[k]),
      change(
        'log-px-change-attacked',
        `Change of log p(x), adversarial, ${after}`,
        { ...params, ...ball },
        transferred.change[k],
      ),
    ];
  });
}

/** How often transferred images are classified correctly, among the first n: those of the attack on the whole. */
function transferAmong({ transferred, labels }: PurificationResult, k: number, n: number): number {
  const right = transferred.predictions[k].slice(0, n).filter((p, i) => p === labels[i]).length;
  return right / Math.max(1, Math.min(n, labels.length));
}

function warnings(result: PurificationResult): Warning[] {
  const { system, dataset, steps, adaptive, clean } = result;
  const on = { suite: NAME, model: system.name, dataset: dataset.name };
  const overstated = adaptive.flatMap((found, k) =>
    found && transferAmong(result, k, found.robust.n) - found.robust.value > MARGIN ? [steps[k]] : [],
  );
  const weak = adaptive.flatMap((found, k) =>
    found && found.robust.value - transferAmong(result, k, found.robust.n) > MARGIN ? [steps[k]] : [],
  );
  const falling = steps.filter((count, k) => count > 0 && clean.change[k].value < 0);
  return [
    {
      ...on,
      code: 'purification-upper-bound',
      severity: 'note',
      message: `robust accuracies of "${system.name}" behind purification are upper bounds`,
      why: 'the attack takes the purification for the identity when it differentiates, and averages few draws; gradients through the whole chain, more draws and more steps are stronger',
      fix: 'raise `adaptive.steps`, `adaptive.eot` and `adaptive.examples` until the number stops falling',
    },
    ...(overstated.length > 0
      ? [
          {
            ...on,
            code: 'transfer-overstates',
            severity: 'warning' as const,
            message: `at ${overstated.join(', ')} steps "${system.name}" looks more robust to transferred images than it is to an attack on the whole`,
            why: 'transferred images were made without knowledge of the purification',
            fix: 'quote the accuracy under BPDA + EOT',
          },
        ]
      : []),
    ...(weak.length > 0
      ? [
          {
            ...on,
            code: 'adaptive-weaker-than-transfer',
            severity: 'warning' as const,
            message: `at ${weak.join(', ')} steps transferred images fool "${system.name}" more often than the attack on the whole does`,
            why: 'who attacks the whole could always use the transferred images: this attack was too weak, and the lower accuracy is the one to quote',
            fix: 'raise `adaptive.steps` and `adaptive.eot`',
          },
        ]
      : []),
    ...(falling.length > 0
      ? [
          {
            ...on,
            code: 'purification-descends',
            severity: 'warning' as const,
            message: `log p(x) of clean images falls within ${falling.join(', ')} steps of "${system.name}"`,
            why: 'noise outweighs the gradient, or the step size overshoots: this is not a climb',
            fix: "lower `stepSize` or `noise`; both are in units of the purifying model's own input",
          },
        ]
      : []),
  ];
}

function unpurified(context: SuiteContext, options: PurificationOptions): NotApplicable[] {
  return context.systems.flatMap((system) => {
    const purifier = purifierOf(system, context.systems, options);
    return 'reason' in purifier ? [{ suite: NAME, model: system.name, reason: purifier.reason }] : [];
  });
}

function sheet(results: readonly PurificationResult[]): ExampleSheet {
  return {
    name: NAME,
    columns: [
      'model',
      'dataset',
      'example',
      'label',
      'images',
      'steps',
      'prediction',
      'log_px_before',
      'log_px_after',
    ],
    rows: results.flatMap(({ system, dataset, steps, indices, labels, clean, transferred }) =>
      Object.entries({ clean, transferred }).flatMap(([images, { predictions, before, after }]) =>
        steps.flatMap((count, k) =>
          Array.from(indices, (example, i) => [
            system.name,
            dataset.name,
            example,
            labels[i],
            images,
            count,
            predictions[k][i],
            before[i],
            after[k][i],
          ]),
        ),
      ),
    ),
  };
}
