import {
  drawnBinSums,
  type Estimate,
  ece,
  equalWidth,
  jointBootstrap,
  matchedAurocIn,
  meanEceOfDraws,
  meanOf,
  meanOfDraws,
  meanRatioOfDraws,
  rankScores,
  type Step,
  wilson,
} from '../../src/metrics.js';
import type { Reference } from './reference.js';
import { type Outputs, outputsIn, type ShiftResult } from './result.js';
import type { Group, Setting } from './settings.js';

/** What is reported of a setting or of a mean over some. */
export interface Estimates {
  accuracy: Estimate;
  ece: Estimate;
  nll: Estimate;
  /** Mean log p(x) of the corrupted images less that of the clean ones. */
  shift?: Estimate;
  /** By id of the score. */
  auroc: ReadonlyMap<string, Estimate>;
}

export interface Ratios {
  reference: string;
  mce: Estimate;
  relative: Estimate;
  /** In the order of `counted`. */
  each: readonly Estimate[];
}

export interface ShiftEstimates {
  clean: Pick<Estimates, 'accuracy' | 'ece' | 'nll'>;
  /** In the order of the settings. */
  settings: readonly Estimates[];
  /** In the order of the groups. */
  groups: readonly Estimates[];
  ratios?: Ratios;
}

export interface EstimateOptions {
  bins: number;
  resamples: number;
  seed: number;
  step?: Step;
}

const boundedEce = { within: [0, 1] } as const;

/**
 * Values with intervals over images: all settings have the same images, so that an image is drawn with all its forms.
 */
export function estimatesOf(
  result: ShiftResult,
  reference: Reference | undefined,
  options: EstimateOptions,
): ShiftEstimates {
  const { n, clean, settings, groups, scores } = result;
  const all = [clean, ...settings];
  const eces = all.map(({ classified: { confidence, correct } }) => {
    const sums = drawnBinSums(equalWidth(confidence, options.bins), confidence, correct);
    return (times: Uint8Array) => ece(sums(times));
  });
  const means = groups.map((group) => meansOf(result, group, options.bins));
  const ratios = reference && ratiosOf(result, reference);
  const names = (kind: string, list: readonly unknown[]) => list.map((_, k) => `${kind} ${k}`);
  const errors = [...names('ece', eces), ...names('mean ece', means)];
  const estimates: Record<string, Estimate> = jointBootstrap(
    n,
    [
      {
        of: (times: Uint8Array) =>
          Object.fromEntries([
            ...eces.map((of, k) => [`ece ${k}`, of(times)]),
            ...means.map(({ ece: of }, k) => [`mean ece ${k}`, of(times)]),
          ]) as Record<string, number>,
        centred: errors,
        gaps: Object.fromEntries(errors.map((name) => [name, 1])),
        ...boundedEce,
      },
      {
        of: (times: Uint8Array) =>
          Object.fromEntries([
            ...means.flatMap((mean, k) =>
              Object.entries(mean.others).map(([name, of]) => [`${name} ${k}`, of(times)]),
            ),
            ...(ratios?.map((of, k) => [`ratio ${k}`, of(times)]) ?? []),
          ]) as Record<string, number>,
      },
    ],
    options,
  );
  // Every setting is ranked once, and is in several groups.
  const rankings = settings.map((form) => new Map(scores.map(({ id }) => [id, ranked(clean, form, id)])));
  const auroc = (of: readonly Pick<Setting, 'at'>[]) =>
    new Map(
      scores.map(({ id }) => [id, matchedAurocIn(of.flatMap(({ at }) => rankings[at]!.get(id) ?? []))]),
    );
  return {
    clean: { ...plain(clean), ece: estimates['ece 0']! },
    settings: settings.map((form, k) => ({
      ...plain(form),
      ece: estimates[`ece ${k + 1}`]!,
      ...(form.logPx && clean.logPx && { shift: meanOf(difference(form.logPx, clean.logPx)) }),
      auroc: auroc([form.setting]),
    })),
    groups: groups.map((group, k) => ({
      accuracy: estimates[`accuracy ${k}`]!,
      ece: estimates[`mean ece ${k}`]!,
      nll: estimates[`nll ${k}`]!,
      ...(estimates[`shift ${k}`] && { shift: estimates[`shift ${k}`] }),
      auroc: auroc(group.settings),
    })),
    ...(ratios &&
      reference && {
        ratios: {
          reference: reference.name,
          mce: estimates['ratio 0']!,
          relative: estimates['ratio 1']!,
          each: result.counted.map((_, c) => estimates[`ratio ${c + 2}`]!),
        },
      }),
  };
}

const plain = ({ classified: { correct, nll, n } }: Outputs) => ({
  accuracy: wilson(
    correct.reduce((a, b) => a + b, 0),
    n,
  ),
  nll: meanOf(nll),
});

const ranked = (clean: Outputs, form: Outputs, score: string) =>
  rankScores(clean.scores.get(score) ?? new Float64Array(0), form.scores.get(score) ?? new Float64Array(0));

export const difference = (a: Float64Array, b: Float64Array): Float64Array =>
  a.map((value, i) => value - b[i]!);

/** Means over the settings of a group, as statistics of draws. */
function meansOf(result: ShiftResult, group: Group, bins: number) {
  const forms = outputsIn(result, group);
  const cleanLogPx = result.clean.logPx;
  const shifts = forms.flatMap(({ logPx }) => (logPx && cleanLogPx ? [difference(logPx, cleanLogPx)] : []));
  return {
    ece: meanEceOfDraws(
      forms.map(({ classified }) => classified),
      bins,
    ),
    others: {
      accuracy: meanOfDraws(meanByImage(forms.map(({ classified }) => classified.correct))),
      nll: meanOfDraws(meanByImage(forms.map(({ classified }) => classified.nll))),
      ...(shifts.length > 0 && { shift: meanOfDraws(meanByImage(shifts)) }),
    },
  };
}

/** (n) */
export function meanByImage(settings: readonly ArrayLike<number>[]): Float64Array {
  return Float64Array.from({ length: settings[0]!.length }, (_, i) => {
    let sum = 0;
    for (const values of settings) sum += values[i]!;
    return sum / settings.length;
  });
}

/** mCE, relative mCE, and CE of each corruption. */
function ratiosOf({ n, counted, errors, cleanError }: ShiftResult, reference: Reference) {
  const width = counted.length;
  const column = (values: Float64Array, c: number) =>
    Float64Array.from({ length: n }, (_, i) => values[i * width + c]!);
  return [
    meanRatioOfDraws(errors, reference.errors, width),
    meanRatioOfDraws(
      degradation(errors, cleanError, width),
      degradation(reference.errors, reference.cleanError, width),
      width,
    ),
    ...counted.map((_, c) => meanRatioOfDraws(column(errors, c), column(reference.errors, c), 1)),
  ];
}

/** (n, width) How much more an image is mistaken when corrupted than when it is clean. */
export const degradation = (errors: Float64Array, cleanError: Float64Array, width: number): Float64Array =>
  errors.map((error, at) => error - cleanError[Math.floor(at / width)]!);
