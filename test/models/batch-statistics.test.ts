import { afterAll, expect, it } from 'vitest';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { float, GraphBuilder, int } from '../../src/graph/build.js';
import { floats } from '../../src/graph/tensor.js';
import { modelOf } from '../../src/models/assemble.js';
import { CLASSES, linearCard, normals, PIXELS, SHAPE, uniforms } from './networks.js';
import { relativeError } from './npz.js';

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
  );
  const matrix = b.op('Reshape', [weight, b.ints([CLASSES, PIXELS])]);
  const logits = b.op('Gemm', [b.op('Flatten', [x]), matrix], { transB: int(1) });
  b.outputAs(logits, 'logits', 'float32', ['N', CLASSES]);
  const model = await modelOf(b.build(), linearCard, engine);
  const pixels = uniforms('pixels', 2 * PIXELS);
  const standardised = Array.from({ length: CLASSES }, (_, k) => {
    const row = raw.subarray(k * PIXELS, (k + 1) * PIXELS);
    const mean = row.reduce((a, v) => a + v, 0) / PIXELS;
    const variance = row.reduce((a, v) => a + (v - mean) ** 2, 0) / PIXELS;
    return Array.from(row, (v) => ((v - mean) / Math.sqrt(variance + epsilon)) * gain[k] + shift[k]);
  });
  const expected = [0, 1].flatMap((i) =>
    standardised.map((row) => row.reduce((sum, w, j) => sum + w * pixels[i * PIXELS + j], 0)),
  );
  const found = await model.gradient({ n: 2, pixels, labels: Int32Array.of(0, 3) }, 'logit');
  expect(relativeError(found.logits ?? [], expected)).toBeLessThan(1e-5);
  expect(relativeError(found.gradient, [...standardised[0], ...standardised[3]])).toBeLessThan(1e-5);
  await model.close();
});
