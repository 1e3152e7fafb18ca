import type { HardestRows, Outcome } from '../../src/measurements.js';
import type { CollectedRows, ImageFigure, Picture, SystemInfo } from '../../src/suite.js';
import type { Hardest, HardestOf } from './hardest.js';

type Row = ImageFigure['rows'][number];

/** A grid for each system and score: once where the best score is that of the headline. */
export function hardestFigures(collected: CollectedRows, hardest: readonly Hardest[]): ImageFigure[] {
  const figures = hardest.flatMap((one) => gridOf(collected, one));
  return [...new Map(figures.map((figure) => [figure.id, figure])).values()];
}

function gridOf(collected: CollectedRows, { system, id, by, scores, sets }: Hardest): ImageFigure[] {
  const filled = sets.flatMap((set) => {
    const rows = collected.get(set.request)?.rows;
    return rows ? [{ set, rows }] : [];
  });
  const rows = filled.flatMap((one) => rowsOf(one.set, one.rows, system));
  if (rows.length === 0) return [];
  const score = scores[filled[0]!.rows.chosen.data[0]!]!;
  const most = Math.max(...rows.map(({ cells }) => cells.length));
  return [
    {
      kind: 'images',
      id: `hardest-${score.id}-${system.name}-${id.name}`,
      title: `Hardest images of ${system.name} by ${score.title}`,
      caption: `${by === 'best' ? 'The score with the largest mean AUROC. ' : ''}Images of ${id.name} with the lowest scores, and OOD images with the highest, the most extreme first. Below each: the score and the predicted class.`,
      columns: Array.from({ length: most }, (_, k) => String(k + 1)),
      rows,
    },
  ];
}

/** A line for each list that has images. */
function rowsOf({ dataset, lists }: HardestOf, rows: HardestRows, system: SystemInfo): Row[] {
  const n = rows.index.data.length / lists.length;
  return lists.flatMap((list, l) => {
    const own = Array.from({ length: n }, (_, k) => l * n + k).filter((at) => rows.index.data[at]! >= 0);
    const { suffix, mark } = shown[list];
    if (own.length === 0) return [];
    return [
      {
        label: `${dataset.name}${suffix}`,
        cells: own.map((at) => ({ ...pictureOf(rows, at, system, list), ...(mark && { mark }) })),
      },
    ];
  });
}

const shown: Readonly<Record<Outcome, { suffix: string; mark?: Picture['mark'] }>> = {
  all: { suffix: '' },
  right: { suffix: ', right', mark: 'ok' },
  wrong: { suffix: ', wrong', mark: 'bad' },
};

function pictureOf(
  { pixels, score, prediction, label }: HardestRows,
  at: number,
  system: SystemInfo,
  list: Outcome,
): Picture {
  const size = system.shape.reduce((a, b) => a * b, 1);
  const name = (k: number) => system.classes[k] ?? String(k);
  const [predicted, of] = [prediction.data[at]!, label.data[at]!];
  const told = [
    String(Number(score.data[at]!.toPrecision(4))).replace('-', '−'),
    ...(predicted >= 0 ? [name(predicted)] : []),
    ...(list === 'wrong' ? [`not ${name(of)}`] : []),
  ];
  return {
    pixels: pixels.data.subarray(at * size, (at + 1) * size),
    shape: [...system.shape],
    caption: told.join(', '),
  };
}
