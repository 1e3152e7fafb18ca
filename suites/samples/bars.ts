import { type Estimate, meanOfShares, wilson } from '../../src/metrics.js';
import { type BarFigure, cell } from '../../src/suite.js';
import type { SampleSet } from './result.js';

/** More classes than this do not fit beside each other. */
const MOST = 20;

/** Of which class the samples are, as the system itself sees them. */
export function classBars(sets: readonly SampleSet[]): BarFigure[] {
  const seen = sets.filter(({ own, n }) => own && n > 0 && own.by.classes.length <= MOST);
  if (seen.length === 0) return [];
  const { system } = seen[0]!;
  return [
    bars(
      `classes-${system.name}`,
      `Classes of the samples of ${system.name}`,
      'Share of the samples that the system itself takes for each class. Conditional samples climb every class equally often.',
      'share of the samples',
      seen,
      (set, c) => wilson(set.own?.predicted.reduce((sum, p) => sum + (p === c ? 1 : 0), 0) ?? 0, set.n),
    ),
  ];
}

/** How sure the system is of conditional samples, by the class that they climbed. */
export function confidenceBars(sets: readonly SampleSet[]): BarFigure[] {
  const seen = sets.filter(
    ({ ofClass, own, n }) => ofClass && n > 0 && (own?.by.classes.length ?? 0) <= MOST,
  );
  if (seen.length === 0) return [];
  const { system } = seen[0]!;
  return [
    bars(
      `confidence-${system.name}`,
      `Confidence of ${system.name} in its conditional samples`,
      'Mean p(y|x) of the class that was climbed.',
      'p(y|x)',
      seen,
      ({ ofClass = new Float64Array(0), conditioned }, c) =>
        meanOfShares(ofClass.filter((_, i) => conditioned?.[i] === c)),
      { yDomain: [0, 1] },
    ),
  ];
}

function bars(
  id: string,
  title: string,
  caption: string,
  yLabel: string,
  sets: readonly SampleSet[],
  of: (set: SampleSet, c: number) => Estimate,
  rest: Pick<BarFigure, 'yDomain'> = {},
): BarFigure {
  const { classes } = sets[0]!.system;
  return {
    kind: 'bars',
    id,
    title,
    caption,
    xLabel: 'class',
    yLabel,
    ...rest,
    yFormat: 'percent',
    categories: [...classes],
    series: sets.map((set) => ({ name: set.name, values: classes.map((_, c) => cell(of(set, c))) })),
  };
}
