import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareScores } from '../../src/metrics/ranking/ranking.js';
import { logSumExp } from '../../src/metrics/softmax.js';
import { scores } from '../../src/scores/registry.js';
import { isMeasured } from '../../src/suites/score-support.js';
import { readReference } from '../models/npz.js';
import { type Case, definitions, type Image } from './definitions.js';
import { fitTo, type Seen, scoreOf } from './fit-to.js';

/** Those that are fitted or read off features; the others are in scores.test.ts and probes.test.ts. */
const measured = [...scores].filter((score) => isMeasured(score) && !score.probe);

/** Features and logits as systems give them. */
const seenOf = (images: readonly Omit<Image, 'y'>[], labels?: readonly number[]): Seen => {
  const n = images.length;
  const logits = { n, classes: images[0]!.f.length, data: Float64Array.from(images.flatMap(({ f }) => f)) };
  return {
    features: { n, width: images[0]!.h.length, data: Float64Array.from(images.flatMap(({ h }) => h)) },
    logits,
    logPx: logSumExp(logits),
    ...(labels && { labels: Int32Array.from(labels) }),
  };
};

async function found(id: string, at: Case, part: number): Promise<number> {
  const { options = {} } = definitions[id] ?? {};
  const lastLayer = { weight: at.W.flat(), bias: at.b };
  const train = seenOf(
    at.train,
    at.train.map(({ y }) => y),
  );
  const statistics = await fitTo(id, train, { classes: at.W.length, lastLayer, part }, options);
  return scoreOf(id, { ...seenOf([at]), lastLayer, ...(statistics && { statistics }) }, options)[0]!;
}

describe('every score that is fitted or read off features', () => {
  it('has one definition in the table, and no definition is of nothing', () => {
    expect(Object.keys(definitions).sort()).toEqual(measured.map(({ id }) => id).sort());
  });

  const number = fc.double({ min: -4, max: 4, noNaN: true }).map(Math.fround);
  const cases = fc.tuple(
    fc.array(number, { minLength: 2, maxLength: 2 }),
    fc.array(fc.array(number, { minLength: 2, maxLength: 2 }), { minLength: 12, maxLength: 20 }),
    fc.array(number, { minLength: 9, maxLength: 9 }),
    fc.integer({ min: 1, max: 25 }),
  );

  it.each(measured.map(({ id }) => id))(
    '%s: the numbers are those of its definition, in parts of any size',
    async (id) => {
      await fc.assert(
        fc.asyncProperty(cases, async ([drawn, images, layer, part]) => {
          // Away from zero and spread over all directions, so that nothing is far from singular.
          const h = drawn.map((v) => Math.fround(v + 6));
          const W = [0, 1, 2].map((c) => [0, 1].map((j) => layer[2 * c + j]! / 8 + Math.sin(3 * c + 2 * j)));
          const b = layer.slice(6).map((v) => v / 8);
          const of = (x: readonly number[]) => W.map((w, c) => w[0]! * x[0]! + w[1]! * x[1]! + b[c]!);
          const train = images.map((x, i): Image => {
            const own = x.map((v, j) => Math.fround(v + 5 + 4 * Math.sin(5 * i + 2 * j * (i + 1))));
            const f = of(own);
            // Better than chance, and every class is there.
            return { h: own, f, y: i < 6 ? i % 3 : f.indexOf(Math.max(...f)) };
          });
          const at = { h, f: of(h), train, W, b };
          const wanted = definitions[id]?.of(at) ?? Number.NaN;
          const error = Math.abs((await found(id, at, part)) - wanted);
          expect(error).toBeLessThanOrEqual(1e-7 * Math.max(1, Math.abs(wanted)));
        }),
        { numRuns: 40 },
      );
    },
  );

  const sine = (n: number, width: number) =>
    Float64Array.from({ length: n * width }, (_, i) => Math.fround(Math.sin(i * i)));
  /** Images of a linear network, whatever they are. */
  const some = (n: number, width = 3, classes = 2): Seen => {
    const logits = { n, classes, data: sine(n, classes) };
    const labels = Int32Array.from({ length: n }, (_, i) => i % classes);
    return {
      features: { n, width, data: sine(n, width) },
      logits,
      logPx: logSumExp(logits),
      labels,
    };
  };
  const layer = (width = 3, classes = 2) => ({
    weight: sine(classes, width),
    bias: sine(classes, 1),
  });

  it.each(measured.map(({ id }) => id))('%s: statistics have the shapes that it declares', async (id) => {
    const { options = {} } = definitions[id] ?? {};
    const { fit } = scores.named(id);
    if (!fit) return;
    const usual = { ...Object.fromEntries(defaultsOf(id)), ...options };
    const statistics = await fitTo(id, some(8), { classes: 2, lastLayer: layer() }, options);
    const shapes = fit.shapes({ width: 3, classes: 2, images: 8 }, usual);
    expect(Object.keys(statistics ?? {}).sort()).toEqual(Object.keys(shapes).sort());
    for (const [name, shape] of Object.entries(shapes)) {
      const dims = 'float32' in shape ? shape.float32 : shape;
      expect(statistics?.[name]).toHaveLength(dims.reduce((a, b) => a * b, 1));
      expect(statistics?.[name]).toBeInstanceOf('float32' in shape ? Float32Array : Float64Array);
    }
  });
  const defaultsOf = (id: string) =>
    Object.entries<{ default?: unknown }>(scores.named(id).options?.properties ?? {}).map(
      ([name, schema]) => [name, schema.default] as const,
    );

  it.each(measured.map(({ id }) => id))('%s: a network of one feature, and one image', async (id) => {
    const { options = {} } = definitions[id] ?? {};
    const lastLayer = layer(1);
    const statistics = await fitTo(id, some(8, 1), { classes: 2, lastLayer }, options);
    const inputs = { ...some(1, 1), lastLayer, ...(statistics && { statistics }) };
    const values = scoreOf(id, inputs, options);
    expect(values).toHaveLength(1);
    expect(Number.isNaN(values[0])).toBe(false);
    const row = scores.named(id);
    const [off] = row.rounding({ n: 1, ...inputs }, values, {
      ...Object.fromEntries(defaultsOf(id)),
      ...options,
    });
    expect(off).toBeGreaterThanOrEqual(0);
  });

  it.each(measured.filter(({ needs }) => needs.includes('features')).map(({ id }) => id))(
    '%s: features that are all zero give a number, and NaN among them is refused',
    async (id) => {
      const { options = {} } = definitions[id] ?? {};
      const lastLayer = layer();
      const statistics = await fitTo(id, some(8), { classes: 2, lastLayer }, options);
      const zero = { n: 1, width: 3, data: new Float64Array(3) };
      const inputs = { ...some(1), lastLayer, ...(statistics && { statistics }) };
      expect(scoreOf(id, { ...inputs, features: zero }, options)[0]).not.toBeNaN();
      const bad = { n: 1, width: 3, data: Float64Array.of(1, Number.NaN, 2) };
      expect(() => scoreOf(id, { ...inputs, features: bad }, options)).toThrow('not finite');
    },
  );

  /** Moves of the features and logits by as much as they may be off move a score by no more than it says. */
  it.each(measured.map(({ id }) => id))('%s: float32 moves it by no more than its rounding', async (id) => {
    const { options = {} } = definitions[id] ?? {};
    const lastLayer = layer(4, 3);
    const statistics = await fitTo(id, some(30, 4, 3), { classes: 3, lastLayer }, options);
    const settings = { ...Object.fromEntries(defaultsOf(id)), ...options };
    const row = scores.named(id);
    const plain = some(20, 4, 3);
    const inputs = { ...plain, lastLayer, ...(statistics && { statistics }) };
    const values = scoreOf(id, inputs, options);
    const off = row.rounding({ n: 20, ...inputs }, values, settings);
    for (let turn = 0; turn < 8; turn++) {
      const moved = <T extends { data: Float64Array }>(of: T, width: number): T => ({
        ...of,
        data: of.data.map((v, at) => {
          const start = Math.floor(at / width) * width;
          const largest = Math.max(...of.data.slice(start, start + width).map(Math.abs));
          return v + largest * 2 ** -19 * Math.sign(Math.sin(7 * at + 3 * turn));
        }),
      });
      const logits = plain.logits && moved(plain.logits, 3);
      const other = {
        ...inputs,
        features: moved(plain.features, 4),
        ...(logits && { logits, logPx: logSumExp(logits) }),
      };
      scoreOf(id, other, options).forEach((value, i) => {
        // Half as far as features may be off.
        expect(Math.abs(value - values[i]!)).toBeLessThanOrEqual(off[i]! + 1e-12);
      });
    }
  });

  it.each(['mahalanobis', 'mds++', 'rmds', 'she'])('%s: a class without images is refused', async (id) => {
    const seen = { ...some(4), labels: Int32Array.of(0, 0, 0, 0) };
    await expect(fitTo(id, seen, { classes: 2 })).rejects.toMatchObject({
      code: 'data-invalid',
      details: { path: 'class 1' },
    });
  });

  it.each(['mahalanobis', 'rmds'])('%s: images that are all alike are refused', async (id) => {
    const features = { n: 2, width: 3, data: Float64Array.of(1, 2, 3, 1, 2, 3) };
    await expect(fitTo(id, { features, labels: Int32Array.of(0, 1) }, { classes: 2 })).rejects.toMatchObject({
      code: 'data-invalid',
    });
  });

  it.each([
    [
      'every answer is right',
      [
        [9, 0],
        [0, 9],
      ],
      [0, 1],
      0.02,
    ],
    [
      'none is better than chance',
      [
        [1, 0],
        [0, 1],
      ],
      [1, 0],
      50,
    ],
  ])('temp-scaled-msp takes the end of the range where %s', async (_, f, labels, temperature) => {
    const seen = seenOf(
      f.map((one) => ({ h: [1], f: one })),
      labels,
    );
    const statistics = await fitTo('temp-scaled-msp', seen, { classes: 2 });
    expect(statistics).toEqual({ temperature: Float64Array.of(temperature) });
  });

  it('kl-matching passes over classes that are never predicted', async () => {
    const seen = seenOf([
      { h: [1], f: [2, 0, -1] },
      { h: [1], f: [3, 1, 0] },
    ]);
    const statistics = await fitTo('kl-matching', seen, { classes: 3 });
    expect(scoreOf('kl-matching', { ...seen, statistics })[0]).toBeCloseTo(0, 1);
  });

  it('knn keeps a random part of the training images when it is asked to, and more of them is a part of fewer', async () => {
    const seen = some(40, 3);
    const bank = async (images: number, seed: number) => {
      const kept = (await fitTo('knn', seen, { classes: 2, seed }, { k: 1, images }))!.bank!;
      return Array.from({ length: images }, (_, i) => kept.slice(3 * i, 3 * i + 3).join());
    };
    const [few, more, other] = [await bank(10, 0), await bank(20, 0), await bank(10, 1)];
    expect(few.every((row) => more.includes(row))).toBe(true);
    expect(other).not.toEqual(few);
  });

  it('vra is refused where its lower percentile is above the upper', async () => {
    await expect(fitTo('vra', some(9, 3), { classes: 2 }, { low: 90, high: 10 })).rejects.toMatchObject({
      code: 'config-invalid',
      details: { path: 'low', expected: 'at most 10', found: '90' },
    });
  });

  it.each(['knn', 'nnguide'])('%s is refused where it keeps fewer images than k', async (id) => {
    const seen = some(40, 3);
    const statistics = await fitTo(id, seen, { classes: 2 }, { images: 20 });
    expect(scoreOf(id, { ...seen, statistics }, { k: 20 })).toHaveLength(40);
    for (const k of [21, 2 ** 40])
      expect(() => scoreOf(id, { ...seen, statistics }, { k })).toThrow(
        expect.objectContaining({ code: 'data-invalid', details: expect.objectContaining({ found: '20' }) }),
      );
  });
});

/** Scores of the weights themselves: a shift by a function of the features is another layer to them. */
const LOOKS_AT_WEIGHTS = ['nci', 'residual'];

describe('adding c(x) to all logits', () => {
  const layer = {
    weight: Float64Array.from({ length: 12 }, (_, i) => Math.sin(3 * i)),
    bias: [0.5, -1, 0.25],
  };
  /** A row of the layer added to all: c(x) is a function of the features. */
  const shift = [0.7, -0.3, 1.1, 0.4];
  const shifted = {
    weight: layer.weight.map((w, at) => w + shift[at % 4]!),
    bias: layer.bias.map((v) => v + 2),
  };
  const images = (n: number, { weight, bias }: { weight: Float64Array; bias: number[] }): Seen => {
    const h = Array.from({ length: n }, (_, i) =>
      [0, 1, 2, 3].map((j) => Math.fround(1.5 + Math.sin(i * (j + 2)))),
    );
    const of = (x: number[]) =>
      bias.map((v, c) => v + x.reduce((s, one, j) => s + one * weight[4 * c + j]!, 0));
    return seenOf(
      h.map((x) => ({ h: x, f: of(x) })),
      h.map((x, i) => (i % 5 === 0 ? i % 3 : of(x).indexOf(Math.max(...of(x))))),
    );
  };
  it.each(measured.filter(({ id }) => !LOOKS_AT_WEIGHTS.includes(id)).map((row) => [row.id, row] as const))(
    '%s moves where its row says so, and stays where it does not',
    async (id, row) => {
      const { options = {} } = definitions[id] ?? {};
      const [plain, moved] = await Promise.all(
        [layer, shifted].map(async (lastLayer) => {
          const statistics = await fitTo(id, images(30, lastLayer), { classes: 3, lastLayer }, options);
          const inputs = { ...images(9, lastLayer), lastLayer, ...(statistics && { statistics }) };
          return scoreOf(id, inputs, options);
        }),
      );
      const same = plain!.every((v, i) => Math.abs(v - moved![i]!) < 1e-9 * Math.max(1, Math.abs(v)));
      expect(same).toBe(!row.shifts);
    },
  );
});

const folder = resolve('../shared/reference');
const present = existsSync(resolve(folder, 'ood/features.npz'));
if (!present)
  console.warn(`\n!!! ${folder} is absent: fitted scores are NOT compared with public code !!!\n`);

/** Ours, and what `trained/cifar-baseline.json` calls it. */
const TRAINED = [
  ['mahalanobis', {}, 'mahalanobis'],
  ['knn', {}, 'knn-50'],
  ['react', {}, 'react-90'],
  ['vim', { dimensions: 32 }, 'vim-32'],
] as const;

describe.skipIf(!present)('AUROC, AUPR and FPR95 are those that are known', () => {
  const arrays = present ? readReference(resolve(folder, 'ood/features.npz')) : {};
  const lastLayer = { weight: arrays.W?.data ?? [], bias: arrays.b?.data ?? [] };
  const set = (name: string): Seen => {
    const { shape, data } = arrays[`features_${name}`]!;
    const logits = { n: shape[0]!, classes: 10, data: arrays[`logits_${name}`]!.data };
    const labels = arrays[`labels_${name}`];
    return {
      features: { n: shape[0]!, width: shape[1]!, data },
      logits,
      ...(labels && { labels: Int32Array.from(labels.data) }),
    };
  };

  it.each(TRAINED)('%s %j', async (id, options, called) => {
    const { ood } = JSON.parse(readFileSync(resolve(folder, 'trained/cifar-baseline.json'), 'utf8'));
    const statistics = await fitTo(id, set('train'), { classes: 10, lastLayer, part: 512 }, options);
    const of = (name: string) =>
      scoreOf(id, { ...set(name), lastLayer, ...(statistics && { statistics }) }, options);
    const own = of('test');
    for (const name of ['interpolated', 'digits', 'noise']) {
      const wanted = ood[name][called];
      const metrics = compareScores(own, of(name));
      expect(metrics.auroc).toBeCloseTo(wanted.auroc, 5);
      expect(metrics.auprIn).toBeCloseTo(wanted.aupr_in, 5);
      expect(metrics.auprOut).toBeCloseTo(wanted.aupr_out, 5);
      expect(metrics.fpr95IdPositive).toBeCloseTo(wanted.fpr95_id_positive, 5);
      expect(metrics.fpr95OodPositive).toBeCloseTo(wanted.fpr95_ood_positive, 5);
    }
  });
});
