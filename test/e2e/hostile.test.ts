// @module-tag slow
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { int } from '../../src/graph/build.js';
import { writeOnnx } from '../../src/graph/write.js';
import { type Hostile, hostile, hostileNetwork, loop } from '../engines/hostile.js';
import { type Ended, folder, start } from './assay.js';
import { watchMemory } from './peak-memory.js';
import { card, npz } from './project.js';

/** As quick as it goes: what is hostile is so at any limit. */
const LIMITS = ['--time-limit', '2', '--memory-limit', '700'];

/** Both processes idle, the limit, and what is filled between two looks. */
const MOST_MIB = 2000;

/** A folder with a network of that name, its card, white images and a run file. */
function projectOf(head: Hostile, dims?: null): string {
  const at = folder();
  writeFileSync(join(at, 'bad.onnx'), writeOnnx(hostileNetwork(head, dims)));
  writeFileSync(join(at, 'bad.model.yaml'), stringify(card('bad')));
  const white = { pixels: new Uint8Array(36 * 8).fill(255), labels: new Uint8Array(8) };
  writeFileSync(join(at, 'white.npz'), npz(white));
  const run = {
    models: ['./bad.model.yaml'],
    datasets: { test: { path: './white.npz' } },
    suites: ['accuracy'],
  };
  writeFileSync(join(at, 'bad.run.yaml'), stringify(run));
  return at;
}

async function watched(args: string[], at: string): Promise<Ended & { mib: number }> {
  const { child, ended } = start(args, at);
  const peak = watchMemory(child.pid as number);
  return { ...(await ended), mib: peak() };
}

/** Harmless on noise, which is not white: opening the model does not meet the loop. */
const endlessOnWhite: Hostile = (b, logits, image) => {
  const bright = b.op('ReduceMax', [b.op('ReduceMean', [image, b.ints([1, 2, 3])])], { keepdims: int(0) });
  const rounds = b.op('Mul', [b.op('Sub', [bright, b.scalar(0.8)]), b.scalar(1e12)]);
  return loop(b, logits, b.op('Cast', [rounds], { to: int(7) }));
};

describe('a network that asks for too much', () => {
  it.each(Object.entries(hostile))('is refused by a run: %s', async (_, head) => {
    const at = projectOf(head);
    const { code, stderr, mib } = await watched(['run', 'bad.run.yaml', ...LIMITS], at);
    expect(stderr).toContain('error[limit-exceeded]');
    expect(stderr).toContain('bad.onnx');
    expect(code).toBe(2);
    expect(mib).toBeLessThan(MOST_MIB);
  });

  // Nothing is said of the shape of the logits, so that it is read off a run.
  it.each([
    ['a loop of declared rounds', 'runs will refuse it: a node (Loop) goes through too many rounds'],
    ['a loop of computed rounds', 'runs will refuse it: the network takes too'],
    ['a product of constants', 'runs will refuse it: the network takes too'],
    ['doubling without end', 'runs will refuse it: the network takes too'],
  ] as const)('is looked into: %s', async (name, note) => {
    const at = projectOf(hostile[name], null);
    const { code, stdout, mib } = await watched(['inspect', 'bad.onnx', ...LIMITS], at);
    expect(code).toBe(0);
    expect(stdout).toContain(note);
    expect(mib).toBeLessThan(MOST_MIB);
  });

  it.each(['a tensor of declared size', 'a tensor of computed size', 'doubling without end'] as const)(
    'is refused on TensorFlow.js: %s',
    async (name) => {
      const args = ['run', 'bad.run.yaml', '--engine', 'tfjs', ...LIMITS];
      const { code, stderr, mib } = await watched(args, projectOf(hostile[name]));
      expect(stderr).toMatch(/error\[(limit-exceeded|model-invalid)\]/);
      expect(code).toBe(2);
      expect(mib).toBeLessThan(MOST_MIB);
    },
  );

  it('is refused by the limits of the run file, which those of the command override', async () => {
    const at = projectOf(hostile['a loop of computed rounds'], null);
    const file = join(at, 'bad.run.yaml');
    writeFileSync(file, `${readFileSync(file, 'utf8')}limits: { seconds: 2, mebibytes: 700 }\n`);
    const refused = (seconds: number) => ({
      code: 2,
      stderr: expect.stringMatching(
        new RegExp(`limit-exceeded.*at most ${seconds} s a call.*fix .*limits:`, 's'),
      ),
    });
    expect(await start(['run', 'bad.run.yaml'], at).ended).toMatchObject(refused(2));
    expect(await start(['run', 'bad.run.yaml', '--time-limit', '1'], at).ended).toMatchObject(refused(1));
    expect(await start(['init', 'mine', '--checkpoint', 'bad.onnx', ...LIMITS], at).ended).toMatchObject({
      code: 0,
    });
    expect(readFileSync(join(at, 'mine/bad.model.yaml'), 'utf8')).toContain('allowed: at most 2 s a call');
  });

  it('is stopped when an image makes it endless, long after it was opened', async () => {
    const at = projectOf(endlessOnWhite);
    const { code, stderr } = await watched(['run', 'bad.run.yaml', '--out', 'out', ...LIMITS], at);
    expect(stderr).toContain('error[limit-exceeded]');
    expect(stderr).toContain('bad.onnx');
    expect(code).toBe(2);
    expect(JSON.parse(readFileSync(join(at, 'out/results.json'), 'utf8')).errors).toHaveLength(1);
  });

  it.skipIf(process.platform !== 'linux').each([
    ['while it is opened', hostile['a loop of rounds that an image decides'], 1],
    ['while it is measured', endlessOnWhite, 1],
    ['while it is measured, twice', endlessOnWhite, 2],
  ] as const)('ends by SIGINT %s', async (_, head, times) => {
    const at = projectOf(head);
    const { child, ended } = start(['run', 'bad.run.yaml', '--time-limit', '100000'], at);
    // Its process has started when it is being tried out, and the loop has when that is busy.
    await new Promise<void>((resolve) => {
      const watch = setInterval(() => {
        if (busySeconds(child.pid as number) < 1) return;
        clearInterval(watch);
        resolve();
      }, 50);
    });
    for (let i = 0; i < times; i++) {
      child.kill('SIGINT');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const { code, signal, stderr } = await ended;
    // A shell tells 130 of both.
    expect(code === 130 || signal === 'SIGINT').toBe(true);
    if (times === 1) expect(stderr).toContain('error[interrupted]');
  });
});

/** Processor time of the processes that a process has started. */
function busySeconds(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean);
  const ticks = children.map((child) => {
    const fields = readFileSync(`/proc/${child}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, count) => sum + count, 0) / 100;
}
