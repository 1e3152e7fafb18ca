import fc from 'fast-check';
import onnxProto from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { AssayError } from '../../src/errors.js';
import { float, GraphBuilder, int, ints, string, tensor } from '../../src/graph/build.js';
import type { DataType, Graph, Tensor } from '../../src/graph/graph.js';
import { promoteToInputs, prune } from '../../src/graph/prune.js';
import { readOnnx } from '../../src/graph/read.js';
import { allocate, floats, int64s } from '../../src/graph/tensor.js';
import { writeOnnx } from '../../src/graph/write.js';
import { stream } from '../../src/random/stream.js';

function small(): Graph {
  const b = new GraphBuilder('small');
  const x = b.input('x', 'float32', ['N', 3]);
  const w = b.constant(floats([3, 2], [1, 2, 3, 4, 5, 6]), 'w');
  const y = b.op('MatMul', [x, w]);
  b.node('Split', [y, b.ints([1, 1])], { axis: int(1) }, ['left', '']);
  b.op('Relu', [y], {}, 'unused');
  b.output('left', 'float32', ['N', 1]);
  return b.build();
}

const types: DataType[] = [
  'float32',
  'float64',
  'float16',
  'bfloat16',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'bool',
];

const anyTensor: fc.Arbitrary<Tensor> = fc
  .record({ type: fc.constantFrom(...types), dims: fc.array(fc.nat(3), { maxLength: 4 }), seed: fc.nat() })
  .map(({ type, dims, seed }) => {
    const count = dims.reduce((p, d) => p * d, 1);
    const data = allocate(type, count);
    const source = stream({ seed, purpose: 'tensor', example: 0 });
    for (let i = 0; i < count; i++) {
      const value = source.uint32() % (type === 'bool' ? 2 : 120);
      if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[i] = BigInt(value);
      else data[i] = value;
    }
    return { type, dims, data };
  });

describe('ONNX files', () => {
  it('are written byte for byte as the library of the format writes them', () => {
    const long = 'w'.repeat(200);
    const weights = { type: 'float32' as const, dims: [70, 70], data: new Float32Array(4900).fill(0.5) };
    const graph = { ...small(), initializers: new Map([...small().initializers, [long, weights]]) };
    const bytes = writeOnnx(graph);
    const { ModelProto } = onnxProto.onnx;
    expect(Buffer.compare(bytes, ModelProto.encode(ModelProto.decode(bytes)).finish())).toBe(0);
    expect(readOnnx(bytes).initializers.get(long)).toEqual(weights);
  });

  it('come back as they were written', () => {
    const graph = { ...small(), producer: 'test 1.0' };
    const read = readOnnx(writeOnnx(graph));
    expect({ ...read, producer: undefined, exportedOpset: undefined }).toEqual({
      ...graph,
      producer: undefined,
      exportedOpset: undefined,
    });
  });

  it('keep tensors of every type and shape, as weights and as attributes', () => {
    fc.assert(
      fc.property(anyTensor, (value) => {
        const b = new GraphBuilder();
        b.constant(value, 'weight');
        b.outputAs(b.op('Constant', [], { value: tensor(value) }), 'y');
        const read = readOnnx(writeOnnx(b.build()));
        expect(read.initializers.get('weight')).toEqual(value);
        expect(read.nodes[0]!.attributes.value).toEqual(tensor(value));
      }),
      { numRuns: 200 },
    );
  });

  it('keep attributes of every kind, and subgraphs', () => {
    const attributes = {
      i: int(-3),
      f: float(0.5),
      s: string('reflect é'),
      is: ints([1, -1]),
      fs: { kind: 'floats' as const, value: [0.5, -2] },
      ss: { kind: 'strings' as const, value: ['a', ''] },
      g: { kind: 'graph' as const, value: { ...small(), opsets: {}, irVersion: 0 } },
    };
    const b = new GraphBuilder();
    b.node('Anything', [b.input('x', 'float32', null)], attributes, ['y'], 'my.domain');
    b.output('y');
    const { nodes } = readOnnx(writeOnnx({ ...b.build(), opsets: { '': 18, 'my.domain': 1 } }));
    const { g, ...plain } = nodes[0]!.attributes;
    const { g: _, ...expected } = attributes;
    expect(plain).toEqual(expected);
    expect(g!.kind === 'graph' && g!.value.nodes.map((n) => n.op)).toEqual(['MatMul', 'Split', 'Relu']);
  });

  it.each([
    ['an empty file', new Uint8Array()],
    ['text', new TextEncoder().encode('<!DOCTYPE html><html>not found</html>')],
    ['zeros', new Uint8Array(1000)],
  ])('are refused when they are %s', (_, bytes) => {
    expect(() => readOnnx(bytes, 'model.onnx')).toThrow(
      expect.objectContaining({
        code: 'file-malformed',
        details: expect.objectContaining({ file: 'model.onnx' }),
      }),
    );
  });

  it('are refused when a tensor claims more than it holds', () => {
    const graph = small();
    graph.initializers.set('w', { type: 'float32', dims: [2 ** 30, 2 ** 20], data: new Float32Array(6) });
    expect(() => readOnnx(writeOnnx(graph), 'm.onnx')).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ path: 'initializer "w"' }) }),
    );
  });

  it('never fail otherwise than with a coded error, however they are damaged', () => {
    const whole = writeOnnx(small());
    for (let length = 0; length < whole.length; length++) attempt(whole.slice(0, length));
    for (let i = 0; i < 2000; i++) {
      const source = stream({ seed: 1, purpose: 'damage', example: i });
      const bytes = whole.slice();
      for (let k = 0; k <= source.uint32() % 4; k++) {
        bytes[source.uint32() % bytes.length] = source.uint32() & 255;
      }
      attempt(bytes);
    }
  });
});

function attempt(bytes: Uint8Array): void {
  try {
    readOnnx(bytes);
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
  }
}

describe('graph surgery', () => {
  it('prunes nodes and weights that no output needs, and keeps inputs', () => {
    const b = new GraphBuilder(small());
    b.input('spare', 'float32', [1]);
    const pruned = prune(b.build());
    expect(pruned.nodes.map((n) => n.op)).toEqual(['MatMul', 'Split']);
    expect(pruned.inputs.map((i) => i.name)).toEqual(['x', 'spare']);
    expect([...pruned.initializers.keys()]).toContain('w');
    expect(prune({ ...small(), outputs: [] }).initializers.size).toBe(0);
  });

  it('promotes weights to inputs', () => {
    const promoted = promoteToInputs(small(), ['w']);
    expect(promoted.inputs.at(-1)).toEqual({ name: 'w', type: 'float32', dims: [3, 2] });
    expect(promoted.initializers.has('w')).toBe(false);
    expect(() => promoteToInputs(small(), ['absent'])).toThrow('absent');
  });

  it('builds with unique names, and shares equal constants', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [1]);
    const names = [b.op('Neg', [x]), b.op('Neg', [x]), b.fresh('x')];
    expect(new Set([x, ...names]).size).toBe(4);
    expect(b.ints([1, 2])).toBe(b.ints([1, 2]));
    expect(b.scalar(0)).not.toBe(b.scalar(-0));
    const before = b.build();
    b.constant(int64s([1]));
    expect(before.initializers.size).toBe(3);
  });
});
