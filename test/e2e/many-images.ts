import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { encodeNpy } from '../../src/data/npy.js';
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

/**
 * What `assay run` over so many images of CIFAR's size and the processes that it starts hold together at the most, in MiB: all in
 * all, and while each line was on the progress line.
 * @param main the compiled command
 * @param suites names of suites; `attack` is FGSM
 */
export async function peakOf(
  main: string,
  folder: string,
  n: number,
  suites: readonly string[],
  more: readonly string[] = [],
): Promise<{ peak: number; seconds: number; stages: Map<string, number> }> {
  const at = (name: string) => join(folder, name);
  writeFileSync(at('net.onnx'), writeOnnx(network()));
  writeFileSync(at('test.npz'), images(n, 'test'));
  writeFileSync(at('far.npz'), images(Math.ceil(n / 10), 'far'));
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
  const [code] = await once(child, 'exit');
  clearInterval(watch);
  if (code !== 0) throw new Error(said);
  return { peak: peak(), seconds: (performance.now() - began) / 1000, stages };
}
