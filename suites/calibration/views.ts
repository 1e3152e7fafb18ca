import { densities, riskCoverage, thinCurve } from '../../src/metrics.js';
import type { DatasetInfo, Figure } from '../../src/suite.js';
import { chosenMetrics, type FurtherOptions } from './further-options.js';
import type { CalibrationResult } from './result.js';

/** Of a confidence histogram. */
const EDGES = Array.from({ length: 21 }, (_, i) => i / 20);

/** Curves of all systems over each other, and how confident each one is where it is right and where it is wrong. */
export function calibrationViews(
  dataset: DatasetInfo,
  results: readonly CalibrationResult[],
  options: FurtherOptions,
): Figure[] {
  const drawable = results.filter(({ whole }) => whole.classified.n > 0);
  if (drawable.length === 0) return [];
  const wantsRisk = ['aurc', 'augrc'].some((name) => chosenMetrics(options).includes(name));
  return [
    ...(drawable.length > 1 ? [overlay(dataset, drawable)] : []),
    ...(wantsRisk ? [riskCurves(dataset, drawable)] : []),
    ...drawable.map(confidences),
  ];
}

/** Reliability of every system as a line: a panel each has the counts and bands. */
function overlay(dataset: DatasetInfo, results: readonly CalibrationResult[]): Figure {
  return {
    kind: 'lines',
    id: `reliability-all-${dataset.name}`,
    title: `Reliability on ${dataset.name}`,
    caption:
      'Accuracy against mean confidence, a point per bin that is not empty. Below the diagonal: over-confident.',
    xLabel: 'Confidence',
    yLabel: 'Accuracy',
    xDomain: [0, 1],
    yDomain: [0, 1],
    yFormat: 'percent',
    diagonal: true,
    points: true,
    series: results.map(({ system, whole }) => ({
      name: system.name,
      points: whole.bins.flatMap(({ confidence, accuracy }) =>
        confidence === null || accuracy === null ? [] : [{ x: confidence, y: accuracy }],
      ),
    })),
  };
}

function riskCurves(dataset: DatasetInfo, results: readonly CalibrationResult[]): Figure {
  const areas = results.flatMap(({ system, further }) => {
    const aurc = further.find(({ about }) => about.measure === 'aurc');
    return aurc ? [`${system.name} ${(100 * aurc.estimate.value).toFixed(2)} %`] : [];
  });
  return {
    kind: 'lines',
    id: `risk-coverage-${dataset.name}`,
    title: `Risk against coverage on ${dataset.name}`,
    caption: `Share of errors among the most confident predictions, as more of them are kept.${areas.length > 0 ? ` AURC: ${areas.join(', ')}.` : ''}`,
    xLabel: 'Coverage',
    yLabel: 'Risk',
    xDomain: [0, 1],
    yFormat: 'percent',
    series: results.map(({ system, whole: { classified } }) => ({
      name: system.name,
      points: thinCurve(riskCoverage(classified.confidence, classified.correct)),
    })),
  };
}

function confidences({ system, dataset, whole: { classified } }: CalibrationResult): Figure {
  const { confidence, correct } = classified;
  const where = (right: number) => confidence.filter((_, i) => correct[i] === right);
  const series = [
    { name: 'right', values: where(1) },
    { name: 'wrong', values: where(0) },
  ].filter(({ values }) => values.length > 0);
  return {
    kind: 'histogram',
    id: `confidences-${system.name}-${dataset.name}`,
    title: `Confidence of ${system.name} on ${dataset.name}`,
    caption: series.map(({ name, values }) => `${values.length} ${name}`).join(', '),
    xLabel: 'Confidence',
    edges: EDGES,
    series: series.map(({ name, values }) => ({ name, counts: densities(values, EDGES) })),
  };
}
