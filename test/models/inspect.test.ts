import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { int } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import { writeOnnx } from '../../src/graph/write.js';
import { inspectCheckpoint } from '../../src/models/inspect.js';
import { openModel } from '../../src/models/open.js';
import {
  CLASSES,
  convolutional,
  linearGraph,
  linearNhwc,
  PIXELS,
  quadraticEnergy,
  uniforms,
} from './networks.js';

const engine = createOrtEngine({ sessions: 1 });
const folder = mkdtempSync(join(tmpdir(), 'assay-inspect-'));
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await engine.close();
});

function inspect(graph: Graph, name = 'network.onnx') {
  const file = join(folder, name);
  writeFileSync(file, writeOnnx(graph));
  return inspectCheckpoint(file, engine);
}

const softmaxed = linearGraph({
  head: (b, logits) =>
    b.outputAs(b.op('Softmax', [logits], { axis: int(1) }), 'p', 'float32', ['N', CLASSES]),
});
const untyped = linearGraph({ head: (b, logits) => b.outputAs(logits, 'y', 'float32', null) });
const rows = linearGraph({ image: [PIXELS], rows: (_, x) => x });

it('tells what a checkpoint holds', async () => {
  const found = await inspect(convolutional());
  expect(found).toMatchObject({
    format: 'onnx',
    opset: 18,
    parameters: 6 * 9 + 6 + 8 * 6 * 9 + 8 + 160,
    inputs: [{ name: 'x', type: 'float32', shape: '[N, 1, 8, 8]' }],
    outputs: [{ name: 'logits', type: 'float32', shape: '[N, 5]' }],
    gradient: { available: true, missing: [], estimated: [] },
  });
  expect(found.ops[0]).toEqual({ op: 'Conv', count: 2 });
  expect(found.sha256).toMatch(/^[0-9a-f]{64}$/);
});

it('names every node that lacks a gradient', async () => {
  const graph = linearGraph({
    head: (b, logits) => {
      const signal = b.op('Unsqueeze', [logits, b.ints([2, 3])]);
      const product = b.op('ReduceProd', [b.op('ReduceProd', [signal, b.ints([2])]), b.ints([3])]);
      b.outputAs(b.op('Squeeze', [product, b.ints([2, 3])]), 'logits', 'float32', ['N', CLASSES]);
    },
  });
  const { gradient } = await inspect(graph);
  expect(gradient.available).toBe(false);
  expect(gradient.missing.map(({ op }) => op)).toEqual(['ReduceProd', 'ReduceProd']);
});

it('tells of gradients that are estimates, and of 16-bit networks', async () => {
  const graph = linearGraph({
    head: (b, logits) => {
      const quantised = b.op('QuantizeLinear', [logits, b.scalar(0.1)], {}, 'rounded');
      b.outputAs(b.op('DequantizeLinear', [quantised, b.scalar(0.1)]), 'logits', 'float32', ['N', CLASSES]);
    },
  });
  const { gradient } = await inspect(graph);
  expect(gradient).toMatchObject({ available: true, estimated: [{ op: 'QuantizeLinear' }] });
  const half = linearGraph({
    head: (b, logits) => {
      const back = b.op('Cast', [b.op('Cast', [logits], { to: int(10) })], { to: int(1) });
      b.outputAs(back, 'logits', 'float32', ['N', CLASSES]);
    },
  });
  expect((await inspect(half)).notes.join()).toMatch(/float16.*computed in float32/);
});

describe('the suggested card', () => {
  const cases: [what: string, graph: Graph, card: object][] = [
    ['a classifier', convolutional(), { input: { shape: [1, 8, 8], range: [0, 1] }, classes: 5 }],
    ['an energy model', quadraticEnergy(), { energy: { output: 'energy', sign: -1 } }],
    ['outputs without a shape', untyped, { classes: CLASSES }],
    ['a softmax at the end', softmaxed, { classes: CLASSES, outputs: { logits: 'scores' } }],
    ['rows of numbers', rows, { classes: CLASSES }],
  ];
  it.each(cases)('%s', async (_, graph, card) => {
    const { card: text, notes } = await inspect(graph);
    const suggested = parse(text) as Record<string, unknown>;
    expect(suggested).toMatchObject(card);
    expect(notes.length).toBeGreaterThan(0);
    if (graph === rows) return;
    const file = join(folder, 'suggested.yaml');
    writeFileSync(file, text);
    const model = await openModel(file, engine);
    const size = model.info.shape.reduce((a, b) => a * b, 1);
    const { logits, logPx } = await model.forward({ n: 2, pixels: uniforms('any', 2 * size) });
    expect(logits ?? logPx).toBeDefined();
    await model.close();
  });

  it('sees channels last', async () => {
    const graph = linearNhwc();
    const three = { ...graph, inputs: [{ ...graph.inputs[0]!, dims: ['N', 32, 32, 3] }] };
    expect((await inspect(three)).card).toMatch(/shape: \[3, 32, 32\].*layout: NHWC/);
  });

  it('guesses squares from rows, and says so', async () => {
    const wide = { ...rows, inputs: [{ ...rows.inputs[0]!, dims: ['N', 3072] }] };
    const { card, notes } = await inspect(wide);
    expect(card).toMatch(/shape: \[3, 32, 32\]/);
    expect(notes.join()).toMatch(/rows of 3072/);
  });

  it('has a name that a card allows', async () => {
    expect((await inspect(convolutional(), '--my net (v2)!.onnx')).card).toMatch(/^name: "my-net-v2-"/);
  });
});

it('refuses what is no checkpoint', async () => {
  const file = join(folder, 'text.onnx');
  writeFileSync(file, 'hello');
  await expect(inspectCheckpoint(file, engine)).rejects.toMatchObject({ code: 'file-malformed' });
});
