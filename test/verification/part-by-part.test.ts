import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { GraphBuilder, int } from '../../src/graph/build.js';
import { floats, int64s } from '../../src/graph/tensor.js';
import { writeOnnx } from '../../src/graph/write.js';
import { openNetwork } from '../../src/verification/network.js';
import { answerOf } from './answers.js';

const engine = createOrtEngine({ sessions: 1, threads: 1 });
const at = mkdtempSync(join(tmpdir(), 'assay-parts-'));
afterAll(async () => {
  await engine.close();
  rmSync(at, { recursive: true, force: true });
});

/** A network of one point that would be another with an axis of points, which few points tell. */
interface Hidden {
  dims: number[];
  emit(b: GraphBuilder, x: string): string;
  /** A point that tells, and a number of what the file gives of it. */
  point: number[];
  output: { at: number; is: number; of: number };
}

const vector = (b: GraphBuilder, numbers: number[]) => b.constant(floats([numbers.length], numbers));
const flat = (b: GraphBuilder, x: string) => b.op('Reshape', [x, b.ints([4])]);
/** What is 0 for points below 0.99, and a little of the point. */
const rare = (b: GraphBuilder, x: string, then: (off: string) => string) => {
  const off = b.op('Relu', [b.op('Sub', [x, b.scalar(0.99)])]);
  return b.op('Add', [flat(b, then(off)), b.op('Mul', [flat(b, x), b.scalar(2 ** -10)])]);
};

const HIDDEN: Readonly<Record<string, Hidden>> = {
  'channels that are normalised behind units that are off': {
    dims: [2, 2],
    emit: (b, x) =>
      rare(b, x, (off) => {
        const [one, zero] = [vector(b, [1, 1]), vector(b, [0, 0])];
        return b.op('BatchNormalization', [off, vector(b, [0, 1]), zero, zero, one]);
      }),
    point: [0, 1, 0, 0],
    output: { at: 1, is: 0.01 + 2 ** -10, of: 4 },
  },
  'rows that are normalised behind units that are off': {
    dims: [2, 2],
    emit: (b, x) =>
      rare(
        b,
        x,
        (off) => b.node('LayerNormalization', [off, vector(b, [1, 1])], { axis: int(1) }, ['normal'])[0]!,
      ),
    point: [0, 1, 0, 0],
    output: { at: 0, is: -0.845, of: 4 },
  },
  'numbers in reverse behind units that are off': {
    dims: [4],
    emit: (b, x) => rare(b, x, (off) => b.op('Slice', [off, b.ints([-1]), b.ints([-100]), '', b.ints([-1])])),
    point: [1, 0, 0, 0],
    output: { at: 3, is: 0.01, of: 4 },
  },
  'a largest of all points beside large numbers': {
    dims: [1, 2],
    emit: (b, x) => {
      const largest = b.op('ReduceMax', [x, b.ints([0])], { keepdims: int(1) });
      const large = b.op('Mul', [x, b.scalar(1e6)]);
      return b.op('Concat', [large, b.op('Sub', [x, largest])], { axis: int(1) });
    },
    point: [0.5, 0.25],
    output: { at: 2, is: 0, of: 4 },
  },
};

it.each(Object.entries(HIDDEN))(
  '%s are not made another network',
  async (_, { dims, emit, point, output }) => {
    const b = new GraphBuilder('hidden');
    b.outputAs(emit(b, b.input('input', 'float32', dims)), 'output');
    const file = join(at, 'network.onnx');
    writeFileSync(file, writeOnnx(b.build()));
    const inputs = point.length;
    const samples = Float32Array.from({ length: 3 * inputs }, (_, i) => ((i * 37) % 17) / 18);
    const network = await openNetwork(
      engine,
      file,
      { inputs, outputs: output.of, file: 'a.vnnlib' },
      samples,
    );
    const given = await network.forward(Float32Array.from(point));
    expect(given[output.at]).toBeCloseTo(output.is, 2);
    // Among others, it is what it is by itself.
    if (network.batch > 1) {
      const other = await network.forward(Float32Array.from([...point, ...point.map(() => 0.75)]));
      expect([...other.slice(0, output.of)]).toEqual([...given].map((y) => expect.closeTo(y, 5)));
    }
    const declared = [
      ...point.map((x, i) => `(declare-const X_${i} Real)(assert (>= X_${i} ${x}))(assert (<= X_${i} ${x}))`),
      ...Array.from(given, (_, i) => `(declare-const Y_${i} Real)`),
    ].join('\n');
    const y = given[output.at]!.toFixed(6);
    const near = `(assert (<= (- ${y} 0.0001) Y_${output.at} (+ ${y} 0.0001)))`;
    expect(await answerOf(network, `${declared}${near}`)).toMatchObject({ verdict: 'sat' });
    await network.close();
  },
);

it('a loop that reads the point from outside is no constant, and proves nothing', async () => {
  const b = new GraphBuilder('loop');
  const x = b.input('input', 'float32', [1, 2]);
  const value = (name: string, type: 'int64' | 'bool' | 'float32', dims: number[]) => ({ name, type, dims });
  const node = (op: string, inputs: string[], output: string) => ({
    ...{ name: op, op, domain: '', attributes: {} },
    ...{ inputs, outputs: [output] },
  });
  const body = {
    ...{ name: 'body', opsets: { '': 18 }, irVersion: 8, initializers: new Map() },
    inputs: [value('i', 'int64', []), value('more', 'bool', []), value('sum', 'float32', [1, 2])],
    outputs: [value('on', 'bool', []), value('next', 'float32', [1, 2])],
    nodes: [node('Identity', ['more'], 'on'), node('Add', ['sum', x], 'next')],
  };
  const inputs = [b.constant(int64s([2], [])), '', b.constant(floats([1, 2], [0, 0]))];
  const [twice] = b.node('Loop', inputs, { body: { kind: 'graph', value: body } }, ['twice']);
  b.outputAs(b.op('Add', [x, twice!]), 'output');
  const file = join(at, 'loop.onnx');
  writeFileSync(file, writeOnnx(b.build()));
  const asked = { inputs: 2, outputs: 2, file: 'a.vnnlib' };
  const network = await openNetwork(engine, file, asked, Float32Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6));
  expect([...(await network.forward(Float32Array.of(1, 0.5)))]).toEqual([3, 1.5]);
  const text = `(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)(declare-const Y_1 Real)
(assert (<= 0.9 X_0 1))(assert (<= 0 X_1 1))(assert (<= Y_0 1.5))`;
  expect(await answerOf(network, text)).toMatchObject({
    verdict: 'unknown',
    why: expect.stringContaining('Loop'),
  });
  await network.close();
});
