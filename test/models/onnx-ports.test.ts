import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import onnxProto from 'onnx-proto';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { GraphBuilder, int, ints, string } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import { writeOnnx } from '../../src/graph/write.js';
import type { ModelCard } from '../../src/models/card/card.js';
import { inspectCheckpoint } from '../../src/models/inspect.js';
import { openModel } from '../../src/models/open.js';
import {
  CLASSES,
  linear,
  linearCard,
  linearGraph,
  linearLogits,
  PIXELS,
  SHAPE,
  uniforms,
} from './networks.js';

const engine = createOrtEngine({ sessions: 1 });
const folder = mkdtempSync(join(tmpdir(), 'assay-ports-'));
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await engine.close();
});

/** A graph, or the file of one. */
type Stored = Graph | Uint8Array;

function stored(graph: Stored): string {
  writeFileSync(join(folder, 'linear.onnx'), graph instanceof Uint8Array ? graph : writeOnnx(graph));
  return folder;
}

const opened = (graph: Stored, card: Partial<ModelCard> = {}) =>
  openModel({ ...linearCard, ...card }, engine, { directory: stored(graph) });

/** The card that `inspect` suggests, opened. */
async function suggested(graph: Stored) {
  const directory = stored(graph);
  const { card, gradient } = await inspectCheckpoint(join(directory, 'linear.onnx'), engine);
  return { card: parse(card), gradient, model: await openModel(parse(card), engine, { directory }) };
}

const floatList = (value: number[]) => ({ kind: 'floats' as const, value });

const asRows = (b: GraphBuilder, x: string) => b.op('Reshape', [x, b.ints([-1, PIXELS])]);

const chosen = linearGraph({
  head: (b, logits) =>
    b.outputAs(b.op('ArgMax', [logits], { axis: int(1), keepdims: int(0) }), 'label', 'int64', ['N']),
});

/** What sklearn-onnx writes by default: labels, and a list of dictionaries. */
const zipped = (): Graph => {
  const graph = linearGraph({
    head: (b, logits) => {
      b.outputAs(b.op('ArgMax', [logits], { axis: int(1), keepdims: int(0) }), 'label', 'int64', ['N']);
      const p = b.op('Softmax', [logits], { axis: int(1) });
      const keys = { classlabels_int64s: ints([0, 1, 2, 3]) };
      b.output(b.node('ZipMap', [p], keys, ['probabilities'], 'ai.onnx.ml')[0]!, 'float32', null);
    },
  });
  return { ...graph, opsets: { ...graph.opsets, 'ai.onnx.ml': 1 } };
};

const NAMES = ['ant', 'bee', 'cat', 'dog'];
const { ModelProto, TensorProto } = onnxProto.onnx;

/** Declares an output of text, which graphs of ours cannot hold. */
function withText(graph: Graph, name: string, more: (file: onnxProto.onnx.ModelProto) => void): Uint8Array {
  const file = ModelProto.decode(writeOnnx(graph));
  more(file);
  const type = { tensorType: { elemType: TensorProto.DataType.STRING } };
  file.graph?.output?.unshift(onnxProto.onnx.ValueInfoProto.create({ name, type }));
  return ModelProto.encode(file).finish();
}

/** What sklearn-onnx writes of a logistic regression on class names: text, and dictionaries of scaled probabilities. */
const logistic = (zipMap: boolean): Uint8Array => {
  const b = new GraphBuilder();
  const x = b.input('X', 'float32', ['N', PIXELS]);
  // Pixels minus 1, halved: made up for by the weights.
  const scaler = { offset: floatList(Array(PIXELS).fill(1)), scale: floatList(Array(PIXELS).fill(0.5)) };
  const [scaled] = b.node('Scaler', [x], scaler, ['variable'], 'ai.onnx.ml') as [string];
  const rows = Array.from({ length: CLASSES }, (_, k) =>
    Array.from({ length: PIXELS }, (_, j) => linear.weight[j * CLASSES + k]!),
  );
  const attributes = {
    classlabels_strings: { kind: 'strings' as const, value: NAMES },
    coefficients: floatList(rows.flat().map((w) => 2 * w)),
    intercepts: floatList(rows.map((row, k) => linear.bias[k]! + row.reduce((sum, w) => sum + w, 0))),
    post_transform: string('SOFTMAX'),
  };
  const [, p] = b.node('LinearClassifier', [scaled], attributes, ['label', 'tensor'], 'ai.onnx.ml') as [
    string,
    string,
  ];
  const [scores] = b.node('Normalizer', [p], { norm: string('L1') }, ['probabilities'], 'ai.onnx.ml') as [
    string,
  ];
  const keys = { classlabels_strings: attributes.classlabels_strings };
  if (zipMap) b.output(b.node('ZipMap', [scores], keys, ['dictionaries'], 'ai.onnx.ml')[0]!);
  else b.output(scores, 'float32', ['N', CLASSES]);
  const graph = b.build();
  return withText({ ...graph, opsets: { ...graph.opsets, 'ai.onnx.ml': 1 } }, 'output_label', (file) => {
    file.graph?.node?.push(
      onnxProto.onnx.NodeProto.create({ opType: 'Identity', input: ['label'], output: ['output_label'] }),
    );
  });
};

/** The same of a network: names are picked from a tensor of text. */
const picked = (): Uint8Array => {
  const graph = linearGraph({
    head: (b, logits) => {
      const p = b.outputAs(b.op('Softmax', [logits], { axis: int(1) }), 'probabilities', 'float32', [
        'N',
        CLASSES,
      ]);
      b.op('ArgMax', [p], { axis: int(1) }, 'best');
    },
  });
  return withText({ ...graph, opsets: { ...graph.opsets, 'ai.onnx.ml': 1 } }, 'label', (file) => {
    const { graph: inside } = file;
    const stringData = NAMES.map((name) => Buffer.from(name));
    inside?.initializer?.push(
      TensorProto.create({ name: 'classes', dims: [4], dataType: TensorProto.DataType.STRING, stringData }),
    );
    const pick = {
      opType: 'ArrayFeatureExtractor',
      domain: 'ai.onnx.ml',
      input: ['classes', 'best'],
      output: ['label'],
    };
    inside?.node?.push(onnxProto.onnx.NodeProto.create(pick));
  });
};

/** [2, 3, 2] to [4]. */
const unbatched = (): Graph => {
  const graph = linearGraph({
    rows: (b, x) => b.op('Reshape', [x, b.ints([1, PIXELS])]),
    head: (b, logits) =>
      b.outputAs(b.op('Reshape', [logits, b.ints([CLASSES])]), 'logits', 'float32', [CLASSES]),
  });
  return { ...graph, inputs: [{ ...graph.inputs[0]!, dims: [...SHAPE] }] };
};

const bytes = (): Graph => {
  const graph = linearGraph({
    rows: (b, x) => asRows(b, b.op('Mul', [b.op('Cast', [x], { to: int(1) }), b.scalar(1 / 255)])),
  });
  return { ...graph, inputs: [{ ...graph.inputs[0]!, type: 'uint8' }] };
};

/** Whole multiples of 1/255, which rounding to bytes leaves alone. */
const pixels = uniforms('ports', 3 * PIXELS).map((v) => Math.round(v * 255) / 255);
const labels = Int32Array.from([0, 1, 2]);

/** d logit / d pixel of the labels: columns of the weights. */
const columns = Float32Array.from(
  { length: 3 * PIXELS },
  (_, at) => linear.weight[(at % PIXELS) * CLASSES + labels[Math.floor(at / PIXELS)]!]!,
);

function close(got: ArrayLike<number>, wanted: ArrayLike<number>) {
  for (const [i, v] of Array.from(got).entries()) expect(v).toBeCloseTo(wanted[i]!, 4);
}

describe('what exporters make of inputs and outputs', () => {
  const given: [what: string, graph: Stored, card: Partial<ModelCard>][] = [
    ['dictionaries and labels of sklearn-onnx', zipped(), {}],
    ['a logistic regression on names, with dictionaries', logistic(true), {}],
    ['a logistic regression on names, with a matrix', logistic(false), {}],
    ['names picked from a tensor of text', picked(), {}],
    ['no batch axis', unbatched(), {}],
    ['bytes', bytes(), { input: { shape: [...SHAPE], range: [0, 255] } }],
    ['class numbers, with the value before ArgMax named', chosen, { outputs: { logits: 'scores' } }],
    [
      'a fixed batch and an axis of one behind the numbers',
      linearGraph({ batch: 1, image: [PIXELS, 1], rows: asRows }),
      {},
    ],
    ['a row behind axes of one', linearGraph({ image: [1, 1, PIXELS], rows: asRows }), {}],
    ['the pixels as a matrix', linearGraph({ image: [4, 3], rows: asRows }), {}],
  ];

  it.each(given)('%s: logits and gradients are right', async (_, graph, card) => {
    const model = await opened(graph, card);
    const { logits, gradient } = await model.gradient({ n: 3, pixels, labels }, 'logit');
    close(logits ?? [], linearLogits(pixels));
    close(gradient, columns);
    await model.close();
  });

  it.each(given)('%s: the card that inspect suggests runs', async (_, graph) => {
    const { model, gradient, card } = await suggested(graph);
    expect(card.classes).toBe(CLASSES);
    expect(gradient.available).toBe(true);
    const size = model.info.shape.reduce((a, b) => a * b, 1);
    expect(size).toBe(PIXELS);
    const { logits } = await model.forward({ n: 3, pixels });
    close(logits ?? [], linearLogits(pixels));
    await model.close();
  });

  it('two classes of a logistic regression: the logits are those whose softmax its probabilities are', async () => {
    const b = new GraphBuilder();
    const w = [0.5, -2, 1];
    const attributes = {
      classlabels_ints: ints([0, 1]),
      coefficients: floatList([...w.map((v) => -v), ...w]),
      intercepts: floatList([-0.25, 0.25]),
      post_transform: string('LOGISTIC'),
    };
    const x = b.input('X', 'float32', ['N', 3]);
    const [, p] = b.node('LinearClassifier', [x], attributes, ['label', 'probabilities'], 'ai.onnx.ml') as [
      string,
      string,
    ];
    b.output('label', 'int64', ['N']);
    b.output(p, 'float32', ['N', 2]);
    const graph = b.build();
    const model = await opened(
      { ...graph, opsets: { ...graph.opsets, 'ai.onnx.ml': 1 } },
      { input: { shape: [3] }, classes: 2 },
    );
    const image = Float32Array.of(0.1, 0.7, 0.4);
    const { logits = [] } = await model.forward({ n: 1, pixels: image });
    await model.close();
    const z = 0.25 + w.reduce((sum, v, i) => sum + v * image[i]!, 0);
    expect(logits[1]! - logits[0]!).toBeCloseTo(z, 5);
  });

  it('one number for each of several outputs is no energy, and the error says how to export it', async () => {
    const columns = linearGraph({
      head: (b, logits) =>
        NAMES.forEach((name, k) => {
          const column = b.op('Gather', [logits, b.ints([k])], { axis: int(1) });
          b.outputAs(b.op('Reshape', [column, b.ints([-1])]), name, 'float32', [null]);
        }),
    });
    const directory = stored(columns);
    const { card, notes } = await inspectCheckpoint(join(directory, 'linear.onnx'), engine);
    expect(card).not.toMatch(/energy/);
    expect(notes.join()).toMatch(/ant, bee, cat, dog have one number each.*zipmap/);
    await expect(opened(columns)).rejects.toMatchObject({
      details: { hint: expect.stringMatching(/zipmap/) },
    });
  });

  it('says what it does about bytes and about one image at a time', async () => {
    const codes = async (graph: Graph, card = {}) => {
      const model = await opened(graph, card);
      await model.close();
      return model.info.notes?.map(({ code }) => code);
    };
    expect(await codes(bytes(), { input: { shape: [...SHAPE], range: [0, 255] } })).toEqual([
      'rounded-input',
      'straight-through-gradient',
    ]);
    expect(await codes(unbatched())).toEqual(['no-batch-axis']);
  });

  it('gives a network of bytes rounded pixels', async () => {
    const model = await opened(bytes(), { input: { shape: [...SHAPE], range: [0, 255] } });
    const between = pixels.map((v) => Math.min(1, v + 0.4 / 255));
    close((await model.forward({ n: 3, pixels: between })).logits ?? [], linearLogits(pixels));
    await model.close();
  });
});

describe('are refused, with a remedy that works', () => {
  it('class numbers', async () => {
    await expect(opened(chosen)).rejects.toMatchObject({
      code: 'model-invalid',
      message: 'the network gives class numbers, not logits',
      details: { hint: expect.stringContaining('outputs: { logits: "scores" }') },
    });
  });

  it('bytes that would be 0 and 1', async () => {
    await expect(opened(bytes())).rejects.toMatchObject({
      code: 'config-invalid',
      details: { path: 'input.range', hint: 'set `range: [0, 255]` under input' },
    });
  });

  it('another image than the card says', async () => {
    const graph = linearGraph({ image: [3, 2, 2], rows: asRows });
    await expect(opened(graph)).rejects.toMatchObject({ code: 'shape-mismatch' });
  });
});
