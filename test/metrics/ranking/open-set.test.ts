import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Estimate } from '../../../src/metrics/estimates/estimate.js';
import { delongMean } from '../../../src/metrics/ranking/delong.js';
import { openSetPlacements, oscr } from '../../../src/metrics/ranking/oscr.js';
import { compareScores, rankScores } from '../../../src/metrics/ranking/ranking.js';
import { drawnScod, scod } from '../../../src/metrics/selective/scod.js';
import { selectiveAreas } from '../../../src/metrics/selective/selective-areas.js';
import { selectiveEstimates } from '../../../src/metrics/selective/selective-estimates.js';

const once = (n: number) => new Uint8Array(n).fill(1);
/** Few values, so that many tie. */
const score = fc.integer({ min: -2, max: 2 });
const example = fc.record({ score, correct: fc.integer({ min: 0, max: 1 }) });
const examples = fc.array(example, { minLength: 1, maxLength: 8 });
const times = (n: number) => fc.array(fc.integer({ min: 0, max: 3 }), { minLength: n, maxLength: n });
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const drawnOf = <T>(list: readonly T[], counts: readonly number[]) =>
  list.flatMap((one, i) => Array.from({ length: counts[i]! }, () => one));

/** All orders of some things. */
function permutations<T>(list: readonly T[]): T[][] {
  if (list.length === 0) return [[]];
  return list.flatMap((one, i) => permutations(list.toSpliced(i, 1)).map((rest) => [one, ...rest]));
}

interface Kept {
  score: number;
  loss: number;
}

/** By their definitions: means over all orders of descending scores, and trapezoids between distinct scores. */
function literal(list: readonly Kept[]) {
  const n = list.length;
  const orders = permutations(list).filter((order) =>
    order.every((one, i) => i === 0 || order[i - 1]!.score >= one.score),
  );
  const over = (divide: (k: number) => number) =>
    mean(
      orders.map((order) =>
        mean(
          order.map((_, i) => order.slice(0, i + 1).reduce((sum, { loss }) => sum + loss, 0) / divide(i + 1)),
        ),
      ),
    );
  const thresholds = [...new Set(list.map((one) => one.score))].sort((a, b) => b - a);
  const points = thresholds.map((t) => {
    const kept = list.filter((one) => one.score >= t);
    const loss = kept.reduce((sum, one) => sum + one.loss, 0);
    return { coverage: kept.length / n, risk: loss / kept.length, generalized: loss / n };
  });
  const area = (key: 'risk' | 'generalized', first: number) =>
    points.reduce((sum, p, i) => {
      const before = points[i - 1] ?? { coverage: 0, [key]: first };
      return sum + ((p.coverage - before.coverage) * ((before[key] as number) + p[key])) / 2;
    }, 0);
  return {
    aurc: over((k) => k),
    augrc: over(() => n),
    aurcFdShifts: area('risk', points[0]!.risk),
    augrcFdShifts: area('generalized', 0),
  };
}

describe('areas under risk', () => {
  const kept = fc.record({ score, loss: fc.constantFrom(0, 1, 0.5, 3) });
  const lists = fc.array(kept, { minLength: 1, maxLength: 5 });

  it('are means over all orders of equal scores, and trapezoids between distinct ones', () => {
    fc.assert(
      fc.property(
        lists.chain((list) => fc.tuple(fc.constant(list), times(list.length))),
        ([list, counts]) => {
          const drawn = drawnOf(list, counts);
          if (drawn.length === 0 || drawn.length > 5) return;
          const found = selectiveAreas(
            list.map((one) => one.score),
            list.map(({ loss }) => loss),
          )(Uint8Array.from(counts));
          for (const [name, value] of Object.entries(literal(drawn)))
            expect(found[name as keyof typeof found], name).toBeCloseTo(value, 12);
        },
      ),
    );
  });

  it('known answers: right before wrong, wrong before right, a score that says nothing', () => {
    expect(selectiveAreas([2, 1], [0, 1])(once(2))).toEqual({
      aurc: 0.25,
      augrc: 0.25,
      aurcFdShifts: 0.125,
      augrcFdShifts: 0.125,
    });
    expect(selectiveAreas([1, 2], [0, 1])(once(2))).toMatchObject({ aurc: 0.75, augrc: 0.5 });
    expect(selectiveAreas([1, 1], [0, 1])(once(2))).toMatchObject({ aurc: 0.5, augrc: 0.375 });
    expect(selectiveAreas([1], [1])(once(1))).toMatchObject({ aurc: 1, augrc: 1 });
    expect(selectiveAreas([], [])(once(0)).aurc).toBeNaN();
    expect(selectiveAreas([1], [1])(new Uint8Array(1)).augrc).toBeNaN();
  });

  it('1,000 confidences whose errors are known', () => {
    const f = Array.from({ length: 1000 }, (_, i) => (i + 0.5) / 1000);
    const wrong = f.map((one, i) => ((((389 * i) % 1000) + 0.5) / 1000 < one * one ? 0 : 1));
    const found = selectiveAreas(f, wrong)(once(1000));
    expect(found.augrc).toBeCloseTo(0.251208, 6);
    expect(found.aurc).toBeCloseTo(0.394899, 6);
  });
});

describe('OSCR', () => {
  it('is the area under correct classification rate against false positive rate', () => {
    fc.assert(
      fc.property(examples, fc.array(score, { minLength: 1, maxLength: 8 }), (id, ood) => {
        const thresholds = [...new Set([...id.map((one) => one.score), ...ood])].sort((a, b) => b - a);
        const points = [
          { x: 0, y: 0 },
          ...thresholds.map((t) => ({
            x: ood.filter((one) => one >= t).length / ood.length,
            y: id.filter((one) => one.correct === 1 && one.score >= t).length / id.length,
          })),
        ];
        const area = points
          .slice(1)
          .reduce((sum, p, i) => sum + ((p.x - points[i]!.x) * (p.y + points[i]!.y)) / 2, 0);
        const [scores, correct] = [id.map((one) => one.score), id.map((one) => one.correct)];
        expect(oscr(scores, correct, ood)).toBeCloseTo(area, 12);
        const all = oscr(
          scores,
          scores.map(() => 1),
          ood,
        );
        expect(all).toBeCloseTo(compareScores(scores, ood).auroc, 12);
        expect(area).toBeLessThanOrEqual(mean(correct) + 1e-12);
        const placed = openSetPlacements(rankScores(scores, ood), correct);
        expect(mean([...placed.ood])).toBeCloseTo(area, 12);
      }),
    );
  });

  it('is not defined without examples of a class', () => {
    expect(oscr([], [], [1])).toBeNaN();
    expect(oscr([1], [1], [])).toBeNaN();
  });
});

describe('SCOD', () => {
  it('is selective classification of a pool in which OOD examples have a cost', () => {
    const cost = fc.constantFrom(0, 0.5, 1, 2);
    fc.assert(
      fc.property(examples, fc.array(score, { minLength: 0, maxLength: 8 }), cost, (id, ood, oodCost) => {
        const pool = [
          ...id.map((one) => ({ score: one.score, loss: 1 - one.correct })),
          ...ood.map((one) => ({ score: one, loss: oodCost })),
        ];
        const ranking = rankScores(
          id.map((one) => one.score),
          ood,
        );
        const correct = id.map((one) => one.correct);
        const found = drawnScod(ranking, correct, oodCost)(once(id.length), once(ood.length));
        expect(scod(ranking, correct, oodCost).areas).toEqual(found);
        const whole = selectiveAreas(
          pool.map((one) => one.score),
          pool.map(({ loss }) => loss),
        )(once(pool.length));
        expect(found).toEqual(whole);
      }),
    );
  });

  it('a known answer: an OOD example between a right and a wrong one', () => {
    // Kept in turn: right, OOD of cost 2, wrong.
    const found = scod(rankScores([3, 1], [2]), [1, 0], 2).areas;
    expect(found.aurc).toBeCloseTo((0 + 2 / 2 + 3 / 3) / 3, 12);
    expect(found.augrc).toBeCloseTo((0 + 2 + 3) / 9, 12);
  });
});

describe('standard errors', () => {
  // A congruential generator: 300 samples of 80 ID and 60 OOD examples, with scores that tie.
  let state = 1;
  const draw = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
  const score = (shift: number) => Math.round(10 * (normal() + shift)) / 10;
  const ofOne = ({ value, interval }: Estimate) => ({
    value,
    error: interval ? (interval[1] - interval[0]) / 2 / 1.959964 : Number.NaN,
  });
  const samples = Array.from({ length: 300 }, () => {
    const id = Array.from({ length: 80 }, () => score(1));
    const correct = id.map((one) => (draw() < 0.5 + 0.15 * one ? 1 : 0));
    const ranking = rankScores(
      id,
      Array.from({ length: 60 }, () => score(0)),
    );
    const areas = selectiveEstimates(id, correct);
    const pool = scod(ranking, correct, 2);
    return {
      oscr: delongMean([openSetPlacements(ranking, correct)]),
      aurc: ofOne(areas.aurc),
      augrc: ofOne(areas.augrc),
      'scod-aurc': { ...delongMean([pool.aurc]), value: pool.areas.aurc },
      'scod-augrc': { ...delongMean([pool.augrc]), value: pool.areas.augrc },
    };
  });
  it.each(Object.keys(samples[0]!) as (keyof (typeof samples)[number])[])(
    'of %s are as large as the spread over samples',
    (name) => {
      const values = samples.map((sample) => sample[name].value);
      const centre = mean(values);
      const spread = Math.sqrt(mean(values.map((value) => (value - centre) ** 2)));
      const told = Math.sqrt(mean(samples.map((sample) => sample[name].error ** 2)));
      expect(told / spread).toBeGreaterThan(0.9);
      expect(told / spread).toBeLessThan(1.1);
    },
  );
});
