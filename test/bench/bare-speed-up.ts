import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gradientGraph } from '../../src/autodiff/differentiate.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import type { Graph } from '../../src/graph/graph.js';
import { writeOnnx } from '../../src/graph/write.js';
import { withLoss } from './loss.js';
import type { Spent } from './spent.js';

/** What processes that run nothing but the network reach: no run can be faster on this machine. */
export interface Ceiling {
  alone: Spent;
  /** One for each, while all run. */
  beside: Spent[];
  /** Calls a second of all beside each other over those of one alone. */
  speedUp: number;
}

/** Images of a call. */
export const BATCH = 16;

/** Writes forward pass and input gradient of the cross-entropy of a network of CIFAR's size as one ONNX file. */
export async function writeGradient(network: Graph, file: string): Promise<void> {
  const engine = createOrtEngine({ sessions: 1 });
  try {
    const feeds = {
      x: { type: 'float32' as const, dims: [1, 3, 32, 32], data: new Float32Array(3072) },
      one_hot: { type: 'float32' as const, dims: [1, 10], data: new Float32Array(10) },
    };
    const folded = await engine.fold(network);
    const { graph } = await gradientGraph(engine, withLoss(folded), feeds, { of: 'loss', wrt: ['x'] });
    writeFileSync(file, writeOnnx(graph));
  } finally {
    await engine.close();
  }
}

/** How much faster as many processes as that run a network, of one thread each, than one does alone. */
export async function bareSpeedUp(file: string, processes: number, calls: number): Promise<Ceiling> {
  const [alone] = await together(file, 1, calls);
  const beside = await together(file, processes, calls);
  const speedUp = beside.reduce((sum, { seconds }) => sum + alone!.seconds / seconds, 0);
  return { alone: alone!, beside, speedUp };
}

/** None begins before all are ready. */
async function together(file: string, processes: number, calls: number): Promise<Spent[]> {
  const module = fileURLToPath(new URL('./bare-passes.js', import.meta.url));
  const children = Array.from({ length: processes }, () => fork(module, [file, `${BATCH}`, `${calls}`]));
  const word = (child: (typeof children)[number]) =>
    new Promise<unknown>((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', (code, signal) => reject(new Error(`a bare process ended (${signal ?? code})`)));
    });
  await Promise.all(children.map(word));
  const said = children.map(word);
  for (const child of children) child.send('go');
  return (await Promise.all(said)) as Spent[];
}
