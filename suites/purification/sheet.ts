import type { ExampleSheet } from '../../src/suite.js';
import { TRANSFER } from './ladder.js';
import type { JudgedTransfer, PurificationResult, Track } from './result.js';
import type { UnderAttack } from './under-attack.js';
import { type Judged, verdicts } from './verdicts.js';

type Cell = string | number | boolean | null;

const common = ['model', 'dataset', 'index', 'label', 'images', 'steps', 'correct'] as const;
const purified = [
  'prediction',
  'log_px_before',
  'log_px_after',
  'log_px_change',
  'l2_distance',
  'linf_distance',
] as const;
const attacked = ['broken_after', 'forward_passes', 'gradient_passes', 'draws', 'settled_after'] as const;
const ofDraws = verdicts.map(({ column }) => column);

/**
 * A row per system, example, kind of image and number of SGLD steps. Kinds: `clean`, `transferred`, `transfer` (what fresh
 * draws at transferred images came to), and one for every attack on the whole (`bpda`), of which `correct` says whether the
 * example stays correct, and the rest what attack and fresh draws at its image came to.
 */
export function sheet(name: string, results: readonly PurificationResult[]): ExampleSheet {
  return {
    name,
    columns: [...common, ...purified, ...attacked, ...ofDraws],
    rows: results.flatMap((result) => [
      ...Object.entries({ clean: result.clean, transferred: result.transferred }).flatMap(([images, track]) =>
        result.steps.flatMap((steps, k) => trackRows(result, images, track, steps, k)),
      ),
      ...result.transfers.flatMap((one) => transferRows(result, one)),
      ...[...result.rungs, ...result.sweep].flatMap((rung) => rungRows(result, rung)),
    ]),
  };
}

function trackRows(
  { system, dataset, indices, labels }: PurificationResult,
  images: string,
  track: Track,
  steps: number,
  k: number,
): Cell[][] {
  const { predictions, before, after, l2, linf } = track;
  return Array.from(indices, (example, i) => [
    ...[system.name, dataset.name, example, labels[i]!, images, steps, predictions[k]![i] === labels[i]],
    ...[predictions[k]![i]!, before[i]!, after[k]![i]!, after[k]![i]! - before[i]!, l2[k]![i]!, linf[k]![i]!],
    ...[...attacked, ...ofDraws].map(() => null),
  ]);
}

function transferRows({ system, dataset }: PurificationResult, one: JudgedTransfer): Cell[][] {
  const { indices, labels, steps, judged } = one;
  return Array.from(indices, (example, i) => [
    ...[system.name, dataset.name, example, labels[i]!, TRANSFER.name, steps, null],
    ...[...purified, 'broken_after', 'forward_passes', 'gradient_passes'].map(() => null),
    ...drawnCells(judged, i),
  ]);
}

/** Of `draws`, `settled_after` and the verdicts. */
const drawnCells = (judged: Judged | undefined, i: number): Cell[] => [
  ...[judged?.drawn[i] ?? null, judged?.settledAfter[i] ?? null],
  ...ofDraws.map((_, v) => judged?.verdicts[v]?.right[i] ?? null),
];

function rungRows({ system, dataset }: PurificationResult, rung: UnderAttack): Cell[][] {
  const { indices, labels, steps, spared, brokenAfter, passes, judged } = rung;
  const { forwardPasses, gradientPasses } = passes.rows;
  return Array.from(indices, (example, i) => [
    ...[system.name, dataset.name, example, labels[i]!, imagesOf(rung), steps, spared[i]!],
    ...purified.map(() => null),
    ...[brokenAfter[i]! < 0 ? null : brokenAfter[i]!, forwardPasses.data[i]!, gradientPasses.data[i]!],
    ...drawnCells(judged, i),
  ]);
}

/** What rows of an attack on the whole are found by. */
export const imagesOf = ({ climb, swept }: UnderAttack): string =>
  swept ? `${climb.rung.name}, eot ${climb.params.eot}` : climb.rung.name;
