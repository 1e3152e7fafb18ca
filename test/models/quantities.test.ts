import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../src/checkpoints/registry.js';
import { openDataset } from '../../src/data/open.js';
import type { Engine } from '../../src/engines/engine.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { float, GraphBuilder, int, ints } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import { floats } from '../../src/graph/tensor.js';
import { modelOf } from '../../src/models/assemble.js';
import type { ModelCard } from '../../src/models/card/card.js';
import { PurifiedSystem } from '../../src/models/defences/purification.js';
import type { Model } from '../../src/models/model.js';
import { openModel } from '../../src/models/open.js';
import {
  convolutional,
  convolutionalCard,
  energyCard,
  normals,
  open,
  quadraticEnergy,
  uniforms,
} from './networks.js';
import { readReference, relativeError } from './npz.js';

const engine = createOrtEngine({ sessions: 1 });
afterAll(() => engine.close());

/** W features + b, in double precision. */
function logitsAgain({ lastLayer }: Model, features: Float32Array): Float64Array {
  if (!lastLayer) throw new Error('no last layer');
  const { width, weight, bias } = lastLayer;
  const classes = bias.length;
  return Float64Array.from({ length: (features.length / width) * classes }, (_, at) => {
    const [i, k] = [Math.floor(at / classes), at % classes];
    let sum = bias[k]!;
    for (let j = 0; j < width; j++) sum += weight[k * width + j]! * features[i * width + j]!;
    return sum;
  });
}

const networks = resolve('../shared/reference/networks');
const present = existsSync(join(networks, 'index.json'));
if (!present) console.warn(`\n!!! ${networks} is absent: features of its networks are NOT looked for !!!\n`);
type Index = Record<string, { input: [number, number, number]; output: string }>;
const index: Index = present ? JSON.parse(readFileSync(join(networks, 'index.json'), 'utf8')) : {};

describe.skipIf(!present)('reference networks', () => {
  it.each(Object.entries(index))('%s: W features + b are the logits', async (name, { input, output }) => {
    const reference = readReference(join(networks, `${name}.npz`));
    const { graph } = await readCheckpoint(join(networks, `${name}.onnx`));
    const classifies = output === 'logits';
    const head: Partial<ModelCard> = classifies ? { classes: 10 } : { energy: { output, sign: -1 } };
    const card = { name, checkpoint: `${name}.onnx`, input: { shape: input }, ...head };
    const model = await modelOf(graph, card, engine);
    expect(model.info.offers).toContain('features');
    const batch = { n: reference.x!.shape[0]!, pixels: Float32Array.from(reference.x!.data) };
    const { values, passes } = await model.evaluate(batch, [classifies ? 'logits' : 'logPx', 'features']);
    const { features = new Float32Array(0) } = values;
    expect(features.length / batch.n).toBeGreaterThan(1);
    expect(passes).toEqual({ forward: batch.n, gradient: 0 });
    if (classifies) {
      expect(relativeError(logitsAgain(model, features), reference.output!.data)).toBeLessThan(1e-5);
      expect(relativeError(values.logits ?? [], reference.output!.data)).toBeLessThan(1e-5);
    } else {
      expect(model.info.lacks.lastLayer).toMatch(/does not classify/);
      expect(model.lastLayer).toBeUndefined();
    }
    await model.close();
  });
});

const trained = resolve('../shared/reference/trained/cifar-baseline.pt');
const values = resolve('../shared/reference/ood/features.npz');
const known = existsSync(trained) && existsSync(values);
if (!known) console.warn(`\n!!! ${values} is absent: features are NOT compared with PyTorch's !!!\n`);

describe.skipIf(!known)('a trained network', () => {
  it('has the features, W and b that PyTorch finds', async () => {
    const reference = readReference(values);
    const card = {
      name: 'cifar-baseline',
      checkpoint: trained,
      input: { shape: [3, 32, 32], range: [-1, 1] },
      classes: 10,
    };
    const model = await openModel(card, engine);
    const directory = resolve('../shared/reference/trained');
    const data = await openDataset('test', { path: './cifar10-test-500.npz' }, { directory });
    const { features = new Float32Array(0) } = (await model.evaluate(await data.read(0, 500), ['features']))
      .values;
    await data.close();
    const furthest = (got: ArrayLike<number>, wanted: ArrayLike<number>) =>
      Array.from(got, (v, i) => Math.abs(v - wanted[i]!)).reduce((a, b) => Math.max(a, b), 0);
    expect(features).toHaveLength(500 * 64);
    expect(furthest(features, reference.features_test!.data)).toBeLessThan(1e-5);
    expect(furthest(model.lastLayer?.weight ?? [], reference.W!.data)).toBeLessThan(1e-5);
    expect(furthest(model.lastLayer?.bias ?? [], reference.b!.data)).toBeLessThan(1e-5);
    await model.close();
  });
});

const [D, K] = [6, 3];
const SHAPE: [number, number, number] = [2, 3, 1];
const weight = normals('head', D * K);
const bias = normals('head bias', K);
const card = { name: 'headed', checkpoint: './headed.onnx', input: { shape: SHAPE }, classes: K };

/** tanh of the pixels as (n, 6), and what a test makes of it. */
function headed(head: (b: GraphBuilder, features: string) => string): Graph {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['N', ...SHAPE]);
  const features = b.op('Tanh', [b.op('Flatten', [x], { axis: int(1) })], {}, 'penultimate');
  b.outputAs(head(b, features), 'logits', 'float32', ['N', K]);
  return b.build();
}
/** (D, K), or (K, D) with a row per class. */
const matrix = (b: GraphBuilder, rows = D) => b.constant(floats([rows, (D * K) / rows], weight), 'head');
const vector = (b: GraphBuilder, values: ArrayLike<number> = bias) => b.constant(floats([K], values), 'bias');
const gemm = (b: GraphBuilder, h: string) => b.op('Gemm', [h, matrix(b), vector(b)]);

const n = 4;
const pixels = uniforms('headed', n * D);
const tanh = Float64Array.from(pixels, Math.tanh);

describe('the last linear layer', () => {
  const linear: [what: string, head: Parameters<typeof headed>[0]][] = [
    ['Gemm', gemm],
    ['Gemm without bias', (b, h) => b.op('Gemm', [h, matrix(b)])],
    [
      'Gemm, transposed, with factors',
      (b, h) =>
        b.op('Gemm', [h, matrix(b, K), vector(b)], { transB: int(1), alpha: float(0.5), beta: float(2) }),
    ],
    [
      'Gemm of columns',
      (b, h) =>
        b.op('Gemm', [b.op('Transpose', [h], { perm: ints([1, 0]) }), matrix(b), vector(b)], {
          transA: int(1),
        }),
    ],
    ['MatMul and Add', (b, h) => b.op('Add', [b.op('MatMul', [h, matrix(b)]), vector(b)])],
    ['MatMul, scaled by class', (b, h) => b.op('Mul', [vector(b), b.op('MatMul', [h, matrix(b)])])],
    ['Gemm, by a temperature', (b, h) => b.op('Div', [b.op('Neg', [gemm(b, h)]), b.scalar(1.7)])],
    [
      'Gemm, then batch normalisation',
      (b, h) => {
        const of = (name: string) => vector(b, uniforms(name, K));
        return b.op('BatchNormalization', [gemm(b, h), of('scale'), of('shift'), of('mean'), of('variance')]);
      },
    ],
    [
      'a convolution of one position',
      (b, h) => {
        const maps = b.op('Reshape', [h, b.ints([-1, 2, 3, 1])]);
        const kernel = b.constant(floats([K, 2, 3, 1], weight), 'kernel');
        return b.op('Flatten', [b.op('Conv', [maps, kernel, vector(b)])], { axis: int(1) });
      },
    ],
  ];
  it.each(linear)('%s', async (_, head) => {
    const model = await open(engine, headed(head), card);
    const { values, passes } = await model.evaluate({ n, pixels }, ['features', 'logits']);
    expect(relativeError(values.features ?? [], tanh)).toBeLessThan(1e-6);
    expect(relativeError(logitsAgain(model, values.features ?? tanh32), values.logits ?? [])).toBeLessThan(
      1e-6,
    );
    expect(passes).toEqual({ forward: n, gradient: 0 });
    expect(model.info.lacks).toEqual({});
    await model.close();
  });
  const tanh32 = Float32Array.from(tanh);

  const tokens = (b: GraphBuilder, h: string) => b.op('Reshape', [h, b.ints([-1, 2, 3])]);
  const three = (b: GraphBuilder) => b.constant(floats([3, K], weight.subarray(0, 3 * K)), 'of_tokens');
  const lacking: [
    what: string,
    head: Parameters<typeof headed>[0],
    features: RegExp | undefined,
    layer: RegExp,
  ][] = [
    ['behind a softmax', (b, h) => b.op('Tanh', [gemm(b, h)]), undefined, /go through Tanh/],
    [
      'beside another way for the image',
      (b, h) => {
        const around = b.op('ReduceMean', [b.op('Flatten', ['x'], { axis: int(1) }), b.ints([1])]);
        return b.op('Add', [gemm(b, h), around]);
      },
      /around the last linear layer.*outputs\.features/,
      /around the last linear layer/,
    ],
    [
      'of several positions',
      (b, h) =>
        b.op('ReduceMean', [b.op('MatMul', [tokens(b, h), three(b)]), b.ints([1])], { keepdims: int(0) }),
      /takes 2 rows of an image.*outputs\.features/,
      /takes 2 rows of an image/,
    ],
    [
      'of none',
      (b, h) => b.op('Slice', [h, b.ints([0]), b.ints([K]), b.ints([1])]),
      /no linear layer.*outputs\.features/,
      /no linear layer/,
    ],
  ];
  it.each(lacking)('%s is told apart', async (_, head, features, layer) => {
    const model = await open(engine, headed(head), card);
    const { lacks, offers } = model.info;
    expect(offers.includes('features')).toBe(features === undefined);
    if (features) {
      expect(lacks.features).toMatch(features);
      await expect(model.evaluate({ n, pixels }, ['features'])).rejects.toMatchObject({
        code: 'op-unsupported',
        details: { found: lacks.features },
      });
    } else {
      const { values } = await model.evaluate({ n, pixels }, ['features']);
      expect(relativeError(values.features ?? [], tanh)).toBeLessThan(1e-6);
    }
    expect(lacks.lastLayer).toMatch(layer);
    expect(model.lastLayer).toBeUndefined();
    await model.close();
  });

  it('of an energy is of no classes', async () => {
    const model = await open(engine, quadraticEnergy(), energyCard);
    expect(model.info.lacks.features).toMatch(/no linear layer/);
    expect(model.info.lacks.lastLayer).toMatch(/does not classify/);
    await model.close();
  });
});

describe('features that a card names', () => {
  it('are taken, flattened, and are part of the identity', async () => {
    const [plain, named] = await Promise.all([
      open(engine, convolutional(), convolutionalCard),
      open(engine, convolutional(), convolutionalCard, { outputs: { features: 'AveragePool' } }),
    ]);
    expect(named.info.identity).not.toBe(plain.info.identity);
    const batch = { n, pixels: uniforms('images', n * 64) };
    const found = (await named.evaluate(batch, ['features', 'logits'])).values;
    expect(found.features).toHaveLength(n * 6 * 4 * 4);
    expect(relativeError(found.logits ?? [], (await plain.forward(batch)).logits ?? [])).toBeLessThan(1e-6);
    expect(named.info.lacks.lastLayer).toMatch(/outputs\.features.*not the input of the last linear layer/);
    await Promise.all([plain.close(), named.close()]);
  });

  it('keep the last layer where they are its input', async () => {
    const model = await open(engine, headed(gemm), card, { outputs: { features: 'penultimate' } });
    expect(model.info.offers).toEqual(expect.arrayContaining(['features', 'lastLayer']));
    const { values } = await model.evaluate({ n, pixels }, ['features', 'logits']);
    expect(relativeError(logitsAgain(model, values.features ?? tanh32), values.logits ?? [])).toBeLessThan(
      1e-6,
    );
    await model.close();
  });
  const tanh32 = Float32Array.from(tanh);

  it('help where a network has no linear layer', async () => {
    const bare = headed((b, h) => b.op('Slice', [h, b.ints([0]), b.ints([K]), b.ints([1])]));
    const model = await open(engine, bare, card, { outputs: { features: 'penultimate' } });
    const { values } = await model.evaluate({ n, pixels }, ['features']);
    expect(relativeError(values.features ?? [], tanh)).toBeLessThan(1e-6);
    await model.close();
  });
});

describe('a purified system', () => {
  const purify = {
    by: 'headed',
    steps: 2,
    stepSize: 0.1,
    noise: 0.05,
    inputNoise: 0.1,
    chains: 3,
    clamp: 'none',
    gradient: 'straight-through',
    seed: 'fresh',
  } as const;

  it('has the mean features of its chains, of which the last layer makes its logits', async () => {
    const model = await open(engine, headed(gemm), card);
    const system = new PurifiedSystem(model, model, purify, 'pure');
    const keys = Array.from({ length: n }, (_, example) => ({ seed: 1, purpose: 'test', example }));
    const batch = { n, pixels, keys, labels: Int32Array.from([0, 1, 2, 0]) };
    expect(system.info.offers).toEqual(expect.arrayContaining(['features', 'lastLayer']));
    expect(system.lastLayer).toBe(model.lastLayer);
    const forward = await system.evaluate(batch, ['features', 'logits']);
    const { features = new Float32Array(0), logits = [] } = forward.values;
    expect(features).toHaveLength(n * D);
    expect(relativeError(features, tanh)).toBeGreaterThan(0.01);
    expect(relativeError(logitsAgain(model, features), logits)).toBeLessThan(1e-6);
    const backward = await system.evaluate(batch, ['features'], 'cross-entropy');
    expect(relativeError(backward.values.features ?? [], features)).toBeLessThan(1e-6);
    expect(backward.gradient).toEqual((await system.gradient(batch, 'cross-entropy')).gradient);
    await model.close();
  });

  it('lacks what its classifier lacks, with the reason', async () => {
    const bare = await open(
      engine,
      headed((b, h) => b.op('Slice', [h, b.ints([0]), b.ints([K]), b.ints([1])])),
      card,
    );
    const system = new PurifiedSystem(bare, bare, purify, 'pure');
    expect(system.info.lacks.features).toBe(bare.info.lacks.features);
    await bare.close();
  });
});

describe('evaluate', () => {
  it('gives a loss and its gradient beside features, the same as alone', async () => {
    const model = await open(engine, headed(gemm), card);
    const batch = { n, pixels, labels: Int32Array.from([0, 1, 2, 0]) };
    const both = await model.evaluate(batch, ['features'], 'cross-entropy');
    const alone = await model.gradient(batch, 'cross-entropy');
    expect(Object.keys(both.values)).toEqual(['features']);
    expect(relativeError(both.values.features ?? [], tanh)).toBeLessThan(1e-6);
    expect(relativeError(both.loss ?? [], alone.loss)).toBeLessThan(1e-6);
    expect(relativeError(both.gradient ?? [], alone.gradient)).toBeLessThan(1e-6);
    expect(both.passes).toEqual({ forward: 0, gradient: n });
    await model.close();
  });

  it('makes a program for features when they are asked for, once', async () => {
    let compiled = 0;
    const counting: Engine = {
      name: engine.name,
      description: engine.description,
      concurrency: engine.concurrency,
      fold: (graph) => engine.fold(graph),
      compile: (graph) => {
        compiled++;
        return engine.compile(graph);
      },
      close: async () => {},
    };
    const model = await open(counting, headed(gemm), card);
    await model.forward({ n, pixels });
    await model.gradient({ n, pixels }, 'log-px');
    const before = compiled;
    await model.evaluate({ n, pixels }, ['features']);
    await model.evaluate({ n, pixels }, ['logits', 'features']);
    expect(compiled).toBe(before + 1);
    await model.forward({ n, pixels });
    expect(compiled).toBe(before + 1);
    await model.close();
  });

  it('guesses a misspelt quantity', async () => {
    const model = await open(engine, headed(gemm), card);
    await expect(model.evaluate({ n, pixels }, ['feature' as 'features'])).rejects.toMatchObject({
      code: 'unknown-name',
    });
    await model.close();
  });
});
