import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { encodeNpy } from '../../src/data/arrays/npy.js';
import { GraphBuilder, int, ints } from '../../src/graph/build.js';
import { floats } from '../../src/graph/tensor.js';
import { writeOnnx } from '../../src/graph/write.js';
import { stream } from '../../src/random/stream.js';
import { memoryOf, watchMemory } from './peak-memory.js';

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

/** Pixels of each image, (n, SIDE, SIDE, CHANNELS). */
function images(n: number, purpose: string): Uint8Array {
  const pixels = new Uint8Array(n * SIZE);
  const noise = stream({ seed: 1, purpose, example: 0 });
  const grain = Uint8Array.from({ length: 1 << 16 }, () => 256 * noise.uniform());
  for (let i = 0; i < n; i++) {
    const from = Math.floor(noise.uniform() * ((1 << 16) - SIZE));
    pixels.set(grain.subarray(from, from + SIZE), i * SIZE);
  }
  return pixels;
}

const labelOf = (i: number) => i % CLASSES;

function archive(n: number, pixels: Uint8Array): Uint8Array {
  return zipSync(
    {
      'images.npy': [encodeNpy({ shape: [n, SIDE, SIDE, CHANNELS], data: pixels }), { level: 0 }],
      'labels.npy': encodeNpy({ shape: [n], data: Uint8Array.from({ length: n }, (_, i) => labelOf(i)) }),
    },
    { mtime: '2026-01-01T00:00:00Z' },
  );
}

/** A subfolder for each class, with PNG files. */
function writeFiles(folder: string, n: number, pixels: Uint8Array): void {
  for (let k = 0; k < CLASSES; k++) mkdirSync(join(folder, `${k}`), { recursive: true });
  for (let i = 0; i < n; i++)
    writeFileSync(
      join(folder, `${labelOf(i)}`, `image_${i}.png`),
      png(pixels.subarray(i * SIZE, (i + 1) * SIZE)),
    );
}

/** An image of eight bits a channel, its lines unfiltered (PNG specification, 3rd edition). */
function png(pixels: Uint8Array): Buffer {
  const chunk = (type: string, data: Uint8Array) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(SIDE, 0);
  head.writeUInt32BE(SIDE, 4);
  // Eight bits, red, green and blue.
  head.set([8, 2], 8);
  const line = CHANNELS * SIDE;
  const lines = Buffer.alloc(SIDE * (line + 1));
  for (let y = 0; y < SIDE; y++) lines.set(pixels.subarray(y * line, (y + 1) * line), y * (line + 1) + 1);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(lines, { level: 0 })),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

/** How the images lie on the disk. */
export type ImageKind = 'archive' | 'files';

/**
 * What `assay run` over so many images of CIFAR's size and the processes that it starts hold together at the most, in MiB: all in
 * all, and while each line was on the progress line.
 * @param main the compiled command
 * @param suites names of suites; `attack` is FGSM
 * @param kind of the test set
 * @param signal ends the run
 */
export async function peakOf(
  main: string,
  folder: string,
  n: number,
  suites: readonly string[],
  more: readonly string[] = [],
  kind: ImageKind = 'archive',
  signal?: AbortSignal,
): Promise<{ peak: number; seconds: number; stages: Map<string, number> }> {
  const at = (name: string) => join(folder, name);
  writeFileSync(at('net.onnx'), writeOnnx(network()));
  const test = kind === 'files' ? `./test-${n}` : './test.npz';
  if (kind === 'files') writeFiles(at(test), n, images(n, 'test'));
  else writeFileSync(at(test), archive(n, images(n, 'test')));
  const far = Math.ceil(n / 10);
  writeFileSync(at('far.npz'), archive(far, images(far, 'far')));
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
    datasets: { test: { path: test }, far: { path: './far.npz', role: 'ood', distance: 'far' } },
    suites: suites.map((name) => all[name] ?? name),
  };
  writeFileSync(at('memory.run.json'), JSON.stringify(run));
  const began = performance.now();
  const child = spawn(process.execPath, [main, 'run', 'memory.run.json', '--out', `out-${n}`, ...more], {
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
  const exit = once(child, 'exit', { ...(signal && { signal }) });
  const [code] = await exit.finally(() => {
    clearInterval(watch);
    // Where nobody waits for it any more.
    child.kill('SIGKILL');
  });
  if (code !== 0) throw new Error(said);
  return { peak: peak(), seconds: (performance.now() - began) / 1000, stages };
}
