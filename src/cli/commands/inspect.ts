import { extname } from 'node:path';
import { Command } from 'commander';
import { createEngine } from '../../engines/registry.js';
import type { Fetching } from '../../fetch/remote.js';
import type { Inspection } from '../../models/inspect.js';
import { oneLine } from '../../one-line.js';
import { formatNumber } from '../../report/format.js';
import { confine } from '../options/confine-option.js';
import { type LimitFlags, memoryLimit, timeLimit } from '../options/limit-options.js';
import { pluginOption, withPlugins } from '../options/plugin-option.js';
import { print } from '../terminal/terminal.js';
import { terminalProgress } from '../terminal/terminal-progress.js';

interface InspectFlags extends LimitFlags {
  json?: boolean;
  plugin: string[];
}

/** `assay inspect CHECKPOINT|CARD` */
export function inspectCommand(): Command {
  return new Command('inspect')
    .description(
      'Prints what a checkpoint holds: operators, parameters, input, output, whether it has input gradients (and if not, which operator lacks one), and a model card to start from.',
    )
    .argument('<file>', 'a checkpoint, or a model card')
    .addOption(
      pluginOption('a plug-in that reads the checkpoint or knows its network: a file or an npm package'),
    )
    .addOption(timeLimit())
    .addOption(memoryLimit())
    .addOption(confine())
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  $ assay inspect model.onnx\n  $ assay inspect jem.model.yaml --json',
    )
    .action(
      async (file: string, { json, plugin, timeLimit: seconds, memoryLimit: mebibytes }: InspectFlags) => {
        const limits = { seconds, mebibytes };
        const { checkpointFormats, architectures } = await withPlugins(plugin);
        const { inspectCheckpoint } = await import('../../models/inspect.js');
        const { imageShape } = await import('../../models/card/image-shape.js');
        const { readCard } = await import('../../models/card/read-card.js');
        const isCard = ['.yaml', '.yml'].includes(extname(file).toLowerCase());
        const progress = terminalProgress(json === true);
        const tell: Fetching['tell'] = (stage) => progress.listen({ kind: 'stage', ...stage });
        const read = isCard
          ? await readCard(file, { architectures, tell }).finally(() => progress.end())
          : undefined;
        const { format, architecture, input } = read?.card ?? {};
        const shape = input && imageShape(input.shape);
        const engine = await createEngine('ort', { sessions: 1, limits });
        try {
          const inspection = await inspectCheckpoint(read?.checkpoint ?? file, engine, {
            format,
            limits,
            architecture,
            shape,
            card: read?.file,
            checkpointFormats,
            architectures,
          });
          print(json ? `${JSON.stringify(inspection, null, 2)}\n` : inspectionText(inspection));
        } finally {
          await engine.close();
        }
      },
    );
}

function inspectionText(inspection: Inspection): string {
  const ports = (list: Inspection['inputs']) =>
    list.map(({ name, type, shape }) => `${name} ${type} ${shape}`);
  const opset = inspection.opset === undefined ? undefined : `opset ${inspection.opset}`;
  const origin = [inspection.format, opset, inspection.producer].filter((part) => part).join(', ');
  const rows: [string, string[]][] = [
    ['file', [inspection.file]],
    ['format', [origin]],
    ['size', [`${formatNumber(inspection.bytes)} bytes`]],
    ['sha256', [inspection.sha256]],
    [
      'network',
      inspection.network
        ? [inspection.network]
        : inspection.tensors
          ? ['not recognised from the weights']
          : [],
    ],
    ['parameters', [formatNumber(inspection.parameters)]],
    ['tensors', tensorLines(inspection.tensors ?? [])],
    ['input', ports(inspection.inputs)],
    ['output', ports(inspection.outputs)],
    ['operators', wrapped(inspection.ops.map(({ op, count }) => `${op} ×${count}`))],
    ['engine', inspection.engine ? [inspection.engine] : []],
    ['gradient', inspection.tensors ? [] : gradientLines(inspection.gradient)],
  ];
  const lines = rows.flatMap(([label, values]) =>
    values.map((value, i) => `${(i === 0 ? label : '').padEnd(12)}${oneLine(value)}`),
  );
  const notes = inspection.notes.map((note) => `# ${oneLine(note)}`);
  return `${[...lines, '', 'A model card to start from (`assay init --checkpoint` writes it):', '', ...notes, inspection.card].join('\n')}`;
}

/** Tensors on a page; `--json` prints all. */
const MAX_TENSORS = 60;

function tensorLines(tensors: Inspection['inputs']): string[] {
  const lines = tensors.slice(0, MAX_TENSORS).map(({ name, type, shape }) => `${name} ${type} ${shape}`);
  const more = tensors.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more (--json prints all)`] : lines;
}

function gradientLines({ available, because, missing, estimated }: Inspection['gradient']): string[] {
  const passes = `passes straight through ${estimated.length} rounded value${estimated.length === 1 ? '' : 's'}`;
  if (available && estimated.length > 0)
    return [`an estimate: it ${passes}, first at node "${estimated[0]!.node}" (${estimated[0]!.op})`];
  if (available) return [`available: ${because ?? 'every operator on the way has a rule'}`];
  return [
    `not available${because ? ` (${because})` : ''}; suites that need no gradient still run`,
    ...missing.map(({ op, node }) => `no rule for ${op}, at node "${node}"`),
  ];
}

function wrapped(words: readonly string[], width = 80): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length + 2 <= width)
      lines[lines.length - 1] = `${last}, ${word}`;
    else lines.push(word);
  }
  return lines;
}
