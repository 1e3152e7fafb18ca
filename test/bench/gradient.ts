/**
 * Seconds per forward + input gradient, beside PyTorch where there is one: `npm run bench -- --help`.
 * Timings of one machine wander, so the contenders take turns and ratios are taken within each round.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gradientGraph } from '../../src/autodiff/differentiate.js';
import type { Value } from '../../src/engines/engine.js';
import { ortVersion } from '../../src/engines/ort/describe.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import type { Graph } from '../../src/graph/graph.js';
import { readOnnx } from '../../src/graph/read.js';
import { stream } from '../../src/random/stream.js';
import { harnessRounds } from './harness.js';
import { withLoss } from './loss.js';
import { networkOf } from './networks.js';

const help = `usage: npm run bench -- [options]

  --batch N        examples a call (16)
  --rounds N       rounds; each contender has one turn a round (5)
  --repeat N       calls a turn, of which the median counts (5)
  --network NAME   wrn-16-4 (the default), preact-resnet-18 or vit
  --model FILE     an ONNX classifier instead of a built-in network
  --torch PYTHON   a Python with PyTorch; give it several times for several versions
  --reference FILE script that times PyTorch on WRN-16-4 (../shared/bench/torch_reference.py)`;

const { values: options } = parseArgs({
  options: {
    batch: { type: 'string', default: '16' },
    rounds: { type: 'string', default: '5' },
    repeat: { type: 'string', default: '5' },
    network: { type: 'string', default: 'wrn-16-4' },
    model: { type: 'string' },
    torch: { type: 'string', multiple: true, default: [] },
    reference: { type: 'string', default: '../shared/bench/torch_reference.py' },
    help: { type: 'boolean', default: false },
  },
});
const batch = Number(options.batch);
const repeat = Number(options.repeat);
const threads = 2;

function feedsOf(graph: Graph, classes: number): Record<string, Value> {
  const [input] = graph.inputs;
  const dims = [batch, ...(input.dims ?? []).slice(1).map(Number)];
  const source = stream({ seed: 0, purpose: 'bench/images', example: 0 });
  const pixels = Float32Array.from({ length: dims.reduce((p, d) => p * d, 1) }, () => source.uniform());
  const oneHot = new Float32Array(batch * classes);
  for (let i = 0; i < batch; i++) oneHot[i * classes + (i % classes)] = 1;
  return {
    [input.name]: { type: 'float32', dims, data: pixels },
    one_hot: { type: 'float32', dims: [batch, classes], data: oneHot },
  };
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1];

interface Contender {
  name: string;
  /** Seconds per call of one batch. */
  turn(): Promise<number>;
  close(): Promise<void>;
}

async function ours(graph: Graph, sessions: number, threadsEach: number): Promise<Contender> {
  const engine = createOrtEngine({ sessions, threads: threadsEach });
  const folded = await engine.fold(graph);
  const classes = Number(folded.outputs[0].dims?.at(-1) ?? 10);
  const feeds = feedsOf(folded, classes);
  const input = folded.inputs[0].name;
  const backward = await gradientGraph(engine, withLoss(folded), feeds, { of: 'loss', wrt: [input] });
  const program = await engine.compile(backward.graph);
  const fetches = [folded.outputs[0].name, 'loss', backward.gradients[input]];
  // As many calls at once as there are sessions: the time of one batch is the time of all over their number.
  const call = async () => {
    const start = performance.now();
    await Promise.all(Array.from({ length: sessions }, () => program.run(feeds, fetches)));
    return (performance.now() - start) / 1000 / sessions;
  };
  return {
    name: `assay, ${sessions} session${sessions > 1 ? 's' : ''} x ${threadsEach} thread${threadsEach > 1 ? 's' : ''}`,
    async turn() {
      await call();
      const times = [];
      for (let i = 0; i < repeat; i++) times.push(await call());
      return median(times);
    },
    close: () => engine.close(),
  };
}

function torch(python: string, folder: string): Contender {
  const measure = () => {
    const work = ['--depth', 16, '--width', 4, '--batch', batch, '--threads', threads, '--repeat', repeat];
    const least = ['--examples', 1, '--steps', 1, '--out', folder];
    const output = execFileSync(python, [options.reference, ...work, ...least].map(String), {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { torch?: string; measure?: string; seconds?: number });
  };
  const version = measure().find((line) => line.torch)?.torch;
  return {
    name: `PyTorch ${version}, ${threads} threads`,
    turn: async () => measure().find((line) => line.measure === 'gradient')?.seconds ?? Number.NaN,
    close: async () => {},
  };
}

/** Prints what a PGD run takes beyond its engine calls. */
async function harness(graph: Graph): Promise<void> {
  const work = { examples: 4 * batch, steps: 10, restarts: 1, batch, rounds: Number(options.rounds) };
  const rounds = await harnessRounds(graph, work);
  const ratios = rounds.map(({ harness, bare }) => harness / bare);
  const [{ passes }] = rounds;
  console.log(
    `PGD-${work.steps} on ${work.examples} examples, ${passes.gradient} gradient and ${passes.forward} forward passes: ` +
      `${median(rounds.map((r) => r.harness)).toFixed(2)} s, ${median(ratios).toFixed(3)} of as many bare engine calls ` +
      `(${Math.min(...ratios).toFixed(3)} to ${Math.max(...ratios).toFixed(3)})`,
  );
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-bench-'));
  const contenders: Contender[] = [];
  try {
    if (options.torch.length > 0 && !existsSync(options.reference))
      throw new Error(`there is no ${options.reference}: PyTorch is timed by that script (--reference FILE)`);
    if (options.torch.length > 0 && (options.model || options.network !== 'wrn-16-4'))
      throw new Error('the script times PyTorch on WRN-16-4 only: leave out --torch, --model and --network');
    for (const python of options.torch) contenders.push(torch(python, folder));
    const { title, build } = networkOf(options.network);
    // Beside PyTorch: the network that its script exported.
    const exported = options.torch.length > 0 ? join(folder, 'wrn16_4.onnx') : undefined;
    const file = options.model ?? exported;
    const graph = file ? readOnnx(readFileSync(file), file) : build();
    const network = options.model ?? title;
    console.log(`${network}, batch ${batch}, forward + input gradient, onnxruntime-node ${ortVersion()}`);
    const first = await ours(graph, 1, threads);
    contenders.push(first, await ours(graph, threads, 1));
    const seconds: number[][] = contenders.map(() => []);
    for (let round = 0; round < Number(options.rounds); round++) {
      for (const [i, contender] of contenders.entries()) seconds[i].push(await contender.turn());
    }
    const baseline = contenders.length > 2 ? 0 : contenders.indexOf(first);
    for (const [i, { name }] of contenders.entries()) {
      const ratios = seconds[i].map((s, round) => s / seconds[baseline][round]);
      const [low, high] = [Math.min(...ratios), Math.max(...ratios)];
      console.log(
        `${name.padEnd(40)} ${median(seconds[i]).toFixed(4)} s a batch   ` +
          `${median(ratios).toFixed(3)} of ${contenders[baseline].name} (${low.toFixed(3)} to ${high.toFixed(3)})`,
      );
    }
    if (options.torch.length === 0) console.log('PyTorch was not timed: name one with --torch PYTHON');
    await harness(graph);
  } finally {
    for (const contender of contenders) await contender.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (options.help) console.log(help);
else await main();
