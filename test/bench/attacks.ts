/**
 * AutoAttack on trained networks beside the public implementation's verdicts, passes and seconds, and what a long
 * PGD takes beyond bare engine calls: `npm run bench:attacks -- --help`.
 */

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type { AttackInputs, AttackPlan } from '../../src/attacks/attack-plan.js';
import { autoattack } from '../../src/attacks/compositions.js';
import { parseEpsilons } from '../../src/attacks/epsilon.js';
import { goalOf } from '../../src/attacks/goals.js';
import { norms } from '../../src/attacks/norms.js';
import { attacks } from '../../src/attacks/registry.js';
import { type Attacked, runAttack } from '../../src/attacks/scheduler.js';
import { openDataset } from '../../src/data/open.js';
import type { Engine } from '../../src/engines/engine.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { openModel } from '../../src/models/open.js';
import { builtinCatalogue } from '../../src/suites/catalogue.js';
import { harnessRounds } from './harness.js';
import { networkOf } from './networks.js';
import { type Published, readTrained, reference, referencePresent, trainedNames } from './published.js';
import { torchPasses } from './torch.js';
import { besideTorchattacks } from './torchattacks.js';

const help = `usage: npm run bench:attacks -- [options]

  --model NAME     one of ${trainedNames.join(', ')}; give it several times (all)
  --radius R       only radii written so, such as 1/255; give it several times (all that are known)
  --version NAME   ${[...autoattack.keys()].join(', ')} (standard)
  --only NAME      only this attack of the version; give it several times
  --torch PYTHON   time PyTorch's passes of the same networks before and after every run, and say how long the
                   public schedule's passes alone would take here: seconds of another day do not compare
  --public         run torchattacks' AutoAttack too, in the same minute (--torch's PYTHON must have it)
  --n N            only the first images of a setting
  --pgd ROUNDS     rounds of PGD-40 with 10 restarts on WRN-16-4, 16 examples (1); 0 leaves it out`;

const { values: options } = parseArgs({
  options: {
    model: { type: 'string', multiple: true, default: trainedNames },
    radius: { type: 'string', multiple: true, default: [] },
    version: { type: 'string', default: 'standard' },
    only: { type: 'string', multiple: true, default: [] },
    torch: { type: 'string' },
    public: { type: 'boolean', default: false },
    n: { type: 'string', default: '1000000' },
    pgd: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});

interface Total {
  seconds: number;
  /** Of the public implementation, for the attacks that were run. */
  publicSeconds: number;
  /** Of PyTorch's passes of the public schedule, here. */
  torchSeconds: number;
  /** Of torchattacks, here. */
  torchattacksSeconds: number;
  disagreements: number;
}

function stagesOf(norm: string) {
  const version = autoattack.get(options.version);
  if (!version)
    throw new Error(
      `there is no version "${options.version}"; there are ${[...autoattack.keys()].join(', ')}`,
    );
  const wanted = version
    .stages(norm)
    .filter(({ method }) => options.only.length === 0 || options.only.includes(method));
  const missing = wanted.filter(({ method }) => !attacks.has(method));
  if (missing.length > 0)
    console.warn(
      `!!! NOT RUN, since there is no such attack: ${missing.map((s) => s.method).join(', ')} !!!`,
    );
  return wanted.filter(({ method }) => attacks.has(method));
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** Sum of a column of counts. */
function column(counts: Int32Array, stage: number, stages: number): number {
  return counts.reduce((sum, passes, at) => (at % stages === stage ? sum + passes : sum), 0);
}

function report(methods: readonly string[], found: Attacked, run: Published): void {
  const stages = methods.length;
  methods.forEach((method, k) => {
    const left = found.correct.filter((correct, i) => {
      const by = found.brokenBy[i]!;
      return correct && (by < 0 || by > k);
    }).length;
    const theirs = run.stages.get(method);
    const [gradient, plainGradient, forward, plainForward] = [
      found.gradient,
      found.naiveGradient,
      found.forward,
      found.naiveForward,
    ].map((counts) => column(counts, k, stages));
    console.log(
      `  ${method.padEnd(8)} robust ${percent(left / run.n)} (public ${theirs ? percent(theirs.robustAccuracy) : 'unknown'}), ` +
        `broke ${found.brokenBy.filter((by) => by === k).length}; ` +
        `${gradient} of ${plainGradient} gradient and ${forward} of ${plainForward} forward passes` +
        (theirs ? `; public ${theirs.seconds.toFixed(1)} s` : ''),
    );
  });
}

/** PyTorch's passes here and now, in batches of as many as survive the first attack: most are spent on these. */
function torchHere(network: string, { n, stages }: Published) {
  if (!options.torch || options.public) return undefined;
  const survivors = Math.round(n * (stages.get('apgd-ce')?.robustAccuracy ?? 1));
  const batch = Math.max(1, survivors);
  return torchPasses(options.torch, { network, batch, threads: availableParallelism(), seconds: 2 });
}

async function attacked(engine: Engine, name: string, total: Total): Promise<void> {
  const { card, data, runs } = readTrained(name);
  const wanted = runs
    .filter(({ epsilon }) => options.radius.length === 0 || options.radius.includes(epsilon))
    .map((run) => ({ ...run, n: Math.min(run.n, Number(options.n)) }));
  if (wanted.length === 0) return;
  const model = await openModel(card, engine);
  const dataset = await openDataset('test', { path: data }, { directory: '.' });
  for (const run of wanted) {
    const stages = stagesOf(run.norm);
    if (stages.length === 0) continue;
    const { indices, pixels, labels } = await dataset.read(0, run.n);
    if (!labels) throw new Error(`${data} has no labels`);
    const { logits = [] } = await model.forward({ n: run.n, pixels });
    const targets: AttackInputs = {
      system: model,
      n: run.n,
      indices,
      pixels,
      labels,
      cleanLogits: logits,
      seed: 0,
    };
    const attackPlan: AttackPlan = {
      stages: stages.map(({ method, loss, restarts = 1, options: own = {} }) => ({
        attack: attacks.named(method).create(own, loss),
        restarts,
      })),
      norm: norms.named(run.norm),
      epsilons: parseEpsilons([run.epsilon]),
      goal: goalOf({ kind: 'mistake' }, builtinCatalogue),
      followed: builtinCatalogue.followed,
      eot: 1,
      confirm: 1,
      keep: 'first',
    };
    const before = torchHere(name, run);
    const [start, busy] = [performance.now(), process.cpuUsage()];
    const found = await runAttack(targets, attackPlan);
    const seconds = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(busy);
    const after = torchHere(name, run);
    const methods = stages.map(({ method }) => method);
    const publicSeconds = methods.reduce((sum, m) => sum + (run.stages.get(m)?.seconds ?? 0), 0);
    const robust = found.correct.map((correct, i) => (correct && found.brokenAt[i]! < 0 ? 1 : 0));
    const missed = robust.filter((ours, i) => ours > run.robust[i]!).length;
    const more = robust.filter((ours, i) => ours < run.robust[i]!).length;
    console.log(
      `${name}, ${run.norm} ${run.epsilon}, ${run.n} examples, ${found.correct.filter((c) => c).length} correct`,
    );
    report(methods, found, run);
    console.log(
      `  ${seconds.toFixed(1)} s, public ${publicSeconds.toFixed(1)} s: ${(seconds / publicSeconds).toFixed(3)} of it; ` +
        `of the public survivors ${more} broken here, ${missed} broken there survive here; ` +
        `${(found.batches.rows / found.batches.batches).toFixed(1)} rows a batch`,
    );
    if (before && after) {
      const sum = (counts: Int32Array) => counts.reduce((all, passes) => all + passes, 0);
      const [forward, gradient] = [sum(found.naiveForward), sum(found.naiveGradient)];
      const theirs = [before, after].map((one) => forward * one.forward + gradient * one.gradient);
      const mean = (theirs[0]! + theirs[1]!) / 2;
      console.log(
        `  PyTorch ${before.torch}: the public schedule's passes alone ${theirs.map((s) => `${s.toFixed(1)} s`).join(' before, ')} after: ` +
          `${(seconds / mean).toFixed(3)} of their mean`,
      );
      total.torchSeconds += mean;
    }
    if (options.torch && options.public)
      total.torchattacksSeconds += besideTorchattacks(options.torch, {
        network: name,
        files: { checkpoint: card.checkpoint, data },
        norm: run.norm,
        epsilon: attackPlan.epsilons[0]!.value,
        methods,
        found,
        ours: { seconds, processor: (user + system) / 1e6 },
      });
    total.seconds += seconds;
    total.publicSeconds += publicSeconds;
    total.disagreements += missed + more;
  }
  await dataset.close();
  await model.close();
}

/** PGD-40 with 10 restarts, all of it run: seconds per gradient pass beside bare engine calls. */
async function pgd(rounds: number): Promise<void> {
  const { title, build } = networkOf('wrn-16-4');
  const work = { examples: 32, steps: 40, restarts: 10, batch: 16, rounds };
  for (const { passes, harness, bare } of await harnessRounds(build(), work)) {
    const each = (seconds: number) => `${((1000 * seconds) / passes.gradient).toFixed(2)} ms`;
    console.log(
      `PGD-${work.steps} x ${work.restarts} on ${title}, ${work.examples} examples, ${passes.gradient} gradient and ` +
        `${passes.forward} forward passes: ${each(harness)} a gradient pass, bare engine ${each(bare)}: ` +
        `${(harness / bare).toFixed(3)} of it`,
    );
  }
}

async function main(): Promise<void> {
  if (referencePresent()) {
    const engine = createOrtEngine();
    const total = { seconds: 0, publicSeconds: 0, torchSeconds: 0, torchattacksSeconds: 0, disagreements: 0 };
    for (const name of options.model) await attacked(engine, name, total);
    await engine.close();
    if (total.seconds > 0)
      console.log(
        `all: ${total.seconds.toFixed(1)} s, public ${total.publicSeconds.toFixed(1)} s: ` +
          `${(total.seconds / total.publicSeconds).toFixed(3)} of it; ` +
          (total.torchSeconds > 0
            ? `${(total.seconds / total.torchSeconds).toFixed(3)} of PyTorch's passes here; `
            : '') +
          (total.torchattacksSeconds > 0
            ? `${(total.seconds / total.torchattacksSeconds).toFixed(3)} of torchattacks here; `
            : '') +
          `${total.disagreements} verdicts differ`,
      );
  } else {
    console.warn(`\n!!! ${reference} is absent: nothing is compared with the public AutoAttack !!!\n`);
  }
  if (Number(options.pgd) > 0) await pgd(Number(options.pgd));
}

if (options.public && !options.torch) throw new Error('--public needs --torch PYTHON');
if (options.help) console.log(help);
else await main();
