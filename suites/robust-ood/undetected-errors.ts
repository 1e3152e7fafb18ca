import { parseEpsilon } from '../../src/attack.js';
import {
  type AttackRows,
  acceptanceThreshold,
  attackedScore,
  BATCH_ROUNDING,
  brokenAtRadius,
  isMistake,
  logitsOf,
  type OutputRows,
  type PerturbedRows,
} from '../../src/measurements.js';
import { argmax, type Estimate, wilson } from '../../src/metrics.js';
import type { Catalogue, Collected, CollectedRows } from '../../src/suite.js';
import type { EvadeRequests } from './requests.js';

/** What is known of images of one kind, a row per example. */
interface Seen {
  predictions: Int32Array;
  /** As attacks see it: max-softmax as its logarithm. */
  scores: Float64Array;
}

/** An attack's images, and where it found them. */
interface SeenAttacked extends Seen {
  /** Position of the radius that broke the example; -1 for none. */
  brokenAt: ArrayLike<number>;
  /** 1 where the goal was not reached by the clean image. */
  attacked: ArrayLike<number>;
}

/** One detector against images that are to pass it and to be misclassified. */
export interface Evaded extends Pick<EvadeRequests, 'system' | 'planned' | 'score' | 'id' | 'reference'> {
  n: number;
  indices: Int32Array;
  labels: Int32Array;
  /** In the units of `Seen.scores`. */
  threshold: number;
  /** Of all clean images of the test set, and of those that the threshold is taken from: accepted. */
  accepted: Estimate;
  acceptedReference: Estimate;
  clean: Seen;
  plain: SeenAttacked;
  aware: SeenAttacked;
  /** By radius, the clean images first. Over all examples: a misclassified and accepted image was found. */
  undetected: Estimate[];
  /** By radius, the clean images first. Over all examples: misclassified, whatever the detector says. */
  mistaken: Estimate[];
  /** By radius, the clean images first. Of the mistaken by the plain attack: refused. */
  refused: Estimate[];
  /** At the largest radius: found by the plain attack, but not by the one that knows of the detector. */
  plainOnly: number;
  /** Found by the aware attack; of these not misclassified, not accepted or not inside, in a fresh pass. */
  found: number;
  unconfirmed: number;
  outside: number;
}

const seenIn = (
  collected: Collected<OutputRows>,
  { id }: EvadeRequests['score'],
  catalogue: Catalogue,
): Seen => ({
  predictions: argmax(logitsOf(collected)),
  scores: attackedScore(collected.rows, id, catalogue),
});

/** Undefined where rows are missing. */
export function evadedResult(
  asked: EvadeRequests,
  collected: CollectedRows,
  catalogue: Catalogue,
): Evaded | undefined {
  const { score } = asked;
  const rows = {
    accepted: collected.get(asked.accepted),
    all: collected.get(asked.cleanId),
    clean: collected.get(asked.clean),
    plain: collected.get(asked.plain),
    plainShown: collected.get(asked.plainShown),
    evaded: collected.get(asked.evaded),
    evadedShown: collected.get(asked.evadedShown),
  };
  const { accepted, all, clean, plain, plainShown, evaded, evadedShown } = rows;
  if (!accepted || !all || !clean?.labels || !plain || !plainShown || !evaded || !evadedShown)
    return undefined;
  const threshold = acceptanceThreshold(accepted.rows, score.id, catalogue);
  const acceptance = ({ rows }: Collected<OutputRows>) => {
    const values = attackedScore(rows, score.id, catalogue);
    return wilson(values.filter((value) => value >= threshold).length, values.length);
  };
  const outcome = (attack: Collected<AttackRows>, shown: Collected<PerturbedRows>): SeenAttacked => ({
    ...seenIn(shown, score, catalogue),
    brokenAt: attack.rows.brokenAt.data,
    attacked: attack.rows.correct.data,
  });
  const { system, planned, id, reference } = asked;
  const result = {
    system,
    planned,
    score,
    id,
    reference,
    n: clean.indices.length,
    indices: clean.indices,
    labels: clean.labels,
    threshold,
    accepted: acceptance(all),
    acceptedReference: acceptance(accepted),
    clean: seenIn(clean, score, catalogue),
    plain: outcome(plain, plainShown),
    aware: outcome(evaded, evadedShown),
  };
  return { ...result, ...shares(result), ...verified(result, evadedShown) };
}

type Rows = Pick<Evaded, 'n' | 'labels' | 'threshold' | 'plain' | 'aware' | 'planned'>;

export const isMistaken = ({ plain }: Pick<Rows, 'plain'>, i: number, radius: number): boolean =>
  plain.attacked[i] !== 1 || brokenAtRadius(plain.brokenAt[i]!, radius);

/** A mistake of the plain attack that the detector lets pass in a fresh pass. */
export function passesPlain(
  rows: Pick<Rows, 'plain' | 'labels' | 'threshold'>,
  i: number,
  radius: number,
): boolean {
  const { plain, labels, threshold } = rows;
  return isMistaken(rows, i, radius) && plain.predictions[i] !== labels[i] && plain.scores[i]! >= threshold;
}

export const passesAware = ({ aware }: Pick<Rows, 'aware'>, i: number, radius: number): boolean =>
  aware.attacked[i] !== 1 || brokenAtRadius(aware.brokenAt[i]!, radius);

/** Any image counts that was found, by whichever attack: the plain one is open to every attacker too. */
function shares(rows: Rows) {
  const { n, planned, plain, threshold } = rows;
  const tally = (test: (i: number) => boolean) => Array.from({ length: n }, (_, i) => i).filter(test).length;
  // Radius -1 is none at all: the clean images.
  const radii = [-1, ...planned.params.epsilons.keys()];
  const largest = radii[radii.length - 1]!;
  return {
    undetected: radii.map((k) =>
      wilson(
        tally((i) => passesAware(rows, i, k) || passesPlain(rows, i, k)),
        n,
      ),
    ),
    mistaken: radii.map((k) =>
      wilson(
        tally((i) => isMistaken(rows, i, k)),
        n,
      ),
    ),
    refused: radii.map((k) =>
      wilson(
        tally((i) => isMistaken(rows, i, k) && plain.scores[i]! < threshold),
        tally((i) => isMistaken(rows, i, k)),
      ),
    ),
    plainOnly: tally((i) => passesPlain(rows, i, largest) && !passesAware(rows, i, largest)),
  };
}

function verified({ n, labels, threshold, aware, planned }: Rows, shown: Collected<PerturbedRows>) {
  const { data, classes } = logitsOf(shown);
  const distance = shown.rows.distance.data;
  const count = { found: 0, unconfirmed: 0, outside: 0 };
  for (let i = 0; i < n; i++) {
    const at = aware.brokenAt[i]!;
    if (at < 0) continue;
    count.found++;
    const logits = Array.from({ length: classes }, (_, k) => data[i * classes + k]!);
    const inside = distance[i]! <= parseEpsilon(planned.params.epsilons[at]!).value;
    const slack = BATCH_ROUNDING * Math.max(1, Math.abs(threshold));
    const passes = isMistake(logits, labels[i]!, BATCH_ROUNDING) && aware.scores[i]! >= threshold - slack;
    if (!inside) count.outside++;
    if (!inside || !passes) count.unconfirmed++;
  }
  return count;
}

/** Whether the verdicts can be trusted: a deterministic system repeats its mistakes. */
export const isReproduced = ({ unconfirmed, outside, system }: Evaded): boolean =>
  unconfirmed === 0 || (system.stochastic && outside === 0);
