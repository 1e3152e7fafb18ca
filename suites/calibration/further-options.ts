import { binningConventions, calibrationMetrics } from '../../src/metrics.js';
import { type NotApplicable, oneOf, type Static, type SuiteContext, Type } from '../../src/suite.js';

/** Measures that are not statistics of one row each: areas under risk-coverage curves, and tests. */
export const AREAS = ['aurc', 'augrc'] as const;
export const TESTS = ['skce', 't-cal'] as const;

const furtherMetrics: readonly string[] = [...calibrationMetrics.map(({ name }) => name), ...AREAS, ...TESTS];
/** Those that can stand in results. */
export const furtherMeasureNames: readonly string[] = [
  ...furtherMetrics.filter((name) => name !== 't-cal'),
  'skce-p',
  't-cal-p',
  ...binningConventions.map(({ name }) => name),
];

const compatible = binningConventions.map(({ name }) => name);

const namesOf = (names: readonly string[], preset: readonly string[], description: string) =>
  Type.Union([Type.Literal('all'), Type.Array(oneOf([...names], {}), { uniqueItems: true })], {
    default: [...preset],
    description,
  });

/** What can be asked for beyond ECE and its kin. */
export const furtherOptions = {
  metrics: namesOf(
    furtherMetrics,
    [],
    'measures beyond ECE, MCE, RMS-CE, classwise ECE and NLL, or `all`: see docs/calibration.md. `skce` and `t-cal` are tests, with p-values',
  ),
  compatibility: namesOf(
    compatible,
    [],
    'calibration errors as other code computes them, to compare its numbers with, or `all`: see docs/calibration.md',
  ),
  threshold: Type.Number({
    minimum: 0,
    exclusiveMaximum: 1,
    default: 0.01,
    description: '`tace`: probabilities above it are looked at',
  }),
  bandwidth: Type.Number({
    minimum: 1e-4,
    maximum: 1,
    default: 0.02,
    description: '`kde-ece` and `kde-ece-canonical`: of the kernel',
  }),
  positiveClass: Type.Optional(
    Type.Integer({
      minimum: 0,
      description: '`positive-class-ece`: whose probability; default: 1 where there are two classes',
    }),
  ),
};

const Further = Type.Object(furtherOptions);
export type FurtherOptions = Static<typeof Further>;

const chosen = (given: 'all' | readonly string[], all: readonly string[]): readonly string[] =>
  given === 'all' ? all : all.filter((name) => given.includes(name));

export const chosenMetrics = ({ metrics }: FurtherOptions): readonly string[] =>
  chosen(metrics, furtherMetrics);

export const chosenConventions = ({ compatibility }: FurtherOptions) =>
  binningConventions.filter(({ name }) => chosen(compatibility, compatible).includes(name));

/** The class of `positive-class-ece`; undefined where none was named and there are not two. */
export function positiveClassOf({ positiveClass }: FurtherOptions, classes: number): number | undefined {
  const named = positiveClass ?? (classes === 2 ? 1 : undefined);
  return named !== undefined && named < classes ? named : undefined;
}

/** Systems of which no class was named as the positive one. */
export function withoutPositiveClass(
  suite: string,
  { systems }: SuiteContext,
  options: FurtherOptions,
): NotApplicable[] {
  const what = 'positive-class-ece';
  if (!chosenMetrics(options).includes(what)) return [];
  return systems
    .filter(({ classes }) => positiveClassOf(options, classes.length) === undefined)
    .map(({ name, classes }) => ({
      suite,
      model: name,
      what,
      reason:
        options.positiveClass === undefined
          ? `it has ${classes.length} classes, and no \`positiveClass\` was given`
          : `it has no class ${options.positiveClass}: classes are numbered from 0 to ${classes.length - 1}`,
    }));
}
