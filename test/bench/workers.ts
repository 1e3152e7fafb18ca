/**
 * How much faster worker processes of one thread measure than one process of one thread, on a run whose time goes into passes of
 * the network: `npm run bench:workers -- --help`. What the machine allows is measured beside it, and everything in one go, in
 * turn: on a machine that others use the ratios mean little, and what tells is the processor time.
 */

import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { encodeNpy } from '../../src/data/arrays/npy.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { writeOnnx } from '../../src/graph/write.js';
import { argmaxOf } from '../../src/metrics/softmax.js';
import { stream } from '../../src/random/stream.js';
import { BATCH, bareSpeedUp, writeGradient } from './bare-speed-up.js';
import type { Spent } from './spent.js';
import type { Order, Taken } from './timed-run.js';
import { wideResNet } from './wide-resnet.js';

const help = `usage: npm run bench:workers -- [options]

  --workers N  (2)
  --network N  a wide ResNet of random weights, depth and width (16-4)
  --images N   of CIFAR's size, attacked with PGD that never succeeds, in units of 256: a multiple of 256 times the workers (1024)
  --steps N    of PGD (4)
  --calls N    of ${BATCH} images, forward and gradient pass, for the ceiling: what processes reach that do nothing else (48)
  --rounds N   of each, in turn; of several, the fastest of each are compared as well (1)

With its defaults it takes about four minutes: a real run takes hours, so that start is less of it than of this one.`;

const { values: options } = parseArgs({
  options: {
    workers: { type: 'string', default: '2' },
    network: { type: 'string', default: '16-4' },
    images: { type: 'string', default: '1024' },
    steps: { type: 'string', default: '4' },
    calls: { type: 'string', default: '48' },
    rounds: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});

const [n, size] = [Number(options.images), 3 * 32 * 32];
/** Images of the run that is little but start: one for each of `--workers`, at least. */
const FEW = 2;

/**
 * A network, and images with the labels that it gives them: each is attacked. Without the checks of the attack suite: one of
 * them is a single unit, which in a run as short as this a worker would be left alone with.
 */
async function prepare(folder: string): Promise<string> {
  const [depth, width] = options.network.split('-').map(Number);
  const graph = wideResNet(depth!, width!);
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
  await writeGradient(graph, join(folder, 'gradient.onnx'));
  writeFileSync(join(folder, 'images.npy'), encodeNpy({ shape: [n, 3, 32, 32], data: bytes }));
  writeFileSync(join(folder, 'labels.npy'), encodeNpy({ shape: [n], data: labels }));
  const classes = Array.from({ length: 10 }, (_, i) => `${i}`);
  const attack = {
    norm: 'Linf',
    method: 'pgd',
    steps: Number(options.steps),
    epsilons: [1e-6],
    checks: false,
  };
  const file = join(folder, 'workers.run.json');
  writeFileSync(
    file,
    JSON.stringify({
      models: [
        { name: 'net', checkpoint: './net.onnx', input: { shape: [3, 32, 32] }, classes, batchSize: BATCH },
      ],
      datasets: { test: { path: './images.npy', labels: './labels.npy' } },
      suites: [{ attack }],
    }),
  );
  return file;
}

/** In a process of its own: what was loaded or compiled before would be saved. */
function taken(file: string, out: string, workers?: number, limit?: number): Promise<Taken> {
  const child = fork(fileURLToPath(new URL('./timed-run.js', import.meta.url)));
  return new Promise((resolve, reject) => {
    child.once('message', (said) => resolve(said as Taken));
    child.once('exit', (code, signal) => reject(new Error(`a run ended (${signal ?? code})`)));
    child.send({ file, out, workers, limit } satisfies Order);
  });
}

const told = (seconds: number) => `${seconds.toFixed(1)} s`;
const times = (ratio: number) => `${ratio.toFixed(2)} times as fast`;

/** A process that has one thread takes no more processor time than time. */
const bare = ({ seconds, processor }: Spent) => `${told(seconds)} (${told(processor)} of processor time)`;

/** Processor time of an image in ms: how much more of it workers take is what they lose to each other. */
const perImage = (whole: Taken, few: Taken) => (1000 * (whole.processor - few.processor)) / (n - FEW);

/** @param few the same run of few images: all but passes */
function lineOf(name: string, whole: Taken, few: Taken): string {
  const share = Math.round((100 * few.units) / whole.units);
  const cores = (whole.processor - few.processor) / (whole.units - few.units);
  return `${name}: units ${told(whole.units)}, of which ${told(few.units)} (${share} %) start, and ${told(whole.idle)} a process without a unit; ${cores.toFixed(2)} cores and ${perImage(whole, few).toFixed(0)} ms of processor time an image without start; ${told(whole.before)} before the units, ${told(whole.after)} after; ${told(whole.processor)} of processor time in all, of which ${told(few.processor)} for start and end`;
}

/** What a round took, in seconds of units. */
interface Round {
  one: number;
  several: number;
}

async function round(folder: string, file: string, say: (line: string) => void): Promise<Round> {
  const workers = Number(options.workers);
  const out = (name: string) => mkdtempSync(join(folder, name));
  const ceiling = await bareSpeedUp(join(folder, 'gradient.onnx'), workers, Number(options.calls));
  const beside = ceiling.beside.map(bare).join(', ');
  say(
    `ceiling: ${options.calls} calls of onnxruntime alone ${bare(ceiling.alone)}, in ${workers} processes beside each other each as many in ${beside}: ${times(ceiling.speedUp)}`,
  );
  const oneStart = await taken(file, out('start-'), undefined, FEW);
  const one = await taken(file, out('one-'));
  say(lineOf('one process', one, oneStart));
  const severalStart = await taken(file, out('start-'), workers, FEW);
  const several = await taken(file, out('several-'), workers);
  say(lineOf(`${workers} workers`, several, severalStart));
  const speedUp = one.units / several.units;
  const without = (one.units - oneStart.units) / (several.units - severalStart.units);
  say(
    `speed-up: ${times(speedUp)} (aim: 1.8); without start ${times(without)}; ${(speedUp / ceiling.speedUp).toFixed(2)} of the ceiling; an image takes ${(perImage(several, severalStart) / perImage(one, oneStart)).toFixed(2)} times the processor time`,
  );
  return { one: one.units, several: several.units };
}

async function main() {
  const say = (line: string) => process.stdout.write(`${line}\n`);
  if (options.help) return say(help);
  const folder = mkdtempSync(join(tmpdir(), 'assay-workers-'));
  try {
    const file = await prepare(folder);
    const rounds: Round[] = [];
    for (let i = 0; i < Number(options.rounds); i++) rounds.push(await round(folder, file, say));
    // Neighbours only ever make a run slower.
    const fastest = (way: keyof Round) => Math.min(...rounds.map((seconds) => seconds[way]));
    if (rounds.length > 1)
      say(`the fastest of ${rounds.length} rounds: ${times(fastest('one') / fastest('several'))} (aim: 1.8)`);
    say(
      `load of the machine: ${loadavg()[0]!.toFixed(1)} (about ${options.workers} when it does nothing else)`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
