import { type Static, Type } from '../../config/type.js';
import { Scalar } from '../../suites/results.js';

const closed = { additionalProperties: false };
const text = (description: string) => Type.String({ minLength: 1, description });
const oneOf = <T extends string>(names: readonly T[], description: string) =>
  Type.Union(
    names.map((name) => Type.Literal(name)),
    { description },
  );

/** How uncertainty is printed. */
export const IntervalStyle = oneOf(
  ['off', 'brackets', 'plus-minus'],
  'intervals: off, brackets ([96.5, 98.4]), or plus-minus (half their width)',
);

export const TableColumn = Type.Object(
  {
    title: Type.Optional(
      text(
        'heading; {epsilon}, {score} and so on stand for what the column is of. Default: that of the measure',
      ),
    ),
    group: Type.Optional(text('what stands above neighbours that have the same')),
    measure: Type.Optional(
      text('the measure, such as robust-accuracy; `assay explain` lists those of each suite'),
    ),
    where: Type.Optional(
      Type.Record(Type.String(), Type.Union([Scalar, Type.Array(Scalar)]), {
        description:
          'which of them: suite, dataset, model, folder, or a parameter as it is written, such as epsilon: 8/255; a list allows several',
      }),
    ),
    each: Type.Optional(
      Type.Array(Type.String(), {
        minItems: 1,
        description: 'a column for every value of these, such as [epsilon]',
      }),
    ),
    show: Type.Optional(text('what is printed: value (the default), n, or a parameter, such as method')),
    fact: Type.Optional(text('a column of `facts` instead of a measure, such as extra-data')),
    format: Type.Optional(
      oneOf(['percent', 'number'], 'percent prints 0.976 as 97.6, with (%) in the heading'),
    ),
    decimals: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 12, description: 'decimals of value and interval' }),
    ),
    intervals: Type.Optional(IntervalStyle),
  },
  closed,
);

export const TableSpec = Type.Object(
  {
    id: Type.String({
      pattern: '^[a-z0-9][a-z0-9-]*$',
      description: 'names its files: lower case, digits, hyphens',
    }),
    caption: Type.Optional(text('the caption')),
    label: Type.Optional(text('for \\ref, such as tab:robustness')),
    width: Type.Optional(
      oneOf(['text', 'column'], 'text: 5.5 inches, in two columns as table*; column: one column of two'),
    ),
    intervals: Type.Optional(IntervalStyle),
    rows: Type.Optional(
      Type.Array(Type.String(), {
        minItems: 1,
        description:
          'what a row is: [model], or with more of folder, dataset, and parameters such as [score, model]',
      }),
    ),
    only: Type.Optional(
      Type.Record(Type.String(), Type.Array(Scalar, { minItems: 1 }), {
        description: 'which rows, in this order: { model: [plain, jem] }',
      }),
    ),
    names: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        description: 'what is printed for a name: { log-px: log p(x) }',
      }),
    ),
    facts: Type.Optional(
      Type.Record(Type.String(), Type.Record(Type.String(), Scalar), {
        description: 'what no run knows, by model: { jem: { extra-data: no } }',
      }),
    ),
    seeds: Type.Optional(
      Type.Union(
        [
          Type.Literal('folders'),
          Type.Record(Type.String(), Type.Array(Type.String(), { minItems: 2 }), {
            title: 'a mapping of names to the models that are its seeds',
          }),
        ],
        { description: 'mean and deviation over seeds: `folders`, or { resnet: [resnet-s0, resnet-s1] }' },
      ),
    ),
    deviation: Type.Optional(
      oneOf(
        ['sample', 'population'],
        'the standard deviation over n seeds: divided by n - 1 (the default), or by n, as OpenOOD prints it',
      ),
    ),
    sort: Type.Optional(
      text(
        'the heading of the column to sort by, best first; as written here it is the first that `each` makes',
      ),
    ),
    needs: Type.Optional(text('what a run file must ask for, told where no run has a measure')),
    marks: Type.Optional(
      Type.Boolean({ description: 'mark the best and second best of each column; default true' }),
    ),
    columns: Type.Array(TableColumn, { minItems: 1, description: 'the columns' }),
  },
  closed,
);

/** A file of tables: a preset, or one of the user's. */
export const TableFile = Type.Object(
  { tables: Type.Array(TableSpec, { minItems: 1, description: 'a list of tables' }) },
  closed,
);

export type TableColumn = Static<typeof TableColumn>;
export type TableSpec = Static<typeof TableSpec>;
export type TableFile = Static<typeof TableFile>;
