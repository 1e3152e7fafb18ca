import { Command } from 'commander';
import { unknownName } from '../../errors.js';
import { textTable } from '../../report/text-table.js';
import { type Explained, explained } from '../../runs/asked/explain.js';
import { loadPlugins } from '../../runs/asked/plugin-modules.js';
import { catalogueWith } from '../../runs/asked/run-catalogue.js';
import { readRunFile } from '../../runs/asked/run-file.js';
import { confine } from '../options/confine-option.js';
import { pluginOption } from '../options/plugin-option.js';
import { print } from '../terminal/terminal.js';

interface ExplainFlags {
  plugin: string[];
  run?: string;
  json?: boolean;
}

/** `assay explain [kind] [name]` */
export function explainCommand(): Command {
  return new Command('explain')
    .description(
      'Lists what a run file can name: suites, attacks, scores, data formats and all else, with options. Parts of plug-ins are among them where the plug-ins are named.',
    )
    .argument('[kind]', 'only one kind, such as attack')
    .argument('[name]', 'only one part of that kind, with its options')
    .addOption(pluginOption('also of this plug-in: a file or an npm package'))
    .option('--run <file>', 'also of the plug-ins of this run file')
    .option('--json', 'print it as JSON')
    .addOption(confine())
    .addHelpText(
      'after',
      `
Examples:
  $ assay explain
  $ assay explain attack pgd
  $ assay explain score --plugin ./my-plugin.js --json`,
    )
    .action(async (kind: string | undefined, name: string | undefined, flags: ExplainFlags) => {
      const chosen = choose(await everything(flags), kind, name);
      if (flags.json) print(JSON.stringify(chosen, null, 2));
      else print((name === undefined ? listed(chosen) : chosen.flatMap(whole)).join('\n'));
    });
}

async function everything({ plugin, run }: ExplainFlags): Promise<Explained[]> {
  const given = await loadPlugins({ plugins: plugin, directory: '.', file: '--plugin' });
  if (run === undefined) return explained(catalogueWith(given, '--plugin'));
  const { config, directory, file } = await readRunFile(run);
  const named = await loadPlugins({ plugins: config.plugins, directory, file });
  return explained(catalogueWith([...named, ...given], file));
}

/** A kind goes by its words with dashes: `data-format`; scores by `score` too. */
const keyOf = (kind: string) => kind.toLowerCase().replaceAll(' ', '-');

/** Errors: `unknown-name`. */
function choose(all: readonly Explained[], kind?: string, name?: string): readonly Explained[] {
  if (kind === undefined) return all;
  const kinds = [...new Set(all.map((one) => keyOf(one.kind)))];
  const match = kinds.find((known) => known === keyOf(kind) || known.endsWith(`-${keyOf(kind)}`));
  const own = all.filter((one) => keyOf(one.kind) === match);
  if (own.length === 0) throw unknownName('kind of part', kind, kinds);
  if (name === undefined) return own;
  const part = own.filter((one) => one.name === name);
  if (part.length > 0) return part;
  throw unknownName(
    own[0]!.kind,
    name,
    own.map((one) => one.name),
  );
}

function listed(parts: readonly Explained[]): string[] {
  return textTable(
    [
      ['kind', 'name', 'what', 'from'],
      ...parts.map(({ kind, name, title, from }) => [kind, name, title, from]),
    ],
    [0, 1, 2, 3],
  );
}

function whole({ kind, name, title, from, source, needs, options }: Explained): string[] {
  const facts = [
    `from ${from}`,
    ...(source ? [`source: ${source}`] : []),
    ...(needs?.length ? [`needs ${needs.join(', ')}`] : []),
  ];
  const rows = options.map((option) => [
    option.name,
    option.default === undefined ? '' : JSON.stringify(option.default),
    option.description,
  ]);
  return [
    `${kind} ${name}: ${title}`,
    facts.join('; '),
    ...(rows.length > 0 ? ['', ...textTable([['option', 'default', 'meaning'], ...rows], [0, 1, 2])] : []),
  ];
}
