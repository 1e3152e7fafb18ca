import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { BoundPrograms, type Method } from '../../src/bounds/certify.js';
import { boxesAround, marginRows } from '../../src/bounds/margins.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { readOnnx } from '../../src/graph/read.js';
import { readReference } from '../models/npz.js';

const reference = resolve('../shared/reference/bounds');
if (!existsSync(reference))
  console.warn(`\n!!! ${reference} is absent: bounds are NOT compared with auto_LiRPA !!!\n`);

const engine = createOrtEngine({ sessions: 1, threads: 1 });
afterAll(() => engine.close());

const CASES = [
  { model: 'mlp', eps: '0.02', shape: [1, 28, 28], methods: ['ibp', 'crown_ibp', 'crown'] },
  { model: 'mlp', eps: '0.05', shape: [1, 28, 28], methods: ['ibp', 'crown_ibp', 'crown'] },
  { model: 'cnn', eps: '0.02', shape: [1, 28, 28], methods: ['ibp', 'crown_ibp', 'crown'] },
  { model: 'cnn', eps: '0.05', shape: [1, 28, 28], methods: ['ibp', 'crown_ibp', 'crown'] },
  { model: 'resnet-leaky', eps: '1over255', shape: [3, 32, 32], methods: ['ibp', 'crown_ibp', 'crown'] },
] as const;

describe.skipIf(!existsSync(reference))('bounds of margins, as auto_LiRPA has them in float64', () => {
  for (const { model, eps, shape, methods } of CASES) {
    it.each(methods)(`${model} at ${eps}: %s`, async (method) => {
      const arrays = readReference(join(reference, `${model}_eps${eps}.npz`));
      const graph = readOnnx(new Uint8Array(readFileSync(join(reference, `${model}.onnx`))));
      const folded = await engine.fold(graph);
      const programs = await BoundPrograms.of(
        engine,
        { graph: folded, pixels: 'x', shape, logits: 'logits' },
        { outward: !process.env.RAW },
      );
      const known = arrays[`lb_${method}`];
      const labels = Int32Array.from(arrays.y.data as ArrayLike<number>, Number);
      const computed = Array.from({ length: labels.length }, (_, i) => i).filter(
        (i) => !Number.isNaN(Number(known.data[i * 9])),
      );
      const n =
        method === 'crown' ? Math.min(computed.length, model === 'resnet-leaky' ? 1 : 3) : computed.length;
      const size = [...shape].reduce((a: number, b) => a * b, 1);
      const x = Float32Array.from(arrays.x.data as ArrayLike<number>).subarray(0, n * size);
      const epsilon = Number(arrays.eps.data[0]);
      const t = performance.now();
      const { bound, rounding } = await programs.lowerBounds(
        boxesAround(n, x, epsilon),
        marginRows(labels.subarray(0, n), 10),
        9,
        method.replace('_', '-') as Method,
      );
      const ms = performance.now() - t;
      const scale = Math.max(...bound.map(Math.abs));
      let worst = 0,
        most = -Infinity,
        mr = 0;
      for (let i = 0; i < n * 9; i++) {
        const d = bound[i] - Number(known.data[i]);
        worst = Math.max(worst, Math.abs(d));
        most = Math.max(most, d - rounding[i]);
        mr = Math.max(mr, rounding[i]);
      }
      const certified = Array.from({ length: n }, (_, i) =>
        bound.subarray(i * 9, i * 9 + 9).every((b, k) => b - rounding[i * 9 + k] > 0),
      ).filter(Boolean).length;
      console.log(model, eps, method, {
        n,
        worst,
        scale,
        relative: worst / scale,
        over: most,
        rounding: mr,
        certified,
        ms,
      });
      if (model === 'mlp')
        console.log(
          [...bound.subarray(0, 9)].map((x) => x.toFixed(3)).join(' '),
          '|',
          [...known.data.subarray(0, 9)].map((x) => x.toFixed(3)).join(' '),
        );
      await programs.close();
      expect(worst / scale).toBeLessThan(1e-4);
      expect(most).toBeLessThanOrEqual(0);
    });
  }
});
