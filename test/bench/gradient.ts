/**
 * Seconds per forward + input gradient, beside PyTorch where there is one: `npm run bench -- --help`.
 * Timings of one machine wander, so the contenders take turns and ratios are taken within each round.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gradientGraph } from '../../src/autodiff/differentiate.js';
import type { Engine, Value } from '../../src/engines/engine.js';
import { ortVersion } from '../../src/engines/ort/describe.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import type { Graph } from '../../src/graph/graph.js';
import { readOnnx } from '../../src/graph/read.js';
import { stream } from '../../src/random/stream.js';
import { harnessRounds } from './harness.js';
import { withLoss } from './loss.js';
import { mixedRounds } from './mixed.js';
import { networkOf } from './networks.js';
import { opensGraph, printSampling } from './print-sampling.js';
import { askTorch, saveForTorch } from './torch.js';

const help = `usage: npm run bench -- [options]

  --batch N        examples a call (16)
  --rounds N       rounds; each contender has one turn a round (5)
  --repeat N       calls a turn, of which the median counts (5)
  --network NAME   wrn-16-4 (the default), preact-resnet-18 or vit
  --model FILE     an ONNX classifier instead of a built-in network
  --mixed          forward and gradient calls in turn, as attacks make them, in one layout of sessions after the other
  --sampling       SGLD chains beside bare gradient passes, and on one core; and a gradient back through chains
  --chains N       how many, of --steps each (1000)
  --steps N        (20)
  --torch PYTHON   a Python with PyTorch, for the built-in networks; give it several times for several versions`;

const { values: options } = parseArgs({
  options: {
    batch: { type: 'string', default: '16' },
    rounds: { type: 'string', default: '5' },
    repeat: { type: 'string', default: '5' },
    network: { type: 'string', default: 'wrn-16-4' },
    model: { type: 'string' },
    torch: { type: 'string', multiple: true, default: [] },
    mixed: { type: 'boolean', default: false },
    sampling: { type: 'boolean', default: false },
    chains: { type: 'string', default: '1000' },
    steps: { type: 'string', default: '20' },
    help: { type: 'boolean', default: false },
  },
});
const batch = Number(options.batch);
const repeat = Number(options.repeat);
const threads = 2;

function feedsOf(graph: Graph, classes: number): Record<string, Value> {
  const input = graph.inputs[0]!;
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

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;

interface Contender {
  name: string;
  /** Seconds per call of one batch. */
  turn(): Promise<number>;
  close(): Promise<void>;
}

/** Forward pass and input gradient: as many calls at once as there are sessions. */
async function contender(engine: Engine, graph: Graph) {
  const folded = await engine.fold(graph);
  const classes = Number(folded.outputs[0]!.dims?.at(-1) ?? 10);
  const feeds = feedsOf(folded, classes);
  const input = folded.inputs[0]!.name;
  const backward = await gradientGraph(engine, withLoss(folded), feeds, { of: 'loss', wrt: [input] });
  const program = await engine.compile(backward.graph);
  const fetches = [folded.outputs[0]!.name, 'loss', backward.gradients[input]!];
  const sessions = engine.concurrency;
  // The time of one batch is the time of all over their number.
  const call = async () => {
    const start = performance.now();
    await Promise.all(Array.from({ length: sessions }, () => program.run(feeds, fetches)));
    return (performance.now() - start) / 1000 / sessions;
  };
  return async () => {
    await call();
    const times = [];
    for (let i = 0; i < repeat; i++) times.push(await call());
    return median(times);
  };
}

async function ours(graph: Graph, sessions: number, threadsEach: number): Promise<Contender> {
  const engine = createOrtEngine({ sessions, threads: threadsEach });
  const turn = await contender(engine, graph);
  return {
    name: `assay, ${sessions} session${sessions > 1 ? 's' : ''} x ${threadsEach} thread${threadsEach > 1 ? 's' : ''}`,
    turn,
    close: () => engine.close(),
  };
}

/** Errors: when PyTorch computes other logits, since it is then another network. */
async function torch(python: string, graph: Graph, folder: string): Promise<Contender> {
  const engine = createOrtEngine({ sessions: 1 });
  const feeds = feedsOf(graph, 10);
  const [input, output] = [graph.inputs[0]!.name, graph.outputs[0]!.name];
  const pixels = feeds[input]!;
  const { [output]: logits } = await (await engine.compile(graph)).run({ [input]: pixels }, [output]);
  await engine.close();
  saveForTorch(folder, graph, pixels);
  const ask = () => askTorch(python, { network: options.network, folder, batch, threads, repeat });
  const first = ask();
  const largest = Math.max(...first.logits.map(Math.abs));
  const apart = Math.max(...first.logits.map((value, i) => Math.abs(value - Number(logits!.data[i]))));
  if (!(apart < 1e-4 * largest))
    throw new Error(`PyTorch's ${options.network} gives other logits: ${apart} apart`);
  return {
    name: `PyTorch ${first.torch}, ${threads} threads`,
    turn: async () => ask().seconds,
    close: async () => {},
  };
}

/** Prints what mixed passes take in every layout, as a share of the first: seconds, and those of the processor. */
async function mixed(graph: Graph): Promise<void> {
  const rounds = await mixedRounds(graph, { batch, calls: 2 * repeat, rounds: Number(options.rounds) });
  for (const { layout, rounds: taken } of rounds) {
    const share = (what: 'seconds' | 'processor') =>
      median(taken.map((spent, round) => spent[what] / rounds[0]!.rounds[round]![what])).toFixed(3);
    const each = (what: 'seconds' | 'processor') =>
      `${(1000 * median(taken.map((spent) => spent[what]))).toFixed(2)} ms`;
    console.log(
      `mixed, ${layout.padEnd(33)} ${each('seconds')} a pass (${share('seconds')}), ` +
        `${each('processor')} of the processor (${share('processor')})`,
    );
  }
}

/** Prints what a PGD run takes beyond its engine calls. */
async function harness(graph: Graph): Promise<void> {
  const work = { examples: 4 * batch, steps: 10, restarts: 1, batch, rounds: Number(options.rounds) };
  const rounds = await harnessRounds(graph, work);
  const ratios = rounds.map(({ harness, bare }) => harness / bare);
  const { passes } = rounds[0]!;
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
    if (options.torch.length > 0 && options.model)
      throw new Error('PyTorch is timed on the built-in networks: leave out --torch or --model');
    const { title, build } = networkOf(options.network);
    const graph = options.model ? readOnnx(readFileSync(options.model), options.model) : build();
    const network = options.model ?? title;
    for (const python of options.torch) contenders.push(await torch(python, graph, folder));
    console.log(
      `${network}, forward + input gradient, ${options.rounds} rounds of ${repeat} calls of ${batch} passes, onnxruntime-node ${ortVersion()}`,
    );
    const first = await ours(graph, 1, threads);
    contenders.push(first, await ours(graph, threads, 1));
    const seconds: number[][] = contenders.map(() => []);
    for (let round = 0; round < Number(options.rounds); round++) {
      for (const [i, contender] of contenders.entries()) seconds[i]!.push(await contender.turn());
    }
    const baseline = options.torch.length > 0 ? 0 : contenders.indexOf(first);
    for (const [i, { name }] of contenders.entries()) {
      const ratios = seconds[i]!.map((s, round) => s / seconds[baseline]![round]!);
      const [low, high] = [Math.min(...ratios), Math.max(...ratios)];
      console.log(
        `${name.padEnd(40)} ${median(seconds[i]!).toFixed(4)} s a batch   ` +
          `${median(ratios).toFixed(3)} of ${contenders[baseline]!.name} (${low.toFixed(3)} to ${high.toFixed(3)})`,
      );
    }
    if (options.torch.length === 0) console.log('PyTorch was not timed: name one with --torch PYTHON');
    if (options.mixed) await mixed(graph);
    if (options.sampling) {
      const work = { chains: Number(options.chains), steps: Number(options.steps), batch };
      await printSampling(opensGraph(graph), { ...work, rounds: Number(options.rounds) });
    }
    await harness(graph);
  } finally {
    for (const contender of contenders) await contender.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (options.help) console.log(help);
else await main();
