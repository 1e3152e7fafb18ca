import { parseEpsilon, type ResolvedAttack } from '../../src/attack.js';
import {
  type AttackRows,
  BATCH_ROUNDING,
  isMistake,
  logitsOf,
  type PerturbedRows,
} from '../../src/measurements.js';
import { argmax, type Estimate, wilson } from '../../src/metrics.js';
import {
  type Collected,
  type CollectedRows,
  type DatasetInfo,
  onceFor,
  type SystemInfo,
} from '../../src/suite.js';
import type { SourceRequests, TargetRequests, TransferRequests } from './requests.js';

/** A system's adversarial images. */
export interface Source {
  system: SystemInfo;
  planned: ResolvedAttack;
  /** (n, C, H, W) and what the attack says of them. */
  attacked: Collected<AttackRows>;
  /** (n): classified correctly when clean, and broken within the radius. */
  correct: boolean[];
  broken: boolean[];
}

export interface Target {
  system: SystemInfo;
  /** (n): the class of the clean image. */
  predictions: Int32Array;
  clean: Estimate;
}

/** One system's images, shown to one system. */
export interface Pair {
  source: Source;
  target: Target;
  /** The images were made for the target itself. */
  whiteBox: boolean;
  /** (n): the class of the image. */
  predictions: Int32Array;
  /** (n): from the clean image. */
  distance: ArrayLike<number>;
  /** (n): misclassified; for the source itself as the attack judged. */
  lost: boolean[];
  /** (n): both classify it correctly when clean, and the source lost it. */
  atStake: boolean[];
  /** Over all examples: not lost. */
  accuracy: Estimate;
  /** Lost, among the examples at stake. */
  rate: Estimate;
  /** Of its own images only: broken ones that are not misclassified, or not within the radius, in a fresh pass. */
  unconfirmed: number;
  outside: number;
}

export interface TransferResult {
  dataset: DatasetInfo;
  n: number;
  indices: Int32Array;
  labels: Int32Array;
  sources: Source[];
  targets: Target[];
  pairs: Pair[];
}

/** Undefined where nothing could be attacked. */
export function transferResult(
  dataset: DatasetInfo,
  requests: TransferRequests,
  collected: CollectedRows,
): TransferResult | undefined {
  const sources = requests.sources.flatMap((one) => sourceOf(one, collected) ?? []);
  const labels = sources[0]?.attacked.labels;
  if (!labels) return undefined;
  const { indices } = sources[0]!.attacked;
  const targets = requests.targets.flatMap((one) => targetOf(one, labels, collected) ?? []);
  const pairs = requests.pairs.flatMap(({ source, target, shown }) => {
    const [from, to] = [sources.find(same(source)), targets.find(same(target))];
    const rows = collected.get(shown);
    return from && to && rows ? [pairOf(from, to, rows, labels)] : [];
  });
  return { dataset, n: labels.length, indices, labels, sources, targets, pairs };
}

const same =
  ({ system: { name } }: { system: SystemInfo }) =>
  ({ system }: { system: SystemInfo }) =>
    system.name === name;

const tally = (n: number, test: (i: number) => boolean) =>
  Array.from({ length: n }, (_, i) => i).filter(test).length;

/**
 * Accuracy under the worst image per example, of those made for other systems, or of its own too. Undefined where
 * there are none, and where its own cannot be trusted.
 */
export const worstOf = (result: TransferResult, target: Target, own: boolean): Estimate | undefined =>
  worst(result).get(target)?.[own ? 'all' : 'others'];

const worst = onceFor(
  (result: TransferResult) =>
    new Map(
      result.targets.map((target) => [
        target,
        { all: worstAmong(result, target, true), others: worstAmong(result, target, false) },
      ]),
    ),
);

function worstAmong({ pairs, n }: TransferResult, target: Target, own: boolean): Estimate | undefined {
  const shown = pairs.filter((pair) => pair.target === target && (own || !pair.whiteBox));
  const spared = tally(n, (i) => shown.every(({ lost }) => !lost[i]));
  return shown.length > 0 && shown.every(isReproduced) ? wilson(spared, n) : undefined;
}

function sourceOf(
  { system, planned, attacked: request }: SourceRequests,
  collected: CollectedRows,
): Source | undefined {
  const attacked = collected.get(request);
  if (!attacked) return undefined;
  const { correct, brokenAt } = attacked.rows;
  return {
    system,
    planned,
    attacked,
    correct: Array.from(correct.data, (c) => c === 1),
    broken: Array.from(brokenAt.data, (at) => at >= 0),
  };
}

function targetOf(
  { system, clean }: TargetRequests,
  labels: Int32Array,
  collected: CollectedRows,
): Target | undefined {
  const rows = collected.get(clean);
  if (!rows) return undefined;
  const predictions = argmax(logitsOf(rows));
  const right = wilson(
    tally(labels.length, (i) => predictions[i] === labels[i]),
    labels.length,
  );
  return { system, predictions, clean: right };
}

/**
 * Attacks that know no radius may store an image beyond it where they find none within: the clean image stands for
 * it, since the attacker has nothing to show.
 */
function pairOf(source: Source, target: Target, shown: Collected<PerturbedRows>, labels: Int32Array): Pair {
  const { correct, broken, planned } = source;
  const n = labels.length;
  const radius = parseEpsilon(planned.params.epsilons[0]!).value;
  const { distance } = shown.rows;
  const beyond = (i: number) => distance.data[i]! > radius && !broken[i];
  const seen = argmax(logitsOf(shown));
  const predictions = seen.map((prediction, i) => (beyond(i) ? target.predictions[i]! : prediction));
  const whiteBox = source.system.name === target.system.name;
  const { data, classes } = logitsOf(shown);
  const logits = (i: number) => Array.from({ length: classes }, (_, k) => data[i * classes + k]!);
  const outside = (i: number) => whiteBox && broken[i]! && distance.data[i]! > radius;
  const again = (i: number) => !outside(i) && isMistake(logits(i), labels[i]!, BATCH_ROUNDING);
  const lost = Array.from(predictions, (prediction, i) =>
    whiteBox ? !correct[i] || broken[i]! : prediction !== labels[i],
  );
  const atStake = correct.map((right, i) => right && broken[i]! && target.predictions[i] === labels[i]);
  return {
    source,
    target,
    whiteBox,
    predictions,
    distance: distance.data,
    lost,
    atStake,
    accuracy: wilson(
      tally(n, (i) => !lost[i]),
      n,
    ),
    rate: wilson(
      tally(n, (i) => atStake[i]! && lost[i]!),
      tally(n, (i) => atStake[i]!),
    ),
    unconfirmed: tally(n, (i) => whiteBox && broken[i]! && !again(i)),
    outside: tally(n, outside),
  };
}

/** Whether verdicts on its own images can be trusted: a deterministic system repeats its mistakes. */
export const isReproduced = ({ unconfirmed, outside, target: { system } }: Pair): boolean =>
  unconfirmed === 0 || (system.stochastic && outside === 0);
