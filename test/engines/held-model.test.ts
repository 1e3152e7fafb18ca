import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { holdModel, isFile } from '../../src/engines/held-model.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { graphOf } from '../../src/engines/read-held.js';
import { GraphBuilder } from '../../src/graph/build.js';
import { readOnnx } from '../../src/graph/read.js';
import { floats } from '../../src/graph/tensor.js';
import { writeOnnx } from '../../src/graph/write.js';

const folder = mkdtempSync(join(tmpdir(), 'assay-held-'));
const engine = createOrtEngine({ sessions: 1 });
afterEach(() => vi.unstubAllEnvs());
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

/** onnxruntime leaves files of its own. */
const held = () => readdirSync(folder).filter((name) => name.startsWith('assay-'));

/** y = x W, with as many weights as are said. */
function product(width: number) {
  const b = new GraphBuilder('product');
  const weights = Float32Array.from({ length: width * 1024 }, (_, i) => (i % 7) - 3);
  const y = b.op('MatMul', [
    b.input('x', 'float32', ['N', width]),
    b.constant(floats([width, 1024], weights), 'W'),
  ]);
  b.output(y, 'float32', ['N', 1024]);
  const x = Float32Array.from({ length: width }, (_, i) => i % 3);
  const wanted = Array.from({ length: 1024 }, (_, column) =>
    x.reduce((sum, v, row) => sum + v * weights[row * 1024 + column]!, 0),
  );
  return { graph: b.build(), y, x, wanted };
}

describe('models for a pool', () => {
  const large = product(8192);

  it.each([
    ['a small one in memory', product(16), '', false],
    ['a large one in a file', large, folder, true],
    ['a large one in memory where no file can be written', large, join(folder, 'missing'), false],
  ])('%s', async (_, { graph }, temporary, file) => {
    if (temporary) vi.stubEnv('TMPDIR', temporary);
    const told: string[] = [];
    const { model, release } = await holdModel(graph, (text) => told.push(text));
    expect(isFile(model)).toBe(file);
    const missing = expect.stringMatching(/kept in memory, .* no temporary file can be written \(ENOENT/);
    expect(told).toEqual(temporary && !file ? [missing] : []);
    expect(Buffer.compare(writeOnnx(graphOf(model)), writeOnnx(readOnnx(writeOnnx(graph))))).toBe(0);
    if (isFile(model)) expect(statSync(model.file).size).toBeLessThan(2 ** 16);
    await release();
    if (isFile(model)) expect(existsSync(model.file)).toBe(false);
    expect(held()).toEqual([]);
  });

  it('a large one computes the same from its file, in threads and in the guarded process', async () => {
    vi.stubEnv('TMPDIR', folder);
    const { graph, x, y, wanted } = large;
    for (const on of [engine, engine.guard ?? engine]) {
      const program = await on.compile(await on.fold(graph));
      const result = await program.run({ x: { type: 'float32', dims: [1, x.length], data: x } });
      expect([...(result[y]!.data as Float32Array)]).toEqual(wanted);
      expect(held()).toHaveLength(1);
      await program.release();
      expect(held()).toEqual([]);
    }
  });
});
