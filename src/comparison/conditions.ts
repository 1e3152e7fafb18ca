import { parseEpsilon } from '../attacks/epsilon.js';
import type { DatasetSummary, Results } from '../suites/results.js';
import type { Measured } from './measured.js';

/** A fact that two measurements may agree in. */
interface Fact {
  /** What it is, for people: `option eot`. */
  what: string;
  /** Equal facts have equal ones. */
  key: string;
  /** For people. */
  text: string;
}

/** What must agree for two values to be of the same thing. */
interface ConditionRow {
  /** What `--allow NAME` lets through. */
  allows: string;
  /** What to do so that it agrees. */
  remedy: string;
  facts(of: Measured, against: Measured): Fact[];
}

const fact = (what: string, value: unknown): Fact => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return { what, key: text, text };
};

const rows = {
  data: {
    allows: 'other images or labels',
    remedy: 'run both on the same files, with the same limit, offset and sample',
    facts: dataFacts,
  },
  params: {
    allows: 'other parameters, such as those of an attack',
    remedy: 'run both with the same options of the suite',
    facts: ({ measure }) =>
      Object.entries(measure.params).map(([name, value]) =>
        fact(name, value === measure.model ? '(the model itself)' : value),
      ),
  },
  options: {
    allows: 'other options of the suite',
    remedy: 'run both with the same options of the suite',
    facts: optionFacts,
  },
  version: {
    allows: 'other versions of what measured',
    remedy: 'run the older one again with this version of Assay',
    facts: versionFacts,
  },
} satisfies Record<string, ConditionRow>;

export type Condition = keyof typeof rows;
export const conditions: Readonly<Record<Condition, ConditionRow>> = rows;
export const conditionNames = Object.keys(rows) as Condition[];

/** Something in which two measurements differ. */
export interface Discrepancy {
  condition: Condition;
  /** `option eot`, `data set test`. */
  what: string;
  before: string;
  after: string;
}

const ABSENT = 'none';

/** In what two measures that are to be compared differ, besides the model: nothing where their values mean the same. */
export function discrepancies(before: Measured, after: Measured): Discrepancy[] {
  return conditionNames.flatMap((condition) => {
    const { facts } = conditions[condition];
    const byName = (told: readonly Fact[]) => new Map(told.map((one) => [one.what, one]));
    const [own, other] = [byName(facts(before, after)), byName(facts(after, before))];
    return [...new Set([...own.keys(), ...other.keys()])].flatMap((what) => {
      const [a, b] = [own.get(what), other.get(what)];
      if (a?.key === b?.key) return [];
      return [{ condition, what, before: a?.text ?? ABSENT, after: b?.text ?? ABSENT }];
    });
  });
}

/** `option eot: 2 against 4`. */
export const discrepancyText = ({ what, before, after }: Discrepancy): string =>
  `${what}: ${before} against ${after}`;

/** What two runs must agree in to be on the same examples. */
export const examplesOf = ({
  examples,
  fingerprint,
}: Pick<DatasetSummary, 'examples' | 'fingerprint'>): string => examples ?? fingerprint;

/** The data sets that a value rests on, by what they are to it: its own may be called otherwise in another run. */
function dataFacts({ results, measure }: Measured): Fact[] {
  const own = measure.dataset;
  return [...datasetsBehind(results, measure)].flatMap((name) => {
    const info = results.datasets.find((dataset) => dataset.name === name);
    if (!info) return [];
    return [
      {
        what: name === own ? 'data set' : `data set ${name}`,
        key: examplesOf(info),
        text: `${name}, ${info.size} examples, fingerprint ${examplesOf(info).slice(0, 12)}`,
      },
    ];
  });
}

/**
 * Its own, those that its rows or parameters name, and, where it does not say which rows it is made from, all that are
 * no test sets: what a mean over OOD sets or a fitted temperature rests on.
 */
function datasetsBehind({ datasets }: Results, { dataset, params, rows: made }: Measured['measure']) {
  const named = Object.values(params).filter((value) => datasets.some(({ name }) => name === value));
  const selected = made
    ? [made, ...(made.and ?? []), ...(made.against ?? [])].map(({ where }) => where.dataset)
    : datasets.filter(({ role }) => role !== 'test').map(({ name }) => name);
  return new Set([dataset, ...named, ...selected].filter((name) => name !== undefined).map(String));
}

/** Options that add measures or pictures, or steady an interval, and leave every value as it is. */
const INERT: Readonly<Record<string, readonly string[]>> = {
  accuracy: ['topK', 'resamples'],
  calibration: ['resamples'],
  attack: ['pictures', 'checks'],
  transfer: ['pictures'],
  ood: ['scores', 'seeds', 'conventions', 'oodCost', 'curves', 'histogramBins', 'resamples'],
  corruptions: ['scores', 'reference', 'resamples'],
  consistency: ['reference', 'resamples'],
  spatial: ['whole'],
  energy: [
    'gradients',
    'traces',
    'path',
    'lipschitz',
    'buffer',
    'permutations',
    'histogramBins',
    'resamples',
  ],
  'robust-ood': ['scores', 'pictures', 'resamples'],
  purification: ['pictures'],
  samples: ['systems', 'buffer', 'selections', 'kernel', 'strips', 'resamples'],
};

/** Options of its suite that its parameters do not tell; of every entry, where it is not known which one gave it. */
function optionFacts({ results, measure: { suite, params }, entry }: Measured, against: Measured): Fact[] {
  if (!entry || !against.entry) {
    const entries = results.suites.filter((one) => one.suite === suite);
    return [
      fact(
        'options of the suite',
        entries.map(({ options }) => options),
      ),
    ];
  }
  return Object.entries(entry.options)
    .filter(([name]) => !INERT[suite]?.includes(name) && !(name in params))
    .map(([name, value]) =>
      fact(`option ${name}`, name === 'epsilons' ? radiiUpTo(value, params.epsilon) : value),
    );
}

/** Radii are swept upwards: what was tried at larger ones does not change a value. */
function radiiUpTo(epsilons: unknown, own: unknown): unknown {
  if (!Array.isArray(epsilons) || typeof own !== 'string') return epsilons;
  const limit = parseEpsilon(own).value;
  return epsilons.filter((one) => parseEpsilon(one).value <= limit);
}

/** Of the measurements that both rest on; the version of Assay where results of an older one do not tell them. */
function versionFacts({ results, entry }: Measured, against: Measured): Fact[] {
  if (!entry?.measurements || !against.entry?.measurements) return [fact('Assay', results.environment.assay)];
  const shared = Object.entries(entry.measurements).filter(
    ([name]) => name in (against.entry?.measurements ?? {}),
  );
  return shared.map(([name, version]) => fact(`measurement ${name}`, `version ${version}`));
}
