/**
 * The public format of `results.json`, version 1. Renderers and gates read nothing else.
 * The schemas are the types: `reports/results.schema.json` is generated from `Results`.
 */
import { type Static, type TSchema, Type } from '../config/type.js';

const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const closed = { additionalProperties: false };

export const Scalar = Type.Union([Type.String(), Type.Number(), Type.Boolean()]);

export const Better = Type.Union([Type.Literal('higher'), Type.Literal('lower'), Type.Literal('none')]);

/** Which rows of a sheet, and what their columns mean. */
const RowSelection = {
  where: Type.Record(Type.String(), Scalar, { description: 'values of columns that select the rows' }),
  columns: Type.Record(
    Type.String(),
    Type.Union([
      Type.String({ description: 'the column' }),
      Type.Object(
        { column: Type.String(), is: Scalar },
        { ...closed, description: '1 where the column has this value, else 0' },
      ),
      Type.Object(
        {
          column: Type.String(),
          at: Type.Union([Type.Integer({ minimum: 0 }), Type.Array(Type.Integer({ minimum: 0 }))]),
        },
        { ...closed, description: 'of a column that lists numbers, those at these places, counted from 0' },
      ),
    ]),
    { description: 'by what it is to the statistic: `outcome`, `value`, `score`, ...' },
  ),
};

/** The rows of a sheet that a measure was made from: the statistic of these columns is its value. */
export const MeasureRows = Type.Object(
  {
    sheet: Type.String({
      description:
        'below the run folder, such as `examples/accuracy.csv`; its column `index` tells examples apart',
    }),
    statistic: Type.String({ description: 'share, mean, quantile, ece, auroc, ...' }),
    ...RowSelection,
    options: Type.Optional(
      Type.Record(Type.String(), Scalar, { description: 'of the statistic: `bins`, `q`' }),
    ),
    and: Type.Optional(
      Type.Array(
        Type.Object(
          {
            ...RowSelection,
            paired: Type.Boolean({
              description:
                'made of the first ones: rows of one index belong together and are resampled together',
            }),
          },
          closed,
        ),
        { minItems: 1, description: 'more rows on the side of the first ones, of other data sets' },
      ),
    ),
    against: Type.Optional(
      Type.Array(Type.Object(RowSelection, closed), {
        minItems: 1,
        description:
          'OOD rows that the others, of the ID set, are ranked with; of several sets, the unweighted mean',
      }),
    ),
  },
  closed,
);

export const Measure = Type.Object(
  {
    suite: Type.String(),
    measure: Type.String({ description: 'kebab-case id, such as robust-accuracy' }),
    title: Type.String({ description: 'for people, such as "Robust accuracy, Linf 8/255"' }),
    model: Type.String({ description: 'system name' }),
    dataset: Type.String(),
    params: Type.Record(Type.String(), Scalar, {
      description: 'what it was measured with; epsilons as written',
    }),
    value: nullable(Type.Number({ description: 'null when undefined; `note` then says why' })),
    n: Type.Integer({ minimum: 0, description: 'examples the value rests on' }),
    of: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: 'how many examples there are, where measuring stopped before their end',
      }),
    ),
    interval: nullable(Type.Tuple([Type.Number(), Type.Number()])),
    level: Type.Number({ description: 'coverage of the interval, 0.95' }),
    method: Type.String({ description: 'how the interval was made: wilson, bootstrap, ...' }),
    better: Better,
    bound: Type.Optional(
      Type.Union([Type.Literal('lower'), Type.Literal('upper')], {
        description:
          'which side of the truth on these examples the value is on for certain, or with `alpha` in `params` but for that chance an example; absent: it is an estimate of it',
      }),
    ),
    format: Type.Union([Type.Literal('percent'), Type.Literal('number')]),
    headline: Type.Optional(Type.Boolean({ description: 'shown in the comparison table at the top' })),
    note: Type.Optional(Type.String()),
    rows: Type.Optional(MeasureRows),
    withinRounding: Type.Optional(
      Type.Object(
        {
          pairs: Type.Integer({
            minimum: 0,
            description: 'pairs of examples whose scores are closer than the rounding of float32',
          }),
          range: Type.Tuple([Type.Number(), Type.Number()], {
            description: 'between which values the measure lies, whatever the order of these pairs',
          }),
        },
        { additionalProperties: false, description: 'of measures that rank examples by a score' },
      ),
    ),
  },
  closed,
);

const Estimate = Type.Object(
  {
    value: nullable(Type.Number()),
    interval: Type.Optional(nullable(Type.Tuple([Type.Number(), Type.Number()]))),
  },
  closed,
);

/** A number in a table. */
const TableEstimate = Type.Object(
  {
    ...Estimate.properties,
    mark: Type.Optional(
      Type.String({
        description: 'a few characters behind the value, such as a dagger that the caption explains',
      }),
    ),
    measure: Type.Optional(
      Type.Integer({
        minimum: 0,
        description: 'the measure that this number is, counted from 0 among those of its entry in `suites`',
      }),
    ),
  },
  closed,
);

export const Table = Type.Object(
  {
    id: Type.String(),
    title: Type.String(),
    caption: Type.Optional(Type.String()),
    folded: Type.Optional(Type.Boolean({ description: 'detail: shown when the reader opens it' })),
    columns: Type.Array(
      Type.Object(
        {
          key: Type.String(),
          title: Type.String(),
          format: Type.Optional(
            Type.Union(
              [Type.Literal('percent'), Type.Literal('number'), Type.Literal('p'), Type.Literal('text')],
              { description: '`p` is a p value: the smallest are shown as <0.001' },
            ),
          ),
          better: Type.Optional(Better),
        },
        closed,
      ),
    ),
    rows: Type.Array(Type.Record(Type.String(), Type.Union([Scalar, Type.Null(), TableEstimate]))),
  },
  closed,
);

const Axis = { xLabel: Type.String(), yLabel: Type.String() };
const Heading = {
  id: Type.String(),
  title: Type.String(),
  caption: Type.Optional(Type.String()),
};
const Domain = Type.Optional(Type.Tuple([Type.Number(), Type.Number()]));

/** Curves with optional intervals: accuracy against epsilon, ROC. */
export const LineFigure = Type.Object(
  {
    kind: Type.Literal('lines'),
    ...Heading,
    ...Axis,
    xDomain: Domain,
    yDomain: Domain,
    yFormat: Type.Optional(Type.Union([Type.Literal('percent'), Type.Literal('number')])),
    xTicks: Type.Optional(Type.Array(Type.Object({ value: Type.Number(), label: Type.String() }, closed))),
    diagonal: Type.Optional(Type.Boolean({ description: 'draw y = x for reference' })),
    points: Type.Optional(Type.Boolean({ description: 'mark the points' })),
    series: Type.Array(
      Type.Object(
        {
          name: Type.String({
            description: 'usually the system; the same name has the same colour everywhere',
          }),
          variant: Type.Optional(
            Type.String({ description: 'which of the curves of that name: stands beside it in the legend' }),
          ),
          dashed: Type.Optional(Type.Boolean()),
          points: Type.Array(
            Type.Object(
              {
                x: Type.Number(),
                y: Type.Number(),
                lo: Type.Optional(Type.Number()),
                hi: Type.Optional(Type.Number()),
              },
              closed,
            ),
          ),
        },
        closed,
      ),
    ),
    band: Type.Optional(
      Type.Object(
        {
          label: Type.String({ description: 'what lies within, once in the legend' }),
          areas: Type.Array(
            Type.Object(
              {
                name: Type.String({ description: 'that of the curves, whose colour it has' }),
                points: Type.Array(
                  Type.Object({ x: Type.Number(), lo: Type.Number(), hi: Type.Number() }, closed),
                ),
              },
              closed,
            ),
          ),
        },
        { ...closed, description: 'areas between two curves; intervals are drawn faintly beside them' },
      ),
    ),
  },
  closed,
);

/** Overlaid histograms over shared edges, as densities (each series sums to 1). */
export const HistogramFigure = Type.Object(
  {
    kind: Type.Literal('histogram'),
    ...Heading,
    xLabel: Type.String(),
    edges: Type.Array(Type.Number(), { minItems: 2 }),
    series: Type.Array(Type.Object({ name: Type.String(), counts: Type.Array(Type.Number()) }, closed)),
  },
  closed,
);

/** A reliability diagram: accuracy against confidence per bin, one panel. */
export const ReliabilityFigure = Type.Object(
  {
    kind: Type.Literal('reliability'),
    ...Heading,
    system: Type.String(),
    bins: Type.Array(
      Type.Object(
        {
          lo: Type.Number(),
          hi: Type.Number(),
          n: Type.Integer(),
          confidence: nullable(Type.Number()),
          accuracy: nullable(Type.Number()),
          interval: nullable(Type.Tuple([Type.Number(), Type.Number()])),
          band: Type.Optional(
            nullable(
              Type.Tuple([Type.Number(), Type.Number()], {
                description: 'accuracies of a calibrated model with these confidences, 95 %',
              }),
            ),
          ),
        },
        closed,
      ),
    ),
  },
  closed,
);

/** Bars with optional intervals, grouped by series. */
export const BarFigure = Type.Object(
  {
    kind: Type.Literal('bars'),
    ...Heading,
    ...Axis,
    yDomain: Domain,
    yFormat: Type.Optional(Type.Union([Type.Literal('percent'), Type.Literal('number')])),
    categories: Type.Array(Type.String()),
    series: Type.Array(
      Type.Object(
        {
          name: Type.String(),
          values: Type.Array(Estimate),
        },
        closed,
      ),
    ),
  },
  closed,
);

/** A number for every pair of a row and a column, as colours: accuracy by corruption and severity, correlations. */
export const HeatmapFigure = Type.Object(
  {
    kind: Type.Literal('heatmap'),
    ...Heading,
    ...Axis,
    columns: Type.Array(Type.String()),
    rows: Type.Array(
      Type.Object(
        { label: Type.String(), values: Type.Array(Estimate, { description: 'by column' }) },
        closed,
      ),
    ),
    format: Type.Optional(Type.Union([Type.Literal('percent'), Type.Literal('number')])),
    domain: Type.Optional(
      Type.Tuple([Type.Number(), Type.Number()], {
        description: 'values without colour and of full colour; default: the smallest and the largest',
      }),
    ),
    middle: Type.Optional(
      Type.Number({ description: 'without colour; above and below it there are two colours' }),
    ),
  },
  closed,
);

/** A picture given as pixels; the runner writes it to `images/` and `file` takes its place. */
export const Picture = Type.Object(
  {
    /** (C, H, W) in [0, 1], C = 1 or 3. Never in results.json. */
    pixels: Type.Optional(Type.Unsafe<ArrayLike<number>>({})),
    shape: Type.Tuple([Type.Integer(), Type.Integer(), Type.Integer()]),
    file: Type.Optional(Type.String({ description: 'path below the run folder' })),
    caption: Type.Optional(Type.String()),
    /** `ok` and `bad` get a coloured frame: prediction kept, prediction broken. */
    mark: Type.Optional(Type.Union([Type.Literal('ok'), Type.Literal('bad')])),
  },
  closed,
);

/** A grid of pictures: rows with a label, columns with a heading. */
export const ImageFigure = Type.Object(
  {
    kind: Type.Literal('images'),
    ...Heading,
    columns: Type.Array(Type.String()),
    rows: Type.Array(Type.Object({ label: Type.String(), cells: Type.Array(nullable(Picture)) }, closed)),
  },
  closed,
);

/** Anything else, as a Vega-Lite specification with its data inline. */
export const VegaLiteFigure = Type.Object(
  { kind: Type.Literal('vega-lite'), ...Heading, spec: Type.Record(Type.String(), Type.Unknown()) },
  closed,
);

export const Figure = Type.Union([
  LineFigure,
  HistogramFigure,
  ReliabilityFigure,
  BarFigure,
  HeatmapFigure,
  ImageFigure,
  VegaLiteFigure,
]);

export const Warning = Type.Object(
  {
    code: Type.String({ description: 'kebab-case, stable: gates may name it' }),
    severity: Type.Union([Type.Literal('note'), Type.Literal('warning'), Type.Literal('serious')]),
    message: Type.String({ description: 'what was seen' }),
    why: Type.Optional(Type.String({ description: 'why it matters' })),
    fix: Type.Optional(Type.String({ description: 'what to do' })),
    suite: Type.Optional(Type.String()),
    model: Type.Optional(Type.String()),
    dataset: Type.Optional(Type.String()),
  },
  closed,
);

export const NotApplicable = Type.Object(
  { suite: Type.String(), model: Type.String(), what: Type.Optional(Type.String()), reason: Type.String() },
  closed,
);

export const SuiteResult = Type.Object(
  {
    suite: Type.String(),
    title: Type.String(),
    description: Type.String(),
    options: Type.Record(Type.String(), Type.Unknown()),
    status: Type.Union([Type.Literal('ok'), Type.Literal('error')]),
    error: Type.Optional(Type.String()),
    measures: Type.Optional(
      Type.Integer({
        minimum: 0,
        description: 'how many of `measures` are its own; they follow each other as the suites do',
      }),
    ),
    measurements: Type.Optional(
      Type.Record(Type.String(), Type.Integer(), {
        description: 'what it rests on, by name, with the version of each',
      }),
    ),
    tables: Type.Array(Table),
    figures: Type.Array(Figure),
  },
  closed,
);

/** A verdict on one limit of a rule. What tells of the measure is null where none was singled out. */
export const GateResult = Type.Object(
  {
    rule: Type.String({ description: 'the rule in words' }),
    suite: nullable(Type.String()),
    measure: Type.String(),
    model: nullable(Type.String()),
    dataset: nullable(Type.String()),
    params: Type.Record(Type.String(), Scalar),
    over: Type.Optional(
      Type.Object(
        {
          model: Type.String(),
          value: nullable(Type.Number()),
          blessed: Type.Optional(
            Type.Object(
              { key: Type.String(), created: Type.String(), commit: Type.Optional(Type.String()) },
              { ...closed, description: 'the baseline it is in; absent: in the same run' },
            ),
          ),
        },
        { ...closed, description: 'the model that it is compared with: `value` is then the difference' },
      ),
    ),
    run: Type.Optional(Type.String({ description: 'the run folder, where several are judged at once' })),
    gate: Type.Optional(Type.Integer({ minimum: 0, description: 'which rule in `gates`, from 0' })),
    bound: Type.Optional(
      Type.String({ description: 'the key of the rule that sets the limit: min, notWorse, ...' }),
    ),
    severity: Type.Optional(
      Type.Union([Type.Literal('error'), Type.Literal('warn')], {
        description: '`level` of the rule: `warn` is told and fails nothing; absent: error',
      }),
    ),
    judges: Type.Optional(
      Type.Union(
        [
          Type.Literal('value'),
          Type.Literal('interval'),
          Type.Literal('p'),
          Type.Literal('examples'),
          Type.Literal('warnings'),
        ],
        {
          description:
            'what must stand to the limit: `value` (of `examples` and `warnings` it is their number), the end of `interval` that is nearer to failing, or `p`; absent: value',
        },
      ),
    ),
    aggregate: Type.Optional(
      Type.Object(
        {
          how: Type.Union([
            Type.Literal('mean'),
            Type.Literal('min'),
            Type.Literal('max'),
            Type.Literal('all'),
          ]),
          of: Type.Array(
            Type.Object(
              {
                run: Type.Optional(Type.String()),
                model: Type.String(),
                value: Type.Number(),
                n: Type.Integer({ minimum: 0 }),
              },
              closed,
            ),
          ),
        },
        { ...closed, description: 'the measures that were judged as one, of seeds for instance' },
      ),
    ),
    value: nullable(
      Type.Number({ description: 'what is judged, or the difference whose interval or p is; null fails' }),
    ),
    op: Type.Union([Type.Literal('>='), Type.Literal('<=')], {
      description: 'how value and limit must stand',
    }),
    limit: Type.Number(),
    margin: nullable(
      Type.Number({
        description: 'by how much the rule holds; negative: by how much it is missed; null: not judged',
      }),
    ),
    n: nullable(Type.Integer({ minimum: 0, description: 'examples the value rests on' })),
    of: Measure.properties.of,
    interval: nullable(
      Type.Tuple([Type.Number(), Type.Number()], {
        description: 'of what is judged; of a difference where its examples are paired',
      }),
    ),
    level: nullable(Type.Number()),
    method: nullable(Type.String()),
    p: Type.Optional(nullable(Type.Number({ minimum: 0, maximum: 1, description: 'of the paired test' }))),
    test: Type.Optional(
      nullable(Type.String({ description: 'the paired test: mcnemar-mid-p, delong, ...' })),
    ),
    format: Measure.properties.format,
    passed: Type.Boolean(),
    reason: nullable(Type.String({ description: 'why it failed' })),
  },
  closed,
);

export const Cost = Type.Object(
  {
    measurement: Type.String(),
    model: Type.String(),
    dataset: Type.String(),
    params: Type.Record(Type.String(), Type.Unknown()),
    examples: Type.Integer(),
    units: Type.Integer(),
    forward: Type.Number({ description: 'forward passes, one per example' }),
    gradient: Type.Number({ description: 'forward and backward passes, one per example' }),
    seconds: Type.Number({ description: 'wall clock, summed over units' }),
  },
  closed,
);

export const SystemSummary = Type.Object(
  {
    name: Type.String(),
    model: Type.String(),
    defence: Type.String(),
    shape: Type.Array(Type.Integer()),
    input: Type.Optional(
      Type.Literal('predictions', { description: 'there is no model: only its predictions were scored' }),
    ),
    classes: Type.Array(Type.String()),
    offers: Type.Array(Type.String()),
    lacks: Type.Record(Type.String(), Type.String()),
    stochastic: Type.Boolean(),
    energy: Type.String(),
    identity: Type.String(),
    inputScale: Type.Array(Type.Number()),
  },
  closed,
);

export const DatasetSummary = Type.Object(
  {
    name: Type.String(),
    role: Type.String(),
    distance: Type.Optional(Type.String()),
    shift: Type.Optional(
      Type.Literal('covariate', { description: 'of test sets: the same classes in other conditions' }),
    ),
    size: Type.Integer(),
    shape: Type.Array(Type.Integer()),
    content: Type.Optional(
      Type.Literal('predictions', {
        description: 'what models predicted, without images',
      }),
    ),
    labelled: Type.Boolean(),
    highestLabel: Type.Optional(Type.Object({ label: Type.Integer(), example: Type.Integer() }, closed)),
    corruption: Type.Optional(
      Type.Object(
        { name: Type.String(), severity: Type.Optional(Type.Integer()) },
        {
          ...closed,
          description: 'of published corrupted images; without a severity, all five one after the other',
        },
      ),
    ),
    sequences: Type.Optional(
      Type.Array(Type.Object({ name: Type.String(), frames: Type.Integer() }, closed), {
        description:
          'of published sequences of frames: which every image has, one after the other; examples are frames',
      }),
    ),
    classes: Type.Optional(Type.Array(Type.String())),
    fingerprint: Type.String(),
    examples: Type.Optional(
      Type.String({
        description:
          'hash of which examples these are, where the fingerprint depends on the models as well: of predictions, their number and labels',
      }),
    ),
    path: Type.String(),
    part: Type.Optional(Type.String()),
    note: Type.Optional(Type.String()),
    recipe: Type.Optional(
      Type.Object(
        {
          by: Type.String({ description: 'what makes the images: interpolate, attack, uniform' }),
          of: Type.Optional(Type.String({ description: 'the data set that they are made of' })),
          like: Type.Optional(Type.String({ description: 'the data set whose shape they have' })),
          options: Type.Record(Type.String(), Type.Unknown()),
        },
        { additionalProperties: false, description: 'of data sets that are made and not read from files' },
      ),
    ),
  },
  closed,
);

export const Environment = Type.Object(
  {
    assay: Type.String(),
    node: Type.String(),
    platform: Type.String(),
    cpu: Type.String(),
    engine: Type.String(),
    git: Type.Optional(
      Type.String({ description: 'commit of the working folder, with `+changes` when dirty' }),
    ),
  },
  closed,
);

/** A column of the headline table, with what the data say of every two systems. */
export const ColumnComparison = Type.Object(
  {
    suite: Type.String(),
    measure: Type.String(),
    title: Type.String(),
    dataset: Type.String(),
    params: Type.Record(Type.String(), Scalar),
    better: Better,
    format: Measure.properties.format,
    test: nullable(
      Type.Union([Type.Literal('mcnemar'), Type.Literal('delong'), Type.Literal('paired-bootstrap')], {
        description: 'null: nothing was tested; `note` says why',
      }),
    ),
    note: Type.Optional(Type.String()),
    pairs: Type.Array(
      Type.Object(
        {
          a: Type.String({ description: 'system' }),
          b: Type.String(),
          n: Type.Integer({ minimum: 0, description: 'examples that both have' }),
          difference: nullable(Type.Number({ description: 'a - b on these examples' })),
          interval: nullable(Type.Tuple([Type.Number(), Type.Number()])),
          p: nullable(Type.Number({ description: 'two-sided, of no difference; of McNemar the mid-p' })),
          corrected: nullable(Type.Number({ description: 'by Holm over all tests of the table' })),
          note: Type.Optional(Type.String()),
        },
        closed,
      ),
    ),
    standings: Type.Array(
      Type.Object(
        {
          model: Type.String(),
          standing: Type.Union(
            [Type.Literal('best'), Type.Literal('indistinguishable'), Type.Literal('other')],
            { description: 'other: worse than the best, or not tested' },
          ),
          second: Type.Boolean({ description: 'the second best value' }),
        },
        closed,
      ),
    ),
    cliques: Type.Array(Type.Array(Type.String()), {
      description: 'largest sets of systems of which no two are told apart',
    }),
  },
  closed,
);

/** What a run left out that stopped when its gates were decided. */
export const Stopped = Type.Object(
  {
    level: Type.Number({ description: 'at which each gate is decided, whenever the run looks: 0.95' }),
    samples: Type.Array(
      Type.Object(
        {
          suite: Type.String(),
          title: Type.String(),
          dataset: Type.String(),
          n: Type.Integer({ description: 'examples measured: the first in a random order' }),
          of: Type.Integer(),
        },
        closed,
      ),
      { description: 'what was measured in part' },
    ),
    omitted: Type.Array(
      Type.Object({ suite: Type.String(), title: Type.String(), dataset: Type.String() }, closed),
      { description: 'what no gate rests on: not measured' },
    ),
    whole: Type.Array(
      Type.Object(
        {
          gate: Type.Integer({ minimum: 0, description: 'which rule in `gates`, from 0' }),
          rule: Type.String({ description: 'in words' }),
          reason: Type.String({ description: 'why it needs all examples' }),
        },
        closed,
      ),
      { description: 'gates that cannot be decided early: all that they rest on was measured' },
    ),
    units: Type.Object({ measured: Type.Integer(), of: Type.Integer() }, closed),
    passes: Type.Object(
      {
        measured: Type.Number(),
        saved: Type.Number({
          description:
            'estimate: examples that were not measured, at what measured ones cost, or at most can where there are none',
        }),
      },
      closed,
    ),
  },
  closed,
);

/** The headline table, tested. */
export const Comparisons = Type.Object(
  {
    version: Type.Literal(1),
    level: Type.Number({ description: 'of the whole table: 0.05' }),
    correction: Type.Literal('holm'),
    tests: Type.Integer({ minimum: 0, description: 'that were corrected for: all pairs of all columns' }),
    columns: Type.Array(ColumnComparison),
  },
  closed,
);

export const Results = Type.Object(
  {
    $schema: Type.Optional(Type.String()),
    version: Type.Literal(1),
    title: Type.String(),
    key: Type.Optional(
      Type.String({
        description: 'the run: hash of the run file as resolved, weights, data, seed and engine',
      }),
    ),
    digest: Type.Optional(
      Type.String({
        description: 'sha256 over everything else in here but its times (created, seconds), keys sorted',
      }),
    ),
    status: Type.Union([Type.Literal('complete'), Type.Literal('partial'), Type.Literal('stopped')], {
      description:
        'partial: something could not be measured; stopped: what the gates did not need was left out',
    }),
    stopped: Type.Optional(Stopped),
    created: Type.String({ description: 'ISO 8601 time of this summary' }),
    seconds: Type.Number({ description: 'wall clock of the run that made this summary' }),
    seed: Type.Integer(),
    config: Type.Unknown({ description: 'the run file as resolved, defaults filled in' }),
    environment: Environment,
    systems: Type.Array(SystemSummary),
    datasets: Type.Array(DatasetSummary),
    measures: Type.Array(Measure),
    comparisons: Type.Optional(Comparisons),
    suites: Type.Array(SuiteResult),
    warnings: Type.Array(Warning),
    notApplicable: Type.Array(NotApplicable),
    gates: Type.Array(GateResult),
    costs: Type.Array(Cost),
    errors: Type.Array(Type.String({ description: 'why the run is partial' })),
  },
  { $id: 'https://assay.invalid/results.schema.json', title: 'Assay results, version 1', ...closed },
);

export type Measure = Static<typeof Measure>;
export type MeasureRows = Static<typeof MeasureRows>;
export type Table = Static<typeof Table>;
export type TableEstimate = Static<typeof TableEstimate>;
export type LineFigure = Static<typeof LineFigure>;
export type HistogramFigure = Static<typeof HistogramFigure>;
export type ReliabilityFigure = Static<typeof ReliabilityFigure>;
export type BarFigure = Static<typeof BarFigure>;
export type HeatmapFigure = Static<typeof HeatmapFigure>;
export type ImageFigure = Static<typeof ImageFigure>;
export type VegaLiteFigure = Static<typeof VegaLiteFigure>;
export type Figure = Static<typeof Figure>;
export type Picture = Static<typeof Picture>;
export type Warning = Static<typeof Warning>;
export type NotApplicable = Static<typeof NotApplicable>;
export type SuiteResult = Static<typeof SuiteResult>;
export type GateResult = Static<typeof GateResult>;
export type Cost = Static<typeof Cost>;
export type Stopped = Static<typeof Stopped>;
export type ColumnComparison = Static<typeof ColumnComparison>;
export type Comparisons = Static<typeof Comparisons>;
export type DatasetSummary = Static<typeof DatasetSummary>;
export type Results = Static<typeof Results>;
export type Better = Static<typeof Better>;
