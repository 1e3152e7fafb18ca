import { resolveAttack } from '../../src/attack.js';
import {
  type AttackRows,
  attackRequest,
  clean,
  type InputGradientRows,
  inputGradient,
  type OutputRows,
  trainModeRequest,
  type VerifiedRows,
  verifyRequest,
} from '../../src/measurements.js';
import { scoresNamed } from '../../src/score.js';
import {
  type DatasetInfo,
  labelledTestSets,
  type Request,
  request,
  type SuiteContext,
  type SystemInfo,
  unknownName,
} from '../../src/suite.js';
import type { JemOptions } from './options.js';

/** The systems and data sets that the options name. */
export interface Cast {
  model: SystemInfo;
  published: SystemInfo;
  /** The published one with batch normalisation in training mode, where it has any: called otherwise in tables and sheets. */
  trainMode?: SystemInfo;
  /** Systems in training mode, by the name of the one that is put into it. */
  inTraining: ReadonlyMap<SystemInfo, string>;
  refined: { system: SystemInfo; full?: SystemInfo }[];
  test: DatasetInfo;
  /** Without the second noise. */
  oods: DatasetInfo[];
  interpolated?: { published: DatasetInfo; plain: DatasetInfo };
  /** An OOD set as the public code has it, larger than the model's images, and who is shown it. */
  ownSize?: { of: DatasetInfo; dataset: DatasetInfo; system: SystemInfo };
}

/** Errors: `unknown-name` for a system or data set that is not there. Undefined without a labelled test set. */
export function castOf(context: SuiteContext, options: JemOptions): Cast | undefined {
  const [test] = labelledTestSets(context);
  if (!test) return undefined;
  const systemNamed = (name: string, path: string): SystemInfo =>
    named('system', context.systems, name, `jem.${path}`);
  const oods = context.datasets.filter(({ role }) => role === 'ood');
  const { interpolated, refined, trainMode, ownSize } = options;
  const mixed = interpolated && {
    published: named('OOD set', oods, interpolated.published, 'jem.interpolated.published'),
    plain: named('OOD set', oods, interpolated.plain, 'jem.interpolated.plain'),
  };
  const published = systemNamed(options.published, 'published');
  const larger = ownSize && {
    of: named('OOD set', oods, ownSize.of, 'jem.ownSize.of'),
    dataset: named('OOD set', oods, ownSize.dataset, 'jem.ownSize.dataset'),
    system: systemNamed(ownSize.published, 'ownSize.published'),
  };
  const inTraining = new Map<SystemInfo, string>();
  /** As the public code evaluates it. */
  const evaluated = (system: SystemInfo): SystemInfo => {
    if (!trainMode || !system.batchNorms) return system;
    const training = { ...system, name: `${system.name}${IN_TRAINING}` };
    inTraining.set(training, system.name);
    return training;
  };
  const first = evaluated(published);
  return {
    model: systemNamed(options.model, 'model'),
    published,
    ...(first !== published && { trainMode: first }),
    inTraining,
    refined: refined.map(({ system, full }, i) => ({
      system: systemNamed(system, `refined[${i}].system`),
      ...(full !== undefined && { full: systemNamed(full, `refined[${i}].full`) }),
    })),
    test,
    oods: oods.filter((set) => set !== mixed?.published && set !== larger?.dataset),
    ...(mixed && { interpolated: mixed }),
    ...(larger && { ownSize: { ...larger, system: evaluated(larger.system) } }),
  };
}

function named<T extends { name: string }>(kind: string, all: readonly T[], name: string, path: string): T {
  const match = all.find((one) => one.name === name);
  if (match) return match;
  throw unknownName(
    kind,
    name,
    all.map((one) => one.name),
    { path },
  );
}

const IN_TRAINING = ' in training mode';

/** What scores are computed from. */
export interface ScoredRequests {
  outputs: Request<OutputRows>;
  gradients?: Request<Partial<InputGradientRows>>;
}

/** @param system of the cast */
export function scoredRequests(
  system: SystemInfo,
  { name: dataset }: DatasetInfo,
  { scores }: JemOptions,
  { catalogue }: SuiteContext,
  { inTraining }: Pick<Cast, 'inTraining'>,
): ScoredRequests {
  const slopes = scoresNamed(scores, catalogue).some(({ needs }) => needs.includes('inputGradient'));
  const inEvaluation = inTraining.get(system);
  if (inEvaluation !== undefined) {
    const both = trainModeRequest(inEvaluation, dataset);
    return { outputs: both, ...(slopes && { gradients: both }) };
  }
  const on = { system: system.name, dataset };
  return {
    outputs: request({ measurement: clean, ...on }),
    ...(slopes && { gradients: request({ measurement: inputGradient, ...on }) }),
  };
}

/** One run of an attack, and another look at what it found. */
export interface Attacked {
  main: Request<AttackRows>;
  verified: Request<VerifiedRows>;
}

/** The attacks on JEM-k in one norm. */
export interface RobustnessRequests {
  /** As written. */
  epsilons: readonly string[];
  /** The published search, from each start. */
  starts: readonly Attacked[];
  /** The sweep of radii with confirmed verdicts; and with the full gradient. */
  sweep: Attacked;
  full?: Attacked;
}

export function robustnessRequests(
  { system, full }: Cast['refined'][number],
  { name: dataset }: DatasetInfo,
  { norm, epsilons }: JemOptions['attacks'][number],
  { examples, starts, steps, searches, eot, confirm }: JemOptions,
  { catalogue }: SuiteContext,
): RobustnessRequests {
  const attacked = (on: SystemInfo, options: Parameters<typeof resolveAttack>[0]): Attacked => {
    const { params } = resolveAttack(options, on, catalogue);
    const main = attackRequest(on.name, dataset, params, examples);
    return { main, verified: verifyRequest(main, { ...params, confirm }) };
  };
  const swept = { method: 'pgd', norm, epsilons, steps, eot, confirm };
  const search = { method: 'jem-paper', norm, epsilons, steps, searches, eot: 1, confirm: 0 };
  return {
    epsilons: resolveAttack(swept, system, catalogue).params.epsilons,
    starts: Array.from({ length: starts }, (_, start) => attacked(system, { ...search, start })),
    sweep: attacked(system, swept),
    ...(full && { full: attacked(full, swept) }),
  };
}

export const requestsIn = ({ starts, sweep, full }: RobustnessRequests): Request[] =>
  [...starts, sweep, ...(full ? [full] : [])].flatMap(({ main, verified }) => [main, verified]);
