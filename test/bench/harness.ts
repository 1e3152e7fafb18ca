import type { AttackPlan } from '../../src/attacks/attack-plan.js';
import { parseEpsilons } from '../../src/attacks/epsilon.js';
import { goalOf } from '../../src/attacks/goals.js';
import { norms } from '../../src/attacks/norms.js';
import { attacks } from '../../src/attacks/registry.js';
import { runAttack } from '../../src/attacks/scheduler.js';
import { gradientGraph } from '../../src/autodiff/differentiate.js';
import type { Value } from '../../src/engines/engine.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import type { Graph } from '../../src/graph/graph.js';
import { modelOf } from '../../src/models/assemble.js';
import type { Passes } from '../../src/models/system.js';
import { stream } from '../../src/random/stream.js';
import { builtinCatalogue } from '../../src/suites/catalogue.js';
import { withLoss } from './loss.js';

export interface HarnessOptions {
  /** Images that are attacked. */
  examples: number;
  steps: number;
  restarts: number;
  batch: number;
  rounds: number;
}

/** One round: the same passes through card, system, scheduler and attack, and as bare engine calls. */
export interface Round {
  passes: Passes;
  harness: number;
  bare: number;
}

/**
 * How much of a PGD run is ours. Every example runs all its steps (the strongest point is kept), so that both sides
 * do the same passes in batches of the same size, with as many calls in flight as the engine has sessions. Both take
 * turns; what counts is their ratio within a round.
 */
export async function harnessRounds(graph: Graph, options: HarnessOptions): Promise<Round[]> {
  const { examples: n, steps, restarts, batch, rounds } = options;
  const engine = createOrtEngine();
  try {
    const input = graph.inputs[0]!;
    const shape = (input.dims ?? []).slice(1).map(Number);
    const classes = Number(graph.outputs[0]!.dims?.at(-1));
    const card = { name: 'bench', checkpoint: '', input: { shape }, classes, batchSize: batch };
    const model = await modelOf(graph, card, engine);
    const source = stream({ seed: 0, purpose: 'bench/pgd', example: 0 });
    const size = shape.reduce((a, d) => a * d, 1);
    const pixels = Float32Array.from({ length: n * size }, () => source.uniform());
    const { logits = new Float32Array() } = await model.forward({ n, pixels });
    const labels = Int32Array.from({ length: n }, (_, i) => {
      const row = logits.subarray(i * classes, (i + 1) * classes);
      return row.indexOf(Math.max(...row));
    });
    const attack = attacks.named('pgd').create({ steps, stepSize: '0.5/255' });
    const epsilons = parseEpsilons(['2/255']);
    const pgd: AttackPlan = {
      stages: [{ attack, restarts }],
      norm: norms.named('Linf'),
      epsilons,
      goal: goalOf({ kind: 'mistake' }, builtinCatalogue),
      followed: builtinCatalogue.followed,
      eot: 1,
      confirm: 1,
      keep: 'strongest',
    };
    const targets = {
      system: model,
      n,
      indices: labels.map((_, i) => i),
      pixels,
      labels,
      cleanLogits: logits,
      seed: 0,
    };
    const throughHarness = async () => {
      const found = await runAttack(targets, pgd);
      const total = (counts: Int32Array) => counts.reduce((sum, passes) => sum + passes, 0);
      return { gradient: total(found.gradient), forward: total(found.forward) };
    };

    const folded = await engine.fold(graph);
    const feeds: Record<string, Value> = {
      [input.name]: { type: 'float32', dims: [batch, ...shape], data: pixels.slice(0, batch * size) },
      one_hot: { type: 'float32', dims: [batch, classes], data: oneHot(labels, batch, classes) },
    };
    const backward = await gradientGraph(engine, withLoss(folded), feeds, { of: 'loss', wrt: [input.name] });
    const [program, plain] = [await engine.compile(backward.graph), await engine.compile(folded)];
    const [logitsName, image] = [folded.outputs[0]!.name, { [input.name]: feeds[input.name]! }];
    const fetches = [logitsName, 'loss', backward.gradients[input.name]!];
    const bare = async ({ gradient, forward }: Passes) => {
      const calls = [
        ...Array.from({ length: Math.ceil(gradient / batch) }, () => () => program.run(feeds, fetches)),
        ...Array.from({ length: Math.ceil(forward / batch) }, () => () => plain.run(image, [logitsName])),
      ];
      const lane = async () => {
        for (let call = calls.shift(); call; call = calls.shift()) await call();
      };
      await Promise.all(Array.from({ length: engine.concurrency }, lane));
    };

    const seconds = async (work: () => Promise<unknown>) => {
      const start = performance.now();
      await work();
      return (performance.now() - start) / 1000;
    };
    const passes = await throughHarness();
    await bare({ gradient: batch * engine.concurrency, forward: batch * engine.concurrency });
    const measured: Round[] = [];
    for (let round = 0; round < rounds; round++)
      measured.push({
        passes,
        harness: await seconds(throughHarness),
        bare: await seconds(() => bare(passes)),
      });
    return measured;
  } finally {
    await engine.close();
  }
}

function oneHot(labels: Int32Array, n: number, classes: number): Float32Array {
  const rows = new Float32Array(n * classes);
  for (let i = 0; i < n; i++) rows[i * classes + labels[i]!] = 1;
  return rows;
}
