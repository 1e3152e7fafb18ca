/**
 * How much faster worker processes of one thread measure than one process of one thread, on a run that computes:
 * `npm run bench:workers -- --help`. Both in one go, in turn: on a machine that others use the ratio means little, and what tells
 * is the processor time, which is what workers add to by planning again, loading models again and telling of units.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { encodeNpy } from '../../src/data/npy.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { writeOnnx } from '../../src/graph/write.js';
import { argmaxOf } from '../../src/metrics/softmax.js';
import { stream } from '../../src/random/stream.js';
import { run } from '../../src/runs/run.js';
import { wideResNet } from './wide-resnet.js';

const help = `usage: npm run bench:workers -- [options]

  --workers N  (2)
  --images N   of CIFAR's size, attacked with PGD that never succeeds, in units of 256 (1024)
  --steps N    of PGD (20)
  --rounds N   of each, in turn (1)`;

const { values: options } = parseArgs({
  options: {
    workers: { type: 'string', default: '2' },
    images: { type: 'string', default: '1024' },
    steps: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});

const [n, size] = [Number(options.images), 3 * 32 * 32];

/** A WRN-10-1 of random weights, and images with the labels that it gives them: each is attacked. */
async function prepare(folder: string): Promise<string> {
  const graph = wideResNet(10, 1);
  const source = stream({ seed: 0, purpose: 'bench/images', example: 0 });
  const bytes = Uint8Array.from({ length: n * size }, () => Math.floor(256 * source.uniform()));
  const engine = createOrtEngine({ sessions: 1 });
  const program = await engine.compile(graph);
  const labels = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    const data = Float32Array.from(bytes.subarray(i * size, (i + 1) * size), (byte) => byte / 255);
    const logits = (await program.run({ x: { type: 'float32', dims: [1, 3, 32, 32], data } })).logits!;
    labels[i] = argmaxOf(logits.data as Float32Array);
  }
  await engine.close();
  writeFileSync(join(folder, 'net.onnx'), writeOnnx(graph));
  writeFileSync(join(folder, 'images.npy'), encodeNpy({ shape: [n, 3, 32, 32], data: bytes }));
  writeFileSync(join(folder, 'labels.npy'), encodeNpy({ shape: [n], data: labels }));
  const classes = Array.from({ length: 10 }, (_, i) => `${i}`);
  const attack = { norm: 'Linf', method: 'pgd', steps: Number(options.steps), epsilons: [1e-6] };
  const file = join(folder, 'workers.run.json');
  writeFileSync(
    file,
    JSON.stringify({
      models: [{ name: 'net', checkpoint: './net.onnx', input: { shape: [3, 32, 32] }, classes }],
      datasets: { test: { path: './images.npy', labels: './labels.npy' } },
      suites: [{ attack }],
    }),
  );
  return file;
}

/** Ticks of the processor in a second, on Linux (proc(5), USER_HZ). */
const TICKS = 100;

/** Processor seconds of this process and of those that it started and that have ended; undefined where the system does not tell. */
function processorSeconds(): number | undefined {
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]!.split(' ');
    // utime, stime, cutime, cstime: the 14th to the 17th, of which the first two come before `) `.
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS;
  } catch {
    return undefined;
  }
}

interface Taken {
  /** From the first unit that begins to the last that ends. */
  seconds: number;
  /** Of the whole run, with what workers take to start. */
  processor: number;
}

async function taken(file: string, out: string, workers?: number): Promise<Taken> {
  let [first, last] = [0, 0];
  const before = processorSeconds() ?? Number.NaN;
  await run(file, {
    out,
    sessions: 1,
    threads: 1,
    ...(workers !== undefined && { workers }),
    notify: ({ kind }) => {
      if (kind === 'unit-started') first ||= performance.now();
      if (kind === 'unit-finished') last = performance.now();
    },
  });
  return { seconds: (last - first) / 1000, processor: (processorSeconds() ?? Number.NaN) - before };
}

const told = ({ seconds, processor }: Taken) =>
  `${seconds.toFixed(1)} s (${processor.toFixed(1)} s of processor time)`;

async function main() {
  const say = (line: string) => process.stdout.write(`${line}\n`);
  if (options.help) return say(help);
  const workers = Number(options.workers);
  const folder = mkdtempSync(join(tmpdir(), 'assay-workers-'));
  try {
    const file = await prepare(folder);
    for (let round = 0; round < Number(options.rounds); round++) {
      const one = await taken(file, join(folder, `one-${round}`));
      const several = await taken(file, join(folder, `several-${round}`), workers);
      const ratio = (one.seconds / several.seconds).toFixed(2);
      say(`one process ${told(one)}, ${workers} workers ${told(several)}: ${ratio} times as fast`);
    }
    say(`load of the machine: ${loadavg()[0]!.toFixed(1)} (about ${workers} when it does nothing else)`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
