/**
 * Compiles every table of a run folder as a paper would hold it, and ends with 1 when TeX finds an error or a
 * table that is wider or higher than its page: `node dist/test/report/latex/compile-run.js runs/demo`.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compile, complaints, documentsOf } from '../../tex.js';

const folder = join(process.argv[2] ?? 'runs/demo', 'tables');
const names = (await readdir(folder)).filter((name) => name.endsWith('.tex')).sort();
const files = await Promise.all(
  names.map(async (name) => ({ path: name, content: await readFile(join(folder, name)) })),
);
const faults = Object.entries(await compile(documentsOf(files, true), files)).flatMap(([document, log]) =>
  complaints(log).map((line) => `${document}: ${line}`),
);
console.log(`${files.length} tables, ${faults.length} faults`);
for (const line of faults) console.log(line);
process.exitCode = files.length > 0 && faults.length === 0 ? 0 : 1;
