import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { symmetricEigen } from '../../src/metrics/linear-algebra/symmetric-eigen.js';
import { logSumExpRow } from '../../src/metrics/softmax.js';
import type { Model } from '../../src/models/model.js';
import type { System, SystemInfo } from '../../src/models/system.js';
import { rankfeat } from '../../src/scores/rankfeat.js';
import { lackOf } from '../../src/suites/score-support.js';
import { trainedPresent, trainedTargets } from '../attacks/helpers/trained.js';
import { block, CHANNELS, CLASSES, card, graphOf, pooled, residual, stem } from '../models/map-networks.js';
import { convolutional, convolutionalCard, open, uniforms } from '../models/networks.js';

const engine = createOrtEngine({ sessions: 1 });
afterAll(() => engine.close());

type Settings = { maps: 'both' | 'last' };
const settings: Settings[] = [{ maps: 'both' }, { maps: 'last' }];

async function valuesOf(system: System, n: number, pixels: Float32Array, options: Settings) {
  const fail = (_: number, error: Error) => {
    throw error;
  };
  const probed = (await rankfeat.probe?.ask({ system, batch: { n, pixels }, keys: [], fail }, options)) ?? {};
  const { logits: data = [] } = await system.forward({ n, pixels });
  const inputs = { n, probed, logits: { n, classes: system.info.classes.length, data } };
  const values = rankfeat.compute(inputs, options);
  return { values, rounding: rankfeat.rounding(inputs, values, options) };
}

/** X - X v v', v the eigenvector of the largest eigenvalue of X'X. */
function withoutTop(map: Float32Array, channels: number): number[] {
  const places = map.length / channels;
  const at = (c: number, p: number) => map[c * places + p]!;
  const gram = Float64Array.from({ length: places * places }, (_, k) => {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += at(c, Math.floor(k / places)) * at(c, k % places);
    return sum;
  });
  const v = symmetricEigen(gram, places).vectors.subarray(0, places);
  return Array.from(map, (x, k) => {
    let along = 0;
    for (let p = 0; p < places; p++) along += at(Math.floor(k / places), p) * v[p]!;
    return x - along * v[k % places]!;
  });
}

describe('RankFeat', () => {
  const n = 4;
  const pixels = uniforms('images', n * CHANNELS * 64);
  let model: Model;
  beforeAll(async () => {
    model = await open(engine, graphOf(residual), card);
  });
  afterAll(() => model.close());

  it.each(settings)('is its definition: %j', async (options) => {
    const { logits } = await model.changedMaps({ n, pixels }, 2, (map, [channels]) =>
      withoutTop(map, channels),
    );
    const taken = options.maps === 'both' ? logits : logits.slice(0, 1);
    const { values, rounding } = await valuesOf(model, n, pixels, options);
    for (let i = 0; i < n; i++) {
      const mean = Float64Array.from({ length: CLASSES }, (_, k) =>
        taken.reduce((sum, each) => sum + each[i * CLASSES + k]! / taken.length, 0),
      );
      expect(values[i]).toBeCloseTo(logSumExpRow(mean), 5);
      expect(rounding[i]).toBeGreaterThan(Math.abs(values[i]! - logSumExpRow(mean)));
    }
  });

  it('gives an image the same in any batch', async () => {
    const [options] = settings as [Settings];
    const { values } = await valuesOf(model, n, pixels, options);
    const one = pixels.slice(2 * CHANNELS * 64, 3 * CHANNELS * 64);
    const alone = await valuesOf(model, 1, one, options);
    expect(alone.values[0]).toBeCloseTo(values[2]!, 5);
  });

  it.each(settings)('asks for the passes that it says: %j', async (options) => {
    const { passes } = await model.changedMaps({ n, pixels }, options.maps === 'both' ? 2 : 1, (map) => map);
    const { forward = 0 } = rankfeat.probe?.passes(options, model.info) ?? {};
    expect(passes).toEqual({ forward: n * forward, gradient: 0 });
  });

  it('says why there is none', async () => {
    const flat = await open(engine, convolutional(), convolutionalCard);
    const level = await open(
      engine,
      graphOf((b, x) => pooled(b, block(b, stem(b, x), 1))),
      card,
    );
    const { maps: _, ...unknown } = model.info;
    const why = (system: SystemInfo, own: Settings) =>
      lackOf(system, { ...rankfeat, settings: own } as Parameters<typeof lackOf>[1], [])?.reason;
    const [both, last] = settings as [Settings, Settings];
    expect(why(model.info, both)).toBeUndefined();
    expect(why(flat.info, last)).toMatch(/RankFeat cannot be asked of it: no global pooling follows/);
    expect(why(level.info, both)).toMatch(/no stage of larger maps.*take its last map alone.*`maps: last`/);
    expect(why(level.info, last)).toBeUndefined();
    expect(why(unknown, both)).toMatch(/no map inside it can be changed/);
    await flat.close();
    await level.close();
  });
});

/** Of the first test images, by PyTorch in float64 and its SVD, as OpenOOD's code has it. */
const published = {
  both: [4.89607844, 4.37138245, 3.86070695, 3.25927547, 4.05454794, 3.77626139, 3.85629672, 3.30959297],
  last: [4.56211453, 3.62092102, 4.30114221, 4.10750362, 4.89087919, 4.89870916, 3.65308475, 2.34402557],
};

it.skipIf(!trainedPresent)("RankFeat is that of public code's formula", async () => {
  const n = published.both.length;
  const { system, pixels } = await trainedTargets('cifar-baseline', n, engine);
  for (const options of settings) {
    const { values } = await valuesOf(system, n, pixels, options);
    for (const [i, wanted] of published[options.maps].entries()) expect(values[i]).toBeCloseTo(wanted, 5);
  }
});
