import { afterAll, expect, it } from 'vitest';
import type { Engine } from '../../src/engines/engine.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import type { GraphBuilder } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import { modelOf } from '../../src/models/assemble.js';
import type { ModelCard } from '../../src/models/card/card.js';
import { card, network } from '../e2e/project.js';
import {
  convolutional,
  convolutionalCard,
  energyCard,
  linearCard,
  linearGraph,
  quadraticEnergy,
} from './networks.js';

const engine = createOrtEngine({ sessions: 1 });
afterAll(() => engine.close());

/** The engine, counting the sessions that it is asked for: one for every program, and one for every fold. */
function counting(inner: Engine, made: { sessions: number }): Engine {
  return {
    ...inner,
    ...(inner.guard && { guard: counting(inner.guard, made) }),
    fold: (graph) => {
      made.sessions++;
      return inner.fold(graph);
    },
    compile: (graph) => {
      made.sessions++;
      return inner.compile(graph);
    },
  };
}

/** Networks, and how many sessions opening one takes: as exported, folding, traced, and the model's own. */
const cases: [string, () => Graph, ModelCard, number][] = [
  ['a network of any batch', network, card('m') as never, 4],
  ['a batch fixed at 1', () => linearGraph({ batch: 1 }), linearCard, 4],
  ['a batch fixed at 3', () => linearGraph({ batch: 3 }), linearCard, 4],
  ['convolutions', convolutional, convolutionalCard, 4],
  ['an energy model', quadraticEnergy, energyCard, 4],
  // What a composite operator is written in is traced as well.
  ['a composite operator', () => network({ head: squares }), card('m') as never, 5],
];

const squares = (b: GraphBuilder, logits: string) =>
  b.outputAs(b.op('Mul', [logits, b.op('ReduceSumSquare', [logits, b.ints([1])])]), 'logits', 'float32', [
    'N',
    3,
  ]);

it.each(cases)(
  '%s is opened with few sessions, and asks for no other to run',
  async (_, graph, its, most) => {
    const made = { sessions: 0 };
    const model = await modelOf(graph(), its, counting(engine, made));
    expect(model.info.offers).toContain('inputGradient');
    expect(made.sessions).toBeLessThanOrEqual(most);
    const opening = made.sessions;
    const batch = { n: 1, pixels: new Float32Array(model.info.shape.reduce((a, d) => a * d, 1)).fill(0.5) };
    await model.forward(batch);
    expect(made.sessions).toBe(opening);
    await model.gradient(
      { ...batch, labels: Int32Array.of(0) },
      model.info.offers.includes('logits') ? 'margin' : 'log-px',
    );
    // The gradient's own, and a trace of the network with the loss (and of what is composite).
    expect(made.sessions).toBeLessThanOrEqual(opening + most - 2);
    // Another trace for the gradient of the gradient, and its own session, for those who ask for it only.
    const before = made.sessions;
    await model.hessianProduct(batch, batch.pixels);
    await model.hessianProduct(batch, batch.pixels);
    expect(made.sessions).toBeLessThanOrEqual(before + most - 1);
    await model.close();
  },
);
