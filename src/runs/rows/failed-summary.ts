import { AssayError } from '../../errors.js';
import type { Collected, ExampleSheet, FailedExample, Request } from '../../suites/contract.js';
import type { Measure, Warning } from '../../suites/results.js';
import { requestIdentity } from './collected-rows.js';
import { failedIn, withoutFailed } from './failed-examples.js';

/** Examples of a data set for which some measurement that a suite wants of a system gave no result. */
export interface Casualties {
  system: string;
  dataset: string;
  /** Examples that were measured, failed ones included. */
  n: number;
  failed: readonly (FailedExample & { measurement: string })[];
}

const isLost = ({ indices, failed = [] }: Collected) =>
  indices.length > 0 && failed.length === indices.length;

/**
 * Whether every example failed that a system was asked for.
 * @param apart numbers of examples are of other things in another request: what failed is counted in each by itself
 */
export function nothingIsLeft(
  { system, dataset, n, failed }: Casualties,
  collected: readonly Collected[],
  apart = false,
): boolean {
  if (!apart) return n > 0 && failed.length === n;
  return collected
    .filter(({ request }) => request.system === system && request.dataset === dataset)
    .every(isLost);
}

/** By system and data set, what failed. */
export function casualtiesOf(collected: readonly Collected[]): Casualties[] {
  const found = new Map<string, Casualties>();
  for (const { request, indices, failed = [] } of collected) {
    const { system, dataset, measurement } = request;
    const id = JSON.stringify([system, dataset]);
    const known = found.get(id) ?? { system, dataset, n: 0, failed: [] };
    const told = new Set(known.failed.map(({ example }) => example));
    const fresh = failed.filter(({ example }) => !told.has(example));
    found.set(id, {
      ...known,
      n: Math.max(known.n, indices.length),
      failed: [...known.failed, ...fresh.map((one) => ({ ...one, measurement: measurement.name }))],
    });
  }
  return [...found.values()];
}

/**
 * The rows without examples that failed: suites look at the rows of several measurements side by side, so what fails
 * in one is left out of all of the same system and data set, and of systems whose rows are read together.
 * @param apart the suite looks side by side only at rows of which some are made from the others; requests of which nothing is left are
 * left out, too
 */
export function leaveOutFailed(measured: readonly Collected[], apart = false): Collected[] {
  if (measured.every(({ failed = [] }) => failed.length === 0)) return [...measured];
  const collected = apart ? measured.filter((one) => !isLost(one)) : measured;
  const nameOf = apart ? requestIdentity : ({ system }: Request) => system;
  const group = groups(collected, nameOf);
  const out = new Map<string, Set<number>>();
  const id = ({ request }: Collected) => JSON.stringify([group(nameOf(request)), request.dataset]);
  for (const one of collected) out.set(id(one), new Set([...(out.get(id(one)) ?? []), ...failedIn(one)]));
  const left = collected.map((one) => withoutFailed(one, out.get(id(one)) ?? new Set()));
  return apart
    ? left.filter(({ indices }, i) => indices.length > 0 || collected[i]!.indices.length === 0)
    : left;
}

/** What a request is of belongs together with what its inputs are of. */
function groups(
  collected: readonly Collected[],
  nameOf: (request: Request) => string,
): (name: string) => string {
  const parent = new Map<string, string>();
  const root = (name: string): string => {
    const up = parent.get(name);
    return up === undefined ? name : root(up);
  };
  for (const { request } of collected)
    for (const input of request.inputs ?? []) {
      const [a, b] = [root(nameOf(input)), root(nameOf(request))];
      if (a !== b) parent.set(a, b);
    }
  return root;
}

/** How many are named in a message. */
const NAMED = 5;

function told({ failed, dataset }: Casualties): string {
  const first = failed.slice(0, NAMED).map(({ example }) => example);
  const more = failed.length > NAMED ? ', ...' : '';
  return `example${failed.length === 1 ? '' : 's'} ${first.join(', ')}${more} of "${dataset}": ${failed[0]!.what}`;
}

/** The measure that every suite gives beside its own. */
export const FAILED_EXAMPLES = 'failed-examples';

/** What all measures say of what they were measured with: tells two entries of one suite apart. */
export function sharedParams(measures: readonly Measure[]): Measure['params'] {
  const [first, ...others] = measures.map(({ params }) => params);
  const shared = Object.entries(first ?? {}).filter(([key, value]) => others.every((o) => o[key] === value));
  return Object.fromEntries(shared);
}

/** For gates: how many examples have no result. */
export const failedMeasure = (
  suite: string,
  { system, dataset, n, failed }: Casualties,
  params: Measure['params'],
): Measure => ({
  suite,
  measure: FAILED_EXAMPLES,
  title: 'Failed examples',
  model: system,
  dataset,
  params,
  value: failed.length,
  n,
  interval: null,
  level: 0.95,
  method: 'count',
  better: 'lower',
  format: 'number',
});

export const failedWarning = (suite: string, casualties: Casualties): Warning => ({
  code: 'failed-examples',
  severity: 'serious',
  suite,
  model: casualties.system,
  dataset: casualties.dataset,
  message: `${casualties.failed.length} of ${casualties.n} examples failed for "${casualties.system}": ${told(casualties)}`,
  why: 'they count as neither right nor wrong, neither broken nor robust: every number rests on the others',
  fix: remedies(casualties, NOT_FINITE).join('; '),
});

/** What to do about examples that failed by themselves. */
const NOT_FINITE =
  'check the range or mean and std in the model card, and the weights; a root or a logarithm has an infinite gradient at 0';

/** @param own of examples that failed by themselves, not with their unit */
const remedies = ({ failed }: Casualties, own: string): string[] => [
  ...(failed.some(({ leftOut }) => leftOut)
    ? ['run the same command again: it tries the units that failed again']
    : []),
  ...(failed.some(({ leftOut }) => !leftOut) ? [own] : []),
];

export function failedSheet(suite: string, all: readonly Casualties[]): ExampleSheet {
  return {
    name: `${suite}-failed`,
    columns: ['model', 'dataset', 'index', 'measurement', 'what'],
    rows: all.flatMap(({ system, dataset, failed }) =>
      failed.map(({ example, measurement, what }) => [system, dataset, example, measurement, what]),
    ),
  };
}

/** A system of which nothing is left. */
export const allFailed = (casualties: Casualties): AssayError =>
  new AssayError('model-invalid', `every example failed for "${casualties.system}"`, {
    found: told(casualties),
    expected: 'finite logits and gradients',
    hint: remedies(casualties, 'check the weights, and the range or mean and std in the model card').join(
      '; ',
    ),
  });
