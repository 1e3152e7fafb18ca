import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { float, GraphBuilder, int, ints, OPSET, string } from '../../src/graph/build.js';
import type { Attribute, Graph } from '../../src/graph/graph.js';
import { readOnnx } from '../../src/graph/read.js';
import { floats } from '../../src/graph/tensor.js';
import { writeOnnx } from '../../src/graph/write.js';
import { normals } from '../autodiff/finite-differences.js';

interface Old {
  op: string;
  opset: number;
  dims: number[];
  attributes?: Record<string, Attribute>;
  /** Constants that follow the input. */
  extra?: (b: GraphBuilder) => string[];
  outputs?: number;
}

/** Operators in the forms they had, each in a model that declares the opset of that time. */
const OLD: Old[] = [
  { op: 'Squeeze', opset: 11, dims: [2, 1, 3], attributes: { axes: ints([1]) } },
  { op: 'Squeeze', opset: 11, dims: [1, 2, 1] },
  { op: 'Unsqueeze', opset: 11, dims: [2, 3], attributes: { axes: ints([0, 2]) } },
  ...['ReduceSum', 'ReduceMean', 'ReduceMax', 'ReduceL2', 'ReduceLogSumExp'].map((op) => ({
    op,
    opset: 11,
    dims: [2, 3, 4],
    attributes: { axes: ints([1]), keepdims: int(0) },
  })),
  { op: 'ReduceMean', opset: 17, dims: [2, 3, 4], attributes: { axes: ints([1, 2]) } },
  { op: 'ReduceMean', opset: 9, dims: [2, 3] },
  { op: 'Split', opset: 11, dims: [2, 6], attributes: { axis: int(1), split: ints([2, 4]) }, outputs: 2 },
  { op: 'Split', opset: 13, dims: [2, 6], attributes: { axis: int(1) }, outputs: 3 },
  { op: 'Clip', opset: 7, dims: [2, 6], attributes: { min: float(-0.5), max: float(0.25) } },
  { op: 'Clip', opset: 9, dims: [2, 6], attributes: { max: float(0.25) } },
  { op: 'Pad', opset: 9, dims: [2, 3], attributes: { pads: ints([0, 1, 0, 2]), value: float(0.5) } },
  { op: 'Pad', opset: 9, dims: [2, 4], attributes: { pads: ints([0, 1, 0, 2]), mode: string('reflect') } },
  {
    op: 'Slice',
    opset: 9,
    dims: [3, 4],
    attributes: { starts: ints([1]), ends: ints([-1]), axes: ints([1]) },
  },
  { op: 'Slice', opset: 9, dims: [3, 4], attributes: { starts: ints([1, 0]), ends: ints([3, 2]) } },
  { op: 'TopK', opset: 9, dims: [2, 5], attributes: { k: int(2), axis: int(1) }, outputs: 2 },
  {
    op: 'Upsample',
    opset: 9,
    dims: [1, 2, 3, 3],
    attributes: { mode: string('nearest') },
    extra: (b) => [b.constant(floats([4], [1, 1, 2, 2]))],
  },
  {
    op: 'Upsample',
    opset: 7,
    dims: [1, 2, 3, 3],
    attributes: { mode: string('nearest'), scales: { kind: 'floats', value: [1, 1, 2, 3] } },
  },
  {
    op: 'Resize',
    opset: 10,
    dims: [1, 2, 3, 3],
    attributes: { mode: string('nearest') },
    extra: (b) => [b.constant(floats([4], [1, 1, 2, 2]))],
  },
  { op: 'Dropout', opset: 7, dims: [2, 3], attributes: { ratio: float(0.5) } },
  { op: 'Softmax', opset: 11, dims: [2, 3, 4] },
  { op: 'Softmax', opset: 11, dims: [2, 3, 4], attributes: { axis: int(-1) } },
  { op: 'LogSoftmax', opset: 9, dims: [2, 3, 4], attributes: { axis: int(2) } },
  {
    op: 'BatchNormalization',
    opset: 9,
    dims: [2, 3, 2, 2],
    attributes: { momentum: float(0.9) },
    extra: (b) =>
      [
        [1, 2, 3],
        [0, 1, -1],
        [0.5, 0, 1],
        [1, 2, 0.5],
      ].map((v) => b.constant(floats([3], v))),
  },
];

function model({ op, opset, dims, attributes = {}, extra, outputs = 1 }: Old): Graph {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', dims);
  const names = Array.from({ length: outputs }, (_, i) => `y${i}`);
  b.node(op, [x, ...(extra?.(b) ?? [])], attributes, names);
  names.forEach((name, i) => {
    b.output(name, op === 'TopK' && i === 1 ? 'int64' : 'float32');
  });
  return { ...b.build(), opsets: { '': opset }, irVersion: 3 };
}

/** What onnxruntime makes of the bytes, with no rewriting of ours in between. */
async function runBytes(bytes: Uint8Array, x: Float32Array, dims: number[]) {
  const folder = await mkdtemp(join(tmpdir(), 'assay-opset-'));
  try {
    const file = join(folder, 'm.onnx');
    await writeFile(file, bytes);
    const session = await ort.InferenceSession.create(file, { logSeverityLevel: 4 });
    const result = await session.run({ x: new ort.Tensor('float32', x, dims) });
    return Object.fromEntries(
      Object.entries(result).map(([k, t]) => [k, { dims: [...t.dims], data: [...(t.data as Float32Array)] }]),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe('models of older operator sets', () => {
  it.each(OLD)('$op of opset $opset means the same in today’s form', async (old) => {
    const bytes = writeOnnx(model(old));
    const x = normals(
      old.op,
      old.dims.reduce((p, d) => p * d, 1),
    );
    const upgraded = readOnnx(bytes);
    expect(upgraded.opsets['']).toBe(OPSET);
    expect(upgraded.exportedOpset).toBe(old.opset);
    expect(await runBytes(writeOnnx(upgraded), x, old.dims)).toEqual(await runBytes(bytes, x, old.dims));
  });

  it.each([1, 1.702])('spells out Swish with alpha %s, which not every engine has', async (alpha) => {
    const b = new GraphBuilder();
    b.outputAs(b.op('Swish', [b.input('x', 'float32', [6])], { alpha: float(alpha) }), 'y');
    const read = readOnnx(writeOnnx({ ...b.build(), opsets: { '': 25 }, irVersion: 11 }));
    expect(read.nodes.map((n) => n.op)).not.toContain('Swish');
    const x = normals('Swish', 6);
    const y = (await runBytes(writeOnnx(read), x, [6])).y!;
    y.data.forEach((value, i) => {
      expect(value).toBeCloseTo(x[i]! / (1 + Math.exp(-alpha * x[i]!)), 5);
    });
  });

  it.each([19, 20, 21, 22, 23, 24, 25, 26])('reads and runs operator set %s', async (opset) => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [2, 3]);
    b.outputAs(b.op('ReduceMax', [b.op('Relu', [x]), b.ints([1])]), 'y');
    const read = readOnnx(writeOnnx({ ...b.build(), opsets: { '': opset } }));
    expect(read).toMatchObject({ opsets: { '': opset }, exportedOpset: opset });
    const y = (await runBytes(writeOnnx(read), Float32Array.of(1, -2, 3, -4, -5, -6), [2, 3])).y!;
    expect(y.data).toEqual([3, 0]);
  });

  it('leaves a newer graph as it is', () => {
    const b = new GraphBuilder();
    b.outputAs(b.op('Gelu', [b.input('x', 'float32', [2])]), 'y');
    const graph = { ...b.build(), opsets: { '': 20 } };
    const read = readOnnx(writeOnnx(graph));
    expect(read.opsets).toEqual({ '': 20 });
    expect(read.nodes.map((n) => n.op)).toEqual(['Gelu', 'Identity']);
  });

  it('refuses operator sets too old to rewrite, and says what to do', () => {
    const graph = { ...model({ op: 'Relu', opset: 6, dims: [2] }) };
    expect(() => readOnnx(writeOnnx(graph), 'old.onnx')).toThrow(
      expect.objectContaining({
        code: 'model-invalid',
        details: expect.objectContaining({ file: 'old.onnx', hint: expect.stringContaining('export') }),
      }),
    );
  });
});
