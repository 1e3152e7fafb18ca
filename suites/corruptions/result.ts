import { classifiedOf, logitsOf, type OutputRows } from '../../src/measurements.js';
import type { Classified } from '../../src/metrics.js';
import { type ChosenScore, lackOf, type ScoreInputs } from '../../src/score.js';
import type { Collected, CollectedRows, DatasetInfo, SuiteContext, SystemInfo } from '../../src/suite.js';
import type { CorruptionsOptions } from './options.js';
import { paired } from './paired.js';
import { type Group, groupsOf, isCounted, requestsFor, type Setting } from './settings.js';

/** What a system says of images in one form, (n) each. */
export interface Outputs {
  classified: Classified;
  logPx?: Float64Array;
  /** By id of the score. */
  scores: ReadonlyMap<string, Float64Array>;
}

export interface ShiftResult {
  system: SystemInfo;
  dataset: DatasetInfo;
  n: number;
  /** How many were asked for: those that failed in some setting are in none. */
  asked: number;
  /** (n) source indices. */
  indices: Int32Array;
  scores: readonly ChosenScore[];
  clean: Outputs;
  settings: readonly (Outputs & { setting: Setting })[];
  groups: readonly Group[];
  /** Corruptions that means count, in the order of `errors`. */
  counted: readonly string[];
  /** (n) 1 where the clean image is mistaken. */
  cleanError: Float64Array;
  /** (n, counted) For each image, the share of severities at which it is mistaken under a corruption. */
  errors: Float64Array;
}

/** Undefined where nothing was measured. Errors: `data-invalid` as `classifiedOf` and `paired`, and of a score that is NaN. */
export function shiftResult(
  system: SystemInfo,
  dataset: DatasetInfo,
  collected: CollectedRows,
  context: Pick<SuiteContext, 'catalogue' | 'datasets'>,
  options: CorruptionsOptions,
  chosen: readonly ChosenScore[],
): ShiftResult | undefined {
  const asked = requestsFor(system, dataset, context, options);
  const given = collected.get(asked.clean);
  const shifted = asked.corrupted.flatMap(({ setting, request }) => {
    const form = collected.get(request);
    return form ? [{ setting, found: form }] : [];
  });
  if (!given || shifted.length === 0) return undefined;
  const { clean, forms, asked: of } = paired(given, shifted);
  const scores = chosen.filter((score) => !lackOf(system, score, context.datasets));
  const settings = forms.map((form) => ({ setting: form.setting, ...outputsOf(form.found, scores) }));
  const ofClean = outputsOf(clean, scores);
  const n = clean.indices.length;
  const counted = [
    ...new Set(settings.flatMap(({ setting }) => (isCounted(setting) ? [setting.corruption.name] : []))),
  ];
  return {
    ...{ system, dataset, n, asked: of, indices: clean.indices, scores, clean: ofClean, settings, counted },
    groups: groupsOf(settings.map(({ setting }) => setting)),
    cleanError: Float64Array.from(ofClean.classified.correct, (correct) => 1 - correct),
    errors: errorsOf(n, counted, settings),
  };
}

function outputsOf(rows: Collected<OutputRows>, scores: readonly ChosenScore[]): Outputs {
  const inputs: ScoreInputs = {
    n: rows.indices.length,
    logits: logitsOf(rows),
    ...(rows.rows.logPx && { logPx: rows.rows.logPx.data }),
  };
  return {
    classified: classifiedOf(rows),
    ...(rows.rows.logPx && { logPx: Float64Array.from(rows.rows.logPx.data) }),
    scores: new Map(scores.map((score) => [score.id, score.compute(inputs, score.settings)])),
  };
}

function errorsOf(n: number, counted: readonly string[], settings: ShiftResult['settings']): Float64Array {
  const errors = new Float64Array(n * counted.length);
  for (const [c, name] of counted.entries()) {
    const own = settings.filter(({ setting }) => setting.corruption.name === name);
    for (let i = 0; i < n; i++) {
      const mistakes = own.reduce((sum, { classified }) => sum + 1 - classified.correct[i]!, 0);
      errors[i * counted.length + c] = mistakes / own.length;
    }
  }
  return errors;
}

/** The settings of a group with what was found in them. */
export const outputsIn = ({ settings }: ShiftResult, group: Group) =>
  group.settings.map(({ at }) => settings[at]!);
