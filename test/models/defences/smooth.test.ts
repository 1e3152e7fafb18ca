import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { check } from '../../../src/config/validate.js';
import { createOrtEngine } from '../../../src/engines/ort/engine.js';
import { GraphBuilder } from '../../../src/graph/build.js';
import { floats } from '../../../src/graph/tensor.js';
import { binomialTail } from '../../../src/metrics/distributions/binomial-tail.js';
import { normalCdf } from '../../../src/metrics/distributions/distributions.js';
import { modelOf } from '../../../src/models/assemble.js';
import { describePurified } from '../../../src/models/defences/describe-purified.js';
import { describeNoisy } from '../../../src/models/defences/noise.js';
import { PurifiedSystem } from '../../../src/models/defences/purification.js';
import { defences } from '../../../src/models/defences/registry.js';
import { SmoothedSystem, type SmoothOptions } from '../../../src/models/defences/smooth.js';
import type { Model } from '../../../src/models/model.js';
import type { Batch } from '../../../src/models/system.js';
import { stream } from '../../../src/random/stream.js';
import { analyticSystem } from '../../attacks/helpers/analytic-system.js';

const engine = createOrtEngine({ sessions: 1, threads: 1 });
let bare: Model;
const WEIGHTS = [
  [3, -1, 2, 0.5],
  [-1, 2, -0.5, 1.5],
  [0.5, 0.5, -2, -1],
];
beforeAll(async () => {
  const b = new GraphBuilder();
  const x = b.op('Flatten', [b.input('x', 'float32', ['N', 1, 2, 2])]);
  const columns = [0, 1, 2, 3].flatMap((p) => WEIGHTS.map((row) => row[p]!));
  b.outputAs(b.op('Tanh', [b.op('MatMul', [x, b.constant(floats([4, 3], columns))])]), 'logits');
  bare = await modelOf(
    b.build(),
    { name: 'small', checkpoint: 'small.onnx', input: { shape: [1, 2, 2], range: [0, 1] }, classes: 3 },
    engine,
  );
});
afterAll(async () => {
  await bare.close();
  await engine.close();
});

const options: SmoothOptions = { sigma: 0.4, n: 50, gradientDraws: 8, seed: 'fresh' };
const smoothed = (more: Partial<SmoothOptions> = {}) =>
  new SmoothedSystem(bare, { ...options, ...more }, 'smooth');
const batchOf = (n: number, purpose = 'test'): Batch => ({
  n,
  pixels: Float32Array.from({ length: 4 * n }, (_, i) => ((i * 29) % 23) / 23),
  labels: Int32Array.from({ length: n }, (_, i) => i % 3),
  keys: Array.from({ length: n }, (_, example) => ({ seed: 1, purpose, example })),
});

/** The definition, in double precision, on the noise of an image. */
function probabilitiesOf(x: readonly number[], example: number, draws: number, purpose = 'test'): number[][] {
  return Array.from({ length: draws }, (_, substep) => {
    const noise = stream({ seed: 1, purpose: `${purpose}/smooth`, example, substep });
    const seen = x.map((p) => Math.fround(p + options.sigma * noise.normal()));
    const exp = WEIGHTS.map((row) => Math.exp(Math.tanh(row.reduce((sum, w, j) => sum + w * seen[j]!, 0))));
    const total = exp.reduce((sum, e) => sum + e, 0);
    return exp.map((e) => e / total);
  });
}

describe('randomised smoothing as a defence', () => {
  it('gives logarithms of shares of votes', async () => {
    const batch = batchOf(4);
    const { logits, passes } = await smoothed().forward(batch);
    expect(passes).toEqual({ forward: 200, gradient: 0 });
    for (let i = 0; i < 4; i++) {
      const votes = [0, 0, 0];
      for (const p of probabilitiesOf([...batch.pixels.subarray(4 * i, 4 * i + 4)], i, 50))
        votes[p.indexOf(Math.max(...p))]!++;
      votes.forEach((count, k) => {
        expect(Math.exp(logits![3 * i + k]!)).toBeCloseTo((count + 1 / 3) / 51, 6);
      });
    }
  });

  it('votes as often for a class as noise takes a linear classifier there', async () => {
    const [draws, x] = [4000, [0.6, 0.2, 0.4, 0.7]];
    const [first, second] = [WEIGHTS[0]!, WEIGHTS[1]!];
    const two = analyticSystem({ weights: [first, second] });
    const { logits } = await new SmoothedSystem(two, { ...options, n: draws }, 'smooth').forward({
      ...batchOf(1),
      pixels: Float32Array.from(x),
    });
    const d = first.map((w, j) => w - second[j]!);
    const margin = d.reduce((sum, w, j) => sum + w * x[j]!, 0);
    const p = normalCdf(margin / (options.sigma * Math.hypot(...d)));
    expect(p).toBeGreaterThan(0.05);
    expect(p).toBeLessThan(0.95);
    const share = (Math.exp(logits![0]!) * (draws + 1) - 1 / 2) / draws;
    expect(Math.abs(share - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / draws));
  });

  it('has the gradient of the loss of mean probabilities, by finite differences of the definition', async () => {
    const batch = batchOf(3);
    const { loss, gradient, logits, passes } = await smoothed().gradient(batch, 'cross-entropy');
    expect(passes).toEqual({ forward: 24, gradient: 24 });
    for (let i = 0; i < 3; i++) {
      const x = [...batch.pixels.subarray(4 * i, 4 * i + 4)];
      const label = batch.labels![i]!;
      const mean = (at: readonly number[]) => {
        const all = probabilitiesOf(at, i, 8);
        return WEIGHTS.map((_, k) => all.reduce((sum, p) => sum + p[k]!, 0) / 8);
      };
      const lossAt = (at: readonly number[]) => -Math.log(mean(at)[label]!);
      expect(loss[i]).toBeCloseTo(lossAt(x), 4);
      mean(x).forEach((p, k) => {
        expect(logits![3 * i + k]).toBeCloseTo(Math.log(p), 4);
      });
      x.forEach((_, j) => {
        const moved = (by: number) => lossAt(x.map((p, k) => (k === j ? p + by : p)));
        expect(gradient[4 * i + j]).toBeCloseTo((moved(1e-3) - moved(-1e-3)) / 2e-3, 2);
      });
    }
  });

  it('draws by the key of the image and visit, or once for an image', async () => {
    const [whole, part] = [batchOf(6), batchOf(6)];
    const one = { n: 1, pixels: part.pixels.slice(16, 20), keys: part.keys!.slice(4, 5) };
    const all = (await smoothed().forward(whole)).logits!;
    expect([...(await smoothed().forward(one)).logits!]).toEqual([...all.slice(12, 15)]);
    const visits = async (seed: 'fresh' | 'fixed') =>
      Promise.all(
        ['a', 'b'].map(async (purpose) => [
          ...(await smoothed({ seed }).gradient(batchOf(6, purpose), 'margin')).loss,
        ]),
      );
    const [first, second] = await visits('fresh');
    expect(first).not.toEqual(second);
    const [same, again] = await visits('fixed');
    expect(same).toEqual(again);
  });

  it('is attacked no further than its certificate', async () => {
    // Cohen et al. 2019, theorem 1: of what is p, nothing nearer than sigma Phi^-1(p) is given another class by most of the noise.
    const system = smoothed({ n: 2000 });
    const x = Float32Array.of(0.9, 0.1, 0.8, 0.5);
    const { logits } = await system.forward({ ...batchOf(1), pixels: x });
    const share = Math.exp(logits![0]!);
    expect(share).toBeGreaterThan(0.6);
    const aimed = { ...batchOf(1), pixels: x, labels: Int32Array.of(0) };
    const { gradient } = await system.gradient(aimed, 'cross-entropy');
    const length = Math.hypot(...gradient);
    expect(length).toBeGreaterThan(0);
    let radius = 0;
    // The least that the share may be, four standard deviations down.
    const low = share - 4 * Math.sqrt((share * (1 - share)) / 2000);
    while (normalCdf((radius + 0.01) / options.sigma) < low) radius += 0.01;
    expect(radius).toBeGreaterThan(0.05);
    const moved = x.map((p, j) => p + (radius * gradient[j]!) / length);
    const after = (await system.forward({ ...batchOf(1, 'other'), pixels: moved })).logits!;
    const votes = Math.round(Math.exp(after[0]!) * 2001 - 1 / 3);
    // As few votes as there are, where half is the least that there may be, are no accident.
    expect(binomialTail(votes, 2000)).toBeGreaterThan(1e-6);
  });

  it('says what it is, and what it has not', () => {
    const { info } = smoothed();
    expect(info).toMatchObject({
      offers: ['logits', 'inputGradient'],
      energy: 'none',
      stochastic: true,
      defence: 'smoothed by sigma 0.4: the class of most of 50 draws',
      callPasses: { forward: { forward: 50, gradient: 0 }, gradient: { forward: 8, gradient: 8 } },
    });
    for (const lacking of ['logPx', 'marginBounds', 'features', 'lastLayer', 'hessianProduct'] as const)
      expect(info.lacks[lacking], lacking).toBeTruthy();
    expect(smoothed({ n: 51 }).info.identity).not.toBe(info.identity);
    expect(smoothed({ seed: 'fixed' }).info.identity).not.toBe(info.identity);
  });

  it('is no more what is said to be smoothed where another defence stands before it', () => {
    expect(smoothed().info.smoothed).toEqual({ of: 'small', sigma: 0.4, n: 50 });
    expect(describeNoisy(smoothed(), { std: 0.1 }, 'noisy').smoothed).toBeUndefined();
    const options = { by: 'small', steps: 1, stepSize: 0.05, noise: 0, inputNoise: 0, chains: 1 } as const;
    const more = { clamp: 'none', gradient: 'straight-through', seed: 'fresh' } as const;
    const { smoothed: kept } = describePurified(smoothed(), bare, { ...options, ...more }, 'purified');
    expect(kept).toBeUndefined();
  });

  it('stands before a random system, which draws for every copy, and has no gradient then', async () => {
    const chains = {
      by: 'small',
      steps: 1,
      stepSize: 0.05,
      noise: 0.02,
      inputNoise: 0.1,
      chains: 2,
    } as const;
    const purified = new PurifiedSystem(
      bare,
      bare,
      { ...chains, clamp: 'none', gradient: 'straight-through', seed: 'fresh' },
      'purified',
    );
    const both = new SmoothedSystem(purified, options, 'both');
    expect(both.info.offers).toEqual(['logits']);
    expect((await both.forward(batchOf(2))).passes.forward).toBe(2 * 50 * 2);
    await expect(both.gradient(batchOf(2), 'cross-entropy')).rejects.toMatchObject({
      code: 'op-unsupported',
    });
  });

  it('is described as it is, and read from a run file', () => {
    const row = defences.named('smooth');
    const read = check(row.options, { sigma: 0.4, n: 50, gradientDraws: 8 }, { file: 'x', what: 'defence' });
    const system = row.wrap(bare, read, () => bare, 'smooth');
    expect(row.describe(bare, read, () => bare, 'smooth')).toEqual(system.info);
    expect(system.info).toEqual(smoothed().info);
  });
});
