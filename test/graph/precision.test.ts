import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { GraphBuilder, int, tensor } from '../../src/graph/build.js';
import type { DataType, Graph } from '../../src/graph/graph.js';
import { widened } from '../../src/graph/half.js';
import { inFloat32 } from '../../src/graph/precision.js';
import { typeCode } from '../../src/graph/tensor.js';

const engine = createOrtEngine({ sessions: 1, threads: 1 });
afterAll(() => engine.close());

describe('16-bit floats', () => {
  it.each([
    ['float16', 0x3c00, 1],
    ['float16', 0xc500, -5],
    ['float16', 0x7bff, 65504],
    ['float16', 0x0001, 2 ** -24],
    ['float16', 0x03ff, 1023 * 2 ** -24],
    ['float16', 0x0400, 2 ** -14],
    ['float16', 0x8000, -0],
    ['float16', 0x7c00, Infinity],
    ['float16', 0xfc00, -Infinity],
    ['float16', 0x7e00, Number.NaN],
    ['bfloat16', 0x3f80, 1],
    ['bfloat16', 0xc0a0, -5],
    ['bfloat16', 0x0001, 2 ** -133],
    ['bfloat16', 0x7f80, Infinity],
    ['bfloat16', 0x7fc0, Number.NaN],
  ] as const)('%s 0x%s is %s', (type, bits, value) => {
    expect(widened(type, Uint16Array.of(bits))[0]).toBe(value);
  });

  // onnxruntime converts them itself: every one of the 65,536.
  it.each(['float16', 'bfloat16'] as const)('every %s is what onnxruntime makes of it', async (type) => {
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const b = new GraphBuilder();
    const all = b.constant({ type, dims: [65536], data: bits }, 'all');
    const x = b.input('x', 'float32', [1]);
    b.outputAs(b.op('Add', [b.op('Cast', [all], { to: int(1) }), x]), 'y');
    const program = await engine.compile(b.build());
    const y = (await program.run({ x: { type: 'float32', dims: [1], data: new Float32Array(1) } })).y!;
    expect(y.data).toEqual(widened(type, bits).map((v) => v + 0));
  });
});

/** y = relu(x W + 0.5), in one type throughout; weights are small whole numbers. */
function network(type: DataType, weights: readonly number[], encode: (v: number) => number): Graph {
  const b = new GraphBuilder();
  const data = type === 'float64' ? Float64Array.from(weights) : Uint16Array.from(weights, (w) => encode(w));
  const x = b.input('x', type, ['N', 2]);
  const half = type === 'float64' ? Float64Array.of(0.5) : Uint16Array.of(encode(0.5));
  const bias = b.op('Constant', [], { value: tensor({ type, dims: [1], data: half }) });
  const cast = b.op('Cast', [x], { to: int(typeCode(type)) });
  const product = b.op('MatMul', [cast, b.constant({ type, dims: [2, 2], data }, 'w')]);
  b.outputAs(b.op('Relu', [b.op('Add', [product, bias])]), 'y', type, ['N', 2]);
  return b.build();
}

/** The upper half of the float32: exact for small whole numbers and halves. */
const asBfloat16 = (v: number) => new Uint32Array(Float32Array.of(v).buffer)[0]! >>> 16;
const asFloat16 = (v: number) => {
  if (v === 0) return 0;
  const exponent = Math.floor(Math.log2(Math.abs(v)));
  const fraction = Math.round((Math.abs(v) / 2 ** exponent - 1) * 1024);
  return (v < 0 ? 0x8000 : 0) | ((exponent + 15) << 10) | fraction;
};

describe('networks in other floats', () => {
  it.each([
    ['float16', asFloat16],
    ['bfloat16', asBfloat16],
    ['float64', () => 0],
  ] as const)('%s: computed in float32, with a note', async (type, encode) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 4, maxLength: 4 }),
        async (w) => {
          const graph = inFloat32(network(type, w, encode));
          expect(graph.notes).toMatchObject([{ code: 'computed-in-float32', severity: 'note' }]);
          expect(graph.inputs[0]!.type).toBe('float32');
          const program = await engine.compile(graph);
          const x = Float32Array.of(0.25, -1, 3, 0.1);
          const y = (await program.run({ x: { type: 'float32', dims: [2, 2], data: x } })).y!;
          const expected = [0, 1].flatMap((i) =>
            [0, 1].map((k) => Math.max(0, x[2 * i]! * w[k]! + x[2 * i + 1]! * w[2 + k]! + 0.5)),
          );
          expected.forEach((v, i) => {
            expect((y.data as Float32Array)[i]).toBeCloseTo(v, 3);
          });
          await program.release();
        },
      ),
      { numRuns: 10 },
    );
  });

  it('leaves float32 networks as they are, float64 arithmetic inside them too', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [2]);
    const wide = b.op('Cast', [x], { to: int(typeCode('float64')) });
    b.outputAs(b.op('Cast', [b.op('Floor', [wide])], { to: int(1) }), 'y');
    const graph = b.build();
    expect(inFloat32(graph)).toBe(graph);
  });
});
