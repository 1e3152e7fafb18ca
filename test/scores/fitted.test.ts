import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareScores } from '../../src/metrics/ranking.js';
import { scores } from '../../src/scores/registry.js';
import type { Features, FitPart, Statistics } from '../../src/scores/score.js';
import { readReference } from '../models/npz.js';

const T1 = { temperature: 1 };
const fittedScores = [...scores].filter(({ fit, probe }) => fit && !probe);

interface Labelled {
  features: Features & { data: Float64Array };
  labels: Int32Array;
}

async function* inParts({ features, labels }: Labelled, size: number): AsyncGenerator<FitPart> {
  const { n, width, data } = features;
  for (let start = 0; start < n; start += size) {
    const end = Math.min(n, start + size);
    yield {
      features: { n: end - start, width, data: data.slice(start * width, end * width) },
      labels: labels.slice(start, end),
    };
  }
}

function fitted(id: string, train: Labelled, classes: number, part = 17): Promise<Statistics> {
  const { fit } = scores.named(id);
  if (!fit) throw new Error(`${id} is not fitted`);
  return fit.statistics(
    inParts(train, part),
    { width: train.features.width, classes, images: train.features.n, seed: 0 },
    {},
  );
}

/** Solves A x = b, by elimination with pivoting. */
function solve(a: readonly (readonly number[])[], b: readonly number[]): number[] {
  const rows = a.map((row, i) => [...row, b[i]]);
  const n = b.length;
  for (let k = 0; k < n; k++) {
    const pivot = rows
      .map((row, i) => (i < k ? 0 : Math.abs(row[k])))
      .reduce((m, v, i, all) => (v > all[m] ? i : m), k);
    [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
    for (let i = 0; i < n; i++) {
      if (i === k) continue;
      const by = rows[i][k] / rows[k][k];
      rows[i] = rows[i].map((v, j) => v - by * rows[k][j]);
    }
  }
  return rows.map((row, k) => row[n] / row[k]);
}

type Definition = (
  h: readonly number[],
  train: readonly { h: number[]; y: number }[],
  classes: number,
) => number;

/** Every fitted score as its paper writes it, of the features h of one image. */
const definitions: Record<string, undefined | Definition> = {
  mahalanobis: (h, train, classes) => {
    const of = (c: number) => train.filter(({ y }) => y === c);
    const means = Array.from({ length: classes }, (_, c) =>
      h.map((_, j) => of(c).reduce((sum, one) => sum + one.h[j], 0) / of(c).length),
    );
    const covariance = h.map((_, j) =>
      h.map(
        (_, k) =>
          train.reduce((sum, { h: x, y }) => sum + (x[j] - means[y][j]) * (x[k] - means[y][k]), 0) /
          train.length,
      ),
    );
    return -Math.min(
      ...means.map((mean) => {
        const d = h.map((v, j) => v - mean[j]);
        return solve(covariance, d).reduce((sum, v, j) => sum + v * d[j], 0);
      }),
    );
  },
};

describe('every fitted score', () => {
  it('has one definition in the table, and no definition is of nothing', () => {
    expect(Object.keys(definitions).sort()).toEqual(fittedScores.map(({ id }) => id).sort());
  });

  const [width, classes] = [3, 2];
  const number = fc.double({ min: -5, max: 5, noNaN: true });
  const image = fc.array(number, { minLength: width, maxLength: width });
  const cases = fc.tuple(
    image,
    fc.array(image, { minLength: 12, maxLength: 20 }),
    fc.integer({ min: 1, max: 25 }),
  );

  it.each(fittedScores.map(({ id }) => id))(
    '%s: the numbers are those of its definition, in parts of any size',
    async (id) => {
      await fc.assert(
        fc.asyncProperty(cases, async ([h, drawn, part]) => {
          // Spread over all directions, so that the covariance is far from singular.
          const train = drawn.map((x, i) => ({
            h: x.map((v, j) => v + 4 * Math.sin(5 * i + 2 * j * (i + 1))),
            y: i % classes,
          }));
          const given = {
            features: { n: train.length, width, data: Float64Array.from(train.flatMap((one) => one.h)) },
            labels: Int32Array.from(train, ({ y }) => y),
          };
          const statistics = await fitted(id, given, classes, part);
          const [found] = scores
            .named(id)
            .compute({ n: 1, features: { n: 1, width, data: h }, statistics }, T1);
          const wanted = definitions[id]?.(h, train, classes) ?? Number.NaN;
          expect(Math.abs(found - wanted)).toBeLessThanOrEqual(1e-8 * Math.max(1, Math.abs(wanted)));
        }),
      );
    },
  );

  it.each(fittedScores.map(({ id }) => id))('%s: statistics have the shapes that it declares', async (id) => {
    const given = {
      features: { n: 8, width, data: Float64Array.from({ length: 8 * width }, (_, i) => Math.sin(i * i)) },
      labels: Int32Array.from([0, 1, 0, 1, 0, 1, 0, 1]),
    };
    const statistics = await fitted(id, given, classes);
    const shapes = scores.named(id).fit?.shapes({ width, classes, images: 8 }, {}) ?? {};
    expect(Object.keys(statistics).sort()).toEqual(Object.keys(shapes).sort());
    for (const [name, shape] of Object.entries(shapes))
      expect(statistics[name]).toHaveLength(
        ('float32' in shape ? shape.float32 : shape).reduce((a, b) => a * b, 1),
      );
  });

  it('a class without images is refused', async () => {
    const given = {
      features: { n: 2, width, data: Float64Array.of(1, 2, 3, 4, 5, 6) },
      labels: Int32Array.of(0, 0),
    };
    await expect(fitted('mahalanobis', given, classes)).rejects.toMatchObject({
      code: 'data-invalid',
      details: { path: 'class 1' },
    });
  });

  it('images that are all alike are refused', async () => {
    const given = {
      features: { n: 2, width, data: Float64Array.of(1, 2, 3, 1, 2, 3) },
      labels: Int32Array.of(0, 1),
    };
    await expect(fitted('mahalanobis', given, classes)).rejects.toMatchObject({ code: 'data-invalid' });
  });
});

const folder = resolve('../shared/reference');
const present = existsSync(resolve(folder, 'ood/features.npz'));
if (!present)
  console.warn(`\n!!! ${folder} is absent: fitted scores are NOT compared with public code !!!\n`);

describe.skipIf(!present)('beside public code', () => {
  const arrays = present ? readReference(resolve(folder, 'ood/features.npz')) : {};
  const known = present ? readReference(resolve(folder, 'ood/scores.npz')) : {};
  const set = (name: string): Labelled['features'] => {
    const { shape, data } = arrays[`features_${name}`];
    return { n: shape[0], width: shape[1], data };
  };
  const labels = () => Int32Array.from(arrays.labels_train.data);
  const normalised = ({ n, width, data }: Labelled['features']): Labelled['features'] => {
    const lengths = Array.from({ length: n }, (_, i) =>
      Math.hypot(...data.subarray(i * width, (i + 1) * width)),
    );
    return { n, width, data: data.map((v, at) => v / lengths[Math.floor(at / width)]) };
  };

  it('mahalanobis of normalised features is MDS++ of OpenOOD, image by image', async () => {
    const statistics = await fitted(
      'mahalanobis',
      { features: normalised(set('train')), labels: labels() },
      10,
    );
    for (const name of ['test', 'digits']) {
      const features = normalised(set(name));
      const values = scores.named('mahalanobis').compute({ n: features.n, features, statistics }, T1);
      const wanted = known[`mds++/${name}`].data;
      expect(Math.max(...values.map((v, i) => Math.abs(v / wanted[i] - 1)))).toBeLessThan(1e-9);
    }
  });

  it('mahalanobis has the AUROC, AUPR and FPR95 that are known', async () => {
    const { ood } = JSON.parse(readFileSync(resolve(folder, 'trained/cifar-baseline.json'), 'utf8'));
    const statistics = await fitted('mahalanobis', { features: set('train'), labels: labels() }, 10);
    const of = (name: string) => {
      const features = set(name);
      return scores.named('mahalanobis').compute({ n: features.n, features, statistics }, T1);
    };
    const id = of('test');
    for (const name of ['interpolated', 'digits', 'noise']) {
      const wanted = ood[name].mahalanobis;
      const metrics = compareScores(id, of(name));
      expect(metrics.auroc).toBeCloseTo(wanted.auroc, 6);
      expect(metrics.auprIn).toBeCloseTo(wanted.aupr_in, 6);
      expect(metrics.auprOut).toBeCloseTo(wanted.aupr_out, 6);
      expect(metrics.fpr95IdPositive).toBeCloseTo(wanted.fpr95_id_positive, 6);
      expect(metrics.fpr95OodPositive).toBeCloseTo(wanted.fpr95_ood_positive, 6);
    }
  });
});
