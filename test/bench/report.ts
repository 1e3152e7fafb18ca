/**
 * What the report of a large run takes: `npm run bench:report -- --help`. The real commands, their threads counted in. The run
 * is of the fixtures' three networks on glyphs drawn for it.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { SIDE } from '../../fixtures/glyphs/pen.js';
import { draw, type ImageSet, storedSets, test } from '../../fixtures/sets.js';
import { writeNpz } from '../../src/data/arrays/npz.js';
import { watchMemory } from '../e2e/peak-memory.js';

const help = `usage: npm run bench:report -- [options]

  --images N    of the test set; a twentieth as many are out of distribution (10000)
  --folder DIR  keeps what was measured there, and takes it from there next time: measuring takes minutes`;

const { values: options } = parseArgs({
  options: {
    images: { type: 'string', default: '10000' },
    folder: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const say = (line: string) => process.stdout.write(`${line}\n`);
const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const FIXTURES = fileURLToPath(new URL('../../../fixtures', import.meta.url));

/** What a report of 10,000 examples, three systems and eight suites may take. */
const LIMITS = { seconds: 10, mebibytes: 1024, pageMegabytes: 5, unchangedSeconds: 2 };

/** Every example has rows in every suite, and no suite takes longer than its report is worth. */
const suites = [
  'accuracy',
  { calibration: { recalibrators: ['temperature', 'isotonic'] } },
  'conformal',
  { attack: { norm: 'Linf', method: 'fgsm', epsilons: ['8/255', '16/255'], checks: false } },
  { ood: { scores: ['log-px', 'max-logit', 'max-softmax', 'gen'] } },
  { corruptions: { corruptions: ['gaussian-noise'], severities: [1] } },
  { spatial: { angles: 3, shifts: 1, draws: 1 } },
  { energy: { traces: { chains: 4, steps: [5] }, path: { examples: 8 }, lipschitz: { examples: 4 } } },
];

/** A card of the fixtures, without what it expects of their own test set. */
function cardOf(name: string): object {
  const {
    expect: _,
    checkpoint,
    ...card
  } = parse(readFileSync(join(FIXTURES, 'models', `${name}.model.yaml`), 'utf8'));
  return { ...card, checkpoint: join(FIXTURES, 'models', checkpoint) };
}

/** Draws the images and writes the run file. */
async function prepare(folder: string, n: number): Promise<string> {
  const few = Math.ceil(n / 20);
  const sets: Record<string, readonly [ImageSet, number]> = {
    test: [test, n],
    validation: [storedSets.validation!, few],
    near: [storedSets.near!, few],
    textures: [storedSets.textures!, few],
    noise: [storedSets.noise!, few],
  };
  for (const [name, [set, size]] of Object.entries(sets)) {
    const { images, labels } = draw(set, 0, size);
    await writeNpz(join(folder, `${name}.npz`), {
      images: { shape: [size, SIDE, SIDE], data: images },
      ...(labels && { labels: { shape: [size], data: labels } }),
    });
  }
  const ood = (name: string, distance: string) => ({ path: `./${name}.npz`, role: 'ood', distance });
  const file = join(folder, 'report.run.json');
  writeFileSync(
    file,
    JSON.stringify({
      name: 'A large report',
      models: ['plain', 'adversarial', 'jem'].map(cardOf),
      datasets: {
        test: { path: './test.npz' },
        validation: { path: './validation.npz', role: 'validation' },
        near: ood('near', 'near'),
        textures: ood('textures', 'far'),
        noise: ood('noise', 'far'),
      },
      suites,
    }),
  );
  return file;
}

interface Taken {
  seconds: number;
  /** Of all processors. */
  busy: number;
  mebibytes: number;
}

/** Runs a command to its end. Errors: with what it said. */
async function taken(...args: string[]): Promise<Taken> {
  const began = performance.now();
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, CI: '1', GITHUB_ACTIONS: '' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const peak = watchMemory(child.pid as number);
  let busy = 0;
  const watch = setInterval(() => {
    busy = Math.max(busy, busySeconds(child.pid as number));
  }, 10);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [code] = await once(child, 'exit');
  clearInterval(watch);
  if (code !== 0) throw new Error(said);
  return { seconds: (performance.now() - began) / 1000, busy, mebibytes: peak() };
}

/** Processor time of a process and its threads, in seconds; 0 once it is gone. */
function busySeconds(pid: number): number {
  try {
    // After the name, which may hold anything: fields 14 and 15 of proc(5), in hundredths.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0;
  }
}

const told = ({ seconds, busy, mebibytes }: Taken) =>
  `${seconds.toFixed(1)} s, ${busy.toFixed(1)} s of the processor, ${Math.round(mebibytes)} MiB`;

async function main(folder: string) {
  const out = join(folder, 'out');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'report.run.json');
  if (!existsSync(file)) await prepare(folder, Number(options.images));
  const remove = (...names: string[]) => {
    for (const name of names) rmSync(join(out, name), { force: true });
  };

  say(`measured, summarised and written:   ${told(await taken('run', file, '--out', out))}`);
  remove('results.json');
  say(`summarised and written from units:  ${told(await taken('run', file, '--out', out))}`);
  remove('inventory/concluded.json', 'inventory/rendered.json');
  const report = await taken('report', out);
  say(`written from results.json:          ${told(report)}`);
  const unchanged = await taken('report', out);
  say(`written again, unchanged:           ${told(unchanged)}`);
  const page = statSync(join(out, 'report.html')).size / 1e6;
  say(`report.html:                        ${page.toFixed(2)} MB`);

  const missed = [
    report.seconds > LIMITS.seconds && `the report takes more than ${LIMITS.seconds} s`,
    report.mebibytes > LIMITS.mebibytes && `the report takes more than ${LIMITS.mebibytes} MiB`,
    unchanged.seconds > LIMITS.unchangedSeconds &&
      `the unchanged report takes more than ${LIMITS.unchangedSeconds} s`,
    page > LIMITS.pageMegabytes && `the page weighs more than ${LIMITS.pageMegabytes} MB`,
  ].filter((line) => line !== false);
  say(missed.length === 0 ? 'all within their limits' : `missed: ${missed.join('; ')}`);
}

if (options.help) say(help);
else if (options.folder !== undefined) await main(resolve(options.folder));
else {
  const folder = mkdtempSync(join(tmpdir(), 'assay-report-'));
  await main(folder).finally(() => rmSync(folder, { recursive: true, force: true }));
}
