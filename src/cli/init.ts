import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { Command } from 'commander';
import type { Limits } from '../engines/guard/limits.js';
import { createEngine } from '../engines/registry.js';
import { AssayError } from '../errors.js';
import type { Inspection } from '../models/inspect.js';
import { oneLine } from '../one-line.js';
import { confine } from './confine-option.js';
import { type LimitFlags, memoryLimit, timeLimit } from './limit-options.js';
import { type CardDraft, emptyCard, runFileText } from './starter-files.js';
import { print } from './terminal.js';

interface InitFlags extends LimitFlags {
  checkpoint?: string;
}

/** `assay init` */
export function initCommand(): Command {
  return new Command('init')
    .description(
      'Writes a model card and a run file with comments. With --checkpoint, the card says what can be read off the checkpoint, and comments say what cannot.',
    )
    .argument('[dir]', 'where to write them', '.')
    .option('-c, --checkpoint <file>', 'the checkpoint the card is for')
    .addOption(timeLimit())
    .addOption(memoryLimit())
    .addOption(confine())
    .addHelpText('after', '\nExamples:\n  $ assay init --checkpoint model.onnx\n  $ assay init my-project')
    .action(async (directory: string, flags: InitFlags) => {
      const { checkpoint, timeLimit: seconds, memoryLimit: mebibytes } = flags;
      const limits = { seconds, mebibytes };
      const draft = checkpoint ? await draftFor(checkpoint, directory, limits) : emptyCard();
      const card = join(directory, `${draft.name}.model.yaml`);
      const run = join(directory, `${draft.name}.run.yaml`);
      await writeNew(card, draft.text);
      await writeNew(run, runFileText(draft, basename(card)));
      print(
        `${card}\n${run}\n\nFill in what the comments ask for, then:\n  $ assay run ${run}${draft.engine ? ` --engine ${draft.engine}` : ''}\n`,
      );
    });
}

/** A card from what can be read off a checkpoint, with its notes as comments. */
async function draftFor(checkpoint: string, directory: string, limits: Partial<Limits>): Promise<CardDraft> {
  const { inspectCheckpoint } = await import('../models/inspect.js');
  const engine = await createEngine('ort', { sessions: 1, limits });
  try {
    const {
      card,
      notes,
      engine: only,
      gradient,
    } = await inspectCheckpoint(checkpoint, engine, {
      limits,
    });
    const path = relative(directory, resolve(checkpoint)).split(sep).join('/');
    const placed = card.replace(
      /^checkpoint: .*$/m,
      `checkpoint: ${JSON.stringify(path.startsWith('.') ? path : `./${path}`)}`,
    );
    const name = /^name: "?([^"\n]+)"?$/m.exec(card)?.[1] ?? 'model';
    const comments = notes.map((note) => `# - ${oneLine(note)}\n`).join('');
    return {
      name,
      ...(only && { engine: only }),
      noGradient: gradientMissing(gradient),
      text: `# Read off ${oneLine(basename(checkpoint))}. What the file cannot tell:\n${comments}${placed}`,
    };
  } finally {
    await engine.close();
  }
}

/** Why there is no gradient; undefined where there is one, or where a look at the file alone cannot tell. */
function gradientMissing({
  available,
  untried,
  missing,
  because,
}: Inspection['gradient']): string | undefined {
  if (available || untried) return undefined;
  const [first] = missing;
  if (first) return `there is no gradient rule for ${first.op}, at node ${JSON.stringify(first.node)}`;
  return because;
}

/** Errors: `output-unwritable`, also when the file exists: nothing is overwritten. */
async function writeNew(file: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text, { flag: 'wx' });
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    throw new AssayError(
      'output-unwritable',
      exists ? 'the file exists already' : 'the file cannot be written',
      {
        file,
        found: exists ? undefined : (cause as Error).message,
        hint: exists ? 'remove it, or name another folder' : 'check the folder and its permissions',
        cause,
      },
    );
  }
}
