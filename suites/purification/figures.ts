import type { Estimate } from '../../src/metrics.js';
import { cell, type LineFigure, type Table } from '../../src/suite.js';
import type { Adaptive, PurificationResult } from './result.js';

type Points = LineFigure['series'][number]['points'];

const points = (steps: readonly number[], estimates: readonly (Estimate | undefined)[]): Points =>
  estimates.flatMap((estimate, k) => {
    if (!estimate || !Number.isFinite(estimate.value)) return [];
    const { value, interval } = estimate;
    return [{ x: steps[k], y: value, ...(interval && { lo: interval[0], hi: interval[1] }) }];
  });

const ticks = (steps: readonly number[]) => steps.map((value) => ({ value, label: String(value) }));

/** Accuracy against the number of steps, one chart per system: what purification costs, and what it buys. */
export function accuracyFigure(result: PurificationResult): LineFigure {
  const { system, dataset, steps, clean, transferred, adaptive, by } = result;
  const robust = adaptive.map((one) => one?.robust);
  return {
    kind: 'lines',
    id: `purification-accuracy-${dataset.name}-${system.name}`,
    title: `${system.name} purified by ${by === system.name ? 'itself' : by}, ${dataset.name}`,
    caption:
      'Transferred images were made against the model without its purification, which says little about an attacker who knows of it.',
    xLabel: 'SGLD steps',
    yLabel: 'accuracy',
    yDomain: [0, 1],
    yFormat: 'percent',
    xTicks: ticks(steps),
    points: true,
    series: [
      { name: 'clean', points: points(steps, clean.accuracy) },
      { name: 'transferred', points: points(steps, transferred.accuracy) },
      ...(robust.length > 0 ? [{ name: 'BPDA + EOT', points: points(steps, robust) }] : []),
    ],
  };
}

/** Mean change of log p(x): whether the chains climb, and whether adversarial images have further to go. */
export function energyFigure(dataset: string, results: readonly PurificationResult[]): LineFigure {
  return {
    kind: 'lines',
    id: `purification-energy-${dataset}`,
    title: `Change of log p(x) by purification, ${dataset}`,
    caption:
      'Mean over images and chains, in nats; dashed: adversarial images. The energy is minus log p(x).',
    xLabel: 'SGLD steps',
    yLabel: 'change of log p(x)',
    yFormat: 'number',
    xTicks: ticks(results[0].steps),
    points: true,
    series: results.flatMap(({ system, steps, clean, transferred }) => [
      { name: system.name, points: points(steps, clean.change) },
      { name: system.name, dashed: true, points: points(steps, transferred.change) },
    ]),
  };
}

const adaptiveCell = (found: Adaptive | undefined) => (found ? cell(found.robust) : null);

/** A row per system and number of steps, beginning with no purification. */
export function purificationTable(
  dataset: string,
  results: readonly PurificationResult[],
  attack: string,
): Table {
  const percent = { format: 'percent', better: 'higher' } as const;
  return {
    id: `purification-${dataset}`,
    title: `Purification on ${dataset}`,
    caption: `Attacks: ${attack}. The last column uses fewer examples; see n in the measures.`,
    columns: [
      { key: 'model', title: 'System', format: 'text' },
      { key: 'by', title: 'purified by', format: 'text' },
      { key: 'steps', title: 'steps', format: 'text' },
      { key: 'clean', title: 'clean', ...percent },
      { key: 'transferred', title: 'transferred', ...percent },
      { key: 'adaptive', title: 'BPDA + EOT', ...percent },
      { key: 'change', title: 'log p(x), clean', format: 'number' },
      { key: 'changeAttacked', title: 'log p(x), attacked', format: 'number' },
    ],
    rows: results.flatMap((result) => [
      {
        model: result.system.name,
        by: '',
        steps: 'none',
        clean: cell(result.bareClean),
        transferred: cell(result.bareAttacked),
        adaptive: null,
        change: null,
        changeAttacked: null,
      },
      ...result.steps.map((steps, k) => ({
        model: result.system.name,
        by: result.by,
        steps: String(steps),
        clean: cell(result.clean.accuracy[k]),
        transferred: cell(result.transferred.accuracy[k]),
        adaptive: adaptiveCell(result.adaptive[k]),
        change: cell(result.clean.change[k]),
        changeAttacked: cell(result.transferred.change[k]),
      })),
    ]),
  };
}
