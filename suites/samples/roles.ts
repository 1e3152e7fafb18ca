import {
  AssayError,
  type DatasetInfo,
  notNamed,
  type SuiteContext,
  type SystemInfo,
} from '../../src/suite.js';
import type { SamplesOptions } from './options.js';

/** What stands beside a system whose samples are judged. */
export interface Roles {
  /** Whose example numbers name the chains. */
  on: DatasetInfo;
  /** Whose features distances are taken in. */
  extractor: SystemInfo | undefined;
  /** Who is asked for the class of conditional samples, besides the system itself. */
  judge: SystemInfo | undefined;
  reference: DatasetInfo | undefined;
  neighbours: DatasetInfo | undefined;
  /** Images as the data set has them, beside which samples are seen: that of `on`, unless it is made of noise or of a model. */
  real: DatasetInfo | undefined;
}

const fits =
  ({ shape, input }: SystemInfo) =>
  (other: { shape: readonly number[]; input?: string; content?: string }) =>
    other.shape.join() === shape.join() && other.input === input && other.content === undefined;

/** The roles for one system, or why nothing can be drawn from it. Errors: `unknown-name`, `config-invalid` with the option. */
export function rolesFor(
  system: SystemInfo,
  { systems, datasets }: Pick<SuiteContext, 'systems' | 'datasets'>,
  options: SamplesOptions,
): Roles | { reason: string } {
  const lack = (['logPx', 'inputGradient'] as const).find((need) => !system.offers.includes(need));
  if (lack) return { reason: system.lacks[lack] ?? `it has no ${lack}` };
  if (system.stochastic) return { reason: 'it stands behind a defence: draw from the model itself' };
  const fitting = datasets.filter(fits(system));
  const chosen = named('on', options.on, datasets, fits(system), shapeOf(system));
  const on = chosen ?? fitting.find(({ role }) => role === 'test') ?? fitting[0];
  if (!on) return { reason: `the run has no data set of shape [${system.shape.join(', ')}]` };
  const others = systems
    .filter((other) => other.name !== system.name && !other.stochastic)
    .filter(fits(system));
  const train = fitting.find(({ role }) => role === 'train');
  const real = [on, ...fitting.filter(({ role }) => role === 'test')].find(({ recipe }) => !recipe);
  return {
    on,
    real,
    extractor:
      named(
        'extractor',
        options.extractor,
        systems,
        featured(system),
        'a system with features of these images',
      ) ??
      others.find(featured(system)) ??
      (featured(system)(system) ? system : undefined),
    judge:
      named('judge', options.judge, systems, classifies(system), 'a classifier of the same classes') ??
      others.find(classifies(system)),
    reference:
      named('reference', options.reference, datasets, fits(system), shapeOf(system)) ?? train ?? real,
    neighbours: named('neighbours', options.neighbours, datasets, fits(system), shapeOf(system)) ?? train,
  };
}

const shapeOf = ({ shape }: SystemInfo) => `a data set of shape [${shape.join(', ')}]`;

const featured = (system: SystemInfo) => (other: SystemInfo) =>
  fits(system)(other) && other.offers.includes('features');

const classifies = (system: SystemInfo) => (other: SystemInfo) =>
  fits(system)(other) && other.offers.includes('logits') && other.classes.length === system.classes.length;

/** What an option names. */
function named<T extends { name: string }>(
  option: string,
  name: string | undefined,
  all: readonly T[],
  suits: (candidate: T) => boolean,
  expected: string,
): T | undefined {
  if (name === undefined) return undefined;
  const role = all.find((one) => one.name === name);
  if (!role) {
    const kind = all.some((one) => 'identity' in one) ? 'system' : 'data set';
    throw notNamed(
      kind,
      name,
      all.map((one) => one.name),
      option,
    );
  }
  if (suits(role)) return role;
  throw new AssayError('config-invalid', `"${name}" cannot be the ${option} of these samples`, {
    path: option,
    expected,
    found: describe(role),
  });
}

const describe = (candidate: { name: string; shape?: readonly number[]; classes?: readonly string[] }) =>
  `"${candidate.name}", of shape [${candidate.shape?.join(', ')}]${candidate.classes ? ` and ${candidate.classes.length} classes` : ''}`;
