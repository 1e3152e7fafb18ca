import { afterAll, describe, expect, it } from 'vitest';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { type GraphBuilder, int, ints } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import { int64s } from '../../src/graph/tensor.js';
import type { ModelCard } from '../../src/models/card/card.js';
import { contractOf } from '../../src/models/card/contract.js';
import { prepare } from '../../src/models/graph/prepare.js';
import {
  linearCard,
  linearGraph,
  linearLogits,
  linearNhwc,
  open,
  PIXELS,
  SHAPE,
  uniforms,
} from './networks.js';
import { relativeError } from './npz.js';

const engine = createOrtEngine({ sessions: 2 });
afterAll(() => engine.close());

const n = 7;
const pixels = uniforms('input', n * PIXELS);
const labels = Int32Array.from({ length: n }, (_, i) => i % 4);
/** Channel of pixel j of an image. */
const channel = (j: number) => Math.floor((j % PIXELS) / 6);

const contracts: [
  what: string,
  input: Partial<ModelCard['input']>,
  own: (p: number, c: number) => number,
  scale: number[],
][] = [
  ['nothing', {}, (p) => p, [1, 1]],
  ['the identity range', { range: [0, 1] }, (p) => p, [1, 1]],
  ['a symmetric range', { range: [-1, 1] }, (p) => 2 * p - 1, [2, 2]],
  ['bytes', { range: [0, 255] }, (p) => 255 * p, [255, 255]],
  ['one mean and std', { mean: 0.5, std: 0.25 }, (p) => (p - 0.5) / 0.25, [4, 4]],
  [
    'mean and std per channel',
    { mean: [0.1, 0.6], std: [0.5, 0.2] },
    (p, c) => (p - [0.1, 0.6][c]!) / [0.5, 0.2][c]!,
    [2, 5],
  ],
  ['only a mean', { mean: [0.1, 0.6] }, (p, c) => p - [0.1, 0.6][c]!, [1, 1]],
  ['only a std', { std: 0.5 }, (p) => p / 0.5, [2, 2]],
];

describe('the input contract', () => {
  it.each(contracts)('%s', async (_, input, own, scale) => {
    const model = await open(engine, linearGraph(), linearCard, { input: { ...linearCard.input, ...input } });
    const { logits } = await model.forward({ n, pixels });
    const wanted = linearLogits(Float64Array.from(pixels, (p, j) => own(p, channel(j))));
    expect(relativeError(logits ?? [], wanted)).toBeLessThan(1e-6);
    expect(model.info.inputScale).toHaveLength(2);
    for (const c of [0, 1]) expect(model.info.inputScale[c]).toBeCloseTo(scale[c]!, 12);
    const plain = await open(engine, linearGraph(), linearCard);
    const [scaled, bare] = await Promise.all(
      [model, plain].map((m) => m.gradient({ n, pixels, labels }, 'logit')),
    );
    const chained = bare!.gradient.map((g, j) => g * scale[channel(j)]!);
    expect(relativeError(scaled!.gradient, chained)).toBeLessThan(1e-6);
    await Promise.all([model.close(), plain.close()]);
  });

  it('turns images for NHWC networks', async () => {
    const input = { ...linearCard.input, mean: [0.1, 0.6], std: [0.5, 0.2] };
    const [nchw, nhwc] = await Promise.all([
      open(engine, linearGraph(), linearCard, { input }),
      open(engine, linearNhwc(), linearCard, { input: { ...input, layout: 'NHWC' } }),
    ]);
    const [a, b] = await Promise.all(
      [nchw, nhwc].map((m) => m.gradient({ n, pixels, labels }, 'cross-entropy')),
    );
    expect(relativeError(a!.logits ?? [], b!.logits ?? [1])).toBeLessThan(1e-6);
    expect(relativeError(a!.gradient, b!.gradient)).toBeLessThan(1e-6);
  });

  it('feeds networks that take rows of numbers', async () => {
    const rows = linearGraph({ image: [PIXELS], rows: (_, x) => x });
    const model = await open(engine, rows, linearCard);
    const { logits } = await model.forward({ n, pixels });
    expect(relativeError(logits ?? [], linearLogits(pixels))).toBeLessThan(1e-6);
  });

  it('converts for double-precision networks', async () => {
    const double = linearGraph({
      rows: (b, x) => b.op('Flatten', [b.op('Cast', [x], { to: int(1) })], { axis: int(1) }),
    });
    double.inputs[0]!.type = 'float64';
    const model = await open(engine, double, linearCard);
    const { logits, gradient } = await model.gradient({ n, pixels, labels }, 'logit');
    expect(relativeError(logits ?? [], linearLogits(pixels))).toBeLessThan(1e-6);
    expect(gradient.some((g) => g !== 0)).toBe(true);
  });
});

const reshaped = (target: number[]) => (b: GraphBuilder, x: string) =>
  b.op('Reshape', [x, b.constant(int64s(target), 'target')]);
/** A detour over [12, 1], which only one image fills. */
const stubborn = (b: GraphBuilder, x: string) =>
  b.op('Reshape', [
    b.op('Transpose', [b.op('Reshape', [x, b.ints([PIXELS, 1])])], { perm: ints([1, 0]) }),
    b.ints([1, PIXELS]),
  ]);

/** Twice the image when it is alone; a mixture of images otherwise. */
const mixing = (b: GraphBuilder, x: string) => {
  const mean = b.op('ReduceMean', [x, b.ints([0])], { keepdims: int(1) });
  return b.op('Flatten', [b.op('Mul', [b.op('Add', [x, mean]), b.scalar(0.5)])], { axis: int(1) });
};

describe('the batch axis', () => {
  const cases: [what: string, graph: Graph, fixedBatch: number | undefined][] = [
    ['symbolic', linearGraph(), undefined],
    ['unknown', linearGraph({ batch: null }), undefined],
    ['symbolic, though a Reshape says 1', linearGraph({ rows: reshaped([1, -1]) }), undefined],
    ['-1, as some exporters write it', linearGraph({ batch: -1 }), undefined],
    ['fixed at 1', linearGraph({ batch: 1 }), undefined],
    ['fixed at 1 with [1, 12] inside', linearGraph({ batch: 1, rows: reshaped([1, PIXELS]) }), undefined],
    ['fixed at 1 with [1, -1] inside', linearGraph({ batch: 1, rows: reshaped([1, -1]) }), undefined],
    ['fixed at 3', linearGraph({ batch: 3, rows: reshaped([3, PIXELS]) }), undefined],
    ['fixed at 1 beyond repair', linearGraph({ batch: 1, rows: stubborn }), 1],
    ['fixed at 1, runs with more, but mixes them', linearGraph({ batch: 1, rows: mixing }), 1],
    ['symbolic, but mixes images', linearGraph({ rows: mixing }), 1],
  ];
  it.each(cases)('%s', async (_, graph, fixedBatch) => {
    const prepared = await prepare(engine, graph, contractOf(linearCard), 'network.onnx');
    expect(prepared.fixedBatch).toBe(fixedBatch);
    const model = await open(engine, graph, linearCard);
    const { logits } = await model.forward({ n, pixels });
    expect(relativeError(logits ?? [], linearLogits(pixels))).toBeLessThan(1e-6);
    const plain = await open(engine, linearGraph(), linearCard);
    const [a, b] = await Promise.all([model, plain].map((m) => m.gradient({ n, pixels, labels }, 'dlr')));
    expect(relativeError(a!.gradient, b!.gradient)).toBeLessThan(1e-5);
    expect(a!.passes).toEqual({ forward: 0, gradient: n });
    await Promise.all([model.close(), plain.close()]);
  });

  it('pads the last run of a network of a fixed batch', async () => {
    // A detour over [12, 3], which only three images fill: seven take three runs.
    const graph = linearGraph({
      batch: 3,
      rows: (b, x) => b.op('Reshape', [b.op('Reshape', [x, b.ints([PIXELS, 3])]), b.ints([3, PIXELS])]),
    });
    const model = await open(engine, graph, linearCard);
    const { logits } = await model.forward({ n, pixels });
    expect(relativeError(logits ?? [], linearLogits(pixels))).toBeLessThan(1e-6);
  });
});

describe('batches', () => {
  it('give the same whatever their size', async () => {
    const many = await open(engine, linearGraph(), linearCard, { batchSize: 64 });
    const few = await open(engine, linearGraph(), linearCard, { batchSize: 2 });
    expect([many.batchSize, few.batchSize]).toEqual([64, 2]);
    const [a, b] = await Promise.all(
      [many, few].map((m) => m.gradient({ n, pixels, labels }, 'cross-entropy')),
    );
    expect(relativeError(a!.gradient, b!.gradient)).toBeLessThan(1e-6);
    expect(relativeError(a!.loss, b!.loss)).toBeLessThan(1e-6);
    expect(a!.passes).toEqual(b!.passes);
  });

  it('may be empty', async () => {
    const model = await open(engine, linearGraph(), linearCard);
    const { logits, passes } = await model.forward({ n: 0, pixels: new Float32Array() });
    expect([logits?.length, passes.forward]).toEqual([0, 0]);
  });

  it('overlap', async () => {
    const model = await open(engine, linearGraph(), linearCard, { batchSize: 1 });
    const size = PIXELS;
    const calls = Array.from({ length: n }, (_, i) =>
      model.gradient(
        { n: 1, pixels: pixels.slice(i * size, (i + 1) * size), labels: labels.slice(i, i + 1) },
        i % 2 ? 'margin' : 'cross-entropy',
      ),
    );
    const logits = (await Promise.all(calls)).flatMap((c) => [...(c.logits ?? [])]);
    expect(relativeError(logits, linearLogits(pixels))).toBeLessThan(1e-6);
  });

  const wrong: [
    what: string,
    batch: Parameters<Awaited<ReturnType<typeof open>>['gradient']>[0],
    code: string,
  ][] = [
    [
      'too few pixels',
      { n: 2, pixels: new Float32Array(PIXELS), labels: Int32Array.of(0, 0) },
      'shape-mismatch',
    ],
    ['no labels', { n: 1, pixels: new Float32Array(PIXELS) }, 'data-invalid'],
    [
      'a label too large',
      { n: 1, pixels: new Float32Array(PIXELS), labels: Int32Array.of(4) },
      'data-invalid',
    ],
    [
      'a negative label',
      { n: 1, pixels: new Float32Array(PIXELS), labels: Int32Array.of(-1) },
      'data-invalid',
    ],
    [
      'pixels that are not numbers',
      { n: 1, pixels: new Float32Array(PIXELS).fill(Number.NaN), labels: Int32Array.of(0) },
      'model-invalid',
    ],
  ];
  it.each(wrong)('are refused with %s', async (_, batch, code) => {
    const model = await open(engine, linearGraph(), linearCard);
    await expect(model.gradient(batch, 'cross-entropy')).rejects.toMatchObject({ code });
  });
});

it('takes networks whose own names are those it would give', async () => {
  const taken = linearGraph({
    head: (b, logits) => {
      let value = logits;
      for (const name of ['one_hot', 'log_px', 'loss', 'gradient_of_pixels', 'logits'])
        value = b.node('Identity', [value], {}, [name])[0]!;
      b.output('logits', 'float32', ['N', 4]);
    },
  });
  const nodes = taken.nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map((i) => (i === 'image' ? 'pixels' : i)),
  }));
  const model = await open(
    engine,
    { ...taken, nodes, inputs: [{ ...taken.inputs[0]!, name: 'pixels' }] },
    linearCard,
  );
  const plain = await open(engine, linearGraph(), linearCard);
  const [a, b] = await Promise.all([model, plain].map((m) => m.gradient({ n, pixels, labels }, 'log-pxy')));
  expect(a).toEqual(b);
});

it('names its shape, classes and identity', async () => {
  const [model, again, other] = await Promise.all([
    open(engine, linearGraph(), linearCard),
    open(engine, linearGraph(), { ...linearCard, name: 'twin', classes: ['a', 'b', 'c', 'd'] }),
    open(engine, linearGraph(), linearCard, { input: { shape: [...SHAPE], range: [-1, 1] } }),
  ]);
  expect(model.info).toMatchObject({
    name: 'linear',
    model: 'linear',
    defence: '',
    shape: [...SHAPE],
    classes: ['0', '1', '2', '3'],
    offers: ['logits', 'logPx', 'inputGradient', 'hessianProduct', 'features', 'lastLayer', 'marginBounds'],
    lacks: {},
    stochastic: false,
    energy: 'logsumexp',
  });
  expect(again.info.identity).toBe(model.info.identity);
  expect(other.info.identity).not.toBe(model.info.identity);
});

it('refuses images of giant size, by key, before any is made', () => {
  const giant = { ...linearCard, input: { ...linearCard.input, shape: [3, 65536, 65536] } } as ModelCard;
  expect(() => contractOf(giant)).toThrowError(
    expect.objectContaining({
      code: 'config-invalid',
      details: expect.objectContaining({ path: 'input.shape' }),
    }),
  );
});
