// @module-tag long
// @module-tag tensorflow
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gradientGraph } from '../../../src/autodiff/differentiate.js';
import type { Engine, Value } from '../../../src/engines/engine.js';
import { createOrtEngine } from '../../../src/engines/ort/engine.js';
import { createTfjsEngine } from '../../../src/engines/tfjs/engine.js';
import { OPERATORS } from '../../../src/engines/tfjs/table.js';
import type { Graph } from '../../../src/graph/graph.js';
import { CASES, type Case } from '../../autodiff/cases.js';
import { dot, feedsOf, normals, relativeError, weighted } from '../../autodiff/finite-differences.js';
import { probe } from '../../autodiff/probe.js';
import { SAMPLES } from './cases.js';
import { devices } from './devices.js';

/** To levels a tenth apart and back, some of them saturated. */
const quantised: Case = {
  inputs: [[2, 9]],
  domain: 'distinct',
  emit: (b, [x]) => {
    const scale = b.scalar(0.1);
    const zero = b.constant({ type: 'int8', dims: [], data: Int8Array.of(-123) }, 'zero');
    return b.op('DequantizeLinear', [b.op('QuantizeLinear', [x, scale, zero]), scale, zero]);
  },
};

/** The samples of the gradient table: what each operator gives and how it changes. */
const cases = Object.entries({ ...CASES, 'Quantised and back': [quantised] }).flatMap(([op, samples]) =>
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

describe.each(devices)('operators on the %s backend', (device) => {
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
    const wanted = (await runOnce(ort, graph, feeds))[of]!;
    const got = (await runOnce(tfjs, graph, feeds))[of]!;
    expect(got.dims).toEqual(wanted.dims);
    expect(relativeError(numbers(got), numbers(wanted))).toBeLessThan(sample.apart ?? 2e-6);

    const total = weighted(graph, of, wanted.dims);
    const differentiation = {
      of: total.outputs[total.outputs.length - 1]!.name,
      wrt: graph.inputs.map((i) => i.name),
    };
    const ours = await gradientGraph(ort, total, feeds, differentiation);
    const expected = await runOnce(ort, ours.graph, feeds);
    const theirs = await tfjs.differentiate!(total, feeds, differentiation);
    const results = await theirs.program.run(feeds);
    await theirs.program.release();
    for (const name of differentiation.wrt) {
      const [gradient, reference] = [results[theirs.gradients[name]!]!, expected[ours.gradients[name]!]!];
      expect(gradient.dims).toEqual(reference.dims);
      expect(relativeError(numbers(gradient), numbers(reference)), name).toBeLessThan(1e-5);
    }
  });

  it.each(SAMPLES)('$name: the outputs are those of onnxruntime', async ({ graph, feeds }) => {
    const [wanted, got] = [await runOnce(ort, graph, feeds), await runOnce(tfjs, graph, feeds)];
    for (const { name, type } of graph.outputs) {
      expect(got[name]!.type).toBe(wanted[name]!.type);
      expect(got[name]!.dims).toEqual(wanted[name]!.dims);
      const [values, reference] = [numbers(got[name]!), numbers(wanted[name]!)];
      if (type === 'float32') expect(relativeError(values, reference)).toBeLessThan(2e-6);
      else expect(values).toEqual(reference);
    }
  });

  it.each(SAMPLES.filter(({ smooth }) => smooth))(
    '$name: the gradient is that of differences',
    async ({ graph, feeds }) => {
      const { name: of } = graph.outputs[0]!;
      const output = (await runOnce(ort, graph, feeds))[of]!;
      const total = weighted(graph, of, output.dims);
      const sum = total.outputs[total.outputs.length - 1]!.name;
      const wrt = Object.keys(feeds);
      const { program, gradients } = await tfjs.differentiate!(total, feeds, { of: sum, wrt });
      const results = await program.run(feeds);
      await program.release();
      for (const name of wrt) {
        const { data, dims } = feeds[name] as Value & { data: Float32Array };
        const direction = normals(`direction/${name}`, data.length);
        const at = async (t: number) => {
          const moved = data.map((v, i) => v + t * direction[i]!);
          return numbers(
            (await runOnce(ort, total, { ...feeds, [name]: { type: 'float32', dims, data: moved } }))[sum]!,
          )[0]!;
        };
        const central = async (h: number) => ((await at(h)) - (await at(-h))) / (2 * h);
        const numeric = (4 * (await central(0.005)) - (await central(0.01))) / 3;
        const analytic = dot(numbers(results[gradients[name]!]!), direction);
        expect(Math.abs(analytic - numeric)).toBeLessThan(2e-3 * (1 + Math.abs(numeric)));
      }
    },
  );
});

describe('the table of operators', () => {
  it('has a sample for every row', () => {
    const sampled = new Set([...Object.keys(CASES), ...SAMPLES.map(({ op }) => op)]);
    expect([...OPERATORS.keys()].filter((op) => !sampled.has(op))).toEqual([]);
  });
});
