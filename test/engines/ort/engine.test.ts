import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../../src/engines/engine.js';
import { describeOrt } from '../../../src/engines/ort/describe.js';
import { createOrtEngine } from '../../../src/engines/ort/engine.js';
import { GraphBuilder, int, ints } from '../../../src/graph/build.js';
import { floats } from '../../../src/graph/tensor.js';
import { floatValue, twoOutputs } from '../graphs.js';

describe('the onnxruntime engine', () => {
  const engine: Engine = createOrtEngine({ sessions: 2 });
  afterAll(() => engine.close());

  it('runs a graph and returns every output, or only those fetched', async () => {
    const program = await engine.compile(twoOutputs());
    const x = floatValue([1, 3], [1, -2, 3]);
    const all = await program.run({ x });
    expect(all.doubled).toEqual(floatValue([1, 3], [2, -4, 6]));
    expect(all.negated).toEqual(floatValue([1, 3], [-1, 2, -3]));
    expect(Object.keys(await program.run({ x }, ['negated']))).toEqual(['negated']);
  });

  it('leaves the caller its buffers, and sends only the viewed part of a larger one', async () => {
    const program = await engine.compile(twoOutputs());
    const whole = Float32Array.from([9, 9, 1, 2, 3, 9]);
    const doubled = (
      await program.run({
        x: { type: 'float32', dims: [1, 3], data: whole.subarray(2, 5) },
      })
    ).doubled!;
    expect([...doubled.data]).toEqual([2, 4, 6]);
    expect([...whole]).toEqual([9, 9, 1, 2, 3, 9]);
  });

  it('answers overlapping calls each with its own result', async () => {
    const program = await engine.compile(twoOutputs());
    const calls = Array.from({ length: 50 }, (_, i) => program.run({ x: floatValue([1, 3], [i, 0, 0]) }));
    const firsts = (await Promise.all(calls)).map(({ doubled }) => doubled!.data[0]);
    expect(firsts).toEqual(Array.from({ length: 50 }, (_, i) => 2 * i));
  });

  it('computes while timers and signals are heard: the event loop goes on turning', async () => {
    const [rows, width, layers] = [256, 512, 30];
    const b = new GraphBuilder();
    let y = b.input('x', 'float32', [rows, width]);
    const weight = b.constant(floats([width, width], new Float32Array(width * width)), 'weight');
    for (let layer = 0; layer < layers; layer++) y = b.op('MatMul', [y, weight]);
    b.outputAs(y, 'y');
    const program = await engine.compile(b.build());
    let [turns, computing] = [0, true];
    const turn = () => {
      turns++;
      if (computing) setImmediate(turn);
    };
    const x = { type: 'float32', dims: [rows, width], data: new Float32Array(rows * width) } as const;
    const call = program.run({ x });
    setImmediate(turn);
    await call;
    computing = false;
    // Of a call that blocks its thread, the loop turns once or twice: to begin it, and to give its answer.
    expect(turns).toBeGreaterThan(10);
  });

  it('keeps zeros that are padded before a MaxPool, folded or not', async () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', ['N', 1, 4, 4]);
    const padded = b.op('Pad', [x, b.ints([0, 0, 1, 1, 0, 0, 1, 1]), b.scalar(0)]);
    const pooled = b.op('MaxPool', [padded], { kernel_shape: ints([3, 3]), strides: ints([2, 2]) });
    b.outputAs(pooled, 'y', 'float32', ['N', 1, 2, 2]);
    const negative = floatValue(
      [1, 1, 4, 4],
      Array.from({ length: 16 }, (_, i) => -1 - i),
    );
    for (const graph of [b.build(), await engine.fold(b.build())]) {
      const y = (await (await engine.compile(graph)).run({ x: negative })).y!;
      expect([...y.data]).toEqual([0, 0, 0, -6]);
    }
  });

  it('passes int64 and bool values', async () => {
    const b = new GraphBuilder();
    const labels = b.input('labels', 'int64', ['N']);
    b.outputAs(b.op('Equal', [labels, b.ints([3])]), 'isThree', 'bool', ['N']);
    const program = await engine.compile(b.build());
    const data = BigInt64Array.from([3n, 4n]);
    const { isThree } = await program.run({ labels: { type: 'int64', dims: [2], data } });
    expect(isThree).toEqual({ type: 'bool', dims: [2], data: Uint8Array.from([1, 0]) });
  });

  it("reports a graph that cannot be compiled in onnxruntime's words", async () => {
    const b = new GraphBuilder();
    b.outputAs(b.op('NoSuchOperator', [b.input('x', 'float32', ['N'])]), 'y');
    await expect(engine.compile(b.build())).rejects.toMatchObject({
      code: 'engine-failed',
      message: expect.stringContaining('NoSuchOperator'),
    });
  });

  it('reports wrong feeds and goes on working', async () => {
    const program = await engine.compile(twoOutputs());
    await expect(program.run({ x: floatValue([1, 4], [1, 2, 3, 4]) })).rejects.toMatchObject({
      code: 'engine-failed',
    });
    await expect(program.run({ y: floatValue([1, 3], [1, 2, 3]) })).rejects.toMatchObject({
      code: 'engine-failed',
    });
    expect((await program.run({ x: floatValue([1, 3], [1, 1, 1]) })).doubled!.data[0]).toBe(2);
  });

  it('refuses to run what was released', async () => {
    const program = await engine.compile(twoOutputs());
    await program.release();
    await expect(program.run({ x: floatValue([1, 3], [1, 2, 3]) })).rejects.toMatchObject({
      code: 'engine-failed',
    });
  });

  it('folds constants and batch norm into plain ONNX with the same outputs', async () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', ['N', 1, 4, 4]);
    const weight = b.constant(
      floats(
        [2, 1, 3, 3],
        Array.from({ length: 18 }, (_, i) => Math.sin(i)),
      ),
    );
    const conv = b.op('Conv', [x, weight]);
    const [scale, shift, mean, variance] = [
      [1, 2],
      [0, 1],
      [0.5, -0.5],
      [1, 4],
    ].map((v) => b.constant(floats([2], v))) as [string, string, string, string];
    const normal = b.op('BatchNormalization', [conv, scale, shift, mean, variance]);
    const shape = b.op('Concat', [b.op('Neg', [b.ints([1])]), b.ints([8])], { axis: int(0) });
    b.outputAs(b.op('Reshape', [normal, shape]), 'y', 'float32', ['N', 8]);
    const graph = b.build();
    const folded = await engine.fold(graph);
    expect(folded.nodes.map(({ op }) => op)).not.toContain('BatchNormalization');
    expect(folded.nodes.map(({ op }) => op)).not.toContain('Neg');
    expect(new Set(folded.nodes.map(({ domain }) => domain))).toEqual(new Set(['']));
    expect(Object.keys(folded.opsets)).toEqual(['']);
    const feeds = {
      x: floatValue(
        [2, 1, 4, 4],
        Array.from({ length: 32 }, (_, i) => Math.cos(i)),
      ),
    };
    const [before, after] = await Promise.all([
      engine.compile(graph).then((p) => p.run(feeds)),
      engine.compile(folded).then((p) => p.run(feeds)),
    ]);
    before.y!.data.forEach((value, i) => {
      expect(Number(after.y!.data[i])).toBeCloseTo(Number(value), 5);
    });
  });

  it('has as many sessions as there are cores for, whatever threads each has', async () => {
    const cores = availableParallelism();
    for (const threads of [1, 2, cores, cores + 1]) {
      const other = createOrtEngine({ threads });
      expect(other.concurrency).toBe(Math.max(1, Math.floor(cores / threads)));
      await other.close();
    }
  });

  it('refuses absurd options', () => {
    expect(() => createOrtEngine({ sessions: 0 })).toThrow(/sessions/);
    expect(() => createOrtEngine({ threads: 1.5 })).toThrow(/threads/);
  });

  it('that was told to start has its threads before the first call, and closes without one', async () => {
    const started = createOrtEngine({ sessions: 2 });
    const threads = () => readdirSync('/proc/self/task').length;
    const before = threads();
    started.start?.();
    expect(threads()).toBeGreaterThanOrEqual(before + 2);
    await started.close();
  });

  it('rejects what is pending when it is closed', async () => {
    const other = createOrtEngine({ sessions: 1 });
    const program = await other.compile(twoOutputs());
    const pending = program.run({ x: floatValue([1, 3], [1, 2, 3]) });
    await Promise.all([expect(pending).rejects.toMatchObject({ code: 'engine-failed' }), other.close()]);
    await expect(program.run({ x: floatValue([1, 3], [1, 2, 3]) })).rejects.toThrow(/closed/);
  });

  it('describes itself for reports and for the doctor', async () => {
    expect(engine.description).toMatch(/^onnxruntime-node \d+\.\d+\.\d+, CPU/);
    expect(engine.concurrency).toBe(2);
    const description = await describeOrt();
    expect(description.providers).toContain('cpu');
    expect(description.sessions * description.threads).toBeGreaterThanOrEqual(1);
  });
});

describe('an engine in a process of its own', () => {
  const script = (last: string) => `
    import { createOrtEngine } from './dist/src/engines/ort/engine.js';
    import { GraphBuilder } from './dist/src/graph/build.js';
    const b = new GraphBuilder();
    b.outputAs(b.op('Neg', [b.input('x', 'float32', ['N'])]), 'y');
    const engine = createOrtEngine({ sessions: 2 });
    const program = await engine.compile(b.build());
    const feeds = { x: { type: 'float32', dims: [1], data: Float32Array.of(4) } };
    ${last}`;
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const runScript = (last: string) =>
    execFileSync(process.execPath, ['--input-type=module', '--eval', script(last)], {
      cwd: root,
      encoding: 'utf8',
      timeout: 30_000,
    });

  it('lets the process end when idle, without being closed', () => {
    expect(runScript('console.log((await program.run(feeds)).y.data[0])')).toBe('-4\n');
  });

  it('keeps the process alive while a call is pending', () => {
    expect(runScript('program.run(feeds).then(({ y }) => console.log(y.data[0]))')).toBe('-4\n');
  });
});
