import { afterAll, describe, expect, it } from 'vitest';
import { createOrtEngine } from '../../../src/engines/ort/engine.js';
import { GraphBuilder, int } from '../../../src/graph/build.js';
import type { Graph } from '../../../src/graph/graph.js';
import { floats, int64s } from '../../../src/graph/tensor.js';
import { freezeShapes } from '../../../src/models/graph/freeze-shapes.js';
import { CLASSES, open, PIXELS, SHAPE, uniforms } from '../networks.js';

const engine = createOrtEngine({ sessions: 1, threads: 1 });
afterAll(() => engine.close());

/**
 * Cuts the lower half of an image out with indices computed from its shape, as exporters write it, and scales it
 * by the number of images when `byBatch`.
 */
function halving({ byBatch = false } = {}): Graph {
  const b = new GraphBuilder();
  const x = b.input('image', 'float32', ['N', ...SHAPE]);
  // Reshaped by a shape of the run, so that onnxruntime cannot tell the sizes while the batch is open.
  const shape = b.op('Shape', [x]);
  const of = (value: string, axis: number) => b.op('Gather', [value, b.constant(int64s([axis]), 'axis')]);
  const joined = b.op('Concat', [of(shape, 0), of(shape, 1), of(shape, 2), of(shape, 3)], { axis: int(0) });
  const image = b.op('Reshape', [x, joined]);
  const height = of(b.op('Shape', [image]), 2);
  const start = b.op('Div', [height, b.ints([2])]);
  const lower = b.op('Slice', [image, start, height, b.ints([2])]);
  const flat = b.op('Flatten', [lower]);
  const kept = SHAPE[0] * (SHAPE[1] - 1) * SHAPE[2];
  const weight = b.constant(floats([kept, CLASSES], uniforms('weight', kept * CLASSES)), 'weight');
  const logits = b.op('MatMul', [flat, weight]);
  const count = b.op('Cast', [of(shape, 0)], { to: int(1) });
  b.outputAs(byBatch ? b.op('Mul', [logits, count]) : logits, 'logits', 'float32', ['N', CLASSES]);
  return b.build();
}

const card = {
  name: 'halving',
  checkpoint: './halving.onnx',
  input: { shape: [...SHAPE] },
  classes: CLASSES,
};

describe('arithmetic on shapes', () => {
  it('becomes constants where it does not depend on the batch', async () => {
    const frozen = await freezeShapes(engine, halving({ byBatch: true }), 'image');
    const slice = frozen.nodes.find(({ op }) => op === 'Slice');
    expect(slice?.inputs.slice(1).every((name) => frozen.initializers.has(name))).toBe(true);
    // The number of images is still read off each run.
    expect(frozen.nodes.some(({ op }) => op === 'Shape')).toBe(true);
    const program = await engine.compile(frozen);
    const original = await engine.compile(halving({ byBatch: true }));
    for (const n of [1, 2, 3, 5]) {
      const feeds = {
        image: { type: 'float32' as const, dims: [n, ...SHAPE], data: uniforms('images', n * PIXELS) },
      };
      expect((await program.run(feeds)).logits!.data).toEqual((await original.run(feeds)).logits!.data);
    }
  });

  it('leaves a graph without shapes alone', async () => {
    const b = new GraphBuilder();
    b.outputAs(b.op('Relu', [b.input('image', 'float32', ['N', 2])]), 'y');
    const graph = b.build();
    expect(await freezeShapes(engine, graph, 'image')).toBe(graph);
  });

  it('so no longer stands in the way of a gradient', async () => {
    const model = await open(engine, halving(), card);
    expect(model.info.lacks.inputGradient).toBeUndefined();
    const pixels = uniforms('pixels', 2 * PIXELS);
    const { gradient } = await model.gradient({ n: 2, pixels, labels: Int32Array.of(1, 3) }, 'logit');
    const weight = uniforms('weight', 8 * CLASSES);
    const row = SHAPE[2];
    for (let j = 0; j < PIXELS; j++) {
      const [channel, line, column] = [Math.floor(j / 6), Math.floor((j % 6) / row), j % row];
      const at = (channel * 2 + line - 1) * row + column;
      expect(gradient[j]).toBeCloseTo(line === 0 ? 0 : weight[at * CLASSES + 1]!, 6);
    }
    await model.close();
  });
});
