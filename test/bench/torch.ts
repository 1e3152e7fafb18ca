import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Value } from '../../src/engines/engine.js';
import type { Graph } from '../../src/graph/graph.js';

/** Beside the sources: they are not compiled. */
const script = (name: string) => fileURLToPath(new URL(`../../../test/bench/${name}`, import.meta.url));

const bytes = ({ buffer, byteOffset, byteLength }: Float32Array) =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Writes a built-in network's weights, in the order in which they were made, and a batch of pixels. */
export function saveForTorch(folder: string, { initializers }: Graph, pixels: Value): void {
  const weights = [...initializers].filter(([name]) => name.startsWith('weight'));
  const parts = weights.map(([, { data }]) => bytes(data as Float32Array));
  writeFileSync(join(folder, 'weights.bin'), Buffer.concat(parts));
  writeFileSync(join(folder, 'pixels.bin'), bytes(pixels.data as Float32Array));
}

export interface TorchWork {
  /** Of `networks`. */
  network: string;
  /** Where weights and pixels were saved. */
  folder: string;
  batch: number;
  threads: number;
  repeat: number;
}

/** What `torch_gradient.py` prints. */
export interface TorchAnswer {
  torch: string;
  /** Median of a forward pass and input gradient of the batch. */
  seconds: number;
  /** (batch, classes), flat. */
  logits: number[];
}

/** Times PyTorch in a process of its own. */
export function askTorch(
  python: string,
  { network, folder, batch, threads, repeat }: TorchWork,
): TorchAnswer {
  const args = [script('torch_gradient.py'), network, folder, batch, threads, repeat].map(String);
  return lastLine(python, args);
}

/** What `torch_passes.py` prints: seconds an image. */
export interface TorchPasses {
  torch: string;
  forward: number;
  gradient: number;
}

/** Times PyTorch's passes of a trained reference network in a process of its own. */
export function torchPasses(
  python: string,
  { network, batch, threads, seconds }: { network: string; batch: number; threads: number; seconds: number },
): TorchPasses {
  return lastLine(python, [script('torch_passes.py'), network, batch, threads, seconds].map(String));
}

export interface PublicWork {
  /** Of the trained networks. */
  network: string;
  /** Its weights and its data. */
  files: { checkpoint: string; data: string };
  norm: string;
  epsilon: number;
  /** The first images of the data. */
  n: number;
  threads: number;
  methods: readonly string[];
}

/** What `torch_attacks.py` prints. */
export interface PublicAnswer {
  torch: string;
  torchattacks: string;
  /** (n): 1 where the class is right, of the clean image and in the end. */
  correct: number[];
  robust: number[];
  /** What every attack took, and how many images it left. */
  stages: { method: string; robust: number; seconds: number; processor: number }[];
}

/** Runs a public AutoAttack on PyTorch in a process of its own. */
export function publicAttacks(python: string, work: PublicWork): PublicAnswer {
  const { network, files, norm, epsilon, n, threads, methods } = work;
  const about = [network, files.checkpoint, files.data, norm, epsilon, n, threads, ...methods];
  return lastLine(python, [script('torch_attacks.py'), ...about].map(String));
}

/** Runs a script; its last line is JSON. */
function lastLine<T>(python: string, args: string[]): T {
  const output = execFileSync(python, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 24,
  });
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as T;
}
