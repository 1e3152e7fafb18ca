// @module-tag slow
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Engine } from '../../../src/engines/engine.js';
import { GuardedWorker } from '../../../src/engines/guard/guarded-worker.js';
import { createEngine } from '../../../src/engines/registry.js';
import { AssayError } from '../../../src/errors.js';
import { GraphBuilder } from '../../../src/graph/build.js';
import { floats } from '../../../src/graph/tensor.js';
import { folder } from '../../e2e/assay.js';
import { floatValue, twoOutputs } from '../graphs.js';
import { hostile, hostileNetwork } from '../hostile.js';

const image = floatValue(
  [1, 1, 6, 6],
  Array.from({ length: 36 }, (_, i) => i / 36),
);

/** What came of a promise, errors included. */
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'nothing',
    (error) => (error instanceof AssayError ? error.code : error),
  );

describe('the guarded process', () => {
  const engines: Engine[] = [];
  const guardOf = async (name: string, limits = {}) => {
    const engine = await createEngine(name, { sessions: 1, limits });
    engines.push(engine);
    return { engine, guard: engine.guard as Engine };
  };
  afterAll(() => Promise.all(engines.map((engine) => engine.close())));

  it.each(['ort', 'tfjs'])('of %s computes what the engine computes', async (name) => {
    const { engine, guard } = await guardOf(name);
    const feeds = { x: floatValue([2, 3], [1, -2, 3, 0.5, 0, 7]) };
    const runs = [engine, guard].map(async (one) => (await one.compile(twoOutputs())).run(feeds));
    const [plain, guarded] = await Promise.all(runs);
    expect(guarded).toEqual(plain);
    expect(guarded!.doubled!.data).toBeInstanceOf(Float32Array);
  });

  it.each(['ort', 'tfjs'])('of %s folds as the engine folds', async (name) => {
    const { engine, guard } = await guardOf(name);
    const b = new GraphBuilder();
    const sum = b.op('Add', [b.constant(floats([3], [1, 2, 3])), b.scalar(1)]);
    b.outputAs(b.op('Mul', [b.input('x', 'float32', ['N', 3]), sum]), 'y');
    expect(await guard.fold(b.build())).toEqual(await engine.fold(b.build()));
  });

  it('of tfjs differentiates as the engine does', async () => {
    const { engine, guard } = await guardOf('tfjs');
    const feeds = { x: floatValue([2, 3], [1, -2, 3, 0.5, 0, 7]) };
    const runs = [engine, guard].map(async (one) => {
      const made = await one.differentiate?.(twoOutputs(), feeds, { of: 'doubled', wrt: ['x'] });
      return made?.program.run(feeds);
    });
    const [plain, guarded] = await Promise.all(runs);
    expect(guarded).toEqual(plain);
  });

  it.each([
    ['a loop of computed rounds', { seconds: 4 }],
    ['a loop of rounds that an image decides', { seconds: 4 }],
    ['a tensor of computed size', { mebibytes: 400 }],
    ['doubling without end', { mebibytes: 400 }],
  ] as const)('ends at %s, and starts again', async (name, limits) => {
    const { guard } = await guardOf('ort', limits);
    const program = await guard.compile(twoOutputs());
    const feeds = { x: floatValue([1, 3], [1, 2, 3]) };
    const before = await program.run(feeds);
    const graph = hostileNetwork(hostile[name]);
    const bad = guard.compile(graph).then((made) => made.run({ image }));
    expect(await codeOf(bad)).toBe('limit-exceeded');
    // A program that was made before is made again.
    expect(await program.run(feeds)).toEqual(before);
  });

  it('refuses what is declared before anything is run', async () => {
    const { guard } = await guardOf('ort');
    for (const name of ['a loop of declared rounds', 'a tensor of declared size'] as const) {
      expect(await codeOf(guard.fold(hostileNetwork(hostile[name])))).toBe('limit-exceeded');
      expect(await codeOf(guard.compile(hostileNetwork(hostile[name])))).toBe('limit-exceeded');
    }
  });

  it('leaves constants that are larger than the network unfolded', async () => {
    const { guard } = await guardOf('ort', { seconds: 30 });
    const folded = await guard.fold(hostileNetwork(hostile['a product of constants']));
    const numbers = [...folded.initializers.values()].reduce((sum, { data }) => sum + data.length, 0);
    expect(numbers).toBeLessThan(20_000);
  });

  it('ends at once when it is closed in the middle of a call', async () => {
    const { guard } = await guardOf('ort', { seconds: 1000 });
    const program = await guard.compile(hostileNetwork(hostile['a loop of rounds that an image decides']));
    const running = codeOf(program.run({ image }));
    await guard.close();
    expect(await running).toBe('engine-failed');
  });

  it('does not count what its worker takes to load', async () => {
    const at = folder();
    const serve = new URL('../../../dist/src/engines/serve.js', import.meta.url);
    // A library that loads for two seconds, and whose program 1 never ends.
    writeFileSync(
      join(at, 'slow.mjs'),
      `import { serve } from '${serve}';
      const wait = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
      wait(2000);
      serve({ register() {}, async release() {}, answer: async ({ program }) => (program === 1 ? wait(1e9) : 0, {}) });`,
    );
    const worker = new GuardedWorker(join(at, 'slow.mjs'), {}, { seconds: 1, mebibytes: 4000 });
    onTestFinished(() => worker.postMessage({ kind: 'close' }));
    worker.postMessage({ kind: 'prepare', call: 7, program: 0 });
    // An error would be thrown.
    expect(await once(worker, 'message')).toEqual([{ call: 7, outputs: {}, spent: [] }]);
    worker.postMessage({ kind: 'prepare', call: 8, program: 1 });
    expect(await once(worker, 'error').then(([error]) => error.code)).toBe('limit-exceeded');
  });

  it('takes limits that are numbers above 0 only', async () => {
    expect(await codeOf(createEngine('ort', { limits: { seconds: 0 } }))).toBe('config-invalid');
    expect(await codeOf(createEngine('ort', { limits: { mebibytes: Number.NaN } }))).toBe('config-invalid');
  });
});
