import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../../src/checkpoints/registry.js';
import type { Engine } from '../../../src/engines/engine.js';
import { createOrtEngine } from '../../../src/engines/ort/engine.js';
import { createTfjsEngine } from '../../../src/engines/tfjs/engine.js';
import { AssayError, type ErrorCode } from '../../../src/errors.js';
import { GraphBuilder, int, ints } from '../../../src/graph/build.js';
import type { Graph } from '../../../src/graph/graph.js';
import { floats } from '../../../src/graph/tensor.js';
import { modelOf } from '../../../src/models/assemble.js';
import { inspectCheckpoint } from '../../../src/models/inspect.js';
import { openModel } from '../../../src/models/open.js';
import { normals, uniforms } from '../../models/networks.js';
import { temporaryFolder } from '../keras/files.js';
import { difference } from '../keras/outcome.js';
import { GraphDef, integer, integers, real, text, texts, truth, type } from './graph-def.js';

const outer = temporaryFolder();
const fresh = () => mkdtempSync(join(outer, 'model-'));

const KERNELS = {
  first: { dims: [3, 3, 2, 4], data: normals('first', 72, 0.3) },
  second: { dims: [2, 2, 4, 6], data: normals('second', 96, 0.3) },
  matrix: { dims: [24, 5], data: normals('matrix', 120, 0.3) },
};
const BIASES = [4, 6, 5].map((n, i) => normals(`bias ${i}`, n, 0.3));
const SLOPE = 0.1;

const windowed = (stride: number, padding: string, more: object = {}) => ({
  T: type(),
  strides: integers(1, stride, stride, 1),
  dilations: integers(1, 1, 1, 1),
  padding: text(padding),
  data_format: text('NHWC'),
  ...more,
});

/** Images (8, 8, 2), two convolutions, a maximum, a matrix: the last ones fused, with or without what follows. */
function network({ softmax = false, fused = true, batch = -1 } = {}): GraphDef {
  const def = new GraphDef();
  const image = def.placeholder('image', [batch, 8, 8, 2]);
  const [first, second, matrix] = Object.entries(KERNELS).map(([name, { dims, data }]) =>
    def.constant(name, dims, data),
  ) as [string, string, string];
  const [b0, b1, b2] = BIASES.map((data, i) => def.constant(`bias_${i}`, [data.length], data)) as [
    string,
    string,
    string,
  ];
  const conv = def.op('Conv2D', [image, first], windowed(2, 'SAME'), 'conv');
  const relu = def.op(
    'Relu',
    [def.op('BiasAdd', [conv, b0], { T: type() }, 'biased')],
    { T: type() },
    'relu',
  );
  const pooled = def.op('MaxPool', [relu], windowed(1, 'VALID', { ksize: integers(1, 2, 2, 1) }), 'pooled');
  const leaky = fused
    ? def.op(
        '_FusedConv2D',
        [pooled, second, b1],
        windowed(1, 'VALID', {
          fused_ops: texts('BiasAdd', 'LeakyRelu'),
          num_args: integer(1),
          leakyrelu_alpha: real(SLOPE),
        }),
        'leaky',
      )
    : def.op(
        'LeakyRelu',
        [def.op('AddV2', [def.op('Conv2D', [pooled, second], windowed(1, 'VALID')), b1])],
        { alpha: real(SLOPE) },
        'leaky',
      );
  const flat = def.op(
    'Reshape',
    [leaky, def.constant('rows', [2], Int32Array.of(batch, 24))],
    { T: type() },
    'flat',
  );
  const logits = def.op(
    '_FusedMatMul',
    [flat, matrix, b2],
    {
      T: type(),
      transpose_a: truth(false),
      transpose_b: truth(false),
      fused_ops: texts('BiasAdd'),
      num_args: integer(1),
    },
    'dense/BiasAdd',
  );
  const last = softmax ? def.op('Softmax', [logits], { T: type() }, 'Identity') : logits;
  def.output(softmax ? 'probabilities' : 'logits', last, [-1, 5]);
  return def;
}

const transposed = (data: Float32Array, dims: number[], perm: number[]): Float32Array => {
  const out = perm.map((p) => dims[p]);
  const strides = dims.map((_, i) => dims.slice(i + 1).reduce((a, d) => a * d, 1));
  return Float32Array.from(data, (_, at) => {
    let rest = at;
    let from = 0;
    for (let i = out.length - 1; i >= 0; i--) {
      from += (rest % out[i]!) * strides[perm[i]!]!;
      rest = Math.floor(rest / out[i]!);
    }
    return data[from]!;
  });
};

/** The same network in ONNX, channels first. */
function inOnnx(): Graph {
  const b = new GraphBuilder();
  const kernel = ({ dims, data }: { dims: number[]; data: Float32Array }) =>
    b.constant(floats([dims[3]!, dims[2]!, dims[0]!, dims[1]!], transposed(data, dims, [3, 2, 0, 1])));
  const bias = (i: number) => b.constant(floats([BIASES[i]!.length], BIASES[i]!));
  const image = b.input('image', 'float32', ['N', 2, 8, 8]);
  const conv = b.op('Conv', [image, kernel(KERNELS.first), bias(0)], {
    strides: ints([2, 2]),
    // TensorFlow's "same" of even sizes with a stride: the odd row goes to the end.
    pads: ints([0, 0, 1, 1]),
  });
  const pooled = b.op('MaxPool', [b.op('Relu', [conv])], {
    kernel_shape: ints([2, 2]),
    strides: ints([1, 1]),
  });
  const leaky = b.op('LeakyRelu', [b.op('Conv', [pooled, kernel(KERNELS.second), bias(1)])], {
    alpha: { kind: 'float', value: SLOPE },
  });
  const flat = b.op('Flatten', [b.op('Transpose', [leaky], { perm: ints([0, 2, 3, 1]) })], { axis: int(1) });
  const { dims, data } = KERNELS.matrix;
  const logits = b.op('Add', [b.op('MatMul', [flat, b.constant(floats(dims, data))]), bias(2)]);
  b.outputAs(logits, 'logits', 'float32', ['N', 5]);
  return b.build();
}

const CARD = { name: 'net', checkpoint: './model.json', classes: 5 };
const INPUT = { shape: [2, 8, 8], range: [-1, 1], layout: 'NHWC' as const };
const N = 3;
const pixels = uniforms('graph models', N * 128);

describe('a graph model of TensorFlow.js', () => {
  const ort = createOrtEngine({ sessions: 1 });
  let tfjs: Engine;
  beforeAll(async () => {
    tfjs = await createTfjsEngine({ device: 'wasm', sessions: 1 });
  });
  afterAll(() => Promise.all([ort.close(), tfjs.close()]));

  const open = (file: string, more: object = {}, engine = tfjs) =>
    openModel({ ...CARD, input: INPUT, ...more, checkpoint: file }, engine);
  const answers = async (model: Awaited<ReturnType<typeof open>>) => {
    const { logits } = await model.forward({ n: N, pixels });
    const weights = Float32Array.from({ length: N * 5 }, (_, i) => Math.cos(i));
    const { gradient } = await model.gradient({ n: N, pixels, weights }, 'weighted-logits');
    await model.close();
    return { logits: logits as Float32Array, gradient };
  };

  it.each([
    ['fused', {}, {}],
    ['node by node', { fused: false }, {}],
    ['behind a softmax', { softmax: true }, {}],
    ['for one image', { batch: 1 }, {}],
    [
      'by the name of an inner value',
      { softmax: true },
      { outputs: { logits: 'dense/BiasAdd', features: 'flat' } },
    ],
  ])('%s: gives what the same network in ONNX gives on onnxruntime', async (_, kind, card) => {
    const onnx = await modelOf(inOnnx(), { ...CARD, input: { shape: [2, 8, 8], range: [-1, 1] } }, ort);
    const wanted = await answers(onnx);
    const got = await answers(await open(network(kind).write(fresh()), card));
    expect(difference(got.logits, wanted.logits)).toBeLessThan(1e-5);
    expect(difference(got.gradient, wanted.gradient)).toBeLessThan(1e-5);
  });

  it('is read without a signature, and with nodes in any order, as files before TensorFlow 2 are', async () => {
    const def = network();
    const { modelTopology, ...json } = def.json();
    const { node } = modelTopology as { node: object[] };
    const file = def.write(fresh(), {
      ...json,
      format: undefined,
      signature: undefined,
      modelTopology: { node: node.toReversed(), versions: {} },
    });
    const { graph } = await readCheckpoint(file);
    expect(graph.inputs).toEqual([{ name: 'image', type: 'float32', dims: ['N', 8, 8, 2] }]);
    expect(graph.outputs.map(({ name }) => name)).toEqual(['dense/BiasAdd']);
    const wanted = await answers(await open(network().write(fresh())));
    expect(await answers(await open(file))).toEqual(wanted);
  });

  it('has its outputs under the names of the signature, and the features of the card among its values', async () => {
    const def = network();
    def.output('flat', 'flat:0', [-1, 24]);
    def.output(
      'class',
      def.op('ArgMax', ['dense/BiasAdd', def.constant('last', [], Int32Array.of(-1))]),
      [-1],
      'DT_INT64',
    );
    const file = def.write(fresh());
    const found = await inspectCheckpoint(file, ort);
    expect(found).toMatchObject({
      engine: 'tfjs',
      inputs: [{ name: 'image', type: 'float32', shape: '[N, 8, 8, 2]' }],
      outputs: [
        { name: 'logits', type: 'float32', shape: '[N, 5]' },
        { name: 'flat', type: 'float32', shape: '[N, 24]' },
        { name: 'class', type: 'int32', shape: '[N]' },
      ],
      gradient: { available: true },
    });
    expect(found.card).not.toMatch(/energy/);
    expect(found.notes.join('\n')).toMatch(/--engine tfjs/);
    await expect(open(file, { outputs: { logits: 'logit' } })).rejects.toThrow(/no value called "logit"/);
  });

  it('runs on the engine tfjs only, and elsewhere says how', async () => {
    const file = network().write(fresh());
    await expect(open(file, {}, ort)).rejects.toMatchObject({
      code: 'op-unsupported',
      details: { file, found: 'the engine ort', hint: expect.stringMatching(/--engine tfjs[\s\S]*tf2onnx/) },
    });
  });

  it('says which operator has no gradient, and runs without', async () => {
    const def = network();
    const product = def.op(
      'Cumprod',
      ['dense/BiasAdd', def.constant('axis', [], Int32Array.of(1))],
      {},
      'products',
    );
    def.outputs.logits = { ...def.outputs.logits, name: product };
    const model = await open(def.write(fresh()));
    expect(model.info.lacks.inputGradient).toMatch(/no gradient for Cumprod[\s\S]*node "products"/);
    await model.close();
  });
});

type Change = (def: GraphDef) => void;
const between =
  (op: string, attr: object = {}): Change =>
  (def) => {
    def.outputs.logits = { ...def.outputs.logits, name: def.op(op, ['dense/BiasAdd'], attr, 'odd') };
  };
const node = (def: GraphDef, name: string) => {
  const found = def.nodes.find((one) => one.name === name);
  if (!found) throw new Error(`no node ${name}`);
  return found;
};

const refusals: [what: string, change: Change, code: ErrorCode, told: RegExp][] = [
  ['a loop', between('StatelessWhile'), 'op-unsupported', /control flow[\s\S]*node "odd" \(StatelessWhile\)/],
  ['a branch of TensorFlow 1', between('Switch'), 'op-unsupported', /control flow/],
  ['a list', between('TensorListReserve'), 'op-unsupported', /control flow/],
  ['a function', between('StatefulPartitionedCall'), 'op-unsupported', /not frozen/],
  ['a variable', between('VarHandleOp'), 'op-unsupported', /not frozen/],
  ['a table', between('LookupTableFindV2'), 'op-unsupported', /table/],
  ['chance', between('RandomUniform'), 'op-unsupported', /at random[\s\S]*evaluation mode/],
  ['a shape by values', between('NonMaxSuppressionV5'), 'op-unsupported', /depends on values/],
  ['text', between('StringSplit'), 'op-unsupported', /text/],
  ['an operator of nobody', between('MyOperator'), 'op-unsupported', /no such operator[\s\S]*tf2onnx/],
  ['an operator from a prototype', between('constructor'), 'op-unsupported', /no such operator/],
  [
    'an operator that TensorFlow.js passes over',
    between('FakeQuantWithMinMaxVars'),
    'op-unsupported',
    /no such/,
  ],
  ['a wrong gradient', between('MirrorPad', { mode: text('SYMMETRIC') }), 'file-malformed', /2 names/],
  ['channels first', between('BiasAdd', { data_format: text('NCHW') }), 'op-unsupported', /channels first/],
  ['training', between('FusedBatchNormV3', { is_training: truth(true) }), 'model-invalid', /training mode/],
  [
    'a circle',
    (def) => void (node(def, 'conv').input = ['pooled', 'first']),
    'file-malformed',
    /without circles/,
  ],
  [
    'a node of itself',
    (def) => void (node(def, 'relu').input = ['relu']),
    'file-malformed',
    /without circles/,
  ],
  [
    'a missing node',
    (def) => void (node(def, 'relu').input = ['none']),
    'file-malformed',
    /that are there[\s\S]*none/,
  ],
  ['a node twice', (def) => void (node(def, 'relu').name = 'conv'), 'file-malformed', /a name for each node/],
  [
    'a name that is none',
    (def) => void (node(def, 'relu').input = ['a:b:c']),
    'file-malformed',
    /a node's name/,
  ],
  [
    'an output of a thousand',
    (def) => void (node(def, 'relu').input = ['conv:2000']),
    'file-malformed',
    /a node's/,
  ],
  [
    'bounds of a slice that do not fit',
    (def) => {
      const bounds = [1e5, 1e5, 2].map((n, i) => def.constant(`bound_${i}`, [n], new Int32Array(n)));
      def.outputs.logits = {
        ...def.outputs.logits,
        name: def.op('StridedSlice', ['dense/BiasAdd', ...bounds], {}, 'odd'),
      };
    },
    'file-malformed',
    /node "odd" \(StridedSlice\)[\s\S]*at most 16/,
  ],
  [
    'outputs without end',
    (def) => {
      let last = 'dense/BiasAdd';
      for (let i = 0; i < 2000; i++) last = `${def.op('Neg', [last], {}, `n${i}`)}:999`;
      def.outputs.logits = { ...def.outputs.logits, name: last };
    },
    'file-malformed',
    /outputs of nodes/,
  ],
  ['no operator', (def) => void (node(def, 'relu').op = ''), 'file-malformed', /a name and an op/],
  [
    'no weights for a constant',
    (def) => void (node(def, 'first').name = 'other'),
    'file-malformed',
    /that are there/,
  ],
  [
    'a constant without a value',
    (def) => void (def.weights[0]!.name = 'else'),
    'file-malformed',
    /"first" \(Const\)/,
  ],
  [
    'an odd type',
    (def) => void (def.outputs.logits = { ...def.outputs.logits, dtype: 'DT_STRING' }),
    'file-malformed',
    /signature\.outputs\.logits\.dtype/,
  ],
  [
    'an odd size',
    (def) => void (def.outputs.logits = { ...def.outputs.logits, tensorShape: { dim: [{ size: 'many' }] } }),
    'file-malformed',
    /a list of sizes/,
  ],
  [
    'no input',
    (def) => void (node(def, 'conv').input = ['second', 'first']),
    'file-malformed',
    /a placeholder for the image/,
  ],
];

it.each(refusals)('%s is refused', async (_, change, code, told) => {
  const def = network();
  change(def);
  const error = await readCheckpoint(def.write(fresh())).catch((caught) => caught);
  expect(error).toBeInstanceOf(AssayError);
  expect(error.code).toBe(code);
  expect(error.explain()).toMatch(told);
});

it('weights keep their types, and quantised ones get theirs back', async () => {
  const def = network();
  const [kernel, , , , , , rows] = def.weights;
  const json = def.json();
  const weights = def.weights.map((weight) =>
    weight === rows ? { ...weight, shape: [2], quantization: { dtype: 'int32', scale: 2, min: -3 } } : weight,
  );
  const file = def.write(fresh(), {
    ...json,
    weightsManifest: [{ paths: ['group1-shard1of1.bin'], weights }],
  });
  const { graph } = await readCheckpoint(file);
  expect(graph.initializers.get(kernel!.name)).toEqual({ type: 'float32', ...KERNELS.first });
  expect(graph.initializers.get(rows!.name)).toEqual({
    type: 'int32',
    dims: [2],
    data: Int32Array.of(-5, 45),
  });
});

it('several inputs are refused when the model is opened', async () => {
  const def = network();
  const scaled = def.op('Mul', ['dense/BiasAdd', def.placeholder('scale', [-1, 1])], {}, 'scaled');
  def.outputs.logits = { ...def.outputs.logits, name: scaled };
  const file = def.write(fresh());
  const engine = await createTfjsEngine({ device: 'cpu', sessions: 1 });
  await expect(openModel({ ...CARD, input: INPUT, checkpoint: file }, engine)).rejects.toMatchObject({
    code: 'model-invalid',
    details: { found: '2 inputs: image, scale' },
  });
  await engine.close();
});

it('a chain of a hundred thousand nodes is read', async () => {
  const def = network();
  let last = 'dense/BiasAdd';
  for (let i = 0; i < 1e5; i++) last = def.op('Neg', [last], {}, `n${i}`);
  def.outputs.logits = { ...def.outputs.logits, name: last };
  const { graph } = await readCheckpoint(def.write(fresh()));
  expect(graph.nodes.length).toBeGreaterThan(1e5);
});
