import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../../src/engines/engine.js';
import { createTfjsEngine } from '../../../src/engines/tfjs/engine.js';
import { GraphBuilder, int, ints, tensor } from '../../../src/graph/build.js';
import type { Graph } from '../../../src/graph/graph.js';
import { floats, int64s } from '../../../src/graph/tensor.js';
import { twoOutputs, floatValue as value } from '../graphs.js';

/** A graph of one input (2, 3) and one output. */
function graphOf(emit: (b: GraphBuilder, x: string) => string): Graph {
  const b = new GraphBuilder();
  b.outputAs(emit(b, b.input('x', 'float32', [2, 3])), 'y');
  return b.build();
}

const x = value([2, 3], [1, -2, 3, 4, -5, 6]);

describe('the tfjs engine', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createTfjsEngine({ device: 'wasm', sessions: 2 });
  });
  afterAll(() => engine.close());

  it('says what it computes with', () => {
    expect(engine).toMatchObject({ name: 'tfjs', concurrency: 2 });
    expect(engine.description).toMatch(/^TensorFlow\.js \d+\.\d+\.\d+, WebAssembly.*, \w+$/);
  });

  it('runs a graph and returns every output, or only those fetched', async () => {
    const program = await engine.compile(twoOutputs());
    const feeds = { x: value([1, 3], [1, -2, 3]) };
    const all = await program.run(feeds);
    expect(all.doubled).toEqual(value([1, 3], [2, -4, 6]));
    expect(all.negated).toEqual(value([1, 3], [-1, 2, -3]));
    expect(Object.keys(await program.run(feeds, ['negated']))).toEqual(['negated']);
  });

  it('answers overlapping calls each with its own result', async () => {
    const program = await engine.compile(twoOutputs());
    const calls = Array.from({ length: 30 }, (_, i) => program.run({ x: value([1, 3], [i, 0, 0]) }));
    const firsts = (await Promise.all(calls)).map(({ doubled }) => doubled!.data[0]);
    expect(firsts).toEqual(Array.from({ length: 30 }, (_, i) => 2 * i));
  });

  it('lets timers fire while it computes', async () => {
    const b = new GraphBuilder();
    const input = b.input('x', 'float32', [300, 300]);
    let power = input;
    for (let i = 0; i < 20; i++) power = b.op('MatMul', [power, input]);
    b.outputAs(power, 'y');
    const program = await engine.compile(b.build());
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await program.run({ x: { type: 'float32', dims: [300, 300], data: new Float32Array(90_000) } });
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(0);
  });

  it('gives zeros where an input does not matter, and the gradient of a sum where it does', async () => {
    const b = new GraphBuilder();
    const [p, q] = [b.input('p', 'float32', [2]), b.input('q', 'float32', [2])];
    const y = b.outputAs(b.op('Mul', [p, p]), 'y', 'float32', [2]);
    b.outputAs(b.op('Neg', [q]), 'z', 'float32', [2]);
    const feeds = { p: value([2], [3, -4]), q: value([2], [1, 1]) };
    const { program, gradients } = await engine.differentiate!(b.build(), feeds, { of: y, wrt: [p, q] });
    const results = await program.run(feeds);
    expect([...results[gradients.p!]!.data]).toEqual([6, -8]);
    expect([...results[gradients.q!]!.data]).toEqual([0, 0]);
    expect([...results.z!.data]).toEqual([-1, -1]);
  });

  it('lets no gradient through comparisons and rounding, and goes on around them', async () => {
    const graph = graphOf((b, input) => {
      const positive = b.op('Greater', [input, b.scalar(0)]);
      return b.op('Add', [b.op('Where', [positive, input, b.scalar(0)]), b.op('Floor', [input])]);
    });
    const { program, gradients } = await engine.differentiate!(graph, { x }, { of: 'y', wrt: ['x'] });
    expect([...(await program.run({ x }))[gradients.x!]!.data]).toEqual([1, 0, 1, 1, 0, 1]);
  });

  it('shares the gradient of an extremum among equal elements', async () => {
    const graph = graphOf((b, input) => b.op('ReduceMax', [input, b.ints([1])]));
    const feeds = { x: value([2, 3], [2, 2, 1, 0, 0, 0]) };
    const { program, gradients } = await engine.differentiate!(graph, feeds, { of: 'y', wrt: ['x'] });
    const third = Math.fround(1 / 3);
    expect([...(await program.run(feeds))[gradients.x!]!.data]).toEqual([0.5, 0.5, 0, third, third, third]);
  });

  const unsupported: [string, Graph, RegExp, RegExp][] = [
    [
      'an operator without a row',
      graphOf((b, input) => b.node('Bernoulli', [input], {}, ['y0'])[0]!),
      /no operator Bernoulli/,
      /Bernoulli_node/,
    ],
    [
      'an operator of another domain',
      graphOf((b, input) => b.node('Fused', [input], {}, ['y0'], 'com.example')[0]!),
      /no operator com\.example\.Fused/,
      /com\.example\.Fused/,
    ],
    [
      'a form of an operator that is not covered',
      graphOf((b, input) => b.op('Einsum', [input], { equation: { kind: 'string', value: 'ii->i' } })),
      /does not run this Einsum: an index occurs twice/,
      /Einsum_node/,
    ],
    [
      'an integer that does not fit',
      graphOf((b, input) => {
        const large = b.op('Mul', [b.constant(int64s([2 ** 20])), b.constant(int64s([2 ** 20]))]);
        return b.op('Mul', [input, b.op('Cast', [large], { to: int(1) })]);
      }),
      /does not fit in the 32 bits/,
      /Mul_node/,
    ],
  ];
  it.each(unsupported)('names %s', async (_what, graph, message, path) => {
    const running = engine.compile(graph).then((program) => program.run({ x }));
    await expect(running).rejects.toMatchObject({
      code: 'op-unsupported',
      message: expect.stringMatching(message),
      details: { path: expect.stringMatching(path), hint: expect.stringContaining('ort') },
    });
  });

  it("tells a graph's own mistakes in TensorFlow.js's words, with the node", async () => {
    const program = await engine.compile(graphOf((b, input) => b.op('Reshape', [input, b.ints([4, 2])])));
    await expect(program.run({ x })).rejects.toMatchObject({
      code: 'engine-failed',
      message: expect.stringMatching(/TensorFlow\.js: node "Reshape_node".*Reshape/),
    });
    const far = await engine.compile(
      graphOf((b, input) => b.op('Gather', [input, b.constant(int64s([3]))], { axis: int(1) })),
    );
    await expect(far.run({ x })).rejects.toMatchObject({
      code: 'engine-failed',
      message: expect.stringMatching(/Gather_node.*index 3 is not within 3/),
    });
    const wrong = new GraphBuilder();
    wrong.output(wrong.op('Neg', [wrong.input('x', 'float32', [2, 3])]), 'int64');
    const declared = await engine.compile(wrong.build());
    await expect(declared.run({ x })).rejects.toMatchObject({ code: 'model-invalid' });
  });

  it('goes on after a failure, and refuses a program that was released', async () => {
    const program = await engine.compile(twoOutputs());
    await expect(program.run({})).rejects.toMatchObject({ message: expect.stringMatching(/"x" is not fed/) });
    expect((await program.run({ x })).negated!.dims).toEqual([2, 3]);
    await program.release();
    await expect(program.run({ x })).rejects.toMatchObject({ message: 'this program was released' });
  });

  it('folds what depends on constants only into constants of the right type', async () => {
    const b = new GraphBuilder();
    const input = b.input('x', 'float32', ['N', 3]);
    const two = b.op('Constant', [], { value: tensor(floats([1], [2])) });
    const square = b.op('Mul', [two, two]);
    const shape = b.op('Concat', [b.op('Shape', [input], { end: int(1) }), b.op('Neg', [b.ints([1])])], {
      axis: int(0),
    });
    const chosen = b.op('Where', [b.op('Greater', [square, two]), square, two]);
    b.outputAs(b.op('Reshape', [b.op('Mul', [input, chosen]), shape]), 'y', 'float32', null);
    b.outputAs(
      b.op('Transpose', [b.constant(floats([1, 2], [5, 6]), 'w')], { perm: ints([1, 0]) }),
      'turned',
    );
    const folded = await engine.fold(b.build());
    expect(folded.nodes.map((n) => n.op)).toEqual([
      'Shape',
      'Concat',
      'Mul',
      'Reshape',
      'Identity',
      'Identity',
    ]);
    expect([...folded.initializers.values()].map(({ type }) => type).sort()).toEqual([
      'float32',
      'float32',
      'int64',
    ]);
    for (const graph of [b.build(), folded]) {
      const results = await (await engine.compile(graph)).run({ x });
      expect([...results.y!.data]).toEqual([4, -8, 12, 16, -20, 24]);
      expect(results.turned).toEqual(value([2, 1], [5, 6]));
    }
  });
});
