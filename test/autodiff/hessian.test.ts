import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { gradientGraph } from '../../src/autodiff/differentiate.js';
import { readCheckpoint } from '../../src/checkpoints/registry.js';
import type { Value } from '../../src/engines/engine.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { GraphBuilder, int } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import { readReference, relativeError } from '../models/npz.js';

const folder = resolve('../shared/reference/networks');
const present = existsSync(join(folder, 'index.json'));
if (!present)
  console.warn(
    `\n!!! ${folder} is absent: Hessian-vector products are NOT compared with reference values !!!\n`,
  );

type Index = Record<string, { input: [number, number, number]; output: string }>;
const index: Index = present ? JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) : {};
/** The networks for which the reference has a Hessian. */
const smooth = Object.keys(index)
  .map((name) => ({ name, reference: readReference(join(folder, `${name}.npz`)) }))
  .filter(({ reference }) => reference.logp_hvp);

/** With log p(x) up to a constant: the logsumexp of the logits, or minus the energy. */
function withLogPx(network: Graph, output: string): Graph {
  const b = new GraphBuilder(network);
  const logPx =
    output === 'logits'
      ? b.op('ReduceLogSumExp', [output, b.ints([1])], { keepdims: int(0) })
      : b.op('Neg', [output]);
  b.outputAs(logPx, 'log_px');
  return b.build();
}

describe.skipIf(!present)('Hessian-vector products of the reference networks', () => {
  const engine = createOrtEngine({ sessions: 1 });
  afterAll(() => engine.close());

  it('are there for all but one', () => expect(smooth).toHaveLength(Object.keys(index).length - 1));

  it.each(smooth)('$name: the gradient of the gradient along v', async ({ name, reference }) => {
    const { x, v, logp_hvp } = reference;
    const { graph } = await readCheckpoint(join(folder, `${name}.onnx`));
    const [image] = graph.inputs;
    const feeds: Record<string, Value> = {
      [image.name]: { type: 'float32', dims: x.shape, data: Float32Array.from(x.data) },
    };
    const folded = await engine.fold(withLogPx(graph, index[name].output));
    const first = await gradientGraph(engine, folded, feeds, { of: 'log_px', wrt: [image.name] });
    const b = new GraphBuilder(first.graph);
    const direction = b.input('v', 'float32', [...v.shape]);
    const along = b.op('ReduceSum', [b.op('Mul', [first.gradients[image.name], direction])]);
    const of = b.outputAs(along, b.fresh('along'));
    feeds.v = { type: 'float32', dims: v.shape, data: Float32Array.from(v.data) };
    const second = await gradientGraph(engine, b.build(), feeds, { of, wrt: [image.name] });
    const program = await engine.compile(second.graph);
    const product = (await program.run(feeds))[second.gradients[image.name]].data as Float32Array;
    expect(relativeError(product, logp_hvp.data)).toBeLessThan(1e-4);
    await program.release();
  });
});
