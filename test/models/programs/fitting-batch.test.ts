// @module-tag slow
import { afterAll, expect, it } from 'vitest';
import type { Engine } from '../../../src/engines/engine.js';
import { beyondLimit, DEFAULT_LIMITS, type Limits } from '../../../src/engines/guard/limits.js';
import { createOrtEngine } from '../../../src/engines/ort/engine.js';
import { GraphBuilder, int } from '../../../src/graph/build.js';
import type { Graph } from '../../../src/graph/graph.js';
import { floats } from '../../../src/graph/tensor.js';
import { mapTuple } from '../../../src/map-tuple.js';
import { modelOf } from '../../../src/models/assemble.js';
import { contractOf } from '../../../src/models/card/contract.js';
import { prepare } from '../../../src/models/graph/prepare.js';
import { usualCall } from '../../../src/models/programs/call-memory.js';
import { fittingBatch } from '../../../src/models/programs/fitting-batch.js';
import { normals, uniforms } from '../networks.js';
import { relativeError } from '../npz.js';

const [SIDE, CHANNELS, LAYERS, CLASSES] = [64, 32, 12, 3];
const SHAPE = [3, SIDE, SIDE] as const;
const PIXELS = 3 * SIDE * SIDE;
/** Of what one convolution puts out for an image. */
const MAP = (4 * CHANNELS * SIDE * SIDE) / 2 ** 20;

/** Layers whose outputs a gradient has to keep: half a MiB each. */
function deep(): Graph {
  const b = new GraphBuilder();
  let x = b.input('image', 'float32', ['N', ...SHAPE]);
  for (let layer = 0, from = 3; layer < LAYERS; layer++, from = CHANNELS) {
    const weight = normals(`weight ${layer}`, CHANNELS * from, Math.sqrt(2 / from));
    const w = b.constant(floats([CHANNELS, from, 1, 1], weight), 'weight');
    x = b.op('Relu', [b.op('Conv', [x, w])]);
  }
  const features = b.op('Flatten', [b.op('GlobalAveragePool', [x])], { axis: int(1) });
  const head = b.constant(floats([CHANNELS, CLASSES], normals('head', CHANNELS * CLASSES)), 'head');
  b.outputAs(b.op('MatMul', [features, head]), 'logits', 'float32', ['N', CLASSES]);
  return b.build();
}

const card = (batchSize: number) => ({
  name: 'deep',
  checkpoint: '',
  input: { shape: [...SHAPE] },
  classes: ['a', 'b', 'c'],
  batchSize,
});

const engines: Engine[] = [];
afterAll(() => Promise.all(engines.map((engine) => engine.close())));

function engineWith(limits: Partial<Limits>, sessions = 1) {
  const told: string[] = [];
  const engine = createOrtEngine({ sessions, limits, notice: (text) => told.push(text) });
  engines.push(engine);
  return { engine, told };
}

const images = { n: 6, pixels: uniforms('images', 6 * PIXELS), labels: Int32Array.from([0, 1, 2, 0, 1, 2]) };

/** As many as 100 MiB hold; what an image takes is told in three digits. */
function expectToFit(batch: number, image: number): void {
  expect(batch * image).toBeLessThan(100.5);
  expect((batch + 1) * image).toBeGreaterThan(99.5);
}

it('a batch is cut to what was measured to fit, and nothing but the batch changes', async () => {
  const [small, large] = [engineWith({ batchMebibytes: 100 }), engineWith({ batchMebibytes: 1e6 })];
  const [cut, whole] = await Promise.all(
    mapTuple([small, large], ({ engine }) => modelOf(deep(), card(64) as never, engine)),
  );
  expect(whole.batchSize).toBe(64);
  expect(large.told).toEqual([]);
  expect(small.told).toHaveLength(1);
  const [, batch, image] =
    /^deep: batches of (\d+) instead of 64: an image takes ([\d.]+) MiB, measured, and a call may take 100 MiB/.exec(
      small.told[0]!,
    ) ?? [];
  expect(cut.batchSize).toBe(Number(batch));
  // A gradient keeps what each ReLU puts out, and no more than a few times that. What a process held before may be used again.
  expect(Number(image)).toBeGreaterThan(0.8 * LAYERS * MAP);
  expect(Number(image)).toBeLessThan(4 * LAYERS * MAP);
  expectToFit(Number(batch), Number(image));
  expect(cut.info).toEqual(whole.info);
  const [ours, theirs] = await Promise.all(
    mapTuple([cut, whole], (model) => model.gradient(images, 'cross-entropy')),
  );
  expect(ours.passes).toEqual(theirs.passes);
  for (const [i, value] of theirs.gradient.entries()) expect(ours.gradient[i]!).toBeCloseTo(value, 5);
});

it('a Hessian-vector product, which takes more than a gradient, has a smaller batch, and the same values', async () => {
  const [small, large] = [engineWith({ batchMebibytes: 100 }), engineWith({ batchMebibytes: 1e6 })];
  const [cut, whole] = await Promise.all(
    mapTuple([small, large], ({ engine }) => modelOf(deep(), card(64) as never, engine)),
  );
  const direction = normals('direction', images.n * PIXELS);
  const [ours, theirs] = await Promise.all(
    mapTuple([cut, whole], (model) => model.hessianProduct(images, direction)),
  );
  expect(large.told).toEqual([]);
  const [, batch, image] =
    /^deep: batches of (\d+) instead of \d+ for Hessian-vector products: an image takes ([\d.]+) MiB, measured/.exec(
      small.told[1]!,
    ) ?? [];
  expectToFit(Number(batch), Number(image));
  expect(Number(batch)).toBeLessThan(cut.batchSize);
  expect(relativeError(ours.product, theirs.product)).toBeLessThan(1e-4);
  // Of another loss it is another program, of which nothing is known.
  await cut.hessianProduct(images, direction, 'cross-entropy');
  await cut.hessianProduct(images, direction, 'cross-entropy');
  expect(small.told).toHaveLength(3);
});

it('sessions side by side share what there is, and one image is the least', async () => {
  const { engine, told } = engineWith({ batchMebibytes: 8 }, 2);
  const model = await modelOf(deep(), card(4) as never, engine);
  expect(model.batchSize).toBe(1);
  expect(told).toEqual([expect.stringContaining('each of 2 calls at once may take 4 MiB')]);
});

it('a batch that a network insists on is left as it is', async () => {
  const { engine, told } = engineWith({ batchMebibytes: 1 });
  const { traced, ...prepared } = await prepare(engine, deep(), contractOf(card(2) as never), 'deep');
  const call = usualCall({ prepared, traced, shape: SHAPE, gradient: true });
  expect(await fittingBatch(engine, engine, { name: 'deep', batch: 2, fixedBatch: 2, call })).toBe(2);
  expect(told).toEqual([]);
});

it('shapes tell what an image takes where nothing can be measured', async () => {
  const measured = engineWith({ batchMebibytes: 100 });
  const { guard, ...engine } = engineWith({ batchMebibytes: 100 }).engine;
  const told: string[] = [];
  const room = { bytes: 100 * 2 ** 20, notice: (text: string) => told.push(text) };
  const model = await modelOf(deep(), card(64) as never, { ...engine, room });
  expect(told).toEqual([expect.stringContaining('as its shapes tell')]);
  // They tell too much rather than too little.
  const exact = await modelOf(deep(), card(64) as never, measured.engine);
  expect(model.batchSize).toBeLessThanOrEqual(exact.batchSize);
});

it('a measurement that goes over a limit ends in what the shapes tell', async () => {
  const { engine, told } = engineWith({ batchMebibytes: 100 });
  const guard = strict(engine.guard as Engine);
  await modelOf(deep(), card(64) as never, { ...engine, guard });
  expect(told).toEqual([expect.stringContaining('as its shapes tell')]);
});

/** A guard that a measured call goes beyond. */
const strict = (guard: Engine): Engine => ({
  ...guard,
  compile: async (graph) => ({
    ...(await guard.compile(graph)),
    peak: () => Promise.reject(beyondLimit('memory', DEFAULT_LIMITS)),
  }),
});
