import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Argument, Command } from 'commander';
import { didYouMean } from '../../errors.js';
import { exporters } from '../../exporters/registry.js';
import { oneLine } from '../../one-line.js';
import { pluginOption, withPlugins } from '../options/plugin-option.js';
import { complain, print } from '../terminal/terminal.js';

interface ExportFlags {
  out?: string;
  organization?: string;
  allowPartial?: boolean;
  plugin: string[];
}

/** `assay export FORMAT DIR` */
export function exportCommand(): Command {
  const format = new Argument('<format>', 'the format, also one of a plug-in');
  // Offered, not checked: those of plug-ins are known when these are loaded.
  format.argChoices = [...exporters.names];
  const formats = [...exporters].map(({ name, title }) => `  ${name.padEnd(16)} ${title}`);
  return new Command('export')
    .description(
      'Writes the results of a run folder in a format that other programs read, with where they are from: run, commit, hashes, seed. What the format has no place for is told.',
    )
    .addArgument(format)
    .argument('<dir>', 'the run folder')
    .option(
      '-o, --out <path>',
      'the folder to write into; of a format with one file also its name (default: DIR/exports/FORMAT)',
    )
    .option('--organization <name>', 'who publishes: formats that ask for it have the name then')
    .addOption(pluginOption('a plug-in with the format: a file or an npm package'))
    .option('--allow-partial', 'export what there is, even of an interrupted run or one with --limit')
    .addHelpText(
      'after',
      `
Formats:
${formats.join('\n')}

Examples:
  $ assay export cyclonedx assay-runs/my --out my.cdx.json
  $ assay export every-eval-ever assay-runs/my --organization my-lab
  $ assay export mlflow assay-runs/my
  $ assay export my-format assay-runs/my --plugin ./my-plugin.js`,
    )
    .action(async (chosen: string, directory: string, flags: ExportFlags) => {
      const { organization, allowPartial = false, plugin } = flags;
      const known = plugin.length > 0 ? (await withPlugins(plugin)).exporters : exporters;
      const exporter = known.named(chosen, known.has(chosen) ? {} : { hint: remedyOf(chosen, known.names) });
      const { readResults } = await import('../../runs/folder/read-results.js');
      const { refuseUnfit } = await import('../../runs/judging/judgeable.js');
      const { pathInside } = await import('../../report/plugin-file.js');
      const { writeAtomically } = await import('../../report/output.js');
      const results = await readResults(directory);
      await refuseUnfit(directory, results, { allowPartial });
      const options = { directory, ...(organization !== undefined && { organization }) };
      const made = await exporter.export(results, options);
      const { leftOut } = made;
      const files = made.files.map(({ path, content }) => ({
        path: pathInside(path, `the exporter "${chosen}"`),
        content,
      }));
      const out = flags.out ?? join(directory, 'exports', chosen);
      const asFile = files.length === 1 && flags.out !== undefined && !(await isFolder(out));
      for (const { path, content } of files) await writeAtomically(asFile ? out : join(out, path), content);
      for (const line of leftOut) complain(`- left out: ${oneLine(line)}\n`);
      for (const { path } of files) print(`${oneLine(asFile ? out : join(out, path))}\n`);
    });
}

/** What to do about a format that there is not. */
function remedyOf(chosen: string, names: readonly string[]): string {
  const guess = didYouMean(chosen, names);
  return `${guess ? `did you mean "${guess}"? Otherwise name` : 'name'} one of these, or the plug-in that has it: --plugin ./my-plugin.js`;
}

const isFolder = (path: string): Promise<boolean> =>
  path.endsWith('/')
    ? Promise.resolve(true)
    : stat(path).then(
        (stats) => stats.isDirectory(),
        () => false,
      );
