import { afterAll, expect, it } from 'vitest';
import { BoundPrograms, type Method } from '../../../src/bounds/certify.js';
import { createOrtEngine } from '../../../src/engines/ort/engine.js';
import { GraphBuilder } from '../../../src/graph/build.js';
import { floats } from '../../../src/graph/tensor.js';
import { marginBounds } from '../../../src/models/programs/margin-bounds.js';
import type { SystemInfo } from '../../../src/models/system.js';

const engine = createOrtEngine({ sessions: 1, threads: 1 });
afterAll(() => engine.close());

const info = { shape: [1, 1, 2], classes: ['a', 'b', 'c'] } as const as unknown as SystemInfo;

/** Logits of two pixels whose inner numbers are as large as given. */
async function boundsOf(scale: number): Promise<BoundPrograms> {
  const b = new GraphBuilder();
  const x = b.op('Flatten', [b.input('x', 'float32', ['N', 1, 1, 2])]);
  const large = b.constant(floats([2, 2], [scale, -scale, -scale, scale]));
  const hidden = b.op('Relu', [b.op('MatMul', [b.op('Relu', [b.op('MatMul', [x, large])]), large])]);
  b.outputAs(b.op('MatMul', [hidden, b.constant(floats([2, 3], [1, -1, 0.5, -1, 1, 0.5]))]), 'logits');
  return BoundPrograms.of(engine, { graph: b.build(), pixels: 'x', shape: [1, 1, 2], logits: 'logits' });
}

it.each(['ibp', 'crown-ibp', 'crown'] as const)(
  '%s proves nothing where inner numbers overflow',
  async (method: Method) => {
    for (const scale of [1e20, 1e30, 3e38]) {
      const bounds = await boundsOf(scale);
      const batch = {
        n: 3,
        pixels: Float32Array.of(0.9, 0.1, 0.2, 0.8, 0.5, 0.5),
        labels: Int32Array.of(0, 1, 2),
      };
      for (const epsilon of [0, 0.01, 0.3]) {
        const { margin } = await marginBounds(bounds, { info, batchSize: 8, concurrency: 1 }, batch, {
          epsilon,
          method,
        });
        // Exact arithmetic has margins above 0 here; float32 has none.
        for (const least of margin) expect(least).toBeLessThanOrEqual(0);
      }
      await bounds.close();
    }
  },
);
