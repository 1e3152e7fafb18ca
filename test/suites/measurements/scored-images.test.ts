import { expect, it } from 'vitest';
import { knn } from '../../../src/scores/knn.js';
import { nnguide } from '../../../src/scores/nnguide.js';
import type { Score, ScoreOptions } from '../../../src/scores/score.js';
import type { Rows } from '../../../src/suites/columns.js';
import { scoredImages } from '../../../src/suites/measurements/scored-images.js';
import { linearSystem } from '../helpers/linear-system.js';

const [N, WIDTH, KEPT] = [100, 4, 60];
const wave = (length: number, step: number) => Float64Array.from({ length }, (_, i) => Math.sin(i * step));
const features = { shape: [N, WIDTH], data: wave(N * WIDTH, 0.7) };
const logits = { shape: [N, 2], data: wave(N * 2, 1.3) };
const statistics = {
  bank: Float32Array.from(wave(KEPT * WIDTH, 1.1)),
  energies: wave(KEPT, 0.3),
  size: Float64Array.of(KEPT),
};
const indices = Int32Array.from({ length: N }, (_, i) => 7 + i);
const system = linearSystem({ weights: [[1], [2]] });
const scored = (row: Score, options: ScoreOptions, rows: readonly Rows[] = [{ features }, { logits }]) =>
  scoredImages({ row, system, indices, rows, statistics }, options);

it.each([
  [knn as Score, { k: 5, images: 0 }],
  [nnguide as Score, { k: 5, images: 0 }],
])(
  'scores of many images are those of all at once, and others are heard in between: %#',
  async (row, options) => {
    let heard = 0;
    let listening = true;
    const listen = () => {
      heard++;
      if (listening) setImmediate(listen);
    };
    setImmediate(listen);
    const found = await scored(row, options);
    listening = false;
    const whole = {
      n: N,
      features: { n: N, width: WIDTH, data: features.data },
      logits: { n: N, classes: 2, data: logits.data },
      statistics,
    };
    const score = row.compute(whole, options);
    expect(found).toEqual({ score, rounding: row.rounding(whole, score, options) });
    expect(heard).toBeGreaterThan(1);
  },
);

it('an image in a later part is named by its source index', async () => {
  const data = features.data.slice();
  const row: Score = {
    ...(knn as Score),
    compute: ({ n }) => new Float64Array(n).fill(n === 4 ? Number.NaN : 0),
  };
  await expect(
    scored(row, { k: 5, images: 0 }, [{ features: { ...features, data } }, { logits }]),
  ).rejects.toThrow(/example 103/);
});
