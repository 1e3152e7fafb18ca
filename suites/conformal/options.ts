import { type Catalogue, type TSchema, Type } from '../../src/suite.js';
import { type ConformalEntry, conformalEntries } from './chosen.js';

export interface ConformalOptions extends Record<string, unknown> {
  scores: ConformalEntry[];
  alphas: number[];
  randomised: boolean;
  fitOn?: string;
  fitShare: number;
  resamples: number;
  slabDirections: number;
}

const shared = (catalogue: Catalogue) => ({
  scores: conformalEntries(catalogue, {
    default: ['lac', 'aps', 'raps'],
    description:
      'nonconformity scores; `{ raps: { lambda: 0.1, kreg: 1 } }` sets options of one, also of several beside each other',
  }),
  alphas: Type.Array(Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1 }), {
    minItems: 1,
    uniqueItems: true,
    default: [0.1, 0.05],
    description: 'how often a set may miss the label; tables and figures show the first',
  }),
  randomised: Type.Boolean({
    default: true,
    description:
      'draw for each example how much of the last class counts: coverage is then exact, and sets may be empty; without, sets are larger',
  }),
  fitOn: Type.Optional(
    Type.String({
      description:
        'the validation set that thresholds are taken from; default: the first, or a part of the test set',
    }),
  ),
  fitShare: Type.Number({
    exclusiveMinimum: 0,
    exclusiveMaximum: 1,
    default: 0.5,
    description: 'share of the test set that thresholds are taken from, without a validation set',
  }),
  resamples: Type.Integer({ minimum: 100, default: 1000, description: 'bootstrap resamples' }),
  slabDirections: Type.Integer({
    minimum: 1,
    maximum: 10_000,
    default: 200,
    description: 'random directions in which the worst slab is sought',
  }),
});

/** The options, and those of every score that has some, under its name. */
export function conformalOptions(catalogue: Catalogue) {
  const ofScores: Record<string, TSchema> = {};
  for (const { name, title, options } of catalogue.conformalScores) {
    if (Object.keys(options).length === 0) continue;
    ofScores[name] = Type.Object(options, {
      additionalProperties: false,
      default: {},
      description: `options of ${title}, where an entry of \`scores\` gives none`,
    });
  }
  const properties = { ...shared(catalogue), ...ofScores };
  return Type.Unsafe<ConformalOptions>(Type.Object(properties, { additionalProperties: false }));
}
