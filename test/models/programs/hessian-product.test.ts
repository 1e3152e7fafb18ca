// @module-tag slow
// @module-tag long
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../../src/checkpoints/registry.js';
import type { Engine } from '../../../src/engines/engine.js';
import { createOrtEngine } from '../../../src/engines/ort/engine.js';
import { createTfjsEngine } from '../../../src/engines/tfjs/engine.js';
import { string } from '../../../src/graph/build.js';
import { TENSORFLOW } from '../../../src/graph/tensorflow.js';
import { softmax } from '../../../src/metrics/softmax.js';
import { modelOf } from '../../../src/models/assemble.js';
import type { Model } from '../../../src/models/model.js';
import {
  CLASSES,
  convolutional,
  convolutionalCard,
  energyCard,
  linear,
  linearCard,
  linearGraph,
  linearLogits,
  normals,
  open,
  PIXELS,
  quadraticEnergy,
  uniforms,
} from '../networks.js';
import { readReference, relativeError } from '../npz.js';

const folder = resolve('../shared/reference/networks');
const present = existsSync(join(folder, 'index.json'));
if (!present)
  console.warn(
    `\n!!! ${folder} is absent: Hessian-vector products are NOT compared with reference values !!!\n`,
  );

type Index = Record<string, { input: [number, number, number]; output: string }>;
const index: Index = present ? JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) : {};
/** The networks for which the reference has a Hessian. */
const curved = Object.keys(index)
  .map((name) => ({ name, reference: readReference(join(folder, `${name}.npz`)) }))
  .filter(({ reference }) => reference.logp_hvp);

/** Of networks with every kind of activation and pooling; the others in the long test. */
const SHORT = ['cnn_bn_maxpool', 'cnn_group_prelu', 'ebm_scalar_swish', 'mlp_tanh_smooth', 'wrn10_1_leaky'];

const ort = createOrtEngine({ sessions: 1 });
const engines: Record<string, Engine> = { ort };
beforeAll(async () => {
  engines.tfjs = await createTfjsEngine({ device: 'wasm', sessions: 1 });
});
afterAll(() => Promise.all(Object.values(engines).map((engine) => engine.close())));

describe.skipIf(!present)('Hessian-vector products of the reference networks', () => {
  it('are there for all but one', () => expect(curved).toHaveLength(Object.keys(index).length - 1));

  const cases = curved.flatMap(({ name, reference }) =>
    (SHORT.includes(name) || process.env.ASSAY_LONG ? ['ort', 'tfjs'] : ['ort']).map((engine) => ({
      name,
      engine,
      reference,
    })),
  );
  it.each(cases)('$name on $engine: as the reference, and symmetric', async ({ name, engine, reference }) => {
    const { x, v, logp_hvp } = reference;
    const { input, output } = index[name]!;
    const { graph } = await readCheckpoint(join(folder, `${name}.onnx`));
    const card = {
      name,
      checkpoint: `${name}.onnx`,
      input: { shape: input },
      ...(output === 'logits' ? { classes: 10 } : { energy: { output, sign: -1 as const } }),
    };
    const model = await modelOf(graph, card, engines[engine]!);
    const batch = { n: x!.shape[0]!, pixels: Float32Array.from(x!.data) };
    const along = Float32Array.from(v!.data);
    const { product, passes } = await model.hessianProduct(batch, along);
    expect(relativeError(product, logp_hvp!.data)).toBeLessThan(1e-4);
    expect(passes).toEqual({ forward: 0, gradient: 2 * batch.n });
    const other = normals('other direction', along.length);
    const { product: crossed } = await model.hessianProduct(batch, other);
    const [uHv, vHu] = [dot(other, product), dot(along, crossed)];
    expect(Math.abs(uHv - vHu)).toBeLessThan(1e-4 * norm(other) * norm(product));
    await model.close();
  });
});

describe.each(['ort', 'tfjs'])('Hessian-vector products on %s', (name) => {
  const opened = (graph: Parameters<typeof open>[1], card: Parameters<typeof open>[2]) =>
    open(engines[name]!, graph, card);

  it('of log p(x) of a linear network are J^T (diag p - p p^T) J v', async () => {
    const model = await opened(linearGraph(), linearCard);
    const pixels = uniforms('linear images', 3 * PIXELS);
    const direction = normals('linear direction', 3 * PIXELS);
    const { product } = await model.hessianProduct({ n: 3, pixels }, direction);
    const p = softmax({ n: 3, classes: CLASSES, data: linearLogits(pixels) });
    const expected = Array.from({ length: 3 }, (_, i) => {
      const own = p.slice(i * CLASSES, (i + 1) * CLASSES);
      const weight = (j: number, k: number) => linear.weight[j * CLASSES + k]!;
      const along = Array.from(own, (_, k) =>
        Array.from({ length: PIXELS }, (_, j) => weight(j, k) * direction[i * PIXELS + j]!).reduce(
          (a, b) => a + b,
        ),
      );
      const mean = dot(own, along);
      return Array.from({ length: PIXELS }, (_, j) =>
        along.reduce((sum, value, k) => sum + own[k]! * (value - mean) * weight(j, k), 0),
      );
    }).flat();
    expect(relativeError(product, expected)).toBeLessThan(1e-5);
    await model.close();
  });

  it('of a quadratic energy are minus v, and of a logit of a linear network zero', async () => {
    const energy = await opened(quadraticEnergy(), energyCard);
    const direction = normals('direction', 2 * PIXELS);
    const batch = { n: 2, pixels: uniforms('images', 2 * PIXELS), labels: Int32Array.of(1, 2) };
    const { product } = await energy.hessianProduct(batch, direction);
    expect(relativeError(product, direction.map((v) => -v))).toBeLessThan(1e-6); // biome-ignore format: one line
    const flat = await opened(linearGraph(), linearCard);
    expect((await flat.hessianProduct(batch, direction, 'logit')).product).toEqual(
      new Float32Array(2 * PIXELS),
    );
    await Promise.all([energy.close(), flat.close()]);
  });

  it.each(['cross-entropy', 'margin', 'log-px'])('of %s are differences of the gradient', async (loss) => {
    const model = await opened(convolutional(), convolutionalCard);
    const n = 2;
    const pixels = uniforms('smooth images', n * 64);
    const direction = normals('smooth direction', n * 64);
    const batch = { n, pixels, labels: Int32Array.of(3, 1) };
    const { product } = await model.hessianProduct(batch, direction, loss);
    const at = async (h: number) => {
      const moved = pixels.map((x, j) => x + h * direction[j]!);
      return (await model.gradient({ ...batch, pixels: moved }, loss)).gradient;
    };
    const [up, down] = [await at(1e-2), await at(-1e-2)];
    const slopes = up.map((g, j) => (g - down[j]!) / 2e-2);
    expect(relativeError(product, slopes)).toBeLessThan(2e-3);
    await model.close();
  });
});

describe('a Hessian-vector product', () => {
  it.each([1, 3])('of an image does not depend on its batch, with a batch fixed at %i too', async (batch) => {
    const [any, fixed] = await Promise.all([
      open(ort, linearGraph(), linearCard, { batchSize: 2 }),
      open(ort, linearGraph({ batch }), linearCard),
    ]);
    const pixels = uniforms('images', 5 * PIXELS);
    const direction = normals('directions', 5 * PIXELS);
    const whole = (await any.hessianProduct({ n: 5, pixels }, direction)).product;
    const padded = (await fixed.hessianProduct({ n: 5, pixels }, direction)).product;
    expect(relativeError(padded, whole)).toBeLessThan(1e-6);
    const rows = (values: Float32Array) => values.subarray(3 * PIXELS, 4 * PIXELS);
    const alone = await any.hessianProduct({ n: 1, pixels: rows(pixels) }, rows(direction));
    expect(relativeError(alone.product, rows(whole))).toBeLessThan(1e-6);
    await Promise.all([any.close(), fixed.close()]);
  });

  const refusals: [string, (model: Model) => Promise<unknown>, object][] = [
    [
      'a direction of another size',
      (model) => model.hessianProduct(one, new Float32Array(5)),
      { code: 'shape-mismatch', message: expect.stringContaining('direction') },
    ],
    [
      'a direction that is not finite',
      (model) => model.hessianProduct(one, new Float32Array(PIXELS).fill(Number.NaN)),
      { code: 'data-invalid' },
    ],
    [
      'labels that are missing',
      (model) => model.hessianProduct(one, new Float32Array(PIXELS), 'cross-entropy'),
      { code: 'data-invalid' },
    ],
    [
      'an unknown loss',
      (model) => model.hessianProduct(one, new Float32Array(PIXELS), 'cross-entrpy'),
      { code: 'unknown-name' },
    ],
  ];
  const one = { n: 1, pixels: new Float32Array(PIXELS).fill(0.5) };

  it.each(refusals)('refuses %s', async (_, ask, expected) => {
    const model = await open(ort, linearGraph(), linearCard);
    await expect(ask(model)).rejects.toMatchObject(expected);
    await model.close();
  });

  it('lacks an operator that only the engine differentiates, which is named', async () => {
    const graph = linearGraph({
      head: (b, logits) => {
        const attr = { attr: string('{}') };
        const [bounded] = b.node('Tanh', [logits], attr, ['bounded'], TENSORFLOW) as [string];
        b.outputAs(bounded, 'logits', 'float32', ['N', CLASSES]);
      },
    });
    const model = await open(engines.tfjs!, graph, linearCard);
    expect(model.info.offers).toContain('inputGradient');
    expect(model.info.offers).not.toContain('hessianProduct');
    const found = expect.stringMatching(/no gradient rule for tensorflow\.Tanh, at node/);
    expect(model.info.lacks.hessianProduct).toEqual(found);
    await expect(model.hessianProduct(one, new Float32Array(PIXELS))).rejects.toMatchObject({
      code: 'op-unsupported',
      details: { found },
    });
    await model.close();
  });
});

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a, (value, i) => value * b[i]!).reduce((sum, value) => sum + value, 0);
const norm = (a: ArrayLike<number>) => Math.sqrt(dot(a, a));
