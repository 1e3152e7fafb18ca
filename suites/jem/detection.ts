import {
  bootstrapRankings,
  type RankingReplicates,
  rankingEstimate,
  rankScores,
  twoSidedEstimate,
} from '../../src/metrics.js';
import { scoresNamed } from '../../src/score.js';
import type { DatasetInfo, MeasureRows, SuiteContext } from '../../src/suite.js';
import { conventionsOf, type OnTest } from './classification.js';
import type { Compared, Deviation } from './deviation.js';
import type { Scored } from './scored.js';

/** One OOD set, as the systems see it. */
export interface OnOod extends OnTest {
  /** What the public code shows in place of these images, by the published system (in train mode where there is one). */
  instead?: { name: 'double-noise' | 'image-size'; other: Scored };
}

/** AUROCs of one OOD set by every score; all rankings share their resamples, so that differences are paired. */
export function detection(
  test: OnTest,
  ood: OnOod,
  scores: readonly string[],
  { resamples, seed, catalogue, sheet }: { resamples: number; sheet: string } & SuiteContext,
): Compared[] {
  const rankings = scoresNamed(scores, catalogue).map((score) => {
    const pairs = pairsOf(test, ood);
    return { score, pairs, ranks: pairs.map(({ id, other }) => rankScores(of(id), of(other))) };
    function of({ scores: values }: Scored): Float64Array {
      return values.get(score.id) ?? new Float64Array(0);
    }
  });
  const replicates = bootstrapRankings(
    rankings.flatMap(({ ranks }) => ranks),
    { resamples, seed, id: test.model.dataset.name, ood: ood.model.dataset.name },
  );
  let at = 0;
  return rankings.map(({ score, pairs }): Compared => {
    const own = pairs.map((pair) => ({ ...pair, replicates: replicates[at++]! }));
    const auroc = ({ id, other, replicates: ranking }: (typeof own)[number]) => ({
      estimate: rankingEstimate([ranking], 'auroc'),
      rows: rowsOf(id, other, score.id, sheet),
    });
    const [first, last] = [own[0]!, own[own.length - 1]!];
    return {
      title: `AUROC of ${ood.model.dataset.name} by ${score.title}`,
      params: { quantity: 'auroc', score: score.id, against: ood.model.dataset.name },
      format: 'number',
      better: 'higher',
      system: test.model.system.name,
      published: auroc(first),
      corrected: auroc(last),
      shown: true,
      deviations: own
        .slice(1)
        .map((pair, i) => difference(own[i]!.name, own[i]!.replicates, pair.replicates)),
    };
  });
}

type Name = Deviation['name'];

/** From what was published to what should be; each has one difference less than the one before, which is its name. */
function pairsOf(test: OnTest, ood: OnOod): { name: Name; id: Scored; other: Scored }[] {
  const plain = conventionsOf(test).map(({ name, with: id }, i) => ({
    name,
    id,
    other: conventionsOf(ood)[i]!.with,
  }));
  const instead = ood.instead && { ...ood.instead, id: plain[0]!.id };
  return [
    ...(instead ? [instead] : []),
    ...plain,
    { name: 'noise-on-input', id: test.model, other: ood.model },
  ];
}

function rowsOf(id: Scored, other: Scored, score: string, sheet: string): MeasureRows {
  const where = (one: Scored, { name }: DatasetInfo) => ({ model: one.system.name, dataset: name });
  const columns = { score };
  return {
    sheet,
    where: where(id, id.dataset),
    statistic: 'auroc',
    columns,
    against: [{ where: where(other, other.dataset), columns }],
  };
}

function difference(name: Name, a: RankingReplicates, b: RankingReplicates): Deviation {
  const value = a.values.auroc - b.values.auroc;
  const drawn = a.replicates.auroc.map((v, i) => v - b.replicates.auroc[i]!);
  const paired = { nId: a.nId, nOod: a.nOod, values: { value }, replicates: { value: drawn } };
  return {
    name,
    with: a.values.auroc,
    without: b.values.auroc,
    difference: twoSidedEstimate([paired], 'value'),
  };
}
