import { afterAll, describe, expect, it } from 'vitest';
import { createOrtEngine } from '../../../src/engines/ort/engine.js';
import { float, GraphBuilder, int } from '../../../src/graph/build.js';
import { floats } from '../../../src/graph/tensor.js';
import { modelOf } from '../../../src/models/assemble.js';
import { NoisySystem } from '../../../src/models/defences/noise.js';
import { addNoise } from '../../../src/sampling/sgld.js';
import { CLASSES, linearCard, normals, PIXELS, SHAPE, uniforms } from '../networks.js';
import { relativeError } from '../npz.js';

const engine = createOrtEngine({ sessions: 1, threads: 1 });
afterAll(() => engine.close());

it('weights that batch normalisation standardises are constants, not a network in training', async () => {
  const raw = normals('raw', CLASSES * PIXELS);
  const [gain, shift, epsilon] = [normals('gain', CLASSES), normals('shift', CLASSES), 1e-3];
  const b = new GraphBuilder();
  const x = b.input('image', 'float32', ['N', ...SHAPE]);
  const [weight] = b.node(
    'BatchNormalization',
    [
      b.constant(floats([1, CLASSES, PIXELS], raw), 'raw'),
      b.constant(floats([CLASSES], gain), 'gain'),
      b.constant(floats([CLASSES], shift), 'shift'),
      b.constant(floats([CLASSES], new Float32Array(CLASSES)), 'mean'),
      b.constant(floats([CLASSES], new Float32Array(CLASSES).fill(1)), 'variance'),
    ],
    { training_mode: int(1), epsilon: float(epsilon) },
    ['weight', 'running_mean', 'running_variance'],
  ) as [string];
  const matrix = b.op('Reshape', [weight, b.ints([CLASSES, PIXELS])]);
  const logits = b.op('Gemm', [b.op('Flatten', [x]), matrix], { transB: int(1) });
  b.outputAs(logits, 'logits', 'float32', ['N', CLASSES]);
  const model = await modelOf(b.build(), linearCard, engine);
  const pixels = uniforms('pixels', 2 * PIXELS);
  const standardised = Array.from({ length: CLASSES }, (_, k) => {
    const row = raw.subarray(k * PIXELS, (k + 1) * PIXELS);
    const mean = row.reduce((a, v) => a + v, 0) / PIXELS;
    const variance = row.reduce((a, v) => a + (v - mean) ** 2, 0) / PIXELS;
    return Array.from(row, (v) => ((v - mean) / Math.sqrt(variance + epsilon)) * gain[k]! + shift[k]!);
  });
  const expected = [0, 1].flatMap((i) =>
    standardised.map((row) => row.reduce((sum, w, j) => sum + w * pixels[i * PIXELS + j]!, 0)),
  );
  const found = await model.gradient({ n: 2, pixels, labels: Int32Array.of(0, 3) }, 'logit');
  expect(relativeError(found.logits ?? [], expected)).toBeLessThan(1e-5);
  expect(relativeError(found.gradient, [...standardised[0]!, ...standardised[3]!])).toBeLessThan(1e-5);
  await model.close();
});

/** BN of the image, then a linear layer: literal, (n, CLASSES). */
function literal(pixels: Float32Array, { gain, shift, epsilon, matrix }: Trained): number[] {
  const n = pixels.length / PIXELS;
  const [channels] = SHAPE;
  const plane = PIXELS / channels;
  const seen = Array.from(pixels);
  for (let c = 0; c < channels; c++) {
    const at = Array.from(
      { length: n * plane },
      (_, k) => Math.floor(k / plane) * PIXELS + c * plane + (k % plane),
    );
    const mean = at.reduce((sum, k) => sum + pixels[k]!, 0) / at.length;
    const variance = at.reduce((sum, k) => sum + (pixels[k]! - mean) ** 2, 0) / at.length;
    for (const k of at)
      seen[k] = ((pixels[k]! - mean) / Math.sqrt(variance + epsilon)) * gain[c]! + shift[c]!;
  }
  return Array.from({ length: n * CLASSES }, (_, row) => {
    const [i, k] = [Math.floor(row / CLASSES), row % CLASSES];
    return Array.from({ length: PIXELS }, (_, j) => matrix[k * PIXELS + j]! * seen[i * PIXELS + j]!).reduce(
      (a, b) => a + b,
    );
  });
}

interface Trained {
  gain: Float32Array;
  shift: Float32Array;
  epsilon: number;
  matrix: Float32Array;
}

describe('a network with batch normalisation', () => {
  const [channels] = SHAPE;
  const trained: Trained = {
    gain: normals('bn-gain', channels),
    shift: normals('bn-shift', channels),
    epsilon: 1e-3,
    matrix: normals('bn-matrix', CLASSES * PIXELS),
  };
  const opened = () => {
    const b = new GraphBuilder();
    const x = b.input('image', 'float32', ['N', ...SHAPE]);
    const of = (name: string, values: Float32Array) => b.constant(floats([channels], values), name);
    const inputs = [x, of('gain', trained.gain), of('shift', trained.shift)];
    const kept = [
      of('mean', new Float32Array(channels).fill(0.2)),
      of('variance', new Float32Array(channels).fill(2)),
    ];
    const seen = b.op('BatchNormalization', [...inputs, ...kept], { epsilon: float(trained.epsilon) });
    const matrix = b.constant(floats([CLASSES, PIXELS], trained.matrix), 'matrix');
    b.outputAs(b.op('Gemm', [b.op('Flatten', [seen]), matrix], { transB: int(1) }), 'logits', 'float32', [
      'N',
      CLASSES,
    ]);
    return modelOf(b.build(), linearCard, engine);
  };
  const n = 5;
  const pixels = uniforms('bn-pixels', n * PIXELS);
  const logSumExp = (row: readonly number[]) => Math.log(row.reduce((sum, v) => sum + Math.exp(v), 0));
  const summed = (at: Float32Array) => {
    const rows = literal(at, trained);
    return Array.from({ length: n }, (_, i) => logSumExp(rows.slice(i * CLASSES, (i + 1) * CLASSES))).reduce(
      (a, b) => a + b,
    );
  };

  it('is normalised by its batch in training mode, and not otherwise', async () => {
    const model = await opened();
    expect(model.info.batchNorms).toBe(1);
    const training = await model.inTrainingMode?.();
    if (!training) throw new Error('it has no training mode');
    expect(training.info.batchNorms).toBeUndefined();
    // Twice as many images as it would take in one call otherwise are one batch all the same.
    const { logits, gradient } = await training.gradient({ n, pixels }, 'log-px');
    expect(relativeError(logits ?? [], literal(pixels, trained))).toBeLessThan(1e-5);
    const plain = (await model.forward({ n, pixels })).logits ?? [];
    expect(relativeError(plain, literal(pixels, trained))).toBeGreaterThan(0.01);
    // Of the summed log p(x): images move each other's statistics.
    for (const j of [0, 7, 2 * PIXELS + 3]) {
      const moved = (by: number) => summed(Float32Array.from(pixels, (v, k) => (k === j ? v + by : v)));
      expect(gradient[j]).toBeCloseTo((moved(0.01) - moved(-0.01)) / 0.02, 2);
    }
    await model.close();
  });

  it('is so behind noise, too', async () => {
    const model = await opened();
    const noisy = new NoisySystem(model, { std: 0.1 }, 'noisy');
    const keys = Array.from({ length: n }, (_, example) => ({ seed: 0, purpose: 'clean', example }));
    const training = await noisy.inTrainingMode?.();
    const seen = pixels.slice();
    addNoise({ n, pixels: seen, keys }, 0.1, model.info.inputScale);
    const { logits } = (await training?.forward({ n, pixels, keys })) ?? {};
    expect(relativeError(logits ?? [], literal(seen, trained))).toBeLessThan(1e-5);
    await model.close();
  });
});
