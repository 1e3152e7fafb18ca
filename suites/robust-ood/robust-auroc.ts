import { parseEpsilon } from '../../src/attack.js';
import { logitsOf, type OutputRows } from '../../src/measurements.js';
import { bootstrapRankings, type RankingReplicates, rankScores } from '../../src/metrics.js';
import { type Score, settledScore } from '../../src/score.js';
import type { Collected, CollectedRows, SuiteContext } from '../../src/suite.js';
import type { RaiseRequests } from './requests.js';

/** One detector on one OOD set, clean and attacked. */
export interface Raised extends Pick<RaiseRequests, 'system' | 'planned' | 'id' | 'ood'> {
  score: Score;
  /** (n): source indices of the OOD images that were attacked. */
  indices: Int32Array;
  idIndices: Int32Array;
  idScores: Float64Array;
  cleanScores: Float64Array;
  /** (n) by radius: the best the attacker has, which is never less than at a smaller radius or of the clean image. */
  attackedScores: Float64Array[];
  clean: RankingReplicates;
  robust: RankingReplicates[];
  /** Images that the attack at the largest radius left with a lower score than it found them with. */
  lowered: number;
  /** Stored images outside their ball or box, at any radius; they do not count. */
  outside: number;
}

/** Scores of all rows, as the ood suite has them, with published options: attackers follow no others. */
function scoresOf(score: Score, collected: Collected<OutputRows>): Float64Array {
  const { logPx } = collected.rows;
  const logits = logitsOf(collected);
  return score.compute({ n: logits.n, logits, ...(logPx && { logPx: logPx.data }) }, settledScore(score));
}

type Scores = Omit<Raised, 'clean' | 'robust'>;

function scoresUnderAttack(asked: RaiseRequests, collected: CollectedRows): Scores | undefined {
  const { system, planned, id, ood, score } = asked;
  const [inside, outside] = [collected.get(asked.cleanId), collected.get(asked.cleanOod)];
  const shown = asked.raised.map((one) => collected.get(one.shown));
  if (!inside || !outside || !shown.every((one) => one !== undefined)) return undefined;
  const cleanScores = scoresOf(score, outside);
  let best = cleanScores;
  let strays = 0;
  const attackedScores = shown.map((seen, k) => {
    const { value: radius } = parseEpsilon(planned.params.epsilons[k]!);
    const distance = seen.rows.distance.data;
    strays += Array.from(distance).filter((d) => d > radius).length;
    best = scoresOf(score, seen).map((value, i) =>
      distance[i]! > radius ? best[i]! : Math.max(best[i]!, value),
    );
    return best;
  });
  const last = scoresOf(score, shown[shown.length - 1]!);
  return {
    system,
    planned,
    score,
    id,
    ood,
    indices: outside.indices,
    idIndices: inside.indices,
    idScores: scoresOf(score, inside),
    cleanScores,
    attackedScores,
    lowered: last.filter((value, i) => value < cleanScores[i]!).length,
    outside: strays,
  };
}

/** All detectors, resampled together: clean and attacked, by all systems and scores, are paired. */
export function raisedResults(
  asked: readonly RaiseRequests[],
  collected: CollectedRows,
  { resamples, seed, steps }: { resamples: number } & Pick<SuiteContext, 'seed' | 'steps'>,
): Raised[] {
  const scores = asked.flatMap((one) => scoresUnderAttack(one, collected) ?? []);
  const pairs = [...new Set(scores.map(({ id, ood }) => `${id.name}\n${ood.name}`))];
  return pairs.flatMap((pair) => {
    const own = scores.filter(({ id, ood }) => `${id.name}\n${ood.name}` === pair);
    const { id, ood } = own[0]!;
    const rankings = own.flatMap(({ idScores, cleanScores, attackedScores }) =>
      [cleanScores, ...attackedScores].map((scores) => rankScores(idScores, scores)),
    );
    const replicates = bootstrapRankings(rankings, {
      resamples,
      seed,
      id: id.name,
      ood: ood.name,
      step: steps?.(`resamples of ${ood.name} against ${id.name}`),
    });
    let at = 0;
    return own.map((scores): Raised => {
      const [clean, ...robust] = replicates.slice(at, (at += 1 + scores.attackedScores.length));
      return { ...scores, clean: clean!, robust };
    });
  });
}
