/**
 * Peak memory of `assay run` over many images beside few, from end to end: `npm run bench:memory -- --help`. The real command,
 * processes and threads that it starts counted in.
 */

import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { peakOf } from '../e2e/many-images.js';

const help = `usage: npm run bench:memory -- [options]

  --images N   32x32 images of the test set; a tenth as many are out of distribution (100000)
  --beside N   the smaller run (1000)
  --suites S   suites, with commas between (accuracy,calibration,ood,attack: FGSM)
  --files      the test set is a folder of PNG files, not an archive
  --workers N  handed on to \`assay run\``;

const { values: options } = parseArgs({
  options: {
    images: { type: 'string', default: '100000' },
    beside: { type: 'string', default: '1000' },
    suites: { type: 'string', default: 'accuracy,calibration,ood,attack' },
    workers: { type: 'string' },
    files: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

async function main() {
  const say = (line: string) => process.stdout.write(`${line}\n`);
  if (options.help) return say(help);
  const folder = mkdtempSync(join(tmpdir(), 'assay-memory-'));
  const workers = options.workers === undefined ? [] : ['--workers', options.workers];
  const kind = options.files ? 'files' : 'archive';
  const measured = async (n: number) => {
    const found = await peakOf(MAIN, folder, n, options.suites.split(','), workers, kind);
    say(`${n} images: ${Math.round(found.peak)} MiB at the most, ${Math.round(found.seconds)} s`);
    const inventory = join(folder, `out-${n}`, 'inventory');
    const bytes = readdirSync(inventory).reduce((sum, name) => sum + statSync(join(inventory, name)).size, 0);
    say(`  what is kept to tell whether anything changed: ${Math.round(bytes / 1024)} KiB`);
    return found;
  };
  try {
    const few = await measured(Number(options.beside));
    const many = await measured(Number(options.images));
    for (const [stage, mebibytes] of many.stages) say(`  ${`${mebibytes}`.padStart(6)} MiB  ${stage}`);
    const more = many.peak - few.peak;
    const each = (1000 * more) / (Number(options.images) - Number(options.beside));
    say(
      `${Math.round(more)} MiB more for ${options.images} images than for ${options.beside}: ${each.toFixed(1)} MiB for a thousand`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
