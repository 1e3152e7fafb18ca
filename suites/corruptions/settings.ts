import {
  type AnyCorruption,
  type ParameterSet,
  type Severity,
  usualParameters,
  whyNot,
} from '../../src/data.js';
import { clean, corruptedRequest, type OutputRows } from '../../src/measurements.js';
import {
  type DatasetInfo,
  type Request,
  request,
  type SuiteContext,
  type SystemInfo,
} from '../../src/suite.js';
import type { CorruptionsOptions } from './options.js';

/** A corruption at a severity. */
export interface Setting {
  corruption: AnyCorruption;
  severity: Severity;
  /** Place in the lists of the sheet. */
  at: number;
  /** The data set that holds its images, and from which of its examples on; else they are made in process. */
  published?: { dataset: DatasetInfo; from: number };
}

/** Settings that are averaged over. */
export interface Group {
  kind: 'all' | 'category' | 'corruption' | 'severity';
  /** What it is of its kind: `noise`, `fog`, `3`. */
  name: string;
  settings: readonly Setting[];
}

/** What means count: the published ones, and not those that are held out. */
export const isCounted = ({ corruption: { category } }: Pick<Setting, 'corruption'>): boolean =>
  category !== 'extra';

export const parametersOf = ({ parameters }: CorruptionsOptions, { shape }: DatasetInfo): ParameterSet =>
  parameters ?? usualParameters(shape);

/** Every corruption that images of this shape can have, at every severity, in the order of the registry. */
export function settingsOf(
  { catalogue, datasets }: Pick<SuiteContext, 'catalogue' | 'datasets'>,
  clean: DatasetInfo,
  options: CorruptionsOptions,
): Setting[] {
  const severities = [...options.severities].sort();
  return [...catalogue.corruptions]
    .filter((row) => options.corruptions.includes(row.name) && !whyNot(row, clean.shape))
    .flatMap((corruption) =>
      severities.map((severity) => ({
        corruption,
        severity,
        ...publishedFor(clean, datasets, corruption.name, severity),
      })),
    )
    .map((setting, at) => ({ ...setting, at }));
}

/** Published images of that setting: as many as there are clean ones, or those of all five severities, one after the other. */
function publishedFor(
  { size, shape }: DatasetInfo,
  datasets: readonly DatasetInfo[],
  name: string,
  severity: Severity,
): Pick<Setting, 'published'> {
  const own = datasets.filter(
    ({ corruption, labelled, shape: other }) =>
      corruption?.name === name && labelled && other.join() === shape.join(),
  );
  const alone = own.find((one) => one.corruption?.severity === severity && one.size === size);
  if (alone) return { published: { dataset: alone, from: 0 } };
  const all = own.find(({ corruption, size: of }) => corruption?.severity === undefined && of === 5 * size);
  return all ? { published: { dataset: all, from: (severity - 1) * size } } : {};
}

/** All that counts; then each category, corruption and severity. Of a severity, what counts. */
export function groupsOf(settings: readonly Setting[]): Group[] {
  const counted = settings.filter(isCounted);
  const by = (kind: Group['kind'], of: (setting: Setting) => string, among = settings): Group[] =>
    [...new Set(among.map(of))].map((name) => ({
      kind,
      name,
      settings: among.filter((setting) => of(setting) === name),
    }));
  return [
    ...(counted.length > 0 ? [{ kind: 'all' as const, name: 'all', settings: counted }] : []),
    ...by('category', ({ corruption }) => corruption.category),
    ...by('corruption', ({ corruption }) => corruption.name),
    ...by('severity', ({ severity }) => String(severity), counted),
  ];
}

/** No more of the published images than as many as are looked at of the clean ones. */
const publishedRequest = (
  { name: system }: SystemInfo,
  { dataset, from }: NonNullable<Setting['published']>,
  first: number | undefined,
): Request<OutputRows> =>
  request({
    measurement: clean,
    system,
    dataset: dataset.name,
    ...(first !== undefined && { first: from + first }),
  });

/** What a system is asked of a data set. */
export interface ShiftRequests {
  clean: Request<OutputRows>;
  corrupted: readonly { setting: Setting; request: Request<OutputRows> }[];
}

export function requestsFor(
  system: SystemInfo,
  dataset: DatasetInfo,
  context: Pick<SuiteContext, 'catalogue' | 'datasets'>,
  options: CorruptionsOptions,
): ShiftRequests {
  const parameters = parametersOf(options, dataset);
  const first = options.examples;
  return {
    clean: request({ measurement: clean, system: system.name, dataset: dataset.name, first }),
    corrupted: settingsOf(context, dataset, options).map((setting) => ({
      setting,
      request: setting.published
        ? publishedRequest(system, setting.published, first)
        : corruptedRequest(
            system,
            dataset,
            setting.corruption,
            { severity: setting.severity, parameters },
            first,
          ),
    })),
  };
}
