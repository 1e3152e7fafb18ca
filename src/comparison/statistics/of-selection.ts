import {
  classwiseCoverageGap,
  sizeStratifiedViolation,
} from '../../metrics/conformal/conditional-coverage.js';
import { type SelectiveAreas, selectiveAreas } from '../../metrics/selective/selective-areas.js';
import type { ExampleStatistic } from './statistic.js';

const selective = (name: string, area: keyof SelectiveAreas): ExampleStatistic => ({
  kind: 'examples',
  name,
  roles: ['score', 'outcome'],
  test: 'paired-bootstrap',
  of({ score, outcome }) {
    const areas = selectiveAreas(
      score,
      outcome.map((right) => 1 - right),
    );
    return (times) => areas(times)[area];
  },
});

/** Predictions that are kept by a score, and sets of classes. */
export const ofSelection: readonly ExampleStatistic[] = [
  selective('aurc', 'aurc'),
  selective('augrc', 'augrc'),
  selective('aurc-fd-shifts', 'aurcFdShifts'),
  selective('augrc-fd-shifts', 'augrcFdShifts'),
  {
    kind: 'examples',
    name: 'size-stratified-violation',
    roles: ['value', 'outcome'],
    options: ['alpha'],
    test: 'paired-bootstrap',
    of: ({ value, outcome }, { alpha }) => sizeStratifiedViolation(value, outcome, Number(alpha)),
  },
  {
    kind: 'examples',
    name: 'class-coverage-gap',
    roles: ['label', 'outcome'],
    options: ['alpha'],
    test: 'paired-bootstrap',
    of: ({ label, outcome }, { alpha }) => classwiseCoverageGap(label, outcome, Number(alpha)),
  },
];
