import { afterAll, describe, expect, it } from 'vitest';
import { missingGradients } from '../../src/autodiff/coverage.js';
import { gradientGraph } from '../../src/autodiff/differentiate.js';
import type { Value } from '../../src/engines/engine.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { GraphBuilder, int, ints } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import { promoteToInputs } from '../../src/graph/prune.js';
import { floats, int64s } from '../../src/graph/tensor.js';
import { normals, relativeError } from './finite-differences.js';

const engine = createOrtEngine({ sessions: 1, threads: 1 });
afterAll(() => engine.close());

const value = (dims: number[], data: Float32Array): Value => ({ type: 'float32', dims, data });
const weight = (b: GraphBuilder, dims: number[], name: string) =>
  b.constant(
    floats(
      dims,
      normals(
        name,
        dims.reduce((p, d) => p * d, 1),
      ),
    ),
    name,
  );

/** A small network with a symbolic batch and every kind of operator whose rule looks at shapes. */
function network(): Graph {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['N', 2, 9, 8]);
  const conv = b.op('Conv', [x, weight(b, [4, 2, 3, 3], 'kernel')], { strides: ints([2, 1]) });
  const pooled = b.op('MaxPool', [conv], {
    kernel_shape: ints([3, 3]),
    pads: ints([1, 1, 1, 1]),
    strides: ints([1, 2]),
  });
  const averaged = b.op('AveragePool', [b.op('Relu', [pooled])], {
    kernel_shape: ints([2, 2]),
    pads: ints([1, 0, 0, 1]),
  });
  const gathered = b.op('Gather', [averaged, b.constant(int64s([3, 0, 0], [3]), 'order')], { axis: int(1) });
  const both = b.op('Concat', [averaged, gathered], { axis: int(1) });
  const flat = b.op('Flatten', [b.op('Sub', [both, b.op('ReduceMean', [both, b.ints([2, 3])])])]);
  const logits = b.op('MatMul', [flat, weight(b, [7 * 4 * 3, 5], 'head')]);
  b.outputAs(logits, 'logits', 'float32', ['N', 5]);
  b.outputAs(b.op('ReduceLogSumExp', [logits, b.ints([1])], { keepdims: int(0) }), 'logPx', 'float32', ['N']);
  return b.build();
}

const size = 2 * 9 * 8;
const images = (n: number) => normals('images', n * size);

describe('gradient graphs', () => {
  it('serve any batch, whatever the batch they were traced with', async () => {
    const { graph, gradients } = await gradientGraph(
      engine,
      network(),
      { x: value([2, 2, 9, 8], images(2)) },
      { of: 'logPx', wrt: ['x'] },
    );
    const program = await engine.compile(graph);
    const run = async (data: Float32Array) =>
      (await program.run({ x: value([data.length / size, 2, 9, 8], data) }))[gradients.x!]!
        .data as Float32Array;
    const together = await run(images(5));
    for (let i = 0; i < 5; i++) {
      const alone = await run(images(5).slice(i * size, (i + 1) * size));
      expect(relativeError(alone, together.slice(i * size, (i + 1) * size))).toBeLessThan(1e-5);
    }
  });

  it('serve any batch where it is not the first axis', async () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', ['N', 4, 3]);
    // (places, batch, features), as attention in some frameworks has it.
    const turned = b.op('Transpose', [x], { perm: ints([1, 0, 2]) });
    const first = b.op('Gather', [turned, b.constant(int64s([2], []), 'one')], { axis: int(0) });
    const order = b.constant(int64s([3, 0, 0, 1], [2, 2]), 'order');
    const several = b.op('ReduceSum', [b.op('Gather', [turned, order], { axis: int(0) }), b.ints([0, 1])], {
      keepdims: int(0),
    });
    const cut = b.op('Slice', [turned, b.ints([1]), b.ints([3]), b.ints([0])]);
    const tiled = b.op('ReduceMax', [b.op('Tile', [cut, b.ints([2, 1, 2])]), b.ints([0])], {
      keepdims: int(0),
    });
    const joined = b.op('Concat', [first, several, tiled], { axis: int(-1) });
    b.outputAs(b.op('ReduceLogSumExp', [joined, b.ints([1])], { keepdims: int(0) }), 'y', 'float32', ['N']);
    const drawn = normals('turned', 60);
    const feeds = { x: value([2, 4, 3], drawn.slice(0, 24)) };
    const { graph, gradients } = await gradientGraph(engine, b.build(), feeds, { of: 'y', wrt: ['x'] });
    const program = await engine.compile(graph);
    const run = async (data: Float32Array) =>
      (await program.run({ x: value([data.length / 12, 4, 3], data) }))[gradients.x!]!.data as Float32Array;
    const together = await run(drawn);
    for (let i = 0; i < 5; i++)
      expect(
        relativeError(await run(drawn.slice(12 * i, 12 * (i + 1))), together.slice(12 * i, 12 * (i + 1))),
      ).toBeLessThan(1e-5);
  });

  it('keep the outputs of the graph they were made of', async () => {
    const feeds = { x: value([3, 2, 9, 8], images(3)) };
    const { graph } = await gradientGraph(engine, network(), feeds, { of: 'logPx', wrt: ['x'] });
    const [plain, both] = [await engine.compile(network()), await engine.compile(graph)];
    const wanted = await plain.run(feeds);
    const got = await both.run(feeds);
    for (const name of ['logits', 'logPx'])
      expect(relativeError(got[name]!.data as Float32Array, wanted[name]!.data as Float32Array)).toBeLessThan(
        1e-6,
      );
  });

  it('do not change the graph they are made of', async () => {
    const original = network();
    const before = JSON.stringify(original.nodes);
    await gradientGraph(engine, original, { x: value([2, 2, 9, 8], images(2)) }, { of: 'logPx', wrt: ['x'] });
    expect(JSON.stringify(original.nodes)).toBe(before);
  });

  it('reach weights that were promoted to inputs', async () => {
    const graph = promoteToInputs(network(), ['kernel', 'head']);
    const kernel = normals('kernel', 72);
    const head = normals('head', 420);
    const feeds = (w: Float32Array) => ({
      x: value([3, 2, 9, 8], images(3)),
      kernel: value([4, 2, 3, 3], w),
      head: value([84, 5], head),
    });
    const { graph: backward, gradients } = await gradientGraph(engine, graph, feeds(kernel), {
      of: 'logPx',
      wrt: ['kernel', 'head'],
    });
    const program = await engine.compile(backward);
    const at = async (w: Float32Array) => {
      const out = await program.run(feeds(w));
      const sum = (out.logPx!.data as Float32Array).reduce((a, c) => a + c, 0);
      return { sum, gradient: out[gradients.kernel!]!.data as Float32Array };
    };
    const { gradient } = await at(kernel);
    const direction = normals('direction', 72);
    const h = 1e-3;
    const moved = (t: number) => kernel.map((w, i) => w + t * direction[i]!);
    const numeric = ((await at(moved(h))).sum - (await at(moved(-h))).sum) / (2 * h);
    const analytic = gradient.reduce((s, g, i) => s + g * direction[i]!, 0);
    expect(Math.abs(analytic - numeric)).toBeLessThan(5e-3 * Math.abs(numeric));
  });

  it('are zero, in the right shape, where nothing depends on the input', async () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', ['N', 3]);
    b.outputAs(b.op('Floor', [x]), 'y');
    const feeds = { x: value([2, 3], normals('x', 6)) };
    const { graph, gradients } = await gradientGraph(engine, b.build(), feeds, { of: 'y', wrt: ['x'] });
    const out = await (await engine.compile(graph)).run(feeds);
    expect(out[gradients.x!]).toEqual(value([2, 3], new Float32Array(6)));
  });
});

describe('operators without a rule', () => {
  function withoutRule(): Graph {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', ['N', 3]);
    const product = b.op('ReduceProd', [x, b.ints([1])]);
    b.outputAs(b.op('Relu', [product]), 'y');
    b.outputAs(b.op('Relu', [x]), 'z');
    return b.build();
  }

  it('are named, with the node', async () => {
    const feeds = { x: value([2, 3], normals('x', 6)) };
    await expect(gradientGraph(engine, withoutRule(), feeds, { of: 'y', wrt: ['x'] })).rejects.toMatchObject({
      code: 'op-unsupported',
      message: expect.stringContaining('ReduceProd'),
      details: { path: expect.stringMatching(/node "ReduceProd/) },
    });
  });

  it('do not matter off the way from input to output', async () => {
    expect(missingGradients(withoutRule(), ['x'], 'y').map((n) => n.op)).toEqual(['ReduceProd']);
    expect(missingGradients(withoutRule(), ['x'], 'z')).toEqual([]);
  });
});
