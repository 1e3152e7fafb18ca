import { type Static, Type } from '../config/type.js';

const closed = { additionalProperties: false };

/** A rule over one measure, or over the warnings of a run. */
export const GateRule = Type.Object(
  {
    measure: Type.Optional(
      Type.String({ minLength: 1, description: 'the measure, such as robust-accuracy or ece' }),
    ),
    suite: Type.Optional(Type.String({ description: 'only measures, or warnings, of this suite' })),
    where: Type.Optional(
      Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()]), {
        description:
          'what selects one measure: model, dataset, or a parameter as it is written, such as epsilon: 8/255; `*` stands for any characters, such as model: jem-*',
      }),
    ),
    min: Type.Optional(Type.Number({ description: 'the value may not be smaller' })),
    max: Type.Optional(Type.Number({ description: 'the value may not be larger' })),
    minN: Type.Optional(
      Type.Integer({ minimum: 1, description: 'the measure may not rest on fewer examples' }),
    ),
    maxIncrease: Type.Optional(
      Type.Number({ description: 'the value may exceed that of `over` by at most this' }),
    ),
    maxDecrease: Type.Optional(
      Type.Number({ description: 'the value may fall short of that of `over` by at most this' }),
    ),
    maxRelativeIncrease: Type.Optional(
      Type.Number({ description: 'the same as a share of the value of `over`: 0.05 is 5 %' }),
    ),
    maxRelativeDecrease: Type.Optional(
      Type.Number({ description: 'the same as a share of the value of `over`: 0.05 is 5 %' }),
    ),
    notWorse: Type.Optional(
      Type.Literal('significantly', {
        description:
          'fails only when the paired test on the same examples says, at 5 %, that the measure is worse than that of `over`',
      }),
    ),
    notWorseBy: Type.Optional(
      Type.Number({
        minimum: 0,
        description:
          'fails unless the whole interval of the paired difference shows the measure to be no worse than that of `over` by more than this (non-inferiority)',
      }),
    ),
    over: Type.Optional(
      Type.Union(
        [
          Type.String({ minLength: 1 }),
          Type.Object(
            {
              model: Type.Optional(Type.String({ minLength: 1 })),
              in: Type.Optional(Type.Literal('blessed')),
            },
            closed,
          ),
        ],
        {
          description:
            'what to compare with: another model of the run; `blessed`: the same model in the baseline given with --baseline; `{ model: NAME, in: blessed }`: another model in there',
        },
      ),
    ),
    confidently: Type.Optional(
      Type.Boolean({
        description:
          'the whole interval must be on the right side of the limit, and not the value alone. Default: false',
      }),
    ),
    each: Type.Optional(
      Type.Boolean({
        description: 'judge every measure that fits, one by one; otherwise one must be singled out',
      }),
    ),
    aggregate: Type.Optional(
      Type.Union([Type.Literal('mean'), Type.Literal('min'), Type.Literal('max'), Type.Literal('all')], {
        description:
          'judge several measures as one, of seeds for instance: models that `where` matches, or the runs given to `assay gate`. The mean has a t interval over them; `all` is the one with the smallest margin',
      }),
    ),
    noWarnings: Type.Optional(
      Type.Union(
        [
          Type.Literal('note'),
          Type.Literal('warning'),
          Type.Literal('serious'),
          Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }),
        ],
        {
          description:
            'instead of `measure`: there may be no warning of this severity or above, or with one of these codes, such as zero-gradient',
        },
      ),
    ),
    level: Type.Optional(
      Type.Union([Type.Literal('error'), Type.Literal('warn')], {
        description: '`warn`: a rule that does not hold is told and fails nothing. Default: error',
      }),
    ),
  },
  closed,
);
export type GateRule = Static<typeof GateRule>;

/** Whatever holds gates: a file of them, a run file, the configuration in results.json. Other keys are left alone. */
export const GateRules = Type.Object(
  { gates: Type.Array(GateRule, { description: 'a list of rules' }) },
  { additionalProperties: true },
);

/** What a rule compares with. */
export interface Over {
  /** Absent: the model that is judged. */
  model?: string;
  /** In the baseline, and not in the same run. */
  blessed: boolean;
}

/** What `over` says; undefined where there is none. */
export function overOf({ over }: GateRule): Over | undefined {
  if (over === undefined) return undefined;
  if (typeof over === 'string') return over === BLESSED ? { blessed: true } : { model: over, blessed: false };
  return { ...(over.model !== undefined && { model: over.model }), blessed: over.in === BLESSED };
}

/** The word for the baseline. */
export const BLESSED = 'blessed';
