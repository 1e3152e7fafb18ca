import type { Static, TSchema } from '../../config/type.js';
import { check } from '../../config/validate.js';
import { AssayError } from '../../errors.js';
import { formatValue } from '../../report/format.js';
import { optionsOf, type Suite } from '../../suites/contract.js';
import type { RunCatalogue } from './run-catalogue.js';
import type { RunFile } from './run-file.js';

/** One suite to run, with its options checked and filled in. */
export interface SuiteEntry {
  suite: Suite;
  options: Static<TSchema>;
  /** The suite's title, with what tells it from the other entries of the same suite. */
  title: string;
  /** Nothing to measure is then no error. */
  optional?: boolean;
  /** Names of the systems and data sets that it is shown. Default: all. */
  models?: readonly string[];
  datasets?: readonly string[];
  /** Where it stands in the run file. */
  path: string;
  file: string;
}

type OpenEntry = Record<string, unknown>;

/**
 * The entries of `suites`: a name, `{ name: options }` or `{ name: [options, ...] }`, with `optional: true` beside it, and
 * `models: [names]` and `datasets: [names]`, of what the suite is shown.
 * Errors: `unknown-name`, `config-invalid`; both name the place.
 */
export async function suiteEntries(
  suites: RunFile['suites'],
  catalogue: RunCatalogue,
  file: string,
): Promise<SuiteEntry[]> {
  const named = suites.map((entry, i) => namedIn(entry, `suites[${i}]`, file));
  const rows = named.map(({ name, at }) => catalogue.suites.named(name, { file, path: at }));
  const loaded = await Promise.all(rows.map((row) => row.load()));
  const entries = named.flatMap(({ name, given, beside, at }, i) => {
    const suite = loaded[i]!;
    const variants = Array.isArray(given) ? given : [given ?? {}];
    return variants.map((value: unknown, variant): SuiteEntry => {
      const path = `${at}.${name}${Array.isArray(given) ? `[${variant}]` : ''}`;
      const options = checkOptions(suite, catalogue, value ?? {}, { file, at: path });
      return { suite, options, title: suite.title, ...beside, path, file };
    });
  });
  return entries.map((entry) => {
    const twins = entries.filter(({ suite }) => suite === entry.suite);
    return twins.length === 1 ? entry : { ...entry, title: `${entry.title}: ${difference(entry, twins)}` };
  });
}

/** The suite that an entry names, what is given to it, and what stands beside it. Errors: `config-invalid`. */
function namedIn(entry: RunFile['suites'][number], at: string, file: string) {
  const { optional, models, datasets, ...suites } =
    typeof entry === 'string' ? ({ [entry]: {} } as OpenEntry) : (entry as OpenEntry);
  const shown = { ...namesIn({ models }, at, file), ...namesIn({ datasets }, at, file) };
  const named = Object.entries(suites);
  if (optional !== undefined && typeof optional !== 'boolean')
    throw new AssayError('config-invalid', '`optional` is no yes or no', {
      file,
      path: `${at}.optional`,
      expected: 'true or false',
      found: JSON.stringify(optional),
      hint: 'write `optional: true` if the run can do without this suite',
    });
  if (named.length !== 1)
    throw new AssayError('config-invalid', 'an entry of `suites` names one suite', {
      file,
      path: at,
      expected: 'a name, or { name: options }',
      found: named.length === 0 ? 'no key' : `the keys ${named.map(([name]) => name).join(', ')}`,
      hint: named.length > 1 ? 'indent options below the name of their suite' : 'write the name of a suite',
    });
  const [name, given] = named[0]!;
  return { name, given, beside: { ...(optional && { optional }), ...shown }, at };
}

/** What `models` and `datasets` beside a suite say. Errors: `config-invalid`. */
function namesIn(given: OpenEntry, at: string, file: string): Record<string, readonly string[]> {
  const [key, value] = Object.entries(given)[0]!;
  if (value === undefined) return {};
  if (Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string'))
    return { [key]: value };
  throw new AssayError('config-invalid', `\`${key}\` beside a suite is no list of names`, {
    file,
    path: `${at}.${key}`,
    expected: `names of ${key === 'models' ? 'models and defences' : 'data sets'} of this run, such as [${key === 'models' ? 'jem' : 'test'}]`,
    found: JSON.stringify(value),
    hint: 'leave it out to show the suite everything',
  });
}

/** Errors: `config-invalid`; `suite-failed` when the schema of the suite itself is not valid. */
function checkOptions(
  suite: Suite,
  catalogue: RunCatalogue,
  value: unknown,
  where: { file: string; at: string },
): unknown {
  try {
    return check(optionsOf(suite, catalogue), value, {
      ...where,
      what: `options of "${suite.name}"`,
      elsewhere: {
        optional: `write it beside the suite: { ${suite.name}: {}, optional: true }`,
        models: `write it beside the suite: { ${suite.name}: {}, models: [...] }`,
        datasets: `write it beside the suite: { ${suite.name}: {}, datasets: [...] }`,
      },
    });
  } catch (cause) {
    if (cause instanceof AssayError) throw cause;
    throw new AssayError('suite-failed', `the suite "${suite.name}" declares its options wrongly`, {
      file: where.file,
      path: where.at,
      expected: 'a JSON schema, as Type.Object({ ... }) makes it',
      found: cause instanceof Error ? cause.message : String(cause),
      hint: 'correct `options` in the suite',
      cause,
    });
  }
}

/** The options in which an entry differs from some other entry of its suite, as one line. */
function difference(entry: SuiteEntry, twins: readonly SuiteEntry[]): string {
  const text = (value: unknown): string =>
    Array.isArray(value) ? value.map(text).join(', ') : formatValue(value);
  const options = optionRecord(entry.options);
  const telling = Object.keys(options).filter((key) =>
    twins.some((twin) => text(optionRecord(twin.options)[key]) !== text(options[key])),
  );
  if (telling.length === 0) return `entry ${twins.indexOf(entry) + 1}`;
  return telling.map((key) => `${key} ${text(options[key])}`).join('; ');
}

/** An entry as a run file has it, with its options filled in. */
export const writtenEntry = ({
  suite,
  options,
  optional,
  models,
  datasets,
}: SuiteEntry): Record<string, unknown> => ({
  [suite.name]: options,
  ...(optional && { optional }),
  ...(models && { models }),
  ...(datasets && { datasets }),
});

/** Options as a record, for reports. */
export function optionRecord(options: unknown): Record<string, unknown> {
  return typeof options === 'object' && options !== null ? { ...options } : {};
}
