import { describe, expect, it } from 'vitest';
import type { System } from '../../../src/models/system.js';
import { builtinCatalogue } from '../../../src/suites/catalogue.js';
import { type ChosenScore, chosenScores, settledScore } from '../../../src/suites/chosen-scores.js';
import { defineSuite, optionsOf } from '../../../src/suites/contract.js';
import { distinctOptions } from '../../../src/suites/distinct-options.js';
import { fittedScoreRequest } from '../../../src/suites/measurements/fitted-score.js';
import { scoreGridRequest } from '../../../src/suites/measurements/score-grid.js';
import { fittedTo } from '../../../src/suites/score-support.js';
import { ood } from '../../../suites/ood/index.js';
import { linearSystem } from '../helpers/linear-system.js';
import { memoryDataset } from '../helpers/memory-dataset.js';
import { runSuite } from '../helpers/run-suite.js';

const width = 8;
const weights = [0, 1, 2].map((c) => Array.from({ length: width }, (_, j) => Math.sin(3 * c + 2 * j)));
const linear = linearSystem({
  weights,
  offers: ['logits', 'logPx', 'inputGradient', 'features', 'lastLayer'],
});
const system: System = {
  ...linear,
  lastLayer: { width, weight: Float32Array.from(weights.flat()), bias: new Float32Array(3) },
};
const images = (n: number, by: number) =>
  Array.from({ length: n }, (_, i) =>
    Array.from({ length: width }, (_, j) => 0.5 + 0.5 * Math.cos(by * i + (j + 1) * (i + 2))),
  );
const datasets = [
  memoryDataset({ images: images(9, 1) }),
  memoryDataset({
    name: 'train',
    role: 'train',
    images: images(120, 5),
    labels: images(120, 5).map((_, i) => i % 3),
  }),
];
const infos = datasets.map(({ info }) => info);
const tried = chosenScores(['all'], builtinCatalogue).filter(({ grid }) => grid);
const gridOf = (score: ChosenScore) =>
  distinctOptions([score.settings, ...(score.grid ?? []).map((one) => settledScore(score, one))]);

describe('a score with every setting of its grid', () => {
  it.each(tried.map((score) => [score.id, score] as const))(
    '%s is that of each setting',
    async (_, score) => {
      const grid = gridOf(score);
      expect(grid.length).toBeGreaterThan(1);
      const to = score.fit && fittedTo(score.fit, infos);
      const together = scoreGridRequest('linear', 'test', score, grid, to);
      const alone = grid.map((options) => fittedScoreRequest(system.info, infos[0]!, score, options, to));
      const found: ArrayLike<number>[] = [];
      const suite = defineSuite({
        ...ood,
        options: optionsOf(ood, builtinCatalogue),
        plan: () => [together, ...alone],
        summarise(collected) {
          for (const one of [together, ...alone]) found.push(collected.get(one)?.rows.score.data ?? []);
          return { measures: [] };
        },
      });
      await runSuite(suite, { systems: [system], datasets });
      const [all, ...each] = found.map((values) => [...Array.from(values)]);
      expect(all).toHaveLength(9 * grid.length);
      expect(all).toEqual(
        Array.from({ length: all!.length }, (_, at) => each[at % grid.length]![Math.floor(at / grid.length)]),
      );
    },
  );

  it('asks for what it reads once, for all settings that read the same', () => {
    const asked = (id: string) => {
      const [score] = tried.filter((one) => one.id === id) as [ChosenScore];
      const to = score.fit && fittedTo(score.fit, infos);
      return scoreGridRequest('linear', 'test', score, gridOf(score), to);
    };
    const names = (id: string) => {
      const { inputs = [], reference = [] } = asked(id);
      return [inputs, reference].map((read) => read.map(({ measurement }) => measurement.name));
    };
    expect(names('adascale-a')).toEqual([['features', 'probe'], ['fit']]);
    expect(names('odin')).toEqual([Array(8).fill('probe'), []]);
    expect(names('knn')).toEqual([['features'], ['fit', 'features']]);
  });
});
