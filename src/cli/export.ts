import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Argument, Command } from 'commander';
import { exporters } from '../exporters/registry.js';
import { oneLine } from '../one-line.js';
import { complain, print } from './terminal.js';

interface ExportFlags {
  out?: string;
  organization?: string;
  allowPartial?: boolean;
}

/** `assay export FORMAT DIR` */
export function exportCommand(): Command {
  const formats = [...exporters].map(({ name, title }) => `  ${name.padEnd(16)} ${title}`);
  return new Command('export')
    .description(
      'Writes the results of a run folder in a format that other programs read, with where they are from: run, commit, hashes, seed. What the format has no place for is told.',
    )
    .addArgument(new Argument('<format>', 'see below').choices(exporters.names))
    .argument('<dir>', 'the run folder')
    .option(
      '-o, --out <path>',
      'the folder to write into; of a format with one file also its name (default: DIR/exports/FORMAT)',
    )
    .option('--organization <name>', 'who publishes: formats that ask for it have the name then')
    .option('--allow-partial', 'export what there is, even of an interrupted run or one with --limit')
    .addHelpText(
      'after',
      `
Formats:
${formats.join('\n')}

Examples:
  $ assay export cyclonedx assay-runs/my --out my.cdx.json
  $ assay export every-eval-ever assay-runs/my --organization my-lab
  $ assay export mlflow assay-runs/my`,
    )
    .action(async (format: string, directory: string, flags: ExportFlags) => {
      const { organization, allowPartial = false } = flags;
      const { readResults } = await import('../runs/read-results.js');
      const { refuseUnfit } = await import('../runs/judgeable.js');
      const { writeAtomically } = await import('../report/output.js');
      const results = await readResults(directory);
      await refuseUnfit(directory, results, { allowPartial });
      const options = { directory, ...(organization !== undefined && { organization }) };
      const { files, leftOut } = await exporters.named(format).export(results, options);
      const out = flags.out ?? join(directory, 'exports', format);
      const asFile = files.length === 1 && flags.out !== undefined && !(await isFolder(out));
      for (const { path, content } of files) await writeAtomically(asFile ? out : join(out, path), content);
      for (const line of leftOut) complain(`- left out: ${oneLine(line)}\n`);
      for (const { path } of files) print(`${oneLine(asFile ? out : join(out, path))}\n`);
    });
}

const isFolder = (path: string): Promise<boolean> =>
  path.endsWith('/')
    ? Promise.resolve(true)
    : stat(path).then(
        (found) => found.isDirectory(),
        () => false,
      );
