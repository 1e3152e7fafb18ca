import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gradientGraph } from '../../../src/autodiff/differentiate.js';
import type { Engine, Value } from '../../../src/engines/engine.js';
import { createOrtEngine } from '../../../src/engines/ort/engine.js';
import { createTfjsEngine } from '../../../src/engines/tfjs/engine.js';
import { OPERATORS } from '../../../src/engines/tfjs/table.js';
import type { Graph } from '../../../src/graph/graph.js';
import { CASES } from '../../autodiff/cases.js';
import { feedsOf, relativeError, weighted } from '../../autodiff/finite-differences.js';
import { probe } from '../../autodiff/probe.js';
import { FLAT_CASES } from './flat-cases.js';

/** The samples of the gradient table: what each operator gives and how it changes. */
const cases = Object.entries(CASES).flatMap(([op, samples]) =>
  samples.map((sample) => ({ op, name: sample.what ? `${op}, ${sample.what}` : op, sample })),
);

async function runOnce(engine: Engine, graph: Graph, feeds: Record<string, Value>) {
  const program = await engine.compile(graph);
  try {
    return await program.run(feeds);
  } finally {
    await program.release();
  }
}

const numbers = ({ data }: Value) => Array.from(data as ArrayLike<number | bigint>, Number);

describe.each(['wasm', 'cpu'])('operators on the %s backend', (device) => {
  const ort = createOrtEngine({ sessions: 1 });
  let tfjs: Engine;
  beforeAll(async () => {
    tfjs = await createTfjsEngine({ device, sessions: 1 });
  });
  afterAll(async () => {
    await Promise.all([ort.close(), tfjs.close()]);
  });

  it.each(cases)('$name: forward and gradient are those of onnxruntime and autodiff', async ({ sample }) => {
    const { graph, of, point } = probe(sample);
    const feeds = feedsOf(graph, point);
    const wanted = (await runOnce(ort, graph, feeds))[of];
    const got = (await runOnce(tfjs, graph, feeds))[of];
    expect(got.dims).toEqual(wanted.dims);
    expect(relativeError(numbers(got), numbers(wanted))).toBeLessThan(2e-6);

    const total = weighted(graph, of, wanted.dims);
    const differentiation = {
      of: total.outputs[total.outputs.length - 1].name,
      wrt: graph.inputs.map((i) => i.name),
    };
    const ours = await gradientGraph(ort, total, feeds, differentiation);
    const expected = await runOnce(ort, ours.graph, feeds);
    const theirs = await tfjs.differentiate!(total, feeds, differentiation);
    const results = await theirs.program.run(feeds);
    await theirs.program.release();
    for (const name of differentiation.wrt) {
      const [gradient, reference] = [results[theirs.gradients[name]], expected[ours.gradients[name]]];
      expect(gradient.dims).toEqual(reference.dims);
      expect(relativeError(numbers(gradient), numbers(reference)), name).toBeLessThan(1e-5);
    }
  });

  it.each(FLAT_CASES)('$name: the outputs are those of onnxruntime', async ({ graph, feeds }) => {
    const [wanted, got] = [await runOnce(ort, graph, feeds), await runOnce(tfjs, graph, feeds)];
    for (const { name } of graph.outputs) {
      expect(got[name].type).toBe(wanted[name].type);
      expect(got[name].dims).toEqual(wanted[name].dims);
      expect(numbers(got[name])).toEqual(numbers(wanted[name]));
    }
  });
});

describe('the table of operators', () => {
  it('has a sample for every row', () => {
    const sampled = new Set([...Object.keys(CASES), ...FLAT_CASES.map(({ op }) => op)]);
    expect([...OPERATORS.keys()].filter((op) => !sampled.has(op))).toEqual([]);
  });
});
