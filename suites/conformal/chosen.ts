import type { ConformalScore, ScoreSettings } from '../../src/metrics.js';
import { type Catalogue, type TSchema, Type } from '../../src/suite.js';

/** A score as run files name it: its name, or `{ name: { option: value } }`. */
export type ConformalEntry = string | Readonly<Record<string, ScoreSettings>>;

/** A score with its options settled. Variants have names of their own: `raps(lambda=0.1,kreg=1)`. */
export interface ChosenConformal {
  score: ConformalScore;
  settings: ScoreSettings;
}

/** The schema of the list of scores. */
export function conformalEntries(
  { conformalScores }: Catalogue,
  rest: { default: string[]; description: string },
) {
  const withOptions = Object.fromEntries(
    [...conformalScores].flatMap(({ name, options }) =>
      Object.keys(options).length === 0 ? [] : [[name, Type.Optional(partly(options))]],
    ),
  );
  const variant: TSchema = Type.Object(withOptions, {
    title: '{ NAME: { OPTION: VALUE } }',
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 1,
  });
  const entry = Type.Union([...conformalScores.names.map((name) => Type.Literal(name)), variant]);
  return Type.Array(Type.Unsafe<ConformalEntry>(entry), { minItems: 1, uniqueItems: true, ...rest });
}

/** Options of which any may be missing. */
const partly = (options: ConformalScore['options']) =>
  Type.Object(
    Object.fromEntries(
      Object.entries(options).map(([name, { default: _, ...schema }]) => [name, Type.Optional(schema)]),
    ),
    { additionalProperties: false },
  );

/** The scores of the options, each once. What an entry does not set is as the option of the score's name says. */
export function chosenConformal(
  options: { scores: readonly ConformalEntry[] } & Readonly<Record<string, unknown>>,
  { conformalScores }: Catalogue,
): ChosenConformal[] {
  const chosen = options.scores.flatMap((entry) =>
    typeof entry === 'string'
      ? [variantOf(entry, {})]
      : Object.entries(entry).map(([name, given]) => variantOf(name, given)),
  );
  return [...new Map(chosen.map((one) => [one.score.name, one])).values()];

  function variantOf(name: string, given: ScoreSettings): ChosenConformal {
    const score = conformalScores.named(name);
    const usual = (options[name] ?? {}) as ScoreSettings;
    const settings = { ...usual, ...given };
    const other = Object.entries(settings).filter(([key, value]) => usual[key] !== value);
    if (other.length === 0) return { score, settings };
    const told = (between: string) => other.map(([key, value]) => `${key}${between}${value}`);
    return {
      score: {
        ...score,
        name: `${score.name}(${told('=').join(',')})`,
        title: `${score.title} (${told(' = ').join(', ')})`,
      },
      settings,
    };
  }
}
