import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { namesApart } from '../../across/run-folder.js';
import { sheetsIn } from '../../comparison/sheets.js';
import { AssayError } from '../../errors.js';
import { writeAtomically } from '../../report/output.js';
import { buildTable } from '../../report/tables/build.js';
import { tableFormats } from '../../report/tables/formats.js';
import { isPreset, presetNames, presetText, readTables } from '../../report/tables/table-file.js';
import { markUndecided } from '../../report/tables/undecided.js';
import { readResults } from '../../runs/folder/read-results.js';
import { refuseStopped } from '../../runs/judging/judgeable.js';
import { sealHolds } from '../../runs/plan/seal.js';
import { complain, print } from '../terminal/terminal.js';

interface TableFlags {
  format: string;
  out?: string;
  printPreset?: string;
}

/** `assay table PRESET DIR...` */
export function tableCommand(): Command {
  return new Command('table')
    .description(
      `Writes tables for papers from the results of one or more run folders. What is in them is a small YAML file: a preset (${presetNames().join(', ')}) or one of yours. Rows of several folders are merged by model. A cell without a value says \`--\`, and why is told on standard error; where several measures fit one cell, none is picked and the command ends with 2.`,
    )
    .argument('[preset]', 'the name of a preset, or a file of tables')
    .argument('[dirs...]', 'run folders')
    .addOption(
      new Option('--format <format>', 'what is printed').choices(Object.keys(tableFormats)).default('latex'),
    )
    .option('-o, --out <dir>', 'write every table in every format into a folder, and print nothing')
    .option('--print-preset <name>', 'print the file of a preset, to start from')
    .addHelpText(
      'after',
      `
Examples:
  $ assay table jem assay-runs/my                          # LaTeX of three tables
  $ assay table openood runs/seed-0 runs/seed-1 runs/seed-2 --format markdown
  $ assay table --print-preset robustbench > mine.yaml     # change what you like
  $ assay table ./mine.yaml runs/a runs/b --out tables     # .tex, .md, .csv and .html`,
    )
    .action(async (preset: string | undefined, folders: string[], flags: TableFlags) => {
      if (flags.printPreset !== undefined) {
        print(await presetText(flags.printPreset));
        return;
      }
      if (preset === undefined || folders.length === 0) {
        throw new AssayError('config-invalid', 'a preset and at least one run folder are needed', {
          expected: `assay table PRESET DIR..., where PRESET is ${presetNames().join(', ')} or a file`,
          hint: '`assay table --help` shows examples',
        });
      }
      await writeTables(preset, folders, flags);
    });
}

async function writeTables(
  preset: string,
  folders: readonly string[],
  { format, out }: TableFlags,
): Promise<void> {
  const { tables, file } = await readTables(preset);
  refuseTwice(folders);
  const names = namesApart(folders);
  const runs = await Promise.all(
    folders.map(async (folder, i) => ({
      folder: names[i]!,
      results: await readResults(folder),
      sheets: sheetsIn(folder),
    })),
  );
  for (const [i, { results }] of runs.entries()) refuseStopped(folders[i]!, results);
  for (const { folder, results } of runs) {
    if (!sealHolds(results)) complain(`! ${folder}: results.json was changed after a run wrote it\n`);
    if (results.status === 'partial') complain(`! ${folder}: the run is not finished\n`);
  }
  const own = isPreset(preset) ? `assay table --print-preset ${preset} > mine.yaml` : undefined;
  const built = tables.map((spec, i) => {
    try {
      return buildTable(spec, runs, file, `tables[${i}]`);
    } catch (error) {
      throw own !== undefined && error instanceof AssayError ? withFirst(own, error) : error;
    }
  });
  const missing = built.flatMap((one) => one.missing);
  for (const line of missing) complain(`-- ${line}\n`);
  const factual = tables.some(({ columns }) => columns.some(({ fact }) => fact !== undefined));
  if (own !== undefined && factual && missing.length > 0)
    complain(`-- a preset is changed in a file of your own: ${own}\n`);
  const marked = built.map(({ table }, i) =>
    table && (tables[i]!.marks ?? true) ? markUndecided(table) : table,
  );
  const ready = (await Promise.all(marked)).filter((table) => table !== undefined);
  if (ready.length === 0) {
    throw new AssayError('not-measured', 'the runs have nothing for these tables', {
      file,
      found: built.flatMap(({ missing }) => missing).join('; '),
      hint: 'add the suites that give these measures to the run file and run it again',
    });
  }
  if (out === undefined) {
    print(ready.map(tableFormats[format]!.write).join('\n'));
    return;
  }
  for (const table of ready) {
    for (const { ending, write } of Object.values(tableFormats)) {
      await writeAtomically(join(out, `${table.id}.${ending}`), write(table));
    }
  }
  complain(`Tables: ${ready.map(({ id }) => join(out, id)).join(', ')}\n`);
}

/** What goes wrong with a preset is mended in a file of the user's, not in ours. */
function withFirst(own: string, { code, message, details }: AssayError): AssayError {
  return new AssayError(code, message, { ...details, hint: `${details.hint}; first write it out: ${own}` });
}

/** Errors: `config-invalid` for a folder that is given twice. */
function refuseTwice(folders: readonly string[]): void {
  const paths = folders.map((folder) => resolve(folder));
  const twice = folders.find((_, i) => paths.indexOf(paths[i]!) !== i);
  if (twice === undefined) return;
  throw new AssayError('config-invalid', 'a run folder is given twice', {
    found: twice,
    hint: 'give it once',
  });
}
