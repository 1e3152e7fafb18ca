/**
 * Peak memory of `assay run` over many images beside few, from end to end: `npm run bench:memory -- --help`. The real command,
 * processes and threads that it starts counted in.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { zipSync } from 'fflate';
import { encodeNpy } from '../../src/data/npy.js';
import { GraphBuilder, int, ints } from '../../src/graph/build.js';
import { floats } from '../../src/graph/tensor.js';
import { writeOnnx } from '../../src/graph/write.js';
import { stream } from '../../src/random/stream.js';
import { memoryOf, watchMemory } from '../e2e/peak-memory.js';

const help = `usage: npm run bench:memory -- [options]

  --images N   32x32 images of the test set; a tenth as many are out of distribution (100000)
  --beside N   the smaller run (1000)
  --suites S   suites, with commas between (accuracy,calibration,ood,attack: FGSM)
  --workers N  handed on to \`assay run\``;

const { values: options } = parseArgs({
  options: {
    images: { type: 'string', default: '100000' },
    beside: { type: 'string', default: '1000' },
    suites: { type: 'string', default: 'accuracy,calibration,ood,attack' },
    workers: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const [CLASSES, SIDE, CHANNELS] = [10, 32, 3];
const SIZE = CHANNELS * SIDE * SIDE;

/** Two convolutions and a linear layer: next to nothing, so that the run is what is measured. */
function network() {
  const b = new GraphBuilder();
  const normal = stream({ seed: 1, purpose: 'weights', example: 0 });
  const weight = (shape: number[], fan: number) =>
    b.constant(
      floats(
        shape,
        Float32Array.from(
          { length: shape.reduce((x, y) => x * y, 1) },
          () => normal.normal() / Math.sqrt(fan),
        ),
      ),
      'weight',
    );
  const image = b.input('image', 'float32', ['N', CHANNELS, SIDE, SIDE]);
  const conv = (x: string, from: number, to: number) =>
    b.op('Relu', [b.op('Conv', [x, weight([to, from, 3, 3], 9 * from)], { strides: ints([2, 2]) })]);
  const features = b.op('Flatten', [b.op('GlobalAveragePool', [conv(conv(image, CHANNELS, 8), 8, 16)])], {
    axis: int(1),
  });
  b.outputAs(b.op('MatMul', [features, weight([16, CLASSES], 1)]), 'logits', 'float32', ['N', CLASSES]);
  return b.build();
}

function images(n: number, purpose: string): Uint8Array {
  const pixels = new Uint8Array(n * SIZE);
  const noise = stream({ seed: 1, purpose, example: 0 });
  const grain = Uint8Array.from({ length: 1 << 16 }, () => 256 * noise.uniform());
  for (let i = 0; i < n; i++) {
    const from = Math.floor(noise.uniform() * ((1 << 16) - SIZE));
    pixels.set(grain.subarray(from, from + SIZE), i * SIZE);
  }
  return zipSync(
    {
      'images.npy': [encodeNpy({ shape: [n, SIDE, SIDE, CHANNELS], data: pixels }), { level: 0 }],
      'labels.npy': encodeNpy({ shape: [n], data: Uint8Array.from({ length: n }, (_, i) => i % CLASSES) }),
    },
    { mtime: '2026-01-01T00:00:00Z' },
  );
}

/** MiB at the most, all in all and while each thing was on the progress line. */
async function peakOf(folder: string, n: number): Promise<{ peak: number; stages: Map<string, number> }> {
  writeFileSync(join(folder, 'test.npz'), images(n, 'test'));
  writeFileSync(join(folder, 'far.npz'), images(Math.ceil(n / 10), 'far'));
  const all: Record<string, unknown> = {
    attack: { attack: { norm: 'Linf', method: 'fgsm', epsilons: ['8/255'] } },
  };
  const run = {
    models: [
      {
        name: 'net',
        checkpoint: './net.onnx',
        input: { shape: [CHANNELS, SIDE, SIDE] },
        classes: Array.from({ length: CLASSES }, (_, i) => `${i}`),
      },
    ],
    datasets: { test: { path: './test.npz' }, far: { path: './far.npz', role: 'ood', distance: 'far' } },
    suites: options.suites.split(',').map((name) => all[name] ?? name),
  };
  writeFileSync(join(folder, 'memory.run.json'), JSON.stringify(run));
  const workers = options.workers === undefined ? [] : ['--workers', options.workers];
  const began = performance.now();
  const args = [MAIN, 'run', 'memory.run.json', '--out', `out-${n}`, ...workers];
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, CI: '1', GITHUB_ACTIONS: '' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const peak = watchMemory(child.pid as number);
  const stages = new Map<string, number>();
  let stage = 'starting';
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    stage = text.trim().split('\n').at(-1)?.slice(0, 70) ?? stage;
  });
  const watch = setInterval(() => {
    stages.set(stage, Math.max(stages.get(stage) ?? 0, Math.round(memoryOf(child.pid as number))));
  }, 200);
  const [code] = await once(child, 'exit');
  clearInterval(watch);
  if (code !== 0) throw new Error(said);
  const most = peak();
  process.stdout.write(
    `${n} images: ${Math.round(most)} MiB at the most, ${Math.round((performance.now() - began) / 1000)} s\n`,
  );
  return { peak: most, stages };
}

async function main() {
  if (options.help) return process.stdout.write(`${help}\n`);
  const folder = mkdtempSync(join(tmpdir(), 'assay-memory-'));
  try {
    writeFileSync(join(folder, 'net.onnx'), writeOnnx(network()));
    const few = await peakOf(folder, Number(options.beside));
    const many = await peakOf(folder, Number(options.images));
    for (const [stage, mebibytes] of many.stages)
      process.stdout.write(`  ${`${mebibytes}`.padStart(6)} MiB  ${stage}\n`);
    process.stdout.write(
      `${Math.round(many.peak - few.peak)} MiB more for ${options.images} images than for ${options.beside}\n`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return undefined;
}

await main();
