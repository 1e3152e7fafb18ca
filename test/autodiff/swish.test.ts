import { afterAll, describe, expect, it } from 'vitest';
import { gradientGraph } from '../../src/autodiff/differentiate.js';
import { type Curves, swishesOf } from '../../src/autodiff/swish.js';
import type { Value } from '../../src/engines/engine.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { GraphBuilder } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';

const engine = createOrtEngine({ sessions: 1 });
afterAll(() => engine.close());

/**
 * swish(swish(x)) + x sigmoid(swish(x)) + sigmoid(x), number by number: swishes written in either order, a product that only looks
 * like one, and a sigmoid that is read by something else as well.
 */
function network(): Graph {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['N', 9]);
  const s = b.op('Sigmoid', [x]);
  const once = b.op('Mul', [s, x]);
  const gate = b.op('Sigmoid', [once]);
  const twice = b.op('Mul', [once, gate]);
  const other = b.op('Mul', [x, gate]);
  b.outputAs(b.op('Add', [b.op('Add', [twice, other]), s]), 'y', 'float32', ['N', 9]);
  return b.build();
}

/** Three swishes, one behind the other, as networks have them. */
function stack(): Graph {
  const b = new GraphBuilder();
  let x = b.input('x', 'float32', ['N', 9]);
  for (let layer = 0; layer < 3; layer++) x = b.op('Mul', [x, b.op('Sigmoid', [x])]);
  b.outputAs(x, 'y', 'float32', ['N', 9]);
  return b.build();
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const swish = (x: number) => x * sigmoid(x);
const value = (x: number) => swish(swish(x)) + x * sigmoid(swish(x)) + sigmoid(x);

const points = [-100, -12, -3, -1.3, -0.2, 0, 0.4, 1.1, 2.7, 6, 30, 100, -0.9, 0.05, 1.9, -2.2, 4.4, -5];
const feeds = (): Record<string, Value> => ({
  x: { type: 'float32', dims: [2, 9], data: Float32Array.from(points) },
});

const derivatives = async (graph: Graph, curves?: Curves) => {
  const known = curves && { curves };
  const first = await gradientGraph(engine, graph, feeds(), { of: 'y', wrt: ['x'] }, known);
  const slope = first.gradients.x!;
  const wanted = { of: slope, wrt: ['x'] };
  const second = await gradientGraph(engine, first.graph, feeds(), wanted, known);
  const program = await engine.compile(second.graph);
  const bend = second.gradients.x!;
  const outputs = await program.run(feeds(), [slope, bend]);
  await program.release();
  const numbers = (name: string) => [...(outputs[name]!.data as Float32Array)];
  return { nodes: second.graph.nodes.length, slope: numbers(slope), bend: numbers(bend) };
};

describe('swishes that are differentiated in one piece', () => {
  it('are found in either order, and nothing else is', () => {
    expect([...swishesOf(network()).values()].map(({ of }) => of)).toEqual(['x', 'Mul']);
  });

  it('have the derivatives that differences show, and those of their nodes', async () => {
    const found = await derivatives(network(), swishesOf(network()));
    const h = 1e-4;
    for (const [i, x] of points.entries()) {
      expect(found.slope[i], `slope at ${x}`).toBeCloseTo((value(x + h) - value(x - h)) / (2 * h), 5);
      const bend = (value(x + h) - 2 * value(x) + value(x - h)) / (h * h);
      expect(found.bend[i], `second derivative at ${x}`).toBeCloseTo(bend, 4);
    }
    const plain = await derivatives(network());
    plain.bend.forEach((bend, i) => {
      expect(found.bend[i]).toBeCloseTo(bend, 5);
    });
  });

  it('one behind the other take fewer nodes', async () => {
    const found = await derivatives(stack(), swishesOf(stack()));
    const plain = await derivatives(stack());
    expect(found.nodes).toBeLessThan(0.75 * plain.nodes);
    plain.bend.forEach((bend, i) => {
      expect(found.bend[i]).toBeCloseTo(bend, 5);
    });
  });
});
