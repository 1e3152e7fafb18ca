import {
  cell,
  type DatasetInfo,
  type Measure,
  type MeasureRows,
  measure,
  type Table,
} from '../../src/suite.js';
import { SHEET } from './sheet.js';
import type { Spectrum, SpectrumValue } from './spectrum.js';

/** A spectrum with its numbers. */
export interface SpectrumResult {
  spectrum: Spectrum;
  each: readonly SpectrumValue[];
  means: readonly SpectrumValue[];
}

const namesOf = ({ id, shifted }: Spectrum) =>
  [id, ...shifted.map(({ scored }) => scored)].map(({ dataset }) => dataset.name).join(', ');

export function spectrumMeasures(suite: string, { spectrum, each, means }: SpectrumResult): Measure[] {
  const { system, score, dataset: id } = spectrum.id;
  const one = (
    { measure: name, title, row, sets, estimate }: SpectrumValue,
    on: Pick<Measure, 'dataset' | 'params'>,
  ) =>
    measure(
      {
        suite,
        measure: name,
        title: `${title} by ${score.title}`,
        model: system.name,
        ...on,
        better: row.better,
        format: row.format,
        note: `in-distribution: ${namesOf(spectrum)}; OOD: ${sets.map(({ ood }) => ood.dataset.name).join(', ')}`,
        rows: rowsOf(spectrum, row.id, sets),
      },
      estimate,
    );
  return [
    ...means.map((value) => one(value, { dataset: id.name, params: { score: score.id } })),
    ...each.map((value) =>
      one(value, {
        dataset: value.sets[0]!.ood.dataset.name,
        params: { score: score.id, against: id.name },
      }),
    ),
  ];
}

function rowsOf({ id, shifted }: Spectrum, statistic: string, sets: SpectrumValue['sets']): MeasureRows {
  const of = (dataset: DatasetInfo) => ({
    where: { model: id.system.name, dataset: dataset.name },
    columns: { score: id.score.id },
  });
  return {
    sheet: SHEET,
    statistic,
    ...of(id.dataset),
    and: shifted.map(({ scored, paired }) => ({ ...of(scored.dataset), paired })),
    against: sets.map(({ ood }) => of(ood.dataset)),
  };
}

/** Means over the OOD sets, where shifted images count as in-distribution. */
export function spectrumTable(id: DatasetInfo, results: readonly SpectrumResult[]): Table[] {
  const own = results.filter(({ spectrum }) => spectrum.id.dataset === id);
  if (own.length === 0) return [];
  const { spectrum, means } = own[0]!;
  return [
    {
      id: `full-spectrum-${id.name}`,
      title: `Full spectrum, against ${id.name}`,
      caption: `In-distribution: ${namesOf(spectrum)}, each image as one. A score that takes corrupted images for others has a lower AUROC here than above. Unweighted means over the OOD sets. Intervals, 95 %, by image: its forms are not independent.`,
      folded: true,
      columns: [
        { key: 'model', title: 'Model', format: 'text' },
        { key: 'score', title: 'Score', format: 'text' },
        ...means.map(({ measure: key, title, row }) => ({
          key,
          title: title.replace('Full-spectrum ', ''),
          format: row.format,
          better: row.better,
        })),
      ],
      rows: own.map((result) => ({
        model: result.spectrum.id.system.name,
        score: result.spectrum.id.score.title,
        ...Object.fromEntries(result.means.map(({ measure: key, estimate }) => [key, cell(estimate)])),
      })),
    },
  ];
}
