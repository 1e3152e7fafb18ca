import { type Estimate, wilson } from '../../src/metrics.js';
import { type LineFigure, point } from '../../src/suite.js';
import { ladder } from './ladder.js';
import type { PurificationResult } from './result.js';
import type { UnderAttack } from './under-attack.js';

type Series = LineFigure['series'][number];

const points = (xs: readonly number[], estimates: readonly (Estimate | undefined)[]): Series['points'] =>
  estimates.flatMap((estimate, k) =>
    estimate && Number.isFinite(estimate.value) ? [point(xs[k]!, estimate)] : [],
  );

const ticks = (xs: readonly number[]) => xs.map((value) => ({ value, label: String(value) }));

const shares = { yLabel: 'accuracy', yDomain: [0, 1] as [number, number], yFormat: 'percent' as const };

const named = ({ system, by }: PurificationResult) =>
  `${system.name} purified by ${by === system.name ? 'itself' : by}`;

/** Accuracy against the number of steps, one chart per system: what purification costs, and what it buys. */
export function accuracyFigure(result: PurificationResult): LineFigure {
  const { system, dataset, steps, clean, transferred, rungs, attacks } = result;
  const transfer = attacks.includes('transfer');
  return {
    kind: 'lines',
    id: `purification-accuracy-${dataset.name}-${system.name}`,
    title: `${named(result)}, ${dataset.name}`,
    ...(transfer && {
      caption:
        'Transferred images were made against the model without its purification, which says little about an attacker who knows of it.',
    }),
    xLabel: 'SGLD steps',
    ...shares,
    xTicks: ticks(steps),
    points: true,
    series: [
      { name: 'clean', points: points(steps, clean.accuracy) },
      ...(transfer ? [{ name: 'transferred', points: points(steps, transferred.accuracy) }] : []),
      ...ladder.flatMap(({ name, title }) => {
        const own = rungs.filter(({ climb }) => climb.rung.name === name);
        const xs = own.map((rung) => rung.steps);
        return own.length > 0
          ? [
              {
                name: title,
                points: points(
                  xs,
                  own.map(({ robust }) => robust),
                ),
              },
            ]
          : [];
      }),
    ],
  };
}

/** Mean change of log p(x): whether the chains climb, and whether adversarial images have further to go. */
export function energyFigure(dataset: string, results: readonly PurificationResult[]): LineFigure {
  return {
    kind: 'lines',
    id: `purification-energy-${dataset}`,
    title: `Change of log p(x) by purification, ${dataset}`,
    caption: 'Mean over images and chains, in nats. The energy is minus log p(x).',
    xLabel: 'SGLD steps',
    yLabel: 'change of log p(x)',
    yFormat: 'number',
    xTicks: ticks(results[0]!.steps),
    points: true,
    series: results.flatMap(({ system, steps, clean, transferred }) => [
      { name: system.name, points: points(steps, clean.change) },
      {
        name: system.name,
        variant: 'adversarial images',
        dashed: true,
        points: points(steps, transferred.change),
      },
    ]),
  };
}

/** How far chains end from the image that they began with. */
export function distanceFigure(
  dataset: string,
  results: readonly PurificationResult[],
  norm: 'L2' | 'Linf',
): LineFigure {
  return {
    kind: 'lines',
    id: `purification-distance-${norm.toLowerCase()}-${dataset}`,
    title: `${norm} distance from the image, ${dataset}`,
    caption:
      'Mean over images and chains, in units of pixels in [0, 1], noise included; of adversarial images from the adversarial image.',
    xLabel: 'SGLD steps',
    yLabel: `${norm} distance`,
    yFormat: 'number',
    xTicks: ticks(results[0]!.steps),
    points: true,
    series: results.flatMap(({ system, steps, clean, transferred }) => [
      {
        name: system.name,
        points: points(
          steps,
          clean.distance.map((one) => one[norm]),
        ),
      },
      {
        name: system.name,
        variant: 'adversarial images',
        dashed: true,
        points: points(
          steps,
          transferred.distance.map((one) => one[norm]),
        ),
      },
    ]),
  };
}

/** Whether attacks were long enough: accuracy by the step at which examples broke, one chart per system. */
export function attackStepsFigure(result: PurificationResult): LineFigure | undefined {
  const { system, dataset, rungs } = result;
  if (rungs.length === 0) return undefined;
  const most = Math.max(...result.steps);
  return {
    kind: 'lines',
    id: `purification-attack-steps-${dataset.name}-${system.name}`,
    title: `Attacks on ${named(result)} as they go on, ${most} SGLD steps, ${dataset.name}`,
    caption: 'A curve that still falls at its end belongs to an attack that was too short.',
    xLabel: 'steps of the attack',
    ...shares,
    series: rungs
      .filter(({ steps }) => steps === most)
      .map((rung) => ({ name: rung.climb.rung.title, points: survival(rung) })),
  };
}

/** Accuracy after every step of an attack at which it fell. */
function survival({ climb, spared, brokenAfter }: UnderAttack): Series['points'] {
  const n = spared.length;
  const { options, restarts } = climb.params.attacks[0]!;
  const last = restarts * (Number(options.steps) + 1) - 1;
  const falls = [...new Set([0, ...Array.from(brokenAfter).filter((step) => step >= 0), last])];
  return points(
    falls.sort((a, b) => a - b),
    falls.map((step) => wilson(spared.filter((one, i) => one || brokenAfter[i]! > step).length, n)),
  );
}

/** Whether more draws per gradient would have found more, one chart per system; undefined where one number was run. */
export function eotFigure(result: PurificationResult): LineFigure | undefined {
  const { system, dataset, rungs, sweep } = result;
  if (sweep.length === 0) return undefined;
  const swept = sweep[0]!.climb.rung;
  const all = [...rungs.filter(({ climb }) => climb.rung === swept), ...sweep];
  const eots = [...new Set(all.map(({ climb }) => climb.params.eot))].sort((a, b) => a - b);
  return {
    kind: 'lines',
    id: `purification-eot-${dataset.name}-${system.name}`,
    title: `${swept.title} by draws per gradient, ${named(result)}, ${dataset.name}`,
    caption: 'Where accuracy still falls to the right, the attack averages too few draws.',
    xLabel: 'draws per gradient',
    ...shares,
    xTicks: ticks(eots),
    points: true,
    series: result.steps.map((steps) => ({
      name: `${steps} SGLD step${steps === 1 ? '' : 's'}`,
      points: points(
        eots,
        eots.map((eot) => all.find((one) => one.steps === steps && one.climb.params.eot === eot)?.robust),
      ),
    })),
  };
}

/** Where on its way through the chain a gradient loses its direction, and where it grows; one chart each per system. */
export function gradientFigures(result: PurificationResult): LineFigure[] {
  const { system, dataset, steps, diagnostics } = result;
  const most = diagnostics.findLastIndex(({ path }, k) => path !== undefined && steps[k]! > 0);
  const path = diagnostics[most]?.path;
  if (!path) return [];
  const common = {
    kind: 'lines' as const,
    xLabel: 'SGLD step',
    points: steps[most]! <= 20,
  };
  const xs = path.cosine.map((_, k) => k);
  const on = `${named(result)}, ${steps[most]} SGLD steps, ${dataset.name}`;
  return [
    {
      ...common,
      id: `purification-gradient-cosine-${dataset.name}-${system.name}`,
      title: `Direction of the gradient in the chain, ${on}`,
      caption:
        'Cosine of the gradient at each step with that where the chain ends, which BPDA takes for that at the image (step 0); mean over clean images.',
      yLabel: 'cosine with BPDA',
      yFormat: 'number',
      series: [{ name: system.name, points: points(xs, path.cosine) }],
    },
    {
      ...common,
      id: `purification-gradient-growth-${dataset.name}-${system.name}`,
      title: `Length of the gradient in the chain, ${on}`,
      caption:
        'Decimal logarithm of its length at each step by that where the chain ends; mean over clean images.',
      yLabel: 'log10 of the length',
      yFormat: 'number',
      series: [{ name: system.name, points: points(xs, path.length) }],
    },
  ];
}
