import { afterAll, describe, expect, it } from 'vitest';
import { createOrtEngine } from '../../../src/engines/ort/engine.js';
import { type GraphBuilder, int } from '../../../src/graph/build.js';
import type { Graph } from '../../../src/graph/graph.js';
import { floats } from '../../../src/graph/tensor.js';
import { modelOf } from '../../../src/models/assemble.js';
import { NotFinite } from '../../../src/models/finite.js';
import { linearCard, linearGraph, PIXELS } from '../networks.js';

const engine = createOrtEngine({ sessions: 1 });
afterAll(() => engine.close());

/** A node with a name of its own, as exporters give them. */
function named(b: GraphBuilder, name: string, op: string, inputs: string[]): string {
  const output = b.fresh(`${name}_out`);
  b.add({ name, op, domain: '', inputs, outputs: [output], attributes: {} });
  return output;
}

/** The linear network of what `work` makes of the pixels (n, 12). */
const behind = (work: (b: GraphBuilder, pixels: string) => string): Graph =>
  linearGraph({ rows: (b, x) => work(b, b.op('Flatten', [x], { axis: int(1) })) });

const root = behind((b, x) => named(b, '/stem/Sqrt', 'Sqrt', [x]));
const logarithm = behind((b, x) => named(b, 'clip', 'Relu', [named(b, 'log', 'Log', [x])]));
const overflow = behind((b, x) =>
  named(b, 'second', 'Exp', [named(b, 'first', 'Exp', [b.op('Mul', [x, b.scalar(4)])])]),
);
/** Infinite where a pixel is black, but nothing comes of it: as in the mask of attention. */
const masked = behind((b, x) => {
  const mask = named(b, 'mask', 'Log', [b.op('Sub', [x, x])]);
  const none = named(b, 'exp', 'Exp', [mask]);
  return named(b, 'ratio', 'Div', [b.op('Add', [x, none]), x]);
});
/** Normalised by composites: their parts are named after them. */
const normalised = behind((b, x) => {
  const [rows] = b.node('LayerNormalization', [x, b.constant(floats([PIXELS], Array(PIXELS).fill(1)))], {}, [
    'rows',
  ]) as [string];
  return named(b, 'over', 'Div', [rows, x]);
});

const black = new Float32Array(PIXELS);
const failure = async (graph: Graph, pixels: Float32Array, call: 'forward' | 'gradient') => {
  const model = await modelOf(graph, linearCard, engine);
  const batch = { n: 1, pixels, labels: Int32Array.of(1) };
  const error = await (call === 'forward' ? model.forward(batch) : model.gradient(batch, 'margin')).catch(
    (e) => e,
  );
  const origin = await error.origin?.();
  await model.close();
  expect(error).toBeInstanceOf(NotFinite);
  return origin;
};

describe('where NaN and infinity begin', () => {
  it('is the first node on the way to the outputs', async () => {
    const bright = black.map(() => 2);
    expect(await failure(overflow, bright, 'forward')).toBe('node "second" (Exp)');
    expect(await failure(masked, black, 'forward')).toBe('node "ratio" (Div)');
    expect(await failure(normalised, black, 'forward')).toBe('node "over" (Div)');
  });

  it('of a gradient it is the node of its graph, named after the one that it is the gradient of', async () => {
    expect(await failure(root, black, 'gradient')).toMatch(/^node "\/stem\/Sqrt\/gradient\/\w+" \(Div\)$/);
    expect(await failure(logarithm, black, 'gradient')).toMatch(/^node "log\/gradient\/\w+" \(Div\)$/);
  });

  it('names a constant that is not finite, already when the network is opened', async () => {
    const spoilt = behind((b, x) =>
      named(b, 'scale', 'Mul', [x, b.constant(floats([1], [Number.NaN]), 'gain')]),
    );
    await expect(modelOf(spoilt, linearCard, engine)).rejects.toThrow(
      /is NaN, first at node "scale" \(Mul\), whose constant "gain" is not finite$/,
    );
  });

  it('is not asked of pixels that are not finite themselves', async () => {
    expect(
      await failure(
        root,
        black.map(() => Number.NaN),
        'forward',
      ),
    ).toBeUndefined();
  });
});
