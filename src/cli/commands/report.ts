import { join } from 'node:path';
import { Command } from 'commander';
import { AssayError } from '../../errors.js';
import type { Results, Warning } from '../../suites/results.js';
import { pluginOption, withPlugins } from '../options/plugin-option.js';
import { complain, print } from '../terminal/terminal.js';

/** Told on the page as well: who reads a report does not see the terminal it was made in. */
const EDITED: Warning = {
  code: 'results-edited',
  severity: 'serious',
  message: 'results.json was changed after a run wrote it: its digest does not match',
  why: 'a number that was edited was not measured',
  fix: 'run the same `assay run` again: it measures nothing that is stored',
};

/** `assay report DIR` */
export function reportCommand(): Command {
  return new Command('report')
    .description(
      'Writes report.html, examples.html, measures.csv and tables/*.tex again, from results.json and the files beside it; with plug-ins named, also what their renderers make. What is as this version of Assay wrote it is left alone.',
    )
    .argument('<dir>', 'the run folder')
    .addOption(pluginOption('also write what renderers of this plug-in make: a file or an npm package'))
    .addHelpText(
      'after',
      '\nExamples:\n  $ assay report assay-runs/my\n  $ assay report assay-runs/my --plugin ./my-plugin.js',
    )
    .action(async (directory: string, { plugin }: { plugin: string[] }) => {
      const { readResults, refuseReplaced } = await import('../../runs/folder/read-results.js');
      const { isRendered, noteRendered } = await import('../../runs/concluding/concluded.js');
      const { sealHolds } = await import('../../runs/plan/seal.js');
      const results = await readResults(directory);
      const page = join(directory, 'report.html');
      const edited = !sealHolds(results);
      const noted = plugin.length === 0 && !edited;
      if (noted && (await isRendered(directory, results))) {
        print(`Report, unchanged: ${page}\n`);
        return;
      }
      if (edited) {
        complain(`! ${EDITED.message}\n`);
        results.warnings.unshift(EDITED);
      }
      await render(directory, results, plugin);
      await refuseReplaced(directory, results);
      if (noted) await noteRendered(directory, results);
      print(`Report: ${page}\n`);
    });
}

async function render(directory: string, results: Results, plugin: readonly string[]): Promise<void> {
  const { reportPieces, writeReport } = await import('../../report/write-report.js');
  const { terminalProgress } = await import('../terminal/terminal-progress.js');
  const options = await withPlugins(plugin);
  const of = reportPieces(results, options?.renderers);
  const progress = terminalProgress(false);
  let done = 0;
  const begun = () => progress.listen({ kind: 'stage', text: 'writing the report', done: done++, of });
  try {
    await writeReport(directory, results, { ...options, begun });
  } catch (error) {
    throw inPlace(error);
  } finally {
    progress.end();
  }
}

/** A report lies in the folder of its run: the command has no --out. */
function inPlace(error: unknown): unknown {
  if (!(error instanceof AssayError)) return error;
  const { code, message, details } = error;
  const hint = details.hint?.replace(
    'choose another folder with --out',
    'see to that, or copy the run folder to where you may write, name the copy',
  );
  return new AssayError(code, message, { ...details, ...(hint !== undefined && { hint }) });
}
