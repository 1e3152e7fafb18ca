import { type ExampleSheet, float32Text, type MeasureRows } from '../../src/suite.js';
import { degradation, difference } from './estimates.js';
import type { Reference } from './reference.js';
import type { ShiftResult } from './result.js';
import { type Group, isCounted, type Setting } from './settings.js';

const NAME = 'corruptions';

export interface SheetPart {
  result: ShiftResult;
  reference?: Reference;
}

type Selection = Pick<MeasureRows, 'where'>;
const on = ({ system, dataset }: ShiftResult): Selection => ({
  where: { model: system.name, dataset: dataset.name },
});

/** A list's numbers of one setting, or of several. */
type Where = Setting | Group;
const at = (of: Where) => ('settings' in of ? of.settings.map((setting) => setting.at) : of.at);

/** The largest probability is the confidence: it is not written twice. */
const columnOf = (score: string) => (score === 'max-softmax' ? 'confidence' : score);

/** The rows of each kind of measure: of one setting, or of the mean over a group. */
export const rowsOf = {
  accuracy: (result: ShiftResult, of: Where): MeasureRows => {
    const correct = { column: 'correct', at: at(of) };
    return 'settings' in of
      ? { sheet: NAME, ...on(result), statistic: 'mean-of-list', columns: { value: correct } }
      : { sheet: NAME, ...on(result), statistic: 'share', columns: { outcome: correct } };
  },
  ece: (result: ShiftResult, of: Where, bins: number): MeasureRows => ({
    ...{ sheet: NAME, ...on(result) },
    columns: { confidence: { column: 'confidence', at: at(of) }, outcome: { column: 'correct', at: at(of) } },
    ...('settings' in of
      ? { statistic: 'mean-ece', options: { bins, settings: of.settings.length } }
      : { statistic: 'ece', options: { bins } }),
  }),
  mean: (column: 'nll' | 'log_px_shift', result: ShiftResult, of: Where): MeasureRows => ({
    ...{ sheet: NAME, ...on(result) },
    statistic: 'settings' in of ? 'mean-of-list' : 'mean',
    columns: { value: { column, at: at(of) } },
  }),
  auroc: (score: string, result: ShiftResult, of: Where): MeasureRows => ({
    ...{ sheet: NAME, ...on(result), statistic: 'auroc-matched' },
    columns: { score: `clean_${columnOf(score)}` },
    against: ('settings' in of ? of.settings : [of]).map((setting) => ({
      ...on(result),
      columns: { score: { column: columnOf(score), at: setting.at } },
    })),
  }),
  ratio: (result: ShiftResult, kind: '' | 'relative_', corruption?: number): MeasureRows => {
    const column = (name: string) =>
      corruption === undefined ? `${kind}${name}` : { column: `${kind}${name}`, at: corruption };
    return {
      ...{ sheet: NAME, ...on(result), statistic: 'mean-ratio' },
      columns: { value: column('error'), reference: column('reference_error') },
      options: { ratios: corruption === undefined ? result.counted.length : 1 },
    };
  },
};

/**
 * A row per image and model. What was found in each setting stands in lists, in the order of the table of settings: a row
 * per setting would be 75 an image.
 */
export function shiftSheet(parts: readonly SheetPart[]): ExampleSheet {
  const ids = [...new Set(parts.flatMap(({ result }) => result.scores.map(({ id }) => id)))];
  return {
    name: NAME,
    columns: [
      ...['model', 'dataset', 'index', 'label', 'clean_correct', ...ids.map((id) => `clean_${columnOf(id)}`)],
      ...['accuracy', 'correct', 'confidence', 'nll', 'log_px_shift', ...listedOf(ids)],
      ...['error', 'reference_error', 'relative_error', 'relative_reference_error'],
    ],
    rows: {
      *[Symbol.iterator]() {
        for (const part of parts) yield* rowsIn(part, ids);
      },
    },
  };
}

/** Scores with a list of their own. */
const listedOf = (ids: readonly string[]) => ids.filter((id) => columnOf(id) === id);

/**
 * How the numbers of a score are written: where all are float32, as log p(x) of a network is, by the nine digits that name one. Their order
 * is all that is made of them.
 */
function textOf(values: readonly (Float64Array | undefined)[]): (value: number) => string | number {
  const isFloat32 = values.every(
    (one) => one?.every((value) => Object.is(Math.fround(value), value)) ?? true,
  );
  return isFloat32 ? (value) => (Number.isFinite(value) ? float32Text(value) : value) : (value) => value;
}

function* rowsIn({ result, reference }: SheetPart, ids: readonly string[]) {
  const { system, dataset, n, indices, clean, settings, counted, errors, cleanError } = result;
  const width = counted.length;
  const { logPx } = clean;
  const counting = settings.filter(({ setting }) => isCounted(setting));
  const lists = [
    settings.map(({ classified }) => classified.correct),
    settings.map(({ classified }) => classified.confidence),
    settings.map(({ classified }) => classified.nll),
    settings.map((form) => (form.logPx && logPx ? difference(form.logPx, logPx) : undefined)),
  ];
  const ofScores = ids.map((id) => {
    const lists = settings.map(({ scores }) => scores.get(id));
    const own = clean.scores.get(id);
    return { id, own, lists, text: textOf([own, ...lists]) };
  });
  const listedScores = ofScores.filter(({ id }) => columnOf(id) === id);
  const byCorruption = [
    errors,
    reference?.errors,
    degradation(errors, cleanError, width),
    reference && degradation(reference.errors, reference.cleanError, width),
  ];
  const listed = (
    values: readonly (ArrayLike<number> | undefined)[],
    i: number,
    text: (value: number) => string | number = Number,
  ) => (values.every((one) => one !== undefined) ? values.map((one) => text(one![i]!)).join(' ') : null);
  const slice = (values: Float64Array | undefined, i: number) =>
    values ? values.subarray(i * width, (i + 1) * width).join(' ') : null;
  for (let i = 0; i < n; i++) {
    yield [
      ...[system.name, dataset.name, indices[i]!, clean.classified.labels[i]!],
      clean.classified.correct[i] === 1,
      ...ofScores.map(({ own, text }) => (own ? text(own[i]!) : null)),
      counting.length > 0
        ? counting.reduce((sum, { classified }) => sum + classified.correct[i]!, 0) / counting.length
        : null,
      ...lists.map((values) => listed(values, i)),
      ...listedScores.map(({ lists, text }) => listed(lists, i, text)),
      ...byCorruption.map((values) => slice(values, i)),
    ];
  }
}
