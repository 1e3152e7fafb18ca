import { type TSchema, Type } from '../config/type.js';
import { check } from '../config/validate.js';
import type { DatasetInfo } from '../data/dataset.js';
import type { Score, ScoreOptions } from '../scores/score.js';
import { scoreSets } from '../scores/sets.js';
import type { Catalogue } from './catalogue.js';

/** A score as run files name it: its id, the name of a set of scores, or `{ id: { option: value } }`. */
export type ScoreEntry = string | Readonly<Record<string, ScoreOptions>>;

/** A score with its options settled. `id` and `title` tell it from other variants: `knn(k=10)`. */
export interface ChosenScore extends Score {
  /** Id of the row. */
  row: string;
  settings: ScoreOptions;
  /** Names of options that were set, also where they were set to their published defaults. */
  given: readonly string[];
  /** Where its options are chosen by a pair of data sets: among these. */
  tuning?: Tuning;
}

/** Settings among which a pair of data sets chooses. */
export interface Tuning {
  /** Settled; the first is the default. */
  grid: readonly ScoreOptions[];
  id: DatasetInfo;
  ood: DatasetInfo;
}

/** The schema of a suite's list of scores. Options of a score are checked by `chosenScores`. */
export function scoreEntries({ scores }: Catalogue, rest: { default: string[]; description: string }) {
  const names = [...scores.names, ...scoreSets.map(({ name }) => name)];
  const withOptions = Object.fromEntries(
    [...scores].flatMap(({ id, options }) =>
      options ? [[id, Type.Optional(Type.Object({}, { additionalProperties: true }))]] : [],
    ),
  );
  const variant: TSchema = Type.Object(withOptions, {
    title: '{ NAME: { OPTION: VALUE } }',
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 1,
  });
  const entry = Type.Union([...names.map((name) => Type.Literal(name)), variant]);
  return Type.Array(Type.Unsafe<ScoreEntry>(entry), { minItems: 1, uniqueItems: true, ...rest });
}

/**
 * The scores of a list, each once. Errors: `unknown-name`; `config-invalid` for an option that a score does not have or
 * does not take.
 * @param usual settings of scores, by id, that take the place of their published defaults
 */
export function chosenScores(
  entries: readonly ScoreEntry[],
  { scores }: Catalogue,
  usual: Readonly<Record<string, ScoreOptions>> = {},
): ChosenScore[] {
  const chosen = entries.flatMap((entry): ChosenScore[] => {
    if (typeof entry !== 'string')
      return Object.entries(entry).map(([id, given]) => variantOf(scores.named(id), given, usual[id]));
    const set = scoreSets.find(({ name }) => name === entry);
    const rows = set ? [...scores].filter(set.has) : [scores.named(entry)];
    return rows.map((row) => variantOf(row, {}, usual[row.id]));
  });
  // One that was set to what it is anyway is still set, beside a set of scores that has it too.
  const set = chosen.filter(({ given }) => given.length > 0);
  return [...new Map([...chosen, ...set].map((score) => [score.id, score])).values()];
}

/** A row with options, told from others by its id and title. Errors: `config-invalid`. */
export function variantOf(row: Score, given: ScoreOptions, usual: ScoreOptions = {}): ChosenScore {
  const published = settledScore(row, usual);
  const settings = settledScore(row, { ...usual, ...given });
  const defaults = settledScore(row);
  const set = Object.keys(settings).filter((name) => name in given || settings[name] !== defaults[name]);
  const other = Object.entries(settings).filter(([name, value]) => published[name] !== value);
  const told = (between: string) => other.map(([name, value]) => `${name}${between}${value}`);
  const variant = { ...row, row: row.id, settings, given: set };
  if (other.length === 0) return variant;
  return {
    ...variant,
    id: `${row.id}(${told('=').join(',')})`,
    title: `${row.title} (${told(' = ').join(', ')})`,
  };
}

/** Options with defaults filled in, in the order of the schema. Errors: `config-invalid`. */
export function settledScore(
  { id, options }: Pick<Score, 'id' | 'options'>,
  given: ScoreOptions = {},
): ScoreOptions {
  if (!options) return {};
  const settled: ScoreOptions = check(options, given, { what: `options of the score "${id}"`, at: id });
  return Object.fromEntries(
    Object.keys(options.properties).flatMap((name) => (name in settled ? [[name, settled[name]]] : [])),
  );
}
